r"""Signs: why a scalar is not negative. No sign is believed: SymPy's assumptions count for sizes and lags alone.

A number is not negative by itself, a norm by its definition, u^T u as a sum of squares, a sum, product, power or product
of symbolic length by its parts, anything else by a fact: 0 <= x, or y <= x with y not negative.

Main definitions: `nonnegative`, `positive`, `undefined`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import sympy as sp
from sympy.core.relational import Relational

from .. import quantities
from .facts import Fact, sides
from .forms import Form, same
from .matching import bind, instances
from .mean import Mean, surely
from .words import STEP, Dot, Over, Word, dot, transpose

Use = Callable[[Fact], None]
DEPTH = 4
REAL = Fact(
    "numbers are real", sp.Le(0, sp.Symbol("x") ** 2, evaluate=False)
)  # used by a sign that complex numbers lack


def nonnegative(expr: sp.Expr, facts: Iterable[Fact], use: Use = lambda _: None, depth: int = DEPTH) -> bool:
    """Whether expr >= 0 follows; ``use`` is called with every fact that was needed.

    >>> nonnegative(sp.Symbol("g", nonnegative=True), ())
    False
    >>> n = sp.Symbol("n", integer=True, positive=True)
    >>> nonnegative(n * quantities.spectral_norm(sp.Symbol("W")) ** 3, ())
    True
    """
    facts = tuple(facts)
    if expr.is_comparable:
        return bool(expr.is_nonnegative)
    if isinstance(expr, sp.Symbol) and expr.is_integer and expr.is_nonnegative:
        return True
    if isinstance(expr, (sp.Abs, *quantities.NONNEGATIVE)):
        return True
    if isinstance(expr, sp.exp) or (isinstance(expr, Form) and _square(expr.args[0])):
        use(REAL)
        return True
    if isinstance(expr, sp.Add | sp.Mul) and all(nonnegative(a, facts, use, depth) for a in expr.args):
        return True
    if isinstance(expr, sp.Pow) and _nonnegative_power(expr.base, expr.exp, facts, use, depth):
        return True
    if isinstance(expr, sp.Max) and any(nonnegative(a, facts, use, depth) for a in expr.args):
        use(REAL)
        return True
    if isinstance(expr, Over | Mean) and nonnegative(expr.args[0], facts, use, depth):
        return True
    return depth > 0 and _by_fact(expr, facts, use, depth)


def _nonnegative_power(base: sp.Expr, exponent: sp.Expr, facts: tuple[Fact, ...], use: Use, depth: int) -> bool:
    """Whether base^exponent is defined and not negative; 0^0 = 1."""
    if exponent.is_number and exponent.is_negative:
        return positive(base, facts, use)
    if nonnegative(exponent, facts, use, depth) and nonnegative(base, facts, use, depth):
        return True
    if exponent.is_real and positive(base, facts, use):
        return True
    if exponent.is_even and nonnegative(exponent, facts, use, depth):
        use(REAL)
        return True
    return False


def undefined(
    expr: sp.Basic, facts: Iterable[Fact], use: Use = lambda _: None, known: set[sp.Expr] | None = None
) -> str | None:
    """What must hold for a power or a logarithm to be defined, and is not known; None if all are defined.

    ``known`` are those that the same facts define; what is found to be defined joins them.
    A fact about one number presupposes that what it speaks of is defined.

    >>> x = sp.Symbol("x")
    >>> undefined(1 / x, ()), undefined(1 / x, (Fact("inverse", sp.Le(1 / x, 2)),))
    ('0 < x', None)
    """
    facts = tuple(facts)
    known, unmet = set() if known is None else known, []
    for part in expr.atoms(sp.Pow, sp.log, sp.acosh) - known:
        need = _domain(part, facts, use)
        if need is None or _presupposed(part, facts, use):
            known.add(part)
        else:
            unmet.append(need)
    return min(unmet, default=None)


def _domain(part: sp.Expr, facts: tuple[Fact, ...], use: Use) -> str | None:
    if isinstance(part, sp.log):
        return None if positive(part.args[0], facts, use) else f"0 < {part.args[0]}"
    if isinstance(part, sp.acosh):
        return None if nonnegative(sp.expand(part.args[0] - 1), facts, use) else f"1 <= {part.args[0]}"
    base, exponent = part.as_base_exp()
    if exponent.is_integer and nonnegative(exponent, facts, use):
        return None
    if exponent.is_comparable and exponent.is_positive:
        return None if nonnegative(base, facts, use) else f"0 <= {base}"
    if positive(base, facts, use) or (exponent.is_integer and positive(sp.Abs(base), facts, use)):
        return None
    return f"0 < {base}"


def _presupposed(part: sp.Expr, facts: tuple[Fact, ...], use: Use) -> bool:
    for fact in facts:
        if not (fact.when or part.has(STEP, *fact.over)) and fact.claim.has(part):
            use(fact)
            return True
    return False


def positive(expr: sp.Expr, facts: Iterable[Fact], use: Use = lambda _: None) -> bool:
    """Whether expr > 0 follows: a positive number or size, a product of such, or a fact 0 < x."""
    facts = tuple(facts)
    if expr.is_comparable:
        return bool(expr.is_positive)
    if isinstance(expr, sp.Symbol) and expr.is_integer and expr.is_positive:
        return True
    if isinstance(expr, sp.Mul) and all(positive(a, facts, use) for a in expr.args):
        return True
    if isinstance(expr, sp.Pow) and expr.exp.is_real and positive(expr.base, facts, use):
        return True
    if isinstance(expr, sp.Add):
        rest = [a for a in expr.args if not positive(a, facts, use)]
        if len(rest) < len(expr.args) and all(nonnegative(a, facts, use) for a in rest):
            return True
    for fact in facts:
        if isinstance(fact.claim, Relational) and not fact.when and not surely(fact):
            small, relation, large = sides(fact.claim)
            if relation == "<" and not isinstance(small, Word):
                for bindings in _instances(fact, large, expr):
                    if nonnegative(bind(small, bindings), facts, use, 1):
                        use(fact)
                        return True
                if not fact.over and _is_multiple(expr, large - small):
                    use(fact)
                    return True
    return False


def _is_multiple(expr: sp.Expr, gap: sp.Expr) -> bool:
    """Whether expr is a positive rational multiple of the gap."""
    parts, found = sp.expand(gap).as_coefficients_dict(), sp.expand(expr).as_coefficients_dict()
    for term, coefficient in parts.items():
        ratio = found.get(term, sp.Integer(0)) / coefficient if coefficient != 0 else sp.Integer(0)
        return bool(ratio.is_positive) and same(expr, ratio * gap)
    return False


def _square(word: Word) -> bool:
    """Whether the word is A^T A."""
    if not isinstance(word, Dot) or len(word.args) % 2:
        return False
    half = len(word.args) // 2
    return bool(transpose(dot(*word.args[:half])) == dot(*word.args[half:]))


def _by_fact(expr: sp.Expr, facts: tuple[Fact, ...], use: Use, depth: int) -> bool:
    for fact in facts:
        if not isinstance(fact.claim, Relational) or fact.when or surely(fact):
            continue
        small, relation, large = sides(fact.claim)
        if isinstance(small, Word):
            continue
        for a, b in ((small, large), (large, small)) if relation == "=" else ((small, large),):
            for bindings in _instances(fact, b, expr):
                if nonnegative(bind(a, bindings), facts, use, depth - 1):
                    use(fact)
                    return True
        if (
            not fact.over
            and _comparable(expr, small, large)
            and _exceeds_multiple(expr, sp.expand(large - small), facts, use, depth)
        ):
            use(fact)
            return True
    return False


def _comparable(expr: sp.Expr, small: sp.Expr, large: sp.Expr) -> bool:
    """Whether a gap can be a part of an expression: steps of the same symbols, or a sum of the same symbols."""
    symbols = small.free_symbols | large.free_symbols
    if expr.is_integer:
        return bool(small.is_integer and large.is_integer and symbols & expr.free_symbols)
    return isinstance(expr, sp.Add) and symbols == expr.free_symbols


def _exceeds_multiple(expr: sp.Expr, gap: sp.Expr, facts: tuple[Fact, ...], use: Use, depth: int) -> bool:
    """Whether expr is a positive multiple of something that is not negative, plus something that is not."""
    if isinstance(expr, sp.Add) and expr.free_symbols == gap.free_symbols and same(expr, gap):
        return True
    if not (expr.is_integer and gap.is_integer):
        return False
    for symbol in gap.free_symbols:
        multiple = sp.expand(expr).coeff(symbol) / gap.coeff(symbol) if gap.coeff(symbol) != 0 else sp.Integer(0)
        if (
            multiple.is_number
            and multiple.is_positive
            and nonnegative(sp.expand(expr - multiple * gap), facts, use, depth - 1)
        ):
            return True
    return False


def _instances(fact: Fact, pattern: sp.Expr, expr: sp.Expr) -> list[dict[sp.Basic, sp.Basic]]:
    """The values of what a fact is over for which a side of it is the expression; others may take any value."""
    return list(instances(fact, (pattern, expr)))
