"""What torch computes is what the mapped parameters compute, for every module, file format and live."""

import numpy as np
import pytest

from errorflow.numerics.adapters import from_module, read
from errorflow.numerics.network import Network, load_network

pytestmark = pytest.mark.peer("torch")


def make(kind: str, **options):
    import torch

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(7)
        module = getattr(torch.nn, kind)(3, 4, **options).double()
        for parameter in module.parameters():
            torch.nn.init.normal_(parameter, std=0.7)
    return module


def outputs(module, u: np.ndarray) -> np.ndarray:
    """h_1, ..., h_T of torch's own forward pass from the zero state."""
    import torch

    with torch.no_grad():
        if not type(module).__name__.endswith("Cell"):
            return module(torch.from_numpy(u))[0].numpy()
        state, out = None, []
        for row in torch.from_numpy(u):
            state = module(row, state)
            out.append((state[0] if isinstance(state, tuple) else state).numpy())
        return np.array(out)


def save(module, path) -> None:
    import torch
    from safetensors.numpy import save_file

    arrays = {key: tensor.numpy() for key, tensor in module.state_dict().items()}
    match path.suffix:
        case ".npz":
            np.savez(path, **arrays)
        case ".safetensors":
            save_file(arrays, path)
        case _:
            torch.save(module.state_dict(), path)


MODULES = [
    ("RNN", {}),
    ("RNN", {"nonlinearity": "relu"}),
    ("RNN", {"bias": False}),
    ("LSTM", {}),
    ("LSTM", {"bias": False}),
    ("GRU", {}),
    ("GRU", {"bias": False}),
    ("RNNCell", {}),
    ("RNNCell", {"nonlinearity": "relu"}),
    ("LSTMCell", {}),
    ("GRUCell", {}),
]


@pytest.mark.parametrize(("kind", "options"), MODULES)
def test_a_live_module_computes_the_same(kind, options, run_cell, errorflow_rng):
    module, u = make(kind, **options), errorflow_rng.normal(size=(9, 3))
    network = load_network(module)
    phi = options.get("nonlinearity", "tanh")
    assert phi in {activation.name for activation in network.cell.activations}
    assert not any("activation" in text for text in network.assumed)
    np.testing.assert_allclose(run_cell(network, u, phi), outputs(module, u), rtol=0, atol=1e-13)


@pytest.mark.parametrize("suffix", [".npz", ".safetensors", ".pt", ".pth", ".bin"])
@pytest.mark.parametrize("kind", ["RNN", "LSTM", "GRU", "GRUCell"])
def test_a_saved_state_dict_computes_the_same(kind, suffix, run_cell, errorflow_rng, tmp_path):
    module, u = make(kind), errorflow_rng.normal(size=(9, 3))
    save(module, tmp_path / f"net{suffix}")
    network = load_network(tmp_path / f"net{suffix}")
    assert network.dtype == "float64"
    np.testing.assert_allclose(run_cell(network, u), outputs(module, u), rtol=0, atol=1e-13)


def test_the_layers_of_a_deep_bidirectional_module_compose_to_its_output(run_cell, errorflow_rng):
    module, u = make("LSTM", num_layers=2, bidirectional=True), errorflow_rng.normal(size=(9, 3))
    names = ["lstm_l0", "lstm_l0_reverse", "lstm_l1", "lstm_l1_reverse"]
    assert [layer.name for layer in from_module(module)] == names
    x = u
    for depth in range(2):
        forward = run_cell(load_network(module, layer=f"lstm_l{depth}"), x)
        backward = run_cell(load_network(module, layer=f"lstm_l{depth}_reverse"), x[::-1])[::-1]
        x = np.concatenate([forward, backward], axis=1)
    np.testing.assert_allclose(x, outputs(module, u), rtol=0, atol=1e-13)


def test_float32_weights_arrive_bit_by_bit(tmp_path):
    import torch

    module = torch.nn.LSTM(3, 4)
    torch.save(module.state_dict(), tmp_path / "net.pt")
    network = load_network(tmp_path / "net.pt")
    assert network.dtype == "float32"
    assert np.array_equal(network.parameters["W"], module.weight_hh_l0.detach().numpy().astype(float))
    both = [bias.detach().numpy().astype(float) for bias in (module.bias_ih_l0, module.bias_hh_l0)]
    assert np.array_equal(network.parameters["b"], both[0] + both[1])


def test_bfloat16_weights_arrive_exactly(tmp_path):
    import torch

    module = torch.nn.GRU(3, 4).bfloat16()
    torch.save(module.state_dict(), tmp_path / "net.pt")
    for source in (module, tmp_path / "net.pt"):
        network = load_network(source)
        assert network.dtype == "bfloat16"
        assert np.array_equal(network.parameters["W"], module.weight_hh_l0.detach().double().numpy())


@pytest.mark.parametrize("container", ["state_dict", "model", "model_state_dict"])
def test_a_state_dict_inside_a_training_checkpoint_is_found(container, tmp_path):
    import torch

    module = torch.nn.ModuleDict({"encoder": torch.nn.GRU(3, 4), "head": torch.nn.Linear(4, 2)})
    optimizer = torch.optim.Adam(module.parameters())
    sum(p.sum() for p in module.parameters()).backward()
    optimizer.step()
    checkpoint = {"epoch": 3, "optimizer": optimizer.state_dict(), container: module.state_dict()}
    torch.save(checkpoint, tmp_path / "net.pt")
    network = load_network(tmp_path / "net.pt")
    assert (network.layer, network.cell.name) == ("encoder", "gru")


def test_layers_inside_a_module_carry_its_qualified_names():
    import torch

    inner = torch.nn.ModuleDict({"fast": torch.nn.RNN(2, 3, nonlinearity="relu"), "slow": torch.nn.RNNCell(2, 5)})
    layers = from_module(torch.nn.ModuleDict({"core": inner, "head": torch.nn.Linear(5, 5)}))
    assert [(layer.name, layer.activation) for layer in layers] == [
        ("core.fast", "relu"),
        ("core.slow", "tanh"),
    ]


def test_a_parametrized_weight_enters_with_its_value():
    import torch

    module = torch.nn.RNN(2, 3)
    torch.nn.utils.parametrizations.orthogonal(module, "weight_hh_l0")
    W = load_network(module).parameters["W"]
    assert np.array_equal(W, module.weight_hh_l0.detach().numpy())
    np.testing.assert_allclose(W @ W.T, np.eye(3), atol=1e-6)


def test_biases_of_the_reset_before_variant_are_summed(tmp_path):
    module = make("GRU")
    save(module, tmp_path / "net.npz")
    network = load_network(tmp_path / "net.npz", cell="gru_reset_before")
    both = [bias.detach().numpy() for bias in (module.bias_ih_l0, module.bias_hh_l0)]
    assert np.array_equal(network.parameters["b"], both[0] + both[1])


def test_changing_the_module_afterwards_does_not_change_the_network():
    import torch

    module = torch.nn.RNN(2, 3).double()
    network: Network = load_network(module)
    before = network.parameters["W"].copy()
    with torch.no_grad():
        module.weight_hh_l0.add_(1)
    assert np.array_equal(network.parameters["W"], before)


# What is refused


def test_projections_are_refused(tmp_path):
    module = make("LSTM", proj_size=2)
    with pytest.raises(ValueError, match=r"weight_hr_l0 has shape \(2, 4\): LSTM projections"):
        load_network(module)


def test_a_whole_module_is_never_unpickled(tmp_path):
    import torch

    torch.save(torch.nn.LSTM(2, 3), tmp_path / "net.pt")
    with pytest.raises(ValueError, match=r"holds Python objects \(torch.nn.modules.rnn.LSTM\), which are never unp"):
        load_network(tmp_path / "net.pt")


def test_a_legacy_checkpoint_is_never_unpickled(tmp_path):
    import torch

    torch.save(torch.nn.LSTM(2, 3).state_dict(), tmp_path / "net.pt", _use_new_zipfile_serialization=False)
    with pytest.raises(ValueError, match="is a Python pickle, which is never unpickled"):
        load_network(tmp_path / "net.pt")


def test_a_script_archive_is_refused(tmp_path):
    import warnings

    import torch

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch.jit is deprecated, its files are still around
        torch.jit.save(torch.jit.script(torch.nn.Linear(2, 2)), str(tmp_path / "net.pt"))
    with pytest.raises(ValueError, match="TorchScript archive, which carries code"):
        load_network(tmp_path / "net.pt")


@pytest.mark.parametrize("content", [[1, 2], {"epoch": 3}])
def test_a_checkpoint_without_tensors_is_refused(content, tmp_path):
    import torch

    torch.save(content, tmp_path / "net.pt")
    with pytest.raises(ValueError, match=r"holds a list and no state_dict|holds no arrays"):
        read(tmp_path / "net.pt")
