"""Weight files as named arrays, whatever their format.

The format is decided by the content; the suffix only helps to name what a damaged file should have been. A
file is read once, and the hash is that of the bytes that were parsed. Nothing in a file is ever executed or
unpickled.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .keras_h5 import WEIGHTS, read_hdf5, read_keras_zip
from .npz import read_npz
from .refusal import Array, Contents, Refusal, listing, one_line
from .safetensors_file import read_safetensors
from .torch_file import read_torch

_READERS: dict[str, Callable[[bytes], Contents]] = {
    "npz": read_npz,
    "safetensors": read_safetensors,
    "hdf5": read_hdf5,
    "keras": read_keras_zip,
    "torch": read_torch,
}
_SUFFIXES = {
    ".npz": "npz", ".safetensors": "safetensors", ".h5": "hdf5", ".hdf5": "hdf5", ".keras": "keras",
    ".pt": "torch", ".pth": "torch", ".bin": "torch",
}  # fmt: skip
_ALLOWED = f"allowed are {', '.join(_SUFFIXES)}"


@dataclass(frozen=True)
class Archive:
    """The arrays of a weights file by key, in the file's order, and what the format says beside them."""

    path: str
    format: str
    sha256: str
    arrays: dict[str, Array]
    metadata: dict[str, Any] = field(default_factory=dict)

    def dtype(self, key: str) -> str:
        """Type of an array in the file; the array itself may be wider (bfloat16 is read as float32)."""
        return str(self.metadata.get("dtypes", {}).get(key, self.arrays[key].dtype.name))


def read(path: str | Path) -> Archive:
    """All arrays of the weights file ``path``: npz, safetensors, Keras HDF5 and ``.keras``, PyTorch.

    Raises FileNotFoundError for a missing file and ValueError, in one sentence that names the file, for
    anything else that cannot be read: a directory, an empty, truncated or unknown file, pickled objects, no
    arrays, or a format whose library is not installed.
    """
    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(f"there is no weights file {str(path)!r}")
    if not path.is_file():
        raise Refusal(f"{str(path)!r} is not a file; a weights file is needed, {_ALLOWED}")
    data = path.read_bytes()
    kind = _SUFFIXES.get(path.suffix.lower(), "weights")
    try:
        kind = _format(data, path.suffix.lower())
        arrays, metadata = _READERS[kind](data)
        if not arrays:
            raise Refusal("holds no arrays")
    except Refusal as refusal:
        raise Refusal(f"weights file {str(path)!r}: {refusal}") from refusal
    except Exception as error:  # four parsers meet hostile bytes here; each raises errors of its own
        what = f"cannot be read as {kind}, it may be truncated or damaged ({one_line(error)})"
        raise Refusal(f"weights file {str(path)!r}: {what}") from error
    return Archive(str(path), kind, hashlib.sha256(data).hexdigest(), arrays, metadata)


def _format(data: bytes, suffix: str) -> str:
    if not data:
        raise Refusal("is empty (0 bytes)")
    if data.startswith(b"\x89HDF\r\n\x1a\n"):
        return "hdf5"
    if data.startswith(b"\x93NUMPY"):
        raise Refusal("is a single array, not a network: save its arrays by name with numpy.savez")
    if data.startswith(b"PK"):
        return _format_of_zip(data, suffix)
    if data[0] == 0x80 and data[1:2] in (b"\x02", b"\x03", b"\x04", b"\x05"):
        raise Refusal("is a Python pickle, which is never unpickled: save arrays, or a state_dict as a zip file")
    if suffix == ".safetensors" or data[8:9] == b"{":
        return "safetensors"
    if suffix in _SUFFIXES:
        raise ValueError("it does not begin as one")
    raise Refusal(f"is of no known format; {_ALLOWED}")


def _format_of_zip(data: bytes, suffix: str) -> str:
    if suffix in _SUFFIXES and not zipfile.is_zipfile(io.BytesIO(data)):
        raise ValueError("the zip directory at its end is missing")
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = archive.namelist()
    if not names:
        raise Refusal("holds no arrays")
    if WEIGHTS in names:
        return "keras"
    if any(name.endswith("constants.pkl") for name in names):
        raise Refusal("is a TorchScript archive, which carries code: save the state_dict instead")
    if any(name.endswith("data.pkl") for name in names):
        return "torch"
    if any(name.endswith(".npy") for name in names):
        return "npz"
    raise Refusal(f"is a zip archive without weights: {listing(names)}")
