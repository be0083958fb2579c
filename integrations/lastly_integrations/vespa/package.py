"""An application package in a folder: read once, changed in memory, shown, then written."""

import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lastly_integrations.vespa import marks, schema, services
from lastly_integrations.vespa.errors import PackageError
from lastly_integrations.vespa.schema import Field, Schema

BUNDLE = Path("components/lastly-vespa.jar")
_SCHEMA_FOLDERS = ("schemas", "searchdefinitions")


@dataclass(frozen=True)
class Change:
    """One file before and after; None where there is no file. Bytes only for the bundle."""

    path: Path
    before: bytes | None
    after: bytes | None

    def shown(self) -> Iterator[str]:
        """Return the lines of a unified difference; a bundle is named with its size."""
        if self.path.suffix == ".jar":
            yield f"remove {self.path}" if self.after is None else f"write {self.path} ({len(self.after)} bytes)"
            return
        before, after = ((side or b"").decode().splitlines() for side in (self.before, self.after))
        yield from difflib.unified_diff(before, after, f"{self.path} (now)", f"{self.path} (then)", lineterm="")


class Package:
    """The folder of an application package. Raises PackageError where it is none."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        if not (folder / "services.xml").is_file():
            raise PackageError(f"{folder} holds no services.xml; give the folder of an application package")

    def attach(self, config: services.SearcherConfig, schemas: tuple[str, ...], bundle: bytes) -> list[Change]:
        """Return the changes that attach Lastly; none where the package is as they would make it."""
        parsed = self._plain_schemas()
        chosen = self._chosen(parsed, schemas)
        summaries: dict[str, list[Field]] = {
            name: schema.require_text(parsed[name], self._fields(parsed, name), config.fields) for name in chosen
        }
        config = _with_summary_names(config, list(summaries.values()))
        changes = [self._text("services.xml", services.attach(self._read("services.xml"), config))]
        for name, found in parsed.items():
            wanted = schema.attach(found, summaries[name]) if name in summaries else found.text
            changes.append(self._text(self._schema_files()[name], wanted))
        changes.append(Change(BUNDLE, self._bytes(BUNDLE), bundle))
        return [change for change in changes if change.before != change.after]

    def detach(self) -> list[Change]:
        """Return the changes that take Lastly out again."""
        changes = [self._text("services.xml", services.detach(self._read("services.xml")))]
        changes += [self._text(file, schema.detach(self._read(file))) for file in self._schema_files().values()]
        changes.append(Change(BUNDLE, self._bytes(BUNDLE), None))
        return [change for change in changes if change.before != change.after]

    def attached(self) -> dict[str, bool]:
        """Tell for services.xml, each schema and the bundle whether Lastly is in it."""
        state = {"services.xml": marks.XML.found_in(self._read("services.xml"))}
        for file in self._schema_files().values():
            state[str(file)] = marks.SCHEMA.found_in(self._read(file))
        return {**state, str(BUNDLE): (self.folder / BUNDLE).is_file()}

    def write(self, changes: list[Change]) -> None:
        """Write the changes; each file is replaced at once, services.xml last, since it names the others."""
        for change in sorted(changes, key=lambda change: change.path.name == "services.xml"):
            file = self.folder / change.path
            if change.after is None:
                file.unlink()
                continue
            file.parent.mkdir(parents=True, exist_ok=True)
            beside = file.with_name(file.name + ".lastly")
            beside.write_bytes(change.after)
            beside.replace(file)

    def _plain_schemas(self) -> dict[str, Schema]:
        """Read every schema without what Lastly wrote before."""
        return {
            name: schema.parse(schema.detach(self._read(file)), str(file))
            for name, file in self._schema_files().items()
        }

    def _schema_files(self) -> dict[str, Path]:
        folders = (self.folder / name for name in _SCHEMA_FOLDERS)
        files = sorted(file for folder in folders for file in folder.glob("*.sd"))
        return {file.stem: file.relative_to(self.folder) for file in files}

    @staticmethod
    def _chosen(parsed: dict[str, Schema], wanted: tuple[str, ...]) -> tuple[str, ...]:
        if not parsed:
            raise PackageError("the package holds no schema; Lastly needs one whose fields make up the passages")
        unknown = [name for name in wanted if name not in parsed]
        if unknown:
            raise PackageError(f"no schema {', '.join(unknown)} in the package; there is {', '.join(sorted(parsed))}")
        return wanted or tuple(parsed)

    @staticmethod
    def _fields(parsed: dict[str, Schema], name: str) -> dict[str, Field]:
        """Return a schema's fields with those that it inherits."""
        waiting, fields = [name], dict[str, Field]()
        seen: set[str] = set()
        while waiting:
            current = waiting.pop()
            if current in seen or current not in parsed:
                continue
            seen.add(current)
            fields = {**parsed[current].fields, **fields}
            waiting += parsed[current].inherits
        return fields

    def _read(self, file: str | Path) -> str:
        try:
            return (self.folder / file).read_bytes().decode()
        except UnicodeDecodeError as error:
            raise PackageError(f"{file} is not UTF-8; save it as UTF-8 first") from error

    def _bytes(self, file: Path) -> bytes | None:
        return (self.folder / file).read_bytes() if (self.folder / file).is_file() else None

    def _text(self, file: str | Path, wanted: str) -> Change:
        return Change(Path(file), self._bytes(Path(file)), wanted.encode())


def _with_summary_names(config: services.SearcherConfig, schemas: list[list[Field]]) -> services.SearcherConfig:
    """Name the passage's fields as the summary class does; PackageError where schemas differ."""
    names = {tuple(each.summary for each in fields) for fields in schemas}
    if len(names) > 1:
        raise PackageError("a field has bolding or a dynamic summary in one schema only; attach the schemas one by one")
    return services.SearcherConfig(names.pop(), config.sidecars, config.settings, config.chain, config.container)
