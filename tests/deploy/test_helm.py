"""The chart is sound: helm's own lint and render, Kubernetes' schemas, and settings that the sidecar knows."""

import json
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import jsonschema
import kubernetes_validate
import pytest
import yaml

from lastly.config import Settings

ROOT = Path(__file__).parents[2]
CHART = ROOT / "deploy" / "helm" / "lastly"
ALL = ROOT / "deploy" / "helm" / "all-values.yaml"
KUBERNETES = "1.31"
HELM = "helm.sh/helm/v3/cmd/helm@v3.22.0"
OPERATOR = "github.com/prometheus-operator/prometheus-operator@v0.85.0"
MONITORS = "example/prometheus-operator-crd/monitoring.coreos.com_servicemonitors.yaml"


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


@pytest.fixture(scope="session")
def monitor_schema() -> dict[str, Any]:
    """The schema that the Prometheus operator installs for ServiceMonitors, out of its Go module."""
    if shutil.which("go") is None:
        pytest.skip("go is not installed: the ServiceMonitor's schema can't be had")
    command = ["go", "mod", "download", "-json", OPERATOR]
    found = subprocess.run(command, check=True, timeout=300, capture_output=True, cwd=tempfile.gettempdir())
    definition = yaml.safe_load((Path(json.loads(found.stdout)["Dir"]) / MONITORS).read_text(encoding="utf-8"))
    [version] = definition["spec"]["versions"]
    return strict(version["schema"]["openAPIV3Schema"])


def strict(schema: Any) -> Any:
    """Refuse fields that a schema does not name: a cluster would drop them in silence."""
    if isinstance(schema, list):
        return [strict(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {"additionalProperties": False} if isinstance(schema.get("properties"), dict) else {}
    return closed | {key: strict(part) for key, part in schema.items()}


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
        if kind != "ServiceMonitor":  # a custom resource: see below
            kubernetes_validate.validate(made, KUBERNETES, strict=True)
    assert ("ServiceMonitor" in objects) == bool(values)


@pytest.mark.parametrize("tls", ["", "lastly-tls"])
def test_the_monitor_fits_the_operator_s_schema(helm: str, monitor_schema: dict[str, Any], tls: str) -> None:
    monitor = render(helm, "-f", str(ALL), "--set", f"tlsSecret={tls}")["ServiceMonitor"]
    monitor["metadata"] = {}  # the schema leaves it to Kubernetes
    jsonschema.validate(monitor, monitor_schema)
    monitor["spec"]["endpoints"][0]["intervall"] = "15s"
    with pytest.raises(jsonschema.ValidationError, match="intervall"):
        jsonschema.validate(monitor, monitor_schema)


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
