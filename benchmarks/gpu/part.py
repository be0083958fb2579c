"""What the parts share: where they run, their sizes, noting a figure the moment it is there, timing."""

import json
import statistics
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from lastly.graph.opening import CPU, CUDA, GraphOptions
from lastly.graph.session import Session
from lastly.model.folder import Dtype, GraphKind, ModelFolder
from lastly.types import Encoding
from lastly_export.parity.report import spearman
from tests.kit.models.as_on_gpu import AsOnGpu

TINY_SIZES = {
    "hidden_size": 64,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 32,
    "intermediate_size": 96,
    "vocab_size": 4096,
}
DOCUMENTS = 100  # in one prompt; fewer where it is short


@dataclass
class Part:
    """One part's surroundings; `found` goes to its JSON file whenever something is noted."""

    name: str
    work: Path
    device: str
    tiny: bool
    found: dict[str, Any] = field(default_factory=dict)

    @property
    def cuda(self) -> bool:
        """Whether there is a GPU."""
        return self.device == "cuda"

    @property
    def dtypes(self) -> tuple[Dtype, ...]:
        """The types of the exported models."""
        return ("bf16", "fp16") if self.cuda else ("fp32",)

    @property
    def models(self) -> dict[str, tuple[Dtype, GraphKind]]:
        """The exported models of full size by name: of every type with Lastly's operators, and one without."""
        if not self.cuda:
            return {"fp32": ("fp32", "fused")}
        return {"bf16": ("bf16", "cuda-operators"), "fp16": ("fp16", "cuda-operators"), "bf16 --cuda": ("bf16", "cuda")}

    @property
    def kinds(self) -> tuple[GraphKind, ...]:
        """The graphs that are compared with few layers."""
        return ("cuda-operators", "cuda", "fused") if self.cuda else ("fused",)

    @property
    def layers(self) -> int:
        """Of the model."""
        return 2 if self.tiny else 28

    def lengths(self, *lengths: int) -> list[int]:
        """Return the lengths in tokens, an eighth of them in a trial."""
        return [max(64, length // 64) for length in lengths] if self.tiny else list(lengths)

    @property
    def checkpoint(self) -> Path:
        """The random checkpoint."""
        return self.work / "checkpoint"

    def folder(self, name: str) -> ModelFolder:
        """An exported model."""
        return ModelFolder.load(self.work / name, verify=False)

    def session(self, folder: ModelFolder, **options: Any) -> Session:
        """Open a model where the part runs; on the CPU it is driven as on a GPU."""
        if self.cuda:
            return Session(folder, GraphOptions(providers=(CUDA, CPU), **options))
        options.pop("provider_options", None)
        return AsOnGpu(folder, GraphOptions(**options))

    def note(self, key: str, value: Any) -> None:
        """Write a figure down."""
        self.found[key] = value
        print(f"{time.strftime('%H:%M:%S')} {key}: {value}", flush=True)
        (self.work / f"{self.name}.json").write_text(json.dumps(self.found))

    @contextmanager
    def step(self, key: str) -> Iterator[None]:
        """Catch and note what goes wrong, so that the rest goes on."""
        try:
            yield
        except Exception as error:
            traceback.print_exc()
            sys.stderr.flush()
            self.note(f"{key} failed", f"{type(error).__name__}: {error}"[:600])


def run(work: Callable[[Part], None]) -> None:
    """Run a part as its module's main program: FOLDER DEVICE TINY."""
    name = Path(sys.argv[0]).stem
    work(Part(name, Path(sys.argv[1]), sys.argv[2], sys.argv[3] == "1"))


def encoding(tokens: int, vocabulary: int, documents: int = DOCUMENTS, seed: int = 0) -> Encoding:
    """Random token ids with markers spread evenly; the query's marker is the last token."""
    ids = np.random.default_rng(seed + tokens).integers(0, vocabulary, tokens, np.int64)
    places = np.linspace(3, tokens - 2, min(documents, tokens // 8)).astype(np.int64)
    return Encoding(ids, places, tokens - 1)


def interleaved(
    runners: Mapping[str, Callable[[], Any]], rounds: int, warm: int = 2, most: float = 60.0
) -> dict[str, float]:
    """Median seconds of each runner; rounds take turns, so that whatever slows the machine slows all."""
    times: dict[str, list[float]] = {name: [] for name in runners}
    end = time.monotonic() + most
    for turn in range(rounds + warm):
        for name, runner in runners.items():
            started = time.perf_counter()
            runner()
            if turn >= warm:
                times[name].append(time.perf_counter() - started)
        if time.monotonic() > end and turn >= warm:
            break
    return {name: statistics.median(values) for name, values in times.items()}


def differences(found: np.ndarray, wanted: np.ndarray) -> dict[str, float]:
    """Compare scores: largest and mean difference, rank correlation."""
    gap = np.abs(found - wanted)
    return {
        "largest": float(gap.max()),
        "mean": float(gap.mean()),
        "spearman": spearman(found, wanted) if len(found) > 1 else 1.0,
        "finite": bool(np.isfinite(found).all()),
    }


def operations(tokens: int, layers: int, sizes: Mapping[str, Any], markers: int = DOCUMENTS + 1) -> float:
    """Count the multiply-adds times two that Lastly's graph runs: the last layer does only keys and values whole."""
    hidden, mlp = sizes["hidden_size"], sizes["intermediate_size"]
    q, kv = sizes["num_attention_heads"] * sizes["head_dim"], sizes["num_key_value_heads"] * sizes["head_dim"]
    projections, rest = hidden * (q + 2 * kv), q * hidden + 3 * hidden * mlp
    whole = (layers - 1) * tokens * (projections + rest) + (layers - 1) * tokens * tokens / 2 * 2 * q
    last = tokens * hidden * 2 * kv + markers * (hidden * q + rest) + markers * tokens * 2 * q
    return 2.0 * (whole + last)


def percentile(values: Sequence[float], share: float) -> float:
    """Return a percentile of a list."""
    return float(np.percentile(np.asarray(values), share))
