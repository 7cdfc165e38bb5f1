"""The law of the whole Lyapunov spectrum: the published table, 30 digits, closed forms, a million slopes."""

import math
import time
from collections.abc import Callable

import mpmath
import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.integrate import quad

from errorflow.numerics.laws.log_distribution import FEW, of_logs
from errorflow.numerics.laws.mean_field import mean_field
from errorflow.numerics.laws.spectrum_by_rank import (
    SpectrumLaw,
    exponents_by_rank,
    mean_field_spectrum,
    spectrum_of_slopes,
)
from errorflow.theory.activations import Activation, Gelu, HardTanh, LeakyRelu, Logistic, Relu, Tanh

Array = NDArray[np.float64]

TABLE = [  # gain, largest, mean, unstable fraction, entropy, Kaplan-Yorke dimension
    (1.2, 0.016476, -0.543100, 0.0286, 0.000237, 0.0569),
    (1.5, 0.065217, -0.714346, 0.0843, 0.002795, 0.1658),
    (3.0, 0.310249, -2.272805, 0.1529, 0.025196, 0.2877),
    (10.0, 0.856435, -12.160966, 0.0912, 0.044170, 0.1653),
]


# Numbers


@pytest.mark.parametrize("row", TABLE)
def test_the_published_table_is_reproduced_to_all_printed_digits(row: tuple[float, ...]) -> None:
    gain, largest, mean, unstable, entropy, dimension = row
    law = mean_field_spectrum(Tanh(), gain=gain)
    assert law.largest_exponent == pytest.approx(largest, abs=0.51e-6)
    assert law.mean_exponent == pytest.approx(mean, abs=0.51e-6)
    assert law.unstable_fraction == pytest.approx(unstable, abs=0.51e-4)
    assert law.entropy == pytest.approx(entropy, abs=0.51e-6)
    assert law.kaplan_yorke == pytest.approx(dimension, abs=0.51e-4)


def high_average(f: Callable[[mpmath.mpf], mpmath.mpf], q: float) -> mpmath.mpf:
    """E f(sqrt(q) z) for an even f, in 30 digits."""
    s = mpmath.sqrt(q)
    points = sorted({z for z in [c / s for c in (0, 0.5, 1, 2, 4, 8, 16, 32, 64)] + [1, 2, 4, 8, 15] if z <= 15})
    return 2 * mpmath.quad(lambda z: f(s * z) * mpmath.npdf(z), points)


@pytest.mark.parametrize("rank", [1e-4, 0.1, 0.5, 0.97])
@pytest.mark.parametrize("gain", [1.1, 1.5, 10.0])
def test_exponents_and_partial_sums_solve_their_equations_in_thirty_digits(gain: float, rank: float) -> None:
    q = mean_field(Tanh(), gain=gain).variance
    law = mean_field_spectrum(Tanh(), gain=gain)
    exponent = float(law.exponents(rank))
    with mpmath.workdps(30):
        log_w = mpmath.log(mpmath.mpf(gain) ** 2 * rank) - 2 * mpmath.mpf(exponent)
        w = mpmath.exp(log_w)
        share = high_average(lambda a: 1 / (1 + mpmath.cosh(a) ** 4 / w), q)
        slope = high_average(lambda a: 1 / (1 + mpmath.cosh(a) ** 4 / w) / (1 + w * mpmath.sech(a) ** 4), q)
        soft = high_average(lambda a: mpmath.log(1 + w * mpmath.sech(a) ** 4), q)
    assert abs(share - rank) / (2 * slope) < 1e-11  # the error of the exponent
    assert law.partial_sum(rank) == pytest.approx(float(rank * exponent - rank / 2 + soft / 2), abs=1e-11)


LAWS: dict[str, Callable[[], SpectrumLaw]] = {
    "tanh": lambda: mean_field_spectrum(Tanh(), gain=2.0),
    "tanh with bias": lambda: mean_field_spectrum(Tanh(), gain=2.0, bias_variance=0.3),
    "logistic": lambda: mean_field_spectrum(Logistic(), gain=12.0),
    "gelu": lambda: mean_field_spectrum(Gelu(), gain=1.3, bias_variance=0.2),
    "leaky": lambda: mean_field_spectrum(LeakyRelu("1/4"), gain=1.6),
    "sine": lambda: mean_field_spectrum((np.sin, np.cos), gain=2.0),
    "given slopes": lambda: spectrum_of_slopes(slopes=[0.1, -2.0, 1.0, 0.7], gain=1.5),
    "given singular values": lambda: spectrum_of_slopes(slopes=[0.5, 1.0, 2.0], singular_values=[0.2, 1.0, 3.0]),
}


@pytest.mark.parametrize("name", LAWS)
def test_the_sums_are_the_integrals_of_the_exponents(name: str) -> None:
    law = LAWS[name]()

    def integral(end: float) -> float:
        def substituted(t: float) -> float:  # u = t^2 (3 - 2 t) flattens the logarithms at both ends
            u = end * t * t * (3 - 2 * t)
            return float(law.exponents(u)) * end * 6 * t * (1 - t) if u > 0 else 0.0

        return quad(substituted, 0, 1 - 1e-9, epsabs=1e-9, limit=400)[0]

    assert law.partial_sum(0.3) == pytest.approx(integral(0.3), abs=1e-7)
    assert law.mean_exponent == pytest.approx(integral(1.0), abs=1e-6)
    assert law.mean_exponent == pytest.approx(law.partial_sum(1.0), abs=1e-11)
    assert float(law.exponents(1e-13)) == pytest.approx(law.largest_exponent, abs=1e-11)
    assert (np.diff(law.exponents(np.linspace(1e-3, 1, 50))) < 0).all()
    u, d = law.unstable_fraction, law.kaplan_yorke
    if name == "gelu":
        assert law.largest_exponent < 0
        assert (u, d, law.entropy) == (0.0, 0.0, 0.0)
        return
    assert float(law.exponents(u)) == pytest.approx(0.0, abs=1e-9)
    assert law.entropy == pytest.approx(integral(u), abs=1e-7)
    assert 0 < u < d <= 1
    assert d == 1.0 or law.partial_sum(d) == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize(
    ("activation", "gain"), [(Tanh(), 1.5), (Logistic(), 6.0), (Gelu(), 1.3), (LeakyRelu("1/4"), 1.2)]
)
def test_the_ends_of_the_spectrum_are_the_mean_field_exponents(activation: Activation, gain: float) -> None:
    law, field = mean_field_spectrum(activation, gain=gain), mean_field(activation, gain=gain)
    assert law.largest_exponent == pytest.approx(field.largest_exponent, abs=1e-12)
    assert law.mean_exponent == pytest.approx(field.mean_exponent, abs=1e-11)


def test_near_the_onset_the_unstable_part_is_a_triangle() -> None:
    # lambda(u) = lambda_1 (1 - u/u_0) to first order in u, so that the entropy is u_0 lambda_1/2 and the dimension 2 u_0.
    for distance in (1e-2, 1e-3, 1e-4):
        law = mean_field_spectrum(Tanh(), gain=1 + distance)
        u = law.unstable_fraction
        assert law.largest_exponent / distance**2 == pytest.approx(2 / 3, rel=4 * distance)
        assert u / distance**2 == pytest.approx(4 / 3, rel=5 * distance)
        assert law.entropy / (u * law.largest_exponent / 2) == pytest.approx(1.0, rel=5 * distance)
        assert law.kaplan_yorke / (2 * u) == pytest.approx(1.0, rel=5 * distance)
    stable = mean_field_spectrum(Tanh(), gain=0.9)
    assert (stable.unstable_fraction, stable.entropy, stable.kaplan_yorke) == (0.0, 0.0, 0.0)


# Closed forms


def test_relu_has_finite_exponents_up_to_the_fraction_of_active_units() -> None:
    law = mean_field_spectrum(Relu(), gain=1.3, bias_variance=0.1)
    ranks = np.array([0.01, 0.3, 0.49, 0.5 - 1e-9])
    assert law.exponents(ranks) == pytest.approx(0.5 * np.log(1.69 * (0.5 - ranks)), rel=1e-6)
    assert law.exponents(ranks[:3]) == pytest.approx(0.5 * np.log(1.69 * (0.5 - ranks[:3])), abs=1e-13)
    assert law.exponents([0.5, 0.6, 1.0]).tolist() == [-np.inf] * 3
    assert law.finite_fraction == 0.5
    assert law.mean_exponent == -np.inf
    assert law.partial_sum(0.5) == pytest.approx(0.25 * (math.log(1.69 * 0.5) - 1), abs=1e-13)
    assert law.partial_sum(0.51) == -np.inf
    hard = mean_field_spectrum(HardTanh(), gain=2.0)
    inside = math.erf(1 / math.sqrt(2 * mean_field(HardTanh(), gain=2.0).variance))
    assert hard.finite_fraction == pytest.approx(inside, abs=1e-14)
    assert hard.exponents(0.2) == pytest.approx(0.5 * math.log(4 * (inside - 0.2)), abs=1e-12)
    growing = mean_field_spectrum(Relu(), gain=20.0)  # all finite exponents together are positive
    assert growing.kaplan_yorke == 0.5


@given(
    large=st.floats(-30, 3),
    gap=st.floats(0.1, 700),
    share=st.floats(0.1, 0.9),
    rank=st.floats(1e-6, 1 - 1e-6),
)
def test_two_slopes_solve_a_quadratic_equation(large: float, gap: float, share: float, rank: float) -> None:
    count = round(1000 * share)
    assume(abs(rank - count / 1000) > 1e-6)
    logs = np.concatenate([np.full(count, large), np.full(1000 - count, large - gap)])
    found = float(exponents_by_rank(rank, log_slopes=logs))
    with mpmath.workdps(800):
        p, a, b = mpmath.mpf(count) / 1000, mpmath.exp(2 * mpmath.mpf(logs[0])), mpmath.exp(2 * mpmath.mpf(logs[-1]))
        # a b w^2 (1 - u) + w (p a + (1 - p) b - u (a + b)) - u = 0
        u = mpmath.mpf(rank)
        A, B = a * b * (1 - u), p * a + (1 - p) * b - u * (a + b)
        w = 2 * u / (B + mpmath.sqrt(B * B + 4 * A * u))
        truth = float(mpmath.log(u / w) / 2)
        conditioned = float(1 / abs(u - p))  # where the exponent falls by half the gap
    assert found == pytest.approx(truth, abs=1e-12 * (1 + conditioned) + 1e-13 * abs(truth))


def test_constant_slopes_are_those_of_a_gaussian_or_orthogonal_product() -> None:
    ranks = (np.arange(20) + 0.5) / 20
    assert exponents_by_rank(ranks, gain=1.5, slopes=np.full((3, 4), -0.5)) == pytest.approx(
        0.5 * np.log(0.75**2 * (1 - ranks)), abs=1e-12
    )
    assert exponents_by_rank(ranks, slopes=[1.0], singular_values=[1.7, 1.7]) == pytest.approx(math.log(1.7), abs=1e-12)
    # a Gaussian matrix is one with the singular values of the quarter circle
    s = np.linalg.svd(np.random.default_rng(0).normal(size=(400, 400)) / 20, compute_uv=False)
    gaussian, given = (exponents_by_rank(ranks, slopes=[1.0, 0.3], **kw) for kw in ({}, {"singular_values": s}))
    assert np.abs(gaussian - given)[:19].max() < 4 / 400
    # slopes and singular values play the same part
    swapped = exponents_by_rank(ranks, slopes=[0.2, 1.0, 3.0], singular_values=[0.5, 1.0, 2.0])
    assert swapped == pytest.approx(
        exponents_by_rank(ranks, slopes=[0.5, 1.0, 2.0], singular_values=[0.2, 1.0, 3.0]), abs=1e-12
    )


# Measured slopes


def test_a_law_of_measured_slopes_does_not_depend_on_order_shape_or_sign_and_scales_with_the_gain() -> None:
    slopes = np.random.default_rng(0).normal(size=(6, 7, 8))
    ranks = np.linspace(0.01, 1, 30)
    found = exponents_by_rank(ranks, gain=1.5, slopes=slopes)
    assert exponents_by_rank(ranks, gain=1.5, slopes=np.abs(slopes[::-1]).T) == pytest.approx(found, abs=1e-12)
    assert exponents_by_rank(ranks, slopes=1.5 * slopes) == pytest.approx(found, abs=1e-12)
    assert exponents_by_rank(ranks, gain=1.5, log_slopes=np.log(np.abs(slopes))) == pytest.approx(found, abs=1e-12)
    assert exponents_by_rank(ranks.reshape(2, 15), gain=1.5, slopes=slopes).shape == (2, 15)
    far = exponents_by_rank([0.2, 0.9], log_slopes=np.log(np.abs(slopes)) - 5000.0)  # whose slopes underflow
    assert far + 5000.0 == pytest.approx(exponents_by_rank([0.2, 0.9], slopes=slopes), abs=1e-9)


def test_a_million_slopes_take_a_moment_and_lose_no_digit() -> None:
    random, ranks = np.random.default_rng(0), (np.arange(1024) + 0.5) / 1024
    slopes = np.cosh(9.6 * random.normal(size=10**6)) ** -2.0
    start = time.process_time()
    found = exponents_by_rank(ranks, gain=10.0, slopes=slopes)
    assert time.process_time() - start < 1.0  # .15 s measured; a sum over all slopes for each rank takes minutes
    # The sum itself, over all slopes: E[w a/(1 + w a)] = u.
    for i in (0, 10, 300, 1000, 1022, 1023):
        wa = np.exp(2 * np.log(slopes) + math.log(100 * ranks[i]) - 2 * found[i])
        assert np.mean(wa / (1 + wa)) == pytest.approx(ranks[i], rel=1e-10)
        assert np.mean(1 / (1 + wa)) == pytest.approx(1 - ranks[i], rel=1e-10)
    few = spectrum_of_slopes(slopes=slopes[: FEW + 1]).slopes
    assert len(few.points) > FEW / 2  # the interpolation is used
    exact = of_logs(2 * np.log(slopes[:FEW]))
    assert len(exact.points) == FEW


@given(
    seed=st.integers(0, 2**32 - 1), spread=st.sampled_from([0.0, 1.0, 30.0, 1e4]), zeros=st.sampled_from([0, 5, 1500])
)
def test_interpolated_weights_give_the_sums_of_the_points_in_both_tails(seed: int, spread: float, zeros: int) -> None:
    random = np.random.default_rng(seed)
    logs = np.concatenate([spread * random.normal(size=1500), np.full(zeros, -np.inf)])
    found = of_logs(logs)
    assert found.mass == 1500 / (1500 + zeros)
    for y in (-spread - 20.0, 0.3, spread + 20.0):
        v = y + logs[:1500]
        small, large = np.exp(-np.logaddexp(0, -v)).sum(), np.exp(-np.logaddexp(0, v)).sum()
        sums = found.sums(np.array([y]))
        assert sums.below[0] == pytest.approx(small / len(logs), rel=1e-11)
        assert sums.above[0] == pytest.approx(large / len(logs), rel=1e-11)
        quick = found.middle_sums(np.array([y + 100.0, y, y - 100.0]))
        for whole, part in zip(found.sums(np.array([y + 100.0, y, y - 100.0])), quick, strict=True):
            assert part == pytest.approx(whole, abs=1e-14)


# Arguments


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda: exponents_by_rank([0.0, 0.5], slopes=[1.0]), "ranks"),
        (lambda: exponents_by_rank([1.1], slopes=[1.0]), "ranks"),
        (lambda: exponents_by_rank([math.nan], slopes=[1.0]), "ranks"),
        (lambda: exponents_by_rank([0.5]), "slopes and log_slopes"),
        (lambda: exponents_by_rank([0.5], slopes=[1.0], log_slopes=[0.0]), "slopes and log_slopes"),
        (lambda: exponents_by_rank([0.5], slopes=[1.0, math.nan]), "slopes"),
        (lambda: exponents_by_rank([0.5], slopes=[]), "slopes"),
        (lambda: exponents_by_rank([0.5], log_slopes=[math.inf]), "log_slopes"),
        (lambda: exponents_by_rank([0.5], slopes=[1.0], singular_values=[-1.0]), "singular_values"),
        (lambda: exponents_by_rank([0.5], slopes=[1.0], gain=-1.0), "gain"),
        (lambda: mean_field_spectrum(Tanh(), gain=1.5).partial_sum(1.5), "rank"),
    ],
)
def test_wrong_arguments_are_named(call: Callable[[], object], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        call()


def test_slopes_that_are_all_zero_are_a_result() -> None:
    law = spectrum_of_slopes(slopes=np.zeros(4))
    assert (law.finite_fraction, law.largest_exponent, law.mean_exponent, law.entropy) == (
        0.0,
        -math.inf,
        -math.inf,
        0.0,
    )
    assert law.exponents([0.1, 1.0]).tolist() == [-math.inf, -math.inf]
