"""Measures the 0.6B model on one CUDA GPU against transformers (SDPA, bf16) in the same run.

usage: python -m benchmarks.gpu --out FOLDER [--budget SECONDS] [--parts speed,long] [--device cpu --tiny]

Each part is a process of its own with a time limit: one that fails is logged, the others go on. All figures are in
FOLDER/results.json after each part, what was printed in FOLDER/log.txt. `python -m benchmarks.gpu.report FOLDER` writes
the sections of RESULTS.md and the plots from them. `--device cpu --tiny` tries every part without a GPU.
"""

import argparse
import json
import os
import platform
import signal
import subprocess
import sys
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

# In order of importance; seconds that each gets at most.
PARTS = {
    "models": 150,
    "operators": 40,
    "kernels": 60,
    "speed": 150,
    "throughput": 110,
    "batches": 60,
    "references": 150,
    "long": 90,
    "graphs": 60,
    "variants": 110,
    "faults": 60,
}
_PACKAGES = ("onnxruntime-gpu", "torch", "transformers", "nvidia-cudnn-cu13")


def main() -> None:
    """Run the parts and gather what they found."""
    flags = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    flags.add_argument("--out", type=Path, required=True)
    flags.add_argument("--work", type=Path, default=Path("/tmp/lastly-gpu"), help="for checkpoint and models (8 GB)")
    flags.add_argument("--budget", type=float, default=420, help="seconds for all parts together")
    flags.add_argument("--parts", default=",".join(PARTS))
    flags.add_argument("--device", choices=("cuda", "cpu"), default="cuda")
    flags.add_argument("--tiny", action="store_true", help="a model of 2 small layers and short inputs")
    given = flags.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    given.work.mkdir(parents=True, exist_ok=True)
    found: dict[str, Any] = {"machine": _machine(), "command": " ".join(sys.argv[1:])}
    end = time.monotonic() + given.budget
    with (given.out / "log.txt").open("a") as log:
        for part in given.parts.split(","):
            found[part] = _run(part, given, min(PARTS[part], end - time.monotonic()), log)
            (given.out / "results.json").write_text(json.dumps(found, indent=1))
            print(part, json.dumps(found[part])[:1500], flush=True)


def _run(part: str, given: argparse.Namespace, seconds: float, log: Any) -> dict[str, Any]:
    if seconds < 5:
        return {"error": "no time left"}
    result = given.work / f"{part}.json"
    result.unlink(missing_ok=True)
    command = [sys.executable, "-m", f"benchmarks.gpu.{part}", str(given.work), given.device, str(int(given.tiny))]
    print(f"=== {part}, at most {seconds:.0f} s", file=log, flush=True)
    started = time.monotonic()
    process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, start_new_session=True)
    try:
        status: int | str = process.wait(seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        status = "out of time"
    found: dict[str, Any] = json.loads(result.read_text()) if result.exists() else {}
    return found | {"status": status, "seconds": round(time.monotonic() - started, 1)}


def _machine() -> dict[str, str]:
    found = {"python": platform.python_version(), "cores": str(os.cpu_count())}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not installed"
    query = ["nvidia-smi", "--query-gpu=name,driver_version,memory.total", "--format=csv,noheader"]
    try:
        cards = subprocess.run(query, capture_output=True, text=True, timeout=30, check=True).stdout
        found["gpu"] = cards.splitlines()[0]  # all of one kind
    except (OSError, subprocess.SubprocessError):
        found["gpu"] = "none"
    return found


if __name__ == "__main__":
    main()
