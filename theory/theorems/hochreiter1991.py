r"""Hochreiter (1991; 1997/98): weights bounded by w_max make the error flow fall like tau^k, tau = gamma n w_max.

Every path of length k contributes at most (gamma w_max)^k to an entry of the error flow and there are n^(k-1) paths, so
that an entry is at most tau^k / n (claim C6), attained by the constant matrix; the printed constant n tau^k is n^2 too
large. With entries of at most tau^k / n the spectral norm is at most tau^k.

The path sum itself is an equality, by one step at a time: the error flow from unit u back one step further, to unit v, is
the sum over the units l between of the flow from u to l times phi'(a_l) w_lv. Written out over k steps these are
n^(k-1) signed paths, as `errorflow.theory.product.JacobianProduct.path_sum` lists them.

Main statements: `path_sum`, `entry`, `printed`, `max_weight`, `row_sum`.
"""

from __future__ import annotations

import sympy as sp

from ..bounds import Bound
from ..bounds.setting import FIRST, JACOBIAN, D, W, diagonal, gamma, i, k, lag_positive, product, slopes, t
from ..calculus import (
    ALGEBRA,
    STEP,
    Calculation,
    Combination,
    Derivation,
    Diagonal,
    Entry,
    Fact,
    Letter,
    Line,
    block_rules,
    eq,
    le,
    product_over,
    rules,
    sum_over,
)
from ..notation import n
from ..quantities import jacobian_norm, max_abs, row_sum_norm, spectral_norm
from ..theorem import Theorem, Witness

_step, _largest, _rows = D[STEP], max_abs(W), row_sum_norm(W)
_tau = gamma * n * _largest
_SLOPES = "for all states t >= k >= 1 and all inputs for which the slopes are at most gamma in modulus"
_CONSTANT = Witness.of([["1/4", "1/4"], ["1/4", "1/4"]])

F = Letter("F")
_u, _v = sp.symbols("u v", integer=True)
_earlier = Fact("error flow one step further back", eq(F[i - 1], F[i] @ D[i] @ W))
_diagonal = Fact(diagonal.name, Diagonal(D[i]))
_PATHS = Witness.of(
    [["1/2", "1/3"], ["-1/4", "1"]],
    {_u: 1, _v: 2, i: 1, D: [["1/2", 0], [0, "1/4"]], F[1]: [[1, 3], [-1, 1]]}
    | {F[0]: [["1/16", "11/12"], ["-5/16", "1/12"]]},
)

path_sum = Theorem(
    id="hochreiter1991_path_sum",
    title="The error flow as a sum over paths, step by step",
    conclusion=eq(
        Entry(F[i - 1], _u, _v), sum_over(Entry(F[i], _u, STEP) * Entry(D[i], STEP, STEP) * Entry(W, STEP, _v), 1, n)
    ),
    derivation=Derivation(
        (_diagonal, _earlier),
        (
            Calculation(
                "conclusion",
                Entry(F[i - 1], _u, _v),
                (
                    Line("=", Entry(F[i] @ D[i] @ W, _u, _v), _earlier.name),
                    Line(
                        "=",
                        sum_over(Entry(F[i], _u, STEP) * Entry(D[i] @ W, STEP, _v), 1, n),
                        block_rules.entry_of_product,
                        {block_rules.A: F[i], block_rules.B: D[i] @ W},
                    ),
                    Line(
                        "=",
                        sum_over(Entry(F[i], _u, STEP) * Entry(D[i], STEP, STEP) * Entry(W, STEP, _v), 1, n),
                        block_rules.entry_of_scaled_row,
                    ),
                ),
            ),
        ),
    ),
    object="error_flow",
    norm="one entry",
    quantifiers="for all units u and v, all steps t >= i >= 1, and all inputs; F_i is J(t, i)",
    citation="hochreiter1997",
    place="section 3.1, local error flow, one step of the sum over n^(q-1) paths",
    version="Neural Computation 9(8), 1997; first in the thesis of 1991",
    tightness="tight",
    non_vacuity=_PATHS,
    tightness_witness=_PATHS,
    words="The error flow between two units is a sum over paths of products of slopes and weights, one factor per step.",
)

entry = Theorem(
    id="hochreiter1991_entry",
    related=("theorem_hochreiter1991_tight", "theorem_hochreiter1991_logistic"),
    title="The error flow between two units, sharp",
    conclusion=le(max_abs(JACOBIAN), _tau**k / n),
    derivation=Derivation(
        (diagonal, slopes, lag_positive),
        (
            Calculation(
                "conclusion",
                max_abs(JACOBIAN),
                (
                    Line("<=", n ** (k - 1) * product_over(max_abs(_step @ W), FIRST, t), rules.entries_of_product),
                    Line(
                        "<=",
                        n ** (k - 1) * product_over(max_abs(_step) * _largest, FIRST, t),
                        rules.entries_of_scaled_rows,
                    ),
                    Line("<=", n ** (k - 1) * product_over(gamma * _largest, FIRST, t), slopes.name),
                    Line("=", n ** (k - 1) * (gamma * _largest) ** k, rules.constant_product),
                    Line("=", _tau**k / n, ALGEBRA),
                ),
            ),
        ),
    ),
    quantifiers=_SLOPES,
    norm="largest entry",
    citation="hochreiter1997",
    place="section 3.1, global error flow, with the number of paths counted",
    version="Neural Computation 9(8), 1997; first in the thesis of 1991",
    tightness="tight",
    non_vacuity=_CONSTANT,
    tightness_witness=_CONSTANT,
    words="Weights of at most w_max bound every entry of the error flow by (gamma n w_max)^k / n.",
)

_flow = Fact("sharp bound on an entry", entry.conclusion, theorem=entry)
_units = Fact("at least one unit", le(1, n))

printed = Theorem(
    id="hochreiter1991_printed",
    title="The error flow between two units, as printed",
    conclusion=le(max_abs(JACOBIAN), n * _tau**k),
    derivation=Derivation(
        (diagonal, slopes, lag_positive, _units, _flow),
        (
            Combination("excess", le(_tau**k, n * _tau**k), ((_tau**k, _units.name),)),
            Calculation(
                "conclusion",
                max_abs(JACOBIAN),
                (
                    Line("<=", _tau**k / n, _flow.name),
                    Line("<=", _tau**k, _units.name),
                    Line("<=", n * _tau**k, "excess"),
                ),
            ),
        ),
    ),
    quantifiers=_SLOPES,
    norm="largest entry",
    citation="hochreiter1997",
    place="section 3.1, global error flow: the bound n tau^q",
    version="Neural Computation 9(8), 1997; first in the thesis of 1991",
    tightness="upper",
    non_vacuity=_CONSTANT,
    words="The printed bound n tau^k follows from the sharp one, with a constant that is n^2 too large.",
)

max_weight = Theorem(
    id="hochreiter1991_max_weight",
    title="Vanishing from the largest weight",
    bound=Bound("hochreiter_max_weight", "Hochreiter, largest weight", "<=", _tau, sp.Integer(1)),
    derivation=Derivation(
        (diagonal, slopes, product, lag_positive, _flow),
        (
            Calculation(
                "conclusion",
                jacobian_norm(k),
                (
                    Line("=", spectral_norm(JACOBIAN), product.name),
                    Line("<=", n * max_abs(JACOBIAN), rules.spectral_by_entries),
                    Line("<=", _tau**k, _flow.name),
                ),
            ),
        ),
    ),
    quantifiers=_SLOPES,
    citation="hochreiter1997",
    place="section 3.1, global error flow, in the sharp form tau^k / n per entry",
    version="Neural Computation 9(8), 1997; first in the thesis of 1991",
    tightness="tight",
    non_vacuity=_CONSTANT,
    tightness_witness=_CONSTANT,
    words="Weights of at most w_max bound the error flow by (gamma n w_max)^k.",
)

row_sum = Theorem(
    id="hochreiter1991_row_sum",
    title="Vanishing from the row-sum norm",
    bound=Bound("row_sum_norm", "Hochreiter, row-sum norm", "<=", gamma * _rows, sp.sqrt(n)),
    derivation=Derivation(
        (diagonal, slopes, product),
        (
            Calculation(
                "conclusion",
                jacobian_norm(k),
                (
                    Line("=", spectral_norm(JACOBIAN), product.name),
                    Line("<=", sp.sqrt(n) * row_sum_norm(JACOBIAN), rules.spectral_by_row_sum),
                    Line(
                        "<=",
                        sp.sqrt(n) * product_over(row_sum_norm(_step @ W), FIRST, t),
                        rules.row_sum_norm_of_product,
                    ),
                    Line(
                        "<=",
                        sp.sqrt(n) * product_over(row_sum_norm(_step) * _rows, FIRST, t),
                        rules.row_sum_submultiplicative,
                    ),
                    Line("=", sp.sqrt(n) * product_over(max_abs(_step) * _rows, FIRST, t), rules.row_sum_of_diagonal),
                    Line("<=", sp.sqrt(n) * product_over(gamma * _rows, FIRST, t), slopes.name),
                    Line("=", sp.sqrt(n) * (gamma * _rows) ** k, rules.constant_product),
                ),
            ),
        ),
    ),
    quantifiers=_SLOPES,
    citation="hochreiter1997",
    place="section 3.1, global error flow with the maximum norm, converted to the spectral norm by sqrt(n)",
    version="Neural Computation 9(8), 1997; first in the thesis of 1991",
    tightness="tight",
    non_vacuity=Witness.of([["1/2", "0"], ["1/2", "0"]]),
    tightness_witness=Witness.of([["1/2", "0"], ["1/2", "0"]]),
    words="The largest absolute row sum bounds the error flow in the spectral norm by sqrt(n) (gamma ||W||_inf)^k.",
)
