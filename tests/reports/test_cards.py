"""The cards of theorems, refutations and claims: complete, honest about what was read, and short."""

import copy
import re
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest

from errorflow.reports.document import formula, validate
from errorflow.reports.html import render
from errorflow.reports.judgements import CLAIMS, apart, short, tally
from errorflow.reports.phrases import phrase, prose
from errorflow.reports.proofs import chains, remark

Document = dict[str, Any]
Sample = Callable[[str], Document]


def _part(page: str, identifier: str, tag: str) -> str:
    """The words of one element."""
    found = re.search(rf'<{tag}[^>]* id="{identifier}".*?</{tag}>', page, re.DOTALL)
    assert found is not None, identifier
    blocks = re.sub(r"</?(?:p|div|dl|dt|dd|li|td|th|tr|h\d|summary)[ >]", r"\n\g<0>", found.group())
    return " ".join(unescape(re.sub(r"<[^>]+>", "", blocks)).replace("\u2062", "").split())


# --- theorems ---------------------------------------------------------------------------------------------
def test_a_grade_names_its_textbook_rules_or_what_is_to_blame(sample: Sample) -> None:
    page = render(sample("elman"))
    first = _part(page, "theorem-pascanu_spectral_norm", "article")
    assert "symbolic, from 3 textbook rules Textbook rules: norm of a product, norm of a diagonal matrix." in first
    assert "because of" not in first
    assert "cited because of Ando's theorem" in _part(page, "theorem-smallest_gain", "article")
    assert '<a href="#node-rule-Ando-s-theorem">' in page


def test_a_proof_is_folded_and_grouped_by_lemma(sample: Sample) -> None:
    page = render(sample("elman"))
    card = page[page.index('id="theorem-pascanu_spectral_norm"') :]
    proof = card[card.index("<details><summary>Proof, 3 steps") :]
    assert re.findall(r"<h4>([^<]*)</h4>", proof[: proof.index("</details>")]) == ["one step", "conclusion"]
    assert "norm of a product textbook rule" in _part(page, "theorem-pascanu_spectral_norm", "article")


def test_a_chain_does_not_repeat_its_left_sides() -> None:
    steps = [
        {"lemma": "l", "rule": r, "grade": "symbolic", "formula": formula(tex)}
        for r, tex in (("first", r"a \le b"), ("second", "b = c"), ("third", "d = e"))
    ]
    (chain,) = chains(steps)
    assert chain.start is not None
    assert chain.start["mathml"] == "<math><mi>a</mi></math>"
    shown = [re.sub(r"<[^>]+>", "", line.formula["mathml"]) for line in chain.lines]
    assert shown == ["≤b", "=c", "d=e"]
    assert chains(steps[:1])[0].start is None, "a single step stays whole"


def test_what_is_given_stands_on_the_card_or_once_for_all_cards(sample: Sample) -> None:
    page = render(sample("elman"))
    assert page.count('id="givens"') == 1
    shared = page[page.index("What several derivations take for granted") :]
    assert "for all i" in shared[: shared.index("</details>")], "the quantifier, which the formula does not show"
    card = page[page.index('id="theorem-smallest_gain"') :]
    given = card[card.index("Given: 2 facts") :]
    given = given[: given.index("</details>")]
    assert '<a href="#givens">As in other derivations</a>: slopes are at most γ' in given
    assert "rate is positive" in given


def test_theorems_about_other_cells_are_short_and_folded(sample: Sample) -> None:
    page = render(sample("elman"))
    fold = page.index("Theorems that say nothing about this cell (1)")
    assert fold > page.index('id="theorem-smallest_gain"')
    entry = _part(page, "theorem-block_comparison", "article")
    assert page.index('id="theorem-block_comparison"') > fold
    assert "Blocks of a gated cell" in entry
    assert "its text was read" in entry.lower()
    assert "Proof" not in entry


def test_a_document_without_the_newer_keys_still_has_its_cards(sample: Sample) -> None:
    document = sample("elman")
    for theorem in document["theorems"]:
        del theorem["given"], theorem["applies"]
        theorem["steps"] = [{key: step[key] for key in ("rule", "formula", "grade")} for step in theorem["steps"]]
    validate(document)
    assert "Proof, 3 steps" in render(document)


# --- refutations ------------------------------------------------------------------------------------------
def test_a_false_claim_is_struck_out_and_called_false_in_words(sample: Sample) -> None:
    page = render(sample("elman"))
    assert re.search(r"False:</span> <s>If ρ\(W\) &lt; 1/γ, .* tends to zero\.</s>", page)
    card = _part(page, "refutation-radius_alone", "article")
    source = "Pascanu et al. 2013, eq. (5); cited from memory; the wording is not confirmed. ICML 2013."
    assert f"A common belief about tanh. {source}" in card
    assert "For the reading with the largest eigenvalue." in card
    assert "Theorem: Vanishing from the spectral norm" in card


def test_the_numbers_that_clash_have_the_digits_that_tell_them_apart(sample: Sample) -> None:
    card = _part(render(sample("elman")), "refutation-radius_alone", "article")
    assert "Found 1.00001 Claimed ≤ 1 Exactly, and false" in card
    assert "spectral radius of W: 0<1" in card
    assert "W = [24−1−2] slopes = [11100] repeats = 4" in card, "matrices first"
    assert [str(number) for number in apart(512.0, 1.0)] == ["512", "1"]
    assert [str(number) for number in apart("Infinity", 1)] == ["∞", "1"]
    assert [str(number) for number in apart(0.5, 0.5)] == ["0.5", "0.5"]


def test_the_snippet_is_folded_code(sample: Sample) -> None:
    page = render(sample("elman"))
    assert '<summary>Reproduce it in Python</summary><pre tabindex="0"><code>import numpy as np\n' in page


# --- facts ------------------------------------------------------------------------------------------------
def test_facts_are_folded_with_their_conditions_and_may_be_absent(sample: Sample) -> None:
    document = sample("elman")
    section = _part(render(document), "facts", "section")
    assert "One fact" in section
    assert "A weight below 4 makes the error flow shrink. symbolic" in section
    assert "where |w| < 4" in section
    del document["facts"]
    validate(document)
    assert 'id="facts"' not in render(document)


# --- claims -----------------------------------------------------------------------------------------------
def test_every_claim_has_a_status_in_words_a_reason_and_a_link_to_its_judge(sample: Sample) -> None:
    document = sample("elman")
    page = render(document)
    table = page[page.index('<section id="claims"') : page.index('<section id="theorems"')]
    for status, words in CLAIMS.items():
        assert table.count(f"</svg>{words}</span>") == sum(c["status"] == status for c in document["claims"])
    assert table.count('<a href="#theorem-') == 4
    assert table.count('<a href="#refutation-radius_alone">A spectral radius below one is enough</a>') == 2
    assert table.index("Holds here (1)") < table.index("a hypothesis is not met here (1)") < table.index("Refuted (2)")
    assert "A common belief." in table
    assert '<a href="#source-pascanu2013">Pascanu et al. 2013</a>, eq. (5); its text was read.' in table
    sources = page[page.index('<section id="sources"') :]
    assert "On the difficulty of training. ICML." in sources[: sources.index("</section>")]


def test_a_condition_in_a_reason_is_a_formula(sample: Sample) -> None:
    page = render(sample("elman"))
    assert re.search(r"γ</mi><mi>W</mi></math><wbr><math><mo[^>]*>&lt;</mo><mn>1</mn></math>: the left side", page)


def test_a_quantity_in_a_reason_is_a_formula(sample: Sample) -> None:
    """A condition names its left side too, which a sentence gives with a number instead of the bound."""
    document = sample("elman")
    text = "gamma*certificate_rate(W) < 1"
    document["theorems"][0]["hypotheses"][0] |= {
        "statement": text,
        "formula": formula(r"\gamma r(W) < 1") | {"text": "\\" + text},
    }
    document["verdicts"][0]["reason"] = "nearest is gamma*certificate_rate(W) = 2.026, needs < 1"
    page = render(document)
    assert re.search(r"Nearest is <math><mi>γ</mi><mi>r</mi>.*?</math> = 2.026, needs &lt; 1", page)


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        (r"beta >= 0 (no slope is negative)", "no slope is negative"),
        ("beta >= 0", ""),
        ("another name", "another name"),
    ],
)
def test_a_hypothesis_is_explained_beside_its_formula(statement: str, said: str) -> None:
    assert remark({"statement": statement, "formula": {"text": r"\beta >= 0"}}) == said


def test_the_tally_counts_what_there_is() -> None:
    listed = [{"status": status} for status in ("holds", "holds", "hypothesis_not_met", "undecided", "refuted")]
    assert tally(listed) == "2 hold here, 1 has a hypothesis that is not met here, 1 undecided, 1 refuted"
    assert tally([]) == ""


def test_the_terminal_counts_the_claims(sample: Sample, capsys: pytest.CaptureFixture[str]) -> None:
    from errorflow.reports.terminal import print_verdicts

    print_verdicts(sample("elman"))
    assert "claims: 1 holds here, 1 has a hypothesis that is not met here" in capsys.readouterr().out
    document = sample("elman")
    document["claims"] = []
    print_verdicts(document)
    assert "claims" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("citation", "words"),
    [
        ("Hochreiter, Sepp; Schmidhuber, Jürgen (1997). Long Short-Term Memory.", "Hochreiter & Schmidhuber 1997"),
        ("Yildiz, Izzet B. (2012). Title.", "Yildiz 2012"),
        ("A, B; C, D; E, F (2001a). T.", "A et al. 2001a"),
        ("a text without a year", "a text without a year"),
    ],
)
def test_a_short_citation_has_names_and_year(citation: str, words: str) -> None:
    assert short(citation) == words


# --- sentences --------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("plain", "shown"),
    [
        ("dh_T/dh_0 = J_T ... J_1", "dh<sub>T</sub>/dh<sub>0</sub> = J<sub>T</sub> ... J<sub>1</sub>."),
        ("a common slip", "A common slip."),
        ("mu(M_t) <= -eps ||M||^2 / 2", "μ(M<sub>t</sub>) ≤ −ε ‖M‖<sup>2</sup> / 2."),
        ("|f'_max| of w_{hh} and W^T", "|f&#39;<sub>max</sub>| of w<sub>hh</sub> and W<sup>⊤</sup>."),
        ("n^(q-1) paths -> 0", "n<sup>q−1</sup> paths → 0."),
        ("J(t, t-k) of lag 10^-4", "J(t, t−k) of lag 10<sup>−4</sup>."),
        ("run --seed 0 on weight_ih_l0", "Run --seed 0 on weight_ih_l0."),
        ("x-ray <b> of 2-norm", "x-ray &lt;b&gt; of 2-norm."),
        ("sigma_min(W) is not signature", "σ<sub>min</sub>(W) is not signature."),
    ],
)
def test_mathematics_in_a_sentence_is_typeset(plain: str, shown: str) -> None:
    assert str(prose(plain)) == shown


def test_known_conditions_become_formulas_and_the_rest_stays_text() -> None:
    from markupsafe import Markup

    known = {"a < 1": Markup("<math><mi>a</mi></math>")}
    assert str(phrase("a < 1 & b < 1", known)) == "<math><mi>a</mi></math> &amp; b &lt; 1"


# --- schema -----------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("claims", 1, "status"), "true"),
        (("claims", 1, "judge"), "referee"),
        (("claims", 1, "source", "reading"), "skimmed"),
        (("claims", 1, "source"), "Pascanu"),
        (("refutations", 0, "status"), "holds"),
        (("refutations", 0, "found"), "large"),
        (("refutations", 0, "premises", 0, "words"), None),
        (("refutations", 0, "source", "reading"), None),
        (("refutations", 0, "example", "W"), [[2, 4], [-1, -2]]),
        (("theorems", 0, "given", 0, "name"), 1),
        (("theorems", 0, "steps", 0, "lemma"), 1),
        (("theorems", 0, "applies"), "yes"),
        (("graph", "nodes", 0, "kind"), "claim"),
    ],
)
def test_the_new_lists_are_checked(sample: Sample, place: tuple[Any, ...], value: Any) -> None:
    document = sample("elman")
    node: Any = document
    for step in place[:-1]:
        node = node[step]
    node[place[-1]] = value
    with pytest.raises(ValueError, match=rf"^the analysis document has .* at {place[0]}.*; allowed is "):
        validate(document)


def test_a_common_belief_has_no_source(sample: Sample) -> None:
    document = sample("elman")
    document["refutations"][0]["source"] = None
    changed = copy.deepcopy(document)
    validate(changed)
    assert "A common belief about tanh. For the reading" in _part(
        render(document), "refutation-radius_alone", "article"
    )


PROOF = {
    "name": "theorem_x",
    "statement": "forall (R : rcfType) (x : R),\n0 <= x ^+ 2 & x < x + 1",
    "file": "theorems_x.v",
    "sha256": "0" * 64,
    "axioms": {},
    "prover": "The Coq Proof Assistant, version 8.16.1",
    "printed": True,
}


def test_a_formal_statement_stands_on_its_card_verbatim_with_its_axioms(sample: Sample) -> None:
    document = sample("elman")
    document["theorems"][0]["formal"] = PROOF
    document["theorems"][0]["related"] = [PROOF | {"axioms": {"Foo.choice": "choices can be made"}, "printed": False}]
    page = render(document)
    assert page.count("0 &lt;= x ^+ 2 &amp; x &lt; x + 1") == 2
    card = _part(page, f"theorem-{document['theorems'][0]['id']}", "article")
    assert "Formal statement, no axioms" in card
    assert "checked by the Coq Proof Assistant, version 8.16.1. The statement is the one printed" in card
    assert "Related formal theorem, one axiom" in card
    assert "Foo.choice (choices can be made)" in card
    assert "written by hand" in card


def test_words_and_rules_of_the_formal_statements_are_folded(sample: Sample) -> None:
    document = sample("elman")
    assert "The words of the formal statements" not in render(document)
    document["formal_proofs"] = {
        "vocabulary": "Definition norm := 0.",
        "rules": [{"name": "a rule", "formal": [PROOF]}],
    }
    page = render(document)
    assert "Definition norm := 0." in page
    assert "The rules of the proofs, as they are checked (1)" in page
