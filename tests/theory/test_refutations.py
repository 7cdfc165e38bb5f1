"""Laws of the refutations: each is exact, refutes what it says and nothing else, and is found again by a search."""

import contextlib
import dataclasses
import io
import math
import re
import subprocess
import sys
from functools import cache

import pytest
import sympy as sp

from errorflow.theory import refutations, sources, theorems
from errorflow.theory.refutation import Clash, Example, Premise, decided

ALL = refutations.all()
every = pytest.mark.parametrize("refutation", ALL, ids=lambda refutation: refutation.id)


@cache
def found_by(identifier: str, seed: int) -> Example:
    return refutations.get(identifier).find(seed)


# Every refutation


@every
def test_the_check_passes_and_is_evidence(refutation) -> None:
    refutation.check()
    assert refutation.evidence.word in ("symbolic", "kernel-checked")


@every
def test_every_premise_is_true_and_the_claim_false(refutation) -> None:
    assert all(decided(premise.relation) for premise in refutation.clash.premises)
    assert not decided(refutation.clash.claim)


@every
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_search_finds_a_counterexample_from_any_seed(refutation, seed) -> None:
    assert refutation.measure(found_by(refutation.id, seed)).refutes


@every
def test_the_snippet_runs_and_prints_the_two_numbers(refutation) -> None:
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(refutation.snippet, {})  # noqa: S102 - our own text
    numbers = [float(text) for text in re.findall(r"-?\d+\.?\d*(?:e[+-]?\d+)?", printed.getvalue())]
    for wanted in (float(refutation.clash.found), float(refutation.clash.claimed)):
        assert any(math.isclose(number, wanted, rel_tol=1e-9, abs_tol=1e-12) for number in numbers)
    assert "claimed" in printed.getvalue()


@every
def test_the_snippet_fits_on_a_card(refutation) -> None:
    lines = refutation.snippet.splitlines()
    assert len(lines) <= 12
    assert max(map(len, lines)) <= 88
    assert refutation.snippet == refutation.snippet.strip() + "\n"


@every
def test_every_number_has_its_words(refutation) -> None:
    clash = refutation.clash
    for words in (clash.what, *(premise.words for premise in clash.premises)):
        assert re.search(r"[a-z]{3}|^dc_T/dc_0", words), words
        assert words[-1] not in ".:,"
    assert len({str(premise) for premise in clash.premises}) == len(clash.premises)


@every
def test_the_card_is_complete_and_its_names_exist(refutation) -> None:
    texts = (refutation.title, refutation.claim, refutation.claimant, refutation.version, refutation.truth)
    assert all(text and text == text.strip() for text in texts)
    assert refutation.claim.endswith(".")
    assert refutation.truth.endswith(".")
    assert refutation.clash.what
    assert refutation.citation is None or refutation.citation in set(sources.keys())
    assert refutation.theorem is None or refutation.theorem in {t.id for t in theorems.all()}


@every
def test_a_text_whose_wording_is_recalled_is_judged_under_that_condition(refutation) -> None:
    if refutation.source is not None and refutation.source.reading != "read":
        assert "recalled" in refutation.version or "not read" in refutation.version


def test_identifiers_are_unique_names_of_the_files() -> None:
    assert len({refutation.id for refutation in ALL}) == len(ALL)
    for refutation in ALL:
        assert refutation.measure.__module__ == f"errorflow.theory.refutations.{refutation.id}"
        assert refutations.get(refutation.id) is refutation


def test_an_unknown_identifier_is_refused_with_the_ones_there_are() -> None:
    with pytest.raises(ValueError, match=r"refutation must be one of vanishing_below_unit_radius, .*, got 'truth'"):
        refutations.get("truth")


def test_importing_the_refutations_decides_nothing() -> None:
    code = (
        "from errorflow.theory import refutation\n"
        "refutation.decided = refutation.Clash.__post_init__ = lambda *_: 1 / 0\n"
        "from errorflow.theory import refutations\n"
        "print(len(refutations.all()))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(run.stdout) == len(ALL)


# A wrong example is caught: it does not refute, or its data are refused

ROTATION = [["3/5", "4/5"], ["-4/5", "3/5"]]
QUARTER = [["1/4", 0], [0, "1/4"]]
REST = [["1/2", 1, 0, "1/2"]]

WRONG = [
    ("vanishing_below_unit_radius", "contraction", {"W": QUARTER}),
    ("vanishing_below_unit_radius", "radius above one", {"W": [[2, 0], [0, 0]]}),
    ("vanishing_below_unit_radius", "linear", {"slopes": [[1, 1]]}),
    ("vanishing_below_unit_radius", "slope above one", {"slopes": [[2, 1]]}),
    ("vanishing_below_unit_radius", "slope zero", {"slopes": [[1, 0]]}),
    ("vanishing_below_unit_radius", "growth without saturation", {"W": [[0, 2], [0, 0]]}),
    ("one_attractor_below_unit_radius", "contraction", {"W": QUARTER}),
    ("one_attractor_below_unit_radius", "radius above one", {"W": [[2, 0], [0, 2]]}),
    ("one_attractor_below_unit_radius", "floor below c", {"c": "3/4"}),
    ("one_attractor_below_unit_radius", "floor at zero", {"c": 0}),
    ("one_attractor_below_unit_radius", "no coupling, at zero", {"W": [[0, 0], [0, "1/2"]], "c": 0}),
    ("one_attractor_below_unit_radius", "c at the edge of the box", {"c": 1}),
    ("one_attractor_below_unit_radius", "negative gain", {"W": [[0, 0], [0, "-3/4"]]}),
    ("one_attractor_below_unit_radius", "three units", {"W": [[0, 0, 0]] * 3}),
    ("radius_without_transient", "contraction", {"W": QUARTER}),
    ("radius_without_transient", "radius one", {"W": [[1, 1], [0, 1]]}),
    ("radius_without_transient", "after the transient", {"lag": 63}),
    ("contraction_at_every_step", "uniform bound", {"slope": "1/2"}),
    ("contraction_at_every_step", "slow approach", {"slope": "1 - 1/(t + 2)"}),
    ("contraction_at_every_step", "slope one", {"slope": "1"}),
    ("contraction_at_every_step", "slope above one", {"slope": "1 + 1/(t + 2)**2"}),
    ("contraction_at_every_step", "slope below zero", {"slope": "1/(t + 2) - 1"}),
    ("contraction_at_every_step", "slope zero", {"slope": "0"}),
    ("contraction_at_every_step", "slope zero at the start", {"slope": "1 - 1/(t + 1)**2"}),
    ("contraction_at_every_step", "gain that has no such slopes", {"gain": "1/2"}),
    ("eigenvalues_along_a_cycle", "contraction", {"W": QUARTER}),
    ("eigenvalues_along_a_cycle", "fixed point", {"slopes": [[1, "1/36"]]}),
    ("eigenvalues_along_a_cycle", "radius above one", {"slopes": [[1, "1/4"], ["1/4", 1]]}),
    ("eigenvalues_along_a_cycle", "slope above one", {"slopes": [[2, "1/36"], ["1/36", 2]]}),
    ("eigenvalues_along_a_cycle", "first radius above one", {"slopes": [[1, "1/4"], ["1/36", 1]]}),
    ("eigenvalues_along_a_cycle", "second radius above one", {"slopes": [[1, "1/36"], ["1/4", 1]]}),
    ("eigenvalues_along_a_cycle", "slope zero", {"slopes": [[1, 0], [0, 1]]}),
    ("norm_above_one_at_a_latch", "contraction", {"W": QUARTER}),
    ("norm_above_one_at_a_latch", "repelling", {"slopes": [["1/2", "1/2"]]}),
    ("norm_above_one_at_a_latch", "norm below one", {"W": [[2, "1/2"], [0, 2]]}),
    ("norm_above_one_at_a_latch", "slope above one", {"W": [["1/4", 40], [0, 2]], "slopes": [[2, "1/4"]]}),
    ("norm_above_one_at_a_latch", "slope below zero", {"slopes": [["1/4", "-1/4"]]}),
    ("norm_above_one_at_a_latch", "two points", {"slopes": [["1/4", "1/4"]] * 2}),
    ("gradient_through_orthogonal_weights", "contraction", {"W": QUARTER}),
    ("gradient_through_orthogonal_weights", "linear", {"slopes": [[1, 1]]}),
    ("gradient_through_orthogonal_weights", "slope above one", {"slopes": [[2, "1/2"]]}),
    ("gradient_through_orthogonal_weights", "one slope above one", {"slopes": [["11/10", "1/2"]]}),
    ("gradient_through_orthogonal_weights", "slope below zero", {"slopes": [["1/2", "-1/2"]]}),
    ("gradient_through_orthogonal_weights", "nearly orthogonal", {"W": [["3/5", "4/5"], ["-4/5", "2/5"]]}),
    ("radius_of_antisymmetric_steps", "small turn", {"K": [[0, "1/4"], ["-1/4", 0]]}),
    ("radius_of_antisymmetric_steps", "one diagonal", {"slopes": [[1, "1/10"]]}),
    ("radius_of_antisymmetric_steps", "no damping", {"damping": 0}),
    ("radius_of_antisymmetric_steps", "first step unstable", {"slopes": [[1, "1/2"], ["1/10", 1]]}),
    ("radius_of_antisymmetric_steps", "second step unstable", {"slopes": [[1, "1/10"], ["1/2", 1]]}),
    ("radius_of_antisymmetric_steps", "slope above one", {"slopes": [[2, "1/20"], ["1/20", 2]]}),
    ("radius_of_antisymmetric_steps", "slope below zero", {"slopes": [[1, "-1/100"], ["1/10", 1]]}),
    ("radius_of_antisymmetric_steps", "step back", {"step": -1, "damping": "-1/2"}),
    (
        "radius_of_antisymmetric_steps",
        "not antisymmetric",
        {"K": [[0, 2], [-3, 0]], "slopes": [[1, "1/20"], ["1/20", 1]]},
    ),
    ("radius_of_antisymmetric_steps", "half a step", {"hold": "1/2"}),
    ("logarithmic_norm_of_euler_step", "enough damping", {"M": [[-1, 1], [-1, -1]]}),
    ("logarithmic_norm_of_euler_step", "positive logarithmic norm", {"M": QUARTER}),
    ("logarithmic_norm_of_euler_step", "no step", {"step": 0}),
    ("logarithmic_norm_of_euler_step", "step back", {"step": "-1/10"}),
    ("lstm_constant_error_flow", "no recurrent weights", {"W": [0, 0, 0, 0]}),
    ("lstm_constant_error_flow", "gates that do not act at rest", {"W": [3, 3, 0, 3]}),
    ("lstm_constant_error_flow", "one step", {"repeats": 1}),
    ("lstm_constant_error_flow", "forget gate below one", {"gates": [["1/2", "1/2", 0, "1/2"]]}),
    ("lstm_constant_error_flow", "input gate closed", {"gates": [[0, 1, 0, "1/2"]]}),
    ("lstm_constant_error_flow", "input gate below zero", {"gates": [["-1/2", 1, 0, "1/2"]]}),
    ("lstm_constant_error_flow", "output gate above one", {"gates": [["1/2", 1, 0, "3/2"]]}),
    ("lstm_constant_error_flow", "cell input above one", {"gates": [["1/2", 1, "3/2", "1/2"]], "repeats": 2}),
    ("lstm_constant_error_flow", "three gates", {"gates": [["1/2", 1, 0]]}),
    ("largest_slope_alone", "contraction", {"W": QUARTER}),
    ("largest_slope_alone", "slopes of one sign", {"slopes": [["109/100", "9/100"]]}),
    ("largest_slope_alone", "slope that SiLU does not have", {"slopes": [["109/100", "-1/2"]]}),
    ("largest_slope_alone", "slope above those of SiLU", {"slopes": [["6/5", "-9/100"]]}),
    ("largest_slope_alone", "one step less", {"repeats": 6}),
    ("largest_slope_alone", "gamma that is no bound of SiLU", {"gamma": 1}),
]
MINE = sorted({identifier for identifier, _, _ in WRONG})


@pytest.mark.parametrize(
    ("identifier", "change"), [(i, c) for i, _, c in WRONG], ids=[f"{i}: {w}" for i, w, _ in WRONG]
)
def test_a_wrong_example_does_not_refute(identifier, change) -> None:
    refutation = refutations.get(identifier)
    planted = Example(**{**refutation.example.data, **change})
    with contextlib.suppress(ValueError):
        assert not refutation.measure(planted).refutes
    with pytest.raises(ValueError, match="must"):
        dataclasses.replace(refutation, example=planted).check()


@pytest.mark.parametrize("identifier", MINE)
def test_every_premise_is_computed_from_the_example(identifier) -> None:
    refutation, false = refutations.get(identifier), set()
    for other, _, change in WRONG:
        if other == identifier:
            with contextlib.suppress(ValueError):
                premises = refutation.measure(Example(**{**refutation.example.data, **change})).premises
                false |= {k for k, premise in enumerate(premises) if not decided(premise.relation)}
    assert false == set(range(len(refutation.clash.premises)))


# The inputs that realize an example judge its slopes


@pytest.mark.parametrize(
    ("identifier", "change"),
    [
        ("vanishing_below_unit_radius", {"slopes": [[1, 2]]}),
        ("one_attractor_below_unit_radius", {"W": QUARTER}),
        ("one_attractor_below_unit_radius", {"W": [[2, 0], [0, 2]]}),
        ("eigenvalues_along_a_cycle", {"slopes": [[1, 0], [0, 1]]}),
        ("norm_above_one_at_a_latch", {"slopes": [[-1, 1]]}),
        ("gradient_through_orthogonal_weights", {"slopes": [[1, 2]]}),
    ],
)
def test_what_no_input_realizes_is_caught(identifier, change) -> None:
    refutation = refutations.get(identifier)
    with pytest.raises(AssertionError, match=r"must|slopes of tanh"):
        refutation.realize(Example(**{**refutation.example.data, **change}))


@pytest.mark.parametrize("identifier", [i for i in MINE if refutations.get(i).realize is not None])
def test_found_counterexamples_are_realized_too(identifier) -> None:
    refutation = refutations.get(identifier)
    refutation.realize(found_by(identifier, 2))


def test_a_clash_is_refused_without_a_relation_of_its_own() -> None:
    with pytest.raises(ValueError, match="relation must be one of"):
        Clash("number", sp.S.One, "approximately", sp.S.One)


@pytest.mark.parametrize("words", ["", " ", "radius of W "])
def test_a_number_without_words_is_refused(words) -> None:
    with pytest.raises(ValueError, match="words must be words"):
        Premise(words, sp.Lt(0, 1, evaluate=False))
    with pytest.raises(ValueError, match="what must be words"):
        Clash(words, sp.S.One, "=", sp.S.Zero)


def test_a_premise_that_was_evaluated_is_refused() -> None:
    with pytest.raises(TypeError, match="relation must be an unevaluated relation"):
        Premise("spectral radius of W", sp.Lt(0, 1))


def test_a_premise_reads_as_words_and_numbers() -> None:
    shown = [str(premise) for premise in refutations.get("growth_from_radius_above_one").clash.premises]
    assert shown == ["spectral radius of W: 2 > 1", "smallest slope: 1/4 > 0", "largest slope: 1/4 <= 1"]
    assert str(Premise("sum of squares", sp.Eq(0, 0, evaluate=False))) == "sum of squares: 0 = 0"
