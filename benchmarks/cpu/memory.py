"""What one call's activations take on the CPU over its length, beside transformers (SDPA, fp32), at the 0.6B width.

usage: python -m benchmarks.cpu.memory [--lengths 512,2048,8192] [--layers 2]

Each way and length has a process of its own: the peak of its resident memory during the call, above what it held after
a short one. What a layer takes is given back before the next one, so that a few layers show the whole model's peak.
"""

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from benchmarks.cpu.process_memory import forget_peak, peak_mb, resident_mb
from benchmarks.cpu.speed import REFERENCE, THREADS, graph_runner, token_ids, transformers_runner
from benchmarks.export import full_size_checkpoint
from benchmarks.plotting import lines
from benchmarks.results import table, write_section
from lastly.graph.allocator import return_large_blocks

WAYS = (REFERENCE, "fp32", "int8")
FIRST = 128  # tokens of a call that is not counted


def main() -> None:
    """Measure every way in a process of its own and write the section."""
    flags = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    flags.add_argument("--lengths", default="512,2048,8192")
    flags.add_argument("--layers", type=int, default=2)
    flags.add_argument("--work", type=Path, help=argparse.SUPPRESS)
    flags.add_argument("--way", choices=WAYS, help=argparse.SUPPRESS)
    flags.add_argument("--length", type=int, help=argparse.SUPPRESS)
    options = flags.parse_args()
    lengths = [int(length) for length in options.lengths.split(",")]
    if options.way:
        print(_measure(options.work, options.way, options.length))
        return
    with tempfile.TemporaryDirectory() as work:
        full_size_checkpoint.write(Path(work), options.layers)
        found = {way: {length: _in_process(way, length, work) for length in lengths} for way in WAYS}
    reference = found[REFERENCE]
    rows = [
        [way, *(f"{megabytes:.0f} MB ({megabytes / reference[length]:.2f})" for length, megabytes in peaks.items())]
        for way, peaks in found.items()
    ]
    plotted = lines(found, "cpu_memory", ylabel="MB", title="Activations of one call over its length")
    write_section(
        "CPU memory over the length",
        " ".join(["python -m benchmarks.cpu.memory", *sys.argv[1:]]),
        f"{table(['', *(f'{length} tokens' for length in lengths)], rows)}\n\n"
        f"{options.layers} layers, {THREADS} threads; in brackets the ratio to {REFERENCE}. "
        f"Target: 1.3 at 8,192.\n\n{plotted}",
        ("onnxruntime", "torch", "transformers"),
    )


def _in_process(way: str, length: int, work: str) -> float:
    command = [sys.executable, "-m", "benchmarks.cpu.memory", "--work", work, "--way", way, "--length", str(length)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=1200)
    return float(done.stdout.splitlines()[-1])


def _measure(work: Path, way: str, length: int) -> float:
    """Return the peak in MB."""
    torch.set_num_threads(THREADS)
    return_large_blocks()
    runner = transformers_runner(work) if way == REFERENCE else graph_runner(work, way)
    runner.run(token_ids(FIRST))
    return _peak(runner.run, token_ids(length))


def _peak(run: Callable[[np.ndarray], np.ndarray], ids: np.ndarray) -> float:
    forget_peak()
    before = resident_mb()
    run(ids)
    return peak_mb() - before


if __name__ == "__main__":
    main()
