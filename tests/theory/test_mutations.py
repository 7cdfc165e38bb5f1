"""Every step of every shipped derivation, altered: no altered derivation proves its theorem.

A mutant is left out if it says the same: the altered expression is equal by algebra, a missing line was equal by algebra
to the one beside it, or of the altered and the given fact one implies the other, so that the theorem is proved from more
than it needs or a stronger one is.
"""

import dataclasses
import random
from collections.abc import Callable, Iterator
from itertools import islice
from itertools import product as cartesian

import pytest
import sympy as sp
from sympy.core.relational import Relational

from errorflow.theory import notation, theorems
from errorflow.theory.calculus import (
    ALGEBRA,
    Calculation,
    Combination,
    Derivation,
    Fact,
    Inference,
    Obtain,
    Rule,
    Telescope,
    rules,
)
from errorflow.theory.calculus.context import Context
from errorflow.theory.calculus.facts import sides
from errorflow.theory.calculus.forms import same
from errorflow.theory.calculus.signs import nonnegative
from errorflow.theory.calculus.words import At, Chain, Dot, Over, Word, dot, rebuild, replace
from errorflow.theory.quantities import MatrixFunctional, max_abs, row_sum_norm, spectral_norm
from errorflow.theory.theorem import Theorem

LONG = 30  # steps of a derivation that takes long to check
OTHER_NORM = {spectral_norm: row_sum_norm, row_sum_norm: max_abs, max_abs: spectral_norm}


# Expressions


def altered_here(node) -> Iterator[tuple[str, object]]:
    """A node of an expression, altered in every way that applies to it."""
    if isinstance(node, sp.Pow):
        yield "a wrong exponent", node.base ** (node.exp + 1)
    if isinstance(node, sp.Mul):
        for place in range(len(node.args)):
            yield "a dropped factor", sp.Mul(*node.args[:place], *node.args[place + 1 :])
    if isinstance(node, Dot):
        for place in range(len(node.args) - 1):
            first, second = node.args[place : place + 2]
            yield "a swapped product", dot(*node.args[:place], second, first, *node.args[place + 2 :])
            yield "a dropped matrix", dot(*node.args[:place], *node.args[place + 1 :])
    if isinstance(node, MatrixFunctional):
        yield "another norm", OTHER_NORM.get(type(node), spectral_norm)(node.args[0])
    if isinstance(node, At):
        yield "a shifted index", At(node.letter, node.index + 1)
    if isinstance(node, Chain | Over):
        body, first, last = node.args
        yield "a shifted start", node.func(body, first + 1, last)
        yield "a shifted end", node.func(body, first, last + 1)
    if node == notation.slope_sup:
        yield "an inverted gamma", 1 / node
    if isinstance(node, sp.Rational) and node != 0:
        yield "a doubled constant", 2 * node


def altered(expr) -> list[tuple[str, object]]:
    """An expression altered at one place; as a whole, doubled and halved."""
    whole = [] if isinstance(expr, Word) else [("a doubled expression", 2 * expr), ("a halved expression", expr / 2)]
    return [*whole, *anywhere(expr)]


def anywhere(expr) -> Iterator[tuple[str, object]]:
    yield from altered_here(expr)
    if not isinstance(expr, sp.Symbol | At):
        for place, arg in enumerate(expr.args):
            for label, new in anywhere(arg):
                yield label, rebuild(expr, [*expr.args[:place], new, *expr.args[place + 1 :]])


def equal(new, old) -> bool:
    return new == old or not (isinstance(new, Word) or isinstance(old, Word) or not same(new, old))


def altered_claim(claim: Relational) -> list[tuple[str, Relational]]:
    found = (
        [("a flipped relation", claim.reversedsign.func(*claim.args, evaluate=False))] if claim.rel_op != "==" else []
    )
    for place in (0, 1):
        for label, new in altered(claim.args[place]):
            args = [new if i == place else arg for i, arg in enumerate(claim.args)]
            found.append((label, claim.func(*args, evaluate=False)))
    return found


def equal_claims(new: Relational, old: Relational) -> bool:
    return new.func == old.func and all(map(equal, new.args, old.args))


# Steps


@dataclasses.dataclass(frozen=True)
class Mutant:
    """A derivation with one thing altered, and whether that says the same as before."""

    label: str
    derivation: Derivation
    same: Callable[[], bool] = lambda: False


class Altered:
    """The mutants of the parts of one derivation."""

    def __init__(self, derivation: Derivation, rng: random.Random) -> None:
        self.derivation, self.rng = derivation, rng

    def part(self, label: str, old, new, same=lambda: False) -> Mutant:
        """Another given fact or lemma in place of one; None takes it out."""
        parts = [self.derivation.given, self.derivation.lemmas]
        found = [[new if one is old else one for one in part if one is not old or new is not None] for part in parts]
        return Mutant(f"{label} in {old.name!r}", Derivation(*found, self.derivation.random), same)

    def changed(self, label: str, old, same=lambda: False, **change) -> Mutant:
        return self.part(label, old, dataclasses.replace(old, **change), same)

    def claims(self, old) -> list[Mutant]:
        return [
            self.changed(label, old, lambda claim=claim: equal_claims(claim, old.claim), claim=claim)
            for label, claim in altered_claim(old.claim)
        ]

    def other_rules(self, used) -> list[Rule]:
        return self.rng.sample([rule for rule in rules.all() if rule is not used], 3)

    def steps(self) -> Iterator[list[Mutant]]:
        """The mutants of every given fact, line, term and lemma."""
        yield from map(self.of_fact, self.derivation.given)
        for lemma in self.derivation.lemmas:
            kinds = {Calculation: self.of_calculation, Combination: self.of_combination}
            yield from kinds.get(type(lemma), self.of_other)(lemma)
            yield [self.part("no lemma", lemma, None)]

    def of_fact(self, fact: Fact) -> list[Mutant]:
        found = [self.part("a dropped hypothesis", fact, None)]
        if fact.over:
            one = {v: sp.Symbol("q_1", integer=True) for v in fact.over if v.is_integer}
            when = tuple(condition.xreplace(one) for condition in fact.when)
            found.append(
                self.changed("a fact about one step", fact, claim=fact.claim.xreplace(one), when=when, over=())
            )
        if isinstance(fact.claim, Relational):
            kept = [(label, c) for label, c in altered_claim(fact.claim) if set(fact.over) <= c.free_symbols]
            found += [
                self.changed(label, fact, lambda claim=claim: self.comparable(claim, fact), claim=claim)
                for label, claim in kept
            ]
        return found

    def comparable(self, claim: Relational, fact: Fact) -> bool:
        """Whether one claim implies the other, with another bound of the same indices perhaps: 0 <= K and 2 K <= T."""
        return comparable(claim, fact.claim, fact.over) or any(
            gap(fact.claim) is not None and sp.expand(gap(fact.claim) - gap(claim) - gap(other.claim)) == 0
            for other in self.derivation.given
            if other is not fact and not other.over and not other.when and None not in (gap(claim), gap(other.claim))
        )

    def of_calculation(self, lemma: Calculation) -> Iterator[list[Mutant]]:
        for number, line in enumerate(lemma.lines, start=1):
            found = [self.line(lemma, number, "another rule", by=rule) for rule in self.other_rules(line.by)]
            if line.by is not ALGEBRA:
                found.append(self.line(lemma, number, "an algebraic identity", by=ALGEBRA))
            if line.relation != "=":
                turned = "<=" if line.relation == ">=" else ">="
                found += [
                    self.line(lemma, number, f"{relation} for {line.relation}", relation=relation)
                    for relation in (turned, "=")
                ]
            found += [self.line(lemma, number, label, expression=new) for label, new in altered(line.expression)]
            yield [*found, self.missing(lemma, number)]

    def line(self, lemma: Calculation, number: int, label: str, **change) -> Mutant:
        """Another line in place of one; the same if its expression is equal by algebra and nothing else was altered."""
        before = lemma.lines[number - 1]
        lines = (*lemma.lines[: number - 1], dataclasses.replace(before, **change), *lemma.lines[number:])
        return self.part(
            f"{label} in line {number}",
            lemma,
            dataclasses.replace(lemma, lines=lines),
            lambda: "expression" in change and equal(change["expression"], before.expression),
        )

    def missing(self, lemma: Calculation, number: int) -> Mutant:
        """A line left out; the same if its expression is equal by algebra to the one before or behind it."""
        chain_ = [lemma.start, *(line.expression for line in lemma.lines)]
        beside = [*chain_[number - 1 : number], *chain_[number + 1 : number + 2]]
        kept = dataclasses.replace(lemma, lines=(*lemma.lines[: number - 1], *lemma.lines[number:]))
        return self.part(
            f"a missing line {number}", lemma, kept, lambda: any(equal(chain_[number], one) for one in beside)
        )

    def of_combination(self, lemma: Combination) -> Iterator[list[Mutant]]:
        terms = lemma.terms
        for i, (multiple, *rest) in enumerate(terms):
            others = [[(new, *rest)] for new in (2 * multiple, multiple + 1, -multiple, multiple / sp.Integer(2))]
            yield [
                self.changed(
                    "another multiple" if other else "a dropped term",
                    lemma,
                    terms=(*terms[:i], *other, *terms[i + 1 :]),
                )
                for other in [*others, []]
            ]
        yield self.claims(lemma)

    def of_other(self, lemma) -> Iterator[list[Mutant]]:
        found = [] if isinstance(lemma, Obtain) else self.claims(lemma)
        if isinstance(lemma, Inference | Obtain):
            found += [self.changed("another rule", lemma, rule=rule) for rule in self.other_rules(lemma.rule)]
        else:
            found.append(self.changed("a shifted start", lemma, first=lemma.first + 1))
            found.append(self.changed("a shifted end", lemma, last=lemma.last + 1))
        if isinstance(lemma, Telescope):
            found += [self.changed("another rate", lemma, rate=rate) for rate in (2 * lemma.rate, lemma.rate**2)]
        yield found


def gap(claim) -> sp.Expr | None:
    """Larger minus smaller side of a bound of integers, else None."""
    if not isinstance(claim, Relational) or isinstance(claim.lhs, Word):
        return None
    small, relation, large = sides(claim)
    return large - small if relation == "<=" and (large - small).is_integer else None


def comparable(new: Relational, old: Relational, over) -> bool:
    """Whether one given fact implies the other: a theorem is then proved from more than it needs, or a stronger one is."""
    return implies(new, old, over) or implies(old, new, over)


def implies(new: Relational, old: Relational, over) -> bool:
    """Whether the second claim is the first at some step, times a positive number and with a number added."""
    small, relation, large = sides(old)
    if not over and relation == "<=" and small.is_integer and large.is_integer:  # sizes and lags
        return nonnegative(sp.expand(large - small), (Fact("new", new),))
    for shift, factor in cartesian((0, 1, -1), (1, 2, sp.Rational(1, 2))):
        low, kind, high = sides(replace(new, {v: v + shift for v in over if v.is_integer}))
        if kind != relation:
            return False
        if isinstance(small, Word):
            found = (low, high) == (small, large)
        else:
            rest = sp.expand(large - small - factor * (high - low))
            found = rest.is_comparable and (rest == 0 or (rest > 0 and relation != "="))
        if found:
            return True
    return False


def chosen(mutants: list[Mutant], rng: random.Random, count: int) -> Iterator[Mutant]:
    """A few mutants of one step that say something else, of as many kinds as there are."""
    seen: dict[str, int] = {}
    order = []
    for mutant in rng.sample(mutants, len(mutants)):
        seen[mutant.label] = seen.get(mutant.label, 0) + 1
        order.append((seen[mutant.label], len(order), mutant))
    return islice((mutant for *_, mutant in sorted(order, key=lambda entry: entry[:2]) if not mutant.same()), count)


def proves(theorem: Theorem, derivation: Derivation) -> bool:
    """Whether the theorem, with its conclusion as it is stated, is proved by a derivation."""
    stated = {"derivation": derivation} | ({"conclusion": None} if theorem.bound is not None else {})
    try:
        dataclasses.replace(theorem, **stated).check()
    except ValueError:
        return False
    return True


def survivors(theorem: Theorem, count: int, most: int | None = None) -> list[str]:
    """The altered derivations that still prove a theorem, of so many for every step, or for some steps of a long proof."""
    rng = random.Random(theorem.id)
    steps = list(Altered(theorem.derivation, rng).steps())
    if most is not None and len(steps) > LONG:  # a very long proof takes a second to check
        steps = rng.sample(steps, most if len(steps) < 100 else most // 2)
    return [mutant.label for step in steps for mutant in chosen(step, rng, count) if proves(theorem, mutant.derivation)]


@pytest.mark.parametrize("theorem", theorems.all(), ids=lambda theorem: theorem.id)
def test_no_altered_derivation_proves_the_theorem(theorem) -> None:
    assert proves(theorem, theorem.derivation)
    assert survivors(theorem, 2, most=12) == []


@pytest.mark.slow
@pytest.mark.parametrize("theorem", theorems.all(), ids=lambda theorem: theorem.id)
def test_none_of_all_altered_derivations_proves_the_theorem(theorem) -> None:
    assert survivors(theorem, 10**6, most=60) == []


def test_a_checker_that_believes_is_caught(monkeypatch) -> None:
    monkeypatch.setattr(Context, "unmet", lambda *_: None)
    monkeypatch.setattr(Context, "missing", lambda *_: None)
    assert len(survivors(theorems.get("pascanu2013_spectral_norm"), 10)) > 0
