"""Laws of the cards: every theorem, refutation and claim is judged on the network at hand, by what it rests on."""

import pytest

from errorflow.numerics import analyze
from errorflow.theory import claims, refutations, scalar_facts, theorems

SMALL = {"steps": 12, "samples": 2}


@pytest.fixture(scope="module")
def analyses(gaussian):
    return {
        "contractive": analyze(gaussian("elman", gain=0.2), **SMALL),
        "expansive": analyze(gaussian("elman", gain=3.0), **SMALL),
        "gated": analyze(gaussian("lstm", gain=0.2), **SMALL),
        "untied": analyze(gaussian("elman", gain=0.2, steps=12), **SMALL),
    }


def status(analysis, claim: str) -> str:
    return next(row.status for row in analysis.claims if row.id == claim)


def theorem(analysis, identifier: str):
    return next(card for card in analysis.theorems if card.id == identifier)


def test_there_is_one_card_for_each(analyses) -> None:
    for analysis in analyses.values():
        assert [card.id for card in analysis.theorems] == [t.id for t in theorems.all()]
        assert [card.id for card in analysis.refutations] == [r.id for r in refutations.all()]
        assert [row.id for row in analysis.claims] == [c.id for c in claims.all()]
        assert analysis.facts == ()


def test_a_claim_holds_only_where_its_hypotheses_do(analyses) -> None:
    assert status(analyses["contractive"], "nonlinear_sufficient") == "holds"
    assert status(analyses["expansive"], "nonlinear_sufficient") == "hypothesis_not_met"
    assert status(analyses["gated"], "nonlinear_sufficient") == "not_applicable"
    assert status(analyses["gated"], "linear_sufficient") == "not_applicable"


def test_a_bound_is_claimed_whether_or_not_it_falls(analyses) -> None:
    assert status(analyses["contractive"], "row_sum_bound") == status(analyses["expansive"], "row_sum_bound") == "holds"


def test_what_is_refuted_is_refuted_on_every_network(analyses) -> None:
    judged = {c.id for c in claims.all() if c.judge == "refutation"}
    for analysis in analyses.values():
        assert {row.id for row in analysis.claims if row.status == "refuted"} == judged


def test_a_refutation_shows_two_numbers_for_which_the_claim_is_false(analyses) -> None:
    holds = {"<": float.__lt__, "<=": float.__le__, ">": float.__gt__, ">=": float.__ge__, "==": float.__eq__}
    for card in analyses["contractive"].refutations:
        assert not holds[card.relation.rel_op](card.found, card.claimed) or card.found == pytest.approx(card.claimed)
        assert card.grade == ("kernel-checked" if card.formal else "symbolic")
        assert card.what
        assert card.truth


def test_a_theorem_of_another_form_says_nothing_about_a_gated_cell(analyses) -> None:
    card = theorem(analyses["gated"], "sharp_uniform")
    assert not card.applies
    assert card.hypotheses == ()
    assert "another form" in card.conclusion[0].text
    assert theorem(analyses["gated"], "block_spectral_norm").applies


def test_uniform_vanishing_decides_nothing_where_no_rate_below_one_is_left(analyses) -> None:
    (margin,) = {
        h.margin
        for h in theorem(analyses["expansive"], "uniform_vanishing").hypotheses
        if h.scope == "all_inputs" and h.id.endswith(".rate")
    }
    assert margin < 0
    for name, said in (
        ("expansive", "decides nothing here: gamma*joint_spectral_radius(W) < 1"),
        ("contractive", "holds here"),
    ):
        card = theorem(analyses[name], "uniform_vanishing")
        assert all(conclusion.text.startswith(said) for conclusion in card.conclusion), card.conclusion
        assert {h.statement for h in card.hypotheses if h.id == "slopes_nonnegative"} == {
            "beta >= 0 (no slope is negative)"
        }


def test_the_numerical_radius_of_untied_copies_is_unknown(analyses) -> None:
    """A shared W with w(W) <= 1 keeps every product below 2; copies of numerical radius 1 can explode."""
    found = {h.id: h.status for h in theorem(analyses["untied"], "sharp_uniform").hypotheses}
    assert found["scaled_numerical_radius.rate"] == "unknown"
    found = {h.id: h.status for h in theorem(analyses["untied"], "pascanu2013_spectral_norm").hypotheses}
    assert found["pascanu_spectral_norm.rate"] == "met"


def test_a_card_shows_the_derivation_that_was_checked(analyses) -> None:
    for card in analyses["contractive"].theorems:
        shipped = theorems.get(card.id)
        assert len(card.steps) == shipped.derivation.steps
        assert [g.name for g in card.given] == [fact.name for fact in shipped.given]
        assert card.grade == str(shipped.grade)


def test_a_step_by_a_given_fact_says_so_and_one_by_a_theorem_has_its_grade(analyses) -> None:
    steps = {step.rule: step.grade for step in theorem(analyses["contractive"], "hochreiter1991_entry").steps}
    assert steps["slopes are at most gamma"] == "symbolic (given)"
    assert steps["entries of a product"] == "kernel-checked"
    assert steps["algebra"] == "symbolic"
    steps = {step.rule: step.grade for step in theorem(analyses["contractive"], "sharp_numerical_radius").steps}
    assert steps["Ando's theorem"] == "cited"


def test_facts_are_proved_when_they_are_asked_for(gaussian) -> None:
    analysis = analyze(gaussian("elman"), facts=True, **SMALL)
    assert [row.id for row in analysis.facts] == [fact.id for fact in scalar_facts.all()]
    assert {row.grade for row in analysis.facts} == {"symbolic", "kernel-checked"}
    assert all(any(f.printed for f in row.formal) == (row.grade == "kernel-checked") for row in analysis.facts)
