"""Lists as the model reads them: sampled, shuffled, padded."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from training.prepared import ListQuery, Prepared
from training.template import Template

_POSITIVES = 3
_SORTED = 1024  # lists drawn and sorted by length at a time


@dataclass(frozen=True)
class Sampling:
    """How a training list is drawn: its size between `smallest` and `largest`, and the share of random documents."""

    smallest: int
    largest: int
    random_share: float


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
    return TrainingList(query, order, positive, [scores.get(row, 0.0) for row in order])


def _best_first(hard: Sequence[int], count: int, rng: random.Random) -> list[int]:
    """Half of the best candidates, half of any."""
    best = list(hard[: (count + 1) // 2])
    return best + rng.sample(hard[len(best) :], min(count - len(best), len(hard) - len(best)))


def collate(prepared: Prepared, lists: Sequence[TrainingList], template: Template, limit: int) -> Batch:
    """Pad lists on the right; documents are cut to `limit` tokens."""
    prompts = [
        template.prompt(prepared.queries[one.query].tokens, [prepared.documents[row][:limit] for row in one.rows])
        for one in lists
    ]
    width = max(len(one.rows) for one in lists)
    length = -(-max(len(prompt.ids) for prompt in prompts) // 128) * 128
    labelled = [prepared.queries[one.query].labelled for one in lists]
    return Batch(
        input_ids=_table([prompt.ids for prompt in prompts], length, 0),
        document_positions=_table([prompt.documents for prompt in prompts], width, 0),
        query_positions=torch.tensor([[prompt.query] for prompt in prompts]),
        real=_table([[1] * len(one.rows) for one in lists], width, 0).bool(),
        positive=_table([list(map(int, one.positive)) for one in lists], width, 0).bool(),
        rows=_table([one.rows for one in lists], width, 0),
        first_stage=torch.from_numpy(_floats([one.first_stage for one in lists], width)),
        queries=torch.tensor([one.query for one in lists]),
        labelled=torch.tensor(labelled),
    )


def stream(
    prepared: Prepared, template: Template, sampling: Sampling, tokens: int, limit: int, labelled: float, seed: int
) -> Iterator[Batch]:
    """Give batches of about `tokens` padded tokens without end; a share `labelled` of the queries has labels."""
    rng = random.Random(seed)  # noqa: S311
    pools = [_indices(prepared.queries, True), _indices(prepared.queries, False)]
    while True:
        lists = []
        for _ in range(_SORTED):
            pool = pools[0] if pools[0] and (not pools[1] or rng.random() < labelled) else pools[1]
            lists.append(draw(prepared, rng.choice(pool), sampling, rng))
        batches = _cut(sorted(lists, key=lambda one: _length(prepared, one, limit)), prepared, tokens, limit)
        rng.shuffle(batches)
        yield from (collate(prepared, batch, template, limit) for batch in batches)


def _cut(lists: list[TrainingList], prepared: Prepared, tokens: int, limit: int) -> list[list[TrainingList]]:
    """Cut lists that are sorted by length into batches, each as long as its last list times its size."""
    batches: list[list[TrainingList]] = [[]]
    for one in lists:
        if batches[-1] and (len(batches[-1]) + 1) * _length(prepared, one, limit) > tokens:
            batches.append([])
        batches[-1].append(one)
    return batches


def _length(prepared: Prepared, one: TrainingList, limit: int) -> int:
    query = len(prepared.queries[one.query].tokens)
    return 2 * query + 4 + sum(min(len(prepared.documents[row]), limit) + 1 for row in one.rows)


def _indices(queries: Sequence[ListQuery], labelled: bool) -> list[int]:
    return [place for place, query in enumerate(queries) if query.labelled == labelled and len(query.candidates)]


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
