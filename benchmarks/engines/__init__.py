"""What reranking costs inside the engines."""
