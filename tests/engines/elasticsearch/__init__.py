"""Real Elasticsearch nodes with the built plugin."""
