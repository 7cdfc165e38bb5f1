"""Torch tensors as NumPy arrays, by duck typing: this module never imports torch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from .refusal import Array, Contents

# Keys under which training scripts keep the state_dict; they are not part of a layer's name.
CONTAINERS = ("state_dict", "model_state_dict", "model", "module", "net", "network", "weights", "params")


def contents(mapping: Mapping[str, Any]) -> Contents:
    """Arrays of a (possibly nested) state_dict; names are joined by dots, a container's own name is left out.

    >>> contents({"epoch": 3, "state_dict": {"a.bias": np.zeros(2)}})
    ({'a.bias': array([0., 0.])}, {'dtypes': {}})
    """
    arrays: dict[str, Array] = {}
    dtypes: dict[str, str] = {}
    for name, tensor in _flat(mapping, ""):
        arrays[name] = to_array(tensor)
        if str(tensor.dtype).removeprefix("torch.") == "bfloat16":
            dtypes[name] = "bfloat16"
    return arrays, {"dtypes": dtypes}


def _flat(mapping: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    for key, value in mapping.items():
        if not isinstance(key, str):  # an optimizer numbers its states
            continue
        if isinstance(value, Mapping):
            yield from _flat(value, prefix if key in CONTAINERS and not prefix else f"{prefix}{key}.")
        elif hasattr(value, "dtype") and hasattr(value, "shape"):
            yield prefix + key, value


def to_array(tensor: Any) -> Array:
    """A tensor as an array; bfloat16 becomes float32, which holds it exactly. NumPy arrays pass unchanged."""
    if isinstance(tensor, np.ndarray):
        return tensor
    dense = tensor.detach().cpu()
    array: Array = (dense.float() if str(dense.dtype) == "torch.bfloat16" else dense).numpy()
    return array
