r"""Two formulas of the same function, one to read and one to compute with, and the proof that they are equal.

``1 - tanh(x)**2`` is 0 in doubles from x = 19 on; ``4 exp(-2|x|) / (1 + exp(-2|x|))**2`` keeps all digits.
The proof writes both by cases (|x| by sign), and shows on each interval that the difference is the zero
function: a quotient of polynomials in x and exp(c x) with numerator 0, or a function with derivative 0 and a
value 0.

Main definitions: `prove_equal`, and `erfcx`, which SymPy lacks.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import sympy as sp
from sympy.codegen.cfunctions import log1p

from .exponential_form import exponential_form
from .ranges import pieces


class erfcx(sp.Function):
    r"""``erfcx(x) = exp(x^2) erfc(x)``, which decays like 1/x where erfc underflows.

    >>> t = sp.Symbol("t", real=True)
    >>> erfcx(t).diff(t)
    2*t*erfcx(t) - 2/sqrt(pi)
    >>> erfcx(sp.Integer(30)).evalf(5)
    0.018796
    """

    nargs = 1
    is_extended_real = True

    def fdiff(self, argindex: int = 1) -> sp.Expr:
        """The derivative ``2 x erfcx(x) - 2 / sqrt(pi)``."""
        return 2 * self.args[0] * self - 2 / sp.sqrt(sp.pi)

    def _eval_rewrite_as_erfc(self, argument: sp.Expr, **_: Any) -> sp.Expr:
        return sp.exp(argument**2) * sp.erfc(argument)

    def _eval_evalf(self, precision: int) -> sp.Expr:
        return self.rewrite(sp.erfc)._eval_evalf(precision)

    def _numpycode(self, printer: Any) -> str:
        return f"{printer._module_format('scipy.special.erfcx')}({printer._print(self.args[0])})"

    def _mpmathcode(self, printer: Any) -> str:
        return str(printer._print(self.rewrite(sp.erfc)))


@cache
def prove_equal(form: sp.Expr, expression: sp.Expr, variable: sp.Symbol) -> None:
    """Return if both are the same function of a real variable; raise ValueError if SymPy does not prove it.

    >>> t = sp.Symbol("t", real=True)
    >>> decay = sp.exp(-2 * sp.Abs(t))
    >>> prove_equal(4 * decay / (1 + decay) ** 2, 1 - sp.tanh(t) ** 2, t)
    >>> prove_equal(decay, 1 - sp.tanh(t) ** 2, t)
    Traceback (most recent call last):
    ...
    ValueError: exp(-2*Abs(t)) is not proved equal to 1 - tanh(t)**2 where t is in Interval.open(-oo, 0)
    """
    for difference, part in pieces(_plain(form - expression), variable):
        if not _is_zero(difference, variable, part):
            raise ValueError(f"{form} is not proved equal to {expression} where {variable} is in {part}")


def _plain(expression: sp.Expr) -> sp.Expr:
    """The same function in log and erf alone, which cancel where log1p, erfc and erfcx would not."""
    expression = expression.replace(log1p, lambda a: sp.log(1 + a))
    return expression.replace(erfcx, lambda a: sp.exp(a**2) * sp.erfc(a)).replace(sp.erfc, lambda a: 1 - sp.erf(a))


def _is_zero(difference: sp.Expr, variable: sp.Symbol, part: sp.Set) -> bool:
    if isinstance(part, sp.FiniteSet):
        return bool(sp.expand(difference.subs(variable, part.args[0])) == 0)
    if _is_zero_formula(difference, variable):
        return True
    point = next((end for end in (part.start, part.end) if end.is_finite), sp.S.Zero)
    return _is_zero_formula(difference.diff(variable), variable) and difference.subs(variable, point) == 0


def _is_zero_formula(formula: sp.Expr, variable: sp.Symbol) -> bool:
    form = exponential_form(formula, variable)
    return bool((form.numerator if form else sp.expand(formula)) == 0)
