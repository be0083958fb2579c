"""CPU time of the exported graphs against transformers (SDPA, fp32) in one run, at the 0.6B width with random weights.

usage: python -m benchmarks.cpu_speed [--lengths 512,2048] [--rounds 7] [--layers 4] [--graphs fp32,int8]

Rounds are interleaved, so that a busy machine slows all alike; a figure is our best round over transformers' best,
which other work on the machine disturbs least. Spearman and the largest score difference are against transformers at
the longest length, 100 documents; random weights are the pessimistic case.
"""

import argparse
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx_ir as ir
import onnxruntime as ort
import torch
import transformers

from benchmarks import full_size_checkpoint
from benchmarks.int8_schemes import PerTensor, WeightOnly
from benchmarks.results import table, write_section
from lastly.allocator import return_large_blocks
from onnx_export import fused
from onnx_export.builder import GraphBuilder
from onnx_export.checkpoint import Checkpoint
from onnx_export.datafile import DataFile
from onnx_export.parity import spearman
from onnx_export.precision import FloatPrecision, Precision
from onnx_export.quantized import Int8Precision

Make = Callable[[GraphBuilder, Checkpoint], Precision]
GRAPHS: Mapping[str, Make] = {
    "fp32": lambda b, c: FloatPrecision(b, c, "fp32"),
    "int8": lambda b, c: Int8Precision(b, c, fused=True),
    "int8, one scale per tensor": lambda b, c: PerTensor(b, c, limit=127),
    "int8, one scale per tensor, 7-bit weights": lambda b, c: PerTensor(b, c, limit=63),
    "8-bit weights, int8 products (MatMulNBits)": lambda b, c: WeightOnly(b, c, accuracy_level=4),
    "8-bit weights, fp32 products (MatMulNBits)": lambda b, c: WeightOnly(b, c, accuracy_level=0),
}
REFERENCE = "transformers, fp32, SDPA"
DOCUMENTS = 100
THREADS = 2


@dataclass(frozen=True)
class Runner:
    """Something that embeds token ids [tokens]; gives the scores [documents]."""

    name: str
    run: Callable[[np.ndarray], np.ndarray]


def main() -> None:
    """Measure and write the section."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lengths", default="512,2048")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--layers", type=int, default=4)
    parser.add_argument("--graphs", help="some of: " + "; ".join(GRAPHS))
    given = parser.parse_args()
    lengths = [int(length) for length in given.lengths.split(",")]
    names = given.graphs.split(";") if given.graphs else list(GRAPHS)
    transformers.logging.set_verbosity_error()
    return_large_blocks()
    torch.set_num_threads(THREADS)
    with tempfile.TemporaryDirectory() as scratch:
        folder = full_size_checkpoint.write(Path(scratch), given.layers)
        runners = [transformers_runner(folder), *(graph_runner(folder, name) for name in names)]
        times = {length: _times(runners, length, given.rounds) for length in lengths}
        rows = _rows(runners, times)
    command = f"python -m benchmarks.cpu_speed --lengths {given.lengths} --rounds {given.rounds}"
    body = f"{given.layers} layers, {THREADS} threads, time relative to {REFERENCE} in the same run.\n\n"
    header = ["graph", *(f"{length} tokens" for length in lengths), "Spearman", "largest score difference"]
    write_section("CPU speed", command, body + table(header, rows), ("onnxruntime", "torch", "transformers"))


def transformers_runner(folder: Path) -> Runner:
    """The published way: the whole backbone, then the projector on the markers' states."""
    model = transformers.AutoModel.from_pretrained(folder, dtype=torch.float32, attn_implementation="sdpa").eval()
    checkpoint = Checkpoint(folder)
    first, last = (torch.from_numpy(checkpoint.tensor(f"projector.{n}.weight").astype(np.float32)) for n in (0, 2))

    def run(ids: np.ndarray) -> np.ndarray:
        with torch.no_grad():
            states = model(torch.from_numpy(ids)[None], use_cache=False).last_hidden_state[0]
            projected = torch.relu(states[np.append(_markers(ids), len(ids) - 1)] @ first.T) @ last.T
            return torch.cosine_similarity(projected[:-1], projected[-1:]).numpy()

    return Runner(REFERENCE, run)


def graph_runner(folder: Path, name: str) -> Runner:
    """One exported graph."""
    session = _session(folder, name)

    def run(ids: np.ndarray) -> np.ndarray:
        documents, query = session.run(None, _feeds(ids))
        norms = np.linalg.norm(documents[0], axis=1) * np.linalg.norm(query[0])
        return np.asarray(documents[0] @ query[0] / norms)

    return Runner(name, run)


def _session(folder: Path, name: str) -> Any:
    checkpoint, file = Checkpoint(folder), folder / f"{list(GRAPHS).index(name)}.onnx"
    with closing(DataFile(file.with_suffix(".data"))) as data:
        builder = GraphBuilder(name, data)
        model = fused.build(builder, checkpoint, GRAPHS[name](builder, checkpoint), lambda _: None)
    ir.save(model, file)
    options = ort.SessionOptions()
    options.intra_op_num_threads = THREADS
    options.enable_cpu_mem_arena = False
    return ort.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])


def _feeds(ids: np.ndarray) -> dict[str, np.ndarray]:
    return {
        "input_ids": ids[None],
        "sequence_lengths": np.array([len(ids)], np.int32),
        "total_sequence_length": np.array(len(ids), np.int32),
        "document_positions": _markers(ids)[None],
        "query_position": np.array([len(ids) - 1]),
    }


def _markers(ids: np.ndarray) -> np.ndarray:
    return np.linspace(3, len(ids) - 2, DOCUMENTS).astype(np.int64)


def _ids(length: int) -> np.ndarray:
    return np.random.default_rng(length).integers(0, full_size_checkpoint.WORDS - 10, length)


def _times(runners: Sequence[Runner], length: int, rounds: int) -> dict[str, float]:
    """Best seconds of each runner; one round more warms up."""
    ids, seconds = _ids(length), {runner.name: [] for runner in runners}  # type: ignore[var-annotated]
    for _ in range(rounds + 1):
        for runner in runners:
            start = time.perf_counter()
            runner.run(ids)
            seconds[runner.name].append(time.perf_counter() - start)
    return {name: min(values[1:]) for name, values in seconds.items()}


def _rows(runners: Sequence[Runner], times: Mapping[int, Mapping[str, float]]) -> list[list[str]]:
    ids = _ids(max(times))
    expected = runners[0].run(ids)
    rows = []
    for runner in runners:
        found = runner.run(ids)
        ratios = [f"{values[runner.name] / values[REFERENCE]:.2f}" for values in times.values()]
        rows.append([runner.name, *ratios, f"{spearman(found, expected):.4f}", f"{np.abs(found - expected).max():.2g}"])
    rows[0][1:] = [f"{values[REFERENCE] * 1e3:.0f} ms" for values in times.values()] + ["", ""]
    return rows


if __name__ == "__main__":
    main()
