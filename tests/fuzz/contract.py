"""What every answer must keep, whatever was sent."""

import json
from typing import Any

import httpx

ALLOWED = {200, 400, 401, 405, 408, 413, 422, 429, 503, 504}


def check(body: Any, answer: httpx.Response) -> None:
    """Assert the contract of `POST /v1/rerank`: a clean error, or each document once, best first, in [-1, 1]."""
    assert answer.status_code in ALLOWED, answer.status_code
    found = json.loads(answer.content)
    if answer.status_code != 200:
        assert set(found) == {"error"}
        assert set(found["error"]) == {"code", "message"}
        return
    places = [result["index"] for result in found["results"]]
    scores = [result["relevance_score"] for result in found["results"]]
    expected = len(body["documents"])
    assert len(places) == min(expected, int(body.get("top_n") or expected))
    assert len(set(places)) == len(places)
    assert all(0 <= place < expected for place in places)
    assert scores == sorted(scores, reverse=True)
    assert all(-1.0001 <= score <= 1.0001 for score in scores)
