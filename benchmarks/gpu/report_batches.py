"""The sections of RESULTS.md on throughput, its references, and where a batch's time goes."""

from benchmarks.gpu.report_choices import Found, lengths_of
from benchmarks.plotting import new_axes, save
from benchmarks.results import table


def throughput(found: Found) -> str:
    """Return the section on clients, beside what transformers does with the same lists."""
    part, references = found["throughput"], found["references"]
    rates = {
        "compiled": references["compiled"]["lists per second"],
        "batched": references["batched"]["lists per second"],
        "published": part["published"]["requests per second"],
    }
    counts = lengths_of(part, "clients ")
    rows = [_clients(count, part[f"clients {count}"], rates) for count in counts]
    rows += [[name, f"{rate:.1f}", "", "", "", "", "", ""] for name, rate in _named(rates).items()]
    header = ["clients", "requests a second", "times compiled", "times batched", "times published", "median", "p95"]
    _plot(part, counts, rates, found["machine"]["gpu"].split(",")[0])
    tokens, turns = part["tokens of a request"], _turns(part)
    return f"""20 documents of about 100 tokens, {min(tokens):,} to {max(tokens):,} tokens a request with query and
template; bf16, through the sidecar's own scheduler, tokenising included. References in the same run: transformers with
SDPA, one request at a time, tokenising included (published); the same token ids {references["batched"]["lists"]} lists
at a time, padded, without tokenising (batched); that under `torch.compile(mode="reduce-overhead")` (compiled).

Ready after {part["ready"]["seconds"]:.0f} s of warming; the rest is warmed behind the calls. From the first call on, in
rounds of 320 requests of 32 clients: {", ".join(turns)} requests a second.

{table([*header, "blocks a run"], rows)}

![requests a second over clients](plots/gpu_throughput.svg)"""


def batches(found: Found) -> str:
    """Return the section on one batch's kernels."""
    part = found["batches"]
    kinds = [name.removesuffix(", ms a list") for name in part["batch 1"] if name.endswith(", ms a list")]
    rows = []
    for count in lengths_of(part, "batch "):
        told = part[f"batch {count}"]
        kernels = [told[f"{kind}, ms a list"] for kind in kinds]
        figures = (told["ms a list"], *kernels, told["ms a list"] - sum(kernels))
        rows.append([str(count), *(f"{value:.2f}" for value in figures)])
    header = ["lists in a run", "all", *kinds, "GPU idle"]
    return f"""28 layers, bf16, lists of 2,560 tokens and 20 documents; milliseconds a list, kernels by torch's
profiler.

{table(header, rows)}"""


def _clients(count: int, told: Found, rates: dict[str, float]) -> list[str]:
    rate = told["requests per second"]
    return [
        str(count),
        f"{rate:.1f}",
        *(f"{rate / other:.2f}" for other in rates.values()),
        f"{1e3 * told['median seconds']:.0f} ms",
        f"{1e3 * told['p95 seconds']:.0f} ms",
        f"{told['blocks per run']:.1f}",
    ]


def _named(rates: dict[str, float]) -> dict[str, float]:
    return {f"transformers, {name}": rate for name, rate in rates.items()}


def _turns(part: Found) -> list[str]:
    return [f"{part[f'turn {turn}']['requests per second']:.0f}" for turn in lengths_of(part, "turn ")]


def _plot(part: Found, counts: list[int], rates: dict[str, float], gpu: str) -> None:
    figure, axes = new_axes()
    ours = [part[f"clients {count}"]["requests per second"] for count in counts]
    axes.plot(counts, ours, "o-", label="Lastly, bf16")
    for (name, rate), style in zip(_named(rates).items(), ("-", "--", ":"), strict=True):
        axes.axhline(rate, color="grey", linestyle=style, label=name)
    axes.set(xscale="log", xlabel="clients", ylabel="requests a second", title=f"20 documents of 100 tokens, {gpu}")
    axes.set_ylim(bottom=0)
    save(figure, axes, "gpu_throughput")
