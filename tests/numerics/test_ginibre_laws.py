"""Powers of one Gaussian matrix against products of independent ones: mean squares that are exact at every n and lag."""

import itertools
import math
from collections import Counter
from fractions import Fraction

import mpmath as mp
import numpy as np
import pytest

from errorflow.numerics.laws import (
    crossover_lag,
    ginibre,
    log_mean_square_norm,
    log_sharing_limit,
    real_powers,
    relative_norm_variance,
    singular_value_second_moment,
)

FIELDS = ["real", "complex"]


def mean_square(n, k, *, field="complex", **options) -> float:
    return math.exp(log_mean_square_norm(n, k, field=field, **options))


def by_moments(n, k, *, field) -> Fraction:
    """E||W^k||_F^2, variance 1/n, from the moments of single entries: every entry of W^k as a polynomial, no pairings."""
    total = 0
    for first, last in itertools.product(range(n), repeat=2):
        entry = Counter()
        for middle in itertools.product(range(n), repeat=k - 1):
            entry[tuple(sorted(itertools.pairwise((first, *middle, last))))] += 1
        monomials = [(Counter(word), times) for word, times in entry.items()]
        for a, times in monomials:
            for b, others in monomials if field == "real" else [(a, times)]:
                total += times * others * moment(a, b, field=field)
    return Fraction(total, n**k)


def moment(a, b, *, field) -> int:
    """E prod w^a conj(w)^b of independent entries with E|w|^2 = 1: a! if a = b (complex), (a+b-1)!! if a + b is even."""
    if field == "complex":
        return math.prod(math.factorial(power) for power in a.values()) if a == b else 0
    powers = (a + b).values()
    return 0 if any(power % 2 for power in powers) else math.prod(math.prod(range(1, p, 2)) for p in powers)


def powers(n, k, *, field, draws, rng, tied) -> np.ndarray:
    """||J||_F^2 of products of k factors."""
    random, product = np.random.default_rng(rng), np.eye(n)
    for t in range(k):
        if t == 0 or not tied:
            W = random.standard_normal((draws, n, n))
            if field == "complex":
                W = (W + 1j * random.standard_normal((draws, n, n))) / math.sqrt(2)
        product = W @ product / math.sqrt(n)
    return (np.abs(product) ** 2).sum(axis=(1, 2))


# Exact values of small matrices


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize(("n", "lags"), [(1, 6), (2, 6), (3, 4), (4, 3)])
def test_the_mean_square_of_a_power_equals_the_sum_over_moments_of_its_entries(n, lags, field) -> None:
    for k in range(1, lags + 1):
        exact = by_moments(n, k, field=field)
        assert mean_square(n, k, tied=True, field=field) == pytest.approx(float(exact), rel=1e-13)


def test_the_polynomials_of_a_real_power_are_integers_that_count_all_pairings() -> None:
    for k in range(1, 9):
        polynomial = real_powers.power_polynomial(k)
        assert sum(polynomial) == math.prod(range(1, 2 * k, 2))  # n = 1: E w^(2k)
        assert polynomial[k + 1] == 1
        assert polynomial[k] == 0
    n = Fraction(7)
    assert sum(c * n**d for d, c in enumerate(real_powers.power_polynomial(2))) / n**2 == n + 2 / n


def test_real_and_complex_powers_differ_from_lag_2_on() -> None:
    for n in (2, 3, 50):
        assert mean_square(n, 1, tied=True, field="real") == pytest.approx(n, rel=1e-13)
        assert mean_square(n, 1, tied=True, field="complex") == pytest.approx(n, rel=1e-13)
        assert mean_square(n, 2, tied=True, field="real") == pytest.approx(n + 2 / n, rel=1e-13)
        assert mean_square(n, 2, tied=True, field="complex") == pytest.approx(n + 1 / n, rel=1e-13)


@pytest.mark.parametrize(
    "planted",
    [
        lambda n, k: n + 1 / n,  # the complex law for a real matrix
        lambda n, k: n,  # the untied law
    ],
)
def test_a_wrong_mean_square_of_a_real_square_is_caught_exactly_and_by_simulation(planted) -> None:
    n, k = 3, 2
    assert float(by_moments(n, k, field="real")) != pytest.approx(planted(n, k), rel=1e-3)
    draws = powers(n, k, field="real", draws=40_000, rng=1, tied=True)
    error = draws.std() / math.sqrt(len(draws))
    assert abs(draws.mean() - mean_square(n, k, tied=True, field="real")) < 4 * error
    assert abs(draws.mean() - planted(n, k)) > 8 * error


# Any n, any lag


def by_formula(n, k) -> mp.mpf:
    """The closed form with its two products, in as many digits as it takes."""
    with mp.workdps(60 + int(3 * math.log10(n))):
        rising = mp.rf(n, k + 2)
        falling = mp.mpf(0) if k + 1 >= n else mp.ff(n, k + 2)
        return mp.log((rising - falling) / ((k + 1) * (k + 2))) - k * mp.log(n)


@pytest.mark.parametrize("n", [1, 2, 9, 1000, 10**6])
def test_the_logarithm_keeps_all_digits_at_every_lag(n) -> None:
    lags = sorted({0, 1, 2, 3, *(max(n + j, 0) for j in range(-3, 2) if n < 10**6), 400, 5000})
    found = log_mean_square_norm(n, lags, tied=True, field="complex")
    for k, value in zip(lags, found, strict=True):
        excess = float(by_formula(n, k) - mp.log(n))  # the part that sharing adds
        assert value - math.log(n) == pytest.approx(excess, rel=1e-12, abs=4e-15 * math.log(n + 1))


def test_one_unit_gives_factorials_and_lag_zero_the_identity() -> None:
    found = log_mean_square_norm(1, np.arange(20), tied=True, field="complex")
    np.testing.assert_allclose(found, [math.lgamma(k + 1) for k in range(20)], rtol=1e-13, atol=1e-13)
    for tied, field in itertools.product((True, False), FIELDS):
        assert mean_square(7, 0, tied=tied, field=field) == pytest.approx(7, rel=1e-14)


@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("field", FIELDS)
def test_the_gain_multiplies_by_its_power(tied, field) -> None:
    one, other = (log_mean_square_norm(5, [0, 3, 8], tied=tied, field=field, gain=g) for g in (1.0, 0.3))
    np.testing.assert_allclose(other - one, np.array([0, 6, 16]) * math.log(0.3), rtol=1e-13)


# Simulation, tied and untied


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize(("n", "k"), [(1, 2), (3, 3), (8, 5)])
def test_untied_products_have_the_exact_mean_and_variance(n, k, field) -> None:
    draws = powers(n, k, field=field, draws=20_000, rng=n, tied=False)
    mean = mean_square(n, k, tied=False, field=field)
    assert mean == pytest.approx(n, rel=1e-13)
    variance = relative_norm_variance(n, steps=k, field=field) * mean**2
    assert abs(draws.mean() - mean) < 4 * math.sqrt(variance / len(draws))
    if n == 8:  # elsewhere the tails are too heavy for a sample variance
        assert draws.var() == pytest.approx(variance, rel=0.15)


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize(("n", "k"), [(4, 3), (10, 6)])
def test_powers_of_a_shared_matrix_have_the_mean_of_the_tied_law_and_not_of_the_untied_one(n, k, field) -> None:
    draws = powers(n, k, field=field, draws=20_000, rng=k, tied=True)
    error = draws.std() / math.sqrt(len(draws))
    assert abs(draws.mean() - mean_square(n, k, tied=True, field=field)) < 4 * error
    assert draws.mean() - mean_square(n, k, tied=False, field=field) > 8 * error


@pytest.mark.parametrize("field", FIELDS)
def test_the_second_moment_of_the_squared_singular_values_is_exact(field) -> None:
    n, steps, d = 3, 4, 2 if field == "real" else 1
    a, b = Fraction(n), Fraction(n**2)  # E tr A^2 and E (tr A)^2, step by step
    for _ in range(steps):
        a, b = a + (d - 1) * a / n + b / n, b + d * a / n
    assert singular_value_second_moment(n, steps=steps, field=field) == pytest.approx(float(a / n), rel=1e-13)
    assert relative_norm_variance(n, steps=steps, field=field) == pytest.approx(float(b / n**2 - 1), rel=1e-13)
    random, P = np.random.default_rng(3), np.eye(n)
    for _ in range(steps):
        W = random.standard_normal((40_000, n, n))
        W = W if field == "real" else (W + 1j * random.standard_normal(W.shape)) / math.sqrt(2)
        P = W @ P / math.sqrt(n)
    draws = (np.abs(P @ np.swapaxes(P.conj(), 1, 2)) ** 2).sum(axis=(1, 2)) / n
    assert abs(draws.mean() - float(a / n)) < 4 * draws.std() / math.sqrt(len(draws))


# The limit


def test_the_excess_tends_to_sinh_x_over_x_and_sets_in_at_sqrt_2n() -> None:
    for x in (0.1, 1.0, 4.0):
        errors = []
        for n in (10**3, 10**5, 10**7):
            k = round(math.sqrt(2 * n * x))
            excess = float(log_mean_square_norm(n, k, tied=True, field="complex")) - math.log(n)
            errors.append(abs(excess - float(log_sharing_limit(k**2 / (2 * n)))))
        assert errors[0] < 0.05
        assert errors[2] < 0.02 * errors[0]  # a hundredth per 10^4: like 1/sqrt(n)
    assert crossover_lag(1000) == pytest.approx(math.sqrt(2000))
    assert math.exp(log_sharing_limit(1.0)) == pytest.approx(math.sinh(1), rel=1e-14)
    # published figures of the sheet: 1.187 and 1.81 at n = 1000; a factor e near 2.3 sqrt(n)
    found = np.exp(log_mean_square_norm(1000, [45, 63], tied=True, field="complex")) / 1000
    np.testing.assert_allclose(found, [1.187, 1.81], atol=5e-3)
    assert log_sharing_limit(2.3**2 / 2) == pytest.approx(1, abs=0.03)


def test_the_limit_keeps_its_digits_near_zero_and_far_out() -> None:
    x = np.array([0.0, 1e-9, 1e-3, 30.0, 1e6])
    expected = [0.0, 0.0, 1e-6 / 6 - 1e-12 / 180, 30 - math.log(60), 1e6 - math.log(2e6)]
    np.testing.assert_allclose(log_sharing_limit(x), expected, rtol=1e-9, atol=1e-16)


# Refusals


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: log_mean_square_norm(3, [1, -1], tied=True, field="complex"), "lags must be integers of at least 0"),
        (lambda: log_mean_square_norm(3, 1.5, tied=True, field="complex"), "lags must be integers of at least 0"),
        (lambda: log_mean_square_norm(0, 1, tied=False, field="complex"), "n must be an integer of at least 1, got 0"),
        (lambda: log_mean_square_norm(3, 13, tied=True, field="real"), "shared real W must be an integer from 0 to 12"),
        (lambda: log_mean_square_norm(3, 1, tied=True, field="both"), "field must be 'real' or 'complex'"),
        (
            lambda: log_mean_square_norm(3, 1, tied=True, field="complex", gain=0.0),
            "gain must be a finite number above 0",
        ),
        (lambda: log_sharing_limit(-1.0), "x must be finite and at least 0"),
        (lambda: singular_value_second_moment(3, steps=0), "steps must be an integer of at least 1"),
    ],
)
def test_arguments_are_checked(call, message) -> None:
    with pytest.raises(ValueError, match=message):
        call()


def test_a_planted_product_that_ends_one_factor_early_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    class Short:
        """NumPy whose range of factors ends one too early."""

        def __getattr__(self, name):
            return getattr(np, name)

        def arange(self, start, stop):
            return np.concatenate([np.arange(start, stop - 1), [0]])

    monkeypatch.setattr(ginibre, "np", Short())
    wrong = mean_square(3, 3, tied=True)
    assert wrong != pytest.approx(float(by_moments(3, 3, field="complex")), rel=1e-3)
