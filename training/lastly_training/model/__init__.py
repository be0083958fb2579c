"""The reranker in torch, and its checkpoints."""
