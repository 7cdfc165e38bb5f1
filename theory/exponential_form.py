r"""Functions of one real variable as quotients of polynomials in x and y = exp(c x): the decidable form.

Rational functions, exp, tanh, the logistic function and their sums, products and derivatives are of this
form; error functions and Gaussian factors are not: for them there is `without_gaussian`.

Main definitions: `ExponentialForm`, `exponential_form`, `limit`, `without_gaussian`, `Undecided`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import sympy as sp

y = sp.Symbol("y", positive=True)


class Undecided(ValueError):
    """The function is not of a kind that the exact sign analysis covers."""


@dataclass(frozen=True)
class ExponentialForm:
    """``numerator / denominator``: coprime polynomials in x = ``variable`` and y = exp(rate x)."""

    numerator: sp.Expr
    denominator: sp.Expr
    variable: sp.Symbol
    rate: sp.Rational

    @property
    def quotient(self) -> sp.Expr:
        """The function with y in place of the exponential."""
        return self.numerator / self.denominator

    def limit(self, end: sp.Expr) -> sp.Expr:
        """The limit as the variable tends to ``end``, oo or -oo: the leading powers decide."""
        if self.numerator == 0:
            return sp.S.Zero
        top, up = self._leading(self.numerator, end)
        bottom, down = self._leading(self.denominator, end)
        growth = (top - bottom) * (1 if end == sp.oo else -1)
        if growth < 0:
            return sp.S.Zero
        degree = sp.degree(up, self.variable) - sp.degree(down, self.variable)
        if growth == 0 and degree <= 0:
            return sp.LC(up, self.variable) / sp.LC(down, self.variable) if degree == 0 else sp.S.Zero
        return sp.oo * self.sign_near(up, end) * self.sign_near(down, end)

    def sign_near(self, polynomial: sp.Expr, end: sp.Expr) -> int:
        """The sign of a polynomial in the variable and y for all values of the variable close to ``end``."""
        _, coefficient = self._leading(polynomial, end)
        odd = end == -sp.oo and sp.degree(coefficient, self.variable) % 2 == 1
        return int(sp.sign(sp.LC(coefficient, self.variable))) * (-1 if odd else 1)

    def _leading(self, polynomial: sp.Expr, end: sp.Expr) -> tuple[int, sp.Expr]:
        terms = sp.Poly(polynomial, y).all_terms()
        present = [(power, coefficient) for (power,), coefficient in terms if coefficient != 0]
        return present[0] if end == sp.oo else present[-1]


@cache
def exponential_form(expression: sp.Expr, variable: sp.Symbol) -> ExponentialForm | None:
    """The exponential form of an expression with rational coefficients, or None if it has none.

    >>> t = sp.Symbol("t", real=True)
    >>> form = exponential_form(sp.tanh(t), t)
    >>> form.quotient, form.rate, form.limit(-sp.oo)
    ((y - 1)/(y + 1), 2, -1)
    """
    expression = sp.expand_power_exp(expression.rewrite(sp.exp))
    rates = {}
    for atom in expression.atoms(sp.exp):
        rate = atom.exp / variable
        if not rate.is_Rational:
            return None
        rates[atom] = rate
    common = sp.Abs(sp.gcd_list(list(rates.values()))) if rates else sp.S.One
    replaced = expression.xreplace({atom: y ** (rate / common) for atom, rate in rates.items()})
    if not replaced.is_rational_function(variable, y) or not replaced.free_symbols <= {variable, y}:
        return None
    numerator, denominator = sp.fraction(sp.cancel(sp.together(replaced)))
    if any(sp.Poly(part, variable, y).domain not in (sp.ZZ, sp.QQ) for part in (numerator, denominator)):
        return None
    # Only even powers of y, say, become all powers at twice the rate: tanh is a quotient of degree one.
    powers = {m[1] for part in (numerator, denominator) for m in sp.Poly(part, variable, y).monoms()}
    step = sp.igcd(*powers, 0)
    if step > 1:
        numerator, denominator = (part.subs(y, y ** sp.Rational(1, step)) for part in (numerator, denominator))
        common *= step
    return ExponentialForm(numerator, denominator, variable, common)


@cache
def limit(expression: sp.Expr, variable: sp.Symbol, end: sp.Expr) -> sp.Expr:
    """The limit of an expression at oo or -oo. Raises `Undecided` if SymPy finds no number or infinity."""
    constant, rest = expression.as_independent(variable, as_Add=False)
    form = exponential_form(rest, variable)
    if form:
        return constant * form.limit(end)
    value = _gaussian_limit(expression, variable, end)
    if value is not None:
        return value
    try:
        value = sp.limit(expression, variable, end)
    except (NotImplementedError, ValueError) as error:
        raise Undecided(f"the limit of {expression} at {end} is not known") from error
    if not value.is_extended_real or value.free_symbols:
        raise Undecided(f"the limit of {expression} at {end} is not known")
    return value


def _gaussian_limit(expression: sp.Expr, variable: sp.Symbol, end: sp.Expr) -> sp.Expr | None:
    """The limit of a polynomial in x, erf(c x) and decaying exponentials, which beat every power of x."""
    limits = {}
    for atom in expression.atoms(sp.erf, sp.exp):
        argument = atom.args[0]
        if not argument.has(variable):
            continue
        if not argument.is_polynomial(variable):
            return None
        toward = sp.LC(argument, variable) * end ** sp.degree(argument, variable)
        if isinstance(atom, sp.exp) and toward != -sp.oo:
            return None
        limits[atom] = sp.S.Zero if isinstance(atom, sp.exp) else sp.sign(toward)
    dummies = {atom: sp.Dummy() for atom in limits}
    if not expression.xreplace(dummies).is_polynomial(variable, *dummies.values()):
        return None
    rest = sp.expand(expression.xreplace(limits))
    return sp.LC(rest, variable) * end ** sp.degree(rest, variable) if rest.has(variable) else rest


def without_gaussian(expression: sp.Expr, variable: sp.Symbol) -> sp.Expr:
    """An expression of the same sign: divided by its positive factor exp(quadratic), if it has one.

    Raises `Undecided` unless the expression is a sum of polynomials times erf(c x) or exp(quadratic).
    """
    terms = sp.Add.make_args(sp.expand(expression.replace(sp.erfc, lambda a: 1 - sp.erf(a))))
    found = [_gaussian(term, variable) for term in terms]
    if any(term.has(sp.erf) for term in terms):
        return sp.Add(*terms)
    shared = found[0][1]
    quotient = sp.Add(*(rest * sp.exp(sp.expand(exponent - shared)) for rest, exponent in found))
    if not quotient.is_polynomial(variable):
        return quotient
    return sp.expand(quotient / sp.Abs(sp.LC(quotient, variable)))


def _gaussian(term: sp.Expr, variable: sp.Symbol) -> tuple[sp.Expr, sp.Expr]:
    rest, exponent = sp.S.One, sp.S.Zero
    for factor in sp.Mul.make_args(term):
        if isinstance(factor, sp.exp):
            exponent += factor.exp
        elif isinstance(factor, sp.erf) and (factor.args[0] / variable).is_number:
            rest *= sp.Dummy()
        else:
            rest *= factor
    if not rest.is_polynomial(variable) or not exponent.is_polynomial(variable):
        raise Undecided(f"{term} is not a polynomial times erf or an exponential")
    return rest, exponent
