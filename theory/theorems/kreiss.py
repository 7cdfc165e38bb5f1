r"""Kreiss (1962), Spijker (1991): K(W) <= sup_t ||W^t|| <= e n K(W), K(W) = sup over |z| > 1 of (|z| - 1) ||(z I - W)^-1||.

*Lower half.* For the resolvent R = (z I - W)^-1 one has R = (I + W R) / z, hence |z| ||W^j R|| <= S + ||W^(j+1) R|| with
S = sup_t ||W^t||: the excess of (|z| - 1) ||W^j R|| over S is at most 1/|z| times that for j + 1. After m steps
(|z| - 1) ||R|| - S <= |z|^-m (|z| - 1) S ||R||, for every m, so that the left side is at most 0.

*Upper half.* Cauchy's integral over |z| = c, once by parts, with Spijker's lemma gives
||W^t|| <= n K(W) c^(t+1) / ((t+1) (c-1)); for c = 1 + 1/(t+1) that is n K(W) (1 + 1/(t+1))^(t+1) <= e n K(W).

So rho(W) < 1 makes no step decay at once (claim C3): [[9/10, 10], [0, 9/10]] has K = 25.0 and a peak of 38.7. Both halves
are stated for rho(W) < 1, where both numbers are finite. The wording of both papers is recalled; the lower half is proved
here from elementary rules, the upper half cites Spijker's lemma.

Main statements: `lower`, `upper`.
"""

from __future__ import annotations

import sympy as sp

from ..bounds import linear_letters
from ..bounds.setting import W, i
from ..calculus import (
    ALGEBRA,
    IDENTITY,
    Calculation,
    Combination,
    Derivation,
    Fact,
    Inference,
    Letter,
    Line,
    Telescope,
    chain,
    eq,
    le,
    lt,
    power_rules,
    rules,
)
from ..calculus.words import dot, plus, scaled
from ..hypotheses import Hypothesis
from ..notation import n
from ..quantities import kreiss_constant, power_supremum, spectral_norm, spectral_radius
from ..theorem import Theorem, Witness

R = Letter("R")
z = sp.Symbol("z")  # a complex number
j, m = sp.symbols("j m", integer=True)
_constant, _supremum = kreiss_constant(W), power_supremum(W)
_modulus, _margin = sp.Abs(z), sp.Abs(z) - 1
_case = (lt(1, _modulus), power_rules.resolvent(z, W, R))
_each: dict[sp.Basic, sp.Basic] = {z: z, R: R}
_below_one = Fact("the spectral radius is below 1", lt(spectral_radius(W), 1))
_HYPOTHESIS = (Hypothesis("radius_below_one", _below_one.claim, "both numbers are finite"),)


def _power(steps: sp.Expr) -> sp.Expr:
    """||W^j R||."""
    return spectral_norm(dot(chain(W, 1, steps), R))


def _excess(steps: sp.Expr) -> sp.Expr:
    """(|z| - 1) ||W^j R|| - sup_t ||W^t||."""
    return _margin * _power(steps) - _supremum


_W_j, _next = chain(W, 1, j), dot(chain(W, 1, j), W, R)
_sum = plus(scaled(1 / z, IDENTITY), scaled(1 / z, dot(W, R)))
_here, _there = spectral_norm(_W_j), spectral_norm(_next)
_far = _margin * _supremum * spectral_norm(R)

lower = Theorem(
    id="kreiss1962_lower",
    title="The Kreiss constant is below the largest power",
    conclusion=le(_constant, _supremum),
    derivation=Derivation(
        (_below_one,),
        (
            Inference(
                "resolvent",
                eq(R, _sum),
                power_rules.resolvent_equation,
                {power_rules.A: W, power_rules.B: R, power_rules.c: z},
                over=(z, R),
                when=_case,
            ),
            Calculation(
                "a power times the resolvent",
                dot(_W_j, _sum),
                (Line("=", plus(scaled(1 / z, _W_j), scaled(1 / z, _next)), ALGEBRA),),
                over=(z, R, j),
                when=(*_case, le(0, j)),
            ),
            Calculation(
                "one power more",
                _power(j),
                (
                    Line("=", spectral_norm(dot(_W_j, _sum)), "resolvent", {z: z}),
                    Line(
                        "=",
                        spectral_norm(plus(scaled(1 / z, _W_j), scaled(1 / z, _next))),
                        "a power times the resolvent",
                    ),
                    Line(
                        "<=",
                        spectral_norm(scaled(1 / z, _W_j)) + spectral_norm(scaled(1 / z, _next)),
                        rules.triangle,
                    ),
                    Line("=", _here / _modulus + spectral_norm(scaled(1 / z, _next)), power_rules.modulus_leaves_norm),
                    Line("=", _here / _modulus + _there / _modulus, power_rules.modulus_leaves_norm),
                    Line(
                        "=",
                        _here / _modulus + spectral_norm(dot(chain(W, 0, j), R)) / _modulus,
                        rules.first_factor,
                    ),
                    Line("=", _here / _modulus + _power(j + 1) / _modulus, rules.shift_of_power),
                    Line("<=", _supremum / _modulus + _power(j + 1) / _modulus, power_rules.power_below_supremum),
                ),
                over=(z, R, j),
                when=(*_case, le(0, j)),
            ),
            Combination(
                "excess of a step",
                le(_excess(m - i), _excess(m - i + 1) / _modulus),
                ((_margin, "one power more", {**_each, j: m - i}),),
                over=(z, R, m, i),
                when=(*_case, le(i, m)),
            ),
            Telescope(
                "excess of m steps",
                le(_excess(0), _modulus ** (-m) * _excess(m)),
                "excess of a step",
                1 / _modulus,
                0,
                m,
                over=(z, R, m),
                when=(*_case, le(0, m)),
            ),
            Calculation(
                "the supremum is not negative",
                sp.Integer(0),
                (
                    Line("<=", spectral_norm(IDENTITY), power_rules.norm_not_negative, {power_rules.A: IDENTITY}),
                    Line("=", spectral_norm(chain(W, 1, 0)), rules.empty_product, {rules.A: W, rules.a: 1}),
                    Line("<=", _supremum, power_rules.power_below_supremum),
                ),
            ),
            Calculation(
                "power of the resolvent",
                _power(m),
                (
                    Line("<=", spectral_norm(chain(W, 1, m)) * spectral_norm(R), rules.submultiplicative),
                    Line("<=", _supremum * spectral_norm(R), power_rules.power_below_supremum),
                ),
                over=(R, m),
                when=(le(0, m),),
            ),
            Combination(
                "every length",
                le(_excess(0), _far * _modulus ** (-m)),
                (
                    (1, "excess of m steps", {**_each, m: m}),
                    (_modulus ** (-m) * _margin, "power of the resolvent", {R: R, m: m}),
                    (_modulus ** (-m), "the supremum is not negative"),
                ),
                over=(z, R, m),
                when=(*_case, le(0, m)),
            ),
            Inference(
                "no excess",
                le(_excess(0), 0),
                power_rules.geometric_limit,
                {power_rules.d: _far, power_rules.e: _modulus},
                over=(z, R),
                when=_case,
            ),
            Calculation(
                "no factor", _power(sp.Integer(0)), (Line("=", spectral_norm(R), rules.empty_product),), over=(R,)
            ),
            Combination(
                "bound on the resolvent",
                le(_margin * spectral_norm(R), _supremum),
                ((1, "no excess", _each), (-_margin, "no factor", {R: R})),
                over=(z, R),
                when=_case,
            ),
            Inference("conclusion", le(_constant, _supremum), power_rules.kreiss_is_least),
        ),
    ),
    hypotheses=_HYPOTHESIS,
    object="matrix",
    quantifiers="for all matrices W with a spectral radius below 1",
    citation="kreiss1962",
    place="the matrix theorem, its easy half",
    version="BIT 1962; the wording is recalled",
    tightness="tight",
    non_vacuity=Witness.of([["9/10", "10"], ["0", "9/10"]]),
    tightness_witness=Witness.of([["1/2", "0"], ["0", "1/3"]]),
    letters=linear_letters,
    words="Some power of W is at least as large as its Kreiss constant: a lower bound on the transient growth.",
)

_length = 1 + 1 / (j + 1)

upper = Theorem(
    id="kreiss1962_upper",
    title="No power exceeds e n times the Kreiss constant",
    conclusion=le(_supremum, sp.E * n * _constant),
    derivation=Derivation(
        (_below_one,),
        (
            Calculation(
                "every power",
                spectral_norm(chain(W, 1, j)),
                (
                    Line(
                        "<=",
                        n * _constant * _length ** (j + 1),
                        power_rules.resolvent_integral,
                        {power_rules.c: _length},
                    ),
                    Line("<=", n * _constant * sp.E, power_rules.exponential_above_tangent),
                ),
                over=(j,),
                when=(le(0, j),),
            ),
            Inference("conclusion", le(_supremum, sp.E * n * _constant), power_rules.supremum_of_powers),
        ),
    ),
    hypotheses=_HYPOTHESIS,
    object="matrix",
    quantifiers="for all matrices W of n rows with a spectral radius below 1",
    citation="spijker1991",
    place="the lemma that gives the factor e n; the matrix theorem itself is of Kreiss (1962)",
    version="BIT 1991; the wording is recalled",
    tightness="upper",
    non_vacuity=Witness.of([["9/10", "10"], ["0", "9/10"]]),
    letters=linear_letters,
    words="The transient growth of the powers of W is at most e n times the Kreiss constant.",
)
