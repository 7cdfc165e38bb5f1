"""Laws of induction and of quantified premises: a relation that every step passes on holds at every step, and no other."""

import pytest
import sympy as sp

from errorflow.theory.calculus import (
    Calculation,
    Combination,
    Derivation,
    Fact,
    Induction,
    Inference,
    Letter,
    Line,
    Rejection,
    Telescope,
    eq,
    form,
    ge,
    le,
    lt,
    rules,
)
from errorflow.theory.calculus.facts import supposed
from errorflow.theory.calculus.signs import positive
from errorflow.theory.notation import lag as k
from errorflow.theory.quantities import spectral_norm

X, A, B = map(Letter, "XAB")
i, j, a, b = sp.symbols("i j a b", integer=True)
c, d = sp.symbols("c d")


def size(step) -> sp.Expr:
    return spectral_norm(X[step])


INSIDE = le(size(i - 1), c)
STEP = Fact("step", le(size(i), c), over=(i,), when=(INSIDE,))
START = Fact("start", le(size(a), c))
END = Induction("end", le(size(a + k), c), "step", a, a + k)


def proved(*lemmas, given=(STEP, START)):
    return Derivation(tuple(given), lemmas).proof


def rejected(*lemmas, given=(STEP, START)) -> str:
    with pytest.raises(Rejection) as error:
        proved(*lemmas, given=given)
    return error.value.reason


def test_a_relation_that_every_step_passes_on_holds_at_every_step() -> None:
    assert proved(END).conclusion.claim == le(size(a + k), c)


def test_it_holds_at_the_first_step_itself() -> None:
    assert proved(Induction("end", le(size(a), c), "step", a, a)).used == ("start", "step")


def test_the_start_must_be_known() -> None:
    assert "needs spectral_norm(X_a) <= c, which is not established" in rejected(END, given=(STEP,))
    later = Fact("start", le(size(a + 1), c))
    assert "which is not established" in rejected(END, given=(STEP, later))


def test_the_first_step_comes_before_the_last() -> None:
    assert "needs 0 <=" in rejected(Induction("end", le(size(b), c), "step", a, b))


def test_the_step_must_suppose_the_relation_of_the_step_before() -> None:
    unconditional = Fact("step", le(size(i), c), over=(i,))
    assert "must hold when" in rejected(END, given=(unconditional, START))
    two_before = Fact("step", le(size(i), c), over=(i,), when=(le(size(i - 2), c),))
    assert "must hold when" in rejected(END, given=(two_before, START))
    smaller = Fact("step", le(size(i), c), over=(i,), when=(le(size(i - 1), c / 2),))
    assert "must hold when" in rejected(END, given=(smaller, START))


def test_the_step_must_hold_for_every_step() -> None:
    one = Fact("step", le(size(b), c), when=(le(size(b - 1), c),))
    assert "must relate f(i) to f(i-1) for all steps i" in rejected(END, given=(one, START))


def test_the_claim_is_the_relation_at_the_last_step() -> None:
    assert "the claim must be" in rejected(Induction("end", le(size(a + k), d), "step", a, a + k))
    assert "the claim must be" in rejected(Induction("end", ge(size(a + k), c), "step", a, a + k))
    assert "the claim must be" in rejected(Induction("end", le(size(a + k + 1), c), "step", a, a + k))


@pytest.mark.parametrize("condition", [le(a + 1, i), le(i, a + k)], ids=str)
def test_a_condition_on_the_steps_that_all_of_them_meet(condition) -> None:
    ranged = Fact("step", le(size(i), c), over=(i,), when=(INSIDE, condition))
    assert proved(END, given=(ranged, START))


@pytest.mark.parametrize(
    "condition", [le(a + 2, i), le(i, a + k - 1), eq(i, a + 1), eq(a + 1, i), le(i**2, a)], ids=str
)
def test_a_condition_on_the_steps_that_some_of_them_miss(condition) -> None:
    ranged = Fact("step", le(size(i), c), over=(i,), when=(INSIDE, condition))
    assert rejected(END, given=(ranged, START))


@pytest.mark.parametrize("lemma", [END, Telescope("end", le(size(a + k), size(a)), "step", sp.Integer(1), a, a + k)])
def test_a_condition_about_the_state_must_be_met_at_every_step(lemma) -> None:
    other = le(spectral_norm(B), size(i))  # known at one end alone
    conditions = (INSIDE, other) if isinstance(lemma, Induction) else (other,)
    bound = le(size(i), c) if isinstance(lemma, Induction) else le(size(i), size(i - 1))
    step = Fact("step", bound, over=(i,), when=conditions)
    known = Fact("known", le(spectral_norm(B), size(a + 1)))
    assert "linear in i" in rejected(lemma, given=(step, known, START))


def test_other_integers_stay_general_in_a_telescope() -> None:
    step = Fact("step", le(size(j - i), size(j - i + 1)), over=(i, j), when=(le(i, j),))
    end = Telescope("end", le(size(0), size(j)), "step", sp.Integer(1), 0, j, over=(j,), when=(le(0, j),))
    last = Calculation("last", size(0), (Line("<=", size(k), "end", {j: k}),))
    assert proved(end, last, given=(step,)).conclusion.claim == le(size(0), size(k))
    assert "must relate" in rejected(Telescope("end", le(size(0), size(k)), "step", sp.Integer(1), 0, k), given=(step,))


# What a lemma supposes


def test_a_lemma_may_use_what_it_supposes_by_its_name() -> None:
    supposition = le(c, d)
    lemma = Calculation("end", 2 * c, (Line("<=", 2 * d, supposed(supposition).name),), when=(supposition,))
    step = Combination("next", le(3 * c, 3 * d), ((sp.Rational(3, 2), "end"),))
    given = (Fact("c", le(c, d)),)
    assert proved(lemma, step, given=given).used == ("c", "end")


def test_no_lemma_may_use_what_another_one_supposes() -> None:
    first = Calculation("first", 2 * c, (Line("<=", 2 * d, supposed(le(c, d)).name),), when=(le(c, d),))
    second = Calculation("second", 3 * c, (Line("<=", 3 * d, supposed(le(c, d)).name),))
    assert "there is no fact" in rejected(first, second, given=())
    assert "needs c <= d" in rejected(first, Combination("second", le(2 * c, 2 * d), ((1, "first"),)), given=())


def test_conditions_that_rest_on_themselves_end() -> None:
    circle = Fact("circle", le(size(i), c), over=(i,), when=(le(size(i - 1), c),))
    lemma = Calculation("end", size(b), (Line("<=", c, "circle"),))
    assert "which is not established" in rejected(lemma, given=(circle,))


# Premises for all words or numbers of a kind


def test_a_fact_about_one_vector_does_not_meet_a_condition_for_all() -> None:
    v, x = rules.v, Letter("x")
    bounded = Fact("bounded", le(form(A @ x, A @ x), c**2 * form(x, x)), over=(x,), when=(le(form(x, B @ x), 0),))
    given = (Fact("c", le(0, c)), bounded, Fact("one", le(form(v, B @ v), 0)))
    assert "for all v'" in rejected(Inference("end", le(spectral_norm(A), c), rules.norm_of_vectors), given=given)


def test_a_fact_says_what_sign_its_variables_have_in_conditions() -> None:
    with pytest.raises(ValueError, match="must say in `when` what sign k has"):
        Fact("powers", le(size(k), c), over=(k,))


def test_a_fact_is_no_inequality_without_direction() -> None:
    with pytest.raises(TypeError, match="must be <=, < or ="):
        Fact("differ", sp.Ne(c, d))
    with pytest.raises(TypeError, match="must be <=, < or ="):
        Fact("differ", le(c, d), when=(sp.Ne(c, d),))


def test_a_positive_multiple_of_a_gap_is_positive() -> None:
    small = (Fact("small", lt(c, 1)),)
    assert positive(sp.Rational(1, 2) - c / 2, small)
    assert not positive(c / 2 - sp.Rational(1, 2), small)
    assert not positive(1 - 2 * c, small)
    assert not positive(1 - c * d, small)
