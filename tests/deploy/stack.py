"""`make test-stack`: builds the stack, waits until it is healthy, reranks through it, takes it down.

Exit status: 0 it works, 1 it does not, 77 not run, for want of a container engine or of Compose.
"""

import json
import shutil
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import docker
from docker.errors import DockerException

ROOT = Path(__file__).parent.parent.parent
NOT_RUN = 77
PROJECT = "lastly-test-stack"
COMPOSE = ["docker", "compose", "--project-name", PROJECT, "--file", str(ROOT / "docker-compose.yml")]
START_S = 900


def main() -> int:
    """Run the steps; gives the exit status."""
    if (lacking := _lacking()) is not None:
        print(f"not run: {lacking}", file=sys.stderr)
        return NOT_RUN
    try:
        started = time.monotonic()
        subprocess.run([*COMPOSE, "up", "--build", "--detach", "--wait"], check=True, timeout=START_S)
        _check_containers()
        best = _rerank(["Lyon is a city.", "Paris is the capital of France."])
        print(f"up after {time.monotonic() - started:.0f} s; the first rerank was answered, best: {best}")
        return 0
    except (subprocess.SubprocessError, OSError, AssertionError) as error:
        print(f"failed: {error}", file=sys.stderr)
        return 1
    finally:
        subprocess.run([*COMPOSE, "down", "--volumes", "--timeout", "30"], check=False, timeout=120)


def _lacking() -> str | None:
    try:
        docker.from_env(timeout=10).ping()
    except DockerException:
        return "no container engine answers here"
    binary = shutil.which("docker")
    if binary is None or subprocess.run([binary, "compose", "version"], capture_output=True, timeout=30).returncode:
        return "the docker compose plugin is missing"
    return None


def _check_containers() -> None:
    containers = docker.from_env(timeout=10).containers.list(filters={"label": f"com.docker.compose.project={PROJECT}"})
    for container in containers:
        assert container.health == "healthy", f"{container.name} is {container.health}"
        assert container.attrs["Config"]["User"] not in ("", "0", "root"), f"{container.name} runs as root"
    assert len(containers) == 2, f"{len(containers)} containers run, sidecar and lab are wanted"


def _rerank(documents: list[str]) -> int:
    body = json.dumps({"query": "capital of France", "documents": documents}).encode()
    request = urllib.request.Request("http://127.0.0.1:8787/v1/rerank", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as response:
        results = json.loads(response.read())["results"]
    assert sorted(result["index"] for result in results) == list(range(len(documents)))
    return int(results[0]["index"])


if __name__ == "__main__":
    sys.exit(main())
