r"""The forms of a step Jacobian that bounds start from, read off the derived words, never off a cell's name.

*Slope form*: one state and ``J_t = diag(phi'(a_t)) W``, as in the founding papers. *Block form*: any sum of words;
the norm of block (r, c) is at most the sum over its words of the suprema of the diagonals times the norms of the
matrices, which gives a small nonnegative comparison matrix C with ``||J(t, t-k)|| <= ||C^k||``.

Main definitions: `SlopeForm`, `slope_form`, `slope_letters`, `comparison_matrix`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import sympy as sp

from ..calculus.words import Letter
from ..jacobian import step_jacobian
from ..language import Apply, Cell, value
from ..quantities import matrix_symbol, sup_abs


@dataclass(frozen=True)
class SlopeForm:
    """``J_t = diag(slope) W`` with slope = phi'(a_t) of one elementwise function."""

    matrix: Letter
    slope: sp.Expr


@lru_cache(maxsize=128)
def slope_form(cell: Cell) -> SlopeForm | None:
    """The slope form of a cell's step Jacobian, or None if it has another form.

    >>> from errorflow.theory import cells
    >>> slope_form(cells.get("elman")).matrix, slope_form(cells.get("lstm"))
    (W, None)
    """
    if len(cell.states) != 1:
        return None
    terms = step_jacobian(cell).blocks[cell.states[0], cell.states[0]].terms
    slopes = {node.activation.df(value(node.operand)) for node in cell.nodes if isinstance(node, Apply)}
    if len(terms) != 1 or len(terms[0].tail) != 1 or terms[0].left not in slopes:
        return None
    ((matrix, right),) = terms[0].tail
    return SlopeForm(matrix_symbol(matrix), terms[0].left) if right == 1 else None


def slope_letters(cell: Cell) -> dict[sp.Symbol, sp.Symbol] | None:
    """What the letter W of the founding setting is on a cell; None if its step Jacobian has another form.

    >>> from errorflow.theory import cells
    >>> slope_letters(cells.get("elman")), slope_letters(cells.get("lstm"))
    ({W: W}, None)
    """
    form = slope_form(cell)
    return None if form is None else {matrix_symbol("W"): form.matrix}


def linear_letters(cell: Cell) -> dict[sp.Symbol, sp.Symbol] | None:
    """What the letter W is on a cell with J_t = W or J_t = -W at every step; None for any other cell.

    >>> from errorflow.theory import cells
    >>> from errorflow.theory.activations import Identity
    >>> linear_letters(cells.get("elman", activation=Identity())), linear_letters(cells.get("elman"))
    ({W: W}, None)
    """
    if len(cell.states) != 1:
        return None
    terms = step_jacobian(cell).blocks[cell.states[0], cell.states[0]].terms
    ones = {
        node.activation.df(value(node.operand))
        for node in cell.nodes
        if isinstance(node, Apply) and node.activation.slope == 1
    }
    if len(terms) != 1 or len(terms[0].tail) != 1 or terms[0].left not in ones | {1, -1}:
        return None
    ((matrix, right),) = terms[0].tail
    return {matrix_symbol("W"): matrix_symbol(matrix)} if right == 1 else None


def any_cell(cell: Cell) -> dict[sp.Symbol, sp.Symbol]:
    """The letters of a theorem that holds for every cell and names none of its matrices."""
    return {}


def no_cell(cell: Cell) -> None:
    """None: the letters of a theorem whose condition no single network can be asked, such as one about an ensemble."""
    return


def comparison_matrix(cell: Cell, norm: Callable[[sp.Symbol], sp.Expr]) -> sp.ImmutableMatrix:
    """C[r, c] = sum over the words of block (r, c) of prod sup|d_j| prod norm(M_j), over the states of the cell.

    Valid for every norm that is submultiplicative and gives a diagonal matrix its largest absolute entry.
    """
    jacobian = step_jacobian(cell)

    def bound(row: str, column: str) -> sp.Expr:
        total = sp.Integer(0)
        for term in jacobian.blocks[row, column].terms:
            diagonals = [sp.Abs(d) if d.is_number else sup_abs(d) for d in term.diagonals]
            total += sp.Mul(*diagonals, *(norm(matrix_symbol(m)) for m in term.matrices))
        return total

    return sp.ImmutableMatrix([[bound(r, c) for c in cell.states] for r in cell.states])
