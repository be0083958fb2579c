"""An OpenSearch cluster, by opensearch-py."""

import json
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from opensearchpy import OpenSearchException, TransportError, Urllib3HttpConnection

from lastly_integrations.search_api import stats
from lastly_integrations.search_api.cluster import Cluster
from lastly_integrations.search_api.errors import ClusterError
from lastly_integrations.server_url import without_user_info

_TIMEOUT_S = 60


@dataclass(frozen=True)
class Access:
    """How to reach a cluster: `user` is NAME:PASSWORD, `certificates` the file of a certificate authority."""

    url: str
    user: str = ""
    certificates: str = ""


class OpenSearchCluster(Cluster):
    """Requests through one node."""

    engine = "opensearch"
    stats_path = stats.PATHS[engine]

    def __init__(self, connection: Urllib3HttpConnection) -> None:
        self._connection = connection

    def request(self, method: str, path: str, body: object = None) -> tuple[Any, Mapping[str, str]]:
        """Send a request; returns the body and the headers (lower case) of the answer."""
        sent = None if body is None else json.dumps(body).encode()
        headers = {"content-type": "application/json"}
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # the client makes Python warnings of the header that is read here
                _, received, text = self._connection.perform_request(method, path, body=sent, headers=headers)
        except TransportError as refused:
            if refused.status_code == "N/A" or refused.status_code == "TIMEOUT":
                raise ClusterError(f"the cluster can't be reached at {self._connection.host}; check --url") from None
            raise ClusterError(f"{method} {path}: {_reason(refused)}") from None
        except OpenSearchException as failed:
            raise ClusterError(f"{method} {path}: {type(failed).__name__}") from None
        return _parsed(text), {name.lower(): value for name, value in received.items()}

    def clear_archived(self, index: str) -> None:
        """Take archived settings off an index: OpenSearch allows it on a closed one only."""
        self.request("POST", f"/{index}/_close")
        try:
            super().clear_archived(index)
        finally:
            self.request("POST", f"/{index}/_open")


@contextmanager
def connected(access: Access) -> Iterator[OpenSearchCluster]:
    """Connect to a cluster through the node at `access.url`."""
    parts = urlsplit(access.url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ClusterError(f"--url: {without_user_info(access.url)} is no address; write it like http://localhost:9200")
    secure = parts.scheme == "https"
    options: dict[str, Any] = {"http_auth": access.user} if access.user else {}
    if secure and access.certificates:
        options["ca_certs"] = access.certificates
    port = parts.port or (443 if secure else 80)
    connection = Urllib3HttpConnection(
        parts.hostname, port, use_ssl=secure, url_prefix=parts.path.strip("/"), timeout=_TIMEOUT_S, **options
    )
    try:
        yield OpenSearchCluster(connection)
    finally:
        connection.close()


def _parsed(text: str) -> Any:
    try:
        return json.loads(text) if text else {}
    except ValueError:
        raise ClusterError("the cluster answers something that is not JSON; check --url") from None


def _reason(refused: TransportError) -> str:
    error = refused.info.get("error", refused.info) if isinstance(refused.info, dict) else refused.error
    return str(error.get("reason", error)) if isinstance(error, dict) else str(error)
