"""Builds the bundle, attaches it to the example package with the tool that users have, and runs the container."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from integrations.vespa.package import Package
from integrations.vespa.services import SEARCHER, Wiring
from lastly.local.python_docs import python_documentation
from tests.engines.vespa.container import Container, Java, running
from tests.engines.vespa.lying_sidecar import LyingSidecar

ROOT = Path(__file__).parents[3]
PLUGIN = ROOT / "plugin" / "vespa"
EXAMPLE = ROOT / "integrations" / "vespa" / "example"
HTTP_PORT, NODE_PORT = 19250, 19255


@pytest.fixture(scope="session")
def java() -> Java:
    """Build the bundle and run its JUnit tests; a Java that is missing skips, a build that fails fails."""
    home = os.environ.get("JAVA_HOME")
    found = f"{home}/bin/java" if home else shutil.which("java")
    maven = shutil.which("mvn")
    if not found or not maven:
        pytest.skip("Vespa's tests need Maven and a JDK of 17 or newer (JAVA_HOME)")
    built = subprocess.run(
        [maven, "-q", "-B", "-ntp", "package"], cwd=PLUGIN, capture_output=True, text=True, check=False
    )
    assert built.returncode == 0, built.stdout[-4000:]
    class_path = (PLUGIN / "target" / "classpath.txt").read_text().strip()
    return Java(found, f"{PLUGIN}/target/classes:{PLUGIN}/target/test-classes:{class_path}")


@pytest.fixture(scope="session")
def bundle(java: Java) -> bytes:
    return (PLUGIN / "target" / "lastly-vespa-deploy.jar").read_bytes()


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Python's own documentation: about five thousand articles."""
    file = tmp_path_factory.mktemp("corpus") / "articles.jsonl"
    file.write_text("".join(json.dumps(document.model_dump()) + "\n" for document in python_documentation()))
    return file


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """The example package as it was before Lastly was attached."""
    return plain_package(tmp_path / "package")


def plain_package(folder: Path) -> Path:
    shutil.copytree(EXAMPLE, folder)
    example = Package(folder)
    example.write(example.detach())
    return folder


def runnable(folder: Path, http_port: int, node_port: int) -> Path:
    """Give a package ports of its own."""
    services = folder / "services.xml"
    text = services.read_text().replace("<document-api/>", f'<http><server id="default" port="{http_port}"/></http>')
    services.write_text(text.replace('distribution-key="0"', f'distribution-key="0" baseport="{node_port}"'))
    return folder


@pytest.fixture(scope="session")
def lying_sidecar() -> Iterator[LyingSidecar]:
    sidecar = LyingSidecar()
    yield sidecar
    sidecar.close()


# Chains beside `default`, for the settings that a query can't change.
CHAINS = {
    "failing": {"on_failure": "fail"},
    "shadow": {"mode": "shadow"},
    "hasty": {"timeout": "200ms"},
    "off": {"enabled": "false"},
    "misfilled": {"summary": "nosuch"},
}


def _chain(name: str, sidecar: str, settings: dict[str, str]) -> str:
    """Write a chain by hand, as a user with several would."""
    lines = "\n".join(Wiring(("title", "text"), (sidecar,), tuple(settings.items())).searcher())
    lines = lines.replace(f'id="{SEARCHER}"', f'id="lastly-{name}" class="{SEARCHER}"')
    if "enabled" in settings:
        lines = lines.replace("<enabled>true</enabled>", "", 1)
    return f'<chain id="{name}" inherits="vespa">\n{lines}\n</chain>\n'


@pytest.fixture(scope="session")
def everything(
    java: Java, bundle: bytes, corpus: Path, lying_sidecar: LyingSidecar, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Container]:
    """One container for most tests: `default` written by the tool, the other chains by hand."""
    folder = runnable(plain_package(tmp_path_factory.mktemp("vespa") / "application"), HTTP_PORT, NODE_PORT)
    package = Package(folder)
    package.write(package.attach(Wiring(("title", "text"), (lying_sidecar.url,)), (), bundle))
    chains = "".join(_chain(name, lying_sidecar.url, settings) for name, settings in CHAINS.items())
    services = folder / "services.xml"
    services.write_text(services.read_text().replace("</search>", f"{chains}</search>"))
    with running(java, folder, corpus, HTTP_PORT) as container:
        yield container


@pytest.fixture
def sidecar(lying_sidecar: LyingSidecar) -> LyingSidecar:
    """The sidecar behind `vespa`, telling the truth until a test says otherwise."""
    lying_sidecar.reset()
    return lying_sidecar


@pytest.fixture
def vespa(everything: Container, sidecar: LyingSidecar) -> Container:
    return everything
