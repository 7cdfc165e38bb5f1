r"""From floats to a certificate of uniform vanishing that rational arithmetic alone re-checks.

**From the numerical radius.** The rate is just above gamma w(L W L^-1). P is the solution for a slightly smaller radius t < 1:
where X = X(t) solves X + A^T X^-1 A = 2 t I, the block matrix [[P, A^T], [A, 2 I - P]] of P = (1 + t) I - X is at least (1 -
t) I, which leaves room for rounding P to few bits.

**From a semidefinite program.** The contraction problem asks for P and a diagonal M > 0 with

    [[r^2 P, -gamma W^T M], [-gamma M W, 2 M - P]] >= 0.

With M = L^2 and the congruence diag(L^-1/r, -L^-1) this is [[P', A^T], [A, 2 I - P']] >= 0 with P' = L^-1 P L^-1 and A =
(gamma/r) L W L^-1: a certificate. What a solver returns is not quite feasible, so it is moved inside: with 0 < s < 1, the block
matrix of (1 - s) A and (1 - s) P' + s I is (1 - s) times that of A and P', plus s I; the rate becomes r/(1 - s). An M that
couples different units is no help: for such M the conclusion is false.

**In floats.** Every entry of the block matrix is rounded once, from integers: the rounded matrix is within u ||.||_F/(1 - u) +
2 n 2^-1000 of the exact one, and `largest_eigenvalue` bounds the rest.

Main definitions: `sharp_certificate`, `certificate_from_multiplier`, `verified`.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...theory.certificate import Certificate
from ..certify import SLACK, TINY, U, largest_eigenvalue
from .many_norms import frobenius_above
from .matrix import Matrix, normalized, square_matrix
from .numerical_radius import maximal_solution, radius_enclosed, radius_scaling

BITS = 20  # of the entries of L, 2 * BITS of the rate
TRIES = 6  # each with four times the excess of the one before
EXACT = 32  # from this size on a certificate is verified in floats before it is returned


def sharp_certificate(
    W: ArrayLike,
    *,
    gamma: Fraction | float = 1,
    margin: float = 1e-6,
    condition_limit: float = 1e8,
    diagonal: ArrayLike | None = None,
) -> Certificate:
    """A proved certificate || D_k W ... D_1 W ||_2 <= 2 kappa(L) rate^k, rate <= about (1 + margin) gamma omega(W).

    L is that of `radius_scaling` rounded to 20 bits, kappa(L) <= about condition_limit, and omega(W) is what it found; a given
    ``diagonal`` (n,) > 0 takes its place, rounded to 20 bits too, and its radius that of omega(W). W and gamma are taken as
    the exact values of the floats. The matrix 0 gets the rate gamma margin. Below 32 units the certificate has passed its
    `check` by rational arithmetic, which costs n^3 products of integers as long as n; larger ones have passed `verified`.

    Raises ValueError for a W that is no real finite square matrix of a floating dtype, for a gamma that is not positive
    and finite, for a margin outside [1e-9, 1], for a condition_limit outside (1, 1e60], for a diagonal that is not n
    positive numbers of moderate ratio, and if no try is proved.

    >>> found = sharp_certificate([[1.0, 1.0], [-1.0, -1.0]], gamma=Fraction(1, 4))
    >>> found.check()
    >>> found.gamma, found.constant, round(float(found.rate), 4)
    (Fraction(1, 4), Fraction(2, 1), 0.25)
    """
    if not 1e-9 <= margin <= 1:
        raise ValueError(f"margin must be at least 1e-9 and at most 1, got {margin!r}")
    _positive("gamma", gamma)
    matrix = square_matrix(W)
    n = len(matrix)
    if diagonal is None:
        entries = radius_scaling(matrix, condition_limit=condition_limit).diagonal
    else:
        entries = _reals("diagonal", diagonal, (n,))
        if not ((entries > 0.0).all() and entries.max() <= 1e100 * entries.min()):
            raise ValueError("diagonal must be positive, with ratios up to 1e100")
        entries = entries / entries.max()
    scaling = [_rounded(entry) for entry in entries.tolist()]
    V, exponent = normalized(matrix)
    L = np.array([float(entry) for entry in scaling])
    A = L[:, None] * V / L
    radius = radius_enclosed(A)[1]
    fault = f"no P for {TRIES} rates"
    for attempt in range(TRIES):
        excess = margin * 4.0**attempt
        rate = _rounded(radius * (1 + excess), bits=2 * BITS) if radius else Fraction(excess)
        P = _solution(A / float(rate), 1 - excess / (2 + 2 * excess))
        if P is None:
            continue
        found = _certificate(matrix, gamma, scaling, Fraction(gamma) * rate * Fraction(2) ** exponent, P)
        unproved = _fault(found)
        if unproved is None:
            return found
        fault = unproved
    raise ValueError(f"margin must leave room for rounding, got {margin!r} for a matrix of size {n}: {fault}")


def certificate_from_multiplier(
    W: ArrayLike,
    *,
    rate: float,
    P: ArrayLike,
    M: ArrayLike,
    gamma: Fraction | float = 1,
    margin: float = 1e-9,
) -> Certificate:
    """The certificate with the rate (1 + margin) rate that a solution (P, M) of the contraction problem proves, if it does.

    P (n, n) is symmetric, up to rounding, and M (n, n) or (n,) diagonal and positive, as a solver of semidefinite programs
    returns them for [[rate^2 P, -gamma W^T M], [-gamma M W, 2 M - P]] >= 0. The solver is not believed: the result is proved
    as that of `sharp_certificate`. A violation of the program well below the margin (in units of M) does no harm.

    Raises ValueError with one sentence if P and M prove no such rate, for an M that couples units, and for wrong arguments.

    >>> found = certificate_from_multiplier([[0.0, 2.0], [0.0, 0.0]], rate=1.0, P=[[0.0, 0.0], [0.0, 2.0]], M=[1.0, 1.0])
    >>> found.check()
    >>> round(float(found.rate), 6)
    1.0
    """
    if not 1e-12 <= margin <= 1:
        raise ValueError(f"margin must be at least 1e-12 and at most 1, got {margin!r}")
    _positive("gamma", gamma)
    _positive("rate", rate)
    matrix = square_matrix(W)
    n = len(matrix)
    energy = _reals("P", P, (n, n))
    multiplier = np.asarray(M)
    multiplier = _reals("M", M, (n,) if multiplier.ndim == 1 else (n, n))
    if multiplier.ndim == 2:
        coupled = np.argwhere(multiplier * (1 - np.eye(n)))
        if coupled.size:
            i, j = coupled[0].tolist()
            raise ValueError(
                f"M must be diagonal, got {float(multiplier[i, j])!r} in row {i}, column {j}: a multiplier that couples units "
                "proves nothing"
            )
        multiplier = np.diag(multiplier)
    if not ((multiplier > 0.0).all() and multiplier.max() <= 1e100 * multiplier.min()):
        raise ValueError("M must be positive, with ratios up to 1e100")
    room = margin / (1 + margin)
    bits = math.ceil(math.log2(64 * n / room))
    scaling = [_rounded(entry, bits=bits) for entry in np.sqrt(multiplier / multiplier.max()).tolist()]
    L = np.array([float(entry) for entry in scaling])
    with np.errstate(over="ignore", invalid="ignore"):
        inside = (1 - room) * ((energy / 2 + energy.T / 2) / multiplier.max() / L[:, None] / L) + room * np.eye(n)
    inside = np.tril(inside) + np.tril(inside, -1).T  # rounding may have made it unsymmetric
    if not float(np.abs(inside).max()) < 2.0**500:
        raise ValueError("P must be of the size of M, got one that overflows")
    exact_rate = _rounded(1 + margin, bits=52) * Fraction(rate)
    found = _certificate(matrix, gamma, scaling, exact_rate, _fractions(inside, bits))
    fault = _fault(found)
    if fault is not None:
        raise ValueError(f"P and M must prove the rate {rate!r} up to the margin {margin!r}, but they do not: {fault}")
    return found


def verified(certificate: Certificate) -> bool:
    """Whether a certificate is shown to hold in floats with all rounding errors counted: True holds, False is not shown.

    Takes a fraction of a second for n = 256. A certificate whose block matrix is singular, as that of an attained bound, is
    left to its `check`.

    >>> from errorflow.theory.certificate import crabb
    >>> verified(sharp_certificate([[0.0, 2.0], [0.0, 0.0]])), verified(crabb(1))
    (True, False)
    """
    n = len(certificate.W)
    if not (certificate.gamma > 0 and certificate.rate > 0 and all(entry > 0 for entry in certificate.L)):
        return False
    if any(certificate.P[i][j] != certificate.P[j][i] for i in range(n) for j in range(i)):
        return False
    try:
        A, P, rest = _floats(certificate)
    except OverflowError:
        return False
    block = np.block([[P, A.T], [A, rest]])
    if float(np.abs(block).max()) > 4.0:  # a semidefinite one has entries up to 2
        return False
    error = (U * float(frobenius_above(block[None])[0]) + 2 * n * TINY) * SLACK
    return largest_eigenvalue(-block, error=error) <= 0.0


def _floats(certificate: Certificate) -> tuple[Matrix, Matrix, Matrix]:
    """(A, P, 2 I - P), every entry correctly rounded: the quotient of two integers is."""
    ratio, L = certificate.gamma / certificate.rate, certificate.L
    A = []
    for left, row in zip(L, certificate.W, strict=True):
        above, below = ratio.numerator * left.numerator, ratio.denominator * left.denominator
        A.append(
            [
                (above * right.denominator * entry.numerator) / (below * right.numerator * entry.denominator)
                for right, entry in zip(L, row, strict=True)
            ]
        )
    P = [[entry.numerator / entry.denominator for entry in row] for row in certificate.P]
    rest = -np.array(P)
    for i, row in enumerate(certificate.P):
        left = 2 - row[i]
        rest[i, i] = left.numerator / left.denominator
    return np.array(A), np.array(P), rest


def _fault(certificate: Certificate) -> str | None:
    """What keeps a certificate from being proved, or None."""
    if len(certificate.W) >= EXACT:
        return None if verified(certificate) else "it is not shown to hold in floating point with the errors counted"
    try:
        certificate.check()
    except ValueError as error:
        return str(error)
    return None


def _certificate(
    W: Matrix, gamma: Fraction | float, L: list[Fraction], rate: Fraction, P: list[list[Fraction]]
) -> Certificate:
    exact = [[Fraction(entry) for entry in row] for row in W.tolist()]
    return Certificate(exact, Fraction(gamma), L, rate, P)  # type: ignore[arg-type]  # sequences are converted


def _solution(A: Matrix, t: float) -> list[list[Fraction]] | None:
    """(1 + t) I - X(t) rounded to a few bits more than 1 - t needs, or None where X(t) is not found."""
    X = maximal_solution(A, t)
    if X is None:
        return None
    n = len(A)
    return _fractions((1 + t) * np.eye(n) - X, math.ceil(math.log2(16 * n / (1 - t))))


def _fractions(M: Matrix, bits: int) -> list[list[Fraction]]:
    """A matrix rounded to multiples of 2**-bits."""
    rounded: NDArray[np.float64] = np.rint(np.ldexp(M, bits))
    return [[Fraction(int(entry), 1 << bits) for entry in row] for row in rounded.tolist()]


def _rounded(value: float, *, bits: int = BITS) -> Fraction:
    """A positive number rounded up to so many bits."""
    mantissa, exponent = math.frexp(value)
    return Fraction(math.ceil(math.ldexp(mantissa, bits))) * Fraction(2) ** (exponent - bits)


def _positive(name: str, value: Fraction | float) -> None:
    if not 0 < value < math.inf:
        raise ValueError(f"{name} must be positive and finite, got {value!r}")


def _reals(name: str, value: ArrayLike, shape: tuple[int, ...]) -> NDArray[np.float64]:
    """A finite real array of one shape, as float64."""
    array: NDArray[Any] = np.asarray(value)
    if array.shape != shape or array.dtype.kind not in "iuf":
        raise ValueError(
            f"{name} must be a real array of shape {shape}, got shape {array.shape} and dtype {array.dtype}"
        )
    found = array.astype(np.float64)
    if not np.isfinite(found).all():
        raise ValueError(f"{name} must be finite")
    return found
