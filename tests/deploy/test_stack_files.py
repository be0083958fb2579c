"""The stack's files agree with the code: commands, ports, environment, health checks, metrics."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from lastly.cli import COMMANDS
from lastly.config import Settings
from lastly.metrics import Metrics
from lastly.middleware import OPEN_PATHS

ROOT = Path(__file__).parent.parent.parent
DOCKERFILE = (ROOT / "deploy/docker/sidecar.Dockerfile").read_text(encoding="utf-8")
STACK: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = STACK["services"]
OURS = {name: service for name, service in SERVICES.items() if "build" in service}


@pytest.mark.parametrize("name", OURS)
def test_our_services_run_commands_that_exist_with_settings_that_hold(name: str) -> None:
    service = OURS[name]
    assert service["command"][0] in COMMANDS
    variables = {key: value for key, value in service["environment"].items() if key.startswith("LASTLY_")}
    unknown = {key for key in variables if key.removeprefix("LASTLY_").lower() not in Settings.model_fields}
    assert unknown == set()
    settings = Settings.model_validate({key.removeprefix("LASTLY_").lower(): value for key, value in variables.items()})
    assert {mapping.rsplit(":", 1)[1] for mapping in service["ports"]} == {str(settings.port)}
    assert int(service["stop_grace_period"].removesuffix("s")) > settings.drain_timeout_s


def test_every_published_port_is_on_loopback_and_used_once() -> None:
    published = [mapping for service in SERVICES.values() for mapping in service["ports"]]
    assert all(mapping.startswith("127.0.0.1:") for mapping in published)
    ports = [mapping.split(":")[1] for mapping in published]
    assert len(ports) == len(set(ports))


def test_dockerfile_sets_only_settings_that_exist_and_runs_without_rights() -> None:
    variables = set(re.findall(r"\bLASTLY_([A-Z_]+)=", DOCKERFILE))
    assert {name.lower() for name in variables} <= set(Settings.model_fields)
    assert re.search(r"^USER 10001$", DOCKERFILE, re.MULTILINE)
    exposed = re.findall(r"^EXPOSE (\d+)$", DOCKERFILE, re.MULTILINE)
    assert exposed == [re.findall(r"LASTLY_PORT=(\d+)", DOCKERFILE)[0]]


def test_every_image_has_a_version_and_no_download_runs_unchecked() -> None:
    images = [service["image"] for name, service in SERVICES.items() if name not in OURS]
    stages = set(re.findall(r" AS ([\w-]+)", DOCKERFILE))
    images += [base for base in re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE) if base not in stages]
    assert all(re.search(r":v?\d+\.\d+", image) for image in images)
    assert not re.search(r"curl|wget", DOCKERFILE)


def test_the_health_check_asks_a_path_that_needs_no_key() -> None:
    path = re.findall(r"http://127\.0\.0\.1:8787(/[\w/]+)", DOCKERFILE)
    assert path == ["/health/ready"]
    assert path[0] in OPEN_PATHS


def test_files_that_the_stack_mounts_and_builds_from_exist() -> None:
    for service in SERVICES.values():
        for volume in service.get("volumes", []):
            if volume.startswith("./"):
                assert (ROOT / volume.split(":")[0]).exists(), volume
    for service in OURS.values():
        assert (ROOT / service["build"]["dockerfile"]).is_file()
        assert f" AS {service['build']['target']}\n" in DOCKERFILE
    for source in re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.MULTILINE):
        assert all((ROOT / part).exists() for part in source.split()), source


def test_what_the_dockerfile_copies_is_not_ignored() -> None:
    allowed = set(re.findall(r"^!(\S+)$", (ROOT / ".dockerignore").read_text(encoding="utf-8"), re.MULTILINE))
    copied = {
        part for line in re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.MULTILINE) for part in line.split()
    }
    assert copied == allowed


def test_services_wait_for_healthy_ones() -> None:
    for name, service in SERVICES.items():
        for other, condition in service.get("depends_on", {}).items():
            assert condition == {"condition": "service_healthy"}, name
            assert "healthcheck" in SERVICES[other] or other in OURS


def test_prometheus_scrapes_the_sidecar_where_it_listens() -> None:
    job = yaml.safe_load((ROOT / "deploy/prometheus/prometheus.yml").read_text(encoding="utf-8"))["scrape_configs"][0]
    assert job["static_configs"][0]["targets"] == ["sidecar:8787"]
    assert job["metrics_path"] in OPEN_PATHS


def test_every_panel_asks_for_metrics_that_the_sidecar_has() -> None:
    dashboard = json.loads((ROOT / "deploy/grafana/dashboards/lastly.json").read_text(encoding="utf-8"))
    families = {family.name for family in Metrics().registry.collect()}
    source = yaml.safe_load(
        (ROOT / "deploy/grafana/provisioning/datasources/prometheus.yml").read_text(encoding="utf-8")
    )["datasources"][0]["uid"]
    for panel in dashboard["panels"]:
        assert panel["datasource"]["uid"] == source
        for target in panel["targets"]:
            asked = {
                re.sub(r"_(bucket|count|sum|total)$", "", name) for name in re.findall(r"lastly_\w+", target["expr"])
            }
            assert asked
            assert asked <= families, panel["title"]


def _compose() -> list[str] | None:
    if binary := os.environ.get("LASTLY_COMPOSE") or shutil.which("docker-compose"):
        return [binary]
    docker = shutil.which("docker")
    found = docker and subprocess.run([docker, "compose", "version"], capture_output=True, timeout=30).returncode == 0
    return [str(docker), "compose"] if found else None


@pytest.mark.parametrize("profile", ["", "monitoring", "gpu"])
def test_compose_itself_accepts_the_stack(profile: str) -> None:
    compose = _compose()
    if compose is None:
        pytest.skip("no Compose here: install the docker compose plugin, or name a binary in LASTLY_COMPOSE")
    flags = ["--profile", profile] if profile else []
    done = subprocess.run(
        [*compose, "--file", str(ROOT / "docker-compose.yml"), *flags, "config", "--format", "json"],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    expected = {name for name, service in SERVICES.items() if set(service.get("profiles", [profile])) & {profile}}
    assert set(json.loads(done.stdout)["services"]) == expected
