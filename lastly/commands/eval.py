"""`lastly eval FOLDER...`: first stage against reranked on test collections (BEIR format), with a report."""

import argparse
import json
import os
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from lastly.commands.arguments import count, counts, names, orders, share
from lastly.config import embedded_model
from lastly.errors import InvalidRequestError, MissingExtraError
from lastly_integrations import stats
from lastly_integrations.json_client import JsonClient
from lastly_integrations.server_url import without_user_info


def run(argv: Sequence[str]) -> int:
    """Evaluate, write the reports, print the table; return the exit status."""
    options = _parser().parse_args(argv)
    try:
        from lastly.evaluation import shadow
        from lastly.evaluation.evaluate import Options, evaluate
    except ModuleNotFoundError as error:
        raise MissingExtraError("eval", error) from error
    console = Console()
    if options.shadow:
        print(shadow.to_markdown(stats.read(_client(options.shadow, options))), end="")
        return 0
    if bool(options.folders) == bool(options.table):
        raise InvalidRequestError("name folders of test collections, or --table with --data")
    command = f"lastly eval {shlex.join(map(without_user_info, argv))}"  # it stands in the report
    with _progress(console) as progress:
        written = evaluate(Options(**_settings(options), command=command), progress)
    print(written.markdown)
    print(f"written: {written.folder / 'report.md'}, {written.folder / 'report.json'}", file=sys.stderr)
    return _judge(written.folder / "report.json", options.at_least)


def _parser() -> argparse.ArgumentParser:
    flags = argparse.ArgumentParser(prog="lastly eval", description=__doc__)
    data = flags.add_argument_group("data")
    data.add_argument("folders", nargs="*", type=Path, metavar="FOLDER", help="corpus, queries and qrels, BEIR format")
    data.add_argument("--split", help="which judgments (default: test, else dev, else train)")
    data.add_argument("--limit", type=count, help="only the first N judged queries")
    data.add_argument("--table", choices=("beir", "miracl", "mkqa", "coir"), help="a published table's collections")
    data.add_argument("--data", type=Path, help="where the table's collections lie, a folder each")
    data.add_argument("--drop-own", action="store_true", help="leave out the document with the query's id (ArguAna)")
    _add_systems(flags)
    trial = flags.add_argument_group("what is tried")
    trial.add_argument("--window", type=count, default=50, help="first-stage hits reranked (default 50)")
    trial.add_argument("--windows", type=counts, default=[], metavar="N,N", help="further windows to compare")
    trial.add_argument("--depth", type=count, default=100, help="first-stage hits kept for recall (default 100)")
    trial.add_argument("--orders", type=orders, default=[], metavar="shuffled,reversed", help="orders to present too")
    trial.add_argument("--seeds", type=count, default=3, help="shuffles tried (default 3)")
    trial.add_argument("--instruction", help="passed to the model")
    trial.add_argument(
        "--lexical-weight",
        type=share,
        metavar="SHARE",
        help="what the query's words count, 0 to 1 (the model's own)",
    )
    report = flags.add_argument_group("report")
    report.add_argument("--output", type=Path, default=Path("lastly-eval"), help="folder (default ./lastly-eval)")
    report.add_argument("--fresh", action="store_true", help="forget an earlier, interrupted run in that folder")
    report.add_argument("--at-least", type=float, metavar="POINTS", help="exit 1 unless the mean gains this much")
    return flags


def _add_systems(flags: argparse.ArgumentParser) -> None:
    first = flags.add_argument_group("first stage (default: BM25, embedded)")
    first.add_argument(
        "--engine", metavar="URL", help="OpenSearch, Elasticsearch or Vespa: http://user:password@host:9200"
    )
    first.add_argument("--index", help="the engine's index, or Vespa's schema; its documents' ids are the judged ones")
    first.add_argument("--fields", type=names, default=["title", "text"], help="searched and joined (title,text)")
    first.add_argument("--insecure", action="store_true", help="take any certificate of the engine")
    first.add_argument("--shadow", metavar="URL", help="only read the plugin's counters from an engine")
    rerank = flags.add_argument_group("reranker (default: the embedded model, in process)")
    rerank.add_argument("--model", type=Path, default=embedded_model(), help="model folder (default: lastly-mini)")
    rerank.add_argument("--sidecar", metavar="URL", help="a running sidecar instead; its key in LASTLY_API_KEY")
    rerank.add_argument("--threads", type=int, default=0, help="threads of the model; 0: one a physical core")
    rerank.add_argument("--provider", choices=("cpu", "cuda"), default="cpu", help="where the model runs")
    rerank.add_argument(
        "--max-block-tokens",
        type=count,
        default=0,
        metavar="TOKENS",
        help="tokens of one context (the model's own)",
    )


def _settings(options: argparse.Namespace) -> dict[str, Any]:
    settings = vars(options).copy()
    for name in ("shadow", "insecure", "at_least"):
        settings.pop(name)
    settings["engine"] = _client(options.engine, options) if options.engine else None
    settings["sidecar"] = JsonClient(options.sidecar, key=os.environ.get("LASTLY_API_KEY")) if options.sidecar else None
    return settings


def _client(url: str, options: argparse.Namespace) -> JsonClient:
    return JsonClient(url, verify=not options.insecure)


def _progress(console: Console) -> Progress:
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    return Progress(*columns, console=Console(stderr=True), transient=True, disable=not console.is_terminal)


def _judge(report: Path, at_least: float | None) -> int:
    if at_least is None:
        return 0
    collections = json.loads(report.read_text(encoding="utf-8"))["collections"]
    gain = 100 * sum(entry["differences"]["nDCG@10"]["mean"] for entry in collections) / len(collections)
    if gain >= at_least:
        return 0
    print(f"lastly: the mean gain is {gain:.2f} points, --at-least wants {at_least}", file=sys.stderr)
    return 1
