"""`lastly attach|detach|status elasticsearch`."""

import argparse
import json
import os
from collections.abc import Sequence
from dataclasses import replace

from lastly_integrations.elasticsearch import without_plugin
from lastly_integrations.elasticsearch.cluster import Access, connected
from lastly_integrations.search_api import cli
from lastly_integrations.search_api.attach import attach as switch_on
from lastly_integrations.search_api.errors import ClusterError
from lastly_integrations.search_api.nodes import each_node


def attach(argv: Sequence[str]) -> int:
    """Switch reranking of an index on; returns the exit status."""
    parser = _parser("attach", "check the cluster, switch reranking of an index on, show a search before and after")
    cli.add_attach_flags(parser)
    parser.add_argument(
        "--without-plugin", metavar="NAME", help="print an inference endpoint NAME and its search instead"
    )
    arguments = parser.parse_args(argv)
    return cli.run(lambda: _print_bodies(arguments) if arguments.without_plugin else _attach(arguments))


def detach(argv: Sequence[str]) -> int:
    """Take every setting off, so that the plugin can be uninstalled; returns the exit status."""
    parser = _parser("detach", "take every lastly setting off an index, or off the whole cluster")
    parser.add_argument("--index", default="*", help="index or pattern (default: every index, and the cluster)")
    return cli.run(lambda: _detach(parser.parse_args(argv)))


def status(argv: Sequence[str]) -> int:
    """Say which indices are attached and what the nodes counted; returns 1 where none is."""
    arguments = _parser("status", "say which indices are attached and what the nodes counted").parse_args(argv)
    return cli.run(lambda: _status(arguments))


def _parser(command: str, purpose: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=f"lastly {command} elasticsearch", description=purpose)
    parser.add_argument("--url", default="http://localhost:9200", help="address of the cluster")
    parser.add_argument("--user", default="", help="NAME:PASSWORD (or ELASTIC_API_KEY in the environment)")
    parser.add_argument("--ca", default="", help="file of the certificate authority")
    return parser


def _access(arguments: argparse.Namespace) -> Access:
    return Access(arguments.url, arguments.user, os.environ.get("ELASTIC_API_KEY", ""), arguments.ca)


def _attach(arguments: argparse.Namespace) -> int:
    access, asked = _access(arguments), cli.attach_request(arguments)
    with (
        connected(access) as cluster,
        each_node(cluster, access.url, lambda url: connected(replace(access, url=url))) as (nodes, hidden),
    ):
        report = switch_on(cluster, asked, nodes)
    cli.show(report, asked, hidden, cluster.engine)
    return 0


def _detach(arguments: argparse.Namespace) -> int:
    with connected(_access(arguments)) as cluster:
        return cli.detach(cluster, arguments.index)


def _status(arguments: argparse.Namespace) -> int:
    with connected(_access(arguments)) as cluster:
        return cli.status(cluster)


def _print_bodies(arguments: argparse.Namespace) -> int:
    """Print the inference endpoint and its search: they need a licence, so nothing is sent."""
    asked = cli.attach_request(arguments)
    if len(asked.fields) != 1 or len(asked.sidecars) != 1:
        raise ClusterError("--without-plugin takes one field in --fields and one --sidecar")
    name, key = arguments.without_plugin, os.environ.get("LASTLY_API_KEY", "")
    endpoint = without_plugin.endpoint(asked.sidecars[0], key, asked.settings.get("model", ""))
    search = without_plugin.search(name, asked.fields[0], asked.probe or "what users type", asked.window)
    without_plugin.check_endpoint(endpoint)
    without_plugin.check_search(search)
    print(f"# needs Elasticsearch {without_plugin.SINCE} or newer and the licence {without_plugin.LICENCE}")
    print("# checked against the documented schema; not run against a cluster with this licence")
    print("".join(f"# {lack}\n" for lack in without_plugin.LACKS), end="")
    print(f"PUT _inference/rerank/{name}\n{json.dumps(endpoint, indent=2)}\n")
    print(f"POST {asked.index}/_search\n{json.dumps(search, indent=2)}")
    return 0
