"""Connections to every node: whichever of them a search reaches must reach the sidecar."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from urllib.parse import urlsplit

from lastly_integrations.search_api.cluster import Cluster
from lastly_integrations.search_api.errors import ClusterError

Connect = Callable[[str], AbstractContextManager[Cluster]]


@contextmanager
def each_node(cluster: Cluster, url: str, connect: Connect) -> Iterator[tuple[dict[str, Cluster], list[str]]]:
    """Connect to every node; return the connections by name, and the names of those that can't be reached from here.

    `url` is the address of the cluster, whose scheme the nodes' addresses get.
    """
    found: dict[str, Cluster] = {}
    hidden: list[str] = []
    with ExitStack() as stack:
        for name, address in cluster.node_addresses().items():
            node = stack.enter_context(connect(f"{urlsplit(url).scheme}://{address}"))
            if _answers(node):
                found[name] = node
            else:
                hidden.append(name)
        yield found, hidden


def _answers(node: Cluster) -> bool:
    try:
        node.request("GET", "/_cluster/health?local=true")
    except ClusterError:
        return False
    return True
