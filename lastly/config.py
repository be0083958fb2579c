"""The sidecar's settings: one typed object, out of flags, environment and file, checked at the door."""

import argparse
from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

EMBEDDED_MODEL = "lastly-mini"


def embedded_model() -> Path:
    """Give the folder of the model that ships with the package."""
    return Path(str(resources.files("lastly") / "models" / EMBEDDED_MODEL))


class Settings(BaseSettings):
    """Everything that `lastly serve` can be told. Flags win over LASTLY_* variables, these over the file."""

    model_config = SettingsConfigDict(env_prefix="LASTLY_", extra="forbid", frozen=True)

    model: Path = Field(default_factory=embedded_model, description="model folder (default: the embedded lastly-mini)")
    host: str = Field("127.0.0.1", description="address to listen on; 0.0.0.0 for all")
    port: int = Field(8787, ge=0, le=65535, description="port to listen on; 0 picks a free one")
    api_key: SecretStr | None = Field(None, description="key that callers send as Authorization: Bearer KEY")
    threads: int = Field(0, ge=0, description="threads of one inference; 0: one a physical core")
    provider: Literal["cpu", "cuda"] = Field("cpu", description="where the model runs")
    max_documents: int = Field(1000, ge=1, description="documents in one request")
    max_body_bytes: int = Field(16 << 20, ge=1024, description="bytes of one request's body")
    max_queue: int = Field(64, ge=1, description="requests that may wait; further ones get 429")
    request_timeout_ms: int = Field(30_000, ge=1, description="time for a request that names no timeout of its own")
    drain_timeout_s: int = Field(20, ge=0, description="time for running requests after SIGTERM")
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="lowest level that is logged")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Order the sources; the TOML file is added by `parse`."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)

    @property
    def providers(self) -> tuple[str, ...]:
        """ONNX Runtime's execution providers for `provider`."""
        return (
            ("CUDAExecutionProvider", "CPUExecutionProvider") if self.provider == "cuda" else ("CPUExecutionProvider",)
        )


def parser() -> argparse.ArgumentParser:
    """Build the flags of `lastly serve` from the settings, so that none can be missing."""
    flags = argparse.ArgumentParser(
        prog="lastly serve",
        description="Serve a model folder over HTTP. Every flag is also an environment variable: --max-queue is "
        "LASTLY_MAX_QUEUE. Flags win over variables, variables over the file.",
    )
    flags.add_argument("--config", type=Path, metavar="FILE", help="settings in TOML, named as the flags")
    for name, field in Settings.model_fields.items():
        flags.add_argument(
            f"--{name.replace('_', '-')}", metavar=_metavar(name), default=argparse.SUPPRESS, help=field.description
        )
    return flags


def parse(argv: Sequence[str]) -> Settings:
    """Read the settings from flags, environment and file; a bad value ends the program and names the setting."""
    flags = parser()
    given: dict[str, Any] = vars(flags.parse_args(argv))
    file: Path | None = given.pop("config")
    if file is not None and not file.is_file():
        flags.error(f"--config: {file} is not a file")
    try:
        return _with_file(file)(**given)
    except ValidationError as error:
        faults = (f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors())
        flags.error("; ".join(faults))
    except ValueError as error:  # TOML that does not parse
        flags.error(f"--config: {error}")


def _with_file(file: Path | None) -> type[Settings]:
    class FromFile(Settings):
        model_config = SettingsConfigDict(toml_file=file)

    return FromFile


def _metavar(name: str) -> str:
    return name.rsplit("_", 1)[-1].upper()
