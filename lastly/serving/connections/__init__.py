"""Connections on their way in: accepted within the limit on file handles, read within bounds."""
