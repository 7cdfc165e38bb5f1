"""Laws of the cards of theorems: witnesses, checked derivations with computed grades, statements, sources."""

import re

import numpy as np
import pytest
import sympy as sp

from errorflow.numerics import Network
from errorflow.numerics.evaluate import answer, environment
from errorflow.numerics.functionals import EVALUATORS
from errorflow.numerics.witness import sides, witness_environment
from errorflow.theory import cells, notation, quantities, sources, theorems
from errorflow.theory.activations import Identity
from errorflow.theory.calculus import STEP, Letter
from errorflow.theory.calculus.listing import listing
from errorflow.theory.evidence import Graph
from errorflow.theory.theorem import add_evidence, used

ELMAN = cells.get("elman")
LINEAR = cells.get("elman", activation=Identity())
BLOCK_FORM = [t for t in theorems.all() if t.bound is not None and t.instantiate(ELMAN) is None]


def by_id(theorem) -> str:
    return theorem.id


# Tight, upper or lower


@pytest.mark.parametrize("theorem", theorems.all(), ids=by_id)
def test_the_witness_of_tightness_makes_both_sides_equal(theorem) -> None:
    """(computed, theoretical), each evaluated from the conclusion: tight, upper or lower at every lag."""
    for lag in (1, 2, 3, 8):
        for witness in filter(None, (theorem.tight_at(lag), theorem.non_vacuity)):
            computed, theoretical = (side.upper for side in sides(theorem, witness, lag=lag))
            rounding = 1e-9 * (abs(computed) + abs(theoretical))
            if theorem.tightness == "tight" and witness == theorem.tight_at(lag):
                assert abs(computed - theoretical) <= rounding
            elif theorem.conclusion.rel_op in ("<=", "<"):
                assert computed <= theoretical + rounding
            elif theorem.conclusion.rel_op in (">=", ">"):
                assert computed >= theoretical - rounding


@pytest.mark.parametrize("theorem", theorems.all(), ids=by_id)
def test_only_tight_theorems_have_a_witness_of_tightness(theorem) -> None:
    assert (theorem.tightness == "tight") == (theorem.tightness_witness is not None)
    assert theorem.tightness in ("tight", "upper", "lower")


# Not vacuous: some network meets every condition


@pytest.mark.parametrize("theorem", theorems.all(), ids=by_id)
def test_the_witness_of_non_vacuity_meets_every_condition(theorem, build_user_cell) -> None:
    array = np.array(theorem.non_vacuity.array.tolist(), dtype=float)
    if theorem in BLOCK_FORM:
        cell = build_user_cell("linear").cell
        where = environment(Network(cell, {"W": array, "B": np.ones((len(array), 1))}))
    else:
        cell, where = LINEAR, witness_environment(theorem, theorem.non_vacuity, lag=2)
    for condition in theorem.conditions(cell) or theorem.hypotheses:
        assert answer(condition, where).status == "met", condition


@pytest.mark.parametrize("theorem", theorems.all(), ids=by_id)
def test_a_witness_is_an_exact_square_matrix_that_prints(theorem) -> None:
    for witness in filter(None, (theorem.non_vacuity, theorem.tight_at(2))):
        assert witness.array.is_square
        assert not witness.array.has(sp.Float)
        assert str(witness).startswith("slope 1, W = [")


# Proved: every derivation is checked, and its grade is that of its weakest rule


@pytest.mark.parametrize("theorem", theorems.all(), ids=by_id)
def test_the_derivation_ends_with_the_conclusion(theorem) -> None:
    theorem.check()
    assert theorem.derivation.steps > 0


@pytest.mark.usefixtures("derivations_alone")
@pytest.mark.parametrize("theorem", theorems.all(), ids=by_id)
def test_the_grade_of_a_theorem_is_that_of_what_its_derivation_uses(theorem) -> None:
    graph = Graph()
    grade = graph.grade(add_evidence(graph, theorem))
    closure, waiting = [], [theorem]
    while waiting:
        closure.append(waiting.pop())
        waiting += used(closure[-1])
    rules = {rule for member in closure for rule in member.derivation.proof.rules}
    cited = {f"rule:{rule.name}" for rule in rules if not rule.elementary and rule.proof is None}
    assert grade.word == ("cited" if cited else "symbolic")
    if cited:
        assert set(grade.weakest) == cited
    assert set(grade.textbook) == {rule.name for rule in rules if rule.elementary and rule.proof is None}


@pytest.mark.usefixtures("derivations_alone")
def test_a_theorem_that_another_one_uses_is_in_its_closure() -> None:
    graph = Graph()
    add_evidence(graph, theorems.get("hochreiter1991_max_weight"))
    assert ("theorem:hochreiter1991_max_weight", "theorem:hochreiter1991_entry") in graph.edges


# Steps: read by people

STEPS = [(theorem, step) for theorem in theorems.all() for step in listing(theorem.derivation)]


def test_the_reason_of_a_step_is_in_words() -> None:
    """No relation, no program text, no multiple longer than a line: a hypothesis of an induction is called one."""
    reasons = {step.reason for _, step in STEPS}
    assert "the induction hypothesis" in reasons
    raw = re.compile(r"supposed|\\\\|\*\*|Eq\(|Mean\(|[a-z]_norm\(|tilde")
    assert [reason for reason in reasons if raw.search(reason)] == []
    multiples = [
        m for reason in reasons if reason.startswith("sum of ") for m in re.findall(r"(\S[^,]*) times ", reason)
    ]
    assert multiples
    assert max(len(multiple.removeprefix("sum of ")) for multiple in multiples) <= 22


def test_names_of_what_is_given_are_distinct_in_each_derivation() -> None:
    for theorem in theorems.all():
        names = [fact.name for fact in theorem.given]
        assert len(names) == len(set(names)), theorem.id


def test_the_step_of_a_product_is_a_greek_letter_wherever_it_stands() -> None:
    shown = [sp.latex(step.formula) for _, step in STEPS if "tau" in str(step.formula)]
    assert any(r"{\tau-1}" in text for text in shown), "a step before"
    assert [text for text in shown if re.search(r"(?<![\\a-z])tau", text)] == []
    x = Letter("x")
    assert sp.latex(x[STEP - 1]) == r"x_{\tau-1}"
    assert str(x[STEP - 1]) == "x_(tau-1)"


# The cards


def test_ids_are_unique() -> None:
    assert len({theorem.id for theorem in theorems.all()}) == len(theorems.all())
    for name in cells.names():
        bounds = [bound.id for theorem in theorems.all() if (bound := theorem.instantiate(cells.get(name)))]
        assert len(set(bounds)) == len(bounds)


@pytest.mark.parametrize("theorem", theorems.all(), ids=by_id)
def test_a_card_is_complete(theorem) -> None:
    assert theorem.citation in set(sources.keys())
    assert theorem.source.key == theorem.citation
    assert all((theorem.title, theorem.quantifiers, theorem.place, theorem.version, theorem.words))
    assert theorems.get(theorem.id) is theorem


@pytest.mark.parametrize("theorem", theorems.all(), ids=by_id)
@pytest.mark.parametrize("name", cells.names())
def test_a_statement_bounds_the_norm_in_the_lag_and_reads_as_latex(theorem, name, latex_fault) -> None:
    bound = theorem.instantiate(cells.get(name))
    if bound is None:
        return
    upper = bound.direction == "<="
    of_the_norm = upper or bound.quantifier == "some"
    assert bound.statement.rel_op == bound.direction
    assert bound.statement.lhs.func == (quantities.jacobian_norm if of_the_norm else quantities.jacobian_gain)
    assert bound.statement.rhs.subs(notation.lag, 1).equals(bound.constant * bound.rate)
    assert (bound.decision.needs, bound.decides) == (("< 1", "vanishes") if upper else ("> 1", "explodes"))
    text = sp.latex(bound.statement).replace(r"\begin{matrix}", "").replace(r"\end{matrix}", "").replace("&", "")
    assert latex_fault(text) is None


@pytest.mark.parametrize("theorem", theorems.all(), ids=by_id)
@pytest.mark.parametrize("name", cells.names())
def test_every_quantity_of_a_statement_has_an_evaluator(theorem, name) -> None:
    bound = theorem.instantiate(cells.get(name))
    if bound is None:
        return
    formulas = sp.Tuple(bound.rate, bound.constant)
    known = (
        *EVALUATORS,
        quantities.sup_abs,
        quantities.majorant_radius,
        quantities.majorant_condition,
        quantities.step_norm,
    )
    inside = {part for q in formulas.atoms(quantities.sup_abs) for part in q.args[0].atoms(sp.Function)}
    assert all(isinstance(q, known) for q in formulas.atoms(sp.Function) - inside)
    vectors = {symbol for q in formulas.atoms(quantities.sup_abs) for symbol in q.free_symbols}
    assert formulas.free_symbols - vectors <= {notation.n, notation.slope_sup, notation.slope_inf} | {
        Letter(p.block_name(gate)) for p in cells.get(name).parameters for gate in p.gates or (None,)
    }


def test_an_unknown_theorem_is_refused_with_the_ids_there_are() -> None:
    with pytest.raises(ValueError, match=r"theorem must be one of hochreiter1991_entry, .*, got 'fermat'"):
        theorems.get("fermat")
