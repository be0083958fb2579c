"""`lastly search FILE "query"`: searches your own documents (one JSON object a line: id, text, title?)."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from lastly.commands.local_search import add_options, read_documents, run_comparisons


def run(argv: Sequence[str]) -> int:
    """Compare both orders on the documents of a file; return the exit status."""
    flags = argparse.ArgumentParser(prog="lastly search", description=__doc__)
    flags.add_argument("file", type=Path, metavar="FILE", help="documents, one JSON object a line: id, text, title?")
    flags.add_argument("query", nargs="+", help="what to search for")
    add_options(flags)
    options = flags.parse_args(argv)
    return run_comparisons(
        f"reading {options.file}", lambda: read_documents(options.file), (" ".join(options.query),), options
    )
