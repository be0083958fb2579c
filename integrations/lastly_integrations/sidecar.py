"""A sidecar's own calls, over the JSON client that the engines are asked with."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from lastly.errors import NotReadyError
from lastly_integrations.json_client import JsonClient


@dataclass(frozen=True)
class SidecarClient:
    """Calls a sidecar; all but `ready` raise NotReadyError with the sidecar's own message where it refuses."""

    client: JsonClient

    def ready(self) -> bool:
        """Return whether it answers and its models are warm."""
        try:
            return self.client.call("GET", "/health/ready")[0] == 200
        except NotReadyError:
            return False

    def default_model(self) -> str:
        """Return the name of the model that calls get which name none."""
        answer = self._call("GET", "/v1/models")
        with self.client.reading():
            return str(answer["data"][0]["id"])

    def rerank(self, query: str, texts: Sequence[str], **options: Any) -> dict[str, Any]:
        """Return the answer of `/v1/rerank`: `results` best first, `model`, `usage`; `options` go into the body."""
        answer = self._call("POST", "/v1/rerank", {"query": query, "documents": list(texts), **options})
        with self.client.reading():
            return dict(answer)

    def _call(self, method: str, path: str, body: Any = None) -> Any:
        status, answer = self.client.call(method, path, body)
        if status != 200:
            raise NotReadyError(f"{self.client.shown} answered {status}: {_message(answer)}")
        return answer


def _message(answer: object) -> str:
    error = answer.get("error") if isinstance(answer, dict) else None
    return str(error.get("message")) if isinstance(error, dict) else "no reason given"
