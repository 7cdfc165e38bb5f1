"""Random lemmas under random signs: what is accepted is true on exact numbers, and a checker that believes a sign is caught."""

import math
import operator
import random
from fractions import Fraction

import pytest
import sympy as sp

from errorflow.theory.calculus import (
    Calculation,
    Combination,
    Derivation,
    Fact,
    Line,
    Rejection,
    eq,
    le,
    lt,
    product_over,
    sum_over,
)
from errorflow.theory.calculus.context import Context
from errorflow.theory.calculus.facts import sides
from errorflow.theory.calculus.words import Over, OverSum

p, q, r, s = sp.symbols("p q r s")


def line(start, relation, end, by, using=None, **rest):
    return Calculation("end", start, (Line(relation, end, by, using or {}),), **rest)


def combined(claim, *terms, name="end", **rest):
    return Combination(name, claim, terms, **rest)


def value(expr, at):
    """The exact number that an expression without steps is; None where it is not defined."""
    if expr.is_Rational:
        return Fraction(int(expr.p), int(expr.q))
    if expr.is_Symbol:
        return at[expr]
    parts = [value(part, at) for part in expr.args]
    if None in parts or (expr.is_Pow and parts[0] == 0 and parts[1] < 0):
        return None
    if isinstance(expr, Over):
        body, first, last = parts
        return body * int(last - first + 1) if isinstance(expr, OverSum) else body ** int(last - first + 1)
    if expr.is_Pow:
        return Fraction(parts[0]) ** int(parts[1])
    return {sp.Add: sum, sp.Mul: math.prod, sp.Max: max}[expr.func](parts)


GROW = (
    lambda hole, a: hole + a,
    lambda hole, a: hole * a,
    lambda hole, a: -a * hole,
    lambda hole, a: hole**2,
    lambda hole, a: hole**3 + a,
    lambda hole, a: 1 / hole,
    lambda hole, a: hole**-2 - hole,
    lambda hole, a: product_over(hole, 1, 2) if not hole.has(Over) else hole - a,
    lambda hole, a: sum_over(hole * a, 1, 3) if not hole.has(Over) else hole**2,
    sp.Max,
)
FACTS = [le(p, q), le(r, s), eq(r * p, r * s)]
SIGNS = [relation(0, symbol) for symbol in (p, q, r, s) for relation in (le, lt)]


def accepts(facts, lemma) -> bool:
    """Whether a derivation is accepted, without those of the facts that it does not use."""
    while True:
        try:
            _ = Derivation(facts, (lemma,)).proof
        except Rejection as rejection:
            idle = [fact for fact in facts if f"{fact.name!r} is stated and never used" in rejection.reason]
            if not idle:
                return False
            facts = [fact for fact in facts if fact is not idle[0]]
        else:
            return True


HOLDS = {"<=": operator.le, "<": operator.lt, "=": operator.eq}


def points(rng, claims) -> list:
    """Exact numbers that satisfy the claims, zero and equal ones among them."""
    found = []
    for _ in range(300):
        at = {symbol: Fraction(rng.choice([-3, -2, -1, 0, 0, 1, 2, 3]), rng.choice([1, 2])) for symbol in (p, q, r, s)}
        if all(HOLDS[kind](value(small, at), value(large, at)) for small, kind, large in map(sides, claims)):
            found.append(at)
    return found


def violated(lemma, claims, rng) -> bool:
    small, _, large = sides(lemma.claim)
    pairs = [(value(small, at), value(large, at)) for at in points(rng, claims)]
    return any(None in pair or pair[0] > pair[1] for pair in pairs)


def random_lemma(rng, claims):
    """A line in a random context by p <= q, or a combination with random multiples of this and of other facts."""
    multiples = (p, -p, q, r, p * q, p**2, 1 / q, 1 / r, 2, -1, q - p)
    if rng.random() < 0.4:
        terms = [(rng.choice(multiples), str(rng.choice(FACTS))) for _ in range(rng.choice([1, 2]))]
        gap = {str(claim): claim.rhs - claim.lhs for claim in FACTS}
        return combined(le(0, sp.expand(sum(multiple * gap[name] for multiple, name in terms))), *terms)
    build = [(rng.choice(GROW), rng.choice([p, q, r, s, sp.Integer(2)])) for _ in range(rng.choice([1, 2, 3]))]
    ends = []
    for end in rng.choice([(p, q), (q, p)]):
        for grow, other in build:
            end = grow(end, other)
        ends.append(end)
    return line(ends[0], rng.choice(["<=", ">="]), ends[1], "p <= q")


def search(cases: int) -> tuple[int, int]:
    """(accepted, violated) of random lemmas under random signs."""
    rng, accepted, wrong = random.Random(0), 0, 0
    for _ in range(cases):
        claims = [*FACTS, *rng.sample(SIGNS, rng.choice([0, 1, 2, 3]))]
        lemma = random_lemma(rng, claims)
        if accepts([Fact(str(claim), claim) for claim in dict.fromkeys(claims)], lemma):
            accepted += 1
            wrong += violated(lemma, claims, rng)
    return accepted, wrong


def test_random_lemmas_that_are_accepted_are_true() -> None:
    accepted, wrong = search(600)
    assert accepted > 60
    assert wrong == 0


@pytest.mark.parametrize("believed", ["unmet", "undefined"])
def test_a_checker_that_believes_a_sign_is_caught(monkeypatch, believed) -> None:
    monkeypatch.setattr(Context, believed, lambda *_: None)
    assert search(300)[1] > 0
