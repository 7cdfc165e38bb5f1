"""The axes of states and tangents: states ``([nets,] N, samples)``, tangents with an optional axis of directions last."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..theory.language import Parameter

Array = NDArray[np.float64]


def rows(array: Array, parameter: Parameter, gate: str | None, *, matrix: bool = False) -> Array:
    """The rows of one gate in a parameter, whatever axes stand in front; all of it for an ungated one."""
    if gate is None:
        return array
    i = parameter.gates.index(gate)
    if matrix:
        n = array.shape[-2] // parameter.blocks
        return array[..., i * n : (i + 1) * n, :]
    n = array.shape[-1] // parameter.blocks
    return array[..., i * n : (i + 1) * n]


def widen(state: Array, tangent: Array) -> Callable[[Any], Any]:
    """How a factor of the state's shape must be shaped to multiply a tangent, which may have directions."""
    if tangent.ndim > state.ndim:
        return lambda f: f[..., None] if isinstance(f, np.ndarray) and f.ndim >= 2 else f
    return lambda f: f


def take(array: Array, state: Array, start: int, count: int) -> Array:
    """Rows start..start+count of a tangent."""
    if array.ndim > state.ndim:
        return array[..., start : start + count, :, :]
    return array[..., start : start + count, :]


def product(weights: Array, moved: Array, state: Array) -> Array:
    """weights @ tangent as one matrix product over samples and directions together."""
    if moved.ndim == state.ndim:
        return weights @ moved
    *lead, count, samples, directions = moved.shape
    flat = weights @ moved.reshape(*lead, count, samples * directions)
    return flat.reshape(*flat.shape[:-1], samples, directions)
