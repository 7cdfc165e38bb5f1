"""Laws of the rules: each holds on random instances, evaluated as everything else is; a false one is caught."""

import dataclasses
import itertools
from collections.abc import Iterator
from functools import partial

import numpy as np
import pytest
import sympy as sp
from sympy.core.relational import Relational

from errorflow.numerics.evaluate import environment, evaluate
from errorflow.numerics.words import Steps, array_of
from errorflow.theory import notation, sources
from errorflow.theory.calculus import (
    Fact,
    Rule,
    block_rules,
    le,
    mean_rules,
    order_rules,
    power_rules,
    proved_rules,
    rules,
)
from errorflow.theory.calculus.facts import Diagonal, Invertible, UnitInterval, sides
from errorflow.theory.calculus.words import STEP, At, Chain, Instance, Letter, Over, Word, replace
from errorflow.theory.quantities import max_abs, row_sum_norm, spectral_norm

STEPS = 4
OWN_TEST = [  # the tests of these files draw their instances
    value for file in (power_rules, proved_rules, block_rules, order_rules, mean_rules) for value in vars(file).values()
] + [rules.equal_inner_products]  # in test_expectation
KINDS = ("gaussian", "nilpotent", "rank one", "Jordan", "zero")


def by_name(rule: Rule) -> str:
    return rule.name


def matrix(kind: str, n: int, rng: np.random.Generator) -> np.ndarray:
    return {
        "gaussian": lambda: rng.standard_normal((n, n)),
        "nilpotent": lambda: np.triu(3 * rng.standard_normal((n, n)), 1),
        "rank one": lambda: np.outer(rng.standard_normal(n), rng.standard_normal(n)),
        "Jordan": lambda: np.eye(n) + np.eye(n, k=1),
        "zero": lambda: np.zeros((n, n)),
    }[kind]()


def with_property(claim, kind: str, n: int, rng: np.random.Generator) -> np.ndarray:
    if isinstance(claim, Diagonal):
        return np.diag(rng.standard_normal(n))
    if isinstance(claim, UnitInterval):
        return np.diag(rng.choice([0.0, 1.0, rng.uniform()], n))
    assert isinstance(claim, Invertible)
    return rng.standard_normal((n, n)) + 3 * np.eye(n)


def drawn(claim, kind: str, n: int, rng: np.random.Generator) -> np.ndarray:
    return matrix(kind, n, rng) if claim is None else with_property(claim, kind, n, rng)


def drawable(rule: Rule) -> bool:
    """Rules of numbers and words whose premises an instance can be drawn for; what exists is tested where it is made."""
    kinds = (Diagonal, UnitInterval, Invertible, Relational)
    return rule not in OWN_TEST and not rule.exists and all(isinstance(p.claim, kinds) for p in rule.conditions)


def instances(rule: Rule, *, seed: int = 0) -> Iterator[tuple[sp.Basic, object]]:
    """(claim, environment): random values for the variables, matrices by step where a variable stands under a binder."""
    rng = np.random.default_rng(seed)
    under = {v for binder in rule.claim.atoms(Chain, Over) for v in binder.args[0].free_symbols & rule.variables}
    without = {
        b: Letter("_") if isinstance(b, Word) else sp.Integer(1) for b in rule.claim.atoms(Chain, Over, Instance)
    }
    outside = {v for v in rule.variables if replace(rule.claim, without).has(v)}
    for kind, n, length in itertools.product(KINDS, (1, 3), (0, 1, STEPS)):
        letters, values, bindings = {}, {notation.n: n}, {}
        claims = {p.claim.args[0]: p.claim for p in rule.conditions if not isinstance(p.claim, Relational)}
        for variable in sorted(rule.variables, key=str):
            if isinstance(variable, Letter):
                draw = partial(drawn, claims.get(variable), kind, n, rng)
                if variable in under - outside - rule.fixed:
                    letters[variable.name] = Steps(np.array([draw() for _ in range(STEPS + 2)]), first=0)
                    bindings[variable] = At(variable, STEP)
                else:
                    letters[variable.name] = draw()
            elif variable.is_integer:  # a product does not start at the step that a power starts at
                values[variable] = 2 if variable == rules.a else length + (rules.a in rule.variables)
            else:
                values[variable] = abs(rng.standard_normal())
        vectors = [p for p in rule.conditions if p.over]
        if vectors:  # the norm itself and anything above it
            values[rules.c] = float(np.linalg.norm(letters["A"], 2)) * rng.uniform(1, 1.3)
        for letter in (rules.x, rules.v):  # vectors
            if letter in rule.variables:
                letters[letter.name] = rng.standard_normal((n, 1))
        where = environment(W=np.eye(n), letters=letters, values=values)
        needed = [p.claim for p in rule.conditions if isinstance(p.claim, Relational) and not p.over]
        if all(holds(claim, where) for claim in needed):
            yield replace(rule.claim, bindings), where


def holds(claim: Relational, where) -> bool:
    small, relation, large = sides(claim)
    if isinstance(small, Word):
        numbers = dict(where.letters)
        left, right = (array_of(w, numbers, where.n, lambda e: evaluate(e, where).midpoint) for w in (small, large))
        return np.allclose(left, right, rtol=1e-9, atol=1e-9)
    left, right = evaluate(small, where).midpoint, evaluate(large, where).midpoint
    slack = 1e-9 * (1 + abs(left) + abs(right))
    return abs(left - right) <= slack if relation == "=" else left <= right + slack


@pytest.mark.parametrize("rule", [rule for rule in rules.all() if drawable(rule)], ids=by_name)
def test_a_rule_holds_on_random_instances(rule: Rule) -> None:
    found = [(claim, where) for seed in range(3) for claim, where in instances(rule, seed=seed)]
    assert len(found) >= 30
    for claim, where in found:
        assert holds(claim, where), claim


FALSE = [
    Rule(name="swapped", claim=le(spectral_norm(rules.A) * spectral_norm(rules.B), spectral_norm(rules.A @ rules.B)),
         variables=frozenset({rules.A, rules.B}), reference="horn2013", place="", lemma=""),
    Rule(name="no factor n", claim=le(spectral_norm(rules.A), max_abs(rules.A)), variables=frozenset({rules.A}),
         reference="horn2013", place="", lemma=""),
    Rule(name="no root of n", claim=le(spectral_norm(rules.A), row_sum_norm(rules.A)), variables=frozenset({rules.A}),
         reference="horn2013", place="", lemma=""),
    dataclasses.replace(rules.shift_of_power, name="a power of matrices that differ", fixed=frozenset()),
    Rule(name="rows of any matrix", claim=le(max_abs(rules.D @ rules.A), max_abs(rules.D) * max_abs(rules.A)),
         variables=frozenset({rules.A, rules.D}), reference="horn2013", place="", lemma=""),
]  # fmt: skip


@pytest.mark.parametrize("rule", FALSE, ids=by_name)
def test_a_false_rule_is_caught(rule: Rule) -> None:
    assert not all(holds(claim, where) for claim, where in instances(rule))


@pytest.mark.parametrize("rule", rules.all(), ids=by_name)
def test_a_rule_has_a_reference_and_a_name_for_its_formal_statement(rule: Rule) -> None:
    assert rule.reference in set(sources.keys())
    assert rule.place
    assert rule.lemma.isidentifier()
    assert rules.get(rule.name) is rule


def test_names_of_rules_and_of_formal_statements_differ() -> None:
    assert len({rule.name for rule in rules.all()}) == len(rules.all()) > 25


@pytest.mark.usefixtures("derivations_alone")
def test_a_rule_is_symbolic_only_if_sympy_proves_it() -> None:
    def refuse() -> None:
        raise ValueError("not proved")

    claim = le(0, rules.c**2)
    given = {"claim": claim, "variables": frozenset({rules.c}), "reference": "horn2013", "place": "", "lemma": "square"}
    assert Rule(name="square", proof=lambda: None, **given).evidence.word == "symbolic"
    with pytest.raises(ValueError, match="not proved"):
        _ = Rule(name="square", proof=refuse, **given).evidence
    assert Rule(name="square", **given).evidence.word == "cited"
    assert all(type(rule.evidence).__name__ == "Textbook" for rule in rules.all() if rule.elementary and not rule.proof)
    assert isinstance(Fact("x", claim).claim, Relational)
