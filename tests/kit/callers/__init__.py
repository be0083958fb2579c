"""Callers of a sidecar: random calls, and more of them than it can answer."""
