"""What the Keras layers compute is what the mapped parameters compute, in every layout of Keras's files.

The oracle is the equations of the Keras documentation for row vectors, written down here.
"""

import io
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from errorflow.numerics.adapters import find_layers, layer_names, read
from errorflow.numerics.network import Network, load_network
from errorflow.theory import cells

M, N = 3, 4
VARIANTS = ["SimpleRNN", "LSTM", "GRU", "GRU before", "CuDNNLSTM", "CuDNNGRU"]
OURS = {"SimpleRNN": "elman", "LSTM": "lstm", "GRU": "gru", "GRU before": "gru_reset_before"}
OURS |= {"CuDNNLSTM": "lstm", "CuDNNGRU": "gru"}


def draw(variant: str, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """kernel, recurrent_kernel and bias in the shapes of the layer."""
    g = 1 if variant == "SimpleRNN" else 4 if "LSTM" in variant else 3
    bias = {"GRU": (2, 3 * N), "CuDNNLSTM": (8 * N,), "CuDNNGRU": (6 * N,)}.get(variant, (g * N,))
    shapes = {"kernel": (M, g * N), "recurrent_kernel": (N, g * N), "bias": bias}
    return {name: rng.normal(size=shape) for name, shape in shapes.items()}


def from_cudnn(variant: str, weights: Mapping[str, np.ndarray]) -> tuple[str, dict[str, np.ndarray]]:
    """Weights of the plain layer with the same outputs, by Keras's own rule for loading one into the other."""
    g = 4 if variant == "CuDNNLSTM" else 3
    kernels = [k.T.reshape(k.shape, order="F") for k in np.hsplit(weights["kernel"], g)]
    recurrent = [k.T for k in np.hsplit(weights["recurrent_kernel"], g)]
    bias = weights["bias"].reshape(2, -1)
    plain = {"kernel": np.hstack(kernels), "recurrent_kernel": np.hstack(recurrent)}
    return variant.removeprefix("CuDNN"), plain | {"bias": bias if g == 3 else bias.sum(axis=0)}


def keras_outputs(variant: str, weights: Mapping[str, np.ndarray], x: np.ndarray) -> np.ndarray:
    """h_1, ..., h_T from the zero state."""
    if variant.startswith("CuDNN"):
        variant, weights = from_cudnn(variant, weights)
    K, R = weights["kernel"], weights["recurrent_kernel"]
    b = weights.get("bias", np.zeros((2, K.shape[1]) if variant == "GRU" else K.shape[1]))

    def sigma(a: np.ndarray) -> np.ndarray:
        return 1 / (1 + np.exp(-a))

    h, c, out = np.zeros(N), np.zeros(N), []
    for u in x:
        if variant == "SimpleRNN":
            h = np.tanh(u @ K + b + h @ R)
        elif variant == "LSTM":
            i, f, new, o = np.split(u @ K + h @ R + b, 4)
            c = sigma(f) * c + sigma(i) * np.tanh(new)
            h = sigma(o) * np.tanh(c)
        else:
            x_z, x_r, x_h = np.split(u @ K + (b[0] if variant == "GRU" else b), 3)
            R_z, R_r, R_h = np.hsplit(R, 3)
            c_z, c_r, c_h = np.split(b[1], 3) if variant == "GRU" else np.zeros((3, N))
            z, r = sigma(x_z + h @ R_z + c_z), sigma(x_r + h @ R_r + c_r)
            inner = r * (h @ R_h + c_h) if variant == "GRU" else (r * h) @ R_h
            h = z * h + (1 - z) * np.tanh(x_h + inner)
        out.append(h)
    return np.array(out)


def layer_config(variant: str, name: str, **settings) -> dict:
    kind = variant.removesuffix(" before")
    config = {"name": name}
    if not kind.startswith("CuDNN"):
        config |= {"activation": "tanh"}
        config |= {} if kind == "SimpleRNN" else {"recurrent_activation": "sigmoid"}
        config |= {"reset_after": variant == "GRU"} if kind == "GRU" else {}
    return {"class_name": kind, "config": config | settings}


def model_config(*layers: dict) -> dict:
    return {"class_name": "Sequential", "config": {"name": "model", "layers": list(layers)}}


def write(path: Path | io.BytesIO, arrays: Mapping[str, np.ndarray], *, config=None, names=None, version=None):
    import h5py

    with h5py.File(path, "w") as file:
        for key, array in arrays.items():
            file[key] = array
        if config is not None:
            file.attrs["model_config"] = json.dumps(config)
        if version is not None:
            file.attrs["keras_version"] = version
        for group, name in (names or {}).items():
            file.require_group(group).attrs["name"] = name
    return path


LAYOUTS = {
    "full model, Keras 2": "model_weights/{layer}/{layer}/{weight}:0",
    "full model, TensorFlow 2": "model_weights/{layer}/{layer}/lstm_cell_3/{weight}:0",
    "full model, Keras 3": "model_weights/{layer}/sequential/{layer}/lstm_cell/{weight}",
    "weights, Keras 2": "{layer}/{layer}/{weight}:0",
    "weights, Keras 3": "layers/{layer}/cell/vars/{number}",
    "weights, TensorFlow 2.12": "_layer_checkpoint_dependencies/{layer}/cell/vars/{number}",
}
NUMBERS = {"kernel": 0, "recurrent_kernel": 1, "bias": 2}


def keys(layout: str, weights: Mapping[str, np.ndarray], layer: str = "enc") -> dict[str, np.ndarray]:
    names = {key: {"layer": layer, "weight": key, "number": NUMBERS[key]} for key in weights}
    return {LAYOUTS[layout].format(**names[key]): array for key, array in weights.items()}


@pytest.mark.peer("h5py")
@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layer_in_every_layout_computes_the_same(layout, tmp_path, run_cell, errorflow_rng):
    model = {f"layer_{i}": (variant, draw(variant, errorflow_rng)) for i, variant in enumerate(VARIANTS)}
    arrays = {k: a for name, (_, weights) in model.items() for k, a in keys(layout, weights, name).items()}
    layers = {layer.name: layer for layer in find_layers(read(write(tmp_path / "net.h5", arrays)))}
    assert set(layers) == set(model)
    x = errorflow_rng.normal(size=(9, M))
    for name, (variant, weights) in model.items():
        assert layers[name].cell == OURS[variant]
        network = Network(cells.get(layers[name].cell), layers[name].parameters)
        expected = keras_outputs(variant, weights, x)
        np.testing.assert_allclose(run_cell(network, x), expected, rtol=0, atol=1e-13, err_msg=variant)


@pytest.mark.parametrize("pattern", ["{}", "enc_{}", "enc/{}", "enc.{}"])
@pytest.mark.parametrize("variant", VARIANTS)
def test_the_same_names_in_an_npz_compute_the_same(variant, pattern, tmp_path, run_cell, errorflow_rng):
    weights, x = draw(variant, errorflow_rng), errorflow_rng.normal(size=(9, M))
    np.savez(tmp_path / "net.npz", **{pattern.format(key): array for key, array in weights.items()})
    network = load_network(tmp_path / "net.npz")
    assert network.layer == ("enc" if "enc" in pattern else network.cell.name.removesuffix("_reset_before"))
    np.testing.assert_allclose(run_cell(network, x), keras_outputs(variant, weights, x), rtol=0, atol=1e-13)


@pytest.mark.peer("h5py")
@pytest.mark.parametrize("variant", ["SimpleRNN", "LSTM", "GRU", "GRU before"])
def test_a_layer_without_bias_computes_the_same(variant, tmp_path, run_cell, errorflow_rng):
    weights, x = draw(variant, errorflow_rng), errorflow_rng.normal(size=(9, M))
    del weights["bias"]
    config = model_config(layer_config(variant, "enc", use_bias=False))
    network = load_network(write(tmp_path / "net.h5", keys("full model, Keras 2", weights), config=config))
    assert network.cell.name == OURS[variant]
    np.testing.assert_allclose(run_cell(network, x), keras_outputs(variant, weights, x), rtol=0, atol=1e-13)


# The configuration


@pytest.mark.peer("h5py")
@pytest.mark.parametrize("variant", VARIANTS)
def test_nothing_is_assumed_where_the_configuration_says_it(variant, tmp_path, errorflow_rng):
    arrays = keys("full model, Keras 2", draw(variant, errorflow_rng))
    config = model_config(layer_config(variant, "enc"))
    assert load_network(write(tmp_path / "with.h5", arrays, config=config)).assumed == ()
    assert "not recorded" in load_network(write(tmp_path / "without.h5", arrays)).assumed[-1]


@pytest.mark.peer("h5py")
def test_a_recorded_activation_is_used(tmp_path, run_cell, errorflow_rng):
    arrays = keys("full model, Keras 2", draw("LSTM", errorflow_rng))
    config = model_config(layer_config("LSTM", "enc", activation="relu"))
    path = write(tmp_path / "net.h5", arrays, config=config)
    assert {a.name for a in load_network(path).cell.activations} == {"relu", "logistic"}
    assert {a.name for a in load_network(path, activation="tanh").cell.activations} == {"tanh", "logistic"}


@pytest.mark.peer("h5py")
@pytest.mark.parametrize(
    ("setting", "value"),
    [("recurrent_activation", "hard_sigmoid"), ("activation", "elu"), ("activation", "mine")],
)
def test_an_unsupported_activation_is_refused_by_name(setting, value, tmp_path, errorflow_rng):
    arrays = keys("full model, Keras 2", draw("LSTM", errorflow_rng))
    serialized = {"class_name": "function", "config": value, "registered_name": "function"}
    for stored in (value, serialized):
        config = model_config(layer_config("LSTM", "enc", **{setting: stored}))
        path = write(tmp_path / "net.h5", arrays, config=config)
        with pytest.raises(ValueError, match=f"layer 'enc' of .* has {setting} '{value}'; supported are tanh"):
            load_network(path)


@pytest.mark.peer("h5py")
def test_gates_of_old_keras_are_pointed_out(tmp_path, errorflow_rng):
    arrays = keys("weights, Keras 2", draw("LSTM", errorflow_rng))
    old = load_network(write(tmp_path / "old.h5", arrays, version="2.2.4"))
    assert "Keras 2.2.4 wrote the file" in " ".join(old.assumed)
    new = load_network(write(tmp_path / "new.h5", arrays, version="2.13.1"))
    assert "hard_sigmoid" not in " ".join(new.assumed)


@pytest.mark.peer("h5py")
@pytest.mark.parametrize("both", [True, False])
def test_directions_of_a_bidirectional_layer_are_told_apart(both, tmp_path, errorflow_rng):
    forward, backward = draw("GRU", errorflow_rng), draw("GRU", errorflow_rng)
    prefix = "model_weights/bi/bi"
    arrays = {f"{prefix}/forward_gru/gru_cell/{key}:0": array for key, array in forward.items()}
    arrays |= {f"{prefix}/backward_gru/gru_cell/{key}:0": array for key, array in backward.items()}
    inner = {"layer": layer_config("GRU", "forward_gru" if both else "gru")}  # Keras 2 records one layer
    if both:
        inner["backward_layer"] = layer_config("GRU", "backward_gru", go_backwards=True)
    config = model_config({"class_name": "Bidirectional", "config": {"name": "bi", **inner}})
    path = write(tmp_path / "net.h5", arrays, config=config)
    assert set(layer_names(read(path))) == {"bi/forward_gru", "bi/backward_gru"}
    assert load_network(path, layer="bi/forward_gru").assumed == ()
    mirrored = load_network(path, layer="bi/backward_gru")
    assert "backwards" in mirrored.assumed[0]
    assert np.array_equal(mirrored.parameters["W"][:N], backward["recurrent_kernel"][:, N : 2 * N].T)


def keras3_model(rng: np.random.Generator) -> tuple[dict, dict, dict]:
    """Arrays, groups' names and configuration of a nested Keras 3 model whose names and groups disagree."""
    groups = {
        "layers/lstm": ("LSTM", "lstm_1"),
        "layers/lstm_1": ("LSTM", "lstm"),
        "layers/sequential/layers/gru": ("GRU", "inside"),
        "layers/rnn/cell/cells/gru_cell": ("GRU", "gru_cell"),
    }
    arrays, names = {}, {"layers/sequential/vars": "inner", "layers/rnn/vars": "stack", "vars": "model"}
    for group, (variant, name) in groups.items():
        cell = group if "cells" in group else f"{group}/cell"
        arrays |= {f"{cell}/vars/{NUMBERS[key]}": array for key, array in draw(variant, rng).items()}
        names[f"{group}/vars"] = name
        names.setdefault(f"{cell}/vars", "some_cell")
    arrays |= {f"optimizer/vars/{i}": np.ones((4, 16)) for i in range(3)}
    inner = {
        "class_name": "Sequential",
        "config": {"name": "inner", "layers": [layer_config("GRU", "inside")]},
    }
    stacked = layer_config("GRU", "gru_cell") | {"class_name": "GRUCell"}
    stacked = {"class_name": "StackedRNNCells", "config": {"cells": [stacked]}}
    stack = {"class_name": "RNN", "config": {"name": "stack", "cell": stacked}}
    layers = [layer_config("LSTM", "lstm_1", activation="relu"), layer_config("LSTM", "lstm"), inner, stack]
    return arrays, names, model_config({"class_name": "InputLayer", "config": {"name": "input"}}, *layers)


@pytest.mark.peer("h5py")
@pytest.mark.parametrize("named", [True, False])
def test_a_keras_zip_finds_each_layers_configuration(named, tmp_path, errorflow_rng):
    arrays, names, config = keras3_model(errorflow_rng)
    weights = write(io.BytesIO(), arrays, names=names if named else None)
    path = tmp_path / "net.keras"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("config.json", json.dumps(config))
        archive.writestr("metadata.json", '{"keras_version": "3.15.1"}')
        archive.writestr("model.weights.h5", weights.getvalue())
    assert read(path).format == "keras"
    expected = {"lstm", "lstm_1", "inner/inside", "stack/gru_cell"}
    if not named:  # early Keras 3 recorded no names: groups stand in
        expected = {"lstm", "lstm_1", "sequential/gru", "rnn/gru_cell"}
    assert set(layer_names(read(path))) == expected
    for name in expected:
        network = load_network(path, layer=name)
        assert network.assumed == ()
        assert ("relu" in {a.name for a in network.cell.activations}) == (name == ("lstm_1" if named else "lstm"))


# What is refused


@pytest.mark.peer("h5py")
def test_a_convolutional_cell_is_no_candidate(tmp_path, errorflow_rng):
    shapes = {"kernel": (3, 3, 1, 8), "recurrent_kernel": (3, 3, 2, 8), "bias": (8,)}
    weights = {key: errorflow_rng.normal(size=shape) for key, shape in shapes.items()}
    path = write(tmp_path / "net.h5", keys("full model, Keras 3", weights))
    with pytest.raises(ValueError, match=r"no recurrent layer in .* which holds .*recurrent_kernel"):
        load_network(path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"recurrent_kernel": (5, 16)},
            r"recurrent_kernel has shape \(5, 16\), but a recurrent kernel is \(n, n\)",
        ),
        ({"kernel": (3, 12)}, r"kernel has shape \(3, 12\) beside recurrent_kernel has shape \(4, 16\)"),
        ({"bias": (15,)}, r"bias has shape \(15,\) beside recurrent_kernel has shape \(4, 16\)"),
    ],
)
def test_shapes_that_do_not_fit_are_named(change, message, tmp_path, errorflow_rng):
    weights = draw("LSTM", errorflow_rng) | {k: np.ones(shape) for k, shape in change.items()}
    np.savez(tmp_path / "net.npz", **weights)
    with pytest.raises(ValueError, match=message):
        load_network(tmp_path / "net.npz")


def test_a_cell_against_the_files_own_statement_is_refused(tmp_path, errorflow_rng):
    np.savez(tmp_path / "net.npz", **draw("GRU", errorflow_rng))
    with pytest.raises(ValueError, match="resets after the product"):
        load_network(tmp_path / "net.npz", cell="gru_reset_before")
    with pytest.raises(ValueError, match=r"recurrent_kernel has shape \(4, 12\).* of 4 gates is \(n, 4n\)"):
        load_network(tmp_path / "net.npz", cell="lstm")


@pytest.mark.peer("h5py")
def test_data_in_another_file_is_not_followed(tmp_path):
    import h5py

    (tmp_path / "secret").write_bytes(bytes(16 * 8))
    with h5py.File(tmp_path / "net.h5", "w") as file:
        external = [(str(tmp_path / "secret"), 0, h5py.h5f.UNLIMITED)]
        file.create_dataset("W", shape=(4, 4), dtype="f8", external=external)
    with pytest.raises(ValueError, match="stored in another file, which is not followed"):
        load_network(tmp_path / "net.h5")


def test_without_h5py_one_sentence_tells_how_to_install_it(tmp_path, monkeypatch):
    import sys

    (tmp_path / "net.h5").write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(100))
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(ValueError, match=r'needs h5py: pip install "errorflow\[keras\]"$'):
        load_network(tmp_path / "net.h5")
