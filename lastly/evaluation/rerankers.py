"""Who reranks: a sidecar by URL, or a model folder in this process."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from lastly.graph.opening import GraphOptions
from lastly.ranking.reranker import Reranker
from lastly.types import Candidate, Query
from lastly_integrations.json_client import JsonClient
from lastly_integrations.sidecar import SidecarClient


@dataclass(frozen=True)
class Order:
    """Indices of the passages from best to worst; `seconds` as measured by the caller."""

    places: list[int]
    seconds: float
    tokens: int


class Reranks(Protocol):
    """Puts passages in order."""

    @property
    def name(self) -> str:
        """Its name in the report."""
        ...

    def rerank(self, query: str, passages: Sequence[str]) -> Order:
        """Order the passages for a query."""
        ...


class FolderReranker:
    """A model folder, in process: the model's own time without HTTP."""

    def __init__(
        self,
        folder: Path,
        options: GraphOptions | None = None,
        instruction: str | None = None,
        lexical_weight: float | None = None,
        max_block_tokens: int = 0,
    ) -> None:
        self._reranker = Reranker.load(folder, options, max_block_tokens)
        self._instruction, self._lexical_weight = instruction, lexical_weight
        manifest = self._reranker.manifest
        graph = manifest.files.get(manifest.graph.file, "")
        self.name = f"{manifest.name} {manifest.dtype} ({graph.removeprefix('sha256:')[:12]})"

    def rerank(self, query: str, passages: Sequence[str]) -> Order:
        """Order the passages for a query."""
        started = time.perf_counter()
        candidates = [Candidate(place, passage) for place, passage in enumerate(passages)]
        ranking = self._reranker.rank(Query(query, self._instruction), candidates, lexical_weight=self._lexical_weight)
        places = [ranked.index for ranked in ranking.results]
        return Order(places, time.perf_counter() - started, ranking.tokens)


class SidecarReranker:
    """A running sidecar: its time with HTTP, as an engine sees it."""

    def __init__(
        self,
        server: JsonClient,
        instruction: str | None = None,
        model: str | None = None,
        lexical_weight: float | None = None,
    ) -> None:
        self._sidecar = SidecarClient(server)
        asked = {"instruction": instruction, "model": model, "lexical_weight": lexical_weight}
        self._options = {key: value for key, value in asked.items() if value is not None}
        served = self._sidecar.default_model()
        self.name = model or served

    def rerank(self, query: str, passages: Sequence[str]) -> Order:
        """Order the passages for a query; raises NotReadyError with the sidecar's own message."""
        if not passages:
            return Order([], 0.0, 0)
        started = time.perf_counter()
        answer = self._sidecar.rerank(query, passages, **self._options)
        places = [int(result["index"]) for result in answer["results"]]
        return Order(places, time.perf_counter() - started, answer["usage"]["total_tokens"])
