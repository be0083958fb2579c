"""The lab: a page for relevance engineers, served beside the sidecar's own paths."""
