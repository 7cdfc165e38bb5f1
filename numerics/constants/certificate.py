"""From floats to a certificate of uniform vanishing that rational arithmetic alone re-checks.

The rate is just above gamma w(L W L^-1). P is the solution for a slightly smaller radius t < 1: where X = X(t) solves
X + A^T X^-1 A = 2 t I, the block matrix [[P, A^T], [A, 2 I - P]] of P = (1 + t) I - X is at least (1 - t) I, which
leaves room for rounding P to few bits.

Main definition: `sharp_certificate`.
"""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...theory.certificate import Certificate
from .matrix import Matrix, normalized, square_matrix
from .numerical_radius import maximal_solution, radius_enclosed, radius_scaling

BITS = 20  # of the entries of L, 2 * BITS of the rate
TRIES = 6  # each with four times the excess of the one before


def sharp_certificate(
    W: ArrayLike,
    *,
    gamma: Fraction | float = 1,
    margin: float = 1e-6,
    condition_limit: float = 1e8,
) -> Certificate:
    """A checked certificate || D_k W ... D_1 W ||_2 <= 2 kappa(L) rate^k, rate <= about (1 + margin) gamma omega(W).

    L is that of `radius_scaling` rounded to 20 bits, kappa(L) <= about condition_limit, and omega(W) is what it found.
    W and gamma are taken as the exact values of the floats. The matrix 0 gets the rate gamma margin. The check by
    rational arithmetic costs n^3 products of integers as long as n: a second for n = 30, ten for n = 50.

    Raises ValueError for a W that is no real finite square matrix of a floating dtype, for a gamma that is not positive
    and finite, for a margin outside [1e-9, 1], for a condition_limit outside (1, 1e60], and if no try passes the check.

    >>> found = sharp_certificate([[1.0, 1.0], [-1.0, -1.0]], gamma=Fraction(1, 4))
    >>> found.check()
    >>> found.gamma, found.constant, round(float(found.rate), 4)
    (Fraction(1, 4), Fraction(2, 1), 0.25)
    """
    if not 1e-9 <= margin <= 1:
        raise ValueError(f"margin must be at least 1e-9 and at most 1, got {margin!r}")
    if not 0 < gamma < math.inf:
        raise ValueError(f"gamma must be positive and finite, got {gamma!r}")
    matrix = square_matrix(W)
    n = len(matrix)
    diagonal = [_rounded(entry) for entry in radius_scaling(matrix, condition_limit=condition_limit).diagonal.tolist()]
    V, exponent = normalized(matrix)
    L = np.array([float(entry) for entry in diagonal])
    A = L[:, None] * V / L
    radius = radius_enclosed(A)[1]
    exact = [[Fraction(entry) for entry in row] for row in matrix.tolist()]
    fault: object = f"no P for {TRIES} rates"
    for attempt in range(TRIES):
        excess = margin * 4.0**attempt
        rate = _rounded(radius * (1 + excess), bits=2 * BITS) if radius else Fraction(excess)
        P = _solution(A / float(rate), 1 - excess / (2 + 2 * excess))
        if P is None:
            continue
        found = Certificate(exact, Fraction(gamma), diagonal, Fraction(gamma) * rate * Fraction(2) ** exponent, P)  # type: ignore[arg-type]  # sequences are converted
        try:
            found.check()
        except ValueError as error:
            fault = error
        else:
            return found
    raise ValueError(f"margin must leave room for rounding, got {margin!r} for a matrix of size {n}: {fault}")


def _solution(A: Matrix, t: float) -> list[list[Fraction]] | None:
    """(1 + t) I - X(t) rounded to a few bits more than 1 - t needs, or None where X(t) is not found."""
    X = maximal_solution(A, t)
    if X is None:
        return None
    n = len(A)
    bits = math.ceil(math.log2(16 * n / (1 - t)))
    P: NDArray[np.float64] = np.rint(np.ldexp((1 + t) * np.eye(n) - X, bits))
    return [[Fraction(int(entry), 1 << bits) for entry in row] for row in P.tolist()]


def _rounded(value: float, *, bits: int = BITS) -> Fraction:
    """A positive number rounded up to so many bits."""
    mantissa, exponent = math.frexp(value)
    return Fraction(math.ceil(math.ldexp(mantissa, bits))) * Fraction(2) ** (exponent - bits)
