"""`lastly attach|detach|status opensearch`, against a real node and the real sidecar."""

import json
from collections.abc import Iterator

import pytest

from integrations.opensearch import cli
from tests.engines.articles import DEFAULTS, use_sidecars
from tests.engines.engine import Corpus
from tests.engines.opensearch.client import OpenSearchEngine
from tests.engines.opensearch.real_sidecar import RealSidecar


@pytest.fixture
def detached(corpus: Corpus, engine: OpenSearchEngine) -> Iterator[Corpus]:
    """The corpus as it is before anybody attaches it."""
    assert cli.detach(["--url", engine.url]) == 0
    yield corpus
    use_sidecars(corpus, [corpus.sidecar.url])


def _attach(corpus: Corpus, *more: str, sidecar: str = "") -> int:
    engine = corpus.engine
    assert isinstance(engine, OpenSearchEngine)
    where = ["--url", engine.url, "--index", corpus.index, "--sidecar", sidecar or corpus.sidecar.url]
    return cli.attach([*where, *more])


def _settings(corpus: Corpus) -> str:
    return json.dumps(corpus.engine.request("GET", f"/{corpus.index}/_settings?flat_settings=true").body)


def test_attach_shows_both_orders_and_sets_a_timeout_from_measured_searches(
    detached: Corpus, real_sidecar: RealSidecar, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ["--fields", "title,body", "--probe", "apple article", "--window-size", "5"]
    assert _attach(detached, *given, sidecar=real_sidecar.url) == 0
    printed = capsys.readouterr().out
    assert "node-0 reaches the sidecar" in printed
    assert "before:" in printed
    assert "with 5 hits reranked took" in printed
    timeout = printed.split("index.lastly.timeout is ")[1].split(",")[0]
    assert f'"index.lastly.timeout": "{timeout}"' in _settings(detached)
    assert detached.search().warning == ""


def test_status_lists_the_attached_index_and_the_counts(
    corpus: Corpus, engine: OpenSearchEngine, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.status(["--url", engine.url]) == 0
    printed = capsys.readouterr().out
    assert f"sidecars: {corpus.sidecar.url}" in printed
    assert f"{corpus.index}: " in printed
    assert '"reranked"' in printed


def test_status_of_a_cluster_without_attached_indices_says_so(detached: Corpus, engine: OpenSearchEngine) -> None:
    assert cli.status(["--url", engine.url]) == 1


def test_detach_leaves_no_setting_and_attaching_again_works(corpus: Corpus, engine: OpenSearchEngine) -> None:
    corpus.configure(explain=True, instruction="short", mode="shadow")
    assert cli.detach(["--url", engine.url]) == 0
    try:
        assert "lastly" not in _settings(corpus)
        assert "lastly" not in json.dumps(engine.request("GET", "/_cluster/settings?flat_settings=true").body)
    finally:
        use_sidecars(corpus, [corpus.sidecar.url])
    assert corpus.configure(**DEFAULTS).status == 200


@pytest.mark.parametrize(
    ("fields", "named"), [("titel", "no field titel"), ("number", "number is integer"), (" , ", "--fields")]
)
def test_a_field_that_is_none_or_no_text_is_refused(
    detached: Corpus, capsys: pytest.CaptureFixture[str], fields: str, named: str
) -> None:
    assert _attach(detached, "--fields", fields) == 1
    assert named in capsys.readouterr().err
    assert "index.lastly" not in _settings(detached)


@pytest.mark.parametrize(
    ("given", "named"),
    [
        (["--window-size", "0"], "index.lastly.window_size"),
        (["--window-size", "many"], "--window-size"),
        (["--on-failure", "shrug"], "index.lastly.on_failure"),
    ],
)
def test_a_setting_out_of_range_is_refused_by_name(
    detached: Corpus, capsys: pytest.CaptureFixture[str], given: list[str], named: str
) -> None:
    assert _attach(detached, "--fields", "title", *given) == 1
    assert named in capsys.readouterr().err
    assert "index.lastly" not in _settings(detached)


def test_an_unreachable_sidecar_attaches_nothing(detached: Corpus, capsys: pytest.CaptureFixture[str]) -> None:
    assert _attach(detached, "--fields", "title,body", sidecar="http://127.0.0.1:9") == 1
    assert "node-0: " in capsys.readouterr().err
    assert "index.lastly" not in _settings(detached)


def test_a_wrong_key_is_named_and_attaches_nothing(detached: Corpus, capsys: pytest.CaptureFixture[str]) -> None:
    detached.sidecar.status = 401
    assert _attach(detached, "--fields", "title,body") == 1
    assert "lastly.sidecar.api_key" in capsys.readouterr().err
    assert "index.lastly" not in _settings(detached)


def test_a_failed_attach_leaves_an_attached_index_attached(corpus: Corpus) -> None:
    assert _attach(corpus, "--fields", "title", "--mode", "loud") == 1
    assert corpus.search().ids != corpus.plain().ids


@pytest.mark.parametrize("url", ["localhost:9200", "http://127.0.0.1:9"])
def test_a_wrong_address_of_the_cluster_is_named(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.status(["--url", url]) == 1
    assert "--url" in capsys.readouterr().err


def test_without_the_plugin_a_cluster_without_ml_commons_is_told_so(
    detached: Corpus, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _attach(detached, "--fields", "body", "--without-plugin") == 1
    assert "opensearch-ml" in capsys.readouterr().err
