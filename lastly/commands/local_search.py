"""What the commands share that search documents of this machine."""

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from rich.console import Console

from lastly.commands.arguments import count
from lastly.config import Settings, embedded_model
from lastly.search.bm25 import FirstStage
from lastly.search.comparison import compare
from lastly.search.documents import Document, read
from lastly.search.sidecar import running_sidecar
from lastly.search.view import show


def add_options(flags: argparse.ArgumentParser) -> None:
    """Add the options of a local search."""
    flags.add_argument("--model", type=Path, default=embedded_model(), help="model folder (default: lastly-mini)")
    flags.add_argument("--window", type=count, default=20, help="first-stage hits that are reranked (default 20)")
    flags.add_argument("--rows", type=count, default=10, help="hits shown (default 10)")
    flags.add_argument("--threads", type=int, default=0, help="threads of the model; 0: one a physical core")


def read_documents(file: Path) -> list[Document]:
    """Read a file of documents; bad lines are named on standard error and left out."""
    documents = read(file)
    if complaint := documents.complaint():
        print(f"lastly: {file}: {complaint}", file=sys.stderr)
    return documents.good


def run_comparisons(
    task: str, documents: Callable[[], Sequence[Document]], queries: Sequence[str], options: argparse.Namespace
) -> int:
    """Index the documents, start the sidecar, show both orders for each query; return the exit status."""
    console = Console()
    with console.status(task):
        found = documents()
    with console.status(f"indexing {len(found)} documents"):
        first_stage = FirstStage(found)
    settings = Settings(model=options.model, port=0, threads=options.threads, max_documents=options.window)
    with running_sidecar(settings) as sidecar:
        console.print(f"{len(found)} documents; the sidecar reranks the first {options.window} hits")
        for query in queries:
            show(compare(first_stage, sidecar, query, options.window), console, options.rows)
    return 0
