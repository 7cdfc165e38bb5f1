"""The argument of every constant: a real square matrix, checked, scaled and cut into its components.

Scaling by a power of two changes no digit, and keeps products of entries between 1e-300 and 1e300 in range.
The spectral radius and the infimum over diagonal scalings of a *reducible* matrix are maxima over the
diagonal blocks of its strongly connected components (j -> i wherever w_ij != 0), so blocks are found first.

Main definitions: `square_matrix`, `normalized`, `enclose_certified`, `fingerprint`, `components`, `balanced`.
"""

from __future__ import annotations

import hashlib
import math

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from ..certify import scaled_down, scaled_up
from ..enclosure import Enclosure, certified

Matrix = NDArray[np.float64]


def square_matrix(W: ArrayLike) -> Matrix:
    """W as an (n, n) array of float64, n >= 1; float16 and float32 are converted exactly.

    Raises ValueError for another shape, an empty matrix, a dtype that is not floating, NaN or infinity.

    >>> square_matrix([[1, 2], [3, 4]])
    Traceback (most recent call last):
    ...
    ValueError: W must have a floating dtype, got int64; use W.astype(float)
    """
    if isinstance(W, np.ma.MaskedArray):
        raise ValueError("W must be an array without a mask, got a masked array; use W.filled(...)")
    array = np.asarray(W)
    if array.ndim != 2 or array.shape[0] != array.shape[1] or array.size == 0:
        raise ValueError(f"W must be a square matrix of shape (n, n) with n >= 1, got shape {array.shape}")
    if array.dtype.kind in "iub":
        raise ValueError(f"W must have a floating dtype, got {array.dtype}; use W.astype(float)")
    if array.dtype not in (np.float16, np.float32, np.float64):
        raise ValueError(f"W must have dtype float16, float32 or float64, got {array.dtype}")
    matrix = array.astype(np.float64, order="C")  # sums in one order, whatever the layout was
    if not np.isfinite(matrix).all():
        row, column = np.argwhere(~np.isfinite(matrix))[0]
        raise ValueError(f"W must be finite, got {matrix[row, column]} in row {row}, column {column}")
    return matrix


def normalized(W: Matrix) -> tuple[Matrix, int]:
    """(V, e) with W = 2**e V, max |v_ij| in [1/2, 1) or V = 0; exact but for entries below 2**(e - 1021)."""
    exponent = math.frexp(float(np.abs(W).max()))[1]
    return np.ldexp(W, -exponent), exponent


def enclose_certified(lower: float, upper: float, exponent: int) -> Enclosure:
    """The certified interval 2**exponent [lower, upper], rounded outward, for a proved 0 <= lower <= x <= upper or any x."""
    return certified(scaled_down(lower, exponent), upper=scaled_up(upper, exponent))


def fingerprint(W: Matrix) -> str:
    """sha256 of the doubles of a matrix: to tell whether something that was found belongs to it."""
    return hashlib.sha256(np.ascontiguousarray(W + 0.0).tobytes()).hexdigest()  # -0 becomes 0


def components(W: Matrix) -> list[NDArray[np.intp]]:
    """The strongly connected components of the graph of W, each as the sorted indices of its units.

    >>> W = np.array([[0.0, 1.0, 0.0], [2.0, 0.0, 0.0], [3.0, 0.0, 0.0]])
    >>> [list(map(int, units)) for units in components(W)]
    [[0, 1], [2]]
    """
    _, labels = connected_components(csr_array(W != 0.0), directed=True, connection="strong")
    order = np.argsort(labels, kind="stable")
    parts = np.split(order, np.flatnonzero(np.diff(labels[order])) + 1)
    return sorted(parts, key=lambda units: int(units[0]))


def balanced(W: Matrix) -> tuple[Matrix, NDArray[np.intp], int]:
    """(B, b, e) with B = 2**-e D W D^-1, D = diag(2**b), for an irreducible W of size at least 2.

    Where the entries of W span less than 60 binary orders, b = 0 and 2**e is the size of the largest. Else
    2**e is about the largest geometric mean lambda of |w_ij| over a cycle of the graph, and b brings every
    entry to 2**e at most (up to the rounding of b): lambda <= s(W) <= rho(|W|) <= n lambda, so that no
    entry that matters underflows. lambda and b come from Karp's cycle mean algorithm in the max-plus
    semiring, O(n^3).
    """
    with np.errstate(divide="ignore"):
        size = np.log2(np.abs(W))
    if np.ptp(size[W != 0.0]) < 60:
        scaled, exponent = normalized(W)
        return scaled, np.zeros(len(W), dtype=np.intp), exponent
    walks = _longest_walks(size)
    steps = np.arange(len(W))[:, None]
    with np.errstate(invalid="ignore"):
        means = (walks[-1] - walks[:-1]) / (len(W) - steps)
    mean = float(np.max(np.min(np.where(np.isnan(means), np.inf, means), axis=0)))
    ahead = np.max(walks[:-1] - steps * mean, axis=0)
    behind = np.max(_longest_walks(size.T)[:-1] - steps * mean, axis=0)
    exponents = np.rint((behind - ahead) / 2).astype(np.intp)
    exponent = math.ceil(mean)
    return np.ldexp(W, exponents[:, None] - exponents - exponent), exponents, exponent


def _longest_walks(size: Matrix) -> Matrix:
    """Row k, column i: the largest sum of sizes over the walks 0 -> ... -> i of k steps j -> i."""
    walks = np.full((len(size) + 1, len(size)), -np.inf)
    walks[0, 0] = 0.0
    for k in range(len(size)):
        walks[k + 1] = np.max(size + walks[k], axis=1)
    return walks
