"""A cluster with the plugin: what its nodes have, what an index's fields are, which settings are set."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from elasticsearch import ApiError, Elasticsearch, TransportError

from integrations.elasticsearch.errors import WiringError

PLUGIN = "lastly"
SETTINGS = (
    "enabled",
    "fields",
    "window_size",
    "timeout",
    "on_failure",
    "model",
    "instruction",
    "max_doc_tokens",
    "mode",
    "explain",
)
_TEXT = {"text", "keyword", "match_only_text", "constant_keyword", "wildcard", "semantic_text", "search_as_you_type"}


@dataclass(frozen=True)
class Probe:
    """One search before or after: the hits' ids, whether it was reranked, and the time it took in milliseconds."""

    ids: tuple[str, ...]
    took_ms: int
    warning: str


class Cluster:
    """Requests of the wiring. Every method raises WiringError with the cluster's reason."""

    def __init__(self, client: Elasticsearch) -> None:
        self._client = client

    def request(self, method: str, path: str, body: object = None) -> tuple[Any, Mapping[str, str]]:
        """Send a request; gives the body and the headers of the answer."""
        headers = {"accept": "application/json", "content-type": "application/json"}
        try:
            answer = self._client.perform_request(method, path, headers=headers, body=body)
        except ApiError as refused:
            raise WiringError(f"{method} {path}: {_reason(refused.body)}") from None
        except TransportError as failed:
            raise WiringError(f"the cluster can't be reached; check --url ({type(failed).__name__})") from None
        return answer.body, {name.lower(): text for name, text in answer.meta.headers.items()}

    def check_plugin(self) -> None:
        """Every node must have the plugin: whichever a search reaches first reranks it."""
        nodes = self.request("GET", "/_nodes/plugins")[0]["nodes"].values()
        bare = [node["name"] for node in nodes if PLUGIN not in {plugin["name"] for plugin in node["plugins"]}]
        if bare:
            versions = sorted({node["version"] for node in nodes})
            raise WiringError(
                f"no plugin on {', '.join(bare)}; install the zip built for {', '.join(versions)} with "
                "`bin/elasticsearch-plugin install file:///…` on every node and restart it, or use --without-plugin"
            )

    def check_fields(self, index: str, fields: tuple[str, ...]) -> None:
        """The passage's fields must be mapped as text, and not inside nested objects."""
        names = ",".join(fields)
        mapped = self.request("GET", f"/{index}/_field_caps?fields={names}")[0]["fields"]
        for name in fields:
            kinds = set(mapped.get(name, {})) - {"unmapped"}
            if not kinds:
                raise WiringError(f"--fields: {index} has no field {name}")
            if not kinds <= _TEXT:
                raise WiringError(f"--fields: {name} is {', '.join(sorted(kinds))} in {index}; give fields with text")

    def set_sidecars(self, urls: tuple[str, ...]) -> None:
        """Write the sidecars' addresses into the cluster's settings."""
        self.request("PUT", "/_cluster/settings", {"persistent": {"lastly.sidecar.urls": list(urls)}})

    def sidecars(self) -> list[str]:
        """Give the sidecars' addresses that the cluster's settings hold."""
        found = self.request("GET", "/_cluster/settings?include_defaults=true&flat_settings=true")[0]
        for scope in ("transient", "persistent", "defaults"):
            if urls := found.get(scope, {}).get("lastly.sidecar.urls"):
                return [urls] if isinstance(urls, str) else list(urls)
        return []

    def set_index(self, index: str, settings: Mapping[str, object]) -> None:
        """Set index settings by their short names."""
        body = {f"index.lastly.{name}": value for name, value in settings.items()}
        self.request("PUT", f"/{index}/_settings", body)

    def unset_index(self, index: str) -> list[str]:
        """Take every setting off, archived ones too; gives the indices that had any."""
        attached = sorted(self.index_settings(index))
        if attached:
            self.set_index(",".join(attached), dict.fromkeys(SETTINGS))
        return attached

    def index_settings(self, index: str) -> dict[str, dict[str, Any]]:
        """Give the `index.lastly.*` settings that are set, by index and short name."""
        found = self.request("GET", f"/{index}/_settings?flat_settings=true&expand_wildcards=all")[0]
        settings = {
            name: {key.rsplit(".", 1)[1]: value for key, value in entry["settings"].items() if ".lastly." in key}
            for name, entry in found.items()
        }
        return {name: entry for name, entry in settings.items() if entry}

    def unset_sidecars(self) -> None:
        """Take the node-wide settings off too."""
        self.request("PUT", "/_cluster/settings", {"persistent": {"lastly.*": None}, "transient": {"lastly.*": None}})

    def stats(self) -> dict[str, Any]:
        """Give what every node counted."""
        return dict(self.request("GET", "/_lastly/stats")[0]["nodes"])

    def probe(self, index: str, fields: tuple[str, ...], text: str, enabled: bool, window: int) -> Probe:
        """Search one page for a text in the passage's fields."""
        body = {
            "query": {"multi_match": {"query": text, "fields": list(fields)}},
            "_source": False,
            "ext": {"lastly": {"enabled": enabled, "window_size": window}},
        }
        answer, headers = self.request("POST", f"/{index}/_search", body)
        ids = tuple(hit["_id"] for hit in answer["hits"]["hits"])
        return Probe(ids, int(answer["took"]), headers.get("warning", ""))

    def example_text(self, index: str, field: str) -> str:
        """Give the first words of some document, to search for."""
        body = {"size": 1, "query": {"exists": {"field": field}}, "fields": [field], "_source": False}
        hits = self.request("POST", f"/{index}/_search", body)[0]["hits"]["hits"]
        if not hits:
            raise WiringError(f"{index} has no document with {field}; index some, or give --probe TEXT")
        return " ".join(str(hits[0]["fields"][field][0]).split()[:8])


@contextmanager
def connected(url: str, api_key: str | None, user: str | None, certificates: str | None) -> Iterator[Cluster]:
    """Connect to a cluster. `user` is NAME:PASSWORD, `certificates` the file of a certificate authority."""
    credentials: dict[str, Any] = {}
    if api_key:
        credentials["api_key"] = api_key
    if user:
        credentials["basic_auth"] = tuple(user.split(":", 1))
    if certificates:
        credentials["ca_certs"] = certificates
    client = Elasticsearch(url, request_timeout=60, **credentials)
    try:
        yield Cluster(client)
    finally:
        client.close()


def _reason(body: object) -> str:
    error = body.get("error", body) if isinstance(body, dict) else body
    return str(error.get("reason", error)) if isinstance(error, dict) else str(error)
