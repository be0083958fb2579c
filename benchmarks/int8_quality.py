"""What holding weights in 8 bits costs in ranking: nDCG@10 of one trained checkpoint in each of `cpu_speed`'s graphs.

usage: python -m benchmarks.int8_quality CHECKPOINT DATA [--sets wikiqa trecqa] [--sample 40] [--graphs 'fp32;int8']

CHECKPOINT is what `lastly-train` leaves in `OUT/checkpoint`; DATA holds collections in BEIR's layout with dev queries.
Lists are read whole, as in one block, BM25's best 50 in their order.
"""

import argparse
import shutil
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.cpu_speed import GRAPHS, open_graph, scores
from benchmarks.results import table, write_section
from training.checkpoint import Checkpoint
from training.data import read_collections
from training.evaluate import DevSet
from training.prepared import plain_tokenizer
from training.template import Template


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
    sets = [DevSet.read(one, plain, given.sample) for one in read_collections(given.data, "dev", given.sets)]
    rows = [["BM25", *_points([dev.mean_ndcg(dev.candidates) for dev in sets])]]
    with tempfile.TemporaryDirectory() as work:
        folder = Path(work) / "checkpoint"
        shutil.copytree(given.checkpoint, folder, ignore=shutil.ignore_patterns("averaged", "kept"))
        for name in given.graphs.split(";"):
            session = open_graph(folder, name)
            rows.append([name, *_points([dev.mean_ndcg(_ranked(dev, session, template)) for dev in sets])])
            print(rows[-1], flush=True)
    body = table(["graph", *(dev.collection.name for dev in sets), "mean"], rows)
    body += f"\n\nnDCG@10, {given.sample} dev queries a set at most. Aim: int8 loses at most 0.5 of fp32's mean."
    command = f"python -m benchmarks.int8_quality CHECKPOINT DATA --sets {' '.join(given.sets)} --sample {given.sample}"
    write_section("Ranking in 8 bits", command, body, ["onnxruntime"])


def _points(found: list[float]) -> list[str]:
    return [f"{100 * value:.2f}" for value in (*found, float(np.mean(found)))]


def _ranked(dev: DevSet, session: Any, template: Template) -> list[list[int]]:
    found: list[list[int]] = []
    for query, rows in zip(dev.query_tokens, dev.candidates, strict=True):
        prompt = template.prompt(query, [dev.document_tokens[row] for row in rows])
        found.append([])
        if rows:
            order = np.argsort(-scores(session, np.array(prompt.ids), np.array(prompt.documents)), kind="stable")
            found[-1] = [rows[place] for place in order]
    return found


if __name__ == "__main__":
    main()
