r"""Checks of arguments that several functions of the task-informative gradient share: one sentence for each wrong one.

Main definitions: `one_network`, `whole_lags`, `increasing_lags`, `real_array`, `nonnegative`, `random`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from numbers import Real

import numpy as np
from numpy.typing import ArrayLike

from ..axes import Array
from ..network import Network
from ..simulate import Rng, generator


def is_whole(number: object, *, least: int = 0) -> bool:
    """Whether it is an integer, of Python or NumPy and no bool, of at least ``least``."""
    return isinstance(number, int | np.integer) and not isinstance(number, bool) and bool(number >= least)


def one_network(network: Network) -> None:
    """TypeError for what is no network, ValueError for several networks and for copies of the weights."""
    if not isinstance(network, Network):
        raise TypeError(f"network must be a Network, got {network!r}")
    if network.nets or network.untied:
        raise ValueError("network must be one network with shared weights")


def whole_lags(lags: Sequence[int]) -> tuple[int, ...]:
    """The lags as integers; TypeError for what is no sequence, ValueError for none and for what is no integer >= 0.

    >>> whole_lags(np.array([3, 1]))
    (3, 1)
    """
    if isinstance(lags, str | bytes | bytearray) or not isinstance(lags, Sequence | np.ndarray) or not np.ndim(lags):
        raise TypeError(f"lags must be a sequence of integers, got {lags!r}")
    if not len(lags) or not all(is_whole(lag) for lag in lags):
        raise ValueError(f"lags must be integers of at least 0, got {list(lags)!r}")
    return tuple(int(lag) for lag in lags)


def increasing_lags(lags: Sequence[int], steps: int) -> tuple[int, ...]:
    """`whole_lags` that increase within 0..T-1, or ValueError."""
    found = whole_lags(lags)
    if list(found) != sorted(set(found)) or found[-1] >= steps:
        raise ValueError(f"lags must increase within 0..{steps - 1}, got {list(found)!r}")
    return found


def real_array(name: str, given: ArrayLike, shape: tuple[int, ...]) -> Array:
    """A float array of this shape; TypeError for what holds no real numbers, ValueError for another shape, NaN or inf.

    >>> real_array("readout", [1, 2], (2,)).tolist()
    [1.0, 2.0]
    """
    try:
        array = np.asarray(given)
        found = array.astype(float) if array.dtype.kind in "iufO" else None
    except (TypeError, ValueError):  # rows of different lengths, objects that are no numbers
        found = None
    if found is None:
        raise TypeError(f"{name} must hold real numbers, got {given!r}")
    if found.shape != shape:
        raise ValueError(f"{name} must have shape {shape}, got {found.shape}")
    if not np.isfinite(found).all():
        raise ValueError(f"{name} must be finite, got {float(found[~np.isfinite(found)][0])!r}")
    return np.asarray(found)


def nonnegative(name: str, number: float, *, zero: bool = True) -> float:
    """A finite number of at least 0, or above 0 without ``zero``; TypeError for no real number, ValueError for another."""
    if not isinstance(number, Real) or isinstance(number, bool):
        raise TypeError(f"{name} must be a real number, got {number!r}")
    found = float(number)
    if not 0 <= found < math.inf or not (zero or found > 0):
        raise ValueError(f"{name} must be a finite number {'of at least' if zero else 'above'} 0, got {number!r}")
    return found


def random(rng: Rng) -> np.random.Generator:
    """`generator`, with a sentence of its own for a seed below 0."""
    if isinstance(rng, int | np.integer) and rng < 0:
        raise ValueError(f"rng must be a seed of at least 0, got {rng!r}")
    return generator(rng)
