"""Derivations of false conclusions about products, steps and quantifiers, each by another trick: each is rejected."""

import re

import pytest
import sympy as sp

from errorflow.theory import notation
from errorflow.theory.calculus import (
    ALGEBRA,
    STEP,
    Calculation,
    Combination,
    Derivation,
    Diagonal,
    Fact,
    Induction,
    Inference,
    Letter,
    Line,
    Rejection,
    Telescope,
    TelescopingSum,
    chain,
    eq,
    form,
    le,
    lt,
    product_over,
    rules,
    sum_over,
)
from errorflow.theory.calculus.facts import BlockNorms
from errorflow.theory.calculus.words import At
from errorflow.theory.quantities import max_abs, spectral_norm

A, B, C, D, J, W, x, y = map(Letter, "ABCDJWxy")
n, k, t = notation.n, notation.lag, notation.time
c, g, p, q, r = sp.symbols("c g p q r")
i = sp.Symbol("i", integer=True)
f = sp.Function("f")
norm = spectral_norm
ONE = Fact("one", le(0, sp.Integer(1)))
HALF = sp.Rational(1, 2)


def line(start, relation, end, by, using=None, **rest):
    return Calculation("end", start, (Line(relation, end, by, using or {}),), **rest)


def combined(claim, *terms, name="end", **rest):
    return Combination(name, claim, terms, **rest)


FALSE_OF_PRODUCTS = {
    "a power of a matrix that depends on the step": (
        (),
        (line(chain(D[STEP], 2, 3), "=", chain(D[STEP], 1, 2), rules.shift_of_power),),
    ),
    "a power of such a matrix by an inference": (
        (),
        (Inference("end", eq(chain(D[STEP], 2, 3), chain(D[STEP], 1, 2)), rules.shift_of_power),),
    ),
    "a fact about one matrix for a matrix of every step": (
        (Fact("power", eq(chain(A, 2, 3), chain(A, 1, 2)), over=(A,)),),
        (line(chain(D[STEP], 2, 3), "=", chain(D[STEP], 1, 2), "power"),),
    ),
    "the same as a property": (
        (Fact("powers", Diagonal(chain(A, 1, 2)), over=(A,)),),
        (line(norm(chain(D[STEP], 1, 2)), "=", max_abs(chain(D[STEP], 1, 2)), rules.norm_of_diagonal),),
    ),
    "a factor of one step before all": (
        (),
        (line(product_over(f(STEP), 1, 2), "=", f(STEP) ** 2, rules.constant_product),),
    ),
    "a factor of one step by an inference": (
        (),
        (Inference("end", eq(product_over(f(STEP), 1, 2), f(STEP) ** 2), rules.constant_product),),
    ),
    "a given fact about the bound step": (
        (Fact("slope", le(f(STEP), g)),),
        (line(sum_over(f(STEP), 1, 2), "<=", sum_over(g, 1, 2), "slope"),),
    ),
    "a lemma for all bound steps": ((ONE,), (combined(le(0, norm(D[STEP])), (norm(D[STEP]), "one"), over=(STEP,)),)),
    "the bound step as the end of a product": (
        (),
        (line(norm(chain(W, 1, STEP)), "<=", product_over(norm(W), 1, STEP), rules.norm_of_product),),
    ),
    "the bound step as a value": (
        (Fact("all", le(f(i), sum_over(f(STEP) * f(i), 1, 2)), over=(i,)),),
        (combined(le(f(STEP), sum_over(f(STEP) ** 2, 1, 2)), (1, "all", {i: STEP})),),
    ),
    "a fact about one step": (
        (Fact("slope", le(f(t), g)),),
        (line(sum_over(f(STEP), 1, 2), "<=", sum_over(g, 1, 2), "slope"),),
    ),
    "a fact for some steps": (
        (Fact("slope", le(f(i), g), over=(i,), when=(le(1, i),)),),
        (line(sum_over(f(STEP), 0, 2), "<=", sum_over(g, 0, 2), "slope"),),
    ),
    "what is said of a letter of its copies": ((Fact("same", eq(W, D)),), (line(norm(W[t]), "=", norm(D[t]), "same"),)),
    "and at every place": ((Fact("same", eq(W, D)),), (line(norm(W) * norm(W[t]), "=", norm(D) * norm(D[t]), "same"),)),
    "a word where only a letter has copies": (
        (Fact("all", le(norm(A[i]), g), over=(A, i)),),
        (combined(le(norm(At(W, i)), g), (1, "all", {A: W @ D, i: i})),),
    ),
    "n rows of a matrix of blocks": (
        (Fact("blocks", BlockNorms(J, C)), Fact("same", eq(J, A))),
        (line(norm(A), "<=", n * max_abs(A), rules.spectral_by_entries),),
    ),
}

_sum_of_two = le(f(i), r * f(i - 1))
FALSE_OF_QUANTIFIERS = {
    "a value that is no integer": (
        (ONE,),
        (
            combined(le(0, p ** (2 * i)), (p ** (2 * i), "one"), name="even", over=(i,), when=(le(0, i),)),
            combined(le(0, p), (1, "even", {i: HALF})),
        ),
    ),
    "a value that is not real": (
        (ONE,),
        (combined(le(0, p**2), (p**2, "one"), name="square", over=(p,)), combined(le(0, -1), (1, "square", {p: sp.I}))),
    ),
    "a value without a logarithm": (
        (ONE,),
        (
            combined(le(0, sp.exp(p)), (sp.exp(p), "one"), name="positive", over=(p,)),
            combined(le(0, q), (1, "positive", {p: sp.log(q)})),
        ),
    ),
    "a number for a word": ((Fact("all", le(norm(A), g), over=(A,)),), (combined(le(norm(x), g), (1, "all", {A: p})),)),
    "a value for what a fact is about": (
        (Fact("one", le(norm(W), g)),),
        (line(norm(W), "<=", sp.Integer(0), "one", {g: 0}),),
    ),
    "a value for the size": ((), (line(norm(W), "<=", max_abs(W), rules.spectral_by_entries, {n: 1}),)),
    "a value for the size in an inference": (
        (),
        (Inference("end", le(norm(W), max_abs(W)), rules.spectral_by_entries, {n: 1}),),
    ),
    "a lemma for all sizes": (
        (),
        (
            Calculation("all", norm(W), (Line("<=", n * max_abs(W), rules.spectral_by_entries),), over=(n,)),
            combined(le(norm(W), 0), (1, "all", {n: 0})),
        ),
    ),
    "a lemma for all by a fact about one": (
        (Fact("small", le(norm(A), 1)),),
        (
            Calculation("all", norm(A), (Line("<=", sp.Integer(1), "small"),), over=(A,)),
            combined(le(norm(B), 1), (1, "all", {A: B})),
        ),
    ),
    "the same through a sign": (
        (ONE, Fact("sign", le(0, p))),
        (combined(le(0, p), (p, "one"), name="all", over=(p,)), combined(le(0, -1), (1, "all", {p: -1}))),
    ),
    "the same through what is defined": (
        (Fact("sign", lt(0, p)),),
        (
            Calculation("all", (p + 1) / p, (Line("=", 1 + 1 / p, ALGEBRA),), over=(p,)),
            combined(eq((q + 1) / q, 1 + 1 / q), (1, "all", {p: q})),
        ),
    ),
    "a conclusion under a condition": (
        (),
        (line(norm(W), "<=", n * max_abs(W), rules.spectral_by_entries, when=(lt(1, 0),)),),
    ),
    "a condition that is not met": (
        (ONE,),
        (
            combined(le(1, p), (1, "supposed 1 <= p"), name="all", over=(p,), when=(le(1, p),)),
            combined(le(1, q), (1, "all", {p: q})),
        ),
    ),
    "a premise for all vectors from one that is zero": (
        (
            Fact("at zero", le(form(A @ x, A @ x), c**2 * form(x, x)), over=(x,), when=(le(form(x, x), 0),)),
            Fact("zero", le(form(rules.v, rules.v), 0)),
            Fact("c", le(0, c)),
        ),
        (Inference("end", le(norm(A), c), rules.norm_of_vectors),),
    ),
    "a premise for all vectors from one vector": (
        (Fact("one vector", le(form(A @ rules.v, A @ rules.v), c**2 * form(rules.v, rules.v))), Fact("c", le(0, c))),
        (Inference("end", le(norm(A), c), rules.norm_of_vectors),),
    ),
    "a number that depends on the vector": (
        (
            Fact("all", le(form(A @ x, A @ x), form(x, y) ** 2 * form(x, x)), over=(x, y)),
            Fact("c", le(0, form(rules.v, rules.v))),
        ),
        (Inference("end", le(norm(A), form(rules.v, rules.v)), rules.norm_of_vectors),),
    ),
    "steps of which a condition allows one": (
        (Fact("step", _sum_of_two, over=(i,), when=(eq(i, t),)), Fact("r", le(0, r)), Fact("lag", le(1, k))),
        (Telescope("end", le(f(t), r**k * f(t - k)), "step", r, t - k, t),),
    ),
    "steps before those of which a fact speaks": (
        (Fact("step", _sum_of_two, over=(i,), when=(le(t, i),)), Fact("r", le(0, r)), Fact("lag", le(2, k))),
        (Telescope("end", le(f(t), r**k * f(t - k)), "step", r, t - k, t),),
    ),
    "a product over steps backwards": (
        (Fact("step", _sum_of_two, over=(i,)), Fact("r", le(0, r)), Fact("lag", le(1, k))),
        (Telescope("end", le(f(t - k), r ** (-k) * f(t)), "step", r, t, t - k),),
    ),
    "a rate that may be negative": (
        (Fact("step", _sum_of_two, over=(i,)), Fact("lag", le(1, k))),
        (Telescope("end", le(f(t), r**k * f(t - k)), "step", r, t - k, t),),
    ),
    "a rate that depends on the step": (
        (Fact("step", le(f(i), i**2 * f(i - 1)), over=(i,)), Fact("lag", le(1, k))),
        (Telescope("end", le(f(t), (i**2) ** k * f(t - k)), "step", i**2, t - k, t),),
    ),
    "a sum of another increment": (
        (Fact("step", eq(f(i), f(i - 1) + i), over=(i,)), Fact("lag", le(1, k))),
        (TelescopingSum("end", eq(f(t), f(t - k) + sum_over(STEP, t - k, t)), "step", t - k, t),),
    ),
    "an induction without a start": (
        (Fact("step", le(f(i), 1), over=(i,), when=(le(f(i - 1), 1),)), Fact("lag", le(1, k))),
        (Induction("end", le(f(t), 1), "step", t - k, t),),
    ),
    "an induction to earlier steps": (
        (
            Fact("step", le(f(i), 1), over=(i,), when=(le(f(i - 1), 1),)),
            Fact("start", le(f(t), 1)),
            Fact("lag", le(1, k)),
        ),
        (Induction("end", le(f(t - k), 1), "step", t, t - k),),
    ),
}

ALL = {**FALSE_OF_PRODUCTS, **FALSE_OF_QUANTIFIERS}
REASONS = {
    "a power of a matrix that depends on the step": "does not apply to",
    "a power of such a matrix by an inference": "must not depend on the step",
    "a fact about one matrix for a matrix of every step": "does not apply to",
    "the same as a property": "needs that D_2 ... D_1 is diagonal, which is not established",
    "a factor of one step before all": "the bound step stands outside of its product",
    "a factor of one step by an inference": "the bound step stands outside of its product",
    "a given fact about the bound step": "the bound step stands outside of its product",
    "a lemma for all bound steps": "the bound step stands outside of its product",
    "the bound step as the end of a product": "the bound step stands outside of its product",
    "the bound step as a value": "the bound step stands outside of its product",
    "a fact about one step": "is a fact about one step",
    "a fact for some steps": "needs 1 <= tau, which is not established",
    "what is said of a letter of its copies": "does not apply to",
    "and at every place": "but the line states",
    "a word where only a letter has copies": "only a letter has a copy",
    "n rows of a matrix of blocks": "speaks of n",
    "a value that is no integer": "must be an integer",
    "a value that is not real": "is not a finite real number",
    "a value without a logarithm": "needs 0 < q, which is not established",
    "a number for a word": "must be a word",
    "a value for what a fact is about": "is about one",
    "a value for the size": "is about one",
    "a value for the size in an inference": "is about one",
    "a lemma for all sizes": "what sign n has",
    "a lemma for all by a fact about one": "holds for all A only if 'small' does",
    "the same through a sign": "holds for all p only if 'sign' does",
    "the same through what is defined": "holds for all p only if 'sign' does",
    "a conclusion under a condition": "the conclusion holds only when",
    "a condition that is not met": "needs 1 <= q, which is not established",
    "a premise for all vectors from one that is zero": "needs vectors",
    "a premise for all vectors from one vector": "needs vectors",
    "a number that depends on the vector": "own occurs in",
    "steps of which a condition allows one": "must be an inequality that is linear",
    "steps before those of which a fact speaks": "needs t <= -k + t + 1, which is not established",
    "a product over steps backwards": "needs 0 < r, which is not established",
    "a rate that may be negative": "needs 0 <= r, which is not established",
    "a rate that depends on the step": "must be f(i) <= r f(i-1)",
    "a sum of another increment": "the claim must be",
    "an induction without a start": "needs f(-k + t) <= 1, which is not established",
    "an induction to earlier steps": "needs 0 <= -k, which is not established",
}


@pytest.mark.parametrize("name", ALL)
def test_a_false_derivation_is_rejected_for_its_reason(name) -> None:
    facts, lemmas = ALL[name]
    with pytest.raises(Rejection, match=re.escape(REASONS[name])):
        _ = Derivation(facts, lemmas).proof
