"""Whether the GPU path is whole, in under three minutes: one line a check, and 1 as exit status where one fails.

usage: python -m benchmarks.gpu.gate [--work FOLDER] [--device cpu --tiny] (`make gpu`)

4 layers of the true width. `--device cpu --tiny` tries the script without a GPU; what only a GPU can show is left out
there, by name.
"""

import argparse
import asyncio
import shutil
import subprocess
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmarks.export import full_size_checkpoint
from benchmarks.gpu.faults import out_and_on, stopped_early
from benchmarks.gpu.gate_server import served
from benchmarks.gpu.part import TINY_SIZES, Part, encoding
from benchmarks.gpu.placement import placement
from benchmarks.gpu.reference import Published
from lastly.graph.native.build import build
from lastly.graph.session import Session
from lastly.model.folder import GraphKind
from lastly.ranking.scoring import cosine
from lastly.types import Encoding
from lastly_export.checkpoint.folder import Checkpoint
from lastly_export.export import ExportOptions, export
from lastly_export.parity.report import THRESHOLDS

_SECONDS = 180
_REPLAY = 1e-3  # a recording runs the same kernels
Check = Callable[[Part], str]  # what was found; raises AssertionError with the same where it fails


def main() -> None:
    """Run every check; the later ones run though an earlier one failed."""
    flags = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    flags.add_argument("--work", type=Path, default=Path("/tmp/lastly-gpu-gate"), help="for models (0.6 GB)")
    flags.add_argument("--device", choices=("cuda", "cpu"), default="cuda")
    flags.add_argument("--tiny", action="store_true", help="2 small layers and short inputs")
    given = flags.parse_args()
    shutil.rmtree(given.work, ignore_errors=True)
    given.work.mkdir(parents=True)
    part, started = Part("gate", given.work, given.device, given.tiny), time.monotonic()
    passed = [_passes(name, check, part) for name, check in _CHECKS.items()]
    good = all(passed)
    seconds = time.monotonic() - started
    print(f"{'PASS' if good else 'FAIL'} in {seconds:.0f} s", flush=True)
    if seconds > _SECONDS:
        print(f"the gate itself took more than {_SECONDS} s")
    sys.exit(0 if good else 1)


def _passes(name: str, check: Check, part: Part) -> bool:
    started = time.monotonic()
    try:
        told, good = check(part), True
    except Exception as error:
        if not isinstance(error, AssertionError):
            traceback.print_exc()
        told, good = f"{type(error).__name__}: {error}"[:600], False
    print(f"{'pass' if good else 'FAIL'} {name}: {told} ({time.monotonic() - started:.1f} s)", flush=True)
    return good


def _models(part: Part) -> str:
    build()
    sizes = TINY_SIZES if part.tiny else {"vocab_size": 20_000}
    for name, window in (("checkpoint", None), ("windowed", 64 if part.tiny else 1024)):
        checkpoint = full_size_checkpoint.write(part.work / name, 2 if part.tiny else 4, window, sizes)
        kind: GraphKind = "fused" if not part.cuda else "cuda" if window else "cuda-operators"
        options = ExportOptions(dtype=part.dtypes[0], kind=kind, parity=window is None)
        folder = export(Checkpoint(checkpoint), part.work / f"{name}-model", options)
        if window is None:
            told = folder.manifest.parity
    assert told["max_abs_score_difference"] <= THRESHOLDS[part.dtypes[0]], told
    return f"scores off by {told['max_abs_score_difference']} from {told['reference']}; {told['graph']}"


def _check(part: Part) -> str:
    command = [sys.executable, "-m", "lastly", "check", str(part.work / "checkpoint-model"), "--provider", part.device]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return f"{done.stdout.count('good')} findings, all good"


def _parity(part: Part) -> str:
    session, exact = part.session(part.folder("checkpoint-model")), Published(part, "fp32", part.work / "checkpoint")
    prompts = [_prompt(part, length, 20) for length in (500, 2047, 8191, 1300, 64, 2500)]
    wanted = [exact.run(prompt) for prompt in prompts]
    alone = [_scores(session, [prompt])[0] for prompt in prompts]
    together = _scores(session, prompts)
    gaps = [max(_gap(a, b) for a, b in zip(found, wanted, strict=True)) for found in (alone, together)]
    assert max(gaps) <= THRESHOLDS[part.dtypes[0]], gaps
    return f"alone {gaps[0]:.1e}, in one batch {gaps[1]:.1e} from transformers in fp32"


def _recordings(part: Part) -> str:
    folder = part.folder("checkpoint-model")
    plain, recorded = part.session(folder), part.session(folder, cuda_graph_tokens=2048)
    assert recorded.recording, "the session does not record"
    gaps = []
    for length in (100, 1000, 2048, 100):
        prompt = _prompt(part, length, 20)
        gaps.append(_gap(_scores(recorded, [prompt])[0], _scores(plain, [prompt])[0]))
    assert recorded.recording, "recording was given up"
    assert max(gaps) <= _REPLAY, gaps
    return f"replayed, {max(gaps):.1e} from plain runs"


def _windows(part: Part) -> str:
    session, exact = part.session(part.folder("windowed-model")), Published(part, "fp32", part.work / "windowed")
    prompt = _prompt(part, 5000, 100)
    gap = _gap(_scores(session, [prompt])[0], exact.run(prompt))
    assert gap <= THRESHOLDS[part.dtypes[0]], gap
    return f"{gap:.1e} from transformers in fp32, beyond the window"


def _stop(part: Part) -> str:
    session = part.session(part.folder("checkpoint-model"))
    told = asyncio.run(stopped_early(session, _prompt(part, 131072, 100), _prompt(part, 2048, 100)))
    assert told["alive"], told
    assert "stopped" in told["answer"] or not part.cuda, told
    return f"a run of {told['whole']:.2f} s ended after {told['stopped after']:.2f}: {told['answer']}"


def _memory(part: Part) -> str:
    if not part.cuda:
        return "left out: needs a GPU"
    session = part.session(part.folder("checkpoint-model"), gpu_memory=2 << 30)
    told = out_and_on(session, [_prompt(part, 131072, 100)], _prompt(part, 2048, 100))
    assert told["answer"].startswith("503: out of memory"), told
    assert told["same scores afterwards"] == 0, told
    return str(told["answer"])


def _server(part: Part) -> str:
    return served(part.work / "checkpoint-model", part.device)


def _placement(part: Part) -> str:
    """By ONNX Runtime's own profile: nothing is copied between host and GPU within a run."""
    told = []
    for name in ("checkpoint-model", "windowed-model"):
        found = placement(part.session(part.folder(name)), part, name)
        assert found["copies"] == 0, found
        told.append(f"{name} {dict.fromkeys(found['nodes in 3 runs'])}".replace(": None", ""))
    return "no copies; nodes on " + ", ".join(told)


def _prompt(part: Part, length: int, documents: int) -> Encoding:
    return encoding(part.lengths(length)[0], part.folder("checkpoint-model").manifest.vocabulary_size, documents)


def _scores(session: Session, prompts: list[Encoding]) -> list[np.ndarray]:
    return [cosine(block.query, block.documents) for block in session.run(prompts)]


def _gap(found: np.ndarray, wanted: np.ndarray) -> float:
    gap = float(np.abs(found - wanted).max())
    return gap if np.isfinite(gap) else float("inf")


_CHECKS: dict[str, Check] = {
    "export and parity": _models,
    "start-up with default settings": _server,
    "lastly check": _check,
    "parity": _parity,
    "recordings": _recordings,
    "windows": _windows,
    "stop": _stop,
    "out of memory": _memory,
    "placement": _placement,
}


if __name__ == "__main__":
    main()
