"""What wiring OpenSearch and wiring Elasticsearch have in common: the index settings, the checks, the probe."""
