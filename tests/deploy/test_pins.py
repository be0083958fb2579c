"""What the image installs is pinned by hash, wholly, at the versions that CI tests, and nothing else is downloaded."""

import re
import tomllib
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent.parent
PINS = ROOT / "deploy" / "docker" / "requirements"
DOCKERFILE = (ROOT / "deploy" / "docker" / "sidecar.Dockerfile").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LINUX = {
    "sys_platform": "linux",
    "platform_machine": "x86_64",
    "python_version": "3.12",
    "python_full_version": "3.12.0",
}


def entries(file: Path) -> dict[str, tuple[Requirement, int]]:
    """Return each requirement of a file with its number of hashes."""
    lines = re.sub(r"\\\n", " ", file.read_text(encoding="utf-8")).splitlines()
    found: dict[str, tuple[Requirement, int]] = {}
    for line in lines:
        if line and not line.startswith("#"):
            stated, *hashes = line.split("--hash=sha256:")
            required = Requirement(stated)
            assert all(re.fullmatch(r"[0-9a-f]{64}", one.strip()) for one in hashes), required.name
            found[canonicalize_name(required.name)] = required, len(hashes)
    return found


def versions_of_ci() -> dict[str, set[str]]:
    """Return the versions of constraints.txt."""
    versions: dict[str, set[str]] = {}
    for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            pinned = Requirement(line)
            versions.setdefault(canonicalize_name(pinned.name), set()).add(str(pinned.specifier))
    return versions


@pytest.mark.parametrize("name", ["build", "cpu", "cuda", "seed"])
def test_every_requirement_has_one_version_and_its_hashes(name: str) -> None:
    text = (PINS / f"{name}.txt").read_text(encoding="utf-8")
    assert "://" not in text
    for required, hashes in entries(PINS / f"{name}.txt").values():
        assert re.fullmatch(r"==[^,*]+", str(required.specifier)), required
        assert hashes > 0, required


@pytest.mark.parametrize("name", ["cpu", "cuda"])
def test_what_the_project_needs_is_pinned_within_its_bounds(name: str) -> None:
    pinned = entries(PINS / f"{name}.txt")
    wanted = [*PROJECT["project"]["dependencies"], *PROJECT["project"]["optional-dependencies"]["otel"]]
    for stated in map(Requirement, wanted):
        found = pinned.get(canonicalize_name(stated.name)) or pinned[f"{canonicalize_name(stated.name)}-gpu"]
        assert stated.specifier.contains(str(found[0].specifier).removeprefix("==")), f"{stated}: run make lock"


@pytest.mark.parametrize("name", ["cpu", "seed"])
def test_the_image_gets_the_versions_that_are_tested(name: str) -> None:
    versions = versions_of_ci()
    for package, (required, _) in entries(PINS / f"{name}.txt").items():
        assert str(required.specifier) in versions.get(package, {str(required.specifier)}), f"{required}: run make lock"
    assert entries(PINS / f"{name}.txt").keys() <= versions.keys() | {"colorama", "httpx2-jsfetch"}


@pytest.mark.parametrize("name", ["cpu", "seed"])
def test_nothing_that_a_pinned_package_needs_is_missing(name: str) -> None:
    """An installer that wants hashes refuses what has none: the list must be whole."""
    pinned = entries(PINS / f"{name}.txt")
    for package in pinned:
        try:
            needs = distribution(package).requires or []
        except PackageNotFoundError:  # of another platform
            continue
        for needed in map(Requirement, needs):
            if needed.marker is None or needed.marker.evaluate(LINUX | {"extra": ""}):
                assert canonicalize_name(needed.name) in pinned, f"{package} needs {needed.name}: run make lock"


def test_every_installation_in_the_image_asks_for_hashes_or_takes_the_built_wheel() -> None:
    installations = re.findall(r"\bpip\b[^&\n]*?\binstall\b([^&\n]*)", re.sub(r"\\\n", " ", DOCKERFILE))
    assert len(installations) == 6
    for arguments in installations:
        assert "--require-hashes -r requirements/" in arguments or "--no-deps --no-index /wheels/" in arguments
    assert "--no-build-isolation" in DOCKERFILE  # else the build would fetch its tools unchecked
    named = set(re.findall(r"requirements/(\w+)\.txt", DOCKERFILE))
    assert named == {file.stem for file in PINS.glob("*.txt")}
