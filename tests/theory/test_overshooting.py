"""Laws of overshooting, inflation and the initialization interval, against complex steps, powers and draws of their own."""

import itertools
import math

import numpy as np
import pytest
from sympy.core.relational import Relational

from errorflow.numerics.evaluate import environment, evaluate
from errorflow.numerics.words import Steps, array_of
from errorflow.theory import notation, theorems
from errorflow.theory.calculus.facts import sides
from errorflow.theory.calculus.listing import listing
from errorflow.theory.calculus.words import Word
from errorflow.theory.theorems import inflation, initialization, overshooting

FLOW, BOUND = theorems.get("overshooting"), theorems.get("overshooting_bound")
LAG, TIME = 4, 6


class Net:
    """s_t = tanh(A s_{t-1} + B u_t), y_t = C s_t; after TIME the output is fed back, s_t = tanh((A + F C) s_{t-1})."""

    def __init__(self, *, more: int, seed: int, n: int = 3, gain: float = 1.0) -> None:
        rng = np.random.default_rng(seed)
        self.A = gain * rng.standard_normal((n, n)) / math.sqrt(n)
        self.C, self.F, self.B = rng.standard_normal((2, n)), rng.standard_normal((n, 2)), rng.standard_normal((n, 2))
        self.u, self.targets = rng.standard_normal((TIME + 1, 2)), rng.standard_normal((more + 1, 2))
        self.x, self.start, self.more, self.n = rng.standard_normal(n), rng.standard_normal(n), more, n

    def states(self, s: np.ndarray, first: int) -> list[np.ndarray]:
        """The states from step ``first``, at which it is s, to the end of overshooting."""
        found = [s]
        for step in range(first + 1, TIME + self.more + 1):
            a = self.A @ found[-1] + self.B @ self.u[step] if step <= TIME else (self.A + self.F @ self.C) @ found[-1]
            found.append(np.tanh(a))
        return found

    def before(self) -> np.ndarray:
        return self.states(self.start, 0)[TIME - LAG]

    def change(self) -> float:
        """The derivative of the loss of the outputs from step TIME on by the state at TIME - LAG, along x: a complex step."""
        states = self.states(self.before() + 1e-30j * self.x, TIME - LAG)[LAG:]
        errors = [self.C @ s - y for s, y in zip(states, self.targets, strict=True)]
        return sum((e @ e).imag / 2e-30 for e in errors)

    def where(self, *, forward: bool = False, short: int = 0):
        """The letters by a backward recursion; ``forward`` carries errors on by M, ``short`` forgets so many outputs."""
        states = self.states(self.start, 0)
        D = [np.diag(1 - s**2) for s in states]
        M = [D[i] @ (self.A if i <= TIME else self.A + self.F @ self.C) for i in range(len(states))]
        errors = [self.C @ states[TIME + j] - self.targets[j] for j in range(self.more + 1)]
        end = TIME + self.more + 1
        v, X = {end: np.zeros(self.n)}, {TIME - LAG: self.x}
        for i in range(end, TIME, -1):
            step = np.eye(self.n) if i == end else M[i]
            injected = 0 if i - 1 - TIME > self.more - short else self.C.T @ errors[i - 1 - TIME]
            v[i - 1] = (step if forward else step.T) @ v[i] + injected
        for i in range(TIME - LAG + 1, end):
            X[i] = M[i] @ X[i - 1]
        X[end], after = X[end - 1], [*M, np.eye(self.n)]
        column = lambda found, first: Steps(np.array([found[i] for i in sorted(found)])[:, :, None], first=first)  # noqa: E731
        letters = {
            "v": column(v, TIME),
            "X": column(X, TIME - LAG),
            "e": Steps(np.array(errors)[:, :, None], first=TIME),
            "M": Steps(np.array(after), first=0),
            "D": Steps(np.array(D), first=0),
            "C": self.C,
            "x": self.x[:, None],
        }
        values = {notation.time: TIME, notation.lag: LAG, overshooting.K: self.more, overshooting.i: TIME + 1}
        return environment(W=self.A, letters=letters, values=values)


def holds(claim: Relational, where) -> bool:
    small, relation, large = sides(claim)
    if isinstance(small, Word):
        arrays = {**where.matrices, **where.letters}
        left, right = (array_of(w, arrays, where.n, lambda e: evaluate(e, where).midpoint) for w in (small, large))
        return np.allclose(left, right, rtol=1e-9, atol=1e-12)
    left, right = evaluate(small, where).midpoint, evaluate(large, where).midpoint
    slack = 1e-9 * (abs(left) + abs(right)) + 1e-12
    return abs(left - right) <= slack if relation == "=" else left <= right + slack


def broken(theorem, where) -> list[str]:
    given = [fact.name for fact in theorem.given if isinstance(fact.claim, Relational) and not holds(fact.claim, where)]
    return given + [step.reason for step in listing(theorem.derivation) if not holds(step.formula, where)]


NETS = [
    {"more": more, "seed": seed, "gain": gain} for more, seed, gain in itertools.product((0, 1, 5), (0, 1), (0.5, 2.0))
]


@pytest.mark.parametrize("net", NETS, ids=str)
def test_the_error_of_every_horizon_comes_back_through_one_product(net) -> None:
    found = Net(**net)
    where = found.where()
    assert broken(FLOW, where) == broken(BOUND, where) == []
    for side in FLOW.conclusion.args:
        assert math.isclose(evaluate(side, where).midpoint, found.change(), rel_tol=1e-9)
    assert abs(found.change()) <= evaluate(BOUND.conclusion.rhs, where).upper * (1 + 1e-9)


@pytest.mark.parametrize("planted", [{"forward": True}, {"short": 1}], ids=str)
def test_a_vector_carried_back_wrongly_is_caught(planted) -> None:
    net = Net(more=5, seed=2)
    where = net.where(**planted)
    assert broken(FLOW, where) != []
    assert not math.isclose(evaluate(FLOW.conclusion.rhs, where).midpoint, net.change(), rel_tol=1e-3)


def test_a_longer_overshoot_changes_the_vector_and_not_the_decay_in_the_lag() -> None:
    """The gradient at lag k over that at lag 0 is at most the norm of J whatever is injected; without J it is not."""
    sizes, violated = [], []
    for more in (0, 3, 12):
        net = Net(more=more, seed=5, gain=0.4)
        where = net.where()
        arrays = where.letters
        J = np.eye(3)
        for i in range(TIME - LAG + 1, TIME + 1):
            J = arrays["D"].at("D", i) @ net.A @ J
        v = arrays["v"].at("v", TIME)[:, 0]
        sizes.append(np.linalg.norm(v))
        assert np.linalg.norm(J.T @ v) <= np.linalg.norm(J, 2) * np.linalg.norm(v) * (1 + 1e-12)
        violated.append(abs(net.change()) > np.linalg.norm(J, 2) ** 2 * np.linalg.norm(v) * np.linalg.norm(net.x))
    assert max(sizes) > 1.01 * min(sizes)
    assert any(violated)  # a product counted twice is caught


# Inflation


@pytest.mark.parametrize("units", [1, 2, 5, 12])
def test_a_shift_keeps_the_norm_at_one_for_its_whole_length_and_no_longer(units) -> None:
    S = np.eye(units, k=-1)
    for steps in range(units + 3):
        where = environment(W=S, values={inflation.K: steps})
        found = evaluate(inflation.inflation_shift.conclusion.lhs, where)
        assert np.isclose(found.midpoint, float(steps < units))
    assert max(abs(np.linalg.eigvals(S))) == 0


@pytest.mark.parametrize("steps", [0, 1, 4])
def test_every_step_of_inflation_holds_in_a_larger_network(steps) -> None:
    """The chain in a random orthogonal basis, beside three units of any weights."""
    rng, p = np.random.default_rng(steps), 5
    W = np.zeros((p + 3, p + 3))
    W[:p, :p] = np.eye(p, k=-1)
    W[p:, p:] = rng.standard_normal((3, 3))
    Q = np.linalg.qr(rng.standard_normal((p + 3, p + 3)))[0]
    x = [Q[:, [j]] for j in range(p)]
    letters = {"x": Steps(np.array(x), first=0)}
    where = environment(W=Q @ W @ Q.T, letters=letters, values={inflation.K: steps, inflation.i: max(steps, 1)})
    assert broken(inflation.inflation_shift, where) == []
    false = {"x": Steps(np.array(x[::-1]), first=0)}
    if steps:
        where = environment(W=Q @ W @ Q.T, letters=false, values={inflation.K: steps, inflation.i: steps})
        assert "each value is handed on" in broken(inflation.inflation_shift, where)


# The initialization interval


@pytest.mark.parametrize(("n", "share"), [(4, 1.0), (20, 0.5), (100, 0.1)])
def test_drawn_weights_have_the_variance_of_the_theorem(n, share) -> None:
    rng, draws = np.random.default_rng(n), 400_000
    end = math.sqrt(3 / (share * n))
    z, kept = rng.uniform(-end, end, draws), rng.uniform(size=draws) < share
    letters = {"w": (z * kept)[:, None] / math.sqrt(draws), "z": z[:, None] / math.sqrt(draws)}
    where = environment(W=np.eye(n), letters=letters, values={initialization.c: share, initialization.r: end})
    found = evaluate(initialization.initialization_variance.conclusion.lhs, where).midpoint
    assert abs(found - 1) < 6 * math.sqrt((9 / (5 * share) - 1) / draws)  # E w^4 = c r^4 / 5
    for step in listing(initialization.initialization_variance.derivation):
        left, right = (evaluate(side, where).midpoint for side in step.formula.args)
        assert math.isclose(left, right, rel_tol=0.05)
    assert abs(found - 1 / 3) > 0.5  # r = 1 / sqrt(c n), a third of it, is caught
