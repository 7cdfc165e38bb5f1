"""A cell that the package has never seen gets the kernels, the analysis and the command line for free."""

import importlib
import json
import sys
from pathlib import Path

import mpmath
import numpy as np
import pytest
import sympy as sp
from click.testing import CliRunner

from errorflow.numerics import Network, analyze, load_network, simulate, white_noise
from errorflow.numerics.lower import lower
from errorflow.reports.cli import main
from errorflow.theory import activations, cells, notation, unrolled
from errorflow.theory.activations import Activation, Logistic, Tanh
from errorflow.theory.language import Cell, bias, biases, inputs, let, matrices, matrix, scalar, state

GATES = ("f", "n")


def minimal_gated_unit() -> Cell:
    """h' = (1 - f) h + f n, f = sigma(W_f h + B_f u + b_f), n = tanh(W_n (f h) + B_n u + b_n)."""
    h, u = state("h"), inputs("u")
    W, B, b = matrices("W", GATES), matrices("B", GATES, columns="m"), biases("b", GATES)
    f = let("f", Logistic()(let("a_f", W["f"] @ h + B["f"] @ u + b["f"])))
    n = let("n", Tanh()(let("a_n", W["n"] @ (f * h) + B["n"] @ u + b["n"])))
    return Cell("mgu", {"h": (1 - f) * h + f * n})


def leaky() -> Cell:
    """h' = (1 - k) h + k sin(W h + B u + b), with a scalar leak k and a function of the user's own."""
    wave = Activation(name="wave", expression=sp.sin(activations.x))
    a = let("a", matrix("W") @ state("h") + matrix("B", columns="m") @ inputs("u") + bias("b"))
    return Cell("leaky", {"h": (1 - scalar("k")) * state("h") + scalar("k") * wave(a)})


def delayed() -> Cell:
    """Two states of the user's own order: s' = h, h' = tanh(W s + B u)."""
    a = let("a", matrix("W") @ state("s") + matrix("B", columns="m") @ inputs("u"))
    return Cell("delayed", {"h": Tanh()(a), "s": let("s+", 1 * state("h"))})


def hand_written(name: str, p, x, u):
    """The same three updates in plain NumPy."""
    n, logistic = p["W"].shape[-1], lambda a: 1 / (1 + np.exp(-a))
    match name:
        case "mgu":
            f = logistic(p["W"][:n] @ x + p["B"][:n] @ u + p["b"][:n])
            return (1 - f) * x + f * np.tanh(p["W"][n:] @ (f * x) + p["B"][n:] @ u + p["b"][n:])
        case "leaky":
            return (1 - p["k"]) * x + p["k"] * np.sin(p["W"] @ x + p["B"] @ u + p["b"])
        case "delayed":
            return np.concatenate([np.tanh(p["W"] @ x[n:] + p["B"] @ u), x[:n]])
    raise ValueError(name)


OWN = [minimal_gated_unit, leaky, delayed]


def mpmath_jacobian(cell: Cell, parameters, x, u) -> np.ndarray:
    """Central differences of the recursion in 60 digits."""
    n, step = len(x) // len(cell.states), mpmath.mpf(10) ** -25
    blocks = {}
    for p in cell.parameters:
        array = np.atleast_1d(parameters[p.name]).reshape(
            p.blocks if p.kind != "scalar" else 1, -1, *parameters[p.name].shape[1:]
        )
        for gate, block in zip(p.gates or (None,), array, strict=True):
            blocks[p.block_name(gate)] = mpmath.matrix(block.tolist())

    def new(moved) -> list:
        initial = {name: moved[i * n : (i + 1) * n] for i, name in enumerate(cell.states)}
        final = unrolled.run(cell, [blocks], [[mpmath.mpf(v) for v in u]], initial)[-1]
        return [v for name in cell.states for v in final[notation.before_step(name)]]

    columns = []
    with mpmath.workdps(60):
        for j in range(len(x)):
            ends = [new([mpmath.mpf(v) + sign * step * (i == j) for i, v in enumerate(x)]) for sign in (1, -1)]
            columns.append([float((a - b) / (2 * step)) for a, b in zip(*ends, strict=True)])
    return np.transpose(columns)


@pytest.mark.parametrize("build", OWN)
def test_its_jacobian_is_that_of_60_digits(build, gaussian) -> None:
    network = gaussian(build())
    trajectory = simulate(network, white_noise(network, steps=3, samples=1, scale=1.0, rng=1))
    for t in (1, 3):
        found = trajectory.kernels.dense(network.parameters, trajectory.point(t))[0]
        x, u = trajectory.states[t - 1, :, 0], trajectory.inputs[t - 1, :, 0]
        np.testing.assert_allclose(
            found, mpmath_jacobian(network.cell, network.parameters, x, u), rtol=1e-12, atol=1e-14
        )


@pytest.mark.parametrize("build", OWN)
def test_its_kernels_are_those_of_its_equations(build, equations, gaussian) -> None:
    network = gaussian(build())
    name, p = network.cell.name, network.parameters
    trajectory = simulate(network, white_noise(network, steps=4, samples=2, scale=1.0, rng=1))
    point, kernels = trajectory.point(4), lower(network.cell)
    v = np.random.default_rng(2).standard_normal((network.state_dim, 2, 3))
    for sample in range(2):
        x, u = trajectory.states[3, :, sample], trajectory.inputs[3, :, sample]
        J = equations.derivative(lambda z, u=u: hand_written(name, p, z, u), x)
        np.testing.assert_allclose(point.state[:, sample], hand_written(name, p, x, u), rtol=1e-12)
        np.testing.assert_allclose(kernels.jvp(p, point, v)[:, sample], J @ v[:, sample], rtol=1e-11, atol=1e-13)
        np.testing.assert_allclose(kernels.vjp(p, point, v)[:, sample], J.T @ v[:, sample], rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("build", OWN)
def test_it_is_analyzed_with_a_verdict_per_object(build, gaussian) -> None:
    for network in (gaussian(build(), gain=0.3), gaussian(build(), gain=0.3, steps=20)):
        analysis = analyze(network, steps=20, samples=4)
        assert analysis.network.cell == network.cell.name
        assert analysis.verdict("state_jacobian").reason
        assert {bound.id for bound in analysis.bounds} >= {"block_spectral_norm", "block_perron_radius"}
        assert [v.object for v in analysis.verdicts if v.decisive] == [
            "state_jacobian",
            "total_gradient",
            "lag_share",
            "error_flow",
        ]


def test_a_contracting_leak_is_decided_by_a_bound_on_its_trajectory(gaussian) -> None:
    """|1 - k| + k ||W|| < 1, since |sin'| <= 1: for k in (0, 1) and ||W|| < 1."""
    network = gaussian(leaky()).replace(k=np.array(0.5), W=np.eye(3) / 4)
    found = analyze(network, steps=40, samples=4).verdict("state_jacobian")
    assert found.verdict == "vanishes"
    assert found.scope in ("all_inputs", "trajectory")
    assert found.rate <= np.log(0.5 + 0.5 * 0.25) + 1e-9


# A new file in the folder of cells


SOURCE = '''
"""A cell in a file of its own."""

from ..activations import Activation, Logistic, Tanh
from ..language import Cell, biases, inputs, let, matrices, state

GATES = ("f", "n")


def mgu(activation: Activation | None = None) -> Cell:
    """The minimal gated unit."""
    phi, h, u = activation or Tanh(), state("h"), inputs("u")
    W, B, b = matrices("W", GATES), matrices("B", GATES, columns="m"), biases("b", GATES)
    f = let("f", Logistic()(let("a_f", W["f"] @ h + B["f"] @ u + b["f"])))
    n = let("n", phi(let("a_n", W["n"] @ (f * h) + B["n"] @ u + b["n"])))
    return Cell("mgu", {"h": (1 - f) * h + f * n}, title="Minimal gated unit")
'''


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The file mgu.py beside the cells of the package, for one test."""
    (tmp_path / "mgu.py").write_text(SOURCE)
    monkeypatch.setattr(cells, "__path__", [*cells.__path__, str(tmp_path)])
    importlib.invalidate_caches()
    yield
    sys.modules.pop(f"{cells.__name__}.mgu", None)
    vars(cells).pop("mgu", None)


@pytest.fixture
def weights(tmp_path: Path, gaussian) -> Path:
    path = tmp_path / "mgu.npz"
    np.savez(path, **gaussian(minimal_gated_unit(), gain=0.3).parameters)
    return path


def test_a_file_in_the_folder_of_cells_is_a_cell(installed, weights, gaussian) -> None:
    assert "mgu" in cells.names()
    network, own = load_network(weights, cell="mgu"), gaussian(minimal_gated_unit(), gain=0.3)
    u = white_noise(own, steps=10, samples=2, scale=1.0, rng=1)
    np.testing.assert_allclose(simulate(network, u).states, simulate(own, u).states, rtol=1e-14)
    relu = cells.get("mgu", activation=activations.Relu())
    assert [a.name for a in relu.activations] == ["logistic", "relu"]


def test_the_command_line_takes_the_new_cell_by_name(installed, weights) -> None:
    command = ["check", str(weights), "--cell", "mgu", "--steps", "20", "--samples", "4", "--json", "-"]
    result = CliRunner().invoke(main, command)
    assert result.exit_code == 0, result.output
    document = json.loads(result.stdout)
    assert document["network"]["cell"] == "mgu"
    assert sum(verdict["decisive"] for verdict in document["verdicts"]) == 4


def test_without_the_file_the_name_is_refused(weights) -> None:
    result = CliRunner().invoke(main, ["check", str(weights), "--cell", "mgu"])
    assert result.exit_code == 2
    assert "cell must be one of elman, gru, gru_reset_before, lstm, got 'mgu'" in result.stderr


def test_a_cell_object_needs_no_file(weights) -> None:
    network = load_network(weights, cell=minimal_gated_unit())
    assert isinstance(network, Network)
    assert (network.n, network.m) == (3, 2)
