"""Laws of the claims: every published sentence has a source that exists and a judge that exists."""

import dataclasses

import pytest

from errorflow.theory import claims, refutations, sources, theorems

JUDGES = {"theorem": theorems.all, "refutation": refutations.all}
every = pytest.mark.parametrize("claim", claims.all(), ids=lambda claim: claim.id)


def test_identifiers_are_unique() -> None:
    found = [claim.id for claim in claims.all()]
    assert len(set(found)) == len(found)


@every
def test_the_source_exists_or_the_claim_is_a_common_belief(claim) -> None:
    if claim.citation is None:
        assert (claim.place, claim.source) == ("common belief", None)
    else:
        assert claim.source == sources.source(claim.citation)


@every
def test_the_judge_exists(claim) -> None:
    assert claim.judged_by in {judge.id for judge in JUDGES[claim.judge]()}


@every
def test_a_claim_is_a_sentence_with_its_place_and_version(claim) -> None:
    assert claim.sentence.endswith(".")
    assert claim.place
    assert claim.version


@every
def test_a_text_that_was_not_read_is_not_told_as_read(claim) -> None:
    if claim.source is None or claim.source.reading == "read":
        return
    words = {"recalled": ("recalled", "in part"), "abstract": ("abstract",)}[claim.source.reading]
    assert any(word in claim.version for word in words)


@every
def test_a_refuted_sentence_and_its_refutation_are_about_one_text(claim) -> None:
    if claim.judge == "refutation":
        cited = refutations.get(claim.judged_by).citation
        assert cited in (None, claim.citation)


def test_every_refutation_judges_a_claim() -> None:
    judged = {claim.judged_by for claim in claims.all() if claim.judge == "refutation"}
    assert {refutation.id for refutation in refutations.all()} <= judged


def test_both_camps_of_the_question_are_there() -> None:
    cited = {claim.citation for claim in claims.all()}
    assert {
        "hochreiter1997",
        "bengio1994",
        "pascanu2013",
        "hochreiter2001",
        "schaefer2008",
        "yildiz2012",
        None,
    } <= cited


def test_a_judge_is_a_theorem_or_a_refutation() -> None:
    with pytest.raises(ValueError, match="judge must be one of theorem, refutation, got 'opinion'"):
        dataclasses.replace(claims.all()[0], judge="opinion")
