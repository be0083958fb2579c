"""Part 1: builds the operators, writes the random checkpoint and exports it, with 4 layers too for the variants."""

import shutil
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.export import full_size_checkpoint
from benchmarks.gpu.part import TINY_SIZES, Part, run
from lastly.graph.native.build import build
from lastly.graph.opening import CPU, CUDA, GraphOptions
from lastly.graph.session import Session
from lastly.model.folder import Dtype, GraphKind
from lastly_export.checkpoint.folder import Checkpoint
from lastly_export.export import ExportOptions, export


def work(part: Part) -> None:
    """Write all that the other parts open."""
    sizes = TINY_SIZES if part.tiny else None
    few_words = TINY_SIZES if part.tiny else {"vocab_size": 20_000}
    with part.step("operators"):
        build()
    shutil.rmtree(part.work / "small", ignore_errors=True)
    started = time.monotonic()
    with part.step("small"):
        small = full_size_checkpoint.write(part.work / "small", 2 if part.tiny else 4, sizes=few_words)
        for kind in part.kinds:
            for dtype in part.dtypes:
                _export(small, part.work / f"small-{kind}-{dtype}", dtype, kind)
        window = 64 if part.tiny else 1024
        windowed = full_size_checkpoint.write(part.work / "windowed", 2 if part.tiny else 4, window, few_words)
        _export(windowed, part.work / f"windowed-{part.dtypes[0]}", part.dtypes[0], "cuda" if part.cuda else "fused")
        part.note("small models", round(time.monotonic() - started, 1))
    started = time.monotonic()
    full_size_checkpoint.write(part.checkpoint, part.layers, sizes=sizes)
    part.note("checkpoint", round(time.monotonic() - started, 1))
    for name, (dtype, kind) in part.models.items():
        with part.step(name):
            started = time.monotonic()
            _export(part.checkpoint, part.work / name, dtype, kind)
            part.note(f"export {name}", round(time.monotonic() - started, 1))
            started = time.monotonic()
            session = Session(part.folder(name), GraphOptions(providers=(CUDA, CPU) if part.cuda else (CPU,)))
            part.note(f"load {name}", round(time.monotonic() - started, 1))
            del session
    with part.step("parity at export"):
        command = ["-m", "lastly_export.cli", str(part.checkpoint), "-o", str(part.work / "with-parity"), "--overwrite"]
        command += ["--dtype", part.dtypes[0], "--parity-threshold", "1"]
        command += ["--cuda-operators"] if part.cuda else []
        done = subprocess.run([sys.executable, *command], capture_output=True, text=True, timeout=90, check=False)
        part.note("lastly-export", (done.stdout + done.stderr)[-1500:])
    shutil.rmtree(part.work / "with-parity", ignore_errors=True)


def _export(checkpoint: Path, folder: Path, dtype: Dtype, kind: GraphKind) -> None:
    options = ExportOptions(dtype=dtype, kind=kind, parity=False, overwrite=True)
    export(Checkpoint(checkpoint), folder, options)


if __name__ == "__main__":
    run(work)
