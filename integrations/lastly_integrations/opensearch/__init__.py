"""Wires an OpenSearch cluster: checks it, switches reranking on and off by index settings, says what it counted."""
