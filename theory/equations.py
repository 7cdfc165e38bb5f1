r"""The update of a cell as equations for readers.

Matrices stand as noncommutative symbols in front of their operand; products of vectors are entrywise. A
vector behind ``stop`` is shown as such, although its value is that of the vector itself.

Main definition: `equations`.
"""

from __future__ import annotations

from typing import Any

import sympy as sp

from . import notation
from .language import Apply, Cell, Hadamard, MatVec, Stop, Sum, Vector, value


class Entries(sp.Function):
    """A vector behind a matrix in a formula, given entry by entry; noncommutative, so that it stays there."""

    is_commutative = False

    def _latex(self, printer: Any) -> str:
        inner = self.args[0]
        body = str(printer._print(inner))
        return body if inner.is_Symbol or inner.is_Function else rf"\left({body}\right)"


class stopped(sp.Function):
    """The same value with derivative zero."""

    nargs = 1

    def _eval_is_real(self) -> bool:
        return True

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        body = rf"\operatorname{{stop}}\left({printer._print(self.args[0])}\right)"
        return body if exp is None else f"{body}^{{{exp}}}"


def _formula(node: Vector) -> sp.Expr:
    match node:
        case MatVec(matrix=factor, operand=operand):
            return factor.symbol * Entries(_formula(operand))
        case Sum(terms=terms):
            parts = [c * _formula(v) for c, v in terms]
            return sp.Add(*parts, evaluate=False) if len(parts) > 1 else parts[0]
        case Apply(activation=activation, operand=operand):
            return activation.f(_formula(operand))
        case Hadamard(left=a, right=b):
            return _formula(a) * _formula(b)
        case Stop(body=body):
            return stopped(_formula(body))
    return value(node)


def equations(cell: Cell) -> dict[str, sp.Expr]:
    r"""Each named vector and each new state with its body in symbols, in the order of a step.

    >>> from errorflow.theory import cells
    >>> for left, right in equations(cells.get("elman")).items():
    ...     print(left, "=", sp.latex(right, order="none"))
    a_t = W h_{t-1} + B u_{t} + b
    h_t = \tanh\left(a_{t}\right)
    """
    found = {str(notation.at_step(name)): _formula(node.body) for name, node in cell.named.items()}
    for name, node in cell.update.items():
        new = str(notation.at_step(name))
        if new not in found:
            found[new] = _formula(node)
    return found
