"""What tests and benchmarks share: nodes, sidecars, checkpoints, a browser."""
