"""The repository itself: imports, documents, points, site."""
