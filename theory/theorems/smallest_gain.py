r"""The missing sufficient condition for explosion (claim C6): alpha sigma_min(W) > 1 with slopes of at least alpha.

Each factor D_t W has smallest singular value at least alpha sigma_min(W), and smallest singular values multiply:
sigma_min(J(t, t-k)) >= (alpha sigma_min(W))^k. Main statement: `smallest_gain`.
"""

from __future__ import annotations

import sympy as sp

from ..bounds import Bound
from ..bounds.setting import FIRST, JACOBIAN, D, W, alpha, alpha_positive, gain, gains, k, t
from ..calculus import STEP, Calculation, Derivation, Line, product_over, rules
from ..quantities import jacobian_gain, smallest_singular_value
from ..theorem import Theorem, Witness

_least = smallest_singular_value(W)

smallest_gain = Theorem(
    id="smallest_gain",
    title="Explosion from the smallest gain",
    bound=Bound("smallest_gain", "Smallest gain", ">=", alpha * _least, sp.Integer(1)),
    derivation=Derivation(
        (gains, alpha_positive, gain),
        (
            Calculation(
                "conclusion",
                jacobian_gain(k),
                (
                    Line("=", smallest_singular_value(JACOBIAN), gain.name),
                    Line(">=", product_over(smallest_singular_value(D[STEP] @ W), FIRST, t), rules.gain_of_product),
                    Line(">=", product_over(smallest_singular_value(D[STEP]) * _least, FIRST, t), rules.gain_of_two),
                    Line(">=", product_over(alpha * _least, FIRST, t), gains.name),
                    Line("=", (alpha * _least) ** k, rules.constant_product),
                ),
            ),
        ),
    ),
    quantifiers="for all states t >= k >= 1 on which the slopes are at least alpha in modulus",
    citation="horn2013",
    place="sigma_min(A B) >= sigma_min(A) sigma_min(B); the founding papers state only necessary conditions",
    version="second edition",
    tightness="tight",
    non_vacuity=Witness.of([["2", "0"], ["0", "3"]]),
    tightness_witness=Witness.of([["2", "0"], ["0", "3"]]),
    words="The smallest gain of every step bounds the growth of the state Jacobian from below.",
)
