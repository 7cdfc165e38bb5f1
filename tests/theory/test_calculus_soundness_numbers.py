"""Derivations of false conclusions about numbers, signs and names, each by another trick: each is rejected."""

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

A, B, C, D, E, J, P, W, x, y = map(Letter, "ABCDEJPWxy")
n, k, t, gamma = notation.n, notation.lag, notation.time, notation.slope_sup
c, g, p, q, r, s, z = sp.symbols("c g p q r s z")
i, j = sp.symbols("i j", integer=True)
f = sp.Function("f")
norm = spectral_norm
ONE = Fact("one", le(0, sp.Integer(1)))
HALF = sp.Rational(1, 2)


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


@pytest.mark.parametrize("name", ALL)
def test_a_false_derivation_is_rejected(name) -> None:
    facts, lemmas = ALL[name]
    with pytest.raises(Rejection):
        _ = Derivation(facts, lemmas).proof
