"""The certificate of uniform vanishing: what is valid passes and bounds every masked product, what is tampered does not."""

import math
import re
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from itertools import product

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from errorflow.numerics.constants import numerical_radius, radius_scaling, sharp_certificate
from errorflow.theory.certificate import Certificate, crabb, semidefinite_fault

NOT_SEMIDEFINITE = (
    r"the block matrix \[\[P, A\^T\], \[A, 2I - P\]\] must be positive semidefinite, got a (negative|zero) pivot"
)


def gaussian(n: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n, n))


def changed(rows: tuple[tuple[Fraction, ...], ...], i: int, j: int, by: Fraction) -> list[list[Fraction]]:
    found = [list(row) for row in rows]
    found[i][j] += by
    return found


def largest_product(certificate: Certificate, lag: int) -> float:
    """The largest ||D_lag W ... D_1 W||_2 over all masks of 0, gamma in every step: the extremes, by convexity."""
    W = np.array([[float(x) for x in row] for row in certificate.W])
    masks = np.array(list(product((0.0, float(certificate.gamma)), repeat=len(W))))
    products = np.eye(len(W))[None]
    for _ in range(lag):
        products = (masks[:, None, :, None] * (W @ products)).reshape(-1, *W.shape)
    return float(np.linalg.norm(products, 2, axis=(1, 2)).max())


def greedy_product(W: np.ndarray, L: np.ndarray, gamma: float, lag: int, rng: np.random.Generator) -> float:
    """A large ||L D_lag W ... D_1 W L^-1||: masks are flipped one by one as long as the norm grows."""
    n = len(W)
    masks = rng.choice([0.0, gamma], size=(lag, n))

    def norm() -> float:
        total = np.diag(1 / L)
        for mask in masks:
            total = mask[:, None] * (W @ total)
        return float(np.linalg.norm(L[:, None] * total, 2))

    best, improved = norm(), True
    while improved:
        improved = False
        for t, i in np.ndindex(lag, n):
            masks[t, i] = gamma - masks[t, i]
            if norm() > best * (1 + 1e-9):
                best, improved = norm(), True
            else:
                masks[t, i] = gamma - masks[t, i]
    return best


# Exact elimination


@given(seed=st.integers(0, 2**32 - 1), n=st.integers(1, 5), rank=st.integers(0, 5))
@settings(max_examples=60)
def test_elimination_agrees_with_the_principal_minors(seed: int, n: int, rank: int) -> None:
    rng = np.random.default_rng(seed)
    B = rng.integers(-2, 3, size=(n, rank))
    M = sp.Matrix(B @ B.T) / 6
    if seed % 2:
        i, j = rng.integers(0, n, size=2)
        M[i, j] = M[j, i] = M[i, j] + sp.Rational(int(rng.integers(-1, 2)), 7)
    minors = [
        M.extract(units, units).det() for units in ([i for i in range(n) if code >> i & 1] for code in range(1, 2**n))
    ]
    rows = [[Fraction(int(M[i, j].p), int(M[i, j].q)) for j in range(i + 1)] for i in range(n)]
    assert (semidefinite_fault(rows) is None) == all(minor >= 0 for minor in minors)


def test_elimination_names_what_it_finds() -> None:
    def fault(*rows: list[int]) -> str | None:
        return semidefinite_fault([[Fraction(x) for x in row] for row in rows])

    assert fault([0], [0, 0]) is None
    assert fault([1], [1, 1], [0, 0, 0]) is None
    assert fault([-1]) == "a negative pivot in row 1 of 1"
    assert fault([1], [2, 3]) == "a negative pivot in row 2 of 2"
    assert fault([1], [1, 1], [1, 2, 5]) == "a zero pivot with an entry beside it in row 2 of 3"


# Exact certificates


@pytest.mark.parametrize("k", [1, 2, 3, 8])
def test_the_factor_two_is_attained(k: int) -> None:
    found = crabb(k)
    found.check()
    assert (found.rate, found.constant, found.bound(k)) == (1, 2, 2)
    W = sp.Matrix(found.W)
    power = W**k
    assert {x for row in found.W for x in row} <= {0, 1, 2}
    assert [x for x in power if x != 0] == [2]
    with pytest.raises(ValueError, match=NOT_SEMIDEFINITE):
        replace(found, rate=Fraction(10**9 - 1, 10**9)).check()


@pytest.mark.parametrize("k", [2, 3, 6])
def test_two_parallel_paths_are_a_crabb_matrix_beside_a_jordan_block(k: int) -> None:
    W = np.array([[float(x) for x in row] for row in crabb(k).W])
    half = math.sqrt(0.5)
    rotation = np.eye(2 * k)
    for first in range(1, 2 * k - 1, 2):
        rotation[first : first + 2, first : first + 2] = [[half, half], [half, -half]]
    turned = rotation @ W @ rotation.T
    chain, rest = [0, *range(1, 2 * k - 1, 2), 2 * k - 1], [*range(2, 2 * k - 1, 2)]
    weights = [math.sqrt(2), *[1.0] * (k - 2), math.sqrt(2)]
    assert np.allclose(turned[np.ix_(chain, chain)], np.diag(weights, 1))
    assert np.allclose(turned[np.ix_(rest, rest)], np.eye(k - 1, k=1))
    assert np.allclose(turned[np.ix_(chain, rest)], 0)
    assert np.allclose(turned[np.ix_(rest, chain)], 0)


def test_slopes_outside_the_range_are_not_covered() -> None:
    valid = Certificate(W=[[1, 1], [-1, -1]], gamma=1, L=[1, 1], rate=1, P=[[1, 1], [1, 1]])
    valid.check()
    outside = sp.diag(sp.Rational(-1, 10), 1) * sp.Matrix(valid.W)
    assert max(abs(x) for x in outside.eigenvals()) == sp.Rational(11, 10)
    assert (outside**40).norm() > valid.bound(40)


def test_untied_copies_are_not_covered() -> None:
    first = crabb(1)
    first.check()
    second = Certificate(W=[[0, 0], [2, 0]], gamma=1, L=[1, 1], rate=1, P=[[2, 0], [0, 0]])
    second.check()
    assert (sp.Matrix(first.W) * sp.Matrix(second.W)) ** 5 == sp.diag(4**5, 0)


# Certificates from floats


def crabb_matrix(n: int) -> np.ndarray:
    A = np.eye(n, k=1)
    A[0, 1] *= math.sqrt(2)
    A[-2, -1] *= math.sqrt(2)
    return A


MATRICES: dict[str, Callable[[], np.ndarray]] = {
    "gaussian 2": lambda: gaussian(2),
    "gaussian 12": lambda: gaussian(12),
    "one unit": lambda: np.array([[-0.7]]),
    "zero": lambda: np.zeros((3, 3)),
    "nilpotent": lambda: np.tril(gaussian(6), -1),
    "hidden nilpotent": lambda: np.array([[2.0, 4.0], [-1.0, -2.0]]),
    "Crabb": lambda: crabb_matrix(6),
    "orthogonal": lambda: np.linalg.qr(gaussian(8))[0],
    "rank one": lambda: np.outer(gaussian(5)[0], gaussian(5)[1]),
    "tiny": lambda: gaussian(4) * 1e-300,
    "huge": lambda: gaussian(4) * 1e300,
    "float32": lambda: gaussian(5).astype(np.float32),
}


@pytest.mark.parametrize("name", MATRICES)
@pytest.mark.parametrize("gamma", [1, Fraction(1, 4)])
def test_every_matrix_gets_a_sharp_certificate_of_its_own_entries(name: str, gamma: Fraction) -> None:
    W = MATRICES[name]()
    found = sharp_certificate(W, gamma=gamma)
    found.check()
    assert found.gamma == gamma
    assert tuple(tuple(Fraction(float(x)) for x in row) for row in W) == found.W
    least = radius_scaling(W)
    assert found.rate >= gamma * Fraction(least.infimum.lower) * (1 - Fraction(1, 10**9))
    assert found.rate <= gamma * Fraction(least.radius.upper) * (1 + Fraction(1, 10**4)) or name == "zero"
    assert found.condition <= Fraction(least.condition.upper) * (1 + Fraction(1, 10**4))


def test_thirty_units_take_part() -> None:
    W = gaussian(30) / math.sqrt(30)
    assert float(sharp_certificate(W, margin=1e-3).rate) == pytest.approx(radius_scaling(W).radius.upper, rel=2e-3)


@given(n=st.integers(1, 3), seed=st.integers(0, 2**32 - 1), gamma=st.sampled_from([1, 0.25, 2.0]))
@settings(max_examples=25)
def test_no_masked_product_exceeds_a_valid_certificate(n: int, seed: int, gamma: float) -> None:
    W = gaussian(n, seed)
    if seed % 3 == 0:
        W = np.triu(W, 1)
    found = sharp_certificate(W, gamma=gamma, condition_limit=100.0)
    for lag in range(1, {1: 8, 2: 6, 3: 4}[n]):
        assert largest_product(found, lag) <= float(found.bound(lag)) * (1 + 1e-12)


def test_adversarial_masks_stay_below_the_factor_two_and_come_near_it() -> None:
    rng, largest = np.random.default_rng(0), 0.0
    for seed in range(8):
        W = gaussian(4, seed)
        found = sharp_certificate(W)
        L, rate = np.array([float(x) for x in found.L]), float(found.rate)
        for lag in (1, 2, 3, 5):
            largest = max(largest, greedy_product(W, L, 1.0, lag, rng) / rate**lag)
    assert 1.2 < largest < 2.0
    two = crabb(3)
    W = np.array([[float(x) for x in row] for row in two.W])
    assert greedy_product(W, np.ones(6), 1.0, 3, rng) == pytest.approx(2.0)


@pytest.fixture(scope="module")
def valid() -> Certificate:
    return sharp_certificate(gaussian(5, 3), gamma=Fraction(1, 2), margin=1e-4)


def test_a_changed_entry_of_P_is_rejected(valid: Certificate) -> None:
    with pytest.raises(ValueError, match=r"P must be symmetric, got .* in row 3, column 1"):
        replace(valid, P=changed(valid.P, 1, 3, Fraction(1, 10**6))).check()
    for i in range(5):
        for by in (Fraction(1, 100), Fraction(-1, 100)):
            with pytest.raises(ValueError, match=NOT_SEMIDEFINITE):
                replace(valid, P=changed(valid.P, i, i, by)).check()
    both = changed(changed(valid.P, 1, 3, Fraction(1, 100)), 3, 1, Fraction(1, 100))
    with pytest.raises(ValueError, match=NOT_SEMIDEFINITE):
        replace(valid, P=both).check()


def test_a_changed_scaling_is_rejected(valid: Certificate) -> None:
    for i in range(5):
        L = list(valid.L)
        L[i] *= Fraction(11, 10)
        with pytest.raises(ValueError, match=NOT_SEMIDEFINITE):
            replace(valid, L=L).check()
    for bad in (Fraction(0), Fraction(-1)):
        with pytest.raises(ValueError, match=f"L must be positive, got {bad} in entry 2"):
            replace(valid, L=[*valid.L[:2], bad, *valid.L[3:]]).check()


def test_a_rate_below_the_radius_is_rejected(valid: Certificate) -> None:
    for factor in (Fraction(1, 2), 1 - Fraction(2, 10**4)):
        with pytest.raises(ValueError, match=NOT_SEMIDEFINITE):
            replace(valid, rate=valid.rate * factor).check()
    replace(valid, rate=valid.rate * Fraction(11, 10)).check()
    with pytest.raises(ValueError, match="rate must be positive, got 0"):
        replace(valid, rate=0).check()


def test_other_weights_and_other_slopes_are_rejected(valid: Certificate) -> None:
    for i, j in ((0, 0), (2, 4), (4, 1)):
        for by in (Fraction(1, 10), Fraction(-1, 10)):
            other = changed(valid.W, i, j, by)
            with pytest.raises(ValueError, match=NOT_SEMIDEFINITE):
                replace(valid, W=other).check()
    with pytest.raises(ValueError, match=NOT_SEMIDEFINITE):
        replace(valid, W=[[-2 * x for x in row] for row in valid.W]).check()
    with pytest.raises(ValueError, match=NOT_SEMIDEFINITE):
        replace(valid, gamma=valid.gamma * Fraction(1001, 1000)).check()
    replace(valid, gamma=valid.gamma / 2).check()
    with pytest.raises(ValueError, match="gamma must be positive, got -1"):
        replace(valid, gamma=-1).check()


@given(n=st.integers(1, 4), seed=st.integers(0, 2**32 - 1))
@settings(max_examples=30)
def test_no_P_at_all_certifies_a_rate_below_the_radius(n: int, seed: int) -> None:
    W = gaussian(n, seed)
    rate = Fraction(numerical_radius(W).lower) * (1 - Fraction(1, 10**6))
    rng = np.random.default_rng(seed)
    for _ in range(5):
        B = np.rint(64 * rng.normal(size=(n, n))).astype(int)
        P = [[Fraction(int(x), 4096) for x in row] for row in B @ B.T]
        with pytest.raises(ValueError, match=NOT_SEMIDEFINITE):
            Certificate(
                W=[[Fraction(x) for x in row] for row in W.tolist()], gamma=1, L=[1] * n, rate=rate, P=P
            ).check()


# Wrong arguments


def test_certificates_are_exact_and_of_one_size() -> None:
    parts = {"W": [[0, 2], [0, 0]], "gamma": 1, "L": [1, 1], "rate": 1, "P": [[0, 0], [0, 2]]}
    for name, value in (("gamma", 1.0), ("rate", 0.5), ("L", [1, 1.0]), ("W", [[0, 2.0], [0, 0]]), ("P", [[0.0]])):
        with pytest.raises(TypeError, match=f"{name} must be an exact rational number, got .* \\(float\\)"):
            Certificate(**parts | {name: value})
    for name, value, message in (
        ("W", [[1, 2]], "W must be 1 by 1 with n >= 1, got 1 rows of lengths [2]"),
        ("P", [[1]], "P must be 2 by 2 with n >= 1, got 1 rows of lengths [1]"),
        ("L", [1], "L must have 2 entries, got 1"),
    ):
        with pytest.raises(ValueError, match=re.escape(message)):
            Certificate(**parts | {name: value})
    with pytest.raises(ValueError, match="lag must be at least 0, got -1"):
        Certificate(**parts).bound(-1)
    with pytest.raises(ValueError, match="k must be at least 1, got 0"):
        crabb(0)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"gamma": 0}, "gamma must be positive and finite, got 0"),
        ({"gamma": math.inf}, "gamma must be positive and finite, got inf"),
        ({"margin": 0.0}, r"margin must be at least 1e-9 and at most 1, got 0\.0"),
        ({"condition_limit": 1.0}, "condition_limit must be greater than 1"),
    ],
)
def test_wrong_options_are_refused_in_one_sentence(options: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        sharp_certificate(np.eye(2), **options)
    with pytest.raises(ValueError, match="W must be a square matrix"):
        sharp_certificate(np.ones((2, 3)))
