"""Vespa's container in process, its bundle and its articles."""
