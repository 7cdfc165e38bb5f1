"""The joint spectral radius of several matrices: published values, sets whose radius is known exactly, and their laws."""

import math
from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise, permutations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from errorflow.numerics import Enclosure
from errorflow.numerics.constants import joint_spectral_radius, matrix_set, numerical_radius, spectral_radius

Matrix = NDArray[np.float64]
PUBLISHED = {  # matrices, the published digits of the radius, and their last place
    "Gripenberg 1996": ([[[-1, -1], [-4, 0]], [[3, 3], [-2, 1]]], 3.917384715148, 1e-12),
    "two nilpotent": ([[[0, 1], [0, 0]], [[0, 0], [1, 0]]], 1.0, 0.0),
    "a finite semigroup": ([[[1, 0], [1, 0]], [[0, 1], [0, -1]]], 1.0, 0.0),
    "shears": ([[[1, 1], [0, 1]], [[0.9, 0], [0.9, 0.9]]], 1.535001821, 1e-9),
    "a rotation": ([[[1, 0], [0, 1]], [[3, -3], [3, 3]]], 3 * math.sqrt(2), 1e-15),
    "three rows": ([[[1, 0, 2], [-1, 0, 2], [0, 1, 0]], [[0, 1, 0], [0, -1, 0], [1, 0, 0]]], 1.658967082, 1e-9),
    "golden ratio": ([[[1, 1], [0, 1]], [[1, 0], [1, 1]]], (1 + math.sqrt(5)) / 2, 1e-15),
    "near a counterexample to finiteness": (
        [[[1, 1], [0, 1]], [[0.7493265463303675579, 0], [0.7493265463303675579, 0.7493265463303675579]]],
        1.4092472220583,
        1e-13,
    ),
}


def as_arrays(matrices: object) -> list[Matrix]:
    return list(np.array(matrices, dtype=float))


@pytest.mark.parametrize(("matrices", "value", "place"), PUBLISHED.values(), ids=list(PUBLISHED))
def test_published_values_lie_in_narrow_intervals(matrices: object, value: float, place: float) -> None:
    found = joint_spectral_radius(as_arrays(matrices))
    assert found.evidence == "certified"
    assert found.lower <= value + place
    assert found.upper >= value - place
    assert found.upper <= found.lower * (1 + 1e-6)


def test_the_published_bracket_of_gripenberg_is_narrowed() -> None:
    found = joint_spectral_radius([np.array([[3.0, 0.0], [1.0, 3.0]]) / 5, np.array([[3.0, -3.0], [0.0, -1.0]]) / 5])
    assert 0.6596789 - 1e-7 <= found.lower < found.upper <= 0.6596924
    assert found.upper - found.lower < 1e-9


@pytest.mark.parametrize("name", ["golden ratio", "near a counterexample to finiteness", "Gripenberg 1996"])
def test_an_irrational_radius_is_bracketed_and_never_decided(name: str) -> None:
    found = joint_spectral_radius(as_arrays(PUBLISHED[name][0]))
    assert found.lower < found.upper


# Sets with a known radius: integers below 2^53, so that the floats are the matrices


def unimodular(rng: np.random.Generator, n: int) -> tuple[Matrix, Matrix]:
    """An integer matrix with an integer inverse, and the inverse."""
    lower, upper = np.eye(n), np.eye(n)
    for i in range(n):
        lower[i, :i] = rng.integers(-1, 2, size=i)
        upper[i, i + 1 :] = rng.integers(-1, 2, size=n - i - 1)
    S = lower @ upper
    return S, np.rint(np.linalg.inv(S))


@st.composite
def families(
    draw: st.DrawFn, *, kinds: tuple[str, ...] = ("commuting", "triangular", "orthogonal")
) -> tuple[Matrix, float]:
    """(matrices, jsr) in a basis of integers."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n, m = draw(st.integers(1, 4)), draw(st.integers(1, 4))
    kind = draw(st.sampled_from(kinds))
    if kind == "orthogonal":
        sizes = rng.integers(1, 6, size=m).astype(float)
        A = np.array([size * np.eye(n)[rng.permutation(n)] * rng.choice([-1.0, 1.0], size=n) for size in sizes])
        value = float(sizes.max())
    else:
        diagonals = rng.integers(-5, 6, size=(m, n)).astype(float)
        A = np.array([np.diag(diagonal) for diagonal in diagonals])
        if kind == "triangular":
            A += np.triu(rng.integers(-3, 4, size=(m, n, n)), 1)
        value = float(np.abs(diagonals).max())
    S, inverse = unimodular(rng, n)
    return S @ A @ inverse, value


@given(family=families())
@settings(max_examples=60, deadline=None)
def test_a_known_radius_is_enclosed(family: tuple[Matrix, float]) -> None:
    A, value = family
    found = joint_spectral_radius(A)
    assert found.lower <= value <= found.upper
    assert found.evidence == "certified"


@given(family=families(kinds=("commuting", "orthogonal")))
@settings(max_examples=30, deadline=None)
def test_the_ends_of_a_known_radius_are_near(family: tuple[Matrix, float]) -> None:
    A, value = family
    found = joint_spectral_radius(A)
    assert found.lower >= value * (1 - 1e-9)
    assert found.upper <= value * (1 + 1e-4) + 1e-12


@pytest.mark.parametrize("name", ["two nilpotent", "a finite semigroup", "a rotation", "golden ratio"])
def test_an_end_that_is_off_by_1e_13_would_be_seen(name: str) -> None:
    matrices, value, _ = PUBLISHED[name]
    found = joint_spectral_radius(as_arrays(matrices))
    assert found.upper * (1 - 1e-13) < value < found.lower * (1 + 1e-13)


@pytest.mark.parametrize("seed", range(12))
def test_wrong_guesses_of_the_search_cost_width_alone(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(seed)
    S, inverse = unimodular(rng, 3)
    A = np.array([S @ (np.eye(3)[rng.permutation(3)] * rng.choice([-1.0, 1.0], size=3)) @ inverse for _ in range(2)])
    guesses = {
        "common_ellipsoid": lambda stack: rng.normal(size=stack.shape[1:]),
        "invariant_polytope": lambda stack, rate, word, *, slack: rng.normal(size=(rng.integers(3, 9), 3)),
        "growth_in_floats": lambda stack, word: float(rng.uniform(0, 3)),
    }
    for name, guess in guesses.items():
        if rng.random() < 0.6:
            monkeypatch.setattr(matrix_set, name, guess)
    found = joint_spectral_radius(A)
    assert found.lower <= 1.0 <= found.upper


def cycles(m: int) -> Iterator[tuple[int, ...]]:
    for length in range(1, m + 1):
        yield from (cycle for cycle in permutations(range(m), length) if cycle[0] == min(cycle))


@given(seed=st.integers(0, 2**32 - 1), m=st.integers(2, 4), n=st.integers(2, 4))
@settings(max_examples=30, deadline=None)
def test_matrices_of_rank_one_have_the_best_cycle_of_their_products(seed: int, m: int, n: int) -> None:
    # rho of a product of u_i v_i^T is |v_i^T u_j| along a cycle; a best cycle repeats no matrix
    rng = np.random.default_rng(seed)
    u, v = rng.integers(-3, 4, size=(2, m, n)).astype(float)
    found = joint_spectral_radius(np.array([np.outer(u[i], v[i]) for i in range(m)]))
    best = 0.0
    for cycle in cycles(m):
        radius = math.prod(abs(Fraction(v[j] @ u[i])) for i, j in pairwise((*cycle, cycle[0])))
        assert radius <= Fraction(found.upper) ** len(cycle)
        best = max(best, float(radius) ** (1 / len(cycle)))
    assert found.lower <= best * (1 + 1e-14)
    assert found.upper <= best * (1 + 1e-4) + 1e-12


@pytest.mark.parametrize("exponent", [-1000, 900])
def test_every_size_of_entries_takes_part(exponent: int) -> None:
    pair = np.ldexp(np.array([[[1.0, 1.0], [0.0, 1.0]], [[1.0, 0.0], [1.0, 1.0]]]), exponent)
    found = joint_spectral_radius(pair)
    golden = math.ldexp((1 + math.sqrt(5)) / 2, exponent)
    assert golden * (1 - 1e-9) <= found.lower <= golden * (1 + 1e-15)
    assert golden * (1 - 1e-15) <= found.upper <= golden * (1 + 1e-9)


def test_entries_of_different_orders_take_part() -> None:
    found = joint_spectral_radius([np.array([[0.0, 1e300], [0.0, 0.0]]), np.array([[0.0, 0.0], [1e-300, 0.0]])])
    assert found.lower == pytest.approx(1.0, rel=1e-9)
    assert found.upper == pytest.approx(1.0, rel=1e-9)
    tiny = joint_spectral_radius(np.full((2, 2, 2), 5e-324) * np.array([1.0, -1.0])[:, None, None])
    assert tiny.lower <= 1e-323 <= tiny.upper


# Laws


def normal(seed: int, m: int, n: int) -> Matrix:
    return np.random.default_rng(seed).normal(size=(m, n, n))


def overlap(one: Enclosure, other: Enclosure) -> bool:
    return one.lower <= other.upper and other.lower <= one.upper


@given(seed=st.integers(0, 2**32 - 1), m=st.integers(1, 3), n=st.integers(1, 3))
@settings(max_examples=15, deadline=None)
def test_order_copies_transposes_and_parts_of_a_set(seed: int, m: int, n: int) -> None:
    A = normal(seed, m, n)
    found = joint_spectral_radius(A)
    assert joint_spectral_radius([A[0], *A[::-1], np.zeros((n, n))]) == found
    assert overlap(joint_spectral_radius(A.transpose(0, 2, 1)), found)
    assert overlap(joint_spectral_radius(-A), found)
    assert joint_spectral_radius(A[:1]).lower <= found.upper


@given(seed=st.integers(0, 2**32 - 1), m=st.integers(2, 3), n=st.integers(2, 4))
@settings(max_examples=15, deadline=None)
def test_all_short_products_obey_the_upper_end(seed: int, m: int, n: int) -> None:
    A = normal(seed, m, n)
    found = joint_spectral_radius(A)
    total, best = np.eye(n)[None], 0.0
    for length in range(1, 7):
        total = (A[:, None] @ total[None]).reshape(-1, n, n)
        best = max(best, float(np.abs(np.linalg.eigvals(total)).max() ** (1 / length)))
        assert found.lower <= np.linalg.norm(total, 2, axis=(1, 2)).max() ** (1 / length) * (1 + 1e-12)
    assert best <= found.upper * (1 + 1e-9)
    assert best <= found.lower * (1 + 1e-4)


def test_one_matrix_has_its_spectral_radius() -> None:
    A = normal(1, 1, 4)
    assert joint_spectral_radius(A) == spectral_radius(A[0])
    assert joint_spectral_radius([A[0], A[0]]) == spectral_radius(A[0])


def test_the_numerical_radius_does_not_bound_untied_copies() -> None:
    pair = [np.array([[0.0, 2.0], [0.0, 0.0]]), np.array([[0.0, 0.0], [2.0, 0.0]])]
    assert all(numerical_radius(A).upper <= 1 + 1e-9 for A in pair)
    found = joint_spectral_radius(pair)
    assert found.lower == pytest.approx(2.0, rel=1e-12)
    assert found.upper == pytest.approx(2.0, rel=1e-12)


@pytest.mark.parametrize(
    "matrices",
    [
        [[[1, -1], [1, -1]], [[3, -3], [3, -3]]],
        [[[0, 1], [0, 0]], [[0, 5], [0, 0]]],
        [[[2, 4, 0], [-1, -2, 0], [1, 1, 0]], [[-2, -4, 0], [1, 2, 0], [0, 3, 0]]],
        [np.zeros((3, 3))] * 2,
    ],
)
def test_products_that_vanish_have_the_radius_zero(matrices: object) -> None:
    found = joint_spectral_radius(as_arrays(matrices))
    assert (found.lower, found.upper, found.evidence) == (0.0, 0.0, "certified")


def test_blocks_on_a_diagonal_count_alone() -> None:
    golden = np.array([[[1.0, 1.0], [0.0, 1.0]], [[1.0, 0.0], [1.0, 1.0]]])
    A = np.zeros((2, 4, 4))
    A[:, :2, :2], A[:, :2, 2:], A[0, 2, 2], A[1, 3, 3] = golden, 1e6, 1.5, -1.25
    found, alone = joint_spectral_radius(A), joint_spectral_radius(golden)
    assert (found.lower, found.upper) == (alone.lower, alone.upper)
    A[1, 3, 3] = -1.75
    assert joint_spectral_radius(A).lower == joint_spectral_radius(A).upper == 1.75


def test_larger_matrices_take_part() -> None:
    A = normal(0, 3, 24) / math.sqrt(24)
    found = joint_spectral_radius(A)
    assert max(spectral_radius(part).lower for part in A) <= found.lower <= found.upper
    assert found.upper <= max(np.linalg.norm(part, 2) for part in A)


def test_single_precision_is_exact_data() -> None:
    A = normal(3, 2, 2).astype(np.float32)
    assert joint_spectral_radius(A) == joint_spectral_radius(A.astype(np.float64))


@pytest.mark.parametrize(
    ("several", "sentence"),
    [
        ([], "W must be a matrix or one or more matrices, got an empty sequence"),
        (np.zeros((0, 2, 2)), "W must be a matrix or one or more matrices, got an array without any"),
        ([np.eye(2), np.eye(3)], r"W must have matrices of one size, got sizes \[2, 3\]"),
        (np.zeros((2, 3, 2)), r"W must be a square matrix of shape \(n, n\) with n >= 1, got shape \(3, 2\)"),
        ([np.eye(2), np.full((2, 2), math.nan)], "W must be finite, got nan in row 0, column 0"),
        (np.zeros((2, 2, 2), dtype=int), "W must have a floating dtype"),
        (np.zeros((2, 2, 2, 2)), "W must be a square matrix"),
    ],
)
def test_wrong_sets_are_refused_in_one_sentence(several: object, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        joint_spectral_radius(several)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(60))
def test_random_sets_have_narrow_intervals(seed: int) -> None:
    n, m = 2 + seed % 3, 2 + seed % 2
    A = normal(seed, m, n)
    found = joint_spectral_radius(A)
    assert found.upper <= found.lower * (1 + 1e-2)
    length = 8 if m == 2 else 5
    for word in product(range(m), repeat=length):
        total = np.eye(n)
        for letter in word:
            total = A[letter] @ total
        assert np.abs(np.linalg.eigvals(total)).max() <= found.upper**length * (1 + 1e-9)
