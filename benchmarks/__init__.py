"""Measurements: one command a table, each comparing ours with a reference in one run on one machine."""
