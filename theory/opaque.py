r"""Opaque entrywise functions: phi, phi' and phi'' as letters, which formulas keep and never expand.

Main definition: `head`.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import sympy as sp
from sympy.core.function import AppliedUndef, ArgumentIndexError, UndefinedFunction


class Entrywise(AppliedUndef):
    """The application of an opaque function to a real argument; differentiation adds a prime, up to two."""

    head_latex: str
    definition: sp.Expr
    order: int

    def fdiff(self, argindex: int = 1) -> sp.Expr:
        """The same function with one more prime."""
        if self.order == 2:
            raise ArgumentIndexError(self, argindex)
        name = type(self).__name__.rstrip("'")
        return head(name, self.head_latex, self.definition, self.order + 1)(*self.args)

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        text = f"{self.head_latex}{self.order * chr(39)}\\left({printer._print(self.args[0])}\\right)"
        return text if exp is None else f"{text}^{{{exp}}}"


@cache
def head(name: str, latex: str, definition: sp.Expr, order: int) -> Any:
    r"""The opaque function that stands for derivative ``order`` of the function ``definition``.

    Heads of one name but different definitions are different.

    >>> t, a = sp.symbols("t a", real=True)
    >>> phi = head("tanh", r"\tanh", sp.tanh(t), 0)
    >>> phi(a).diff(a), sp.latex(phi(a).diff(a) ** 2), phi(a).is_real
    (tanh'(a), "\\tanh'\\left(a\\right)^{2}", True)
    >>> phi(a) == head("tanh", r"\tanh", sp.tan(t), 0)(a)
    False
    """
    attributes = {"head_latex": latex, "definition": definition, "order": order}
    return UndefinedFunction(name + "'" * order, bases=(Entrywise,), real=True, nargs=1, **attributes)
