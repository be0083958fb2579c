"""What OpenSearch and Elasticsearch share: search, stats, feed, and attaching with its checks and its probe."""
