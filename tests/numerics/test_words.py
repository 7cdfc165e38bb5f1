"""Laws of words on arrays: a word is the product that it writes, and what has no array has no value."""

import numpy as np
import pytest
import sympy as sp
from hypothesis import given
from hypothesis import strategies as st

from errorflow.numerics.words import NoValue, Steps, array_of
from errorflow.theory.calculus import IDENTITY, STEP, Letter, absolute, chain, dot, inverse
from errorflow.theory.calculus.words import Word

A, B, D, x = map(Letter, "ABDx")
t, c = sp.Symbol("t", integer=True), sp.Symbol("c")


def numbers(seed: int, *, n: int = 3) -> dict[str, np.ndarray | Steps]:
    rng = np.random.default_rng(seed)
    square = {name: rng.standard_normal((n, n)) for name in "AB"}
    return {**square, "x": rng.standard_normal((n, 1)), "D": Steps(rng.standard_normal((5, n, n)), first=2)}


def value(word: Word, letters) -> np.ndarray:
    return array_of(word, letters, 3, lambda expr: float(expr.xreplace({t: 4, c: sp.Rational(3, 2)})))


@given(seed=st.integers(0, 2**32 - 1))
def test_a_word_is_the_product_that_it_writes(seed) -> None:
    letters = numbers(seed)
    a, b, v = letters["A"], letters["B"], letters["x"]
    d = letters["D"].arrays
    cases = {
        dot(A, B, x): a @ b @ v,
        A + B.T: a + b.T,
        c * A - B: 1.5 * a - b,
        (A @ B).T: b.T @ a.T,
        2 * IDENTITY - A: 2 * np.eye(3) - a,
        absolute(A @ B): np.abs(a @ b),
        inverse(A) @ A @ B: b,
        chain(A, 1, 4): np.linalg.matrix_power(a, 4),
        chain(A, 2, 1): np.eye(3),
        chain(D[STEP] @ A, t - 1, t): d[2] @ a @ d[1] @ a,
        D[t - 1] @ x: d[1] @ v,
    }
    for word, expected in cases.items():
        np.testing.assert_allclose(value(word, letters), expected, rtol=1e-6, atol=1e-6, err_msg=str(word))


def test_a_chain_multiplies_from_its_last_step_down() -> None:
    early, late = np.array([[0.0, 1.0], [0.0, 0.0]]), np.array([[0.0, 0.0], [1.0, 0.0]])
    found = array_of(chain(D[STEP], 1, 2), {"D": Steps(np.array([early, late]))}, 2, float)
    np.testing.assert_array_equal(found, late @ early)
    assert (found != early @ late).any()


@pytest.mark.parametrize(
    ("word", "message"),
    [
        (Letter("Q"), "letter must be one of A, B, x, D, got 'Q'"),
        (Letter("Q")[t], "letter must be one of A, B, x, D, got 'Q'"),
        (D[t + 3], "step of D must be from 2 to 6, got 7"),
        (D[t - 3], "step of D must be from 2 to 6, got 1"),
    ],
    ids=str,
)
def test_what_has_no_array_has_no_value(word, message) -> None:
    with pytest.raises(NoValue, match=message):
        value(word, numbers(0))
