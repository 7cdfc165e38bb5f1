"""Laws of uniform vanishing: C r^k bounds every masked product for r > gamma jsr, and nothing does below; slopes are reached."""

import functools
import itertools

import numpy as np
import pytest
import sympy as sp

from errorflow.numerics.evaluate import environment, evaluate
from errorflow.numerics.functionals import EVALUATORS
from errorflow.numerics.words import Steps
from errorflow.theory import notation, quantities, theorems
from errorflow.theory.calculus.facts import sides
from errorflow.theory.calculus.listing import listing
from errorflow.theory.theorems import uniform_vanishing
from errorflow.theory.theorems.sharp_uniform import r

VANISHING, REACH = theorems.get("uniform_vanishing"), theorems.get("inputs_reach_every_slope")
MATRICES = {
    "one unit": np.array([[-1.5]]),
    "hidden nilpotent": np.array([[2.0, 4.0], [-1.0, -2.0]]),
    "non-normal": np.array([[0.5, 4.0], [0.0, 0.4]]),
    "rotation": np.array([[0.0, -1.0], [1.0, 0.0]]),
    "gaussian": np.random.default_rng(3).standard_normal((2, 2)),
    "nilpotent": np.array([[0.0, 5.0], [0.0, 0.0]]),
}


def norm(A: np.ndarray) -> float:
    return float(np.linalg.norm(A, 2))


@functools.cache
def joint_radius(kind: str):
    return EVALUATORS[quantities.joint_spectral_radius](MATRICES[kind])


def largest(A: np.ndarray, length: int) -> float:
    """The largest norm of a product of masked factors; masks of zeros and ones suffice, a norm is convex in each."""
    steps = [np.diag(d) @ A for d in itertools.product((0.0, 1.0), repeat=len(A)) if any(d)]
    products = np.array([np.eye(len(A))])
    for _ in range(length):
        products = np.unique(np.round(np.concatenate([step @ products for step in steps]), 12), axis=0)
    return max(map(norm, products))


def supremum(A: np.ndarray) -> float:
    """sup_k N_k: the largest one before the first length whose largest product is at most 1, since N_(j+k) <= N_j N_k."""
    found = [1.0]
    for length in range(1, 40):
        found.append(largest(A, length))
        if found[-1] <= 1:
            return max(found[:-1])
    raise AssertionError(f"products of {A.tolist()} do not settle")


def products(W: np.ndarray, gamma: float, length: int, *, seed: int) -> list[np.ndarray]:
    """J(k, 0), k = 1, ..., length, with slopes in [0, gamma]: the worst vertex at most steps, random at the others."""
    rng, running, found = np.random.default_rng(seed), np.eye(len(W)), []
    vertices = [np.diag(gamma * np.array(d)) for d in itertools.product((1.0, 0.0), repeat=len(W))]
    for _ in range(length):
        drawn = [*(vertices if rng.random() < 0.8 else []), np.diag(rng.uniform(0, gamma, len(W)))]
        running = max((D @ W @ running for D in drawn), key=norm)
        found.append(running)
    return found


@pytest.mark.parametrize("gamma", [1.0, 0.25])
@pytest.mark.parametrize("kind", MATRICES)
def test_one_constant_serves_all_lags_and_all_slopes_above_gamma_jsr(kind, gamma) -> None:
    W = MATRICES[kind]
    for excess in (1.4, 2.0):
        rate = excess * gamma * joint_radius(kind).upper + (1e-3 if kind == "nilpotent" else 0)
        constant = supremum(gamma / rate * W)
        where = environment(W=W, slope_sup=gamma, values={uniform_vanishing.C: constant, r: rate})
        for seed in range(4):
            for lag, J in enumerate(products(W, gamma, 30, seed=seed), start=1):
                bound = evaluate(VANISHING.conclusion.rhs.subs(notation.lag, lag), where).upper
                assert norm(J) <= bound * (1 + 1e-9)


@pytest.mark.parametrize("kind", ["hidden nilpotent", "rotation", "one unit"])
def test_below_gamma_jsr_no_constant_serves(kind) -> None:
    """One mask for all steps attains jsr here: the ratio to r^k has no bound for r below it, the spectral radius included."""
    W, rate = MATRICES[kind], 0.9 * joint_radius(kind).lower
    assert max(abs(np.linalg.eigvals(W))) <= joint_radius(kind).upper
    masks = [np.diag(d) @ W for d in itertools.product((0.0, 1.0), repeat=len(W))]
    early, late = (
        [max(norm(np.linalg.matrix_power(A / rate, k)) for A in masks) for k in ks] for ks in (range(9), [120])
    )
    assert late[0] > 1e3 * max(early)


@pytest.mark.parametrize("wrong", ["a constant of one", "a rate without gamma", "lag off by one"])
def test_a_false_bound_is_violated(wrong) -> None:
    violated = []
    for kind, gamma in itertools.product(("one unit", "non-normal", "rotation"), (0.25, 2.0)):
        W = MATRICES[kind]
        rate = 1.5 * gamma * joint_radius(kind).upper
        constant = supremum(gamma / rate * W)
        for lag, J in enumerate(products(W, gamma, 10, seed=1), start=1):
            false = {
                "a constant of one": rate**lag,
                "a rate without gamma": constant * (rate / gamma) ** lag,
                "lag off by one": constant * rate ** (lag + 1),
            }[wrong]
            violated.append(norm(J) > false * (1 + 1e-9))
    assert any(violated)


def with_supremum(claim, where):
    """The claim with numbers for the suprema of masked products."""
    found = {}
    for q in claim.atoms(quantities.masked_supremum):
        factor = evaluate(q.args[0].args[0], where).midpoint  # (gamma / r) W
        found[q] = sp.Float(supremum(factor * where.matrices["W"]), 17)
    return claim.xreplace(found)


@pytest.mark.parametrize("kind", MATRICES)
def test_every_step_of_uniform_vanishing_holds(kind) -> None:
    W, gamma, length = MATRICES[kind], 0.7, 4
    rate = 2 * gamma * joint_radius(kind).upper + 1e-2
    rng = np.random.default_rng(5)
    masks = np.array([np.diag(rng.uniform(0, 1, len(W))) for _ in range(length + 1)])
    letters = {"S": Steps(masks, first=0), "D": Steps(gamma * masks, first=0)}
    values = {notation.lag: length, notation.time: length, r: rate, uniform_vanishing.C: supremum(gamma / rate * W)}
    where = environment(W=W, slope_sup=gamma, letters=letters, values=values)
    compared = 0
    for step in listing(VANISHING.derivation):
        small, relation, large = sides(with_supremum(step.formula, where))
        left, right = evaluate(small, where), evaluate(large, where)
        assert left.lower <= right.upper * (1 + 1e-9)
        assert relation != "=" or right.lower <= left.upper * (1 + 1e-9)
        compared += 1
    assert compared == VANISHING.derivation.steps


# Inputs reach every slope


@pytest.mark.parametrize("m", [3, 5])
def test_a_tanh_network_takes_on_any_slopes_by_its_inputs(m) -> None:
    rng = np.random.default_rng(m)
    W, B, b = rng.standard_normal((3, 3)), rng.standard_normal((3, m)), rng.standard_normal(3)
    P, h = np.linalg.pinv(B), np.zeros(3)
    for wanted in (rng.uniform(1e-6, 1, (5, 3)), rng.choice([1e-12, 1 - 1e-12], (5, 3))):
        for slopes in wanted:
            a = np.arctanh(np.sqrt(1 - slopes))
            reached = W @ h + B @ (P @ (a - W @ h - b)) + b
            assert np.allclose(1 / np.cosh(reached) ** 2, slopes, rtol=1e-6, atol=1e-15)
            h = np.tanh(reached)


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_both_sides_are_equal_for_full_row_rank_alone(rank) -> None:
    rng = np.random.default_rng(rank)
    B = rng.standard_normal((3, rank)) @ rng.standard_normal((rank, 4))
    W, P = rng.standard_normal((3, 3)), np.linalg.pinv(B)
    a, h, b, v = rng.standard_normal((4, 3, 1))
    letters = {"B": B, "P": P, "b": b, "v": v, "u": P @ (a - W @ h - b), "a": a, "h": h}
    where = environment(W=W, letters=letters, values={notation.time: 1})
    found = [evaluate(side, where).midpoint for side in REACH.conclusion.args]
    assert np.isclose(*found) == (rank == 3)
    held = [
        np.isclose(*(evaluate(side, where).midpoint for side in step.formula.args))
        for step in listing(REACH.derivation)
    ]
    assert all(held) == (rank == 3)
