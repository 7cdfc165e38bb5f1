"""Laws of the calculus: words, matching, signs, forms, and what the checker says of its parts."""

import pytest
import sympy as sp
from hypothesis import given
from hypothesis import strategies as st

from errorflow.theory import notation
from errorflow.theory.calculus import (
    IDENTITY,
    STEP,
    Calculation,
    Combination,
    Derivation,
    Diagonal,
    Fact,
    Induction,
    Inference,
    Invertible,
    Letter,
    Line,
    Obtain,
    Rejection,
    Rule,
    Symmetric,
    Telescope,
    TelescopingSum,
    UnitInterval,
    absolute,
    chain,
    dot,
    eq,
    form,
    inverse,
    le,
    lt,
    product_over,
    rules,
    sum_over,
)
from errorflow.theory.calculus.forms import same
from errorflow.theory.calculus.matching import bind, match
from errorflow.theory.calculus.rewriting import Schema, rewrites
from errorflow.theory.calculus.signs import nonnegative, positive, undefined
from errorflow.theory.calculus.words import plus, replace, scaled, transpose
from errorflow.theory.quantities import spectral_norm

A, B, C, D, L, W, x, y = map(Letter, "ABCDLWxy")
n, k, t = notation.n, notation.lag, notation.time
p, q, r, s = sp.symbols("p q r s")
i, j = sp.symbols("i j", integer=True)
a, b = rules.a, rules.b
f = sp.Function("f")
norm = spectral_norm

LETTERS = st.sampled_from([A, B, W, D[t], D[t - 1], IDENTITY])
WORDS = st.recursive(
    LETTERS,
    lambda inner: st.one_of(
        st.builds(dot, inner, inner),
        st.builds(plus, inner, inner),
        st.builds(scaled, st.sampled_from([sp.Integer(2), sp.Integer(-1), p]), inner),
        st.builds(transpose, inner),
    ),
    max_leaves=6,
)


# Words


@given(WORDS, WORDS, WORDS)
def test_a_product_is_associative_and_the_identity_leaves_it(one, two, three) -> None:
    assert dot(dot(one, two), three) == dot(one, dot(two, three))
    assert dot(IDENTITY, one) == one == dot(one, IDENTITY)


@given(WORDS, WORDS)
def test_a_transpose_turns_a_product_around_and_itself_back(one, two) -> None:
    assert transpose(dot(one, two)) == dot(transpose(two), transpose(one))
    assert transpose(transpose(one)) == one
    assert transpose(plus(one, two)) == plus(transpose(one), transpose(two))


@given(WORDS, WORDS, WORDS)
def test_a_sum_is_commutative_and_associative(one, two, three) -> None:
    assert plus(one, two) == plus(two, one)
    assert plus(plus(one, two), three) == plus(one, plus(two, three))


def test_a_product_does_not_commute_and_a_sum_collects() -> None:
    assert A @ B != B @ A
    assert A + A == 2 * A
    assert (2 * A) @ B == 2 * (A @ B) == A @ (2 * B)
    assert scaled(sp.Integer(0), A) == A - A


def test_words_and_numbers_do_not_mix() -> None:
    with pytest.raises(TypeError, match="the product of words is written @"):
        A * B
    with pytest.raises(TypeError, match="a factor or summand must be a word"):
        A @ p
    with pytest.raises(TypeError, match="only a letter has a copy for every step"):
        replace(D[t], {D: A @ B})
    with pytest.raises(TypeError, match="the inverse is taken of a letter"):
        inverse(A @ B)


def test_the_bound_step_is_free_in_the_ends_of_a_product_alone() -> None:
    assert STEP not in chain(D[STEP], 1, k).free_symbols | product_over(f(STEP), 1, k).free_symbols
    assert STEP in chain(W, 1, STEP).free_symbols & product_over(p, STEP, 2).free_symbols
    with pytest.raises(ValueError, match="do not nest"):
        product_over(norm(chain(W, 1, STEP)), 1, 2)


def test_replacing_in_a_product_of_symbolic_length_keeps_its_step() -> None:
    found = replace(chain(D[STEP] @ W, a, b), {W: A @ B, a: t - 1, b: t})
    assert found == chain(D[STEP] @ A @ B, t - 1, t)


# Matching

PATTERNS = [
    A @ B,
    A @ B @ A,
    A + B,
    2 * A,
    A.T @ B,
    chain(A, a, b),
    norm(A),
    norm(A @ B) * r,
    r**2 * s,
    r + s,
    chain(A, a, a - 1),
]


@given(
    st.sampled_from(PATTERNS),
    WORDS,
    WORDS,
    st.sampled_from([p, q**2, p * q, p + 1]),
    st.sampled_from([t, k + 1, sp.Integer(2)]),
)
def test_a_match_makes_the_pattern_the_expression(pattern, one, two, number, step) -> None:
    variables = frozenset({A, B, r, s, a, b})
    made = bind(pattern, {A: one, B: two, r: number, s: q, a: step, b: step + 1})
    for found in match(pattern, made, variables):
        assert bind(pattern, found) == made


@given(LETTERS, LETTERS)
def test_what_a_pattern_was_made_from_is_found(one, two) -> None:
    if IDENTITY not in (one, two):
        assert {A: one, B: two} in list(match(A @ B, dot(one, two), frozenset({A, B})))


def test_a_variable_is_one_thing_and_of_one_kind() -> None:
    assert not list(match(A @ A, W @ D, frozenset({A})))
    assert not list(match(A, p, frozenset({A})))
    assert not list(match(r, W, frozenset({r})))
    assert not list(match(f(i), f(sp.Rational(1, 2)), frozenset({i})))
    assert [found[i] for found in match(f(i - 1), f(t), frozenset({i}))] == [t + 1]
    assert [found[b] for found in match(b - a + 1, k, frozenset({a, b}), {a: t - k + 1})] == [t]


def test_a_variable_in_the_body_of_a_product_may_depend_on_the_step() -> None:
    (found,) = match(norm(chain(A, a, b)), norm(chain(D[STEP] @ W, 1, k)), frozenset({A, a, b}))
    assert found == {A: D[STEP] @ W, a: sp.Integer(1), b: k}


# Rewriting


def results(expr, claim, relation, *variables):
    return {found.result for found in rewrites(expr, Schema(claim, frozenset(variables)), relation, {})}


def test_an_inequality_is_used_in_its_direction_alone() -> None:
    assert results(p + 1, le(p, q), "<=") == {q + 1}
    assert results(p + 1, le(p, q), ">=") == results(p + 1, le(p, q), "=") == set()
    assert results(-p, le(p, q), ">=") == {-q}
    assert results(1 / p, le(p, q), ">=") == {1 / q}


def test_under_a_norm_only_equal_words_are_exchanged() -> None:
    assert results(norm(p * A), le(p, q), "<=") == set()
    assert results(norm(p * A), eq(p, q), "<=") == {norm(q * A)}
    assert results(norm(A @ B @ C), eq(A @ B, D), "=") == {norm(D @ C)}


def test_the_signs_that_a_context_needs_are_named() -> None:
    (found,) = rewrites(p**2 * r, Schema(le(p, q), frozenset()), "<=", {})
    assert [need.expr for need in found.needs] == [p, 2, r]


# Signs

POSITIVE = (Fact("p", lt(0, p)), Fact("q", le(0, q)), Fact("r", le(p, r)))


@pytest.mark.parametrize(
    "expr",
    [n, k, norm(A), p, q, r, p + q, p * r, q**3, s**2, s**4 * norm(A), 2**k, p ** (-k), 1 / p, 3, product_over(norm(D[STEP]), 1, k),
     sum_over(f(STEP) ** 2, 1, k), form(x, x), form(A @ x, A @ x), sp.Max(s, q), sp.exp(s), sp.Abs(s), p - 0, r - p],
    ids=str,
)  # fmt: skip
def test_a_sign_follows_from_parts_and_facts(expr) -> None:
    assert nonnegative(sp.sympify(expr), POSITIVE)


@pytest.mark.parametrize(
    "expr",
    [s, -p, p - q, s * p, 1 / q, s**3, q ** (-k), form(x, y), form(x, A @ x), sp.Integer(-1), f(t), sp.Max(s, -p), s**i, p - r,
     sp.Symbol("z", nonnegative=True), product_over(f(STEP), 1, k)],
    ids=str,
)  # fmt: skip
def test_a_sign_that_does_not_follow_is_not_believed(expr) -> None:
    assert not nonnegative(expr, POSITIVE)


def test_positive_is_more_than_not_negative() -> None:
    assert positive(p * n + q, POSITIVE)
    assert not positive(q, POSITIVE)
    assert not positive(norm(A), POSITIVE)


def test_a_power_is_defined_where_its_base_may_be_raised() -> None:
    assert undefined(p ** (-k) + sp.sqrt(q) + s**2 + 0**k, POSITIVE) is None
    assert undefined(1 / q, POSITIVE) == "0 < q"
    assert undefined(sp.sqrt(s), POSITIVE) == "0 <= s"
    assert undefined(sp.log(q), POSITIVE) == "0 < q"
    assert undefined(s ** (k - 1), POSITIVE) == "0 < s"
    assert undefined(s ** (k - 1), (Fact("lag", le(1, k)),)) is None


def test_every_fact_that_a_sign_needs_is_recorded() -> None:
    used = []
    assert nonnegative(p * q, POSITIVE, used.append)
    assert {fact.name for fact in used} == {"p", "q"}


# Forms


@given(WORDS, WORDS)
def test_a_form_is_its_own_transpose_and_linear(one, two) -> None:
    assert same(form(x, one, y), form(y, transpose(one), x))
    assert same(form(x, plus(one, two), y), form(x, one, y) + form(x, two, y))
    assert same(form(x, scaled(p, one), y), p * form(x, one, y))


def test_a_symmetric_matrix_may_change_sides() -> None:
    assert same(form(x, W, y), form(y, W, x), lambda letter: letter == W)
    assert not same(form(x, W, y), form(y, W, x))
    assert not same(form(x, A @ B, y), form(x, B @ A, y))


@given(st.sampled_from([p, q, norm(A), 2 * p]), st.sampled_from([k, k + 1, 2 * k, sp.Integer(3)]))
def test_powers_of_symbolic_exponent_are_compared(base, exponent) -> None:
    assert same((base * q) ** exponent, base**exponent * q**exponent)
    assert same(base ** (exponent + 1), base * base**exponent)
    assert not same(base**exponent, base ** (exponent + 1))


# Properties


def holds(facts, claim) -> bool:
    """Whether the checker lets a rule that has the property as its premise be used."""
    trivial = eq(norm(A), norm(A))
    wants = Rule(
        name="wants", claim=trivial, variables=frozenset({A}), premises=(claim,), reference="", place="", lemma=""
    )
    try:
        return bool(Derivation(facts, (Inference("end", trivial, wants),)).proof)
    except Rejection:
        return False


def test_properties_follow_by_structure() -> None:
    d, e = Fact("d", Diagonal(D[i]), over=(i,)), Fact("e", UnitInterval(L))
    assert holds((d, e), Diagonal(D[t] @ L + 2 * D[t - 1].T))
    assert holds((d,), Symmetric(D[t]))
    assert holds((Fact("l", Invertible(L)),), Invertible(inverse(L)))
    assert holds((Fact("l", Diagonal(L)),), Diagonal(inverse(L)))


def test_properties_that_do_not_follow_are_not_believed() -> None:
    d, e = Fact("d", Diagonal(D[t])), Fact("e", Symmetric(L))
    assert not holds((d,), Diagonal(D[t - 1]))
    assert not holds((d,), Diagonal(absolute(D[t])))
    assert not holds((e,), Symmetric(L @ L))
    assert not holds((e,), Diagonal(L))
    assert not holds((Fact("l", Invertible(L)),), Invertible(L + L))


# Lemmas


def conclusion(facts, *lemmas):
    return Derivation(facts, lemmas).proof.conclusion


def test_a_telescope_goes_from_one_step_to_any_number() -> None:
    step = Fact("step", le(f(i), r * f(i - 1)), over=(i,), when=(le(1, i),))
    facts = (step, Fact("r", le(0, r)))
    found = conclusion(facts, Telescope("end", le(f(k), r**k * f(0)), "step", r, 0, k))
    assert found.claim == le(f(k), r**k * f(0))
    with pytest.raises(Rejection, match="'step' needs 1 <= 0, which is not established"):
        conclusion(facts, Telescope("end", le(f(k), r ** (k + 1) * f(-1)), "step", r, -1, k))


def test_a_telescoping_sum_adds_the_increments() -> None:
    facts = (Fact("step", eq(f(i), f(i - 1) + i * r), over=(i,)),)
    found = conclusion(facts, TelescopingSum("end", eq(f(k), f(0) + sum_over(STEP * r, 1, k)), "step", 0, k))
    assert found.claim.rel_op == "=="


def test_an_induction_needs_its_start() -> None:
    facts = (Fact("start", le(f(0), 1)), Fact("step", le(f(i), 1), over=(i,), when=(le(f(i - 1), 1),)))
    assert conclusion(facts, Induction("end", le(f(k), 1), "step", 0, k)).claim == le(f(k), 1)


def test_what_exists_gets_a_name_that_does_not_leave_the_proof() -> None:
    bound = Rule(
        name="some bound",
        claim=le(norm(A), r),
        variables=frozenset({A, r}),
        exists=frozenset({r}),
        reference="",
        place="",
        lemma="",
    )
    obtained = Obtain("bound", bound, {A: W}, {r: q})
    line = Calculation("twice", 2 * norm(W), (Line("<=", 2 * q, "bound"),))
    done = Combination("end", le(norm(W), norm(W)), ((sp.Integer(0), "twice"),))
    assert conclusion((), obtained, line, done).claim == le(norm(W), norm(W))
    with pytest.raises(Rejection, match="speaks of q, of which we only know that it exists"):
        conclusion((), obtained, line)


def test_a_lemma_under_a_condition_is_used_where_the_condition_holds() -> None:
    under = Calculation("under", p**2, (Line("<=", p * q, "above"),), over=(p,), when=(le(0, p), le(p, q)))
    with pytest.raises(Rejection, match="there is no fact 'above' before this line"):
        conclusion((), under)
    named = Combination("under", le(p**2, p * q), ((p, f"supposed {le(p, q)}"),), over=(p,), when=(le(0, p), le(p, q)))
    facts = (Fact("r", le(0, r)), Fact("below", le(r, q)))
    assert conclusion(facts, named, Combination("end", le(r**2, r * q), ((1, "under", {p: r}),))).claim == le(
        r**2, q * r
    )
    with pytest.raises(Rejection, match="'under' needs 0 <= r, which is not established"):
        conclusion(facts[1:], named, Combination("end", le(r**2, r * q), ((1, "under", {p: r}),)))


def test_a_proof_lists_what_it_used() -> None:
    facts = (Fact("small", le(norm(A), r)),)  # which says that r is not negative
    lines = (Line("<=", norm(A) * norm(B), rules.submultiplicative), Line("<=", r * norm(B), "small"))
    square = Combination("end", le(norm(A @ B) * r, r**2 * norm(B)), ((r, "product"),))
    proof = Derivation(facts, (Calculation("product", norm(A @ B), lines), square)).proof
    assert proof.rules == (rules.submultiplicative,)
    assert set(proof.used) == {"small", "product"}


def test_a_derivation_without_a_lemma_concludes_nothing() -> None:
    with pytest.raises(Rejection, match="a derivation needs a lemma"):
        conclusion(())
