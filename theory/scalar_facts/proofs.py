r"""Proofs that several facts share: identities, nonnegative combinations, equal signs, telescoping sums.

All of them are decided on quotients of polynomials. Exponentials and powers with a symbolic exponent become
independent positive letters first: ``w^(d-2)`` is ``D / w^2`` with ``D = w^d``. An expression that cancels to zero in
independent letters is zero; nothing is inferred from one that does not.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import sympy as sp
from sympy.core.relational import GreaterThan, LessThan, Relational, StrictGreaterThan, StrictLessThan

from ..activations import x
from ..exponential_form import exponential_form
from ..isolated_root import IsolatedRoot
from ..opaque import Entrywise
from ..sign_tables import sign_table
from .fact import ScalarFact


def not_proved(fact: ScalarFact, why: object) -> ValueError:
    """The error of a proof that does not reach the statement."""
    return ValueError(f"{fact.id} is not proved: {fact.statement}: {why}")


def written_out(expression: sp.Expr) -> sp.Expr:
    """The expression with phi, phi' and phi'' replaced by their formulas, and with derivatives taken."""
    return expression.replace(
        lambda e: isinstance(e, Entrywise), lambda e: e.definition.diff(x, e.order).subs(x, e.args[0])
    ).doit(deep=True)


@dataclass
class Letters:
    """Positive letters for the powers ``base^monomial`` of one computation."""

    table: dict[tuple[sp.Expr, sp.Expr], sp.Dummy] = field(default_factory=dict)

    def quotient(self, expression: sp.Expr) -> sp.Expr:
        """The expression as a reduced quotient of polynomials in symbols and letters; ValueError if it is none."""
        expression = expression.rewrite([sp.tanh, sp.coth, sp.sinh, sp.cosh], sp.exp)
        parts = [c.q for e in expression.atoms(sp.Pow, sp.exp) if not e.exp.is_Integer for _, c, _ in _powers(e)]
        found = sp.cancel(sp.together(self._replaced(expression, sp.ilcm(1, 1, *parts))))
        if not found.is_rational_function(*found.free_symbols):
            raise ValueError(f"{expression} must be a quotient of polynomials in powers")
        return found

    def _replaced(self, e: sp.Expr, parts: int) -> sp.Expr:
        if not isinstance(e, sp.Pow | sp.exp) or e.exp.is_Integer:
            return e.func(*(self._replaced(argument, parts) for argument in e.args)) if e.args else e
        product = sp.S.One
        for base, coefficient, monomial in _powers(e):
            if monomial == 1 and coefficient.is_Integer:
                product *= self._replaced(base, parts) ** coefficient
            else:
                letter = self.table.setdefault((base, monomial / parts), sp.Dummy("D", positive=True))
                product *= letter ** (coefficient * parts)
        return product


def _powers(power: sp.Expr) -> list[tuple[sp.Expr, sp.Rational, sp.Expr]]:
    """The factors ``base^(coefficient monomial)`` of a power of a positive number, with positive bases."""
    found = []
    for factor in (sp.E,) if isinstance(power, sp.exp) else sp.Mul.make_args(power.base):
        base, inner = (factor, sp.S.One) if factor == sp.E else factor.as_base_exp()
        if not base.is_positive:
            raise ValueError(f"the base of {power} must be positive")
        for term in sp.Add.make_args(sp.expand(inner * power.exp)):
            coefficient, monomial = term.as_coeff_Mul(rational=True)
            found.append((base, coefficient, monomial))
    return found


def require_zero(fact: ScalarFact, expression: sp.Expr) -> None:
    """ValueError unless the expression cancels to zero."""
    rest = Letters().quotient(written_out(expression))
    if rest != 0:
        raise not_proved(fact, f"{rest} is not zero")


def identity(fact: ScalarFact) -> None:
    """Every relation is an equation whose sides are the same quotient of polynomials, wherever both are defined."""
    for relation in fact.relations:
        if not isinstance(relation, sp.Eq):
            raise not_proved(fact, f"{relation} is not an equation")
        require_zero(fact, relation.lhs - relation.rhs)


def gap(relation: Relational) -> sp.Expr:
    """The number that an inequality says is nonnegative, or positive if the inequality is strict."""
    if isinstance(relation, GreaterThan | StrictGreaterThan):
        return relation.lhs - relation.rhs
    if isinstance(relation, LessThan | StrictLessThan):
        return relation.rhs - relation.lhs
    raise ValueError(f"an inequality is needed, got {relation}")


def is_strict(relation: Relational) -> bool:
    """Whether the relation is < or >."""
    return isinstance(relation, StrictGreaterThan | StrictLessThan)


def positive(expression: sp.Expr) -> bool:
    """Whether a quotient of polynomials in positive symbols has no coefficient that is not positive."""
    parts = sp.fraction(sp.cancel(expression))
    symbols = sorted(expression.free_symbols, key=str)
    if not expression.is_rational_function() or not all(symbol.is_positive for symbol in symbols):
        return False
    return all(c.is_positive for part in parts for c in sp.Poly(part, *symbols, sp.Dummy()).coeffs())


def same_sign(fact: ScalarFact, *, domain: Callable[[sp.Expr], sp.Expr] = sp.cancel) -> None:
    """Two strict inequalities hold together, since the quotient of their gaps is positive.

    ``domain`` writes a quotient by positive symbols that stand for all values that the premises leave.
    """
    first, second = fact.statement.args
    if not is_strict(first) or not is_strict(second):
        raise not_proved(fact, "two strict inequalities are needed")
    quotient = domain(gap(first) / gap(second))
    if not positive(quotient):
        raise not_proved(fact, f"{quotient} may be negative")


def combination(fact: ScalarFact, terms: Callable[[tuple[sp.Expr, ...]], sp.Expr]) -> None:
    """``gap = terms(gaps of the premises)``, where the terms are products of nonnegative factors.

    A factor may be a premise's gap, a nonnegative number or symbol, or a real square. A strict inequality needs a term
    that is a positive number times gaps of strict premises.
    """
    gaps = tuple(sp.Dummy("g", **{"positive" if is_strict(g) else "nonnegative": True}) for g in fact.given)
    (relation,) = fact.relations
    try:
        total = terms(gaps)
    except IndexError:
        raise not_proved(fact, "a premise is missing") from None
    values = {letter: gap(premise) for letter, premise in zip(gaps, fact.given, strict=True)}
    if not total.is_nonnegative or (is_strict(relation) and not total.is_positive):
        raise not_proved(fact, f"{total} need not be {'positive' if is_strict(relation) else 'nonnegative'}")
    require_zero(fact, gap(relation) - total.subs(values))


def one_root(fact: ScalarFact, equation: sp.Expr, root: sp.Expr) -> int:
    """The sign of the equation beyond its only zero on the positive axis, which must be the given root.

    The equation of the root must divide it, and must have no other positive zero.
    """
    if not isinstance(root, IsolatedRoot):
        raise not_proved(fact, f"{root} is not the isolated root")
    table, own = (sign_table(e, root.variable, sp.S.Zero, sp.oo) for e in (equation, root.equation))
    if len(table.zeros) != 1 or len(own.zeros) != 1 or root.lower < 0 or not table.changes:
        raise not_proved(fact, f"{equation} has not exactly one change of sign")
    form, defining = (exponential_form(e, root.variable) for e in (equation, root.equation))
    if form is None or defining is None or form.rate != defining.rate:
        raise not_proved(fact, f"{equation} and {root.equation} are of different kinds")
    if not sp.cancel(form.numerator / defining.numerator).is_polynomial():
        raise not_proved(fact, f"{root} is no zero of {equation}")
    return -table.start


def telescoped(fact: ScalarFact, total: sp.Sum) -> sp.Expr:
    """The value of a sum of ``term(j) = F(j) - F(j+1)`` for polynomial times power terms, F found by Gosper's method.

    An infinite sum is F(first), because F tends to zero: it is a sum of polynomials times powers of bases below one.
    """
    from sympy.concrete.gosper import gosper_term

    term, (j, first, last) = total.args[0], total.args[1]
    quotient = gosper_term(term, j)
    if quotient is None:
        raise not_proved(fact, f"{term} has no sum in closed form")
    rest = -sp.cancel(sp.together(quotient * term))
    require_zero(fact, term - rest + rest.subs(j, j + 1))
    letters = Letters()
    form = sp.fraction(letters.quotient(rest))
    if form[1].has(j, *letters.table.values()):
        raise not_proved(fact, f"{rest} may have a pole")
    moving = {letter: base for (base, monomial), letter in letters.table.items() if monomial.has(j)}
    forward = all((monomial / j).is_positive for _, monomial in letters.table if monomial.has(j))
    if not forward or not all(sp.Lt(base, 1, evaluate=False) in fact.given for base in moving.values()):
        raise not_proved(fact, f"{set(moving.values())} must be below 1")
    if last != sp.oo:
        return rest.subs(j, first) - rest.subs(j, last + 1)
    if sp.expand(form[0]).subs(dict.fromkeys(moving, 0)) != 0:
        raise not_proved(fact, f"{rest} is not known to tend to zero")
    return rest.subs(j, first)
