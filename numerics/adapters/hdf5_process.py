"""Reads an HDF5 file from standard input and writes its arrays to standard output, in a process of its own.

The HDF5 library crashes or loops forever on some damaged files; here it can do neither to the caller. This
file is run by path, so that it starts fast, and imports nothing of the package; it is the only one that
imports h5py. Output: a zip with ``contents.json``, an object with the paths of the arrays and the metadata,
and the arrays as 0.npy, 1.npy, ...
"""

from __future__ import annotations

import io
import json
import sys
import zipfile
from typing import Any, BinaryIO

import numpy as np

# Deflate cannot do better than 1 : 1032, so a larger array than this is a damaged header.
_LARGEST_RATIO = 1032
_HEAP = b"GCOL\x01\x00\x00\x00"


def copy(data: bytes, out: BinaryIO) -> None:
    """Write the numeric arrays of an HDF5 file and what Keras records beside them.

    Metadata: ``model_config`` (parsed), ``keras_version`` and ``names``, the layer name of each group that
    has one. Raises ValueError for data that is stored in another file, any error for a damaged file.
    """
    import h5py

    check_heaps(data)
    paths: list[str] = []
    names: dict[str, str] = {}
    with h5py.File(io.BytesIO(data), "r") as file, zipfile.ZipFile(out, "w") as archive:

        def visit(path: str | bytes, item: Any) -> None:
            if isinstance(path, bytes):
                raise ValueError(f"the path {path!r} is not UTF-8")
            if isinstance(item, h5py.Group):
                parent, _, own = path.rpartition("/")
                name = _text(item, "name", len(data)) if own == "vars" else None
                if name:
                    names[parent] = name
            elif isinstance(item, h5py.Dataset) and item.shape is not None and item.dtype.kind in "fiubc":
                if item.external or item.is_virtual:
                    raise ValueError(f"dataset {path!r} is stored in another file, which is not followed")
                if item.nbytes > _LARGEST_RATIO * len(data):
                    raise ValueError(f"dataset {path!r} has shape {item.shape}, more than the file can hold")
                with archive.open(f"{len(paths)}.npy", "w") as member:
                    np.lib.format.write_array(member, np.asarray(item[()]), allow_pickle=False)
                paths.append(path)

        file.visititems(visit)
        configuration = _text(file, "model_config", len(data))
        metadata = {
            "names": names,
            "keras_version": _text(file, "keras_version", len(data)),
            "model_config": json.loads(configuration) if configuration else None,
        }
        archive.writestr("contents.json", json.dumps({"paths": paths, "metadata": metadata}))


def _text(item: Any, name: str, largest: int) -> str | None:
    if name not in item.attrs:
        return None
    stored = item.attrs.get_id(name)
    if stored.shape != () or stored.dtype.itemsize > largest:
        raise ValueError(f"attribute {name!r} is not one string")
    value = item.attrs[name]
    return value.decode() if isinstance(value, bytes) else str(value)


def check_heaps(data: bytes) -> None:
    """ValueError unless the objects of every global heap (strings of varying length) fill it exactly.

    HDF5 2.0 never returns from reading a string out of a heap whose object sizes do not. Layout (file format
    specification, III.E): signature, version, at 8 the collection's size; then objects of 16 bytes of header,
    with the index in front and the size at 8, and data padded to 8; index 0 is the free rest.

    >>> check_heaps(_HEAP + (32).to_bytes(8, "little") + bytes(8) + (16).to_bytes(8, "little"))
    >>> check_heaps(_HEAP + (32).to_bytes(8, "little") + bytes(16))
    Traceback (most recent call last):
    ValueError: the global heap at byte 0 is inconsistent
    """

    def number(at: int, size: int) -> int:
        return int.from_bytes(data[at : at + size], "little")

    start = data.find(_HEAP)
    while start >= 0:
        end = start + number(start + 8, 8)
        at, free = start + 16, False
        while at + 16 <= end <= len(data) and not free:
            free, size = number(at, 2) == 0, number(at + 8, 8)
            at += size if free else 16 + (size + 7) // 8 * 8
        if at != end if free else not end - 16 < at <= end:
            raise ValueError(f"the global heap at byte {start} is inconsistent")
        start = data.find(_HEAP, start + 1)


if __name__ == "__main__":
    copied = io.BytesIO()
    copy(sys.stdin.buffer.read(), copied)
    sys.stdout.buffer.write(copied.getvalue())
