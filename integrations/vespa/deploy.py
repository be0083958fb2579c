"""Deploys a package over the config server's HTTP API and waits until its services run the new configuration."""

import io
import json
import time
import urllib.error
import urllib.request
import zipfile
from pathlib import Path
from typing import Any

from integrations.vespa.errors import DeployError

_CALL_S = 120.0
_POLL_S = 1.0
_TENANT = "application/v2/tenant/default"
_CONVERGENCE = f"{_TENANT}/application/default/environment/prod/region/default/instance/default/serviceconverge"


def deploy(folder: Path, config_server: str, wait_s: float = 300.0) -> str:
    """Upload, prepare and activate; gives the session's number. Raises DeployError with the server's reason."""
    answer = _call("POST", f"{config_server.rstrip('/')}/{_TENANT}/prepareandactivate", zipped(folder))
    if wait_s:
        _wait_until_converged(config_server.rstrip("/"), time.monotonic() + wait_s)
    return str(answer.get("session-id", ""))


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
