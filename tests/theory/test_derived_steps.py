"""Every step of the derivations on one matrix, back-propagation, path sums and moments, evaluated on drawn instances.

The matrices have n = 1, nilpotent, Jordan, reducible and constant ones among them; the largest products of masked factors
come from all masks of zeros and ones.
"""

import functools
import itertools
import math
from typing import Any

import numpy as np
import pytest
import sympy as sp
from sympy.core.relational import Relational

from errorflow.numerics.constants import diagonal_scaling
from errorflow.numerics.constants.numerical_radius import maximal_solution, numerical_radius, radius_scaling
from errorflow.numerics.evaluate import Environment, environment, evaluate
from errorflow.numerics.words import Steps, array_of
from errorflow.theory import notation, quantities
from errorflow.theory.bounds import setting
from errorflow.theory.calculus import eq, le
from errorflow.theory.calculus.facts import sides
from errorflow.theory.calculus.listing import listing
from errorflow.theory.calculus.words import Word
from errorflow.theory.theorem import Theorem
from errorflow.theory.theorems import (
    block_comparison,
    bptt,
    hierarchy_order,
    hochreiter1991,
    joint_radius,
    masked_product,
    scalar_moments,
)

W, i, t, rate = setting.W, setting.i, setting.t, scalar_moments.rate
identity, backward, paths, moments = (
    bptt.identity,
    bptt.backward_pass,
    hochreiter1991.path_sum,
    scalar_moments.sensitivity,
)
FOUND = {
    t.id: t for f in (hierarchy_order, joint_radius, masked_product) for t in vars(f).values() if isinstance(t, Theorem)
}


def matrices() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(4)
    return {
        "one unit": np.array([[-0.7]]),
        "zero": np.zeros((2, 2)),
        "nilpotent": np.triu(2 * rng.standard_normal((3, 3)), 1),
        "hidden nilpotent": np.array([[2.0, 4.0], [-1.0, -2.0]]),
        "Jordan": np.eye(2) + np.eye(2, k=1),
        "reducible": np.array([[1.0, 5.0, 0.0], [0.0, 0.5, 1.0], [0.0, -1.0, 0.5]]),
        "constant": np.full((3, 3), 1 / 3),
        "rotation": np.array([[0.0, -1.0], [1.0, 0.0]]),
        "gaussian": rng.standard_normal((3, 3)) / np.sqrt(3),
    }


def worst_masks(A: np.ndarray, length: int) -> list[np.ndarray]:
    """Masks of zeros and ones with the largest product; a norm is convex in every mask, so that these suffice."""
    every = [np.diag(np.array(d, dtype=float)) for d in itertools.product((0, 1), repeat=len(A))]

    def size(chosen: tuple[np.ndarray, ...]) -> float:
        running = np.eye(len(A))
        for D in chosen:
            running = D @ A @ running
        return float(np.linalg.norm(running, 2))

    return list(max(itertools.product(every, repeat=length), key=size))


def largest_product(A: np.ndarray, length: int) -> float:
    running = np.eye(len(A))
    for D in worst_masks(A, length):
        running = D @ A @ running
    return float(np.linalg.norm(running, 2))


LENGTH = 2  # the masks of the largest product of two factors stand at the steps 5 and 6


@functools.cache
def of_one_matrix(kind: str) -> Environment:
    """The letters of the theorems on one matrix: masks, scalings, a certificate."""
    A = matrices()[kind]
    n, rng = len(A), np.random.default_rng(9)
    masks = np.array([np.diag(rng.uniform(0, 1, n)) for _ in range(10)])
    masks[5:7] = worst_masks(A, LENGTH)
    L = np.diag(np.exp(rng.standard_normal(n)))
    B = L @ A @ np.linalg.inv(L)
    r = max(numerical_radius(B).upper * (1 + 1e-9), 1e-3)
    X = maximal_solution(B, r)
    found = {
        "L_s": diagonal_scaling(A).diagonal,
        "L_a": diagonal_scaling(np.abs(A)).diagonal,
        r"L_\omega": radius_scaling(A, start=diagonal_scaling(A)).diagonal,
    }
    letters = {name: Steps(np.array([np.diag(d)] * 3), first=0) for name, d in found.items()}
    letters |= {"S": Steps(masks, first=0), "L": L, "P": np.eye(n) if X is None else 2 * np.eye(n) - X / r}
    letters |= {name: rng.standard_normal((n, 1)) for name in ("x", "u'", "v'")}
    values = {i: 2, joint_radius.j: LENGTH, notation.earlier: 0, t: 3, sp.Symbol("r"): r, joint_radius.excess: 0.1}
    return environment(W=A, letters=letters, values=values)


def of_copies(size: int) -> Environment:
    """Step Jacobians, local derivatives and states of a network with T = 3, of a linear recursion."""
    rng = np.random.default_rng(size)
    T = 3
    D = np.array([np.diag(rng.uniform(-1, 1, size)) for _ in range(T + 1)])
    A, V = rng.standard_normal((2, size, size))
    h = rng.standard_normal((T + 1, size, 1))
    J = D @ A
    B = np.array([np.zeros((size, 1)), *(D[k] @ V @ h[k - 1] for k in range(1, T + 1))])
    states, errors, back = [np.zeros((size, 1))], [rng.standard_normal((size, 1))], [np.eye(size)]
    for k in range(1, T + 1):
        states.append(J[k] @ states[-1] + B[k])
    for k in range(T, 0, -1):
        back.insert(0, back[0] @ J[k])
        errors.insert(0, A.T @ D[k] @ errors[0])
    stepped = {"D": D, "J": J, "B": B, "S": states, "P": back, "e": errors, "h": h, "F": back}
    letters = {name: Steps(np.array(arrays), first=0) for name, arrays in stepped.items()}
    letters |= {"g": errors[-1], "V": V, "v": rng.standard_normal((size, 1))}
    u, v = paths.conclusion.lhs.args[1:]
    return environment(W=A, letters=letters, values={notation.horizon: T, i: 2, u: 1, v: size})


def of_moments(weight: float) -> Environment:
    """Vectors with the inner products that the stationary moments are."""
    rest = 1 - weight**2
    E_hh, E_hs, E_ss = 1 / rest, weight / rest**2, (1 + weight**2) / rest**3
    h = np.array([[math.sqrt(E_hh)], [0], [0]])
    s = np.array([[E_hs / h[0, 0]], [math.sqrt(E_ss - E_hs**2 / E_hh)], [0]])
    x = np.array([[0.0], [0.0], [1.0]])
    letters = {
        "h": Steps(np.array([h, weight * h + x]), first=0),
        "s": Steps(np.array([s, h + weight * s]), first=0),
        "x": Steps(np.array([x, x]), first=0),
    }
    symbols = (scalar_moments.E_HH, scalar_moments.E_HS, scalar_moments.E_SS)
    values = {rate: weight, i: 1, t: 1, **dict(zip(symbols, (E_hh, E_hs, E_ss), strict=True))}
    return environment(W=np.array([[weight]]), letters=letters, values=values)


def of_blocks(size: int) -> Environment:
    """Blocks of size one: step Jacobians D_t W, the largest of their absolute values, its scaling."""
    rng = np.random.default_rng(size)
    A, D = rng.standard_normal((size, size)), np.array([np.diag(rng.uniform(-1, 1, size)) for _ in range(4)])
    largest = np.abs(D @ A).max(axis=0)
    letters = {"D": Steps(D, first=0), "J": Steps(D @ A, first=0), "C": largest, "M": largest}
    letters["L"] = np.diag(diagonal_scaling(largest).diagonal)
    return environment(W=A, letters=letters, values={notation.lag: 3, t: 3, i: 2})


def with_largest(claim: Any, where: Environment) -> Any:
    """The claim with numbers for the largest products of masked factors."""
    products = claim.atoms(quantities.largest_masked_product)
    lengths = {q: round(evaluate(q.args[1], where).midpoint) for q in products}
    return claim.xreplace({q: sp.Float(largest_product(where.matrices["W"], k), 17) for q, k in lengths.items()})


def holds(claim: Relational, where: Environment) -> bool:
    """Whether the claim is not refuted: by the ends of the enclosures of both sides."""
    small, relation, large = sides(claim)
    if isinstance(small, Word):
        arrays = {**where.matrices, **where.letters}
        left, right = (array_of(w, arrays, where.n, lambda e: evaluate(e, where).midpoint) for w in (small, large))
        return np.allclose(left, right, rtol=1e-9, atol=1e-9)
    left, right = (evaluate(with_largest(side, where), where) for side in (small, large))
    slack = 1e-7 * (1 + abs(left.lower) + abs(right.upper))
    return left.lower <= right.upper + slack and (relation != "=" or right.lower <= left.upper + slack)


def check_steps(theorem: Theorem, where: Environment) -> None:
    for fact in theorem.given:
        if isinstance(fact.claim, Relational):
            assert holds(fact.claim, where), fact
    for step in listing(theorem.derivation):
        assert holds(step.formula, where), step


OF_ONE_MATRIX = [*FOUND.values()]
BLOCKS = (block_comparison.spectral, block_comparison.row_sum, block_comparison.max_weight, block_comparison.perron)


@pytest.mark.parametrize("kind", matrices())
@pytest.mark.parametrize("theorem", OF_ONE_MATRIX, ids=lambda theorem: theorem.id)
def test_every_step_about_one_matrix_holds(theorem, kind) -> None:
    check_steps(theorem, of_one_matrix(kind))


@pytest.mark.parametrize("size", [1, 2, 4])
@pytest.mark.parametrize("theorem", BLOCKS, ids=lambda theorem: theorem.id)
def test_every_step_about_blocks_holds(theorem, size) -> None:
    check_steps(theorem, of_blocks(size))


@pytest.mark.parametrize("size", [1, 2, 4])
@pytest.mark.parametrize("theorem", [identity, backward, paths], ids=lambda theorem: theorem.id)
def test_every_step_of_back_propagation_holds(theorem, size) -> None:
    check_steps(theorem, of_copies(size))


@pytest.mark.parametrize("weight", [0.0, 0.5, -0.9])
@pytest.mark.parametrize("theorem", [scalar_moments.variance, moments], ids=lambda theorem: theorem.id)
def test_every_step_about_moments_holds(theorem, weight) -> None:
    check_steps(theorem, of_moments(weight))


def test_a_false_step_is_caught() -> None:
    where = of_one_matrix("hidden nilpotent")
    rho, joint, s = (
        q(W) for q in (quantities.spectral_radius, quantities.joint_spectral_radius, quantities.spectral_norm)
    )
    assert not holds(le(joint, rho), where)
    assert not holds(le(s, quantities.numerical_radius(W)), where)
    assert not holds(eq(quantities.largest_masked_product(W, 2), rho), where)
