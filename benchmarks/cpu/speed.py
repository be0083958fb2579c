"""CPU time of the exported graphs against transformers (SDPA, fp32) in one run, at the 0.6B width with random weights.

usage: python -m benchmarks.cpu.speed [--lengths 512,2048] [--rounds 7] [--layers 4] [--graphs 'fp32;int8'] [--work DIR]

OpenVINO (the portable graph) and llama.cpp (llama-cpp-python and gguf; the backbone in Q8_0, prompt processing) run
beside them where they are installed. `--work` keeps checkpoint and graphs for the next run.

Rounds are interleaved, so that a busy machine slows all alike; a figure is our best round over transformers' best,
which other work on the machine disturbs least. Spearman and the largest score difference are against transformers at
the longest length, 100 documents; random weights are the pessimistic case.
"""

import argparse
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx_ir as ir
import onnxruntime as ort
import torch
import transformers

from benchmarks.cpu import references as cpu_references
from benchmarks.cpu.references import Runner
from benchmarks.export import full_size_checkpoint
from benchmarks.export.int8_schemes import PerTensor, WeightOnly
from benchmarks.plotting import lines
from benchmarks.results import table, write_section
from lastly.graph.allocator import return_large_blocks
from lastly.ranking.scoring import cosine
from lastly_export.checkpoint.folder import Checkpoint
from lastly_export.graph import fused
from lastly_export.onnx_writer.builder import GraphBuilder
from lastly_export.onnx_writer.data_file import DataFile
from lastly_export.parity.report import spearman
from lastly_export.precision.floating import FloatPrecision, Precision
from lastly_export.precision.int8 import Int8Precision

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
THREADS = 2


def main() -> None:
    """Measure and write the section."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lengths", default="512,2048")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--layers", type=int, default=4)
    parser.add_argument("--graphs", help="some of: " + "; ".join(GRAPHS))
    parser.add_argument("--references", default="openvino;llama.cpp", help="other runtimes; empty for none")
    parser.add_argument("--warm", type=int, default=1, help="rounds before those that count")
    parser.add_argument("--work", type=Path, help="where checkpoint and graphs are kept")
    parser.add_argument("--title", default="CPU speed")
    parser.add_argument("--plot", action="store_true", help="draw latency over tokens")
    given = parser.parse_args()
    lengths = [int(length) for length in given.lengths.split(",")]
    names = given.graphs.split(";") if given.graphs else list(GRAPHS)
    transformers.logging.set_verbosity_error()
    return_large_blocks()
    torch.set_num_threads(THREADS)
    with tempfile.TemporaryDirectory() as scratch:
        folder = given.work or Path(scratch)
        if not (folder / "model.safetensors").exists():
            full_size_checkpoint.write(folder, given.layers)
        runners = [transformers_runner(folder), *(graph_runner(folder, name) for name in names)]
        runners += cpu_references.runners(folder, given.references.split(";"), THREADS)
        times = {length: _times(runners, length, given.rounds, given.warm) for length in lengths}
        rows = _rows(runners, times)
    body = f"{given.layers} layers, {THREADS} threads, time relative to {REFERENCE} in the same run.\n\n"
    seconds = {runner.name: {length: times[length][runner.name] for length in lengths} for runner in runners}
    plotted = lines(seconds, _file_name(given.title), ylabel="seconds", title=given.title) if given.plot else ""
    header = ["graph", *(f"{length} tokens" for length in lengths), "Spearman", "largest score difference"]
    packages = ("onnxruntime", "torch", "transformers", *cpu_references.installed())
    write_section(given.title, _command(given, parser), f"{body}{table(header, rows)}\n\n{plotted}", packages)


def _command(given: argparse.Namespace, parser: argparse.ArgumentParser) -> str:
    words = f"--lengths {given.lengths} --rounds {given.rounds} --layers {given.layers}"
    for name in ("graphs", "references", "title"):
        value = getattr(given, name)
        words += f" --{name} '{value}'" if value != parser.get_default(name) else ""
    return f"python -m benchmarks.cpu.speed {words}{' --plot' if given.plot else ''}"


def _file_name(title: str) -> str:
    return "".join(letter if letter.isalnum() else "_" for letter in title.lower())


def transformers_runner(folder: Path) -> Runner:
    """The published way: the whole backbone, then the projector on the markers' states."""
    model = transformers.AutoModel.from_pretrained(folder, dtype=torch.float32, attn_implementation="sdpa").eval()
    checkpoint = Checkpoint(folder)
    first, last = (torch.from_numpy(checkpoint.tensor(f"projector.{n}.weight").astype(np.float32)) for n in (0, 2))

    def run(ids: np.ndarray) -> np.ndarray:
        with torch.no_grad():
            states = model(torch.from_numpy(ids)[None], use_cache=False).last_hidden_state[0]
            projected = torch.relu(states[np.append(cpu_references.markers(ids), len(ids) - 1)] @ first.T) @ last.T
            return torch.cosine_similarity(projected[:-1], projected[-1:]).numpy()

    return Runner(REFERENCE, run)


def graph_runner(folder: Path, name: str) -> Runner:
    """One exported graph."""
    session = open_graph(folder, name)

    def run(ids: np.ndarray) -> np.ndarray:
        return scores(session, ids, cpu_references.markers(ids))

    return Runner(name, run)


def open_graph(folder: Path, name: str) -> Any:
    """Export a checkpoint as one of `GRAPHS`, once, and open it."""
    checkpoint, file = Checkpoint(folder), folder / f"{list(GRAPHS).index(name)}.onnx"
    if not file.exists():
        with closing(DataFile(file.with_suffix(".data"))) as data:
            builder = GraphBuilder(name, data)
            model = fused.build(builder, checkpoint, GRAPHS[name](builder, checkpoint), lambda _: None)
        ir.save(model, file)
    options = ort.SessionOptions()
    options.intra_op_num_threads = THREADS
    options.enable_mem_pattern = False
    return ort.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])


def scores(session: Any, ids: np.ndarray, documents: np.ndarray) -> npt.NDArray[np.float32]:
    """Return each document's cosine, whose markers stand at `documents`, to the query, whose marker ends the ids."""
    inputs = {
        "input_ids": ids[None],
        "sequence_lengths": np.array([len(ids)], np.int32),
        "total_sequence_length": np.array(len(ids), np.int32),
        "document_positions": documents[None],
        "query_position": np.array([len(ids) - 1]),
    }
    embedded, query = session.run(None, inputs)
    return cosine(query[0], embedded[0])


def token_ids(length: int) -> np.ndarray:
    """Return random ids [length], the same ones for the same length."""
    return np.random.default_rng(length).integers(0, full_size_checkpoint.WORDS - 10, length)


def _times(runners: Sequence[Runner], length: int, rounds: int, warm: int) -> dict[str, float]:
    """Best seconds of each runner."""
    ids, seconds = token_ids(length), {runner.name: [] for runner in runners}  # type: ignore[var-annotated]
    for _ in range(rounds + warm):
        for runner in runners:
            start = time.perf_counter()
            runner.run(ids)
            seconds[runner.name].append(time.perf_counter() - start)
            print(length, runner.name, round(seconds[runner.name][-1], 2), flush=True)
    return {name: min(values[warm:]) for name, values in seconds.items()}


def _rows(runners: Sequence[Runner], times: Mapping[int, Mapping[str, float]]) -> list[list[str]]:
    ids = token_ids(max(times))
    expected = runners[0].run(ids)
    rows = []
    for runner in runners:
        found = runner.run(ids) if runner.scores else expected
        ratios = [f"{values[runner.name] / values[REFERENCE]:.2f}" for values in times.values()]
        judged = [f"{spearman(found, expected):.4f}", f"{np.abs(found - expected).max():.2g}"]
        rows.append([runner.name, *ratios, *(judged if runner.scores else ["", ""])])
    rows[0][1:] = [f"{values[REFERENCE] * 1e3:.0f} ms" for values in times.values()] + ["", ""]
    return rows


if __name__ == "__main__":
    main()
