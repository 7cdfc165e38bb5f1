r"""Keras's layout: ``recurrent_kernel (n, g n)``, ``kernel (m, g n)`` and ``bias``, acting on rows.

Gates are i, f, c, o or z, r, h. The equations are those of the Keras layers: the GRU's new state is
``z h + (1 - z) hh``, and its bias tells the variant: ``(3n,)`` reset before the product, ``(2, 3n)`` after
it, with one row for the inputs and one inside the reset.

The old CuDNNLSTM and CuDNNGRU layers have one flat bias of two stacked ones, ``(8n,)`` and
``(6n,)``, and keep each gate's matrix in cuDNN's own order, a row-major (n, m) buffer, under the transposed
shape: there the buffer is read back, not transposed.

Paths: ``lstm_1/lstm_1/kernel:0`` with or without ``model_weights``, Keras 3 ``layers/lstm/cell/vars/0``, and
``<layer>_kernel``.
"""

from __future__ import annotations

import re

import numpy as np

from ...theory import cells
from ...theory.language import Cell
from .archive import Archive
from .keras_config import Settings, settings_of
from .recurrent import Blocks, Candidate, Float, RecurrentLayer, assemble, default_cell, exact, gates_in_file

FRAMEWORK = "keras"
_GATES = {3: ("z", "r", "n"), 4: ("i", "f", "g", "o")}
_ROLES = {"recurrent_kernel": "W", "kernel": "B", "bias": "b"}
_NAMED = re.compile(r"((?:.*?[._/])??)(recurrent_kernel|kernel|bias)(?::0)?")
_NUMBERED = re.compile(r"((?:.*/)?(?:\w*_)?cell(?:_\d+)?/)vars/([012])")
_NUMBERS = {"0": "B", "1": "W", "2": "b"}
_CELL = re.compile(r"(?:\w*_)?cell(?:_\d+)?")
_STRUCTURE = {"model_weights", "layers", "_layer_checkpoint_dependencies", "cells", "stacked_rnn_cells"}


def candidates(archive: Archive) -> list[Candidate]:
    """Layers by their paths; the optimizer's copies of the weights are no layers."""
    groups: dict[str, dict[str, str]] = {}
    for key in archive.arrays:
        if key.startswith(("optimizer", "_optimizer")):
            continue
        if match := _NAMED.fullmatch(key):
            groups.setdefault(match[1], {})[_ROLES[match[2]]] = key
        elif match := _NUMBERED.fullmatch(key):
            groups.setdefault(match[1], {})[_NUMBERS[match[2]]] = key
    found = []
    for group, keys in groups.items():
        if "W" in keys and archive.arrays[keys["W"]].ndim == 2:  # convolutional cells have four axes
            name = _layer_name(group, archive.metadata.get("names", {}))
            if not name:
                cell = default_cell(archive.arrays[keys["W"]].shape, columns=0)
                name = cell.name if cell else "rnn"
            found.append(Candidate(name, FRAMEWORK, keys, group))
    return found


def _layer_name(group: str, names: dict[str, str]) -> str:
    """Name of the layer whose weights stand in ``group``, with its wrapper: ``bidirectional/forward_lstm``.

    >>> _layer_name("model_weights/lstm_1/sequential/lstm_1/lstm_cell/", {})
    'lstm_1'
    >>> _layer_name("layers/lstm/cell/", {"layers/lstm": "encoder"})
    'encoder'
    """
    parts = group.rstrip("._/").split("/")
    inside = "cells" in parts or "stacked_rnn_cells" in parts
    if len(parts) > 1 and _CELL.fullmatch(parts[-1]) and not inside:
        parts = parts[:-1]
    labels = [
        names.get("/".join(parts[: i + 1]), part)
        for i, part in enumerate(parts)
        if part not in _STRUCTURE and not (part == "cell" and i < len(parts) - 1)
    ]
    if not labels:
        return ""
    # Paths of HDF5 models say the layer's name, then the names of the scopes down to it, then the name again.
    last = len(labels) - 1 - labels[::-1].index(labels[0])
    return "/".join([labels[0], *labels[last + 1 :]])


def convert(archive: Archive, candidate: Candidate, cell: Cell | None) -> RecurrentLayer:
    """The layer in the project's layout, with the activations that the file's model configuration records."""
    settings = settings_of(archive, candidate)
    raw = {role: exact(archive, key) for role, key in candidate.keys.items()}
    bare = Blocks(archive, candidate, raw, ())
    chosen = cell or _cell(raw, settings)
    if chosen is None:
        bare.refuse(f"{bare.key('W')}, but a recurrent kernel is (n, n), (n, 3n) or (n, 4n)")
    gates, notes = gates_in_file(chosen, _GATES)
    inside_reset = any(p.name == "d" for p in chosen.parameters)
    arrays = _arrays(bare, max(1, len(gates)), inside_reset=inside_reset)
    if settings.reset_after is None and len(gates) == 3 and raw.get("b") is None and cell is None:
        notes += ("reset after the product: the file holds neither a bias nor a configuration",)
    if gates and settings.gate_activation is None:
        notes += _old_gates(archive)
    parameters, missing = assemble(Blocks(archive, candidate, arrays, gates, notes), chosen)
    return RecurrentLayer(
        candidate.name,
        chosen.name,
        parameters,
        archive.dtype(candidate.keys["W"]),
        FRAMEWORK,
        settings.activation,
        settings.gate_activation,
        missing + settings.notes,
    )


def _old_gates(archive: Archive) -> tuple[str, ...]:
    """A note where the version that wrote the file had another default for the gates than every later one."""
    version = archive.metadata.get("keras_version") or ""
    number = re.match(r"(\d+)\.(\d+)", version)
    if not number or (int(number[1]), int(number[2])) >= (2, 3):
        return ()
    return (f"Keras {version} wrote the file, whose gates may be hard_sigmoid, the default before 2.3",)


def _cell(raw: dict[str, Float], settings: Settings) -> Cell | None:
    chosen = cells.get(settings.cell) if settings.cell else default_cell(raw["W"].shape, columns=0)
    if chosen and chosen.name == "gru":
        b = raw.get("b")
        before = b.shape == raw["W"].shape[1:] if b is not None else settings.reset_after is False
        return cells.get("gru_reset_before") if before else chosen
    return chosen


def _arrays(layer: Blocks, count: int, *, inside_reset: bool) -> dict[str, Float]:
    """Kernels turned to act on columns and the bias split into b and, inside the reset, d."""
    W, b = layer.arrays["W"], layer.arrays.get("b")
    n, columns = W.shape
    if columns != count * n:
        stack = "n" if count == 1 else f"{count}n"
        layer.refuse(f"{layer.key('W')}, but a recurrent kernel of {count} gates is (n, {stack})")
    if "B" in layer.arrays and layer.arrays["B"].shape[1:] != (columns,):
        layer.refuse(f"{layer.key('B')} beside {layer.key('W')}, but a kernel is (m, {columns}) there")
    stacked = b is not None and count > 1 and b.shape == (2 * columns,)
    arrays = {k: _rows(kernel, count, buffer=stacked) for k, kernel in layer.arrays.items() if k != "b"}
    if b is None:
        return arrays
    two = b.reshape(2, columns) if stacked else b
    if two.shape == (2, columns) and count > 1:
        if inside_reset:
            arrays["d"] = two[1, -n:]
            two = np.stack([two[0], np.append(two[1, :-n], np.zeros(n))])
        elif count == 3:
            layer.refuse(f"{layer.key('b')}, which resets after the product: the cell is gru, not another")
        arrays["b"] = two.sum(axis=0)
    elif two.shape == (columns,):
        arrays["b"] = two
    else:
        allowed = f"({columns},) or (2, {columns})"
        layer.refuse(f"{layer.key('b')} beside {layer.key('W')}, but a bias is {allowed} there")
    return arrays


def _rows(kernel: Float, count: int, *, buffer: bool) -> Float:
    """A kernel (k, g n) as (g n, k): each gate's block transposed, or its buffer read in rows of k."""
    if not buffer:
        return kernel.T
    return np.concatenate([block.reshape(block.shape[::-1]) for block in np.split(kernel, count, axis=1)])
