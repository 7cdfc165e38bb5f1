r"""PyTorch's layout: ``weight_hh (g n, n)``, ``weight_ih (g n, m)``, two biases, gates i, f, g, o or r, z, n.

The equations are those of the torch.nn documentation. Both biases enter a gate as a sum, except in the GRU's
candidate ``n = tanh(W_in x + b_in + r (W_hn h + b_hn))``, where the recurrent one stands inside the reset.
Names: ``<layer>.weight_hh_l0`` and ``_reverse`` of the layers, ``<layer>.weight_hh`` of the cells, and the
short forms ``<layer>_w_hh``, ``W_xh``, ``Whh``.
"""

from __future__ import annotations

import re
from collections import Counter

import numpy as np

from ...theory.language import Cell
from .archive import Archive
from .recurrent import Blocks, Candidate, Float, RecurrentLayer, assemble, default_cell, exact, gates_in_file

FRAMEWORK = "pytorch"
_GATES = {3: ("r", "z", "n"), 4: ("i", "f", "g", "o")}
_ROLES = {
    "W": ("weight_hh", "w_hh", "whh"),
    "B": ("weight_ih", "w_ih", "w_xh", "wxh"),
    "b": ("bias_ih", "b_ih", "b_h", "bh"),
    "recurrent_bias": ("bias_hh", "b_hh"),
    "projection": ("weight_hr",),
}
_ROLE_OF = {name: role for role, names in _ROLES.items() for name in names}
_KEY = re.compile(rf"((?:.*?[._/])??)({'|'.join(_ROLE_OF)})((?:_l\d+)?(?:_reverse)?)", re.IGNORECASE)


def candidates(archive: Archive) -> list[Candidate]:
    """Layers by their keys; ``_l0``, ``_l0_reverse`` stay in the name only where a prefix has several."""
    groups: dict[tuple[str, str], dict[str, str]] = {}
    for key in archive.arrays:
        if match := _KEY.fullmatch(key):
            prefix, name, suffix = match.groups()
            groups.setdefault((prefix, suffix), {}).setdefault(_ROLE_OF[name.lower()], key)
    groups = {group: keys for group, keys in groups.items() if "W" in keys}
    layers = Counter(prefix for prefix, _ in groups)
    found = []
    for (prefix, suffix), keys in groups.items():
        cell = default_cell(archive.arrays[keys["W"]].shape)
        name = prefix.rstrip("._/") or (cell.name if cell else "rnn")
        found.append(Candidate(name + (suffix if layers[prefix] > 1 else ""), FRAMEWORK, keys, prefix))
    return found


def convert(archive: Archive, candidate: Candidate, cell: Cell | None) -> RecurrentLayer:
    """The layer in the project's layout; Refusal for LSTM projections and for shapes that do not fit."""
    keys = candidate.keys
    arrays = {role: exact(archive, key) for role, key in keys.items()}
    bare = Blocks(archive, candidate, arrays, ())
    if "projection" in keys:
        bare.refuse(f"{bare.key('projection')}: LSTM projections (proj_size > 0) are not supported")
    chosen = cell or default_cell(arrays["W"].shape)
    if chosen is None:
        bare.refuse(f"{bare.key('W')}, but a recurrent matrix is (n, n), (3n, n) or (4n, n)")
    gates, notes = gates_in_file(chosen, _GATES)
    _merge_biases(bare, arrays, inside_reset=any(p.name == "d" for p in chosen.parameters))
    parameters, missing = assemble(Blocks(archive, candidate, arrays, gates, notes), chosen)
    said = archive.metadata.get("nonlinearities", {}).get(candidate.group.rstrip("."))  # by a live nn.RNN
    dtype = archive.dtype(keys["W"])
    return RecurrentLayer(candidate.name, chosen.name, parameters, dtype, FRAMEWORK, said, notes=missing)


def _merge_biases(layer: Blocks, arrays: dict[str, Float], *, inside_reset: bool) -> None:
    recurrent = arrays.pop("recurrent_bias", None)
    if recurrent is None:
        return
    b = arrays.get("b", np.zeros(arrays["W"].shape[0]))
    if recurrent.shape != b.shape or b.shape != arrays["W"].shape[:1]:
        roles = [role for role in ("b", "recurrent_bias") if role in layer.candidate.keys]
        both = " and ".join(map(layer.key, roles))
        layer.refuse(f"{both}, but {layer.key('W')}: a bias has one entry per row")
    if inside_reset:
        n = arrays["W"].shape[1]
        arrays["d"] = recurrent[-n:]
        recurrent = np.concatenate([recurrent[:-n], np.zeros(n)])
    arrays["b"] = b + recurrent
