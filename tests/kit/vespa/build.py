"""Builds the bundle with Maven and makes application packages that run on this machine."""

import os
import shutil
import subprocess
from pathlib import Path

from lastly_integrations.vespa.package import Package
from tests.kit.limits import BUILD_S
from tests.kit.nodes.java import java_home
from tests.kit.ports import free_port
from tests.kit.vespa.container import Java

ROOT = Path(__file__).parents[3]
PLUGINS = ROOT / "plugin"
PLUGIN = PLUGINS / "vespa"
BUNDLE = PLUGIN / "target" / "lastly-vespa-deploy.jar"
_CONTENT_NODE_SINCE = (8, 625)
EXAMPLE = ROOT / "integrations" / "lastly_integrations" / "vespa" / "example"


def has_content_node() -> bool:
    """Return whether the tests' content node can read what this version's dispatcher sends."""
    version = os.environ.get("VESPA_VERSION")
    return not version or tuple(map(int, version.split(".")[:2])) >= _CONTENT_NODE_SINCE


def built() -> Java:
    """Build and test the plugin; FileNotFoundError without Maven or a JDK, AssertionError where it fails.

    VESPA_VERSION in the environment builds for, and runs in, another version than the pom's.
    """
    version = os.environ.get("VESPA_VERSION")
    another = [f"-Dvespa.version={version}"] if version else []
    if not has_content_node():
        another.append("-Pwithout-content-node")
    home = java_home(17)
    maven = shutil.which("mvn")
    if not home or not maven:
        raise FileNotFoundError("Vespa's container needs Maven and a JDK of 17 or newer (JAVA_HOME)")
    command = [maven, "-q", "-B", "-ntp", *another, "-pl", "vespa", "-am", "verify"]
    environment = {**os.environ, "JAVA_HOME": home}
    done = subprocess.run(
        command, cwd=PLUGINS, env=environment, capture_output=True, text=True, check=False, timeout=BUILD_S
    )
    assert done.returncode == 0, done.stdout[-4000:]
    class_path = (PLUGIN / "target" / "classpath.txt").read_text().strip()
    return Java(f"{home}/bin/java", f"{PLUGIN}/target/classes:{PLUGIN}/target/test-classes:{class_path}")


def plain_package(folder: Path) -> Path:
    shutil.copytree(EXAMPLE, folder)
    example = Package(folder)
    example.write(example.detach())
    return folder


def runnable(folder: Path, http_port: int) -> Path:
    """Return a package ports of its own, so that several run at a time."""
    services = folder / "services.xml"
    server = f'<http><server id="default" port="{http_port}"/></http>'
    text = services.read_text().replace("<document-api/>", server)
    text = text.replace('distribution-key="0"', f'distribution-key="0" baseport="{free_port()}"')
    services.write_text(text)
    return folder


def add_chains(folder: Path, chains: str) -> None:
    """Write further chains into a package by hand, as a user with several would."""
    services = folder / "services.xml"
    services.write_text(services.read_text().replace("</search>", f"{chains}</search>"))
