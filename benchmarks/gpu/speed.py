"""Part 3: one request against transformers in the same process, the machine's own ceiling, and the scores' distance."""

import gc
import statistics
import time
from typing import Any

import numpy as np
import torch

from benchmarks.export import full_size_checkpoint
from benchmarks.gpu.part import TINY_SIZES, Part, differences, encoding, interleaved, operations, run
from benchmarks.gpu.reference import Published
from lastly.graph.session import Session
from lastly.ranking.scoring import cosine
from lastly.types import Encoding


def work(part: Part) -> None:
    """Measure."""
    with part.step("ceiling"):
        part.note("ceiling", _ceiling(part))
    published = Published(part, "bf16" if part.cuda else "fp32")
    sessions = {name: part.session(part.folder(name), cuda_graph_tokens=2048) for name in part.models}
    _all_times(part, published, sessions, part.lengths(8192, 2048, 32768, 512, 1024, 4096, 16384))
    for length in part.lengths(500, 2047, 8191, 8192):
        with part.step(f"parity {length}"):
            part.note(f"parity {length}", _parity(part, published, sessions, length))
    with part.step("mixed batch"):
        part.note("mixed batch", _mixed(part, published, sessions))
    with part.step("windowed"):
        part.note("windowed", _windowed(part))


def _all_times(part: Part, published: Published, sessions: dict[str, Session], lengths: list[int]) -> None:
    for length in lengths:
        with part.step(f"time {length}"):
            part.note(f"time {length}", _times(part, published, sessions, length))


def _ceiling(part: Part) -> dict[str, float]:
    size = 256 if part.tiny else 8192
    a, b = (torch.randn(size, size, device=part.device, dtype=torch.bfloat16) for _ in range(2))
    for _ in range(5):
        a @ b
    times = []
    for _ in range(10):
        _wait(part)
        started = time.perf_counter()
        for _ in range(5):
            a @ b
        _wait(part)
        times.append((time.perf_counter() - started) / 5)
    return {"size": size, "tflops": 2 * size**3 / statistics.median(times) / 1e12}


def _wait(part: Part) -> None:
    if part.cuda:
        torch.cuda.synchronize()


def _times(part: Part, published: Published, sessions: dict[str, Session], length: int) -> dict[str, Any]:
    prompt = encoding(length, _vocabulary(part))
    runners: dict[str, Any] = {"transformers": lambda: published.run(prompt)}
    for name, session in sessions.items():
        runners[name] = lambda session=session: session.run([prompt])
    rounds = max(5, min(40, 200_000 // length))
    found = interleaved(runners, rounds, warm=3, most=12)
    counted = operations(length, part.layers, _sizes(part))
    ratios = {f"{name} ratio": found[name] / found["transformers"] for name in sessions}
    rates = {f"{name} tflops": counted / found[name] / 1e12 for name in sessions}
    return found | ratios | rates | {"tflop": counted / 1e12}


def _parity(part: Part, published: Published, sessions: dict[str, Session], length: int) -> dict[str, Any]:
    prompt = encoding(length, _vocabulary(part), seed=1)
    wanted = _exact(part, prompt)
    found = {"transformers bf16 against fp32": differences(published.run(prompt), wanted)}
    for name, session in sessions.items():
        found[f"{name} against fp32"] = differences(_scores(session, [prompt])[0], wanted)
    return found


_EXACT: list[Published] = []


def _exact(part: Part, prompt: Encoding) -> np.ndarray:
    """Transformers in fp32, without TF32."""
    torch.backends.cuda.matmul.allow_tf32 = False
    if not _EXACT:
        _EXACT.append(Published(part, "fp32"))
    found = _EXACT[0].run(prompt)
    gc.collect()
    if part.cuda:
        torch.cuda.empty_cache()
    return found


def _mixed(part: Part, published: Published, sessions: dict[str, Session]) -> dict[str, Any]:
    """Seven unequal lengths in one call: against the same alone, and against transformers."""
    lengths = [max(20, length // (64 if part.tiny else 1)) for length in (1300, 2047, 777, 2500, 1999, 64, 1024)]
    prompts = [encoding(length, _vocabulary(part), 20, seed) for seed, length in enumerate(lengths)]
    found: dict[str, Any] = {"lengths": lengths}
    for name, session in sessions.items():
        together = _scores(session, prompts)
        alone = [_scores(session, [prompt])[0] for prompt in prompts]
        exact = [_exact(part, prompt) for prompt in prompts]
        found[f"{name} against alone"] = max(float(np.abs(a - b).max()) for a, b in zip(together, alone, strict=True))
        found[f"{name} against fp32"] = max(float(np.abs(a - b).max()) for a, b in zip(together, exact, strict=True))
    theirs = [published.run(prompt) for prompt in prompts]
    found["transformers against fp32"] = max(float(np.abs(a - b).max()) for a, b in zip(theirs, exact, strict=True))
    return found


def _windowed(part: Part) -> dict[str, Any]:
    """Windowed layers beyond the window, 4 layers, against transformers in fp32."""
    name = f"windowed-{part.dtypes[0]}"
    session, exact = part.session(part.folder(name)), Published(part, "fp32", part.work / "windowed")
    prompt = encoding(part.lengths(5000)[0], part.folder(name).manifest.vocabulary_size, seed=2)
    return differences(_scores(session, [prompt])[0], exact.run(prompt))


def _scores(session: Session, prompts: list[Encoding]) -> list[np.ndarray]:
    return [cosine(block.query, block.documents) for block in session.run(prompts)]


def _sizes(part: Part) -> dict[str, Any]:
    return full_size_checkpoint.CONFIG | (TINY_SIZES if part.tiny else {})


def _vocabulary(part: Part) -> int:
    return int(_sizes(part)["vocab_size"])


if __name__ == "__main__":
    run(work)
