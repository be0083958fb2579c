"""What every answer must keep, whatever was sent."""

import json
from typing import Any

from tests.fuzz.inputs import texts_key

ALLOWED = {200, 400, 401, 405, 408, 413, 422, 429, 503, 504}


def check(path: str, body: Any, status: int, content: bytes) -> None:
    """Assert the contract of a form: a clean error, or each document once, best first, with scores in bounds."""
    assert status in ALLOWED, status
    found = json.loads(content)
    if status != 200:
        assert set(found) == {"error"}
        assert set(found["error"]) == {"code", "message"}
        return
    _check_results(found if path == "/rerank" else found["results"], path, body)


def _check_results(results: list[dict[str, Any]], path: str, body: Any) -> None:
    sent = body[texts_key(path)]
    places = [result["index"] for result in results]
    scores = [result["score" if path == "/rerank" else "relevance_score"] for result in results]
    assert len(places) == min(len(sent), int(body.get("top_n") or len(sent)))
    assert len(set(places)) == len(places)
    assert all(0 <= place < len(sent) for place in places)
    assert scores == sorted(scores, reverse=True)
    assert all(-1.0001 <= score <= 1.0001 for score in scores)
    for result in results:
        _check_returned(result, sent[result["index"]])


def _check_returned(result: dict[str, Any], sent: Any) -> None:
    """A text that comes back is the one that was sent, but for what UTF-8 can't hold."""
    returned = result.get("text") or (result.get("document") or {}).get("text")
    if returned is not None:
        text = sent if isinstance(sent, str) else sent["text"]
        assert returned == text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    assert all(abs(number) < float("inf") for number in result.get("embedding") or [])
