"""Laws of ranges: what holds for all inputs contains what a trajectory visits, and unknown is [0, inf]."""

import math

import numpy as np
import pytest
import sympy as sp
from hypothesis import given
from hypothesis import strategies as st

from errorflow.numerics import simulate, white_noise
from errorflow.numerics.ranges import all_inputs, along, diagonals
from errorflow.numerics.simulate import Trajectory
from errorflow.theory import activations, cells
from errorflow.theory.activations import Activation
from errorflow.theory.language import Cell, bias, inputs, let, matrix, ones, state, stop

CELLS = cells.names()
NAMES = [activation.name.partition("(")[0] for activation in activations.all()]


def wild(network, *, steps: int, size: float, rng) -> Trajectory:
    """A trajectory with states and inputs of any size."""
    random = np.random.default_rng(rng)
    start = size * random.standard_normal((network.state_dim, 3))
    return simulate(network, white_noise(network, steps=steps, samples=3, scale=size, rng=random), initial=start)


@given(
    cell=st.sampled_from(CELLS),
    phi=st.sampled_from(NAMES),
    gain=st.sampled_from([0.0, 0.3, 3.0, 30.0]),
    size=st.sampled_from([1e-3, 1.0, 1e3]),
    rng=st.integers(0, 2**32 - 1),
)
def test_all_inputs_contain_every_trajectory(gaussian, cell, phi, gain, size, rng) -> None:
    network = gaussian(cell, gain=gain, phi=phi, rng=rng)
    everywhere, here = all_inputs(network.cell), along(wild(network, steps=4, size=size, rng=rng))
    for d in diagonals(network.cell):
        wide, narrow = everywhere.absolute[d], here.absolute[d]
        assert 0 <= wide.lower <= narrow.lower * (1 + 1e-12), d
        assert narrow.upper <= wide.upper * (1 + 1e-12), d
        assert here.per_unit[d].max() == narrow.upper == here.supremum(d).upper
        assert (here.per_unit[d] >= here.infimum(d).lower).all()


def test_a_trajectory_visits_the_extremes_of_its_own_slopes(gaussian) -> None:
    network = gaussian("elman", n=4)
    trajectory = simulate(network, white_noise(network, steps=9, samples=5, scale=1.0, rng=1))
    slopes = 1 - trajectory.states[1:] ** 2
    found = along(trajectory)
    (d,) = diagonals(network.cell)
    np.testing.assert_allclose(found.per_unit[d], slopes.max(axis=(0, 2)), rtol=1e-12)
    assert found.supremum(d).upper == pytest.approx(slopes.max(), rel=1e-12)
    assert found.infimum(d).lower == pytest.approx(slopes.min(), rel=1e-12)


@pytest.mark.parametrize(
    ("phi", "lower", "upper"),
    [
        ("tanh", 0, 1),
        ("logistic", 0, 0.25),
        ("relu", 0, 1),
        ("leaky_relu", 0.01, 1),
        ("hard_tanh", 0, 1),
        ("softplus", 0, 1),
        ("silu", 0, 1.0998393194),  # its slope is negative in places: |phi'| starts at 0
        ("gelu", 0, (1 + math.erf(1)) / 2 + math.exp(-1) / math.sqrt(math.pi)),  # at x = sqrt 2
        ("identity", 1, 1),
    ],
)
def test_slopes_have_their_known_ranges_for_all_inputs(phi, lower, upper) -> None:
    cell = cells.get("elman", activation=activations.get(phi))
    (d,) = diagonals(cell)
    assert all_inputs(cell).infimum(d).lower == pytest.approx(lower, rel=1e-9)
    assert all_inputs(cell).supremum(d).upper == pytest.approx(upper, rel=1e-9)


def test_gates_are_bounded_and_what_multiplies_a_state_is_unknown() -> None:
    for name in ("lstm", "gru", "gru_reset_before"):
        cell = cells.get(name)
        found = {str(d): all_inputs(cell).absolute[d] for d in diagonals(cell)}
        states = [f"{s}_{{t-1}}" for s in cell.states]
        for text, enclosure in found.items():
            if any(s in text for s in states) or "p_t" in text:
                assert (enclosure.lower, enclosure.upper) == (0, math.inf), text
            else:
                assert 0 <= enclosure.lower <= enclosure.upper <= 1, text
        assert sum(math.isinf(e.upper) for e in found.values()) >= 1


def test_an_activation_without_known_ranges_is_unknown() -> None:
    x = activations.x
    odd = Activation(name="odd", expression=x + sp.sin(x) * sp.cos(sp.sqrt(2) * x) * sp.exp(-sp.sin(x)))
    if odd.slope_range is not None:
        pytest.skip("the derivation has learnt this range")
    cell = cells.get("elman", activation=odd)
    (d,) = diagonals(cell)
    assert (all_inputs(cell).absolute[d].lower, all_inputs(cell).absolute[d].upper) == (0, math.inf)


def test_interval_rules_hold_for_a_cell_with_every_kind_of_vector() -> None:
    """h' = (3 - 2 r) * s with r, s logistic: |3 - 2 r| in [1, 3], and the slopes of s at most 1/4."""
    phi, h, u = activations.Logistic(), state("h"), inputs("u")
    r = let("r", phi(let("a", matrix("V", columns="m") @ u + bias("b"))))
    s = let("s", phi(let("e", matrix("W") @ h + stop(r))))
    cell = Cell("odd", {"h": let("o", (3 * ones() - 2 * r) * s)})
    (d,) = diagonals(cell)
    found = all_inputs(cell)
    assert found.supremum(d).upper == pytest.approx(0.75)
    assert found.infimum(d).lower == 0


def test_ranges_for_all_inputs_are_certified_and_hold_irrational_ends() -> None:
    """SiLU's largest slope is no float: its range and its supremum are the neighbors of the number."""
    cell = cells.get("elman", activation=activations.Silu())
    (d,) = diagonals(cell)
    found = all_inputs(cell)
    assert found.supremum(d).evidence == found.absolute[d].evidence == "certified"
    exact = activations.Silu().slope_range.upper
    assert found.supremum(d).lower < exact < found.supremum(d).upper
    assert found.supremum(d).width < 1e-15
    (d,) = diagonals(cells.get("elman"))
    assert all_inputs(cells.get("elman")).supremum(d).width == 0.0
