"""h_t = lambda h_{t-1} + x_t: what the shared lambda feels explodes where what the state and one copy feel vanishes."""

import math
from fractions import Fraction

import numpy as np
import pytest

from errorflow.numerics import Network, simulate
from errorflow.numerics.laws import copy_sensitivity_mean_square, sensitivity_mean_square, state_mean_square
from errorflow.theory import cells
from errorflow.theory.activations import Identity


def exact(decay, steps) -> tuple[Fraction, Fraction, list[Fraction]]:
    """E h_T^2, E (dh_T/dlambda)^2 and E (dh_T/dlambda_t)^2 by lag, from the coefficients of x_1, ..., x_T."""
    h, shared = [Fraction(0)] * steps, [Fraction(0)] * steps
    copies: list[list[Fraction]] = []
    for t in range(steps):
        copies = [[decay * c for c in copy] for copy in copies] + [h]
        shared = [decay * s + c for s, c in zip(shared, h, strict=True)]
        h = [decay * c for c in h]
        h[t] += 1
    square = [sum(c * c for c in vector) for vector in (h, shared, *reversed(copies))]
    return square[0], square[1], square[2:]


@pytest.mark.parametrize("decay", [Fraction(0), Fraction(1, 2), Fraction(-9, 10), Fraction(1), Fraction(-5, 4)])
@pytest.mark.parametrize("steps", [1, 2, 3, 11])
def test_finite_horizons_are_exact(decay, steps) -> None:
    state, shared, copies = exact(decay, steps)
    value = float(decay)
    assert state_mean_square(value, steps=steps, scale=2.0) == pytest.approx(4 * float(state), rel=1e-13)
    assert sensitivity_mean_square(value, tied=True, steps=steps) == pytest.approx(float(shared), rel=1e-13)
    assert sensitivity_mean_square(value, tied=False, steps=steps) == pytest.approx(float(sum(copies)), rel=1e-13)
    for lag, copy in enumerate(copies):
        assert copy_sensitivity_mean_square(value, lag, steps=steps) == pytest.approx(float(copy), rel=1e-13)


@pytest.mark.parametrize("decay", [0.0, 0.3, -0.95, 0.99])
def test_the_limits_are_the_closed_forms_of_the_claim(decay) -> None:
    q, steps = decay**2, 6000
    assert state_mean_square(decay) == pytest.approx(1 / (1 - q), rel=1e-12)
    assert sensitivity_mean_square(decay, tied=True) == pytest.approx((1 + q) / (1 - q) ** 3, rel=1e-12)
    assert sensitivity_mean_square(decay, tied=False) == pytest.approx(1 / (1 - q) ** 2, rel=1e-12)
    for law in (state_mean_square, lambda x, **o: copy_sensitivity_mean_square(x, 3, **o)):
        assert law(decay, steps=steps) == pytest.approx(law(decay), rel=1e-12)
    for tied in (True, False):
        found = sensitivity_mean_square(decay, tied=tied, steps=steps)
        assert found == pytest.approx(sensitivity_mean_square(decay, tied=tied), rel=1e-12)


@pytest.mark.parametrize("steps", [4, 60])
def test_the_network_has_these_sensitivities(steps) -> None:
    """Derivatives by complex steps of the plain recursion, states from the package."""
    decay, draws, step = 0.8, 20_000, 1e-30
    inputs = np.random.default_rng(1).standard_normal((steps, 1, draws))
    cell = cells.get("elman", activation=Identity())
    network = Network(cell, {"W": np.array([[decay]]), "B": np.ones((1, 1)), "b": np.zeros(1)})
    h = simulate(network, inputs).states[-1, 0]

    def moved(copies) -> np.ndarray:
        state = np.zeros(draws, dtype=complex)
        for t in range(steps):
            state = (decay + (1j * step if t in copies else 0)) * state + inputs[t, 0]
        return state.imag / step

    shared = moved(range(steps))
    copies = np.array([moved([t]) for t in range(steps)])
    np.testing.assert_allclose(copies.sum(axis=0), shared, rtol=1e-9, atol=1e-9)

    def z(values, mean) -> float:  # a square of a Gaussian has the variance 2 mean^2
        return abs((values**2).mean() - mean) / (math.sqrt(2 / draws) * mean)

    assert z(h, state_mean_square(decay, steps=steps)) < 4
    assert z(shared, sensitivity_mean_square(decay, tied=True, steps=steps)) < 4
    for lag in (0, 2):
        assert z(copies[steps - 1 - lag], copy_sensitivity_mean_square(decay, lag, steps=steps)) < 4
    total = (copies**2).sum(axis=0)
    untied = sensitivity_mean_square(decay, tied=False, steps=steps)
    assert abs(total.mean() - untied) < 4 * total.std() / math.sqrt(draws)
    # planted: the law of the other kind, and the limit at a horizon that is too short for it
    assert z(shared, untied) > 8
    if steps == 4:
        assert z(shared, sensitivity_mean_square(decay, tied=True)) > 8


def test_the_shared_sensitivity_explodes_while_the_state_jacobian_and_every_copy_vanish() -> None:
    lag = 100
    for decay, shared in ((0.9, 200), (0.99, 2e5), (0.999, 2e8)):
        assert sensitivity_mean_square(decay, tied=True) > shared
        jacobian = decay**lag
        assert copy_sensitivity_mean_square(decay, lag) == pytest.approx(jacobian**2 / (1 - decay**2), rel=1e-9)
    ratio = sensitivity_mean_square(0.999, tied=True) / sensitivity_mean_square(0.999, tied=False)
    assert ratio == pytest.approx((1 + 0.999**2) / (1 - 0.999**2), rel=1e-9)


def test_near_one_the_limit_keeps_its_digits_and_far_above_it_overflows_to_infinity() -> None:
    decay = 1 - 2.0**-40
    q = Fraction(decay) ** 2
    exact_value = float((1 + q) / (1 - q) ** 3)
    assert sensitivity_mean_square(decay, tied=True) == pytest.approx(exact_value, rel=1e-13)
    assert sensitivity_mean_square(1e10, tied=True, steps=50) == math.inf
    assert copy_sensitivity_mean_square(0.5, 10**6) == 0.0


@pytest.mark.parametrize("decay", [1.0, -1.0, 2.0, math.nan, math.inf])
def test_there_is_no_limit_from_modulus_one_on(decay) -> None:
    with pytest.raises(ValueError, match="decay must be finite, and strictly between -1 and 1 if steps is None"):
        sensitivity_mean_square(decay, tied=True)


def test_arguments_are_checked() -> None:
    with pytest.raises(ValueError, match="lag must be an integer from 0 to 2, got 3"):
        copy_sensitivity_mean_square(0.5, 3, steps=3)
    with pytest.raises(ValueError, match="steps must be an integer of at least 1, got 0"):
        state_mean_square(0.5, steps=0)
    with pytest.raises(ValueError, match="scale must be a finite number above 0"):
        state_mean_square(0.5, scale=-1.0)
