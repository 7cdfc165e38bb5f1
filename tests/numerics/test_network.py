"""A network knows its sizes, hands out parameters by step and by gate, and refuses what does not fit."""

import copy
import pickle
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from errorflow.numerics.network import Network, load_network
from errorflow.theory import cells
from errorflow.theory.activations import Tanh
from errorflow.theory.language import Cell, bias, inputs, let, matrix, scalar, state

SHIPPED = ["elman", "lstm", "gru", "gru_reset_before"]


def shapes(cell: Cell, n: int, m: int) -> dict[str, tuple[int, ...]]:
    rows = {p.name: p.blocks * n for p in cell.parameters}
    columns = {p.name: {"n": n, "m": m}[p.columns] for p in cell.parameters}
    own = {"matrix": lambda k: (rows[k], columns[k]), "bias": lambda k: (rows[k],), "scalar": lambda k: ()}
    return {p.name: own[p.kind](p.name) for p in cell.parameters}


def build(name: str, *, n: int = 3, m: int = 2, lead: tuple[int, ...] = (), seed: int = 0, **options) -> Network:
    cell, rng = cells.get(name), np.random.default_rng(seed)
    arrays = {key: rng.normal(size=lead + shape) for key, shape in shapes(cell, n, m).items()}
    return Network(cell, arrays, **options)


def leaky() -> Cell:
    """A user's own cell: two recurrent matrices, a diagonal weight and a scalar."""
    alpha, h, u = scalar("alpha"), state("h"), inputs("u")
    p = let("p", matrix("V") @ h)
    a = let("a", matrix("W") @ h + matrix("B", columns="m") @ u + bias("w") * p)
    return Cell("leaky", {"h": alpha * h + (1 - alpha) * Tanh()(a)})


# Sizes


@pytest.mark.parametrize(("name", "states"), [("elman", 1), ("lstm", 2), ("gru", 1), ("gru_reset_before", 1)])
@given(n=st.integers(1, 5), m=st.integers(1, 5))
def test_sizes_are_read_off_the_parameters(name, states, n, m):
    network = build(name, n=n, m=m)
    assert (network.n, network.m, network.input_dim, network.state_dim) == (n, m, m, states * n)
    assert (network.tied, network.steps, network.nets) == (True, None, None)


@pytest.mark.parametrize("name", SHIPPED)
def test_untied_copies_and_batches_have_axes_in_front(name):
    untied = build(name, lead=(7,), untied=True)
    assert (untied.n, untied.m, untied.tied, untied.steps, untied.nets) == (3, 2, False, 7, None)
    batched = build(name, lead=(5,), batched=True)
    assert (batched.n, batched.m, batched.tied, batched.steps, batched.nets) == (3, 2, True, None, 5)
    both = build(name, lead=(7, 5), untied=True, batched=True)
    assert (both.n, both.m, both.tied, both.steps, both.nets) == (3, 2, False, 7, 5)


def test_a_users_own_cell_works_like_a_shipped_one():
    cell = leaky()
    arrays = {key: np.ones(shape) for key, shape in shapes(cell, 4, 2).items()}
    network = Network(cell, arrays)
    assert (network.n, network.m, network.state_dim) == (4, 2, 4)
    assert set(network.recurrent_blocks()) == {"V", "W"}
    assert network.parameters["alpha"].shape == ()
    untied = Network(
        cell, arrays | {"W": np.ones((6, 4, 4)), "V": np.ones((6, 4, 4)), "alpha": np.ones(6)}, untied=True
    )
    assert (untied.steps, untied.at(3)["alpha"].shape) == (6, ())


def test_a_cell_without_inputs_has_m_zero():
    cell = Cell("autonomous", {"h": Tanh()(let("a", matrix("W") @ state("h")))})
    assert Network(cell, {"W": np.eye(3)}).m == 0


# Steps and gates


def test_a_tied_network_has_the_same_mapping_at_every_step():
    network = build("gru")
    assert network.at(1) is network.at(1000) is network.parameters


@pytest.mark.parametrize("shared", [(), ("B",), ("b",), ("B", "b")])
def test_an_untied_network_has_its_copy_at_every_step(shared):
    full = build("elman", lead=(4,), untied=True).parameters
    arrays = {name: array[0] if name in shared else array for name, array in full.items()}
    network = Network(cells.get("elman"), arrays, untied=True)
    for t in range(1, 5):
        for name, array in network.at(t).items():
            assert np.array_equal(array, full[name][0 if name in shared else t - 1])


@pytest.mark.parametrize("t", [0, -1, 5])
def test_steps_out_of_range_are_refused(t):
    network = build("elman", lead=(4,), untied=True)
    with pytest.raises(ValueError, match=f"t must be at least 1 and at most 4, got {t}"):
        network.at(t)


@pytest.mark.parametrize("lead", [(), (2,)])
@pytest.mark.parametrize("name", ["lstm", "gru"])
def test_gates_are_views_that_stack_to_the_parameter(name, lead):
    network = build(name, lead=lead, batched=bool(lead))
    for p in network.cell.parameters:
        if p.gates:
            blocks = [network.gate(p.name, gate) for gate in p.gates]
            assert all(np.shares_memory(block, network.parameters[p.name]) for block in blocks)
            axis = -2 if p.kind == "matrix" else -1
            assert np.array_equal(np.concatenate(blocks, axis=axis), network.parameters[p.name])


def test_recurrent_blocks_are_named_as_in_formulas():
    assert list(build("elman").recurrent_blocks()) == ["W"]
    blocks = build("lstm").recurrent_blocks()
    assert list(blocks) == ["W_i", "W_f", "W_g", "W_o"]
    assert all(block.shape == (3, 3) for block in blocks.values())


def test_an_unknown_gate_or_parameter_is_refused():
    with pytest.raises(ValueError, match="gate of W must be one of i, f, g, o, got 'z'"):
        build("lstm").gate("W", "z")
    with pytest.raises(ValueError, match=r"parameter .*'Q'"):
        build("lstm").gate("Q", "i")
    with pytest.raises(ValueError, match=re.escape("none (ungated)")):
        build("elman").gate("W", "i")


# Values


def test_parameters_are_private_copies_and_read_only():
    W = np.eye(3)
    network = Network(cells.get("elman"), {"W": W, "B": np.ones((3, 1)), "b": np.zeros(3)})
    W[0, 0] = 7
    assert network.parameters["W"][0, 0] == 1
    with pytest.raises(ValueError, match="read-only"):
        network.parameters["W"][0, 0] = 7
    with pytest.raises(TypeError, match="item assignment"):
        network.parameters["W"] = W


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_the_type_of_the_arrays_is_remembered(dtype):
    arrays = {name: np.ones(shape, dtype) for name, shape in shapes(cells.get("elman"), 3, 2).items()}
    network = Network(cells.get("elman"), arrays)
    assert network.dtype == dtype
    assert all(array.dtype == np.float64 for array in network.parameters.values())
    wider = network.replace(b=np.zeros(3))
    assert (network.replace().dtype, wider.dtype) == (dtype, "float64")


def test_replace_changes_the_named_parameters_and_nothing_else():
    network = build("gru", source="file.npz", layer="enc", assumed=("x",), lead=(4,), untied=True)
    W = np.random.default_rng(1).normal(size=(4, 9, 3))
    other = network.replace(W=W)
    assert np.array_equal(other.parameters["W"], W)
    assert np.array_equal(other.parameters["B"], network.parameters["B"])
    assert (other.source, other.layer, other.assumed, other.untied) == ("file.npz", "enc", ("x",), True)
    with pytest.raises(ValueError, match="no parameter Q; there are W, B, b, d"):
        network.replace(Q=W)


def pickled(network: Network) -> Network:
    return pickle.loads(pickle.dumps(network))  # noqa: S301 - the bytes are our own


@pytest.mark.parametrize("copied", [copy.deepcopy, pickled])
def test_a_network_survives_copying_and_pickling(copied):
    network = build("lstm", source="file.npz", lead=(4,), batched=True)
    again = copied(network)
    assert (again.cell.name, again.nets, again.source) == ("lstm", 4, "file.npz")
    assert all(np.array_equal(again.parameters[k], a) for k, a in network.parameters.items())
    assert not again.parameters["W"].flags.writeable


def test_the_representation_is_short():
    assert repr(build("lstm")) == "Network(lstm, n=3, m=2, float64)"
    network = build("elman", lead=(4, 2), untied=True, batched=True, source="a.npz", layer="enc")
    assert repr(network) == "Network(elman, n=3, m=2, nets=2, steps=4, float64, 'enc' of 'a.npz')"


# What is refused

ELMAN = {"W": np.eye(3), "B": np.ones((3, 2)), "b": np.zeros(3)}
NAN = np.array([[0.0, 1.0], [np.nan, np.inf]])
REFUSED = [
    ({"W": np.eye(3)}, {}, "parameters of cell 'elman' must be W, B, b, got W"),
    (ELMAN | {"V": np.eye(3)}, {}, "must be W, B, b, got W, B, b, V"),
    ({}, {}, "got none"),
    (ELMAN | {"W": np.ones((3, 4))}, {}, "W .* must have shape (n, n), got (3, 4)"),
    (ELMAN | {"W": np.ones(3)}, {}, "W .* must have shape (n, n), got (3,)"),
    (ELMAN | {"W": np.ones((0, 0))}, {}, "W .* must have shape (n, n), got (0, 0)"),
    (ELMAN | {"W": np.array(1.0)}, {}, "W .* must have shape (n, n), got ()"),
    (
        ELMAN | {"B": np.ones((4, 2))},
        {},
        "B .* must have shape (n, m) with n = 3 beside W of shape (3, 3), got (4, 2)",
    ),
    (ELMAN | {"B": np.ones((3, 0))}, {}, "B .* must have shape (n, m) .* got (3, 0)"),
    (ELMAN | {"b": np.ones((3, 1))}, {}, "b .* must have shape (n,) .* got (3, 1)"),
    (ELMAN | {"b": np.ones(2)}, {}, "b .* must have shape (n,) .* got (2,)"),
    (ELMAN | {"W": np.ones((5, 3, 3))}, {}, "W .* must have shape (n, n), got (5, 3, 3)"),
    (ELMAN, {"untied": True}, "W .* must have shape (T, n, n), got (3, 3)"),
    (ELMAN, {"batched": True}, "W .* must have shape (nets, n, n), got (3, 3)"),
    (
        ELMAN | {"W": np.ones((5, 3, 3)), "b": np.ones((4, 3))},
        {"untied": True},
        "b .* (5, n) (5 may be left out)",
    ),
    (
        ELMAN | {"W": np.ones((5, 3, 3)), "B": np.ones((4, 3, 2))},
        {"batched": True},
        "B .* (5, n, m) .*got (4, 3, 2)",
    ),
    (ELMAN | {"W": np.eye(3, dtype=int)}, {}, "W must have type float16, float32, float64, got int64"),
    (ELMAN | {"b": np.zeros(3, complex)}, {}, "b must have type float16, float32, float64, got complex128"),
    (ELMAN | {"b": [[1.0], [1.0, 2.0]]}, {}, "b must be an array of numbers, got rows of different lengths"),
    (ELMAN | {"b": ["x", "y", "z"]}, {}, "b must have type float16"),
    (ELMAN | {"W": np.full((3, 3), np.nan)}, {}, "W must be finite, got 9 entries"),
    (
        {"W": NAN, "B": np.eye(2), "b": np.zeros(2)},
        {},
        "W must be finite, got 2 entries .* the first nan at index (1, 0)",
    ),
    (ELMAN | {"b": np.array([0, -np.inf, 0])}, {}, "b must be finite, got 1 entries .* -inf at index (1,)"),
]


@pytest.mark.parametrize(("arrays", "options", "message"), REFUSED, ids=[message for *_, message in REFUSED])
def test_what_does_not_fit_is_refused_in_one_sentence(arrays, options, message):
    pattern = re.escape(message).replace(r"\.\*", ".*").replace(r"\ ", " ")
    with pytest.raises(ValueError, match=pattern) as caught:
        Network(cells.get("elman"), arrays, **options)
    assert "\n" not in str(caught.value)


@given(st.sampled_from(SHIPPED), st.data())
def test_any_single_wrong_axis_is_refused(name, data):
    cell = cells.get(name)
    arrays = {key: np.zeros(shape) for key, shape in shapes(cell, 4, 3).items()}
    key = data.draw(st.sampled_from(sorted(arrays)))
    axis = data.draw(st.integers(0, arrays[key].ndim - 1))
    if (key, axis) == ("B", 1):
        axis = 0  # the number of inputs is free
    size = data.draw(st.integers(0, 20).filter(lambda k: k != arrays[key].shape[axis]))
    shape = list(arrays[key].shape)
    shape[axis] = size
    with pytest.raises(ValueError, match="must have shape"):
        Network(cell, arrays | {key: np.zeros(shape)})


def test_arguments_of_a_wrong_kind_are_type_errors(tmp_path):
    np.savez(tmp_path / "net.npz", **ELMAN)
    with pytest.raises(TypeError, match="cell must be a Cell"):
        Network("elman", ELMAN)
    with pytest.raises(TypeError, match="parameters must map names to arrays, got list"):
        Network(cells.get("elman"), [np.eye(3)])
    with pytest.raises(TypeError, match="source must be a path or a torch module, got int"):
        load_network(3)
    with pytest.raises(TypeError, match="cell must be a Cell or one of elman"):
        load_network(tmp_path / "net.npz", cell=3)
    with pytest.raises(TypeError, match="activation must be a name or an Activation, got 3"):
        load_network(tmp_path / "net.npz", activation=3)
    with pytest.raises(ValueError, match="activation must be left out with a Cell"):
        load_network(tmp_path / "net.npz", cell=cells.get("elman"), activation="relu")
