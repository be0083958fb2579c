"""Rotary positions in numpy, to hold Lastly's operators against."""

import numpy as np


def rotated(heads: np.ndarray, cos: np.ndarray, sin: np.ndarray, norm: np.ndarray | None) -> np.ndarray:
    """Normalise, where there is a weight, and rotate heads [batch, tokens, heads, dim] by tables; in fp64."""
    heads = heads.astype(np.float64)
    if norm is not None:
        heads = heads / np.sqrt((heads**2).mean(-1, keepdims=True) + 1e-6) * norm
    left, right = np.split(heads, 2, axis=-1)
    cos, sin = cos[None, :, None], sin[None, :, None]
    return np.concatenate([left * cos - right * sin, right * cos + left * sin], axis=-1)
