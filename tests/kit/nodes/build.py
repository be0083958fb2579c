"""Builds a plugin's zip, or says why it can't be."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.kit.limits import BUILD_S

PLUGIN = Path(__file__).parents[3] / "plugin"


def version(module: str) -> str:
    """Return the version of its engine: of a variable like OPENSEARCH_VERSION, or the one of plugin/`module`'s pom."""
    return os.environ.get(f"{module.upper()}_VERSION") or built_for(module)


def built_for(module: str) -> str:
    """Return the version of its engine in plugin/`module`'s pom."""
    found = re.search(f"<{module}.version>(.*?)<", (PLUGIN / module / "pom.xml").read_text("utf-8"))
    assert found
    return found[1]


def built(module: str, version: str, java_home: str | None, needs: str, *options: str) -> Path:
    """Return the zip of plugin/`module` for one version of its engine; a missing tool skips, a failing build fails."""
    maven = shutil.which("mvn")
    if not maven or not java_home:
        pytest.skip(f"{module}'s tests need Maven and {needs}")
    done = subprocess.run(
        [maven, "-q", "-B", "-ntp", "-pl", module, "-am", f"-D{module}.version={version}", *options, "package"],
        cwd=PLUGIN,
        env={**os.environ, "JAVA_HOME": java_home},
        capture_output=True,
        text=True,
        check=False,
        timeout=BUILD_S,
    )
    assert done.returncode == 0, done.stdout[-4000:]
    return next((PLUGIN / module / "target").glob(f"lastly-{module}-{version}*.zip"))
