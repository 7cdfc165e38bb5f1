"""Planted mistakes: each is rejected, with the lemma, the line and a reason that a person understands."""

import dataclasses

import pytest

from errorflow.theory import theorems
from errorflow.theory.bounds.setting import FIRST, D, W, gamma, k, slopes, t
from errorflow.theory.calculus import (
    STEP,
    Calculation,
    Combination,
    Derivation,
    Fact,
    Line,
    Rejection,
    le,
    product_over,
    rules,
)
from errorflow.theory.notation import n
from errorflow.theory.quantities import jacobian_norm, max_abs, row_sum_norm, spectral_norm
from errorflow.theory.theorem import Theorem

PASCANU = theorems.get("pascanu2013_spectral_norm")
HOCHREITER = theorems.get("hochreiter1991_entry")
SCALED = theorems.get("scaled_product")
SHARP = theorems.get("sharp_certificate")
step, norm = D[STEP], spectral_norm(W)


def over_steps(body, first=FIRST, last=t):
    return product_over(body, first, last)


def with_line(theorem: Theorem, number: int, lemma: str = "conclusion", **change) -> Derivation:
    """The derivation of a theorem with one line of one of its calculations altered."""

    def altered(found):
        if found.name != lemma:
            return found
        line = dataclasses.replace(found.lines[number - 1], **change)
        return dataclasses.replace(found, lines=(*found.lines[: number - 1], line, *found.lines[number:]))

    return Derivation(theorem.given, tuple(map(altered, theorem.derivation.lemmas)), theorem.derivation.random)


def without(theorem: Theorem, name: str) -> Derivation:
    """The derivation of a theorem without one of the facts that are given."""
    return Derivation([fact for fact in theorem.given if fact.name != name], theorem.derivation.lemmas)


def with_given(theorem: Theorem, name: str, fact: Fact) -> Derivation:
    return Derivation([fact if one.name == name else one for one in theorem.given], theorem.derivation.lemmas)


MISTAKES = {
    "a wrong exponent": (
        with_line(PASCANU, 6, expression=(gamma * norm) ** (k + 1)),
        (
            "conclusion",
            6,
            r"constant product: gives \(gamma\*spectral_norm\(W\)\)\*\*k, but the line states .*\*\*\(k \+ 1\)",
        ),
    ),
    "a dropped factor": (
        with_line(HOCHREITER, 1, expression=over_steps(max_abs(step @ W))),
        ("conclusion", 1, r"entries of a product: gives n\*\*\(k - 1\)\*product.*, but the line states product"),
    ),
    "a swapped product": (
        with_line(PASCANU, 2, expression=over_steps(spectral_norm(W @ step))),
        (
            "conclusion",
            2,
            r"norm of a product: gives product.*\(D_\(tau\) W\)\), but the line states product.*\(W D_\(tau\)\)",
        ),
    ),
    "another norm": (
        with_line(PASCANU, 2, expression=over_steps(row_sum_norm(step @ W))),
        ("conclusion", 2, r"norm of a product: gives .*spectral_norm.*, but the line states .*row_sum_norm"),
    ),
    "a norm that is no maximum of entries": (
        with_line(PASCANU, 4, expression=over_steps(max_abs(step) * max_abs(W))),
        (
            "conclusion",
            4,
            r"norm of a diagonal matrix: gives .*max_abs\(W\)\*spectral_norm\(D_\(tau\)\).*, but the line states",
        ),
    ),
    "a shifted index": (
        with_line(PASCANU, 2, expression=over_steps(spectral_norm(step @ W), FIRST + 1)),
        (
            "conclusion",
            2,
            r"norm of a product: gives product\[t-k\+1\.\.t\].*, but the line states product\[t-k\+2\.\.t\]",
        ),
    ),
    "an inverted gamma": (
        with_line(PASCANU, 5, expression=over_steps(norm / gamma)),
        ("conclusion", 5, r"needs 0 < gamma, which is not established"),
    ),
    "a dropped hypothesis": (
        without(PASCANU, "slopes are diagonal"),
        ("conclusion", 4, r"norm of a diagonal matrix: needs that D_\(tau\) is diagonal, which is not established"),
    ),
    "a bound on slopes dropped": (
        without(PASCANU, "slopes are at most gamma"),
        ("conclusion", 5, "there is no fact 'slopes are at most gamma' before this line"),
    ),
    "a sign dropped": (
        without(SHARP, "rate is positive"),
        ("step", 1, "needs 0 < r, which is not established"),
    ),
    "another rule": (
        with_line(PASCANU, 3, by=rules.triangle),
        ("conclusion", 3, "triangle inequality: does not apply to product.* in the direction <="),
    ),
    "an inequality that turns around": (
        with_line(PASCANU, 2, relation=">="),
        ("conclusion", 0, "the lines go in both directions, which concludes nothing"),
    ),
    "an inequality as an equality": (
        with_line(PASCANU, 5, relation="="),
        ("conclusion", 5, "slopes are at most gamma: does not apply to product.* in the direction ="),
    ),
    "a fact about one step under the product over all steps": (
        with_given(PASCANU, slopes.name, Fact(slopes.name, le(max_abs(D[t]), gamma))),
        ("conclusion", 5, "slopes are at most gamma: is a fact about one step t and cannot be used for the others"),
    ),
    "a negative multiple": (
        Derivation((Fact("one unit", le(1, n)),), (Combination("end", le(n, 1), ((-1, "one unit"),)),)),
        ("end", 1, "multiple of 'one unit': needs 0 <= -1, which is not established"),
    ),
    "a fact that nothing needs": (
        Derivation((*PASCANU.given, Fact("lag", le(1, k))), PASCANU.derivation.lemmas),
        ("conclusion", 0, "the fact 'lag' is stated and never used"),
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_rejected_with_its_lemma_line_and_reason(mistake) -> None:
    derivation, (lemma, line, reason) = MISTAKES[mistake]
    with pytest.raises(Rejection, match=reason) as found:
        _ = derivation.proof
    assert (found.value.lemma, found.value.line) == (lemma, line)
    assert str(found.value).startswith(f"line {line} of {lemma!r}: " if line else f"lemma {lemma!r}: ")


def test_a_missing_last_step_is_noticed_by_the_theorem() -> None:
    conclusion = PASCANU.derivation.lemmas[0]
    shorter = Derivation(PASCANU.given, (dataclasses.replace(conclusion, lines=conclusion.lines[:-1]),))
    assert shorter.proof.conclusion.claim == le(jacobian_norm(k), over_steps(gamma * norm))
    with pytest.raises(
        ValueError, match=r"the derivation of 'pascanu2013_spectral_norm' concludes .*, the theorem says"
    ):
        dataclasses.replace(PASCANU, derivation=shorter, conclusion=None).check()


def test_a_conclusion_that_is_weaker_than_the_theorem_is_noticed() -> None:
    stated = dataclasses.replace(PASCANU.bound, rate=gamma * norm / 2)
    with pytest.raises(ValueError, match="concludes"):
        dataclasses.replace(PASCANU, bound=stated, conclusion=None).check()


def test_the_same_chain_without_a_mistake_is_accepted() -> None:
    for theorem in (PASCANU, HOCHREITER, SCALED, SHARP):
        theorem.check()
    assert Derivation(PASCANU.given, PASCANU.derivation.lemmas).proof.conclusion.claim == PASCANU.conclusion


def test_a_fact_about_one_step_serves_that_step_alone() -> None:
    one = Fact("now", le(max_abs(D[t]), gamma))
    serves = Calculation("end", max_abs(D[t]) * norm, (Line("<=", gamma * norm, "now"),))
    assert Derivation((one,), (serves,)).proof.conclusion.claim == le(max_abs(D[t]) * norm, gamma * norm)
    before = Calculation("end", max_abs(D[t - 1]) * norm, (Line("<=", gamma * norm, "now"),))
    with pytest.raises(Rejection, match="is a fact about one step t and cannot be used for the others"):
        _ = Derivation((one,), (before,)).proof
