"""Every step of the derivations of Bengio, Pascanu and Kreiss, and every given fact, evaluated where the facts hold.

The letters are drawn as a network makes them: mean slopes from two trajectories, resolvents by inversion.
"""

from collections.abc import Callable

import numpy as np
import pytest
import sympy as sp
from sympy.core.relational import Relational

from errorflow.numerics.evaluate import Environment, environment, evaluate
from errorflow.numerics.words import Steps, array_of
from errorflow.theory import notation, theorems
from errorflow.theory.bounds import setting
from errorflow.theory.calculus.facts import sides
from errorflow.theory.calculus.listing import listing
from errorflow.theory.calculus.words import Word, replace
from errorflow.theory.theorems import bengio1994, kreiss, pascanu2013

LAG, LAST = 4, 6  # J(6, 2): the steps 3, 4, 5, 6
MODULUS = sp.Symbol("modulus")
Letters = dict[str, np.ndarray | Steps]


def square(n: int, rng: np.random.Generator, *, norm: float = 0.0, radius: float = 0.0) -> np.ndarray:
    A = rng.standard_normal((n, n))
    return A * (norm / np.linalg.norm(A, 2) if norm else radius / np.abs(np.linalg.eigvals(A)).max())


def where(W: np.ndarray, letters: Letters, *, gamma: float = 1.0, values: dict | None = None) -> Environment:
    steps = {notation.lag: LAG, notation.time: LAST, setting.i: LAST - 1}
    return environment(W=W, slope_sup=gamma, slope_inf=0.0, letters=letters, values={**steps, **(values or {})})


def by_step(rows: list[np.ndarray]) -> Steps:
    return Steps(np.array(rows), first=0)


def mean_slopes(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """diag(S) with tanh(a) - tanh(b) = S (a - b)."""
    return np.diag(((np.tanh(left) - np.tanh(right)) / (left - right)).ravel())


def two_trajectories(n: int, rng: np.random.Generator, *, size: float) -> tuple[np.ndarray, Letters]:
    """A tanh network without noise (Y), and with noise of norm ``size`` outside of it (X)."""
    W, noise = square(n, rng, norm=0.8), rng.standard_normal((LAST + 1, n, 1))
    noise *= size / np.linalg.norm(noise, axis=1, keepdims=True)
    X, Y, S = [rng.standard_normal((n, 1))], [rng.standard_normal((n, 1))], [np.eye(n)]
    for u in noise[1:]:
        drive = rng.standard_normal((n, 1))
        a, b = W @ X[-1] + drive, W @ Y[-1] + drive
        S.append(mean_slopes(a, b))
        X.append(np.tanh(a) + u)
        Y.append(np.tanh(b))
    return W, {"X": by_step(X), "Y": by_step(Y), "S": by_step(S), "U": Steps(noise, first=0)}


def contraction(n: int, rng: np.random.Generator) -> Environment:
    return where(*two_trajectories(n, rng, size=0.0))


def noise_ball(n: int, rng: np.random.Generator) -> Environment:
    W, letters = two_trajectories(n, rng, size=0.1)
    start = float(np.linalg.norm(letters["X"].at("X", LAST - LAG) - letters["Y"].at("Y", LAST - LAG)))
    return where(W, letters, values={bengio1994.d: max(start, 0.1 / (1 - 0.8)) * 1.001})


def latching(n: int, rng: np.random.Generator) -> Environment:
    W, y, d = square(n, rng, norm=0.8), rng.uniform(-0.9, 0.9, (n, 1)), 0.5
    bias = np.arctanh(y) - W @ y
    noise = rng.standard_normal((LAST + 1, n, 1))
    noise *= (1 - 0.8) * d / np.linalg.norm(noise, axis=1, keepdims=True)
    X, S = [y + d * noise[0] / np.linalg.norm(noise[0])], [np.eye(n)]
    for push in noise[1:]:
        a, b = W @ X[-1] + bias + push, W @ y + bias
        S.append(mean_slopes(a, b))
        X.append(np.tanh(a))
    return where(
        W, {"X": by_step(X), "y": y, "S": by_step(S), "N": Steps(noise, first=0)}, values={bengio1994.d: d * 1.001}
    )


def slopes(n: int, rng: np.random.Generator) -> np.ndarray:
    return np.array([np.diag(rng.uniform(-0.7, 0.7, n)) for _ in range(LAST + 1)])


def vanishing(n: int, rng: np.random.Generator) -> Environment:
    W, D = square(n, rng, norm=1.2), slopes(n, rng)
    return where(W, {"D": Steps(D, first=0), "J": Steps(D @ W, first=0)}, gamma=0.7)


def necessary(n: int, rng: np.random.Generator) -> Environment:
    return where(square(n, rng, norm=1 / 0.7), {"D": Steps(slopes(n, rng), first=0)}, gamma=0.7)


def linear(n: int, rng: np.random.Generator, *, radius: float = 0.9) -> Environment:
    ones = Steps(np.repeat(np.eye(n)[None], LAST + 1, axis=0), first=0)
    return where(square(n, rng, radius=radius), {"D": ones}, values={pascanu2013._r: 1.3})


def powers(n: int, rng: np.random.Generator) -> Environment:
    W, z = square(n, rng, radius=0.9), rng.choice([-1.3, 1.05, 2.5])
    values = {kreiss.z: z, MODULUS: abs(z), kreiss.j: 2, kreiss.m: LAST, notation.n: n}
    return where(W, {"R": np.linalg.inv(z * np.eye(n) - W)}, values=values)


DRAWS: dict[str, Callable[[int, np.random.Generator], Environment]] = {
    "bengio1994_contraction": contraction,
    "bengio1994_noise_ball": noise_ball,
    "bengio1994_latching": latching,
    "bengio1994_vanishing": vanishing,
    "pascanu2013_necessary": necessary,
    "pascanu2013_linear": linear,
    "pascanu2013_linear_necessary": linear,
    "pascanu2013_linear_growth": lambda n, rng: linear(n, rng, radius=1.2),
    "kreiss1962_lower": powers,
    "kreiss1962_upper": powers,
}


def holds(claim: Relational, place: Environment) -> bool:
    small, relation, large = sides(replace(claim, {sp.Abs(kreiss.z): MODULUS}))
    if isinstance(small, Word):
        arrays = {**place.matrices, **place.letters}
        left, right = (
            array_of(w, arrays, place.n, lambda e: float(evaluate(e, place).midpoint)) for w in (small, large)
        )
        return np.allclose(left, right, rtol=1e-9, atol=1e-9)
    low, high = evaluate(small, place), evaluate(large, place)
    slack = 1e-9 * (1 + abs(low.upper) + abs(high.upper))
    return abs(low.upper - high.upper) <= 1e3 * slack if relation == "=" else low.lower <= high.upper + slack


@pytest.mark.parametrize("identifier", DRAWS)
@pytest.mark.parametrize("n", [1, 2, 4])
def test_every_given_fact_and_every_step_holds(identifier, n) -> None:
    theorem = theorems.get(identifier)
    for seed in range(4):
        place = DRAWS[identifier](n, np.random.default_rng(seed))
        for fact in theorem.given:
            if isinstance(fact.claim, Relational):
                assert holds(fact.claim, place), fact
        for step in listing(theorem.derivation):
            assert holds(step.formula, place), step


def test_a_false_step_is_caught() -> None:
    place = contraction(3, np.random.default_rng(0))
    claim = theorems.get("bengio1994_contraction").conclusion
    assert holds(claim, place)
    assert not holds(sp.Le(claim.lhs, claim.rhs / 40, evaluate=False), place)
    place = powers(3, np.random.default_rng(1))
    assert not holds(sp.Le(kreiss._supremum, kreiss._constant / 2, evaluate=False), place)
