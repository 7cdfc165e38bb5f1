r"""The variance of an initial weight: uniform on [-r, r], kept with probability c and zero otherwise, it is c r^2/3.

With r = sqrt(3/(c n)) n times the variance is 1. Proved by the integral of a polynomial.
"""

from __future__ import annotations

import sympy as sp
from sympy.logic.boolalg import And

from .fact import ScalarFact
from .proofs import not_proved, require_zero

r, c = sp.symbols("r c", positive=True)
n = sp.Symbol("n", integer=True, positive=True)
z = sp.Symbol("z", real=True)


def moments(fact: ScalarFact) -> None:
    """Every relation is an equation whose sides are equal once the integral is taken and r has its stated value."""
    stated = {premise.lhs: premise.rhs for premise in fact.given if isinstance(premise, sp.Eq)}
    if set(stated) - {r} or len(stated) != len(fact.given):
        raise not_proved(fact, "premises give the value of r and no more")
    for relation in fact.relations:
        if not isinstance(relation, sp.Eq):
            raise not_proved(fact, f"{relation} is not an equation")
        require_zero(fact, (relation.lhs - relation.rhs).doit().subs(stated))


def facts() -> tuple[ScalarFact, ...]:
    """The facts of this file."""
    variance = sp.Integral(c * z**2 / (2 * r), (z, -r, r))
    return (
        ScalarFact(
            id="initialization_interval",
            statement=And(
                sp.Eq(variance, c * r**2 / 3, evaluate=False), sp.Eq(n * variance, 1, evaluate=False), evaluate=False
            ),
            given=(sp.Eq(r, sp.sqrt(3 / (c * n)), evaluate=False),),
            words="A weight uniform on [-r, r], kept with probability c, has the variance c r^2/3, so that r = sqrt(3/(c n)) "
            "makes n times the variance 1.",
            citation=None,
            proof=moments,
        ),
    )
