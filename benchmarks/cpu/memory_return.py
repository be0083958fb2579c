"""What a request's memory costs: time, peak, and what stays in use, for ways to hold activations on the CPU.

usage: python -m benchmarks.cpu.memory_return [--model FOLDER] [--tokens N] [--rounds N]
"""

import argparse
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort

from benchmarks.cpu.process_memory import peak_mb, resident_mb
from benchmarks.results import table, write_section
from lastly.config import embedded_model
from lastly.graph.allocator import return_large_blocks
from lastly.model.folder import ModelFolder

# name: (arena, shrunk after each run, large blocks mapped on their own)
WAYS = {
    "arena, shrunk, large blocks mapped (Lastly's)": (True, True, True),
    "arena, shrunk": (True, True, False),
    "arena": (True, False, False),
    "no arena, large blocks mapped": (False, False, True),
    "no arena": (False, False, False),
}


def main() -> None:
    """Measure every way in a process of its own and write the section."""
    flags = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    flags.add_argument("--model", type=Path, default=embedded_model())
    flags.add_argument("--tokens", type=int, default=1318)
    flags.add_argument("--rounds", type=int, default=9)
    flags.add_argument("--way", type=int, help=argparse.SUPPRESS)
    options = flags.parse_args()
    if options.way is not None:
        print(*_measure(options.model, options.tokens, options.rounds, list(WAYS.values())[options.way]))
        return
    found = [_in_process(way) for way in range(len(WAYS))]
    rows = [
        [name, f"{1000 * seconds:.0f} ms", f"{seconds / found[0][0]:.2f}", f"{peak:.0f} MB", f"{kept:.0f} MB"]
        for name, (seconds, peak, kept) in zip(WAYS, found, strict=True)
    ]
    name = ModelFolder.load(options.model, verify=False).manifest.name
    body = table(["activations", "run", "ratio", "peak above the idle process", "still in use afterwards"], rows)
    write_section(
        "Memory between requests",
        " ".join(["python -m benchmarks.cpu.memory_return", *sys.argv[1:]]),
        f"{body}\n\n{name}, {options.tokens} tokens, 2 threads, median of {options.rounds} runs.",
        ["onnxruntime"],
    )


def _in_process(way: int) -> tuple[float, float, float]:
    command = [sys.executable, "-m", "benchmarks.cpu.memory_return", *sys.argv[1:], "--way", str(way)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=600)
    seconds, peak, kept = map(float, done.stdout.split())
    return seconds, peak, kept


def _measure(path: Path, tokens: int, rounds: int, way: tuple[bool, bool, bool]) -> tuple[float, float, float]:
    """Return the median run in seconds, and the peak and the rest above the idle process in MB."""
    arena, shrunk, mapped = way
    if mapped:
        return_large_blocks()
    session, inputs, run_options = _session(path, arena), _inputs_of(path), ort.RunOptions()
    if shrunk:
        run_options.add_run_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")
    session.run(None, inputs(16), run_options)
    idle = resident_mb()
    times = []
    for _ in range(rounds + 1):
        started = time.perf_counter()
        session.run(None, inputs(tokens), run_options)
        times.append(time.perf_counter() - started)
    return statistics.median(times[1:]), peak_mb() - idle, resident_mb() - idle


def _session(path: Path, arena: bool) -> Any:
    options = ort.SessionOptions()
    options.intra_op_num_threads = 2
    options.enable_cpu_mem_arena = arena
    options.enable_mem_pattern = False
    return ort.InferenceSession(str(ModelFolder.load(path, verify=False).graph_path), options)


def _inputs_of(path: Path) -> Any:
    vocabulary = ModelFolder.load(path, verify=False).manifest.vocabulary_size

    def of(tokens: int) -> dict[str, Any]:
        ids = np.random.default_rng(0).integers(0, vocabulary, (1, tokens), np.int64)
        return {
            "input_ids": ids,
            "sequence_lengths": np.array([tokens], np.int32),
            "total_sequence_length": np.array(tokens, np.int32),
            "document_positions": np.arange(7, tokens - 1, 8, dtype=np.int64)[None],
            "query_position": np.array([tokens - 1], np.int64),
        }

    return of


if __name__ == "__main__":
    main()
