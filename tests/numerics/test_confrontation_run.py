"""The run of a confrontation: the same numbers every time, a node per law, and a broken law that is called broken."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

from errorflow.numerics.confrontation import copies, norm_bounds, plain, same_gradient, total_gradient
from errorflow.numerics.confrontation.families import FAMILIES, example, matrix
from errorflow.numerics.confrontation.law import Law
from errorflow.numerics.confrontation.run import confront, laws
from errorflow.theory import activations, refutations, scalar_facts, theorems
from errorflow.theory.evidence import Graph

CHEAP = {law.id: law for law in (*norm_bounds.laws(), *copies.laws(), *total_gradient.laws())}
SPECTRAL, RADIUS = CHEAP["pascanu_spectral_norm:shared"], CHEAP["sharp_uniform:every_scaling"]


def test_every_law_has_an_id_of_its_own_and_judges_a_statement_that_exists() -> None:
    found = laws()
    ids = [law.id for law in found]
    assert len(set(ids)) == len(ids)
    known = {f"theorem:{t.id}" for t in theorems.all()} | {f"refutation:{r.id}" for r in refutations.all()}
    known |= {f"fact:{fact.id}" for fact in scalar_facts.all()}
    for law in found:
        assert set(law.judges) <= known, law.id


def test_a_run_is_determined_by_its_seed_and_a_law_by_itself_alone() -> None:
    both = confront(Graph(), examples=4, rng=7, laws=[SPECTRAL, RADIUS])
    assert confront(Graph(), examples=4, rng=7, laws=[SPECTRAL, RADIUS]) == both
    assert confront(Graph(), examples=4, rng=7, laws=[RADIUS]) == both[1:]
    assert confront(Graph(), examples=4, rng=8, laws=[RADIUS]) != both[1:]


def test_a_law_that_holds_is_tested_with_its_number_of_examples() -> None:
    graph, calls = Graph(), []
    (record,) = confront(graph, examples=6, rng=0, laws=[SPECTRAL], advance=lambda: calls.append(1))
    assert (record.outcome, record.examples, record.evidence) == ("holds", 6, "tested (6 cases)")
    assert record.slack >= 0.0
    assert record.node in graph.nodes
    assert len(calls) == 1


@pytest.mark.parametrize("low", [lambda _: 1e9, lambda _: math.nan], ids=["too large", "no number"])
def test_a_planted_falsehood_is_broken_and_never_tested(low) -> None:
    graph = Graph()
    (record,) = confront(graph, examples=3, rng=0, laws=[dataclasses.replace(SPECTRAL, low=low)])
    assert record.outcome == "broken"
    assert not record.slack >= 0.0
    assert graph.grade(record.node).word == "measured"
    assert record.witness.split(",")[0] in FAMILIES


def test_a_law_of_which_no_example_speaks_is_not_tested_either() -> None:
    graph = Graph()
    (record,) = confront(graph, examples=2, rng=0, laws=[dataclasses.replace(SPECTRAL, applies=lambda _: False)])
    assert (record.outcome, record.examples, record.evidence) == ("broken", 0, "measured")


def test_a_law_for_some_counts_the_examples_that_show_it_and_is_broken_if_none_does() -> None:
    law = CHEAP["pascanu_spectral_norm:attained"]
    (shown,) = confront(Graph(), examples=5, rng=0, laws=[law])
    (never,) = confront(Graph(), examples=5, rng=0, laws=[dataclasses.replace(law, high=lambda _: -1e9)])
    assert (shown.outcome, shown.examples, never.outcome) == ("holds", 5, "broken")


def test_what_cannot_be_run_is_refused() -> None:
    with pytest.raises(ValueError, match="examples must be an integer of at least 1, got 0"):
        confront(Graph(), examples=0, laws=[])
    with pytest.raises(ValueError, match="different ids"):
        confront(Graph(), examples=1, laws=[SPECTRAL, SPECTRAL])


def _radius_for_norm(example):
    rho = max(abs(np.linalg.eigvals(example.network.parameters["W"])))
    with np.errstate(divide="ignore"):
        return np.log(rho * plain.largest_slope(example.network.cell)) * np.arange(1, example.steps + 1) + 1e-9


def _without_the_two(example):
    return copies.log_sharp_bound(example) - math.log(2.0)


def _off_by_one(example):
    return total_gradient.log_part_bounds(example) + np.log(
        plain.largest_slope(example.network.cell) * np.linalg.norm(example.network.parameters["W"], 2)
    )


@pytest.mark.parametrize(
    ("identifier", "wrong"),
    [
        ("pascanu_spectral_norm:shared", _radius_for_norm),
        ("sharp_uniform:every_scaling", _without_the_two),
        ("total_gradient:lag_part", _off_by_one),
    ],
)
def test_a_wrong_bound_is_broken_within_sixty_examples(identifier: str, wrong) -> None:
    law: Law = dataclasses.replace(CHEAP[identifier], high=wrong)
    (record,) = confront(Graph(), examples=60, rng=0, laws=[law])
    assert record.outcome == "broken", record


def _forward_order(example):
    flow = same_gradient.cotangent(example)
    for factor in same_gradient.derived_jacobians(example):
        flow = factor.T @ flow
    return {same_gradient.STATES: flow}


def test_jacobians_in_forward_order_are_caught_by_the_other_routes() -> None:
    elman = next(law for law in same_gradient.laws() if law.id == "same_gradient:elman")
    wrong = dataclasses.replace(elman, low=lambda e: same_gradient.differences(e, routes={"product": _forward_order}))
    (record,) = confront(Graph(), examples=10, rng=0, laws=[wrong])
    assert record.outcome == "broken"


def test_plain_slopes_are_the_derivatives_of_the_plain_values() -> None:
    a = np.array([-30.0, -3.0, -0.9, -0.2, 0.3, 1.2, 4.0, 30.0])
    for phi in activations.all():
        derivative = np.imag(plain.value(phi, a + 1e-200j)) / 1e-200
        np.testing.assert_allclose(plain.slope(phi, a), derivative, rtol=1e-10, atol=1e-100, err_msg=phi.name)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_family_is_what_its_name_says(family: str) -> None:
    rng = np.random.default_rng(3)
    for n in (1, 2, 5):
        W = matrix(family, n, rng)
        norm, rho = np.linalg.norm(W, 2), max(abs(np.linalg.eigvals(W)))
        says = {
            "contractive": norm < 1,
            "non_contractive": norm > 1,
            "nilpotent": np.abs(np.linalg.matrix_power(W, n)).max() < 1e-10,
            "jordan": abs(rho - 1) < 1e-12,
            "permutation": abs(rho - 1) < 1e-12 and abs(norm - 1) < 1e-12,
            "orthogonal": np.allclose(W.T @ W, np.eye(n)),
            "normal": np.allclose(W.T @ W, W @ W.T),
            "rank_one": np.linalg.matrix_rank(W) == 1,
            "zero_row": not W[0].any(),
            "complex_dominant": n == 1
            or abs(np.imag(np.linalg.eigvals(W)[np.argmax(abs(np.linalg.eigvals(W)))])) > 0.1,
        }
        assert W.shape == (n, n)
        assert says.get(family, np.isfinite(W).all())


def test_saturated_units_have_almost_the_slope_at_infinity_and_families_are_checked() -> None:
    found = example("saturated", n=3, steps=2, rng=0, activation=activations.Tanh())
    pre = [plain.pre_activations(found, t) for t in (1, 2)]
    assert np.median(plain.slope(activations.Tanh(), np.array(pre))) < 0.02
    for arguments, words in ((("round", 2), "family must be one of"), (("jordan", 0), "n must be an integer")):
        with pytest.raises(ValueError, match=words):
            matrix(*arguments, np.random.default_rng(0))


def test_what_is_no_graph_or_law_is_refused_in_one_sentence() -> None:
    with pytest.raises(TypeError, match="graph must be a Graph of evidence, got None"):
        confront(None, examples=1)
    with pytest.raises(TypeError, match="laws must be Law objects, got 'x'"):
        confront(Graph(), examples=1, laws=["x"])
