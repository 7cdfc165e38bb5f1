"""Listing: the steps of a derivation in the order in which they are checked, as formulas with the reason of each.

A fact that a lemma supposes is named by what it states; its reason is told in words, and a long multiple is told as one.

Main definitions: `Step`, `listing`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import sympy as sp
from sympy.core.relational import Relational

from .derivation import ALGEBRA, Calculation, Combination, Derivation, Induction, Inference, Lemma, Line, Obtain
from .facts import eq, ge, le, supposed
from .rule import Rule

_HYPOTHESIS = "the induction hypothesis"
_LONG = 20  # characters of a multiple that are still read at a glance


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
    hypotheses = {
        supposed(condition).name: _HYPOTHESIS
        for lemma in derivation.lemmas
        for condition in lemma.when
        if lemma.name in {other.step for other in derivation.lemmas if isinstance(other, Induction)}
    }
    return tuple(step for lemma in derivation.lemmas for step in _steps(lemma, hypotheses))


def _steps(lemma: Lemma, hypotheses: Mapping[str, str]) -> list[Step]:
    named = {**{supposed(condition).name: "the supposition" for condition in lemma.when}, **hypotheses}
    if isinstance(lemma, Calculation):
        before, found = lemma.start, []
        for line in lemma.lines:
            build = {"=": eq, "<=": le, ">=": ge}[line.relation]
            rule = line.by if isinstance(line.by, Rule) else None
            found.append(Step(lemma.name, build(before, line.expression), _reason(line, named), rule))
            before = line.expression
        return found
    if isinstance(lemma, Combination):
        terms = ", ".join(f"{_multiple(term[0])}{named.get(term[1], term[1])}" for term in lemma.terms)
        return [Step(lemma.name, lemma.claim, f"sum of {terms}")]
    if isinstance(lemma, Inference | Obtain):
        return [Step(lemma.name, lemma.claim, lemma.rule.name, lemma.rule)]
    return [Step(lemma.name, lemma.claim, f"induction over the steps, each by {lemma.step}")]


def _reason(line: Line, named: Mapping[str, str]) -> str:
    if isinstance(line.by, Rule):
        return line.by.name
    return "algebra" if line.by is ALGEBRA else named.get(str(line.by), str(line.by))


def _multiple(factor: object) -> str:
    number = sp.sympify(factor)
    text = re.sub(r"Abs\((\w+)\)", r"|\1|", str(number).replace("\\", "").replace("**", "^")).replace("*", " ")
    if number == 1 or len(text) > _LONG or "_" in text:
        return "" if number == 1 else "a multiple of "
    return f"({text}) times " if number.is_Add else f"{text} times "
