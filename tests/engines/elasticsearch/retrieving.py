"""Searches by the retriever `lastly_rerank`."""

from typing import Any

APPLE: dict[str, Any] = {"standard": {"query": {"match": {"body": "apple"}}}}


def reranked(child: dict[str, Any] | None = None, **own: Any) -> dict[str, Any]:
    return {"lastly_rerank": {"retriever": child or APPLE, "fields": ["title", "body"], "timeout": "5s", **own}}


def scores(count: int) -> list[float]:
    """What the lying sidecar's cosines become: the last candidate is the best."""
    return [(1 + index / count) / 2 for index in reversed(range(count))]
