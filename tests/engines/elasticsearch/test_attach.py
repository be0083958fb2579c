"""`lastly attach|detach|status elasticsearch`, against a real node."""

import json

import pytest

from integrations.elasticsearch import cli, without_plugin
from integrations.search_api.errors import WiringError
from tests.engines.articles import DEFAULTS
from tests.engines.engine import Corpus


def _url(corpus: Corpus) -> str:
    node = next(iter(corpus.engine.client.transport.node_pool.all()))  # type: ignore[attr-defined]
    return str(node.base_url)


def _attach(corpus: Corpus, *more: str) -> int:
    where = ["--url", _url(corpus), "--index", corpus.index, "--sidecar", corpus.sidecar.url]
    return cli.attach([*where, *more])


def test_attach_shows_both_orders_and_sets_a_timeout(corpus: Corpus, capsys: pytest.CaptureFixture[str]) -> None:
    cli.detach(["--url", _url(corpus), "--index", corpus.index])
    assert _attach(corpus, "--fields", "title,body", "--probe", "apple article") == 0
    printed = capsys.readouterr().out
    assert "before:" in printed
    assert "index.lastly.timeout is" in printed
    assert corpus.search().ids != corpus.plain().ids


def test_status_lists_the_attached_index_and_the_counts(corpus: Corpus, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.status(["--url", _url(corpus)]) == 0
    printed = capsys.readouterr().out
    assert corpus.index in printed
    assert '"reranked"' in printed


def test_detach_leaves_no_setting(corpus: Corpus, capsys: pytest.CaptureFixture[str]) -> None:
    corpus.configure(explain=True, instruction="short", mode="shadow")
    assert cli.detach(["--url", _url(corpus), "--index", corpus.index]) == 0
    settings = corpus.engine.request("GET", f"/{corpus.index}/_settings?flat_settings=true").body
    assert "lastly" not in json.dumps(settings)
    assert corpus.configure(**DEFAULTS).status == 200


@pytest.mark.parametrize(("fields", "named"), [("titel", "titel"), ("number", "number is integer")])
def test_a_field_that_is_none_or_no_text_is_refused(
    corpus: Corpus, capsys: pytest.CaptureFixture[str], fields: str, named: str
) -> None:
    assert _attach(corpus, "--fields", fields) == 1
    assert named in capsys.readouterr().err


def test_a_probe_that_is_not_reranked_attaches_nothing(corpus: Corpus, capsys: pytest.CaptureFixture[str]) -> None:
    cli.detach(["--url", _url(corpus), "--index", corpus.index])
    corpus.sidecar.status = 401
    assert _attach(corpus, "--fields", "title,body") == 1
    assert "lastly.sidecar.api_key" in capsys.readouterr().err
    settings = corpus.engine.request("GET", f"/{corpus.index}/_settings?flat_settings=true").body
    assert "index.lastly" not in json.dumps(settings)


def test_a_failed_attach_leaves_an_attached_index_as_it_was(corpus: Corpus) -> None:
    settings = f"/{corpus.index}/_settings?flat_settings=true"
    before = corpus.engine.request("GET", settings).body[corpus.index]["settings"]
    corpus.sidecar.status = 500
    assert _attach(corpus, "--fields", "body", "--window-size", "7") == 1
    after = corpus.engine.request("GET", settings).body[corpus.index]["settings"]
    assert after == before


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
