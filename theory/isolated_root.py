r"""An exact real number that has no closed form: the only zero of an expression in a rational bracket.

Main definition: `IsolatedRoot`, a SymPy number. Whoever makes one has proved that the expression is strictly
monotone on the bracket (`errorflow.theory.sign_tables` does); that it changes sign there is checked here.

    >>> t = sp.Symbol("t", real=True)
    >>> z = IsolatedRoot("z", sp.exp(t) + t, t, -1, 0)
    >>> z.evalf(30), z < 0, (z + 1).is_positive
    (-0.567143290409783872999968662210, True, True)
    >>> print(2 * z, "with", z.definition)
    2*z with z the only zero of t + exp(t) in (-1, 0)
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import mpmath
import sympy as sp
from mpmath.libmp import mpf_pos


class IsolatedRoot(sp.NumberSymbol):
    r"""The number z with ``lower < z < upper`` and ``equation(z) = 0``, where the equation is monotone.

    Two roots are equal if and only if they were made from the same name, equation and bracket. ``evalf``
    gives any number of digits. Raises ValueError if the equation has the same sign at both ends of the
    bracket, or if zero lies strictly inside it (zero itself is a number of its own).
    """

    __slots__ = ("equation", "lower", "name", "upper", "variable")
    is_extended_real = True
    is_real = True
    is_zero = False

    name: str
    equation: sp.Expr
    variable: sp.Symbol
    lower: sp.Rational
    upper: sp.Rational

    def __new__(cls, name: str, equation: Any, variable: sp.Symbol, lower: Any, upper: Any) -> IsolatedRoot:
        """The same object for the same arguments, because SymPy compares numbers of this kind by identity."""
        return _root(name, sp.sympify(equation), variable, sp.Rational(lower), sp.Rational(upper))

    def __getnewargs__(self) -> tuple[Any, ...]:
        return self.name, self.equation, self.variable, self.lower, self.upper

    @property
    def definition(self) -> str:
        """The sentence that says which number this is."""
        return f"{self.name} the only zero of {self.equation} in ({self.lower}, {self.upper})"

    @property
    def latex_definition(self) -> str:
        r"""The same in LaTeX: ``z \in (2, 3),\ q(z) = 0``."""
        letter = sp.latex(sp.Symbol(self.name))
        zero = sp.latex(self.equation.subs(self.variable, sp.Symbol(self.name)))
        return rf"{letter} \in \left({sp.latex(self.lower)}, {sp.latex(self.upper)}\right),\ {zero} = 0"

    def _hashable_content(self) -> tuple[Any, ...]:
        return self.__getnewargs__()

    def _eval_is_positive(self) -> bool:
        return bool(self.lower >= 0)

    def _eval_is_negative(self) -> bool:
        return bool(self.upper <= 0)

    def _as_mpf_val(self, precision: int) -> Any:
        # One computation serves all the precisions that evalf tries.
        return mpf_pos(_solve(self, -(-precision // 128) * 128)._mpf_, precision, "n")

    def approximation_interval(self, number_class: type[Any]) -> tuple[sp.Integer, sp.Integer] | None:
        """The integers next to the root, which SymPy's floor and ceiling ask for."""
        if not issubclass(number_class, sp.Integer):
            return None
        below = int(mpmath.floor(_solve(self, 64)))
        return sp.Integer(below), sp.Integer(below + 1)

    def _sympystr(self, printer: Any) -> str:
        return self.name

    def _latex(self, printer: Any) -> str:
        return str(printer._print(sp.Symbol(self.name)))


@cache
def _root(
    name: str,
    equation: sp.Expr,
    variable: sp.Symbol,
    lower: sp.Rational,
    upper: sp.Rational,
) -> IsolatedRoot:
    ends = [equation.subs(variable, end) for end in (lower, upper)]
    if not lower < upper or not (ends[0] * ends[1]).is_negative:
        raise ValueError(
            f"bracket ({lower}, {upper}) must hold a sign change of {equation}, got {ends[0]} and {ends[1]}"
        )
    if lower < 0 < upper:
        raise ValueError(f"bracket ({lower}, {upper}) must not have zero strictly inside")
    root: IsolatedRoot = sp.AtomicExpr.__new__(IsolatedRoot)
    root.name, root.equation, root.variable, root.lower, root.upper = name, equation, variable, lower, upper
    return root


@cache
def _function(equation: sp.Expr, variable: sp.Symbol) -> Callable[[Any], Any]:
    compiled: Callable[[Any], Any] = sp.lambdify(variable, equation, modules="mpmath")
    return compiled


@cache
def _solve(root: IsolatedRoot, precision: int) -> Any:
    """The root to ``precision`` bits: bisection, then Newton where a sign change proves its digits."""
    value = _function(root.equation, root.variable)
    slope = _function(root.equation.diff(root.variable), root.variable)
    with mpmath.workprec(precision + 40):
        low, high = (mpmath.mpf(end.p) / end.q for end in (root.lower, root.upper))
        rising = value(high) > 0
        bits = 40
        while True:
            while high - low > mpmath.ldexp(max(abs(low), abs(high)), -bits):
                middle = (low + high) / 2
                low, high = (low, middle) if (value(middle) > 0) == rising else (middle, high)
            guess = (low + high) / 2
            if bits > precision:
                return guess
            for _ in range(precision.bit_length()):
                guess -= value(guess) / slope(guess) if slope(guess) else 0
            margin = mpmath.ldexp(abs(guess), -precision - 10)
            if low < guess < high and value(guess - margin) * value(guess + margin) < 0:
                return guess
            bits = precision + 10  # a flat zero, where Newton's iteration is slow
