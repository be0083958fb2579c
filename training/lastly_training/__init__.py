"""Trains a reranker of one's own; `mini/` is how the embedded model was made. Needs torch."""
