"""From a weights file to verdicts, against PyTorch's own modules and its autograd."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from errorflow.numerics import Network, analyze, load_network, simulate, white_noise
from errorflow.numerics.backprop import backward, unit_cotangents
from errorflow.numerics.profile import gradient_profile
from errorflow.reports import document
from errorflow.reports.cli import main

pytestmark = pytest.mark.peer("torch")


def torch_gru_of(network: Network, arrays: dict[str, np.ndarray]) -> Any:
    """torch.nn.GRUCell with the file's own arrays, untouched by our adapters."""
    import torch

    cell = torch.nn.GRUCell(network.m, network.n, dtype=torch.float64)
    names = {"weight_ih": "enc_w_ih", "weight_hh": "enc_w_hh", "bias_ih": "enc_b_ih", "bias_hh": "enc_b_hh"}
    cell.load_state_dict({ours: torch.from_numpy(arrays[theirs].astype(float)) for ours, theirs in names.items()})
    return cell


@pytest.fixture(scope="module")
def encoder(g2p_checkpoint: Path) -> tuple[Network, Any]:
    network = load_network(g2p_checkpoint, layer="enc")
    with np.load(g2p_checkpoint, allow_pickle=False) as arrays:
        return network, torch_gru_of(network, dict(arrays))


def test_published_gru_runs_as_in_torch_and_in_float32(encoder: tuple[Network, Any]) -> None:
    import torch

    network, cell = encoder
    inputs = white_noise(network, steps=20, samples=4, scale=1.0, rng=0)
    ours = simulate(network, inputs).states
    # 20 steps, each of 512 products and sums in single precision, whose order depends on the processor
    for dtype, tolerance in ((torch.float64, 1e-12), (torch.float32, 20 * float(np.finfo(np.float32).eps))):
        own = copy.deepcopy(cell).to(dtype)  # the other tests need theirs in double precision
        h = torch.zeros(4, network.n, dtype=dtype)
        with torch.no_grad():
            for t in range(20):
                h = own(torch.from_numpy(inputs[t].T).to(dtype), h)
        assert np.abs(h.numpy().T - ours[-1]).max() < tolerance


def test_published_gru_has_the_step_jacobian_of_autograd(encoder: tuple[Network, Any]) -> None:
    import torch

    network, cell = encoder
    trajectory = simulate(network, white_noise(network, steps=6, samples=1, scale=1.0, rng=1))
    u = torch.from_numpy(trajectory.inputs[5][:, 0].copy())
    h = torch.from_numpy(trajectory.states[5][:, 0].copy())
    exact = torch.autograd.functional.jacobian(lambda state: cell(u, state), h).numpy()
    ours = trajectory.kernels.dense(network.at(6), trajectory.point(6))[0]
    assert np.abs(ours - exact).max() < 1e-10


def test_published_gru_has_the_profile_and_the_gradient_parts_of_autograd(encoder: tuple[Network, Any]) -> None:
    """||J(T, T-k)^T v|| from the gradients of retained states, and the parts by lag from untied copies of W."""
    import torch

    network, cell = encoder
    steps = 12
    inputs = white_noise(network, steps=steps, samples=1, scale=1.0, rng=2)
    trajectory = simulate(network, inputs)
    v = unit_cotangents(network.n, samples=1, directions=1, rng=3)
    passed = backward(trajectory, v, parameters=("W",), summed=1)
    copies = [cell.weight_hh.detach().clone().requires_grad_(True) for _ in range(steps)]
    states = [torch.zeros(network.n, dtype=torch.float64, requires_grad=True)]
    for t in range(steps):
        own = {"weight_hh": copies[t]} | {k: p for k, p in cell.named_parameters() if k != "weight_hh"}
        states.append(torch.func.functional_call(cell, own, (torch.from_numpy(inputs[t][:, 0].copy()), states[-1])))
        states[-1].retain_grad()
    (torch.from_numpy(v[:, 0, 0].copy()) @ states[-1]).backward()
    for lag in range(steps + 1):
        assert np.isclose(passed.log_norm[lag, 0, 0], np.log(states[steps - lag].grad.norm().item()), atol=1e-9)
    for lag in range(steps - 1):
        assert np.isclose(
            passed.log_part["W"][lag, 0, 0], np.log(copies[steps - 1 - lag].grad.norm().item()), atol=1e-9
        )
    total = sum(copy.grad for copy in copies)
    assert np.isclose(passed.log_total["W"][-1, 0, 0], np.log(total.norm().item()), atol=1e-9)


@pytest.mark.parametrize("kind", ["LSTM", "RNN"])
def test_check_on_a_fresh_torch_module_agrees_with_autograd(kind: str, tmp_path: Path) -> None:
    """The document's profile equals what autograd gives for a full-state Jacobian product of the module."""
    import torch

    torch.manual_seed(4)
    module = getattr(torch.nn, kind)(3, 8, dtype=torch.float64)
    path = tmp_path / "fresh.pt"
    torch.save(module.state_dict(), path)
    steps, rng = 25, np.random.default_rng(5)
    inputs = rng.standard_normal((steps, 1, 3))
    np.save(tmp_path / "u.npy", inputs)
    arguments = ["check", str(path), "--inputs", str(tmp_path / "u.npy"), "--json", str(tmp_path / "r.json")]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 0, result.output
    assert all(question in result.stdout for question in ("Q1", "Q2", "Q3", "Q4"))
    found = document.load(tmp_path / "r.json")

    def run(stacked: torch.Tensor, first: int) -> torch.Tensor:
        parts = tuple(x.reshape(1, 1, 8) for x in stacked.split(8))
        u = torch.from_numpy(inputs[first:])
        _, last = module(u, parts if kind == "LSTM" else parts[0])
        return torch.cat([x.flatten() for x in last]) if kind == "LSTM" else last.flatten()

    size = 16 if kind == "LSTM" else 8
    state = torch.zeros(size, dtype=torch.float64)
    states = [state]
    for t in range(steps):
        parts = tuple(x.reshape(1, 1, 8) for x in state.split(8))
        with torch.no_grad():
            _, last = module(torch.from_numpy(inputs[t : t + 1]), parts if kind == "LSTM" else parts[0])
        state = torch.cat([x.flatten() for x in last]) if kind == "LSTM" else last.flatten()
        states.append(state)
    for lag in (1, 5, 20):
        J = torch.autograd.functional.jacobian(lambda x, k=lag: run(x, steps - k), states[steps - lag]).numpy()
        singular = np.linalg.svd(J, compute_uv=False)
        at = found["profile"]["lags"].index(lag)
        assert np.isclose(found["profile"]["log_norm"]["largest"][at], np.log(singular[0]), atol=1e-8)
        if lag == 1:
            assert np.isclose(found["profile"]["log_norm"]["smallest"][at], np.log(singular[-1]), atol=1e-6)


def test_a_live_module_is_analyzed_like_its_file(tmp_path: Path) -> None:
    import torch

    torch.manual_seed(6)
    module = torch.nn.GRU(2, 5)
    torch.save(module.state_dict(), tmp_path / "gru.pt")
    live, filed = load_network(module), load_network(tmp_path / "gru.pt")
    for name in live.parameters:
        assert np.array_equal(live.parameters[name], filed.parameters[name])
    assert analyze(live, steps=20, samples=2).verdicts == analyze(filed, steps=20, samples=2).verdicts


def test_the_published_network_gets_a_finite_profile(g2p_checkpoint: Path) -> None:
    network = load_network(g2p_checkpoint, layer="dec")
    profile = gradient_profile(network, steps=30, samples=2, rng=0)
    assert np.isfinite(profile.log_norm).all()
    assert np.isfinite(profile.largest).all()
