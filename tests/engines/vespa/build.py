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


def runnable(folder: Path, http_port: int, node_port: int) -> Path:
    """Give a package ports of its own."""
    services = folder / "services.xml"
    text = services.read_text().replace("<document-api/>", f'<http><server id="default" port="{http_port}"/></http>')
    services.write_text(text.replace('distribution-key="0"', f'distribution-key="0" baseport="{node_port}"'))
    return folder
