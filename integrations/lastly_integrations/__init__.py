"""Wires search engines to the sidecar: attach, check, detach."""
