"""Sidecars for tests: the real one as a process and in this process, and one that lies."""
