r"""The Jacobian product: J(t, s) = J_t J_{t-1} ... J_{s+1} = dx_t/dx_s, with J(t, t) = I and lag k = t - s.

The factors stand in this order and in no other; a product in forward order is another matrix. The cocycle law
J(t, r) = J(t, s) J(s, r) for r <= s <= t follows from the order and is checked on the words themselves.

Main definitions: `JacobianProduct`, `jacobian_product`, `step_factor`.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product as cartesian

import sympy as sp

from . import notation
from .jacobian import StepJacobian, step_jacobian
from .language import Cell


class OrderedProduct(sp.Function):
    """The inert product J_upper J_{upper-1} ... J_lower in descending order of time."""

    is_commutative = False
    nargs = 2

    def _latex(self, printer: object) -> str:
        upper, lower = (printer._print(a) for a in self.args)  # type: ignore[attr-defined]
        return rf"J_{{{upper}}} J_{{{upper}-1}} \cdots J_{{{lower}}}"


def step_factor(step: int) -> sp.Symbol:
    """The step Jacobian of one step as a noncommutative symbol, J_{step}."""
    return sp.Symbol(f"J_{{{step}}}", commutative=False)


@dataclass(frozen=True, eq=False)
class JacobianProduct:
    """The product of step Jacobians of one cell, symbolic in its length."""

    step: StepJacobian

    @property
    def formula(self) -> sp.Expr:
        """The inert product for symbolic t and s."""
        return OrderedProduct(notation.time, notation.earlier + 1)

    def latex(self) -> str:
        """LaTeX of J(t, s) with the ordered product and the step Jacobian."""
        return rf"J(t,s) = J_{{t}} J_{{t-1}} \cdots J_{{s+1}}, \qquad J_t = {self.step.latex()}"

    def word(self, t: int, s: int) -> sp.Expr:
        """J(t, s) for numbers t >= s as the ordered product of noncommutative symbols; 1 for t = s.

        >>> from errorflow.theory import cells
        >>> jacobian_product(cells.get("elman")).word(4, 1)
        J_{4}*J_{3}*J_{2}
        """
        _ordered(t=t, s=s)
        return sp.Mul(*(step_factor(i) for i in range(t, s, -1)))

    def satisfies_cocycle(self, t: int, s: int, r: int) -> bool:
        """Whether J(t, r) = J(t, s) J(s, r) holds as an identity of words, for r <= s <= t.

        >>> from errorflow.theory import cells
        >>> jacobian_product(cells.get("lstm")).satisfies_cocycle(7, 5, 2)
        True
        """
        _ordered(t=t, s=s, r=r)
        return bool(self.word(t, s) * self.word(s, r) == self.word(t, r))

    def explicit(self, n: int, length: int) -> sp.Matrix:
        """J(t, t - length) for n units entry by entry; step t - j has its own symbols, indexed ...,t-j."""
        _at_least(0, length=length)
        total = sp.eye(n * len(self.step.states))
        for j in range(length):
            factor = self.step.explicit(n)
            total = total * factor.xreplace({s: _shift(s, j) for s in factor.free_symbols})
        return total

    def path_sum(self, n: int, length: int, row: int, column: int) -> sp.Expr:
        """Entry (row, column), from 0, of J(t, t - length) as the sum over all paths of products of entries.

        This is Hochreiter's form of the error flow: N^(length-1) signed paths, N the size of the state.
        Source: hochreiter1991.
        """
        _at_least(1, length=length)
        factor = self.step.explicit(n)
        size = factor.rows
        if not all(isinstance(i, int) and 0 <= i < size for i in (row, column)):
            raise ValueError(f"row and column must be integers from 0 to {size - 1}, got {row!r} and {column!r}")
        steps = [factor.xreplace({s: _shift(s, j) for s in factor.free_symbols}) for j in range(length)]
        total = sp.Integer(0)
        for inner in cartesian(range(size), repeat=length - 1):
            path = (row, *inner, column)
            total += sp.Mul(*(steps[j][path[j], path[j + 1]] for j in range(length)))
        return total


def _shift(symbol: sp.Symbol, steps: int) -> sp.Symbol:
    """The same symbol ``steps`` steps earlier; matrices and biases do not move (tied weights)."""
    name = str(symbol)
    if steps == 0 or not (name.endswith((",t}", ",t-1}"))):
        return symbol
    mark = ",t-1}" if name.endswith(",t-1}") else ",t}"
    back = steps + (mark == ",t-1}")
    return sp.Symbol(f"{name.removesuffix(mark)},t-{back}}}", real=True)


def _ordered(**steps: int) -> None:
    for name, step in steps.items():
        if not isinstance(step, int) or isinstance(step, bool):
            raise TypeError(f"{name} must be an integer, got {step!r}")
    names, values = list(steps), list(steps.values())
    if sorted(values, reverse=True) != values:
        raise ValueError(f"steps must satisfy {' >= '.join(names)}, got {', '.join(map(str, values))}")


def _at_least(least: int, **numbers: int) -> None:
    for name, number in numbers.items():
        if not isinstance(number, int) or isinstance(number, bool) or number < least:
            raise ValueError(f"{name} must be an integer of at least {least}, got {number!r}")


def jacobian_product(cell: Cell) -> JacobianProduct:
    """The Jacobian product J(t, s) = J_t ... J_{s+1} of a cell, with its cocycle law."""
    return JacobianProduct(step_jacobian(cell))
