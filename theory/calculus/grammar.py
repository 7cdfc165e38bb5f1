r"""The language of derivations: what may stand in one, so that nothing is believed that a class or an assumption hides.

Numbers are exact, finite and real; symbols are real or integer and have no sign of their own, but for those of the table
of symbols, which have the sign that their meaning gives them; functions are those of this package, elementary ones, and
undefined ones such as ``sp.Function("f")``. The step that a product binds stands inside of that product alone.

Main definitions: `fault`, `ambiguous`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import sympy as sp
from sympy.core.function import AppliedUndef, UndefinedFunction

from .. import notation, quantities
from . import facts, words
from .forms import Entry, Form
from .mean import Mean
from .words import STEP, BoundStep, Chain, Letter, Over, OverSum, Word

_S = sp.S
_NUMBERS = {type(x) for x in (_S(2), _S(2) / 3, _S.One, _S.Zero, _S.NegativeOne, _S.Half, _S.Pi, _S.Exp1)}
_ELEMENTARY = {sp.Add, sp.Mul, sp.Pow, sp.Abs, sp.Max, sp.Min, sp.exp, sp.log, sp.tanh, sp.acosh}
_RELATIONS = {sp.Le, sp.Ge, sp.Lt, sp.Gt, sp.Eq}
_OF_WORDS = {words.Dot, words.Plus, words.Transpose, words.Inverse, words.Absolute}
_SYMBOLS = (sp.Symbol, notation.Scalar)
_TABLE = {row.symbol for row in notation.TABLE}


def fault(expr: Any, *, bound: bool = False) -> str | None:
    """A sentence if an expression, relation or property may not stand in a derivation; ``bound``: in a product's body.

    >>> fault(sp.Symbol("g", positive=True))
    'g is assumed to have a sign that nothing shows: take a symbol without assumptions and state a fact'
    >>> fault(sp.Float(2)), fault(2 * sp.Symbol("g"))
    ('2.00000000000000 is not exact', None)
    """
    kind = type(expr)
    if kind in _RELATIONS:
        if isinstance(expr.lhs, Word) != isinstance(expr.rhs, Word) or (
            kind is not sp.Eq and isinstance(expr.lhs, Word)
        ):
            return f"{expr} does not relate two numbers, or two words by ="
        return _first(expr.args, bound=bound)
    if isinstance(expr, facts.Property):
        known = getattr(facts, kind.__name__, None) is kind and all(isinstance(arg, Word) for arg in expr.args)
        return _first(expr.args, bound=bound) if known else f"{kind.__name__} is not a property of the calculus"
    if isinstance(expr, Word):
        return _word(expr, bound=bound)
    return _number(expr, bound=bound)


def _first(parts: Iterable[Any], *, bound: bool) -> str | None:
    return next((found for part in parts if (found := fault(part, bound=bound)) is not None), None)


def _words(parts: Iterable[Any], *, bound: bool) -> str | None:
    stranger = next((part for part in parts if not isinstance(part, Word)), None)
    return _first(parts, bound=bound) if stranger is None else f"{stranger} is not a word"


def _numbers(parts: Iterable[Any], *, bound: bool) -> str | None:
    stranger = next((part for part in parts if not isinstance(part, sp.Expr) or isinstance(part, Word)), None)
    return _first(parts, bound=bound) if stranger is None else f"{stranger} is not a number"


def _integers(parts: Iterable[Any], *, bound: bool) -> str | None:
    stranger = next((part for part in parts if not getattr(part, "is_integer", False)), None)
    return _numbers(parts, bound=bound) if stranger is None else f"{stranger} is not known to be an integer"


def _ranged(body: str | None, expr: Any, *, bound: bool) -> str | None:
    if bound:
        return f"{expr} stands in the body of another product or sum"
    return body or _integers(expr.args[1:], bound=False)


def _word(expr: Any, *, bound: bool) -> str | None:
    kind = type(expr)
    if kind in (Letter, words.Eye):
        return None
    if kind is words.At:
        one = _integers(expr.args[1:], bound=bound)
        return one if type(expr.args[0]) is Letter else f"{expr.args[0]} is not a letter and has no copies"
    if kind in _OF_WORDS:
        return _words(expr.args, bound=bound)
    if kind is words.Scaled:
        return _numbers(expr.args[:1], bound=bound) or _words(expr.args[1:], bound=bound)
    if kind is Chain:
        return _ranged(_words(expr.args[:1], bound=True), expr, bound=bound)
    return f"{kind.__name__} is not a word of the calculus"


def _number(expr: Any, *, bound: bool) -> str | None:
    kind = type(expr)
    if isinstance(expr, sp.Symbol):
        return _symbol(expr, bound=bound)
    if kind in _NUMBERS:
        return None
    if isinstance(expr, sp.Float):
        return f"{expr} is not exact"
    if kind in _ELEMENTARY or (isinstance(expr, AppliedUndef) and expr.func == UndefinedFunction(expr.func.__name__)):
        return _numbers(expr.args, bound=bound)
    if kind in (Over, OverSum):
        return _ranged(_numbers(expr.args[:1], bound=True), expr, bound=bound)
    if kind is Mean:
        return _numbers(expr.args, bound=bound)
    if kind is Form:
        return _words(expr.args, bound=bound)
    if kind is Entry:
        return _words(expr.args[:1], bound=bound) or _integers(expr.args[1:], bound=bound)
    if getattr(quantities, kind.__name__, None) is kind:
        return _quantity(expr, bound=bound)
    return f"{expr} is not a finite real number of the calculus ({kind.__name__})"


def _quantity(expr: Any, *, bound: bool) -> str | None:
    if type(expr) is quantities.sup_abs:  # of a cell's own vectors, over all steps and samples
        return f"{expr} speaks of a bound step" if expr.has(STEP) else None
    return _first(
        (part for arg in expr.args for part in (arg if isinstance(arg, sp.MatrixBase) else (arg,))), bound=bound
    )


def _symbol(expr: sp.Symbol, *, bound: bool) -> str | None:
    kind = type(expr)
    if kind is BoundStep:
        return None if bound else "the bound step stands outside of its product"
    plain = (kind(expr.name), kind(expr.name, integer=True), kind(expr.name, real=True)) if kind in _SYMBOLS else ()
    if expr in plain or (expr in _TABLE and kind is sp.Symbol and expr.is_commutative):
        return None
    return f"{expr} is assumed to have a sign that nothing shows: take a symbol without assumptions and state a fact"


def ambiguous(expressions: Iterable[Any]) -> str | None:
    """A sentence if two different symbols, or a symbol and a letter, are written alike.

    >>> ambiguous((Letter("x"), 2 * sp.Symbol("x")))
    "two different symbols are written 'x'"
    """
    found: dict[str, sp.Basic] = {}
    for symbol in sp.Tuple(*expressions).atoms(sp.Symbol):
        if found.setdefault(symbol.name, symbol) != symbol:
            return f"two different symbols are written {symbol.name!r}"
    return None
