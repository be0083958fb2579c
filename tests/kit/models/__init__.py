"""Checkpoints and model folders that are small enough for a test, and references to judge them by."""
