"""`lastly attach elasticsearch --without-plugin`: an endpoint and its search, held to the documented schema."""

import json

import pytest

from integrations.elasticsearch import cli, without_plugin
from integrations.search_api.errors import WiringError


def test_without_the_plugin_both_bodies_fit_the_documented_schema(capsys: pytest.CaptureFixture[str]) -> None:
    given = ["--index", "docs", "--fields", "body", "--sidecar", "https://rerank.example", "--without-plugin", "lastly"]
    assert cli.attach(given) == 0
    printed = capsys.readouterr().out
    assert "PUT _inference/rerank/lastly" in printed
    assert without_plugin.LICENCE in printed


def test_the_endpoint_s_request_is_the_sidecar_s_json() -> None:
    body = without_plugin.endpoint("https://rerank.example/", "key", "mini")
    request = body["service_settings"]["request"]
    sent = json.loads(request.replace("${query}", '"q"').replace("${input}", '["a", "b"]'))
    assert sent == {"model": "mini", "query": "q", "documents": ["a", "b"]}


def test_the_schema_check_finds_what_is_wrong() -> None:
    strange = without_plugin.endpoint("https://rerank.example")
    strange["service_settings"]["uri"] = strange["service_settings"].pop("url")
    with pytest.raises(WiringError, match="url"):
        without_plugin.check_endpoint(strange)
    quoted = without_plugin.endpoint("https://rerank.example")
    quoted["service_settings"]["request"] = '{"query": "${query}", "documents": ${input}}'
    with pytest.raises(WiringError, match="quotes"):
        without_plugin.check_endpoint(quoted)
    with pytest.raises(WiringError, match="inference_text"):
        without_plugin.check_search({"retriever": {"text_similarity_reranker": {"retriever": {}, "field": "a"}}})
