"""The bound of the task-informative gradient on a network: its numbers, its hypotheses, and what it says under a scaling."""

import math

import mpmath
import numpy as np
import pytest
import sympy as sp

from errorflow.numerics import Network
from errorflow.numerics.confrontation.credit import Periodic, Sine
from errorflow.numerics.evaluate import environment, evaluate
from errorflow.numerics.functionals import scaling
from errorflow.numerics.informative.bound import informative_bound, log_of
from errorflow.numerics.informative.measure import informative_gradient
from errorflow.theory import activations, cells, notation


def network(W, *, phi=None, B=None, rng=0) -> Network:
    W = np.asarray(W, dtype=float)
    random = np.random.default_rng(rng)
    B = random.standard_normal((len(W), 2)) if B is None else B
    return Network(cells.get("elman", activation=phi), {"W": W, "B": B, "b": np.zeros(len(W))})


# sup |phi''| and sup |phi|, from the exact ranges

CURVATURES = {
    "tanh": (4 / (3 * math.sqrt(3)), 1.0),
    "logistic": (1 / (6 * math.sqrt(3)), 1.0),
    "identity": (0.0, math.inf),
    "softplus": (0.25, math.inf),
    "relu": (math.inf, math.inf),
    "hard_tanh": (math.inf, 1.0),
    "leaky_relu(1)": (0.0, math.inf),  # no jump
    "sine": (1.0, 1.0),
}


@pytest.mark.parametrize("name", CURVATURES)
def test_curvature_and_value_are_certified_from_the_exact_ranges(name) -> None:
    phi = Sine() if name == "sine" else activations.get(name)
    where = environment(network([[0.5]], phi=phi))
    for symbol, expected in zip((notation.curvature_sup, notation.value_sup), CURVATURES[name], strict=True):
        found = evaluate(symbol, where)
        assert found.evidence == "certified"
        assert found.lower <= expected * (1 + 1e-15)
        assert found.upper >= expected * (1 - 1e-15)
        assert found.width <= 1e-15


def test_curvature_is_the_largest_slope_of_the_slope() -> None:
    """Against differences of the slope on a fine grid."""
    x = np.linspace(-12, 12, 400_001)
    for phi in (a for a in activations.all() if not a.kinks):
        slope = sp.lambdify(activations.x, phi.slope, ["scipy", "numpy"])(x) * np.ones_like(x)
        steepest = float(np.abs(np.diff(slope)).max() / (x[1] - x[0]))
        found = evaluate(notation.curvature_sup, environment(network([[0.5]], phi=phi)))
        assert steepest <= found.upper + 1e-9
        assert found.upper <= steepest + 1e-3


def test_curvature_is_unknown_where_the_step_has_another_form(gaussian) -> None:
    for symbol in (notation.curvature_sup, notation.value_sup):
        for where in (environment(gaussian("lstm")), environment(W=np.eye(2))):
            assert (evaluate(symbol, where).lower, evaluate(symbol, where).upper) == (0.0, math.inf)
        given = environment(W=np.eye(2), values={symbol: 0.5})
        assert evaluate(symbol, given).upper == 0.5


def test_the_reason_for_the_range_of_the_sine_is_computed() -> None:
    Periodic(sp.cos(activations.x)).check()
    with pytest.raises(ValueError, match=r"the range of 2\*cos\(x\) must be \[-1, 1\]"):
        Periodic(2 * sp.cos(activations.x)).check()
    assert activations.Activation(name="plain sine", expression=sp.sin(activations.x)).slope_range is None


# The numbers


def by_hand(net: Network, c, lag: int, gamma, gamma_2, L, norm) -> mpmath.mpf:
    """The right side in 60 digits; ``norm`` is ||L W L^-1||."""
    B, L = net.parameters["B"], [mpmath.mpf(x) for x in L]
    eta, H = gamma * norm, mpmath.sqrt(sum(x**2 for x in L)) / min(L)
    into = mpmath.sqrt(sum((L[i] * mpmath.mpf(B[i, j])) ** 2 for i in range(net.n) for j in range(net.m)))
    out = mpmath.sqrt(sum((mpmath.mpf(x) / own) ** 2 for x, own in zip(c, L, strict=True)))
    direct = lag * gamma**2 * eta ** (lag - 1) if lag else 0
    return into * out * (direct + (lag + 1) * gamma_2 * H * eta**lag / (1 - eta)) * max(L) / min(L)


@pytest.mark.parametrize("scaled", [False, True])
@pytest.mark.parametrize("name", ["tanh", "logistic"])
def test_the_bound_is_the_formula_rounded_up_plain_and_scaled(name, scaled) -> None:
    W, c = np.array([[0.3, 0.5], [-0.2, 0.4]]), np.array([1.0, -2.0])
    net = network(W, phi=activations.get(name))
    lags = [0, 1, 2, 30, 2000]
    found = informative_bound(net, readout=c, lags=lags, scaled=scaled)
    L = scaling(W).diagonal if scaled else np.ones(2)
    with mpmath.workdps(60):
        gamma, gamma_2 = (
            (1, 4 / (3 * mpmath.sqrt(3))) if name == "tanh" else (mpmath.mpf(1) / 4, 1 / (6 * mpmath.sqrt(3)))
        )
        A = [[mpmath.mpf(W[i, j]) * mpmath.mpf(L[i]) / mpmath.mpf(L[j]) for j in range(2)] for i in range(2)]
        norm = mpmath.svd_r(mpmath.matrix(A), compute_uv=False)[0]
        exact = [mpmath.log(by_hand(net, c, lag, gamma, gamma_2, L, norm)) for lag in lags]
    assert found.holds
    assert found.evidence == "certified"
    for value, expected in zip(found.log_values, exact, strict=True):
        assert expected <= value <= expected + 1e-12 * (1 + abs(expected))


def test_a_scaling_decides_where_the_norm_does_not() -> None:
    W = np.array([[0.4, 3.0], [0.0, 0.4]])
    net, c = network(W), np.array([1.0, 1.0])
    plain = informative_bound(net, readout=c, lags=[1, 40, 80])
    scaled = informative_bound(net, readout=c, lags=[1, 40, 80], scaled=True)
    assert not plain.holds
    assert np.isinf(plain.log_values).all()
    assert scaled.holds
    assert scaled.rate.upper < 0.5 < 1 < scaled.condition.lower
    found = informative_gradient(net, readout=c, lags=[1, 40, 80], steps=90, samples=200, rng=0)
    assert (found.log_informative < scaled.log_values).all()


def test_measured_gradients_stay_below_the_bound_while_the_total_stays() -> None:
    rng = np.random.default_rng(0)
    W = rng.standard_normal((6, 6))
    net, c = network(W * (0.8 / np.linalg.norm(W, 2)), rng=1), rng.standard_normal(6)
    lags = [0, 1, 5, 20, 60]
    found = informative_gradient(net, readout=c, lags=lags, steps=64, samples=400, input_scale=0.5, rng=0)
    bound = informative_bound(net, readout=c, lags=lags, input_scale=0.5)
    assert (found.log_informative < bound.log_values).all()
    assert bound.log_values[-1] < -5 < -1 < found.log_total


# The hypotheses


@pytest.mark.parametrize(
    ("phi", "reason"),
    [
        ("relu", "the slope does not jump: gamma_2 < inf is not met; the states are bounded, or the slope is constant"),
        ("softplus", "the states are bounded, or the slope is constant: gamma_2*h_{max} < inf is not met"),
    ],
)
def test_what_the_theorem_does_not_cover_is_said_and_has_no_number(phi, reason) -> None:
    found = informative_bound(network([[0.5]], phi=activations.get(phi)), readout=[1.0], lags=[1])
    assert not found.holds
    assert np.isposinf(found.log_values).all()
    assert found.reason.startswith(reason)


def test_a_norm_of_one_is_no_contraction() -> None:
    found = informative_bound(network(np.eye(3)), readout=np.ones(3), lags=[1, 5])
    assert [answer.status for _, answer in found.answers] == ["not_met", "met", "met"]
    assert "short by 0" in found.reason


def test_a_start_outside_of_the_range_of_the_activation_counts() -> None:
    one, other = (
        informative_bound(network([[0.5]]), readout=[1.0], lags=[4], initial_sup=sup).log_values[0]
        for sup in (1.0, 9.0)
    )
    assert other > one + 1


def test_no_curvature_and_no_rate_are_exact_zeros() -> None:
    """A linear network at lag 0, and a W of zeros beyond lag 1."""
    linear = informative_bound(network([[0.5]], phi=activations.Identity()), readout=[1.0], lags=[0, 1])
    assert linear.holds
    assert np.isneginf(linear.log_values[0])
    still = informative_bound(network([[0.0]]), readout=[1.0], lags=[0, 1, 2])
    assert np.isfinite(still.log_values[:2]).all()
    assert np.isneginf(still.log_values[2])


def test_logarithms_of_sums_and_powers_stay_in_range() -> None:
    x = sp.Symbol("x", nonnegative=True)
    where = environment(W=np.eye(1), values={x: 1e-200})
    found = log_of(3 * x**7 + x**8 / (1 - x), where)
    assert found.lower <= math.log(3) - 1400 * math.log(10) <= found.upper
    assert found.width < 1e-11
    assert log_of(x * 0, where).upper == -math.inf


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"lags": []}, r"lags must be integers of at least 0, got \[\]"),
        ({"lags": [-1]}, r"lags must be integers of at least 0, got \[-1\]"),
        ({"readout": [1.0, 2.0]}, r"readout must have shape \(1,\), got \(2,\)"),
        ({"readout": [math.inf]}, "readout must be finite, got inf"),
        ({"lags": [1.5]}, r"lags must be integers of at least 0, got \[1.5\]"),
        ({"initial_sup": math.nan}, "initial_sup must be a finite number of at least 0, got nan"),
        ({"input_scale": -1.0}, "input_scale must be a finite number of at least 0, got -1.0"),
        ({"target_deviation": math.inf}, "target_deviation must be a finite number of at least 0, got inf"),
    ],
)
def test_arguments_of_the_bound_are_checked(options, message) -> None:
    with pytest.raises(ValueError, match=message):
        informative_bound(network([[0.5]]), **({"readout": [1.0], "lags": [1]} | options))


@pytest.mark.parametrize("name", ["input_scale", "target_deviation", "initial_sup"])
@pytest.mark.parametrize("wrong", ["1", None, True, 1j])
def test_scales_must_be_real_numbers(name, wrong) -> None:
    with pytest.raises(TypeError, match=f"{name} must be a real number, got {wrong!r}"):
        informative_bound(network([[0.5]]), readout=[1.0], lags=[1], **{name: wrong})


@pytest.mark.parametrize("size", [1e-300, 1e-150, 1e150, 1e300])
def test_the_bound_follows_a_readout_and_an_input_matrix_of_any_size(size) -> None:
    one = informative_bound(network([[0.5]], B=np.ones((1, 1))), readout=[1.0], lags=[0, 1, 30]).log_values
    for net, c in ((network([[0.5]], B=np.ones((1, 1))), size), (network([[0.5]], B=np.full((1, 1), size)), 1.0)):
        found = informative_bound(net, readout=[c], lags=[0, 1, 30])
        assert found.holds
        np.testing.assert_allclose(found.log_values, one + math.log(size), rtol=1e-9)


def test_a_factor_beyond_the_range_of_doubles_claims_no_number() -> None:
    W, B = np.array([[0.4, 1e9], [0.0, 0.4]]), np.full((2, 1), 1e308)
    found = informative_bound(network(W, B=B), readout=[1e308, 1e308], lags=[1], scaled=True)
    assert np.isposinf(found.log_values).all()


def test_only_one_tied_network_of_the_plain_form_is_bounded(gaussian) -> None:
    with pytest.raises(ValueError, match=r"network must have the update h = phi\(W h \+ B u \+ b\)"):
        informative_bound(gaussian("gru"), readout=np.ones(3), lags=[1])
    with pytest.raises(ValueError, match="network must be one network with shared weights"):
        informative_bound(gaussian("elman", steps=4), readout=np.ones(3), lags=[1])
