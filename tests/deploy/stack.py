"""`make test-stack`: builds the stack, brings it up, searches in each engine, takes it down.

Exit status: 0 it works, or there is no container engine (said on a line, counted as not run); 1 it does not work.
`--profiles opensearch,vespa` takes fewer engines.
"""

import argparse
import json
import shutil
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from typing import Any

import docker
from docker.errors import DockerException

from tests.deploy.files import PROFILES, ROOT, SERVICES
from tests.kit.processes.guard import end_in_order_on_sigterm

PROJECT = "lastly-test-stack"
COMPOSE = ["docker", "compose", "--project-name", PROJECT, "--file", str(ROOT / "docker-compose.yml")]
START_S = 1800  # images are downloaded and built
WITHOUT_GPU = [profile for profile in PROFILES if profile != "gpu"]
QUERY = "temporary directory that is deleted afterwards"


def main() -> int:
    """Run the steps; return the exit status."""
    profiles = _parser().parse_args().profiles
    if (lacking := _lacking()) is not None:
        print(f"SKIPPED, so the stack counts as not run: {lacking}")
        return 0
    end_in_order_on_sigterm()  # takes the stack down
    compose = [*COMPOSE, *(word for profile in profiles for word in ("--profile", profile))]
    try:
        started = time.monotonic()
        subprocess.run([*compose, "up", "--build", "--detach", "--wait"], check=True, timeout=START_S)
        print(f"up after {time.monotonic() - started:.0f} s")
        _check_containers(profiles)
        for profile in profiles:
            if profile in FIRST_SEARCH:
                FIRST_SEARCH[profile]()
                print(f"{profile}: the first search was reranked")
        return 0
    except (subprocess.SubprocessError, OSError, AssertionError) as error:
        print(f"failed: {error}", file=sys.stderr)
        return 1
    finally:
        subprocess.run([*compose, "down", "--volumes", "--timeout", "30"], check=False, timeout=300)


def _parser() -> argparse.ArgumentParser:
    flags = argparse.ArgumentParser(prog="make test-stack", description=__doc__)
    flags.add_argument("--profiles", type=lambda text: text.split(","), default=WITHOUT_GPU, metavar="NAME,NAME")
    return flags


def _lacking() -> str | None:
    try:
        docker.from_env(timeout=10).ping()
    except DockerException:
        return "no container engine answers here"
    binary = shutil.which("docker")
    if binary is None or subprocess.run([binary, "compose", "version"], capture_output=True, timeout=30).returncode:
        return "the docker compose plugin is missing"
    return None


def _check_containers(profiles: list[str]) -> None:
    """Every long-running service is there and healthy, and none runs as root."""
    label = f"com.docker.compose.project={PROJECT}"
    containers = docker.from_env(timeout=10).containers.list(filters={"label": label})
    running = {container.labels["com.docker.compose.service"]: container for container in containers}
    wanted = {name for name, service in SERVICES.items() if set(service.get("profiles", profiles)) & set(profiles)}
    assert set(running) == {name for name in wanted if not name.startswith("seed-")}, sorted(running)
    for name, container in running.items():
        assert container.health == "healthy", f"{name} is {container.health}"
        user = container.exec_run(["id", "-u"]).output.decode().strip()
        assert user != "0", f"{name} runs as root"


def _search_api(port: int) -> None:
    url = f"http://127.0.0.1:{port}/articles/_search"
    body = {"query": {"match": {"text": QUERY}}}
    found, headers = _call(url, body)
    plain, _ = _call(url, {**body, "ext": {"lastly": {"enabled": False}}})
    assert "warning" not in headers, headers["warning"]
    assert [hit["_id"] for hit in found["hits"]["hits"]] != [hit["_id"] for hit in plain["hits"]["hits"]]


def _vespa() -> None:
    asked = {"yql": "select * from article where userInput(@text)", "text": QUERY, "timeout": "15s"}
    found, headers = _call("http://127.0.0.1:8080/search/?" + urllib.parse.urlencode(asked))
    assert "warning" not in headers, headers["warning"]
    assert all(-1 <= hit["relevance"] <= 1 for hit in found["root"]["children"])  # cosines, not first-stage scores


def _dashboards() -> None:
    found, _ = _call("http://127.0.0.1:9090/api/v1/targets")
    assert all(target["health"] == "up" for target in found["data"]["activeTargets"])
    assert _call("http://127.0.0.1:3000/api/dashboards/uid/lastly")[0]["dashboard"]["panels"]


FIRST_SEARCH = {
    "opensearch": lambda: _search_api(9200),
    "elasticsearch": lambda: _search_api(9201),
    "vespa": _vespa,
    "monitoring": _dashboards,
}


def _call(url: str, body: Any = None) -> tuple[Any, dict[str, str]]:
    sent = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, sent, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as response:
        return json.loads(response.read()), {name.lower(): value for name, value in response.headers.items()}


if __name__ == "__main__":
    sys.exit(main())
