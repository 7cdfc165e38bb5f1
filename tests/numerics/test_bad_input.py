"""Whatever is wrong with a weights file, one sentence that names the file says so, and nothing is executed."""

import io
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.numpy import save

from errorflow.numerics.network import load_network

GOOD = {"W": np.eye(3) / 2, "B": np.ones((3, 2)), "b": np.zeros(3)}


def npz(**arrays) -> bytes:
    stream = io.BytesIO()
    np.savez(stream, **arrays)
    return stream.getvalue()


def zipped(**members: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return stream.getvalue()


def npy(array: np.ndarray) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


class Executed(Exception):
    pass


def explode() -> None:
    raise Executed


class Bomb:
    def __reduce__(self):
        return explode, ()


BOMBS = np.array([Bomb(), Bomb()], dtype=object)
BAD_FILES: dict[str, tuple[str, bytes, str]] = {
    "empty file": ("net.npz", b"", r"is empty \(0 bytes\)"),
    "empty archive": ("net.npz", npz(), "holds no arrays"),
    "empty safetensors": ("net.safetensors", save({}), "holds no arrays"),
    "truncated npz": ("net.npz", npz(**GOOD)[:-30], "cannot be read as npz, it may be truncated or damaged"),
    "truncated member": (
        "net.npz",
        zipped(**{"W.npy": npy(np.eye(3))[:-8]}),
        "member 'W' has 64 bytes of data",
    ),
    "header promises too much": (
        "net.npz",
        zipped(**{"W.npy": npy(np.eye(3)).replace(b"(3, 3)", b"(9999999999, 9999999999)")[:-18]}),
        "it may be truncated or damaged",
    ),
    "truncated safetensors": ("net.safetensors", save(GOOD)[:-8], "cannot be read as safetensors"),
    "header alone": ("net.safetensors", save(GOOD)[:4], "cannot be read as safetensors"),
    "truncated hdf5": ("net.h5", b"\x89HDF\r\n\x1a\n" + bytes(40), "cannot be read as hdf5|needs h5py"),
    "truncated torch": ("net.pt", npz(**GOOD)[:50], "cannot be read as torch"),
    "pickled array": (
        "net.npz",
        npz(W=BOMBS),
        "member 'W' holds pickled Python objects, which are never unpickled",
    ),
    "pickle in a member": ("net.npz", zipped(**{"W.npy": pickle.dumps([1.0])}), "magic string"),
    "pickle": ("net.pt", pickle.dumps({"W": 1}), "is a Python pickle, which is never unpickled"),
    "pickle with a call": ("net.npz", pickle.dumps(Bomb()), "is a Python pickle, which is never unpickled"),
    "single array": ("net.npy", npy(np.eye(3)), "is a single array, not a network"),
    "text": ("net.txt", b"W = 1, 2, 3", "is of no known format; allowed are .npz, .safetensors, .h5"),
    "text in disguise": ("net.npz", b"W = 1, 2, 3", "cannot be read as npz"),
    "other zip": (
        "net.npz",
        zipped(**{"readme.txt": b"hello"}),
        "is a zip archive without weights: readme.txt",
    ),
    "integers": (
        "net.npz",
        npz(W=np.eye(3, dtype=int)),
        r"W in .* has type int64; weights must be float16, ",
    ),
    "booleans": ("net.npz", npz(W=np.eye(3, dtype=bool)), "W in .* has type bool"),
    "complex": ("net.safetensors", save({"W": np.eye(3, dtype="c8")}), "W in .* has type complex64"),
    "text array": ("net.npz", npz(W=np.array([["x"]])), "W in .* has type str"),
    "float8": (
        "net.safetensors",
        (60).to_bytes(8, "little")
        + b'{"W":{"dtype":"F8_E4M3","shape":[2,2],"data_offsets":[0,4]}}'.ljust(60)
        + bytes(4),
        "W in .* has type F8_E4M3",
    ),
    "NaN": (
        "net.npz",
        npz(**GOOD | {"b": np.array([0, np.nan, 0])}),
        "'elman' of .* parameter b must be finite",
    ),
    "infinity": (
        "net.npz",
        npz(**GOOD | {"W": np.full((3, 3), np.inf)}),
        "parameter W must be finite, got 9",
    ),
    "not square": (
        "net.npz",
        npz(**GOOD | {"W": np.ones((3, 4))}),
        r"W has shape \(3, 4\), but a recurrent matrix is",
    ),
    "one axis": ("net.npz", npz(W=np.ones(3)), r"W has shape \(3,\), but a recurrent matrix is"),
    "two gates": (
        "net.npz",
        npz(W=np.ones((6, 3))),
        r"W has shape \(6, 3\), but a recurrent matrix is \(n, n\)",
    ),
    "no units": ("net.npz", npz(W=np.ones((0, 0))), r"W has shape \(0, 0\), but a recurrent matrix is"),
    "inputs of another size": (
        "net.npz",
        npz(**GOOD | {"B": np.ones((4, 2))}),
        r"B needs shape \(3, 2\) beside W has shape \(3, 3\), but B has shape \(4, 2\)",
    ),
    "bias of another size": (
        "net.npz",
        npz(**{"rnn.weight_hh": np.ones((12, 3)), "rnn.bias_ih": np.ones(11), "rnn.bias_hh": np.ones(12)}),
        r"rnn.bias_ih has shape \(11,\) and rnn.bias_hh has shape \(12,\), but rnn.weight_hh has shape",
    ),
    "no recurrent layer": (
        "net.npz",
        npz(**{f"fc{i}.weight": np.ones((2, 5)) for i in range(12)}),
        r"no recurrent layer in .*, which holds fc0.weight \(2, 5\), .* and 2 more$",
    ),
    "two layers": (
        "net.npz",
        npz(a_W=np.eye(2), b_W=np.eye(2)),
        r"holds 2 recurrent layers \(a, b\): name one",
    ),
    "W and U": (
        "net.npz",
        npz(W=np.eye(2), U=np.eye(2), b=np.ones(2)),
        "W or U may be the recurrent matrix: name",
    ),
}


@pytest.mark.parametrize("case", BAD_FILES)
def test_a_bad_file_gets_one_clear_sentence(case, tmp_path):
    name, data, message = BAD_FILES[case]
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(ValueError, match=message) as caught:
        load_network(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_file_and_a_folder_are_told_apart(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"there is no weights file '.*nowhere.npz'$"):
        load_network(tmp_path / "nowhere.npz")
    with pytest.raises(ValueError, match=r"is not a file; a weights file is needed, allowed are .npz"):
        load_network(tmp_path)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"layer": "enc"}, r"no layer 'enc' in .*; its recurrent layers are elman$"),
        ({"cell": "lstm"}, r"cell 'lstm' needs a recurrent matrix of \(4n, n\), but W has shape \(3, 3\)"),
        ({"cell": "transformer"}, "cell must be one of elman"),
        ({"activation": "sine"}, "activation must be one of tanh"),
    ],
)
def test_a_choice_that_does_not_fit_the_file_is_refused(options, message, tmp_path):
    np.savez(tmp_path / "net.npz", **GOOD)
    with pytest.raises(ValueError, match=message):
        load_network(tmp_path / "net.npz", **options)


def test_without_torch_one_sentence_tells_how_to_install_it(tmp_path, monkeypatch):
    import sys

    (tmp_path / "net.pt").write_bytes(zipped(**{"archive/data.pkl": b"x"}))
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(ValueError, match=r'needs torch: pip install "errorflow\[torch\]"$'):
        load_network(tmp_path / "net.pt")


# Damage of every kind, to valid files of every format


def valid_npz() -> tuple[str, bytes]:
    return ".npz", npz(**GOOD)


def valid_compressed() -> tuple[str, bytes]:
    stream = io.BytesIO()
    np.savez_compressed(stream, **GOOD)
    return ".npz", stream.getvalue()


def valid_safetensors() -> tuple[str, bytes]:
    return ".safetensors", save(GOOD)


def valid_torch() -> tuple[str, bytes]:
    import torch

    stream = io.BytesIO()
    torch.save({"weight_hh": torch.eye(3), "weight_ih": torch.ones(3, 2)}, stream)
    return ".pt", stream.getvalue()


def valid_hdf5() -> tuple[str, bytes]:
    import h5py

    stream = io.BytesIO()
    with h5py.File(stream, "w") as file:
        for key, array in GOOD.items():
            file[f"model_weights/enc/enc/{key}"] = array
        file.attrs["model_config"] = '{"class_name": "Sequential", "config": {"layers": []}}'
        file.require_group("layers/lstm/vars").attrs["name"] = "enc"
    return ".h5", stream.getvalue()


@st.composite
def damages(draw: st.DrawFn) -> Callable[[bytes], bytes]:
    """Cut the file, overwrite bytes, or leave a block out."""
    where = st.floats(0, 1, exclude_max=True)
    kind = draw(st.sampled_from(["cut", "overwrite", "leave out"]))
    places = draw(st.lists(st.tuples(where, st.integers(0, 255)), min_size=1, max_size=8))

    def apply(data: bytes) -> bytes:
        at = int(places[0][0] * len(data))
        if kind == "cut":
            return data[:at]
        if kind == "leave out":
            return data[:at] + data[at + 1 + places[0][1] :]
        damaged = bytearray(data)
        for place, byte in places:
            damaged[int(place * len(data))] = byte
        return bytes(damaged)

    return apply


def loads_or_says_why(folder: Path, valid: Callable[[], tuple[str, bytes]], damage: Callable[[bytes], bytes]) -> None:
    suffix, data = valid()
    path = folder / f"net{suffix}"
    path.write_bytes(data)
    load_network(path)
    path.write_bytes(damage(data))
    try:
        load_network(path)
    except (ValueError, OSError) as error:
        message = str(error)
    else:
        return
    assert message
    assert "\n" not in message


SAME_FOLDER = settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


@pytest.mark.parametrize("valid", [valid_npz, valid_compressed, valid_safetensors])
@SAME_FOLDER
@given(damage=damages())
def test_a_damaged_file_loads_or_says_why_not(valid, tmp_path, damage):
    loads_or_says_why(tmp_path, valid, damage)


@pytest.mark.peer("torch")
@SAME_FOLDER
@given(damage=damages())
def test_a_damaged_torch_file_loads_or_says_why_not(tmp_path, damage):
    loads_or_says_why(tmp_path, valid_torch, damage)


@pytest.mark.peer("h5py")
@settings(SAME_FOLDER, max_examples=8)  # each starts a process
@given(damage=damages())
def test_a_damaged_hdf5_file_loads_or_says_why_not(tmp_path, damage):
    loads_or_says_why(tmp_path, valid_hdf5, damage)


@pytest.mark.slow
@pytest.mark.peer("h5py")
@settings(SAME_FOLDER, max_examples=200)
@given(damage=damages())
def test_a_damaged_hdf5_file_never_takes_the_caller_down(tmp_path, damage):
    loads_or_says_why(tmp_path, valid_hdf5, damage)


@pytest.mark.peer("h5py")
def test_a_string_heap_that_the_hdf5_library_would_loop_on_is_refused(tmp_path):
    _, data = valid_hdf5()
    at = data.index(b"GCOL") + 16 + 8  # the size of the first string
    (tmp_path / "net.h5").write_bytes(data[:at] + b"\xff" + data[at + 1 :])
    with pytest.raises(ValueError, match=r"the global heap at byte [0-9]+ is inconsistent"):
        load_network(tmp_path / "net.h5")
