"""Finding the recurrent layers of a weights file by key and shape."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from ...theory import cells
from ...theory.language import Cell
from . import keras_keys, native_keys, torch_keys
from .archive import Archive
from .recurrent import Candidate, RecurrentLayer
from .refusal import Refusal, listing, shapes


def find_layers(archive: Archive, *, cell: str | Cell | None = None, layer: str | None = None) -> list[RecurrentLayer]:
    """The recurrent layers of a file in the file's order, each with its parameters in the project's layout.

    Keys of PyTorch, Keras and the project itself are known. The recurrent matrix decides the cell, (n, n)
    elman, (3n, n) gru, (4n, n) lstm, unless ``cell`` (a name or a Cell) is given. With ``layer`` only that
    one is read. Layers are named by their key without its weight suffix, or by their cell where nothing is
    left.

    Raises ValueError where there is no layer, no such layer, or one whose arrays do not fit.
    """
    chosen = _cell(cell)
    found = _candidates(archive, chosen)
    if not found:
        raise Refusal(f"no recurrent layer in {archive.path!r}, which holds {shapes(archive.arrays)}")
    if layer is not None:
        names = [candidate.name for candidate in found]
        found = [candidate for candidate in found if candidate.name == layer]
        if not found:
            raise Refusal(f"no layer {layer!r} in {archive.path!r}; its recurrent layers are {listing(names)}")
    return [_convert(archive, candidate, chosen) for candidate in found]


def layer_names(archive: Archive, *, cell: str | Cell | None = None) -> list[str]:
    """Names of the recurrent layers, without reading them: one that does not fit hides no other."""
    chosen = _cell(cell)
    return [candidate.name for candidate in _candidates(archive, chosen)]


def _cell(cell: str | Cell | None) -> Cell | None:
    if cell is None or isinstance(cell, Cell):
        return cell
    if not isinstance(cell, str):
        raise TypeError(f"cell must be a Cell or one of {', '.join(cells.names())}, got {cell!r}")
    return cells.get(cell)


def _candidates(archive: Archive, cell: Cell | None) -> list[Candidate]:
    found = [
        *torch_keys.candidates(archive),
        *keras_keys.candidates(archive),
        *native_keys.candidates(archive, cell),
    ] or native_keys.only_array(archive, cell)
    count = Counter(candidate.name for candidate in found)
    # Two layouts of one file may leave the same name: then the key of the recurrent matrix is the name.
    return [c if count[c.name] == 1 else replace(c, name=c.keys[c.recurrent]) for c in found]


def _convert(archive: Archive, candidate: Candidate, cell: Cell | None) -> RecurrentLayer:
    match candidate.framework:
        case torch_keys.FRAMEWORK:
            return torch_keys.convert(archive, candidate, cell)
        case keras_keys.FRAMEWORK:
            return keras_keys.convert(archive, candidate, cell)
        case _:
            return native_keys.convert(archive, candidate, cell)
