"""Derivations of false conclusions about numbers, signs and names, each by another trick: each is rejected."""

import re

import pytest
import sympy as sp

from errorflow.theory import notation, quantities
from errorflow.theory.calculus import (
    ALGEBRA,
    Calculation,
    Combination,
    Derivation,
    Fact,
    Letter,
    Line,
    Obtain,
    Rejection,
    Rule,
    eq,
    le,
    lt,
    rules,
)
from errorflow.theory.quantities import max_abs, spectral_norm

A, B, D, P, W = map(Letter, "ABDPW")
n, k = notation.n, notation.lag
c, g, p, q, r, s, z = sp.symbols("c g p q r s z")
i = sp.Symbol("i", integer=True)
f = sp.Function("f")
norm = spectral_norm
ONE = Fact("one", le(0, sp.Integer(1)))


def line(start, relation, end, by, using=None, **rest):
    return Calculation("end", start, (Line(relation, end, by, using or {}),), **rest)


def combined(claim, *terms, name="end", **rest):
    return Combination(name, claim, terms, **rest)


def plain_rule(name, claim, *variables, **rest):
    return Rule(
        name=name, claim=claim, variables=frozenset(variables), reference="horn2013", place="", lemma="", **rest
    )


_neg = sp.Symbol("p", negative=True)
_even = sp.Symbol("p", integer=True, even=True)
_int = sp.Symbol("p", integer=True, nonnegative=True)
FALSE_OF_NUMBERS = {
    "factors without their sign": ((Fact("f", le(p * q, r)),), (line(p * q * z, "<=", r * z, "f"),)),
    "a product with a negative factor": ((Fact("f", le(p, q)),), (line(-p * z, "<=", -q * z, "f"),)),
    "an inequality backwards": ((Fact("f", le(p, q)),), (line(q, "<=", p, "f"),)),
    "a combination backwards": ((Fact("f", le(p, q)),), (combined(le(q, p), (-1, "f")),)),
    "a multiple without a sign": ((Fact("f", le(p, q)),), (combined(le(r * p, r * q), (r, "f")),)),
    "an inequality as an equality": ((Fact("f", le(p, q)),), (combined(eq(p, q), (-1, "f")),)),
    "a division by zero": ((Fact("f", eq(r * p, 0)),), (combined(eq(p, 0), (1 / r, "f")),)),
    "a value that divides by zero": (
        (Fact("f", eq(c * r * p, c * r * q), over=(c,)),),
        (combined(eq(p, q), (1, "f", {c: 1 / r})),),
    ),
    "a condition that holds where it is not defined": (
        (Fact("f", eq(r * q, 0)),),
        (
            combined(
                eq(p + q, p),
                (1 / p, f"supposed {eq(p * q, 0)}"),
                name="cancel",
                over=(p,),
                when=(le(0, sp.Abs(1 / p + c)), eq(p * q, 0)),
            ),
            combined(eq(r + q, r), (1, "cancel", {p: r})),
        ),
    ),
    "a fact for all numbers that divides by zero": (
        (Fact("f", eq(f(p) / p, 0), over=(p,)),),
        (combined(eq(f(r), 0), (r, "f", {p: r})),),
    ),
    "a sum of words and numbers": ((Fact("f", eq(A, B)),), (combined(le(p, q), (1, "f")),)),
    "an inverse of what is only not negative": (
        (Fact("f", le(p, q)), Fact("sign", le(0, p))),
        (line(1 / q, "<=", 1 / p, "f"),),
    ),
    "a square of what may be negative": ((Fact("f", le(p, q)),), (line(p**2, "<=", q**2, "f"),)),
    "a root of a square": ((), (line(sp.sqrt(p**2), "=", p, ALGEBRA),)),
    "a root of a product": (
        (Fact("sign", le(0, p * q)),),
        (line(sp.sqrt(p * q), "=", sp.sqrt(p) * sp.sqrt(q), ALGEBRA),),
    ),
    "a power of exponent 0 of 0": ((), (line(p ** (k - 1) * p, "=", p**k, ALGEBRA),)),
    "a sign of a symbol's own": ((), (line(abs(_neg), "=", -_neg, ALGEBRA),)),
    "an exponent of its own sign": (
        (Fact("f", le(q, r)), Fact("sign", lt(0, q))),
        (line(r**_neg, "<=", q**_neg, "f"),),
    ),
    "an exponent that calls itself even": ((ONE,), (combined(le(0, q**_even), (q**_even, "one")),)),
    "an integer that calls itself a size": ((ONE,), (combined(le(0, _int), (_int, "one")),)),
    "a float": ((), (line(p + sp.Float("1e-20") * q, "=", p + sp.Float("1e-20") * q + 0, ALGEBRA),)),
    "infinity": ((ONE,), (combined(le(p, sp.oo), (sp.oo, "one")),)),
    "not a number": ((ONE,), (combined(le(p, q), (sp.nan, "one")),)),
    "cases": (
        (ONE,),
        (combined(le(0, sp.Piecewise((p, p > 0), (0, True))), (sp.Piecewise((p, p > 0), (0, True)), "one")),),
    ),
    "a sum of SymPy with a step of its own": (
        (ONE,),
        (combined(le(0, sp.Sum(i**2, (i, 1, 3))), (sp.Sum(i**2, (i, 1, 3)), "one")),),
    ),
    "a text": ((ONE,), (line("p", "=", "p + 0", ALGEBRA),)),
    "two symbols written alike": (
        (Fact("f", le(sp.Symbol("p", real=True), q)),),
        (line(sp.Symbol("p", real=True) + 0 * p, "<=", q, "f"), line(p, "<=", q, "f")),
    ),
    "a bound vector's supremum": (
        (Fact("now", eq(notation.at_step("a"), sp.Integer(0))),),
        (line(quantities.sup_abs(notation.at_step("a")), "=", quantities.sup_abs(sp.Integer(0)), "now"),),
    ),
}

_exists = plain_rule("something bounds", le(norm(A), c), A, c, exists=frozenset({c}))
FALSE_OF_NAMES = {
    "a name that is not new": (
        (Fact("c", le(c, 1)),),
        (Obtain("end", _exists, {A: W}, {c: c}), combined(le(norm(W), 1), (1, "c"), (1, "end"))),
    ),
    "a name that leaks": ((), (Obtain("end", _exists, {A: W}, {c: g}),)),
    "the size as a name": ((), (Obtain("small", _exists, {A: W}, {c: n}), combined(le(norm(W), n), (1, "small")))),
    "a lag as a name": ((), (Obtain("small", _exists, {A: W}, {c: k}), combined(le(norm(W), k), (1, "small")))),
    "one name for all": (
        (),
        (
            Obtain("small", _exists, {A: W}, {c: g}),
            Calculation("all", norm(W), (Line("<=", g, "small"),), over=(W,)),
            combined(le(norm(A) - norm(B), 0), (1, "all", {W: A}), (-1, "all", {W: B})),
        ),
    ),
    "a rewriting by what only exists": ((), (line(norm(W), "<=", g, _exists, {c: g}),)),
    "a word for a number": (
        (),
        (Obtain("small", _exists, {A: W}, {c: P}), combined(le(norm(W), norm(P)), (1, "small"))),
    ),
    "two facts of one name": ((Fact("f", le(p, q)), Fact("f", le(q, p))), (line(p, "<=", q, "f"),)),
    "a fact that comes later": ((), (line(norm(W), "<=", g, "later"), Calculation("later", norm(W), ()))),
    "a lemma by itself": ((), (line(norm(W), "<=", g, "end"),)),
    "two rules of one name": (
        (),
        (
            Calculation(
                "one", norm(W), (Line("<=", max_abs(W), plain_rule("triangle inequality", le(norm(A), max_abs(A)), A)),)
            ),
            Calculation(
                "end",
                norm(W + D),
                (Line("<=", norm(W) + norm(D), rules.triangle), Line("<=", max_abs(W) + norm(D), "one")),
            ),
        ),
    ),
}

ALL = {**FALSE_OF_NUMBERS, **FALSE_OF_NAMES}
REASONS = {
    "factors without their sign": "needs 0 <= z, which is not established",
    "a product with a negative factor": "does not apply to",
    "an inequality backwards": "does not apply to",
    "a combination backwards": "needs 0 <= -1, which is not established",
    "a multiple without a sign": "needs 0 <= r, which is not established",
    "an inequality as an equality": "does not give an equality",
    "a division by zero": "needs 0 < r, which is not established",
    "a value that divides by zero": "needs 0 < r, which is not established",
    "a condition that holds where it is not defined": "needs 0 < r, which is not established",
    "a fact for all numbers that divides by zero": "needs 0 < p, which is not established",
    "a sum of words and numbers": "cannot be added",
    "an inverse of what is only not negative": "needs 0 < q, which is not established",
    "a square of what may be negative": "needs 0 <= p, which is not established",
    "a root of a square": "are not equal by algebra",
    "a root of a product": "needs 0 <= p, which is not established",
    "a power of exponent 0 of 0": "needs 0 < p, which is not established",
    "a sign of a symbol's own": "to have a sign that nothing shows",
    "an exponent of its own sign": "to have a sign that nothing shows",
    "an exponent that calls itself even": "to have a sign that nothing shows",
    "an integer that calls itself a size": "to have a sign that nothing shows",
    "a float": "is not exact",
    "infinity": "is not a finite real number",
    "not a number": "is not a finite real number",
    "cases": "is not a finite real number",
    "a sum of SymPy with a step of its own": "is not a finite real number",
    "a text": "is not a finite real number",
    "two symbols written alike": "two different symbols",
    "a bound vector's supremum": "does not apply to",
    "a name that is not new": "is not a new name",
    "a name that leaks": "of which we only know that it exists",
    "the size as a name": "must be a name of the kind",
    "a lag as a name": "must be a name of the kind",
    "one name for all": "holds for all W only if 'small' does",
    "a rewriting by what only exists": "obtain it first",
    "a word for a number": "must be a name of the kind",
    "two facts of one name": "two facts have this name",
    "a fact that comes later": "there is no fact",
    "a lemma by itself": "there is no fact",
    "two rules of one name": "two rules have the name",
}


@pytest.mark.parametrize("name", ALL)
def test_a_false_derivation_is_rejected_for_its_reason(name) -> None:
    facts, lemmas = ALL[name]
    with pytest.raises(Rejection, match=re.escape(REASONS[name])):
        _ = Derivation(facts, lemmas).proof
