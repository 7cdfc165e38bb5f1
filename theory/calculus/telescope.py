r"""From one step to any number of steps, by induction on b - a.

*Telescope*: f(i) <= r f(i-1) gives f(b) <= r^(b-a) f(a). *Telescoping sum*: f(i) = f(i-1) + h(i) gives a sum.
*Induction*: P(a), and P(i) whenever P(i-1), give P(b). The fact about one step must hold for every step a < i <= b; a
condition on i is an inequality that is linear in i, so that it holds for all of them if it holds for the first, where
its slope is not negative, or else for the last.

Main definitions: `telescope`, `induction`.
"""

from __future__ import annotations

import sympy as sp
from sympy.core.relational import Relational

from .context import Context
from .derivation import Induction, Rejection, Telescope, TelescopingSum
from .facts import Fact, sides
from .matching import bind
from .rewriting import Need
from .words import STEP, Word, replace, sum_over

Climb = Telescope | TelescopingSum | Induction


def telescope(lemma: Telescope | TelescopingSum, context: Context) -> None:
    """Check a lemma that goes from one step to any number; `Rejection` says what does not hold."""
    fact = context.fact(lemma.step, 1)
    i = _step(lemma, fact)
    _reaches(lemma, fact.when, i, context)
    small, relation, large = sides(fact.claim)
    if relation == "<" or isinstance(small, Word):
        raise Rejection(lemma.name, 0, f"{lemma.step!r} must relate numbers by <= or =, got {fact.claim}")
    first, last = sp.sympify(lemma.first), sp.sympify(lemma.last)
    start, end = bind(small, {i: first}), bind(small, {i: last})
    if isinstance(lemma, Telescope):
        rate = sp.sympify(lemma.rate)
        if rate.has(i) or context.equal(large, rate * bind(small, {i: i - 1})) is not None:
            raise Rejection(lemma.name, 0, f"{lemma.step!r} must be f(i) <= r f(i-1) with r = {rate}, got {fact.claim}")
        if (reason := context.unmet(Need(rate))) is not None:
            raise Rejection(lemma.name, 0, reason)
        found = rate ** (last - first) * start
    else:
        found = start + sum_over(replace(sp.expand(large - bind(small, {i: i - 1})), {i: STEP}), first + 1, last)
    low, kind, high = sides(lemma.claim)
    if kind not in (relation, "<=") or context.equal(low, end) is not None or context.equal(high, found) is not None:
        raise Rejection(lemma.name, 0, f"the claim must be {end} {relation} {found}, got {lemma.claim}")
    context.use(fact)


def induction(lemma: Induction, context: Context) -> None:
    """Check that a relation is passed on from every step to the next one and holds at the first."""
    fact = context.fact(lemma.step, 1)
    i = _step(lemma, fact)
    before = sides(bind(fact.claim, {i: i - 1}))
    others = tuple(condition for condition in fact.when if sides(condition) != before)
    if len(others) == len(fact.when):
        raise Rejection(lemma.name, 0, f"{lemma.step!r} must hold when {_at(fact, i - 1, i)}, got {fact}")
    _reaches(lemma, others, i, context)
    if (reason := context.missing(Fact("start", _at(fact, lemma.first, i)))) is not None:
        raise Rejection(lemma.name, 0, reason)
    end = _at(fact, lemma.last, i)
    if sides(lemma.claim) != sides(end):
        raise Rejection(lemma.name, 0, f"the claim must be {end}, got {lemma.claim}")
    context.use(fact)


def _at(fact: Fact, step: sp.Expr, i: sp.Symbol) -> Relational:
    return bind(fact.claim, {i: sp.sympify(step)})


def _step(lemma: Climb, fact: Fact) -> sp.Symbol:
    steps = [v for v in fact.over if v.is_integer]
    if len(steps) > 1:  # the lemma keeps the others general
        steps = [v for v in steps if v not in lemma.over]
    if not isinstance(fact.claim, Relational) or len(steps) != 1:
        raise Rejection(lemma.name, 0, f"{lemma.step!r} must relate f(i) to f(i-1) for all steps i")
    return steps[0]


def _reaches(lemma: Climb, conditions: tuple[Relational, ...], i: sp.Symbol, context: Context) -> None:
    """The steps first + 1, ..., last are steps of which the fact speaks."""
    if (reason := context.unmet(Need(sp.expand(sp.sympify(lemma.last - lemma.first))))) is not None:
        raise Rejection(lemma.name, 0, reason)
    for condition in conditions:
        end = {} if not condition.has(i) else {i: _worst(lemma, condition, i)}
        if (reason := context.missing(Fact("condition", bind(condition, end)))) is not None:
            raise Rejection(lemma.name, 0, f"{lemma.step!r} {reason}")


def _worst(lemma: Climb, condition: Relational, i: sp.Symbol) -> sp.Expr:
    """The step at which a condition on the steps is hardest to meet."""
    small, relation, large = sides(condition)
    if relation != "=" and not isinstance(small, Word):
        gap = sp.expand(large - small)
        slope = gap.coeff(i)
        if slope.is_Integer and not (gap - slope * i).has(i):
            return sp.sympify(lemma.first + 1 if slope >= 0 else lemma.last)
    raise Rejection(
        lemma.name, 0, f"a condition on the steps must be an inequality that is linear in {i}, got {condition}"
    )
