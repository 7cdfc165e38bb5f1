"""The project's own layout: arrays under the cell's parameter names, ``W``, ``<layer>.W`` or ``<layer>_W``.

A few names in common use stand for them: ``W_rec``, ``W_in``, ``b_rec``. A file with one array of any name
holds a recurrent matrix.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from ...theory.language import Cell
from .archive import Archive
from .recurrent import (
    Blocks,
    Candidate,
    RecurrentLayer,
    assemble,
    blocks_of,
    default_cell,
    exact,
    gates_in_file,
    recurrent_names,
)

FRAMEWORK = "native"
_DEFAULT = ("W", "B", "b", "d")
_ALIASES = {"W_rec": "W", "Wrec": "W", "W_in": "B", "Win": "B", "b_rec": "b", "brec": "b"}


def candidates(archive: Archive, cell: Cell | None) -> list[Candidate]:
    """Layers with the cell's name for the recurrent matrix, and its shape or an input matrix beside it.

    A bare recurrent matrix counts only where no layer of the file has an input matrix: next to one that has,
    a square ``out_W`` is a read-out.
    """
    names = tuple(p.name for p in cell.parameters) if cell else _DEFAULT
    recurrent = (recurrent_names(cell) or ["W"])[0] if cell else "W"
    inputs = {p.name for p in cell.parameters if p.columns == "m"} if cell else {"B"}
    usable = {
        prefix: keys
        for prefix, keys in _groups(archive, names).items()
        if recurrent in keys
        and (not prefix or inputs & keys.keys() or blocks_of(archive.arrays[keys[recurrent]].shape))
    }
    if any(inputs & keys.keys() for keys in usable.values()):
        usable = {prefix: keys for prefix, keys in usable.items() if inputs & keys.keys()}
    return [
        Candidate(
            prefix.rstrip("._/") or _cell_name(archive, keys[recurrent], cell),
            FRAMEWORK,
            keys,
            prefix,
            recurrent,
        )
        for prefix, keys in usable.items()
    ]


def only_array(archive: Archive, cell: Cell | None) -> list[Candidate]:
    """The only array of a file as a recurrent matrix, named by its key; nothing for a file with more."""
    if len(archive.arrays) != 1:
        return []
    (key,) = archive.arrays
    recurrent = (recurrent_names(cell) or ["W"])[0] if cell else "W"
    return [Candidate(key, FRAMEWORK, {recurrent: key}, recurrent=recurrent)]


def convert(archive: Archive, candidate: Candidate, cell: Cell | None) -> RecurrentLayer:
    """The layer under the cell's names, gates in the cell's order; Refusal for shapes that do not fit."""
    arrays = {role: exact(archive, key) for role, key in candidate.keys.items()}
    bare = Blocks(archive, candidate, arrays, ())
    chosen = cell or default_cell(arrays["W"].shape)
    if chosen is None:
        bare.refuse(f"{bare.key('W')}, but a recurrent matrix is (n, n), (3n, n) or (4n, n)")
    if cell is None and "B" not in candidate.keys and f"{candidate.group}U" in archive.arrays:
        bare.refuse("W or U may be the recurrent matrix: name the recurrent one W and the input one B")
    gates, _ = gates_in_file(chosen, {})
    notes = (f"gates are taken in the order of the cell ({', '.join(gates)})",) if gates else ()
    parameters, missing = assemble(Blocks(archive, candidate, arrays, gates, notes), chosen)
    dtype = archive.dtype(candidate.keys[candidate.recurrent])
    return RecurrentLayer(candidate.name, chosen.name, parameters, dtype, FRAMEWORK, notes=missing)


def _groups(archive: Archive, names: tuple[str, ...]) -> Mapping[str, dict[str, str]]:
    roles = {name: name for name in names} | {alias: role for alias, role in _ALIASES.items() if role in names}
    ordered = sorted(roles, key=len, reverse=True)
    pattern = re.compile(rf"((?:.*?[._/])??)({'|'.join(map(re.escape, ordered))})")
    groups: dict[str, dict[str, str]] = {}
    for key in archive.arrays:
        if match := pattern.fullmatch(key):
            groups.setdefault(match[1], {}).setdefault(roles[match[2]], key)
    return groups


def _cell_name(archive: Archive, key: str, cell: Cell | None) -> str:
    chosen = cell or default_cell(archive.arrays[key].shape)
    return chosen.name if chosen else "rnn"
