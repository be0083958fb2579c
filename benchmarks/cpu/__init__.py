"""Speed and memory on the CPU."""
