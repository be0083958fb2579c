"""One layer's attention as a graph of its own, and two such graphs timed by turns."""

import statistics
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx_ir as ir
import onnxruntime

from lastly_export.onnx_writer.builder import GraphBuilder
from lastly_export.onnx_writer.data_file import DataFile

Write = Callable[[GraphBuilder, tuple[ir.Value, ...]], ir.Value]
"""Adds attention over q, k, v [1, tokens, width], the last token's index [1] and the number of tokens, a scalar."""


@dataclass(frozen=True)
class Heads:
    """How many heads of queries, of keys, and how wide each is."""

    queries: int
    keys: int
    width: int

    @property
    def attributes(self) -> dict[str, Any]:
        """Of GroupQueryAttention, without rotation."""
        return {"num_heads": self.queries, "kv_num_heads": self.keys, "do_rotary": 0}

    def widths(self) -> dict[str, int]:
        """Return the width of q, k and v."""
        return {name: heads * self.width for name, heads in (("q", self.queries), ("k", self.keys), ("v", self.keys))}


def open_attention(file: Path, heads: Heads, write: Write) -> onnxruntime.InferenceSession:
    """Write the graph to a file and open it on the CPU."""
    with closing(DataFile(file.with_suffix(".data"))) as data:
        builder = GraphBuilder("attention", data)
        texts = [builder.input(name, ir.DataType.FLOAT, [1, "tokens", width]) for name, width in heads.widths().items()]
        last = builder.input("last", ir.DataType.INT32, [1])
        total = builder.input("total", ir.DataType.INT32, [])
        ir.save(builder.finish([write(builder, (*texts, last, total))]), file)
    return onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])


def compare(sessions: Sequence[onnxruntime.InferenceSession], heads: Heads, length: int, rounds: int) -> list[float]:
    """Return the median seconds of each at one length; their values must agree."""
    rng = np.random.default_rng(length)
    feed = {name: rng.standard_normal((1, length, width), np.float32) for name, width in heads.widths().items()} | {
        "last": np.array([length - 1], np.int32),
        "total": np.array(length, np.int32),
    }
    times: list[list[float]] = [[] for _ in sessions]
    for round_ in range(rounds + 1):
        values = []
        for session, taken in zip(sessions, times, strict=True):
            started = time.perf_counter()
            values.append(session.run(None, feed)[0])
            if round_:
                taken.append(time.perf_counter() - started)
        np.testing.assert_allclose(values[0], values[1], atol=1e-4)
    return [statistics.median(taken) for taken in times]
