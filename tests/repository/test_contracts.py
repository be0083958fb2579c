"""The contracts in pyproject.toml hold, and each fails for every import that it is there to forbid."""

import copy
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grimp
import pytest
from importlinter import configuration
from importlinter.application import use_cases
from importlinter.domain.contract import Contract, registry

ROOT = Path(__file__).parents[2]
HOUSES = ("lastly", "onnx_export/lastly_export", "integrations/lastly_integrations", "training/lastly_training")

configuration.configure()
_OPTIONS = use_cases.read_user_options(str(ROOT / "pyproject.toml"))
_CONTRACTS = {options["id"]: options for options in _OPTIONS.contracts_options}


def _pairs(options: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield importer and imported of everything that a contract forbids, by the names that it gives."""
    if options["type"] == "forbidden":
        yield from ((source, other) for source in options["source_modules"] for other in options["forbidden_modules"])
        return
    layers = [layer.split(" | ") for layer in options["layers"]]
    for height, layer in enumerate(layers):
        for low in layer:
            yield from ((low, high) for above in layers[:height] for high in above)
            yield from ((low, beside) for beside in layer if beside != low)


_FORBIDDEN = [(name, *pair) for name, options in _CONTRACTS.items() for pair in _pairs(options)]


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    roots = _OPTIONS.session_options["root_packages"]
    return grimp.build_graph(*roots, include_external_packages=True, cache_dir=None)


def _contract(name: str) -> Contract:
    use_cases._register_built_in_contract_types()
    options = copy.deepcopy(_CONTRACTS[name])
    return registry.get_contract_class(options["type"])(options["name"], _OPTIONS.session_options, options)


def _kept(name: str, graph: grimp.ImportGraph) -> bool:
    return bool(_contract(name).check(copy.deepcopy(graph), verbose=False).kept)


@pytest.mark.parametrize("name", _CONTRACTS)
def test_the_contract_holds(graph: grimp.ImportGraph, name: str) -> None:
    assert _kept(name, graph)


@pytest.mark.parametrize(("name", "importer", "imported"), _FORBIDDEN)
def test_the_contract_fails_for_what_it_forbids(
    graph: grimp.ImportGraph, name: str, importer: str, imported: str
) -> None:
    mutated = copy.deepcopy(graph)
    if imported not in mutated.modules:
        mutated.add_module(imported, is_squashed=True)
    mutated.add_import(importer=importer, imported=imported, line_number=1, line_contents=f"import {imported}")
    assert not bool(_contract(name).check(mutated, verbose=False).kept)


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("lastly/serving/service.py", "import lastly_training.model"),
        ("lastly/evaluation/trial.py", "import lastly.lab"),
        ("integrations/lastly_integrations/vespa/marks.py", "import lastly_export"),
        ("lastly/ranking/scoring.py", "from lastly.serving import service"),
        ("lastly/search/bm25.py", "def later():\n    import torch"),
        ("benchmarks/results.py", "from tests.unit import graph"),
    ],
)
def test_what_is_written_into_a_file_fails_the_command(tmp_path: Path, file: str, line: str) -> None:
    for folder in ("lastly", "onnx_export", "integrations", "training", "benchmarks", "tests"):
        copied = shutil.ignore_patterns("__pycache__", "embedded", "static", "*.svg", "*.md")
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=copied)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    with (tmp_path / file).open("a", encoding="utf-8") as content:
        content.write(f"\n{line}\n")
    paths = os.pathsep.join(str(tmp_path / part) for part in (".", "onnx_export", "integrations", "training"))
    command = [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"]
    done = subprocess.run(
        command, cwd=tmp_path, env=os.environ | {"PYTHONPATH": paths}, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 1
    assert file.removesuffix(".py").rsplit("/", 1)[-1] in done.stdout
    assert "1 broken" in done.stdout or "broken." in done.stdout
