"""The settings as flags of `lastly serve`: their names, their help, and what is said of a bad value."""

import argparse
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, get_args

from pydantic import ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import SettingsConfigDict

from lastly import environment
from lastly.config import EMBEDDED_MODEL, Settings
from lastly.environment import PREFIX


def parser() -> argparse.ArgumentParser:
    """Build the flags of `lastly serve` from the settings, so that none is missing."""
    flags = argparse.ArgumentParser(
        prog="lastly serve",
        description="Serve model folders over HTTP. Every flag is also an environment variable: --max-queue is "
        "LASTLY_MAX_QUEUE. Flags win over variables, variables over the file.",
        allow_abbrev=False,
    )
    flags.add_argument("--config", type=Path, metavar="FILE", help="settings in TOML, named as the flags")
    for name, field in Settings.model_fields.items():
        flags.add_argument(_flag(name), default=argparse.SUPPRESS, help=_help(name, field), **_form(name, field))
    return flags


def parse(argv: Sequence[str]) -> Settings:
    """Read the settings from flags, environment and file; a bad value ends the program and names the setting."""
    flags = parser()
    given: dict[str, Any] = vars(flags.parse_args(argv))
    file: Path | None = given.pop("config")
    if misspelt := environment.unknown(os.environ, Settings.model_fields):
        flags.error("; ".join(misspelt))
    if file is not None and not file.is_file():
        flags.error(f"--config: {file} is not a file")
    try:
        return _with_file(file)(**given)
    except ValidationError as error:
        flags.error("; ".join(f"{_place(fault['loc'])}: {fault['msg']}" for fault in error.errors()))
    except ValueError as error:  # TOML that does not parse
        flags.error(f"--config: {error}")


def reference() -> Iterator[tuple[str, str, str]]:
    """Yield every setting's name, default and meaning, as docs/configuration.md lists them."""
    for name, field in Settings.model_fields.items():
        yield name, _shown_default(field), field.description or ""


def _with_file(file: Path | None) -> type[Settings]:
    class FromFile(Settings):
        model_config = SettingsConfigDict(toml_file=file)

    return FromFile


def _flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _help(name: str, field: FieldInfo) -> str:
    told = f"{field.description} (default: {_shown_default(field)}; {PREFIX}{name.upper()})"
    return told.replace("%", "%%")


def _place(place: tuple[int | str, ...]) -> str:
    """Return how a setting at fault is called on the command line and in the environment."""
    if not place or place[0] not in Settings.model_fields:
        return ".".join(map(str, place)) or "settings"
    name = str(place[0])
    return f"{_flag(name)} ({name}, {PREFIX}{name.upper()})"


def _form(name: str, field: FieldInfo) -> dict[str, Any]:
    if field.annotation is bool:
        return {"nargs": "?", "const": "true", "metavar": "true|false"}
    if str(field.annotation).startswith("tuple"):
        return {"action": "append", "metavar": name.rsplit("_", 1)[-1].upper()}
    if choices := get_args(field.annotation):
        texts = [choice for choice in choices if isinstance(choice, str)]
        return {"metavar": "|".join(texts) if texts else name.rsplit("_", 1)[-1].upper()}
    return {"metavar": name.rsplit("_", 1)[-1].upper()}


def _shown_default(field: FieldInfo) -> str:
    if field.default_factory is not None:
        return EMBEDDED_MODEL
    if field.default is None or field.default == ():
        return "none"
    return str(field.default).lower() if isinstance(field.default, bool) else str(field.default)
