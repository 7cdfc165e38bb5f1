"""Laws of the theorems: each bound holds, on every kind of matrix; tight ones are attained; false ones are caught."""

import dataclasses
import math
from collections.abc import Callable, Iterator
from fractions import Fraction
from itertools import product as cartesian

import mpmath
import numpy as np
import pytest
import sympy as sp

from errorflow.numerics import Network, simulate
from errorflow.numerics.evaluate import Environment, answer, environment, evaluate
from errorflow.theory import cells, notation, quantities, theorems, unrolled
from errorflow.theory.activations import Identity
from errorflow.theory.bounds import Bound, comparison_matrix, slope_form
from errorflow.theory.calculus import Letter
from errorflow.theory.language import Cell

W = Letter("W")
ELMAN = cells.get("elman")
LINEAR = cells.get("elman", activation=Identity())
SLOPE_FORM = [theorem for theorem in theorems.all() if theorem.instantiate(ELMAN) is not None]
FOR_ALL = [theorem for theorem in SLOPE_FORM if theorem.bound.quantifier == "every"]
BOUNDS = [theorem for theorem in theorems.all() if theorem.bound is not None]
ANY_FORM = [theorem for theorem in BOUNDS if theorem.instantiate(cells.get("lstm")) is not None]
BLOCK_FORM = [theorem for theorem in ANY_FORM if theorem not in SLOPE_FORM]
OTHERS = [theorem for theorem in theorems.all() if theorem.bound is None]
STEPS = 7


def by_id(theorem) -> str:
    return theorem.id


# Every kind of matrix


KINDS: dict[str, Callable[[int, np.random.Generator], np.ndarray]] = {
    "gaussian": lambda n, rng: rng.standard_normal((n, n)) / math.sqrt(n),
    "non-normal": lambda n, rng: np.triu(5 * rng.standard_normal((n, n)), 1) + np.diag(rng.uniform(-1, 1, n)),
    "nilpotent": lambda n, rng: np.triu(rng.standard_normal((n, n)), 1),
    "hidden nilpotent": lambda n, rng: np.outer(np.ones(n), np.arange(n) - (n - 1) / 2),
    "Jordan": lambda n, rng: np.eye(n) + np.eye(n, k=1),
    "orthogonal": lambda n, rng: np.linalg.qr(rng.standard_normal((n, n)))[0],
    "rank deficient": lambda n, rng: np.outer(rng.standard_normal(n), rng.standard_normal(n)),
    "constant": lambda n, rng: np.full((n, n), 1 / n),
    "one row": lambda n, rng: np.eye(n)[:, :1] @ rng.standard_normal((1, n)),
    "one column": lambda n, rng: rng.standard_normal((n, 1)) @ np.eye(n)[:1],
    "permutation": lambda n, rng: np.eye(n)[rng.permutation(n)],
    "zero": lambda n, rng: np.zeros((n, n)),
}


def slopes(n: int, low: float, high: float, copies: np.ndarray, *, kind: str, rng, smallest: bool) -> list[np.ndarray]:
    """D_1, ..., D_T with entries in [low, high]; *adversarial* picks the worst vertex at every step."""
    found, running = [], np.eye(n)
    vertices = [np.array(v) for v in cartesian((low, high), repeat=n)]
    for Wt in copies:
        if kind == "adversarial":
            gain = [np.linalg.svd((d[:, None] * Wt) @ running, compute_uv=False) for d in vertices]
            d = vertices[int(np.argmin([g[-1] for g in gain]) if smallest else np.argmax([g[0] for g in gain]))]
        else:
            d = {"largest": np.full(n, high), "smallest": np.full(n, low), "random": rng.uniform(low, high, n)}[kind]
        running = (d[:, None] * Wt) @ running
        found.append(d)
    return found


def cases(kind: str, *, n: int, untied: bool):
    """(environment, computed): the network's numbers, and the extreme singular values of J(t, t-k), k = 1, 2, ..."""
    rng = np.random.default_rng(len(kind) + 7 * n)
    for low, high in ((0.0, 1.0), (0.05, 0.25), (0.5, 2.0)):
        copies = np.array([KINDS[kind](n, rng) for _ in range(STEPS if untied else 1)])
        where = environment(W=copies if untied else copies[0], slope_sup=high, slope_inf=low)
        every = copies if untied else np.repeat(copies, STEPS, axis=0)
        for chosen, smallest in (("adversarial", False), ("adversarial", True), ("largest", False), ("random", False)):
            running, computed = np.eye(n), []
            for d, Wt in zip(slopes(n, low, high, every, kind=chosen, rng=rng, smallest=smallest), every, strict=True):
                running = (d[:, None] * Wt) @ running
                values = np.linalg.svd(running, compute_uv=False)
                computed.append((values[0], values[-1]))
            yield where, computed


def log(x: float) -> float:
    return math.log(x) if x > 0 else -math.inf


def smallest_slack(bound: Bound, where: Environment, computed) -> float:
    """The least log distance of the bound to the computed number over the lags, with 1e-9 per factor for rounding."""
    if any(answer(condition, where).status != "met" for condition in bound.hypotheses):
        return math.inf
    end = "upper" if bound.direction == "<=" else "lower"
    rate, factor = (log(getattr(evaluate(part, where), end)) for part in (bound.rate, bound.constant))
    found = math.inf
    for k, (largest, smallest) in enumerate(computed, start=1):
        theoretical, allowance = factor + k * rate, 1e-9 * (k + 1)
        if bound.direction == "<=":
            # below 1e-14 of the norms that were multiplied, a product is rounding
            slack = theoretical - log(largest) if largest > 1e-14 else math.inf
        else:
            slack = log(smallest) - theoretical if theoretical > -30 else math.inf
        found = min(found, slack + allowance)
    return found


def all_slacks(bound: Bound, kinds=tuple(KINDS)) -> Iterator[float]:
    for kind, n, untied in cartesian(kinds, (2, 4, 1), (False, True)):
        for where, computed in cases(kind, n=n, untied=untied):
            yield smallest_slack(bound, where, computed)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("theorem", FOR_ALL, ids=by_id)
def test_the_bound_holds_for_shared_and_untied_weights_and_adversarial_slopes(theorem, kind) -> None:
    assert min(all_slacks(theorem.instantiate(ELMAN), [kind])) >= 0


def test_a_bound_with_hypotheses_is_compared_where_they_are_met() -> None:
    conditional = [theorem for theorem in FOR_ALL if theorem.instantiate(ELMAN).hypotheses]
    assert conditional
    for theorem in conditional:
        assert sum(math.isfinite(slack) for slack in all_slacks(theorem.instantiate(ELMAN))) > 100


# Tight means attained


@pytest.mark.parametrize("theorem", [t for t in SLOPE_FORM if t.tightness == "tight"], ids=by_id)
def test_a_tight_bound_is_attained_by_its_witness_at_every_lag(theorem) -> None:
    bound, exact = theorem.instantiate(LINEAR), theorem.tightness_witness.array
    where = environment(W=np.array(exact, dtype=float), slope_sup=1.0, slope_inf=1.0)
    rate, factor = (float(evaluate(part, where).upper) for part in (bound.rate, bound.constant))
    for k in range(1, 9):
        gram = exact**k * (exact**k).T
        values = sorted(sp.re(sp.N(root, 30)) for root, times in gram.eigenvals().items() for _ in range(times))
        largest = bound.direction == "<=" or bound.quantifier == "some"
        attained = sp.sqrt(values[-1] if largest else values[0])
        assert math.isclose(attained, factor * rate**k, rel_tol=1e-9)


def test_the_printed_bound_on_an_entry_of_the_error_flow_is_exactly_n_squared_too_large() -> None:
    # Claim C6, in exact rationals: |entry| <= tau^k / n with equality for constant weights; printed is n tau^k.
    n, w_max, gamma = 3, Fraction(2, 7), Fraction(1, 4)
    tau, rng = gamma * n * w_max, np.random.default_rng(0)

    def times(A, B):
        return [[sum(A[i][j] * B[j][c] for j in range(n)) for c in range(n)] for i in range(n)]

    for weights in ("constant", "random"):
        running = [[Fraction(int(i == j)) for j in range(n)] for i in range(n)]
        for k in range(1, 7):
            step = [[gamma * w_max for _ in range(n)] for _ in range(n)]
            if weights == "random":
                step = [[x * Fraction(int(rng.integers(-100, 101)), 100) for x in row] for row in step]
            running = times(step, running)
            largest = max(abs(x) for row in running for x in row)
            assert largest <= tau**k / n
            assert (largest == tau**k / n) == (weights == "constant")
            assert n * tau**k / (tau**k / n) == n**2


# Cells with gates, along a trajectory, against differences of the recursion


def trajectory_of(cell: Cell, p, inputs, initial):
    arrays = {name: np.array(array.tolist(), dtype=float) for name, array in p.items()}
    parameters = {}
    for q in cell.parameters:
        stacked = np.vstack([arrays[q.block_name(gate)] for gate in q.gates or (None,)])
        parameters[q.name] = {"matrix": stacked, "bias": stacked[:, 0], "scalar": stacked[0, 0]}[q.kind]
    start = np.array([[float(v)] for name in cell.states for v in initial[name]])
    network = Network(cell, parameters)
    return simulate(network, np.array(inputs, dtype=float)[:, : network.m, None], initial=start)


def check_along_trajectory(cell: Cell, random_point, differenced, *, seed: int, change=lambda bound: bound) -> int:
    """The number of bounds compared; AssertionError where a bound is violated."""
    p, inputs, initial = random_point(cell, n=3, m=2, steps=5, seed=seed)
    trajectory = trajectory_of(cell, p, inputs, initial)
    with mpmath.workdps(30):
        trace = unrolled.run(cell, [p] * 5, inputs, initial)
        computed = []
        for k in range(1, 6):
            start = {name: trace[5 - k][notation.before_step(name)] for name in cell.states}
            J = np.array(differenced(cell, p, inputs[5 - k :], start).tolist(), dtype=float)
            values = np.linalg.svd(J, compute_uv=False)
            computed.append((values[0], values[-1]))
    compared = 0
    for where in (environment(trajectory=trajectory), environment(trajectory.network)):
        for theorem in theorems.all():
            bound = theorem.instantiate(cell)
            if bound is not None and bound.quantifier == "every" and math.isfinite(evaluate(bound.rate, where).upper):
                slack = smallest_slack(change(bound), where, computed)
                assert slack >= 0, f"{theorem.id} is violated on {cell.name} by {slack}"
                compared += 1
    return compared


@pytest.mark.parametrize("name", cells.names())
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_bounds_hold_for_shipped_cells_along_a_trajectory(name, seed, random_point, differenced) -> None:
    assert check_along_trajectory(cells.get(name), random_point, differenced, seed=seed) >= 4


def test_bounds_hold_for_user_cells_along_a_trajectory(user_cell, random_point, differenced) -> None:
    assert check_along_trajectory(user_cell.cell, random_point, differenced, seed=4) >= 4


def test_the_slope_form_is_read_off_the_jacobian_not_off_the_name(build_user_cell) -> None:
    assert [name for name in cells.names() if slope_form(cells.get(name))] == ["elman"]
    renamed = Cell("lstm", ELMAN.update)
    assert slope_form(renamed).matrix == W
    assert all(
        slope_form(build_user_cell(name).cell) is None for name in ("leaky", "ind_rnn", "linear", "coupled_lstm")
    )


@pytest.mark.parametrize("name", cells.names())
def test_every_cell_has_theorems_of_exactly_one_form(name) -> None:
    found = [theorem for theorem in BOUNDS if theorem.instantiate(cells.get(name)) is not None]
    assert found in (SLOPE_FORM, ANY_FORM)


def test_a_comparison_matrix_has_a_row_and_a_column_for_each_state(build_user_cell) -> None:
    found = comparison_matrix(build_user_cell("three_states").cell, quantities.spectral_norm)
    slope = "tanh'(a_{1,2,t})"
    assert [str(x) for x in found.row(2)] == ["0", "0", "1"]
    assert str(found[1, 1]) == f"spectral_norm(W_2)*sup_abs({slope})"
    assert found[0, 1] == found[0, 2] == 0
    assert str(comparison_matrix(build_user_cell("linear").cell, quantities.spectral_norm)[0, 0]) == "spectral_norm(W)"


# Power: falsehoods that the comparison above must catch


def false(identifier: str, **change) -> Bound:
    return dataclasses.replace(theorems.get(identifier).instantiate(ELMAN), **change)


GAMMA, ALPHA, n = notation.slope_sup, notation.slope_inf, notation.n
FALSEHOODS = {
    "n^2 off": false("hochreiter1991_max_weight", constant=1 / n**2),
    "one path only": false("hochreiter1991_max_weight", rate=GAMMA * quantities.max_abs(W)),
    "no sqrt(n) for the row sum": false("hochreiter1991_row_sum", constant=sp.Integer(1)),
    "the radius in place of the norm": false("pascanu2013_spectral_norm", rate=GAMMA * quantities.spectral_radius(W)),
    "1/gamma": false("pascanu2013_spectral_norm", rate=quantities.spectral_norm(W) / GAMMA),
    "no gamma": false("pascanu2013_spectral_norm", rate=quantities.spectral_norm(W)),
    "the smallest slope": false("pascanu2013_spectral_norm", rate=ALPHA * quantities.spectral_norm(W)),
    "one factor too many": false("pascanu2013_spectral_norm", constant=GAMMA * quantities.spectral_norm(W)),
    "no condition number, majorant": false("perron_radius", constant=sp.Integer(1)),
    "signs count": false("perron_radius", rate=GAMMA * quantities.spectral_radius(W)),
    "no condition number, scaling": false("diagonal_scaling", constant=sp.Integer(1)),
    "the root of the condition number": false("diagonal_scaling", constant=sp.sqrt(quantities.scaling_condition(W))),
    "the largest slope for the gain": false("smallest_gain", rate=GAMMA * quantities.smallest_singular_value(W)),
    "the norm for the gain": false("smallest_gain", rate=ALPHA * quantities.spectral_norm(W)),
    "the radius for the gain": false("smallest_gain", rate=ALPHA * quantities.spectral_radius(W)),
}


@pytest.mark.parametrize("falsehood", FALSEHOODS)
def test_a_false_bound_is_violated_by_some_case(falsehood) -> None:
    assert any(slack < -1e-6 for slack in all_slacks(FALSEHOODS[falsehood]))


def test_a_diagonal_scaling_of_each_copy_is_no_bound_for_untied_weights() -> None:
    # A_1 and A_2 = A_1^T are nilpotent, so that s = 0 for both; || (A_1 A_2)^m || = 4^m.
    A = np.array([[0.0, 2.0], [0.0, 0.0]])
    copies = np.array([A, A.T] * 3)
    running, computed = np.eye(2), []
    for Wt in copies:
        running = Wt @ running
        computed.append(tuple(np.linalg.svd(running, compute_uv=False)))
    bound = theorems.get("diagonal_scaling").instantiate(ELMAN)
    assert smallest_slack(bound, environment(W=copies), computed) >= 0
    assert computed[-1][0] == 4.0**3
    for copy in (A, A.T):
        alone = dataclasses.replace(bound, constant=sp.Integer(1))
        assert smallest_slack(alone, environment(W=copy), computed) < 0


@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_a_gate_that_counts_too_little_is_caught(cell, random_point, differenced) -> None:
    keep = notation.at_step({"lstm": "f", "gru": "z"}[cell])

    def halved(bound: Bound) -> Bound:
        small = {q: 0 for q in sp.Tuple(bound.rate).atoms(quantities.sup_abs) if q.args[0] != keep}
        return dataclasses.replace(
            bound, rate=bound.rate.xreplace({**small, quantities.sup_abs(keep): sp.Rational(1, 9)})
        )

    with pytest.raises(AssertionError, match="is violated on"):
        check_along_trajectory(cells.get(cell), random_point, differenced, seed=1, change=halved)
