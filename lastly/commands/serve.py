"""`lastly serve`: the sidecar."""

from collections.abc import Sequence

from lastly.config import parse
from lastly.server import serve


def run(argv: Sequence[str]) -> int:
    """Serve until told to stop; gives the exit status."""
    return serve(parse(argv))
