"""Documents, an embedded BM25 first stage, and both orders side by side."""
