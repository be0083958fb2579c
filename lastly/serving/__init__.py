"""The sidecar over HTTP: the application, its routes and dialects, keys, certificates, models."""
