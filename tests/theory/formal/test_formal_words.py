"""Laws of the vocabulary: its words, by their definitions in vocabulary.v, are the quantities that the claims speak of.

The definitions are written here once more, line for line, and compared with the numbers that the package computes for the
quantity, or with NumPy's.
"""

import itertools
import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import sympy as sp

from errorflow.numerics.evaluate import environment, evaluate
from errorflow.numerics.words import Steps, array_of
from errorflow.theory import quantities as q
from errorflow.theory.calculus import words as w
from errorflow.theory.calculus.forms import Entry, Form

SEEDS = range(5)


def steps(a: int, b: int) -> int:
    return b - a + 1 if b - a + 1 >= 0 else 0


def product_over(f: Callable[[int], float], a: int, b: int) -> float:
    return math.prod(f(a + j) for j in range(steps(a, b)))


def sum_over(f: Callable[[int], float], a: int, b: int) -> float:
    return sum(f(a + j) for j in range(steps(a, b)))


def factors(A: Callable[[int], np.ndarray], a: int, k: int) -> np.ndarray:
    return A(a + k - 1) @ factors(A, a, k - 1) if k else np.eye(len(A(a)))


def chain(A: Callable[[int], np.ndarray], a: int, b: int) -> np.ndarray:
    return factors(A, a, steps(a, b))


def entry(A: np.ndarray, i: int, j: int) -> float:
    inside = abs(i - 1) < A.shape[0] and abs(j - 1) < A.shape[1] and i >= 1 and j >= 1
    return A[abs(i - 1), abs(j - 1)] if inside else 0.0


def max_abs(A: np.ndarray) -> float:
    return max(0.0, *(max(0.0, *(abs(x) for x in row)) for row in A))


def row_sum_norm(A: np.ndarray) -> float:
    return max(0.0, *(sum(abs(x) for x in row) for row in A))


def roots(A: np.ndarray) -> np.ndarray:
    return np.roots(np.poly(A))


def norm(A: np.ndarray) -> float:
    return math.sqrt(max(0.0, *np.real(roots(A.T @ A))))


def smallest_gain(A: np.ndarray) -> float:
    return math.sqrt(max(0.0, min(norm(A) ** 2, *np.real(roots(A.T @ A)))))


def modulus(z: complex) -> float:
    return math.sqrt(z.real**2 + z.imag**2)


def radius(A: np.ndarray) -> float:
    return max(0.0, *map(modulus, roots(A)))


def perron_radius(A: np.ndarray) -> float:
    return radius(abs(A))


def complex_norm(A: np.ndarray) -> float:
    X, Y = A.real, A.imag
    return norm(np.block([[X, -Y], [Y, X]]))


def block(A: np.ndarray, m: int, p: int, r: int) -> np.ndarray:
    n = len(A) // m
    return np.array([[A[p * n + i, r * n + j] for j in range(n)] for i in range(n)])  # mxvec_index p i = p n + i


def blocks_below(A: np.ndarray, C: np.ndarray, of_block: Callable[[np.ndarray], float]) -> bool:
    return all(of_block(block(A, len(C), p, r)) <= C[p, r] for p, r in itertools.product(range(len(C)), repeat=2))


QUANTITIES = {
    q.spectral_norm: norm,
    q.smallest_singular_value: smallest_gain,
    q.spectral_radius: radius,
    q.perron_radius: perron_radius,
    q.row_sum_norm: row_sum_norm,
    q.max_abs: max_abs,
}


def matrices() -> Iterator[np.ndarray]:
    for seed, n in itertools.product(SEEDS, (1, 2, 3)):
        A = np.random.default_rng([seed, n]).standard_normal((n, n))
        yield from (A, np.diag(np.diag(A)), np.outer(A[0], A[0]))


@pytest.mark.parametrize("quantity", QUANTITIES)
def test_a_number_of_a_matrix_is_the_quantity(quantity) -> None:
    for A in matrices():
        found = evaluate(quantity(w.Letter("W")), environment(W=A)).midpoint
        assert found == pytest.approx(QUANTITIES[quantity](A), rel=1e-6, abs=1e-3)


def test_products_and_sums_over_steps_are_empty_where_they_end_before_they_start() -> None:
    A, n = np.random.default_rng(0).standard_normal((9, 2, 2)), 2
    letter, t = w.Letter("A"), w.STEP
    for a, b in itertools.product(range(4), repeat=2):
        where = environment(W=np.eye(n), letters={"A": Steps(A, first=-1)})
        assert array_of(w.chain(letter[t], a, b), where.letters, n, float) == pytest.approx(
            chain(lambda s: A[s + 1], a, b)
        )
        for build, expected in ((w.product_over, product_over), (w.sum_over, sum_over)):
            found = evaluate(build(Entry(letter[t], 1, 2), a, b), where).midpoint
            assert found == pytest.approx(expected(lambda s: entry(A[s + 1], 1, 2), a, b))


def test_a_product_over_steps_has_the_latest_factor_on_the_left() -> None:
    assert chain(lambda s: np.array([[1, s], [0, s]]), 2, 3).tolist() == [[1, 3 * 2 + 2], [0, 3 * 2]]


def test_an_entry_is_counted_from_1_and_a_form_is_the_number_of_a_product() -> None:
    A = np.random.default_rng(1).standard_normal((3, 3))
    where = environment(W=np.eye(3), letters={"A": A, "x": A[:, :1], "y": A[:, 1:2]})
    letter, x, y = map(w.Letter, "Axy")
    for i, j in itertools.product((1, 2, 3), repeat=2):
        assert (
            evaluate(Entry(letter, sp.Integer(i), sp.Integer(j)), where).midpoint == entry(A, i, j) == A[i - 1, j - 1]
        )
    assert [entry(A, 0, 1), entry(A, 1, 4), entry(A, 2, -1)] == [0, 0, 0]
    assert evaluate(Form(x.T @ letter @ y), where).midpoint == pytest.approx((A[:, :1].T @ A @ A[:, 1:2])[0, 0])


def test_numbers_of_complex_matrices() -> None:
    for A, B in itertools.pairwise(matrices()):
        if A.shape == B.shape:
            Z = A + 1j * B
            assert complex_norm(Z) == pytest.approx(np.linalg.norm(Z, 2), rel=1e-5)
            assert radius(Z) == pytest.approx(np.abs(np.linalg.eigvals(Z)).max(), rel=1e-5)
            assert modulus(Z[0, 0]) == pytest.approx(abs(Z[0, 0]))


def test_a_block_is_the_square_of_neighbors_that_its_place_says() -> None:
    A = np.arange(36.0).reshape(6, 6) - 20
    for m, (p, r) in itertools.product((2, 3), itertools.product(range(2), repeat=2)):
        n = 6 // m
        assert block(A, m, p, r).tolist() == A[p * n : (p + 1) * n, r * n : (r + 1) * n].tolist()
    for of_block, order in ((norm, 2), (row_sum_norm, np.inf)):
        C = np.array([[np.linalg.norm(A[p : p + 3, r : r + 3], order) for r in (0, 3)] for p in (0, 3)])
        assert blocks_below(A, C + 1e-6, of_block)
        assert not any(blocks_below(A, C - 1e-6 * unit, of_block) for unit in units(2))


def units(m: int) -> Iterator[Any]:
    for place in range(m * m):
        yield np.eye(m * m)[place].reshape(m, m)
