"""`lastly demo`: searches the documentation of the Python that runs it."""

import argparse
from collections.abc import Sequence

from lastly.commands.local_search import add_options, run_comparisons
from lastly.search.python_docs import python_documentation

QUERIES = (
    "run a command and capture its output",
    "read a file line by line without loading all of it",
    "temporary directory that is deleted afterwards",
    "measure how long a small piece of code takes",
    "wait for several threads and collect their results",
)


def run(argv: Sequence[str]) -> int:
    """Compare both orders for the query given, or for five of its own; return the exit status."""
    flags = argparse.ArgumentParser(prog="lastly demo", description=__doc__)
    flags.add_argument("query", nargs="*", help="what to search for; none: five queries of its own")
    add_options(flags)
    options = flags.parse_args(argv)
    queries = (" ".join(options.query),) if options.query else QUERIES
    return run_comparisons("reading the documentation of this Python", python_documentation, queries, options)
