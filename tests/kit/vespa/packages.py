"""Application packages that a test attaches, detaches and edits."""

from pathlib import Path

from lastly_integrations.vespa.package import Package
from lastly_integrations.vespa.services import SearcherConfig

CONFIG = SearcherConfig(("title", "text"), ("http://127.0.0.1:8787",))

BUNDLE = b"PK the bundle"


def contents(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file()}


def attach(folder: Path, wiring: SearcherConfig = CONFIG, schemas: tuple[str, ...] = ()) -> int:
    package = Package(folder)
    changes = package.attach(wiring, schemas, BUNDLE)
    package.write(changes)
    return len(changes)


def detach(folder: Path) -> None:
    package = Package(folder)
    package.write(package.detach())


def edited(package: Path, file: str, old: str, new: str) -> None:
    text = (package / file).read_text()
    assert old in text
    (package / file).write_text(text.replace(old, new))
