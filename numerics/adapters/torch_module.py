"""Recurrent layers of a live torch module, by duck typing: this module never imports torch."""

from __future__ import annotations

from typing import Any

from ...theory.language import Cell
from .archive import Archive
from .layers import find_layers
from .recurrent import RecurrentLayer
from .refusal import Refusal
from .torch_tensors import contents


def archive_of(module: Any) -> Archive:
    """The parameters of a module by qualified name; a parametrized weight enters with its value."""
    state = dict(module.state_dict())
    for prefix, part in module.named_modules():
        for name in getattr(part, "parametrizations", {}):
            state[f"{prefix}.{name}".lstrip(".")] = getattr(part, name)
    arrays, metadata = contents(state)
    name = type(module).__name__
    metadata["nonlinearities"] = {
        prefix: part.nonlinearity
        for prefix, part in module.named_modules()
        if getattr(part, "nonlinearity", None) in ("tanh", "relu")
    }
    if not arrays:
        raise Refusal(f"module {name} holds no parameters")
    return Archive(f"{name} module", "module", "", arrays, metadata)


def from_module(module: Any, *, cell: str | Cell | None = None, layer: str | None = None) -> list[RecurrentLayer]:
    """The recurrent layers of a torch module: nn.RNN, nn.LSTM, nn.GRU and their cells, at any depth.

    Layers are named by the module's qualified name. A live nn.RNN knows its nonlinearity, so nothing is
    assumed. Raises ValueError as `find_layers` does.
    """
    return find_layers(archive_of(module), cell=cell, layer=layer)
