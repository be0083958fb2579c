"""Deploys a package over the config server's HTTP API and waits until its services run the new configuration."""

import io
import time
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

from lastly.errors import InvalidRequestError, NotReadyError
from lastly_integrations.json_client import JsonClient
from lastly_integrations.server_url import without_user_info
from lastly_integrations.vespa.errors import DeployError

_CALL_S = 600.0  # a package with a model in it takes a while to send and to prepare
_POLL_S = 1.0
_TENANT = "/application/v2/tenant/default"
_CONVERGENCE = f"{_TENANT}/application/default/environment/prod/region/default/instance/default/serviceconverge"


@dataclass(frozen=True)
class Deployment:
    """A package that is active: its session's number, and what the config server wants its user to know."""

    session: str
    said: list[str]


def deploy(folder: Path, config_server: str, wait_s: float = 300.0) -> Deployment:
    """Upload, prepare, activate, and wait until services run it. Raises DeployError with the server's reason."""
    client = _client(config_server)
    answer = _call(client, "POST", f"{_TENANT}/prepareandactivate", zipped(folder))
    _wait_until_converged(client, time.monotonic() + wait_s)
    with client.reading():
        return Deployment(str(answer.get("session-id", "")), [*_warnings(answer), *_actions(answer)])


def _warnings(answer: dict[str, Any]) -> Iterator[str]:
    for entry in answer.get("log", []):
        if entry.get("level") in ("WARNING", "ERROR", "SEVERE"):
            yield f"{entry['level'].lower()}: {entry.get('message', '')}"


def _actions(answer: dict[str, Any]) -> Iterator[str]:
    """Return what the change needs before it takes effect: services to restart, documents to feed or index again."""
    for action, needed in answer.get("configChangeActions", {}).items():
        for each in needed:
            of = each.get("serviceType") or each.get("documentType", "")
            yield f"needs {action} of {of} in {each.get('clusterName', '')}: {'; '.join(each.get('messages', []))}"


def zipped(folder: Path) -> bytes:
    """Return the package as the config server wants it: a zip with services.xml at its top."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(folder.rglob("*")):
            inside = file.relative_to(folder)
            if file.is_file() and not any(part.startswith(".") for part in inside.parts):
                archive.write(file, inside.as_posix())
    return target.getvalue()


def _wait_until_converged(client: JsonClient, deadline: float) -> None:
    while not _call(client, "GET", _CONVERGENCE).get("converged"):
        if time.monotonic() > deadline:
            raise DeployError("the package is active, but its services have not taken it up; see `vespa status`")
        time.sleep(_POLL_S)


def _client(config_server: str) -> JsonClient:
    try:
        return JsonClient(config_server, timeout_s=_CALL_S)
    except InvalidRequestError as error:
        shown = without_user_info(config_server)
        raise DeployError(f"{shown} is no address of a config server; give one like http://localhost:19071") from error


def _call(client: JsonClient, method: str, path: str, package: bytes = b"") -> dict[str, Any]:
    try:
        status, answer = client.send(method, path, package, "application/zip")
    except NotReadyError as error:
        raise DeployError(f"no config server answers: {error} Give its address to --deploy") from error
    said: dict[str, Any] = answer if isinstance(answer, dict) else {}
    if status != HTTPStatus.OK:
        reason = said.get("message", "no reason given")
        raise DeployError(f"the config server refuses the package ({status}): {reason}")
    return said
