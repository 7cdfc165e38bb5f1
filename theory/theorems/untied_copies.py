r"""The founding bound does not ask whether the weights are shared: it holds for one matrix W_t per step.

||D_t W_t ... D_{t-k+1} W_{t-k+1}||_2 <= (gamma w)^k if every copy has ||W_i||_2 <= w, by the same steps as for a shared W;
likewise for the row-sum norm. Sharing is the case in which all copies are equal. A bound of another kind, such as the
one by the numerical radius, needs one matrix W for all steps.

Main statements: `spectral`, `row_sum`.
"""

from __future__ import annotations

import sympy as sp

from ..bounds.setting import FIRST, D, W, diagonal, gamma, i, k, slopes, t
from ..calculus import STEP, Calculation, Derivation, Fact, Line, Rule, chain, le, product_over, rules
from ..quantities import MatrixFunctional, max_abs, row_sum_norm, spectral_norm
from ..theorem import Theorem, Witness

w = sp.Symbol("w")
COPIES = chain(D[STEP] @ W[STEP], FIRST, t)
_HALF = [["1/2", "0"], ["0", "1/3"]]


def _theorem(
    identifier: str, title: str, norm: type[MatrixFunctional], of_product: Rule, of_two: Rule, of_diagonal: Rule
) -> Theorem:
    copies = Fact("copies are at most w", le(norm(W[i]), w), over=(i,))
    return Theorem(
        id=identifier,
        title=title,
        conclusion=le(norm(COPIES), (gamma * w) ** k),
        derivation=Derivation(
            (diagonal, slopes, copies),
            (
                Calculation(
                    "conclusion",
                    norm(COPIES),
                    (
                        Line("<=", product_over(norm(D[STEP] @ W[STEP]), FIRST, t), of_product),
                        Line("<=", product_over(norm(D[STEP]) * norm(W[STEP]), FIRST, t), of_two),
                        Line("=", product_over(max_abs(D[STEP]) * norm(W[STEP]), FIRST, t), of_diagonal),
                        Line("<=", product_over(gamma * norm(W[STEP]), FIRST, t), slopes.name),
                        Line("<=", product_over(gamma * w, FIRST, t), copies.name),
                        Line("=", (gamma * w) ** k, rules.constant_product),
                    ),
                ),
            ),
        ),
        norm={spectral_norm: "2", row_sum_norm: "infinity"}[norm],
        quantifiers="for all states t >= k >= 1, all copies W_i of norm at most w and all slopes at most gamma in modulus",
        citation="errorflow2026",
        place="claim C21, first half: what the founding bounds say without shared weights",
        version="the founding derivation with one matrix per step",
        tightness="tight",
        non_vacuity=Witness.of(_HALF, {W: [["1/2", "0"], ["0", "1/3"]], w: "1/2"}),
        tightness_witness=Witness.of(_HALF, {W: [["1/2", "0"], ["0", "1/3"]], w: "1/2"}),
        words="Copies of norm at most w bound the state Jacobian by (gamma w)^k, whether they are equal or not.",
    )


spectral = _theorem(
    "untied_spectral_norm",
    "The spectral-norm bound without shared weights",
    spectral_norm,
    rules.norm_of_product,
    rules.submultiplicative,
    rules.norm_of_diagonal,
)

row_sum = _theorem(
    "untied_row_sum_norm",
    "The row-sum bound without shared weights",
    row_sum_norm,
    rules.row_sum_norm_of_product,
    rules.row_sum_submultiplicative,
    rules.row_sum_of_diagonal,
)
