"""What makes an update a cell: every symbol has one meaning, every formula can be written, sizes agree.

Main definition: `check`.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping

from . import notation
from .language import (
    Apply,
    Bias,
    Cell,
    Hadamard,
    Input,
    Matrix,
    MatVec,
    Named,
    State,
    Sum,
    Vector,
    children,
    value,
)


def check(cell: Cell) -> None:
    """Raise ValueError or TypeError, in one sentence, if the update of a cell is not well formed."""
    if not isinstance(cell.update, Mapping):
        raise TypeError(f"update of cell {cell.name!r} must map states to vectors, got {cell.update!r}")
    if not cell.update:
        raise ValueError(f"cell {cell.name!r} has no state: update must map at least one state to its new value")
    for name, new in cell.update.items():
        notation.checked(name, "a state")
        if not isinstance(new, Vector):
            raise TypeError(f"new value of state {name!r} must be a vector of the cell language, got {new!r}")
    _check_vectors(cell)
    _check_parameters(cell)
    _check_formulas(cell)
    _check_sizes(cell)


def _check_vectors(cell: Cell) -> None:
    """One name, one vector; a vector named like a state is that state's new value and nothing else."""
    owners: dict[str, Hashable] = {name: id(new) for name, new in cell.update.items()}
    heard: str | None = None
    for node in cell.nodes:
        match node:
            case State(name=name) if name not in cell.update:
                raise ValueError(f"cell {cell.name!r} reads the state {name!r}, which update does not define")
            case Input(name=name) if (heard := heard or name) != name:
                raise ValueError(f"cell {cell.name!r} reads two inputs, {heard!r} and {name!r}; a step has only one")
            case Input(name=name) if owners.setdefault(name, Input) is not Input:
                raise ValueError(f"cell {cell.name!r} uses the name {name!r} for two vectors")
            case Named(name=name):
                plain = name.removesuffix("+")
                if plain != name and plain not in cell.update:
                    raise ValueError(f"cell {cell.name!r} names a vector {name!r} but has no state {plain!r}")
                if owners.setdefault(plain, id(node)) == id(node):
                    continue
                if plain in cell.update:
                    raise ValueError(
                        f"cell {cell.name!r} names a vector {name!r} that is not the new value of state {plain!r}"
                    )
                raise ValueError(f"cell {cell.name!r} uses the name {name!r} for two vectors")


def _check_parameters(cell: Cell) -> None:
    """One name, one parameter; a gate's block must not have the name of another parameter."""
    owners: dict[str, Hashable] = {}
    for node in cell.nodes:
        found: list[tuple[str, Hashable]] = []
        match node:
            case MatVec(matrix=Matrix(parameter=p)) | Bias(parameter=p):
                found = [(name, p) for name in {p.name, *(p.block_name(gate) for gate in p.gates)}]
            case Sum(terms=terms):
                found = [(symbol.name, symbol) for c, _ in terms for symbol in c.free_symbols]
        for name, owner in found:
            if owners.setdefault(name, owner) != owner:
                raise ValueError(f"cell {cell.name!r} uses the name {name!r} for two parameters")


def _check_formulas(cell: Cell) -> None:
    """What an elementwise function, a Hadamard product or a matrix acts on must be an entrywise formula."""
    for node in cell.nodes:
        if isinstance(node, Apply | Hadamard | MatVec):
            for operand in children(node):
                value(operand)


def _check_sizes(cell: Cell) -> None:
    """States, biases and ones have size n, the input has size m; only a matrix leads from m to n."""
    sizes: dict[int, str] = {}
    for node in cell.nodes:
        below = {sizes[id(child)] for child in children(node)}
        size = "m" if isinstance(node, Input) else "n"
        match node:
            case MatVec(matrix=factor):
                if below != {factor.parameter.columns}:
                    wanted, got = factor.parameter.columns, below.pop()
                    raise ValueError(f"matrix {factor.name} takes a vector of size {wanted}, got one of size {got}")
            case _ if len(below) > 1:
                raise ValueError(f"cell {cell.name!r} combines a vector of size n with one of size m; use a matrix")
            case _ if below:
                size = below.pop()
        sizes[id(node)] = size
    for name, new in cell.update.items():
        if sizes[id(new)] != "n":
            raise ValueError(f"new value of state {name!r} must have size n, got a vector of size m; use a matrix")
