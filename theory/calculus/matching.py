r"""Matching: the bindings of a pattern's variables under which the pattern is a given expression.

A variable is a letter (binds a word: in a product, one or more neighboring factors), an integer symbol (binds a step or
a length) or another symbol (binds a scalar). Products of words are matched in order, products and sums of scalars in any
order. Bodies of products of symbolic length are matched with their bound step, so that a variable of the body may
depend on it.

Every match is verified: with the bindings that were found the pattern must be the expression.

Main definitions: `match`, `instances`, `bind`, `fits`, `captured`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any

import sympy as sp

from .facts import Fact
from .words import STEP, Chain, Dot, Letter, Over, Plus, Transpose, Word, dot, plus, replace, transpose

Bindings = dict[sp.Basic, sp.Basic]


def bind(expr: Any, bindings: Mapping[sp.Basic, sp.Basic]) -> Any:
    """The pattern with its variables replaced."""
    return replace(expr, dict(bindings)) if bindings else expr


def match(pattern: Any, expr: Any, variables: frozenset[sp.Basic], bound: Bindings | None = None) -> Iterator[Bindings]:
    """All bindings under which ``pattern`` is ``expr``, beyond those that are given.

    >>> A, B, W, U = map(Letter, "ABWU")
    >>> [b[A] for b in match(A @ B, W @ U @ W, frozenset({A, B}))]
    [W, W U]
    """
    for found in _match(pattern, expr, variables, bound or {}):
        if _is(pattern, found, expr):
            yield found


def _is(pattern: Any, found: Bindings, expr: Any) -> bool:
    try:
        return bool(bind(pattern, found) == expr)
    except (TypeError, ValueError):  # a word where only a letter may stand, or a product in the body of another
        return False


def instances(fact: Fact, *pairs: tuple[Any, Any]) -> Iterator[Bindings]:
    """The values of what a fact is over for which each pattern, a part of the fact, is its expression."""
    variables = frozenset(fact.over)

    def rest(known: Bindings, left: tuple[tuple[Any, Any], ...]) -> Iterator[Bindings]:
        if left:
            for found in match(*left[0], variables, known):
                yield from rest(found, left[1:])
        elif not captured((fact.claim, *fact.when), known):
            yield known

    return rest({}, pairs)


def captured(claims: Iterable[Any], found: Bindings, by_step: frozenset[sp.Basic] = frozenset()) -> bool:
    """Whether a value that depends on the bound step stands for a variable in the body of a product, which would bind it,
    other than the variables that stand there for what may depend on the step.
    """
    steps = {variable for variable, value in found.items() if STEP in value.free_symbols} - by_step
    return any(steps & binder.args[0].free_symbols for claim in claims for binder in claim.atoms(Chain, Over))


def _match(pattern: Any, expr: Any, variables: frozenset[sp.Basic], known: Bindings) -> Iterator[Bindings]:
    open_ = variables & _atoms(pattern)
    if known and open_ and open_ <= set(known):  # nothing is left to find
        if _is(pattern, known, expr):
            yield known
        return
    if pattern in variables:
        if pattern in known:
            if known[pattern] == expr:
                yield known
        elif fits(pattern, expr):
            yield {**known, pattern: expr}
        return
    if not open_:
        if pattern == expr:
            yield known
        return
    if isinstance(pattern, Dot):
        if isinstance(expr, Word):
            factors = expr.args if isinstance(expr, Dot) else (expr,)
            yield from _in_order(pattern.args, tuple(factors), variables, known)
        return
    if (found := _solved(pattern, expr, variables, known)) is not None:
        yield found
        return
    if type(pattern) is not type(expr):
        return
    if isinstance(pattern, sp.Add | sp.Mul | Plus):
        build = plus if isinstance(pattern, Plus) else type(pattern)
        yield from _in_any_order(pattern.args, tuple(expr.args), variables, known, build)
    elif len(pattern.args) == len(expr.args):
        yield from _each(pattern.args, expr.args, variables, known)


@lru_cache(maxsize=10_000)
def _atoms(pattern: sp.Basic) -> frozenset[sp.Basic]:
    return frozenset(pattern.atoms(sp.Symbol))


def fits(variable: Any, expr: Any) -> bool:
    """Whether a value is of the kind that a variable stands for: a word, an integer or a number."""
    if isinstance(variable, Letter):
        return isinstance(expr, Word)
    if isinstance(expr, Word) or not isinstance(expr, sp.Expr):
        return False
    return bool(expr.is_integer) if variable.is_integer else True


def _each(patterns: Any, exprs: Any, variables: frozenset[sp.Basic], known: Bindings) -> Iterator[Bindings]:
    if not patterns:
        yield known
        return
    for found in _match(patterns[0], exprs[0], variables, known):
        yield from _each(patterns[1:], exprs[1:], variables, found)


def _in_order(patterns: Any, factors: Any, variables: frozenset[sp.Basic], known: Bindings) -> Iterator[Bindings]:
    if not patterns:
        if not factors:
            yield known
        return
    first = patterns[0]
    turned = isinstance(first, Transpose) and first.args[0] in variables
    longest = len(factors) - len(patterns) + 1
    if first not in variables and not turned:
        longest = min(longest, 1)
    for taken in range(1, longest + 1):
        part = dot(*factors[:taken])
        pair = (first.args[0], transpose(part)) if turned else (first, part)
        for found in _match(*pair, variables, known):
            yield from _in_order(patterns[1:], factors[taken:], variables, found)


def _in_any_order(
    patterns: Any, exprs: Any, variables: frozenset[sp.Basic], known: Bindings, build: Callable[..., Any]
) -> Iterator[Bindings]:
    """Structured parts first, each to one argument; the last bare variable takes what is left."""
    ordered = sorted(patterns, key=lambda p: (p in variables, not p.has(*variables) if p.args else False))
    if len(ordered) == 1 and ordered[0] in variables:
        yield from _match(ordered[0], build(*exprs), variables, known)
        return
    if not ordered:
        if not exprs:
            yield known
        return
    for place, expr in enumerate(exprs):
        for found in _match(ordered[0], expr, variables, known):
            yield from _in_any_order(ordered[1:], exprs[:place] + exprs[place + 1 :], variables, found, build)


def _solved(pattern: Any, expr: Any, variables: frozenset[sp.Basic], known: Bindings) -> Bindings | None:
    """An index pattern such as i - 1 or b - a + 1 against an integer: solved for its only unknown."""
    if not (isinstance(pattern, sp.Add) and isinstance(expr, sp.Expr) and pattern.is_integer and expr.is_integer):
        return None
    open_ = [v for v in pattern.free_symbols & variables if v not in known]
    if len(open_) != 1 or pattern.coeff(open_[0]) != 1:
        return None
    rest = bind(pattern, {**known, open_[0]: sp.Integer(0)})
    return {**known, open_[0]: sp.expand(expr - rest)}
