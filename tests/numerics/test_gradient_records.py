"""Laws of the records made of a backward pass: shares add up to one, quantiles are values, clipping scales as it says."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from errorflow.numerics import Network, simulate, white_noise
from errorflow.numerics.backprop import backward, unit_cotangents
from errorflow.numerics.gradient_records import gradient_norms, joint_part, lag_shares, truncation
from errorflow.numerics.truncation import Truncated, truncated
from errorflow.theory import activations, cells

LOGS = st.one_of(st.floats(-900, 900), st.just(-math.inf))
PARTS = arrays(float, st.tuples(st.integers(1, 30), st.integers(1, 3), st.integers(1, 3)), elements=LOGS)


def passed(network, *, steps=12, samples=3, directions=2, parameters=("W", "B", "b"), summed=None):
    trajectory = simulate(network, white_noise(network, steps=steps, samples=samples, scale=1.0, rng=1))
    g = unit_cotangents(network.state_dim, samples=samples, directions=directions, rng=2)
    return backward(trajectory, g, parameters=parameters, summed=samples if summed is None else summed)


# Shares


@given(parts=PARTS)
def test_shares_add_up_to_one_and_quantile_lags_hold_their_part(parts) -> None:
    found = lag_shares({"W": parts}, ["W"])
    assert found.lags == tuple(range(len(parts)))
    alive = ~np.isneginf(parts.reshape(len(parts), -1)).all(axis=0)
    if not alive.any():
        assert np.isnan(found.share).all()
        assert found.quantile_lags == {"50": None, "90": None, "99": None}
        return
    assert sum(found.share) == pytest.approx(1.0, rel=1e-12)
    np.testing.assert_allclose(np.exp(found.log_share), found.share, rtol=1e-12)
    for q, lag in found.quantile_lags.items():
        held = np.cumsum(found.share)
        assert held[lag] >= int(q) / 100 - 1e-12 or lag == len(parts) - 1
        assert lag == 0 or held[lag - 1] < int(q) / 100


def test_the_mean_share_is_that_of_the_parts_norms(gaussian) -> None:
    own = passed(gaussian("lstm"))
    found = lag_shares(own.log_part, ["W"])
    assert found.parameter == "W"
    assert set(found.parameters) == {"W", "B", "b"}
    for name in ("W", "B", "b"):
        norms = np.exp(own.log_part[name]).reshape(12, -1)
        np.testing.assert_allclose(found.parameters[name].share, (norms / norms.sum(axis=0)).mean(axis=1), rtol=1e-12)
    assert found.share == found.parameters["W"].share


def test_parameters_together_have_the_frobenius_norm_of_both(gaussian) -> None:
    own = passed(gaussian("gru"), parameters=("W", "b"))
    together = np.hypot(np.exp(own.log_part["W"]), np.exp(own.log_part["b"]))
    np.testing.assert_allclose(np.exp(joint_part(own.log_part, ["W", "b"])), together, rtol=1e-13)
    found = lag_shares(own.log_part, ["W", "b"])
    assert found.parameter == "W, b"
    flat = together.reshape(12, -1)
    np.testing.assert_allclose(found.share, (flat / flat.sum(axis=0)).mean(axis=1), rtol=1e-12)


# Truncation


def cut(log_error, cosine=None) -> Truncated:
    error = np.asarray(log_error, dtype=float)
    error = error[:, :, None] if error.ndim == 2 else error[:, None, None]
    return Truncated(np.arange(len(error)), error, np.ones_like(error) if cosine is None else cosine)


def test_the_shortest_length_stays_below_for_good() -> None:
    error = np.log([1.0, 0.05, 0.2, 0.09, 0.005, 0.002, 1e-300])
    found = truncation(cut(np.append(error, -np.inf)), "W")
    assert found.shortest == {"10": 3, "1": 4, "0.1": 6}
    assert truncation(cut([0.0, math.log(0.5)]), "W").shortest == {"10": None, "1": None, "0.1": None}
    assert truncation(cut([0.0, math.log(0.1)]), "W").shortest["10"] is None  # not below it
    assert truncation(cut([-3.0, -np.inf]), "W").shortest == {"10": 0, "1": 1, "0.1": 1}


def test_quantiles_are_values_of_the_series_that_are_not_zero() -> None:
    error = np.array([[0.0, 0.0, 0.0, np.nan], [-1.0, -2.0, -np.inf, np.nan], [-np.inf] * 3 + [np.nan]])
    cosine = np.stack([np.full(4, np.nan), np.array([0.5, 0.6, np.nan, np.nan]), np.array([1.0, 1.0, 1.0, np.nan])])
    found = truncation(cut(error, cosine[:, :, None]), "W")
    assert found.series == 3
    assert found.log_error.median == (0.0, -2.0, -math.inf)
    assert found.log_error.q05 == (0.0, -math.inf, -math.inf)
    assert found.log_error.q95 == (0.0, -1.0, -math.inf)
    assert found.cosine.median[1:] == (0.5, 1.0)
    assert math.isnan(found.cosine.median[0])


def test_no_series_at_all_gives_nan_and_no_length() -> None:
    dead = Network(
        cells.get("elman", activation=activations.Relu()), {"W": np.eye(2), "B": np.eye(2), "b": np.full(2, -100.0)}
    )
    found = truncation(truncated(passed(dead), ["W", "b"]), "W, b")
    assert found.series == 0
    assert found.shortest == {"10": None, "1": None, "0.1": None}
    assert np.isnan(found.log_error.median).all()
    assert np.isnan(found.cosine.q95).all()


# Norms and clipping


@given(logs=st.lists(LOGS, min_size=1, max_size=40))
def test_a_threshold_at_a_quantile_clips_the_rest(logs) -> None:
    series = np.array(logs)
    found = gradient_norms(series, "W")
    assert found.series == len(logs)
    ordered = np.sort(series)
    for q, value in found.log_quantiles.items():
        assert value in logs
        assert (ordered <= value).mean() >= int(q) / 100 - 1e-12
        assert (ordered < value).mean() < int(q) / 100 + 1e-12
        factors = [1.0 if x <= value else math.exp(max(value - x, -700.0)) for x in logs]
        mean = found.log_mean_scale[q]
        if value > -math.inf:
            assert mean == pytest.approx(math.log(np.mean(factors)), abs=1e-12)
        else:
            zero = np.mean(np.isneginf(series))
            assert mean == pytest.approx(math.log(zero))


def test_clipping_stays_in_range_where_norms_do_not() -> None:
    found = gradient_norms(np.linspace(-5000.0, 5000.0, 101), "W")
    assert found.log_quantiles["50"] == 0.0
    assert found.log_mean_scale["50"] == pytest.approx(math.log((51 + 1 / (math.e**100 - 1)) / 101))


def test_shares_need_a_parameter() -> None:
    with pytest.raises(ValueError, match="parameters must name at least one parameter"):
        lag_shares({}, [])
