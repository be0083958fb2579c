"""`lastly attach|detach|status ENGINE`: hands over to the engine's own command line in `lastly_integrations`."""

import importlib
from collections.abc import Sequence
from importlib.util import find_spec

from lastly.errors import InvalidRequestError, MissingExtraError

_ENGINES = ("opensearch", "elasticsearch", "vespa")


def attach(argv: Sequence[str]) -> int:
    """Switch reranking on inside an engine; return the exit status."""
    return _run("attach", argv)


def detach(argv: Sequence[str]) -> int:
    """Take reranking out of an engine; return the exit status."""
    return _run("detach", argv)


def status(argv: Sequence[str]) -> int:
    """Print what is attached and what it counted; return the exit status."""
    return _run("status", argv)


def _run(command: str, argv: Sequence[str]) -> int:
    """Call `command` of `lastly_integrations.ENGINE.cli`; raises InvalidRequestError where there is no such engine."""
    engines = [engine for engine in _ENGINES if find_spec(f"lastly_integrations.{engine}")]
    if not argv or argv[0] not in engines:
        raise InvalidRequestError(f"say which engine: lastly {command} {'|'.join(engines)} --help")
    try:
        module = importlib.import_module(f"lastly_integrations.{argv[0]}.cli")
    except ModuleNotFoundError as error:
        raise MissingExtraError(argv[0], error) from error
    return int(getattr(module, command)(argv[1:]))
