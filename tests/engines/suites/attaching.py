"""`lastly attach|detach|status`, against a real node and the real sidecar."""

import json

import pytest

from tests.kit.engines.articles import DEFAULTS, use_sidecars
from tests.kit.engines.engine import Corpus
from tests.kit.engines.kind import Kind
from tests.kit.sidecars.real import RealSidecar


def attach(kind: Kind, corpus: Corpus, *more: str, sidecar: str = "") -> int:
    """Attach the corpus; return the exit status."""
    where = ["--url", corpus.engine.url, "--index", corpus.index, "--sidecar", sidecar or corpus.sidecar.url]
    return kind.attach([*where, *more])


def _settings(corpus: Corpus) -> str:
    return json.dumps(corpus.engine.request("GET", f"/{corpus.index}/_settings?flat_settings=true").body)


class Attaching:
    """Collected through a subclass in each engine's folder."""

    def test_attach_shows_both_orders_and_sets_a_timeout_from_measured_searches(
        self, kind: Kind, detached: Corpus, real_sidecar: RealSidecar, capsys: pytest.CaptureFixture[str]
    ) -> None:
        given = ["--fields", "title,body", "--probe", "apple article", "--window-size", "5"]
        assert attach(kind, detached, *given, sidecar=real_sidecar.url) == 0
        printed = capsys.readouterr().out
        assert "node-0 reaches the sidecar" in printed
        assert "before:" in printed
        assert "with 5 hits reranked took" in printed
        timeout = printed.split("index.lastly.timeout is ")[1].split(",")[0]
        assert f'"index.lastly.timeout": "{timeout}"' in _settings(detached)
        assert detached.search().warning == ""

    def test_status_lists_the_attached_index_and_the_counts(
        self, kind: Kind, corpus: Corpus, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert kind.status(["--url", corpus.engine.url]) == 0
        printed = capsys.readouterr().out
        assert f"sidecars: {corpus.sidecar.url}" in printed
        assert f"{corpus.index}: " in printed
        assert '"reranked"' in printed

    def test_status_of_a_cluster_without_attached_indices_says_so(self, kind: Kind, detached: Corpus) -> None:
        assert kind.status(["--url", detached.engine.url]) == 1

    def test_detach_leaves_no_setting_and_attaching_again_works(self, kind: Kind, corpus: Corpus) -> None:
        corpus.configure(explain=True, instruction="short", mode="shadow")
        assert kind.detach(["--url", corpus.engine.url]) == 0
        try:
            assert "lastly" not in _settings(corpus)
            cluster = corpus.engine.request("GET", "/_cluster/settings?flat_settings=true").body
            assert "lastly" not in json.dumps(cluster)
        finally:
            use_sidecars(corpus, [corpus.sidecar.url])
        assert corpus.configure(**DEFAULTS).status == 200

    @pytest.mark.parametrize(
        ("fields", "named"), [("titel", "no field titel"), ("number", "number is integer"), (" , ", "--fields")]
    )
    def test_a_field_that_is_none_or_no_text_is_refused(
        self, kind: Kind, detached: Corpus, capsys: pytest.CaptureFixture[str], fields: str, named: str
    ) -> None:
        assert attach(kind, detached, "--fields", fields) == 1
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
        self, kind: Kind, detached: Corpus, capsys: pytest.CaptureFixture[str], given: list[str], named: str
    ) -> None:
        assert attach(kind, detached, "--fields", "title", *given) == 1
        assert named in capsys.readouterr().err
        assert "index.lastly" not in _settings(detached)

    def test_an_unreachable_sidecar_attaches_nothing(
        self, kind: Kind, detached: Corpus, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert attach(kind, detached, "--fields", "title,body", sidecar="http://127.0.0.1:9") == 1
        assert "node-0: " in capsys.readouterr().err
        assert "index.lastly" not in _settings(detached)
        assert "lastly" not in str(detached.engine.request("GET", "/_cluster/settings").body)

    def test_a_wrong_key_is_named_and_attaches_nothing(
        self, kind: Kind, detached: Corpus, capsys: pytest.CaptureFixture[str]
    ) -> None:
        detached.sidecar.status = 401
        assert attach(kind, detached, "--fields", "title,body") == 1
        assert "lastly.sidecar.api_key" in capsys.readouterr().err
        assert "index.lastly" not in _settings(detached)

    def test_a_failed_attach_leaves_an_attached_index_attached(self, kind: Kind, corpus: Corpus) -> None:
        before = _settings(corpus)
        assert attach(kind, corpus, "--fields", "title", "--mode", "loud") == 1
        assert corpus.search().ids != corpus.plain().ids
        assert _settings(corpus) == before

    def test_a_failed_probe_leaves_an_attached_index_as_it_was(self, kind: Kind, corpus: Corpus) -> None:
        before = _settings(corpus)
        corpus.sidecar.status = 500
        assert attach(kind, corpus, "--fields", "body", "--window-size", "7") == 1
        assert _settings(corpus) == before

    @pytest.mark.parametrize("url", ["localhost:9200", "http://127.0.0.1:9"])
    def test_a_wrong_address_of_the_cluster_is_named(
        self, kind: Kind, url: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert kind.status(["--url", url]) == 1
        assert "--url" in capsys.readouterr().err
