r"""||B||_2 <= bound for each matrix of a stack (N, n, n) at once, with every rounding error counted.

u, gamma_k, SLACK and the assumptions are those of `certify`. Every matrix is scaled by its own power of two, so that its
largest entry is in [1/2, 1); ||B||_2 is then at least 1/2, and what is lost to underflow, below n^3 2^-500 even where it
meets a square root, is less than the slack.

**Two rows.** For B = [[a, b], [c, d]], ||B||_2 = (|(a + d, c - b)| + |(a - d, b + c)|)/2 with Euclidean lengths: the two
complex numbers of the map z -> p z + q conj(z). At most six roundings lie on the way to the sum.

**More rows.** Let V be any float matrix (the eigenvectors of B^T B that LAPACK finds, whatever they are worth) and
q >= ||V^T V - I||_F with q < 1. Then |V y|^2 >= (1 - q) |y|^2, V is invertible, and

    ||B||_2 <= ||B V||_2/sqrt(1 - q).

With C = fl(B V), |C - B V| <= gamma_n |B| |V|, so ||B V||_2 <= ||C||_2 + gamma_n ||B||_F ||V||_F. With K = fl(C^T C), of which
the diagonal is nearly all, |K - C^T C| <= gamma_n |C|^T |C|, whose Frobenius norm is at most gamma_n ||C||_F^2, so

    ||C||_2^2 <= max_i k_ii + (sum over i != j of k_ij^2)^(1/2) + gamma_n ||C||_F^2,

a diagonal matrix plus two others. For Q = fl(V^T V) likewise q = ||fl(Q - I)||_F (1 + 2 u) + gamma_n ||V||_F^2, a difference
being rounded once. Frobenius norms are sums of n^2 squares and one root: relative error below gamma_(n^2 + 4). Where q is
not below 1/2, as with NaN, the bound is ||B||_F.

Main definitions: `norms_above`, `frobenius_above`.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from ..certify import SLACK, gamma

Stack = NDArray[np.float64]
Vector = NDArray[np.float64]


def frobenius_above(stack: Stack) -> Vector:
    """Upper bounds (N,) of the Frobenius norms of (N, n, k) matrices whose squares neither overflow nor underflow."""
    terms = stack.shape[1] * stack.shape[2]
    squares = np.einsum("mij,mij->m", stack, stack)
    found: Vector = np.sqrt(squares) * ((1 + gamma(terms + 4)) * SLACK)
    return found


def norms_above(stack: Stack) -> Vector:
    """Upper bounds (N,) of the spectral norms of (N, n, n) matrices, n^2 u relative above them; inf for one with NaN.

    >>> bounds = norms_above(np.array([[[0.0, 2.0], [1.0, 0.0]], [[1e-300, 0.0], [0.0, 0.0]]]))
    >>> bool((bounds >= [2.0, 1e-300]).all() and (bounds < [2.0 + 1e-12, 1.00001e-300]).all())
    True
    """
    n = stack.shape[-1]
    with np.errstate(invalid="ignore"):
        size = np.abs(stack).max(axis=(1, 2))
    sound = np.isfinite(size) & (size > 0.0)
    exponent = np.frexp(np.where(sound, size, 1.0))[1]
    B = np.ldexp(np.where(sound[:, None, None], stack, 0.0), -exponent[:, None, None])
    if n == 1:
        found = np.abs(B[:, 0, 0])
    elif n == 2:
        a, b, c, d = B[:, 0, 0], B[:, 0, 1], B[:, 1, 0], B[:, 1, 1]
        one = np.sqrt((a + d) ** 2 + (c - b) ** 2)
        other = np.sqrt((a - d) ** 2 + (b + c) ** 2)
        found = (one + other) / 2 * SLACK
    else:
        found = _by_eigenvectors(B)
    with np.errstate(over="ignore"):
        back = np.ldexp(found, exponent)
    back = np.where(np.ldexp(back, -exponent) < found, np.nextafter(back, math.inf), back)
    bounds: Vector = np.where(sound, back, np.where(size == 0.0, 0.0, math.inf))
    return bounds


def _by_eigenvectors(B: Stack) -> Vector:
    n = B.shape[-1]
    g = gamma(n)
    transposed = B.transpose(0, 2, 1)
    try:
        V = np.linalg.eigh(transposed @ B)[1]
    except np.linalg.LinAlgError:
        V = np.broadcast_to(np.eye(n), B.shape)
    C = B @ V
    K = C.transpose(0, 2, 1) @ C
    Q = V.transpose(0, 2, 1) @ V
    np.einsum("mii->mi", Q)[:] -= 1.0
    diagonal = np.einsum("mii->mi", K)
    top = diagonal.max(axis=1)
    diagonal[:] = 0.0
    size_B, size_V, size_C = frobenius_above(B), frobenius_above(V), frobenius_above(C)
    q = (frobenius_above(Q) + g * size_V**2) * SLACK
    squared = (top + frobenius_above(K) + g * size_C**2) * SLACK
    with np.errstate(invalid="ignore"):
        found = (np.sqrt(squared) * SLACK + g * size_B * size_V) * SLACK / np.sqrt(1 - np.minimum(q, 0.5)) * SLACK
    bounds: Vector = np.where(q < 0.5, np.fmin(found, size_B), size_B)
    return bounds
