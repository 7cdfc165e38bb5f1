"""The cells, one file each: a module of this folder defines one function of its own name that builds it.

`names` lists the files of this folder, so that a new cell is one new file and no change elsewhere.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil

from ..activations import Activation
from ..language import Cell

__all__ = ["get", "names"]


def names() -> tuple[str, ...]:
    """Names of the cells that ship with the package, in alphabetical order.

    >>> names()
    ('elman', 'gru', 'gru_reset_before', 'lstm')
    """
    return tuple(sorted(module.name for module in pkgutil.iter_modules(__path__)))


def get(name: str, *, activation: Activation | None = None, gate_activation: Activation | None = None) -> Cell:
    """The cell ``name`` with its default activations, or with those given.

    Raises ValueError for an unknown name, and for a gate activation where the cell has no gates.

    >>> get("lstm").states
    ('h', 'c')
    """
    if name not in names():
        raise ValueError(f"cell must be one of {', '.join(names())}, got {name!r}")
    build = getattr(importlib.import_module(f".{name}", __name__), name)
    chosen = {"activation": activation, "gate_activation": gate_activation}
    given = {key: value for key, value in chosen.items() if value is not None}
    for key, value in given.items():
        if not isinstance(value, Activation):
            raise TypeError(f"{key} must be an Activation, such as Tanh(), or None, got {value!r}")
    unknown = given.keys() - inspect.signature(build).parameters.keys()
    if unknown:
        raise ValueError(f"cell {name!r} takes no {' and no '.join(sorted(unknown))}")
    cell: Cell = build(**given)
    return cell
