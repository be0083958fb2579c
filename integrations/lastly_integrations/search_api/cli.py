"""The command line's part that is the same for both engines: what is asked, and what is printed."""

import argparse
import json
import sys
from collections.abc import Callable, Sequence

from lastly.errors import LastlyError
from lastly_integrations.search_api.attach import AttachRequest, Report
from lastly_integrations.search_api.cluster import SETTINGS, Cluster
from lastly_integrations.search_api.errors import ClusterError

_CHOSEN = tuple(name for name in SETTINGS if name not in ("enabled", "fields"))


def add_attach_flags(parser: argparse.ArgumentParser) -> None:
    """Add what `attach` asks."""
    parser.add_argument("--index", required=True, help="index, alias or data stream")
    parser.add_argument("--fields", required=True, help="fields of the passage, in order: title,body")
    parser.add_argument("--sidecar", action="append", default=[], help="address of a sidecar, as the nodes see it")
    parser.add_argument("--probe", default="", help="text of the search before and after (default: of a document)")
    for name in _CHOSEN:
        parser.add_argument(f"--{name.replace('_', '-')}", default=None, help=f"index.lastly.{name}")


def fields(arguments: argparse.Namespace) -> tuple[str, ...]:
    """Return the named fields."""
    names = tuple(name.strip() for name in arguments.fields.split(",") if name.strip())
    if not names:
        raise ClusterError("--fields: name at least one field, like title,body")
    return names


def attach_request(arguments: argparse.Namespace) -> AttachRequest:
    """Return what was asked."""
    chosen = {name: getattr(arguments, name) for name in _CHOSEN if getattr(arguments, name) is not None}
    return AttachRequest(arguments.index, fields(arguments), tuple(arguments.sidecar), chosen, arguments.probe)


def show(report: Report, asked: AttachRequest, hidden: Sequence[str], engine: str) -> None:
    """Print what the probe showed, and what follows from it; `hidden` are nodes that can't be reached from here."""
    print(f"{asked.index} is attached: {', '.join(asked.fields)}")
    for name in report.nodes:
        print(f"{name} reaches the sidecar")
    print("before:", " ".join(report.before.ids))
    print("after: ", " ".join(report.after.ids))
    print(f"a search with {report.window} hits reranked took {report.median_ms} ms (slowest {report.slowest_ms} ms)")
    if "timeout" not in asked.settings:
        print(f"index.lastly.timeout is {report.timeout_ms}ms, twice the slowest")
    if report.bearable_window < report.window:
        print(f"for a timeout of 500ms give --window-size {report.bearable_window} --timeout 500ms")
    for name in hidden:
        print(f"{name} can't be reached from here: search through it once, and look at `lastly status {engine}`")


def detach(cluster: Cluster, index: str) -> int:
    """Take the settings off an index, or every index and the cluster; returns the exit status."""
    detached = cluster.unset_index(index)
    for name in detached:
        print(f"{name} is detached")
    if index == "*":
        cluster.unset_sidecars()
    if not detached:
        print("nothing was attached")
    return 0


def status(cluster: Cluster) -> int:
    """Print what is attached and what the nodes counted; returns 1 where nothing is."""
    cluster.check_plugin()
    attached = cluster.index_settings("*")
    print(f"sidecars: {', '.join(cluster.sidecars()) or 'none'}")
    for index, settings in sorted(attached.items()):
        print(f"{index}: {json.dumps(settings)}")
    for name, counted in cluster.stats():
        print(f"{name}: {json.dumps(counted)}")
    return 0 if attached else 1


def run(command: Callable[[], int]) -> int:
    """Run a command; an error is a line on standard error and the status 1."""
    try:
        return command()
    except LastlyError as error:
        print(f"lastly: {error}", file=sys.stderr)
    except (AttributeError, LookupError, TypeError) as error:  # of reading an answer that no cluster would give
        print(f"lastly: the cluster answered in an unknown form ({error!r}); check --url", file=sys.stderr)
    return 1
