r"""Rule: a named step that holds for all words and scalars in place of its variables, under its premises.

A rule whose formal statement Coq has checked is *kernel-checked*; one that SymPy proves in this process is *symbolic*. An
elementary rule of this package without either belongs to the trusted base: it is listed by name beside every grade that
rests on it. A test evaluates both sides of every rule on random instances. A theorem of the literature that is used without
its proof, and a rule of an author's own, is *cited*, and so is what rests on it; without a reference it is *assumed*.

Main definitions: `Rule`, `textbook_rule`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import sympy as sp
from sympy.core.relational import Relational

from .. import notation
from ..evidence import Assumed, Cited, KernelChecked, Symbolic, Textbook
from .facts import Claim, Fact, Property
from .words import STEP, Word


@dataclass(frozen=True, kw_only=True)
class Rule:
    """``premises`` imply ``claim`` for all values of ``variables``.

    A letter among the variables stands for any word, an integer symbol for a step or a length, another symbol for a
    scalar. In the body of a product of symbolic length it may depend on the step, unless it is ``fixed``. A premise is a
    claim, or a `Fact` whose ``over`` says for which letters or steps it must hold in general. Words and numbers are real;
    a rule ``over_complex`` holds for complex ones, and what it supposes of any word or number must hold for those too.
    ``reference`` is the key of a text that has the rule, ``place`` where; ``lemma`` is the name of the formal theorem that
    replaces the reference where it is proved; for a rule over complex numbers one more ends with ``_complex``. ``proof``
    raises ValueError if SymPy cannot prove the claim; ``elementary`` tells a step that every textbook proves in a few lines
    from a theorem with a name.
    """

    name: str
    claim: Relational
    variables: frozenset[sp.Symbol]
    reference: str
    place: str
    lemma: str
    premises: tuple[Claim | Fact, ...] = ()
    exists: frozenset[sp.Symbol] = frozenset()
    over: tuple[sp.Symbol, ...] = ()
    fixed: frozenset[sp.Symbol] = frozenset()
    over_complex: bool = False
    elementary: bool = True
    proof: Callable[[], None] | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "premises", tuple(self.premises))
        if not isinstance(self.claim, Relational) or isinstance(self.claim, sp.Ne) or STEP in self.claim.free_symbols:
            raise ValueError(
                f"claim of rule {self.name!r} must be <=, < or = between closed expressions, got {self.claim}"
            )
        numbers = [v for v in self.variables if not isinstance(v, Word)]
        if any(v.is_nonnegative is not None or v.is_positive is not None for v in numbers):
            raise ValueError(f"rule {self.name!r} must say in its premises what sign a variable has, not in the symbol")
        strangers = self.claim.free_symbols - self.variables - set(self.over) - {notation.n}
        if strangers:
            raise ValueError(
                f"claim of rule {self.name!r} must be about its variables and n, got {sorted(map(str, strangers))}"
            )

    @property
    def evidence(self) -> KernelChecked | Symbolic | Textbook | Cited | Assumed:
        """What the rule rests on: its formal proof, else SymPy's proof, which is run, else its reference."""
        return KernelChecked.of(self.formal_statements) or self._without_kernel

    @cached_property
    def formal_statements(self) -> Mapping[str, str]:
        """What formal theorems must state to prove the rule, by name; nothing where the vocabulary has no word for it."""
        from .gallina import Untranslatable, of_rule

        try:
            real = of_rule(self)
            other = of_rule(self, over_complex=True) if self.over_complex else real
        except Untranslatable:
            return {}
        found = {self.lemma: real} if other == real else {self.lemma: real, f"{self.lemma}_complex": other}
        if self.over_complex and any(not v.is_integer for p in self.conditions for v in p.over):
            del found[self.lemma]  # what is supposed of all real ones would not suffice
        return found

    @cached_property
    def _without_kernel(self) -> Symbolic | Textbook | Cited | Assumed:
        if self.proof is not None:
            return Symbolic(f"rule {self.name}, proved by SymPy", self.proof)
        if not self.reference:
            return Assumed(f"rule {self.name}: {self.claim}")
        from . import rules

        return Textbook(self.reference) if self.elementary and self in rules.all() else Cited(self.reference)

    @property
    def conditions(self) -> tuple[Fact, ...]:
        """The premises as facts."""
        return tuple(p if isinstance(p, Fact) else Fact(_name(p), p) for p in self.premises)


def textbook_rule(
    name: str,
    claim: Relational,
    place: str,
    lemma: str,
    *premises: Claim | Fact,
    reference: str = "horn2013",
    fixed: Iterable[sp.Symbol] = (),
    over_complex: bool = False,
) -> Rule:
    """An elementary rule whose variables are all symbols of its claim and premises but the number of units n."""
    said = claim.free_symbols.union(*(p.particular if isinstance(p, Fact) else p.free_symbols for p in premises))
    return Rule(
        name=name,
        claim=claim,
        variables=frozenset(said - {notation.n}),
        premises=premises,
        reference=reference,
        place=place,
        lemma=lemma,
        fixed=frozenset(fixed),
        over_complex=over_complex,
    )


def _name(claim: Claim) -> str:
    return type(claim).__name__.lower() if isinstance(claim, Property) else str(claim)
