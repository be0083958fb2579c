"""The sidecar under load: at twice its capacity, and for ten minutes."""
