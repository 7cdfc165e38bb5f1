"""Refutation: a false claim, the smallest exact counterexample, the two numbers that clash, and how to find it again.

A claim says: where its premises hold, a number stands in a relation to another one. A counterexample is exact data for
which every premise holds and the relation does not, decided in exact arithmetic. For a nonlinear network the slopes are
exact rationals, and that inputs realize them is checked separately, to many digits.

Main definitions: `Example`, `Premise`, `Clash`, `Refutation`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Any

import sympy as sp
from sympy.core.relational import Relational

from .evidence import KernelChecked, Symbolic
from .formal_example import speaks_of
from .sources import Source, source


@dataclass(frozen=True, init=False)
class Example:
    """Exact data by name: matrices (``W``), slopes step by step (a row each), numbers; no floating point.

    >>> Example(W=[["1/2", 10], [0, "1/2"]], lag=1)
    Example(W = [1/2, 10; 0, 1/2], lag = 1)
    """

    data: Mapping[str, sp.Basic]

    def __init__(self, **data: Any) -> None:
        object.__setattr__(self, "data", MappingProxyType({name: _exact(name, value) for name, value in data.items()}))

    def __getitem__(self, name: str) -> Any:
        return self.data[name]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Example) and dict(self.data) == dict(other.data)

    def __hash__(self) -> int:
        return hash(tuple(sorted(self.data.items(), key=str)))

    def __repr__(self) -> str:
        return f"Example({', '.join(f'{name} = {_shown(value)}' for name, value in self.data.items())})"


def _exact(name: str, value: Any) -> sp.Basic:
    if isinstance(value, str | int | sp.Basic) and not isinstance(value, sp.MatrixBase):
        found = sp.sympify(value, rational=False)
    else:
        found = sp.ImmutableMatrix([[sp.sympify(x) for x in row] for row in sp.Matrix(value).tolist()])
    if found.has(sp.Float):
        raise ValueError(f"{name} must be exact, got a floating-point number in {found}")
    return found


def _shown(value: sp.Basic) -> str:
    if isinstance(value, sp.MatrixBase):
        return "[" + "; ".join(", ".join(map(str, row)) for row in value.tolist()) + "]"
    return str(value)


@dataclass(frozen=True)
class Premise:
    """A condition on an example: ``relation`` between exact numbers, unevaluated, and ``words`` for its left side.

    >>> print(Premise("spectral radius of W", sp.Lt(0, 1, evaluate=False)))
    spectral radius of W: 0 < 1
    """

    words: str
    relation: Relational

    def __post_init__(self) -> None:
        _require_words("words", self.words)
        if not isinstance(self.relation, Relational):
            raise TypeError(
                f"relation must be an unevaluated relation such as sp.Lt(0, 1, evaluate=False), got {self.relation!r}"
            )

    def __str__(self) -> str:
        return f"{self.words}: {_written(self.relation)}"


@dataclass(frozen=True)
class Clash:
    """What a claim says of one example: where all ``premises`` are true, ``found`` ``relation`` ``claimed``.

    ``what`` names the number ``found`` in words, as a premise does; both numbers are exact.

    >>> print(Clash("norm of W^2", sp.S.Zero, ">=", sp.S.One))
    norm of W^2: 0 >= 1
    """

    what: str
    found: sp.Expr
    relation: str
    claimed: sp.Expr
    premises: tuple[Premise, ...] = ()

    def __post_init__(self) -> None:
        _require_words("what", self.what)
        if self.relation not in _RELATIONS:
            raise ValueError(f"relation must be one of {', '.join(_RELATIONS)}, got {self.relation!r}")

    def __str__(self) -> str:
        return f"{self.what}: {_written(self.claim)}"

    @property
    def claim(self) -> Relational:
        """The relation that the claim asserts, unevaluated."""
        return _RELATIONS[self.relation](self.found, self.claimed, evaluate=False)

    @property
    def refutes(self) -> bool:
        """Whether every premise is true and the claimed relation false, decided exactly."""
        return all(decided(premise.relation) for premise in self.premises) and not decided(self.claim)


_RELATIONS: dict[str, Any] = {"<": sp.Lt, "<=": sp.Le, ">": sp.Gt, ">=": sp.Ge, "=": sp.Eq, "!=": sp.Ne}


def _require_words(name: str, words: str) -> None:
    if not words or words != words.strip():
        raise ValueError(f"{name} must be words without blanks at the ends, got {words!r}")


def _written(relation: Relational) -> str:
    sign = "=" if isinstance(relation, sp.Eq) else relation.rel_op
    return f"{relation.lhs} {sign} {relation.rhs}"


def decided(relation: Relational) -> bool:
    """The truth of a relation between exact numbers; ValueError if SymPy cannot decide it.

    >>> decided(sp.Lt(sp.sqrt(2), sp.Rational(3, 2), evaluate=False))
    True
    """
    found = relation.func(relation.lhs, relation.rhs)
    if found not in (sp.true, sp.false):
        difference = sp.simplify(relation.lhs - relation.rhs)
        found = relation.func(difference, 0)
    if found not in (sp.true, sp.false):
        raise ValueError(f"relation must be between exact numbers that SymPy can compare, got {relation}")
    return bool(found)


@dataclass(frozen=True, kw_only=True)
class Refutation:
    """A false claim with an exact counterexample.

    ``claim`` is the false sentence in our words, ``claimant`` who makes it, ``citation`` the bibliography key of the text
    (None for a common belief) and ``version`` which text of it, or on which reading the refutation depends. ``measure``
    computes the clash of *any* example, exactly; ``find`` finds a counterexample again, by search or by shrinking from
    a seed. ``realize`` checks that inputs of a nonlinear network take on the slopes of the example (None if the claim
    is about linear networks or matrices); it raises AssertionError. ``truth`` says what holds instead and ``theorem``
    names the theorem that says so, if there is one. ``snippet`` reproduces the clash in a few lines of Python. ``related``
    names formal theorems that are stated by hand about it; one that is about the very example is ``refutes_<id>``.
    """

    id: str
    title: str
    claim: str
    claimant: str
    citation: str | None
    version: str
    example: Example
    measure: Callable[[Example], Clash]
    find: Callable[[int], Example]
    truth: str
    snippet: str
    theorem: str | None = None
    realize: Callable[[Example], None] | None = None
    related: tuple[str, ...] = ()

    @cached_property
    def clash(self) -> Clash:
        """The two numbers that clash, computed from the example."""
        return self.measure(self.example)

    @property
    def source(self) -> Source | None:
        """The bibliography entry of the text that makes the claim, if it has one."""
        return source(self.citation) if self.citation else None

    def check(self) -> None:
        """Decide the clash exactly and run the inputs that realize it; ValueError if the claim is not refuted."""
        if not self.clash.refutes:
            raise ValueError(f"the example must refute {self.id}, got {self.example!r}: {self.clash}")
        if self.realize is not None:
            self.realize(self.example)

    @property
    def evidence(self) -> KernelChecked | Symbolic:
        """The evidence: a formal proof about the same example, else the exact check; that one is run in any case, once."""
        decided = self._decided
        formal = KernelChecked.of({f"refutes_{self.id}": None})
        return formal if formal is not None and speaks_of(formal.proofs[0].statement, self.example.data) else decided

    @cached_property
    def _decided(self) -> Symbolic:
        return Symbolic(f"exact counterexample: not {_written(self.clash.claim)}", self.check)
