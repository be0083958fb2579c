"""What cutting windowed attention into chunks saves on the CPU: one attention at the 0.6B width, either way.

usage: python -m benchmarks.windowed_attention [--rounds N] [--lengths 512,2048,8192]
"""

import argparse
import statistics
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import onnx_ir as ir
import onnxruntime

from benchmarks.results import table, write_section
from onnx_export.builder import CONTRIB, GraphBuilder
from onnx_export.datafile import DataFile
from onnx_export.windowed import Chunks

HEADS, KV_HEADS, HEAD_DIM = 16, 8, 128
WINDOWS = (1024, 128)
SIZES: dict[str, Any] = {"num_heads": HEADS, "kv_num_heads": KV_HEADS, "do_rotary": 0}


def main() -> None:
    """Measure every length and write the section."""
    flags = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    flags.add_argument("--rounds", type=int, default=5)
    flags.add_argument("--lengths", default="512,2048,8192")
    options = flags.parse_args()
    rows = []
    for window in WINDOWS:
        with tempfile.TemporaryDirectory() as folder:
            sessions = [_session(Path(folder), window, chunked) for chunked in (False, True)]
        for length in map(int, options.lengths.split(",")):
            masked, chunked = _compare(sessions, length, options.rounds)
            figures = [f"{1000 * masked:.0f} ms", f"{1000 * chunked:.0f} ms", f"{chunked / masked:.2f}"]
            rows.append([str(window), str(length), *figures])
    write_section(
        "Windowed attention on the CPU",
        f"python -m benchmarks.windowed_attention --rounds {options.rounds} --lengths {options.lengths}",
        table(["window", "tokens", "one masked attention", "pairs of chunks", "ratio"], rows)
        + f"\n\nOne layer's attention, fp32, {HEADS} heads of {HEAD_DIM} on {KV_HEADS}; "
        f"median of {options.rounds} rounds by turns; both give the same values.",
        ["onnxruntime"],
    )


def _session(folder: Path, window: int, chunked: bool) -> onnxruntime.InferenceSession:
    file = folder / f"{chunked}.onnx"
    with closing(DataFile(folder / "weights")) as data:
        builder = GraphBuilder("attention", data)
        q, k, v = (
            builder.input(name, ir.DataType.FLOAT, [1, "tokens", heads * HEAD_DIM])
            for name, heads in (("q", HEADS), ("k", KV_HEADS), ("v", KV_HEADS))
        )
        last = builder.input("last", ir.DataType.INT32, [1])
        total = builder.input("total", ir.DataType.INT32, [])

        def attention(q: ir.Value, k: ir.Value, v: ir.Value, last: ir.Value, total: ir.Value) -> ir.Value:
            inputs = (q, k, v, None, None, last, total)
            attributes = SIZES | {"local_window_size": window}
            return builder.ops("GroupQueryAttention", 3, *inputs, domain=CONTRIB, **attributes)[0]

        if chunked:
            widths = (HEADS * HEAD_DIM, KV_HEADS * HEAD_DIM)
            output = Chunks(builder, total, last, window).attend(attention, q, k, v, widths)
        else:
            output = attention(q, k, v, last, total)
        ir.save(builder.finish([output]), file)
    return onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])


def _compare(sessions: list[onnxruntime.InferenceSession], length: int, rounds: int) -> list[float]:
    """Give the median seconds of each; their values must agree."""
    rng = np.random.default_rng(length)
    feed = {
        name: rng.standard_normal((1, length, heads * HEAD_DIM), np.float32)
        for name, heads in (("q", HEADS), ("k", KV_HEADS), ("v", KV_HEADS))
    } | {"last": np.array([length - 1], np.int32), "total": np.array(length, np.int32)}
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


if __name__ == "__main__":
    main()
