"""Divided differences of activations at steps of any size, and measurements with huge inputs."""

import math
import time

import mpmath
import numpy as np
import pytest
import sympy as sp

from errorflow.numerics import Network
from errorflow.numerics.confrontation.credit import Sine
from errorflow.numerics.informative.divided_differences import divided_differences
from errorflow.numerics.informative.measure import informative_gradient
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


@pytest.mark.parametrize("phi", ACTIVATIONS, ids=lambda a: a.name)
def test_divided_differences_keep_their_digits_at_every_step(phi) -> None:
    value, slope = (sp.lambdify(activations.x, f, "mpmath") for f in (phi.expression, phi.slope))
    rng = np.random.default_rng(0)
    for size in (1e-300, 1e-30, 5e-9, 9e-5, 1e-2, 0.09, 0.5, 7.0):
        a = np.array([0.0, *rng.uniform(-2, 2, 3), *rng.uniform(-8, 8, 3)])
        step = size * rng.choice([-1.0, 1.0], a.size) * rng.uniform(0.3, 1.0, a.size)
        found = divided_differences(phi)(a, step)
        with mpmath.workdps(400):
            for i, (at, by) in enumerate(zip(map(mpmath.mpf, a), map(mpmath.mpf, step), strict=True)):
                first, second = ((f(at) - f(at - by)) / by for f in (value, slope))
                assert abs(found[0][i] - first) <= 1e-12 * abs(first), (a[i], step[i])
                assert abs(found[1][i] - second) <= 1e-12 * max(abs(second), abs(first)), (a[i], step[i])


@pytest.mark.parametrize("phi", ACTIVATIONS, ids=lambda a: a.name)
@pytest.mark.parametrize("size", [60.0, 1e3, 1e6, 1e100])
def test_divided_differences_over_long_steps_are_those_of_400_digits(phi, size) -> None:
    """Steps of halves and whole numbers, so that a - step is exact; 1e-12 of a mean slope that is not an underflow."""
    value, slope = (sp.lambdify(activations.x, f, "mpmath") for f in (phi.expression, phi.slope))
    rng = np.random.default_rng(0)
    a = np.concatenate([rng.integers(-16, 17, 8) / 2, rng.integers(-60, 61, 8), rng.choice([-1, 1], 8) * 0.75 * size])
    step = rng.choice([-1.0, 1.0], a.size) * rng.choice([0.5, 0.75], a.size) * size
    if size == 1e100:  # whose double a - step is another number for other a, and whose sine means nothing
        a, step = np.append(a[-8:], 0.0), np.append(step[-8:], size)
    if phi.name == "sine" and size > 1e3:
        return
    found = divided_differences(phi)(a, step)
    with mpmath.workdps(400):
        for i, (at, by) in enumerate(zip(map(mpmath.mpf, a), map(mpmath.mpf, step), strict=True)):
            first, second = ((f(at) - f(at - by)) / by for f in (value, slope))
            if abs(first) > 1e-290:
                assert abs(found[0][i] - first) <= 1e-12 * max(abs(first), mpmath.mpf(10) ** -3 * (phi.name == "sine"))
                assert abs(found[1][i] - second) <= 1e-12 * max(abs(second), abs(first))


@pytest.mark.parametrize(
    "phi", [activations.Tanh(), activations.Identity(), activations.Softplus()], ids=lambda a: a.name
)
@pytest.mark.parametrize("scale", [1e3, 1e6, 1e100])
def test_huge_inputs_take_no_more_time_and_memory(phi, scale) -> None:
    net, c = drawn(0, n=3, rate=0.9, phi=phi)
    start = time.perf_counter()
    found = informative_gradient(net, readout=c, lags=[1, 10], steps=12, samples=400, input_scale=scale, rng=0)
    assert time.perf_counter() - start < 2.0
    if phi.name == "tanh":  # every slope, or all but a few, underflows: the error is not known
        assert np.isinf(found.standard_error).all()
    if phi.name == "identity":
        one = informative_gradient(net, readout=c, lags=[1, 10], steps=12, samples=400, rng=0)
        np.testing.assert_allclose(found.log_informative, one.log_informative + math.log(scale), rtol=1e-9)
