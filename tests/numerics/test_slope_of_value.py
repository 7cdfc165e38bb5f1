"""Laws of slopes from values: phi' = psi(phi), as accurate as the formula in x, entry by entry."""

import mpmath
import numpy as np
import pytest
import sympy as sp
from hypothesis import given
from hypothesis import strategies as st

from errorflow.numerics import slope_of_value as module
from errorflow.numerics.slope_of_value import slope_of_value, value_and_slope
from errorflow.theory import activations
from errorflow.theory.activations import Activation, x

NAMES = [activation.name.partition("(")[0] for activation in activations.all()]
HAVE = {"tanh", "logistic", "identity"}


def exact_slopes(activation, points) -> np.ndarray:
    function = sp.lambdify(x, activation.slope, modules="mpmath")
    with mpmath.workdps(400):
        return np.array([float(function(mpmath.mpf(point))) for point in points])


@pytest.mark.parametrize("activation", activations.all(), ids=NAMES)
def test_the_form_is_the_slope_where_there_is_one(activation) -> None:
    found = slope_of_value(activation)
    assert (found is not None) == (activation.name in HAVE)
    if found is not None:
        substituted = found.expression.xreplace({module.y: activation.expression})
        for point in (sp.Rational(-7, 5), sp.Rational(1, 3), sp.Integer(2)):
            assert sp.simplify((substituted - activation.slope).subs(x, point)) == 0


@given(points=st.lists(st.floats(-760, 760) | st.floats(-6, 6), min_size=1, max_size=50))
@pytest.mark.parametrize("activation", activations.all(), ids=NAMES)
def test_slopes_are_those_of_400_digits_to_1e_minus_12(activation, points) -> None:
    a = np.array(points)
    kinks = {float(kink) for kink in activation.kinks}
    a = a[[point not in kinks for point in points]]
    if len(a) == 0:
        return
    _, slopes = value_and_slope(activation)(a)
    exact = exact_slopes(activation, a)
    # silu' and gelu' have a zero, where a relative error is no measure
    size = np.abs(exact) if activation.name not in ("silu", "gelu") else np.maximum(np.abs(exact), 1e-3 * (a > -30))
    assert (np.abs(slopes - exact) <= 1e-12 * size + 1e-300).all()


@given(
    points=st.lists(st.floats(-40, 40), min_size=1, max_size=30),
    others=st.lists(st.floats(-40, 40), max_size=30),
    name=st.sampled_from(sorted(HAVE)),
)
def test_an_entry_does_not_depend_on_its_neighbors(points, others, name) -> None:
    both = value_and_slope(activations.get(name))
    alone, together = both(np.array(points)), both(np.array(points + others))
    for own, found in zip(alone, together, strict=True):
        assert np.array_equal(own, found[: len(points)])


def test_what_values_say_ends_where_rounding_would_show() -> None:
    tanh, logistic, identity = (slope_of_value(activations.get(name)) for name in ("tanh", "logistic", "identity"))
    assert tanh.upper == pytest.approx(np.tanh(4.5053), abs=1e-6)
    assert tanh.lower == -tanh.upper
    assert logistic.lower == -np.inf  # small values of the logistic function keep all digits
    assert 1 - logistic.upper == pytest.approx(1 / 4097, rel=1e-3)
    assert (identity.lower, identity.upper) == (-np.inf, np.inf)
    assert tanh.says(np.array([-0.9, 0.999]))
    assert not tanh.says(np.array([-0.9, 0.9999]))
    assert not tanh.says(np.array([0.1, np.nan]))


def test_a_function_of_the_user_may_have_a_form_and_need_not() -> None:
    steep = Activation(name="steep", expression=sp.tanh(3 * x) / 2)
    found = slope_of_value(steep)
    assert sp.expand(found.expression - (sp.Rational(3, 2) - 6 * module.y**2)) == 0
    assert slope_of_value(Activation(name="wave", expression=sp.sin(x))) is None
    assert slope_of_value(Activation(name="bump", expression=sp.exp(-(x**2)))) is None


def test_the_plain_formula_everywhere_is_caught(monkeypatch) -> None:
    """Planted: 1 - tanh^2 also in saturation."""
    monkeypatch.setattr(module.SlopeOfValue, "says", lambda self, values: True)
    a = np.array([9.0, 20.0])
    _, slopes = value_and_slope(activations.Tanh())(a)
    assert (np.abs(slopes / exact_slopes(activations.Tanh(), a) - 1) > 1e-10).all()
