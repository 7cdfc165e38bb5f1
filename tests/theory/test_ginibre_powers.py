"""Powers of Gaussian matrices: sums over pairings against moments of entries, the closed form, its derivation, the limit."""

import dataclasses
import itertools
import math
from collections import Counter
from fractions import Fraction

import mpmath
import pytest
import sympy as sp

from errorflow.numerics.laws import real_powers
from errorflow.theory import notation, scalar_facts, theorems
from errorflow.theory.bounds import setting
from errorflow.theory.calculus.listing import listing
from errorflow.theory.calculus.words import STEP, Over, OverSum
from errorflow.theory.evidence import Graph
from errorflow.theory.scalar_facts import ginibre_powers as facts
from errorflow.theory.scalar_facts.ginibre_powers import ComplexPairings, RealPairings, closed_form
from errorflow.theory.theorem import add_evidence
from errorflow.theory.theorems import ginibre_powers as module

THEOREM = theorems.get("ginibre_powers")
n, k, y = facts.n, facts.k, facts.y


# Oracles that enumerate no pairings


def mean_square(kind, size: int, length: int) -> int:
    """E||W^k||_F^2 for E|w_ij|^2 = 1 from the moments of single entries, every entry of W^k as a sum of words."""
    total = 0
    for first, last in itertools.product(range(size), repeat=2):
        middles = itertools.product(range(size), repeat=length - 1)
        words = Counter(tuple(sorted(itertools.pairwise((first, *middle, last)))) for middle in middles)
        for (a, times), (b, others) in itertools.product(words.items(), repeat=2):
            total += times * others * moment(kind, Counter(a), Counter(b))
    return total


def moment(kind, a: Counter, b: Counter) -> int:
    """E prod w^a conj(w)^b: a! if a = b (complex), (a+b-1)!! if a + b is even (real)."""
    if kind is ComplexPairings:
        return math.prod(map(math.factorial, a.values())) if a == b else 0
    powers = (a + b).values()
    return 0 if any(p % 2 for p in powers) else math.prod(math.prod(range(1, p, 2)) for p in powers)


def product_of_cycles(length: int) -> Counter:
    """How many z, cycles of k + 1 things, give s z so many cycles, s = (0 1 ... k)."""
    found: Counter = Counter()
    for order in itertools.permutations(range(1, length + 1)):
        after = dict(itertools.pairwise((0, *order, 0)))
        left, cycles = set(after), 0
        while left:
            place, cycles = left.pop(), cycles + 1
            while (place := (after[place] + 1) % (length + 1)) in left:
                left.remove(place)
        found[cycles] += 1
    return found


def value(polynomial, size: int) -> int:
    return sum(count * size**power for power, count in polynomial)


def exact(length: int, size: int) -> Fraction:
    """The closed form in integers."""
    up, down = math.prod(range(size, size + length + 2)), math.prod(range(size - length - 1, size + 1))
    return Fraction(up - down, (length + 1) * (length + 2))


# Sums over pairings


@pytest.mark.parametrize("kind", [ComplexPairings, RealPairings])
@pytest.mark.parametrize(("size", "longest"), [(1, 5), (2, 5), (3, 4), (4, 3)])
def test_the_sum_over_pairings_is_the_mean_of_the_moments_of_entries(kind, size, longest) -> None:
    for length in range(1, longest + 1):
        assert value(kind.polynomial(length), size) == mean_square(kind, size, length)


@pytest.mark.parametrize("length", range(1, 8))
def test_the_permutations_are_the_products_of_two_long_cycles(length) -> None:
    assert Counter(dict(ComplexPairings.polynomial(length))) == product_of_cycles(length)
    assert sum(count for _, count in ComplexPairings.polynomial(length)) == math.factorial(length)


@pytest.mark.parametrize("length", range(1, 6))
def test_the_real_sum_is_that_of_integration_by_parts(length) -> None:
    by_parts = enumerate(real_powers.power_polynomial(length))
    assert RealPairings.polynomial(length) == tuple((power, count) for power, count in by_parts if count)


def test_the_closed_form_is_the_sum_over_permutations_for_every_n() -> None:
    for length in range(1, 7):
        for size in range(1, 10):
            assert exact(length, size) == value(ComplexPairings.polynomial(length), size)


@pytest.mark.slow
def test_the_closed_form_is_the_sum_over_permutations_up_to_nine_entries() -> None:
    counts = product_of_cycles(9)
    assert all(exact(9, size) == value(counts.items(), size) for size in range(1, 13))
    longer = dataclasses.replace(scalar_facts.get("complex_pairings"), given=(sp.Le(k, 8, evaluate=False),))
    longer.prove()


def test_more_permutations_than_are_enumerated_are_not_believed() -> None:
    fact = scalar_facts.get("complex_pairings")
    for given in ((sp.Le(k, 9, evaluate=False),), (), (sp.Ge(k, 2, evaluate=False),)):
        with pytest.raises(ValueError, match="k must be at most a number of at most 8"):
            dataclasses.replace(fact, given=given).prove()


# Falsehoods

PLANTED = {
    "the untied value": ("complex_pairings", n ** (k + 1)),
    "the formula of the real square": ("complex_pairings", n ** (k + 1) + 2 * n ** (k - 1)),
    "another divisor": ("complex_pairings", closed_form() * (k + 2) / k),
    "a falling product that is too short": (
        "complex_pairings",
        (facts.rising(n, k + 2) - facts.rising(n - k, k + 1)) / ((k + 1) * (k + 2)),
    ),
    "one hook more": ("hook_sum", closed_form(sp.Symbol("N", integer=True, positive=True))),
    "cosh": ("sharing_limit", sp.cosh(y)),
    "sinh(2y)/(2y)": ("sharing_limit", sp.sinh(2 * y) / (2 * y)),
    "no growth": ("sharing_limit", sp.Integer(1)),
    "half a difference": ("rising_difference", (facts.rising(facts.x, k + 1) - facts.rising(facts.x - 1, k)) / (k + 1)),
}


@pytest.mark.parametrize("name", PLANTED)
def test_planted_falsehoods_are_rejected(name) -> None:
    identifier, wrong = PLANTED[name]
    fact = scalar_facts.get(identifier)
    with pytest.raises(ValueError, match="is not proved"):
        dataclasses.replace(fact, statement=sp.Eq(fact.statement.lhs, wrong, evaluate=False)).prove()


def test_the_complex_formula_for_real_matrices_is_rejected() -> None:
    false = sp.Eq(RealPairings(2, n), closed_form(sp.Integer(2)), evaluate=False)
    with pytest.raises(ValueError, match="n is not zero"):
        dataclasses.replace(scalar_facts.get("real_pairings"), statement=false).prove()


def test_a_gluing_that_forgets_the_ends_is_caught(monkeypatch) -> None:
    right = facts.free_indices
    monkeypatch.setattr(facts, "free_indices", lambda pairing, length: right(pairing, length) + 1)
    ComplexPairings.polynomial.__func__.cache_clear()
    try:
        with pytest.raises(ValueError, match="is not proved"):
            scalar_facts.get("complex_pairings").prove()
    finally:
        ComplexPairings.polynomial.__func__.cache_clear()


# The theorem for every lag


def number(e, at):
    """A number of the derivation in exact rationals: R by multiplication, G by enumeration."""
    match e:
        case sp.Integer() | sp.Rational():
            return Fraction(int(e.p), int(e.q))
        case sp.Symbol():
            return at[e]
        case sp.Add():
            return sum((number(a, at) for a in e.args), Fraction(0))
        case sp.Mul():
            return math.prod((number(a, at) for a in e.args), start=Fraction(1))
        case sp.Pow():
            return number(e.base, at) ** int(number(e.exp, at))
        case Over() | OverSum():
            body, first, last = e.args
            steps = range(int(number(first, at)), int(number(last, at)) + 1)
            terms = [number(body, {**at, STEP: Fraction(step)}) for step in steps]
            return math.prod(terms, start=Fraction(1)) if type(e) is Over else sum(terms, Fraction(0))
    if e.func == module.R:
        start, length = (number(a, at) for a in e.args)
        return math.prod((start + i for i in range(int(length))), start=Fraction(1))
    assert e.func == module.G
    size, length = int(at[notation.n]), int(number(e.args[0], at))
    return Fraction(value(product_of_cycles(length).items(), size))


def places(lag: int, size: int):
    point = {notation.n: Fraction(size), notation.lag: Fraction(lag), setting.i: Fraction(lag // 2)}
    return point | {module.MEAN_SQUARE: Fraction(value(product_of_cycles(lag).items(), size), size**lag)}


@pytest.mark.parametrize(("lag", "size"), [(0, 3), (1, 1), (2, 1), (2, 3), (3, 2), (5, 4), (6, 3)])
def test_every_step_of_the_theorem_holds_in_exact_rationals(lag, size) -> None:
    at = places(lag, size)
    claims = [
        THEOREM.conclusion,
        *(fact.claim for fact in THEOREM.given),
        *(s.formula for s in listing(THEOREM.derivation)),
    ]
    assert len(claims) > 8
    for claim in claims:
        assert number(claim.lhs, at) == number(claim.rhs, at), claim


@pytest.mark.parametrize("rule", [module.hooks, module.difference, module.as_product], ids=lambda rule: rule.name)
def test_every_rule_of_the_theorem_holds_in_exact_rationals(rule) -> None:
    for length, size, start in itertools.product(range(6), (1, 2, 5), (Fraction(-2), Fraction(1, 3), Fraction(4))):
        at = {notation.n: Fraction(size), module.b: Fraction(length), module.c: start}
        assert number(rule.claim.lhs, at) == number(rule.claim.rhs, at)


def test_only_the_rule_with_the_characters_is_cited() -> None:
    graph = Graph()
    grade = graph.grade(add_evidence(graph, THEOREM))
    assert (grade.word, grade.weakest) == ("cited", (f"rule:{module.hooks.name}",))
    assert {module.difference.evidence.word, module.as_product.evidence.word} == {"symbolic"}


@pytest.mark.parametrize(
    ("rule", "wrong"),
    [
        (module.difference, (module.R(module.c, module.b + 1) - module.R(module.c, module.b)) / (module.b + 1)),
        (module.difference, (module.R(module.c, module.b + 1) - module.R(module.c - 1, module.b + 1)) / module.b),
        (module.as_product, Over(module.c + STEP, sp.Integer(1), module.b)),
        (module.as_product, Over(module.c - STEP, sp.Integer(0), module.b - 1)),
    ],
)
def test_a_wrong_rule_about_rising_products_is_not_proved(rule, wrong) -> None:
    with pytest.raises(ValueError, match="is not proved"):
        module._prove(sp.Eq(rule.claim.lhs, wrong, evaluate=False))


def test_one_unit_gives_factorials_and_copies_are_exceeded_from_lag_two_on() -> None:
    for lag in range(12):
        assert exact(lag, 1) == math.factorial(lag)
        for size in (1, 2, 7, 40):
            tied = exact(lag, size) / Fraction(size) ** lag
            assert tied == size if lag < 2 else tied > size


# The limit


@pytest.mark.parametrize("at", ["0.3", "1", "2.5"])
def test_the_quotient_tends_to_sinh_y_over_y_like_one_over_k(at) -> None:
    with mpmath.workdps(60):
        limit, errors = mpmath.sinh(mpmath.mpf(at)) / mpmath.mpf(at), []
        for lag in (100, 1000, 10_000):
            size = lag**2 / (2 * mpmath.mpf(at))
            rise, fall = mpmath.rf(size, lag + 2), mpmath.rf(size - lag - 1, lag + 2)
            errors.append(abs((rise - fall) / ((lag + 1) * (lag + 2) * size ** (lag + 1)) - limit))
        assert errors[2] < 0.11 * errors[1] < 0.013 * errors[0]
        assert errors[2] < 1e-3


def test_the_products_are_between_their_exponentials() -> None:
    fact = scalar_facts.get("rising_product_bounds")
    for lag, size in ((1, 4), (5, 12), (20, 60), (30, 1000)):
        (first, second) = facts.sums(sp.Integer(lag), sp.Integer(size))
        above = math.prod(Fraction(size + j, size) for j in range(1, lag + 2))
        below = math.prod(Fraction(size - j, size) for j in range(1, lag + 2))
        assert float(first - second / 2) < math.log(above) < float(first)
        assert float(-first - second) < math.log(below) < float(-first)
        assert all(part.subs({k: lag, n: size}) == sp.true for part in fact.statement.args)
