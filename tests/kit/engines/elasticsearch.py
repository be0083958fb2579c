"""The suite's requests through the client that Elasticsearch's users have."""

import warnings
from typing import Any

from elasticsearch import ApiError, Elasticsearch

from tests.kit.engines.engine import Answer

_LINES = {
    "accept": "application/vnd.elasticsearch+json; compatible-with=8",
    "content-type": "application/vnd.elasticsearch+x-ndjson; compatible-with=8",
}
_JSON = {"accept": "application/json", "content-type": "application/json"}


class ElasticsearchEngine:
    """One node of Elasticsearch. Safe to use from many threads."""

    stats_path = "/_lastly/stats"

    def __init__(self, url: str, user: str = "", password: str = "") -> None:
        self.url = url
        self._client = Elasticsearch(
            url,
            basic_auth=(user, password) if user else None,
            request_timeout=60,
            retry_on_timeout=False,
            max_retries=0,
            connections_per_node=32,
        )

    def request(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Answer:
        """Send a request; an error is an answer too. A list as body is sent as lines of JSON."""
        sent = {**(_LINES if isinstance(body, list) else _JSON), **(headers or {})}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the client makes Python warnings of the header that the tests read
            try:
                answer = self._client.perform_request(method, path, headers=sent, body=body)
                meta, received = answer.meta, answer.body
            except ApiError as refused:
                meta, received = refused.meta, refused.body
        return Answer(meta.status, received, {name.lower(): text for name, text in meta.headers.items()})

    def close(self) -> None:
        """End its connections."""
        self._client.close()
