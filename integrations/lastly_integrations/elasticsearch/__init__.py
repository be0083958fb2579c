"""Wires an Elasticsearch cluster: checks it, switches reranking on and off by index settings, says what it counted."""
