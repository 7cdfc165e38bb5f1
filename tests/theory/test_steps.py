"""Every step of every derivation, and every fact it takes for granted, evaluated on random networks."""

import numpy as np
import pytest
import sympy as sp
from sympy.core.relational import Relational

from errorflow.numerics.constants import diagonal_scaling
from errorflow.numerics.constants.numerical_radius import maximal_solution, numerical_radius, radius_scaling
from errorflow.numerics.evaluate import Environment, environment, evaluate
from errorflow.numerics.words import Steps, array_of
from errorflow.theory import notation, theorems
from errorflow.theory.bounds import setting
from errorflow.theory.calculus.facts import sides
from errorflow.theory.calculus.listing import listing
from errorflow.theory.calculus.words import Word

LAG, LAST = 4, 6  # J(6, 2): the steps 3, 4, 5, 6
# drawn in test_bengio_kreiss_steps; one unit with tanh, in test_bengio_kreiss_numbers
ELSEWHERE = ("bengio1994", "kreiss1962", "pascanu2013_necessary", "pascanu2013_linear")
ELSEWHERE += (
    "eigenvalue_derivative",
    "ginibre_powers",
    "linear_recall",
    "mikhaeil2022",
    "radius_derivative",
    "task_informative",
    "block",
    "bptt",
    "hierarchy",
    "hochreiter1991_path_sum",
    "inflation",
    "initialization",
    "inputs_reach",
    "masked_growth",
    "masked_product",
    "overshooting",
    "scalar_moments",
    "shared_tail",
    "sharp_masked",
    "total_gradient",
    "uniform_vanishing",
)
SCALINGS = {
    "diagonal_scaling": lambda W: diagonal_scaling(W).diagonal,
    "perron_radius": lambda W: diagonal_scaling(np.abs(W)).diagonal,
    "sharp_uniform": lambda W: radius_scaling(W, start=diagonal_scaling(W)).diagonal,
}


def by_id(theorem) -> str:
    return theorem.id


def network(theorem, *, n: int, seed: int) -> Environment:
    """A random network in the letters of the calculus: slopes, weights, a scaling, a certificate, vectors."""
    rng = np.random.default_rng(seed)
    W = rng.standard_normal((n, n)) / np.sqrt(n)
    gamma = rng.uniform(0.5, 2)
    relative = np.array([np.diag(rng.uniform(0, 1, n)) for _ in range(LAST + 1)])
    signs = np.ones(n) if theorem.id.startswith("sharp") else rng.choice([-1, 1], n)
    slopes = gamma * relative * signs
    scaling = SCALINGS.get(theorem.id, lambda _: np.exp(rng.standard_normal(n)))(W)
    scaled = scaling[:, None] * W / scaling
    radius = numerical_radius(scaled).upper * (1 + 1e-9)
    X = maximal_solution(scaled, radius)
    letters = {
        "S": Steps(relative, first=0),
        "D": Steps(slopes, first=0),
        "L": np.diag(scaling),
        "A": scaled,
        "P": np.eye(n) if X is None else 2 * np.eye(n) - X / radius,
    }
    letters |= dict.fromkeys(("P'",), letters["P"])
    letters |= {name: rng.standard_normal((n, 1)) for name in ("x", "y", "u", "v", "u'", "v'", "g")}
    values = {
        notation.lag: LAG,
        notation.time: LAST,
        setting.i: LAST - 1,
        notation.n: n,
        sp.Symbol("r"): radius,
        sp.Symbol("w"): float(max(np.linalg.norm(W, 2), np.linalg.norm(W, np.inf))),
    }
    least = float(np.abs(slopes[:, range(n), range(n)]).min())
    return environment(W=W, slope_sup=gamma, slope_inf=least, letters=letters, values=values)


def holds(claim: Relational, where: Environment) -> bool:
    small, relation, large = sides(claim)
    if isinstance(small, Word):
        arrays = {**where.matrices, **where.letters}
        left, right = (array_of(w, arrays, where.n, lambda e: evaluate(e, where).midpoint) for w in (small, large))
        return np.allclose(left, right, rtol=1e-9, atol=1e-9)
    left, right = evaluate(small, where).midpoint, evaluate(large, where).midpoint
    slack = 1e-6 * (abs(left) + abs(right)) + 1e-9
    return abs(left - right) <= slack if relation == "=" else left <= right + slack


@pytest.mark.parametrize("theorem", [t for t in theorems.all() if not t.id.startswith(ELSEWHERE)], ids=by_id)
@pytest.mark.parametrize("n", [1, 3])
def test_every_step_holds_on_random_networks(theorem, n) -> None:
    for seed in range(3):
        where = network(theorem, n=n, seed=seed)
        for fact in theorem.given:
            if isinstance(fact.claim, Relational):
                assert holds(fact.claim, where), fact
        for step in listing(theorem.derivation):
            assert holds(step.formula, where), step
