r"""Linear recall (claim C8): what the total gradient of a linear network says of an input, exactly.

h_t = W h_{t-1} + w_t with white inputs w_t = b u_t of variance 1, readout y = c^T h_T, target y* = u_{T-k}. For the loss
(y - y*)^2 the only part of the expected *total, shared* gradient that depends on the target is -2 E[y* dy/dW], and in every
direction V of W

    E[y* dy/dW[V]] = sum over j = 0, ..., k-1 of c^T W^(k-1-j) V W^j b.

All terms of dy/dW but these k cancel in the mean. So ||E[y* dy/dW]|| <= k ||W||^(k-1) ||c|| ||b|| in the nuclear norm, which is
`errorflow.theory.theorems.task_informative` for slopes that are all 1. With e_0 = c, e_{j+1} = W^T e_j and r_0 = b,
r_{j+1} = W r_j the terms are e_{k-1-j}^T V r_j.

Proof. m_t = E[y* h_t] is zero before step T-k, b at that step and W m_{t-1} after it, since y* is correlated with w_{T-k}
alone. S_t = dh_t/dW[V] obeys S_t = W S_{t-1} + V h_{t-1}, so that e_{T-t}^T E[y* S_t] grows by e_{T-t}^T V m_{t-1} in step t.

Main statement: `linear_recall`.
"""

from __future__ import annotations

import sympy as sp

from ..bounds import linear_letters
from ..bounds.setting import W, i, k
from ..calculus import (
    ALGEBRA,
    STEP,
    Calculation,
    Combination,
    Derivation,
    Fact,
    Induction,
    Inference,
    Letter,
    Line,
    TelescopingSum,
    eq,
    form,
    le,
    mean_rules,
    rules,
    sum_over,
)
from ..calculus.facts import supposed
from ..calculus.mean import Mean
from ..notation import horizon
from ..theorem import Theorem, Witness

b, c, e, h, m, r, v, w, S, V = map(Letter, ("b", "c", "e", "h", "m", "r", "v", "w", "S", "V"))
target = sp.Symbol("y^{*}")
first = horizon - k  # the step whose input is the target
_after = (le(first + 1, i),)
_back = e[horizon - i]

recursion = Fact("recursion of the state", eq(h[i], W @ h[i - 1] + w[i]), over=(i,), when=(le(first, i),))
derivative = Fact("derivative of the state", eq(S[i], W @ S[i - 1] + V @ h[i - 1]), over=(i,), when=_after)
covariance = Fact("covariance of target and state", eq(form(v, m[i]), Mean(target * form(v, h[i]))), over=(v, i))
past = Fact("the target is white against the past", eq(Mean(target * form(v, h[first - 1])), 0), over=(v,))
own_input = Fact("covariance of target and its input", eq(Mean(target * form(v, w[first])), form(v, b)), over=(v,))
later_inputs = Fact("later inputs are white", eq(Mean(target * form(v, w[i])), 0), over=(v, i), when=_after)
first_derivative = Fact("the derivative knows the past alone", eq(Mean(target * form(v, S[first])), 0), over=(v,))
powers = Fact("powers of W on b", eq(r[i], W @ r[i - 1]), over=(i,), when=(le(1, i),))
no_power = Fact("no power of W on b", eq(r[0], b))
back = Fact("powers of the transpose on c", eq(e[i].T, e[i - 1].T @ W), over=(i,), when=(le(1, i),))
no_back = Fact("no power of the transpose on c", eq(e[0], c))

_terms = sum_over(form(e[horizon - STEP], V @ r[STEP - 1 - first]), first + 1, horizon)


def _size(j: sp.Expr) -> sp.Expr:
    """E[y* e_{T-j}^T S_j]."""
    return Mean(target * form(e[horizon - j], S[j]))


def _split(left: sp.Expr, right: sp.Expr) -> tuple[Line, ...]:
    """E[y* (x + y)] = E[y* x] + E[y* y]."""
    return (
        Line("=", Mean(target * left + target * right), ALGEBRA),
        Line("=", Mean(target * left) + Mean(target * right), mean_rules.mean_of_sum),
    )


_covariances = (
    Calculation(
        "covariance at the input",
        form(v, m[first]),
        (
            Line("=", Mean(target * form(v, h[first])), covariance.name),
            Line("=", Mean(target * form(v, W @ h[first - 1] + w[first])), recursion.name),
            *_split(form(v, W @ h[first - 1]), form(v, w[first])),
            Line("=", Mean(target * form(W.T @ v, h[first - 1])) + Mean(target * form(v, w[first])), ALGEBRA),
            Line("=", Mean(target * form(v, w[first])), past.name),
            Line("=", form(v, b), own_input.name),
        ),
        over=(v,),
    ),
    Inference("first covariance", eq(m[first], b), rules.equal_inner_products),
    Calculation(
        "covariance one step later",
        form(v, m[i]),
        (
            Line("=", Mean(target * form(v, h[i])), covariance.name),
            Line("=", Mean(target * form(v, W @ h[i - 1] + w[i])), recursion.name),
            *_split(form(v, W @ h[i - 1]), form(v, w[i])),
            Line("=", Mean(target * form(v, W @ h[i - 1])), later_inputs.name),
            Line("=", Mean(target * form(W.T @ v, h[i - 1])), ALGEBRA),
            Line("=", form(W.T @ v, m[i - 1]), covariance.name),
            Line("=", form(v, W @ m[i - 1]), ALGEBRA),
        ),
        over=(v, i),
        when=_after,
    ),
    Inference("next covariance", eq(m[i], W @ m[i - 1]), rules.equal_inner_products, over=(i,), when=_after),
    Calculation(
        "covariance, passed on",
        m[i],
        (
            Line("=", W @ m[i - 1], "next covariance"),
            Line("=", W @ r[i - 1 - first], supposed(eq(m[i - 1], r[i - 1 - first])).name),
            Line("=", r[i - first], powers.name),
        ),
        over=(i,),
        when=(*_after, eq(m[i - 1], r[i - 1 - first])),
    ),
    Calculation(
        "covariance at the start",
        m[first],
        (Line("=", b, "first covariance"), Line("=", r[0], no_power.name)),
    ),
    Induction(
        "all covariances",
        eq(m[i], r[i - first]),
        "covariance, passed on",
        first,
        i,
        over=(i,),
        when=(le(first, i),),
    ),
)
_gradient = (
    Calculation(
        "one step",
        _size(i),
        (
            Line("=", Mean(target * form(_back, W @ S[i - 1] + V @ h[i - 1])), derivative.name),
            *_split(form(_back, W @ S[i - 1]), form(_back, V @ h[i - 1])),
            Line("=", _size(i - 1) + Mean(target * form(V.T @ _back, h[i - 1])), back.name),
            Line("=", _size(i - 1) + form(V.T @ _back, m[i - 1]), covariance.name),
            Line("=", _size(i - 1) + form(V.T @ _back, r[i - 1 - first]), "all covariances"),
            Line("=", _size(i - 1) + form(_back, V @ r[i - 1 - first]), ALGEBRA),
        ),
        over=(i,),
        when=(*_after, le(i, horizon)),
    ),
    TelescopingSum("all steps", eq(_size(horizon), _size(first) + _terms), "one step", first, horizon),
    Calculation("no start", _size(first), (Line("=", sp.Integer(0), first_derivative.name),)),
    Calculation("last step", _size(horizon), (Line("=", Mean(target * form(c, S[horizon])), no_back.name),)),
    Combination(
        "conclusion",
        eq(Mean(target * form(c, S[horizon])), _terms),
        ((1, "all steps"), (1, "no start"), (-1, "last step")),
    ),
)


def _unit(lag: int) -> Witness:
    """h_t = h_{t-1}/2 + u_t, u_1 = 1 or -1 the target: dh/dw = k w^(k-1) u_1 at T = k + 1."""
    last, half = lag + 1, sp.Rational(1, 2)
    values = {k: lag, horizon: last, V: [[1]], c: [[1]]}
    values |= {r[j]: [[half**j]] for j in range(lag)} | {e[j]: [[half**j]] for j in range(lag)}
    return Witness.of([["1/2"]], values, [{target: s, S[last]: [[s * lag * half ** (lag - 1)]]} for s in (1, -1)])


linear_recall = Theorem(
    id="linear_recall",
    related=("linear_recall_finite", "linear_recall_bound_finite"),
    title="What the total gradient of a linear network says of an input, exactly",
    conclusion=eq(Mean(target * form(c, S[horizon])), _terms),
    derivation=Derivation(
        (
            recursion,
            derivative,
            covariance,
            past,
            own_input,
            later_inputs,
            first_derivative,
            powers,
            no_power,
            back,
            no_back,
        ),
        (*_covariances, *_gradient),
        (h, w, S, target),
    ),
    object="task_informative_gradient",
    norm="none",
    quantifiers="for linear networks with white inputs of mean zero, a start that does not depend on W and is uncorrelated with "
    "u_{T-k}, every lag k from 0 to T - 1 and every direction V of the shared W",
    citation="errorflow2026",
    place="claim C8",
    version="derived here",
    tightness="tight",
    non_vacuity=_unit(2),
    tightness_witness=_unit,
    letters=linear_letters,
    words="All of dy/dW but k terms cancels in the mean against a target u_{T-k}; the terms are c^T W^(k-1-j) V W^j b.",
)
