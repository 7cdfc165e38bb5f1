"""No certified interval excludes the constant of the exact floats: integer arithmetic decides, nothing is rounded."""

import math
from collections.abc import Callable, Iterator
from fractions import Fraction

import numpy as np
import pytest
import sympy as sp
from numpy.typing import NDArray
from scipy.linalg import hilbert, qr
from sympy.polys.matrices import DomainMatrix

from errorflow.numerics.constants import (
    eigenvalues,
    logarithmic_norm,
    perron_radius,
    row_sum_norm,
    smallest_singular_value,
    spectral,
    spectral_norm,
    spectral_radius,
)
from errorflow.numerics.enclosure import Enclosure

Matrix = NDArray[np.float64]
Integers = list[list[int]]
Judge = Callable[[Matrix, Fraction], bool]
HAIR = Fraction(1, 2**80)  # relative; decides between < and <= without a semidefinite case
MUTATION = 1e-13


def similar_to_jordan(n: int, rng: np.random.Generator) -> Matrix:
    """S J S^-1 with integers: one eigenvalue, one eigenvector."""
    J = int(rng.integers(-2, 3)) * np.eye(n) + np.eye(n, k=1)
    for _ in range(2 * n if n > 1 else 0):
        i, j = rng.choice(n, size=2, replace=False)
        J[i] += J[j]
        J[:, j] -= J[:, i]
    return J


def companion(n: int, rng: np.random.Generator) -> Matrix:
    W = np.eye(n, k=-1)
    W[:, -1] = rng.integers(-5, 6, size=n)
    return W


def crabb(n: int, rng: np.random.Generator) -> Matrix:
    return np.diag(np.append(math.sqrt(2), np.ones(n))[: n - 1] if n > 1 else [], 1) if n > 1 else np.zeros((1, 1))


KINDS: dict[str, Callable[[int, np.random.Generator], Matrix]] = {
    "dense": lambda n, rng: rng.normal(size=(n, n)),
    "nonnegative": lambda n, rng: rng.exponential(size=(n, n)),
    "integers": lambda n, rng: rng.integers(-2, 3, size=(n, n)).astype(float),
    "triangular": lambda n, rng: np.triu(rng.normal(size=(n, n))),
    "rank one": lambda n, rng: np.outer(rng.normal(size=n), rng.normal(size=n)),
    "orthogonal": lambda n, rng: qr(rng.normal(size=(n, n)))[0],
    "Jordan": lambda n, rng: rng.normal() * np.eye(n) + np.eye(n, k=1),
    "similar to Jordan": similar_to_jordan,
    "graded": lambda n, rng: rng.normal(size=(n, n)) * 10.0 ** rng.integers(-60, 61, size=(n, n)),
    "subnormal": lambda n, rng: rng.integers(-9, 10, size=(n, n)) * 5e-324,
    "nilpotent": lambda n, rng: np.tril(rng.normal(size=(n, n)), -1),
    "sparse": lambda n, rng: rng.normal(size=(n, n)) * (rng.random((n, n)) < 0.4),
    "all ones": lambda n, rng: np.ones((n, n)),
    "companion": companion,
    "Crabb": crabb,
    "Hilbert": lambda n, rng: hilbert(n),
    "Wilkinson": lambda n, rng: np.diag(np.abs(np.arange(n) - (n - 1) / 2)) + np.eye(n, k=1) + np.eye(n, k=-1),
}
SCALES = (1.0, 1.0, 1.0, 1e-300, 1e300, 2.0**-1000, 2.0**900, 1e-150, 1e150, 1e-318)


def adversarial(number: int) -> Iterator[Matrix]:
    """So many matrices of every kind, n = 1, ..., 7, at all scales, every tenth in single precision."""
    for place, kind in enumerate(KINDS.values()):
        rng = np.random.default_rng(place)
        for draw in range(number):
            W = kind(int(rng.integers(1, 8)), rng)
            with np.errstate(over="ignore"):
                scaled = W * SCALES[int(rng.integers(len(SCALES)))]
            W = scaled if np.isfinite(scaled).all() else W
            yield W.astype(np.float32).astype(np.float64) if draw % 10 == 0 and np.abs(W).max() < 1e38 else W


# Oracles: exact integers


def integers(W: Matrix) -> tuple[Integers, Fraction]:
    """(A, c) with W = c A."""
    parts = [[Fraction(x) for x in row] for row in W.tolist()]
    common = max(part.denominator for row in parts for part in row)
    A = [[int(part * common) for part in row] for row in parts]
    size = math.gcd(*(x for row in A for x in row)) or 1
    return [[x // size for x in row] for row in A], Fraction(size, common)


def definite(M: list[list[Fraction]]) -> bool:
    """Whether all leading minors of a symmetric matrix are positive, by Bareiss's elimination."""
    common = math.lcm(*(x.denominator for row in M for x in row))
    A, before = [[int(x * common) for x in row] for row in M], 1
    for k in range(len(A)):
        if A[k][k] <= 0:
            return False
        for i in range(k + 1, len(A)):
            for j in range(k + 1, len(A)):
                A[i][j] = (A[k][k] * A[i][j] - A[i][k] * A[k][j]) // before
        before = A[k][k]
    return True


def shifted(A: Integers, t: Fraction, sign: int) -> list[list[Fraction]]:
    """sign (t I - A)."""
    return [[sign * ((t if i == j else 0) - Fraction(x)) for j, x in enumerate(row)] for i, row in enumerate(A)]


def gram(A: Integers) -> Integers:
    return [[sum(x * y for x, y in zip(p, q, strict=True)) for q in zip(*A, strict=True)] for p in zip(*A, strict=True)]


def all_inside(a: list[int]) -> bool:
    """Whether all zeros of a_0 + ... + a_n z^n have a modulus below 1: Schur's recursion."""
    while len(a) > 1:
        if abs(a[0]) >= abs(a[-1]):
            return False
        a = [a[-1] * x - a[0] * y for x, y in zip(a, reversed(a), strict=True)][1:]
        power = math.gcd(*a)
        a = [x // power for x in a]
    return True


def norm_below(W: Matrix, t: Fraction) -> bool:
    A, c = integers(W)
    return t > 0 and definite(shifted(gram(A), (t / c) ** 2, 1))


def least_singular_value_below(W: Matrix, t: Fraction) -> bool:
    A, c = integers(W)
    return t > 0 and not definite(shifted(gram(A), (t / c) ** 2, -1))


def logarithmic_norm_below(W: Matrix, t: Fraction) -> bool:
    A, c = integers(W)
    twice = [
        [x + y for x, y in zip(row, column, strict=True)] for row, column in zip(A, zip(*A, strict=True), strict=True)
    ]
    return definite(shifted(twice, 2 * t / c, 1))


def radius_below(W: Matrix, t: Fraction) -> bool:
    A, c = integers(W)
    p = [int(x) for x in DomainMatrix(A, (len(A), len(A)), sp.ZZ).charpoly()]
    r = t / c
    n = len(A)
    return t > 0 and all_inside([a * r.numerator**k * r.denominator ** (n - k) for k, a in enumerate(reversed(p))])


def perron_below(W: Matrix, t: Fraction) -> bool:
    return radius_below(np.abs(W), t)


def excluded(W: Matrix, lower: float, upper: float, below: Judge) -> bool:
    """Whether [lower, upper] misses the constant by more than a hair; below(W, t) says that it is below t."""

    def hair(end: float) -> Fraction:
        return max(HAIR * abs(Fraction(end)), HAIR**40)

    if upper < math.inf and not below(W, Fraction(upper) + hair(upper)):
        return True
    return lower > -math.inf and below(W, Fraction(lower) - hair(lower))


JUDGES: dict[str, tuple[Callable[[Matrix], Enclosure], Judge]] = {
    "norm": (spectral_norm, norm_below),
    "least singular value": (smallest_singular_value, least_singular_value_below),
    "logarithmic norm": (logarithmic_norm, logarithmic_norm_below),
    "radius": (spectral_radius, radius_below),
    "radius from floats": (spectral_radius, radius_below),
    "Perron root": (perron_radius, perron_below),
}


def survey(name: str, number: int) -> tuple[int, int, int]:
    """(intervals, tight ones, mutations of these caught by the oracle); fails if one excludes the constant."""
    constant, below = JUDGES[name]
    total = tight = caught = 0
    for W in adversarial(number):
        found = constant(W)
        assert found.evidence == "certified"
        assert not excluded(W, found.lower, found.upper, below), (name, W.tolist(), found)
        total += 1
        if 0 < found.width < 0.9 * MUTATION * abs(found.upper) and 1e-290 < abs(found.upper) < 1e300:
            tight += 1
            less = found.upper - MUTATION * abs(found.upper)
            more = found.lower + MUTATION * abs(found.lower)
            caught += excluded(W, -math.inf, less, below) and excluded(W, more, math.inf, below)
    return total, tight, caught


@pytest.mark.parametrize("name", JUDGES)
def test_no_interval_excludes_the_constant(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if name == "radius from floats":
        monkeypatch.setattr(eigenvalues, "integers", lambda W: None)
    total, tight, caught = survey(name, 30)
    assert total == 30 * len(KINDS)
    assert tight > total / 5
    assert caught == tight


@pytest.mark.slow
@pytest.mark.parametrize("name", JUDGES)
def test_no_interval_of_two_thousand_excludes_the_constant(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if name == "radius from floats":
        monkeypatch.setattr(eigenvalues, "integers", lambda W: None)
    total, tight, caught = survey(name, 120)
    assert total > 2000
    assert caught == tight > total / 5


@pytest.mark.parametrize("name", ["norm", "least singular value", "logarithmic norm"])
def test_a_search_that_lies_makes_no_interval_wrong(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def lie(V: Matrix) -> tuple[float, Matrix]:
        return 0.3, np.cos(np.arange(V.shape[1]) * 5.0 + 1.0)

    monkeypatch.setattr(spectral, "top_vector", lie)
    monkeypatch.setattr(spectral, "top_eigenvector", lie)
    constant, below = JUDGES[name]
    for W in adversarial(4):
        found = constant(W)
        assert not excluded(W, found.lower, found.upper, below), (W.tolist(), found)


def test_row_sums_are_exact_or_between_neighboring_floats() -> None:
    for W in adversarial(20):
        parts = [[Fraction(x) for x in row] for row in W.tolist()]
        norm = max(sum(map(abs, row)) for row in parts)
        growth = max(sum(map(abs, row)) - abs(row[i]) + row[i] for i, row in enumerate(parts))
        for found, exact in ((row_sum_norm(W), norm), (logarithmic_norm(W, p=math.inf), growth)):
            assert Fraction(found.lower) <= exact
            assert found.upper == math.inf or exact <= Fraction(found.upper)
            assert found.upper <= math.nextafter(found.lower, math.inf)
            assert found.width == 0 or exact not in (Fraction(found.lower), found.upper)
