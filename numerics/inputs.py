"""Inputs from a file: a ``.npy`` array of shape (T, input) or (T, batch, input).

Main definitions: `read_inputs`.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from .axes import Array
from .network import Network


def read_inputs(path: str | Path, network: Network) -> Array:
    """Inputs ``(T, m, samples)`` for a network from a ``.npy`` file of shape (T, m) or (T, samples, m).

    Raises FileNotFoundError for a missing file and ValueError, in one sentence, for a file that is no plain array, for
    pickled, integer or complex data, for a shape that does not fit, and for NaN or infinity.
    """
    name = str(path)
    if not Path(path).is_file():
        raise FileNotFoundError(f"inputs file {name!r} does not exist or is no file")
    try:
        array = np.load(path, allow_pickle=False)
    except (ValueError, OSError, EOFError) as error:
        raise ValueError(f"inputs file {name!r} is not a plain .npy array (pickled data is refused): {error}") from None
    if not isinstance(array, np.ndarray):
        raise ValueError(f"inputs file {name!r} must hold one .npy array, got an archive")
    if array.dtype.kind != "f":
        raise ValueError(f"inputs in {name!r} must be floating point, got {array.dtype.name}")
    if array.ndim not in (2, 3) or array.shape[-1] != network.m or 0 in array.shape:
        raise ValueError(
            f"inputs in {name!r} must have shape (T, {network.m}) or (T, batch, {network.m}), got {array.shape}"
        )
    if not np.isfinite(array).all():
        raise ValueError(f"inputs in {name!r} must be finite, got NaN or infinity")
    wide = np.asarray(array, dtype=float)
    return wide[:, :, None] if wide.ndim == 2 else np.ascontiguousarray(wide.transpose(0, 2, 1))
