"""Elasticsearch: checks a cluster, switches reranking on and off by index settings, says what it counted."""
