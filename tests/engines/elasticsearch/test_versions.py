"""The versions of Elasticsearch that the guide names: compiled against some, run in others."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.kit.limits import BUILD_S
from tests.kit.nodes import java
from tests.kit.nodes.build import PLUGIN
from tests.kit.nodes.elasticsearch import VERSION

GUIDE = PLUGIN.parent / "docs" / "getting-started-elasticsearch.md"
# With the oldest JDK that Elasticsearch's own classes ask for, and what chooses its sources.
COMPILED = {"8.19.0": (17, ["-Delasticsearch.version=8.19.0"]), "9.5.3": (21, ["-P", "elasticsearch-9"])}


@pytest.mark.parametrize("version", COMPILED)
def test_the_plugin_is_compiled_against(version: str, tmp_path: Path) -> None:
    at_least, chosen = COMPILED[version]
    maven, home = shutil.which("mvn"), java.java_home(at_least)
    if not maven or not home:
        pytest.skip(f"needs Maven and a JDK of {at_least} or newer")
    copy = tmp_path / "plugin"  # the folder itself holds the zip that other tests install
    shutil.copytree(PLUGIN, copy, ignore=shutil.ignore_patterns("target"))
    done = subprocess.run(
        [maven, "-q", "-B", "-ntp", "-pl", "elasticsearch", "-am", "-Dmaven.test.skip=true", *chosen, "package"],
        cwd=copy,
        env={**os.environ, "JAVA_HOME": home},
        capture_output=True,
        text=True,
        check=False,
        timeout=BUILD_S,
    )
    assert done.returncode == 0, done.stdout[-4000:]
    assert [zip_.name for zip_ in (copy / "elasticsearch" / "target").glob(f"lastly-elasticsearch-{version}.*.zip")]


def test_the_guide_names_them() -> None:
    rows = [line for line in GUIDE.read_text(encoding="utf-8").splitlines() if line.startswith("| ")]
    for version in (VERSION, *COMPILED):
        assert any(line.startswith(f"| {version} |") for line in rows), version
