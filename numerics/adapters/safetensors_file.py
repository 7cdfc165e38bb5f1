"""``.safetensors`` files: a JSON header and raw little-endian arrays."""

from __future__ import annotations

import numpy as np

from .refusal import Array, Contents

# Names of the format's types that NumPy has too; the format is little-endian.
_TYPES = {
    "F64": "<f8", "F32": "<f4", "F16": "<f2", "I64": "<i8", "I32": "<i4", "I16": "<i2", "I8": "i1",
    "U64": "<u8", "U32": "<u4", "U16": "<u2", "U8": "u1", "BOOL": "?", "C64": "<c8",
}  # fmt: skip


def read_safetensors(data: bytes) -> Contents:
    """Arrays of a ``.safetensors`` file given as bytes; bfloat16 becomes float32, which holds it exactly.

    Other types that NumPy lacks (float8) are kept as raw bytes under the format's name for them, so that they
    can be listed. Raises the library's error for a damaged file.
    """
    from safetensors import deserialize

    arrays, dtypes = {}, {}
    for key, tensor in deserialize(data):
        raw, shape, kind = tensor["data"], tuple(tensor["shape"]), tensor["dtype"]
        if kind == "BF16":
            arrays[key], dtypes[key] = bfloat16(np.frombuffer(raw, "<u2")).reshape(shape), "bfloat16"
        elif kind in _TYPES:
            arrays[key] = np.frombuffer(raw, _TYPES[kind]).reshape(shape)
        else:
            arrays[key], dtypes[key] = np.frombuffer(raw, np.uint8), kind
    return arrays, {"dtypes": dtypes}


def bfloat16(bits: Array) -> Array:
    """The float32 numbers whose upper 16 bits are given: bfloat16 is float32 without the lower half.

    >>> bfloat16(np.array([0x3F80, 0xC000], np.uint16))
    array([ 1., -2.], dtype=float32)
    """
    wide: Array = (bits.astype(np.uint32) << 16).view(np.float32)
    return wide
