r"""Rewriting in a monotone context: where x <= y, f(x) <= f(y) for every f built so that it grows with its hole.

Sums grow with every term, an expectation with its argument. Products grow with a factor if the others are not negative;
powers, and products of symbolic length, if the smaller value of what is replaced is not negative; a negative power falls, if
that value is positive. Under a norm only equal words may be exchanged. Every sign is proved
(`errorflow.theory.calculus.signs`). What a rule says of a product's body may depend on its step, what a fact says of a word
may not.

Main definitions: `Candidate`, `rewrites`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Literal

import sympy as sp

from .. import quantities
from .facts import Fact, sides
from .forms import Entry, Form
from .matching import Bindings, bind, captured, match
from .mean import Mean
from .words import STEP, At, Chain, Dot, Letter, Over, OverSum, Word, dot, rebuild, replace

Local = Literal["<=", ">=", "="]


@dataclass(frozen=True)
class Schema:
    """What rewriting needs of a rule or a fact: a claim, its variables, its premises, and which variables may depend on
    the step in the body of a product.
    """

    claim: Any
    variables: frozenset[sp.Basic]
    premises: tuple[Fact, ...] = ()
    by_step: frozenset[sp.Basic] = frozenset()


@dataclass(frozen=True)
class Need:
    """A sign that a context needs: the expression must not be negative, or must be positive."""

    expr: sp.Expr
    strict: bool = False


@dataclass(frozen=True)
class Candidate:
    """A result of one rewriting, with the signs and the premises that it needs."""

    result: Any
    needs: tuple[Need, ...]
    premises: tuple[Fact, ...]
    exchanged: tuple[Any, Any]


def rewrites(expr: Any, schema: Schema, local: Local, given: Bindings, *, bound: bool = False) -> Iterator[Candidate]:
    """Every expression E[y] that arises from ``expr`` = E[x] by the claim x <= y (or its reverse, or x = y).

    ``local`` is the relation in which the old expression stands to the new one; ``bound`` says that the hole stands
    under a product of symbolic length.
    """
    for old, new in _oriented(schema.claim, local):
        yield from _here(expr, old, new, schema, given, bound=bound)
    if not isinstance(expr, sp.Basic) or isinstance(expr, sp.Symbol):
        return
    for place, arg in enumerate(expr.args):
        inner = _inside(expr, place, local)
        if inner is None:
            continue
        binds = isinstance(expr, Chain | Over) and place == 0
        for found in rewrites(arg, schema, inner, given, bound=bound or binds):
            args = [*expr.args[:place], found.result, *expr.args[place + 1 :]]
            extra = _context(expr, place, arg, found.result, local)
            for result in _made(rebuild, expr, args):
                yield Candidate(result, found.needs + extra, found.premises, found.exchanged)


def everywhere(expr: Any, found: Candidate) -> Candidate:
    """The equal words or scalars of a rewriting by an equality exchanged at every place where they may be."""
    old, new = found.exchanged
    copies = {copy.letter for copy in expr.atoms(At)}  # D_t is not what is said of D
    if _free(old) or _free(new) or old in copies or expr.has(quantities.sup_abs):
        return found
    return next((Candidate(x, (), found.premises, (old, new)) for x in _made(replace, expr, {old: new})), found)


def _made(build: Callable[..., Any], *args: Any) -> Iterator[Any]:
    """What is built, unless words forbid it: products in the body of a product, copies of what is not a letter."""
    try:
        found = build(*args)
    except (TypeError, ValueError):
        return
    yield found


def _oriented(claim: Any, local: Local) -> list[tuple[Any, Any]]:
    """(old, new) so that old ``local`` new follows from the claim."""
    small, relation, large = sides(claim)
    if relation == "=":
        return [(small, large), (large, small)]
    return {"<=": [(small, large)], ">=": [(large, small)], "=": []}[local]


def _here(expr: Any, old: Any, new: Any, schema: Schema, given: Bindings, *, bound: bool) -> Iterator[Candidate]:
    claims = [schema.claim, *(claim for p in schema.premises for claim in (p.claim, *p.when))]
    for part, put_back, others in _parts(expr, old):
        needs = () if others is None or schema.claim.rel_op == "==" else (Need(others),)
        for found in match(old, part, schema.variables, dict(given)):
            if any(value.has(*p.over) for p in schema.premises if p.over for value in found.values()):
                continue  # a name of the rule's own would be caught
            if captured(claims, found, frozenset() if bound else schema.by_step):
                continue
            for made in _made(bind, new, found):
                open_ = schema.variables - set(found)
                if open_ and made.has(*open_):
                    continue  # a variable that occurs on the new side alone and was not given
                if _free(made) and not bound:
                    continue  # what depends on the bound step may not leave its product
                for result, premises in zip(_made(put_back, made), _made(_premises, schema, found), strict=False):
                    yield Candidate(result, needs, premises, (part, made))


def _premises(schema: Schema, found: Bindings) -> tuple[Fact, ...]:
    return tuple(bound_fact(premise, found) for premise in schema.premises)


def _free(expr: Any) -> bool:
    """Whether the bound step stands outside of every binder."""
    return bool(STEP in expr.free_symbols)


def bound_fact(premise: Fact, bindings: Bindings) -> Fact:
    """A premise of a rule for the words and scalars that its variables stand for."""
    kept = {v: value for v, value in bindings.items() if v not in premise.over}
    return Fact(premise.name, bind(premise.claim, kept), premise.over, tuple(bind(c, kept) for c in premise.when))


def _parts(expr: Any, pattern: Any) -> Iterator[tuple[Any, Callable[..., Any], Any]]:
    """The expression itself, and what of it a pattern can match: neighboring factors, some terms of a sum or product;
    how to put it back; and the other factors of a product of scalars, which must not be negative.
    """
    yield expr, lambda made: made, None
    if isinstance(expr, Dot):
        factors = expr.args
        for start in range(len(factors)):
            for stop in range(start + 1, len(factors) + 1):
                if stop - start < len(factors):
                    yield (
                        dot(*factors[start:stop]),
                        lambda made, a=start, b=stop: dot(*factors[:a], made, *factors[b:]),
                        None,
                    )
    elif isinstance(expr, sp.Add | sp.Mul) and isinstance(pattern, type(expr)):
        count = len(pattern.args)
        for chosen in combinations(range(len(expr.args)), count) if count < len(expr.args) else ():
            rest = expr.func(*(a for i, a in enumerate(expr.args) if i not in chosen))
            others = rest if isinstance(expr, sp.Mul) else None
            yield expr.func(*(expr.args[i] for i in chosen)), lambda made, rest=rest: expr.func(made, rest), others


def _inside(expr: Any, place: int, local: Local) -> Local | None:
    """The relation in which the old argument must stand to the new one; None if nothing may be exchanged there."""
    arg = expr.args[place]
    if isinstance(expr, quantities.sup_abs | sp.MatrixBase) or (isinstance(expr, At) and isinstance(arg, Letter)):
        return None
    if local == "=" or isinstance(expr, Word | Entry | Form | quantities.MatrixFunctional) or isinstance(arg, Word):
        return "="
    flip: Local = ">=" if local == "<=" else "<="
    if isinstance(expr, sp.Add | sp.Max | sp.Min | sp.exp | sp.log | Mean):
        return local
    if isinstance(expr, sp.Mul):
        return flip if _cofactor(expr, place).could_extract_minus_sign() else local
    if isinstance(expr, sp.Pow):
        return None if place else flip if _falls(expr) else local
    if isinstance(expr, Over):
        return local if place == 0 else None
    return None


def _falls(power: sp.Pow) -> bool:
    """Whether a power has an exponent that is a negative number."""
    return bool(power.exp.is_number and power.exp.is_negative)


def _cofactor(expr: sp.Mul, place: int) -> sp.Expr:
    return sp.Mul(*expr.args[:place], *expr.args[place + 1 :])


def _context(expr: Any, place: int, old: Any, new: Any, local: Local) -> tuple[Need, ...]:
    """The signs that the context needs."""
    if local == "=" or _inside(expr, place, local) == "=":
        return ()
    smaller = old if local == "<=" else new
    if isinstance(expr, sp.Mul):
        rest = _cofactor(expr, place)
        return (Need(-rest if rest.could_extract_minus_sign() else rest),)
    if isinstance(expr, sp.Pow):
        if _falls(expr):
            return (Need(new if local == "<=" else old, strict=True),)
        return (Need(smaller), Need(expr.exp))
    if isinstance(expr, sp.log):
        return (Need(smaller, strict=True),)
    if isinstance(expr, Over) and not isinstance(expr, OverSum):
        return (Need(smaller),)
    return ()
