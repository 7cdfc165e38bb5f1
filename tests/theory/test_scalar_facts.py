"""Laws of the scalar facts: each is proved, agrees with mpmath at 50 digits, and falls with every constant in it."""

import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from itertools import islice, pairwise, permutations
from typing import Any

import mpmath
import pytest
import sympy as sp
from sympy.core.relational import Relational
from sympy.logic.boolalg import And, Boolean, Equivalent

from errorflow.numerics.laws.real_powers import power_polynomial
from errorflow.theory import scalar_facts, sources
from errorflow.theory.activations import Logistic, Tanh, x
from errorflow.theory.isolated_root import IsolatedRoot
from errorflow.theory.opaque import Entrywise
from errorflow.theory.scalar_facts import Maximum, Minimum, ScalarFact, sensitivity
from errorflow.theory.scalar_facts import latching as latch
from errorflow.theory.scalar_facts import self_regularization as recall
from errorflow.theory.scalar_facts.fact import Extreme
from errorflow.theory.scalar_facts.ginibre_powers import ComplexPairings, Pairings
from errorflow.theory.scalar_facts.proofs import identity

FACTS = scalar_facts.all()
each = pytest.mark.parametrize("fact", FACTS, ids=lambda fact: fact.id)
DIGITS = 50

# The oracle: numbers by mpmath alone, from formulas written here; what is undefined or complex is false.

FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "tanh": mpmath.tanh,
    "logistic": lambda a: 1 / (1 + mpmath.exp(-a)),
    "silu": lambda a: a / (1 + mpmath.exp(-a)),
    "relu'": lambda a: mpmath.mpf(a > 0),
}
At = dict[sp.Symbol, Any]


class Undefined(Exception):
    """The formula has no real value here."""


def number(e: Any, at: At) -> Any:
    """The value of a formula at a point."""
    match e:
        case sp.Symbol():
            return at[e]
        case IsolatedRoot():
            return root_of(e)
        case sp.Rational():
            return mpmath.mpf(e.p) / e.q
        case sp.Add():
            return mpmath.fsum(number(a, at) for a in e.args)
        case sp.Mul():
            return mpmath.fprod(number(a, at) for a in e.args)
        case sp.Pow():
            return real(lambda: number(e.base, at) ** number(e.exp, at))
        case sp.KroneckerDelta():
            return mpmath.mpf(number(e.args[0], at) == number(e.args[1], at))
        case Entrywise():
            name, argument = type(e).__name__, number(e.args[0], at)
            if name in FUNCTIONS:
                return FUNCTIONS[name](argument)
            return mpmath.diff(FUNCTIONS[name.rstrip("'")], argument, e.order)
        case sp.Derivative():
            (variable, order), function = e.args[1], e.args[0]
            return mpmath.diff(lambda v: number(function, at | {variable: v}), at[variable], int(order))
        case sp.Sum():
            return total(e, at)
        case sp.Integral():
            function, (variable, first, last) = e.args
            ends = [number(end, at) for end in (first, last)]
            return mpmath.quad(lambda v: number(function, at | {variable: v}), ends)
        case sp.RisingFactorial():
            return real(lambda: mpmath.rf(*(number(a, at) for a in e.args)))
        case Pairings():
            length, size = int(number(e.args[0], at)), number(e.args[1], at)
            counts = two_cycles(length) if isinstance(e, ComplexPairings) else power_polynomial(length)
            return mpmath.fsum(count * size**power for power, count in enumerate(counts))
        case sp.Limit():
            return number(e.args[0], at | {e.args[1]: mpmath.mpf(10) ** 20})
        case Extreme():
            return extreme(e, at)
        case sp.Function() | sp.exp():
            return real(
                lambda: getattr(mpmath, {"Abs": "fabs"}.get(e.func.__name__, e.func.__name__))(number(e.args[0], at))
            )
    return real(lambda: mpmath.mpmathify(e.evalf(DIGITS)))


def real(value: Callable[[], Any]) -> Any:
    """The value if it is a real number."""
    try:
        found = value()
    except (ZeroDivisionError, OverflowError, TypeError) as error:
        raise Undefined from error
    if not isinstance(found, mpmath.mpf) or not mpmath.isfinite(found):
        raise Undefined
    return found


@cache
def two_cycles(length: int) -> list[int]:
    """How many of the products of (0 1 ... k) with another cycle of all k + 1 things have 0, 1, ... cycles."""
    counts = [0] * (length + 2)
    for order in permutations(range(1, length + 1)):
        after, left, cycles = dict(pairwise((0, *order, 0))), set(range(length + 1)), 0
        while left:
            place, cycles = left.pop(), cycles + 1
            while (place := (after[place] + 1) % (length + 1)) in left:
                left.remove(place)
        counts[cycles] += 1
    return counts


@cache
def root_of(root: IsolatedRoot) -> Any:
    """The zero in the bracket."""
    bracket = tuple(mpmath.mpf(end.p) / end.q for end in (root.lower, root.upper))
    with mpmath.workdps(DIGITS + 20):
        return mpmath.findroot(lambda v: number(root.equation, {root.variable: v}), bracket, solver="anderson")


def total(e: sp.Sum, at: At) -> Any:
    """The sum, infinite ones until nothing is left."""
    term, (index, first, last) = e.args[0], e.args[1]
    begin = int(number(first, at))
    end = begin + 1500 if last == sp.oo else int(number(last, at)) + 1
    found, quiet = mpmath.mpf(0), 0
    for j in range(begin, end):
        value = number(term, at | {index: mpmath.mpf(j)})
        found += value
        quiet = quiet + 1 if abs(value) < mpmath.mpf(10) ** -60 else 0
        if quiet > 30:
            break
    return found


def extreme(e: Extreme, at: At) -> Any:
    """The largest or smallest value on a grid, refined between its neighbors."""
    function, variable, domain = e.args
    if domain.is_empty:
        raise Undefined
    low, high = (-12, 12) if domain == sp.S.Reals else (mpmath.mpf(int(domain.inf)), mpmath.mpf(int(domain.sup)))
    sign = 1 if isinstance(e, Maximum) else -1

    def value(v: Any) -> Any:
        return sign * number(function, at | {variable: v})

    step = mpmath.mpf(high - low) / 120
    best = max((low + (k + mpmath.mpf(1) / 7) * step for k in range(120)), key=value)
    left, right = max(best - step, low), min(best + step, high)
    for _ in range(70):
        third = (right - left) / 3
        left, right = (left + third, right) if value(left + third) < value(right - third) else (left, right - third)
    return sign * max(value(left), value(best))


COARSE = (Extreme, sp.Limit)


def holds(formula: Boolean, at: At) -> bool:
    """Whether a relation, a conjunction or an equivalence holds at a point, up to rounding."""
    if isinstance(formula, And):
        return all(holds(part, at) for part in formula.args)
    if isinstance(formula, Equivalent):
        return len({holds(part, at) for part in formula.args}) == 1
    try:
        left, right = number(formula.lhs, at), number(formula.rhs, at)
    except Undefined:
        return False
    tolerance = mpmath.mpf(10) ** (-12 if formula.has(*COARSE) else -30) * max(1, abs(left))
    difference = left - right
    return {
        sp.Eq: abs(difference) <= tolerance,
        sp.Le: difference <= tolerance,
        sp.Ge: difference >= -tolerance,
        sp.Lt: difference < -tolerance / 10**10,
        sp.Gt: difference > tolerance / 10**10,
    }[formula.func]


@cache
def moments(rate: Any, steps: int) -> tuple[Any, ...]:
    """E h^2, E h h', E h'^2 after some steps from 0, from the lags."""
    terms = [(rate**j, j * rate ** (j - 1) if j else 0) for j in map(mpmath.mpf, range(steps))]
    return tuple(mpmath.fsum(a[i] * a[k] for a in terms) for i, k in ((0, 0), (0, 1), (1, 1)))


def points(fact: ScalarFact) -> Iterator[At]:
    """Points that satisfy the premises, often close to where one of them becomes false."""
    rng = random.Random(fact.id)
    formulas = (fact.statement, *fact.given)
    symbols = sorted(set().union(*(formula.free_symbols for formula in formulas)), key=str)
    for _ in range(60):
        at: At = {}
        scale = rng.choice([1, 1, 4])
        for symbol in symbols:
            low = 0.05 if symbol.is_nonnegative else -2.5
            at[symbol] = mpmath.mpf(rng.randint(1, 9) if symbol.is_integer else rng.uniform(low, 2.5) * scale)
        for premise in fact.given:
            inner = premise.lhs.args[0] if isinstance(premise.lhs, sp.Abs) else premise.lhs
            if isinstance(inner, sp.Symbol) and not inner.is_integer and rng.random() < 0.7:
                near = [0.2, 0.5, 0.9] if fact.statement.has(sp.Sum) else [1e-9, 0.1, 0.9]  # a sum is slow near 1
                sign = {sp.Lt: -1, sp.Le: -1, sp.Gt: 1, sp.Ge: 1}.get(premise.func, 0)
                try:
                    at[inner] = number(premise.rhs, at) + sign * mpmath.mpf(rng.choice(near))
                except Undefined:
                    continue
        if latch.x in at and latch.w in at and at[latch.w] > 1 and rng.random() < 0.3:
            at[latch.x] = number(latch.REST, at)
        if sensitivity.MOMENTS[0] in at:
            rate = at[sensitivity.rate] = mpmath.mpf(rng.choice([-0.8, -0.5, 0.1, 0.6, 0.7]))
            at |= {sensitivity.q: rate**2} if sensitivity.q in at else {}
            steps = int(at[sensitivity.t]) if sensitivity.t in at else 400
            at |= dict(zip(sensitivity.MOMENTS, moments(rate, steps), strict=True))
        if all(holds(premise, at) for premise in fact.given):
            yield at


def is_false(fact: ScalarFact, count: int) -> bool:
    """Whether some of the points refute the statement."""
    with mpmath.workdps(DIGITS):
        return not all(holds(fact.statement, at) for at in islice(points(fact), count))


# Proofs


@each
def test_every_fact_is_proved(fact: ScalarFact) -> None:
    assert fact.evidence.word in ("symbolic", "kernel-checked")  # the proof runs here, once, for either
    assert fact._algebra is fact._algebra


@each
def test_every_fact_agrees_with_50_digits(fact: ScalarFact) -> None:
    with mpmath.workdps(DIGITS):
        found = list(islice(points(fact), 1 if fact.statement.has(Extreme) else 6))
        assert found
        assert all(holds(fact.statement, at) for at in found)


# Falsehoods

REVERSED = {sp.Lt: sp.Gt, sp.Gt: sp.Lt, sp.Le: sp.Ge, sp.Ge: sp.Le, sp.Eq: sp.Lt}


def rebuilt(e: Any, arguments: list[Any]) -> Any:
    """The same node with other arguments, unevaluated where it is a statement."""
    if isinstance(e, Relational | And):
        return e.func(*arguments, evaluate=False)
    return e.func(*arguments)


def changed(e: Any) -> Iterator[Any]:
    """Every formula with one number larger or smaller by one, one relation reversed, or one max turned into min."""
    if isinstance(e, sp.Rational):
        yield from (e + 1, e - 1)
    if e.func in REVERSED:
        yield REVERSED[e.func](*e.args, evaluate=False)
    if isinstance(e, Extreme):
        yield (Minimum if isinstance(e, Maximum) else Maximum)(*e.args)
    for i, argument in enumerate(e.args):
        for other in changed(argument):
            yield rebuilt(e, [*e.args[:i], other, *e.args[i + 1 :]])


def falsehoods(fact: ScalarFact) -> Iterator[ScalarFact]:
    """The fact with a changed statement or premise, where the result is a statement again."""
    mutants = [{"statement": s} for s in changed(fact.statement)]
    for i, premise in enumerate(fact.given):
        others = [*((p,) for p in changed(premise)), ()]
        mutants += [{"given": (*fact.given[:i], *other, *fact.given[i + 1 :])} for other in others]
    for mutant in mutants:
        try:
            other = replace(fact, **mutant)
        except ValueError:  # SymPy has evaluated it
            continue
        if not any(formula.has(sp.nan, sp.zoo) for formula in (other.statement, *other.given)):
            yield other


def rejects(fact: ScalarFact) -> bool:
    """Whether the proof raises ValueError."""
    try:
        fact.prove()
    except ValueError:
        return True
    return False


@each
def test_a_change_of_every_fact_is_false_and_rejected(fact: ScalarFact) -> None:
    mutants = list(falsehoods(fact))
    random.Random(fact.id).shuffle(mutants)
    false = next(mutant for mutant in mutants if is_false(mutant, 6))
    assert rejects(false)


@pytest.mark.slow
@each
def test_every_change_of_every_fact_that_is_false_is_rejected(fact: ScalarFact) -> None:
    survivors = [mutant for mutant in falsehoods(fact) if not rejects(mutant)]
    assert not [(mutant.statement, mutant.given) for mutant in survivors if is_false(mutant, 12)]


def planted(identifier: str, *pairs: tuple[Any, Any]) -> ScalarFact:
    """A fact with parts of its statement replaced, wherever they occur."""
    table = dict(pairs)

    def replaced(e: Any) -> Any:
        return table[e] if e in table else rebuilt(e, [*map(replaced, e.args)]) if e.args else e

    fact = scalar_facts.get(identifier)
    assert replaced(fact.statement) != fact.statement
    return replace(fact, statement=replaced(fact.statement))


w, d, cb, q, j = recall.w, recall.d, recall.gain, sensitivity.q, sensitivity.j
z = next(iter(scalar_facts.get("logistic_constant_activation_root").statement.atoms(IsolatedRoot)))
h = Tanh().f(x)
PLANTED = {
    "the slope of the logistic function is at most 1/5": ("logistic_slope", (sp.Rational(1, 4), sp.Rational(1, 5))),
    "tanh' is (1 - h)^2": ("tanh_derivative", (1 - h**2, (1 - h) ** 2)),
    "tanh is the logistic function of x": ("tanh_is_logistic", (Logistic().f(2 * x), Logistic().f(x))),
    "the logistic slope changes like that of tanh": ("logistic_slope_lipschitz", (sp.sqrt(3), 8 * sp.sqrt(3))),
    "w = coth(net) / y": ("logistic_constant_activation_root", (sp.coth(z / 2), sp.coth(z))),
    "the root of tanh": (
        "logistic_constant_activation_root",
        (z, IsolatedRoot("v", 2 * x * sp.tanh(x) - 1, x, "1/2", 1)),
    ),
    "an error of 1e-15 in the largest gain": ("logistic_constant_activation", (z / 4, z / 4 + sp.Rational(1, 10**15))),
    "the weight 5": ("logistic_gain_below_one", (sp.Rational(1, 4), sp.Rational(1, 5))),
    "exponent d - 1": ("recall_descent", (w ** (d - 2), w ** (d - 1))),
    "exponent d": ("recall_threshold_maximum", (w ** (d - 2), w**d)),
    "the window of another lag": ("recall_window_tenth", (w**18, w**19)),
    "16 / e": ("recall_threshold_limit", (sp.exp(-2), sp.exp(-1))),
    "a square in place of a cube": ("sensitivity_series", ((1 - q) ** -3, (1 - q) ** -2)),
    "j for j^2": ("sensitivity_series", (j**2, j)),
    "h* with w + 1": ("latch_critical_input", (sp.sqrt(w - 1), sp.sqrt(w + 1))),
    "a smaller state is kept": ("latch_kept", (latch.REST, 1 - 1 / w)),
}


@pytest.mark.parametrize("name", PLANTED)
def test_planted_falsehoods_are_rejected(name: str) -> None:
    identifier, *pairs = PLANTED[name]
    fact = planted(identifier, *pairs)
    assert fact.id == identifier
    with pytest.raises(ValueError, match=r"is not proved|not a square"):
        fact.prove()


def test_a_strict_inequality_needs_a_strict_reason() -> None:
    for identifier in ("sector", "products_below_squares", "geometric_below_arithmetic", "latch_needs_gain"):
        fact = scalar_facts.get(identifier)
        strict = {sp.Le: sp.Lt, sp.Ge: sp.Gt}[fact.statement.func]
        assert rejects(replace(fact, statement=strict(*fact.statement.args, evaluate=False)))


def test_a_statement_must_be_unevaluated_and_exact() -> None:
    for statement in (sp.true, sp.Symbol("p"), sp.Eq(sp.Symbol("p"), 0.5)):
        with pytest.raises(ValueError, match="must be"):
            ScalarFact(id="p", statement=statement, words="", citation=None, proof=identity)


# The list


def test_the_list_is_found_by_id_and_cites_known_texts() -> None:
    assert len({fact.id for fact in FACTS}) == len(FACTS)
    assert all(scalar_facts.get(fact.id) is fact for fact in FACTS)
    assert {fact.citation for fact in FACTS} <= {None, *sources.keys()}
    assert {fact.source.key for fact in FACTS if fact.source} == {"hochreiter1997", "bengio1994"}
    with pytest.raises(ValueError, match=r"fact must be one of tanh_slope, .*, got 'nothing'"):
        scalar_facts.get("nothing")


@each
def test_every_fact_can_be_read(fact: ScalarFact) -> None:
    assert fact.words.endswith(".")
    assert fact.latex.count("{") == fact.latex.count("}")
    assert all(root.latex_definition in fact.latex for root in fact.statement.atoms(IsolatedRoot))


def test_nothing_is_made_at_import_and_nothing_proved_before_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    code = "from errorflow.theory import scalar_facts as s; print(s.all.cache_info().misses)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "0\n"
    monkeypatch.setattr(ScalarFact, "prove", lambda _: pytest.fail("proved too early"))
    assert scalar_facts.all.__wrapped__() != ()
