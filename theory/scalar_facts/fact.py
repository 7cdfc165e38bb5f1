r"""A fact about numbers or functions of one variable: its statement, and a proof that reads the statement.

Main definitions: `ScalarFact`, and the words that SymPy lacks, `Maximum` and `Minimum`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import sympy as sp
from sympy.core.relational import Relational
from sympy.logic.boolalg import And, Boolean, Equivalent

from ..evidence import KernelChecked, Symbolic
from ..isolated_root import IsolatedRoot
from ..sources import Source, source


class Extreme(sp.Expr):
    r"""The largest or smallest value of ``function`` over ``variable`` in ``domain``, kept as it is written.

    >>> t = sp.Symbol("t", real=True)
    >>> least = Minimum(sp.cosh(t), t)
    >>> least, sp.latex(least), least.free_symbols
    (min(cosh(t) for t in Reals), '\\min_{t \\in \\mathbb{R}} \\cosh{\\left(t \\right)}', set())
    """

    is_extended_real = True
    word: ClassVar[str]

    def __new__(cls, function: sp.Expr, variable: sp.Symbol, domain: sp.Set = sp.S.Reals) -> Extreme:
        """The unevaluated word; the domain is the real line unless it is given."""
        made: Extreme = sp.Expr.__new__(cls, function, variable, domain)
        return made

    @property
    def bound_symbols(self) -> list[sp.Symbol]:
        """The variable, which the value does not depend on."""
        return [self.args[1]]

    @property
    def free_symbols(self) -> set[sp.Symbol]:
        """The symbols of the function and the domain without the variable."""
        free: set[sp.Symbol] = (self.args[0].free_symbols - {self.args[1]}) | self.args[2].free_symbols
        return free

    def _sympystr(self, printer: Any) -> str:
        function, variable, domain = map(printer._print, self.args)
        return f"{self.word}({function} for {variable} in {domain})"

    def _latex(self, printer: Any) -> str:
        function, variable, domain = map(printer._print, self.args)
        shown = rf"\left({function}\right)" if self.args[0].is_Add else function
        return rf"\{self.word}_{{{variable} \in {domain}}} {shown}"


class Maximum(Extreme):
    """The supremum of the values of a function, which is one of them."""

    word = "max"


class Minimum(Extreme):
    """The infimum of the values of a function, which is one of them."""

    word = "min"


@dataclass(frozen=True, kw_only=True)
class ScalarFact:
    r"""``statement`` holds for all values of its symbols that satisfy ``given``, and ``proof`` shows it exactly.

    The statement is a relation, or relations joined by And or Equivalent, unevaluated so that it can be read. The signs
    and the integrality of symbols are SymPy's assumptions; other premises are in ``given``. ``proof`` takes the fact and
    works on its statement, so that a false statement cannot share the proof of a true one. ``citation`` is the
    bibliography key of the text that states the fact or its task, None for one that is elementary or derived here.
    ``related`` names formal theorems, stated by hand, about the same; they do not change its grade. A relation of algebra has a
    formal statement that is printed from it, for a theorem ``fact_<id>``. Raises
    ValueError for a statement or premise that SymPy has evaluated already or that holds a floating-point number.

    >>> from .proofs import identity
    >>> u = sp.Symbol("u", real=True)
    >>> square = sp.Eq((1 - u) * (1 + u), 1 - u**2, evaluate=False)
    >>> fact = ScalarFact(id="squares", statement=square, words="...", citation=None, proof=identity)
    >>> fact.evidence.word
    'symbolic'
    """

    id: str
    statement: Boolean
    words: str
    citation: str | None
    proof: Callable[[ScalarFact], None]
    given: tuple[Relational, ...] = ()
    related: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name, kinds, formulas in (
            ("statement", (Relational, And, Equivalent), (self.statement,)),
            ("given", (Relational,), self.given),
        ):
            for formula in formulas:
                if not isinstance(formula, kinds):
                    raise ValueError(f"{name} of {self.id} must be an unevaluated relation, got {formula!r}")
                if formula.has(sp.Float):
                    raise ValueError(f"{name} of {self.id} must be exact, got a floating-point number in {formula}")

    def prove(self) -> None:
        """Prove the statement by exact algebra; ValueError if it is false or this proof does not reach it."""
        self.proof(self)

    @property
    def evidence(self) -> KernelChecked | Symbolic:
        """The evidence: a formal proof, else the proof by exact algebra; that one is run in any case, once."""
        proved = self._algebra
        return KernelChecked.of(self.formal_statements) or proved

    @cached_property
    def _algebra(self) -> Symbolic:
        return Symbolic(f"exact algebra: {self.statement}", self.prove)

    @cached_property
    def formal_statements(self) -> Mapping[str, str]:
        """What a formal theorem must state to prove it, by name; nothing where the vocabulary has no word for it."""
        if not all(isinstance(relation, Relational) for relation in self.relations):
            return {}
        from ..calculus.facts import Fact
        from ..calculus.gallina import Untranslatable, of_claims

        try:
            return {f"fact_{self.id}": of_claims(self.relations, [Fact(str(p), p) for p in self.given])}
        except Untranslatable:
            return {}

    @property
    def source(self) -> Source | None:
        """The bibliography entry of the text that the fact is taken from, if there is one."""
        return source(self.citation) if self.citation else None

    @property
    def relations(self) -> tuple[Boolean, ...]:
        """What the statement asserts together: the parts of a conjunction, or itself."""
        return self.statement.args if isinstance(self.statement, And) else (self.statement,)

    @property
    def latex(self) -> str:
        r"""The statement in LaTeX, behind the roots it names and its premises: ``d \leq 1 \;\Rightarrow\; ...``."""
        roots = sorted(set().union(*(f.atoms(IsolatedRoot) for f in (self.statement, *self.given))), key=str)
        premises = [root.latex_definition for root in roots] + [sp.latex(premise) for premise in self.given]
        shown, before = sp.latex(self.statement), r",\ ".join(premises)
        return rf"{before} \;\Rightarrow\; {shown}" if premises else shown
