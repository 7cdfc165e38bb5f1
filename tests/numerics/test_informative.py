"""The task-informative gradient by coupled differences: against 200 digits, finite sums and closed forms."""

import dataclasses
import itertools
import math

import mpmath
import numpy as np
import pytest
import sympy as sp

from errorflow.numerics import Network, simulate
from errorflow.numerics.confrontation.credit import Sine
from errorflow.numerics.informative import coupled as module
from errorflow.numerics.informative.bound import informative_bound
from errorflow.numerics.informative.coupled import coupled_difference
from errorflow.numerics.informative.divided_differences import DividedDifferences
from errorflow.numerics.informative.linear_recall import linear_recall_gradient
from errorflow.numerics.informative.measure import _largest_share, informative_gradient
from errorflow.theory import activations, cells

ACTIVATIONS = (*activations.all(), Sine())


def network(W, B=None, *, phi=None, b=None) -> Network:
    W = np.asarray(W, dtype=float)
    B = np.ones((len(W), 1)) if B is None else np.asarray(B, dtype=float)
    b = np.zeros(len(W)) if b is None else b
    return Network(cells.get("elman", activation=phi), {"W": W, "B": B, "b": b})


def drawn(seed: int, *, n: int, rate: float, phi=None, m: int = 2) -> tuple[Network, np.ndarray]:
    """A network with ||W|| = rate and a readout."""
    rng = np.random.default_rng(seed)
    W = rng.standard_normal((n, n))
    W *= rate / np.linalg.norm(W, 2)
    return network(W, rng.standard_normal((n, m)), phi=phi, b=0.3 * rng.standard_normal(n)), rng.standard_normal(n)


# The oracle: two gradients with as many digits as it takes, and their plain difference


def exact_gradient(net: Network, inputs: np.ndarray, c: np.ndarray) -> mpmath.matrix:
    """dy_T/dW for inputs (T, m), by back-propagation in mpmath."""
    phi = net.cell.activations[0]
    value, slope = (sp.lambdify(activations.x, f, "mpmath") for f in (phi.expression, phi.slope))
    W, B, b = (mpmath.matrix(net.parameters[name].tolist()) for name in "WBb")
    h, slopes = [mpmath.zeros(net.n, 1)], []
    for u in inputs:
        a = W * h[-1] + B * mpmath.matrix(u.tolist()) + b
        h.append(a.apply(value))
        slopes.append(a.apply(slope))
    flow, total = mpmath.matrix(c.tolist()), mpmath.zeros(net.n, net.n)
    for t in range(len(inputs) - 1, -1, -1):
        delta = mpmath.matrix([slopes[t][i] * flow[i] for i in range(net.n)])
        total += delta * h[t].T
        flow = W.T * delta
    return total


def worst_error(net: Network, c, inputs, lags, *, mean=None, digits: int = 120) -> float:
    """The largest relative error of the library's coupled differences over samples and lags."""
    samples = inputs.shape[-1]
    found = coupled_difference(simulate(net, inputs), readout=c, lags=lags, mean=mean, groups=samples)
    worst = 0.0
    with mpmath.workdps(digits):
        for s in range(samples):
            one = exact_gradient(net, inputs[..., s], c)
            for i, lag in enumerate(lags):
                moved = inputs[..., s].copy()
                moved[-1 - lag] = 0 if mean is None else mean
                expected = one - exact_gradient(net, moved, c)
                scale = mpmath.exp(mpmath.mpf(max(float(found.log_scale[i, s]), -1e6)))
                ours = mpmath.matrix(found.sums[i, s].tolist()) * scale
                size = mpmath.mnorm(expected, "f")
                error = mpmath.mnorm(ours - expected, "f")
                worst = max(worst, float(error / size) if size else float(error))
    return worst


# The coupled difference


@pytest.mark.parametrize("phi", ACTIVATIONS, ids=lambda a: a.name)
def test_coupled_differences_are_those_of_120_digits(phi) -> None:
    net, c = drawn(1, n=3, rate=0.8 / float(phi.slope_range.magnitude), phi=phi)
    inputs = np.random.default_rng(2).standard_normal((14, 2, 2))
    assert worst_error(net, c, inputs, [0, 1, 5, 13], mean=np.array([0.3, -0.2])) < 1e-12


@pytest.mark.parametrize("lag", [60, 200])
def test_a_lag_of_two_hundred_steps_costs_no_digits(lag) -> None:
    """At lag 200 the difference is 1e-80 of the gradient."""
    net, c = drawn(0, n=4, rate=0.9)
    inputs = np.random.default_rng(1).standard_normal((lag + 3, 2, 1))
    assert worst_error(net, c, inputs, [lag], digits=160) < 1e-10


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(40))
def test_coupled_differences_are_those_of_200_digits_on_many_networks(seed) -> None:
    rng = np.random.default_rng(seed)
    phi = ACTIVATIONS[seed % len(ACTIVATIONS)]
    rate, lag = rng.uniform(0.3, 1.1) / float(phi.slope_range.magnitude), int(rng.integers(20, 200))
    net, c = drawn(seed, n=int(rng.integers(1, 7)), rate=rate, phi=phi)
    inputs = rng.standard_normal((lag + 20, 2, 1)) * 10 ** rng.uniform(-2, 0.5)
    assert worst_error(net, c, inputs, [0, 1, lag // 2, lag], digits=240) < 1e-6


@pytest.mark.parametrize(
    "W",
    [
        [[0.7]],
        [[0.0]],
        [[0.0, 3.0, 1.0], [0.0, 0.0, 2.0], [0.0, 0.0, 0.0]],  # nilpotent
        np.outer([1.0, -0.5, 0.2], [0.3, 0.4, 0.5]),  # of rank one
        np.eye(3)[[1, 2, 0]],  # of radius one
        [[1.0, 1.0], [0.0, 1.0]],  # a Jordan block
        np.diag([2.0, 3.0]),  # beyond every hypothesis
        np.array([[0.5, 0.1], [0.2, 0.3]], dtype=np.float32).astype(float),
    ],
    ids=["scalar", "zero", "nilpotent", "rank one", "permutation", "jordan", "expanding", "float32"],
)
def test_coupled_differences_hold_for_every_kind_of_matrix(W) -> None:
    net = network(W)
    inputs = np.random.default_rng(3).standard_normal((9, 1, 2))
    assert worst_error(net, np.arange(1.0, net.n + 1), inputs, [0, 1, 2, 8]) < 1e-10


def test_an_expectation_over_all_sequences_is_the_plain_mean() -> None:
    """E[y* G] itself, from a backward pass written out here, over all 2^7 sequences of -1 and 1."""
    net, c = drawn(4, n=3, rate=0.9, m=1)
    sequences = np.array(list(itertools.product([-1.0, 1.0], repeat=7)))
    W, B, b = (net.parameters[name] for name in "WBb")
    expected = np.zeros((7, 3, 3))
    for u in sequences:
        h = [np.zeros(3)]
        for entry in u:
            h.append(np.tanh(W @ h[-1] + B[:, 0] * entry + b))
        flow, G = c, np.zeros((3, 3))
        for t in range(7, 0, -1):
            delta = (1 - h[t] ** 2) * flow
            G, flow = G + np.outer(delta, h[t - 1]), W.T @ delta
        expected += u[::-1, None, None] * G / len(sequences)
    trajectory = simulate(net, sequences.T[:, None])
    found = coupled_difference(trajectory, readout=c, lags=range(7), weights=sequences.T[::-1] / len(sequences))
    ours = found.sums[:, 0] * np.exp(found.log_scale)[:, :, None]
    np.testing.assert_allclose(ours, expected, atol=1e-15)


def test_groups_and_chunks_of_lags_do_not_change_the_sum(monkeypatch) -> None:
    net, c = drawn(5, n=3, rate=0.9)
    trajectory = simulate(net, np.random.default_rng(0).standard_normal((12, 2, 6)))
    whole = coupled_difference(trajectory, readout=c, lags=[0, 2, 5, 11])
    monkeypatch.setattr(module, "MOST_BYTES", 1)
    parts = coupled_difference(trajectory, readout=c, lags=[0, 2, 5, 11], groups=3)
    total = (parts.sums * np.exp(parts.log_scale)[..., None, None]).sum(axis=1)
    np.testing.assert_allclose(total, (whole.sums * np.exp(whole.log_scale)[..., None, None])[:, 0], rtol=1e-12)


# The measurement


@pytest.mark.parametrize(("target", "correlation"), [("linear", 1.0), ("sign", math.sqrt(2 / math.pi))])
def test_the_measured_gradient_of_linear_recall_is_the_closed_form_within_its_error(target, correlation) -> None:
    net, c = drawn(0, n=4, rate=0.9, phi=activations.Identity())
    v, lags = np.array([0.6, 0.8]), [0, 1, 4, 30]
    found = informative_gradient(
        net, readout=c, lags=lags, steps=40, samples=4000, target=target, direction=v, input_scale=0.5, rng=0
    )
    assert np.isneginf(found.log_informative[0])
    for i, lag in enumerate(lags[1:], start=1):
        M, log_scale = linear_recall_gradient(net.parameters["W"], 0.5 * net.parameters["B"] @ v, c, lag)
        expected = log_scale + math.log(np.linalg.norm(M) * correlation)
        assert abs(math.expm1(found.log_informative[i] - expected)) < 4 * found.standard_error[i] < 0.2


def test_the_standard_error_is_the_scatter_of_repetitions() -> None:
    """Matrices of 40 repetitions scatter around their mean as each of them says, within 30 %."""
    net, c = drawn(0, n=3, rate=0.8)
    runs = [informative_gradient(net, readout=c, lags=[6], steps=8, samples=2000, rng=i) for i in range(40)]
    norms = np.exp([float(run.log_informative[0]) for run in runs])
    claimed = float(np.mean([float(run.standard_error[0]) for run in runs]))
    assert norms.std() / norms.mean() < 1.3 * claimed  # the norm errs by no more than the matrix
    assert claimed < 3 * norms.std() / norms.mean()


def test_the_standard_error_is_infinite_where_few_samples_carry_the_mean() -> None:
    """tanh units that are saturated on nearly all samples: 400 samples miss the mean by orders of magnitude."""
    rng = np.random.default_rng(2)
    W = rng.standard_normal((3, 3))
    net, c = network(W * (0.9 / np.linalg.norm(W, 2)), rng.standard_normal((3, 1))), rng.standard_normal(3)
    options = {"readout": c, "lags": [1, 5, 10], "steps": 12, "samples": 400}
    far = [informative_gradient(net, input_scale=20.0, rng=seed, **options) for seed in range(10)]
    assert all(np.isinf(found.standard_error[2]) for found in far)
    spread = np.ptp([found.log_informative[2] for found in far])
    assert spread > 2.0  # nats
    near = informative_gradient(net, input_scale=0.5, rng=0, **options)
    assert (near.standard_error < 0.5).all()
    assert (near.largest_share < 0.2).all()


def test_one_sample_that_carries_a_fifth_of_the_sizes_makes_the_error_unknown() -> None:
    """The shares are those of the sizes of single samples."""
    net, c = drawn(0, n=3, rate=0.8)
    trajectory = simulate(net, np.random.default_rng(0).standard_normal((8, 2, 50)))
    weights = np.ones((2, 50))
    even = coupled_difference(trajectory, readout=c, lags=[1, 6], weights=weights)
    weights[:, 7] = 1e4
    heavy = coupled_difference(trajectory, readout=c, lags=[1, 6], weights=weights)
    shares = [_largest_share(found.log_sizes) for found in (even, heavy)]
    sizes = np.exp(even.log_sizes)
    np.testing.assert_allclose(shares[0], sizes.max(axis=1) / sizes.sum(axis=1))
    assert (shares[1] > 0.9).all()
    norms = coupled_difference(trajectory, readout=c, lags=[1, 6], groups=50).log_norms
    assert (norms <= even.log_sizes + math.log(9)).all()  # no norm exceeds n^2 times the sum of the largest entries


@pytest.mark.parametrize("size", [1e-170, 1e170])
def test_a_readout_of_any_size_moves_the_logarithms_alone(size) -> None:
    net, c = drawn(0, n=3, rate=0.9)
    options = {"lags": [1, 4], "steps": 6, "samples": 400, "rng": 0}
    one, other = (informative_gradient(net, readout=c * factor, **options) for factor in (1.0, size))
    np.testing.assert_allclose(other.log_informative, one.log_informative + math.log(size), rtol=1e-12)
    np.testing.assert_allclose(other.standard_error, one.standard_error, rtol=1e-10)
    tiny = informative_gradient(net, readout=c, direction=[1e-200, 2e-200], **options)
    like = informative_gradient(net, readout=c, direction=[1.0, 2.0], **options)
    np.testing.assert_allclose(tiny.log_informative, like.log_informative, rtol=1e-12)


def test_a_lag_of_2000_has_a_finite_logarithm_and_the_total_does_not_fall() -> None:
    net, c = drawn(0, n=3, rate=0.5)
    found = informative_gradient(net, readout=c, lags=[1, 100, 2000], steps=2001, samples=8, rng=0)
    bound = informative_bound(net, readout=c, lags=[1, 100, 2000])
    assert np.isfinite(found.log_informative).all()
    assert (found.log_informative < bound.log_values).all()
    assert found.log_informative[2] < -1300  # no double goes there
    assert -2 < found.log_total < 2
    assert abs(found.log_mean_total - found.log_total) < 0.5


def test_the_standard_error_of_a_jumping_slope_is_infinite_until_enough_samples_have_met_the_jump() -> None:
    """A unit of slope zero or one crosses its kink with a probability of the size of what is measured."""
    net, c = drawn(0, n=3, rate=0.5, phi=activations.Relu())
    found = informative_gradient(net, readout=c, lags=[1, 40], steps=45, samples=400, rng=0)
    assert found.crossings[0] >= 30 > found.crossings[1]
    assert np.isfinite(found.standard_error[0])
    assert np.isinf(found.standard_error[1])


def test_the_same_seed_gives_the_same_numbers_in_chunks_of_any_size(monkeypatch) -> None:
    net, c = drawn(0, n=3, rate=0.9)
    options = {"readout": c, "lags": [1, 7], "steps": 10, "samples": 59, "rng": 3}
    whole = informative_gradient(net, **options)
    monkeypatch.setattr("errorflow.numerics.informative.measure.MOST_BYTES", 1)
    parts = informative_gradient(net, **options)
    assert whole.samples == parts.samples == 58
    np.testing.assert_allclose(parts.log_informative, whole.log_informative, rtol=1e-12)
    np.testing.assert_allclose(parts.standard_error, whole.standard_error, rtol=1e-10)
    assert parts.log_total == pytest.approx(whole.log_total, rel=1e-12)


# Planted bugs, each of which the oracle sees


def forget_second_term(monkeypatch) -> None:
    start, add, seconds = module._Pass.__init__, module._Total.add, []

    def remembered(self, *arguments):
        start(self, *arguments)
        seconds.extend(self.H.values())

    def only_first(self, left, right, logs):
        if not any(right is H for H in seconds):
            add(self, left, right, logs)

    monkeypatch.setattr(module._Pass, "__init__", remembered)
    monkeypatch.setattr(module._Total, "add", only_first)


def subtract_plainly(monkeypatch) -> None:
    def plain(self, a, step):
        before = np.broadcast_to(a, step.shape) - step
        safe = np.where(step == 0, 1.0, step)
        return (np.tanh(a) - np.tanh(before)) / safe, (np.tanh(before) ** 2 - np.tanh(a) ** 2) / safe

    monkeypatch.setattr(DividedDifferences, "__call__", plain)
    monkeypatch.setattr(module, "NO_STEP", 0.0)


def replace_another_step(monkeypatch) -> None:
    start = module._Pass.__init__

    def late(self, base, lags, mean):
        start(self, dataclasses.replace(base, inputs=np.roll(base.inputs, 1, axis=0)), lags, mean)

    monkeypatch.setattr(module._Pass, "__init__", late)


def shift_the_lag(monkeypatch) -> None:
    start = module._Pass.__init__
    monkeypatch.setattr(
        module._Pass,
        "__init__",
        lambda self, base, lags, mean: start(self, base, tuple(max(0, lag - 1) for lag in lags), mean),
    )


def take_the_actual_states(monkeypatch) -> None:
    """h in place of h' beside the differences of delta."""
    sums = module._Pass.sums

    def doubled(self, weights, groups):
        self.after = {t: np.full_like(logs, -np.inf) for t, logs in self.after.items()}
        return sums(self, weights, groups)

    monkeypatch.setattr(module._Pass, "sums", doubled)


@pytest.mark.parametrize(
    ("plant", "lag"),
    [
        (forget_second_term, 3),
        (subtract_plainly, 60),
        (replace_another_step, 3),
        (shift_the_lag, 3),
        (take_the_actual_states, 3),
    ],
)
def test_a_planted_bug_is_seen(plant, lag, monkeypatch) -> None:
    net, c = drawn(0, n=4, rate=0.9)
    inputs = np.random.default_rng(1).standard_normal((lag + 3, 2, 1))
    assert worst_error(net, c, inputs, [lag]) < 1e-10
    plant(monkeypatch)
    assert worst_error(net, c, inputs, [lag]) > 1e-6
