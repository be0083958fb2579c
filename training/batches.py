"""Lists as the model reads them: sampled, shuffled, padded."""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

from training.prepared import ListQuery, Prepared
from training.template import Template

_POSITIVES = 3
_SORTED = 512  # lists drawn and sorted by length at a time


@dataclass(frozen=True)
class Sampling:
    """How a training list is drawn.

    Its size lies between `smallest` and `largest`, documents are cut to one of `limits` tokens, a share of them is
    random, and a share `labelled` of the queries has labels.
    """

    smallest: int
    largest: int
    limits: tuple[int, ...]
    random_share: float
    labelled: float


@dataclass
class Batch:
    """Lists side by side; `documents` and `real` [lists, documents], `rows` the documents' numbers in `Prepared`."""

    input_ids: Tensor
    document_positions: Tensor
    query_positions: Tensor
    real: Tensor
    positive: Tensor
    rows: Tensor
    first_stage: Tensor
    queries: Tensor
    labelled: Tensor

    def to(self, device: str) -> "Batch":
        """Move every tensor."""
        return Batch(**{name: value.to(device, non_blocking=True) for name, value in vars(self).items()})


@dataclass(frozen=True)
class TrainingList:
    """One query's documents in the order in which the model reads them."""

    query: int
    rows: list[int]
    positive: list[bool]
    first_stage: list[float]
    limit: int

    def reversed(self) -> "TrainingList":
        """The same list read from its end."""
        return replace(self, rows=self.rows[::-1], positive=self.positive[::-1], first_stage=self.first_stage[::-1])


def draw(prepared: Prepared, query: int, sampling: Sampling, rng: random.Random) -> TrainingList:
    """Draw relevant documents, BM25's best and random ones of the same collection, in a random order."""
    wanted = prepared.queries[query]
    size = rng.randint(sampling.smallest, sampling.largest)
    scores = dict(zip(wanted.candidates.tolist(), wanted.first_stage.tolist(), strict=True))
    relevant = wanted.relevant.tolist()
    rows = dict.fromkeys(rng.sample(relevant, min(len(relevant), _POSITIVES)))
    hard = [row for row in scores if row not in rows]
    count = min(len(hard), round((size - len(rows)) * (1 - sampling.random_share)))
    rows |= dict.fromkeys(_best_first(hard, count, rng))
    while len(rows) < min(size, len(wanted.collection)):
        rows[rng.choice(wanted.collection)] = None
    order = list(rows)
    rng.shuffle(order)
    known = {int(prepared.same[row]) for row in relevant}
    positive = [int(prepared.same[row]) in known for row in order]
    return TrainingList(query, order, positive, [scores.get(row, 0.0) for row in order], rng.choice(sampling.limits))


def _best_first(hard: Sequence[int], count: int, rng: random.Random) -> list[int]:
    """Half of the best candidates, half of any."""
    best = list(hard[: (count + 1) // 2])
    return best + rng.sample(hard[len(best) :], min(count - len(best), len(hard) - len(best)))


def collate(prepared: Prepared, lists: Sequence[TrainingList], template: Template) -> Batch:
    """Pad lists on the right."""
    prompts = [
        template.prompt(
            prepared.queries[one.query].tokens, [prepared.documents[row][: one.limit].tolist() for row in one.rows]
        )
        for one in lists
    ]
    width = max(len(one.rows) for one in lists)
    length = -(-max(len(prompt.ids) for prompt in prompts) // 128) * 128
    labelled = [prepared.queries[one.query].labelled for one in lists]
    return Batch(
        input_ids=_table([prompt.ids for prompt in prompts], length, 0),
        document_positions=_table([prompt.documents for prompt in prompts], width, 0),
        query_positions=torch.tensor([[prompt.query_before, prompt.query] for prompt in prompts]),
        real=_table([[1] * len(one.rows) for one in lists], width, 0).bool(),
        positive=_table([list(map(int, one.positive)) for one in lists], width, 0).bool(),
        rows=_table([one.rows for one in lists], width, 0),
        first_stage=torch.from_numpy(_floats([one.first_stage for one in lists], width)),
        queries=torch.tensor([one.query for one in lists]),
        labelled=torch.tensor(labelled),
    )


class Lists(IterableDataset[tuple[Batch, ...]]):
    """Batches of about `tokens` padded tokens without end; with `twice` each comes a second time, in reverse order.

    Each worker process of a `DataLoader` draws lists of its own.
    """

    def __init__(
        self, prepared: Prepared, template: Template, sampling: Sampling, tokens: int, seed: int, twice: bool = False
    ) -> None:
        self._prepared, self._template, self._sampling = prepared, template, sampling
        self._tokens, self._seed, self._twice = tokens, seed, twice
        self._pools = [_Pool(prepared.queries, True), _Pool(prepared.queries, False)]

    def __iter__(self) -> Iterator[tuple[Batch, ...]]:
        """Draw lists, sort some by length, cut them into batches."""
        worker = get_worker_info()
        rng = random.Random(1000 * self._seed + (worker.id if worker else 0))  # noqa: S311
        while True:
            lists = [draw(self._prepared, self._query(rng), self._sampling, rng) for _ in range(_SORTED)]
            batches = _cut(sorted(lists, key=self._length), self._length, self._tokens)
            rng.shuffle(batches)
            for batch in batches:
                yield tuple(collate(self._prepared, read, self._template) for read in self._readings(batch))

    def _query(self, rng: random.Random) -> int:
        labelled, others = self._pools
        return (labelled if labelled and (not others or rng.random() < self._sampling.labelled) else others).draw(rng)

    def _readings(self, batch: list[TrainingList]) -> list[list[TrainingList]]:
        return [batch, [one.reversed() for one in batch]] if self._twice else [batch]

    def _length(self, one: TrainingList) -> int:
        query = len(self._prepared.queries[one.query].tokens)
        return 2 * query + 4 + sum(min(len(self._prepared.documents[row]), one.limit) + 1 for row in one.rows)


def stream(lists: Lists, workers: int) -> Iterator[tuple[Batch, ...]]:
    """Make batches in `workers` processes, ahead of the model; with none of them in this one."""
    if not workers:
        return iter(lists)
    return iter(
        DataLoader(lists, batch_size=None, num_workers=workers, prefetch_factor=4, multiprocessing_context="fork")
    )


class _Pool:
    """Queries with or without labels; a collection's share grows with the root of its size."""

    def __init__(self, queries: Sequence[ListQuery], labelled: bool) -> None:
        pools: dict[int, list[int]] = {}
        for place, query in enumerate(queries):
            if query.labelled == labelled and len(query.candidates):
                pools.setdefault(query.collection.start, []).append(place)
        self._pools = list(pools.values())
        self._weights = [len(pool) ** 0.5 for pool in self._pools]

    def __bool__(self) -> bool:
        return bool(self._pools)

    def draw(self, rng: random.Random) -> int:
        """Give a query's place."""
        return rng.choice(rng.choices(self._pools, self._weights)[0])


def _cut(lists: list[TrainingList], length: Callable[[TrainingList], int], tokens: int) -> list[list[TrainingList]]:
    """Cut lists that are sorted by length into batches, each as long as its last list times its size."""
    batches: list[list[TrainingList]] = [[]]
    for one in lists:
        if batches[-1] and (len(batches[-1]) + 1) * length(one) > tokens:
            batches.append([])
        batches[-1].append(one)
    return batches


def _table(rows: Sequence[Sequence[int]], width: int, value: int) -> Tensor:
    table = np.full((len(rows), width), value, np.int64)
    for place, row in enumerate(rows):
        table[place, : len(row)] = row
    return torch.from_numpy(table)


def _floats(rows: Sequence[Sequence[float]], width: int) -> np.ndarray:
    table = np.zeros((len(rows), width), np.float32)
    for place, row in enumerate(rows):
        table[place, : len(row)] = row
    return table
