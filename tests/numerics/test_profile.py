"""Laws of the profile: extreme singular values of J(T, T-k) in logs, whatever their size and condition."""

import math
import subprocess
import sys

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from errorflow.numerics import Network, simulate, white_noise
from errorflow.numerics import extremes as module
from errorflow.numerics.extremes import FULL_SVD, SETTLED, extreme_singular_values
from errorflow.numerics.profile import gradient_profile, lag_grid, log_shares
from errorflow.numerics.simulate import Trajectory
from errorflow.theory import activations, cells

CELLS = cells.names()


def linear(W) -> Network:
    cell = cells.get("elman", activation=activations.Identity())
    n = len(W)
    return Network(cell, {"W": np.asarray(W, dtype=float), "B": np.eye(n), "b": np.zeros(n)})


def driven(network, *, steps, samples=1, scale=1.0, rng=1) -> Trajectory:
    return simulate(network, white_noise(network, steps=steps, samples=samples, scale=scale, rng=rng))


def step_jacobians(equations, trajectory, sample=0) -> list[np.ndarray]:
    """J_1, ..., J_T by complex steps of the equations."""
    name = trajectory.network.cell.name
    return [
        equations.derivative(
            lambda x, u=u, t=t: equations.step(name, trajectory.network.at(t), x, u),
            trajectory.states[t - 1, :, sample],
        )
        for t, u in enumerate(trajectory.inputs[..., sample], start=1)
    ]


def exact_extremes(factors) -> tuple[list[float], list[float]]:
    """Logs of the extreme singular values of J_T ... J_{T-k+1} with 200 digits, for k = 1..T."""
    top, bottom = [], []
    with mpmath.workdps(200):
        product = mpmath.eye(len(factors[0]))
        for J in reversed(factors):
            product = product * mpmath.matrix(J.tolist())
            values = mpmath.svd_r(product, compute_uv=False)
            top.append(float(mpmath.log(max(values))))
            bottom.append(float(mpmath.log(min(values))))
    return top, bottom


# Against products formed otherwise


@pytest.mark.parametrize(("cell", "n"), [("elman", 3), ("gru", 3), ("gru_reset_before", 3), ("lstm", 2)])
def test_extremes_of_60_factors_are_those_of_200_digits(cell, n, equations, gaussian) -> None:
    trajectory = driven(gaussian(cell, n=n, gain=2.0), steps=60)
    top, bottom = exact_extremes(step_jacobians(equations, trajectory))
    assert top[-1] - bottom[-1] > 16 * math.log(10)  # condition far above what one double product can hold
    largest, smallest = extreme_singular_values(trajectory)
    np.testing.assert_allclose(largest[1:], top, rtol=1e-11, atol=1e-11)
    np.testing.assert_allclose(smallest[1:], bottom, rtol=1e-11, atol=1e-11)
    assert largest[0] == smallest[0] == 0  # lag 0 is the identity


@pytest.mark.parametrize("cell", CELLS)
def test_extremes_of_short_products_are_numpys(cell, equations, gaussian) -> None:
    trajectory = driven(gaussian(cell, n=5), steps=4, samples=3)
    for sample in range(3):
        largest, smallest = extreme_singular_values(trajectory, sample=sample)
        product = np.eye(trajectory.network.state_dim)
        for lag, J in enumerate(reversed(step_jacobians(equations, trajectory, sample)), start=1):
            product = product @ J
            values = np.linalg.svd(product, compute_uv=False)
            found = np.exp([largest[lag], smallest[lag]])
            np.testing.assert_allclose(found, values[[0, -1]], rtol=1e-9, atol=1e-15 * values[0])


MANY = FULL_SVD + 16  # units for which the norm comes from an iteration


def factors(kind: str, steps: int) -> np.ndarray:
    """Matrices (steps, MANY, MANY) whose product has a crowded, a changing or an ordinary top of the spectrum."""
    random = np.random.default_rng(2)
    match kind:
        case "gaussian":
            return random.standard_normal((steps, MANY, MANY)) / math.sqrt(MANY)
        case "orthogonal":
            return np.linalg.qr(random.standard_normal((steps, MANY, MANY)))[0]
        case "switching":  # first the first half of the units is on top, then the other, then one unit
            rates = np.ones((steps, MANY))
            rates[-8:, : MANY // 2], rates[-20:-8, MANY // 2 :], rates[:-20, 5] = 2.0, 4.0, 50.0
            return rates[:, :, None] * np.eye(MANY)
        case "nearly equal":
            return np.tile(np.diag(np.linspace(1.0, 1.0 + 1e-4, MANY)), (steps, 1, 1))
    raise ValueError(kind)


@pytest.mark.parametrize("kind", ["gaussian", "orthogonal", "switching", "nearly equal"])
def test_the_iteration_for_many_units_agrees_with_the_full_svd(kind) -> None:
    steps = 30
    network = Network(
        cells.get("elman", activation=activations.Identity()),
        {"W": factors(kind, steps), "B": np.eye(MANY), "b": np.zeros(MANY)},
        untied=True,
    )
    largest, smallest = extreme_singular_values(driven(network, steps=steps, scale=0.0))
    product, inverse = np.eye(MANY), np.eye(MANY)
    for lag in range(1, steps + 1):
        factor = network.at(steps + 1 - lag)["W"]
        product, inverse = product @ factor, np.linalg.solve(factor, inverse)
        expected = [math.log(np.linalg.norm(product, 2)), -math.log(np.linalg.norm(inverse, 2))]
        tolerance = SETTLED if kind == "nearly equal" else 1e-9  # a gap below SETTLED is not resolved
        np.testing.assert_allclose([largest[lag], smallest[lag]], expected, rtol=tolerance, atol=tolerance)


def in_order(self):
    return ((t, self.point(t)) for t in range(1, self.steps + 1))


@pytest.mark.parametrize("plant", ["forward order", "transposed", "slopes on the other side"])
def test_planted_products_are_caught(plant, equations, gaussian, monkeypatch) -> None:
    trajectory = driven(gaussian("gru" if plant == "transposed" else "elman"), steps=20)
    top, _ = exact_extremes(step_jacobians(equations, trajectory))
    match plant:
        case "forward order":
            monkeypatch.setattr(Trajectory, "backward", in_order)
        case "transposed":
            real = type(trajectory.kernels).dense
            monkeypatch.setattr(type(trajectory.kernels), "dense", lambda *a: real(*a).transpose(0, 2, 1))
        case _:
            monkeypatch.setattr(module, "_scaled_product", lambda slopes, W, left: slopes * (W.T @ left))
    largest, _ = extreme_singular_values(trajectory)
    assert np.abs(largest[1:] - top).max() > 0.1


def test_a_shared_matrix_is_inverted_once_and_copies_each(gaussian, monkeypatch) -> None:
    solved = []
    real = module._solve
    monkeypatch.setattr(module, "_solve", lambda *a, **k: solved.append(1) or real(*a, **k))
    for options, count in (({}, 1), ({"steps": 12}, 12)):
        solved.clear()
        extreme_singular_values(driven(gaussian("elman", **options), steps=12))
        assert len(solved) == count


# Exact laws at any length


@pytest.mark.parametrize("gain", [0.5, 3.0])
def test_for_two_units_the_extremes_multiply_to_the_determinant(gain, gaussian) -> None:
    trajectory = driven(gaussian("elman", n=2, phi="logistic", gain=gain), steps=2000)
    largest, smallest = extreme_singular_values(trajectory)
    h = trajectory.states[:0:-1, :, 0]
    determinant = np.log(np.abs(np.linalg.det(trajectory.network.parameters["W"]))) + np.log(h * (1 - h)).sum(axis=1)
    np.testing.assert_allclose((largest + smallest)[1:], np.cumsum(determinant), rtol=1e-11)
    assert (largest + smallest)[2000] < -6000  # no double holds exp of it


def test_for_one_unit_both_extremes_are_the_sum_of_the_log_slopes(gaussian) -> None:
    trajectory = driven(gaussian("elman", n=1, phi="tanh"), steps=300)
    profile = gradient_profile(trajectory, rng=0)
    slopes = 1 - trajectory.states[:0:-1, 0, 0] ** 2
    total = np.concatenate([[0], np.cumsum(np.log(np.abs(slopes * trajectory.network.parameters["W"][0, 0])))])
    for log in (profile.largest, profile.smallest, profile.median):
        np.testing.assert_allclose(log, total, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("cell", CELLS)
def test_a_product_is_that_of_its_two_halves(cell, equations, gaussian) -> None:
    """J(T, 0) = J(T, s) J(s, 0): singular values of the whole lie between the products of those of the halves."""
    trajectory = driven(gaussian(cell), steps=40)
    whole, half = extreme_singular_values(trajectory), extreme_singular_values(trajectory.until(20))
    assert whole[0][40] <= whole[0][20] + half[0][20] + 1e-9
    assert whole[1][40] >= whole[1][20] + half[1][20] - 1e-9
    assert whole[0][40] >= max(whole[0][20] + half[1][20], whole[1][20] + half[0][20]) - 1e-9
    v = gradient_profile(trajectory, directions=8, rng=0).log_norm
    assert (v <= whole[0][:, None, None] + 1e-9).all()
    assert (v >= whole[1][:, None, None] - 1e-9).all()


def test_every_profile_starts_at_lag_zero_with_log_one(gaussian) -> None:
    for cell in CELLS:
        profile = gradient_profile(driven(gaussian(cell), steps=1, samples=2), rng=0)
        assert profile.lags.tolist() == [0, 1]
        np.testing.assert_allclose(profile.log_norm[0], 0, atol=1e-15)


# Singular steps


@pytest.mark.parametrize(
    ("W", "lost_from", "alive_until"),
    [
        (np.eye(5, k=-1), 1, 4),  # nilpotent: a tapped delay line
        (np.zeros((3, 3)), 1, 0),
        (np.zeros((1, 1)), 1, 0),
        (np.diag([2.0, 1.0, 0.0]), 1, 9),
        (np.outer([1.0, 2.0, 3.0], [3.0, 2.0, 1.0]), 1, 9),
        (np.diag([1e-200, 1e150]), 10, 9),
    ],
)
def test_rank_loss_is_minus_infinity_and_never_nan(W, lost_from, alive_until) -> None:
    largest, smallest = extreme_singular_values(driven(linear(W), steps=9, scale=0.0))
    assert np.isneginf(smallest).tolist() == [lag >= lost_from for lag in range(10)]
    assert np.isneginf(largest).tolist() == [lag > alive_until for lag in range(10)]


def test_dead_rectifiers_end_the_profile() -> None:
    cell = cells.get("elman", activation=activations.Relu())
    network = Network(cell, {"W": np.eye(3), "B": np.eye(3), "b": np.full(3, -1.0)})
    profile = gradient_profile(driven(network, steps=20, scale=0.0), rng=0)
    for log in (profile.largest, profile.smallest, profile.median, profile.quantile(0.95)):
        assert np.isneginf(log[1:]).all()


# Layout


@given(steps=st.integers(1, 200_000))
def test_every_lag_up_to_2000_steps_then_all_to_100_and_a_geometric_grid(steps) -> None:
    lags = lag_grid(steps)
    if steps <= 2000:
        assert np.array_equal(lags, np.arange(steps + 1))
    else:
        assert np.array_equal(lags[:101], np.arange(101))
        assert lags[-1] == steps
        assert (np.diff(lags) > 0).all()
        assert len(lags) <= 301
        assert (lags[101:] / lags[100:-1]).max() < 1.1


def test_a_grid_picks_the_values_of_its_lags(gaussian) -> None:
    trajectory = driven(gaussian("elman", n=1), steps=2100)
    profile = gradient_profile(trajectory, directions=1, rng=0)
    assert np.array_equal(profile.log_norm, profile.pass_.log_norm[profile.lags])
    assert np.array_equal(profile.largest, extreme_singular_values(trajectory)[0][profile.lags])


def test_without_singular_values_all_else_is_the_same(gaussian, monkeypatch) -> None:
    trajectory = driven(gaussian("lstm"), steps=20, samples=3)
    options = {"parameters": ("W", "b"), "summed": 2, "rng": 0}
    whole = gradient_profile(trajectory, **options)
    monkeypatch.setattr("errorflow.numerics.profile.extreme_singular_values", None)  # not even called
    bare = gradient_profile(trajectory, extremes=False, **options)
    assert np.isnan(bare.largest).all()
    assert np.isnan(bare.smallest).all()
    assert bare.largest.shape == whole.largest.shape
    assert np.array_equal(bare.log_norm, whole.log_norm)
    for name in ("W", "b"):
        assert np.array_equal(bare.pass_.log_part[name], whole.pass_.log_part[name])
        assert np.array_equal(bare.pass_.log_total[name], whole.pass_.log_total[name])


PEAK = """
import numpy as np
from errorflow.numerics import Network
from errorflow.numerics.profile import gradient_profile
from errorflow.theory import cells
n, steps, samples = {n}, {steps}, {samples}
random = np.random.default_rng(0)
W, B = random.standard_normal((4 * n, n)) / np.sqrt(n), random.standard_normal((4 * n, 8)) / np.sqrt(8)
network = Network(cells.get("lstm"), {{"W": W, "B": B, "b": np.zeros(4 * n)}})
done = [0]
def stop():
    done[0] += 1
    if done[0] > {lags}:
        raise KeyboardInterrupt  # the memory of the singular values does not depend on the number of lags
try:
    profile = gradient_profile(network, steps=steps, samples=samples, rng=0, advance=stop)
    assert np.isfinite(profile.largest).all()
except KeyboardInterrupt:
    pass
with open("/proc/self/status") as status:  # of this process alone: ru_maxrss counts the parent's memory before exec
    print(int(next(line for line in status if line.startswith("VmHWM")).split()[1]) // 1024)
"""


def peak_megabytes(**sizes: int) -> int:
    run = subprocess.run(
        [sys.executable, "-c", PEAK.format(**sizes)], capture_output=True, text=True, check=True, timeout=3000
    )
    return int(run.stdout)


def test_an_lstm_of_128_units_and_500_steps_stays_below_half_a_gigabyte() -> None:
    assert peak_megabytes(n=128, steps=500, samples=8, lags=20) < 512


@pytest.mark.slow
def test_an_lstm_of_512_units_and_1000_steps_stays_below_two_gigabytes() -> None:
    assert peak_megabytes(n=512, steps=1000, samples=32, lags=1000) < 2000


def test_quantiles_are_values_of_the_series(gaussian) -> None:
    profile = gradient_profile(driven(gaussian("elman"), steps=5, samples=3), directions=3, rng=0)
    flat = np.sort(profile.log_norm.reshape(6, -1), axis=1)
    assert np.array_equal(profile.median, flat[:, 4])
    assert np.array_equal(profile.quantile(0.05), flat[:, 0])


def test_shares_are_logs_of_fractions_that_add_up_to_one() -> None:
    parts = np.array([[[math.log(3.0)]], [[0.0]], [[-math.inf]]])
    np.testing.assert_allclose(np.exp(log_shares(parts))[:, 0, 0], [0.75, 0.25, 0.0])
    assert np.isneginf(log_shares(parts)[2]).all()
    assert np.isnan(log_shares(np.full((3, 1, 1), -np.inf))).all()
    far = np.array([[[-4000.0]], [[-5000.0]]])
    np.testing.assert_allclose(log_shares(far)[:, 0, 0], [0.0, -1000.0])


def test_arguments_are_checked(gaussian) -> None:
    for directions in (0, 1.0, True):
        with pytest.raises(ValueError, match="directions must be an integer of at least 1"):
            gradient_profile(gaussian("elman"), steps=3, directions=directions)
    with pytest.raises(ValueError, match="got a batch of 2"):
        gradient_profile(gaussian("elman", nets=2), steps=3)
    with pytest.raises(ValueError, match="steps must be below 168, at which a state overflows, got 300"):
        gradient_profile(linear([[8.0]]), inputs=np.ones((300, 1, 1)) * np.eye(1, 300).T[:, None])
