"""Laws of the gradient by lag: dE/dtheta = sum_k P_k, and no lag underflows, overflows or becomes NaN."""

import math

import mpmath
import numpy as np
import pytest

from errorflow.numerics import Network, reverse, simulate, white_noise
from errorflow.numerics.backprop import Flows, backward, unit_cotangents
from errorflow.numerics.simulate import Trajectory
from errorflow.theory import activations, cells
from errorflow.theory.language import Cell, bias, inputs, let, matrix, scalar, state, stop

CELLS = cells.names()


def vanilla(W, *, phi=None, b=None) -> Network:
    """An Elman network with input weights 1 and bias 0, the identity as its function unless given."""
    W = np.asarray(W, dtype=float)
    cell = cells.get("elman", activation=phi or activations.Identity())
    n = W.shape[-1]
    return Network(cell, {"W": W, "B": np.eye(n), "b": np.zeros(n) if b is None else b}, untied=W.ndim == 3)


def driven(network, *, steps=4, samples=2, scale=1.0, rng=1) -> Trajectory:
    return simulate(network, white_noise(network, steps=steps, samples=samples, scale=scale, rng=rng))


def parts_by_complex_step(equations, trajectory, g, sample: int, step=None) -> dict[str, np.ndarray]:
    """d<g, x_T>/d(copy of step t), t = T..1, for every parameter: each copy is moved on its own."""
    network, found = trajectory.network, {}
    step = step or (lambda p, x, u: equations.step(network.cell.name, p, x, u))
    for parameter in network.parameters:

        def final(moved, t, parameter=parameter):
            x = trajectory.states[0, :, sample]
            for s, u in enumerate(trajectory.inputs[..., sample], start=1):
                p = dict(network.at(s))
                x = step({**p, parameter: moved} if s == t else p, x, u)
            return g @ x

        copies = [
            equations.derivative(lambda moved, t=t: final(moved, t), network.at(t)[parameter])
            for t in range(trajectory.steps, 0, -1)
        ]
        found[parameter] = np.array(copies)
    return found


def matrices(flows: Flows, name: str) -> np.ndarray:
    """The parts of the first sample lag by lag, put together from their terms, the rows of all groups below each other."""
    parameter, found = flows.trajectory.network.cell.parameter(name), []
    for lag, (groups,) in flows.parts([parameter], range(flows.trajectory.steps)):
        rows = [sum(np.outer(d[:, 0, 0], [1.0] if x is None else x[:, 0]) for d, x in group) for group in groups]
        found.append(np.exp(flows.logs[lag, 0, 0]) * np.concatenate(rows))
    return np.array(found)


def check_parts(equations, trajectory, step=None) -> None:
    """The lag-k part is the gradient of copy T-k; the running total is the gradient of the last k+1 copies."""
    names = tuple(trajectory.network.parameters)
    g = unit_cotangents(trajectory.network.state_dim, samples=trajectory.samples, directions=1, rng=5)
    passed = backward(trajectory, g, parameters=names, summed=trajectory.samples)
    for sample in range(trajectory.samples):
        for name, parts in parts_by_complex_step(equations, trajectory, g[:, sample, 0], sample, step).items():
            by_lag = parts.reshape(len(parts), -1)
            alone, together = np.linalg.norm(by_lag, axis=1), np.linalg.norm(np.cumsum(by_lag, axis=0), axis=1)
            found = [np.exp(log[name][:, sample, 0]) for log in (passed.log_part, passed.log_total)]
            np.testing.assert_allclose(found, [alone, together], rtol=1e-11, atol=1e-14, err_msg=name)


# The gradient is the sum over lags


@pytest.mark.parametrize("options", [{}, {"steps": 4}], ids=["tied", "untied"])
@pytest.mark.parametrize("cell", CELLS)
def test_the_part_of_lag_k_is_the_gradient_of_copy_T_minus_k(cell, options, equations, gaussian) -> None:
    check_parts(equations, driven(gaussian(cell, n=2, **options), samples=1))


@pytest.mark.parametrize("cell", CELLS)
def test_parts_of_a_matrix_are_gradients_of_copies_and_add_up_to_that_of_the_shared_one(
    cell, equations, gaussian
) -> None:
    trajectory = driven(gaussian(cell, n=2), samples=1)
    network = trajectory.network
    g = unit_cotangents(network.state_dim, samples=1, directions=1, rng=5)
    flows = backward(trajectory, g, summed=1).flows
    for name, parts in parts_by_complex_step(equations, trajectory, g[:, 0, 0], 0).items():
        if parts.ndim < 3 or cell == "gru_reset_before":  # whose products come in another order than their rows
            continue

        def shared(moved, name=name):
            x = np.zeros(network.state_dim)
            for u in trajectory.inputs[..., 0]:
                x = equations.step(cell, {**network.parameters, name: moved}, x, u)
            return g[:, 0, 0] @ x

        found, tied = matrices(flows, name), equations.derivative(shared, network.parameters[name])
        np.testing.assert_allclose(found, parts, rtol=1e-11, atol=1e-14, err_msg=name)
        np.testing.assert_allclose(found.sum(axis=0), tied, rtol=1e-11, atol=1e-14, err_msg=name)


def leaky(p, x, u):
    """h' = (1 - k) h + k tanh(W h + B u + c h), with a scalar k, and c a weight of each unit on itself."""
    return (1 - p["k"]) * x + p["k"] * np.tanh(p["W"] @ x + p["B"] @ u + p["c"] * x)


def leaky_cell() -> Cell:
    h, k = state("h"), scalar("k")
    a = let("a", matrix("W") @ h + matrix("B", columns="m") @ inputs("u") + bias("c") * h)
    return Cell("leaky", {"h": (1 - k) * h + k * activations.Tanh()(a)})


@pytest.mark.parametrize("options", [{}, {"steps": 4}], ids=["tied", "untied"])
def test_scalars_and_weights_on_a_diagonal_have_parts_too(options, equations, gaussian) -> None:
    trajectory = driven(gaussian(leaky_cell(), n=2, **options), samples=2)
    assert {p.kind for p in trajectory.network.cell.parameters} == {"matrix", "bias", "scalar"}
    check_parts(equations, trajectory, leaky)


def featured(p, x, u):
    """h' = tanh(W h + V tanh(B u + b)): features of the input that no state enters."""
    return np.tanh(p["W"] @ x + p["V"] @ np.tanh(p["B"] @ u + p["b"]))


def featured_cell() -> Cell:
    phi = activations.Tanh()
    features = let("f", phi(let("e", matrix("B", columns="m") @ inputs("u") + bias("b"))))
    return Cell("featured", {"h": phi(let("a", matrix("W") @ state("h") + matrix("V") @ features))})


def test_parameters_that_act_before_the_state_comes_in_have_parts_too(equations, gaussian) -> None:
    check_parts(equations, driven(gaussian(featured_cell(), n=2), samples=2), featured)


def test_behind_a_stop_there_is_no_gradient(gaussian) -> None:
    a = let("a", matrix("W") @ state("h") + stop(matrix("V") @ state("h")) + matrix("B", columns="m") @ inputs("u"))
    trajectory = driven(gaussian(Cell("stopped", {"h": activations.Tanh()(a)}), n=2))
    passed = backward(trajectory, unit_cotangents(2, samples=2, directions=1, rng=5), parameters=("W", "V"), summed=1)
    assert np.isneginf(passed.log_part["V"]).all()
    assert np.isneginf(passed.log_total["V"]).all()
    assert np.isfinite(passed.log_part["W"][:-1]).all()


@pytest.mark.parametrize("plant", ["lag off by one", "forward order"])
def test_planted_orders_of_the_steps_are_caught(plant, equations, gaussian, monkeypatch) -> None:
    def late(self):  # the factors of step t-1 in place of those of step t
        return ((t, self.point(max(t - 1, 1))) for t in range(self.steps, 0, -1))

    def forward(self):
        return ((t, self.point(t)) for t in range(1, self.steps + 1))

    monkeypatch.setattr(Trajectory, "backward", late if plant == "lag off by one" else forward)
    with pytest.raises(AssertionError):
        check_parts(equations, driven(gaussian("elman", n=2), samples=1))


def without_the_cell_path(real):
    """Drop the edge from the old cell state c to f * c."""
    return lambda node: [(v, f) for v, f in real(node) if getattr(v, "name", "") != "c"]


def all_ours(real):
    """Use the memory of every array, whoever else may hold it."""
    return lambda self, node, factor, delta, *, own: real(self, node, factor, delta, own=True)


@pytest.mark.parametrize("plant", ["lost path", "shared memory"])
def test_planted_faults_of_the_route_are_caught(plant, equations, gaussian, monkeypatch) -> None:
    if plant == "lost path":
        monkeypatch.setattr(reverse, "edges", without_the_cell_path(reverse.edges))
    else:
        monkeypatch.setattr(reverse._Flows, "add", all_ours(reverse._Flows.add))
    with pytest.raises(AssertionError):
        check_parts(equations, driven(gaussian("lstm", n=2), samples=1))


@pytest.mark.peer("torch")
@pytest.mark.parametrize(("layer", "cell"), [("RNN", "elman"), ("LSTM", "lstm"), ("GRU", "gru")])
def test_the_total_is_the_gradient_that_torch_finds(layer, cell, gaussian) -> None:
    import torch

    network = gaussian(cell)
    trajectory = driven(network, steps=30, samples=1)
    rnn = getattr(torch.nn, layer)(2, 3).double()
    with torch.no_grad():
        p = {name: torch.tensor(array) for name, array in network.parameters.items()}
        rnn.weight_hh_l0.copy_(p["W"]), rnn.weight_ih_l0.copy_(p["B"])
        rnn.bias_ih_l0.copy_(p["b"]), rnn.bias_hh_l0.zero_()
        if cell == "gru":
            rnn.bias_hh_l0[6:] = p["d"]
    g = unit_cotangents(network.state_dim, samples=1, directions=1, rng=5)
    _, last = rnn(torch.tensor(trajectory.inputs.transpose(0, 2, 1)))
    final = torch.cat([x.reshape(-1) for x in last]) if cell == "lstm" else last.reshape(-1)
    (final @ torch.tensor(g[:, 0, 0])).backward()
    passed = backward(trajectory, g, parameters=("W", "B"), summed=1)
    for name, tensor in (("W", rnn.weight_hh_l0), ("B", rnn.weight_ih_l0)):
        assert math.exp(passed.log_total[name][-1, 0, 0]) == pytest.approx(float(tensor.grad.norm()), rel=1e-11)


def test_a_matrix_that_acts_twice_in_a_step_receives_both_uses(equations) -> None:
    W, h = matrix("W"), state("h")
    first = let("s", activations.Tanh()(let("a", W @ h + matrix("B", columns="m") @ inputs("u"))))
    cell = Cell("twice", {"h": activations.Tanh()(let("e", W @ first + bias("b")))})
    random = np.random.default_rng(3)
    p = {"W": random.standard_normal((2, 2)), "B": random.standard_normal((2, 1)), "b": random.standard_normal(2)}
    network = Network(cell, p)
    trajectory = driven(network, steps=5, samples=1)
    g = unit_cotangents(2, samples=1, directions=1, rng=5)

    def loss(moved):
        x = np.zeros(2)
        for u in trajectory.inputs[..., 0]:
            x = np.tanh(moved @ np.tanh(moved @ x + p["B"] @ u) + p["b"])
        return g[:, 0, 0] @ x

    total = equations.derivative(loss, p["W"])
    passed = backward(trajectory, g, parameters=("W",), summed=1)
    assert math.exp(passed.log_total["W"][-1, 0, 0]) == pytest.approx(np.linalg.norm(total), rel=1e-11)


# Long lags, in logs


def exact_log_norms(trajectory, g, lags) -> list[float]:
    """log ||J(T, T-k)^T g|| of a vanilla logistic network with 200 digits, from the trajectory's own states."""
    with mpmath.workdps(200):
        W, found = mpmath.matrix(trajectory.network.parameters["W"].tolist()), {0: 0.0}
        v = mpmath.matrix(g[:, 0, 0].tolist())
        for lag in range(1, max(lags) + 1):
            h = trajectory.states[trajectory.steps + 1 - lag, :, 0]
            slopes = [mpmath.mpf(x) * (1 - mpmath.mpf(x)) for x in h.tolist()]
            v = W.T * mpmath.matrix([s * x for s, x in zip(slopes, v, strict=True)])
            found[lag] = float(mpmath.log(mpmath.norm(v)))
    return [found[lag] for lag in lags]


def test_lags_far_below_the_smallest_double_are_those_of_200_digits(gaussian) -> None:
    trajectory = driven(gaussian("elman", phi="logistic"), steps=2000, samples=1)
    g = unit_cotangents(3, samples=1, directions=1, rng=5)
    log_norm = backward(trajectory, g).log_norm[:, 0, 0]
    lags = [0, 1, 2, 10, 500, 1000, 2000]
    assert log_norm[2000] < -2500
    np.testing.assert_allclose(log_norm[lags], exact_log_norms(trajectory, g, lags), rtol=1e-13, atol=1e-13)


def plain_product(W, slopes, dtype) -> np.ndarray:
    """W^T D_k ... W^T D_1 g as anybody would write it: where everything has underflowed it is zero."""
    v = np.ones(len(W), dtype)
    for s in slopes:
        v = W.T.astype(dtype) @ (s.astype(dtype) * v)
    return v


def test_a_logistic_network_of_float32_weights_has_its_logs_at_lag_600() -> None:
    """Gain 1, n = 256: plain products underflow to zero in float32 and in float64; a rescaled recursion does not."""
    random = np.random.default_rng(0)
    W = (random.standard_normal((256, 256)) / 16).astype(np.float32)
    cell = cells.get("elman", activation=activations.get("logistic"))
    arrays = {"W": W, "B": np.eye(256, 4, dtype=np.float32), "b": np.zeros(256, np.float32)}
    network = Network(cell, arrays)
    assert network.dtype == "float32"
    trajectory = driven(network, steps=600, samples=1)
    g = np.full((256, 1, 1), 1 / 16)
    log_norm = backward(trajectory, g, parameters=("W",), summed=1).log_norm[:, 0, 0]
    slopes = [h * (1 - h) for h in trajectory.states[:0:-1, :, 0]]
    for dtype in (np.float32, np.float64):
        assert not plain_product(W, slopes, dtype).any()
    v, powers = g[:, 0, 0], 0  # exponents of two are taken out by hand
    for s in slopes:
        v = np.float64(W).T @ (s * v)
        exponent = math.frexp(float(np.abs(v).max()))[1]
        v, powers = np.ldexp(v, -exponent), powers + exponent
    last = powers * math.log(2) + math.log(np.linalg.norm(v))
    assert last < math.log(5e-324)
    assert log_norm[600] == pytest.approx(last, rel=1e-12)
    assert np.isfinite(log_norm).all()


def test_64_logistic_units_give_finite_logs_at_all_of_2000_lags(gaussian) -> None:
    trajectory = driven(gaussian("elman", n=64, phi="logistic"), steps=2000)
    g = unit_cotangents(64, samples=2, directions=2, rng=5)
    passed = backward(trajectory, g, parameters=("W",), summed=2)
    assert np.isfinite(passed.log_norm).all()
    assert passed.log_norm[2000].max() < -2000
    assert np.isfinite(passed.log_total["W"]).all()
    assert np.isfinite(passed.log_part["W"][:-1]).all()
    assert np.isneginf(passed.log_part["W"][-1]).all()  # the first copy reads the zero initial state


def test_an_exploding_flow_stays_finite_in_logs() -> None:
    Q = np.linalg.qr(np.random.default_rng(1).standard_normal((4, 4)))[0]
    trajectory = driven(vanilla(5 * Q), steps=2000, scale=0.0)
    log_norm = backward(trajectory, unit_cotangents(4, samples=2, directions=2, rng=5)).log_norm
    np.testing.assert_allclose(
        log_norm, np.arange(2001)[:, None, None] * math.log(5) * np.ones((1, 2, 2)), rtol=1e-12, atol=1e-12
    )


def test_dead_units_give_exactly_minus_infinity() -> None:
    trajectory = driven(vanilla(np.eye(3), phi=activations.Relu(), b=-np.full(3, 100.0)), steps=50)
    passed = backward(trajectory, unit_cotangents(3, samples=2, directions=1, rng=5), parameters=("W", "b"), summed=1)
    np.testing.assert_allclose(passed.log_norm[0], 0, atol=1e-15)
    assert np.isneginf(passed.log_norm[1:]).all()
    for log in (*passed.log_part.values(), *passed.log_total.values()):
        assert np.isneginf(log).all()


def test_a_shift_is_isometric_and_then_nothing() -> None:
    trajectory = driven(vanilla(np.eye(5, k=-1)), steps=9, samples=1)
    first = np.eye(5)[:, [4]][:, None, :]  # the last tap
    log_norm = backward(trajectory, first).log_norm[:, 0, 0]
    assert log_norm.tolist() == [0.0] * 5 + [-math.inf] * 5


@pytest.mark.parametrize("slope", [1e-300, 1e-200, 1e200])
def test_tiny_and_huge_slopes_leave_the_parts_in_range(slope) -> None:
    trajectory = driven(vanilla([[0.5]], b=np.ones(1)), steps=3, samples=1, scale=0.0)
    steep = vanilla([[0.5 * slope]], b=np.ones(1))
    flat = backward(trajectory, np.ones((1, 1, 1)), parameters=("W", "b"))
    moved = backward(Trajectory(steep, trajectory.inputs, trajectory.states), np.ones((1, 1, 1)), parameters=("W", "b"))
    for name in ("W", "b"):  # lag k carries k factors W
        grown = flat.log_part[name][:, 0, 0] + np.arange(3) * math.log(slope)
        np.testing.assert_allclose(moved.log_part[name][:, 0, 0], grown, rtol=1e-12)


def test_saturated_units_and_tiny_states_keep_their_parts() -> None:
    saturated = vanilla(np.eye(1), b=np.array([345.0]), phi=activations.Tanh())
    passed = backward(driven(saturated, steps=2, samples=1, scale=0.0), np.ones((1, 1, 1)), parameters=("W", "b"))
    assert passed.log_part["b"][0, 0, 0] == pytest.approx(math.log(4) - 692, rel=1e-12)  # a_2 = 345 + tanh 345
    assert passed.log_part["W"][0, 0, 0] == pytest.approx(math.log(4) - 692, rel=1e-12)  # a_2 = 345 + tanh 345
    tiny = driven(vanilla(np.eye(1), b=np.array([1e-200])), steps=2, samples=1, scale=0.0)
    passed = backward(tiny, np.ones((1, 1, 1)), parameters=("W",), summed=1)
    assert passed.log_part["W"][0, 0, 0] == pytest.approx(-200 * math.log(10), rel=1e-12)
    assert passed.log_total["W"][1, 0, 0] == pytest.approx(-200 * math.log(10), rel=1e-12)


def test_parts_that_cancel_leave_a_small_total() -> None:
    trajectory = driven(vanilla([[-1.0]], b=np.ones(1)), steps=41, samples=1, scale=0.0)
    passed = backward(trajectory, np.ones((1, 1, 1)), parameters=("b",), summed=1)
    total = passed.log_total["b"][:, 0, 0]  # 1 - 1 + 1 - ...
    np.testing.assert_allclose(np.exp(total), np.arange(1, 42) % 2, atol=1e-7)


# Refusals


def test_arguments_that_do_not_fit_are_refused(gaussian) -> None:
    trajectory = driven(gaussian("elman"))
    with pytest.raises(ValueError, match=r"cotangent must have shape \(3, 2, 'directions'\), got \(3, 1, 1\)"):
        backward(trajectory, np.zeros((3, 1, 1)))
    with pytest.raises(ValueError, match="must be one of W, B, b, got 'V'"):
        backward(trajectory, np.zeros((3, 2, 1)), parameters=("V",))
    with pytest.raises(ValueError, match="summed must be between 0 and 2"):
        backward(trajectory, np.zeros((3, 2, 1)), parameters=("W",), summed=3)
    with pytest.raises(ValueError, match="one network, got a batch"):
        backward(driven(gaussian("elman", nets=2)), np.zeros((3, 2, 1)))


def test_cotangents_are_unit_vectors() -> None:
    g = unit_cotangents(5, samples=7, directions=3, rng=1)
    np.testing.assert_allclose(np.linalg.norm(g, axis=0), np.ones((7, 3)), rtol=1e-14)
