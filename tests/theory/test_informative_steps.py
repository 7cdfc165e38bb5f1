"""Laws of the proofs about expectations: every fact and every step holds on networks over all sequences of inputs -1, 1."""

import dataclasses
import itertools
from collections.abc import Iterator

import numpy as np
import pytest
import sympy as sp

from errorflow.numerics.enclosure import exact
from errorflow.numerics.evaluate import Environment, environment, evaluate
from errorflow.numerics.words import Steps, array_of
from errorflow.theory import notation, theorems
from errorflow.theory.calculus import Fact
from errorflow.theory.calculus.facts import Diagonal, sides
from errorflow.theory.calculus.listing import listing
from errorflow.theory.calculus.words import Word

CURVATURE = 4 / (3 * np.sqrt(3))  # of tanh
HORIZON, SIGNS = 3, (-1.0, 1.0)
Values = dict[str, np.ndarray | Steps]


def trajectory(W, V, drive, *, linear: bool) -> dict[str, np.ndarray]:
    """a, h, D and S = dh/dW[V] at the steps 0, ..., T; ``drive[t]`` is B u_t + b."""
    n = len(W)
    found = {"a": [np.zeros((n, 1))], "h": [np.zeros((n, 1))], "D": [np.eye(n)], "S": [np.zeros((n, 1))]}
    for t in range(1, len(drive)):
        a = W @ found["h"][-1] + drive[t]
        h = a if linear else np.tanh(a)
        D = np.eye(n) if linear else np.diag(1 - h[:, 0] ** 2)
        found["S"].append(D @ (W @ found["S"][-1] + V @ found["h"][-1]))
        for name, value in (("a", a), ("h", h), ("D", D)):
            found[name].append(value)
    return {name: np.array(values) for name, values in found.items()}


def constants(rng: np.random.Generator, *, n: int, linear: bool):
    W = rng.standard_normal((n, n))
    W *= rng.uniform(0.2, 0.95) / np.linalg.norm(W, 2)
    L = np.diag(rng.uniform(1, 2, n))
    W = W if linear else np.linalg.inv(L) @ W @ L  # L W L^-1 contracts, W itself need not
    vectors = {name: rng.standard_normal((n, 1)) for name in ("B", "b", "c", "v")}
    return {"W": W, "L": L, "V": rng.standard_normal((n, n)), **vectors}


def outcome(fixed: dict[str, np.ndarray], signs: np.ndarray, *, lag: int, linear: bool) -> Values:
    """What depends on chance in one sequence of inputs, the reference with input zero at step T - k beside it."""
    n, B, bias = len(fixed["W"]), fixed["B"], 0 * fixed["b"] if linear else fixed["b"]
    found: Values = {"z": B * signs[HORIZON - lag]}
    runs = {}
    for name, kept in (("", 1.0), ("tilde", 0.0)):
        used = np.where(np.arange(HORIZON + 1) == HORIZON - lag, kept * signs, signs)
        drive = [np.zeros((n, 1)), *(B * u + bias for u in used[1:])]
        runs[name] = trajectory(fixed["W"], fixed["V"], drive, linear=linear)
        found |= {letter + name: Steps(values, first=0) for letter, values in runs[name].items()}
        if not name:
            found["w"] = Steps(np.array(drive), first=0)
    slope = (runs[""]["h"] - runs["tilde"]["h"]) / np.where(
        runs[""]["a"] == runs["tilde"]["a"], 1.0, runs[""]["a"] - runs["tilde"]["a"]
    )
    found["M"] = Steps(np.array([np.diag(m[:, 0]) for m in slope]), first=0)
    L = fixed["L"]
    for letter in "haS":
        for name in (letter, f"{letter}tilde"):
            found[f"{name}_L"] = Steps(np.array([L @ x for x in found[name].arrays]), first=0)
    return found | {"z_L": L @ found["z"]}


def space(seed: int, *, n: int, lag: int, scaled: bool, linear: bool = False) -> tuple[Environment, ...]:
    """One environment for every outcome, each of which knows all of them."""
    rng = np.random.default_rng(seed)
    fixed = constants(rng, n=n, linear=linear)
    W, V, c, L = (fixed[name] for name in "WVcL")
    L = L if scaled else np.eye(n)
    inverse = np.linalg.inv(L)
    fixed["L"] = L
    letters: Values = {**fixed, "W_L": L @ W @ inverse, "V_L": L @ V @ inverse, "c_L": inverse.T @ c}
    powers = [np.linalg.matrix_power(W, j) for j in range(HORIZON + 1)]
    letters |= {"r": Steps(np.array([P @ fixed["B"] for P in powers]), first=0)}
    letters |= {"e": Steps(np.array([P.T @ c for P in powers]), first=0), "b": fixed["B"] if linear else fixed["b"]}
    sequences = [np.array([0.0, *signs]) for signs in itertools.product(SIGNS, repeat=HORIZON)]
    chance = [outcome(fixed, signs, lag=lag, linear=linear) for signs in sequences]
    targets = [signs[HORIZON - lag] for signs in sequences]
    covariance = np.mean([y * found["h"].arrays for y, found in zip(targets, chance, strict=True)], axis=0)
    letters["m"] = Steps(covariance, first=0)
    scaled_states = [[np.linalg.norm(x) for x in found["htilde_L"].arrays] for found in chance]
    values = {
        notation.horizon: HORIZON,
        notation.lag: lag,
        notation.slope_sup: 1,
        notation.curvature_sup: 0 if linear else CURVATURE,
        sp.Symbol(r"\eta"): float(np.linalg.norm(L @ W @ inverse, 2)) * (1 + 1e-12),
        sp.Symbol(r"\sigma_{*}"): 1 + 1e-12,
        sp.Symbol(r"\sigma_B"): float(np.linalg.norm(L @ fixed["B"])) * (1 + 1e-12),
        sp.Symbol("H"): float(np.mean(scaled_states, axis=0).max()) * (1 + 1e-12),
    }
    found = tuple(
        environment(W=W, letters=letters | random, values=values | {sp.Symbol("y^{*}"): y})
        for y, random in zip(targets, chance, strict=True)
    )
    return tuple(dataclasses.replace(where, outcomes=found, known={}) for where in found)


def holds(claim, where: Environment) -> bool:
    if isinstance(claim, Diagonal):
        array = array_of(
            claim.args[0], {**where.matrices, **where.letters}, where.n, lambda e: evaluate(e, where).midpoint
        )
        return bool((array == np.diag(np.diag(array))).all())
    small, relation, large = sides(claim)
    if isinstance(small, Word):
        numbers = {**where.matrices, **where.letters}
        left, right = (array_of(w, numbers, where.n, lambda e: evaluate(e, where).midpoint) for w in (small, large))
        return np.allclose(left, right, rtol=1e-9, atol=1e-9)
    left, right = evaluate(small, where).midpoint, evaluate(large, where).midpoint
    slack = 1e-9 * (1 + abs(left) + abs(right))
    return abs(left - right) <= slack if relation == "=" else left <= right + slack


def instances(fact: Fact, claim, where: Environment) -> Iterator[tuple[Environment, bool]]:
    """The claim at every step for which its conditions hold and all of its letters have a value."""
    steps = [v for v in fact.over if v.is_integer]
    for at in itertools.product(range(HORIZON + 1), repeat=len(steps)):
        here = _at(where, dict(zip(steps, at, strict=True)))
        try:
            if all(holds(condition, here) for condition in fact.when):
                yield here, holds(claim, here)
        except ValueError:  # a step outside of the horizon
            continue


def _at(where: Environment, steps: dict[sp.Symbol, int]) -> Environment:
    """The environment of one outcome, and of all others, at given steps."""
    values = {step: exact(sp.Integer(at)) for step, at in steps.items()}
    outcomes = tuple(dataclasses.replace(o, values=o.values | values, known={}) for o in where.outcomes)
    return dataclasses.replace(where, values=where.values | values, outcomes=outcomes, known={})


CASES = [
    ("task_informative_gradient", {"scaled": False}),
    ("task_informative_gradient_scaled", {"scaled": True}),
    ("linear_recall", {"scaled": False, "linear": True}),
]


def checked(theorem, where: Environment) -> int:
    """How many instances of facts and steps were looked at; AssertionError names one that does not hold."""
    parts = {part.name: part for part in (*theorem.given, *theorem.derivation.lemmas)}
    claims = [(fact, fact.claim) for fact in theorem.given]
    claims += [(parts[step.lemma], step.formula) for step in listing(theorem.derivation)]
    count = 0
    for part, claim in claims:
        seen = 0
        for here, right in instances(part, claim, where):
            assert right, f"{part.name}: {claim} at {here.values}"
            seen += 1
        assert seen, f"{part.name}: {claim} has no instance"
        count += seen
    return count


@pytest.mark.parametrize(("identifier", "kind"), CASES, ids=[case[0] for case in CASES])
@pytest.mark.parametrize(("n", "lag"), [(1, 2), (2, 2)])
def test_every_fact_and_step_holds_over_all_sequences_of_inputs(identifier: str, kind: dict, n: int, lag: int) -> None:
    everywhere = space(10 * n + lag, n=n, lag=lag, **kind)
    where = everywhere[5]
    assert checked(theorems.get(identifier), where) > 60


def test_a_reference_with_another_step_replaced_is_caught() -> None:
    theorem = theorems.get("task_informative_gradient")
    right, wrong = (space(3, n=2, lag=lag, scaled=False)[0] for lag in (2, 1))
    planted = dataclasses.replace(
        right, letters=right.letters | {x: wrong.letters[x] for x in ("htilde", "atilde", "Stilde")}
    )
    with pytest.raises(AssertionError, match="the slope is Lipschitz"):
        checked(theorem, planted)
