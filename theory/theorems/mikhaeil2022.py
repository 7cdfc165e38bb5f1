r"""Mikhaeil, Monfared & Durstewitz (2022): the largest Lyapunov exponent decides about the state Jacobian (claim C19).

Let lambda_1 be the largest Lyapunov exponent of an ergodic invariant measure for which log+ ||J_t|| is integrable. By the
multiplicative ergodic theorem, along almost every orbit and for all v outside of a proper subspace that depends on the
orbit, (1/k) log ||J(s+k, s) v|| tends to lambda_1: for every e > 0 there is a K(e) with

    exp((lambda_1 - e) k) <= ||J(s+k, s) v|| <= exp((lambda_1 + e) k)   for all k >= K(e).

That theorem is *cited*. With e = |lambda_1|/2 it follows that ||J v|| <= exp(lambda_1 k/2), vanishing, where lambda_1 < 0,
and ||J v|| >= exp(lambda_1 k/2), explosion, where lambda_1 > 0, from some lag on. Which lag that is no theorem says: at a
finite k the rate differs from lambda_1 by terms of the order 1/k and more. The first step s is fixed and the lag grows
forward in time; with the last step fixed, the same is true of the transposed product, for which back propagation asks.

Nothing of that can be checked on one network: that the measure is ergodic, that the orbit is one of almost all, how large
K is. A measured exponent is evidence for a hypothesis here, not a proof of it.

Main statements: `vanishing`, `explosion`.
"""

from __future__ import annotations

from typing import Any

import sympy as sp

from ..bounds import no_cell
from ..bounds.setting import k
from ..calculus import ALGEBRA, STEP, Calculation, Derivation, Fact, Letter, Line, Rule, chain, eq, ge, le, lt
from ..calculus.words import dot
from ..hypotheses import Hypothesis
from ..notation import earlier as s
from ..quantities import spectral_norm
from ..theorem import Theorem, Witness

J, v = Letter("J"), Letter("v")
EXPONENT = sp.Symbol(r"\lambda_1")
growth, exponents, length = sp.Function("g"), sp.Function("Lambda"), sp.Function("K")
b = sp.Symbol("b", integer=True)
e = sp.Symbol("e")
_grown = spectral_norm(dot(chain(J[STEP], s + 1, s + k), v))
_half = EXPONENT / 2


def _ergodic(name: str, claim: Any, lemma: str) -> Rule:
    return Rule(
        name=name,
        claim=claim,
        variables=frozenset({b, e}),
        premises=(lt(0, e), le(length(e), b)),
        reference="oseledets1968",
        place="the multiplicative ergodic theorem: the limit for vectors outside of the second subspace of the filtration",
        lemma=lemma,
        elementary=False,
    )


from_above = _ergodic(
    "multiplicative ergodic theorem, from above",
    le(growth(b), sp.exp((exponents(1) + e) * b)),
    "norm_le_exp_lyapunov",
)
from_below = _ergodic(
    "multiplicative ergodic theorem, from below",
    le(sp.exp((exponents(1) - e) * b), growth(b)),
    "exp_lyapunov_le_norm",
)

product = Fact("growth of the vector", eq(_grown, growth(k)))
largest = Fact("largest exponent", eq(exponents(1), EXPONENT))


_CARD: dict[str, Any] = {
    "object": "state_jacobian",
    "norm": "2, of one direction",
    "quantifiers": "for an ergodic invariant measure with integrable log+ ||J_t|| and finite largest exponent, almost every "
    "orbit of it, all v outside of a proper subspace that depends on the orbit, and all lags k >= K for a K that no bound is "
    "known of",
    "citation": "mikhaeil2022",
    "version": "NeurIPS 2022, read; the multiplicative ergodic theorem is of Oseledets (1968), whose wording is recalled",
    "letters": no_cell,
}


def _witness(factor: str) -> Witness:
    """One linear unit: J_t = factor, the exponent log(factor)."""
    return Witness.of([[factor]], {J: [[factor]], v: [["1"]], s: 0, EXPONENT: sp.log(sp.Rational(factor))})


_negative = Fact("exponent is negative", lt(EXPONENT, 0))
_positive = Fact("exponent is positive", lt(0, EXPONENT))

vanishing = Theorem(
    id="mikhaeil2022_vanishing",
    title="A negative largest Lyapunov exponent makes the state Jacobian vanish",
    conclusion=le(_grown, sp.exp(_half * k)),
    derivation=Derivation(
        (product, largest, _negative, Fact("lag is long", le(length(-_half), k))),
        (
            Calculation(
                "conclusion",
                _grown,
                (
                    Line("=", growth(k), product.name),
                    Line("<=", sp.exp((exponents(1) - _half) * k), from_above, {e: -_half}),
                    Line("=", sp.exp((EXPONENT - _half) * k), largest.name),
                    Line("=", sp.exp(_half * k), ALGEBRA),
                ),
            ),
        ),
    ),
    hypotheses=(Hypothesis("negative_exponent", sp.Lt(EXPONENT, 0, evaluate=False), "the attractor is not chaotic"),),
    place="the theorem on stable cycles, and its extension to negative exponents",
    tightness="upper",
    non_vacuity=_witness("1/2"),
    words="Along almost every orbit of an attractor with lambda_1 < 0 the state Jacobian decays from some lag on at least like "
    "exp(lambda_1 k/2).",
    **_CARD,
)

explosion = Theorem(
    id="mikhaeil2022_explosion",
    title="A positive largest Lyapunov exponent makes the state Jacobian explode",
    conclusion=ge(_grown, sp.exp(_half * k)),
    derivation=Derivation(
        (product, largest, _positive, Fact("lag is long", le(length(_half), k))),
        (
            Calculation(
                "conclusion",
                _grown,
                (
                    Line("=", growth(k), product.name),
                    Line(">=", sp.exp((exponents(1) - _half) * k), from_below, {e: _half}),
                    Line("=", sp.exp((EXPONENT - _half) * k), largest.name),
                    Line("=", sp.exp(_half * k), ALGEBRA),
                ),
            ),
        ),
    ),
    hypotheses=(Hypothesis("positive_exponent", sp.Gt(EXPONENT, 0, evaluate=False), "the attractor is chaotic"),),
    place="the theorem on chaotic attractors",
    tightness="lower",
    non_vacuity=_witness("2"),
    words="Along almost every orbit of a chaotic attractor the state Jacobian grows from some lag on at least like "
    "exp(lambda_1 k/2), in all directions but those of a proper subspace.",
    **_CARD,
)
