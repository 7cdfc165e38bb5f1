"""A recurrent layer in the project's layout, and the checks that every framework's layout goes through.

In the project's layout a parameter acts on column states: ``W (gates*n, n)``, ``B (gates*n, m)``, ``b
(gates*n,)``, gates stacked along the rows in the order of the cell.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NoReturn

import numpy as np
import numpy.typing as npt

from ...theory import cells
from ...theory.language import Cell, Parameter
from .archive import Archive
from .refusal import Refusal

Float = npt.NDArray[np.float64]
Names = tuple[str, ...]

# Cell that a recurrent block of g*n rows stands for when nobody says otherwise.
DEFAULT_CELLS = {1: "elman", 3: "gru", 4: "lstm"}
_FLOATS = ("float16", "bfloat16", "float32", "float64")


@dataclass(frozen=True)
class RecurrentLayer:
    """One layer of a weights file: float64 arrays under the cell's parameter names, and what else is known.

    ``dtype`` is the file's; ``activation`` and ``gate_activation`` are None where the file does not record
    them; ``notes`` are sentences on what was assumed.
    """

    name: str
    cell: str
    parameters: dict[str, Float]
    dtype: str
    framework: str
    activation: str | None = None
    gate_activation: str | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Candidate:
    """Keys of a file that look like one layer: ``keys`` maps a role (W, B, b, ...) to the file's key.

    ``group`` is the part of the keys in front of the weights' own names, ``recurrent`` the role of the
    recurrent matrix.
    """

    name: str
    framework: str
    keys: Mapping[str, str]
    group: str = ""
    recurrent: str = "W"


@dataclass(frozen=True)
class Blocks:
    """A layer's arrays turned to the project's orientation, gates still in the framework's order."""

    archive: Archive
    candidate: Candidate
    arrays: Mapping[str, Float]
    gates: tuple[str, ...]
    notes: tuple[str, ...] = field(default=())

    def refuse(self, message: str) -> NoReturn:
        """Raise Refusal with the file and the layer in front."""
        raise Refusal(f"layer {self.candidate.name!r} of {self.archive.path!r}: {message}")

    def key(self, role: str) -> str:
        """The file's key for a role, with its shape in the file."""
        key = self.candidate.keys[role]
        return f"{key} has shape {self.archive.arrays[key].shape}"


def exact(archive: Archive, key: str) -> Float:
    """The array ``key`` as float64, without rounding; Refusal for integers, complex and other types."""
    dtype = archive.dtype(key)
    if dtype not in _FLOATS:
        raise Refusal(f"{key} in {archive.path!r} has type {dtype}; weights must be {', '.join(_FLOATS)}")
    with np.errstate(invalid="ignore"):  # a signaling NaN; the network that is built from it refuses NaN
        return archive.arrays[key].astype(np.float64)


def blocks_of(shape: tuple[int, ...], *, columns: int = 1) -> int | None:
    """Number g of blocks in a recurrent matrix of shape (g n, n), or None where there is none.

    >>> blocks_of((12, 3)), blocks_of((3, 12), columns=0), blocks_of((5, 3))
    (4, 4, None)
    """
    if len(shape) != 2 or min(shape) == 0 or shape[1 - columns] % shape[columns]:
        return None
    return shape[1 - columns] // shape[columns]


def default_cell(shape: tuple[int, ...], *, columns: int = 1) -> Cell | None:
    """The cell that a recurrent matrix stands for by default: (n, n) elman, (3n, n) gru, (4n, n) lstm."""
    name = DEFAULT_CELLS.get(blocks_of(shape, columns=columns) or 0)
    return cells.get(name) if name else None


def gates_in_file(cell: Cell, framework_order: Mapping[int, Names]) -> tuple[Names, Names]:
    """Order of the gates in the file, and a note if it is not the framework's but the cell's own."""
    own = next((cell.parameter(name).gates for name in recurrent_names(cell)), ())
    usual = framework_order.get(len(own), ())
    if set(usual) == set(own):
        return usual, ()
    return own, (f"gates are taken in the order of the cell ({', '.join(own)})",)


def recurrent_names(cell: Cell) -> list[str]:
    """Names of the cell's matrices that act on a state."""
    return [p.name for p in cell.parameters if p.kind == "matrix" and p.columns == "n"]


def assemble(blocks: Blocks, cell: Cell) -> tuple[dict[str, Float], tuple[str, ...]]:
    """Parameters of ``cell`` from a layer's arrays, and notes on the missing ones.

    Missing biases are zero and a missing input matrix is the identity for every gate, both noted. Raises
    Refusal for shapes that do not fit each other or the cell.
    """
    reference = blocks.candidate.recurrent
    needed = [*recurrent_names(cell), *(p.name for p in cell.parameters if p.kind == "scalar")]
    if missing := [name for name in needed if name not in blocks.arrays]:
        blocks.refuse(f"cell {cell.name!r} needs {' and '.join(missing)}, which the file does not hold")
    if reference not in needed:
        blocks.refuse(f"cell {cell.name!r} has no recurrent matrix {reference}, but {blocks.key(reference)}")
    W, count = blocks.arrays[reference], cell.parameter(reference).blocks
    if blocks_of(W.shape) != count:
        stack = "" if count == 1 else str(count)
        wanted = f"a recurrent matrix of ({stack}n, n)"
        blocks.refuse(f"cell {cell.name!r} needs {wanted}, but {blocks.key(reference)}")
    n = W.shape[1]
    parameters, zero, notes = {}, [], list(blocks.notes)
    for p in cell.parameters:
        shape = _shape(p, n, blocks.arrays)
        if p.name in blocks.arrays:
            array = blocks.arrays[p.name]
            if (array.size != 1 if p.kind == "scalar" else array.shape != shape) or array.size == 0:
                because = "" if p.kind == "scalar" else f" beside {blocks.key(reference)}"
                text = str(shape).replace(" 0)", " m)")
                blocks.refuse(f"{p.name} needs shape {text}{because}, but {blocks.key(p.name)}")
            parameters[p.name] = _reorder(array.reshape(shape), p.gates, blocks.gates, n)
        elif p.kind == "bias":
            parameters[p.name] = np.zeros(shape)
            zero.append(p.name)
        else:
            parameters[p.name] = np.tile(np.eye(n), (p.blocks, 1))
            notes.append(f"{p.name} is the identity: no input matrix in the file, inputs enter the units directly")
    if zero:
        notes.append(f"{' and '.join(zero)} {'is' if len(zero) == 1 else 'are'} zero: not in the file")
    return parameters, tuple(notes)


def _shape(p: Parameter, n: int, arrays: Mapping[str, Float]) -> tuple[int, ...]:
    """Shape that a parameter must have; the number of inputs is that of the array itself."""
    if p.kind == "scalar":
        return ()
    if p.kind == "bias":
        return (p.blocks * n,)
    if p.columns == "n":
        return (p.blocks * n, n)
    given = arrays[p.name].shape if p.name in arrays else (n,)
    return (p.blocks * n, given[1] if len(given) == 2 else 0)


def _reorder(array: Float, wanted: tuple[str, ...], found: tuple[str, ...], n: int) -> Float:
    if wanted == found or not wanted:
        return array
    stacked = array.reshape(len(found), n, *array.shape[1:])
    return stacked[[found.index(gate) for gate in wanted]].reshape(array.shape)
