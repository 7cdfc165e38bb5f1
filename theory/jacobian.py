r"""The step Jacobian: J_t = sum over the paths of the update's graph of the product of their local factors.

Each edge of the graph carries one local factor: a matrix, the diagonal of a slope, the diagonal of the
other factor of a Hadamard product, or a scalar. Multiplying along a path and merging neighboring diagonals
gives a word ``diag(d_0) M_1 diag(d_1) M_2 ...``; equal matrix parts are collected. This is the sentence of
the path sum over time (Hochreiter 1991), applied inside one step.

Main definitions: `Term`, `Block`, `StepJacobian`, `step_jacobian`, `words`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache

import sympy as sp

from . import notation
from .language import (
    Apply,
    Cell,
    Hadamard,
    Matrix,
    MatVec,
    Named,
    State,
    Sum,
    Vector,
    value,
)

Tail = tuple[tuple[Matrix, sp.Expr], ...]


class diag(sp.Function):
    """The diagonal matrix of a vector that is given entry by entry; a scalar stands for itself times I."""

    is_commutative = False

    @classmethod
    def eval(cls, entries: sp.Expr) -> sp.Expr | None:
        """The scalar itself, where the entries are one."""
        return entries if is_scalar(entries) else None

    def _latex(self, printer: object) -> str:
        return rf"\operatorname{{diag}}\left({printer._print(self.args[0])}\right)"  # type: ignore[attr-defined]


def is_scalar(entries: sp.Expr) -> bool:
    """Whether a vector given entry by entry has equal entries, whatever the vectors of the step are."""
    return all(isinstance(symbol, notation.Scalar) for symbol in entries.free_symbols)


@dataclass(frozen=True)
class Term:
    """One word ``diag(left) M_1 diag(d_1) M_2 diag(d_2) ...``; ``tail`` holds the pairs (M_j, d_j)."""

    left: sp.Expr
    tail: Tail

    @property
    def formula(self) -> sp.Expr:
        """The word as a SymPy product of noncommutative symbols; I where there are no others."""
        if not self.tail and is_scalar(self.left):
            return sp.Mul(self.left, notation.identity)
        return sp.Mul(diag(self.left), *(f for matrix, d in self.tail for f in (matrix.symbol, diag(d))))

    @property
    def diagonals(self) -> tuple[sp.Expr, ...]:
        """All diagonals of the word from left to right."""
        return (self.left, *(d for _, d in self.tail))

    @property
    def matrices(self) -> tuple[Matrix, ...]:
        """All matrices of the word from left to right."""
        return tuple(matrix for matrix, _ in self.tail)


@dataclass(frozen=True)
class Block:
    """The block d row_t / d column_{t-1} of the step Jacobian: a sum of words."""

    row: str
    column: str
    terms: tuple[Term, ...]

    @property
    def formula(self) -> sp.Expr:
        """The block as a SymPy sum."""
        return sp.Add(*(term.formula for term in self.terms))

    def latex(self) -> str:
        """LaTeX of the block; ``0`` for an empty one."""
        return latex(self.formula)


def latex(expr: sp.Basic) -> str:
    """LaTeX of a formula of this package; words keep the order in which the update produces them."""
    return str(sp.latex(expr, order="none"))


@dataclass(frozen=True, eq=False)
class StepJacobian:
    """The Jacobian dx_t/dx_{t-1} of one step over the full state, ``(states*n, states*n)``, in blocks."""

    cell: Cell
    blocks: Mapping[tuple[str, str], Block]

    @property
    def states(self) -> tuple[str, ...]:
        """Names of the stacked states."""
        return self.cell.states

    def latex(self) -> str:
        """LaTeX of the block matrix."""
        rows = (" & ".join(self.blocks[r, c].latex() for c in self.states) for r in self.states)
        return r"\begin{pmatrix}" + r" \\ ".join(rows) + r"\end{pmatrix}" if len(self.states) > 1 else next(rows)

    def explicit(self, n: int) -> sp.Matrix:
        """The full matrix for n units, in the entries of the named vectors and of the matrices.

        >>> from errorflow.theory import cells
        >>> J = step_jacobian(cells.get("elman")).explicit(2)
        >>> J.shape, sorted(map(str, J[0, 1].free_symbols))
        ((2, 2), ['W_{12}', 'a_{1,t}'])
        """
        if not isinstance(n, int) or isinstance(n, bool) or n < 1:
            raise ValueError(f"n must be an integer of at least 1, got {n!r}")
        return sp.Matrix(sp.BlockMatrix([[self._explicit(r, c, n) for c in self.states] for r in self.states]))

    def _explicit(self, row: str, column: str, n: int) -> sp.ImmutableMatrix:
        total = sp.zeros(n, n)
        for term in self.blocks[row, column].terms:
            word = explicit_diagonal(term.left, n)
            for matrix, d in term.tail:
                word = word * explicit_matrix(matrix, n, n) * explicit_diagonal(d, n)
            total += word
        return sp.ImmutableMatrix(total)

    @cached_property
    def matrices(self) -> tuple[Matrix, ...]:
        """The recurrent matrices that occur, in order of first use."""
        found = (m for block in self.blocks.values() for term in block.terms for m in term.matrices)
        return tuple(dict.fromkeys(found))


def explicit_matrix(matrix: Matrix, rows: int, columns: int) -> sp.Matrix:
    """The matrix of entry symbols W_{ij} of one gate's block."""
    return sp.Matrix(rows, columns, lambda i, j: notation.entry(matrix.name, i + 1, j + 1))


def explicit_diagonal(entries: sp.Expr, n: int) -> sp.Matrix:
    """The diagonal matrix of a vector given entry by entry, in the symbols of its n components."""
    return sp.diag(*(explicit_entry(entries, i) for i in range(1, n + 1)))


def explicit_entry(entries: sp.Expr, index: int) -> sp.Expr:
    """Entry ``index`` (from 1) of a vector given entry by entry."""
    vectors = (s for s in entries.free_symbols if not isinstance(s, notation.Scalar))
    return entries.xreplace({s: notation.component(s, index) for s in vectors})


def words(root: Vector, targets: Mapping[int, str]) -> dict[str, tuple[Term, ...]]:
    """The derivative of ``root`` with respect to each target node (by ``id``), as sums of words.

    Constants, inputs, biases and whatever stands behind ``stop`` have no path and contribute nothing.
    """
    memo: dict[int, dict[str, dict[Tail, sp.Expr]]] = {}

    def derivative(node: Vector) -> dict[str, dict[Tail, sp.Expr]]:
        if id(node) not in memo:
            memo[id(node)] = through(node)
            if id(node) in targets:
                memo[id(node)][targets[id(node)]] = {(): sp.Integer(1)}
        return memo[id(node)]

    def through(node: Vector) -> dict[str, dict[Tail, sp.Expr]]:
        total: dict[str, dict[Tail, sp.Expr]] = {}
        for child, factor in edges(node):
            for name, sums in derivative(child).items():
                collected = total.setdefault(name, {})
                for tail, left in sums.items():
                    new_tail, new_left = (
                        (((factor, left), *tail), sp.Integer(1))
                        if isinstance(factor, Matrix)
                        else (tail, factor * left)
                    )
                    collected[new_tail] = collected.get(new_tail, sp.Integer(0)) + new_left
        return total

    return {
        name: tuple(Term(sp.factor_terms(left), tail) for tail, left in sums.items() if left != 0)
        for name, sums in derivative(root).items()
    }


def edges(node: Vector) -> tuple[tuple[Vector, sp.Expr | Matrix], ...]:
    """The children of a node with the factor of each edge: a matrix, or a diagonal given entry by entry."""
    match node:
        case MatVec(matrix=factor, operand=operand):
            return ((operand, factor),)
        case Sum(terms=terms):
            return tuple((v, c) for c, v in terms)
        case Apply(activation=activation, operand=operand):
            return ((operand, activation.df(value(operand))),)
        case Hadamard(left=a, right=b):
            return ((a, value(b)), (b, value(a)))
        case Named(body=body):
            return ((body, sp.Integer(1)),)
    return ()


@lru_cache(maxsize=128)
def step_jacobian(cell: Cell) -> StepJacobian:
    r"""J_t = dx_t/dx_{t-1}, with x_t the stacked states, as sums of words diag(...) W diag(...).

    Nothing is typed per cell: the blocks follow from the cell's update. Raises ValueError if a vector that
    enters a formula has no name.

    >>> from errorflow.theory import cells
    >>> print(step_jacobian(cells.get("elman")).latex())
    \operatorname{diag}\left(\tanh'\left(a_{t}\right)\right) W
    """
    targets = {id(node): node.name for node in cell.nodes if isinstance(node, State)}
    blocks: dict[tuple[str, str], Block] = {}
    for row, new in cell.update.items():
        found = words(new, targets)
        blocks |= {(row, column): Block(row, column, found.get(column, ())) for column in cell.states}
    return StepJacobian(cell, blocks)
