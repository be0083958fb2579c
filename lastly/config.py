"""The sidecar's settings: one typed object, validated, from flags, environment and file."""

import re
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, SecretStr, model_validator
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from lastly.environment import PREFIX, is_of_a_service
from lastly.types import Provider

EMBEDDED_MODEL = "lastly-mini"
_SHA256 = re.compile(r"([0-9a-f]{64})(?:\s+\*?-)?", re.IGNORECASE)  # sha256sum ends its line with the file's name
_NAMED = re.compile(r"([\w.:-]+)=(.+)", re.ASCII)

# The name that a model folder is served under (None: the name in its manifest) and the folder.
ModelPlace = tuple[str | None, Path]


def embedded_model() -> Path:
    """Return the folder of the model that ships with the package."""
    return Path(str(resources.files("lastly") / "embedded" / EMBEDDED_MODEL))


def _items(value: Any) -> Any:
    """Read a list from a repeated flag, or from one comma-separated string."""
    if isinstance(value, str | Path):
        return [item.strip() for item in str(value).split(",") if item.strip()]
    return value


def _model_places(value: Any) -> Any:
    if isinstance(value, dict):
        return tuple((str(name), Path(folder)) for name, folder in value.items())
    found = _items(value)
    return tuple(_model_place(item) for item in found) if isinstance(found, list | tuple) else found


def _model_place(item: Any) -> Any:
    named = _NAMED.fullmatch(item) if isinstance(item, str) else None
    if named:
        return named[1], Path(named[2])
    return (None, Path(item)) if isinstance(item, str | Path) else item


def _unless_empty(value: Any) -> Any:
    return None if value == "" else value


def _lower_case(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


def key_hash(text: str) -> str:
    """Return a key's sha256 as 64 lower-case digits, from a line as `sha256sum` prints it; raises ValueError."""
    found = _SHA256.fullmatch(text.strip())
    if found is None:
        raise ValueError("give each key as its sha256, 64 hexadecimal digits: printf %s KEY | sha256sum")
    return found[1].lower()


def _key_hashes(value: Any) -> Any:
    found = _items(value)
    return tuple(key_hash(str(item)) for item in found) if isinstance(found, list | tuple) else found


class _Variables(EnvSettingsSource):
    """The environment without what Kubernetes sets for Services, which may have the names of settings."""

    def _load_env_vars(self) -> Mapping[str, str | None]:
        return {
            name: value for name, value in super()._load_env_vars().items() if not is_of_a_service(name, value or "")
        }


class Settings(BaseSettings):
    """Everything `lastly serve` can be told. Flags win over LASTLY_* variables, and these over the file."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_ignore_empty=True, extra="forbid", frozen=True)

    model: Annotated[tuple[ModelPlace, ...], NoDecode, BeforeValidator(_model_places)] = Field(
        default_factory=lambda: ((None, embedded_model()),),
        min_length=1,
        description="model folder, or NAME=FOLDER; several: repeat the flag, or separate with commas. The first is the "
        "default model. In the file also a table. Default: the embedded lastly-mini",
    )
    host: str = Field("127.0.0.1", description="address to listen on; 0.0.0.0 for all")
    port: int = Field(8787, ge=0, le=65535, description="port to listen on; 0 picks a free one")
    root_path: str = Field(
        "",
        pattern=r"^(/[\w.~-]+)*/?$",
        description="prefix of the paths that a proxy in front adds, as /lastly; with or without it paths are answered",
    )
    tls_cert: Path | None = Field(None, description="certificate chain (PEM); with tls_key the port speaks HTTPS")
    tls_key: Path | None = Field(None, description="private key of tls_cert (PEM)")
    api_key: Annotated[SecretStr | None, BeforeValidator(_unless_empty)] = Field(
        None, description="key that callers send as Authorization: Bearer KEY; empty: none"
    )
    api_key_sha256: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_key_hashes)] = Field(
        (), description="further keys, each as its sha256 in hexadecimal"
    )
    api_key_file: Path | None = Field(
        None, description="file of keys, one sha256 a line, # starts a comment; read again when it changes"
    )
    threads: int = Field(0, ge=0, description="threads of one inference; 0: one a physical core")
    provider: Provider = Field("cpu", description="where the model runs")
    gpu_memory_bytes: int = Field(0, ge=0, description="GPU memory that each model may take; 0: all that is free")
    cuda_graph_tokens: int = Field(
        2048,
        ge=0,
        description="calls up to so many tokens are replayed as CUDA graphs, with the weights in memory twice; 0: none",
    )
    max_documents: int = Field(1000, ge=1, description="documents in one request")
    long_documents: Literal["model", "beginning", "excerpt"] = Field(
        "model",
        description="what is read of a document over its limit: its beginning; an excerpt, its beginning and the parts "
        "that hold the query's words; or what the model's manifest says. A call's own long_documents wins",
    )
    lexical_weight: float | None = Field(
        None,
        ge=0,
        le=1,
        description="share of a score that the query's words in a document make, the cosine the rest; 0: the cosine "
        "alone; none: what the model's manifest says. A call's own lexical_weight wins",
    )
    max_block_tokens: int = Field(
        0,
        ge=0,
        description="tokens that the candidates in one context may make together; a longer list is read in several, "
        "which is faster on a CPU and shows the model fewer candidates beside each other; 0: what the model's manifest "
        "says (maximum_length)",
    )
    max_body_bytes: int = Field(16 << 20, ge=1024, description="bytes of one request's body")
    body_timeout_ms: int = Field(10_000, ge=1, description="time to send a body; slower callers get 408")
    max_queue: int = Field(64, ge=1, description="requests inside, waiting or running; further ones get 429")
    max_queue_tokens: int = Field(
        1 << 20, ge=1, description="tokens inside, estimated from the texts' lengths; a request beyond them gets 429"
    )
    max_queue_bytes: int = Field(
        1 << 27, ge=1024, description="bytes of the bodies inside, counted while they come; one beyond them gets 429"
    )
    max_batch_tokens: int = Field(32_768, ge=1, description="tokens of one run on a GPU, padding included")
    brownout_wait_ms: int = Field(
        0, ge=0, description="estimated wait from which large requests are shed with 429; 0: never"
    )
    brownout_tokens: int = Field(8_192, ge=1, description="tokens from which a request counts as large for shedding")
    request_timeout_ms: int = Field(
        30_000, ge=1, description="time for a request that names none, and the most it gets"
    )
    cache_bytes: int = Field(0, ge=0, description="memory for results of equal calls; 0: none are kept")
    stall_timeout_s: int = Field(
        60, ge=1, description="time at one run or one turn of the encoder after which the sidecar is not ready"
    )
    drain_timeout_s: int = Field(20, ge=0, description="time for running requests after SIGTERM")
    log_level: Annotated[Literal["debug", "info", "warning", "error"], BeforeValidator(_lower_case)] = Field(
        "info", description="lowest level that is logged"
    )
    log_format: Annotated[Literal["text", "json"], BeforeValidator(_lower_case)] = Field(
        "text", description="form of log lines on stderr"
    )
    trace_endpoint: str | None = Field(
        None, description="OTLP/HTTP address that takes traces, as http://collector:4318/v1/traces (extra otel)"
    )
    ray: bool = Field(False, description="run replicas on Ray Serve instead of one process (extra ray)")
    ray_min_replicas: int = Field(1, ge=1, description="fewest replicas on Ray")
    ray_max_replicas: int = Field(4, ge=1, description="most replicas on Ray")
    ray_target_requests: int = Field(4, ge=1, description="requests inside a replica that Ray scales towards")

    @model_validator(mode="after")
    def _settings_fit_together(self) -> Self:
        if (self.tls_cert is None) != (self.tls_key is None):
            raise ValueError("tls_cert and tls_key go together; give both or none")
        if self.ray_min_replicas > self.ray_max_replicas:
            raise ValueError("ray_min_replicas is over ray_max_replicas")
        if self.ray and self.tls_cert:
            raise ValueError("Ray Serve's proxy speaks no TLS; end TLS in front of it")
        return self

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
        return init_settings, _Variables(settings_cls), TomlConfigSettingsSource(settings_cls)
