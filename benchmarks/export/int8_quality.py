"""What holding weights in 8 bits costs in ranking: nDCG@10 of one trained checkpoint in each of `cpu_speed`'s graphs.

usage: python -m benchmarks.export.int8_quality CHECKPOINT DATA [--sets wikiqa trecqa] [--sample 40] [--graphs
'fp32;int8']

CHECKPOINT is what `lastly-train` leaves in `OUT/checkpoint`; DATA holds collections in BEIR's layout with dev queries.
Lists are read whole, as in one block, BM25's best 50 in their order.
"""

import argparse
import shutil
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.cpu.speed import GRAPHS, open_graph, scores
from benchmarks.results import table, write_section
from lastly.ranking.tokenization import plain_tokenizer
from lastly_training.data.dev_sets import DevSet, read_dev_sets
from lastly_training.loop.evaluate import Tokens, ordered
from lastly_training.model.checkpoint import Checkpoint
from lastly_training.text.template import Prompt, Template


def main() -> None:
    """Measure and write the section."""
    flags = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    flags.add_argument("checkpoint", type=Path)
    flags.add_argument("data", type=Path)
    flags.add_argument("--sets", nargs="+", default=["wikiqa", "trecqa", "conala"])
    flags.add_argument("--sample", type=int, default=40, help="queries a set")
    flags.add_argument("--graphs", default=";".join(GRAPHS))
    given = flags.parse_args()
    tokenizer = Checkpoint.load(given.checkpoint).tokenizer
    template, plain = Template.of(tokenizer), plain_tokenizer(tokenizer)
    sets = read_dev_sets(given.data, given.sample, given.sets)
    lists = [(dev, Tokens.of(dev, plain).prompts(dev, template)) for dev in sets]
    rows = [["BM25", *_points([dev.mean_ndcg(dev.candidates) for dev in sets])]]
    with tempfile.TemporaryDirectory() as work:
        folder = Path(work) / "checkpoint"
        shutil.copytree(given.checkpoint, folder, ignore=shutil.ignore_patterns("averaged", "kept"))
        for name in given.graphs.split(";"):
            session = open_graph(folder, name)
            rows.append([name, *_points([dev.mean_ndcg(_ranked(dev, asked, session)) for dev, asked in lists])])
            print(rows[-1], flush=True)
    body = table(["graph", *(dev.name for dev in sets), "mean"], rows)
    body += f"\n\nnDCG@10, {given.sample} dev queries a set at most. Aim: int8 loses at most 0.5 of fp32's mean."
    asked = f"--sets {' '.join(given.sets)} --sample {given.sample}"
    command = f"python -m benchmarks.export.int8_quality CHECKPOINT DATA {asked}"
    write_section("Ranking in 8 bits", command, body, ["onnxruntime"])


def _points(found: list[float]) -> list[str]:
    return [f"{100 * value:.2f}" for value in (*found, float(np.mean(found)))]


def _ranked(dev: DevSet, prompts: list[Prompt], session: Any) -> list[list[int]]:
    found: list[list[int]] = []
    for prompt, rows in zip(prompts, dev.candidates, strict=True):
        read = scores(session, np.array(prompt.ids), np.array(prompt.documents)) if rows else np.zeros(0, np.float32)
        found.append(ordered(rows, read))
    return found


if __name__ == "__main__":
    main()
