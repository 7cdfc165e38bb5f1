"""The bounds under the joint spectral radius against exact rational arithmetic, with falsehoods planted."""

import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from errorflow.numerics.constants.ellipsoid import Similar, common_ellipsoid, similar
from errorflow.numerics.constants.gripenberg import Tree, branch_and_bound
from errorflow.numerics.constants.many_norms import norms_above
from errorflow.numerics.constants.polytope import invariant_polytope, polytope_rate
from errorflow.numerics.constants.product_growth import product_growth
from errorflow.numerics.constants.simple_eigenvalue import radius_from_simple_eigenvalue
from errorflow.theory.certificate import semidefinite_fault
from errorflow.theory.growth_certificate import Ellipsoid, radius_at_least

Matrix = NDArray[np.float64]
KINDS = ("dense", "rank one", "orthogonal", "nilpotent", "graded", "integers", "zero", "ones")


def fractions(A: Any) -> NDArray[np.object_]:
    return np.array([[Fraction(x) for x in row] for row in np.asarray(A).tolist()], dtype=object)


def draw_matrix(rng: np.random.Generator, kind: str, n: int) -> Matrix:
    A = rng.normal(size=(n, n))
    if kind == "rank one":
        return np.outer(A[0], A[-1])
    if kind == "orthogonal":
        return np.asarray(np.linalg.qr(A)[0])
    if kind == "nilpotent":
        return np.triu(A, 1)
    if kind == "graded":
        return A * 10.0 ** rng.uniform(-8, 8, size=(n, n))
    return {"dense": A, "integers": np.rint(2 * A), "zero": np.zeros((n, n)), "ones": np.ones((n, n))}[kind]


@st.composite
def matrices(draw: st.DrawFn, *, largest: int = 5) -> Matrix:
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    return draw_matrix(rng, draw(st.sampled_from(KINDS)), draw(st.integers(1, largest)))


def norm_is_at_most(A: Matrix, bound: float | Fraction) -> bool:
    """||A||_2 <= bound, decided exactly."""
    exact = fractions(A)
    rest = Fraction(bound) ** 2 * fractions(np.eye(A.shape[1])) - exact.T @ exact
    return semidefinite_fault([list(row[: i + 1]) for i, row in enumerate(rest)]) is None


# Norms of many matrices


@given(A=matrices(), exponent=st.sampled_from([0, -1000, 900]))
@settings(max_examples=120)
def test_a_norm_is_below_its_bound_and_not_below_a_slightly_smaller_one(A: Matrix, exponent: int) -> None:
    scaled = np.ldexp(A, exponent)
    (bound,) = norms_above(scaled[None])
    if not scaled.any():
        assert bound == 0.0
        return
    assert norm_is_at_most(scaled, bound)
    assert not norm_is_at_most(scaled, bound * (1 - 2e-13))  # and this test would see an error of that size


@pytest.mark.parametrize("n", [1, 2, 3, 6])
def test_a_stack_has_the_norms_of_its_matrices(n: int) -> None:
    rng = np.random.default_rng(n)
    stack = np.array([draw_matrix(rng, kind, n) for kind in KINDS for _ in range(20)])
    found = norms_above(stack)
    assert np.array_equal(found, [norms_above(part[None])[0] for part in stack])
    assert found == pytest.approx(np.linalg.norm(stack, 2, axis=(1, 2)), rel=1e-12)


def test_what_is_no_number_has_no_bound() -> None:
    stack = np.zeros((3, 3, 3))
    stack[0, 1, 1], stack[1, 0, 2] = math.nan, math.inf
    assert norms_above(stack).tolist() == [math.inf, math.inf, 0.0]


# A change of basis


def inverse(T: Matrix) -> NDArray[np.object_]:
    """The exact inverse, by elimination."""
    n = len(T)
    rows = np.concatenate([fractions(T), fractions(np.eye(n))], axis=1)
    for k in range(n):
        pivot = next(i for i in range(k, n) if rows[i, k])
        rows[[k, pivot]] = rows[[pivot, k]]
        rows[k] = rows[k] / rows[k, k]
        for i in range(n):
            if i != k:
                rows[i] = rows[i] - rows[i, k] * rows[k]
    return rows[:, n:]


@given(seed=st.integers(0, 2**32 - 1), n=st.integers(1, 4), spread=st.sampled_from([0.0, 3.0, 6.0]))
@settings(max_examples=40)
def test_a_change_of_basis_is_as_near_as_it_says(seed: int, n: int, spread: float) -> None:
    rng = np.random.default_rng(seed)
    A = rng.uniform(-1, 1, size=(2, n, n))
    T = rng.normal(size=(n, n)) * 10 ** rng.uniform(-spread, spread, size=(n, 1))
    found = similar(A, T)
    if found is None:
        assert np.linalg.cond(T) > 1e12
        return
    for part, B, error in zip(A, found.stack, found.errors, strict=True):
        difference = fractions(T) @ fractions(part) @ inverse(T) - fractions(B)
        squared = sum(x * x for x in difference.ravel())
        assert squared <= Fraction(error) ** 2
        assert error <= 1e-14 * np.linalg.cond(T) * (1 + np.linalg.norm(B)) * n * n


@pytest.mark.parametrize("T", [np.zeros((2, 2)), np.ones((2, 2)), np.full((2, 2), math.nan), np.diag([1.0, 1e-300])])
def test_no_basis_is_no_basis(T: Matrix) -> None:
    assert similar(np.eye(2)[None], T) is None


def test_a_common_ellipsoid_is_nearly_the_best() -> None:
    # T = diag(1, t): the norms are max(2 t, 1/(8 t)), least for t = 1/4
    pair = np.array([[[0.0, 0.125], [0.0, 0.0]], [[0.0, 0.0], [2.0, 0.0]]]) / 2
    T = common_ellipsoid(pair)
    found = similar(pair, T)
    assert found is not None
    assert norms_above(found.stack).max() == pytest.approx(0.25, rel=1e-3)


# Branch and bound


def exact_tree(seed: int, *, n: int, m: int) -> tuple[Matrix, Matrix, Tree]:
    rng = np.random.default_rng(seed)
    kind = ("dense", "integers", "rank one", "nilpotent")[seed % 4]
    A = np.array([draw_matrix(rng, kind, n) for _ in range(m)]) / 8
    T = common_ellipsoid(A)
    basis = similar(A, T)
    assert basis is not None
    return A, T, branch_and_bound(basis, gap=1e-3, products=60)


@given(seed=st.integers(0, 2**32 - 1), n=st.integers(2, 3), m=st.integers(1, 3))
@settings(max_examples=25)
def test_every_word_of_a_tree_is_below_its_bound(seed: int, n: int, m: int) -> None:
    A, T, tree = exact_tree(seed, n=n, m=m)
    P, exact = fractions(T).T @ fractions(T), [fractions(part) for part in A]
    for index in range(0, len(tree.parents), 7):
        total = fractions(np.eye(n))
        for letter in tree.spell(index):
            total = exact[letter] @ total
        rest = Fraction(tree.bounds[index]) ** 2 * P - total.T @ P @ total
        assert semidefinite_fault([list(row[: i + 1]) for i, row in enumerate(rest)]) is None


@given(seed=st.integers(0, 2**32 - 1), n=st.integers(2, 3), m=st.integers(1, 3))
@settings(max_examples=20)
def test_the_rate_of_a_tree_passes_the_exact_check_and_a_smaller_one_does_not(seed: int, n: int, m: int) -> None:
    A, T, tree = exact_tree(seed, n=n, m=m)
    words = tree.code(tree.upper)
    assert words is not None
    P = fractions(T).T @ fractions(T)
    exact = [tuple(map(tuple, fractions(part))) for part in A]
    norm = Ellipsoid(tuple(map(tuple, P)), tuple(words))
    norm.check(exact, Fraction(tree.upper))
    assert tree.code(tree.upper * (1 - 1e-9)) is None
    if tree.upper > 1e-3:  # else the products vanish, and the rate is all rounding
        with pytest.raises(ValueError, match="positive semidefinite"):
            norm.check(exact, Fraction(tree.upper) * (1 - Fraction(1, 10**9)))


# Polytopes


@given(seed=st.integers(0, 2**32 - 1), m=st.integers(1, 3), vertices=st.integers(2, 9))
@settings(max_examples=40)
def test_no_polytope_proves_less_than_the_growth(seed: int, m: int, vertices: int) -> None:
    # Signed permutations have jsr 1; a wrong polytope gives a large rate, never a small one.
    rng = np.random.default_rng(seed)
    A = np.array([np.eye(3)[rng.permutation(3)] * rng.choice([-1.0, 1.0], size=3) for _ in range(m)])
    V = rng.normal(size=(vertices, 3))
    assert polytope_rate(Similar(A, np.zeros(m)), V) >= 1.0
    assert polytope_rate(Similar(A, np.zeros(m)), np.eye(3)) == pytest.approx(1.0, abs=1e-13)


def test_a_polytope_needs_all_dimensions() -> None:
    pair = Similar(np.zeros((1, 2, 2)), np.zeros(1))
    for V in (np.array([[1.0, 0.0]]), np.array([[1.0, 1.0], [2.0, 2.0]]), np.zeros((3, 2)), np.full((3, 2), math.nan)):
        assert polytope_rate(pair, V) == math.inf
    assert (
        polytope_rate(Similar(np.zeros((1, 5, 5)), np.zeros(1)), np.eye(5)) == math.inf
    )  # no hulls in five dimensions


def test_errors_of_the_matrices_count_for_a_polytope() -> None:
    rotation = np.array([[[0.0, -1.0], [1.0, 0.0]]])
    assert polytope_rate(Similar(rotation, np.array([0.25])), np.eye(2)) >= 1.25


def test_a_polytope_is_not_found_where_products_grow_faster() -> None:
    pair = np.array([[[1.0, 1.0], [0.0, 1.0]], [[1.0, 0.0], [1.0, 1.0]]])
    assert invariant_polytope(pair, (1 + 5**0.5) / 2, (0, 1), slack=0.0) is not None
    assert invariant_polytope(pair, 1.6, (0, 1), slack=0.0) is None
    assert invariant_polytope(pair, 1.0, (0,), slack=0.0) is None


# Lower bounds


@given(A=matrices(largest=6))
@settings(max_examples=80)
def test_a_simple_eigenvalue_is_not_below_its_bound(A: Matrix) -> None:
    found = radius_from_simple_eigenvalue(A)
    assert radius_at_least(fractions(A).tolist(), Fraction(found))


@pytest.mark.parametrize("seed", range(8))
def test_the_bound_of_a_simple_eigenvalue_is_sharp(seed: int) -> None:
    A = np.random.default_rng(seed).normal(size=(5, 5))
    found = radius_from_simple_eigenvalue(A)
    assert not radius_at_least(fractions(A).tolist(), Fraction(found) * (1 + Fraction(1, 10**11)))


def test_eigenvalues_without_eigenvectors_do_no_harm_to_a_simple_one() -> None:
    A = np.zeros((12, 12))
    A[:10, :10] = np.eye(10, k=1)
    A[10:, 10:] = [[1.0, 2.0], [-2.0, 1.0]]
    mix = np.tril(np.ones((12, 12)))
    exact = np.linalg.inv(mix)  # integers
    assert radius_from_simple_eigenvalue(mix @ A @ exact) == pytest.approx(5**0.5, rel=1e-9)


@given(seed=st.integers(0, 2**32 - 1), length=st.integers(1, 4), kind=st.sampled_from(KINDS))
@settings(max_examples=40)
def test_the_growth_of_a_product_is_enclosed(seed: int, length: int, kind: str) -> None:
    rng = np.random.default_rng(seed)
    sizes = rng.integers(1, 4, size=length)
    factors = [draw_matrix(rng, kind, 4)[: sizes[j], : sizes[j - 1]] for j in range(length)]
    found = product_growth(factors)
    total = fractions(np.eye(sizes[-1]))
    for factor in factors:
        total = fractions(factor) @ total
    assert radius_at_least(total.tolist(), Fraction(found.lower) ** length)
    above = Fraction(found.upper) ** length * (1 + Fraction(1, 10**15)) + Fraction(1, 10**300)
    assert not radius_at_least(total.tolist(), above)


def test_a_multiple_leading_eigenvalue_costs_no_digits() -> None:
    mix = np.array([[1.0, 2.0], [3.0, 7.0]])
    jordan = mix @ np.array([[2.0, 1.0], [0.0, 2.0]]) @ np.array([[7.0, -2.0], [-3.0, 1.0]])
    halves = [jordan / 2] + [np.eye(2)] * 8 + [2 * np.eye(2)]
    assert product_growth(halves).lower == pytest.approx(2**0.1, rel=1e-12)
