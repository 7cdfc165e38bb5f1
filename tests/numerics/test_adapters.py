"""Weight files are found, read and named; each parameter arrives where the cell wants it, exactly."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from errorflow.numerics.adapters import find_layers, layer_names, read
from errorflow.numerics.network import load_network
from errorflow.theory import cells
from errorflow.theory.activations import Tanh
from errorflow.theory.language import Cell, bias, biases, inputs, let, matrices, matrix, scalar, state


def draw(rng: np.random.Generator, *, gates: int = 1, n: int = 4, m: int = 3) -> dict[str, np.ndarray]:
    shapes = {"W": (gates * n, n), "B": (gates * n, m), "b": (gates * n,)}
    return {name: rng.normal(size=shape) for name, shape in shapes.items()}


def save(path: Path, arrays: dict[str, np.ndarray]) -> Path:
    if path.suffix == ".npz":
        np.savez(path, **arrays)
    else:
        save_file(arrays, path)
    return path


# Formats


@pytest.mark.parametrize("suffix", [".npz", ".safetensors"])
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_arrays_come_back_exactly_whatever_their_type(suffix, dtype, tmp_path, errorflow_rng):
    arrays = {name: array.astype(dtype) for name, array in draw(errorflow_rng).items()}
    network = load_network(save(tmp_path / f"net{suffix}", arrays))
    assert network.dtype == dtype
    for name, array in arrays.items():
        assert network.parameters[name].dtype == np.float64
        assert np.array_equal(network.parameters[name], array.astype(np.float64))


def test_bfloat16_is_read_exactly(tmp_path, errorflow_rng):
    arrays = draw(errorflow_rng)
    rounded = {}
    header, data = [], b""
    for name, array in arrays.items():
        bits = (array.astype(np.float32).view(np.uint32) >> 16).astype("<u2")
        rounded[name] = (bits.astype(np.uint32) << 16).view(np.float32)
        ends = f"[{len(data)},{len(data) + bits.nbytes}]"
        header.append(f'"{name}":{{"dtype":"BF16","shape":{list(array.shape)},"data_offsets":{ends}}}')
        data += bits.tobytes()
    text = ("{" + ",".join(header) + "}").encode()
    path = tmp_path / "net.safetensors"
    path.write_bytes(len(text).to_bytes(8, "little") + text + data)
    network = load_network(path)
    assert network.dtype == "bfloat16"
    assert all(np.array_equal(network.parameters[name], rounded[name]) for name in arrays)


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("endian", ["<f8", ">f8"])
def test_memory_order_and_byte_order_of_the_file_do_not_matter(order, endian, tmp_path, errorflow_rng):
    arrays = draw(errorflow_rng)
    path = save(tmp_path / "net.npz", {k: np.array(a, endian, order=order) for k, a in arrays.items()})
    network = load_network(path)
    assert all(np.array_equal(network.parameters[name], arrays[name]) for name in arrays)
    assert network.dtype == "float64"


def test_a_compressed_archive_is_read_as_well(tmp_path, errorflow_rng):
    arrays = draw(errorflow_rng)
    np.savez_compressed(tmp_path / "net.npz", **arrays)
    assert np.array_equal(load_network(tmp_path / "net.npz").parameters["W"], arrays["W"])


def test_the_content_decides_the_format_not_the_suffix(tmp_path, errorflow_rng):
    arrays = draw(errorflow_rng)
    path = save(tmp_path / "net.safetensors", arrays).rename(tmp_path / "net.bin")
    assert read(path).format == "safetensors"


def test_the_hash_is_that_of_the_file(tmp_path, errorflow_rng):
    import hashlib

    path = save(tmp_path / "net.npz", draw(errorflow_rng))
    assert load_network(path).sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


def test_reading_plain_arrays_loads_no_optional_library(tmp_path, errorflow_rng):
    path = save(tmp_path / "net.npz", draw(errorflow_rng))
    code = (
        "import sys; from errorflow.numerics.network import load_network; "
        "print('errorflow.numerics.adapters' in sys.modules); "
        f"load_network({str(path)!r}); print({{'torch', 'h5py', 'keras'}} & sys.modules.keys())"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.splitlines() == ["False", "set()"]


# Layers and their names


@pytest.mark.parametrize(
    ("keys", "names"),
    [
        (("W", "B", "b"), ["gru"]),
        (("enc.W", "enc.B", "enc.b"), ["enc"]),
        (("a_W", "a_B", "b_W", "b_B"), ["a", "b"]),
        (("lstm_cell.weight_hh", "lstm_cell.weight_ih"), ["lstm_cell"]),
        (("rnn_1.weight_hh_l0", "rnn_1.weight_ih_l0"), ["rnn_1"]),
        (("rnn_1.weight_hh_l0", "rnn_1.weight_hh_l1"), ["rnn_1_l0", "rnn_1_l1"]),
        (("weight_hh_l0", "weight_hh_l0_reverse"), ["gru_l0", "gru_l0_reverse"]),
        (("a.b.weight_hh_l0",), ["a.b"]),
        (("enc_w_hh", "enc_w_ih", "dec_w_hh", "dec_w_ih", "fc_w"), ["enc", "dec"]),
        (("Whh", "Wxh", "Why"), ["gru"]),
        (("cell.W_rec", "cell.W_in", "cell.b_rec"), ["cell"]),
        (("anything",), ["anything"]),
        (("enc.W", "enc.w_hh"), ["enc.w_hh", "enc.W"]),
        (("rnn.W", "rnn.B", "out.W"), ["rnn"]),
    ],
)
def test_layers_are_named_by_their_key_without_the_weight_suffix(keys, names, tmp_path):
    def shape(key: str) -> tuple[int, ...]:
        last = key.replace(".", "_").rpartition("_")[2]
        if "w_in" in key.lower() or last == "B" or "ih" in key or "Wxh" in key:
            return (12, 3)
        return (12,) if last == "b" or key.endswith("b_rec") else (12, 4)

    np.savez(tmp_path / "net.npz", **{key: np.ones(shape(key)) for key in keys})
    assert layer_names(read(tmp_path / "net.npz")) == names
    if len(names) == 1:
        assert load_network(tmp_path / "net.npz").layer == names[0]


@pytest.mark.parametrize(("gates", "cell"), [(1, "elman"), (3, "gru"), (4, "lstm")])
def test_the_recurrent_block_decides_the_cell(gates, cell, tmp_path, errorflow_rng):
    path = save(tmp_path / "net.npz", {"anything": errorflow_rng.normal(size=(gates * 5, 5))})
    assert load_network(path).cell.name == cell


def test_an_explicit_cell_of_the_same_shape_overrides_the_default(tmp_path, errorflow_rng):
    path = save(tmp_path / "net.npz", draw(errorflow_rng, gates=3))
    network = load_network(path, cell="gru_reset_before")
    assert network.cell.name == "gru_reset_before"
    assert set(network.parameters) == {"W", "B", "b"}


def test_a_lone_recurrent_matrix_feeds_inputs_to_the_units_and_says_so(tmp_path, errorflow_rng):
    W = errorflow_rng.normal(size=(12, 4))
    network = load_network(save(tmp_path / "net.npz", {"W": W}), cell="gru_reset_before")
    assert np.array_equal(network.parameters["W"], W)
    assert np.array_equal(network.parameters["B"], np.tile(np.eye(4), (3, 1)))
    assert not network.parameters["b"].any()
    text = "; ".join(network.assumed)
    for said in ("B is the identity", "b is zero", "gates are taken in the order of the cell (r, z, n)"):
        assert said in text


def test_nothing_is_assumed_of_a_complete_file_but_its_activation(tmp_path, errorflow_rng):
    path = save(tmp_path / "net.npz", draw(errorflow_rng))
    assert load_network(path).assumed == ("activation tanh: not recorded in the file",)
    assert load_network(path, activation="relu").assumed == ()
    assert load_network(path, activation="relu").cell.activations[0].name == "relu"
    assert load_network(path, cell=cells.get("elman")).assumed == ()


def test_a_layer_that_does_not_fit_does_not_hide_the_others(tmp_path, errorflow_rng):
    good = {f"good.{name}": array for name, array in draw(errorflow_rng).items()}
    bad = {f"bad.{name}": array for name, array in draw(errorflow_rng).items()} | {"bad.b": np.ones(7)}
    path = save(tmp_path / "net.npz", good | bad)
    assert load_network(path, layer="good").n == 4
    with pytest.raises(ValueError, match="bad"):
        load_network(path, layer="bad")


def test_a_users_own_cell_is_read_under_its_own_names(tmp_path, errorflow_rng):
    alpha, gates = scalar("alpha"), ("f", "n")
    A, C, v = matrices("A", gates), matrix("C", columns="m"), biases("v", gates)
    h, u = state("h"), inputs("u")
    f = let("f", Tanh()(let("a_f", A["f"] @ h + v["f"])))
    new = let("new", Tanh()(let("a_n", A["n"] @ h + C @ u + v["n"] + bias("w"))))
    own = Cell("own", {"h": alpha * h + f * new})
    arrays = {"A": (8, 4), "C": (4, 2), "v": (8,), "w": (4,), "alpha": ()}
    arrays = {name: errorflow_rng.normal(size=shape) for name, shape in arrays.items()}
    path = save(tmp_path / "net.npz", {f"layer.{name}": array for name, array in arrays.items()})
    network = load_network(path, cell=own)
    assert network.layer == "layer"
    assert all(np.array_equal(network.parameters[name], array) for name, array in arrays.items())
    del arrays["alpha"]
    with pytest.raises(ValueError, match="cell 'own' needs alpha"):
        load_network(save(tmp_path / "net.npz", arrays), cell=own)


# A published file


@pytest.mark.parametrize("layer", ["enc", "dec"])
def test_the_published_g2p_encoder_and_decoder_load(layer, g2p_checkpoint, run_cell, errorflow_rng):
    network = load_network(g2p_checkpoint, layer=layer)
    assert (network.cell.name, network.n, network.m, network.dtype) == ("gru", 256, 256, "float32")
    # The package's own equations, as its module g2p.py writes them for rows.
    file = np.load(g2p_checkpoint, allow_pickle=False)
    w_ih, w_hh, b_ih, b_hh = (file[f"{layer}_{key}"].astype(float) for key in ("w_ih", "w_hh", "b_ih", "b_hh"))
    x, h = errorflow_rng.normal(size=(6, 1, 256)), np.zeros((1, 256))
    for step, mine in zip(x, run_cell(network, x[:, 0]), strict=True):
        rzn_ih, rzn_hh = step @ w_ih.T + b_ih, h @ w_hh.T + b_hh
        rz = 1 / (1 + np.exp(-(rzn_ih[:, :512] + rzn_hh[:, :512])))
        r, z = np.split(rz, 2, -1)
        h = (1 - z) * np.tanh(rzn_ih[:, 512:] + r * rzn_hh[:, 512:]) + z * h
        np.testing.assert_allclose(mine, h[0], rtol=0, atol=1e-12)


def test_several_layers_are_all_found(g2p_checkpoint):
    layers = find_layers(read(g2p_checkpoint))
    assert [layer.name for layer in layers] == ["enc", "dec"]
    assert {layer.framework for layer in layers} == {"pytorch"}
