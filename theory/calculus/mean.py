r"""The expectation E[x] of a number that depends on chance, and which words and numbers do not depend on it.

A derivation names the letters and symbols that depend on chance, `Derivation.random`; they are functions of the outcome,
everything else is the same for all outcomes. A fact or lemma holds at every outcome; where it has a condition, it says:
if the condition holds at every outcome, so does the claim. E maps a random number to one that does not depend on chance;
that it exists is presupposed of what a derivation writes. What is stated *over* a letter or number with an expectation in
it, or under a condition on it, is stated of all that do not depend on chance.

Main definitions: `Mean`, `Sure`, `unsure`.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import sympy as sp
from sympy.core.function import AppliedUndef

from .. import quantities
from .facts import Fact, Property

_OF_A_RUN = (  # numbers of a network's run, which no letter or symbol in them shows to depend on chance
    quantities.sup_abs,
    quantities.majorant_radius,
    quantities.majorant_condition,
    quantities.step_norm,
    quantities.jacobian_norm,
    quantities.jacobian_gain,
)


class Mean(sp.Function):
    r"""The expectation of a number.

    >>> x = sp.Symbol("x")
    >>> Mean(2 * x + 1), sp.latex(Mean(x))
    (Mean(2*x + 1), '\\mathbb{E}\\left[x\\right]')
    """

    is_commutative = True
    nargs = 1

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        text = rf"\mathbb{{E}}\left[{printer._print(self.args[0])}\right]"
        return text if exp is None else rf"{{{text}}}^{{{exp}}}"


class Sure(Property):
    """The same for all outcomes of chance: a premise of rules, which the checker reads off the symbols."""

    words = "does not depend on chance"


def unsure(expr: sp.Basic, random: Collection[sp.Basic]) -> bool:
    """Whether an expression may depend on chance: a random symbol, a number of a run or an undefined function stands in it
    outside of every expectation.

    >>> x, y = sp.symbols("x y")
    >>> unsure(x + Mean(y), {y}), unsure(x * y, {y})
    (False, True)
    """
    if isinstance(expr, Mean) or not random:
        return False
    if isinstance(expr, (*_OF_A_RUN, AppliedUndef)):
        return True
    if not expr.args or isinstance(expr, sp.Symbol):
        return expr in set(random)
    return any(unsure(arg, random) for arg in expr.args)


def surely(fact: Fact) -> tuple[Fact, ...]:
    """What must not depend on chance where a fact is used: what it is over, if it speaks of an expectation, and what its
    conditions speak of, since they hold at every outcome for one value that is the same for all of them.
    """
    spoken = any(claim.has(Mean) for claim in (fact.claim, *fact.when))
    asked = {symbol for condition in fact.when for symbol in condition.free_symbols}
    return tuple(Fact("sure", Sure(v)) for v in fact.over if not v.is_integer and (spoken or v in asked))
