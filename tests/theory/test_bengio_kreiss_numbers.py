"""Numbers for the theorems of Bengio, Pascanu and Kreiss: computed <= theoretical, with equality where they are tight.

Everything is computed by loops in numpy and mpmath from the recursion itself.
"""

import itertools
import math

import mpmath
import numpy as np
import pytest


def norm(A: np.ndarray) -> float:
    return float(np.linalg.norm(A, 2))


def radius(A: np.ndarray) -> float:
    return float(np.abs(np.linalg.eigvals(A)).max())


def powers(A: np.ndarray, count: int = 400) -> list[float]:
    found, running = [], np.eye(len(A))
    for _ in range(count):
        found.append(norm(running))
        running = A @ running
    return found


def matrices() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(5)
    draw = rng.standard_normal((4, 4))
    return {
        "one unit": np.array([[-0.9]]),
        "zero": np.zeros((1, 1)),
        "nilpotent": np.triu(rng.standard_normal((4, 4)), 1),
        "Jordan": 0.9 * np.eye(2) + 10 * np.eye(2, k=1),
        "normal": np.diag([0.5, 1 / 3]),
        "random": 0.95 * draw / radius(draw),
    }


every_matrix = pytest.mark.parametrize("kind", matrices())


@every_matrix
def test_the_powers_of_a_linear_network_are_bounded_at_the_rate_between_the_radius_and_1(kind) -> None:
    A = matrices()[kind]
    rate = (1 + radius(A)) / 2
    constant = max(powers(A / rate))
    for lag, power in enumerate(powers(A, 60)):
        assert radius(A) ** lag * (1 - 1e-9) - 1e-12 <= power <= constant * rate**lag * (1 + 1e-9)


def test_a_jordan_block_of_radius_1_grows_but_more_slowly_than_any_power() -> None:
    A = np.array([[1.0, 1.0], [0.0, 1.0]])
    assert powers(A, 102)[101] > 100
    for r in (1.01, 2.0):
        constant = max(powers(A / r, 2000))
        assert all(power <= constant * r**lag * (1 + 1e-9) for lag, power in enumerate(powers(A, 200)))


def resolvent_bound(A: np.ndarray) -> float:
    """max of (|z| - 1) ||(z I - A)^-1|| over a grid outside of the unit circle, from below the Kreiss constant."""
    excesses = np.concatenate([np.geomspace(1e-4, 1e2, 200), [1e9]])
    points = ((1 + e) * np.exp(1j * a) for e in excesses for a in np.linspace(0, 2 * np.pi, 33))
    return max((abs(z) - 1) * norm(np.linalg.inv(z * np.eye(len(A)) - A)) for z in points)


@every_matrix
def test_both_halves_of_kreiss_theorem(kind) -> None:
    A = matrices()[kind]
    constant, peak = resolvent_bound(A), max(powers(A))
    assert constant <= peak * (1 + 1e-6)
    assert peak <= math.e * len(A) * constant
    if kind in ("one unit", "zero", "normal"):  # tight: both are 1
        assert constant == pytest.approx(1, rel=1e-6)
        assert peak == 1.0


def test_the_numbers_of_claim_c3() -> None:
    A = matrices()["Jordan"]
    assert resolvent_bound(A) == pytest.approx(25.0, abs=0.1)
    assert max(powers(A)) == pytest.approx(38.7, abs=0.1)
    assert next(s for s in range(1, 400) if all(x < 1 for x in powers(A)[s:])) == 63


def test_the_resolvent_recursion_of_the_lower_half() -> None:
    # R = (I + W R) / z, and |z| ||W^j R|| <= S + ||W^(j+1) R||, in 30 digits
    with mpmath.workdps(30):
        A = mpmath.matrix([[mpmath.mpf("0.9"), 10], [0, mpmath.mpf("0.9")]])
        for z in (mpmath.mpc("1.01", "0.3"), mpmath.mpc(-2), mpmath.mpc("1.001")):
            R = mpmath.inverse(z * mpmath.eye(2) - A)
            assert mpmath.mnorm(R - (mpmath.eye(2) + A * R) / z, "f") < mpmath.mpf(10) ** -24
            running = mpmath.eye(2)
            for _ in range(20):
                here, after = (max(mpmath.svd_c(M * R, compute_uv=False)) for M in (running, A * running))
                assert abs(z) * here <= mpmath.mpf("38.75") + after
                running = A * running


def run(A: np.ndarray, start: np.ndarray, inputs: np.ndarray, noise: np.ndarray) -> list[np.ndarray]:
    found = [start]
    for u, e in zip(inputs, noise, strict=True):
        found.append(np.tanh(A @ found[-1] + u) + e)
    return found


@pytest.mark.parametrize("size", [1, 2, 5])
def test_trajectories_of_a_tanh_network_contract_and_noise_stays_in_its_ball(size) -> None:
    rng = np.random.default_rng(size)
    A = rng.standard_normal((size, size))
    A *= 0.8 / norm(A)
    inputs, silence = rng.standard_normal((40, size)), np.zeros((40, size))
    start, other = rng.standard_normal((2, size))
    first, second = (run(A, x, inputs, silence) for x in (start, other))
    for (s, a, c), (lag, x, y) in itertools.product(*[[(s, first[s], second[s]) for s in range(41)]] * 2):
        if s <= lag:
            assert norm_of(x - y) <= 0.8 ** (lag - s) * norm_of(a - c) * (1 + 1e-9) + 1e-15
    d = 0.3
    noise = rng.standard_normal((40, size))
    noise *= (1 - 0.8) * d / np.linalg.norm(noise, axis=1, keepdims=True)
    noisy = run(A, first[0] + d * noise[0] / norm_of(noise[0]), inputs, noise)
    assert all(norm_of(x - y) <= d * (1 + 1e-9) for x, y in zip(noisy, first, strict=True))


def norm_of(x: np.ndarray) -> float:
    return float(np.linalg.norm(x))


def test_noise_that_is_larger_leaves_the_ball() -> None:
    # the linear unit of slope 1/2 with noise d in place of d/2 goes to 2d
    distance = 1.0
    for _ in range(50):
        distance = 0.5 * distance + 1.0
    assert distance > 1.9


def test_a_latched_state_stays_where_steps_contract() -> None:
    # w = 2: near the fixed point y = 0.9575 the mean slope to any state of at least 0.8 is at most gamma, gamma w < 1
    with mpmath.workdps(30):
        y = mpmath.findroot(lambda v: mpmath.tanh(2 * v) - v, 0.95)
        d = y - mpmath.mpf("0.8")
        slack = mpmath.mpf("0.05")
        g = 1 - mpmath.tanh(2 * mpmath.mpf("0.8") - slack) ** 2  # the largest slope between the net inputs
        assert 2 * g < 1
        largest = min((1 - 2 * g) * d / g, slack)
        for sign in (1, -1):
            x = y - d
            for step in range(60):
                x = mpmath.tanh(2 * x + sign * largest * (-1) ** (step // 7))
                assert abs(x - y) <= d


@pytest.mark.parametrize("w", ["1.05", "1.5", "4"])
def test_the_critical_input_is_where_the_smallest_latch_begins_to_forget(w) -> None:
    with mpmath.workdps(30):
        w = mpmath.mpf(w)
        rest = mpmath.sqrt(1 - 1 / w)
        critical = mpmath.sqrt(w * (w - 1)) - mpmath.acosh(mpmath.sqrt(w))
        kept = forgotten = rest
        for _ in range(400):
            kept = mpmath.tanh(w * kept - critical + mpmath.mpf(10) ** -25)
            forgotten = mpmath.tanh(w * forgotten - critical - mpmath.mpf("0.05"))
        assert kept >= rest
        assert forgotten < 0 < rest


def test_vanishing_needs_one_bound_for_all_steps() -> None:
    # claim C15: norms 1 - 1/(t+2)^2, each below 1, have a product that tends to 1/2
    steps = [1 - 1 / (s + 2) ** 2 for s in range(20000)]
    assert all(x < 1 for x in steps)
    assert math.prod(steps) == pytest.approx(0.5, abs=1e-4)
    assert max(steps) ** 20000 > 0.5  # the supremum on these steps still bounds the product
