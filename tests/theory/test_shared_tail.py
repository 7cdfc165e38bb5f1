r"""Laws of the tail of the shared gradient: on random networks, by complex steps through the copies of W in the tail alone."""

import itertools
import math

import numpy as np
import pytest
import sympy as sp
from sympy.core.relational import Relational

from errorflow.numerics.evaluate import environment, evaluate
from errorflow.numerics.words import Steps, array_of
from errorflow.theory import notation, theorems
from errorflow.theory.calculus.facts import sides
from errorflow.theory.calculus.listing import listing
from errorflow.theory.calculus.words import Word
from errorflow.theory.theorems import shared_tail

T, K, H = notation.horizon, shared_tail.K, shared_tail.H
ALL = [t for t in theorems.all() if t.id.startswith(("shared_tail", "total_gradient"))]
ACTIVATIONS = {  # the function, its slope, the largest slope
    "tanh": (np.tanh, lambda a: 1 / np.cosh(a) ** 2, 1.0),
    "logistic": (lambda a: 1 / (1 + np.exp(-a)), lambda a: 1 / (4 * np.cosh(a / 2) ** 2), 0.25),
    "twice the sine": (lambda a: 2 * np.sin(a), lambda a: 2 * np.cos(a), 2.0),
    "identity": (lambda a: a, np.ones_like, 1.0),
}
MATRICES = {
    "gaussian": lambda n, rng: rng.standard_normal((n, n)),
    "nilpotent": lambda n, rng: np.triu(rng.standard_normal((n, n)), 1),
    "non-normal": lambda n, rng: 0.5 * np.eye(n) + 3 * np.eye(n, k=1),
    "constant": lambda n, rng: np.ones((n, n)),
    "orthogonal": lambda n, rng: np.linalg.qr(rng.standard_normal((n, n)))[0],
}


class Run:
    """A contractive network with eta as given, its states, and what its copies of W contribute."""

    def __init__(self, kind: str, activation: str, *, n: int, steps: int, eta: float, seed: int) -> None:
        rng = np.random.default_rng(seed)
        self.phi, self.slope, self.gamma = ACTIVATIONS[activation]
        W = MATRICES[kind](n, rng)
        size = np.linalg.norm(W, 2)
        self.W = W * (eta / self.gamma / size if size else 0.0)
        constant = kind == "constant"
        self.h0 = np.ones(n) if constant else rng.standard_normal(n)
        self.u = np.full((steps, n), 1 - eta) if constant else rng.standard_normal((steps, n))
        self.g = np.ones(n) if constant else rng.standard_normal(n)
        self.V = rng.standard_normal((n, n))
        self.n, self.steps = n, steps
        states = [self.h0]
        self.D = [np.eye(n)]
        for u in self.u:
            a = self.W @ states[-1] + u
            self.D.append(np.diag(self.slope(a)))
            states.append(self.phi(a))
        self.h = np.array(states)
        self.largest = max(np.linalg.norm(state) for state in states)

    def tail(self, lag: int) -> np.ndarray:
        """d(g^T h_T) / dW by the copies 1, ..., T - lag alone: a complex step in each entry."""
        found = np.zeros((self.n, self.n))
        for row, column in itertools.product(range(self.n), repeat=2):
            moved = self.W.astype(complex)
            moved[row, column] += 1e-30j
            h = self.h0.astype(complex)
            for step, u in enumerate(self.u, start=1):
                h = self.phi((moved if step <= self.steps - lag else self.W) @ h + u)
            found[row, column] = (self.g @ h).imag / 1e-30
        return found

    def letters(self, *, forward: bool = False) -> dict:
        """The letters of the derivation; ``forward`` carries errors on by W instead of its transpose."""
        errors, moved = [self.g], [np.zeros(self.n)]
        for step in range(self.steps, 0, -1):
            errors.insert(0, (self.W if forward else self.W.T) @ self.D[step] @ errors[0])
        for step in range(1, self.steps + 1):
            moved.append(self.D[step] @ (self.W @ moved[-1] + self.V @ self.h[step - 1]))
        stepped = {"e": errors, "S": moved, "h": self.h}
        found = {name: Steps(np.array(values)[:, :, None], first=0) for name, values in stepped.items()}
        return {**found, "D": Steps(np.array(self.D), first=0), "g": self.g[:, None], "V": self.V}

    def where(self, lag: int, *, V: np.ndarray | None = None, forward: bool = False):
        letters = self.letters(forward=forward) | ({} if V is None else {"V": V})
        values = {T: self.steps, K: lag, H: self.largest, shared_tail.i: 2, shared_tail.j: 1}
        return environment(W=self.W, slope_sup=self.gamma, letters=letters, values=values)


def runs(*, steps: int = 6):
    for kind, activation, eta in itertools.product(MATRICES, ACTIVATIONS, (0.2, 0.9)):
        yield Run(kind, activation, n=3, steps=steps, eta=eta, seed=len(kind) + len(activation))


def holds(claim, where) -> bool:
    small, relation, large = sides(claim)
    if isinstance(small, Word):
        arrays = {**where.matrices, **where.letters}
        left, right = (array_of(w, arrays, where.n, lambda e: evaluate(e, where).midpoint) for w in (small, large))
        return np.allclose(left, right, rtol=1e-9, atol=1e-9)
    left, right = evaluate(small, where).midpoint, evaluate(large, where).midpoint
    slack = 1e-9 * (1 + abs(left) + abs(right))
    return abs(left - right) <= slack if relation == "=" else left <= right + slack


def broken(theorem, where) -> list[str]:
    """The given facts and the lines that are false."""
    given = [fact.name for fact in theorem.given if isinstance(fact.claim, Relational) and not holds(fact.claim, where)]
    return given + [step.reason for step in listing(theorem.derivation) if not holds(step.formula, where)]


def along_lag_zero(run: Run) -> np.ndarray:
    """The direction of the part of lag 0, of norm 1."""
    first, last = run.D[-1] @ run.g, run.h[-2]
    return np.outer(first, last) / (np.linalg.norm(first) * np.linalg.norm(last))


@pytest.mark.parametrize("theorem", ALL, ids=lambda theorem: theorem.id)
def test_every_step_holds_on_random_networks(theorem) -> None:
    for run in runs():
        if theorem.id == "total_gradient_stays":
            run.V = along_lag_zero(run)
        assert broken(theorem, run.where(2)) == []


def test_errors_carried_in_forward_order_break_a_step() -> None:
    run = Run("non-normal", "tanh", n=3, steps=6, eta=0.9, seed=1)
    assert "error one step earlier" in broken(shared_tail.at_horizon, run.where(2, forward=True))


def nuclear(A: np.ndarray) -> float:
    return float(np.linalg.svd(A, compute_uv=False).sum())


def bound(theorem, run: Run, lag: int) -> float:
    return evaluate(theorem.conclusion.rhs, run.where(lag, V=np.eye(run.n))).upper


def test_the_tail_obeys_the_bound_in_the_nuclear_norm_at_every_lag_and_horizon() -> None:
    ratios = []
    for steps in (1, 5):
        for run in runs(steps=steps):
            for lag in range(steps + 1):
                finite, every = (bound(t, run, lag) for t in (shared_tail.at_horizon, shared_tail.tail))
                found = nuclear(run.tail(lag))
                assert found <= finite * (1 + 1e-9) + 1e-12
                assert finite <= every * (1 + 1e-12)
                ratios.append(found / finite if finite > 1e-12 else 0.0)
    assert max(ratios) > 1 - 1e-9  # attained by the constant network


def false_bounds(run: Run, lag: int) -> dict[str, float]:
    """The bound at the horizon with one thing wrong."""
    true = bound(shared_tail.at_horizon, run, lag)
    eta = run.gamma * np.linalg.norm(run.W, 2)
    radius = run.gamma * max(abs(np.linalg.eigvals(run.W)))
    geometric = lambda x: (x**lag - x**run.steps) / (1 - x)  # noqa: E731
    return {
        "lag off by one": true * eta,
        "no geometric sum": true * (1 - eta),
        "no gamma": true / run.gamma,
        "the largest unit for the norm of the state": true * abs(run.h).max() / run.largest,
        "the radius for the norm": true * geometric(radius) / geometric(eta),
        "half the states": true / 2,
    }


FALSEHOODS = tuple(false_bounds(Run("constant", "tanh", n=1, steps=3, eta=0.5, seed=0), 1))


@pytest.mark.parametrize("falsehood", FALSEHOODS)
def test_a_false_bound_is_violated_by_some_network(falsehood) -> None:
    violated = []
    for kind, activation, eta in itertools.product(MATRICES, ACTIVATIONS, (0.2, 0.9)):
        run = Run(kind, activation, n=3, steps=5, eta=eta, seed=4)
        violated += [nuclear(run.tail(lag)) > false_bounds(run, lag)[falsehood] * (1 + 1e-9) for lag in (0, 2)]
    assert any(violated)


def test_the_constant_unit_attains_the_bound_for_all_lags_in_exact_numbers() -> None:
    w = sp.Rational(1, 2)  # h = 1 for ever, so that the part of lag j is w^j
    for steps, lag in itertools.product((1, 5, 12), (0, 1, 4)):
        exact = sum((w**j for j in range(lag, steps)), sp.S.Zero)
        if lag <= steps:
            assert exact == (w**lag - w**steps) / (1 - w)


# The total gradient


def test_the_total_gradient_is_at_least_the_part_of_lag_zero_minus_the_tail() -> None:
    positive = 0
    for steps in (1, 3, 8):
        for run in runs(steps=steps):
            least = evaluate(shared_tail.total_gradient_stays.conclusion.rhs, run.where(1)).upper
            total = run.tail(0)
            assert np.linalg.norm(total) >= least - 1e-9
            assert (total * along_lag_zero(run)).sum() >= least - 1e-9
            positive += least > 1e-3
    assert positive > 10


def test_the_lower_bound_does_not_depend_on_the_horizon_and_the_tail_has_no_part_in_it() -> None:
    found = []
    for steps in (5, 20, 80):
        run = Run("constant", "identity", n=2, steps=steps, eta=0.25, seed=0)
        found.append(evaluate(shared_tail.total_gradient_stays.conclusion.rhs, run.where(1)).midpoint)
        assert np.linalg.norm(run.tail(0)) > 1
    assert max(found) - min(found) < 1e-9
    assert min(found) > 0.5


@pytest.mark.parametrize("wrong", ["no tail", "tail from lag 2"])
def test_a_lower_bound_that_forgets_a_part_of_the_tail_is_violated(wrong) -> None:
    """One unit of weight 1/2 at -1 until the state turns to 1 before the last step: all longer lags oppose lag 0."""
    run, eta = Run("constant", "identity", n=1, steps=9, eta=0.5, seed=0), 0.5
    run.h0, run.u = -run.h0, np.full((9, 1), -0.5)
    run.u[-2] = 1.5
    run.h = np.array([[-1.0]] * 8 + [[1.0], [0.0]])
    total, true = run.tail(0)[0, 0], evaluate(shared_tail.total_gradient_stays.conclusion.rhs, run.where(1)).upper
    forgotten = {"no tail": 0.0, "tail from lag 2": eta**2 / (1 - eta)}[wrong]
    assert true - 1e-9 <= total < 1 - forgotten


def test_every_number_of_the_statement_is_met_on_a_long_horizon() -> None:
    run = Run("gaussian", "tanh", n=4, steps=40, eta=0.8, seed=3)
    shares = [nuclear(run.tail(lag)) / bound(shared_tail.tail, run, lag) for lag in (0, 10, 30)]
    assert all(0 < share <= 1 for share in shares)
    assert math.isfinite(sum(shares))
