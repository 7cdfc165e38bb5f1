"""Laws of the rules about powers, resolvents and limits, and of those that SymPy proves: each holds on drawn instances.

The oracles are loops and grids in numpy, which share nothing with the calculus.
"""

import dataclasses
import itertools
import math
from collections.abc import Callable, Iterator

import mpmath
import numpy as np
import pytest
import sympy as sp

from errorflow.numerics.functionals import EVALUATORS
from errorflow.theory import quantities, scalar_facts
from errorflow.theory.calculus import (
    Combination,
    Derivation,
    Fact,
    Inference,
    Letter,
    Rejection,
    Rule,
    le,
    lt,
    power_rules,
    proved_rules,
)
from errorflow.theory.calculus.power_rules import resolvent

Instances = Iterator[tuple[float, float]]  # (smaller side, larger side); of an equality both ways round


def norm(A: np.ndarray) -> float:
    return float(np.linalg.norm(A, 2))


def radius(A: np.ndarray) -> float:
    return float(np.abs(np.linalg.eigvals(A)).max())


def stable_matrices() -> list[np.ndarray]:
    """Matrices with spectral radius below 1: n = 1, nilpotent, Jordan, normal, random."""
    rng = np.random.default_rng(3)
    found = [np.array([[0.5]]), np.array([[-0.9]]), np.array([[0.0]])]
    found += [np.triu(2 * rng.standard_normal((4, 4)), 1), 0.9 * np.eye(2) + 10 * np.eye(2, k=1), np.diag([0.5, 1 / 3])]
    draws = [rng.standard_normal((n, n)) for n in (2, 3, 5)]
    return found + [0.9 * A / radius(A) for A in draws]


def powers(A: np.ndarray, count: int = 300) -> list[float]:
    found, running = [], np.eye(len(A))
    for _ in range(count):
        found.append(norm(running))
        running = A @ running
    return found


def resolvents(A: np.ndarray) -> Iterator[tuple[complex, np.ndarray]]:
    for excess, angle in itertools.product((1e-3, 0.01, 0.1, 0.5, 2.0, 50.0), np.linspace(0, 2 * np.pi, 9)):
        z = (1 + excess) * np.exp(1j * angle)
        yield z, np.linalg.inv(z * np.eye(len(A)) - A)


def norm_not_negative() -> Instances:
    return ((0.0, norm(A)) for A in stable_matrices())


def modulus_leaves_norm() -> Instances:
    for A, c in itertools.product(stable_matrices(), (-2.0, 0.0, 3 - 4j)):
        yield from ((norm(c * A), abs(c) * norm(A)), (abs(c) * norm(A), norm(c * A)))


def resolvent_equation() -> Instances:
    for A in stable_matrices():
        for z, R in resolvents(A):
            yield norm(R - (np.eye(len(A)) + A @ R) / z) / (1 + norm(R)), 0.0


def radius_below_one() -> Instances:
    return ((radius(A / (radius(A) + gap)), 1.0) for A in stable_matrices() for gap in (1e-3, 1.0))


def power_below_supremum() -> Instances:
    for A in stable_matrices():
        supremum = EVALUATORS[quantities.power_supremum](A).upper
        yield from ((power, supremum) for power in powers(A))


def supremum_of_powers() -> Instances:
    return ((EVALUATORS[quantities.power_supremum](A).lower, max(powers(A))) for A in stable_matrices())


def kreiss_is_least() -> Instances:
    for A in stable_matrices():
        constant = EVALUATORS[quantities.kreiss_constant](A)
        found = [(abs(z) - 1) * norm(R) for z, R in resolvents(A)]
        yield max(found), constant.upper
        yield constant.lower, 1.5 * max(*found, 1.0)  # the least bound, not just any: the grid is that coarse


def geometric_limit() -> Instances:
    # contraposition: for c > 0 the premise c <= d e^-m fails at some m
    for c, d, e in itertools.product((1e-3, 2.0), (-1.0, 0.5, 1e6), (1.01, 3.0)):
        m = 0 if d <= 0 else max(0, math.ceil(math.log(d / c) / math.log(e))) + 1
        yield d * e**-m, c


def exponential_above_tangent() -> Instances:
    return ((1 + c, math.exp(c)) for c in np.linspace(-5, 5, 41))


def resolvent_integral() -> Instances:
    for A in stable_matrices():
        n, constant = len(A), EVALUATORS[quantities.kreiss_constant](A).lower
        for (b, power), c in itertools.product(enumerate(powers(A, 60)), (1.01, 1.2, 2.0, 5.0)):
            yield power, n * constant * c ** (b + 1) / ((b + 1) * (c - 1))


def latch_kept() -> Instances:
    with mpmath.workdps(30):
        for w, above, more in itertools.product(map(mpmath.mpf, ("1.001", "1.5", "7")), (0, 0.1, 3), (0, 0.2)):
            rest = mpmath.sqrt(1 - 1 / w)
            critical = mpmath.sqrt(w * (w - 1)) - mpmath.acosh(mpmath.sqrt(w))
            yield float(rest), float(mpmath.tanh(w * (rest + above) - critical + more))


INSTANCES: dict[str, Callable[[], Instances]] = {
    f.__name__: f
    for f in (
        norm_not_negative,
        modulus_leaves_norm,
        resolvent_equation,
        radius_below_one,
        power_below_supremum,
        supremum_of_powers,
        kreiss_is_least,
        geometric_limit,
        exponential_above_tangent,
        resolvent_integral,
        latch_kept,
    )
}


def violated(small: float, large: float) -> bool:
    return small > large + 1e-9 * (1 + abs(large))


@pytest.mark.parametrize("name", INSTANCES)
def test_a_rule_holds_on_drawn_instances(name) -> None:
    found = list(INSTANCES[name]())
    assert len(found) >= 9
    for small, large in found:
        assert not violated(small, large)


def test_every_rule_of_the_two_files_has_instances() -> None:
    files = (power_rules, proved_rules)
    assert set(INSTANCES) == {key for m in files for key, rule in vars(m).items() if isinstance(rule, Rule)}


def test_without_its_premise_a_rule_is_caught() -> None:
    A = np.array([[1.0, 1.0], [0.0, 1.0]])
    assert max(powers(A, 60)) > powers(A, 30)[-1]  # rho = 1: no supremum
    assert violated(radius(A / radius(A)) + 1e-6, 1.0)
    n, constant = 2, EVALUATORS[quantities.kreiss_constant](np.diag([0.9, 0.9]) + 10 * np.eye(2, k=1)).lower
    peak = max(powers(0.9 * np.eye(2) + 10 * np.eye(2, k=1)))
    assert violated(peak, constant)  # no factor e n
    assert not violated(peak, math.e * n * constant)


# The rules that SymPy proves


@pytest.mark.usefixtures("derivations_alone")
def test_a_proved_rule_says_what_its_fact_says_with_the_signs_as_premises() -> None:
    fact, rule = scalar_facts.get("latch_kept"), proved_rules.latch_kept
    assert rule.evidence.word == "symbolic"
    assert len(rule.premises) == len(fact.given) + 1  # w > 0 was in the symbol
    assert all(v.is_positive is None for v in rule.variables)
    assert str(rule.claim) == str(fact.statement)


def test_a_false_fact_makes_no_rule_with_evidence() -> None:
    fact = scalar_facts.get("latch_kept")
    false = dataclasses.replace(fact, statement=sp.Ge(fact.statement.lhs, 2 * fact.statement.rhs, evaluate=False))
    with pytest.raises(ValueError, match="latch_kept"):
        _ = proved_rules.proved_rule(false, name="false", lemma="false").evidence


def test_a_rule_variable_has_no_sign_of_its_own() -> None:
    x = sp.Symbol("x", positive=True)
    with pytest.raises(ValueError, match="must say in its premises what sign"):
        Rule(name="s", claim=le(0, x), variables=frozenset({x}), reference="horn2013", place="", lemma="s")


Z, RESOLVENT, C = sp.Symbol("z"), Letter("R"), sp.Symbol("c")
CASE = (lt(1, sp.Abs(Z)), resolvent(Z, power_rules.A, RESOLVENT))
BOUNDED = le((sp.Abs(Z) - 1) * quantities.spectral_norm(RESOLVENT), C)
KREISS = Inference("end", le(quantities.kreiss_constant(power_rules.A), C), power_rules.kreiss_is_least)


@pytest.mark.parametrize("real", [(), (le(0, Z**2),)], ids=["given for real ones", "for real ones, by their squares"])
def test_a_bound_on_resolvents_of_real_numbers_alone_bounds_no_kreiss_constant(real) -> None:
    given = Fact("bounded", BOUNDED, over=(Z, RESOLVENT), when=(*CASE, *real))
    step = Combination(
        "for all", BOUNDED, ((1, "bounded", {Z: Z, RESOLVENT: RESOLVENT}),), over=(Z, RESOLVENT), when=CASE
    )
    with pytest.raises(Rejection, match="which is established for real numbers and matrices alone"):
        _ = Derivation((given,), (step, KREISS)).proof


def test_a_bound_on_one_resolvent_bounds_no_kreiss_constant() -> None:
    with pytest.raises(Rejection, match="for all z', R' with"):
        _ = Derivation((Fact("bounded", BOUNDED),), (KREISS,)).proof


def test_a_number_below_one_geometric_sequence_member_is_not_below_zero() -> None:
    one = Fact("one length", le(C, 2 * 3**-power_rules.b))
    limit = Inference("end", le(C, 0), power_rules.geometric_limit, {power_rules.d: 2, power_rules.e: 3})
    with pytest.raises(Rejection, match="for all m' with"):
        _ = Derivation((one,), (limit,)).proof


def test_the_resolvent_is_written_as_the_equation_that_defines_it() -> None:
    z, A, R = sp.Symbol("z"), power_rules.A, power_rules.R
    assert str(resolvent(z, A, R)) == "Eq((z I - A) R', I)"
