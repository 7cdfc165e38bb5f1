"""The critical line chi = 1: published points, every activation, the ones without it, and the law of the onset."""

import math
from collections.abc import Callable

import mpmath
import numpy as np
import pytest
import sympy as sp

from errorflow.numerics.laws.critical import critical_line, critical_point, onset_exponent
from errorflow.numerics.laws.mean_field import mean_field
from errorflow.theory import activations
from errorflow.theory.activations import (
    Activation,
    Gelu,
    HardTanh,
    Identity,
    LeakyRelu,
    Logistic,
    Relu,
    Silu,
    Softplus,
    Tanh,
)

x = activations.x
ERF, SIN = Activation(name="erf", expression=sp.erf(x)), Activation(name="sin", expression=sp.sin(x))


def high_average(f: Callable[[mpmath.mpf], mpmath.mpf], q: float) -> mpmath.mpf:
    """E f(sqrt(q) z) in 30 digits: mpmath's tanh-sinh sums between cuts near 0, where f may be narrow."""
    with mpmath.workdps(30):
        s = mpmath.sqrt(q)
        inner = [sign * c / s for c in (0.25, 1, 4, 16, 64) for sign in (-1, 1)]
        points = sorted({z for z in [*inner, 0, *range(-16, 17, 4)] if abs(z) <= 16})
        return mpmath.quad(lambda z: f(s * z) * mpmath.exp(-z * z / 2), points) / mpmath.sqrt(2 * mpmath.pi)


def test_the_published_critical_points_of_tanh() -> None:
    low, high = critical_line(Tanh(), bias_variances=[0.05, 0.1])
    assert low.gain**2 == pytest.approx(1.7609546396, abs=0.51e-10)
    assert low.variance == pytest.approx(0.5700478816, abs=0.51e-10)
    assert high.gain**2 == pytest.approx(1.9860726411, abs=0.51e-10)
    square = high_average(lambda a: mpmath.tanh(a) ** 2, low.variance)
    assert abs(low.gain**2 * high_average(lambda a: mpmath.sech(a) ** 4, low.variance) - 1) < 1e-14
    assert abs(low.gain**2 * square + 0.05 - low.variance) < 1e-14


@pytest.mark.parametrize("activation", [Tanh(), Logistic(), HardTanh(), ERF, SIN, Silu(), Gelu()])
def test_chi_is_one_on_the_critical_line_and_grows_across_it(activation: Activation) -> None:
    for point in critical_line(activation, bias_variances=[0.05, 1.0]):
        if math.isnan(point.gain):
            assert activation in (Silu(), Gelu())
            assert point.note == "no gain has chi = 1 at a stable variance"
            continue
        below, at, above = (
            mean_field(activation, gain=point.gain * f, bias_variance=point.bias_variance) for f in (0.999, 1.0, 1.001)
        )
        assert (at.chi, at.variance) == (pytest.approx(1.0, abs=1e-12), pytest.approx(point.variance, rel=1e-9))
        assert below.chi < 1 < above.chi
        assert min(below.gradient_depth, above.gradient_depth) > 100


def test_an_activation_without_a_critical_point_is_a_result_that_says_so() -> None:
    for activation in (Relu(), Identity(), Softplus()):
        point = critical_point(activation, bias_variance=0.05)
        assert math.isnan(point.gain)
        assert point.note == "no gain has chi = 1 at a stable variance"
    for activation, gain in ((Relu(), math.sqrt(2.0)), (Identity(), 1.0), (LeakyRelu("1/2"), math.sqrt(1.6))):
        point = critical_point(activation)
        assert point.gain == pytest.approx(gain, rel=1e-14)
        assert math.isnan(point.variance)
        assert "every variance" in point.note
    assert "from it on variances grow" in critical_point(Silu()).note
    assert critical_point(Tanh()) == (0.0, pytest.approx(1.0), 0.0, "")
    assert critical_point(Tanh(), input_variance=0.05)[1:3] == critical_point(Tanh(), bias_variance=0.05)[1:3]


@pytest.mark.parametrize(("activation", "critical_gain"), [(Tanh(), 1.0), (ERF, math.sqrt(math.pi) / 2), (SIN, 1.0)])
def test_the_onset_of_chaos_is_two_thirds_of_the_square_whatever_the_cubic_term(
    activation: Activation, critical_gain: float
) -> None:
    assert critical_point(activation).gain == pytest.approx(critical_gain, rel=1e-14)
    distances = np.array([1e-2, 1e-3, 1e-4])
    found = [mean_field(activation, gain=critical_gain * (1 + d)).largest_exponent for d in distances]
    law = onset_exponent(critical_gain * (1 + distances), critical_gain=critical_gain)
    departures = np.array(found) / law - 1
    assert np.abs(departures) == pytest.approx(np.abs(departures[0]) * distances / 1e-2, rel=0.2)  # of first order
    assert found[-1] / 1e-8 == pytest.approx(2 / 3, abs=5e-4)
    assert onset_exponent(0.5) == pytest.approx(math.log(0.5))


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda: critical_line(Tanh(), bias_variances=[0.1, -0.1]), "bias_variance"),
        (lambda: critical_point(Tanh(), input_variance=math.inf), "input_variance"),
        (lambda: onset_exponent([1.0, 0.0]), "gain"),
        (lambda: onset_exponent(1.0, critical_gain=0.0), "critical_gain"),
    ],
)
def test_wrong_arguments_are_named(call: Callable[[], object], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        call()
