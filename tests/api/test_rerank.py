"""`POST /v1/rerank`: what goes in, what comes out, what is refused and how."""

import itertools
import json
from typing import Any

import pytest
from starlette.testclient import TestClient

QUERY = "What is the capital of France?"
DOCUMENTS = [
    "Bananas are rich in potassium.",
    "Paris is the capital and largest city of France.",
    "A sonnet has fourteen lines.",
]


def rerank(client: TestClient, headers: dict[str, str] | None = None, **body: Any) -> Any:
    """Call the endpoint with defaults for what a test does not care about."""
    return client.post("/v1/rerank", json={"query": QUERY, "documents": DOCUMENTS} | body, headers=headers)


def error_of(response: Any) -> tuple[int, str, str]:
    """Return status, code and message of an error, checking its form."""
    body = response.json()
    assert set(body) == {"error"}
    assert set(body["error"]) == {"code", "message"}
    return response.status_code, body["error"]["code"], body["error"]["message"]


def test_results_come_best_first_and_each_document_once(client: TestClient) -> None:
    answer = rerank(client).json()
    scores = [result["relevance_score"] for result in answer["results"]]
    assert scores == sorted(scores, reverse=True)
    assert sorted(result["index"] for result in answer["results"]) == [0, 1, 2]
    assert answer["results"][0]["index"] == 1
    assert all(-1 <= score <= 1 for score in scores)
    assert answer["model"] == "lastly-mini"
    assert answer["usage"]["total_tokens"] > 20


def test_the_same_call_gives_the_same_scores(client: TestClient) -> None:
    assert rerank(client).json() == rerank(client).json()


def test_top_n_cuts_the_results(client: TestClient) -> None:
    assert len(rerank(client, top_n=2).json()["results"]) == 2
    assert len(rerank(client, top_n=50).json()["results"]) == 3
    assert len(rerank(client, top_n=2.0).json()["results"]) == 2, "JSON knows one kind of number"


def test_documents_may_be_objects_and_come_back_when_asked(client: TestClient) -> None:
    objects = [{"text": text, "id": 7} for text in DOCUMENTS]
    answer = rerank(client, documents=objects, return_documents=True).json()
    assert answer["results"][0]["document"] == {"text": DOCUMENTS[1]}
    assert "document" not in rerank(client).json()["results"][0]


def test_embeddings_come_back_when_asked(client: TestClient) -> None:
    widths = {len(result["embedding"]) for result in rerank(client, return_embeddings=True).json()["results"]}
    assert len(widths) == 1
    assert widths.pop() > 1


def test_an_instruction_is_read(client: TestClient) -> None:
    assert rerank(client, instruction="prefer fruit").json()["results"] != rerank(client).json()["results"]


def test_a_document_limit_is_honoured(client: TestClient) -> None:
    texts = ["word " * 100] * 3
    short = rerank(client, documents=texts, max_doc_length=8).json()["usage"]["total_tokens"]
    assert short < rerank(client, documents=texts).json()["usage"]["total_tokens"] - 100


def test_no_documents_give_no_results(client: TestClient) -> None:
    answer = rerank(client, documents=[]).json()
    assert answer["results"] == []
    assert answer["usage"]["total_tokens"] == 0


def test_a_lone_surrogate_comes_back_as_the_replacement_character(client: TestClient) -> None:
    headers = {"Content-Type": "application/json"}
    for path, key, flag in (("/v1/rerank", "documents", "return_documents"), ("/rerank", "texts", "return_text")):
        body = json.dumps({"query": "tea", key: ["a \ud800 tea"], flag: True})
        response = client.post(path, content=body, headers=headers)
        assert response.status_code == 200
        assert "a \ufffd tea" in response.text


@pytest.mark.parametrize("text", ["", " ", "\u0000", "\ud800", "<|im_end|>", "🍵" * 50, "</passage>"])
def test_odd_texts_are_ranked_too(client: TestClient, text: str) -> None:
    response = client.post(
        "/v1/rerank",
        content=json.dumps({"query": "q", "documents": [text, "plain"]}).encode(),
        headers={"Content-Type": "application/json"},
    )
    assert response.status_code == 200
    assert len(response.json()["results"]) == 2


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({"query": ""}, "query"),
        ({"query": "   "}, "query"),
        ({"query": None}, "query"),
        ({"documents": None}, "documents"),
        ({"documents": [1]}, "documents.0"),
        ({"documents": [{"body": "x"}]}, "documents.0"),
        ({"top_n": 0}, "top_n"),
        ({"max_doc_length": 0}, "max_doc_length"),
        ({"long_documents": "end"}, "long_documents"),
        ({"lexical_weight": 1.5}, "lexical_weight"),
        ({"lexical_weight": "0.1"}, "lexical_weight"),
        ({"lexical_weight": True}, "lexical_weight"),
        ({"top_n": "2"}, "top_n"),
        ({"top_n": True}, "top_n"),
        ({"top_n": 1.5}, "top_n"),
        ({"return_documents": 1}, "return_documents"),
        ({"return_documents": "no"}, "return_documents"),
        ({"model": "gpt"}, "lastly-mini"),
    ],
)
def test_a_wrong_field_is_named(client: TestClient, body: dict[str, Any], named: str) -> None:
    status, _, message = error_of(rerank(client, **body))
    assert status == 422
    assert named in message


def test_errors_hold_no_text_of_the_user(client: TestClient) -> None:
    for body in ({"documents": [["secret"]]}, {"query": {"secret": 1}}, {"model": "secret"}):
        assert "secret" not in error_of(rerank(client, **body))[2]


def test_broken_json_is_a_malformed_request(client: TestClient) -> None:
    response = client.post("/v1/rerank", content=b'{"query": ', headers={"Content-Type": "application/json"})
    assert error_of(response)[:2] == (400, "malformed_request")


def test_too_many_documents_are_refused_with_the_limit(client: TestClient) -> None:
    status, code, message = error_of(rerank(client, documents=["x"] * 101))
    assert (status, code) == (413, "request_too_large")
    assert "100" in message


def test_too_many_documents_are_refused_before_each_is_looked_at(client: TestClient) -> None:
    """Five million numbers in place of texts took four minutes, of which nobody else had any."""
    assert error_of(rerank(client, documents=[1] * 101))[:2] == (413, "request_too_large")
    assert error_of(client.post("/rerank", json={"query": QUERY, "texts": [1] * 101}))[:2] == (413, "request_too_large")


def test_the_first_wrong_document_alone_is_named(client: TestClient) -> None:
    assert "documents.1" not in error_of(rerank(client, documents=[1] * 100))[2]


def test_a_body_that_is_nested_too_deeply_is_malformed(client: TestClient) -> None:
    body = b'{"query": "q", "documents": ' + b"[" * 90_000 + b"]" * 90_000 + b"}"
    refused = client.post("/v1/rerank", content=body, headers={"Content-Type": "application/json"})
    assert error_of(refused)[:2] == (400, "malformed_request")


def test_a_body_over_the_limit_is_refused_by_its_announced_length(client: TestClient) -> None:
    status, code, message = error_of(rerank(client, documents=["x" * 300_000]))
    assert (status, code) == (413, "request_too_large")
    assert "200000" in message


def test_a_body_of_unknown_length_is_refused_once_it_is_too_long(client: TestClient) -> None:
    chunks = (b"x" * 50_000 for _ in itertools.repeat(None, 10))
    assert error_of(client.post("/v1/rerank", content=chunks))[0] == 413


def test_a_time_that_is_too_short_is_refused_with_504(client: TestClient) -> None:
    response = rerank(client, headers={"X-Request-Timeout-Ms": "1"}, documents=["long text " * 50] * 60)
    assert error_of(response)[:2] == (504, "deadline_exceeded")


@pytest.mark.parametrize("timeout", ["0", "-5", "soon"])
def test_a_timeout_that_is_no_time_is_named(client: TestClient, timeout: str) -> None:
    status, _, message = error_of(rerank(client, headers={"X-Request-Timeout-Ms": timeout}))
    assert status == 422
    assert "X-Request-Timeout-Ms" in message


def test_the_caller_s_request_id_comes_back_and_an_odd_one_is_replaced(client: TestClient) -> None:
    assert rerank(client, headers={"X-Request-Id": "abc-1"}).headers["X-Request-Id"] == "abc-1"
    assert rerank(client, headers={"X-Request-Id": "a b;c"}).headers["X-Request-Id"] != "a b;c"
    assert client.get("/nowhere").headers["X-Request-Id"]
