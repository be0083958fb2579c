"""`lastly attach|detach|status elasticsearch`."""

import argparse
import json
import os
import sys
from collections.abc import Callable, Sequence

from integrations.elasticsearch import without_plugin
from integrations.elasticsearch.attach import Report, Wiring
from integrations.elasticsearch.attach import attach as wire
from integrations.elasticsearch.cluster import SETTINGS, Cluster, connected
from integrations.elasticsearch.errors import WiringError

_CHOSEN = tuple(name for name in SETTINGS if name not in ("enabled", "fields"))


def attach(argv: Sequence[str]) -> int:
    """Switch reranking of an index on; gives the exit status."""
    parser = _parser("attach", "check the cluster, switch reranking of an index on, show a search before and after")
    parser.add_argument("--index", required=True, help="index, alias or data stream")
    parser.add_argument("--fields", required=True, help="fields of the passage, in order: title,body")
    parser.add_argument("--sidecar", action="append", default=[], help="address of a sidecar, as the nodes see it")
    parser.add_argument("--probe", default="", help="text of the search before and after (default: of a document)")
    parser.add_argument(
        "--without-plugin", metavar="NAME", help="print an inference endpoint NAME and its search instead"
    )
    for name in _CHOSEN:
        parser.add_argument(
            f"--{name.replace('_', '-')}", default=None, help=f"index.lastly.{name}; see docs/configuration.md"
        )
    arguments = parser.parse_args(argv)
    return _run(lambda: _print_bodies(arguments) if arguments.without_plugin else _attach(arguments))


def detach(argv: Sequence[str]) -> int:
    """Take every setting off, so that the plugin can be uninstalled; gives the exit status."""
    parser = _parser("detach", "take every lastly setting off an index, or off the whole cluster")
    parser.add_argument(
        "--index", default="*", help="index or pattern (default: every index, and the cluster's settings)"
    )
    return _run(lambda: _detach(parser.parse_args(argv)))


def status(argv: Sequence[str]) -> int:
    """Say which indices are attached and what the nodes counted; gives 1 where none is."""
    parser = _parser("status", "say which indices are attached and what the nodes counted")
    return _run(lambda: _status(parser.parse_args(argv)))


def _parser(command: str, purpose: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=f"lastly {command} elasticsearch", description=purpose)
    parser.add_argument("--url", default="http://localhost:9200", help="address of the cluster")
    parser.add_argument("--user", help="NAME:PASSWORD (or ELASTIC_API_KEY in the environment)")
    parser.add_argument("--ca", help="file of the certificate authority")
    return parser


def _cluster(arguments: argparse.Namespace, work: Callable[[Cluster], int]) -> int:
    with connected(arguments.url, os.environ.get("ELASTIC_API_KEY"), arguments.user, arguments.ca) as cluster:
        return work(cluster)


def _fields(arguments: argparse.Namespace) -> tuple[str, ...]:
    return tuple(name.strip() for name in arguments.fields.split(",") if name.strip())


def _attach(arguments: argparse.Namespace) -> int:
    chosen = {name: getattr(arguments, name) for name in _CHOSEN if getattr(arguments, name) is not None}
    wiring = Wiring(arguments.index, _fields(arguments), tuple(arguments.sidecar), chosen, arguments.probe)
    return _cluster(arguments, lambda cluster: _show(wire(cluster, wiring), wiring))


def _show(report: Report, wiring: Wiring) -> int:
    print(f"{wiring.index} is attached: {', '.join(wiring.fields)}")
    print("before:", " ".join(report.before.ids))
    print("after: ", " ".join(report.after.ids))
    print(f"a search with {report.window} hits reranked took {report.median_ms} ms (slowest {report.slowest_ms} ms)")
    if "timeout" not in wiring.settings:
        print(f"index.lastly.timeout is {report.timeout_ms}ms; for a shorter one lower --window-size")
    return 0


def _detach(arguments: argparse.Namespace) -> int:
    def work(cluster: Cluster) -> int:
        for index in (detached := cluster.unset_index(arguments.index)):
            print(f"{index} is detached")
        if arguments.index == "*":
            cluster.unset_sidecars()
        if not detached:
            print("nothing was attached")
        return 0

    return _cluster(arguments, work)


def _status(arguments: argparse.Namespace) -> int:
    def work(cluster: Cluster) -> int:
        cluster.check_plugin()
        attached = cluster.index_settings("*")
        print(f"sidecars: {', '.join(cluster.sidecars()) or 'none'}")
        for index, settings in sorted(attached.items()):
            print(f"{index}: {json.dumps(settings)}")
        for node in cluster.stats().values():
            print(f"{node.pop('name')}: {json.dumps(node)}")
        return 0 if attached else 1

    return _cluster(arguments, work)


def _print_bodies(arguments: argparse.Namespace) -> int:
    fields = _fields(arguments)
    if len(fields) != 1 or len(arguments.sidecar) != 1:
        raise WiringError("--without-plugin takes one field in --fields and one --sidecar")
    window = int(arguments.window_size or 50)
    endpoint = without_plugin.endpoint(
        arguments.sidecar[0], os.environ.get("LASTLY_API_KEY", ""), arguments.model or ""
    )
    search = without_plugin.search(arguments.without_plugin, fields[0], arguments.probe or "what users type", window)
    without_plugin.check_endpoint(endpoint)
    without_plugin.check_search(search)
    print(f"# needs Elasticsearch {without_plugin.SINCE} or newer and the licence {without_plugin.LICENCE}")
    print("# checked against the documented schema; not run against a cluster with this licence")
    print("".join(f"# {lack}\n" for lack in without_plugin.LACKS), end="")
    print(f"PUT _inference/rerank/{arguments.without_plugin}\n{json.dumps(endpoint, indent=2)}\n")
    print(f"POST {arguments.index}/_search\n{json.dumps(search, indent=2)}")
    return 0


def _run(command: Callable[[], int]) -> int:
    try:
        return command()
    except WiringError as error:
        print(f"lastly: {error}", file=sys.stderr)
        return 1
