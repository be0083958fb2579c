"""Imports point one way: what each part may import is written here and checked against the code."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# Third-party packages that only one home may import.
HOMES = {
    "onnxruntime": {
        "lastly/graph/opening.py",
        "lastly/graph/session.py",
        "lastly/graph/cuda_graphs.py",
        "onnx_export/",
        "benchmarks/",
        "tests/",
    },
    "torch": {"onnx_export/", "training/", "benchmarks/", "tests/"},
    "transformers": {"onnx_export/", "training/", "benchmarks/", "tests/"},
    "optimum": {"onnx_export/"},
    "opensearchpy": {"integrations/", "tests/", "benchmarks/"},
    "elasticsearch": {"integrations/", "tests/", "benchmarks/"},
    "tantivy": {"lastly/search/bm25.py"},
    "ir_measures": {"lastly/evaluation/measures.py", "training/", "benchmarks/"},
    "scipy": {"lastly/evaluation/significance.py", "training/", "benchmarks/"},
    "matplotlib": {"lastly/evaluation/plot.py", "training/", "benchmarks/"},
    "ray": {"lastly/serving/ray_serve.py", "tests/"},
    "opentelemetry": {"lastly/serving/tracing.py", "tests/"},
    "fastapi": {"lastly/"},
    "uvicorn": {"lastly/"},
}

# Each module of lastly may import only those that stand before it.
ORDER = [
    "allocator",
    "buckets",
    "captured",
    "priority",
    "errors",
    "native",
    "gpu_memory",
    "graph_header",
    "types",
    "prompt",
    "model",
    "blocks",
    "scoring",
    "terms",
    "lexical",
    "beginnings",
    "excerpts",
    "cuts",
    "tokenization",
    "feeds",
    "runtime",
    "session",
    "reranker",
    "diagnosis",
    "config",
    "configuration_page",
    "logs",
    "metrics",
    "jobs",
    "estimate",
    "admission",
    "batches",
    "scheduler",
    "cache",
    "keys",
    "models",
    "tracing",
    "dialects",
    "service",
    "error_answers",
    "bodies",
    "middleware",
    "hangup",
    "routes",
    "app",
    "certificate",
    "server",
    "ray_serve",
    "local",
    "lab",
    "evaluation",
    "commands",
    "cli",
    "__main__",
]

EXPORT_MAY_IMPORT = {"errors", "types", "prompt", "tokenization", "model", "runtime", "session", "scoring"}


def _sources() -> list[Path]:
    folders = ("lastly", "onnx_export", "integrations", "benchmarks", "training", "tests")
    return sorted(file for folder in folders for file in (ROOT / folder).rglob("*.py"))


def _imports(file: Path) -> set[str]:
    """Give every dotted name that a file imports, with the names of `from` imports appended."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
    return found


def _relative(file: Path) -> str:
    return file.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("package", HOMES)
def test_a_package_is_imported_only_in_its_home(package: str) -> None:
    strays = [
        _relative(file)
        for file in _sources()
        if any(name.split(".")[0] == package for name in _imports(file))
        and not any(_relative(file).startswith(home) for home in HOMES[package])
    ]
    assert strays == []


def _lastly_modules(file: Path) -> set[str]:
    names = [name.split(".") for name in _imports(file)]
    return {name[1] for name in names if name[0] == "lastly" and len(name) > 1}


def test_modules_of_lastly_import_only_those_before_them() -> None:
    strays = []
    for file in sorted((ROOT / "lastly").rglob("*.py")):
        module = file.relative_to(ROOT / "lastly").parts[0].removesuffix(".py")
        if module == "__init__":
            continue
        allowed = set(ORDER[: ORDER.index(module) + 1])
        strays += [f"{module} imports {other}" for other in _lastly_modules(file) - allowed]
    assert strays == []


def test_the_exporter_imports_only_the_model_s_half_of_lastly() -> None:
    strays = {
        _relative(file): _lastly_modules(file) - EXPORT_MAY_IMPORT
        for file in sorted((ROOT / "onnx_export").rglob("*.py"))
    }
    assert {file: names for file, names in strays.items() if names} == {}


def test_integrations_know_nothing_of_lastly_s_inside() -> None:
    assert [_relative(file) for file in (ROOT / "integrations").rglob("*.py") if _lastly_modules(file)] == []
