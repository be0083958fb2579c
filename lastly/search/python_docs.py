"""The documentation of the Python that runs this: the standard library's docstrings, read from its sources."""

import ast
import builtins
import inspect
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

from lastly.search.documents import Document

_SKIPPED = {"test", "tests", "idlelib", "lib2to3", "site-packages", "dist-packages", "ensurepip", "turtledemo"}
_MINIMUM = 30  # characters: shorter docstrings only repeat the name
_Documented = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def python_documentation() -> list[Document]:
    """Return one document a module, class, function and method that is public and documented."""
    found: dict[str, Document] = {}
    for document in [*_from_sources(), *_from_builtins()]:
        found.setdefault(document.id, document)
    return list(found.values())


def _from_sources() -> Iterator[Document]:
    root = Path(sysconfig.get_path("stdlib"))
    for file in sorted(root.rglob("*.py")):
        steps = file.relative_to(root).with_suffix("").parts
        if _SKIPPED.isdisjoint(steps) and not any(step.startswith("_") and step != "__init__" for step in steps):
            yield from _from_module(file, ".".join(step for step in steps if step != "__init__"))


def _from_module(file: Path, name: str) -> Iterator[Document]:
    try:
        tree = ast.parse(file.read_bytes())
    except (SyntaxError, ValueError):  # the library keeps a few broken files for its own tests
        return
    yield from _document(name, "module", ast.get_docstring(tree))
    yield from _members(tree, name)


def _members(parent: ast.Module | ast.ClassDef, prefix: str) -> Iterator[Document]:
    for node in parent.body:
        if not isinstance(node, _Documented) or node.name.startswith("_"):
            continue
        name = f"{prefix}.{node.name}"
        yield from _document(name, _signature(node), ast.get_docstring(node))
        if isinstance(node, ast.ClassDef):
            yield from _members(node, name)


def _signature(node: _Documented) -> str:
    if isinstance(node, ast.ClassDef):
        return f"class {node.name}"
    return f"{node.name}({ast.unparse(node.args)})"


def _from_builtins() -> Iterator[Document]:
    """What is written in C has no source here; its docstrings are on the objects."""
    modules = [builtins, *(sys.modules[name] for name in ("math", "time", "itertools", "sys") if name in sys.modules)]
    for module in modules:
        for name, value in sorted(vars(module).items()):
            if not name.startswith("_") and callable(value):
                yield from _document(f"{module.__name__}.{name}", "", inspect.getdoc(value))


def _document(name: str, signature: str, text: str | None) -> Iterator[Document]:
    if text and len(text) >= _MINIMUM:
        yield Document(id=name, title=name, text=f"{signature}\n{text}".strip())
