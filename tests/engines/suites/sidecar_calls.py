"""The one call of a search: it ends with its caller, carries its context, and finds another sidecar or none."""

import http.client
import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.engines.suites.widening import APPLE
from tests.kit.engines.articles import use_sidecars
from tests.kit.engines.engine import Answer, Corpus, Engine
from tests.kit.waiting import eventually


class SidecarCalls:
    """Collected through a subclass in each engine's folder."""

    def test_a_cancelled_search_ends_its_call(self, corpus: Corpus) -> None:
        corpus.sidecar.delay_s = 4
        corpus.configure(timeout="10s")
        cancelled = corpus.counts()["failed"].get("cancelled", 0)
        answers: list[Answer] = []
        caller = threading.Thread(target=lambda: answers.append(corpus.search()))
        started = time.monotonic()
        caller.start()
        assert eventually(lambda: corpus.counts()["in_flight"] == 1)
        corpus.engine.request("POST", "/_tasks/_cancel?actions=indices:data/read/search")
        caller.join(10)
        assert time.monotonic() - started < 3.5
        assert answers[0].status in (400, 500)
        assert "cancelled" in str(answers[0].body)
        assert corpus.counts()["in_flight"] == 0
        assert corpus.counts()["failed"]["cancelled"] == cancelled + 1

    def test_a_caller_who_hangs_up_ends_the_call(self, corpus: Corpus) -> None:
        corpus.sidecar.delay_s = 4
        corpus.configure(timeout="10s")
        caller = http.client.HTTPConnection(corpus.engine.url.removeprefix("http://"))
        body = json.dumps(APPLE).encode()
        caller.request("POST", f"/{corpus.index}/_search", body, {"content-type": "application/json"})
        assert eventually(lambda: corpus.counts()["in_flight"] == 1)
        caller.close()
        assert eventually(lambda: corpus.counts()["in_flight"] == 0, 3)

    def test_one_call_more_than_allowed_keeps_the_order_at_once(self, corpus: Corpus) -> None:
        corpus.sidecar.delay_s = 1
        most = {"lastly.sidecar.max_in_flight": 1}
        corpus.engine.request("PUT", "/_cluster/settings", {"persistent": most})
        try:
            with ThreadPoolExecutor(4) as pool:
                answers = list(pool.map(lambda _: corpus.search(), range(4)))
        finally:
            corpus.engine.request("PUT", "/_cluster/settings", {"persistent": dict.fromkeys(most)})
        warned = [answer for answer in answers if "in_flight_full" in answer.warning]
        assert 1 <= len(warned) < 4
        assert all(answer.ids == corpus.plain().ids for answer in warned)

    def test_the_request_of_the_caller_keeps_its_context(self, corpus: Corpus) -> None:
        answer = corpus.search(headers={"X-Opaque-Id": "me-2"})
        assert answer.headers["x-opaque-id"] == "me-2"

    def test_a_trace_reaches_the_sidecar(self, corpus: Corpus) -> None:
        trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        corpus.search(headers={"traceparent": trace})
        assert corpus.sidecar.calls[0].headers["traceparent"].split("-")[1] == trace.split("-")[1]

    @pytest.mark.parametrize("url", ["sidecar:8787", "ftp://sidecar", "http://"])
    def test_a_wrong_address_is_refused_by_name(self, engine: Engine, url: str) -> None:
        answer = engine.request("PUT", "/_cluster/settings", {"persistent": {"lastly.sidecar.urls": [url]}})
        assert answer.status == 400
        assert "lastly.sidecar.urls" in str(answer.body)
        assert "http://" in str(answer.body)

    def test_without_a_sidecar_the_order_is_kept(self, corpus: Corpus) -> None:
        use_sidecars(corpus, [])
        try:
            answer = corpus.search()
            assert answer.ids == corpus.plain().ids
            assert "no_sidecar" in answer.warning
        finally:
            use_sidecars(corpus, [corpus.sidecar.url])

    def test_a_dead_address_is_passed_over(self, corpus: Corpus) -> None:
        use_sidecars(corpus, ["http://127.0.0.1:9", corpus.sidecar.url])
        try:
            assert corpus.search().ids != corpus.plain().ids
        finally:
            use_sidecars(corpus, [corpus.sidecar.url])
