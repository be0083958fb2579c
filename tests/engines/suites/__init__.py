"""Suites that are written once and run in several engines."""
