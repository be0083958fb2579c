"""Builds the bundle with Maven and makes application packages that run on this machine."""

import os
import shutil
import subprocess
from pathlib import Path

from integrations.vespa.package import Package
from tests.engines.vespa.container import Java

ROOT = Path(__file__).parents[3]
PLUGIN = ROOT / "plugin" / "vespa"
BUNDLE = PLUGIN / "target" / "lastly-vespa-deploy.jar"
EXAMPLE = ROOT / "integrations" / "vespa" / "example"


def built() -> Java:
    """Build and test the plugin; FileNotFoundError without Maven or a JDK, AssertionError where it fails."""
    home = os.environ.get("JAVA_HOME")
    java = f"{home}/bin/java" if home else shutil.which("java")
    maven = shutil.which("mvn")
    if not java or not maven:
        raise FileNotFoundError("Vespa's container needs Maven and a JDK of 17 or newer (JAVA_HOME)")
    command = [maven, "-q", "-B", "-ntp", "verify"]
    done = subprocess.run(command, cwd=PLUGIN, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-4000:]
    class_path = (PLUGIN / "target" / "classpath.txt").read_text().strip()
    return Java(java, f"{PLUGIN}/target/classes:{PLUGIN}/target/test-classes:{class_path}")


def plain_package(folder: Path) -> Path:
    shutil.copytree(EXAMPLE, folder)
    example = Package(folder)
    example.write(example.detach())
    return folder


def runnable(folder: Path, http_port: int) -> Path:
    """Give a package an HTTP port of its own (its content node's is the config model's: one package runs at a time)."""
    services = folder / "services.xml"
    server = f'<http><server id="default" port="{http_port}"/></http>'
    services.write_text(services.read_text().replace("<document-api/>", server))
    return folder


def add_chains(folder: Path, chains: str) -> None:
    """Write further chains into a package by hand, as a user with several would."""
    services = folder / "services.xml"
    services.write_text(services.read_text().replace("</search>", f"{chains}</search>"))
