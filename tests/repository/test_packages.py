"""What is built holds the product and nothing else, under names of its own, and one version stands everywhere."""

import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

import lastly
from docs import versions
from lastly.cli import main

ROOT = Path(__file__).parents[2]
NAMES = {"lastly", "lastly_export", "lastly_integrations", "lastly_training"}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Source distribution and, made from it, wheel."""
    sources, out = tmp_path_factory.mktemp("sources"), tmp_path_factory.mktemp("dist")
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, timeout=60).stdout
    for name in tracked.decode().split("\0")[:-1]:
        if not name.startswith(("tests/", "plugin/", "benchmarks/")) and (ROOT / name).is_file():
            (sources / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, sources / name)
    uv = Path(sys.executable).parent / "uv"
    command = [str(uv), "build", "--quiet", "--offline", "--no-build-isolation", "--python", sys.executable]
    done = subprocess.run([*command, "--out-dir", str(out)], cwd=sources, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-3000:]
    return out


def _in_wheel(built: Path) -> set[str]:
    [wheel] = built.glob("*.whl")
    return set(zipfile.ZipFile(wheel).namelist())


def test_the_wheel_installs_names_of_our_own_alone(built: Path) -> None:
    tops = {name.split("/")[0] for name in _in_wheel(built)}
    assert {top for top in tops if not top.endswith(".dist-info")} == NAMES


def test_the_wheel_holds_the_model_the_lab_the_operators_and_vespa_s_example(built: Path) -> None:
    names = _in_wheel(built)
    assert {
        "lastly/embedded/lastly-mini/model.onnx.data",
        "lastly/lab/static/index.html",
        "lastly/graph/native/kernels.cu",
        "lastly_integrations/vespa/example/services.xml",
        "lastly/py.typed",
    } <= names


def test_how_the_embedded_model_was_made_is_not_installed(built: Path) -> None:
    assert not [name for name in _in_wheel(built) if name.startswith("lastly_training/mini")]


def test_the_source_distribution_holds_what_a_build_needs(built: Path) -> None:
    [archive] = built.glob("*.tar.gz")
    with tarfile.open(archive) as content:
        names = {name.partition("/")[2] for name in content.getnames()}
    assert {"pyproject.toml", "LICENSE", "README.md", "lastly/embedded/lastly-mini/tokenizer.json"} <= names
    assert "onnx_export/lastly_export/cli.py" in names


@pytest.mark.parametrize(("place", "named"), list(versions.named()))
def test_the_version_is_the_same_everywhere(place: str, named: str) -> None:
    assert named == versions.version(), f"{place}: run make docs"


def test_the_package_and_the_command_say_their_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert lastly.__version__ == versions.version()
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"lastly {versions.version()}\n"
