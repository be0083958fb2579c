"""The image holds all of the product: its build copies what the wheel is made of."""

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.deploy.files import DOCKERFILES, ROOT, copied
from tests.kit.limits import BUILD_S

NOT_OF_THE_WHEEL = {"plugin", "deploy/docker/requirements"}


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """Names in the wheel that is built of what the Dockerfile copies."""
    sources, out = tmp_path_factory.mktemp("context"), tmp_path_factory.mktemp("wheels")
    for part in copied(DOCKERFILES["sidecar.Dockerfile"]) - NOT_OF_THE_WHEEL:
        if (ROOT / part).is_dir():
            ignored = shutil.ignore_patterns("__pycache__", "*.so", "*.egg-info")
            shutil.copytree(ROOT / part, sources / part, ignore=ignored)
        else:
            shutil.copy(ROOT / part, sources / part)
    build = [str(Path(sys.executable).parent / "uv"), "build", "--quiet", "--wheel", "--offline"]
    command = [*build, "--no-build-isolation", "--python", sys.executable, "--out-dir", str(out)]
    done = subprocess.run(command, cwd=sources, capture_output=True, text=True, timeout=BUILD_S)
    assert done.returncode == 0, done.stderr[-3000:]
    [wheel] = out.glob("*.whl")
    return set(zipfile.ZipFile(wheel).namelist())


def test_every_command_of_the_image_finds_its_module(installed: set[str]) -> None:
    assert {"lastly/cli.py", "lastly_export/cli.py", "lastly_training/cli.py"} <= installed


def test_the_image_holds_the_model_the_engines_house_and_no_other_package(installed: set[str]) -> None:
    assert "lastly/embedded/lastly-mini/model.onnx.data" in installed
    tops = {name.split("/")[0] for name in installed if ".dist-info/" not in name}
    assert tops == {"lastly", "lastly_export", "lastly_integrations", "lastly_training"}
