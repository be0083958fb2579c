"""For managed clusters that take no plugin: ml-commons' connector and model, and the built-in rerank processor."""

import re
import time
from dataclasses import dataclass
from typing import Any

from lastly_integrations.opensearch.cluster import OpenSearchCluster
from lastly_integrations.search_api.attach import AttachRequest
from lastly_integrations.search_api.errors import ClusterError

NAME = "lastly-rerank"
EXT = '"ext": {"rerank": {"query_context": {"query_text": "what the user typed"}}}'
LACKS = (
    "every search must name its text in ext.rerank; no index setting switches reranking on",
    "a timeout and a breaker per index: ml-commons waits as long as its connector does",
    "pages after the first: each page is reranked by itself, so that hits can repeat or be lost between pages",
    "shadow mode, explain, stats, warning headers, request ids and traces",
    "several sidecars with failover",
)
_PAGE = 10
_WAIT_S = 60


@dataclass(frozen=True)
class Probes:
    """The hits' ids before and after."""

    before: tuple[str, ...]
    after: tuple[str, ...]


def connector(sidecar: str, api_key: str = "", model: str = "") -> dict[str, Any]:
    """Return the connector to the sidecar's Cohere form."""
    return {
        "name": NAME,
        "description": "Lastly's sidecar",
        "version": "1",
        "protocol": "http",
        "parameters": {"model": model or "lastly"},
        "credential": {"key": api_key or "none"},
        "actions": [
            {
                "action_type": "predict",
                "method": "POST",
                "url": f"{sidecar.rstrip('/')}/v2/rerank",
                "headers": {"Authorization": "Bearer ${credential.key}", "Content-Type": "application/json"},
                "request_body": _body(model),
                "pre_process_function": "connector.pre_process.cohere.rerank",
                "post_process_function": "connector.post_process.cohere.rerank",
            }
        ],
    }


def pipeline(model_id: str, fields: tuple[str, ...], window: int) -> dict[str, Any]:
    """Return the pipeline: fetch the window, rerank it, cut the page; a failing rerank keeps the order."""
    rerank = {
        "ml_opensearch": {"model_id": model_id},
        "context": {"document_fields": list(fields)},
        "ignore_failure": True,
    }
    return {
        "description": "Lastly, without its plugin",
        "request_processors": [{"oversample": {"sample_factor": max(window / _PAGE, 1.0)}}],
        "response_processors": [{"rerank": rerank}, {"truncate_hits": {}}],
    }


def attach(cluster: OpenSearchCluster, request: AttachRequest, api_key: str, text: str) -> Probes:
    """Make connector, model and pipeline; takes them off again and raises ClusterError where the probe fails."""
    if not _has_ml(cluster):
        raise ClusterError("this cluster has no opensearch-ml plugin, so --without-plugin can't be used here")
    cluster.check_fields(request.index, request.fields)
    _remove(cluster)
    _trust(cluster, request.sidecars[0])
    try:
        model = request.settings.get("model", "")
        made = cluster.request(
            "POST", "/_plugins/_ml/connectors/_create", connector(request.sidecars[0], api_key, model)
        )
        model_id = _registered(cluster, made[0]["connector_id"])
        _predicts(cluster, model_id)
        cluster.request("PUT", f"/_search/pipeline/{NAME}", pipeline(model_id, request.fields, request.window))
        return Probes(_search(cluster, request, text, "_none"), _search(cluster, request, text, NAME))
    except BaseException:  # an interrupted attach is undone too
        _remove(cluster)
        raise


def detach(cluster: OpenSearchCluster) -> int:
    """Take pipeline, model and connector off; returns the exit status."""
    print(f"{NAME} is removed" if _remove(cluster) else "nothing was attached")
    return 0


def _body(model: str) -> str:
    named = '"model": "${parameters.model}", ' if model else ""
    return (
        "{"
        + named
        + '"query": "${parameters.query}", "documents": ${parameters.documents}, "top_n": ${parameters.top_n}}'
    )


def _has_ml(cluster: OpenSearchCluster) -> bool:
    nodes = cluster.request("GET", "/_nodes/plugins")[0]["nodes"].values()
    return all("opensearch-ml" in {plugin["name"] for plugin in node["plugins"]} for node in nodes)


def _trust(cluster: OpenSearchCluster, sidecar: str) -> None:
    """Add the sidecar to the addresses that connectors may call."""
    key = "plugins.ml_commons.trusted_connector_endpoints_regex"
    found = cluster.request("GET", "/_cluster/settings?include_defaults=true&flat_settings=true")[0]
    known: list[str] = next(
        (found[scope][key] for scope in ("transient", "persistent", "defaults") if key in found.get(scope, {})), []
    )
    ours = f"^{re.escape(sidecar.rstrip('/'))}/.*$"
    if ours not in known:
        cluster.request("PUT", "/_cluster/settings", {"persistent": {key: [*known, ours]}})


def _registered(cluster: OpenSearchCluster, connector_id: str) -> str:
    """Register and deploy the model; returns its id."""
    body = {"name": NAME, "function_name": "remote", "description": "Lastly's sidecar", "connector_id": connector_id}
    answer = cluster.request("POST", "/_plugins/_ml/models/_register?deploy=true", body)[0]
    deadline = time.monotonic() + _WAIT_S
    while not answer.get("model_id") and time.monotonic() < deadline:
        time.sleep(0.5)
        answer = {**cluster.request("GET", f"/_plugins/_ml/tasks/{answer['task_id']}")[0], "task_id": answer["task_id"]}
        if answer.get("state") == "FAILED":
            raise ClusterError(f"ml-commons refused the model: {answer.get('error', 'it gives no reason')}")
    if not answer.get("model_id"):
        raise ClusterError(f"ml-commons has not deployed the model within {_WAIT_S} s; see GET _plugins/_ml/tasks")
    return str(answer["model_id"])


def _predicts(cluster: OpenSearchCluster, model_id: str) -> None:
    """Ask the model once: in a search, a failure would be hidden by ignore_failure."""
    body = {"query_text": "a question", "text_docs": ["an answer", "another"]}
    try:
        cluster.request("POST", f"/_plugins/_ml/_predict/text_similarity/{model_id}", body)
    except ClusterError as error:
        raise ClusterError(
            f"ml-commons can't ask the sidecar: {error}; a private address needs "
            "plugins.ml_commons.connector.private_ip_enabled: true in every node's opensearch.yml"
        ) from None


def _search(cluster: OpenSearchCluster, request: AttachRequest, text: str, name: str) -> tuple[str, ...]:
    body: dict[str, Any] = {"query": {"multi_match": {"query": text, "fields": list(request.fields)}}, "size": _PAGE}
    if name != "_none":
        body["ext"] = {"rerank": {"query_context": {"query_text": text}}}
    hits = cluster.request("POST", f"/{request.index}/_search?search_pipeline={name}", body)[0]["hits"]["hits"]
    return tuple(hit["_id"] for hit in hits)


def _remove(cluster: OpenSearchCluster) -> bool:
    """Remove what bears our name; tells whether there was anything."""
    removed = _has_pipeline(cluster)
    if removed:
        cluster.request("DELETE", f"/_search/pipeline/{NAME}")
    for kind in ("models", "connectors"):
        for found in _named(cluster, kind):
            _delete(cluster, f"/_plugins/_ml/{kind}/{found}", undeployed=kind == "models")
            removed = True
    return removed


def _delete(cluster: OpenSearchCluster, path: str, *, undeployed: bool) -> None:
    """Delete, and undeploy before where that is wanted.

    A model that was just undeployed is refused for a moment, and a search still under way can have ml-commons deploy it
    again: so each try undeploys it anew.
    """
    deadline = time.monotonic() + _WAIT_S
    while True:
        try:
            if undeployed:
                cluster.request("POST", f"{path}/_undeploy")
            cluster.request("DELETE", path)
            return
        except ClusterError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.5)


def _has_pipeline(cluster: OpenSearchCluster) -> bool:
    try:
        return NAME in cluster.request("GET", f"/_search/pipeline/{NAME}")[0]
    except ClusterError:  # none is answered as not found
        return False


def _named(cluster: OpenSearchCluster, kind: str) -> list[str]:
    body = {"query": {"term": {"name.keyword": NAME}}, "size": 100}
    try:
        hits = cluster.request("POST", f"/_plugins/_ml/{kind}/_search", body)[0]["hits"]["hits"]
    except ClusterError:  # the index of models is made with the first one
        return []
    return [hit["_id"] for hit in hits]
