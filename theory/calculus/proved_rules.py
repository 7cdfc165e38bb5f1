r"""Rules about numbers that SymPy proves: facts of `errorflow.theory.scalar_facts` in the form of rules.

The signs that a fact's symbols have become premises, since a rule's variables stand for any numbers.

Main definitions: `proved_rule`, and one rule each.
"""

from __future__ import annotations

import sympy as sp
from sympy.core.relational import Relational

from ..scalar_facts import ScalarFact, latching
from .facts import le, lt
from .rule import Rule
from .words import replace


def plain(expr: sp.Basic) -> dict[sp.Basic, sp.Basic]:
    """For every symbol of a fact the variable without a sign that stands for it in a rule.

    Raises ValueError for a symbol that is assumed to be more than real or an integer, not negative or positive: a rule's
    premises would not say it.
    """
    signs: tuple[dict[str, bool], ...] = ({}, {"nonnegative": True}, {"positive": True})
    for s in expr.free_symbols:
        if s not in {
            sp.Symbol(s.name, **kind, **sign) for kind in ({}, {"real": True}, {"integer": True}) for sign in signs
        }:
            raise ValueError(
                f"symbol {s} of a rule must have no assumptions but a kind and a sign, got {s.assumptions0}"
            )
    return {s: sp.Symbol(s.name, integer=True) if s.is_integer else sp.Symbol(s.name) for s in expr.free_symbols}


def proved_rule(fact: ScalarFact, *, name: str, lemma: str) -> Rule:
    """A fact whose statement is one relation as a rule, with the fact's own proof.

    >>> latching_facts = {fact.id: fact for fact in latching.facts()}
    >>> found = proved_rule(latching_facts["latch_kept"], name="latch", lemma="latch")
    >>> found.evidence.word, len(found.premises)
    ('symbolic', 4)
    """
    if not isinstance(fact.statement, Relational):
        raise ValueError(f"statement of {fact.id} must be one relation, got {fact.statement}")
    symbols = plain(sp.Tuple(fact.statement, *fact.given))
    signs = [lt(0, new) if old.is_positive else le(0, new) for old, new in symbols.items() if old.is_nonnegative]
    return Rule(
        name=name,
        claim=replace(fact.statement, symbols),
        variables=frozenset(symbols.values()),
        premises=(*signs, *(replace(premise, symbols) for premise in fact.given)),
        reference=fact.citation or "errorflow2026",
        place=f"scalar fact {fact.id}",
        lemma=lemma,
        proof=fact.prove,
    )


_facts = {fact.id: fact for fact in latching.facts()}
latch_kept = proved_rule(_facts["latch_kept"], name="a latch keeps its bit", lemma="latch_kept")
