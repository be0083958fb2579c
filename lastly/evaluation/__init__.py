"""Judge a reranker on a test collection: first stage against reranked, with significance, latency and a report."""
