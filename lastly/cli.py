"""`lastly COMMAND`: imports the command's module and runs it."""

import importlib
import signal
import sys
import threading
from collections.abc import Sequence

from lastly import __version__
from lastly.errors import LastlyError

# Command: (module:function, what it does). A module is imported only when its command runs: serving never loads an
# engine's client, and attaching to an engine needs no model.
COMMANDS = {
    "serve": ("lastly.commands.serve:run", "serve a model folder over HTTP"),
    "check": ("lastly.commands.check:run", "verify a model folder and say what to fix"),
    "demo": ("lastly.commands.demo:run", "search this Python's documentation, both orders side by side"),
    "search": ("lastly.commands.search:run", "the same on your documents (JSON lines)"),
    "seed": ("lastly.commands.seed:run", "index documents into an engine and switch reranking on, to try it"),
    "attach": ("lastly.commands.engines:attach", "switch reranking on inside an engine"),
    "detach": ("lastly.commands.engines:detach", "take it out of an engine again"),
    "status": ("lastly.commands.engines:status", "say what is attached and what it counted"),
    "exporter": ("lastly.commands.exporter:run", "what the plugins count inside the engines, for Prometheus"),
    "lab": ("lastly.commands.lab:run", "a page with both orders side by side, to judge hits"),
    "eval": ("lastly.commands.eval:run", "judge first stage against reranked on your data, with a report"),
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; return the exit status (2: not understood, 1: failed)."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if not arguments or arguments[0] in ("-h", "--help"):
        print(_usage())
        return 0 if arguments else 2
    if arguments[0] in ("-V", "--version"):
        print(f"lastly {__version__}")
        return 0
    if arguments[0] not in COMMANDS:
        print(f"lastly: no command {arguments[0]!r}\n{_usage()}", file=sys.stderr)
        return 2
    if arguments[0] == "serve":
        _ignore_reloads()
    module, function = COMMANDS[arguments[0]][0].split(":")
    try:
        return int(getattr(importlib.import_module(module), function)(arguments[1:]))
    except LastlyError as error:
        print(f"lastly: {error}", file=sys.stderr)
        return 1


def _ignore_reloads() -> None:
    """Keep a SIGHUP from ending a process that is not listening yet: what it would load again is loaded next."""
    if hasattr(signal, "SIGHUP") and threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGHUP, signal.SIG_IGN)


def _usage() -> str:
    lines = [f"  {name:<8} {purpose}" for name, (_, purpose) in COMMANDS.items()]
    return "\n".join(["usage: lastly COMMAND [--help] | --version", "", *lines])
