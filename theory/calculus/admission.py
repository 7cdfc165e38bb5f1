r"""Admission: a derivation is read only if everything in it is of the language, unambiguous, and defined where it stands.

Classes must be those of this package and not subclasses, which could say one thing and be another; no two symbols may be
written alike; what a lemma writes must be defined under the facts it may use. What a given fact writes is presupposed to
be defined.

Main definitions: `admit`, `defined`.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any, get_args

import sympy as sp

from .context import Context
from .derivation import (
    ALGEBRA,
    Calculation,
    Combination,
    Derivation,
    Induction,
    Inference,
    Lemma,
    Line,
    Obtain,
    Rejection,
    Telescope,
    TelescopingSum,
)
from .facts import Fact
from .grammar import ambiguous, fault
from .mean import Mean
from .rule import Rule
from .words import Letter

Place = tuple[int, Any, bool]  # the line, the expression, and whether it may depend on the step of a product


def admit(derivation: Derivation) -> None:
    """Check the language of a derivation; `Rejection` names the first expression that is not of it."""
    everything: list[Any] = [*derivation.random]
    _chance(derivation)
    for part in (*derivation.given, *derivation.lemmas):
        if type(part) not in (Fact, *get_args(Lemma)):
            raise Rejection(getattr(part, "name", ""), 0, f"{type(part).__name__} is not a kind of fact or lemma")
        _kinds(part)
        for line, expr, bound in _expressions(part):
            if (reason := fault(expr, bound=bound)) is not None:
                raise Rejection(part.name, line, reason)
            everything.append(expr)
        for variable in part.over:
            if type(variable) not in (Letter, sp.Symbol) or fault(variable) is not None:
                raise Rejection(part.name, 0, f"nothing can be stated for all {variable}")
    if (reason := ambiguous(everything)) is not None:
        raise Rejection(derivation.lemmas[-1].name, 0, reason)


def _chance(derivation: Derivation) -> None:
    """What depends on chance are letters and numbers; expectations need some, and nothing else may be chosen by chance."""
    last = derivation.lemmas[-1].name
    for symbol in derivation.random:
        if type(symbol) not in (Letter, sp.Symbol) or symbol.is_integer or fault(symbol) is not None:
            raise Rejection(last, 0, f"{symbol} cannot depend on chance: only letters and plain symbols can")
    for part in (*derivation.given, *derivation.lemmas):
        if derivation.random and isinstance(part, Obtain):
            raise Rejection(part.name, 0, "what exists may depend on the outcome: nothing is obtained beside chance")
        if not derivation.random and any(
            getattr(expr, "has", lambda _: False)(Mean) for _, expr, _ in _expressions(part)
        ):
            raise Rejection(part.name, 0, "an expectation is taken, but nothing is said to depend on chance")
        if caught := {v for v in part.over if v in derivation.random}:
            raise Rejection(part.name, 0, f"{min(map(str, caught))} depends on chance: nothing is stated for all of it")


def defined(lemma: Lemma, context: Context) -> None:
    """Check that every power and logarithm that a lemma writes is defined; `Rejection` names the line."""
    for line, expr, _ in _expressions(lemma):
        if (reason := context.undefined(expr)) is not None:
            raise Rejection(lemma.name, line, reason)


def _kinds(part: Fact | Lemma) -> None:
    """Rules and lines are of their own kind."""
    lines = part.lines if isinstance(part, Calculation) else ()
    for number, line in enumerate(lines, start=1):
        if type(line) is not Line or line.relation not in ("=", "<=", ">="):
            raise Rejection(part.name, number, "a line states =, <= or >= between what is before it and its expression")
        if type(line.by) not in (Rule, str) and line.by is not ALGEBRA:
            raise Rejection(part.name, number, f"a line is by a rule, the name of a fact or ALGEBRA, got {line.by!r}")
    if isinstance(part, Inference | Obtain) and type(part.rule) is not Rule:
        raise Rejection(part.name, 0, f"{part.rule!r} is not a rule")


def _expressions(part: Fact | Lemma) -> Iterator[Place]:
    """Every expression that a fact or lemma writes."""
    match part:
        case Calculation(start=start, lines=lines):
            yield 0, start, False
            for number, line in enumerate(lines, start=1):
                yield number, line.expression, False
                yield from ((number, _exact(value), True) for value in line.using.values())
        case Combination(claim=claim, terms=terms):
            yield 0, claim, False
            for number, (multiple, _, *values) in enumerate(terms, start=1):
                yield number, _exact(multiple), False
                yield from ((number, _exact(value), False) for value in (values[0] if values else {}).values())
        case Obtain(using=using, fresh=fresh):
            yield from ((0, _exact(value), False) for value in (*using.values(), *fresh.values()))
        case Inference(claim=claim, using=using):
            yield 0, claim, False
            yield from ((0, _exact(value), True) for value in using.values())
        case Telescope(claim=claim, first=first, last=last, rate=rate):
            yield from ((0, _exact(value), False) for value in (claim, first, last, rate))
        case TelescopingSum(claim=claim, first=first, last=last) | Induction(claim=claim, first=first, last=last):
            yield from ((0, _exact(value), False) for value in (claim, first, last))
        case Fact(claim=claim):
            yield 0, claim, False
    yield from ((0, condition, False) for condition in part.when)


def _exact(value: Any) -> Any:
    """A Python number as an exact one; anything else, a text among it, as it is."""
    return sp.Rational(value) if isinstance(value, int | Fraction) else value
