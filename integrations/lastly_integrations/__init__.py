"""What Lastly asks of search engines and sidecars: search, stats, feed, attach, detach, status."""
