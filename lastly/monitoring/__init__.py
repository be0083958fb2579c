"""What the plugins count inside the engines, and how Prometheus gets to see it."""
