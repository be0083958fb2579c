"""The backbone in torch: a Llama- or Qwen3-type decoder whose layers may have a sliding window.

Written out, because the windowed attention of transformers computes every score and masks most of them. The names of
the parameters are those of the published checkpoints; the exporter's parity report compares the result with
transformers' own model.
"""

from collections.abc import Mapping
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class Decoder(nn.Module):
    """Embedding, layers and final norm of one config.json (`llama`, `ministral` or `qwen3`)."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        super().__init__()
        hidden, heads = config["hidden_size"], config["num_attention_heads"]
        self._head_dim = config.get("head_dim") or hidden // heads
        self._theta = config["rope_theta"]
        self.windows = _windows(config)
        self.embed_tokens = nn.Embedding(config["vocab_size"], hidden)
        self.layers = nn.ModuleList(_Layer(config, self._head_dim) for _ in self.windows)
        self.norm = nn.RMSNorm(hidden, eps=config["rms_norm_eps"])

    def forward(self, embedded: Tensor) -> Tensor:
        """Return the states [lists, tokens, hidden] of embedded tokens; each attends to itself and earlier ones."""
        tokens = embedded.shape[1]
        rotary = _rotary(tokens, self._head_dim, self._theta, embedded.device)
        masks: dict[int | None, Tensor] = {
            w: window_mask(tokens, w, embedded.device) for w in set(self.windows) if w and w < tokens
        }
        states = embedded
        for layer, window in zip(self.layers, self.windows, strict=True):
            states = layer(states, *rotary, masks.get(window), window or 0)
        return self.norm(states)


class _Layer(nn.Module):
    def __init__(self, config: Mapping[str, Any], head_dim: int) -> None:
        super().__init__()
        hidden, epsilon = config["hidden_size"], config["rms_norm_eps"]
        self.input_layernorm = nn.RMSNorm(hidden, eps=epsilon)
        self.self_attn = _Attention(config, head_dim)
        self.post_attention_layernorm = nn.RMSNorm(hidden, eps=epsilon)
        self.mlp = _MLP(hidden, config["intermediate_size"])

    def forward(self, states: Tensor, cos: Tensor, sin: Tensor, mask: Tensor | None, window: int) -> Tensor:
        states = states + self.self_attn(self.input_layernorm(states), cos, sin, mask, window)
        return states + self.mlp(self.post_attention_layernorm(states))


class _Attention(nn.Module):
    def __init__(self, config: Mapping[str, Any], head_dim: int) -> None:
        super().__init__()
        hidden, heads = config["hidden_size"], config["num_attention_heads"]
        shared = config["num_key_value_heads"]
        self._head_dim = head_dim
        self.q_proj = nn.Linear(hidden, heads * head_dim, bias=False)
        self.k_proj = nn.Linear(hidden, shared * head_dim, bias=False)
        self.v_proj = nn.Linear(hidden, shared * head_dim, bias=False)
        self.o_proj = nn.Linear(heads * head_dim, hidden, bias=False)
        normed = config["model_type"] == "qwen3"
        self.q_norm = nn.RMSNorm(head_dim, eps=config["rms_norm_eps"]) if normed else nn.Identity()
        self.k_norm = nn.RMSNorm(head_dim, eps=config["rms_norm_eps"]) if normed else nn.Identity()

    def forward(self, states: Tensor, cos: Tensor, sin: Tensor, mask: Tensor | None, window: int) -> Tensor:
        q = rotate(self.q_norm(self._heads(self.q_proj(states))), cos, sin)
        k = rotate(self.k_norm(self._heads(self.k_proj(states))), cos, sin)
        v = self._heads(self.v_proj(states))
        if mask is None:
            attended = F.scaled_dot_product_attention(q, k, v, is_causal=True, enable_gqa=True)
        else:
            attended = windowed_attention(q, k, v, mask, window)
        output: Tensor = self.o_proj(attended.transpose(1, 2).flatten(2))
        return output

    def _heads(self, x: Tensor) -> Tensor:
        return x.unflatten(-1, (-1, self._head_dim)).transpose(1, 2)


class _MLP(nn.Module):
    def __init__(self, hidden: int, inner: int) -> None:
        super().__init__()
        self.gate_proj = nn.Linear(hidden, inner, bias=False)
        self.up_proj = nn.Linear(hidden, inner, bias=False)
        self.down_proj = nn.Linear(inner, hidden, bias=False)

    def forward(self, states: Tensor) -> Tensor:
        output: Tensor = self.down_proj(F.silu(self.gate_proj(states)) * self.up_proj(states))
        return output


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Rotate [lists, heads, tokens, head_dim] by its places, halves against each other."""
    left, right = x.chunk(2, -1)
    return (x * cos + torch.cat((-right, left), -1) * sin).to(x.dtype)


def windowed_attention(q: Tensor, k: Tensor, v: Tensor, mask: Tensor, window: int) -> Tensor:
    """Attend to the last `window` tokens, chunk by chunk: each chunk of queries to itself and the chunk before.

    `q` [lists, heads, tokens, head_dim], `k` and `v` with fewer heads, `mask` as `window_mask` gives it.
    """
    lists, heads, tokens, _ = q.shape
    chunks = mask.shape[0]
    padding = (0, 0, 0, chunks * window - tokens)
    q = F.pad(q, padding).unflatten(2, (chunks, window)).transpose(1, 2).flatten(0, 1)
    k, v = (_with_previous(F.pad(x, padding), chunks, window).repeat_interleave(heads // x.shape[1], 1) for x in (k, v))
    attended = F.scaled_dot_product_attention(q, k, v, mask.repeat(lists, 1, 1, 1))
    return attended.unflatten(0, (lists, chunks)).transpose(1, 2).flatten(2, 3)[:, :, :tokens]


def _with_previous(x: Tensor, chunks: int, window: int) -> Tensor:
    """Cut [lists, heads, tokens, head_dim] into [lists * chunks, heads, 2 * window, head_dim]."""
    cut = x.unflatten(2, (chunks, window))
    previous = F.pad(cut, (0, 0, 0, 0, 1, 0))[:, :, :-1]
    return torch.cat((previous, cut), 3).transpose(1, 2).flatten(0, 1)


def window_mask(tokens: int, window: int, device: torch.device) -> Tensor:
    """Tell [chunks, 1, window, 2 * window] which keys a query reads: the last `window`, itself included."""
    chunks = -(-tokens // window)
    place = torch.arange(window, device=device)[:, None] + window
    key = torch.arange(2 * window, device=device)[None]
    seen = (key <= place) & (key > place - window)
    first = seen & (key >= window)
    return torch.cat((first[None], seen[None].expand(chunks - 1, -1, -1)))[:, None]


def _rotary(tokens: int, head_dim: int, theta: float, device: torch.device) -> tuple[Tensor, Tensor]:
    frequencies = theta ** (-torch.arange(0, head_dim, 2, device=device, dtype=torch.float32) / head_dim)
    angles = torch.arange(tokens, device=device, dtype=torch.float32)[:, None] * frequencies
    angles = torch.cat((angles, angles), -1)
    return angles.cos(), angles.sin()


def _windows(config: Mapping[str, Any]) -> list[int | None]:
    kinds = config.get("layer_types") or ["full_attention"] * config["num_hidden_layers"]
    return [config["sliding_window"] if kind == "sliding_attention" else None for kind in kinds]
