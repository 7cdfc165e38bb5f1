"""Singular values of powers and of products of Gaussian matrices: one Fuss-Catalan law for both."""

import math

import mpmath as mp
import numpy as np
import pytest

from errorflow.numerics.laws import (
    fuss_catalan,
    log_largest_singular_value,
    log_singular_values,
    newman_exponents,
    singular_value_density,
    singular_value_rank,
    singular_value_second_moment,
    singular_values,
)

MIDPOINTS = (np.arange(20_000) + 0.5) / 20_000


def product(n, steps, *, tied, field="real", gain=1.0, rng=0) -> np.ndarray:
    random, J = np.random.default_rng(rng), np.eye(n)
    for t in range(steps):
        if t == 0 or not tied:
            W = random.standard_normal((n, n)) * gain / math.sqrt(n)
            if field == "complex":
                W = (W + 1j * random.standard_normal((n, n)) * gain / math.sqrt(n)) / math.sqrt(2)
        J = W @ J
    return J


# The law in itself


def test_the_moments_solve_the_equation_of_their_generating_function() -> None:
    for steps in (1, 2, 5):
        m = [fuss_catalan(k, steps=steps) for k in range(9)]
        power = [1] + [0] * 8  # B^(t+1), truncated
        for _ in range(steps + 1):
            power = [sum(power[i] * m[k - i] for i in range(k + 1)) for k in range(9)]
        assert m[1:] == power[:-1]  # B = 1 + z B^(t+1)


@pytest.mark.parametrize("steps", [1, 2, 3, 7])
def test_the_quantiles_and_the_density_have_the_fuss_catalan_moments(steps) -> None:
    s = np.exp(log_singular_values(MIDPOINTS, steps=steps))
    edge = log_largest_singular_value(steps)
    grid = edge - np.linspace(0, 60, 40_001)
    p = singular_value_density(grid, steps=steps)
    for k in range(4):
        expected = fuss_catalan(k, steps=steps)
        assert (s ** (2 * k)).mean() == pytest.approx(expected, rel=2e-4)
        assert np.trapezoid(p * np.exp(2 * k * grid), -grid) == pytest.approx(expected, rel=1e-3)


def test_one_factor_has_the_quarter_circle_law() -> None:
    s = np.linspace(0.01, 1.99, 50)
    np.testing.assert_allclose(singular_value_density(np.log(s), steps=1), s * np.sqrt(4 - s**2) / np.pi, rtol=1e-12)
    fraction = 1 - (s * np.sqrt(4 - s**2) / 2 + 2 * np.arcsin(s / 2)) / np.pi
    np.testing.assert_allclose(singular_value_rank(np.log(s), steps=1), fraction, rtol=1e-11, atol=1e-14)


@pytest.mark.parametrize("steps", [1, 4, 1000])
def test_the_density_is_the_derivative_of_the_rank_and_the_rank_the_inverse_of_the_quantile(steps) -> None:
    u = np.array([1e-6, 1e-3, 0.1, 0.5, 0.9, 1 - 1e-3, 1 - 1e-9])
    values = log_singular_values(u, steps=steps, gain=0.8)
    np.testing.assert_allclose(singular_value_rank(values, steps=steps, gain=0.8), u, rtol=1e-8)
    np.testing.assert_allclose(1 - singular_value_rank(values, steps=steps, gain=0.8)[-2:], [1e-3, 1e-9], rtol=1e-6)
    h = 1e-6
    slope = (
        singular_value_rank(values - h, steps=steps, gain=0.8) - singular_value_rank(values + h, steps=steps, gain=0.8)
    ) / (2 * h)
    np.testing.assert_allclose(
        singular_value_density(values, steps=steps, gain=0.8)[1:6], slope[1:6], rtol=1e-6, atol=1e-9
    )


@pytest.mark.parametrize(("rank", "steps"), [("1e-8", 3), ("0.3", 50), ("0.7", 1000), ("0.9999", 2)])
def test_the_quantiles_agree_with_fifty_digits(rank, steps) -> None:
    with mp.workdps(50):
        t, u = mp.mpf(steps), mp.mpf(float(rank))

        def excess(phi):
            return ((t + 1) * phi - t * mp.sin(phi) * mp.sin((t + 1) * phi) / mp.sin(t * phi)) / mp.pi - u

        low, high = mp.mpf(10) ** -40, mp.pi / (t + 1) - mp.mpf(10) ** -40
        for _ in range(160):
            middle = (low + high) / 2
            low, high = (middle, high) if excess(middle) < 0 else (low, middle)
        x = mp.sin((t + 1) * low) ** (t + 1) / mp.sin(low) / mp.sin(t * low) ** t
        expected = float(mp.log(x) / 2)
    assert float(log_singular_values(float(rank), steps=steps)) == pytest.approx(expected, rel=1e-12, abs=1e-13)


def test_the_largest_singular_value_has_its_closed_form() -> None:
    for t, value in ((1, 2.0), (2, math.sqrt(27 / 4)), (3, math.sqrt(256 / 27))):
        assert math.exp(log_largest_singular_value(t)) == pytest.approx(value, rel=1e-14)
        assert log_singular_values(0.0, steps=t, gain=3.0) == pytest.approx(
            math.log(value) + t * math.log(3), rel=1e-14
        )
    # published figures of the sheet: 2, 2.598, 3.079, then like sqrt(e t), where ||W||^t is 2^t
    np.testing.assert_allclose(
        [math.exp(log_largest_singular_value(t)) for t in (1, 2, 3)], [2, 2.598, 3.079], atol=5e-4
    )
    assert math.exp(log_largest_singular_value(10**6)) == pytest.approx(math.sqrt(math.e * 10**6), rel=1e-6)


def test_many_factors_have_newmans_exponents_by_rank() -> None:
    n, steps = 400, 4000
    u = (np.arange(1, n + 1) - 0.5) / n
    rates = log_singular_values(u, steps=steps, gain=1.4) / steps
    np.testing.assert_allclose(rates[:-40], np.log(1.4) + np.log(1 - u[:-40]) / 2, atol=2e-3)
    np.testing.assert_allclose(rates[:-40], newman_exponents(n, steps=1, gain=1.4).mean[:-40], atol=1e-2)


def test_the_exact_second_moment_tends_to_the_limit() -> None:
    for field in ("real", "complex"):
        assert singular_value_second_moment(10**6, steps=5, field=field) == pytest.approx(
            fuss_catalan(2, steps=5), rel=1e-4
        )


# Simulation, tied and untied


@pytest.mark.parametrize("field", ["real", "complex"])
@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("steps", [1, 2, 4])
def test_powers_and_products_have_the_law_by_rank(steps, tied, field) -> None:
    n, gain = 300, 1.1
    s = np.linalg.svd(product(n, steps, tied=tied, field=field, gain=gain, rng=steps), compute_uv=False)
    law = np.exp(log_singular_values((np.arange(1, n + 1) - 0.5) / n, steps=steps, gain=gain))
    assert np.abs(s - law).max() < 0.08 * law[0]
    ranks = singular_value_rank(np.log(s), steps=steps, gain=gain)
    assert np.abs(ranks - (np.arange(1, n + 1) - 0.5) / n).max() < 0.02
    assert math.log(s[0]) == pytest.approx(log_largest_singular_value(steps, gain=gain), abs=0.1)
    for k in (1, 2):
        moment = (s ** (2 * k)).mean() / gain ** (2 * k * steps)
        assert moment == pytest.approx(fuss_catalan(k, steps=steps), rel=0.12)


@pytest.mark.parametrize("tied", [True, False])
def test_a_law_of_another_number_of_factors_is_caught(tied) -> None:
    n = 200
    s = np.linalg.svd(product(n, 3, tied=tied, rng=7), compute_uv=False)

    def distance(steps):
        return np.abs(singular_value_rank(np.log(s), steps=steps) - (np.arange(1, n + 1) - 0.5) / n).max()

    assert distance(3) < 0.02
    assert min(distance(2), distance(4)) > 0.03
    # W^3 is no power of one law: the cubes of the singular values of W have another one
    cubes = 3 * log_singular_values((np.arange(1, n + 1) - 0.5) / n, steps=1)
    assert np.abs(singular_value_rank(cubes, steps=3) - (np.arange(1, n + 1) - 0.5) / n).max() > 0.1


def test_a_rank_with_another_number_of_factors_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    share = singular_values._share
    monkeypatch.setattr(singular_values, "_share", lambda angle, small, t: share(angle, small, t - 1 if t > 1 else t))
    s = np.exp(log_singular_values(MIDPOINTS, steps=3))
    assert (s**4).mean() != pytest.approx(fuss_catalan(2, steps=3), rel=0.02)


# Ends and refusals


def test_the_ends_of_the_spectrum() -> None:
    assert log_singular_values([1.0], steps=3).tolist() == [-math.inf]
    assert singular_value_rank([-math.inf, math.inf], steps=3).tolist() == [1.0, 0.0]
    assert singular_value_density([-math.inf, 10.0], steps=3).tolist() == [0.0, 0.0]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: log_singular_values([0.5, 1.5], steps=2), "ranks must be between 0 and 1"),
        (lambda: log_singular_values([math.nan], steps=2), "ranks must be between 0 and 1"),
        (lambda: log_singular_values(0.5, steps=0), "steps must be an integer of at least 1"),
        (lambda: singular_value_rank(math.nan, steps=2), "log_value must not hold NaN"),
        (lambda: fuss_catalan(-1, steps=2), "order must be an integer of at least 0, got -1"),
        (lambda: log_largest_singular_value(2, gain=0.0), "gain must be a finite number above 0"),
    ],
)
def test_arguments_are_checked(call, message) -> None:
    with pytest.raises(ValueError, match=message):
        call()
