r"""Derivation: a proof that is checked step by step, from given facts to a conclusion.

A derivation proves lemmas in order; each is a fact for those that follow. A *calculation* is a chain of expressions, each
obtained from the one before by one rule or fact in a monotone context. A *combination* shows an inequality as a sum of
nonnegative multiples of facts. An *inference* applies a rule as a whole. A *telescope* goes from one step to any number
of steps, and so does an *induction*, for a relation that every step passes on. A lemma may be stated ``over`` steps,
vectors or matrices if nothing particular was used about them, and for those alone for which some relations hold
(``when``), which are facts inside of it, named by `supposed`.

Main definitions: `Line`, `Calculation`, `Combination`, `Inference`, `Derivation`, `Proof`, `Rejection`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property
from types import MappingProxyType
from typing import Any, Literal

import sympy as sp
from sympy.core.relational import Relational

from .facts import Claim, Fact, eq, ge, le
from .matching import bind
from .rule import Rule

Relation = Literal["=", "<=", ">="]


class Rejection(ValueError):
    """A derivation that does not hold: which lemma, which line (from 1; 0 for the whole), and why."""

    def __init__(self, lemma: str, line: int, reason: str) -> None:
        where, reason = f"line {line} of {lemma!r}" if line else f"lemma {lemma!r}", reason.replace("\\", "")
        super().__init__(f"{where}: {reason}")
        self.lemma, self.line, self.reason = lemma, line, reason


class _Frozen:
    """What was checked cannot change: a list becomes a tuple, a mapping a copy that is read only."""

    def __post_init__(self) -> None:
        for part in fields(self):  # type: ignore[arg-type]  # the kinds of lemmas are dataclasses
            object.__setattr__(self, part.name, _frozen(getattr(self, part.name)))


def _frozen(value: Any) -> Any:
    if isinstance(value, Mapping):
        return MappingProxyType({name: _frozen(part) for name, part in value.items()})
    if isinstance(value, Iterable) and not isinstance(value, str | sp.Basic):
        return tuple(map(_frozen, value))
    return value


class _Algebra:
    """Equality of two scalars as polynomials in their norms, forms and symbols; a singleton."""

    name = "algebra"

    def __repr__(self) -> str:
        return "ALGEBRA"


ALGEBRA = _Algebra()


@dataclass(frozen=True)
class Line(_Frozen):
    """One step of a calculation: the expression before ``relation`` this ``expression``, ``by`` a rule or a fact.

    ``using`` gives the rule's variables that stand on its new side alone.
    """

    relation: Relation
    expression: Any
    by: Rule | str | _Algebra
    using: Mapping[sp.Basic, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Calculation(_Frozen):
    """``start`` relation ... relation the last line's expression: a fact of this name."""

    name: str
    start: Any
    lines: tuple[Line, ...]
    over: tuple[sp.Symbol, ...] = ()
    when: tuple[Relational, ...] = ()

    @property
    def relation(self) -> Relation:
        """The relation of the start to the end; "=" if every line is an equality."""
        found = {line.relation for line in self.lines} - {"="}
        if len(found) > 1:
            raise Rejection(self.name, 0, "the lines go in both directions, which concludes nothing")
        return found.pop() if found else "="

    @property
    def claim(self) -> Relational:
        """What the calculation concludes."""
        end = self.lines[-1].expression if self.lines else self.start
        build = {"=": eq, "<=": le, ">=": ge}[self.relation]
        return build(self.start, end)


@dataclass(frozen=True)
class Combination(_Frozen):
    """``claim``: the difference of its sides is the sum of the multiples of the differences of facts.

    A term is (multiple, name of a fact) or (multiple, name, values of what the fact is over). A multiple must not be
    negative, unless the fact is an equality.
    """

    name: str
    claim: Relational
    terms: tuple[tuple[Any, ...], ...]
    over: tuple[sp.Symbol, ...] = ()
    when: tuple[Relational, ...] = ()


@dataclass(frozen=True)
class Inference(_Frozen):
    """``claim`` by one rule whose premises are facts."""

    name: str
    claim: Relational
    rule: Rule
    using: Mapping[sp.Basic, Any] = field(default_factory=dict)
    over: tuple[sp.Symbol, ...] = ()
    when: tuple[Relational, ...] = ()


@dataclass(frozen=True)
class Obtain(_Frozen):
    """A word or number that exists by a rule, under a new name: ``fresh`` maps what the rule says exists to that name.

    No fact before may speak of the new name, and the conclusion of the derivation must not.
    """

    name: str
    rule: Rule
    using: Mapping[sp.Basic, Any]
    fresh: Mapping[sp.Symbol, sp.Symbol]
    over: tuple[sp.Symbol, ...] = ()
    when: tuple[Relational, ...] = ()

    @property
    def claim(self) -> Relational:
        """The claim of the rule about the new name."""
        return bind(self.rule.claim, {**self.using, **self.fresh})


@dataclass(frozen=True)
class Telescope(_Frozen):
    """f(b) <= r^(b-a) f(a), from the fact ``step``: f(i) <= r f(i-1) for all steps i, r not negative and free of i."""

    name: str
    claim: Relational
    step: str
    rate: Any
    first: Any
    last: Any
    over: tuple[sp.Symbol, ...] = ()
    when: tuple[Relational, ...] = ()


@dataclass(frozen=True)
class TelescopingSum(_Frozen):
    """f(b) - f(a) = sum of h(i) over a < i <= b, from the fact ``step``: f(i) = f(i-1) + h(i) for all steps i.

    With the fact f(i) <= f(i-1) + h(i) the conclusion is <=. ``claim`` is f(b) <= f(a) + sum, or = for an equality.
    """

    name: str
    claim: Relational
    step: str
    first: Any
    last: Any
    over: tuple[sp.Symbol, ...] = ()
    when: tuple[Relational, ...] = ()


@dataclass(frozen=True)
class Induction(_Frozen):
    """P(b), from P(a) and the fact ``step``: P(i) for all steps i when P(i-1). P is a relation."""

    name: str
    claim: Relational
    step: str
    first: Any
    last: Any
    over: tuple[sp.Symbol, ...] = ()
    when: tuple[Relational, ...] = ()


Lemma = Calculation | Combination | Inference | Obtain | Telescope | TelescopingSum | Induction


@dataclass(frozen=True)
class Proof:
    """A derivation that was checked: what it concludes and what it used."""

    conclusion: Fact
    facts: Mapping[str, Fact]
    rules: tuple[Rule, ...]
    used: tuple[str, ...]


@dataclass(frozen=True)
class Derivation(_Frozen):
    """Given facts and lemmas; the last lemma is the conclusion.

    ``given`` are definitions and hypotheses, taken for granted here and listed beside the conclusion. ``random`` are the
    letters and symbols that depend on chance, which an expectation averages over (`errorflow.theory.calculus.mean`).

    >>> from errorflow.theory.calculus.words import Letter
    >>> from errorflow.theory.calculus import rules
    >>> from errorflow.theory.quantities import spectral_norm
    >>> A, B, c = Letter("A"), Letter("B"), sp.Symbol("c")
    >>> small = Fact("small", le(spectral_norm(A), c))
    >>> first = Line("<=", spectral_norm(A) * spectral_norm(B), rules.submultiplicative)
    >>> second = Line("<=", c * spectral_norm(B), "small")
    >>> derivation = Derivation((small,), (Calculation("end", spectral_norm(A @ B), (first, second)),))
    >>> print(derivation.proof.conclusion.claim, [rule.name for rule in derivation.proof.rules])
    spectral_norm(A B) <= c*spectral_norm(B) ['submultiplicative']
    """

    given: tuple[Fact, ...]
    lemmas: tuple[Lemma, ...]
    random: tuple[sp.Symbol, ...] = ()

    @cached_property
    def proof(self) -> Proof:
        """The checked proof; `Rejection` names the first line that does not hold and why."""
        from .checker import check

        return check(self)

    @property
    def steps(self) -> int:
        """The number of lines and lemmas that are checked."""
        return sum(len(lemma.lines) if isinstance(lemma, Calculation) else 1 for lemma in self.lemmas)


__all__ = [
    "ALGEBRA",
    "Calculation",
    "Claim",
    "Combination",
    "Derivation",
    "Induction",
    "Inference",
    "Lemma",
    "Line",
    "Obtain",
    "Proof",
    "Rejection",
    "Telescope",
    "TelescopingSum",
]
