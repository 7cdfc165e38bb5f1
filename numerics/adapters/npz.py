"""NumPy ``.npz`` archives: zip files of ``.npy`` members, plain arrays only.

Members are parsed here from the published ``.npy`` header rather than by ``numpy.load``, so that a damaged
header can neither start the unpickler nor ask for more memory than the member has bytes.
"""

from __future__ import annotations

import io
import math
import zipfile

import numpy as np

from .refusal import Array, Contents, Refusal

SUFFIX = ".npy"


def read_npz(data: bytes) -> Contents:
    """Arrays of an ``.npz`` file given as bytes, by member name without ``.npy``.

    Raises Refusal for a member that holds pickled objects, any error of zipfile or NumPy for a damaged file.
    """
    arrays = {}
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for member in archive.infolist():
            if member.filename.endswith(SUFFIX):
                name = member.filename.removesuffix(SUFFIX)
                arrays[name] = _parse(archive.read(member), name)
    return arrays, {}


def _parse(data: bytes, name: str) -> Array:
    stream = io.BytesIO(data)
    version = np.lib.format.read_magic(stream)
    readers = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
    if version not in readers:
        raise Refusal(f"member {name!r} has .npy version {version}, allowed are 1.0 and 2.0")
    shape, fortran_order, dtype = readers[version](stream)
    if dtype.hasobject:
        raise Refusal(f"member {name!r} holds pickled Python objects, which are never unpickled: save float arrays")
    start = stream.tell()
    if min(shape, default=0) < 0 or math.prod(shape) * dtype.itemsize != len(data) - start:
        raise ValueError(f"member {name!r} has {len(data) - start} bytes of data for shape {shape} of {dtype}")
    if dtype.itemsize == 0:
        return np.empty(shape, dtype)
    flat = np.frombuffer(data, dtype, offset=start)
    return flat.reshape(shape, order="F" if fortran_order else "C")
