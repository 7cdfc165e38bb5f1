"""A solver of semidefinite programs is not believed: false rates are refused whatever its status, true ones are proved.

The contraction problem asks for P and a diagonal M > 0 with [[r^2 P, -W^T M], [-M W, 2 M - P]] >= 0.
"""

import math
import warnings
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from errorflow.numerics.constants import numerical_radius
from errorflow.numerics.constants.certificate import certificate_from_multiplier, sharp_certificate
from errorflow.theory.certificate import Certificate

Matrix = NDArray[np.float64]
UNPROVED = r"^P and M must prove the rate .* up to the margin .*, but they do not: "


def semidefinite(block: list[list[Fraction]]) -> bool:
    """L D L^T elimination of a symmetric matrix of fractions."""
    M = [row[:] for row in block]
    for k in range(len(M)):
        if M[k][k] < 0 or (M[k][k] == 0 and any(M[i][k] for i in range(k, len(M)))):
            return False
        for i in range(k + 1, len(M)):
            share = M[i][k] / M[k][k] if M[k][k] else Fraction(0)
            M[i] = [x - share * y for x, y in zip(M[i], M[k], strict=True)]
    return True


def contraction_block(W: Any, rate: Fraction, P: Any, M: Any) -> list[list[Fraction]]:
    """[[r^2 P, -W^T M], [-M W, 2 M - P]] in fractions."""
    n = len(W)
    product = [[-sum((M[i][k] * W[k][j] for k in range(n)), Fraction(0)) for j in range(n)] for i in range(n)]
    top = [[rate**2 * P[i][j] for j in range(n)] + [product[j][i] for j in range(n)] for i in range(n)]
    return top + [product[i] + [2 * M[i][j] - P[i][j] for j in range(n)] for i in range(n)]


def fractions(rows: list[list[int]], denominator: int) -> list[list[Fraction]]:
    return [[Fraction(x, denominator) for x in row] for row in rows]


# Multipliers that couple units

WEIGHTS = [[-3, 1, -6], [2, 4, -2], [2, 1, -1]]  # over 4
COUPLED = [
    [15, 0, 0],
    [0, 14, -14],
    [0, -14, 50],
]  # over 50: nonnegative multiples of e_i e_i^T and (e_2 - e_3)(e_2 - e_3)^T
ENERGY = [[14, 1, 9], [1, 15, -18], [9, -18, 57]]  # over 50


def test_a_coupled_multiplier_certifies_a_rate_that_a_masked_product_exceeds() -> None:
    # The program with COUPLED is feasible at the rate 0.97, strictly, in exact arithmetic ...
    W, rate = fractions(WEIGHTS, 4), Fraction(97, 100)
    block = contraction_block(W, rate, fractions(ENERGY, 50), fractions(COUPLED, 50))
    inside = [[x - Fraction(i == j, 10_000) for j, x in enumerate(row)] for i, row in enumerate(block)]
    assert semidefinite(inside)
    assert semidefinite(fractions(ENERGY, 50))
    # ... but with D = diag(1, 1, 0) in every step D W has the block [[-3, 1], [2, 4]]/4, whose characteristic polynomial is
    # negative at 1: an eigenvalue above 1, and products of masked steps that grow without bound.
    trace, determinant = W[0][0] + W[1][1], W[0][0] * W[1][1] - W[0][1] * W[1][0]
    assert 1 - trace + determinant < 0
    power = [[Fraction(int(i == j)) for j in range(2)] for i in range(2)]
    for _ in range(60):
        power = [[sum((W[i][k] * power[k][j] for k in range(2)), Fraction(0)) for j in range(2)] for i in range(2)]
    condition = 100  # of any energy near ENERGY: 0.97^60 is far below what follows
    assert max(abs(x) for row in power for x in row) > 30 > condition * rate**60


def test_a_coupled_multiplier_is_refused() -> None:
    W, P, M = np.array(WEIGHTS) / 4, np.array(ENERGY) / 50, np.array(COUPLED) / 50
    with pytest.raises(
        ValueError, match=r"^M must be diagonal, got -0\.28 in row 1, column 2: a multiplier that couples"
    ):
        certificate_from_multiplier(W, rate=0.97, P=P, M=M)
    with pytest.raises(ValueError, match=r"^M must be diagonal"):  # however little it couples
        certificate_from_multiplier(W, rate=2.0, P=np.eye(3), M=np.eye(3) + 1e-300 * np.eye(3, k=1))
    with pytest.raises(ValueError, match=UNPROVED):  # its diagonal alone proves nothing of the kind
        certificate_from_multiplier(W, rate=0.97, P=P, M=np.diag(M))


# Multipliers without a solver


@given(n=st.integers(1, 5), seed=st.integers(0, 2**32 - 1), gamma=st.sampled_from([1, 0.25]))
@settings(max_examples=20)
def test_a_certificate_and_the_multiplier_it_stands_for_prove_the_same_rate(n: int, seed: int, gamma: float) -> None:
    rng = np.random.default_rng(seed)
    W, L = rng.normal(size=(n, n)), np.exp(rng.normal(size=n))
    known = sharp_certificate(W, gamma=gamma, diagonal=L)
    L = np.array([float(x) for x in known.L])  # rounded
    energy = np.array([[float(x) for x in row] for row in known.P]) * np.outer(L, L)
    found = certificate_from_multiplier(W, rate=float(known.rate), P=5 * energy, M=5 * L**2, gamma=gamma, margin=1e-6)
    found.check()
    assert found.gamma == known.gamma
    assert float(found.rate) == pytest.approx(float(known.rate), rel=2e-6)
    assert float(found.condition) == pytest.approx(L.max() / L.min(), rel=1e-5)
    matrix = certificate_from_multiplier(
        W, rate=float(known.rate), P=5 * energy, M=np.diag(5 * L**2), gamma=gamma, margin=1e-6
    )
    assert matrix == found


@pytest.mark.parametrize("below", [1e-11, 1e-9, 1e-6, 1e-2])
def test_a_rate_below_the_optimum_is_refused(below: float) -> None:
    # For M = I the least rate of [[0, 2], [0, 0]] is its numerical radius 1, attained by P = diag(0, 2).
    arguments: dict[str, Any] = {"P": [[0.0, 0.0], [0.0, 2.0]], "M": [1.0, 1.0], "margin": 1e-12}
    assert 1 < certificate_from_multiplier([[0.0, 2.0], [0.0, 0.0]], rate=1.0, **arguments).rate < 1 + 2e-12
    with pytest.raises(ValueError, match=UNPROVED + r"the block matrix .* must be positive semidefinite"):
        certificate_from_multiplier([[0.0, 2.0], [0.0, 0.0]], rate=1 - below, **arguments)


@given(n=st.integers(1, 4), seed=st.integers(0, 2**32 - 1))
@settings(max_examples=25)
def test_no_energy_at_all_proves_a_rate_below_the_radius(n: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    W, L = rng.normal(size=(n, n)), np.exp(rng.normal(size=n) / 3)
    rate = numerical_radius(L[:, None] * W / L).lower * (1 - 1e-6)
    B = rng.normal(size=(n, n))
    for P in (B @ B.T, np.diag(L**2), rng.normal(size=(n, n)), -np.eye(n), np.zeros((n, n)), 1e300 * np.eye(n)):
        with pytest.raises(ValueError, match=rf"{UNPROVED}|^P must be of the size of M"):
            certificate_from_multiplier(W, rate=rate, P=P, M=L**2)


@pytest.mark.parametrize("scale", [1e-300, 1e-9, 1e300])
def test_the_scale_of_weights_and_of_the_solution_does_not_matter(scale: float) -> None:
    W = np.array([[0.5, 2.0], [0.0, 0.5]])
    rate = numerical_radius(W).upper
    for unit in (1e-200, 1.0, 1e200):
        P = np.array([[0.5, 0.0], [0.0, 1.5]]) * unit
        with pytest.raises(ValueError, match=UNPROVED):
            certificate_from_multiplier(W * scale, rate=rate * scale, P=P, M=np.eye(2) * unit, margin=1e-9)
        found = certificate_from_multiplier(W * scale, rate=2.0 * rate * scale, P=np.eye(2) * unit, M=np.eye(2) * unit)
        assert float(found.rate) == pytest.approx(2 * rate * scale, rel=1e-8)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"rate": 0.0}, "rate must be positive and finite, got 0.0"),
        ({"rate": math.nan}, "rate must be positive and finite, got nan"),
        ({"gamma": -1.0}, "gamma must be positive and finite, got -1.0"),
        ({"margin": 1e-15}, "margin must be at least 1e-12 and at most 1, got 1e-15"),
        ({"P": [[1.0]]}, r"P must be a real array of shape \(2, 2\), got shape \(1, 1\) and dtype float64"),
        ({"P": [[1.0, math.nan], [0.0, 1.0]]}, "P must be finite"),
        ({"P": None}, r"P must be a real array of shape \(2, 2\), got shape \(\) and dtype object"),
        ({"M": np.ones(3)}, r"M must be a real array of shape \(2,\), got shape \(3,\)"),
        ({"M": [1.0, 0.0]}, "M must be positive, with ratios up to 1e100"),
        ({"M": [1.0, -1.0]}, "M must be positive, with ratios up to 1e100"),
        ({"M": [1.0, 1j]}, r"M must be a real array of shape \(2,\), got shape \(2,\) and dtype complex128"),
        ({"W": np.ones((2, 3))}, "W must be a square matrix"),
    ],
)
def test_wrong_arguments_are_refused_in_one_sentence(changes: dict[str, Any], message: str) -> None:
    arguments: dict[str, Any] = {"W": np.eye(2), "rate": 2.0, "P": np.eye(2), "M": np.eye(2)} | changes
    with pytest.raises(ValueError, match=f"^{message}"):
        certificate_from_multiplier(arguments.pop("W"), **arguments)


# Solvers


def solve(W: Matrix, rate: float, solver: str) -> tuple[str, Matrix | None, Matrix | None]:
    """(status, P, M) of the contraction problem at one rate, as a solver with its default settings sees it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import cvxpy

    n = len(W)
    P, m = cvxpy.Variable((n, n), symmetric=True), cvxpy.Variable(n)
    M = cvxpy.diag(m)
    block = cvxpy.bmat([[rate**2 * P, -W.T @ M], [-M @ W, 2 * M - P]])
    problem = cvxpy.Problem(cvxpy.Minimize(0), [block >> 0, P >> 0, cvxpy.sum(m) == n, m >= 1e-6])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        problem.solve(solver=solver)
    return problem.status, P.value, M.value.toarray() if hasattr(M.value, "toarray") else M.value


# rho = omega = 3 exactly: the matrix is positive and of rank one, so no rate below 3 is true, whatever the multiplier.
RANK_ONE = np.outer([1.0, 8.0, 64.0], [1.0, 1 / 8, 1 / 64])


@pytest.mark.peer("cvxpy")
def test_an_answer_below_the_spectral_radius_that_a_solver_calls_optimal_is_refused() -> None:
    assert np.array_equal(RANK_ONE @ RANK_ONE, 3 * RANK_ONE)
    called_optimal = []
    for share in (0.999, 0.998, 0.995):
        status, P, M = solve(RANK_ONE, 3 * share, "SCS")
        if status in ("optimal", "optimal_inaccurate"):
            called_optimal.append(share)
            with pytest.raises(ValueError, match=UNPROVED):
                certificate_from_multiplier(RANK_ONE, rate=3 * share, P=P, M=M)
    assert called_optimal


@pytest.mark.peer("cvxpy")
def test_an_answer_with_a_margin_is_proved_and_proves_itself_in_fractions() -> None:
    for W, least in ((RANK_ONE, 3.0), (np.random.default_rng(5).normal(size=(3, 3)), 1.1361)):
        status, P, M = solve(W, least * 1.001, "CLARABEL")
        assert status == "optimal"
        found = certificate_from_multiplier(W, rate=least * 1.001, P=P, M=M, margin=1e-6)
        assert least <= found.rate <= least * 1.00101
        again = Certificate.from_json(found.to_json())
        again.check()
        n, r = len(W), again.rate
        energy = [[again.L[i] * again.P[i][j] * again.L[j] for j in range(n)] for i in range(n)]
        multiplier = [[again.L[i] ** 2 * (i == j) for j in range(n)] for i in range(n)]
        assert semidefinite(contraction_block(again.W, r, energy, multiplier))
