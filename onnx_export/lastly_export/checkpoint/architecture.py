"""The shape of a backbone, read from a checkpoint's config.json; what is not understood is refused by its key."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lastly_export.errors import CheckpointError

_QK_NORM = {"qwen3": True, "llama": False, "ministral": False}  # a Ministral is a Llama with windows
_GLOBAL, _SLIDING = "full_attention", "sliding_attention"


@dataclass(frozen=True)
class Architecture:
    """A decoder with grouped-query attention, RMS norms, rotary positions and a SiLU MLP.

    `windows` has one entry a layer: how many tokens it attends to, itself included, or None for all.
    """

    kind: str
    hidden: int
    layers: int
    heads: int
    kv_heads: int
    head_dim: int
    mlp: int
    vocabulary: int
    epsilon: float
    theta: float
    maximum_positions: int
    windows: tuple[int | None, ...]
    qk_norm: bool

    @property
    def group(self) -> int:
        """How many query heads share one key/value head."""
        return self.heads // self.kv_heads


def read_architecture(folder: Path) -> tuple[Architecture, dict[str, Any]]:
    """Read config.json; return the shape and the raw configuration. Raises CheckpointError."""
    config = _read(folder / "config.json")
    kind = _required(config, "model_type", str)
    if kind not in _QK_NORM:
        raise CheckpointError(f"model_type {kind!r} is not supported; this exporter knows {sorted(_QK_NORM)}")
    _refuse_unknown(config)
    architecture = Architecture(
        kind=kind,
        hidden=_size(config, "hidden_size"),
        layers=_size(config, "num_hidden_layers"),
        heads=_size(config, "num_attention_heads"),
        kv_heads=_size(config, "num_key_value_heads"),
        head_dim=config.get("head_dim") or _size(config, "hidden_size") // _size(config, "num_attention_heads"),
        mlp=_size(config, "intermediate_size"),
        vocabulary=_size(config, "vocab_size"),
        epsilon=float(_required(config, "rms_norm_eps", float)),
        theta=_theta(config),
        maximum_positions=_size(config, "max_position_embeddings"),
        windows=_windows(config),
        qk_norm=_QK_NORM[kind],
    )
    if architecture.heads % architecture.kv_heads:
        raise CheckpointError("config.json: num_attention_heads is not a multiple of num_key_value_heads")
    return architecture, config


def _read(file: Path) -> dict[str, Any]:
    try:
        config = json.loads(file.read_bytes())
    except FileNotFoundError:
        raise CheckpointError(f"{file} is missing; give a checkpoint folder with config.json") from None
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{file} cannot be read as JSON: {error}") from error
    if not isinstance(config, dict):
        raise CheckpointError(f"{file} does not hold a JSON object")
    return config


def _required(config: Mapping[str, Any], key: str, kind: type) -> Any:
    value = config.get(key)
    if isinstance(value, bool) or not isinstance(value, (kind, int) if kind is float else kind):
        raise CheckpointError(f"config.json: {key} is missing or not a {kind.__name__}")
    return value


def _size(config: Mapping[str, Any], key: str) -> int:
    value: int = _required(config, key, int)
    if value <= 0:
        raise CheckpointError(f"config.json: {key} must be positive, not {value}")
    return value


def _refuse_unknown(config: Mapping[str, Any]) -> None:
    """Refuse what the graph would silently get wrong."""
    for key in ("attention_bias", "mlp_bias", "quantization_config"):
        if config.get(key):
            raise CheckpointError(f"config.json: {key} is set, and this exporter does not support it")
    if config.get("hidden_act", "silu") != "silu":
        raise CheckpointError(f"config.json: hidden_act {config['hidden_act']!r} is not supported, only 'silu'")
    if config.get("partial_rotary_factor", 1.0) != 1.0:
        raise CheckpointError("config.json: partial_rotary_factor is not supported")


def _theta(config: Mapping[str, Any]) -> float:
    """Read rope_theta, which transformers 5 moved into rope_parameters."""
    for key in ("rope_parameters", "rope_scaling"):
        rope = config.get(key) or {}
        if rope.get("rope_type", rope.get("type", "default")) != "default":
            raise CheckpointError(f"config.json: {key} asks for scaled positions, which are not supported")
        if rope.get("partial_rotary_factor", 1.0) != 1.0:
            raise CheckpointError(f"config.json: {key}.partial_rotary_factor is not supported")
    holder = config if "rope_theta" in config else config.get("rope_parameters") or {}
    return float(_required(holder, "rope_theta", float))


def _windows(config: Mapping[str, Any]) -> tuple[int | None, ...]:
    layers = _size(config, "num_hidden_layers")
    kinds = config.get("layer_types") or _kinds_from_flags(config, layers)
    if len(kinds) != layers or set(kinds) - {_GLOBAL, _SLIDING}:
        raise CheckpointError(
            f"config.json: layer_types must name {_GLOBAL!r} or {_SLIDING!r} for each of the {layers} layers"
        )
    if _SLIDING not in kinds:
        return (None,) * layers
    window = _size(config, "sliding_window")
    return tuple(window if kind == _SLIDING else None for kind in kinds)


def _kinds_from_flags(config: Mapping[str, Any], layers: int) -> list[str]:
    """Older configurations name the first windowed layer instead of every layer's kind."""
    if not (config.get("use_sliding_window") and config.get("sliding_window")):
        return [_GLOBAL] * layers
    first = config.get("max_window_layers", layers)
    return [_SLIDING if layer >= first else _GLOBAL for layer in range(layers)]
