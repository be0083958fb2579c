"""Attention of short lists on the CPU: ONNX Runtime's kernel that is linear in memory, and the one with a matrix.

usage: python -m benchmarks.cpu.short_attention [--rounds N] [--lengths 256,512,1024,1365,2048]
"""

import argparse
import tempfile
from functools import partial
from pathlib import Path

import onnx_ir as ir

from benchmarks.cpu.one_attention import Heads, compare, open_attention
from benchmarks.results import table, write_section
from lastly_export.onnx_writer.builder import CONTRIB, GraphBuilder

SHAPES = {"lastly-mini": Heads(9, 3, 64), "jina-reranker-v3": Heads(16, 8, 128)}


def main() -> None:
    """Measure every length and write the section."""
    flags = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    flags.add_argument("--rounds", type=int, default=9)
    flags.add_argument("--lengths", default="256,512,1024,1365,2048")
    options = flags.parse_args()
    rows = []
    for name, heads in SHAPES.items():
        with tempfile.TemporaryDirectory() as folder:
            sessions = [
                open_attention(Path(folder) / f"{outputs}.onnx", heads, partial(_write, heads, outputs))
                for outputs in (3, 1)
            ]
        for length in map(int, options.lengths.split(",")):
            linear, matrix = compare(sessions, heads, length, options.rounds)
            figures = [f"{1000 * linear:.1f} ms", f"{1000 * matrix:.1f} ms", f"{matrix / linear:.2f}"]
            rows.append([name, str(length), *figures, f"{4 * heads.queries * length**2 >> 20} MB"])
    write_section(
        "Attention of short lists on the CPU",
        f"python -m benchmarks.cpu.short_attention --rounds {options.rounds} --lengths {options.lengths}",
        table(["heads of", "tokens", "linear in memory", "with a matrix", "ratio", "the matrix"], rows)
        + f"\n\nOne layer's attention, fp32, median of {options.rounds} rounds by turns; both give the same values. "
        "Graphs take the matrix up to 1,360 tokens at the first shape, 680 at the second.",
        ["onnxruntime"],
    )


def _write(heads: Heads, outputs: int, builder: GraphBuilder, inputs: tuple[ir.Value, ...]) -> ir.Value:
    q, k, v, last, total = inputs
    given = (q, k, v, None, None, last, total)
    return builder.ops("GroupQueryAttention", outputs, *given, domain=CONTRIB, **heads.attributes)[0]


if __name__ == "__main__":
    main()
