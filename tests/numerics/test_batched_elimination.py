"""One elimination of many frames at once: LAPACK's pivots, exact ranks, and orbits that do not depend on each other."""

import math
from fractions import Fraction

import numpy as np
import pytest
import scipy.linalg
from hypothesis import given, settings
from hypothesis import strategies as st

from errorflow.numerics.lyapunov import batched as module
from errorflow.numerics.lyapunov.batched import eliminate, log_heights

EPS = np.finfo(float).eps


def independent(columns) -> list[bool]:
    """For each column, whether it is outside the span of the earlier ones, in exact arithmetic."""
    kept: dict[int, np.ndarray] = {}
    answer = []
    for column in np.vectorize(Fraction)(columns).T:
        for i, earlier in kept.items():
            column = column - column[i] / earlier[i] * earlier
        rest = np.flatnonzero(column)
        answer.append(len(rest) > 0)
        if len(rest):
            kept[int(rest[0])] = column
    return answer


def integers(random, *shape: int) -> np.ndarray:
    return random.integers(-3, 4, size=shape).astype(float)


# One elimination


@pytest.mark.parametrize(("orbits", "n", "k"), [(1, 1, 1), (1, 5, 2), (6, 4, 4), (3, 9, 1), (2, 33, 33), (1500, 8, 3)])
def test_frames_and_pivots_are_those_of_lapack(orbits, n, k) -> None:
    Z = np.random.default_rng(n).standard_normal((orbits, n, k))
    given_frames = Z.copy()
    frame, logs = eliminate(Z)
    np.testing.assert_array_equal(Z, given_frames)
    for o in range(0, orbits, 100):
        P, L, U = scipy.linalg.lu(Z[o])
        np.testing.assert_allclose(frame[o], P @ L, atol=1e-12)
        np.testing.assert_allclose(logs[o], np.log(np.abs(np.diag(U))), atol=1e-12)


@st.composite
def matrices(draw: st.DrawFn) -> np.ndarray:
    """Integers of any rank, rows graded by up to 200 orders, or both: every entry is an exact multiple of its row's scale."""
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n = draw(st.integers(1, 6))
    k = draw(st.integers(1, n))
    Z = integers(random, n, k) * (random.uniform(size=(n, k)) < draw(st.sampled_from([1.0, 0.6, 0.3])))
    if draw(st.booleans()):
        Z = integers(random, n, (r := draw(st.integers(1, n)))) @ integers(random, r, k)
    return np.ldexp(Z, random.integers(-draw(st.sampled_from([0, 60, 700])), 1, size=n)[:, None])


@given(matrices())
@settings(max_examples=200, deadline=None)
def test_a_frame_is_trapezoidal_and_its_product_with_U_is_Z_to_the_rounding_of_each_row(Z) -> None:
    (frame,), (logs,) = eliminate(Z[None])
    lives = np.isfinite(logs)
    assert lives.tolist() == independent(Z)
    assert not frame[:, ~lives].any()
    assert np.abs(frame).max() <= 1.0
    L, used = frame[:, lives], []
    for j in range(L.shape[1]):
        used.append(next(i for i in np.flatnonzero(L[:, j] == 1.0) if i not in used and not L[i, j + 1 :].any()))
    U = scipy.linalg.solve_triangular(L[used], Z[used], lower=True, unit_diagonal=True)
    np.testing.assert_allclose(np.abs(np.diagonal(U[:, lives])), np.exp(logs[lives]), rtol=1e-11)
    error, terms = np.abs(L @ U - Z), np.abs(L) @ np.abs(U) + np.abs(Z)
    assert (error.max(axis=1) <= 64 * EPS * terms.max(axis=1)).all()


def test_rounding_errors_in_a_large_row_do_not_hide_a_tiny_one() -> None:
    W = np.array([[1.1, 0.7, -0.3], [1.1, 0.7, -0.3], [0.3, 1.3, 0.9]])
    W[1] *= 0.3
    Z = np.array([1.0, 1.0, 1e-20])[:, None] * (W @ np.linalg.qr(np.random.default_rng(0).standard_normal((3, 3)))[0])
    assert np.isfinite(eliminate(Z[None])[1][0]).tolist() == [True, True, False]


def deficient_starts(n: int, rank: int) -> tuple[np.ndarray, np.ndarray]:
    """Integer matrices W of a given rank, 1500 of them, and W times random orthonormal frames."""
    random = np.random.default_rng(n)
    W = integers(random, 1500, n, rank) @ integers(random, 1500, rank, n)
    exact = np.array([sum(independent(w)) for w in W[:150]])
    frames = np.linalg.qr(random.standard_normal(W.shape))[0]
    return exact, (random.uniform(0.01, 1.0, (1500, n, 1)) * (W @ frames))[:150]


@pytest.mark.parametrize(("n", "rank"), [(2, 1), (3, 2), (4, 2), (8, 4), (8, 7)])
def test_no_column_lives_on_the_rounding_errors_of_a_singular_matrix(n, rank) -> None:
    exact, Z = deficient_starts(n, rank)
    assert np.isfinite(eliminate(Z)[1]).sum(axis=1).tolist() == exact.tolist()


def test_rounding_errors_are_amplified_by_a_nearly_dependent_column(monkeypatch) -> None:
    """A plain N eps times the size of the row is too little behind a column that nearly lies in the kernel."""
    exact, Z = deficient_starts(8, 4)
    monkeypatch.setattr(np.linalg, "solve", lambda a, b: np.zeros((a.shape[1], *b.shape[1:])))
    assert (np.isfinite(eliminate(Z)[1]).sum(axis=1) > exact).any()


@pytest.mark.parametrize("n", [6, 8, 10])
def test_an_ill_conditioned_matrix_keeps_all_its_columns(n) -> None:
    (logs,) = eliminate(scipy.linalg.hilbert(n)[None])[1]
    assert np.isfinite(logs).all()
    factorials = [math.lgamma(i + 1) for i in range(2 * n)]
    assert logs.sum() == pytest.approx(4 * sum(factorials[:n]) - sum(factorials), abs=2e-3)


def test_a_single_column_is_known_to_cancel_from_the_size_of_its_terms() -> None:
    a, b = np.meshgrid(np.arange(1.0, 13), np.arange(13.0, 25))
    image, killer = np.stack([a, b], axis=-1).reshape(-1, 2, 1), np.stack([b, -a], axis=-1).reshape(-1, 1, 2)
    frame, _ = eliminate(image)
    J = np.array([[1.0], [2.0]]) * killer  # J maps the one living direction to zero
    assert np.isfinite(eliminate(J @ frame)[1]).any()  # rounding errors, which nothing in Z tells from a direction
    assert np.isneginf(eliminate(J @ frame, scale=np.abs(J).sum(axis=2))[1]).all()


# Batches


def test_an_orbit_does_not_depend_on_the_others(monkeypatch) -> None:
    monkeypatch.setattr(module, "BLOCK", 1)  # blocks of 32 orbits
    random = np.random.default_rng(5)
    Z = random.standard_normal((100, 5, 4)) * 10.0 ** random.integers(-200, 100, size=(100, 1, 1))
    Z[::7, :, 1], Z[3, 2, 2], Z[50:60] = Z[::7, :, 0], np.nan, Z[50:60].round()
    frame, logs = eliminate(Z)
    np.testing.assert_array_equal(eliminate(Z, scale=np.abs(Z).max(axis=2))[0], frame)
    for o in range(100):
        one, log = eliminate(Z[o : o + 1])
        np.testing.assert_array_equal(one[0], frame[o])
        np.testing.assert_allclose(log[0], logs[o], rtol=4 * EPS)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_an_orbit_that_is_not_finite_is_nan_and_the_others_go_on(value) -> None:
    Z = np.random.default_rng(0).standard_normal((3, 4, 4))
    expected = eliminate(Z)
    bad = Z.copy()
    bad[1, 2, 3] = value
    frame, logs = eliminate(bad)
    assert np.isnan(logs[1]).any()
    np.testing.assert_array_equal(frame[[0, 2]], expected[0][[0, 2]])
    np.testing.assert_array_equal(logs[[0, 2]], expected[1][[0, 2]])


# Refusals


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: eliminate(np.zeros((3, 2))),
            r"frames must have shape \(orbits, N, k\) with 1 <= k <= N, got \(3, 2\)",
        ),
        (lambda: eliminate(np.zeros((1, 2, 3))), r"1 <= k <= N, got \(1, 2, 3\)"),
        (lambda: log_heights(np.zeros((1, 2, 0))), r"1 <= k <= N, got \(1, 2, 0\)"),
        (lambda: eliminate(np.eye(2)[None], scale=np.ones(2)), r"scale must have shape \(1, 2\), got \(2,\)"),
    ],
)
def test_arguments_are_checked(call, message) -> None:
    with pytest.raises(ValueError, match=message):
        call()
