"""Laws of the theorems on blocks, the hierarchy, back-propagation through time, path sums and the moments of a linear unit.

Each derivation is checked and its planted falsehoods are rejected, for the reason that is theirs.
"""

import dataclasses
import itertools
from typing import Any

import pytest
import sympy as sp

from errorflow.theory import notation, quantities, theorems
from errorflow.theory.bounds import setting
from errorflow.theory.calculus import (
    STEP,
    BlockNorms,
    Calculation,
    Derivation,
    Diagonal,
    Entry,
    Fact,
    Invertible,
    Line,
    Rejection,
    eq,
    le,
    lt,
    order_rules,
)
from errorflow.theory.calculus.facts import sides
from errorflow.theory.calculus.listing import listing
from errorflow.theory.calculus.words import replace, sum_over
from errorflow.theory.evidence import Graph
from errorflow.theory.theorem import Theorem, add_evidence
from errorflow.theory.theorems import (
    block_comparison,
    bptt,
    hierarchy_order,
    hochreiter1991,
    joint_radius,
    masked_product,
    scalar_moments,
)

FILES = (block_comparison, bptt, hierarchy_order, joint_radius, masked_product, scalar_moments)
FOUND = {t.id: t for file in FILES for t in vars(file).values() if isinstance(t, Theorem)}
THEOREMS = [*FOUND.values(), hochreiter1991.path_sum]
ANDO, PERRON = "rule:Ando's theorem", "rule:Perron-Frobenius theorem, scaled norm"
W, S, i, t = setting.W, joint_radius.S, setting.i, setting.t
every = pytest.mark.parametrize("theorem", THEOREMS, ids=lambda theorem: theorem.id)


# Derived


@every
def test_the_derivation_ends_with_the_conclusion(theorem) -> None:
    theorem.check()
    assert theorem in theorems.all()


@pytest.mark.usefixtures("derivations_alone")
@every
def test_the_grade_is_that_of_the_rules(theorem) -> None:
    graph = Graph()
    grade = graph.grade(add_evidence(graph, theorem))
    cited = {
        "sharp_masked_product": (ANDO,),
        "hierarchy_joint_below_any_radius": (ANDO,),
        "hierarchy_joint_below_scaled_radius": (ANDO,),
        "hierarchy_scaled_norm_below_perron_radius": (PERRON,),
        "hierarchy": (ANDO, PERRON),
    }
    if theorem.id in cited:
        assert (grade.word, grade.weakest) == ("cited", cited[theorem.id])
    else:
        assert grade.word == "symbolic"


@every
def test_a_text_that_was_not_read_is_not_told_as_read(theorem) -> None:
    if theorem.source.reading == "recalled" and not theorem.id.startswith("block"):
        assert any(word in theorem.version for word in ("recalled", "in part"))


def test_the_hierarchy_is_composed_of_its_links() -> None:
    whole = theorems.get("hierarchy")
    chain = [sides(step.formula) for step in listing(whole.derivation)]
    names = ["spectral_radius", "joint_spectral_radius", "scaled_numerical_radius", "diagonal_scaling_norm"]
    assert [type(small).__name__ for small, _, _ in chain] == [*names, "perron_radius", "row_sum_norm"]
    assert chain[-1][2] == notation.n * quantities.max_abs(W)
    assert all(left[2] == right[0] for left, right in itertools.pairwise(chain))


# Power: planted falsehoods


def without(theorem: Theorem, *names: str) -> Derivation:
    given = tuple(fact for fact in theorem.given if fact.name not in names)
    assert len(given) == len(theorem.given) - len(names)
    return dataclasses.replace(theorem.derivation, given=given)


def with_given(theorem: Theorem, name: str, **changes: Any) -> Derivation:
    given = tuple(dataclasses.replace(fact, **changes) if fact.name == name else fact for fact in theorem.given)
    assert given != theorem.given
    return dataclasses.replace(theorem.derivation, given=given)


def with_lemma(theorem: Theorem, name: str, **changes: Any) -> Derivation:
    lemmas = tuple(
        dataclasses.replace(lemma, **changes) if lemma.name == name else lemma for lemma in theorem.derivation.lemmas
    )
    assert lemmas != theorem.derivation.lemmas
    return dataclasses.replace(theorem.derivation, lemmas=lemmas)


def with_line(theorem: Theorem, lemma: str, number: int, **changes: Any) -> Derivation:
    """The derivation with another line, counted from 1, and the claim that this gives if it is the last."""
    (found,) = (part for part in theorem.derivation.lemmas if part.name == lemma)
    lines = [
        dataclasses.replace(line, **changes) if n == number else line for n, line in enumerate(found.lines, start=1)
    ]
    return with_lemma(theorem, lemma, lines=tuple(lines))


def last_line(theorem: Theorem, expression: Any) -> Derivation:
    lemma = theorem.derivation.lemmas[-1]
    return with_line(theorem, lemma.name, len(lemma.lines), expression=expression)


def moved(theorem: Theorem, lemma: str, old: Any, new: Any) -> Derivation:
    """The derivation with an expression exchanged in one lemma."""
    (found,) = (part for part in theorem.derivation.lemmas if part.name == lemma)
    lines = tuple(dataclasses.replace(line, expression=replace(line.expression, {old: new})) for line in found.lines)
    return with_lemma(theorem, lemma, lines=lines, start=replace(found.start, {old: new}))


block, rows, majorant = block_comparison.spectral, block_comparison.row_sum, block_comparison.perron
J, C, M = block_comparison.J, block_comparison.C, block_comparison.M
identity, backward, paths = bptt.identity, bptt.backward_pass, hochreiter1991.path_sum
moments = scalar_moments.sensitivity
half, perron = hierarchy_order.half_norm_below_radius, hierarchy_order.norm_scaled_below_perron
any_norm, any_radius = joint_radius.joint_below_any_norm, joint_radius.joint_below_any_radius
rate = scalar_moments.rate
FALSEHOODS = {
    "blocks, no condition number": (
        "but the line states",
        last_line(block, block.bound.rate**setting.k),
    ),
    "blocks, compared at one step only": (
        "has blocks with spectral norms",
        with_given(block, "one step", over=(), claim=BlockNorms(J[t], C)),
    ),
    "blocks, not compared": ("has blocks with spectral norms", without(block, "one step")),
    "blocks, a comparison with signs": ("there is no fact", without(block, "the comparison is not negative")),
    "blocks, row sums without the root of n": (
        r"gives sqrt\(n\)",
        moved(rows, "conclusion", sp.sqrt(notation.n), sp.Integer(1)),
    ),
    "blocks, norms taken for row sums": (
        "has blocks with row-sum norms",
        with_given(rows, "one step", claim=BlockNorms(J[i], C)),
    ),
    "blocks, norms taken for a majorant": (
        "entry by entry",
        with_given(majorant, "one step", claim=BlockNorms(J[i], M)),
    ),
    "blocks, another majorant": (
        "entry by entry",
        with_given(majorant, "one step", claim=majorant.given[1].claim.xreplace({M: C})),
    ),
    "masks, entries above 1": (
        r"entries in \[0, 1\]",
        with_given(masked_product.masked_product, "masks", claim=Diagonal(S[i])),
    ),
    "masks, a scaling that does not commute": (
        "L is diagonal",
        without(masked_product.masked_product, "scaling is diagonal"),
    ),
    "masks, a singular scaling": (
        "L is invertible",
        without(masked_product.masked_product, "scaling is invertible"),
    ),
    "masks, a rate below the numerical radius": (
        "<= r, which is not established",
        without(masked_product.sharp_masked_product, "rate above the numerical radius"),
    ),
    "joint radius, the power at one length only": (
        "needs every length",
        with_lemma(joint_radius.radius_below_joint, "every length", over=()),
    ),
    "joint radius, powers from length 2 on": (
        "needs every length",
        with_lemma(joint_radius.radius_below_joint, "every length", when=(le(2, joint_radius.j),)),
    ),
    "joint radius, a constant that grows with the length": (
        "needs every length",
        with_lemma(any_norm, "conclusion", using={order_rules.e: joint_radius.j}),
    ),
    "joint radius, a scaling that is not diagonal": (
        "needs 0 < max_abs",
        with_given(joint_radius.joint_below_norm, "any scaling", when=(lt(0, quantities.max_abs(setting.L)),)),
    ),
    "joint radius, an excess that stays": (
        "but the line states",
        moved(joint_radius.joint_below_norm, "near the infimum", 1 / (i + 1), sp.Integer(1)),
    ),
    "joint radius, the excess at one scaling only": (
        "needs every excess",
        with_lemma(joint_radius.joint_below_radius, "near the infimum of numerical radii", over=()),
    ),
    "order, the norm below the numerical radius": (
        "does not conclude|needs every excess",
        with_lemma(
            hierarchy_order.radius_below_norm,
            "conclusion",
            claim=le(joint_radius.smallest_norm, joint_radius.smallest_radius),
        ),
    ),
    "order, the spectral radius for that of absolute values": (
        "gives perron_radius",
        last_line(perron, quantities.spectral_radius(W)),
    ),
    "order, scalings with signs": (
        "there is no fact",
        without(perron, "absolute values under positive scalings"),
    ),
    "order, row sums without absolute values": (
        r"gives spectral_radius\(\|W\|\)",
        with_line(hierarchy_order.perron_below_row_sum, "conclusion", 1, expression=quantities.spectral_radius(W)),
    ),
    "order, the largest weight without n": (
        r"gives n\*max_abs",
        last_line(hierarchy_order.row_sum_below_largest, quantities.max_abs(W)),
    ),
    "order, the whole norm below the numerical radius": (
        "but the line states",
        with_lemma(half, "conclusion", start=quantities.spectral_norm(W)),
    ),
    "order, a scaling that enlarges": (
        "gives spectral_norm",
        last_line(hierarchy_order.norm_scaled_below_norm, quantities.numerical_radius(W)),
    ),
    "hierarchy, a link left out": (
        "there is no fact",
        without(theorems.get("hierarchy"), joint_radius.joint_below_radius.title),
    ),
    "back-propagation, a state that depends on the parameters": (
        "there is no fact",
        without(identity, "the first state is given"),
    ),
    "back-propagation, factors in forward order": (
        "but the line states",
        with_given(identity, bptt.before.name, claim=eq(bptt.P[i - 1], J[i] @ bptt.P[i])),
    ),
    "back-propagation, the first copy left out": (
        "is not the combination",
        with_lemma(
            identity,
            "conclusion",
            claim=eq(identity.conclusion.lhs, sum_over(identity.conclusion.rhs.args[0], 2, bptt.T)),
        ),
    ),
    "back-propagation, a step beyond the last": (
        "needs T \\+ 1 <= T",
        with_lemma(identity, "all steps", last=bptt.T + 1),
    ),
    "back-propagation, an error that skips the slopes": (
        "but the line states",
        with_given(backward, bptt.error.name, claim=eq(bptt.e[i - 1].T, bptt.e[i].T @ W)),
    ),
    "back-propagation, slopes that are no diagonal": (
        "are not equal by algebra",
        without(backward, setting.diagonal.name),
    ),
    "back-propagation, the state of the step itself": (
        "but the line states",
        with_given(
            backward,
            bptt.step_of_weights.name,
            claim=replace(bptt.step_of_weights.claim, {bptt.h[i - 1]: bptt.h[i]}),
        ),
    ),
    "path sum, no slope": (
        "but the line states",
        last_line(paths, paths.conclusion.rhs.xreplace({Entry(setting.D[i], STEP, STEP): sp.Integer(1)})),
    ),
    "path sum, slopes that are no diagonal": ("D_i is diagonal", without(paths, setting.diagonal.name)),
    "moments, no direct dependence": (
        "but the line states",
        with_given(
            moments,
            scalar_moments.derivative.name,
            claim=replace(scalar_moments.derivative.claim, {scalar_moments.h[t - 1]: 0 * scalar_moments.h[t - 1]}),
        ),
    ),
    "moments, a unit that does not contract": ("needs 0 < 1", without(moments, "contraction")),
    "moments, noise that follows the state": (
        "there is no fact",
        without(moments, scalar_moments.new_to_state.name),
    ),
    "moments, a state that is not stationary": (
        "there is no fact",
        without(moments, scalar_moments.stationary.name),
    ),
    "moments, the square in place of the cube": (
        "is not the combination",
        with_lemma(moments, "conclusion", claim=eq(moments.conclusion.lhs, (1 + rate**2) / (1 - rate**2) ** 2)),
    ),
}


@pytest.mark.parametrize("name", FALSEHOODS)
def test_a_planted_falsehood_is_rejected(name) -> None:
    reason, derivation = FALSEHOODS[name]
    with pytest.raises(Rejection, match=reason):
        _ = derivation.proof


def test_a_theorem_for_all_scalings_keeps_what_it_needs_of_them() -> None:
    theorem = joint_radius.joint_below_norm
    (fact,) = (given for given in theorem.given if given.theorem is not None)
    for when in ((Diagonal(setting.L),), (Invertible(setting.L),), ()):
        weaker = with_given(theorem, fact.name, when=when)
        with pytest.raises(ValueError, match=r"needs or says something else|is stated and never used"):
            dataclasses.replace(theorem, derivation=weaker).check()
    at_one = with_given(theorem, fact.name, over=(), when=())
    with pytest.raises(ValueError, match=r"cannot be used for another|needs or says something else"):
        dataclasses.replace(theorem, derivation=at_one).check()


def test_values_that_a_line_gives_must_be_of_the_kind_of_their_variables() -> None:
    c, d, W_norm = sp.Symbol("c"), sp.Symbol("d"), quantities.spectral_norm(W)
    small = Fact("small", le(W_norm, c))
    k = sp.Symbol("k", integer=True)
    whole = Fact("whole", le(W_norm, c * k * (k - 1)), over=(k,))
    for fact, bound, using in (
        (small, d, {c: d}),
        (whole, -c / 4, {k: sp.Rational(1, 2)}),
        (whole, d * c, {k: W}),
    ):
        derivation = Derivation((fact,), (Calculation("end", W_norm, (Line("<=", bound, fact.name, using),)),))
        with pytest.raises(Rejection, match=r"is about one c|must be an integer"):
            _ = derivation.proof
