"""What cutting windowed attention into chunks saves on the CPU: one attention at the 0.6B width, either way.

usage: python -m benchmarks.cpu.windowed_attention [--rounds N] [--lengths 512,2048,8192]
"""

import argparse
import tempfile
from functools import partial
from pathlib import Path

import onnx_ir as ir

from benchmarks.cpu.one_attention import Heads, compare, open_attention
from benchmarks.results import table, write_section
from lastly_export.graph.windowed_attention import Chunks
from lastly_export.onnx_writer.builder import CONTRIB, GraphBuilder

HEADS = Heads(16, 8, 128)
WINDOWS = (1024, 128)


def main() -> None:
    """Measure every length and write the section."""
    flags = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    flags.add_argument("--rounds", type=int, default=5)
    flags.add_argument("--lengths", default="512,2048,8192")
    options = flags.parse_args()
    rows = []
    for window in WINDOWS:
        with tempfile.TemporaryDirectory() as folder:
            sessions = [
                open_attention(Path(folder) / f"{chunked}.onnx", HEADS, partial(_write, window, chunked))
                for chunked in (False, True)
            ]
        for length in map(int, options.lengths.split(",")):
            masked, chunked = compare(sessions, HEADS, length, options.rounds)
            figures = [f"{1000 * masked:.0f} ms", f"{1000 * chunked:.0f} ms", f"{chunked / masked:.2f}"]
            rows.append([str(window), str(length), *figures])
    write_section(
        "Windowed attention on the CPU",
        f"python -m benchmarks.cpu.windowed_attention --rounds {options.rounds} --lengths {options.lengths}",
        table(["window", "tokens", "one masked attention", "pairs of chunks", "ratio"], rows)
        + f"\n\nOne layer's attention, fp32, {HEADS.queries} heads of {HEADS.width} on {HEADS.keys}; "
        f"median of {options.rounds} rounds by turns; both give the same values.",
        ["onnxruntime"],
    )


def _write(window: int, chunked: bool, builder: GraphBuilder, inputs: tuple[ir.Value, ...]) -> ir.Value:
    q, k, v, last, total = inputs

    def attention(q: ir.Value, k: ir.Value, v: ir.Value, last: ir.Value, total: ir.Value) -> ir.Value:
        inputs = (q, k, v, None, None, last, total)
        attributes = HEADS.attributes | {"local_window_size": window}
        return builder.ops("GroupQueryAttention", 3, *inputs, domain=CONTRIB, **attributes)[0]

    if not chunked:
        return attention(q, k, v, last, total)
    widths = HEADS.widths()
    return Chunks(builder, total, last, window).attend(attention, q, k, v, (widths["q"], widths["k"]))


if __name__ == "__main__":
    main()
