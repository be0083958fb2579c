"""What the plugins count inside the engines, for Prometheus."""
