"""Laws of the error flow: one descent step moves log rho(W) by an equality, and the slopes as differences say."""

import math

import mpmath
import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.linalg import hadamard

from errorflow.numerics import Network, simulate, white_noise
from errorflow.numerics import error_flow as module
from errorflow.numerics.error_flow import DIFFERENCE_SAMPLES, error_flow, radius_derivatives
from errorflow.theory import activations, cells
from errorflow.theory.language import Cell, bias, inputs, let, matrix, state

CELLS = cells.names()


def log_radius(W) -> float:
    return float(np.log(np.abs(np.linalg.eigvals(W)).max()))


# The derivative of log rho


@given(n=st.integers(1, 6), scale=st.sampled_from([1e-200, 1.0, 1e200]), rng=st.integers(0, 2**32 - 1))
def test_the_derivative_of_log_rho_is_its_difference(n, scale, rng) -> None:
    random = np.random.default_rng(rng)
    W, G = random.standard_normal((2, n, n))
    size = np.sort(np.abs(np.linalg.eigvals(W)))
    complex_pair = np.iscomplexobj(np.linalg.eigvals(W)) and n > 1 and size[-1] - size[-2] < 1e-9
    rest = size[: -2 if complex_pair else -1]
    assume(not len(rest) or rest[-1] < 0.95 * size[-1])
    _, vectors = np.linalg.eig(W)
    assume(np.linalg.cond(vectors) < 50)
    step = 1e-6 * math.exp(log_radius(W)) / np.linalg.norm(G, 2)
    difference = (log_radius(W - step * G) - log_radius(W + step * G)) / (2 * step)
    (found,) = radius_derivatives(scale * W, [scale * G])
    assert found == pytest.approx(difference, rel=1e-5, abs=1e-9 / step)


def test_a_rotation_grows_by_its_trace() -> None:
    """W = r R(angle), a complex dominant pair: along -I the modulus |r e^{i angle} + eta| grows by cos(angle)/r."""
    for angle in (0.3, 1.5, 3.0):
        W = 2 * np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
        assert radius_derivatives(W, [-np.eye(2)]) == pytest.approx([math.cos(angle) / 2])


@pytest.mark.parametrize(
    "W",
    [
        np.diag([1.0, -1.0]),  # two real eigenvalues of one modulus
        np.diag([1.0, 1.0, 0.5]),  # not simple
        np.eye(2) + np.eye(2, k=1),  # a Jordan block
        np.eye(3, k=1),  # nilpotent
        np.zeros((2, 2)),
        np.kron(np.eye(2), [[0.0, -1.0], [1.0, 0.0]]),  # a double complex pair
        np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]),  # a pair and a real one
    ],
)
def test_no_derivative_exists_where_eigenvalues_cross(W) -> None:
    assert np.isnan(radius_derivatives(W, [np.ones_like(W), np.eye(len(W))])).all()


# The gradient of linear recall


def fixed(monkeypatch, network, *, steps, samples, lag):
    """Fix inputs, readout and target of one run; return the run and the gradient of its loss by complex steps."""
    u = white_noise(network, steps=steps, samples=samples, scale=1.0, rng=3)
    monkeypatch.setattr(module, "white_noise", lambda *a, **k: u)
    monkeypatch.setattr(module, "_unit", lambda size, count, random: np.ones((size, count)) / math.sqrt(size))
    c, q = np.ones(network.n) / math.sqrt(network.n), np.ones(network.m) / math.sqrt(network.m)

    def loss(W, step) -> complex:
        total = 0.0
        for sample in range(samples):
            x = np.zeros(network.state_dim)
            for row in u[..., sample]:
                x = step(network.cell.name, {**network.parameters, "W": W}, x, row)
            total = total + (c @ x[: network.n] - q @ u[steps - 1 - lag, :, sample]) ** 2
        return total / samples

    return error_flow(network, lag=lag, steps=steps, samples=samples, readouts=1), loss


@pytest.mark.parametrize("cell", CELLS)
def test_log_rho_moves_along_the_gradient_of_recall(cell, equations, gaussian, monkeypatch) -> None:
    network = gaussian(cell, n=2)
    flow, loss = fixed(monkeypatch, network, steps=6, samples=3, lag=2)
    W = network.parameters["W"]
    G = equations.derivative(lambda moved: loss(moved, equations.step), W)
    for i, name in enumerate(network.recurrent_blocks()):
        rows = slice(2 * i, 2 * i + 2)
        step = 1e-6 / np.abs(G).max()
        ends = [log_radius((W - sign * step * G)[rows]) for sign in (1, -1)]
        expected = (ends[0] - ends[1]) / (2 * step)
        assert flow.log_radius[name][0] == pytest.approx(expected, rel=1e-4, abs=1e-7), name


def test_slopes_move_along_the_gradient_of_recall(equations, gaussian, monkeypatch) -> None:
    network = gaussian("elman", n=3)
    flow, loss = fixed(monkeypatch, network, steps=6, samples=DIFFERENCE_SAMPLES, lag=2)
    W = network.parameters["W"]
    G = equations.derivative(lambda moved: loss(moved, equations.step), W)

    def mean_log_slope(eta):
        u, total = module.white_noise(), 0.0
        for sample in range(DIFFERENCE_SAMPLES):
            h = np.zeros(3)
            for row in u[..., sample]:
                h = np.tanh((W - eta * G) @ h + network.parameters["B"] @ row + network.parameters["b"])
                total = total + np.log(1 - h**2).mean()
        return total / 6 / DIFFERENCE_SAMPLES

    expected = mean_log_slope(1e-30j).imag / 1e-30
    assert flow.flow[0] == pytest.approx(expected, rel=1e-5)
    assert flow.rate == pytest.approx(expected + flow.log_radius["W"][0], rel=1e-5)


def test_growth_moves_along_the_gradient_of_recall_where_there_is_no_single_slope(
    equations, gaussian, monkeypatch
) -> None:
    network = gaussian("gru", n=2)
    flow, loss = fixed(monkeypatch, network, steps=4, samples=2, lag=2)
    W = network.parameters["W"]
    G = equations.derivative(lambda moved: loss(moved, equations.step), W)

    def mean_log_growth(eta) -> float:
        p, u, total = {**network.parameters, "W": W - eta * G}, module.white_noise(), 0.0
        for sample in range(2):
            x, v = np.zeros(2), np.ones(2)
            for row in u[..., sample]:
                v = equations.derivative(lambda z, row=row: equations.step("gru", p, z, row), x) @ v
                x = equations.step("gru", p, x, row)
            total += math.log(np.linalg.norm(v) / 1)
        return total / 4 / 2

    step = 1e-5
    expected = (mean_log_growth(step) - mean_log_growth(-step)) / (2 * step)
    assert flow.flow[0] == pytest.approx(expected, rel=1e-4)


# Self-regularization of a linear unit (claim C10), exactly


def linear_unit(w: float, *, b: float) -> Network:
    cell = cells.get("elman", activation=activations.Identity())
    return Network(cell, {"W": np.array([[w]]), "B": np.array([[b]]), "b": np.zeros(1)})


def exact_flow(monkeypatch, w: float, cb: float, lag: int):
    """Error flow of h' = w h + cb u with inputs whose second moments are exactly those of white noise."""
    steps = 512 if w > 0.96 else 256  # h forgets its start
    white = hadamard(steps).astype(float)[:, None, :]  # U U^T = T I, and the loss is quadratic in the inputs
    monkeypatch.setattr(module, "white_noise", lambda *a, **k: white)
    monkeypatch.setattr(module, "_unit", lambda size, count, random: np.ones((size, count)))
    return error_flow(linear_unit(w, b=cb), lag=lag, steps=steps, samples=steps, readouts=1)


@pytest.mark.parametrize("cb", [0.1, 0.01, -0.1])
@pytest.mark.parametrize("w", [0.5, 0.8, 0.9, 0.95])
def test_a_linear_unit_moves_by_the_derivative_of_its_exact_loss(w, cb, monkeypatch) -> None:
    """L(w) = (cb)^2/(1 - w^2) - 2 cb w^d + 1, hence d log w/d step = -L'(w)/w."""
    d = 20
    slope = 2 * cb**2 * w / (1 - w**2) ** 2 - 2 * cb * d * w ** (d - 1)
    found = exact_flow(monkeypatch, w, cb, d)
    assert found.log_radius["W"] == pytest.approx((-slope / w,), rel=1e-9)
    assert found.flow == (0.0,)  # the slope of the identity does not move
    assert found.word == ("raises" if slope < 0 else "lowers")


@pytest.mark.parametrize("cb", [0.1, 0.01])
def test_descent_raises_the_weight_exactly_inside_a_window(cb, monkeypatch) -> None:
    """cb < d w^{d-2} (1 - w^2)^2, for d = 20: (.876, .929) at cb = .1 and (.708, .987) at .01."""
    ends = {0.1: (0.876, 0.929), 0.01: (0.708, 0.987)}[cb]
    for guess, outward in zip(ends, (-1, 1), strict=True):
        edge = float(mpmath.findroot(lambda w: 20 * w**18 * (1 - w**2) ** 2 - cb, guess))
        assert edge == pytest.approx(guess, abs=1e-3)
        assert exact_flow(monkeypatch, edge + 1e-4 * outward, cb, 20).word == "lowers"
        assert exact_flow(monkeypatch, edge - 1e-4 * outward, cb, 20).word == "raises"


def test_readouts_of_both_signs_are_mixed() -> None:
    """With a random sign of the readout, the informative part of the gradient has a random sign, too."""
    signs = {error_flow(linear_unit(0.9, b=0.01), lag=20, steps=60, samples=4096, rng=r).word for r in range(6)}
    assert signs <= {"mixed", "raises", "lowers"}
    assert "mixed" in signs


# Where there is nothing to say


def test_no_flow_without_a_single_matrix_an_input_or_a_finite_state(gaussian) -> None:
    alone = Cell("alone", {"h": activations.Tanh()(let("a", matrix("W") @ state("h") + bias("b")))})
    diagonal = Cell("diagonal", {"h": let("o", bias("w") * state("h") + matrix("B", columns="m") @ inputs("u"))})
    growing = linear_unit(1e20, b=1.0)
    cases = {
        "untied copies have no single W": gaussian("elman", steps=5),
        "the cell has no input to recall": Network(alone, {"W": np.eye(2), "b": np.zeros(2)}),
        "the cell has no recurrent matrix": Network(diagonal, {"B": np.ones((2, 1)), "w": np.ones(2)}),
        "the states overflow within 40 steps": growing,
        "a derivative does not exist": linear_unit(0.0, b=1.0),
    }
    for reason, network in cases.items():
        found = error_flow(network, steps=40, rng=0)
        assert found.word == "undecided"
        assert reason in found.reason
        assert math.isnan(found.rate)


@pytest.mark.parametrize("lag", [-1, 40, 41])
def test_the_lag_lies_within_the_run(lag, gaussian) -> None:
    with pytest.raises(ValueError, match=f"lag must be between 0 and 39, got {lag}"):
        error_flow(gaussian("elman"), lag=lag, steps=40)


def test_the_same_seed_gives_the_same_flow(gaussian) -> None:
    network = gaussian("lstm")
    assert error_flow(network, rng=1) == error_flow(network, rng=1) != error_flow(network, rng=2)


def test_states_are_left_as_they_were(gaussian) -> None:
    network = gaussian("elman")
    before = simulate(network, np.ones((4, 2, 1))).states
    error_flow(network, rng=0)
    assert np.array_equal(before, simulate(network, np.ones((4, 2, 1))).states)
