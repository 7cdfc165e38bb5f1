"""The same thing said twice differently gives the same number; said wrongly, another one.

Changes of basis, one cell written as another, products by blocks, batches, orders of samples, types of weights.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from errorflow.numerics import Network, Trajectory, analyze, constants, simulate
from errorflow.numerics.backprop import backward
from errorflow.numerics.confrontation.families import FAMILIES, matrix
from errorflow.numerics.informative.measure import informative_gradient
from errorflow.numerics.laws import log_mean_square_norm, log_norm_law, newman_exponents
from errorflow.numerics.lyapunov import lyapunov_spectrum
from errorflow.numerics.whole_gradient import whole_gradient_log_norms
from errorflow.theory import activations, cells

Array = np.ndarray
SEEDS, PLANTED = st.integers(0, 2**16), 2**17
COUNT = settings.default.max_examples if settings.default.max_examples > 50 else 8
ELMAN = {phi.name: cells.get("elman", activation=phi) for phi in activations.all()}
TANH, LINEAR, RELU = ELMAN["tanh"], ELMAN["identity"], ELMAN["relu"]
LINEAR_LSTM = cells.get("lstm", activation=activations.Identity())
CELLS = {name: cells.get(name) for name in cells.names()}
NAMES = st.sampled_from(cells.names())
OF_ENTRIES = ("max_abs", "row_sum_norm")
OF_SCALING = ("spectral_radius", "perron_radius", "diagonal_scaling_norm", "scaled_numerical_radius")
OF_NORM = ("spectral_norm", "smallest_singular_value", "numerical_radius", "logarithmic_norm")


def few(*arguments: Any) -> Callable[..., Any]:
    """Eight examples, or as many as a longer profile asks for."""
    return lambda test: settings(max_examples=COUNT)(given(*arguments)(test))


def drawn(seed: int, *, cell: Any = TANH, n: int = 3, samples: int = 2) -> Trajectory:
    """The trajectory of a network of the cell, W of any family, along random inputs from a random initial state."""
    rng = np.random.default_rng(seed)
    family = list(FAMILIES)[rng.integers(len(FAMILIES))]
    shapes = {p.name: (p.blocks * n, 2) if p.kind == "matrix" else p.blocks * n for p in cell.parameters}
    parameters = {name: rng.standard_normal(shape) for name, shape in shapes.items()}
    parameters["W"] = np.vstack([matrix(family, n, rng) for _ in range(cell.parameter("W").blocks)])
    network = Network(cell, parameters)
    inputs, initial = rng.standard_normal((8, 2, samples)), rng.standard_normal((network.state_dim, samples)) / 2
    return simulate(network, inputs, initial=initial)


def again(network: Network, run: Trajectory) -> Trajectory:
    """Another network along the same inputs from the same initial state."""
    return simulate(network, run.inputs, initial=run.states[0])


def cotangents(run: Trajectory) -> Array:
    return np.random.default_rng(1).standard_normal((run.network.state_dim, run.samples, 2))


def gradients(trajectory: Trajectory, g: Array) -> dict[str, Array]:
    """||J(T, T-k)^T g|| and the norms of the parts and of the sums of the parts of dE/dW, all by lag."""
    found = backward(trajectory, g, parameters=("W",), summed=trajectory.samples)
    return {"flow": np.exp(found.log_norm), "part": np.exp(found.log_part["W"]), "sum": np.exp(found.log_total["W"])}


def product(run: Trajectory) -> Array:
    """J(T, 0) ``(samples, N, N)``."""
    found = np.broadcast_to(np.eye(run.network.state_dim), (run.samples, *[run.network.state_dim] * 2))
    for t in range(1, run.steps + 1):
        found = run.kernels.dense(run.network.at(t), run.point(t)) @ found
    return found


def close(one: Array, other: Array) -> bool:
    """Equality to nine digits of the largest entry."""
    return one.shape == other.shape and bool(np.abs(one - other).max() <= 1e-9 * max(np.abs(one).max(), 1e-9))


def same(one: dict[str, Array], other: dict[str, Array]) -> bool:
    return one.keys() == other.keys() and all(close(one[name], other[name]) for name in one)


def agree(names: Sequence[str], W: Array, other: Array, *, tolerance: float = 1e-6) -> list[bool]:
    """For each functional, whether the enclosures of two matrices have nearly the same ends."""
    pairs = [(getattr(constants, name)(W), getattr(constants, name)(other)) for name in names]
    ends = [(one.upper, two.upper, one.lower, two.lower) for one, two in pairs]
    return [max(abs(a - b), abs(c - d)) <= tolerance * max(1.0, abs(a)) for a, b, c, d in ends]


# Change of basis


def in_basis(network: Network, S: Array, *, back: Array | None = None) -> Network:
    """W, B, b in the basis S: S W S^-1, S B, S b."""
    p, inverse = network.parameters, np.linalg.inv(S) if back is None else back
    return network.replace(W=S @ p["W"] @ inverse, B=S @ p["B"], b=S @ p["b"])


def turned(run: Trajectory, S: Array, *, back: Array | None = None) -> Trajectory:
    """The trajectory of the network in the basis S, from its own simulation."""
    return simulate(in_basis(run.network, S, back=back), run.inputs, initial=S @ run.states[0])


def times(S: Array, g: Array) -> Array:
    return np.einsum("ij,jsd->isd", S, g)


@few(SEEDS, st.sampled_from(sorted(ELMAN)))
def test_a_permutation_of_the_units_changes_no_profile_and_no_gradient(seed: int, phi: str) -> None:
    run, P = drawn(seed, cell=ELMAN[phi]), np.eye(3)[[2, 0, 1]]
    other, g = turned(run, P), cotangents(run)
    assert close(other.states, P @ run.states)
    assert same(gradients(run, g), gradients(other, times(P, g)))
    assert close(product(other), P @ product(run) @ P.T)
    if np.linalg.cond(product(run)).max() < 1e8:  # each exponent depends on the first frame, their sum does not
        ours, theirs = (lyapunov_spectrum(t, rng=0).exponents.sum() for t in (run, other))
        assert ours == pytest.approx(theirs, abs=1e-6)


@few(SEEDS)
def test_a_permutation_of_the_units_changes_no_certified_constant(seed: int) -> None:
    W = drawn(seed).network.parameters["W"]
    assert all(agree((*OF_ENTRIES, *OF_NORM, *OF_SCALING), W, W[np.ix_([1, 2, 0], [1, 2, 0])]))


@few(SEEDS)
def test_an_orthogonal_basis_changes_no_profile_and_no_norm_of_a_linear_network(seed: int) -> None:
    run, Q = drawn(seed, cell=LINEAR), matrix("orthogonal", 3, np.random.default_rng(seed))
    other, g = turned(run, Q, back=Q.T), cotangents(run)
    assert same(gradients(run, g), gradients(other, times(Q, g)))
    assert all(agree(OF_NORM, run.network.parameters["W"], other.network.parameters["W"], tolerance=1e-8))


def test_a_basis_that_is_not_allowed_is_noticed() -> None:
    """Orthogonal for tanh and for constants of the entries, a transpose for the inverse of a skew basis."""
    run, Q, S = drawn(1), matrix("orthogonal", 3, np.random.default_rng(1)), np.eye(3) + 0.5 * np.eye(3, k=1)
    other, g = turned(run, Q), cotangents(run)
    assert not same(gradients(run, g), gradients(other, times(Q, g)))
    assert not any(agree(OF_ENTRIES, run.network.parameters["W"], other.network.parameters["W"]))
    linear = again(Network(LINEAR, run.network.parameters), run)
    assert close(turned(linear, S).states, S @ linear.states)
    assert not close(turned(linear, S, back=S.T).states, S @ linear.states)


@few(SEEDS, st.lists(st.integers(-3, 3), min_size=3, max_size=3))
def test_a_diagonal_scaling_changes_no_scaled_constant_and_norms_by_its_condition_at_most(seed, powers) -> None:
    W, L = drawn(seed).network.parameters["W"], 2.0 ** np.array(powers)  # powers of two: no rounding
    other, kappa = W * L[:, None] / L, float(L.max() / L.min()) * (1 + 1e-12)
    assert all(agree(OF_SCALING, W, other, tolerance=1e-3))
    for functional in (constants.spectral_norm, constants.numerical_radius):
        one, two = functional(W), functional(other)
        assert one.lower <= two.upper * kappa
        assert two.lower <= one.upper * kappa


@pytest.mark.parametrize("family", ["nilpotent", "tied_gaussian", "jordan"])
def test_a_diagonal_scaling_changes_no_joint_spectral_radius_of_the_slopes(family: str) -> None:
    W, L = matrix(family, 3, np.random.default_rng(4)), np.array([0.25, 1.0, 8.0])
    one, other = (constants.joint_spectral_radius(A) for A in (W, W * L[:, None] / L))
    assert max(one.lower, other.lower) <= min(one.upper, other.upper)
    rows = constants.joint_spectral_radius(W * L[:, None])  # L W alone is another set
    assert not max(one.lower, rows.lower) <= min(one.upper, rows.upper)


@few(SEEDS)
def test_a_relu_network_in_scaled_units_has_scaled_states_and_gradients(seed: int) -> None:
    """relu(L a) = L relu(a): J becomes L J L^-1, and J^T g becomes L^-1 J^T g; not so for tanh."""
    run, L, inverse = drawn(seed, cell=RELU), np.diag([0.5, 1.0, 4.0]), np.diag([2.0, 1.0, 0.25])
    other, g = turned(run, L), cotangents(run)
    assert (other.states == L @ run.states).all()
    assert close(product(other), L @ product(run) @ inverse)
    ours, theirs = gradients(run, g)["flow"], gradients(other, times(inverse, g))["flow"]
    assert (theirs <= 2.0 * ours * (1 + 1e-12)).all()  # ||L^-1|| = 2
    assert (theirs >= ours / 4.0 * (1 - 1e-12)).all()  # ||L|| = 4
    bent = again(Network(TANH, run.network.parameters), run)
    assert not close(turned(bent, L).states, L @ bent.states)


@few(SEEDS)
def test_a_basis_changes_no_task_informative_gradient(seed: int) -> None:
    """A permutation for tanh, an orthogonal one for a linear network; the readout turns with it."""
    c, how = np.array([1.0, -2.0, 0.5]), {"lags": [0, 1, 4], "steps": 6, "samples": 40, "rng": 5}
    for cell, S in ((TANH, np.eye(3)[[1, 2, 0]]), (LINEAR, matrix("orthogonal", 3, np.random.default_rng(seed)))):
        network = drawn(seed, cell=cell).network
        one = informative_gradient(network, readout=c, **how)
        other = informative_gradient(in_basis(network, S, back=S.T), readout=S @ c, **how)
        assert close(np.exp(one.log_informative), np.exp(other.log_informative))
        assert one.log_total == pytest.approx(other.log_total, abs=1e-8)


# One cell written as another


def gates(network: Network, **values: float) -> Network:
    """The network with gates that do not depend on state or input: zero rows, and a bias each."""
    new = {name: array.copy() for name, array in network.parameters.items()}
    for gate, value in values.items():
        rows = network.cell.parameter("W").gates.index(gate) * network.n + np.arange(network.n)
        new["W"][rows], new["B"][rows], new["b"][rows] = 0.0, 0.0, value
    return network.replace(**new)


def padded_lstm(network: Network, **biases: float) -> Network:
    """(h, c) of a linear LSTM with constant gates: W = [[o i W_g, o f I], [i W_g, f I]] of twice the size."""
    i, f, o = (1 / (1 + np.exp(-biases[gate])) for gate in "ifo")
    W, B, b, identity = (*(network.gate(name, "g") for name in "WBb"), np.eye(network.n))
    stacked = np.block([[o * i * W, o * f * identity], [i * W, f * identity]])
    return Network(LINEAR, {"W": stacked, "B": np.vstack([o * i * B, i * B]), "b": np.append(o * i * b, i * b)})


@few(SEEDS)
def test_an_lstm_with_constant_gates_is_a_padded_linear_network(seed: int) -> None:
    """With the states and all Jacobians the gradient: dE/dW_g = o i G_hh + i G_ch, G that of the padded matrix."""
    biases, start = {"i": 0.3, "f": 1.0, "o": -0.5}, drawn(seed, cell=LINEAR_LSTM, n=2)
    run = again(gates(start.network, **biases), start)
    padded, g = again(padded_lstm(run.network, **biases), start), cotangents(run)
    assert close(run.states, padded.states)
    assert close(product(run), product(padded))
    assert close(gradients(run, g)["flow"], gradients(padded, g)["flow"])
    i, o = (1 / (1 + np.exp(-biases[gate])) for gate in "io")
    ours, theirs = (gradient_of_W(t, g[:, 0, 0]) for t in (run, padded))
    assert close(ours[4:6], o * i * theirs[:2, :2] + i * theirs[2:, :2])
    wrong = again(padded_lstm(run.network, **{**biases, "o": 0.5}), start)
    assert not close(run.states[1:], wrong.states[1:])


def gradient_of_W(run: Trajectory, flow: Array) -> Array:
    """dE/dW of the first sample, E = <flow, x_T>, by the pullback of one step after the other."""
    run, found = run.take(slice(0, 1)), np.zeros(run.network.parameters["W"].shape)
    flow = flow[:, None]
    for t, point in run.backward():
        flow, uses = run.kernels.pullback(run.network.at(t), point, flow, uses=True)
        for use in uses:
            if use.parameter == "W":
                start = use.first * run.network.n
                found[start : start + len(use.delta)] += use.delta @ use.operand.T
    return found


@few(SEEDS)
def test_an_lstm_without_memory_is_a_tanh_network_of_twice_the_size_and_twice_the_steps(seed: int) -> None:
    """i = o = 1, f = 0: h_t = tanh(tanh(W h_{t-1} + B u_t + b)), the units c at odd steps and h at even ones."""
    start = drawn(seed, cell=CELLS["lstm"], n=2)
    run, zero = again(gates(start.network, i=800.0, f=-800.0, o=800.0), start), np.zeros((2, 2))
    W, B, b = (run.network.gate(name, "g") for name in "WBb")
    stacked = {"W": np.block([[zero, np.eye(2)], [W, zero]]), "B": np.vstack([zero, B]), "b": np.append(zero[0], b)}
    twice = simulate(Network(TANH, stacked), np.repeat(run.inputs, 2, axis=0), initial=run.states[0])
    assert close(run.states[1:, :2], twice.states[2::2, :2])
    assert close(product(run)[:, :2, :2], product(twice)[:, :2, :2])


@pytest.mark.parametrize("name", ["gru", "gru_reset_before"])
@few(SEEDS)
def test_a_gru_that_always_renews_is_an_elman_network(name: str, seed: int) -> None:
    """z = 0, r = 1: h_t = tanh(W_n h_{t-1} + B_n u_t + b_n + d), with the same gradients with respect to W."""
    start = drawn(seed, cell=CELLS[name])
    run = again(gates(start.network, r=800.0, z=-800.0), start)
    W, B, b = (run.network.gate(key, "n") for key in "WBb")
    other = again(Network(TANH, {"W": W, "B": B, "b": b + run.network.parameters.get("d", 0.0)}), start)
    g = cotangents(run)
    assert close(run.states, other.states)
    assert close(product(run), product(other))
    assert same(gradients(run, g), gradients(other, g))
    kept = again(gates(start.network, r=800.0, z=0.0), start)
    assert not close(kept.states[1:], other.states[1:])


# Products and trajectories by parts


@example(PLANTED, "gru", 3)
@few(SEEDS, NAMES, st.integers(1, 7))
def test_a_product_is_that_of_its_blocks_and_a_profile_that_of_a_trajectory_in_two_parts(seed, name, r) -> None:
    run = drawn(seed, cell=CELLS[name], n=2)
    first = simulate(run.network, run.inputs[:r], initial=run.states[0])
    last, g = simulate(run.network, run.inputs[r:], initial=first.states[-1]), cotangents(run)
    assert np.array_equal(run.states, np.concatenate([first.states, last.states[1:]]))
    assert close(product(run), product(last) @ product(first))
    later = np.einsum("sij,isd->jsd", product(last), g)
    whole, after, before = gradients(run, g), gradients(last, g), gradients(first, later)
    assert close(whole["flow"], np.concatenate([after["flow"], before["flow"][1:]]))
    assert close(whole["part"], np.concatenate([after["part"], before["part"]]))
    if seed == PLANTED:  # the wrong order is another product
        assert not close(product(run), product(first) @ product(last))


@few(SEEDS, st.integers(1, 6))
def test_under_a_constant_input_time_may_be_shifted(seed: int, shift: int) -> None:
    start = drawn(seed)
    constant = np.repeat(start.inputs[:1], 10, axis=0)
    run = simulate(start.network, constant, initial=start.states[0])
    later, g = simulate(start.network, constant[shift:], initial=run.states[shift]), cotangents(run)
    assert np.array_equal(run.states[shift:], later.states)
    theirs = gradients(later, g)
    assert all(np.array_equal(ours[: len(theirs[name])], theirs[name]) for name, ours in gradients(run, g).items())


def test_a_batch_of_networks_is_a_loop_over_them() -> None:
    alone = [drawn(seed) for seed in range(4)]
    stacked = {name: np.array([run.network.parameters[name] for run in alone]) for name in ("W", "B", "b")}
    inputs, initial = np.stack([run.inputs for run in alone], axis=1), np.array([run.states[0] for run in alone])
    together = simulate(Network(TANH, stacked, batched=True), inputs, initial=initial)
    assert close(together.states, np.stack([run.states for run in alone], axis=1))
    spectra = np.array([lyapunov_spectrum(run).exponents for run in alone])
    assert close(np.exp(lyapunov_spectrum(together).exponents), np.exp(spectra))


@few(SEEDS, NAMES)
def test_the_order_of_samples_is_that_of_the_results_and_samples_together_are_samples_apart(seed, name) -> None:
    run = drawn(seed, cell=CELLS[name], samples=5)
    order, g, ours = np.array([3, 0, 4, 1, 2]), cotangents(run), gradients(run, cotangents(run))
    mixed, first, last = (
        gradients(simulate(run.network, run.inputs[..., some], initial=run.states[0][:, some]), g[:, some])
        for some in (order, slice(0, 2), slice(2, 5))
    )
    assert same({key: array[:, order] for key, array in ours.items()}, mixed)
    assert same(ours, {key: np.concatenate([first[key], last[key]], axis=1) for key in ours})


@few(SEEDS, NAMES)
def test_copies_that_are_all_equal_are_shared_weights_but_for_the_norm_over_all_copies(seed, name) -> None:
    run = drawn(seed, cell=CELLS[name], n=2)
    copies = np.repeat(run.network.parameters["W"][None], run.steps, axis=0)
    untied = again(Network(run.network.cell, {**run.network.parameters, "W": copies}, untied=True), run)
    g, shared = cotangents(run), gradients(run, cotangents(run))
    assert np.array_equal(run.states, untied.states)
    assert same(shared, gradients(untied, g))
    summed, apart = (np.exp(whole_gradient_log_norms(t, g[..., 0], ["W"])) for t in (run, untied))
    assert close(summed, shared["sum"][-1, :, 0])
    assert close(apart, np.sqrt((shared["part"][..., 0] ** 2).sum(axis=0)))


@few(SEEDS, NAMES, st.sampled_from([3.0, 1e-12, 1e100]))
def test_a_scaled_cotangent_scales_every_gradient(seed: int, name: str, scale: float) -> None:
    run = drawn(seed, cell=CELLS[name], n=2)
    ours, theirs = gradients(run, cotangents(run)), gradients(run, scale * cotangents(run))
    assert same(ours, {key: array / scale for key, array in theirs.items()})


@few(SEEDS)
def test_doubled_inputs_through_half_of_B_are_the_same_inputs(seed: int) -> None:
    run = drawn(seed)
    half = run.network.replace(B=run.network.parameters["B"] / 2)
    other = simulate(half, 2 * run.inputs, initial=run.states[0])
    ours, theirs = (backward(t, cotangents(run), parameters=("W", "B"), summed=2).log_total for t in (run, other))
    assert np.array_equal(run.states, other.states)
    assert np.array_equal(ours["W"], theirs["W"])
    assert close(2 * np.exp(ours["B"]), np.exp(theirs["B"]))
    how = {"readout": np.ones(3), "lags": [0, 2], "steps": 4, "samples": 40, "rng": 1}
    one, two = informative_gradient(run.network, **how), informative_gradient(half, input_scale=2.0, **how)
    assert np.array_equal(one.log_informative, two.log_informative)
    assert not np.array_equal(one.log_informative, informative_gradient(half, **how).log_informative)


@few(SEEDS, NAMES)
def test_weights_of_single_precision_are_their_exact_doubles(seed: int, name: str) -> None:
    run = drawn(seed, cell=CELLS[name], n=2)
    single = {key: array.astype(np.float32) for key, array in run.network.parameters.items()}
    one, other = (Network(CELLS[name], p) for p in (single, {k: a.astype(float) for k, a in single.items()}))
    assert (one.dtype, other.dtype) == ("float32", "float64")
    g = cotangents(run)
    ours, theirs, unrounded = (gradients(t, g) for t in (again(one, run), again(other, run), run))
    assert all(np.array_equal(ours[key], theirs[key]) for key in ours)
    assert not np.array_equal(ours["flow"], unrounded["flow"])


def test_an_analysis_does_not_depend_on_the_order_of_units_or_on_the_type_of_the_same_weights() -> None:
    run = drawn(6, samples=1)
    single = {k: (a / 4).astype(np.float32) for k, a in run.network.parameters.items()}
    network, double = Network(TANH, single), Network(TANH, {k: a.astype(float) for k, a in single.items()})
    permuted = in_basis(network, np.eye(3)[[2, 0, 1]])
    one, two, three = (analyze(net, inputs=run.inputs, rng=0) for net in (network, double, permuted))
    assert (one.network.dtype, two.network.dtype) == ("float32", "float64")
    assert one.verdicts == two.verdicts
    assert [(v.scope, v.verdict) for v in one.verdicts] == [(v.scope, v.verdict) for v in three.verdicts]
    for ours, theirs in zip(one.bounds, three.bounds, strict=True):
        assert (ours.id, ours.scope) == (theirs.id, theirs.scope)
        assert ours.log_rate == pytest.approx(theirs.log_rate, abs=1e-6)


@given(st.integers(2, 9), st.integers(1, 20), st.integers(1, 20), st.floats(0.5, 2.0))
def test_laws_of_copies_are_additive_in_the_steps_and_shift_with_the_log_of_the_gain(n, s, t, gain) -> None:
    one, other, both = (log_norm_law(n, steps=steps) for steps in (s, t, s + t))
    assert np.allclose([one.mean + other.mean, one.variance + other.variance], [both.mean, both.variance])
    assert np.allclose(log_norm_law(n, steps=s, gain=gain).mean, one.mean + s * np.log(gain))
    scaled, plain = newman_exponents(n, steps=s, gain=gain), newman_exponents(n, steps=s)
    assert np.allclose(scaled.mean, plain.mean + np.log(gain))


@pytest.mark.parametrize("tied", [False, True])
def test_the_mean_square_of_a_product_is_multiplicative_for_copies_alone(tied) -> None:
    one, two, both = (log_mean_square_norm(4, k, tied=tied, field="real") - np.log(4) for k in (3, 5, 8))
    assert (abs(one + two - both) < 1e-9) == (not tied)
