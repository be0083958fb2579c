"""Deploys a package over the config server's HTTP API and waits until its services run the new configuration."""

import io
import json
import time
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lastly_integrations.vespa.errors import DeployError

_CALL_S = 120.0
_POLL_S = 1.0
_TENANT = "application/v2/tenant/default"
_CONVERGENCE = f"{_TENANT}/application/default/environment/prod/region/default/instance/default/serviceconverge"


@dataclass(frozen=True)
class Deployment:
    """A package that is active: its session's number, and what the config server wants its user to know."""

    session: str
    said: list[str]


def deploy(folder: Path, config_server: str, wait_s: float = 300.0) -> Deployment:
    """Upload, prepare, activate, and wait until services run it. Raises DeployError with the server's reason."""
    server = config_server.rstrip("/")
    answer = _call("POST", f"{server}/{_TENANT}/prepareandactivate", zipped(folder))
    _wait_until_converged(server, time.monotonic() + wait_s)
    return Deployment(str(answer.get("session-id", "")), [*_warnings(answer), *_actions(answer)])


def _warnings(answer: dict[str, Any]) -> Iterator[str]:
    for entry in answer.get("log", []):
        if entry.get("level") in ("WARNING", "ERROR", "SEVERE"):
            yield f"{entry['level'].lower()}: {entry.get('message', '')}"


def _actions(answer: dict[str, Any]) -> Iterator[str]:
    """Give what the change needs before it takes effect: services to restart, documents to feed or index again."""
    for action, needed in answer.get("configChangeActions", {}).items():
        for each in needed:
            of = each.get("serviceType") or each.get("documentType", "")
            yield f"needs {action} of {of} in {each.get('clusterName', '')}: {'; '.join(each.get('messages', []))}"


def zipped(folder: Path) -> bytes:
    """Give the package as the config server wants it: a zip with services.xml at its top."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(folder.rglob("*")):
            inside = file.relative_to(folder)
            if file.is_file() and not any(part.startswith(".") for part in inside.parts):
                archive.write(file, inside.as_posix())
    return target.getvalue()


def _wait_until_converged(config_server: str, deadline: float) -> None:
    while not _call("GET", f"{config_server}/{_CONVERGENCE}").get("converged"):
        if time.monotonic() > deadline:
            raise DeployError("the package is active, but its services have not taken it up; see `vespa status`")
        time.sleep(_POLL_S)


def _call(method: str, url: str, body: bytes | None = None) -> dict[str, Any]:
    if not url.startswith(("http://", "https://")):
        raise DeployError(f"{url} is no address of a config server; give one like http://localhost:19071")
    request = urllib.request.Request(url, body, {"Content-Type": "application/zip"}, method=method)  # noqa: S310  checked above
    try:
        with urllib.request.urlopen(request, timeout=_CALL_S) as response:  # noqa: S310
            return _json(response.read())
    except urllib.error.HTTPError as error:
        reason = _json(error.read()).get("message", error.reason)
        raise DeployError(f"the config server refuses the package ({error.code}): {reason}") from error
    except OSError as error:
        raise DeployError(
            f"the config server at {url} can't be reached: {error}; give its address to --deploy"
        ) from error


def _json(body: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(body)
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}
