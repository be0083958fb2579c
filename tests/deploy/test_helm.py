"""The chart is sound: helm's own lint and render, Kubernetes' schemas, and settings that the sidecar knows."""

import json
import os
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
from lastly.scheduling.metrics import Metrics
from tests.kit.limits import BUILD_S

ROOT = Path(__file__).parents[2]
CHART = ROOT / "deploy" / "helm" / "lastly"
ALL = ROOT / "deploy" / "helm" / "all-values.yaml"
KUBERNETES = "1.31"
HELM = "helm.sh/helm/v3/cmd/helm@v3.22.0"
OPERATOR = "github.com/prometheus-operator/prometheus-operator@v0.85.0"
CUSTOM = ("ServiceMonitor", "PrometheusRule")
DEFINITIONS = "example/prometheus-operator-crd"


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
        subprocess.run(["go", "install", HELM], env=environment, check=True, timeout=BUILD_S, capture_output=True)
    return str(cache / "helm")


@pytest.fixture(scope="session")
def operator_schemas() -> dict[str, Any]:
    """The schemas that the Prometheus operator installs, by kind, out of its Go module."""
    if shutil.which("go") is None:
        pytest.skip("go is not installed: the Prometheus operator's schemas can't be had")
    command = ["go", "mod", "download", "-json", OPERATOR]
    found = subprocess.run(command, check=True, timeout=300, capture_output=True, cwd=tempfile.gettempdir())
    folder = Path(json.loads(found.stdout)["Dir"]) / DEFINITIONS
    return {kind: _schema(folder / f"monitoring.coreos.com_{kind.lower()}s.yaml") for kind in CUSTOM}


def _schema(file: Path) -> dict[str, Any]:
    definition = yaml.safe_load(file.read_text(encoding="utf-8"))
    [version] = definition["spec"]["versions"]
    return dict(strict(version["schema"]["openAPIV3Schema"]))


def strict(schema: Any) -> Any:
    """Refuse fields that a schema does not name: a cluster would drop them in silence."""
    if isinstance(schema, list):
        return [strict(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {"additionalProperties": False} if isinstance(schema.get("properties"), dict) else {}
    kept = {key: part for key, part in schema.items() if not _only_go_reads(key, part)}
    return closed | {key: strict(part) for key, part in kept.items()}


def _only_go_reads(key: str, part: Any) -> bool:
    """Flags in the middle of a pattern are Go's: Python's regular expressions refuse them."""
    return key == "pattern" and isinstance(part, str) and "(?i)" in part[1:]


def run(helm: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([helm, *arguments], capture_output=True, text=True, timeout=60)


def render(helm: str, *arguments: str) -> dict[str, Any]:
    """Return the chart's objects by kind."""
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
        if kind not in CUSTOM:  # see below
            kubernetes_validate.validate(made, KUBERNETES, strict=True)
    optional = {*CUSTOM, "NetworkPolicy", "Ingress", "HorizontalPodAutoscaler"}
    assert optional & set(objects) == (optional if values else set())


@pytest.mark.parametrize("tls", ["", "lastly-tls"])
def test_the_monitor_fits_the_operator_s_schema(helm: str, operator_schemas: dict[str, Any], tls: str) -> None:
    monitor = render(helm, "-f", str(ALL), "--set", f"tlsSecret={tls}")["ServiceMonitor"]
    monitor["metadata"] = {}  # the schema leaves it to Kubernetes
    jsonschema.validate(monitor, operator_schemas["ServiceMonitor"])
    monitor["spec"]["endpoints"][0]["intervall"] = "15s"
    with pytest.raises(jsonschema.ValidationError, match="intervall"):
        jsonschema.validate(monitor, operator_schemas["ServiceMonitor"])


def test_the_alerts_fit_the_operator_s_schema(helm: str, operator_schemas: dict[str, Any]) -> None:
    rule = render(helm, "-f", str(ALL))["PrometheusRule"]
    rule["metadata"] = {}
    jsonschema.validate(rule, operator_schemas["PrometheusRule"])
    assert rule["spec"] == yaml.safe_load((CHART / "files" / "alerts.yml").read_text(encoding="utf-8"))


def _environment(helm: str, *arguments: str) -> dict[str, Any]:
    [container] = render(helm, *arguments)["Deployment"]["spec"]["template"]["spec"]["containers"]
    return {entry["name"]: entry.get("value", entry.get("valueFrom")) for entry in container["env"]}


@pytest.mark.parametrize(
    ("given", "name", "taken"),
    [
        ("lexical_weight=0.5", "LASTLY_LEXICAL_WEIGHT", 0.5),
        ("lexical_weight=0.125", "LASTLY_LEXICAL_WEIGHT", 0.125),
        ("lexical_weight=1", "LASTLY_LEXICAL_WEIGHT", 1.0),
        ("cache_bytes=68719476736", "LASTLY_CACHE_BYTES", 68719476736),
        ("max_body_bytes=16777216", "LASTLY_MAX_BODY_BYTES", 16777216),
        ("max_queue=1", "LASTLY_MAX_QUEUE", 1),
    ],
)
@pytest.mark.parametrize("by_file", [False, True])
def test_a_number_reaches_the_sidecar_to_the_last_digit(
    helm: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: str, name: str, taken: float, by_file: bool
) -> None:
    setting, _, number = given.partition("=")
    values = tmp_path / "values.yaml"
    values.write_text(f"settings: {{{setting}: {number}}}", encoding="utf-8")
    value = _environment(helm, *(("-f", str(values)) if by_file else ("--set", f"settings.{given}")))[name]
    monkeypatch.setenv(name, value)
    assert getattr(Settings(), setting) == taken


def test_lists_reach_the_sidecar(helm: str, monkeypatch: pytest.MonkeyPatch) -> None:
    value = _environment(helm, "--set", "settings.model={a=/models/a,/models/b}")["LASTLY_MODEL"]
    monkeypatch.setenv("LASTLY_MODEL", value)
    assert Settings().model == (("a", Path("/models/a")), (None, Path("/models/b")))


def test_threads_follow_the_cpu_request_unless_they_are_given(helm: str) -> None:
    asked = {"resourceFieldRef": {"resource": "requests.cpu", "divisor": "1"}}
    assert _environment(helm)["LASTLY_THREADS"] == asked
    assert _environment(helm, "--set", "settings.threads=3")["LASTLY_THREADS"] == "3"


@pytest.mark.parametrize("settings", ["max_queu=3", "port=1", "max_queue=0", "provider=tpu", "api_key=abc"])
def test_a_setting_that_the_sidecar_would_refuse_is_refused_by_the_chart(helm: str, settings: str) -> None:
    refused = run(helm, "lint", str(CHART), "--set", f"settings.{settings}")
    assert refused.returncode != 0
    assert settings.partition("=")[0] in refused.stdout


def test_a_service_s_variables_do_not_reach_the_pod(helm: str) -> None:
    assert render(helm)["Deployment"]["spec"]["template"]["spec"]["enableServiceLinks"] is False


def test_the_example_for_a_gpu_node_renders(helm: str) -> None:
    pod = render(helm, "-f", str(ROOT / "deploy" / "helm" / "gpu-values.yaml"))["Deployment"]["spec"]["template"][
        "spec"
    ]
    assert pod["containers"][0]["resources"]["limits"]["nvidia.com/gpu"] == 1


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
    assert all(isinstance(entry["value"], str) for entry in container["env"] if entry["name"] != "LASTLY_THREADS")


def test_the_autoscaler_reads_a_metric_that_the_sidecar_has(helm: str) -> None:
    [metric] = render(helm, "-f", str(ALL))["HorizontalPodAutoscaler"]["spec"]["metrics"]
    assert metric["pods"]["metric"]["name"] in {family.name for family in Metrics().registry.collect()}


def test_a_value_that_does_not_exist_is_refused(helm: str) -> None:
    refused = run(helm, "lint", str(CHART), "--set", "replicaCount=3")
    assert refused.returncode != 0
    assert "replicaCount" in refused.stdout


def test_the_schema_is_json() -> None:
    assert json.loads((CHART / "values.schema.json").read_text(encoding="utf-8"))["additionalProperties"] is False
