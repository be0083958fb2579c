"""Engine nodes that tests and benchmarks start: assembled from Maven Central, run as an unprivileged user."""
