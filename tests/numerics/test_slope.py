"""Laws of the measured verdict: the word for a series of log-norms is that of the law it was made from."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from errorflow.numerics import Network, simulate
from errorflow.numerics.backprop import backward
from errorflow.numerics.profile import gradient_profile
from errorflow.numerics.slope import FEWEST_LAGS, fit_slope
from errorflow.theory import activations, cells

LAGS = np.arange(101)
SERIES = np.ones(8)


def word(logs, lags=LAGS) -> str:
    return fit_slope(lags, np.asarray(logs, dtype=float).reshape(len(lags), -1)).word


# Series that are what they say


@given(
    rate=st.floats(0.02, 3.0),
    sign=st.sampled_from([-1.0, 1.0]),
    start=st.floats(-50, 50),
    last=st.integers(60, 400),
)
def test_exponentials_vanish_or_explode_at_their_rate(rate, sign, start, last) -> None:
    lags = np.arange(last + 1)
    found = fit_slope(lags, (start + sign * rate * lags)[:, None] * SERIES)
    assert found.word == ("vanishes" if sign < 0 else "explodes")
    assert found.rate == pytest.approx(sign * rate, rel=1e-9)
    assert found.interval == pytest.approx((sign * rate, sign * rate), rel=1e-9)
    assert found.window == (max(1, last // 5), last)


@given(power=st.floats(0.5, 4.0), sign=st.sampled_from([-1.0, 1.0]), last=st.sampled_from([60, 100, 1000]))
def test_power_laws_are_polynomial_with_their_exponent(power, sign, last) -> None:
    lags = np.arange(last + 1)
    found = fit_slope(lags, sign * power * np.log(np.maximum(lags, 1))[:, None] * SERIES)
    assert found.word == "polynomial"
    assert found.power == pytest.approx(sign * power, rel=1e-9)


@given(wobble=st.floats(0, 0.3), rng=st.integers(0, 2**32 - 1))
def test_flat_series_are_bounded(wobble, rng) -> None:
    random = np.random.default_rng(rng)
    assert word(7.0 + wobble * random.uniform(-1, 1, (101, 8)) / 2) == "bounded"
    assert word(np.zeros((101, 1))) == "bounded"


def test_series_on_both_sides_are_mixed() -> None:
    assert word(LAGS[:, None] * np.array([-0.1] * 4 + [0.1] * 4)) == "mixed"


def test_a_part_that_falls_and_a_part_that_stays_is_undecided() -> None:
    assert word(LAGS[:, None] * np.array([-0.1] * 4 + [0.0] * 4)) == "undecided"


@pytest.mark.parametrize("noise", [0.1, 1.0])
def test_noise_around_an_exponential_does_not_hide_it(noise) -> None:
    random = np.random.default_rng(0)
    wander = noise * random.standard_normal((101, 64))
    assert word(-0.2 * LAGS[:, None] + wander) == "vanishes"
    assert word(0.2 * LAGS[:, None] + wander) == "explodes"
    walk = np.cumsum(0.05 * random.standard_normal((101, 64)), axis=0)
    assert word(-0.2 * LAGS[:, None] + walk) == "vanishes"


# Zeros


def test_series_that_end_at_zero_vanish() -> None:
    dying = np.where(LAGS[:, None] > 30, -np.inf, 0.0) * SERIES
    found = fit_slope(LAGS, dying)
    assert (found.word, found.rate) == ("vanishes", -math.inf)
    assert word(np.full((101, 3), -np.inf)) == "vanishes"


def test_half_of_the_series_dead_is_no_verdict_on_all() -> None:
    dying = np.where(LAGS > 30, -np.inf, 0.0)[:, None]
    assert word(np.hstack([dying, np.zeros((101, 1))])) == "undecided"
    assert word(np.hstack([dying, 0.1 * LAGS[:, None]])) == "mixed"


def test_a_series_that_is_zero_for_a_while_is_not_dead() -> None:
    late = np.where(LAGS < 40, -np.inf, -0.3 * LAGS)[:, None]
    assert fit_slope(LAGS, late).rate == pytest.approx(-0.3)
    gap = np.where(LAGS == 50, -np.inf, 0.3 * LAGS)[:, None]
    assert fit_slope(LAGS, gap).rate == pytest.approx(0.3)
    born = np.where(LAGS < 100, -np.inf, 0.0)[:, None]
    assert word(born) == "explodes"


# Too little to go by


@pytest.mark.parametrize("last", range(1, 9))
def test_few_lags_decide_nothing(last) -> None:
    lags = np.arange(last + 1)
    found = fit_slope(lags, -3.0 * lags[:, None] * SERIES)
    used = len(lags[lags >= max(1, last // 5)])
    assert found.word == ("undecided" if used < FEWEST_LAGS else "vanishes")
    if found.word == "undecided":
        assert math.isnan(found.rate)
        assert f"at least {FEWEST_LAGS} lags" in found.reason


def test_no_series_decides_nothing() -> None:
    assert word(np.zeros((101, 0))) == "undecided"
    assert word(np.full((101, 2), np.nan)) == "undecided"


# Networks with a known law


def measured(cell, W, *, steps: int, phi) -> tuple[np.ndarray, np.ndarray]:
    """The profile of a network with one unit per entry of the diagonal W, started at 1 without input."""
    n = len(W)
    network = Network(cells.get(cell, activation=phi), {"W": W, "B": np.eye(n), "b": np.zeros(n)})
    trajectory = simulate(network, np.zeros((steps, n, 1)), initial=np.ones((n, 1)))
    profile = gradient_profile(trajectory, rng=0)
    return profile.lags, profile.log_norm.reshape(len(profile.lags), -1)


def test_the_critical_tanh_unit_falls_as_lag_to_the_minus_three_halves() -> None:
    """h' = tanh h: J(T, 0) = prod (1 - h_t^2) with h_t near sqrt(3/2t), so that T^(3/2) J(T, 0) tends to a constant."""
    network = Network(cells.get("elman"), {"W": np.eye(1), "B": np.eye(1), "b": np.zeros(1)})
    trajectory = simulate(network, np.zeros((1000, 1, 1)), initial=np.ones((1, 1)))
    lags = np.append(np.arange(40, 401, 30), 1000)
    ends = np.array([backward(trajectory.until(T), np.ones((1, 1, 1))).log_norm[-1, 0] for T in lags])
    found = fit_slope(lags, ends)
    assert found.word == "polynomial"
    assert found.power == pytest.approx(-1.5, abs=0.05)
    assert math.exp(ends[-1, 0]) * 1000**1.5 == pytest.approx(1.635, abs=0.01)


@pytest.mark.parametrize(
    ("W", "expected"),
    [(np.eye(3) / 2, "vanishes"), (2 * np.eye(3), "explodes"), (np.eye(3), "bounded"), (np.eye(3, k=-1), "vanishes")],
)
def test_linear_networks_get_their_word(W, expected) -> None:
    lags, logs = measured("elman", W, steps=100, phi=activations.Identity())
    assert fit_slope(lags, logs).word == expected


def test_a_jordan_block_grows_like_a_power() -> None:
    lags, logs = measured("elman", np.eye(2) + np.eye(2, k=1), steps=200, phi=activations.Identity())
    found = fit_slope(lags, logs)
    assert found.word == "polynomial"
    assert found.power == pytest.approx(1.0, abs=0.1)


def test_a_zero_at_the_initial_state_alone_leaves_the_slope_of_the_other_lags() -> None:
    k = np.arange(101)
    logs = np.outer(-0.3 * k, np.ones(4))
    logs[-1] = -np.inf
    found = fit_slope(k, logs)
    assert (found.word, round(found.rate, 9)) == ("vanishes", -0.3)
