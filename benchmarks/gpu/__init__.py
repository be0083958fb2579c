"""What the 0.6B model does on one GPU, part by part: `python -m benchmarks.gpu --help`."""
