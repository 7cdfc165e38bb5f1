"""Terms and factors in the order that a reader expects: t - k + 1, not 1 + t - k; a product sign last in a product.

Main definitions: `Ordered`, which both printers of formulas inherit from, and `Latex`, SymPy's LaTeX printer with it.
"""

from __future__ import annotations

from typing import Any

import sympy
from sympy.printing.latex import LatexPrinter
from sympy.printing.precedence import PRECEDENCE

_FACTOR = PRECEDENCE["Mul"]
# Numbers whose notation is a row of letters, or a sign that governs all that follows: x^T P x, the product over steps.
_OPEN = {"Form": 1, "Over": 2, "Product": 2, "Sum": 2}


def latex(expression: object) -> str:
    r"""The LaTeX of an expression.

    >>> t, k = sympy.symbols("t k", integer=True)
    >>> latex(sympy.Symbol("x") ** (1 + t - k)), latex(1 - sympy.Symbol("h") ** 2)
    ('x^{t - k + 1}', '1 - h^{2}')
    """
    return str(Latex().doprint(expression))


def openness(expr: object) -> int:
    """0 for an expression that is closed in itself; the larger, the further to the right it stands in a product."""
    return max((_OPEN.get(kind.__name__, 0) for kind in type(expr).__mro__), default=0)


class Ordered:
    """For a SymPy printer: the order of terms and factors."""

    def _as_ordered_terms(self, expr: Any, order: object = None) -> list[Any]:  # SymPy's name
        """As they are stored, but what is added before what is taken away where that would come first.

        In a sum of steps and lags what is added comes first, then what is taken away, then the number.
        """
        terms = list(expr.args)
        if expr.free_symbols and all(symbol.is_integer for symbol in expr.free_symbols):
            return sorted(terms, key=lambda term: (term.is_number, term.could_extract_minus_sign()))
        if terms[0].could_extract_minus_sign():
            terms.sort(key=lambda term: bool(term.could_extract_minus_sign()))
        return terms

    def split(self, expr: Any) -> tuple[Any, list[Any]]:
        """A product as the factors that are closed, multiplied, and the open ones; none if the order is good already."""
        last = sorted(filter(openness, expr.args), key=openness)
        rest = [factor for factor in expr.args if not openness(factor)]
        return (sympy.Mul(*rest, evaluate=False) if len(rest) > 1 else rest[0], last) if rest and last else (expr, [])


class Latex(Ordered, LatexPrinter):  # type: ignore[misc]  # SymPy publishes no types
    """SymPy's LaTeX printer with our order."""

    def __init__(self) -> None:
        super().__init__({"order": "none"})

    def parenthesize(self, item: Any, level: int, *args: Any, **options: Any) -> str:
        """An open number is a factor or a base only between parentheses."""
        if openness(item) and level >= _FACTOR:
            return rf"\left({self._print(item)}\right)"
        return str(super().parenthesize(item, level, *args, **options))

    def _print_Mul(self, expr: Any) -> str:
        head, last = self.split(expr)
        if not last:
            return str(super()._print_Mul(expr))
        front = "-" if head == -1 else self.parenthesize(head, _FACTOR, strict=True)
        inner = [self.parenthesize(factor, _FACTOR) for factor in last[:-1]]
        return " ".join([front, *inner, self._print(last[-1])])
