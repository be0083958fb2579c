"""`python -m docs.rooms`: writes the picture of the rooms and the table of what may import what into ARCHITECTURE.md.

The picture is made from the code's imports, the table from the contracts in pyproject.toml; `make lint` holds the
contracts, `tests/repository/test_architecture.py` the page.
"""

import importlib
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grimp

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "ARCHITECTURE.md"
_PACKAGES = ("lastly", "lastly_export", "lastly_integrations", "lastly_training")
_FOLDERS = {"lastly_export": "onnx_export", "lastly_integrations": "integrations", "lastly_training": "training"}
# Every room may import these: arrows to them would say nothing.
_EVERYWHERE = {
    "lastly.errors",
    "lastly.types",
    "lastly.config",
    "lastly.environment",
    "lastly.flags",
    "lastly.logs",
    "lastly.cli",
    "lastly.__main__",
}


def document() -> str:
    """Return ARCHITECTURE.md with its made parts made anew, between `<!-- NAME -->` and `<!-- /NAME -->`."""
    page = PAGE.read_text(encoding="utf-8")
    return _between(_between(page, "picture", picture()), "table", table())


def picture() -> str:
    """Return a mermaid graph: an arrow goes from a room to each room that it imports and reaches by no other way."""
    arrows = arrows_between_rooms()
    shown = [
        (start, end) for start in arrows for end in sorted(arrows[start]) if not _by_another_way(arrows, start, end)
    ]
    lines = [f"    {_identifier(start)} --> {_identifier(end)}" for start, end in shown]
    names = sorted({room for arrow in shown for room in arrow})
    boxes = [f"    {_identifier(room)}[{_folder(room)}]" for room in names]
    return "\n".join(["```mermaid", "flowchart TD", *boxes, *lines, "```", ""])


def table() -> str:
    """Return a table: each room, what lives there, and the rooms that its contracts let it import."""
    rows = [f"| `{_folder(room)}/` | {_purpose(room)} | {may} |" for room, may in _allowed()]
    return "\n".join(["| place | what lives there | may import |", "|---|---|---|", *rows, ""])


def arrows_between_rooms() -> dict[str, set[str]]:
    """Return the rooms that each room's modules import directly, as the code stands."""
    graph = grimp.build_graph(*_PACKAGES, cache_dir=None)
    arrows: dict[str, set[str]] = {}
    for module in sorted(graph.modules):
        room = _room(module)
        if room not in _EVERYWHERE:
            imported = {_room(other) for other in graph.find_modules_directly_imported_by(module)}
            arrows.setdefault(room, set()).update(imported - _EVERYWHERE - {room, "lastly"})
    arrows.pop("lastly", None)
    return arrows


def _between(page: str, name: str, made: str) -> str:
    head, start, rest = page.partition(f"<!-- {name}: made by `make docs` -->\n")
    _, end, tail = rest.partition(f"<!-- /{name} -->")
    return f"{head}{start}{made}{end}{tail}"


def _allowed() -> Iterator[tuple[str, str]]:
    contracts = {contract["id"]: contract for contract in _contracts()}
    rooms = [room for layer in contracts["rooms"]["layers"] for room in layer.split(" | ")]
    folders = [room for room in reversed(rooms) if room not in _EVERYWHERE]
    for room in folders:
        above = [each for each in folders[: folders.index(room)] if not _beside(contracts["rooms"], room, each)]
        engines = room not in contracts["sidecar"]["source_modules"]
        allowed = [_short(each) for each in above] + (["integrations"] if engines else [])
        yield room, ", ".join(["errors, types, config, logs", *allowed])
    refused = set(contracts["exporter"]["forbidden_modules"])
    yield (
        "lastly_export",
        ", ".join(_short(room) for room in ["lastly.errors", "lastly.types", *folders] if room not in refused),
    )
    yield "lastly_integrations", "errors; the engines' clients"
    refused = set(contracts["training"]["forbidden_modules"])
    yield "lastly_training", ", ".join(["onnx_export", *(_short(room) for room in folders if room not in refused)])


def _contracts() -> list[dict[str, Any]]:
    with (ROOT / "pyproject.toml").open("rb") as file:
        return list(tomllib.load(file)["tool"]["importlinter"]["contracts"])


def _beside(contract: dict[str, Any], one: str, other: str) -> bool:
    """Return whether two rooms share a layer, where neither may import the other."""
    return any({one, other} <= set(layer.split(" | ")) for layer in contract["layers"])


def _by_another_way(arrows: dict[str, set[str]], start: str, end: str) -> bool:
    reached, ahead = set(), [room for room in arrows[start] if room != end]
    while ahead:
        room = ahead.pop()
        if room not in reached:
            reached.add(room)
            ahead.extend(arrows.get(room, ()))
    return end in reached


def _room(module: str) -> str:
    parts = module.split(".")
    return ".".join(parts[:2]) if parts[0] == "lastly" else parts[0]


def _purpose(room: str) -> str:
    return (importlib.import_module(room).__doc__ or "").strip().split("\n")[0].rstrip(".")


def _folder(room: str) -> str:
    return _FOLDERS.get(room, room.replace(".", "/"))


def _short(room: str) -> str:
    return _folder(room).removeprefix("lastly/").removeprefix("lastly.")


def _identifier(room: str) -> str:
    return room.replace(".", "_")


if __name__ == "__main__":
    PAGE.write_text(document(), encoding="utf-8")
