"""The sidecar at twice its capacity, and its memory over ten minutes.

usage: python -m benchmarks.load [overload|soak] [--seconds N] [--model NAME=FOLDER]...
"""

import argparse
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.load import overload, soak
from benchmarks.results import write_section
from lastly.config import embedded_model
from tests.kit.callers.overload import Plan
from tests.kit.models.small import one_layer_model


@contextmanager
def _models(given: list[str]) -> Iterator[dict[str, Path]]:
    """Yield models by name: those given, or the embedded one and a random one that shows the sidecar's own part."""
    if given:
        yield {name: Path(folder) for name, _, folder in (one.partition("=") for one in given)}
        return
    with tempfile.TemporaryDirectory() as folder:
        yield {"lastly-mini": embedded_model(), "one narrow layer": one_layer_model(Path(folder))}


def main() -> None:
    """Run a part, or both, and write its section."""
    flags = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    flags.add_argument("part", choices=("overload", "soak", "both"), nargs="?", default="both")
    flags.add_argument("--model", action="append", default=[], metavar="NAME=FOLDER")
    flags.add_argument("--seconds", type=float, default=60.0, help="of the overload (default 60)")
    flags.add_argument("--soak-seconds", type=float, default=600.0, help="of the soak (default 600)")
    flags.add_argument("--callers", type=int, default=64)
    flags.add_argument("--documents", type=int, default=10)
    flags.add_argument("--deadline-ms", type=int, default=0, help="0: the time of ten calls, at least 500")
    flags.add_argument("--threads", type=int, default=1)
    options = flags.parse_args()
    plan = Plan(options.callers, options.documents, options.deadline_ms)
    packages = ("onnxruntime", "uvicorn")
    with _models(options.model) as models:
        if options.part != "soak":
            text = overload.report(models, options.seconds, plan, options.threads)
            write_section("The sidecar at twice its capacity", "python -m benchmarks.load overload", text, packages)
        if options.part != "overload":
            text = soak.report(next(iter(models.values())), options.soak_seconds, options.threads)
            write_section("The sidecar's memory in a soak", "python -m benchmarks.load soak", text, packages)


if __name__ == "__main__":
    main()
