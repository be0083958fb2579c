"""Indices beside the corpus, for a test that needs its own."""

from typing import Any

from tests.kit.engines.engine import Engine


class Others:
    """Makes indices beside the corpus, and removes them again."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._made: list[str] = []

    def __call__(
        self, name: str, properties: dict[str, Any], documents: list[dict[str, Any]], *fields: str, **mapping: Any
    ) -> str:
        """Make one, enabled where passage `fields` are named."""
        ours = {"index.lastly.enabled": True, "index.lastly.fields": fields, "index.lastly.timeout": "5s"}
        settings = {"index.number_of_replicas": 0, **(ours if fields else {})}
        self._engine.request("DELETE", f"/{name}")
        body = {"settings": settings, "mappings": {"properties": properties, **mapping}}
        answer = self._engine.request("PUT", f"/{name}", body)
        assert answer.status == 200, answer.body
        self._made.append(name)
        if documents:
            lines = [line for document in documents for line in ({"index": {"_index": name}}, document)]
            assert self._engine.request("POST", "/_bulk?refresh=true", lines).body["errors"] is False
        return name

    def remove(self) -> None:
        """Remove them."""
        for name in self._made:
            self._engine.request("DELETE", f"/{name}")
