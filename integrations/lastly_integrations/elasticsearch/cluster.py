"""An Elasticsearch cluster, by the client `elasticsearch`."""

import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from elasticsearch import ApiError, Elasticsearch, TransportError

from lastly_integrations.search_api import stats
from lastly_integrations.search_api.cluster import Cluster
from lastly_integrations.search_api.errors import ClusterError
from lastly_integrations.server_url import without_user_info

_HEADERS = {"accept": "application/json", "content-type": "application/json"}
_TIMEOUT_S = 60


@dataclass(frozen=True)
class Access:
    """How to reach a cluster: `user` is NAME:PASSWORD, `certificates` the file of a certificate authority."""

    url: str
    user: str = ""
    api_key: str = ""
    certificates: str = ""


class ElasticsearchCluster(Cluster):
    """Requests through the client."""

    engine = "elasticsearch"
    stats_path = stats.PATHS[engine]

    def __init__(self, client: Elasticsearch) -> None:
        self._client = client

    def request(self, method: str, path: str, body: object = None) -> tuple[Any, Mapping[str, str]]:
        """Send a request; returns the body and the headers (lower case) of the answer."""
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # the client makes Python warnings of the header that is read here
                answer = self._client.perform_request(method, path, headers=_HEADERS, body=body)
        except ApiError as refused:
            raise ClusterError(f"{method} {path}: {_reason(refused.body)}") from None
        except TransportError as failed:
            raise ClusterError(f"the cluster can't be reached; check --url ({type(failed).__name__})") from None
        return answer.body, {name.lower(): text for name, text in answer.meta.headers.items()}


@contextmanager
def connected(access: Access) -> Iterator[ElasticsearchCluster]:
    """Connect to a cluster through the node at `access.url`."""
    options: dict[str, Any] = {}
    if access.api_key:
        options["api_key"] = access.api_key
    elif access.user:
        options["basic_auth"] = tuple(access.user.split(":", 1))
    if access.certificates:
        options["ca_certs"] = access.certificates
    try:
        client = Elasticsearch(access.url, request_timeout=_TIMEOUT_S, max_retries=0, **options)
    except ValueError:
        raise ClusterError(
            f"--url: {without_user_info(access.url)} is no address; write it like http://localhost:9200"
        ) from None
    try:
        yield ElasticsearchCluster(client)
    finally:
        client.close()


def _reason(body: object) -> str:
    error = body.get("error", body) if isinstance(body, dict) else body
    return str(error.get("reason", error)) if isinstance(error, dict) else str(error)
