"""Questions whose answers are known, and a reranker that knows them."""

from collections.abc import Sequence
from pathlib import Path

from lastly.evaluation.collection import Collection
from lastly.evaluation.first_stages import EmbeddedBm25
from lastly.evaluation.journal import Journal
from lastly.evaluation.rerankers import Order
from lastly.evaluation.results import Result, collect
from lastly.evaluation.trial import Trial
from lastly.evaluation.variants import plan

# Questions that name what they ask for only in part; the answer is an entry of the standard library's documentation.
QUESTIONS = {
    "1": ("create a temporary directory", "tempfile.mkdtemp"),
    "2": ("run a command and wait for it", "subprocess.run"),
    "3": ("read the whole file as text", "pathlib.Path.read_text"),
    "4": ("sort an iterable into a list", "builtins.sorted"),
    "5": ("shuffle a list in place", "random.Random.shuffle"),
    "6": ("join path components", "pathlib.PurePath.joinpath"),
}


class Oracle:
    """Ranks the passages that name the answer first; counts its calls."""

    name = "oracle"

    def __init__(self, fail_after: int | None = None) -> None:
        self.calls = 0
        self._fail_after = fail_after

    def rerank(self, query: str, passages: Sequence[str]) -> Order:
        if self._fail_after is not None and self.calls >= self._fail_after:
            raise KeyboardInterrupt
        self.calls += 1
        answer = next(answer for text, answer in QUESTIONS.values() if text == query)
        places = sorted(range(len(passages)), key=lambda place: not passages[place].startswith(f"{answer}\n"))
        return Order(places, 0.002, 100)


def trial_of(collection: Collection, bm25: EmbeddedBm25, oracle: Oracle) -> Trial:
    return Trial(collection, bm25, oracle, plan(50, [10], ["reversed", "shuffled"], seeds=2))


def run_trial(trial: Trial, file: Path) -> Result:
    queries = sorted(trial.collection.queries)
    with Journal(file, {"of": "this"}) as journal:
        trial.run(journal, queries, lambda: None)
        return collect(trial.collection, journal, queries, trial.variants)
