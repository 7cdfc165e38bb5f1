r"""Explosion on some sequence of slopes (claim C5, one half): sup over slopes in [0, gamma] of ||J|| >= (gamma jsr)^k.

By Fekete's lemma the joint spectral radius of the masked family {S W} is the infimum over k of N_k^(1/k), N_k the
largest norm of a product of k factors S W with masks S of entries in [0, 1]. The slopes gamma S of such a product give the
state Jacobian the norm gamma^k N_k >= (gamma jsr)^k. So no bound that holds for all slopes in [0, gamma] falls if
gamma jsr > 1, and none is needed to grow if a bound from above has gamma jsr < 1: between the two there is nothing.

Inputs that reach every pre-activation (B of full row rank, unbounded inputs) realize the slopes, or come as near to them
as is wanted, if the slopes of the activation come near 0 and gamma. Masks of a product that repeats a word of p masks with
spectral radius r grow at the rate r^(1/p), a lower bound of jsr.

Main statement: `masked_growth`.
"""

from __future__ import annotations

import sympy as sp

from ..bounds import Bound
from ..bounds.setting import FIRST, JACOBIAN, D, W, gamma, i, k, lag_positive, product, t
from ..calculus import ALGEBRA, STEP, Calculation, Derivation, Fact, Line, chain, eq, le, order_rules, rules
from ..hypotheses import Hypothesis
from ..notation import slope_inf
from ..quantities import joint_spectral_radius, largest_masked_product, spectral_norm
from ..theorem import Theorem, Witness
from .sharp_uniform import S

_joint, _largest = joint_spectral_radius(W), largest_masked_product(W, k)
_masked = chain(S[STEP] @ W, FIRST, t)
_three = Witness.of([["2", "0"], ["0", "3"]], {S: [[1, 0], [0, 1]], slope_inf: 0})

masked_growth = Theorem(
    id="masked_growth",
    title="Explosion on some sequence of slopes",
    bound=Bound(
        "masked_growth",
        "Most growing masks",
        ">=",
        gamma * _joint,
        sp.Integer(1),
        hypotheses=(Hypothesis("slopes_reach_zero", le(slope_inf, 0), "slopes come as near to 0 as is wanted"),),
        quantifier="some",
    ),
    derivation=Derivation(
        (
            product,
            lag_positive,
            Fact("gamma is not negative", le(0, gamma)),
            Fact("masks of a largest product", eq(_largest, spectral_norm(_masked))),
            Fact("slopes are gamma times these masks", eq(D[i], gamma * S[i]), over=(i,)),
        ),
        (
            Calculation(
                "conclusion",
                product.claim.lhs,
                (
                    Line("=", spectral_norm(JACOBIAN), product.name),
                    Line(
                        "=", spectral_norm(chain(gamma * S[STEP] @ W, FIRST, t)), "slopes are gamma times these masks"
                    ),
                    Line("=", spectral_norm(gamma**k * _masked), rules.scalars_leave_product),
                    Line("=", gamma**k * spectral_norm(_masked), rules.homogeneous),
                    Line("=", gamma**k * _largest, "masks of a largest product"),
                    Line(">=", gamma**k * _joint**k, order_rules.joint_radius_below_largest),
                    Line("=", (gamma * _joint) ** k, ALGEBRA),
                ),
            ),
        ),
    ),
    quantifiers="for every lag k >= 1 and the slopes gamma S_i, the masks S_i taken to attain the largest product N(W, k), "
    "which exists since the masks are a compact set",
    citation="errorflow2026",
    place="claim C5; the joint spectral radius as an infimum by Fekete's lemma",
    version="derived here from the definition of the joint spectral radius",
    tightness="tight",
    non_vacuity=_three,
    tightness_witness=_three,
    words="With slopes gamma S_i, the masks S_i attaining the largest product N(W, k), the norm of the state Jacobian is at "
    "least (gamma jsr)^k, jsr the joint spectral radius of the masked family.",
)
