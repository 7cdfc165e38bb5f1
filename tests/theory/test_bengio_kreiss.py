"""Laws of the theorems of Bengio, Pascanu and Kreiss: each derivation is checked, and no falsehood near it is accepted."""

import dataclasses
from typing import Any

import pytest
import sympy as sp

from errorflow.theory import cells, sources, theorems
from errorflow.theory.activations import Identity
from errorflow.theory.bounds import linear_letters
from errorflow.theory.bounds.setting import W, gamma, i, k, t
from errorflow.theory.calculus import Derivation, Fact, Rejection, ge, le, lt
from errorflow.theory.calculus.facts import sides
from errorflow.theory.calculus.words import replace
from errorflow.theory.evidence import Graph
from errorflow.theory.language import Cell
from errorflow.theory.quantities import jacobian_norm, spectral_norm, spectral_radius
from errorflow.theory.theorem import Theorem, add_evidence
from errorflow.theory.theorems import bengio1994, kreiss, pascanu2013

NEW = [
    bengio1994.contraction,
    bengio1994.noise_ball,
    bengio1994.latching,
    bengio1994.minimal_latch,
    bengio1994.vanishing,
    pascanu2013.necessary,
    pascanu2013.linear,
    pascanu2013.linear_necessary,
    pascanu2013.linear_growth,
    kreiss.lower,
    kreiss.upper,
]
RATE = gamma * spectral_norm(W)


def by_id(theorem: Theorem) -> str:
    return theorem.id


@pytest.mark.parametrize("theorem", NEW, ids=by_id)
def test_the_derivation_ends_with_the_conclusion_for_all_cases(theorem) -> None:
    theorem.check()
    assert theorem.derivation.proof.conclusion.when == ()
    assert theorems.get(theorem.id) is theorem


@pytest.mark.usefixtures("derivations_alone")
@pytest.mark.parametrize("theorem", NEW, ids=by_id)
def test_only_the_upper_half_of_kreiss_cites_a_theorem(theorem) -> None:
    graph = Graph()
    grade = graph.grade(add_evidence(graph, theorem))
    cited = theorem is kreiss.upper
    assert grade.word == ("cited" if cited else "symbolic")
    if cited:
        assert grade.weakest == ("rule:resolvent integral with Spijker's lemma",)


@pytest.mark.parametrize("theorem", NEW, ids=by_id)
def test_a_text_that_was_not_read_is_not_told_as_read(theorem) -> None:
    if sources.source(theorem.citation).reading != "read":
        assert "recalled" in theorem.version


# Planted falsehoods: what the derivation must not give


def without(theorem: Theorem, *names: str) -> Derivation:
    return dataclasses.replace(
        theorem.derivation, given=tuple(fact for fact in theorem.given if fact.name not in names)
    )


def with_given(theorem: Theorem, name: str, **changes: Any) -> Derivation:
    given = tuple(dataclasses.replace(fact, **changes) if fact.name == name else fact for fact in theorem.given)
    assert given != theorem.given
    return dataclasses.replace(theorem.derivation, given=given)


def with_lemma(theorem: Theorem, name: str, **changes: Any) -> Derivation:
    derivation = theorem.derivation
    lemmas = tuple(
        dataclasses.replace(lemma, **changes) if lemma.name == name else lemma for lemma in derivation.lemmas
    )
    assert lemmas != derivation.lemmas
    return dataclasses.replace(derivation, lemmas=lemmas)


def derived(theorem: Theorem, *pairs: tuple[Any, Any]) -> Derivation:
    """The derivation with expressions exchanged in its lemmas, wherever they stand."""
    mapping = dict(pairs)

    def moved(value: Any) -> Any:
        if isinstance(value, sp.Basic):
            return replace(value, mapping)
        if isinstance(value, tuple):
            return tuple(map(moved, value))
        if isinstance(value, dict):
            return {key: moved(part) for key, part in value.items()}
        if dataclasses.is_dataclass(value) and type(value).__name__ == "Line":
            return dataclasses.replace(value, expression=moved(value.expression), using=moved(value.using))
        return value

    lemmas = []
    for lemma in theorem.derivation.lemmas:
        fields = {
            f.name: moved(getattr(lemma, f.name)) for f in dataclasses.fields(lemma) if f.name not in ("over", "rule")
        }
        lemmas.append(dataclasses.replace(lemma, **fields))
    found = dataclasses.replace(theorem.derivation, lemmas=tuple(lemmas))
    assert found != theorem.derivation
    return found


b, p, kr = bengio1994, pascanu2013, kreiss
X, Y = b.X, b.Y
GAP = spectral_norm(X[t] - Y[t])
FALSEHOODS = {
    "contraction, one factor more": with_lemma(
        b.contraction, "conclusion", claim=le(GAP, RATE ** (k + 1) * spectral_norm(X[t - k] - Y[t - k]))
    ),
    "contraction, slopes bounded at one step only": with_given(b.contraction, b.slopes.name, over=()),
    "contraction, slopes that are no diagonal": without(b.contraction, b.diagonal.name),
    "contraction, difference known at one step only": with_given(
        b.contraction, b.increments.name, claim=b.increments.claim.xreplace({i: t}), over=()
    ),
    "contraction, no gamma": derived(b.contraction, (gamma, sp.Integer(1))),
    "noise ball, noise of d": with_given(
        b.noise_ball, "noise is small", claim=le(spectral_norm(b.U[i]), b.d)
    ),
    "noise ball, start anywhere": without(b.noise_ball, "the start is within d"),
    "noise ball, noise bounded at one step": with_given(
        b.noise_ball, "noise is small", claim=le(spectral_norm(b.U[t]), (1 - RATE) * b.d), over=()
    ),
    "noise ball, half the radius": with_lemma(b.noise_ball, "conclusion", claim=le(GAP, b.d / 2)),
    "latching, slopes bounded outside of nothing": with_lemma(b.latching, "one step", when=()),
    "latching, start anywhere": without(b.latching, "the start is within d of the point"),
    "latching, inputs of d": with_given(
        b.latching, "inputs are small", claim=le(gamma * spectral_norm(b.N[i]), b.d)
    ),
    "latching, slopes only where twice as near": with_given(
        b.latching,
        "mean slopes are at most gamma near the point",
        when=(le(spectral_norm(X[i - 1] - b.y), b.d / 2),),
    ),
    "minimal latch, any weight": with_given(b.minimal_latch, "the weight is above 1", claim=lt(0, b.w)),
    "minimal latch, inputs of -2 h*": with_given(
        b.minimal_latch, "inputs are at least -h*", claim=ge(b.Form(b.h[i]), -2 * b._critical)
    ),
    "minimal latch, start at 0": with_given(
        b.minimal_latch, "the start is at least X", claim=ge(b.Form(b.x[t - k]), 0)
    ),
    "vanishing, one bound for one step": with_given(
        b.vanishing, "norm of a step Jacobian", claim=le(spectral_norm(b.J[t]), b.step_norm()), over=()
    ),
    "vanishing, each step below 1 and no common bound": with_given(
        b.vanishing, "norm of a step Jacobian", claim=lt(spectral_norm(b.J[i]), 1)
    ),
    "necessary, twice the norm": with_given(p.necessary, "gamma ||W|| is at most 1", claim=le(RATE, 2)),
    "linear, the radius itself as the rate": derived(p.linear, (p._middle, spectral_radius(W))),
    "linear, any radius": without(p.linear, "the spectral radius is below 1"),
    "linear, radius 1": with_given(p.linear, "the spectral radius is below 1", claim=le(spectral_radius(W), 1)),
    "linear, no supremum of powers": with_lemma(
        p.linear, "conclusion", claim=le(jacobian_norm(k), p._middle**k)
    ),
    "linear, one factor more": with_lemma(
        p.linear, "conclusion", claim=le(jacobian_norm(k), p.linear.bound.constant * p._middle ** (k + 1))
    ),
    "linear necessary, r = 1": with_given(p.linear_necessary, "r is above 1", claim=le(1, p._r)),
    "linear growth, from above": with_lemma(
        p.linear_growth, "conclusion",
        lines=tuple(dataclasses.replace(x, relation="<=") if x.relation == ">=" else x
                    for x in p.linear_growth.derivation.lemmas[-1].lines),
    ),
    "Kreiss, the other direction": with_lemma(kr.lower, "conclusion", claim=le(kr._supremum, kr._constant)),
    "Kreiss, half of the supremum": with_lemma(kr.lower, "conclusion", claim=le(kr._constant, kr._supremum / 2)),
    "Kreiss, |z| in place of |z| - 1": derived(kr.lower, (kr._margin, sp.Abs(kr.z))),
    "Kreiss, any radius": without(kr.lower, "the spectral radius is below 1"),
    "Kreiss, |z| = 1": derived(kr.lower, (kr._case[0], le(1, sp.Abs(kr.z)))),
    "Kreiss upper, no n": derived(kr.upper, (kr.n, sp.Integer(1))),
    "Kreiss upper, 2 for e": derived(kr.upper, (sp.E, sp.Integer(2))),
    "Kreiss upper, any radius": without(kr.upper, "the spectral radius is below 1"),
    "Kreiss upper, on the unit circle": derived(kr.upper, (kr._length, sp.Integer(1))),
}  # fmt: skip


@pytest.mark.parametrize("name", FALSEHOODS)
def test_a_planted_falsehood_is_rejected(name) -> None:
    with pytest.raises(Rejection):
        _ = FALSEHOODS[name].proof


def test_what_a_rejection_says() -> None:
    reasons = {}
    for name, derivation in FALSEHOODS.items():
        with pytest.raises(Rejection) as error:
            _ = derivation.proof
        reasons[name] = str(error.value)
    for name, part in {
        "contraction, slopes bounded at one step only": "which is about one i",
        "contraction, difference known at one step only": "is a fact about one step t and cannot be used for the others",
        "contraction, slopes that are no diagonal": "needs that S_i is diagonal, which is not established",
        "noise ball, half the radius": "is not the combination",
        "noise ball, start anywhere": "there is no fact 'the start is within d'",
        "latching, slopes bounded outside of nothing": "'one step from inside' needs",
        "latching, start anywhere": "needs spectral_norm(X_(t-k) - y) <= d, which is not established",
        "minimal latch, any weight": "needs w > 1, which is not established",
        "vanishing, one bound for one step": "is a fact about one step t and cannot be used for the others",
        "linear, any radius": "needs spectral_radius(W) < spectral_radius(W)/2 + 1/2, which is not established",
        "linear growth, from above": "does not apply to spectral_norm(W^k) in the direction <=",
        "Kreiss, the other direction": "does not conclude power_supremum(W) <= kreiss_constant(W)",
        "Kreiss, any radius": "needs spectral_radius(W) < 1, which is not established",
    }.items():
        assert part in reasons[name], reasons[name]


def test_a_used_theorem_keeps_what_it_needs() -> None:
    theorem = dataclasses.replace(p.necessary, derivation=without(p.necessary, "slopes are diagonal"))
    with pytest.raises(ValueError, match="needs or says something else"):
        theorem.check()


# On cells


def test_theorems_about_linear_networks_are_about_no_others() -> None:
    linear = cells.get("elman", activation=Identity())
    renamed = Cell("lstm", linear.update)
    assert linear_letters(linear) == linear_letters(renamed) == {W: W}
    assert all(linear_letters(cells.get(name)) is None for name in cells.names())
    assert p.linear.instantiate(linear).id == "spectral_radius"
    assert p.linear.instantiate(cells.get("elman")) is None
    assert p.linear_growth.conditions(cells.get("elman")) is None


@pytest.mark.parametrize("name", cells.names())
def test_vanishing_under_one_bound_is_about_every_cell(name) -> None:
    bound = b.vanishing.instantiate(cells.get(name))
    assert (bound.constant, str(bound.decision.relation)) == (1, "step_norm() < 1")


def test_hypotheses_of_a_derivation_are_asked() -> None:
    for theorem in (p.necessary, p.linear, p.linear_necessary, kr.lower, kr.upper):
        said = [sides(fact.claim) for fact in theorem.given if isinstance(fact, Fact) and hasattr(fact.claim, "rel_op")]
        assert any(sides(h.relation) in said for h in theorem.hypotheses)
