"""Laws of the evaluator: quantities meet arrays in one place, and a relation has three answers with a margin."""

import math

import numpy as np
import pytest
import sympy as sp
from hypothesis import given
from hypothesis import strategies as st

from errorflow.numerics import Network, simulate, white_noise
from errorflow.numerics.enclosure import Enclosure
from errorflow.numerics.evaluate import Environment, answer, environment, evaluate, majorant_matrix
from errorflow.numerics.functionals import EVALUATORS
from errorflow.numerics.instantiate import instances
from errorflow.numerics.ranges import all_inputs, along
from errorflow.theory import cells, notation, quantities, theorems
from errorflow.theory.activations import Identity
from errorflow.theory.quantities import MatrixFunctional

CELLS = cells.names()
W = sp.Symbol("W")
MATRIX = np.array([[0.5, -1.0], [0.25, 0.75]])


def on(matrix, **slopes) -> Environment:
    return environment(W=np.asarray(matrix, dtype=float), **slopes)


# Every quantity has an evaluator, and every evaluator a user


def test_every_functional_has_an_evaluator_and_is_listed() -> None:
    kinds = {kind for kind in MatrixFunctional.__subclasses__() if kind.__module__ == quantities.__name__}
    assert kinds == set(quantities.MATRIX_FUNCTIONALS) == set(EVALUATORS)
    for functional in kinds:
        found = evaluate(functional(W), on(MATRIX))
        assert 0 <= found.lower <= found.upper < math.inf


def test_every_quantity_of_a_bound_can_be_evaluated(gaussian) -> None:
    for name in CELLS:
        network = gaussian(name)
        trajectory = simulate(network, white_noise(network, steps=5, samples=2, scale=1.0, rng=0))
        for where in (environment(network), environment(trajectory=trajectory)):
            found = {instance.bound.id for instance in instances(where)}
            bounds = [bound for theorem in theorems.all() if (bound := theorem.instantiate(network.cell))]
            expected = {b.id for b in bounds if where.scope == "all_inputs" or b.quantifier == "every"}
            assert found == expected != set()


def test_an_unknown_quantity_is_an_error_and_not_a_number() -> None:
    with pytest.raises(ValueError, match=r"expression must be built from quantities, got sin\(n\)"):
        evaluate(sp.sin(notation.n), on(MATRIX))
    with pytest.raises(ValueError, match="must be one of W, got 'V'"):
        evaluate(quantities.max_abs(sp.Symbol("V")), on(MATRIX))


# Values


def test_quantities_of_a_matrix_are_numpys() -> None:
    singular = np.linalg.svd(MATRIX, compute_uv=False)
    expected = {
        quantities.max_abs: 1.0,
        quantities.row_sum_norm: 1.5,
        quantities.spectral_norm: singular[0],
        quantities.smallest_singular_value: singular[1],
        quantities.spectral_radius: np.abs(np.linalg.eigvals(MATRIX)).max(),
        quantities.perron_radius: np.abs(np.linalg.eigvals(np.abs(MATRIX))).max(),
        quantities.perron_scaling_norm: np.abs(np.linalg.eigvals(np.abs(MATRIX))).max(),
    }
    for functional, value in expected.items():
        found = evaluate(functional(W), on(MATRIX))
        assert found.lower - 1e-9 <= value <= found.upper + 1e-9, functional


@given(
    values=st.lists(st.floats(0.1, 10), min_size=3, max_size=3),
    tree=st.recursive(
        st.sampled_from([0, 1, 2, sp.Rational(1, 3), sp.Integer(2), sp.pi]),
        lambda inner: st.tuples(
            st.sampled_from(["+", "*", "max", "min", "log", "exp", "sqrt", "square"]), inner, inner
        ),
        max_leaves=6,
    ),
)
def test_expressions_are_evaluated_as_sympy_evaluates_them(values, tree) -> None:
    """gamma, alpha and max_abs(W) take the places 0, 1 and 2 of a random expression tree."""
    places = [notation.slope_sup, notation.slope_inf, quantities.max_abs(W)]

    def build(node):
        if not isinstance(node, tuple):
            return places[node] if isinstance(node, int) else node
        a, b = build(node[1]), build(node[2])
        kinds = {"+": a + b, "*": a * b, "max": sp.Max(a, b), "min": sp.Min(a, b), "log": sp.log(1 + a)}
        return {**kinds, "exp": sp.exp(-a), "sqrt": sp.sqrt(a), "square": a**2}[node[0]]

    expression = build(tree)
    exact = sp.N(sp.sympify(expression).xreplace(dict(zip(places, map(sp.Float, values), strict=True))), 30)
    found = evaluate(expression, on([[values[2]]], slope_sup=values[0], slope_inf=values[1]))
    assert float(exact) == pytest.approx(found.midpoint, rel=1e-12)
    assert found.width <= 1e-12 * abs(found.midpoint)


# Answers


@pytest.mark.parametrize(
    ("slope_sup", "status", "margin"), [(0.5, "met", 0.25), (1.0, "not_met", -0.5), (2.0, "not_met", -2.0)]
)
def test_a_relation_is_met_or_not_with_its_margin(slope_sup, status, margin) -> None:
    contraction = notation.slope_sup * quantities.row_sum_norm(W) < 1
    found = answer(contraction, on(MATRIX, slope_sup=slope_sup))
    assert (found.status, found.margin, found.value.upper) == (status, margin, 1.5 * slope_sup)
    found = answer(notation.slope_inf * quantities.row_sum_norm(W) > 1, on(MATRIX, slope_inf=slope_sup))
    opposite = {0.5: "not_met", 1.0: "met", 2.0: "met"}[slope_sup]
    assert (found.status, found.margin) == (opposite, -margin)


def test_a_relation_between_overlapping_numbers_is_unknown() -> None:
    open_ended = Environment({"W": MATRIX}, 2, Enclosure(0.5, 1.0), Enclosure(0.0, 0.5), Enclosure(0.0, 0.5))
    below = answer(notation.slope_sup * quantities.max_abs(W) < sp.Rational(3, 4), open_ended)
    assert (below.status, below.margin) == ("unknown", -0.25)
    nothing = Environment({"W": MATRIX}, 2, *[Enclosure(0.0, math.inf)] * 3)
    assert answer(notation.slope_sup * quantities.max_abs(W) < 1, nothing).status == "unknown"
    assert answer(notation.slope_inf * quantities.max_abs(W) > 1, nothing).status == "unknown"


def test_a_relation_that_is_not_strict_is_met_where_its_reverse_is_not() -> None:
    largest = float(np.abs(MATRIX).max())
    assert answer(sp.Le(quantities.max_abs(W), largest), on(MATRIX)).status == "met"
    assert answer(sp.Ge(quantities.max_abs(W), largest), on(MATRIX)).status == "met"
    assert answer(sp.Le(quantities.max_abs(W), largest / 2), on(MATRIX)).status == "not_met"
    with pytest.raises(ValueError, match="relation must be an inequality"):
        answer(sp.Eq(quantities.max_abs(W), 1), on(MATRIX))


@given(n=st.integers(1, 6), rng=st.integers(0, 2**32 - 1))
def test_rounding_decides_nothing_about_an_orthogonal_matrix(n, rng) -> None:
    Q = np.linalg.qr(np.random.default_rng(rng).standard_normal((n, n)))[0]
    for functional in (quantities.spectral_norm, quantities.diagonal_scaling_norm, quantities.spectral_radius):
        assert answer(functional(W) < 1, on(Q)).status != "met"
    assert answer(quantities.smallest_singular_value(W) > 1, on(Q)).status != "met"


@pytest.mark.parametrize("kernel", [1, 2])
def test_the_gain_of_a_singular_matrix_contains_zero(kernel) -> None:
    random = np.random.default_rng(3)
    low = random.standard_normal((6, 6 - kernel)) @ random.standard_normal((6 - kernel, 6))
    found = evaluate(quantities.smallest_singular_value(W), on(low))
    assert found.lower == 0.0 < found.upper < 1e-13


# Untied copies


def test_norms_of_untied_copies_are_the_largest_and_gains_the_smallest() -> None:
    stack = np.stack([np.diag([2.0, 0.5]), np.diag([1.0, 3.0]), np.array([[0.0, 4.0], [0.1, 0.0]])])
    where = on(stack)

    def upper(functional) -> float:
        return evaluate(functional(W), where).upper

    for functional in (quantities.max_abs, quantities.row_sum_norm, quantities.spectral_norm):
        assert upper(functional) == max(evaluate(functional(W), on(copy)).upper for copy in stack)
    assert upper(quantities.smallest_singular_value) == pytest.approx(0.1)
    entrywise = np.abs(stack).max(axis=0)
    assert upper(quantities.perron_radius) == pytest.approx(np.abs(np.linalg.eigvals(entrywise)).max())
    # no scaling common to all copies is searched: the norm itself, with condition 1
    assert upper(quantities.diagonal_scaling_norm) == upper(quantities.spectral_norm)
    assert upper(quantities.scaling_condition) == 1.0


@pytest.mark.parametrize("steps", [2, 4])
def test_the_spectral_radii_of_untied_copies_prove_nothing(steps: int) -> None:
    # radius 0 each, and a product that grows like 3^T; as many copies as units once passed for one matrix
    pair = np.array([[[0.0, 3.0], [0.0, 0.0]], [[0.0, 0.0], [3.0, 0.0]]])
    linear = cells.get("elman", activation=Identity())
    given = {"W": np.concatenate([pair] * (steps // 2)), "B": np.ones((2, 1)), "b": np.zeros(2)}
    found = instances(environment(Network(linear, given, untied=True)))
    assert not any(i.decided and i.bound.decides == "vanishes" for i in found)
    assert evaluate(quantities.spectral_radius(W), on(given["W"])).upper == np.inf


@pytest.mark.parametrize("name", CELLS)
def test_bounds_of_untied_copies_hold_for_their_products(name, gaussian) -> None:
    network = gaussian(name, steps=8, gain=0.7)
    trajectory = simulate(network, white_noise(network, steps=8, samples=1, scale=1.0, rng=1))
    product = np.eye(network.state_dim)
    found = instances(environment(trajectory=trajectory))
    for lag in range(1, 9):
        t = 9 - lag
        product = product @ trajectory.kernels.dense(network.at(t), trajectory.point(t))[0]
        values = np.log(np.linalg.svd(product, compute_uv=False)[[0, -1]])
        for instance in found:
            bound = instance.log_bound(np.array([lag]))[0]
            ok = values[0] <= bound + 1e-9 if instance.bound.direction == "<=" else values[1] >= bound - 1e-9
            assert ok, (instance.bound.id, lag)


# The entrywise majorant


@pytest.mark.parametrize("name", ["lstm", "gru", "gru_reset_before"])
def test_the_majorant_dominates_every_jacobian_of_its_trajectory(name, equations, gaussian) -> None:
    network = gaussian(name)
    assert majorant_matrix(network, all_inputs(network.cell)) is None  # a state without bound
    trajectory = simulate(network, white_noise(network, steps=12, samples=3, scale=1.0, rng=1))
    majorant = majorant_matrix(network, along(trajectory))
    for t in range(1, 13):
        for sample in range(3):
            x, u = trajectory.states[t - 1, :, sample], trajectory.inputs[t - 1, :, sample]
            J = equations.derivative(lambda v, u=u: equations.step(name, network.parameters, v, u), x)
            assert (np.abs(J) <= majorant * (1 + 1e-12)).all()


def test_an_environment_is_of_one_thing(gaussian) -> None:
    for options in ({}, {"W": MATRIX, "network": gaussian("elman")}):
        with pytest.raises(ValueError, match="exactly one of network, W and trajectory must be given"):
            environment(**options)
    with pytest.raises(ValueError, match="where must be the environment of a network"):
        instances(on(MATRIX))


def test_a_condition_on_an_unknown_range_is_unknown_and_not_refuted() -> None:
    """The LSTM's cell state has no range for all inputs: whether its block bounds fall is not known, either way."""
    rng = np.random.default_rng(0)
    shapes = {"W": (8, 2), "B": (8, 1), "b": (8,)}
    network = Network(cells.get("lstm"), {name: rng.standard_normal(shape) for name, shape in shapes.items()})
    statuses = {found.status for instance in instances(environment(network)) for _, found in instance.answers}
    assert statuses == {"unknown"}
