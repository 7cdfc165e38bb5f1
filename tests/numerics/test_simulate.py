"""Laws of trajectories: x_t = F(x_{t-1}, u_t), sample by sample, network by network, copy by copy."""

import math

import mpmath
import numpy as np
import pytest
import sympy as sp

from errorflow.numerics import Network, simulate, white_noise
from errorflow.numerics.simulate import Products, Trajectory, generator
from errorflow.theory import activations, cells
from errorflow.theory.language import Apply, Cell, bias, inputs, let, matrix, ones, state

CELLS = cells.names()


def by_hand(equations, network, inputs, start) -> np.ndarray:
    """States (T+1, N) of one sample by the equations, copy t of the parameters at step t."""
    states = [start]
    for t, u in enumerate(inputs, start=1):
        states.append(equations.step(network.cell.name, network.at(t), states[-1], u))
    return np.array(states)


@pytest.mark.parametrize("options", [{}, {"steps": 6}], ids=["tied", "untied"])
@pytest.mark.parametrize("cell", CELLS)
def test_states_follow_the_equations(cell, options, equations, gaussian) -> None:
    network = gaussian(cell, **options)
    random = np.random.default_rng(1)
    u, x = random.standard_normal((5, 2, 3)), random.standard_normal((network.state_dim, 3))
    trajectory = simulate(network, u, initial=x)
    for sample in range(3):
        expected = by_hand(equations, network, u[..., sample], x[:, sample])
        np.testing.assert_allclose(trajectory.states[..., sample], expected, rtol=1e-12, atol=1e-14)
    zero = by_hand(equations, network, u[..., 0], np.zeros(network.state_dim))
    np.testing.assert_allclose(simulate(network, u).states[..., 0], zero, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("cell", CELLS)
def test_a_batch_of_networks_is_a_loop_over_networks(cell, gaussian) -> None:
    batch = gaussian(cell, nets=4)
    u = white_noise(batch, steps=5, samples=2, scale=1.0, rng=1)
    states = simulate(batch, u).states
    for i in range(4):
        one = Network(batch.cell, {name: array[i] for name, array in batch.parameters.items()})
        np.testing.assert_allclose(states[:, i], simulate(one, u[:, i]).states, rtol=1e-13, atol=1e-15)


@pytest.mark.parametrize("cell", CELLS)
def test_equal_copies_move_as_the_shared_parameter_does(cell, gaussian) -> None:
    tied = gaussian(cell)
    W = np.repeat(tied.parameters["W"][None], 7, axis=0)
    untied = Network(tied.cell, {**tied.parameters, "W": W}, untied=True)
    u = white_noise(tied, steps=7, samples=2, scale=1.0, rng=1)
    assert np.array_equal(simulate(tied, u).states, simulate(untied, u).states)


def test_local_factors_belong_to_the_step_that_makes_the_state(equations, gaussian) -> None:
    network = gaussian("lstm", steps=5)
    trajectory = simulate(network, white_noise(network, steps=5, samples=1, scale=1.0, rng=1))
    walked = list(trajectory.backward())
    assert [t for t, _ in walked] == [5, 4, 3, 2, 1]
    for t, point in walked:
        assert np.array_equal(point.state, trajectory.states[t])
        u, p = trajectory.inputs[t - 1, :, 0], network.at(t)
        J = equations.derivative(lambda x, u=u, p=p: equations.step("lstm", p, x, u), trajectory.states[t - 1, :, 0])
        np.testing.assert_allclose(trajectory.kernels.dense(p, point)[0], J, rtol=1e-12, atol=1e-14)


def test_parts_of_a_trajectory_are_trajectories(gaussian) -> None:
    network = gaussian("gru")
    u = white_noise(network, steps=6, samples=4, scale=1.0, rng=1)
    whole = simulate(network, u)
    some = simulate(network, u[..., 1:3])
    np.testing.assert_allclose(whole.take(slice(1, 3)).states, some.states, rtol=1e-13, atol=1e-15)
    assert np.array_equal(whole.until(2).states, simulate(network, u[:2]).states)
    assert (whole.until(2).steps, whole.take(slice(1, 3)).samples) == (2, 2)


def test_an_overflow_is_a_result_that_says_when() -> None:
    cell = cells.get("elman", activation=activations.Identity())
    growing = Network(cell, {"W": np.array([[8.0]]), "B": np.eye(1), "b": np.zeros(1)})
    trajectory = simulate(growing, np.zeros((400, 1, 2)), initial=np.array([[1.0, 0.0]]))
    assert trajectory.overflow == 167  # 8^166 < 1e150 < 8^167
    assert trajectory.until(166).overflow is None
    many = Trajectory(growing, np.zeros((400, 1, 2)), np.tile(trajectory.states, (1, 1, 300)))  # looked at in pieces
    assert many.overflow == 167
    lost = trajectory.states.copy()
    lost[5] = np.nan
    assert Trajectory(growing, trajectory.inputs, lost).overflow == 5
    assert trajectory.take(slice(1, 2)).overflow is None


# Products that are kept


OPTIONS = [{}, {"steps": 6}, {"nets": 2}]


def driven(network, *, steps=6, samples=3, **options) -> Trajectory:
    return simulate(network, white_noise(network, steps=steps, samples=samples, scale=1.0, rng=1), **options)


def local(trajectory, t) -> list[np.ndarray]:
    """Everything that comes from the local factors of one step: J^T g, J v, J, and what the parameters receive."""
    network, kernels, point = trajectory.network, trajectory.kernels, trajectory.point(t)
    v = np.random.default_rng(t).standard_normal((*trajectory.states.shape[1:], 2))
    pulled, uses = kernels.pullback(network.at(t), point, v, uses=True)
    return [
        pulled,
        kernels.vjp(network.at(t), point, v[..., 0].copy()),
        kernels.jvp(network.at(t), point, v),
        kernels.dense(network.at(t), point),
        *(use.delta for use in uses),
        *(use.operand for use in uses if use.operand is not None),
    ]


def check_kept(network) -> None:
    kept, bare = driven(network), driven(network, kept_bytes=0)
    assert bare.products is None
    assert np.array_equal(kept.states, bare.states)
    for t in range(1, kept.steps + 1):
        for own, again in zip(local(kept, t), local(bare, t), strict=True):
            assert np.array_equal(own, again)
    for t in range(1, 4):  # and of what is cut from it
        for own, again in zip(local(kept.until(3), t), local(bare.until(3), t), strict=True):
            assert np.array_equal(own, again)
        for own, again in zip(local(kept.take(slice(1, 3)), t), local(bare.take(slice(1, 3)), t), strict=True):
            np.testing.assert_allclose(own, again, rtol=1e-13, atol=1e-15)


@pytest.mark.parametrize("options", OPTIONS, ids=["tied", "untied", "batch"])
@pytest.mark.parametrize("cell", CELLS)
def test_what_was_kept_is_what_is_computed_again(cell, options, gaussian) -> None:
    check_kept(gaussian(cell, **options))


@pytest.mark.parametrize("plant", ["a step late", "no inputs"])
def test_planted_memories_are_caught(plant, gaussian, monkeypatch) -> None:
    network = gaussian("lstm")
    if plant == "a step late":
        real = Products.at
        monkeypatch.setattr(Products, "at", lambda self, t: real(self, min(t + 1, self.first + len(self.steps))))
    else:  # the products themselves, without the other terms of their sums
        real_step = type(driven(network).kernels).step

        def step(self, parameters, x, u, *, out=None, products=(), shared=None):
            for memory in products:
                np.matmul(parameters["W"], x[:3], out=memory)
            return real_step(self, parameters, x, u, out=out, shared=shared)

        monkeypatch.setattr(type(driven(network).kernels), "step", step)
    with pytest.raises(AssertionError):
        check_kept(network)


@pytest.mark.parametrize("cell", ["elman", "lstm"])
def test_a_pass_backward_computes_no_product_again(cell, gaussian, monkeypatch) -> None:
    products = []
    real = np.matmul
    kept, bare = driven(gaussian(cell)), driven(gaussian(cell), kept_bytes=0)
    monkeypatch.setattr(np, "matmul", lambda *arguments, **options: products.append(1) or real(*arguments, **options))
    for trajectory, count in ((kept, 0), (bare, 2 * 6)):  # W h and B u
        products.clear()
        for t, point in trajectory.backward():
            trajectory.kernels.vjp(trajectory.network.at(t), point, trajectory.states[t])
        assert len(products) == count


def test_the_budget_holds_the_last_steps(gaussian) -> None:
    network = gaussian("lstm")
    one = 4 * 3 * 3 * 8  # four gates, three units, three samples
    for budget, count in ((one - 1, 0), (one, 1), (4 * one + 5, 4), (100 * one, 6)):
        kept = driven(network, kept_bytes=budget).products
        assert (kept.first, len(kept.steps)) == (6 - count, count)
        assert sum(memory.nbytes for t in range(1, 7) for memory in kept.at(t)) == count * one <= budget
    for t in range(1, 7):
        for own, again in zip(local(driven(network, kept_bytes=2 * one), t), local(driven(network), t), strict=True):
            assert np.array_equal(own, again)


@pytest.mark.parametrize(("phi", "needed"), [("tanh", False), ("logistic", False), ("identity", False), ("relu", True)])
def test_states_that_say_their_slopes_keep_no_product(phi, needed, gaussian) -> None:
    kept = driven(gaussian("elman", phi=phi)).products
    assert [bool(kept.at(t)) for t in range(1, 7)] == [needed] * 6
    saturated = driven(gaussian("elman", phi=phi, gain=30.0)).products
    assert any(saturated.at(t) for t in range(1, 7)) == (phi != "identity")


@pytest.mark.parametrize("phi", ["tanh", "logistic", "relu", "softplus"])
@pytest.mark.parametrize("gain", [0.5, 5.0, 100.0])
def test_slopes_are_those_of_the_pre_activations_saturated_or_not(phi, gain, gaussian) -> None:
    trajectory = driven(gaussian("elman", phi=phi, gain=gain), kept_bytes=10_000)
    activation, p = trajectory.network.cell.activations[0], trajectory.network.parameters
    slope = sp.lambdify(activations.x, activation.slope, modules="mpmath")
    (node,) = [v for v in trajectory.network.cell.nodes if isinstance(v, Apply)]
    for t in range(1, 7):
        a = p["W"] @ trajectory.states[t - 1] + p["B"] @ trajectory.inputs[t - 1] + p["b"][:, None]
        with mpmath.workdps(400):
            exact = np.vectorize(lambda x: float(slope(mpmath.mpf(x))))(a)
        sensitive = 1e-12 + 4e-16 * np.abs(a)  # of the slope to the rounding of a
        assert (np.abs(trajectory.point(t).slope(node) - exact) <= sensitive * np.maximum(exact, 1e-300)).all()


def test_a_linear_update_without_a_function_keeps_nothing() -> None:
    a = let("a", matrix("W") @ state("h") + matrix("B", columns="m") @ inputs("u"))
    for new in (a, a.body):
        network = Network(Cell("linear", {"h": new}), {"W": np.array([[0.5, 1.0], [0.0, -2.0]]), "B": np.eye(2)})
        check_kept(network)
        kept = driven(network).products
        assert not any(kept.at(t) for t in range(1, 7))


def test_vectors_that_no_sample_enters_are_spread_over_all(equations) -> None:
    """h' = tanh(V 1 + c h + B u), q' = sigma(b): products with ones, and a state that the parameters alone make."""
    h, u = state("h"), inputs("u")
    a = let("a", matrix("V") @ ones() + bias("c") * h + matrix("B", columns="m") @ u)
    cell = Cell("odd", {"h": activations.Tanh()(a), "q": activations.Logistic()(let("e", bias("b") + 0 * state("q")))})
    random = np.random.default_rng(0)
    p = {
        "V": random.standard_normal((2, 2)),
        "B": random.standard_normal((2, 2)),
        "c": np.array([0.5, 30.0]),
        "b": np.array([20.0, 0.1]),
    }
    network = Network(cell, p)
    check_kept(network)
    trajectory = driven(network)
    for t, x in enumerate(trajectory.inputs, start=1):
        new = np.tanh(p["V"].sum(axis=1)[:, None] + p["c"][:, None] * trajectory.states[t - 1, :2] + p["B"] @ x)
        np.testing.assert_allclose(trajectory.states[t, :2], new, rtol=1e-13)
        q = np.broadcast_to(1 / (1 + np.exp(-p["b"]))[:, None], (2, 3))
        np.testing.assert_allclose(trajectory.states[t, 2:], q, rtol=1e-13)
        (node,) = [v for v in cell.nodes if isinstance(v, Apply) and v.activation.name == "logistic"]
        slope = np.exp(-p["b"]) / (1 + np.exp(-p["b"])) ** 2  # of a unit at 20, which its value does not say
        np.testing.assert_allclose(np.broadcast_to(trajectory.point(t).slope(node), (2, 3))[:, 0], slope, rtol=1e-12)


def test_a_state_that_is_passed_on_is_the_old_one() -> None:
    """h' = tanh(W s), s' = h: the vector h that becomes s is the state before the step, also where products are kept."""
    h = state("h")
    cell = Cell(
        "passing",
        {"h": activations.Tanh()(let("a", matrix("W") @ state("s") + matrix("B", columns="m") @ inputs("u"))), "s": h},
    )
    network = Network(cell, {"W": np.eye(2), "B": np.eye(2)})
    check_kept(network)
    states = driven(network).states
    assert np.array_equal(states[1:, 2:], states[:-1, :2])


# Noise


def test_white_noise_is_standard_up_to_its_scale_and_reproducible(gaussian) -> None:
    network = gaussian("elman", m=3)
    noise = white_noise(network, steps=200, samples=50, scale=0.5, rng=7)
    assert noise.shape == (200, 3, 50)
    z = np.sqrt(noise.size) * noise.mean() / 0.5, (np.sum(noise**2) / 0.25 - noise.size) / math.sqrt(2 * noise.size)
    assert np.abs(z).max() < 4
    assert np.array_equal(noise, white_noise(network, steps=200, samples=50, scale=0.5, rng=np.random.default_rng(7)))
    assert not white_noise(network, steps=2, samples=1, scale=0, rng=7).any()


@pytest.mark.parametrize("rng", [True, "0", 1.5])
def test_rng_is_a_generator_an_int_or_none(rng) -> None:
    with pytest.raises(TypeError, match="rng must be a numpy Generator, an int or None"):
        generator(rng)


# Refusals


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"steps": 0}, "steps must be an integer of at least 1, got 0"),
        ({"steps": 2.0}, "steps must be an integer"),
        ({"samples": 0}, "samples must be an integer of at least 1, got 0"),
        ({"samples": True}, "samples must be an integer"),
        ({"scale": -1.0}, "scale must be a finite number of at least 0, got -1.0"),
        ({"scale": math.nan}, "scale must be a finite number"),
    ],
)
def test_noise_arguments_are_checked(options, message, gaussian) -> None:
    with pytest.raises(ValueError, match=message):
        white_noise(gaussian("elman"), **({"steps": 1, "samples": 1, "scale": 1.0} | options))


@pytest.mark.parametrize(
    ("inputs", "initial", "message"),
    [
        (np.zeros((4, 2)), None, r"inputs must have shape \(T, 2, samples\), got \(4, 2\)"),
        (np.zeros((4, 3, 1)), None, r"inputs must have shape"),
        (np.zeros((0, 2, 1)), None, r"inputs must have shape"),
        (np.zeros((4, 2, 0)), None, r"inputs must have shape"),
        (np.full((4, 2, 1), np.inf), None, "inputs must be finite"),
        (np.zeros((6, 2, 1)), None, "inputs must have at most 5 steps, one per untied copy, got 6"),
        (np.zeros((4, 2, 1)), np.zeros((3, 2)), r"initial must have shape \(3, 1\), got \(3, 2\)"),
        (np.zeros((4, 2, 1)), np.full((3, 1), np.nan), "initial must be finite"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(inputs, initial, message, gaussian) -> None:
    with pytest.raises(ValueError, match=message):
        simulate(gaussian("elman", steps=5), inputs, initial=initial)
