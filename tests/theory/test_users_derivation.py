"""A user's own cell, h' = tanh(W_2 tanh(W_1 h)), bounded by a derivation of ten lines that is checked and graded like ours."""

import dataclasses

import numpy as np
import pytest
import sympy as sp

from errorflow.theory.activations import Tanh
from errorflow.theory.bounds import Bound
from errorflow.theory.calculus import (
    STEP,
    Calculation,
    Derivation,
    Diagonal,
    Fact,
    Letter,
    Line,
    Rejection,
    chain,
    eq,
    le,
    product_over,
    rules,
)
from errorflow.theory.evidence import Graph
from errorflow.theory.language import Cell, inputs, let, matrix, state
from errorflow.theory.notation import lag as k
from errorflow.theory.notation import slope_sup as gamma
from errorflow.theory.notation import time as t
from errorflow.theory.quantities import jacobian_norm, max_abs, spectral_norm
from errorflow.theory.theorem import Theorem, Witness, add_evidence

i = sp.Symbol("i", integer=True)
W1, W2, D1, D2 = map(Letter, ("W_1", "W_2", "D_1", "D_2"))
first, second = spectral_norm(W1), spectral_norm(W2)
inner, outer = D1[STEP], D2[STEP]
STEPS = chain(outer @ W2 @ inner @ W1, t - k + 1, t)


def every(factor: sp.Expr) -> sp.Expr:
    return product_over(factor, t - k + 1, t)


GIVEN = (
    Fact("state Jacobian", eq(jacobian_norm(k), spectral_norm(STEPS))),
    Fact("inner slopes are diagonal", Diagonal(D1[i]), over=(i,)),
    Fact("outer slopes are diagonal", Diagonal(D2[i]), over=(i,)),
    Fact("inner slopes", le(max_abs(D1[i]), gamma), over=(i,)),
    Fact("outer slopes", le(max_abs(D2[i]), gamma), over=(i,)),
)
LINES = (
    Line("=", spectral_norm(STEPS), "state Jacobian"),
    Line("<=", every(spectral_norm(outer @ W2 @ inner @ W1)), rules.norm_of_product),
    Line("<=", every(spectral_norm(outer @ W2) * spectral_norm(inner @ W1)), rules.submultiplicative),
    Line("<=", every(spectral_norm(outer) * second * spectral_norm(inner @ W1)), rules.submultiplicative),
    Line("<=", every(spectral_norm(outer) * second * spectral_norm(inner) * first), rules.submultiplicative),
    Line("=", every(max_abs(outer) * second * spectral_norm(inner) * first), rules.norm_of_diagonal),
    Line("=", every(max_abs(outer) * second * max_abs(inner) * first), rules.norm_of_diagonal),
    Line("<=", every(gamma * second * max_abs(inner) * first), "outer slopes"),
    Line("<=", every(gamma**2 * second * first), "inner slopes"),
    Line("=", (gamma**2 * second * first) ** k, rules.constant_product),
)
DERIVATION = Derivation(GIVEN, (Calculation("conclusion", jacobian_norm(k), LINES),))


def two_layers() -> Cell:
    b = let("b_1", Tanh()(let("a_1", matrix("W_1") @ state("h"))))
    return Cell("two_layers", {"h": Tanh()(let("a_2", matrix("W_2") @ b + matrix("B", columns="m") @ inputs("u")))})


THEOREM = Theorem(
    id="two_layers",
    title="Vanishing with two layers in a step",
    bound=Bound("two_layers", "Two layers", "<=", gamma**2 * second * first, sp.Integer(1)),
    derivation=DERIVATION,
    quantifiers="for all states t >= k >= 1 and all inputs for which no slope exceeds gamma in modulus",
    citation="horn2013",
    place="submultiplicativity, once per layer",
    version="a user's own",
    tightness="tight",
    non_vacuity=Witness.of([["1/2"]], {W1: [["1/2"]], W2: [["1/2"]]}),
    tightness_witness=Witness.of([["1/2"]], {W1: [["1/2"]], W2: [["1/2"]]}),
    letters=lambda cell: {W1: Letter("W_1"), W2: Letter("W_2")} if cell.name == "two_layers" else None,
    words="Two contracting layers make the state Jacobian fall like (gamma^2 ||W_2|| ||W_1||)^k.",
)


def test_the_derivation_of_ten_lines_is_accepted() -> None:
    assert len(LINES) == DERIVATION.steps == 10
    assert DERIVATION.proof.conclusion.claim == le(jacobian_norm(k), (gamma**2 * first * second) ** k)
    names = [rule.name for rule in DERIVATION.proof.rules]
    assert names == ["norm of a product", "submultiplicative", "norm of a diagonal matrix", "constant product"]


def test_it_is_graded_like_ours() -> None:
    THEOREM.check()
    graph = Graph()
    grade = graph.grade(add_evidence(graph, THEOREM))
    assert (str(grade), grade.textbook) == ("symbolic", ())  # every rule is kernel-checked, the theorem is not


def test_it_is_instantiated_on_the_users_cell() -> None:
    bound = THEOREM.instantiate(two_layers())
    assert str(bound.rate).replace("\\", "") == "gamma**2*spectral_norm(W_1)*spectral_norm(W_2)"
    assert THEOREM.instantiate(dataclasses.replace(two_layers(), name="other")) is None


@pytest.mark.parametrize("line", range(10))
def test_without_any_of_its_lines_it_is_rejected_or_proves_something_else(line) -> None:
    shorter = Derivation(GIVEN, (Calculation("conclusion", jacobian_norm(k), (*LINES[:line], *LINES[line + 1 :])),))
    with pytest.raises(ValueError, match=r"line|lemma|concludes"):
        dataclasses.replace(THEOREM, derivation=shorter, conclusion=None).check()


def test_one_gamma_too_few_is_rejected_at_its_line() -> None:
    wrong = dataclasses.replace(LINES[8], expression=every(gamma * second * first))
    with pytest.raises(Rejection, match=r"line 9 of 'conclusion': inner slopes: gives product.*gamma\*\*2") as found:
        _ = Derivation(GIVEN, (Calculation("conclusion", jacobian_norm(k), (*LINES[:8], wrong)),)).proof
    assert (found.value.lemma, found.value.line) == ("conclusion", 9)


def test_the_bound_holds_on_random_networks_of_the_cell() -> None:
    # The layers may have other sizes than the state; Jacobians by complex steps through the recursion.
    rng = np.random.default_rng(3)
    for hidden in (2, 3, 7):
        first, second = rng.standard_normal((hidden, 3)) / 2, rng.standard_normal((3, hidden)) / 2
        rate = np.linalg.norm(first, 2) * np.linalg.norm(second, 2)
        for lag in (1, 2, 5):
            states = rng.standard_normal(3)[:, None] + 1e-30j * np.eye(3)
            for _ in range(lag):
                states = np.tanh(second @ np.tanh(first @ states) + rng.standard_normal((3, 1)))
            assert np.linalg.norm(states.imag / 1e-30, 2) <= rate**lag * (1 + 1e-9)
