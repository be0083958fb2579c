"""Lastly: a listwise reranker served beside the search engine."""
