"""The engines as the suites see them: their clients and the corpus."""
