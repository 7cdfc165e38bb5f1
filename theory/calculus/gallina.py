r"""How a claim reads in Gallina, the language of the Coq proof assistant: the formal statement that a proof must have.

A rule or theorem is a list of given claims and a conclusion over letters and symbols; its formal statement quantifies over
all of them, over every real closed field R, and over the sizes that the shapes of the products leave open. Letters with a
copy for every step are functions of the step, what depends on chance of the outcome. The vocabulary (``norm``, ``chain``,
``radius``, ...) is defined in theory/formal/vocabulary.v; a number that is not defined there, such as one that a search has
found, is any number or function for which what is given holds. That an expectation exists is given where one is written.

Main definitions: `of_rule`, `of_claims`, `Untranslatable`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from typing import Any

import sympy as sp
from sympy.core.function import AppliedUndef

from .. import notation
from .. import quantities as q
from . import facts as f
from . import words as w
from .facts import Claim, Fact
from .gallina_shapes import Shapes, Untranslatable
from .gallina_writer import WITH_PROPERTY, Writer, identifier
from .mean import Mean, Sure
from .rule import Rule

WORDS = re.compile(  # names that a statement uses with their meaning in vocabulary.v or the library
    "norm|max_abs|row_sum_norm|smallest_gain|radius|perron_radius|absolute|as_complex|modulus|chain|product_over|sum_over"
    "|number|entry|mean|integrable|expectation|archimedean|int|nat|unit_interval|block_norms|block_row_sums|majorized"
    "|invmx|unitmx|is_diag_mx|o"
)

__all__ = ["LIMITS", "Untranslatable", "of_claims", "of_rule"]

LIMITS = {"root of a growth bound", "an excess that vanishes", "a geometric sequence tends to zero"}


def of_rule(rule: Rule, *, over_complex: bool = False) -> str:
    """The formal statement of a rule, for real matrices and numbers or for complex ones.

    >>> from errorflow.theory.calculus import rules
    >>> print(of_rule(rules.norm_of_diagonal))
    (R : rcfType) (n : nat) (D : 'M[R]_n) :
      is_diag_mx D ->
      norm D = max_abs D
    """
    if rule.exists or rule.over:
        raise Untranslatable(f"rule {rule.name!r} says that something exists")
    bodies = _bodies([rule.claim, *(claim for p in rule.conditions for claim in (p.claim, *p.when))])
    outside = _outside(rule.claim) | {s for p in rule.premises if not isinstance(p, f.Property) for s in _free_of(p)}
    functions = {s for s in bodies if s not in outside and s not in rule.fixed and not getattr(s, "is_integer", False)}
    conditions = [p for p in rule.conditions if not isinstance(p.claim, Sure)]
    sure = {s for p in rule.conditions if isinstance(p.claim, Sure) for s in p.claim.free_symbols}
    return of_claims(
        [rule.claim],
        conditions,
        functions=functions,
        archimedean=rule.name in LIMITS,
        over_complex=over_complex,
        random={s for s in rule.variables if s not in sure} if rule.claim.has(Mean) else None,
    )


def _free_of(premise: Claim | Fact) -> set[sp.Basic]:
    return set(premise.particular) if isinstance(premise, Fact) else _outside(premise)


def _bodies(claims: Iterable[Any]) -> set[sp.Basic]:
    """The letters and symbols in bodies of products and sums of symbolic length."""
    return {s for c in claims for x in c.atoms(w.Chain, w.Over) for s in x.args[0].atoms(sp.Symbol)} - {w.STEP}


def _outside(expr: Any) -> set[sp.Basic]:
    """The letters and symbols outside of them; an instance of a body is none."""
    if isinstance(expr, w.Chain | w.Over):
        return {s for end in expr.args[1:] for s in end.free_symbols}
    if isinstance(expr, w.Instance):
        return set(expr.args[1].free_symbols)
    if isinstance(expr, sp.Symbol):
        return {expr}
    return {s for arg in expr.args for s in _outside(arg)} if isinstance(expr, sp.Basic) else set()


def of_claims(
    conclusions: Sequence[Claim],
    given: Sequence[Fact],
    *,
    functions: Collection[sp.Basic] = (),
    archimedean: bool = False,
    over_complex: bool = False,
    random: Collection[sp.Basic] | None = None,
) -> str:
    """The statement that what is given implies the conclusions, after its name: binders, a colon, and the claims.

    Raises `Untranslatable` where the vocabulary has no word.
    """
    claims = [c for fact in given for c in (fact.claim, *fact.when)] + list(conclusions)
    chance = any(c.has(Mean) for c in claims)
    if chance and random is None:
        raise Untranslatable("no formal word for a network that depends on chance")
    functions = set(functions) | {at.letter for c in claims for at in c.atoms(w.At)}
    shapes = Shapes(claims, {identifier(s.name) for c in claims for s in c.atoms(sp.Symbol) if s != notation.n})
    writer = Writer(shapes, functions, shapes.units, complex=over_complex, random=set(random or ()))
    if over_complex:
        spots = [c.atoms(sp.Abs) | {x.args[0] for x in c.atoms(w.Scaled)} for c in claims]
        writer.numbers = {s for found in spots for x in found for s in x.free_symbols}
    bound = {v for fact in given for v in fact.over}
    everywhere = set().union(*(c.free_symbols for c in conclusions), *(fact.particular for fact in given))
    free = [s for s in everywhere if s not in bound - everywhere and s != notation.n and s != w.STEP]
    free.sort(key=lambda s: (not isinstance(s, w.Letter), bool(s.is_integer), _position(s, claims), s.name))
    writer.taken = {identifier(s.name) for s in (*free, *bound)}
    premises = [line for fact in given for line in writer.fact(fact)]
    said = [writer.claim(c) for c in conclusions]
    premises = [f"integrable E {mean}" for mean in writer.means] + list(dict.fromkeys(premises))
    signs = [sign for s in free if not isinstance(s, w.Letter) and (sign := _sign(s))]
    if shapes.positive:
        signs.insert(0, f"(0 < {shapes.units})%N")
    special = [k for k in WITH_PROPERTY if k in writer.special]
    for k in special:
        if k.__name__ not in writer.opaque:
            writer.opaque[k.__name__] = f"'M[R]_{shapes.units} -> {'int -> ' if k is q.largest_masked_product else ''}R"
    properties = [_property(k, over_complex=over_complex) for k in special]
    binders = ["(R : rcfType)", *(["(Omega : Type)", "(E : expectation R Omega)"] if chance else [])]
    binders += [f"({' '.join(sizes)} : nat)"] if (sizes := shapes.names()) else []
    opaque = {k.__name__: writer.opaque[k.__name__] for k in special} | writer.opaque
    binders += _grouped([f"({name} : {kind})" for name, kind in opaque.items()] + [writer.binder(s) for s in free])
    names = [n for b in binders for n in b[1:-1].split(" : ")[0].split()]
    clash = next((n for i, n in enumerate(names) if n in names[:i] or WORDS.fullmatch(n)), None) or _same_name(claims)
    if clash is not None:
        raise Untranslatable(f"the name {clash} would have two meanings")
    lines = [*(["archimedean R"] if archimedean else []), *signs, *properties, *premises]
    body = "".join(f"\n  {line} ->" for line in lines) + "\n  " + " /\\ ".join(said)
    return _wrapped(binders) + " :" + body


def _same_name(claims: Sequence[Any]) -> str | None:
    """A name that two symbols, or a symbol and a function, would share, bound ones included."""
    found: dict[str, Any] = {}
    for claim in claims:
        for part in (*claim.atoms(sp.Symbol), *claim.atoms(AppliedUndef)):
            this = part if isinstance(part, sp.Symbol) else part.func.__name__
            name = identifier(part.name if isinstance(part, sp.Symbol) else this)
            if part not in (w.STEP, notation.n) and (found.setdefault(name, this) != this or hasattr(q, name)):
                return name
    return None


def _property(kind: type, *, over_complex: bool) -> str:
    """That a function has its defining property, by the name of that property."""
    prefix = "complex_" if over_complex and kind is q.power_supremum else ""
    return " ".join([f"is_{prefix}{kind.__name__}", *(other.__name__ for other in WITH_PROPERTY[kind]), kind.__name__])


def _wrapped(binders: list[str], width: int = 100) -> str:
    lines = [""]
    for binder in binders:
        if lines[-1] and len(lines[-1]) + len(binder) > width:
            lines.append("    ")
        lines[-1] += binder if lines[-1].strip() == "" else f" {binder}"
    return "\n".join(lines)


def _position(symbol: sp.Basic, claims: Sequence[Any]) -> int:
    return next((i for i, c in enumerate(claims) if symbol in c.free_symbols), len(claims))


def _grouped(binders: list[str]) -> list[str]:
    """Neighbors of one type share a pair of brackets."""
    found: list[list[str]] = []
    for binder in binders:
        name, kind = binder[1:-1].split(" : ", 1)
        if found and found[-1][-1] == kind:
            found[-1].insert(-1, name)
        else:
            found.append([name, kind])
    return [f"({' '.join(names)} : {kind})" for *names, kind in found]


def _sign(symbol: sp.Symbol) -> str:
    name = identifier(symbol.name)
    return f"0 < {name}" if symbol.is_positive else f"0 <= {name}" if symbol.is_nonnegative else ""
