r"""What a lemma may use, and whether a property, a sign or a premise follows from it.

Main definition: `Context`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import sympy as sp
from sympy.core.relational import Relational

from .. import notation
from .derivation import Lemma, Rejection
from .facts import Comparison, Diagonal, Fact, Property, Symmetric, UnitInterval, sides, supposed
from .forms import same, same_words
from .matching import Bindings, bind, instances
from .mean import Sure, surely, unsure
from .rewriting import Need
from .rule import Rule
from .signs import DEPTH, REAL, nonnegative, positive, undefined
from .words import Letter, Word


class Context:
    """The facts that a lemma may use, and what it used.

    ``real`` are the names of the facts that hold for real numbers and matrices alone; `uses_real` says whether the lemma
    does, because of a fact, a rule or a sign that it uses.
    """

    def __init__(
        self,
        lemma: Lemma | Fact,
        known: dict[str, Fact],
        rules: dict[str, Rule],
        real: set[str],
        random: Iterable[sp.Symbol] = (),
    ) -> None:
        self.lemma, self.known, self.rules, self.real = lemma.name, known, rules, real
        self.random = frozenset(random)
        self.uses_real = False
        self.local = tuple(map(supposed, lemma.when))
        self.used: dict[str, None] = {}
        self._defined: dict[tuple[Fact, ...], set[sp.Expr]] = {}  # what is known to be defined under what is supposed
        self.nested = 0  # conditions of facts that are being established

    @property
    def facts(self) -> tuple[Fact, ...]:
        """Everything that may be used: given facts, earlier lemmas, and what this lemma supposes."""
        return (*self.known.values(), *self.local)

    def use(self, fact: Fact) -> None:
        """Note that a fact was used; what the lemma supposes is its own."""
        self.uses_real |= fact is REAL or fact.name in self.real
        if fact is not REAL and fact not in self.local:
            self.used[fact.name] = None

    def fact(self, name: str, line: int) -> Fact:
        """The fact of this name; `Rejection` if there is none yet."""
        found = {fact.name: fact for fact in self.local} | self.known
        if name not in found:
            raise Rejection(self.lemma, line, f"there is no fact {name!r} before this line")
        return found[name]

    def symmetric(self, word: Word) -> bool:
        """Whether a word is known to be symmetric."""
        return self.holds(Symmetric(word))

    def equal(self, left: Any, right: Any) -> str | None:
        """A sentence, if two words are not the same or two numbers not equal by algebra, with all powers defined."""
        if left == right:
            return None
        if isinstance(left, Word) and isinstance(right, Word):
            return None if same_words(left, right) else f"{left} and {right} are not equal by algebra"
        if isinstance(left, Word) or isinstance(right, Word) or not same(left, right, self.symmetric):
            return f"{left} and {right} are not equal by algebra"
        return self.undefined(sp.Tuple(left, right))

    def undefined(self, expr: sp.Basic) -> str | None:
        """A sentence, if a power or logarithm is not known to be defined."""
        need = undefined(expr, self.facts, self.use, self._defined.setdefault(self.local, set()))
        return None if need is None else f"needs {need}, which is not established"

    def adopt(self, rule: Rule, about: Any, line: int = 0) -> None:
        """Note that a rule was used; `Rejection` if another one of its name was, which a list of names would hide, or if
        it speaks of n, but is used ``about`` words of another size.
        """
        if self.rules.setdefault(rule.name, rule) != rule:
            raise Rejection(self.lemma, line, f"two rules have the name {rule.name!r}")
        blocks = any(isinstance(premise, Comparison) for premise in rule.premises)
        strangers = sp.Tuple(*about).atoms(Letter) & self._of_blocks()
        if notation.n in rule.claim.free_symbols and strangers and not blocks:
            raise Rejection(self.lemma, line, f"{rule.name} speaks of n, but {min(map(str, strangers))} may be larger")
        self.uses_real |= not rule.over_complex

    def _of_blocks(self) -> set[sp.Basic]:
        """The letters that are compared block by block, and what is equal to words of them: their size is not n."""
        found = {s for fact in self.facts if isinstance(fact.claim, Comparison) for s in fact.claim.atoms(Letter)}
        words = [f.claim for f in self.facts if isinstance(f.claim, sp.Eq) and isinstance(f.claim.lhs, Word)]
        equal = [claim.atoms(Letter) for claim in words]
        for _ in equal if found else ():
            found = found.union(*(letters for letters in equal if letters & found))
        return found

    def holds(self, wanted: Property) -> bool:
        """Whether a property is given, or follows from the structure of the word."""
        if isinstance(wanted, Sure):
            return not unsure(wanted.args[0], self.random)
        for fact in self.facts:
            if type(fact.claim) is type(wanted):
                for found in instances(fact, *zip(fact.claim.args, wanted.args, strict=True)):
                    if self.unmet_conditions(fact, found) is None:
                        self.use(fact)
                        return True
        parts = wanted.follows()
        if parts is not None and all(map(self.holds, parts)):
            return True
        if isinstance(wanted, Symmetric):
            return self.holds(Diagonal(wanted.word))
        return isinstance(wanted, Diagonal) and self.holds(UnitInterval(wanted.word))

    def unmet_conditions(self, fact: Fact, found: Bindings) -> str | None:
        """A sentence, if a condition under which a fact holds is not established for these values."""
        if (chance := next((v for v in found if not self._for(fact, v, found)), None)) is not None:
            return f"{fact.name!r} holds for what does not depend on chance, and {found[chance]} does"
        if self.nested == DEPTH:
            return f"{fact.name!r} has conditions that rest on others without end"
        self.nested += 1
        try:
            for condition in fact.when:
                if (reason := self.missing(Fact("condition", bind(condition, found)))) is not None:
                    return f"{fact.name!r} {reason}"
        finally:
            self.nested -= 1
        return None

    def _for(self, fact: Fact, variable: sp.Basic, found: Bindings) -> bool:
        """Whether a fact may be used for a value: one with an expectation for what does not depend on chance alone."""
        return all(p.claim.args[0] != variable or self.holds(Sure(found[variable])) for p in surely(fact))

    def unmet(self, need: Need) -> str | None:
        """A sentence, if a sign is not established."""
        establish = positive if need.strict else nonnegative
        if establish(need.expr, self.facts, self.use):
            return None
        return f"needs 0 {'<' if need.strict else '<='} {need.expr}, which is not established"

    def unestablished(self, premise: Fact, rule: Rule | None) -> str | None:
        """A sentence, if a premise of a rule is not established, for complex words and numbers if it must be."""
        before, self.uses_real = self.uses_real, False
        reason = self.missing(premise)
        general = rule is not None and rule.over_complex and not all(v.is_integer for v in premise.over)
        if reason is None and general and self.uses_real:
            reason = f"needs {premise}, which is established for real numbers and matrices alone"
        self.uses_real |= before
        return reason

    def missing(self, premise: Fact) -> str | None:
        """A sentence, if a premise is not established."""
        wanted, local = self._renamed(premise), self.local
        self.local = (*local, *map(supposed, wanted.when))
        try:
            if (reason := self.undefined(wanted.claim)) is not None:
                return reason
            if isinstance(wanted.claim, Property):
                return None if self.holds(wanted.claim) else f"needs that {premise.claim}, which is not established"
            for fact in self.facts:
                if isinstance(fact.claim, Relational) and any(
                    self.unmet_conditions(fact, found) is None for found in _implications(fact, wanted)
                ):
                    self.use(fact)
                    return None
        finally:
            self.local = local
        small, relation, large = sides(premise.claim)
        if not isinstance(small, Word) and not premise.over:
            if relation == "=" and self.equal(small, large) is None:
                return None
            if relation == "<=" and nonnegative(sp.expand(large - small), self.facts, self.use):
                return None
            if relation == "<" and positive(sp.expand(large - small), self.facts, self.use):
                return None
        return (
            f"needs {premise}, which is not established"
            if premise.over
            else f"needs {premise.claim}, which is not established"
        )

    def _renamed(self, premise: Fact) -> Fact:
        """The premise with new names for what it is over, of which no fact says anything in particular."""
        if not premise.over:
            return premise
        taken = {str(s) for fact in self.facts for s in fact.particular | set(fact.over)} | set(
            map(str, premise.particular)
        )
        names: Bindings = {}
        for old in premise.over:
            name = str(old)
            while name in taken:
                name += "'"
            taken.add(name)
            names[old] = Letter(name) if isinstance(old, Letter) else sp.Dummy(name, **old.assumptions0)
        claim, when = bind(premise.claim, names), tuple(bind(c, names) for c in premise.when)
        return Fact(premise.name, claim, tuple(names.values()), when)


def _implications(fact: Fact, premise: Fact) -> Iterator[Bindings]:
    """The values of what a fact is over for which it is the premise, for all of what that is over."""
    small, relation, large = sides(fact.claim)
    wanted_small, wanted_relation, wanted_large = sides(premise.claim)
    if relation != wanted_relation and (relation, wanted_relation) not in (("<", "<="), ("=", "<=")):
        return
    if fact.particular & set(premise.over):
        return
    for a, b in [(small, large)] + ([(large, small)] if relation == "=" else []):
        yield from instances(fact, (a, wanted_small), (b, wanted_large))
        if not fact.over and a == wanted_small and not isinstance(b, Word) and same(b, wanted_large):
            yield {}
