"""Mean-field laws against closed forms, 30 digits, published numbers, and networks with shared and untied weights."""

import importlib
import math
from collections.abc import Callable

import mpmath
import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from errorflow.numerics.laws.entrywise import entrywise
from errorflow.numerics.laws.gaussian_average import gaussian_average
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
SQUARE = Activation(name="square", expression=x**2)
mean_field_module = importlib.import_module("errorflow.numerics.laws.mean_field")


def high_average(f: Callable[[mpmath.mpf], mpmath.mpf], q: float) -> mpmath.mpf:
    """E f(sqrt(q) z) in 30 digits: mpmath's tanh-sinh sums between cuts near 0, where f may be narrow."""
    with mpmath.workdps(30):
        s = mpmath.sqrt(q)
        inner = [sign * c / s for c in (0.25, 1, 4, 16, 64) for sign in (-1, 1)]
        points = sorted({z for z in [*inner, 0, *range(-16, 17, 4)] if abs(z) <= 16})
        return mpmath.quad(lambda z: f(s * z) * mpmath.exp(-z * z / 2), points) / mpmath.sqrt(2 * mpmath.pi)


# The variance and the gradient


@pytest.mark.parametrize(
    ("gain", "q", "chi", "largest", "mean"),
    [
        (1.2, ".249513", "1.033501", ".016476", "-.543100"),
        (1.5, ".793354", "1.139323", ".065217", "-.714346"),
        (3.0, "6.305391", "1.859855", ".310249", "-2.272805"),
        (10.0, "91.705131", "5.544854", ".856435", "-12.160966"),
    ],
)
def test_the_published_numbers_of_tanh_are_reproduced(gain: float, q: str, chi: str, largest: str, mean: str) -> None:
    found = mean_field(Tanh(), gain=gain)
    for value, text in (
        (found.variance, q),
        (found.chi, chi),
        (found.largest_exponent, largest),
        (found.mean_exponent, mean),
    ):
        assert value == pytest.approx(float(text), abs=0.51e-6)
    assert found.note == ""
    assert found.error < 1e-13


@pytest.mark.parametrize("gain", [1.001, 1.5, 10.0, 20.0])
def test_the_fixed_point_solves_its_equation_in_thirty_digits(gain: float) -> None:
    found = mean_field(Tanh(), gain=gain)
    square = high_average(lambda a: mpmath.tanh(a) ** 2, found.variance)
    assert abs(gain**2 * square / found.variance - 1) < 1e-13
    assert abs(gain**2 * high_average(lambda a: mpmath.sech(a) ** 4, found.variance) / found.chi - 1) < 1e-13
    log_mean = high_average(lambda a: 2 * mpmath.log(mpmath.sech(a)), found.variance)
    assert found.mean_exponent == pytest.approx(math.log(gain) - 0.5 + float(log_mean), abs=1e-11)


def test_closed_forms_of_erf_sine_and_relu() -> None:
    q = mean_field(ERF, gain=1.5, bias_variance=0.3).variance
    assert q == pytest.approx(2.25 * 2 / math.pi * math.asin(2 * q / (1 + 2 * q)) + 0.3, rel=1e-14)
    assert mean_field(ERF, gain=1.5, bias_variance=0.3).chi == pytest.approx(
        9 / (math.pi * math.sqrt(1 + 4 * q)), rel=1e-14
    )
    q = mean_field(SIN, gain=3.0).variance
    assert q == pytest.approx(4.5 * (1 - math.exp(-2 * q)), rel=1e-14)
    assert mean_field(SIN, gain=3.0).chi == pytest.approx(4.5 * (1 + math.exp(-2 * q)), rel=1e-14)
    relu = mean_field(Relu(), gain=1.2, bias_variance=0.1, input_variance=0.2)
    assert relu.variance == pytest.approx(0.3 / (1 - 0.72), rel=1e-14)
    assert relu.chi == pytest.approx(0.72, rel=1e-14)
    assert (relu.mean_exponent, relu.kurtosis) == (-math.inf, pytest.approx(6.0))
    assert mean_field(Identity(), gain=0.5).kurtosis == pytest.approx(3.0)


def test_per_step_rates_of_the_systems_sheet() -> None:
    rates = [mean_field(Logistic(), gain=g).chi ** 0.5 for g in (1, 2, 4, 8)]
    assert rates == pytest.approx([0.2361, 0.4142, 0.6316, 0.8915], abs=0.51e-4)
    rates = [mean_field(Tanh(), gain=g).chi ** 0.5 for g in (1.28, 1.83, 3, 12)]
    assert rates == pytest.approx([1.0285, 1.133, 1.364, 2.570], abs=0.51e-3)
    saturated = [mean_field(Tanh(), gain=g).chi / (4 * g / (3 * math.sqrt(2 * math.pi))) for g in (30, 300, 3000)]
    assert np.abs(np.array(saturated) - 1) == pytest.approx([0.014, 0.0014, 0.00014], rel=0.6)  # 1 + O(1/g)


def test_a_variance_without_a_fixed_point_is_a_result_that_says_so() -> None:
    for activation, gain, chi in ((Relu(), 1.5, 1.125), (LeakyRelu("1/2"), 1.3, 1.05625), (Softplus(), 2.0, 2.0)):
        found = mean_field(activation, gain=gain, bias_variance=0.1)
        assert found.variance == math.inf
        assert found.chi == pytest.approx(chi, rel=1e-12)  # of the two slopes at infinity
        assert "grows without bound" in found.note
        assert math.isnan(found.correlation)
        assert math.isnan(found.correlation_depth)
    neutral = mean_field(Relu(), gain=math.sqrt(2.0))
    assert math.isnan(neutral.variance)
    assert (neutral.chi, neutral.correlation) == (pytest.approx(1.0), 1.0)
    assert neutral.note == "every variance is a fixed point: the map is q -> q"
    assert mean_field(Activation(name="exponential", expression=sp.exp(x)), gain=1.0).variance == math.inf


def test_all_fixed_points_are_found_and_each_start_reaches_its_own() -> None:
    small, large = (mean_field(Silu(), gain=1.5, start=start) for start in ("small", "large"))
    assert [point.stable for point in small.fixed_points] == [True, False]
    assert (small.variance, large.variance) == (0.0, math.inf)
    assert "from large ones it is inf" in small.note
    threshold = small.fixed_points[1].variance
    for start, wanted in ((0.99 * threshold, 0.0), (1.01 * threshold, math.inf)):
        q = start
        for _ in range(400):
            q = min(2.25 * float(gaussian_average(lambda a: entrywise(Silu()).value(a) ** 2, q).value), 1e9)
        assert q == pytest.approx(0.0, abs=1e-6) if wanted == 0.0 else q == 1e9
    assert [p.variance for p in mean_field(SQUARE, gain=0.5).fixed_points] == pytest.approx([0.0, 4 / 3])  # 3 g^2 q^2


@given(
    gain=st.floats(0.2, 12.0),
    offset=st.sampled_from([0.0, 1e-3, 0.5]),
    activation=st.sampled_from([Tanh(), HardTanh(), Logistic(), ERF, SIN]),
)
@settings(max_examples=20)
def test_the_iteration_reaches_the_fixed_point_from_both_sides(
    gain: float, offset: float, activation: Activation
) -> None:
    found = mean_field(activation, gain=gain, bias_variance=offset)
    phi = entrywise(activation)
    assert found.variance == mean_field(activation, gain=gain, bias_variance=offset, start="large").variance
    q = np.array([0.5, 2.0]) * found.variance + 1e-3
    for _ in range(60):
        q = gain**2 * gaussian_average(lambda a: phi.value(a) ** 2, q, kinks=phi.kinks).value + offset
    multiplier = max((p.multiplier for p in found.fixed_points if p.variance == found.variance), default=0.0)
    assert -0.5 <= multiplier <= 1.0
    assert np.abs(q - found.variance).max() <= 10 * (1e-12 + abs(multiplier) ** 50) * (found.variance + 1)


@pytest.mark.parametrize("activation", [Tanh(), Logistic(), Relu(), Gelu(), SIN])
def test_the_multiplier_is_the_derivative_of_the_variance_map(activation: Activation) -> None:
    phi = entrywise(activation)
    found = mean_field(activation, gain=1.2, bias_variance=0.05)
    point = next(p for p in found.fixed_points if p.variance == found.variance)
    step = 1e-4 * point.variance
    moments = gaussian_average(
        lambda a: phi.value(a) ** 2, [point.variance - step, point.variance + step], kinks=phi.kinks
    )
    assert 1.44 * (moments.value[1] - moments.value[0]) / (2 * step) == pytest.approx(point.multiplier, rel=1e-6)


def test_a_pair_of_functions_is_as_good_as_the_symbols() -> None:
    pairs = {
        Tanh(): (np.tanh, lambda a: np.cosh(np.minimum(np.abs(a), 300.0)) ** -2.0),
        HardTanh(): (lambda a: np.clip(a, -1, 1), lambda a: (np.abs(a) < 1) * 1.0),
        SIN: (np.sin, np.cos),
        Identity(): (lambda a: a, lambda a: 1.0),
    }
    for activation, pair in pairs.items():
        mine, theirs = (mean_field(phi, gain=1.3, bias_variance=0.2) for phi in (pair, activation))
        for name in ("variance", "chi", "mean_exponent"):
            assert getattr(mine, name) == pytest.approx(getattr(theirs, name), rel=1e-12)
        told = entrywise(pair, kinks=entrywise(activation).kinks)
        assert mean_field(told, gain=1.3, bias_variance=0.2).chi == pytest.approx(theirs.chi, rel=1e-13)


# Correlations


def test_the_published_depths_on_both_sides_of_the_critical_line() -> None:
    ordered, chaotic = (mean_field(Tanh(), gain=math.sqrt(w), bias_variance=0.05) for w in (1.5, 2.5))
    assert (ordered.chi, ordered.gradient_depth) == (pytest.approx(0.93864, abs=5e-6), pytest.approx(15.79, abs=5e-3))
    assert (ordered.correlation, ordered.correlation_depth) == (1.0, ordered.gradient_depth)
    assert (chaotic.chi, chaotic.correlation_depth) == (
        pytest.approx(1.13352, abs=5e-6),
        pytest.approx(11.80, abs=5e-3),
    )
    assert 0 < chaotic.correlation < 1


@pytest.mark.parametrize(
    ("activation", "gain", "options"),
    [
        (Tanh(), 2.0, {"bias_variance": 0.05}),
        (ERF, 4.0, {"bias_variance": 0.3, "input_variance": 0.1}),
        (Relu(), 1.2, {"bias_variance": 0.1, "input_variance": 0.5, "input_correlation": 0.4}),
        (HardTanh(), 3.0, {"bias_variance": 0.1}),
        (SIN, 2.0, {"input_variance": 0.2}),
    ],
)
def test_correlations_converge_to_the_stable_one_at_the_rate_of_its_multiplier(
    activation: Activation, gain: float, options: dict[str, float]
) -> None:
    found = mean_field(activation, gain=gain, **options)
    c = found.correlation
    assert 0 < c < 1
    assert found.correlation_after(c) == pytest.approx(c, abs=1e-12)
    step = 1e-3
    central = (found.correlation_after(c + step) - found.correlation_after(c - step)) / (2 * step)
    assert central == pytest.approx(found.correlation_multiplier, rel=1e-4)
    assert found.correlation_multiplier < 1
    assert found.correlation_depth == pytest.approx(-1 / math.log(found.correlation_multiplier))
    values = [found.correlation_after(0.25 * k) - 0.25 * k for k in range(5)]
    assert np.diff(values, 2).min() >= -1e-12  # convex
    assert min(values[: int(4 * c) + 1]) > -1e-12  # no other zero before c*


def test_copies_without_bias_decorrelate_in_chaos_and_agree_in_order() -> None:
    chaotic, ordered = mean_field(Tanh(), gain=1.5), mean_field(Tanh(), gain=0.8)
    assert (chaotic.correlation, ordered.correlation, ordered.variance) == (0.0, 1.0, 0.0)
    slope = float(gaussian_average(lambda a: np.cosh(a) ** -2.0, chaotic.variance).value)
    assert chaotic.correlation_multiplier == pytest.approx(2.25 * slope**2, rel=1e-12)
    assert ordered.correlation_depth == pytest.approx(-1 / math.log(0.64), rel=1e-14)


# Networks


def tanh_networks(
    *, tied: bool, gain: float, bias_variance: float, n: int, nets: int, steps: int, rng: int
) -> np.ndarray:
    """Preactivations ``(steps, nets, 2, n)`` of two copies from different states, with the same weights and biases."""
    random = np.random.default_rng(rng)
    W = random.normal(size=(nets, n, n)) * gain / math.sqrt(n)
    b = random.normal(size=(nets, 1, n)) * math.sqrt(bias_variance)
    h, found = random.normal(size=(nets, 2, n)), []
    for _ in range(steps):
        if not tied:
            W = random.normal(size=(nets, n, n)) * gain / math.sqrt(n)
        a = h @ W + b
        h = np.tanh(a)
        found.append(a)
    return np.array(found)


@pytest.mark.parametrize("weights", ["shared", "untied"])
def test_networks_have_the_variance_the_gain_and_the_correlation_of_the_law(weights: str) -> None:
    # Independent networks of n units scatter; beside four standard errors of their mean, 5/n allows for the shift of finite n.
    gain, n, nets = 2.0, 150, 24
    law = mean_field(Tanh(), gain=gain, bias_variance=0.3, tied=weights == "shared")
    a = tanh_networks(tied=weights == "shared", gain=gain, bias_variance=0.3, n=n, nets=nets, steps=60, rng=1)[40:]
    variance = (a**2).mean(axis=(0, 2, 3))
    chi = gain**2 * (np.cosh(a) ** -4.0).mean(axis=(0, 2, 3))
    product = (a[:, :, 0] * a[:, :, 1]).mean(axis=(0, 2))
    covariance = law.correlation * law.variance
    for found, truth in ((variance, law.variance), (chi, law.chi), (product, covariance)):
        assert abs(found.mean() - truth) < 4 * found.std() / math.sqrt(nets) + 5 * truth / n
        assert found.std() / math.sqrt(nets) < 0.08 * truth
    without_square = gain**2 * float(gaussian_average(lambda x: np.cosh(x) ** -2.0, law.variance).value)
    assert abs(chi.mean() / without_square - 1) > 0.1  # a chi with phi' instead of phi'^2 is excluded


def gradient_logs(*, tied: bool, n: int, lags: int, nets: int, rng: int) -> np.ndarray:
    """log||J_k v||^2, k = 1..lags, of ReLU networks at g = sqrt 2 and random v, shape ``(lags, nets)``."""
    random = np.random.default_rng(rng)

    def draw() -> np.ndarray:
        return random.normal(size=(nets, n, n)) * math.sqrt(2.0 / n)

    W, found = draw(), []
    h, v = random.normal(size=(nets, n, 1)), random.normal(size=(nets, n, 1)) / math.sqrt(n)
    for _ in range(lags):
        W = W if tied else draw()
        a = W @ h
        h, v = np.maximum(a, 0), (a > 0) * (W @ v)
        found.append(np.log((v**2).sum(axis=(1, 2))))
    return np.array(found)


def test_untied_gradients_have_the_variance_and_the_shift_of_the_kurtosis() -> None:
    n, lags, nets = 64, 8, 1000
    law = mean_field(Relu(), gain=math.sqrt(2.0), tied=False)
    logs = gradient_logs(tied=False, n=n, lags=lags, nets=nets, rng=0)[-1]
    variance = lags * (law.kurtosis - 1) / n  # 5 k/n; higher orders are another k/n of it
    assert logs.var() == pytest.approx(variance, rel=3 * math.sqrt(2 / nets) + 2 * lags / n)
    assert logs.mean() - lags * math.log(law.chi) == pytest.approx(
        -variance / 2, abs=4 * math.sqrt(variance / nets) + lags**2 / n**2
    )
    assert law.usable_lags(n) == pytest.approx(2 * n * 0.1 / 5)


def test_mean_field_lags_of_shared_weights_end_near_the_root_of_n() -> None:
    tied, untied = (mean_field(Identity(), gain=1.0, tied=tied) for tied in (True, False))
    assert tied.usable_lags(10_000) == pytest.approx(100 * 1.2**0.25)
    assert untied.usable_lags(10_000) == pytest.approx(1000.0)
    n, random = 64, np.random.default_rng(3)
    usable = round(tied.usable_lags(n))
    powers = [np.zeros(4 * usable)]
    for _ in range(300):
        W, P = random.normal(size=(n, n)) / math.sqrt(n), np.eye(n)
        squares = []
        for _ in range(4 * usable):
            P = W @ P
            squares.append((P**2).sum() / n)
        powers.append(np.array(squares))
    excess = np.log(np.mean(powers[1:], axis=0))
    assert abs(excess[usable - 1]) < 0.2  # twice the tolerance
    assert excess[-1] > 2.0


# Arguments, and planted falsehoods


@pytest.mark.parametrize(
    ("call", "error", "named"),
    [
        (lambda: mean_field(Tanh(), gain=0.0), ValueError, "gain"),
        (lambda: mean_field(Tanh(), gain=1.0, bias_variance=-1.0), ValueError, "bias_variance"),
        (lambda: mean_field(Tanh(), gain=1.0, input_variance=math.nan), ValueError, "input_variance"),
        (lambda: mean_field(Tanh(), gain=1.0, input_correlation=-0.1), ValueError, "input_correlation"),
        (lambda: mean_field(Tanh(), gain=1.0, start="middle"), ValueError, "start"),
        (lambda: mean_field("tanh", gain=1.0), TypeError, "activation"),
        (lambda: mean_field(Tanh(), gain=1.5).correlation_after(1.5), ValueError, "correlation"),
        (lambda: mean_field(Tanh(), gain=1.5).usable_lags(0), ValueError, "n must"),
    ],
)
def test_wrong_arguments_are_named(call: Callable[[], object], error: type[Exception], named: str) -> None:
    with pytest.raises(error, match=named):
        call()


FALSEHOODS: dict[str, tuple[str, Callable]] = {
    "chi without the square": (
        "mean_square_slope",
        lambda phi, q: gaussian_average(lambda a: np.abs(phi.slope(a)), q, kinks=phi.kinks).value,
    ),
    "the square of the mean slope": (
        "mean_square_slope",
        lambda phi, q: gaussian_average(phi.slope, q, kinks=phi.kinks).value ** 2,
    ),
    "the deviation taken for the variance": (
        "mean_square_slope",
        lambda phi, q: gaussian_average(lambda a: phi.slope(a) ** 2, np.square(q), kinks=phi.kinks).value,
    ),
}


@pytest.mark.parametrize("name", FALSEHOODS)
def test_planted_falsehoods_miss_the_closed_forms(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    target, wrong = FALSEHOODS[name]
    test_closed_forms_of_erf_sine_and_relu()
    monkeypatch.setattr(mean_field_module, target, wrong)
    with pytest.raises(AssertionError):
        test_closed_forms_of_erf_sine_and_relu()
