"""Theorem: a conclusion with its object, quantifiers, hypotheses, checked derivation, source and witnesses.

The conclusion is stated apart from the derivation; `Theorem.check` demands that the derivation ends with it. What a
theorem uses (rules, other theorems, given facts) is recorded from the derivation, not typed.

Main definitions: `Witness`, `Theorem`, `used`, `add_evidence`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import sympy as sp
from sympy.core.relational import Relational

from .bounds import Bound, slope_letters
from .calculus import Derivation, Fact
from .calculus.facts import sides
from .calculus.gallina import LIMITS, Untranslatable, of_claims
from .calculus.words import replace
from .evidence import Grade, Graph, KernelChecked, Node, Symbolic
from .hypotheses import Hypothesis
from .language import Cell
from .sources import Source, source

Object = Literal[
    "state_jacobian", "total_gradient", "lag_share", "task_informative_gradient", "error_flow", "matrix", "trajectory"
]
Values = tuple[tuple[sp.Symbol, Any], ...]  # symbols or letters, each with an exact number, vector or matrix
Letters = Mapping[sp.Basic, Any]  # what a letter, or a quantity of a letter, is on a cell


@dataclass(frozen=True)
class Witness:
    """Exact values that show something of a theorem: a matrix W, slopes of 1 unless given, and what else it speaks of.

    ``values`` gives numbers, vectors or matrices to other letters and symbols of the theorem, the same at every step.
    ``outcomes`` are the values of what depends on chance, one for each outcome; all are equally likely.
    """

    matrix: tuple[tuple[sp.Expr, ...], ...]
    values: Values = ()
    outcomes: tuple[Values, ...] = ()

    @classmethod
    def of(
        cls,
        rows: Sequence[Sequence[object]],
        values: Mapping[sp.Symbol, object] | None = None,
        outcomes: Sequence[Mapping[sp.Symbol, object]] = (),
    ) -> Witness:
        """A witness from numbers or strings like ``"1/2"`` or ``"sqrt(2)"``."""
        matrix = tuple(tuple(_exact(x) for x in row) for row in rows)
        return cls(matrix, _values(values or {}), tuple(map(_values, outcomes)))

    @property
    def array(self) -> sp.ImmutableMatrix:
        """The matrix W."""
        return sp.ImmutableMatrix(self.matrix)

    def __str__(self) -> str:
        rows = "; ".join(", ".join(map(str, row)) for row in self.matrix)
        chance = "".join(f"; outcome {i}{_listed(values)}" for i, values in enumerate(self.outcomes, start=1))
        return f"slope 1, W = [{rows}]{_listed(self.values)}{chance}"


def _values(values: Mapping[sp.Symbol, object]) -> Values:
    return tuple((symbol, _value(value)) for symbol, value in values.items())


def _listed(values: Values) -> str:
    return "".join(f", {str(symbol).replace(chr(92), '')} = {_shown(value)}" for symbol, value in values)


def _exact(value: object) -> sp.Expr:
    found = sp.sympify(value, rational=True) if isinstance(value, str) else sp.sympify(value)
    if found.has(sp.Float) or not found.is_number:
        raise ValueError(f"a witness must be exact, got {value!r}")
    return found


def _value(value: Any) -> Any:
    return sp.ImmutableMatrix([[_exact(x) for x in row] for row in value]) if isinstance(value, list) else _exact(value)


def _shown(value: Any) -> str:
    if isinstance(value, sp.MatrixBase):
        return "[" + "; ".join(", ".join(map(str, row)) for row in value.tolist()) + "]"
    return str(value)


@dataclass(frozen=True, kw_only=True)
class Theorem:
    """A statement about an object, for all networks of a form, with the derivation that proves it.

    A theorem that bounds the state Jacobian by lag states its conclusion as a ``bound``; any other states ``conclusion``,
    a relation over quantities and words. ``hypotheses`` are conditions over quantities that a network can be asked;
    ``letters`` says what the letters of the theorem are on a cell, or None where the cell has another form.
    ``tightness`` is *tight* if both sides are equal for every lag on the ``tightness_witness`` (a function of the lag, if
    each lag has its own), else *upper* or *lower*.
    ``non_vacuity`` satisfies every hypothesis, the decision of a bound included. ``related`` names formal theorems that are
    stated by hand about a case of it or more than it, such as one that attains the bound; they do not change its grade.
    """

    id: str
    title: str
    derivation: Derivation
    quantifiers: str
    citation: str
    place: str
    version: str
    tightness: Literal["tight", "upper", "lower"]
    non_vacuity: Witness
    tightness_witness: Witness | Callable[[int], Witness] | None = None
    words: str
    bound: Bound | None = None
    conclusion: Relational = field(default=None)
    hypotheses: tuple[Hypothesis, ...] = ()
    object: Object = "state_jacobian"
    norm: str = "2"
    letters: Callable[[Cell], Letters | None] = field(default=slope_letters, compare=False)
    related: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if type(self.derivation) is not Derivation:  # a subclass could prove anything
            raise TypeError(f"derivation of theorem {self.id!r} must be a Derivation, got {self.derivation!r}")
        if (self.bound is None) == (self.conclusion is None):
            raise ValueError(f"theorem {self.id!r} must state a bound or a conclusion, and only one of them")
        if self.bound is not None:
            object.__setattr__(self, "conclusion", self.bound.statement)
            object.__setattr__(self, "hypotheses", self.bound.hypotheses)
            object.__setattr__(self, "object", self.bound.object)
            object.__setattr__(self, "norm", self.bound.norm)

    @property
    def source(self) -> Source:
        """The bibliography entry that the theorem is taken from."""
        return source(self.citation)

    @property
    def grade(self) -> Grade:
        """The grade of the theorem by itself, computed from what its derivation uses.

        >>> from errorflow.theory import theorems
        >>> str(theorems.get("kreiss1962_upper").grade), theorems.get("kreiss1962_upper").grade.weakest
        ('cited', ("rule:resolvent integral with Spijker's lemma",))
        """
        graph = Graph()
        return graph.grade(add_evidence(graph, self))

    @cached_property
    def formal_statement(self) -> str | None:
        """What a formal proof must prove, printed from what is given and concluded; None where there is no formal word.

        >>> from errorflow.theory import theorems
        >>> print(theorems.get("hierarchy_row_sum_norm_below_largest_weight").formal_statement)
        (R : rcfType) (n : nat) (W : 'M[R]_n) :
          (0 < n)%N ->
          row_sum_norm W <= n%:R * max_abs W
        """
        given = [fact for fact in self.given if fact.theorem is None]
        try:
            random = self.derivation.random or None
            return of_claims([self.conclusion], given, archimedean=_takes_limits(self), random=random)
        except Untranslatable:
            return None

    @property
    def formal(self) -> KernelChecked | None:
        """The formal proof of the theorem itself, under the name ``theorem_<id>``, if Coq has checked it."""
        statement = self.formal_statement
        return None if statement is None else KernelChecked.of({f"theorem_{self.id}": statement})

    def tight_at(self, lag: int) -> Witness | None:
        """The witness of tightness at one lag."""
        return self.tightness_witness(lag) if callable(self.tightness_witness) else self.tightness_witness

    @property
    def given(self) -> tuple[Fact, ...]:
        """What the derivation takes for granted: definitions and hypotheses."""
        return self.derivation.given

    def instantiate(self, cell: Cell) -> Bound | None:
        """The bound on a cell; None where there is none, or the cell's step Jacobian has another form."""
        letters = self.letters(cell)
        return None if self.bound is None or letters is None else self.bound.with_letters(letters)

    def conditions(self, cell: Cell) -> tuple[Hypothesis, ...] | None:
        """The hypotheses on a cell, the decision of its bound included; None where the cell has another form."""
        letters = self.letters(cell)
        if letters is None:
            return None
        if self.bound is not None:
            bound = self.bound.with_letters(letters)
            return (*bound.hypotheses, bound.decision)
        return tuple(Hypothesis(h.id, replace(h.relation, dict(letters)), h.words) for h in self.hypotheses)

    def check(self) -> None:
        """Check the derivation and that it concludes the theorem; ValueError if not."""
        found = self.derivation.proof.conclusion
        if sides(found.claim) != sides(self.conclusion):
            raise ValueError(
                f"the derivation of {self.id!r} concludes {found.claim}, the theorem says {self.conclusion}"
            )
        for fact in self.given:
            if fact.theorem is not None:
                _check_use(self, fact)


def _check_use(theorem: Theorem, fact: Fact) -> None:
    """A theorem that is used must say what the fact claims, of what is given here too.

    A fact ``over`` letters is the theorem for all of their values: what is given of them there is a condition here.
    """
    other = fact.theorem
    if type(other) is not Theorem:  # a subclass could check anything
        raise TypeError(f"{theorem.id!r} must use theorems, got {other!r}")
    other.check()
    missing = [g.name for g in other.given if g.theorem is None and not _granted(g, theorem, fact)]
    averaged = bool(other.derivation.random) and set(other.derivation.random) != set(theorem.derivation.random)
    if sides(fact.claim) != sides(other.conclusion) or missing or averaged:
        said = "other letters depend on chance" if averaged else f"{other.conclusion}"
        what = f"given {missing[0]!r}" if missing else said
        raise ValueError(f"{theorem.id!r} uses {other.id!r}, which needs or says something else: {what}")


def _granted(given: Fact, theorem: Theorem, fact: Fact) -> bool:
    if given.particular & set(fact.over):
        return not given.over and not given.when and given.claim in fact.when
    return given in theorem.given or (not given.over and not given.when and given.claim in fact.when)


def _takes_limits(theorem: Theorem) -> bool:
    """Whether a limit is taken, by the theorem or by one that it uses: the field must have no infinitely large numbers."""
    rules = theorem.derivation.proof.rules
    return any(rule.name in LIMITS for rule in rules) or any(map(_takes_limits, used(theorem)))


def used(theorem: Theorem) -> tuple[Theorem, ...]:
    """The theorems that a theorem's derivation uses."""
    return tuple(fact.theorem for fact in theorem.given if isinstance(fact.theorem, Theorem))


def add_evidence(graph: Graph, theorem: Theorem) -> str:
    """Add the node of a theorem to a graph, after the rules and theorems it rests on; its id, once and for all."""
    identifier = f"theorem:{theorem.id}"
    if identifier in graph.nodes:
        return identifier
    if type(theorem) is not Theorem:
        raise TypeError(f"evidence is added of a theorem, got {theorem!r}")
    if (formal := theorem.formal) is not None:
        theorem.check()  # the derivation that is shown must hold as well
        graph.add(Node(identifier, "theorem", theorem.title, formal))
        return identifier
    supports = [add_evidence(graph, other) for other in used(theorem)]
    for rule in theorem.derivation.proof.rules:
        node = f"rule:{rule.name}"
        if node not in graph.nodes:
            graph.add(Node(node, "rule", rule.name, rule.evidence))
        elif graph.nodes[node].basis != rule.evidence:
            raise ValueError(f"two rules have the name {rule.name!r}: one of them would hide the other")
        supports.append(node)
    reason = f"derivation of {theorem.derivation.steps} steps, each checked"
    graph.add(Node(identifier, "theorem", theorem.title, Symbolic(reason, theorem.check), tuple(supports)))
    return identifier
