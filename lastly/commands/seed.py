"""`lastly seed ENGINE`: documents into an engine, reranking switched on. The local stack begins with it."""

import argparse
import shutil
import tempfile
from collections.abc import Sequence
from importlib import resources
from pathlib import Path

from lastly.commands.engines import attach
from lastly.commands.local_search import read_documents
from lastly.search.python_docs import python_documentation
from lastly_integrations.documents import Document
from lastly_integrations.json_client import JsonClient
from lastly_integrations.search_api.feed import feed as feed_index
from lastly_integrations.vespa.feed import feed as feed_schema

_FIELDS = "title,text"
_HELP = "Flags that it does not know (--window-size 20) are those of `lastly attach ENGINE`."


def run(argv: Sequence[str]) -> int:
    """Write the documents and attach; return the exit status. A second run writes nothing and attaches again."""
    options, wiring = _parser().parse_known_args(argv)
    found = read_documents(options.documents) if options.documents else python_documentation()
    documents = [Document(each.id, each.text, each.title) for each in found]
    wiring = ["--fields", _FIELDS, *(flag for url in options.sidecar for flag in ("--sidecar", url)), *wiring]
    if options.engine == "vespa":
        return _vespa(options, documents, wiring)
    written = feed_index(JsonClient(options.url), options.index, documents)
    print(f"{options.index}: {len(documents)} documents{'' if written else ', there already'}", flush=True)
    return attach([options.engine, "--url", options.url, "--index", options.index, *wiring])


def _parser() -> argparse.ArgumentParser:
    flags = argparse.ArgumentParser(prog="lastly seed", description=f"{__doc__} {_HELP}", allow_abbrev=False)
    flags.add_argument("engine", choices=("opensearch", "elasticsearch", "vespa"))
    flags.add_argument("--url", help="address of the engine", required=True)
    flags.add_argument("--index", default="articles", help="index to make and fill (default: articles)")
    flags.add_argument("--sidecar", action="append", default=[], help="address of a sidecar, as the engine sees it")
    flags.add_argument(
        "--documents",
        type=Path,
        metavar="FILE",
        help="JSON lines (default: this Python's documentation)",
    )
    flags.add_argument("--config-server", metavar="URL", help="vespa: where its example application is deployed")
    return flags


def _vespa(options: argparse.Namespace, documents: list[Document], wiring: list[str]) -> int:
    """Deploy the example application with the searcher in it, then feed."""
    with tempfile.TemporaryDirectory() as folder:
        package = Path(folder) / "application"
        shutil.copytree(Path(str(resources.files("lastly_integrations.vespa") / "example")), package)
        deployed = ["--deploy", options.config_server] if options.config_server else []
        if status := attach(["vespa", str(package), "--yes", *deployed, *wiring]):
            return status
    feed_schema(JsonClient(options.url), documents)
    print(f"article: {len(documents)} documents")
    return 0
