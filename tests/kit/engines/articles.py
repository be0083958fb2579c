"""The corpus of the behaviour suite: 120 articles that score differently, so that the first stage's order is known."""

from typing import Any

from tests.kit.engines.corpus import ALL
from tests.kit.engines.engine import Corpus, Engine
from tests.kit.sidecars.lying import LyingSidecar
from tests.kit.waiting import eventually

INDEX = "articles"
DEFAULTS: dict[str, Any] = {"fields": ["title", "body"], "enabled": True, "timeout": "5s"}
_OTHERS = ("window_size", "on_failure", "model", "instruction", "max_doc_tokens", "mode", "explain")
_FIELDS: dict[str, Any] = {
    "title": {"type": "text"},
    "body": {"type": "text"},
    "group": {"type": "keyword"},
    "number": {"type": "integer"},
}


def index_articles(engine: Engine, sidecar: LyingSidecar, vector: dict[str, Any], **settings: Any) -> Corpus:
    """Index them into two shards and tell the nodes the sidecar; `vector` is the mapping of the field of that name."""
    corpus = Corpus(engine, sidecar, INDEX)
    use_sidecars(corpus, [sidecar.url])
    engine.request("DELETE", f"/{INDEX}")
    sizes = {"index.number_of_shards": 2, "index.number_of_replicas": 0, **settings}
    mapped = {"properties": {**_FIELDS, "vector": vector}}
    made = engine.request("PUT", f"/{INDEX}", {"settings": sizes, "mappings": mapped})
    assert made.status == 200, made.body
    lines = [line for number in range(ALL) for line in _lines(number)]
    assert engine.request("POST", "/_bulk?refresh=true", lines).body["errors"] is False
    return corpus


def _lines(number: int) -> list[dict[str, Any]]:
    filler = " ".join(f"w{number}x{i}" for i in range(number))
    document = {
        "title": f"Article {number}",
        "body": f"apple {filler}",
        "group": f"g{number % 5}",
        "number": number,
        "vector": [1.0, number / 10],
    }
    return [{"index": {"_index": INDEX, "_id": str(number)}}, document]


def use_sidecars(corpus: Corpus, urls: list[str]) -> None:
    """Write the sidecars' addresses into the cluster's settings."""
    body = {"persistent": {"lastly.sidecar.urls": urls or None}}
    answer = corpus.engine.request("PUT", "/_cluster/settings", body)
    assert answer.status == 200, answer.body


def restored(corpus: Corpus) -> Corpus:
    """Return the corpus as it was: default settings, a truthful sidecar, a closed breaker."""
    answer = corpus.configure(**dict.fromkeys(_OTHERS), **DEFAULTS)
    assert answer.status == 200, answer.body
    corpus.sidecar.reset()
    assert eventually(lambda: _reranks(corpus))
    corpus.sidecar.reset()
    return corpus


def _reranks(corpus: Corpus) -> bool:
    corpus.search()
    return bool(corpus.counts()["breaker"] == "closed")
