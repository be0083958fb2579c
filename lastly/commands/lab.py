"""`lastly lab`: a page that shows both orders side by side and collects judgments."""

import argparse
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from lastly.commands.local_search import read_documents
from lastly.flags import parse
from lastly.lab.api import ENGINE_S
from lastly.lab.app import create_lab
from lastly.lab.sources import EngineSource, LocalSource, Source
from lastly.search.python_docs import python_documentation
from lastly.serving.server import serve
from lastly_integrations.json_client import JsonClient

_PORT = "8790"


def run(argv: Sequence[str]) -> int:
    """Serve the lab until told to stop; return the exit status."""
    flags = argparse.ArgumentParser(
        prog="lastly lab",
        description=f"{__doc__} It takes the flags of `lastly serve` too (port {_PORT} unless told otherwise).",
        allow_abbrev=False,
    )
    flags.add_argument(
        "--engine",
        action="append",
        default=[],
        metavar="URL",
        help="OpenSearch, Elasticsearch or a container of Vespa, http://user:password@host:9200; repeatable",
    )
    flags.add_argument(
        "--connect", action="store_true", help="let the page connect to further engines (on loopback it always may)"
    )
    flags.add_argument(
        "--documents", type=Path, metavar="FILE", help="documents to search: JSON lines, id, text, title?"
    )
    flags.add_argument(
        "--allowed-host",
        action="append",
        default=[],
        metavar="NAME",
        help="name that the lab is opened by, beside localhost and IP addresses; repeatable",
    )
    flags.add_argument("--insecure", action="store_true", help="take any certificate of the engines")
    options, rest = flags.parse_known_args(argv)
    settings = parse(["--port", _PORT, *rest])
    sources = _sources(options)
    for source in sources:
        if isinstance(source, LocalSource):
            threading.Thread(target=source.prepare, daemon=True).start()
    print("the lab opens in a browser, at the address below", file=sys.stderr)
    return serve(settings, lambda settings: create_lab(settings, sources, options.connect, options.allowed_host))


def _sources(options: argparse.Namespace) -> list[Source]:
    engines = [EngineSource(JsonClient(url, timeout_s=ENGINE_S, verify=not options.insecure)) for url in options.engine]
    return [*engines, *_files(options.documents), LocalSource("Demo: Python's documentation", python_documentation)]


def _files(path: Path | None) -> list[Source]:
    """Read the file before anything is served: raises InvalidRequestError where it can't be searched."""
    if path is None:
        return []
    documents = read_documents(path)
    return [LocalSource(path.name, lambda: documents)]
