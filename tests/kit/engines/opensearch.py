"""The suite's requests through the client that OpenSearch's users have."""

import json
import warnings
from typing import Any

from opensearchpy import Urllib3HttpConnection

from tests.kit.engines.engine import Answer

_ANY_STATUS = tuple(range(100, 600))


class OpenSearchEngine:
    """One node of OpenSearch. Safe to use from many threads."""

    stats_path = "/_plugins/_lastly/stats"

    def __init__(self, url: str) -> None:
        self.url = url
        host, port = url.removeprefix("http://").split(":")
        self._connection = Urllib3HttpConnection(host, int(port), timeout=60, pool_maxsize=32)

    def request(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Answer:
        """Send a request; an error is an answer too. A list as body is sent as lines of JSON."""
        lines = body if isinstance(body, list) else [body]
        sent = None if body is None else "".join(json.dumps(line) + "\n" for line in lines).encode()
        kind = "application/x-ndjson" if isinstance(body, list) else "application/json"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the client makes Python warnings of the header that the tests read
            status, received, text = self._connection.perform_request(
                method, path, body=sent, headers={"content-type": kind, **(headers or {})}, ignore=_ANY_STATUS
            )
        return Answer(status, _parsed(text), {name.lower(): value for name, value in received.items()})

    def close(self) -> None:
        """End its connections."""
        self._connection.close()


def _parsed(text: str) -> Any:
    try:
        return json.loads(text) if text else {}
    except ValueError:
        return text
