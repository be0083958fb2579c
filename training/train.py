"""Trains a listwise reranker: the teacher's embeddings first, then its order of the lists together with the labels.

`python -m training.train START DATA -o FOLDER` reads a checkpoint made by `training.backbone` and BEIR-like folders.
The learning rate follows the time that has passed, so that a lent machine's time is used to the end.
"""

import argparse
import itertools
import json
import math
import pickle
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from training import losses
from training.batches import Batch, Lists, Sampling, stream
from training.checkpoint import Checkpoint
from training.data import read_collections, without_held_out
from training.evaluate import read_dev_sets, report, table
from training.merging import Average
from training.model import ListwiseReranker, cosines, describe
from training.prepared import Prepared, plain_tokenizer, prepare
from training.teacher import Teacher, teacher_folder


@dataclass(frozen=True)
class Recipe:
    """What a training does; weights of 0 leave a loss out."""

    minutes: float = 8.0
    warm_share: float = 0.15  # of the time: short lists, many random documents, embeddings distilled hardest
    learning_rate: float = 6e-4
    tokens: int = 65_536
    temperature: float = 0.05
    teacher_temperature: float = 0.05
    bm25_weight: float = 0.25
    label_weight: float = 0.5
    distill_embeddings: float = 1.0
    distill_floor: float = 0.3  # what is left of it once the warm share has passed
    synthetic_label_weight: float = 0.2
    info_nce: float = 0.3
    dispersion: float = 0.05
    dual: float = 0.0
    similarity: float = 0.0
    labelled: float = 0.45
    synthetic: int = 2
    averaged_share: float = 0.15  # of the time, at its end: the weights of these steps are averaged
    workers: int = 4
    compiled: bool = False
    seed: int = 0


def train(checkpoint: Checkpoint, prepared: Prepared, recipe: Recipe, device: str) -> tuple[ListwiseReranker, Average]:
    """Train for `recipe.minutes`; prints a line every hundred steps. Gives the model and the mean of its last steps."""
    torch.manual_seed(recipe.seed)
    model = ListwiseReranker(checkpoint).to(device)
    _centre(model, prepared, recipe, device)
    if recipe.compiled:
        model.compile_layers()
    taught = Taught(prepared.document_teacher.to(device), prepared.query_teacher.to(device))
    optimizer = torch.optim.AdamW(_groups(model, recipe), betas=(0.9, 0.98), weight_decay=0.01)
    average = Average(model)
    started, step, seen = time.monotonic(), 0, 0
    for readings in _batches(model, prepared, recipe, started):
        progress = (time.monotonic() - started) / (60 * recipe.minutes)
        if progress >= 1:
            break
        for group in optimizer.param_groups:
            group["lr"] = group["base"] * _schedule(progress, step)
        on_device = [batch.to(device) for batch in readings]
        parts = _losses(model, on_device, taught, recipe, progress, device)
        optimizer.zero_grad(set_to_none=True)
        sum(parts.values()).backward()  # type: ignore[union-attr]
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        step, seen = step + 1, seen + sum(batch.input_ids.numel() for batch in readings)
        if progress > 1 - recipe.averaged_share and step % 10 == 0:
            average.add(model)
        if step % 100 == 1:
            figures = " ".join(f"{name} {value.item():.4f}" for name, value in parts.items())
            print(f"{progress:5.1%} step {step} tokens {seen / 1e6:.1f}M {figures}", flush=True)
    return model.eval(), average


@dataclass(frozen=True)
class Taught:
    """The teacher's embeddings of every document and query, on the device."""

    documents: Tensor
    queries: Tensor


def _batches(
    model: ListwiseReranker, prepared: Prepared, recipe: Recipe, started: float
) -> Iterator[tuple[Batch, ...]]:
    """Short lists with many random documents first, then hard candidates, some of them long lists of long texts."""
    easy = Sampling(6, 16, (64, 128), 0.5, recipe.labelled)
    hard = Sampling(8, 50, (64, 128, 256, 256), 0.15, recipe.labelled)
    long = Sampling(40, 64, (256,), 0.15, recipe.labelled)
    streams = [
        stream(
            Lists(prepared, model.template, sampling, recipe.tokens, 10 * recipe.seed + number, recipe.similarity > 0),
            recipe.workers,
        )
        for number, sampling in enumerate((easy, hard, long))
    ]
    for number in itertools.count():
        passed = (time.monotonic() - started) / (60 * recipe.minutes)
        kind = 0 if passed < recipe.warm_share or number % 8 == 0 else 2 if number % 8 == 4 else 1
        yield next(streams[kind])


def _losses(
    model: ListwiseReranker, readings: list[Batch], taught: Taught, recipe: Recipe, progress: float, device: str
) -> dict[str, Tensor]:
    batch = readings[0]
    with torch.autocast(device, torch.bfloat16, enabled=device == "cuda"):
        documents, marks = model(batch.input_ids, batch.document_positions, batch.query_positions)
    query = marks[:, -1]
    scores = cosines(documents, query)
    taught_documents, taught_query = taught.documents[batch.rows].float(), taught.queries[batch.queries].float()
    wanted = torch.einsum("ndw,nw->nd", taught_documents, taught_query) + recipe.bm25_weight * batch.first_stage
    fading = max(recipe.distill_floor, 1 - progress / max(recipe.warm_share, 1e-9) / 2)
    label_weight = torch.where(batch.labelled[:, None], recipe.label_weight, recipe.synthetic_label_weight)

    def by_list(scores: Tensor) -> Tensor:
        return losses.listwise_distillation(
            scores, wanted, batch.positive, batch.real, recipe.temperature, recipe.teacher_temperature, label_weight
        )

    parts = {
        "list": by_list(scores),
        "nce": recipe.info_nce
        * losses.info_nce(scores, batch.positive & batch.labelled[:, None], batch.real, recipe.temperature),
        "embed": recipe.distill_embeddings
        * fading
        * _embedding_loss(documents, query, taught_documents, taught_query, batch),
        "spread": recipe.dispersion * losses.dispersion(documents, batch.real),
    }
    if recipe.dual:
        parts["dual"] = recipe.dual * by_list(cosines(documents, marks[:, 0]))
    if recipe.similarity:
        parts["same"] = recipe.similarity * _order_loss(model, documents, batch, readings[1], device)
    return {name: value for name, value in parts.items() if value.requires_grad}


def _order_loss(model: ListwiseReranker, documents: Tensor, batch: Batch, reverse: Batch, device: str) -> Tensor:
    """How far a document's embedding moves when its list is read from the end."""
    with torch.autocast(device, torch.bfloat16, enabled=device == "cuda"):
        again, _ = model(reverse.input_ids, reverse.document_positions, reverse.query_positions)
    place = (batch.real.sum(1, keepdim=True) - 1 - torch.arange(batch.real.shape[1], device=device)).clamp(min=0)
    return losses.similarity(documents, again.gather(1, place[..., None].expand_as(again)), batch.real)


def _embedding_loss(
    documents: Tensor, query: Tensor, taught_documents: Tensor, taught_query: Tensor, batch: Batch
) -> Tensor:
    if documents.shape[-1] != taught_documents.shape[-1]:
        raise ValueError("the projector's outer width must be the teacher's width for its embeddings to be distilled")
    documents_loss = losses.embedding_distillation(documents, taught_documents, batch.real)
    return documents_loss + (1 - F.cosine_similarity(query, taught_query, dim=-1)).mean()


@torch.no_grad()
def _centre(model: ListwiseReranker, prepared: Prepared, recipe: Recipe, device: str) -> None:
    """Project the mean marker state away before the first step."""
    sampling = Sampling(8, 8, (64,), 0.5, recipe.labelled)
    batch = next(stream(Lists(prepared, model.template, sampling, 8192, recipe.seed), 0))[0].to(device)
    states = model.backbone(model.embed(batch.input_ids))
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
    parser.add_argument(
        "--prepared", type=Path, help="read what is prepared from this file; write it where it is missing"
    )
    parser.add_argument("--sample", type=int, help="evaluate at most so many queries a dev set")
    for name, value in asdict(Recipe()).items():
        action = {"action": argparse.BooleanOptionalAction} if isinstance(value, bool) else {"type": type(value)}
        parser.add_argument(f"--{name.replace('_', '-')}", default=value, **action)
    arguments = vars(parser.parse_args())
    device = "cuda" if torch.cuda.is_available() else "cpu"
    torch.multiprocessing.set_sharing_strategy("file_system")  # the workers' batches need more files than are allowed
    checkpoint = Checkpoint.load(arguments.pop("start"))
    data, output, sample = arguments.pop("data"), arguments.pop("output"), arguments.pop("sample")
    kept = arguments.pop("prepared")
    teacher = Teacher(arguments.pop("teacher") or teacher_folder(), device)
    recipe = Recipe(**arguments)
    prepared = prepare_once(checkpoint, data, teacher, recipe, kept)
    run(checkpoint, data, output, teacher, recipe, device, prepared, sample)


def prepare_once(checkpoint: Checkpoint, data: Path, teacher: Teacher, recipe: Recipe, kept: Path | None) -> Prepared:
    """Read the training collections, or what an earlier call kept in the file `kept`."""
    if kept and kept.exists():
        loaded: Prepared = pickle.loads(kept.read_bytes())  # noqa: S301 - written by this function
        return loaded
    started = time.monotonic()
    collections = [without_held_out(collection) for collection in read_collections(data, "train")]
    prepared = prepare(collections, plain_tokenizer(checkpoint.tokenizer), teacher, recipe.synthetic, recipe.seed)
    counts = f"{len(prepared.queries)} queries, {len(prepared.documents)} documents"
    print(f"{counts}: {time.monotonic() - started:.0f} s", flush=True)
    if kept:
        kept.write_bytes(pickle.dumps(prepared))
    return prepared


def run(
    checkpoint: Checkpoint,
    data: Path,
    output: Path,
    teacher: Teacher | None,
    recipe: Recipe,
    device: str,
    prepared: Prepared,
    sample: int | None = None,
) -> None:
    """Train, evaluate, save; `training.json` beside the checkpoint says how and with what result."""
    started = time.monotonic()
    model, average = train(checkpoint, prepared, recipe, device)
    model.checkpoint().save(output)
    dev_sets = read_dev_sets(data, plain_tokenizer(checkpoint.tokenizer), sample)
    rows = {"last step": report(dev_sets, model, device, teacher)}
    if average.steps:
        average.give(model)
        model.checkpoint().save(output / "averaged")
        rows["averaged"] = report(dev_sets, model, device, None)
    for name, measured in rows.items():
        print(f"{name}\n{table(measured)}", flush=True)
    facts = {"recipe": asdict(recipe), "ndcg@10": rows, "seconds": time.monotonic() - started, **describe(model)}
    (output / "training.json").write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
