"""Vespa: the real container in process, its real dispatcher, and a content node with true BM25 scores."""
