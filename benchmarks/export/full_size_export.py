"""Exports a random checkpoint of jina-reranker-v3's size in every type: time, peak memory, size, parity, load time.

usage: python -m benchmarks.export.full_size_export [--checkpoint FOLDER] [--window 1024] [--dtypes fp32,int8]

Peak memory is that of the export and all its children together, sampled ten times a second. It is compared with twice
the checkpoint (1.19 GB in bf16).
"""

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchmarks.export import full_size_checkpoint
from benchmarks.results import table, write_section
from lastly.model.folder import DTYPES, ModelFolder

_LOAD = "import sys; from pathlib import Path; from lastly.reranker import Reranker; Reranker.load(Path(sys.argv[1]))"
_PACKAGES = ("onnxruntime", "torch", "transformers")
_HEADER = (
    "type",
    "export, s",
    "of CPU, s",
    "peak, GB",
    "folder, GB",
    "load, s",
    "score difference",
    "Spearman",
    "best agrees",
)


@dataclass(frozen=True)
class Run:
    """A finished process with its children: wall and CPU time in seconds, peak memory in bytes."""

    seconds: float
    cpu: float
    peak: int


def main() -> None:
    """Measure the asked types and write the section."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checkpoint", type=Path, help="made in a temporary folder where not given")
    parser.add_argument("--window", type=int, help="windowed layers as in v3.5")
    parser.add_argument("--dtypes", default=",".join(DTYPES))
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        checkpoint = given.checkpoint or full_size_checkpoint.write(Path(scratch) / "random", window=given.window)
        size = (checkpoint / "model.safetensors").stat().st_size
        rows = [_row(checkpoint, Path(scratch) / "model", dtype) for dtype in given.dtypes.split(",")]
    name = "Export at full size" + (" with windowed layers" if given.window else "")
    body = f"Checkpoint {size / 1e9:.2f} GB; parity with transformers in fp32 over the exporter's own cases.\n\n"
    window = f" --window {given.window}" if given.window else ""
    write_section(name, f"python -m benchmarks.export.full_size_export{window}", body + table(_HEADER, rows), _PACKAGES)


def _row(checkpoint: Path, folder: Path, dtype: str) -> Sequence[str]:
    command = ["-m", "lastly_export.cli", str(checkpoint), "-o", str(folder), "--dtype", dtype, "--overwrite"]
    export = _run([sys.executable, *command])
    load = "not on a CPU" if dtype == "bf16" else f"{_run([sys.executable, '-c', _LOAD, str(folder)]).seconds:.1f}"
    parity = ModelFolder.load(folder, verify=False).manifest.parity
    return (
        dtype,
        f"{export.seconds:.0f}",
        f"{export.cpu:.0f}",
        f"{export.peak / 1e9:.2f}",
        f"{sum(file.stat().st_size for file in folder.iterdir()) / 1e9:.2f}",
        load,
        str(parity["max_abs_score_difference"]),
        str(parity["spearman"]),
        str(parity["top1_agreement"]),
    )


def _run(command: list[str]) -> Run:
    start, cpu, peak = time.perf_counter(), _children_cpu(), 0
    process = psutil.Popen(command, stdout=subprocess.DEVNULL)
    while process.poll() is None:
        peak = max(peak, _tree_memory(process))
        time.sleep(0.1)
    if process.returncode:
        raise SystemExit(f"{command[1:4]} failed with status {process.returncode}")
    return Run(time.perf_counter() - start, _children_cpu() - cpu, peak)


def _children_cpu() -> float:
    """CPU seconds of all finished children: on a busy machine they say more than the wall."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _tree_memory(process: psutil.Process) -> int:
    total = 0
    try:
        for each in (process, *process.children(recursive=True)):
            total += each.memory_info().rss
    except psutil.NoSuchProcess:
        pass
    return total


if __name__ == "__main__":
    main()
