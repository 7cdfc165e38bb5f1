"""Listing: the steps of a derivation in the order in which they are checked, as formulas with the reason of each.

Main definitions: `Step`, `listing`.
"""

from __future__ import annotations

from dataclasses import dataclass

import sympy as sp
from sympy.core.relational import Relational

from .derivation import ALGEBRA, Calculation, Combination, Derivation, Inference, Lemma, Line, Obtain
from .facts import eq, ge, le
from .rule import Rule


@dataclass(frozen=True)
class Step:
    """One step: the lemma that it belongs to, what it states, the reason in words, and the rule if it is one."""

    lemma: str
    formula: Relational
    reason: str
    rule: Rule | None = None


def listing(derivation: Derivation) -> tuple[Step, ...]:
    """Every line of every calculation, and every other lemma as one step.

    >>> from errorflow.theory import theorems
    >>> [step.reason for step in listing(theorems.get("pascanu2013_spectral_norm").derivation)][:3]
    ['state Jacobian', 'norm of a product', 'submultiplicative']
    """
    return tuple(step for lemma in derivation.lemmas for step in _steps(lemma))


def _steps(lemma: Lemma) -> list[Step]:
    if isinstance(lemma, Calculation):
        before, found = lemma.start, []
        for line in lemma.lines:
            build = {"=": eq, "<=": le, ">=": ge}[line.relation]
            rule = line.by if isinstance(line.by, Rule) else None
            found.append(Step(lemma.name, build(before, line.expression), _reason(line), rule))
            before = line.expression
        return found
    if isinstance(lemma, Combination):
        terms = ", ".join(f"{_multiple(term[0])}{term[1]}" for term in lemma.terms)
        return [Step(lemma.name, lemma.claim, f"sum of {terms}")]
    if isinstance(lemma, Inference | Obtain):
        return [Step(lemma.name, lemma.claim, lemma.rule.name, lemma.rule)]
    return [Step(lemma.name, lemma.claim, f"induction over the steps, each by {lemma.step}")]


def _reason(line: Line) -> str:
    return "algebra" if line.by is ALGEBRA else line.by.name if isinstance(line.by, Rule) else str(line.by)


def _multiple(factor: object) -> str:
    return "" if factor == 1 else f"{sp.sympify(factor)} times ".replace("\\", "")
