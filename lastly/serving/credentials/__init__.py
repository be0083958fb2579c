"""What proves who speaks: the callers' keys and the port's certificate, read again when their files change."""
