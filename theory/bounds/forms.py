r"""The forms of a step Jacobian that bounds start from, read off the derived words, never off a cell's name.

*Slope form*: one state and ``J_t = diag(phi'(a_t)) W``, as in the founding papers. *Block form*: any sum of words;
the norm of block (r, c) is at most the sum over its words of the suprema of the diagonals times the norms of the
matrices, which gives a small nonnegative comparison matrix C with ``||J(t, t-k)|| <= ||C^k||``.

Main definitions: `SlopeForm`, `slope_form`, `comparison_matrix`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import sympy as sp

from ..jacobian import step_jacobian
from ..language import Apply, Cell, value
from ..quantities import matrix_symbol, sup_abs


@dataclass(frozen=True)
class SlopeForm:
    """``J_t = diag(slope) W`` with slope = phi'(a_t) of one elementwise function."""

    matrix: sp.Symbol
    slope: sp.Expr


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
