r"""Overshooting moves the injected error, never the product (Schaefer, Udluft & Zimmermann).

After step t the network runs on by itself for K more steps; every output y_{t+j} = C s_{t+j}, j = 0, ..., K, has an error
e_{t+j} = dE/dy_{t+j}. M_i is the Jacobian of such a step, whatever it feeds back. The errors come back to step t as one
vector, v_{i-1} = M_i^T v_i + C^T e_{i-1} with v_{t+K+1} = 0, that is

    v_t = sum_{j=0}^{K} J(t+j, t)^T C^T e_{t+j}.

A change x of the state k steps before t changes the loss by v_t^T J(t, t-k) x: dE/ds_{t-k} = J(t, t-k)^T v_t. A longer
overshoot changes v_t and nothing else, so that every bound on the norm of J(t, t-k) bounds the gradient of every horizon
of overshooting at the same rate,

    |sum_{j=0}^{K} e_{t+j}^T C ds_{t+j}| <= ||v_t||_2 ||J(t, t-k)||_2 ||x||_2.

Source: schaefer2008. Main statements: `identity`, `bound`.
"""

from __future__ import annotations

from typing import Any

import sympy as sp

from ..bounds.setting import JACOBIAN, D, i, k, product, t
from ..calculus import (
    ALGEBRA,
    STEP,
    Calculation,
    Combination,
    Derivation,
    Fact,
    Letter,
    Line,
    TelescopingSum,
    eq,
    form,
    le,
    rules,
    sum_over,
)
from ..quantities import jacobian_norm, spectral_norm
from ..theorem import Theorem, Witness

C, M, X, e, v, x = map(Letter, ("C", "M", "X", "e", "v", "x"))
K = sp.Symbol("K", integer=True)
_end = t + K + 1
_later = (le(t + 1, i), le(i, _end))
_error = form(e[i - 1], C @ X[i - 1])
_sum = sum_over(form(e[STEP - 1], C @ X[STEP - 1]), t + 1, _end)

length = Fact("steps of overshooting", le(0, K))
change = Fact("change of the state at step t", eq(X[t], JACOBIAN @ x))
step_on = Fact("change one step on", eq(X[i], M[i] @ X[i - 1]), over=(i,), when=_later)
step_back = Fact("errors one step back", eq(v[i - 1].T, v[i].T @ M[i] + e[i - 1].T @ C), over=(i,), when=_later)
no_error = Fact("no error behind the last output", eq(form(v[_end], X[_end]), 0))
_moved = form(v[t], JACOBIAN @ x)


# One linear unit of weight 1/2, lag 2, and two more steps: the errors 1, 1, 1 of s, s/2, s/4 come back as 7/4.
_ONE = [[1]]
_WITNESS = Witness.of(
    [["1/2"]],
    {k: 2, t: 2, K: 2, C: _ONE, M: [["1/2"]], x: _ONE, D[1]: _ONE, D[2]: _ONE, e[2]: _ONE, e[3]: _ONE, e[4]: _ONE}
    | {v[2]: [["7/4"]], v[3]: [["3/2"]], v[4]: _ONE, v[5]: [[0]]}
    | {X[2]: [["1/4"]], X[3]: [["1/8"]], X[4]: [["1/16"]], X[5]: [["1/32"]]},
)
_CARD: dict[str, Any] = {
    "object": "error_flow",
    "citation": "schaefer2008",
    "version": "Neurocomputing 71, 2008; only the abstract was read, overshooting is recalled; the statement is ours",
    "tightness": "tight",
    "non_vacuity": _WITNESS,
    "tightness_witness": _WITNESS,
}
_EVERY = (
    "for all states t >= k >= 0, every K >= 0 steps of overshooting, whatever their Jacobians M_i are, all errors of the "
    "outputs t, ..., t+K, and every change x of the state at t-k"
)

identity = Theorem(
    id="overshooting",
    title="Overshooting changes the injected error alone",
    conclusion=eq(_sum, _moved),
    derivation=Derivation(
        (length, change, step_on, step_back, no_error),
        (
            Calculation(
                "errors come back",
                form(v[i - 1], X[i - 1]),
                (
                    Line("=", form(M[i].T @ v[i] + C.T @ e[i - 1], X[i - 1]), step_back.name),
                    Line("=", form(v[i], M[i] @ X[i - 1]) + _error, ALGEBRA),
                ),
                over=(i,),
                when=_later,
            ),
            Calculation(
                "the change goes on",
                form(v[i], X[i]),
                (Line("=", form(v[i], M[i] @ X[i - 1]), step_on.name),),
                over=(i,),
                when=_later,
            ),
            Combination(
                "one step",
                eq(-form(v[i], X[i]), _error - form(v[i - 1], X[i - 1])),
                ((1, "errors come back", {i: i}), (-1, "the change goes on", {i: i})),
                over=(i,),
                when=_later,
            ),
            TelescopingSum("all steps", eq(-form(v[_end], X[_end]), -form(v[t], X[t]) + _sum), "one step", t, _end),
            Calculation("at step t", form(v[t], X[t]), (Line("=", _moved, change.name),)),
            Combination(
                "conclusion",
                eq(_sum, _moved),
                ((-1, "all steps"), (1, "at step t"), (-1, no_error.name)),
            ),
        ),
    ),
    norm="none",
    quantifiers=_EVERY,
    place="overshooting, the autonomous continuation of the unfolded network",
    words="dE/ds_{t-k} = J(t, t-k)^T v_t for every length of overshooting, v_t the sum of J(t+j, t)^T C^T e_{t+j} over j = 0, "
    "..., K.",
    **_CARD,
)

_flow = Fact("overshooting", identity.conclusion, theorem=identity)

bound = Theorem(
    id="overshooting_bound",
    title="A bound on the state Jacobian bounds the gradient of every horizon of overshooting",
    conclusion=le(sp.Abs(_sum), spectral_norm(v[t]) * jacobian_norm(k) * spectral_norm(x)),
    derivation=Derivation(
        (length, change, step_on, step_back, no_error, product, _flow),
        (
            Calculation(
                "conclusion",
                sp.Abs(_sum),
                (
                    Line("=", sp.Abs(_moved), _flow.name),
                    Line("<=", spectral_norm(v[t]) * spectral_norm(JACOBIAN @ x), rules.inner_product),
                    Line(
                        "<=", spectral_norm(v[t]) * spectral_norm(JACOBIAN) * spectral_norm(x), rules.submultiplicative
                    ),
                    Line("=", spectral_norm(v[t]) * jacobian_norm(k) * spectral_norm(x), product.name),
                ),
            ),
        ),
    ),
    norm="2",
    quantifiers=_EVERY,
    place="overshooting, the autonomous continuation of the unfolded network",
    words="Every bound on ||J(t, t-k)|| bounds the gradient with respect to the state at t-k at the same rate, however many steps "
    "of overshooting add their errors.",
    **_CARD,
)
