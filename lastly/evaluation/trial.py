"""One collection through first stage and reranker, query by query."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from lastly.evaluation.collection import Collection
from lastly.evaluation.first_stages import Candidates
from lastly.evaluation.journal import Journal, Outcome
from lastly.evaluation.rerankers import Reranks
from lastly.evaluation.variants import Variant
from lastly.search.hits import Hit

FIRST_STAGE = "first stage"


@dataclass(frozen=True)
class Trial:
    """What is tried: `depth` first-stage hits are kept, each variant reranks the first of them.

    `drop_own` leaves out the document that has the query's own id (ArguAna and Quora ask with documents).
    """

    collection: Collection
    candidates: Candidates
    reranker: Reranks
    variants: Sequence[Variant]
    depth: int = 100
    drop_own: bool = False

    def run(self, journal: Journal, queries: Sequence[str], done: Callable[[], None]) -> None:
        """Do what the journal does not hold yet; `done` is called once a query."""
        for query in queries:
            names = [FIRST_STAGE, *(variant.name for variant in self.variants)]
            if any(journal.get(query, name) is None for name in names):
                self._run_query(query, journal)
            done()

    def _run_query(self, query: str, journal: Journal) -> None:
        hits, seconds = self._search(query)
        ids = [hit.document.id for hit in hits]
        if journal.get(query, FIRST_STAGE) is None:
            journal.add(Outcome(query=query, variant=FIRST_STAGE, ids=ids, seconds=seconds))
        for variant in self.variants:
            if journal.get(query, variant.name) is None:
                journal.add(self._rerank(query, hits, variant))

    def _search(self, query: str) -> tuple[list[Hit], float]:
        started = time.perf_counter()
        found = self.candidates.search(self.collection.queries[query], self.depth + self.drop_own)
        seconds = time.perf_counter() - started
        kept = [hit for hit in found if not (self.drop_own and hit.document.id == query)]
        return kept[: self.depth], seconds

    def _rerank(self, query: str, hits: Sequence[Hit], variant: Variant) -> Outcome:
        window, tail = hits[: variant.window], hits[variant.window :]
        shown = [window[place] for place in variant.permutation(len(window), query)]
        order = self.reranker.rerank(self.collection.queries[query], [hit.document.passage for hit in shown])
        ids = [*(shown[place].document.id for place in order.places), *(hit.document.id for hit in tail)]
        return Outcome(query=query, variant=variant.name, ids=ids, seconds=order.seconds, tokens=order.tokens)
