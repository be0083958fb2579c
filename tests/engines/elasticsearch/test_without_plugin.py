"""`lastly attach elasticsearch --without-plugin`: an endpoint and its search, held to the documented schema."""

import json
import re
import urllib.request
from typing import Any

import pytest

from lastly_integrations.elasticsearch import cli, without_plugin
from lastly_integrations.search_api.errors import ClusterError
from tests.kit.sidecars.real import RealSidecar


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


@pytest.mark.parametrize("model", ["", 'a "quoted" name'])
def test_a_model_s_name_is_written_as_json(model: str) -> None:
    request = without_plugin.endpoint("https://rerank.example", model=model)["service_settings"]["request"]
    sent = json.loads(request.replace("${query}", '"q"').replace("${input}", "[]"))
    assert sent.get("model", "") == model


def test_the_real_sidecar_answers_what_the_endpoint_describes(real_sidecar: RealSidecar) -> None:
    """The templates are replaced and the answer is read as the documentation of the service says."""
    settings = without_plugin.endpoint(real_sidecar.url)["service_settings"]
    texts = ["bread and butter", "a file is read line by line"]
    written = settings["request"].replace("${query}", '"read a file"').replace("${input}", json.dumps(texts))
    request = urllib.request.Request(settings["url"], written.encode(), settings["headers"])
    with urllib.request.urlopen(request, timeout=60) as response:
        answer = json.load(response)
    paths = settings["response"]["json_parser"]
    assert sorted(_found(answer, paths["reranked_index"])) == [0, 1]
    by_index = dict(zip(_found(answer, paths["reranked_index"]), _found(answer, paths["relevance_score"]), strict=True))
    expected = real_sidecar.scores("read a file", texts)
    assert [by_index[0], by_index[1]] == pytest.approx(expected, abs=1e-4)


def _found(answer: Any, path: str) -> list[Any]:
    """Return what a path like `$.results[*].index` finds."""
    parts = re.fullmatch(r"\$\.(\w+)\[\*\]\.(\w+)", path)
    assert parts, path
    return [one[parts[2]] for one in answer[parts[1]]]


def test_the_schema_check_finds_what_is_wrong() -> None:
    strange = without_plugin.endpoint("https://rerank.example")
    strange["service_settings"]["uri"] = strange["service_settings"].pop("url")
    with pytest.raises(ClusterError, match="url"):
        without_plugin.check_endpoint(strange)
    quoted = without_plugin.endpoint("https://rerank.example")
    quoted["service_settings"]["request"] = '{"query": "${query}", "documents": ${input}}'
    with pytest.raises(ClusterError, match="quotes"):
        without_plugin.check_endpoint(quoted)
    with pytest.raises(ClusterError, match="inference_text"):
        without_plugin.check_search({"retriever": {"text_similarity_reranker": {"retriever": {}, "field": "a"}}})
