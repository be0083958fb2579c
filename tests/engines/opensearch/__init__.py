"""Real OpenSearch nodes with the built plugin."""
