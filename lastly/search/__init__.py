"""Search without an engine: documents at hand, an embedded BM25 first stage, the sidecar, both orders side by side."""
