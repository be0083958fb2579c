"""Lists as the model reads them: drawn without end, put into batches of like length, padded."""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

from lastly_training.data.drawing import Sampling, TrainingList, draw
from lastly_training.data.prepared import Prepared
from lastly_training.text.packing import Packed
from lastly_training.text.ragged import Values
from lastly_training.text.template import MAX_QUERY_LENGTH, Template

_SORTED = 512  # lists drawn and sorted by length at a time


@dataclass
class Batch:
    """Lists side by side; `documents` and `real` [lists, documents], `rows` the documents' numbers in `Prepared`.

    `packed` holds the documents, then the queries, for every teacher.
    """

    input_ids: Tensor
    document_positions: Tensor
    query_positions: Tensor
    real: Tensor
    positive: Tensor
    rows: Tensor
    first_stage: Tensor
    labelled: Tensor
    packed: list[Packed]

    def to(self, device: str) -> "Batch":
        """Move every tensor."""
        tensors = {name: value for name, value in vars(self).items() if name != "packed"}
        moved = {name: value.to(device, non_blocking=True) for name, value in tensors.items()}
        return Batch(**moved, packed=[one.to(device) for one in self.packed])


def collate(prepared: Prepared, lists: Sequence[TrainingList], template: Template) -> Batch:
    """Pad lists on the right."""
    texts = [text for one in lists for text in one.documents]
    spelled = iter(prepared.spelling.ids(texts, max(one.limit for one in lists)))
    queries = prepared.spelling.ids([one.query for one in lists], MAX_QUERY_LENGTH)
    prompts = [
        template.prompt(query.tolist(), [next(spelled).tolist() for _ in one.documents])
        for query, one in zip(queries, lists, strict=True)
    ]
    width = max(len(one.rows) for one in lists)
    length = -(-max(len(prompt.ids) for prompt in prompts) // 128) * 128
    return Batch(
        input_ids=_table([prompt.ids for prompt in prompts], length, 0),
        document_positions=_table([prompt.documents for prompt in prompts], width, 0),
        query_positions=torch.tensor([[prompt.query_before, prompt.query] for prompt in prompts]),
        real=_table([[1] * len(one.rows) for one in lists], width, 0).bool(),
        positive=_table([list(map(int, one.positive)) for one in lists], width, 0).bool(),
        rows=_table([one.rows for one in lists], width, 0),
        first_stage=torch.from_numpy(_floats([one.first_stage for one in lists], width)),
        labelled=torch.tensor([one.labelled for one in lists]),
        packed=[reading.packed(texts, [one.query for one in lists]) for reading in prepared.readings],
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
        self._pools = [_Pool(prepared, True), _Pool(prepared, False)]

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
        """Return the tokens of a list, at most."""
        lengths = self._prepared.spelling.lengths
        query = min(int(lengths[one.query].sum()), MAX_QUERY_LENGTH)
        return 2 * query + 4 + sum(int(lengths[text].sum()) + 1 for text in one.documents)


def stream(lists: Lists, workers: int) -> Iterator[tuple[Batch, ...]]:
    """Make batches in `workers` processes, ahead of the model; with none of them in this one."""
    if not workers:
        return iter(lists)
    return iter(
        DataLoader(lists, batch_size=None, num_workers=workers, prefetch_factor=4, multiprocessing_context="fork")
    )


class _Pool:
    """Queries with or without labels; a collection's share grows with the root of its size."""

    def __init__(self, prepared: Prepared, labelled: bool) -> None:
        usable = (prepared.labelled == labelled) & (prepared.candidates.lengths > 0)
        places = [np.flatnonzero(usable & (prepared.collection == one)) for one in range(len(prepared.collections))]
        self._pools = [pool for pool in places if len(pool)]
        self._weights = [len(pool) ** 0.5 for pool in self._pools]

    def __bool__(self) -> bool:
        return bool(self._pools)

    def draw(self, rng: random.Random) -> int:
        """Return a query's place."""
        pool = rng.choices(self._pools, self._weights)[0]
        return int(pool[rng.randrange(len(pool))])


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


def _floats(rows: Sequence[Values], width: int) -> np.ndarray:
    table = np.zeros((len(rows), width), np.float32)
    for place, row in enumerate(rows):
        table[place, : len(row)] = row
    return table
