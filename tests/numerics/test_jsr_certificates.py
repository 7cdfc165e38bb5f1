"""From floats to a certificate of a growth rate: it passes the exact check, is near, and agrees with the floats."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from errorflow.numerics.constants import joint_spectral_radius
from errorflow.numerics.constants.growth_certificate import growth_certificate
from errorflow.theory.growth_certificate import GrowthCertificate

SETS = {
    "Gripenberg 1996": [[[-1, -1], [-4, 0]], [[3, 3], [-2, 1]]],
    "shears": [[[1, 1], [0, 1]], [[0.9, 0], [0.9, 0.9]]],
    "Gripenberg's own pair": [[[0.6, 0], [0.2, 0.6]], [[0.6, -0.6], [0, -0.2]]],
    "a rotation": [[[1, 0], [0, 1]], [[3, -3], [3, 3]]],
    "three rows": [[[1, 0, 2], [-1, 0, 2], [0, 1, 0]], [[0, 1, 0], [0, -1, 0], [1, 0, 0]]],
    "golden ratio": [[[1, 1], [0, 1]], [[1, 0], [1, 1]]],
    "near a counterexample to finiteness": [
        [[1, 1], [0, 1]],
        [[0.7493265463303675579, 0], [0.7493265463303675579, 0.7493265463303675579]],
    ],
}


@pytest.mark.parametrize("matrices", SETS.values(), ids=list(SETS))
def test_published_sets_have_certificates(matrices: object) -> None:
    A = np.array(matrices, dtype=float)
    found = growth_certificate(A)
    found.check()
    assert [[[Fraction(x) for x in row] for row in part] for part in A.tolist()] == [
        list(map(list, part)) for part in found.matrices
    ]
    assert found.lower < found.upper <= found.lower * (1 + Fraction(1, 10**9))
    floats = joint_spectral_radius(A)
    assert found.lower <= Fraction(floats.upper)
    assert Fraction(floats.lower) <= found.upper


@pytest.mark.parametrize(
    ("matrices", "value"),
    [
        ([[[1, 0], [1, 0]], [[0, 1], [0, -1]]], 1),
        ([[[0, 1], [0, 0]], [[0, 0], [1, 0]]], 1),
        ([[[0, 3], [0, 0]], [[0, 0], [3, 0]]], 3),
        ([[[1, -1], [1, -1]], [[3, -3], [3, -3]]], 0),
        ([[[2]], [[-3]]], 3),
        ([[[0, -1, 0], [1, 0, 0], [0, 0, 1]], [[0, 0, 1], [1, 0, 0], [0, 1, 0]]], 1),
    ],
)
def test_a_simple_rate_is_decided(matrices: object, value: int) -> None:
    found = growth_certificate(np.array(matrices, dtype=float))
    assert found.decided
    assert found.lower == found.upper == value


@pytest.mark.parametrize("name", ["golden ratio", "near a counterexample to finiteness"])
def test_an_irrational_rate_is_not_decided(name: str) -> None:
    assert not growth_certificate(np.array(SETS[name], dtype=float)).decided


@given(seed=st.integers(0, 2**32 - 1), n=st.integers(1, 5), m=st.integers(1, 3))
@settings(max_examples=12, deadline=None)
def test_random_sets_have_certificates(seed: int, n: int, m: int) -> None:
    A = np.random.default_rng(seed).normal(size=(m, n, n))
    found = growth_certificate(A, products=3000)
    found.check()
    assert GrowthCertificate.from_json(found.to_json()) == found
    assert found.upper <= found.lower * Fraction(11, 10)
    assert found.lower <= Fraction(joint_spectral_radius(A).upper)


@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_one_matrix_stands_for_its_masked_copies(n: int) -> None:
    W = np.random.default_rng(n).normal(size=(n, n))
    found = growth_certificate(W)
    assert len(found.matrices) == 2**n - 1
    assert [list(map(float, row)) for row in found.matrices[-1]] == W.tolist()
    floats = joint_spectral_radius(W)
    assert found.lower <= Fraction(floats.upper)
    assert Fraction(floats.lower) <= found.upper <= found.lower * Fraction(101, 100)


@pytest.mark.parametrize("exponent", [-1000, 600])
def test_every_size_of_entries_takes_part(exponent: int) -> None:
    A = np.ldexp(np.array(SETS["golden ratio"], dtype=float), exponent)
    found = growth_certificate(A)
    assert float(found.upper / Fraction(2) ** exponent) == pytest.approx((1 + math.sqrt(5)) / 2, rel=1e-9)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"gap": 0}, "gap must be at least 1e-9 and at most 1, got 0"),
        ({"gap": 2}, "gap must be at least 1e-9 and at most 1, got 2"),
        ({"products": 1}, "products must be at least the number of matrices, 2, got 1"),
    ],
)
def test_wrong_arguments_are_refused_in_one_sentence(arguments: dict[str, int], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        growth_certificate([np.eye(2), np.ones((2, 2))], **arguments)


def test_wrong_matrices_are_refused_in_one_sentence() -> None:
    with pytest.raises(ValueError, match="W must have at most 6 units if it stands for its masked copies, got 7"):
        growth_certificate(np.eye(7))
    with pytest.raises(ValueError, match="W must be finite, got inf in row 0, column 0"):
        growth_certificate([[math.inf]])
