"""The sizes of what every engine's suites search."""

WINDOW = 50  # hits that are reranked where a test says nothing else
ALL = 120  # documents that the suites' query finds
