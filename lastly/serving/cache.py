"""Results of equal calls, kept in bounded memory; the least recently used goes first."""

import hashlib
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from lastly.scheduling.jobs import Job
from lastly.scheduling.metrics import Metrics
from lastly.types import FloatArray, IntArray, Ranked, Ranking

_OVERHEAD = 600  # bytes of an entry besides its arrays: key, objects, dictionary slot (measured with sys.getsizeof)


@dataclass(frozen=True)
class _Entry:
    indices: IntArray
    scores: FloatArray
    embeddings: FloatArray | None
    tokens: int
    blocks: int

    @property
    def size(self) -> int:
        embeddings = 0 if self.embeddings is None else self.embeddings.nbytes
        return _OVERHEAD + self.indices.nbytes + self.scores.nbytes + embeddings


class ResultCache:
    """Keyed by model, query, instruction, texts and cut; knows nothing of texts but their hash."""

    def __init__(self, max_bytes: int, metrics: Metrics) -> None:
        self._max_bytes = max_bytes
        self._metrics = metrics
        self._entries: OrderedDict[bytes, _Entry] = OrderedDict()
        self._size = 0

    @property
    def enabled(self) -> bool:
        """Whether anything is kept."""
        return self._max_bytes > 0

    def get(self, key: bytes) -> Ranking | None:
        """Return the ranking of an equal call."""
        entry = self._entries.get(key)
        self._metrics.cache.labels("miss" if entry is None else "hit").inc()
        if entry is None:
            return None
        self._entries.move_to_end(key)
        return _ranking(entry)

    def put(self, key: bytes, ranking: Ranking, *, embeddings: bool) -> None:
        """Keep a ranking, unless it alone is over the bound."""
        entry = _entry(ranking, embeddings)
        if entry.size > self._max_bytes:
            return
        replaced = self._entries.pop(key, None)
        self._size += entry.size - (replaced.size if replaced else 0)
        self._entries[key] = entry
        while self._size > self._max_bytes:
            self._size -= self._entries.popitem(last=False)[1].size
        self._metrics.cache_bytes.set(self._size)


def key_of(job: Job, *, embeddings: bool) -> bytes:
    """Hash everything that decides a call's answer; each part is preceded by its length, so that none can pose as two.

    The model counts by its manifest, which holds the sha256 of its weights.
    """
    digest = hashlib.blake2b(digest_size=32)
    for part in _parts(job, embeddings):
        encoded = part.encode("utf-8", "surrogatepass")
        digest.update(len(encoded).to_bytes(8, "little"))
        digest.update(encoded)
    return digest.digest()


def _parts(job: Job, embeddings: bool) -> Iterable[str]:
    cut = job.truncation
    yield job.reranker.manifest.model_dump_json()
    yield f"{cut.max_doc_length} {cut.max_query_length} {cut.refuse} {cut.long_documents} {job.lexical_weight}"
    yield f"{embeddings} {job.query.instruction is None}"
    yield job.query.text
    yield job.query.instruction or ""
    for candidate in job.candidates:
        yield candidate.text


def _entry(ranking: Ranking, embeddings: bool) -> _Entry:
    return _Entry(
        np.array([ranked.index for ranked in ranking.results], np.int64),
        np.array([ranked.score for ranked in ranking.results], np.float32),
        np.stack([ranked.embedding for ranked in ranking.results]) if embeddings and ranking.results else None,
        ranking.tokens,
        ranking.blocks,
    )


def _ranking(entry: _Entry) -> Ranking:
    rows = entry.embeddings if entry.embeddings is not None else np.zeros((len(entry.indices), 0), np.float32)
    results = [
        Ranked(int(index), float(score), row)
        for index, score, row in zip(entry.indices, entry.scores, rows, strict=True)
    ]
    return Ranking(results, entry.tokens, entry.blocks)
