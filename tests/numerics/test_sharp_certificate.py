"""Certificates from floats: what is proved bounds every masked product, what is tampered or false is refused."""

import math
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from errorflow.numerics.constants import numerical_radius, radius_scaling, sharp_certificate
from errorflow.numerics.constants.certificate import verified
from errorflow.theory.certificate import Certificate, crabb

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


def test_a_given_scaling_is_taken_as_it_is_up_to_twenty_bits() -> None:
    W, L = gaussian(4), np.array([1.0, 3.0, 0.25, 7.0])
    found = sharp_certificate(W, diagonal=1e200 * L, margin=1e-5)
    found.check()
    assert [float(x) / float(found.L[0]) for x in found.L] == pytest.approx(L, rel=2e-6)
    assert float(found.rate) == pytest.approx(numerical_radius(L[:, None] * W / L).upper, rel=2e-5)


# In floats with all rounding errors counted


@given(n=st.integers(1, 6), seed=st.integers(0, 2**32 - 1), power=st.integers(-17, 0))
@settings(max_examples=60)
def test_what_is_verified_in_floats_passes_the_exact_check(n: int, seed: int, power: int) -> None:
    # The block matrix of the identity and a rank one A of norm 1 + excess is barely or not quite semidefinite.
    rng = np.random.default_rng(seed)
    v = rng.normal(size=n)
    W = [[Fraction(x) for x in row] for row in np.outer(v, v).tolist()]
    size = sum(W[i][i] for i in range(n))
    L = [Fraction(int(x), 7) for x in rng.integers(1, 50, size=n)]
    scaled = [[W[i][j] * L[j] / L[i] for j in range(n)] for i in range(n)]
    P = [[Fraction(int(i == j)) for j in range(n)] for i in range(n)]
    for excess in (Fraction(10) ** power, -(Fraction(10) ** power), Fraction(0)):
        if excess <= -1:
            continue
        certificate = Certificate(W=scaled, gamma=1, L=L, rate=size * (1 + excess), P=P)
        if verified(certificate):
            certificate.check()
        assert verified(certificate) == (excess > 0) or abs(excess) < Fraction(1, 10**12)


@pytest.mark.parametrize("gamma", [1, Fraction(1, 3)])
def test_what_is_tampered_with_is_not_verified(valid: Certificate, gamma: Fraction) -> None:
    certificate = replace(valid, gamma=valid.gamma * gamma, rate=valid.rate * gamma)
    assert verified(certificate)
    small = Fraction(1, 10**30)
    assert not verified(replace(certificate, P=changed(certificate.P, 1, 3, small)))  # not symmetric
    assert not verified(replace(certificate, P=changed(certificate.P, 2, 2, Fraction(1, 100))))
    assert not verified(replace(certificate, rate=certificate.rate * (1 - Fraction(2, 10**4))))
    assert not verified(replace(certificate, gamma=certificate.gamma * Fraction(1001, 1000)))
    assert not verified(replace(certificate, W=changed(certificate.W, 2, 4, Fraction(1, 10))))
    for name, bad in (("gamma", Fraction(-1)), ("rate", Fraction(0)), ("L", [*certificate.L[:4], Fraction(-1)])):
        assert not verified(replace(certificate, **{name: bad}))


@pytest.mark.parametrize("size", [Fraction(10) ** 400, Fraction(1, 10**400), Fraction(10) ** 300])
def test_numbers_beyond_the_range_of_floats_are_scaled_or_left_open(size: Fraction) -> None:
    valid = Certificate(W=[[size, 0], [0, size]], gamma=1, L=[1, 1], rate=2 * size, P=[[1, 0], [0, 1]])
    assert verified(valid)
    assert not verified(replace(valid, P=[[size, 0], [0, size]]))
    assert not verified(replace(valid, rate=size * Fraction(999, 1000)))


def test_hundred_units_are_certified_without_exact_elimination() -> None:
    W = gaussian(100) / 10
    found = sharp_certificate(W, diagonal=np.ones(100), margin=1e-4)
    assert verified(found)
    assert float(found.rate) == pytest.approx(numerical_radius(W).upper, rel=2e-4)
    assert not verified(replace(found, rate=found.rate * (1 - Fraction(1, 1000))))


@pytest.mark.slow
def test_forty_units_verified_in_floats_pass_the_exact_check() -> None:
    found = sharp_certificate(gaussian(40), margin=1e-3)
    found.check()


# Wrong arguments


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"gamma": 0}, "gamma must be positive and finite, got 0"),
        ({"gamma": math.inf}, "gamma must be positive and finite, got inf"),
        ({"margin": 0.0}, r"margin must be at least 1e-9 and at most 1, got 0\.0"),
        ({"condition_limit": 1.0}, "condition_limit must be greater than 1"),
        ({"diagonal": [1.0]}, r"diagonal must be a real array of shape \(2,\), got shape \(1,\) and dtype float64"),
        ({"diagonal": [1.0, 0.0]}, "diagonal must be positive, with ratios up to 1e100"),
        ({"diagonal": [1.0, math.nan]}, "diagonal must be finite"),
    ],
)
def test_wrong_options_are_refused_in_one_sentence(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        sharp_certificate(np.eye(2), **options)
    with pytest.raises(ValueError, match="W must be a square matrix"):
        sharp_certificate(np.ones((2, 3)))
