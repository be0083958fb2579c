"""For clusters that take no plugin (Elastic Cloud): an inference endpoint and the search that uses it.

Neither can be run on the distribution that the tests have, which lacks x-pack-inference: both bodies are checked
against the documented schema of the `custom` service (8.19, 9.1 and later) and of `text_similarity_reranker`, and the
request that the endpoint describes is sent to the real sidecar.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from lastly_integrations.search_api.errors import ClusterError

LICENCE = "Enterprise (or a trial)"
SINCE = "8.19.0"
LACKS = (
    "every search must be written with the retriever, none is reranked by index settings",
    "no fail open: a failing endpoint fails the search",
    "one field a passage, no per-index timeout, shadow mode, explain or stats",
)
_TEMPLATES = {"input", "query", "top_n", "return_documents", "input_type"}


def endpoint(sidecar: str, api_key: str = "", model: str = "") -> dict[str, Any]:
    """Return the body of `PUT _inference/rerank/NAME`."""
    # Templates stand without quotes: the service writes the values as JSON.
    named = f'"model": {json.dumps(model)}, ' if model else ""
    settings: dict[str, Any] = {
        "url": f"{sidecar.rstrip('/')}/v1/rerank",
        "headers": {"Content-Type": "application/json"},
        "request": "{" + named + '"query": ${query}, "documents": ${input}}',
        "response": {
            "json_parser": {
                "reranked_index": "$.results[*].index",
                "relevance_score": "$.results[*].relevance_score",
            }
        },
    }
    settings["secret_parameters"] = {"api_key": api_key or "none"}
    if api_key:
        settings["headers"]["Authorization"] = "Bearer ${api_key}"
    return {"service": "custom", "service_settings": settings}


def search(name: str, field: str, text: str, window: int = 50) -> dict[str, Any]:
    """Return the body of a search that reranks `window` hits through the endpoint `name`."""
    return {
        "retriever": {
            "text_similarity_reranker": {
                "retriever": {"standard": {"query": {"match": {field: text}}}},
                "field": field,
                "inference_id": name,
                "inference_text": text,
                "rank_window_size": window,
            }
        }
    }


def check_endpoint(body: dict[str, Any]) -> None:
    """Check a body against the documented schema; raises ClusterError that names what is wrong."""
    _members(
        "endpoint", body, {"service": str, "service_settings": dict}, {"task_settings": dict, "chunking_settings": dict}
    )
    settings = body["service_settings"]
    _members(
        "service_settings",
        settings,
        {"url": str, "request": str, "response": dict, "secret_parameters": dict},
        {"headers": dict, "query_parameters": list, "input_type": dict, "batch_size": int},
    )
    _members("response", settings["response"], {"json_parser": dict}, {})
    paths = {"reranked_index": str, "document_text": str}
    _members("json_parser", settings["response"]["json_parser"], {"relevance_score": str}, paths)
    for name, path in settings["response"]["json_parser"].items():
        if not path.startswith("$."):
            raise ClusterError(f"json_parser.{name}: {path} is no path from $")
    _check_templates(settings)


def check_search(body: dict[str, Any]) -> None:
    """Check a search against the documented schema; raises ClusterError that names what is wrong."""
    reranker = body.get("retriever", {}).get("text_similarity_reranker", {})
    required = {"retriever": dict, "field": str, "inference_text": str}
    optional = {"inference_id": str, "rank_window_size": int, "min_score": float, "filter": dict}
    _members("text_similarity_reranker", reranker, required, optional)


def _check_templates(settings: dict[str, Any]) -> None:
    known = _TEMPLATES | set(settings["secret_parameters"])
    named = set(re.findall(r"\$\{(\w+)\}", settings["request"] + " ".join(settings.get("headers", {}).values())))
    if named - known:
        raise ClusterError(f"service_settings: nothing replaces {sorted(named - known)}")
    if '"${' in settings["request"]:
        raise ClusterError("service_settings.request: templates stand without quotes")


def _members(name: str, body: dict[str, Any], required: Mapping[str, type], optional: Mapping[str, type]) -> None:
    known = {**required, **optional}
    missing, strange = set(required) - set(body), set(body) - set(known)
    if missing or strange:
        raise ClusterError(f"{name}: missing {sorted(missing)}, not in the schema {sorted(strange)}")
    wrong = [member for member, value in body.items() if not isinstance(value, known[member])]
    if wrong:
        raise ClusterError(f"{name}: {wrong} of a wrong type")
