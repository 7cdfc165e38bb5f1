"""Lyapunov exponents and the state Jacobian: the derivations, maps whose exponents are exact, a chaotic network."""

import dataclasses
import itertools
import math
from fractions import Fraction
from functools import cache

import numpy as np
import pytest
import sympy as sp

from errorflow.numerics.lyapunov import lyapunov_spectrum
from errorflow.theory import cells, notation, theorems
from errorflow.theory.calculus import Rejection
from errorflow.theory.calculus.listing import listing
from errorflow.theory.evidence import Graph
from errorflow.theory.quantities import MatrixFunctional
from errorflow.theory.theorem import add_evidence
from errorflow.theory.theorems import mikhaeil2022 as module

VANISHING, EXPLOSION = (theorems.get(f"mikhaeil2022_{name}") for name in ("vanishing", "explosion"))
BOTH = pytest.mark.parametrize("theorem", [VANISHING, EXPLOSION], ids=lambda theorem: theorem.id)
GOLDEN = (1 + sp.sqrt(5)) / 2


# The derivations


@BOTH
def test_the_ergodic_theorem_is_cited_and_nothing_else_is_taken_from_a_text(theorem) -> None:
    graph = Graph()
    grade = graph.grade(add_evidence(graph, theorem))
    side = "above" if theorem is VANISHING else "below"
    assert (grade.word, grade.weakest) == ("cited", (f"rule:multiplicative ergodic theorem, from {side}",))
    assert grade.textbook == ()
    assert theorem.source.reading == "read"


@BOTH
def test_every_given_fact_is_needed(theorem) -> None:
    for fact in theorem.given:
        less = dataclasses.replace(theorem.derivation, given=tuple(g for g in theorem.given if g is not fact))
        with pytest.raises((Rejection, ValueError)):
            dataclasses.replace(theorem, derivation=less).check()


@BOTH
def test_the_rate_of_the_conclusion_is_below_what_the_derivation_gives(theorem) -> None:
    k, rate = notation.lag, module.EXPONENT
    for wrong in (rate * k, rate * k / 3, -rate * k / 2, rate / 2):
        claim = theorem.conclusion.func(theorem.conclusion.lhs, sp.exp(wrong), evaluate=False)
        with pytest.raises(ValueError, match="concludes"):
            dataclasses.replace(theorem, conclusion=claim).check()


@BOTH
def test_nothing_is_said_of_a_single_network(theorem) -> None:
    assert all(theorem.conditions(cells.get(name)) is None for name in cells.names())
    assert "almost every orbit" in theorem.quantifiers


# Maps whose exponent is known exactly


def cycle(*matrices) -> list[list[list[Fraction]]]:
    """J_1, ..., J_p, which repeat."""
    return [[[Fraction(x) for x in row] for row in matrix] for matrix in matrices]


# name: (J_1, ..., J_p, lambda_1, v outside of the subspace)
MAPS = {
    "cat map": (cycle([[2, 1], [1, 1]]), 2 * sp.log(GOLDEN), [1, 0]),
    "doubling map": (cycle([[2]]), sp.log(2), [1]),
    "Jordan block": (cycle([["1/2", 1], [0, "1/2"]]), -sp.log(2), [0, 1]),
    "expanding Jordan block": (cycle([[2, 5], [0, 2]]), sp.log(2), [0, 1]),
    "stable cycle that grows at every other step": (cycle([[4]], [["1/16"]]), -sp.log(2), [1]),
    "transient growth": (cycle([["9/10", 10], [0, "9/10"]]), sp.log(sp.Rational(9, 10)), [1, 1]),
    "unstable cycle that shrinks at every other step": (cycle([["1/4"]], [[16]]), sp.log(2), [1]),
}
HORIZON = 260


@cache
def log_norms(name: str) -> list[float]:
    """log||J_k ... J_1 v|| for k = 1..horizon, from exact rationals."""
    jacobians, _, v = MAPS[name]
    x, found = [Fraction(entry) for entry in v], []
    for t in range(HORIZON):
        x = [sum(a * b for a, b in zip(row, x, strict=True)) for row in jacobians[t % len(jacobians)]]
        square = sum(entry**2 for entry in x)
        found.append((math.log(square.numerator) - math.log(square.denominator)) / 2)
    return found


def from_there_on(found: list[float], holds) -> int | None:
    """The first lag from which on the relation holds up to the horizon; None if it fails in the last quarter."""
    failing = [k for k, value in enumerate(found, start=1) if not holds(k, value)]
    first = max(failing, default=0) + 1
    return first if first <= 3 * HORIZON / 4 else None


@pytest.mark.parametrize("name", MAPS)
def test_every_step_of_the_derivation_holds_on_maps_with_exact_exponents(name) -> None:
    rate = float(MAPS[name][1])
    theorem = VANISHING if rate < 0 else EXPLOSION
    found = log_norms(name)
    margin = abs(rate) / 2
    within = from_there_on(found, lambda k, value: (rate - margin) * k <= value <= (rate + margin) * k)
    assert within is not None
    upper = theorem.conclusion.rel_op == "<="
    formulas = [step.formula for step in listing(theorem.derivation)]
    for k in (within, within + 1, HORIZON):
        at = {notation.lag: k, module.EXPONENT: rate}
        for formula in (*formulas, theorem.conclusion):
            left, right = (side_value(side, at, found[k - 1], rate) for side in (formula.lhs, formula.rhs))
            relation = {"==": abs(left - right) <= 1e-9, "<=": left <= right + 1e-9, ">=": left >= right - 1e-9}
            assert relation[formula.rel_op], formula
    assert upper == (rate < 0)


def side_value(side, at, log_norm: float, rate: float) -> float:
    """The logarithm of one side of a step: a norm or g(k), or an exponential."""
    if isinstance(side, MatrixFunctional) or side.func == module.growth:
        return log_norm
    assert isinstance(side, sp.exp)
    return float(side.args[0].replace(module.exponents, lambda _: sp.Float(rate)).subs(at))


@pytest.mark.parametrize("name", MAPS)
def test_the_rate_tends_to_the_exponent_like_a_bounded_number_over_the_lag(name) -> None:
    # log||J v|| - lambda_1 k is bounded, or a logarithm of k for a Jordan block: the bias of the rate is O(log k / k).
    found = log_norms(name)
    biases = [abs(found[k - 1] / k - float(MAPS[name][1])) for k in (20, HORIZON)]
    assert biases[1] < 8 / HORIZON
    assert biases[1] < 0.3 * biases[0] + 1e-12


@pytest.mark.parametrize("wrong", [0.0, 0.5, 2.0, -1.0])
def test_another_exponent_is_caught(wrong) -> None:
    for name, (_, exponent, _) in MAPS.items():
        rate = wrong * float(exponent)
        near = 0.05 * abs(float(exponent))
        found = log_norms(name)
        assert from_there_on(found, lambda k, value, rate=rate, near=near: abs(value - rate * k) <= near * k) is None


def test_inside_of_the_subspace_the_state_jacobian_of_an_expanding_map_vanishes() -> None:
    # The cat map, lambda_1 = 2 log golden > 0: in the direction (1, -golden) every step is the factor golden^-2.
    J, v = sp.Matrix([[2, 1], [1, 1]]), sp.Matrix([1, -GOLDEN])
    assert (J * v - v / GOLDEN**2).applyfunc(sp.simplify) == sp.zeros(2, 1)
    assert 1 / GOLDEN**2 < 1
    assert "all v outside of a proper subspace" in EXPLOSION.quantifiers


def test_the_first_lags_of_a_vanishing_map_may_grow() -> None:
    found = log_norms("transient growth")
    within = from_there_on(found, lambda k, value: value <= math.log(0.9) / 2 * k)
    assert within is not None
    assert within > 50
    assert max(found) > 3 > 0 > found[-1]


# A chaotic network


@pytest.mark.parametrize(("gain", "sign"), [(4.0, 1), (0.8, -1)])
def test_a_random_tanh_network_behaves_as_the_sign_of_its_measured_exponent_says(gain, sign) -> None:
    rng = np.random.default_rng(3)
    n, steps = 40, 400
    W = rng.standard_normal((n, n)) * gain / math.sqrt(n)
    h, jacobians = rng.standard_normal(n), []
    for _ in range(200 + steps):
        h = np.tanh(W @ h)
        jacobians.append((1 - h**2)[:, None] * W)
    spectrum = lyapunov_spectrum(np.array(jacobians[200:]), count=1, rng=0)
    rate = float(np.ravel(spectrum.exponents)[0])
    assert rate * sign > 0.02
    logs = []
    for v in rng.standard_normal((3, n)):
        x, total = v / np.linalg.norm(v), 0.0
        for J in jacobians[200:]:
            x = J @ x
            size = np.linalg.norm(x)
            x, total = x / size, total + math.log(size)
        logs.append(total)
    assert all(sign * total >= sign * rate * steps / 2 for total in logs)
    # forgetting the sign, or doubling the rate, is seen
    assert not any(sign * total >= sign * 2 * rate * steps for total in logs)
    spread = [abs(a - b) for a, b in itertools.combinations(logs, 2)]
    assert max(spread) < 0.2 * abs(rate) * steps
