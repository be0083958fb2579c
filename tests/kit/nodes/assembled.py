"""A distribution of Elasticsearch 9, put together from the jars that are on Maven Central: no whole one is there.

It starts the engine's own node with its own loader of plugins, and lacks the launcher and the agent that enforces
entitlements: what `entitlement-policy.yaml` allows is proved by Elasticsearch 8 alone.
"""

import shutil
import subprocess
import tempfile
from pathlib import Path

from tests.kit.limits import FETCH_S
from tests.kit.nodes.central import CACHE

OURS = Path(__file__).parent / "assembled_bin"
_COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies"
_POM = """<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion><groupId>x</groupId><artifactId>x</artifactId><version>1</version>
  <dependencies><dependency><groupId>{group}</groupId><artifactId>{name}</artifactId><version>{version}</version>
  </dependency></dependencies>
</project>"""
_DESCRIPTOR = """description=HTTP and transport
version={version}
name=transport-netty4
java.version=21
elasticsearch.version={version}
classname=org.elasticsearch.transport.netty4.Netty4Plugin
"""


def assembled(version: str) -> Path:
    """Return the zip; it is put together once. Raises CalledProcessError where Maven can't."""
    file = CACHE / f"elasticsearch-{version}-assembled.zip"
    if not file.exists():
        with tempfile.TemporaryDirectory() as folder:
            home = Path(folder) / f"elasticsearch-{version}"
            _fill(home, version)
            made = shutil.make_archive(str(Path(folder) / "made"), "zip", folder, home.name)
            CACHE.mkdir(parents=True, exist_ok=True)
            shutil.copy(made, file.with_suffix(".part"))
            file.with_suffix(".part").rename(file)
    return file


def _fill(home: Path, version: str) -> None:
    netty = home / "modules" / "transport-netty4"
    _jars("org.elasticsearch", "elasticsearch", version, home / "lib")
    _jars("org.elasticsearch.plugin", "transport-netty4", version, netty)
    for jar in netty.iterdir():
        if (home / "lib" / jar.name).exists():
            jar.unlink()
    (netty / "plugin-descriptor.properties").write_text(_DESCRIPTOR.format(version=version))
    shutil.copytree(OURS, home / "bin")
    (home / "config").mkdir()


def _jars(group: str, name: str, version: str, folder: Path) -> None:
    """Copy a jar and what it needs."""
    with tempfile.TemporaryDirectory() as project:
        (Path(project) / "pom.xml").write_text(_POM.format(group=group, name=name, version=version))
        command = ["mvn", "-q", "-B", "-ntp", _COPY, f"-DoutputDirectory={folder}", "-DincludeScope=runtime"]
        subprocess.run(command, cwd=project, check=True, timeout=FETCH_S)
