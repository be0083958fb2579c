"""Writes the GPU's sections of RESULTS.md and their plots from what a run found.

usage: python -m benchmarks.gpu.report FOLDER... (each with results.json; later ones replace parts of earlier ones)
"""

import json
import sys
from pathlib import Path

from benchmarks.gpu.report_batches import batches, throughput
from benchmarks.gpu.report_choices import Found, choices, faults, lengths_of
from benchmarks.plotting import lines, new_axes, save
from benchmarks.results import table, write_section

_COMMAND = "python -m benchmarks.gpu --out FOLDER && python -m benchmarks.gpu.report FOLDER"
_GB = 1e9


def main() -> None:
    """Merge the runs, write every section whose part ran."""
    found: Found = {}
    for folder in sys.argv[1:]:
        told = json.loads((Path(folder) / "results.json").read_text())
        for part, figures in told.items():
            if part not in found or not isinstance(figures, dict) or len(figures) > 2:
                found[part] = figures
    machine = _machine(found)
    for title, parts, body in (
        ("GPU: one request", ("speed",), _speed),
        ("GPU: 32 clients", ("throughput", "references"), throughput),
        ("GPU: where a batch's time goes", ("batches",), batches),
        ("GPU: memory over the length", ("long",), _memory),
        ("GPU: kernels and choices", ("kernels", "variants", "graphs"), choices),
        ("GPU: out of memory", ("faults",), faults),
    ):
        if found.keys() >= set(parts):
            write_section(title, _COMMAND, body(found), machine=machine)


def _machine(found: Found) -> str:
    told = found["machine"]
    versions = [f"{name} {told[name]}" for name in ("onnxruntime-gpu", "torch", "transformers", "nvidia-cudnn-cu13")]
    driver = told["gpu"].split(",")[1].strip()
    return ", ".join([f"one {_gpu(found)}", f"driver {driver}", f"Python {told['python']}", *versions])


def _gpu(found: Found) -> str:
    name: str = found["machine"]["gpu"].split(",")[0]
    return name


def _speed(found: Found) -> str:
    speed, lengths = found["speed"], lengths_of(found["speed"], "time ")
    ceiling = speed["ceiling"]["tflops"]
    rows = [_speed_row(length, speed[f"time {length}"], ceiling) for length in lengths]
    header = ["tokens", "transformers bf16", "bf16", "ratio", "fp16", "ratio", "bf16, `--cuda`", "ratio"]
    header += ["TFLOP/s, bf16", "of the ceiling"]
    _plot_speed(speed, lengths, ceiling, _gpu(found))
    return f"""Random weights of the true size (28 layers), 100 documents. Median of interleaved rounds, from token ids
to scores on the host. bf16 and fp16: `--cuda-operators`; `--cuda`: ONNX Runtime's operators alone. `transformers`:
SDPA in bf16, one request at a time. The ceiling is a product of two 8,192 x 8,192 bf16 matrices in torch:
{ceiling:.0f} TFLOP/s. Counted are the operations that the graph runs (causal half of attention; the last layer only for
the markers).

{table(header, rows)}

![latency over tokens](plots/gpu_latency.svg)
![share of the ceiling](plots/gpu_roofline.svg)

Scores against transformers in fp32 (without TF32): largest difference, rank correlation. Random weights.

{_parity_table(speed)}
{_batch_line(speed)}"""


def _speed_row(length: int, times: Found, ceiling: float) -> list[str]:
    return [
        f"{length:,}",
        f"{1e3 * times['transformers']:.1f} ms",
        f"{1e3 * times['bf16']:.1f} ms",
        f"{times['bf16 ratio']:.2f}",
        f"{1e3 * times['fp16']:.1f} ms",
        f"{times['fp16 ratio']:.2f}",
        f"{1e3 * times['bf16 --cuda']:.1f} ms",
        f"{times['bf16 --cuda ratio']:.2f}",
        f"{times['bf16 tflops']:.0f}",
        f"{times['bf16 tflops'] / ceiling:.0%}",
    ]


def _parity_table(speed: Found) -> str:
    rows = []
    for length in lengths_of(speed, "parity "):
        found = speed[f"parity {length}"]
        kinds = ("transformers bf16 against fp32", "bf16 against fp32", "fp16 against fp32")
        rows.append(
            [f"{length:,}", *(f"{found[kind]['largest']:.1e}, {found[kind]['spearman']:.4f}" for kind in kinds)]
        )
    return table(["tokens", "transformers bf16", "bf16", "fp16"], rows)


def _gap(found: Found) -> str:
    return f"{found['largest']:.1e}, {found['spearman']:.4f}"


def _batch_line(speed: Found) -> str:
    lines = []
    if mixed := speed.get("mixed batch"):
        lines.append(
            f"\nSeven calls of {min(mixed['lengths'])} to {max(mixed['lengths']):,} tokens at once: bf16 differs by "
            f"{mixed['bf16 against alone']:.1e} from the same calls alone, by {mixed['bf16 against fp32']:.1e} from "
            f"fp32 (transformers in bf16, alone: {mixed['transformers against fp32']:.1e}); fp16 by "
            f"{mixed['fp16 against alone']:.1e} and {mixed['fp16 against fp32']:.1e}."
        )
    if windowed := speed.get("windowed"):
        lines.append(
            f"\nWindowed layers as in v3.5 (4 layers, window 1,024, 5,000 tokens): bf16 differs by "
            f"{windowed['largest']:.1e} from transformers in fp32, rank correlation {windowed['spearman']:.4f}."
        )
    return "\n".join(lines)


def _plot_speed(speed: Found, lengths: list[int], ceiling: float, gpu: str) -> None:
    names = ("transformers", "bf16", "fp16")
    times = {name: {length: 1e3 * speed[f"time {length}"][name] for length in lengths} for name in names}
    lines(times, "gpu_latency", ylabel="milliseconds", title=f"One request, 0.6B, {gpu}")
    figure, axes = new_axes()
    counted = {length: speed[f"time {length}"]["tflop"] for length in lengths}
    for name in names:
        rates = [counted[length] / speed[f"time {length}"][name] for length in lengths]
        axes.plot(lengths, rates, "o-", label=name)
    axes.axhline(ceiling, color="black", label="matrix product of 8,192")
    axes.axhline(0.6 * ceiling, color="grey", linestyle="--", label="60 %")
    axes.set(xscale="log", xlabel="tokens", ylabel="TFLOP/s", title="Share of the ceiling (operations of our graph)")
    save(figure, axes, "gpu_roofline")


def _memory(found: Found) -> str:
    part = found["long"]
    lengths = lengths_of(part, "memory ")
    rows = [_memory_row(length, part[f"memory {length}"], part.get(f"parity {length}")) for length in lengths]
    header = ["tokens", "activations", "a token", "transformers", "time", "transformers", "scores' difference, ranks"]
    _plot_memory(part, lengths, _gpu(found))
    left = part["random lengths"]
    return f"""bf16, one block of 125 documents; memory of the GPU sampled every 2 ms, above weights and context
({part["weights and context"] / _GB:.2f} GB). Scores against transformers in bf16 at the same length.
transformers' memory is torch's own count of what it allocated. Every run gave its memory back here, which costs time
(`kept_tokens` 0).

{table(header, rows)}

![memory over tokens](plots/gpu_memory.svg)

As served, {left["runs"]} random lengths up to 32,768 after warming up made the process grow by
{left["grown by"] / 1e6:.0f} MB."""


def _memory_row(length: int, told: Found, other: Found | None) -> list[str]:
    unknown = "not measured"
    return [
        f"{length:,}",
        f"{told['activations'] / _GB:.2f} GB",
        f"{told['activations'] / length / 1e3:.1f} kB",
        f"{other['transformers activations'] / _GB:.2f} GB" if other else unknown,
        f"{told['seconds']:.2f} s",
        f"{other['transformers seconds']:.2f} s" if other else unknown,
        f"{other['largest']:.1e}, {other['spearman']:.4f}" if other else unknown,
    ]


def _plot_memory(part: Found, lengths: list[int], gpu: str) -> None:
    figure, axes = new_axes()
    ours = [part[f"memory {length}"]["activations"] / _GB for length in lengths]
    axes.plot(lengths, ours, "o-", label="Lastly, bf16")
    theirs = {n: part[f"parity {n}"]["transformers activations"] / _GB for n in lengths if f"parity {n}" in part}
    axes.plot(list(theirs), list(theirs.values()), "o-", label="transformers, bf16 (torch's count)")
    axes.set(xlabel="tokens", ylabel="GB", title=f"Activations over the length, one block, {gpu}")
    save(figure, axes, "gpu_memory")


if __name__ == "__main__":
    main()
