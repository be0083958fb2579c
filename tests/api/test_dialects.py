"""The Cohere and Text Embeddings Inference forms, and the bodies that engines' own connectors send."""

import json
from string import Template
from typing import Any

import pytest
from starlette.testclient import TestClient

QUERY, TEXTS = "tea", ["green tea", "a bicycle", "black tea"]


def jina(client: TestClient) -> list[tuple[int, float]]:
    """Return (index, cosine) of the first form, which the others must agree with."""
    results = client.post("/v1/rerank", json={"query": QUERY, "documents": TEXTS}).json()["results"]
    return [(result["index"], result["relevance_score"]) for result in results]


def test_cohere_s_form_gives_the_same_order_with_scores_of_0_to_1(small: TestClient) -> None:
    body = {"query": QUERY, "documents": TEXTS, "model": "small", "top_n": 2, "max_tokens_per_doc": 512}
    answer = small.post("/v2/rerank", json=body, headers={"X-Request-Id": "c-1"}).json()
    expected = [(index, pytest.approx((1 + cosine) / 2)) for index, cosine in jina(small)[:2]]
    assert [(r["index"], r["relevance_score"]) for r in answer["results"]] == expected
    assert answer["id"] == "c-1"
    assert answer["meta"]["api_version"]["version"] == "2"


def test_tei_s_form_is_a_bare_list(small: TestClient) -> None:
    answer = small.post("/rerank", json={"query": QUERY, "texts": TEXTS, "return_text": True}).json()
    assert [result["index"] for result in answer] == [index for index, _ in jina(small)]
    assert all(0 <= result["score"] <= 1 for result in answer)
    assert [result["text"] for result in answer] == [TEXTS[result["index"]] for result in answer]


def test_tei_s_raw_scores_are_the_cosines(small: TestClient) -> None:
    answer = small.post("/rerank", json={"query": QUERY, "texts": TEXTS, "raw_scores": True}).json()
    assert [(result["index"], result["score"]) for result in answer] == jina(small)
    assert "text" not in answer[0]


def test_tei_s_truncate_false_refuses_long_texts_instead_of_cutting(small: TestClient) -> None:
    body: dict[str, Any] = {"query": QUERY, "texts": ["word " * 3000]}
    assert small.post("/rerank", json=body).status_code == 200
    assert small.post("/rerank", json=body | {"truncate": True}).status_code == 200
    refused = small.post("/rerank", json=body | {"truncate": False})
    assert refused.status_code == 413
    assert "2048 tokens" in refused.json()["error"]["message"]


def test_documents_on_tei_s_path_get_the_first_form_as_vllm_gives_it(small: TestClient) -> None:
    answer = small.post("/rerank", json={"query": QUERY, "documents": TEXTS}).json()
    assert [(result["index"], result["relevance_score"]) for result in answer["results"]] == jina(small)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v2/rerank", {"query": "", "documents": TEXTS}),
        ("/v2/rerank", {"query": QUERY}),
        ("/rerank", {"query": QUERY}),
        ("/rerank", {"query": QUERY, "documents": [1]}),
        ("/rerank", {"query": " ", "texts": TEXTS}),
        ("/rerank", {"query": QUERY, "texts": TEXTS, "truncate": 0.0}),
    ],
)
def test_wrong_calls_are_refused_in_every_form(small: TestClient, path: str, body: dict[str, Any]) -> None:
    assert small.post(path, json=body).json()["error"]["code"] == "invalid_request"


def test_what_ml_commons_sends_from_a_connector_s_template_is_read(small: TestClient) -> None:
    """The connector fills its request_body with JSON of the passages and its parameters as text."""
    template = '{ "documents": ${documents}, "query": "${query}", "model": "${model}", "top_n": ${top_n} }'
    body = Template(template).substitute(documents=json.dumps(TEXTS), query=QUERY, model="small", top_n="3")
    answer = small.post("/v1/rerank", content=body, headers={"Content-Type": "application/json"}).json()
    # connector.post_process.cohere.rerank reads results[].index and results[].relevance_score.
    assert [(result["index"], result["relevance_score"]) for result in answer["results"]] == jina(small)


def test_what_elastic_s_custom_service_sends_is_read(small: TestClient) -> None:
    """Its template names ${query} and ${input}, which it fills with JSON values; its parser takes JSON paths."""
    template = '{"query": ${query}, "documents": ${input}, "return_documents": false}'
    body = Template(template).substitute(query=json.dumps(QUERY), input=json.dumps(TEXTS))
    answer = small.post("/v1/rerank", content=body, headers={"Content-Type": "application/json"}).json()
    found = [(result["index"], result["relevance_score"]) for result in answer["results"]]  # $.results[*].…
    assert found == jina(small)
