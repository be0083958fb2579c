"""A cluster as attaching sees it: which nodes have the plugin, which fields an index has, which settings are set."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lastly_integrations.search_api import stats
from lastly_integrations.search_api.errors import ClusterError

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
_OURS = ("index.lastly.", "archived.index.lastly.")  # the second is what is left where the plugin was uninstalled first


@dataclass(frozen=True)
class Probe:
    """One search: the hits' ids, the time it took in milliseconds, and why it was not reranked (empty: it was)."""

    ids: tuple[str, ...]
    took_ms: int
    warning: str


class Cluster(ABC):
    """Requests to a cluster. Every method raises ClusterError with the cluster's reason."""

    engine: str  # as in settings and tools: opensearch
    stats_path: str

    @abstractmethod
    def request(self, method: str, path: str, body: object = None) -> tuple[Any, Mapping[str, str]]:
        """Send a request; returns the body and the headers (lower case) of the answer."""

    def node_addresses(self) -> dict[str, str]:
        """Return every node's HTTP address (host:port), by the node's name."""
        nodes = self.request("GET", "/_nodes/http")[0]["nodes"].values()
        return {node["name"]: node["http"]["publish_address"].split("/")[-1] for node in nodes if "http" in node}

    def check_plugin(self) -> None:
        """Every node must have the same plugin, built for its version: whichever node a search reaches reranks it."""
        nodes = self.request("GET", "/_nodes/plugins")[0]["nodes"].values()
        bare = [node["name"] for node in nodes if not _ours(node)]
        if bare:
            engines = ", ".join(sorted({node["version"] for node in nodes}))
            raise ClusterError(
                f"no plugin on {', '.join(sorted(bare))}; install the zip built for {engines} with "
                f"`bin/{self.engine}-plugin install file:///…` on every node and restart it, or use --without-plugin"
            )
        versions = {_ours(node)["version"] for node in nodes}
        if len(versions) > 1:
            several = ", ".join(sorted(versions))
            raise ClusterError(f"the nodes have different versions of the plugin: {several}; install one zip on all")

    def check_fields(self, index: str, fields: tuple[str, ...]) -> None:
        """The passage's fields must be mapped, and as text."""
        mapped = self.request("GET", f"/{index}/_field_caps?fields={','.join(fields)}")[0]["fields"]
        for name in fields:
            kinds = set(mapped.get(name, {})) - {"unmapped"}
            if not kinds:
                raise ClusterError(f"--fields: {index} has no field {name}; see GET {index}/_mapping")
            if not kinds <= _TEXT:
                raise ClusterError(f"--fields: {name} is {', '.join(sorted(kinds))} in {index}; give fields with text")

    def set_sidecars(self, urls: Sequence[str]) -> None:
        """Write the sidecars' addresses into the cluster's settings; none takes them off."""
        self.request("PUT", "/_cluster/settings", {"persistent": {"lastly.sidecar.urls": list(urls) or None}})

    def persistent_sidecars(self) -> list[str]:
        """Return the sidecars' addresses that `set_sidecars` wrote."""
        found = self.request("GET", "/_cluster/settings?flat_settings=true")[0]
        return _listed(found.get("persistent", {}).get("lastly.sidecar.urls", []))

    def sidecars(self) -> list[str]:
        """Return the sidecars' addresses that the cluster's settings hold."""
        found = self.request("GET", "/_cluster/settings?include_defaults=true&flat_settings=true")[0]
        for scope in ("transient", "persistent", "defaults"):
            if urls := found.get(scope, {}).get("lastly.sidecar.urls"):
                return _listed(urls)
        return []

    def set_index(self, index: str, settings: Mapping[str, object]) -> None:
        """Set index settings by their short names."""
        body = {f"index.lastly.{name}": value for name, value in settings.items()}
        self.request("PUT", f"/{index}/_settings", body)

    def index_settings(self, index: str) -> dict[str, dict[str, Any]]:
        """Return Lastly's settings that are set, archived ones too, by index and full name."""
        found = self.request("GET", f"/{index}/_settings?flat_settings=true&expand_wildcards=all")[0]
        ours = {
            name: {key: value for key, value in entry["settings"].items() if key.startswith(_OURS)}
            for name, entry in found.items()
        }
        return {name: settings for name, settings in ours.items() if settings}

    def unset_index(self, index: str) -> list[str]:
        """Take every setting off, archived ones too; returns the indices that had any."""
        attached = self.index_settings(index)
        for name, settings in sorted(attached.items()):
            if any(key.startswith("archived.") for key in settings):
                self.clear_archived(name)
            else:
                self.request("PUT", f"/{name}/_settings", dict.fromkeys(settings))
        return sorted(attached)

    def restore_index(self, index: str, before: Mapping[str, Mapping[str, Any]]) -> None:
        """Put settings back to what `index_settings` gave."""
        for name, settings in self.index_settings(index).items():
            self.request("PUT", f"/{name}/_settings", {**dict.fromkeys(settings), **before.get(name, {})})

    def clear_archived(self, index: str) -> None:
        """Take archived settings off an index."""
        self.request("PUT", f"/{index}/_settings", {"archived.index.lastly.*": None})

    def unset_sidecars(self) -> None:
        """Take the cluster's settings off, archived ones too."""
        found = self.request("GET", "/_cluster/settings?flat_settings=true")[0]
        body = {
            scope: dict.fromkeys(
                key for key in found.get(scope, {}) if key.removeprefix("archived.").startswith("lastly.")
            )
            for scope in ("persistent", "transient")
        }
        if any(body.values()):
            self.request("PUT", "/_cluster/settings", body)

    def stats(self) -> list[tuple[str, dict[str, Any]]]:
        """Return what every node counted, by the node's name."""
        return list(stats.by_name(self.request("GET", self.stats_path)[0]))

    def probe(self, index: str, fields: tuple[str, ...], text: str, enabled: bool, window: int) -> Probe:
        """Search one page for a text in the passage's fields."""
        body = {
            "query": {"multi_match": {"query": text, "fields": list(fields)}},
            "_source": False,
            "ext": {"lastly": {"enabled": enabled, "window_size": window}},
        }
        answer, headers = self.request("POST", f"/{index}/_search", body)
        ids = tuple(hit["_id"] for hit in answer["hits"]["hits"])
        warning = headers.get("warning", "")
        return Probe(ids, int(answer["took"]), warning if "lastly" in warning else "")

    def example_text(self, index: str, field: str) -> str:
        """Return the first words of some document, to search for."""
        body = {"size": 1, "query": {"exists": {"field": field}}, "fields": [field], "_source": False}
        hits = self.request("POST", f"/{index}/_search", body)[0]["hits"]["hits"]
        if not hits:
            raise ClusterError(f"{index} has no document with {field}; index some, or give --probe TEXT")
        return " ".join(str(hits[0]["fields"][field][0]).split()[:8])


def _listed(urls: str | list[str]) -> list[str]:
    return [urls] if isinstance(urls, str) else list(urls)


def _ours(node: Mapping[str, Any]) -> dict[str, Any]:
    return next((dict(plugin) for plugin in node["plugins"] if plugin["name"] == PLUGIN), {})
