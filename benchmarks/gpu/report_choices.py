"""The sections of RESULTS.md on kernels and choices inside ONNX Runtime, and on faults."""

from typing import Any

from benchmarks.results import table

Found = dict[str, Any]


def lengths_of(part: Found, prefix: str) -> list[int]:
    """Return the lengths that a part has figures of, from names such as "time 512"."""
    names = [name.removeprefix(prefix) for name in part if name.startswith(prefix)]
    return sorted(int(name) for name in names if name.isdigit())


def choices(found: Found) -> str:
    """Return the section on kernels, recordings and graphs."""
    nodes, variants = found["kernels"]["bf16"], found["variants"]
    cpu = {kind: count // 3 for kind, count in nodes["nodes in 3 runs"].get("CPUExecutionProvider", {}).items()}
    sizes = ("2048", "8192", "32768", "8 of 2700")
    attention = [
        [
            name,
            *(f"{1e3 * variants[f'attention {name}'][size]:.2f} ms" for size in sizes),
            f"{variants[f'attention {name}, new shape']['3201'][0]:.0f} ms",
        ]
        for name in ("automatic", "flash", "memory efficient", "cuDNN")
        if f"attention {name}" in variants
    ]
    header = ["attention", "2,048", "8,192", "32,768", "8 of 2,700", "first run of a new shape"]
    graphs = found["graphs"]
    recorded = [
        [
            f"{length:,}",
            f"{1e3 * told['plain']:.1f} ms",
            f"{1e3 * told['recorded']:.1f} ms",
        ]
        for length in lengths_of(graphs, "graph ")
        if (told := graphs[f"graph {length}"])
    ]
    return f"""One run of the bf16 graph: copies between host and GPU inside it: {nodes["copies"]}; nodes on the CPU:
{cpu or "none"}. With ORT_ENABLE_ATTENTION_KERNEL_DEBUG_INFO=1 ONNX Runtime names cuDNN's flash
attention for every global layer.
{_slowest(nodes)}{_operators(found)}
Attention kernels of the graph without own operators (`--cuda`), 4 layers of the true width:

{table(header, attention)}

CUDA graphs, 28 layers, one request of 20 documents:

{table(["tokens", "without", "recorded"], recorded)}
{_kinds(variants)}"""


def _slowest(nodes: Found) -> str:
    if not nodes.get("kernels"):
        return ""
    rows = [[f"`{name}`", str(calls), f"{microseconds / 1e3:.1f} ms"] for name, calls, microseconds in nodes["kernels"]]
    return f"\nKernels of one run of 8,192 tokens, by torch's profiler:\n\n{table(['kernel', 'calls', 'time'], rows)}\n"


def _operators(found: Found) -> str:
    told = {name: figures for name, figures in found.get("operators", {}).items() if isinstance(figures, dict)}
    if not told:
        return ""
    rows = [
        [name, f"{figures['largest error']:.2f}", f"{figures['microseconds']:.0f} µs", f"{figures['TB/s']:.2g} TB/s"]
        for name, figures in told.items()
    ]
    header = ["operator, type, shape", "largest error, in units of rounding", "time", "moved"]
    return f"\nLastly's operators alone, against numpy in fp64:\n\n{table(header, rows)}\n"


def _kinds(variants: Found) -> str:
    if "kinds" not in variants:
        return ""
    kinds = list(next(iter(variants["kinds"].values())))
    rows = [
        [f"{int(length):,}", *(f"{1e3 * told[kind]:.2f} ms" for kind in kinds)]
        for length, told in variants["kinds"].items()
    ]
    return "\nThe graphs of `lastly-export`, bf16, 4 layers:\n\n" + table(["tokens", *kinds], rows)


def faults(found: Found) -> str:
    """Return the section on what happens without memory."""
    rows = [
        [name, told["answer"], f"{told['same scores afterwards']:.0e}"]
        for name, told in found["faults"].items()
        if isinstance(told, dict) and "same scores afterwards" in told
    ]
    stopped = found["faults"].get("stopped")
    line = (
        f"\nA run of {stopped['whole']:.2f} s, stopped a tenth into it, ended after {stopped['stopped after']:.2f} s: "
        f"“{stopped['answer']}”."
        if stopped
        else ""
    )
    header = ["131,072 tokens", "answer", "a short request's scores afterwards differ by"]
    return f"""`limit`: 3 GiB for the session. `whole GPU`: another program holds all but 3 GiB.

{table(header, rows)}
{line}"""
