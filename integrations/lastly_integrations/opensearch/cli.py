"""`lastly attach|detach|status opensearch`."""

import argparse
import os
from collections.abc import Sequence
from dataclasses import replace

from lastly_integrations.opensearch import without_plugin
from lastly_integrations.opensearch.cluster import Access, connected
from lastly_integrations.search_api import cli
from lastly_integrations.search_api.attach import attach as switch_on
from lastly_integrations.search_api.errors import ClusterError
from lastly_integrations.search_api.nodes import each_node


def attach(argv: Sequence[str]) -> int:
    """Switch reranking of an index on; returns the exit status."""
    parser = _parser("attach", "check the cluster, switch reranking of an index on, show a search before and after")
    cli.add_attach_flags(parser)
    parser.add_argument(
        "--without-plugin", action="store_true", help="for managed clusters: wire ml-commons and its rerank processor"
    )
    arguments = parser.parse_args(argv)
    return cli.run(lambda: _without_plugin(arguments) if arguments.without_plugin else _attach(arguments))


def detach(argv: Sequence[str]) -> int:
    """Take every setting off, so that the plugin can be uninstalled; returns the exit status."""
    parser = _parser("detach", "take every lastly setting off an index, or off the whole cluster")
    parser.add_argument("--index", default="*", help="index or pattern (default: every index, and the cluster)")
    parser.add_argument("--without-plugin", action="store_true", help="take off what attach --without-plugin made")
    return cli.run(lambda: _detach(parser.parse_args(argv)))


def status(argv: Sequence[str]) -> int:
    """Say which indices are attached and what the nodes counted; returns 1 where none is."""
    arguments = _parser("status", "say which indices are attached and what the nodes counted").parse_args(argv)
    return cli.run(lambda: _status(arguments))


def _parser(command: str, purpose: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=f"lastly {command} opensearch", description=purpose)
    parser.add_argument("--url", default="http://localhost:9200", help="address of the cluster")
    parser.add_argument("--user", default="", help="NAME:PASSWORD (or OPENSEARCH_USER in the environment)")
    parser.add_argument("--ca", default="", help="file of the certificate authority")
    return parser


def _access(arguments: argparse.Namespace) -> Access:
    return Access(arguments.url, arguments.user or os.environ.get("OPENSEARCH_USER", ""), arguments.ca)


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
        return without_plugin.detach(cluster) if arguments.without_plugin else cli.detach(cluster, arguments.index)


def _status(arguments: argparse.Namespace) -> int:
    with connected(_access(arguments)) as cluster:
        return cli.status(cluster)


def _without_plugin(arguments: argparse.Namespace) -> int:
    asked = cli.attach_request(arguments)
    if len(asked.sidecars) != 1:
        raise ClusterError(
            "--without-plugin takes exactly one --sidecar (a load balancer's address, where there are several)"
        )
    key = os.environ.get("LASTLY_API_KEY", "")
    with connected(_access(arguments)) as cluster:
        text = asked.probe or cluster.example_text(asked.index, asked.fields[0])
        probes = without_plugin.attach(cluster, asked, key, text)
    print(
        f"search pipeline {without_plugin.NAME} reranks {asked.window} hits a page of 10 by {', '.join(asked.fields)}"
    )
    print("before:", " ".join(probes.before))
    print("after: ", " ".join(probes.after))
    print(f"add to each search: ?search_pipeline={without_plugin.NAME} and {without_plugin.EXT}")
    print("".join(f"this route lacks: {lack}\n" for lack in without_plugin.LACKS), end="")
    return 0
