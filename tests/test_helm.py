"""The chart is sound: helm's own lint and render, Kubernetes' schemas, and settings that the sidecar knows."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from lastly.config import Settings

ROOT = Path(__file__).parent.parent
CHART = ROOT / "deploy" / "helm" / "lastly"
ALL = ROOT / "deploy" / "helm" / "all-values.yaml"
KUBERNETES = "1.31"
HELM = "helm.sh/helm/v3/cmd/helm@v3.22.0"


@pytest.fixture(scope="session")
def helm() -> str:
    """Find helm, or build it once from the Go proxy into the user's cache."""
    if found := shutil.which("helm"):
        return found
    cache = Path(os.environ.get("XDG_CACHE_HOME", str(Path.home() / ".cache"))) / "lastly" / "bin"
    if not (cache / "helm").exists():
        if shutil.which("go") is None:
            pytest.skip("neither helm nor go is installed: the chart is not rendered")
        environment = os.environ | {"GOBIN": str(cache)}
        subprocess.run(["go", "install", HELM], env=environment, check=True, timeout=560, capture_output=True)
    return str(cache / "helm")


def run(helm: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([helm, *arguments], capture_output=True, text=True, timeout=60)


def render(helm: str, *arguments: str) -> dict[str, Any]:
    """Give the chart's objects by kind."""
    rendered = run(helm, "template", "x", str(CHART), "--kube-version", f"{KUBERNETES}.0", *arguments)
    assert rendered.returncode == 0, rendered.stderr
    return {made["kind"]: made for made in yaml.safe_load_all(rendered.stdout) if made}


@pytest.mark.parametrize("values", [(), ("-f", str(ALL))])
def test_helm_finds_nothing_to_complain_about(helm: str, values: tuple[str, ...]) -> None:
    linted = run(helm, "lint", "--strict", str(CHART), *values)
    assert linted.returncode == 0, linted.stdout


@pytest.mark.parametrize("values", [(), ("-f", str(ALL))])
def test_every_object_fits_kubernetes_schema(helm: str, values: tuple[str, ...]) -> None:
    objects = render(helm, *values)
    for kind, made in objects.items():
        if kind != "ServiceMonitor":  # a custom resource, not in Kubernetes' schemas
            kubernetes_validate.validate(made, KUBERNETES, strict=True)
    assert ("ServiceMonitor" in objects) == bool(values)


def test_the_container_runs_without_rights_and_is_probed(helm: str) -> None:
    pod = render(helm, "-f", str(ALL))["Deployment"]["spec"]["template"]["spec"]
    [container] = pod["containers"]
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    assert container["readinessProbe"]["httpGet"]["path"] == "/health/ready"
    assert container["livenessProbe"]["httpGet"]["path"] == "/health/live"


def test_every_variable_that_the_chart_sets_is_a_setting(helm: str) -> None:
    known = {f"LASTLY_{name.upper()}" for name in Settings.model_fields}
    [container] = render(helm, "-f", str(ALL))["Deployment"]["spec"]["template"]["spec"]["containers"]
    assert {entry["name"] for entry in container["env"]} <= known
    assert all(isinstance(entry["value"], str) for entry in container["env"])


def test_the_autoscaler_reads_a_metric_that_the_sidecar_has(helm: str) -> None:
    [metric] = render(helm, "-f", str(ALL))["HorizontalPodAutoscaler"]["spec"]["metrics"]
    code = (ROOT / "lastly" / "metrics.py").read_text(encoding="utf-8")
    assert re.search(f'"{metric["pods"]["metric"]["name"]}"', code)


def test_a_value_that_does_not_exist_is_refused(helm: str) -> None:
    refused = run(helm, "lint", str(CHART), "--set", "replicaCount=3")
    assert refused.returncode != 0
    assert "replicaCount" in refused.stdout


def test_the_schema_is_json() -> None:
    assert json.loads((CHART / "values.schema.json").read_text(encoding="utf-8"))["additionalProperties"] is False
