"""Newman's exponents, the determinant and one direction of Gaussian products: exact moments and distribution at every T."""

import math

import mpmath as mp
import numpy as np
import pytest
from scipy import stats

from errorflow.numerics.laws import (
    LogChiSum,
    gaussian_products,
    log_norm_law,
    mean_exponent,
    newman_exponents,
    newman_law,
)
from errorflow.numerics.lyapunov import lyapunov_spectrum

FIELDS = ["real", "complex"]


def gaussian(shape, *, field, rng) -> np.ndarray:
    """Independent entries with E|w|^2 = 1."""
    random = np.random.default_rng(rng)
    if field == "real":
        return random.standard_normal(shape)
    return (random.standard_normal(shape) + 1j * random.standard_normal(shape)) / math.sqrt(2)


def log_diagonals(matrices, count, *, steps) -> np.ndarray:
    """log R_ii of the QR of every step, shape (products, steps, count), along products of ``steps`` of the matrices."""
    n = matrices.shape[-1]
    products = matrices.reshape(-1, steps, n, n)
    frame, logs = np.eye(n)[:, :count], []
    for t in range(steps):
        frame, R = np.linalg.qr(products[:, t] @ frame)
        logs.append(np.log(np.abs(np.diagonal(R, axis1=1, axis2=2))))
    return np.stack(logs, axis=1)


def z_scores(sample, mean, variance) -> np.ndarray:
    """z of the sample mean along the first axis, with the exact variance."""
    return (sample.mean(axis=0) - mean) / np.sqrt(variance / len(sample))


# Newman's exponents


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize(("n", "count", "gain"), [(1, 1, 1.0), (3, 3, 0.7), (6, 2, 20.0)])
def test_each_exponent_has_newmans_mean_and_variance_at_finite_T(n, count, gain, field) -> None:
    steps = 5
    matrices = gain / math.sqrt(n) * gaussian((8000 * steps, n, n), field=field, rng=n)
    found = log_diagonals(matrices, count, steps=steps).mean(axis=1)
    law = newman_exponents(n, steps=steps, count=count, gain=gain, field=field)
    assert law.mean.shape == law.variance.shape == (count,)
    assert np.abs(z_scores(found, law.mean, law.variance)).max() < 4
    # the variance of a sample variance, from the exact fourth cumulant psi'''(a)/(16 T^3)
    half = (1 if field == "real" else 2) * (n - np.arange(count)) / 2
    fourth = np.array([float(mp.psi(3, a)) for a in half]) / (16 * steps**3)
    squares = (found - law.mean) ** 2
    assert np.abs(z_scores(squares, law.variance, fourth + 2 * law.variance**2)).max() < 4


def test_exponents_of_different_ranks_and_steps_are_uncorrelated() -> None:
    logs = log_diagonals(gaussian((20_000 * 2, 3, 3), field="real", rng=4), 3, steps=2).reshape(20_000, 6)
    correlations = np.corrcoef(logs.T)[np.triu_indices(6, 1)]
    assert np.abs(correlations * math.sqrt(20_000)).max() < 4


def test_the_lyapunov_spectrum_of_untied_gaussian_steps_follows_the_law() -> None:
    n, steps = 5, 2000
    matrices = 1.3 / math.sqrt(n) * gaussian((steps, n, n), field="real", rng=2)
    law = newman_exponents(n, steps=steps, gain=1.3)
    found = lyapunov_spectrum(matrices, count=n, rng=0).exponents
    assert np.abs((found - law.mean) / law.std).max() < 4


@pytest.mark.parametrize(
    "planted",
    [
        lambda n, i: (n - i) / 2,  # psi((n-i)/2)
        lambda n, i: (n - i + 2) / 2,
        lambda n, i: n - i + 1,  # the complex law for real factors
        lambda n, i: i / 2,  # the order reversed
    ],
)
def test_psi_at_a_wrong_argument_is_caught(planted, monkeypatch: pytest.MonkeyPatch) -> None:
    n = 4
    found = log_diagonals(gaussian((4000, n, n), field="real", rng=8) / math.sqrt(n), n, steps=1)[:, 0]
    law = newman_exponents(n, steps=1)
    assert np.abs(z_scores(found, law.mean, law.variance)).max() < 4
    wrong = [planted(n, i) for i in range(1, n + 1)]
    digamma = gaussian_products.digamma
    monkeypatch.setattr(gaussian_products, "digamma", lambda half: digamma(np.array(wrong)))
    planted_law = newman_exponents(n, steps=1)
    assert not np.abs(z_scores(found, planted_law.mean, law.variance)).max() < 4


# Shared and untied


def test_the_exponents_of_a_shared_complex_matrix_have_the_law_of_one_untied_step_as_a_set() -> None:
    n, draws = 5, 8000
    moduli = np.log(np.abs(np.linalg.eigvals(gaussian((draws, n, n), field="complex", rng=5) / math.sqrt(n))))
    law = newman_exponents(n, steps=1, field="complex")
    # power sums over the set: Kostlan's theorem makes the moduli of one matrix independent
    assert abs(z_scores(moduli.sum(axis=1), law.mean.sum(), law.variance.sum())) < 4
    squares = (moduli**2).sum(axis=1)
    expected = (law.variance + law.mean**2).sum()
    assert abs(squares.mean() - expected) < 4 * squares.std() / math.sqrt(draws)


def test_a_large_shared_matrix_has_newmans_exponents_by_rank() -> None:
    n = 300
    W = gaussian((n, n), field="real", rng=6) / math.sqrt(n)
    shared = np.sort(np.log(np.abs(np.linalg.eigvals(W))))[::-1]
    difference = shared - newman_exponents(n, steps=1).mean
    assert np.abs(difference[: n * 9 // 10]).max() < 0.08


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("tied", [True, False])
def test_the_mean_exponent_has_one_mean_and_a_variance_that_time_averages_only_untied(tied, field) -> None:
    n, steps, draws, gain = 4, 6, 4000, 1.7
    copies = 1 if tied else steps
    matrices = gain / math.sqrt(n) * gaussian((draws, copies, n, n), field=field, rng=9)
    found = np.linalg.slogdet(matrices)[1].mean(axis=1) / n
    law = mean_exponent(n, steps=steps, tied=tied, gain=gain, field=field)
    assert abs(z_scores(found, law.mean, law.variance)) < 4
    assert found.var() == pytest.approx(float(law.variance), rel=0.1)
    other = mean_exponent(n, steps=steps, tied=not tied, gain=gain, field=field)
    assert other.mean == law.mean
    assert found.var() != pytest.approx(float(other.variance), rel=0.5)


def test_the_mean_exponent_tends_to_log_gain_minus_one_half() -> None:
    assert mean_exponent(10**5, steps=1, tied=True, gain=3.0).mean == pytest.approx(math.log(3) - 0.5, abs=1e-4)


# One direction


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("gain", [1.0, 1.5])
def test_one_direction_is_the_product_chi_square_law(gain, field) -> None:
    n, steps, draws = 3, 4, 20_000
    v = np.tile(np.eye(n)[0], (draws, 1))
    for t in range(steps):
        v = np.einsum("sij,sj->si", gain / math.sqrt(n) * gaussian((draws, n, n), field=field, rng=t), v)
    logs = np.log(np.linalg.norm(v, axis=1))
    law = log_norm_law(n, steps=steps, gain=gain, field=field)
    assert abs(z_scores(logs, law.mean, law.variance)) < 4
    d = 2 if field == "real" else 1
    spread = ((1 + d / n) ** steps - 1) * gain ** (4 * steps)  # Var||J v||^2 exactly
    assert abs(z_scores(np.exp(2 * logs), math.exp(law.log_mean_square), spread)) < 4
    levels = np.array([0.01, 0.1, 0.5, 0.9, 0.99])
    below = (logs[:, None] <= law.quantile(levels)).mean(axis=0)
    assert np.abs((below - levels) / np.sqrt(levels * (1 - levels) / draws)).max() < 4


def test_at_gain_one_the_mean_square_stays_and_the_typical_norm_falls_like_exp_minus_T_over_2n() -> None:
    n, steps = 64, 1000
    law = log_norm_law(n, steps=steps)
    assert law.log_mean_square == pytest.approx(0, abs=1e-9)
    for typical in (law.mean, float(law.quantile(0.5))):
        assert typical == pytest.approx(-steps / (2 * n), rel=0.02)


# The distribution function


def test_one_step_is_the_chi_distribution() -> None:
    for degrees in (1, 2, 3, 10, 1000):
        law = LogChiSum(degrees=degrees, steps=1, scale=0.7)
        x = law.mean + np.linspace(-7, 7, 57) * math.sqrt(law.variance)
        expected = stats.chi.cdf(np.exp(x) / 0.7, degrees)
        np.testing.assert_allclose(law.cdf(x), expected, rtol=0, atol=5e-14)


def by_contour(degrees, steps, y) -> float:
    """P(X <= E X + y std) in 40 digits: the inverse Mellin transform on a line through a point near the saddle."""
    with mp.workdps(40):
        a = mp.mpf(degrees) / 2
        std = mp.sqrt(steps * mp.psi(1, a))
        w, c = steps * mp.psi(0, a) + y * std, max(-1 / std, -a / 2)

        def integrand(t):
            z = c + 1j * t
            return mp.re(mp.exp(steps * (mp.loggamma(a + z) - mp.loggamma(a)) - z * w) / -z)

        return float(mp.quad(integrand, [k / std for k in (0, 1, 2, 4, 6, 8, 12, 20, 30)]) / mp.pi)


@pytest.mark.parametrize(("degrees", "steps"), [(1, 7), (7, 40), (200, 300), (256, 10_000)])
def test_many_steps_agree_with_forty_digits(degrees, steps) -> None:
    law = LogChiSum(degrees=degrees, steps=steps, scale=1.0)
    for y in (-2.5, 1.0):
        found = float(law.cdf(law.mean + y * math.sqrt(law.variance)))
        assert found == pytest.approx(by_contour(degrees, steps, y), abs=1e-12)


def test_quantiles_invert_the_distribution_function() -> None:
    law = newman_law(6, 6, steps=9, gain=2.0)
    levels = np.array([[1e-9, 0.05], [0.5, 1 - 1e-9]])
    np.testing.assert_allclose(law.cdf(law.quantile(levels)), levels, rtol=1e-4, atol=1e-12)
    assert law.cdf([-math.inf, law.mean - 1e3, law.mean + 1e3, math.inf]).tolist() == [0, 0, 1, 1]


# Refusals


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: newman_exponents(3, steps=1, count=4), "count must be an integer from 1 to 3, got 4"),
        (lambda: newman_exponents(0, steps=1), "n must be an integer of at least 1, got 0"),
        (lambda: newman_exponents(2, steps=0), "steps must be an integer of at least 1, got 0"),
        (lambda: newman_exponents(2, steps=1, gain=math.inf), "gain must be a finite number above 0, got inf"),
        (lambda: newman_exponents(2, steps=1, field="quaternion"), "field must be 'real' or 'complex'"),
        (lambda: newman_law(3, 4, steps=1), "i must be an integer from 1 to 3, got 4"),
        (lambda: mean_exponent(3, steps=0, tied=True), "steps must be an integer of at least 1, got 0"),
        (lambda: LogChiSum(degrees=2, steps=1, scale=0.0), "scale must be a finite number above 0"),
        (lambda: LogChiSum(degrees=2, steps=1).quantile([0.5, 1.0]), "p must be between 1e-12 and 1 - 1e-12"),
    ],
)
def test_arguments_are_checked(call, message) -> None:
    with pytest.raises(ValueError, match=message):
        call()


def test_a_size_that_is_no_integer_is_refused() -> None:
    with pytest.raises(TypeError, match=r"n must be an integer of at least 1, got 2\.5"):
        newman_exponents(2.5, steps=1)
    with pytest.raises(TypeError, match="steps must be an integer of at least 1, got True"):
        newman_exponents(2, steps=True)
