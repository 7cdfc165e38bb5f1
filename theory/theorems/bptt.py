r"""Back-propagation through time (claim C1): the gradient of the tied network is the sum over its untied copies.

S_t = dx_t/dtheta in one direction of the shared parameters obeys S_i = J_i S_{i-1} + B_i with S_0 = 0, where B_i is the
local derivative of step i, the state before it held fixed: what copy i of the parameters alone contributes. With
P_i = J(T, i), so that P_{i-1} = P_i J_i and P_T = I, the number g^T P_i S_i grows by g^T P_i B_i in step i, and

    dE/dtheta = g^T S_T = sum over i = 1, ..., T of g^T J(T, i) B_i:

copy i contributes exactly the part of lag T - i. For J_i = D_i W and a direction V of W the local derivative is
B_i = D_i V h_{i-1}, and with the backward recursion e_T = g, e_{i-1} = W^T D_i e_i copy i contributes
(D_i e_i)^T V h_{i-1}, the entry-wise product of V with the outer product of delta_i = D_i e_i and h_{i-1}.

`errorflow.theory.decomposition.by_lag` derives B_i for every parameter of a cell, and its ``check`` compares tied, untied
and by-lag gradients of the cell with differences to 60 digits.

Main statements: `identity`, `backward_pass`.
"""

from __future__ import annotations

import sympy as sp

from ..bounds import any_cell
from ..bounds.setting import D, W, diagonal, i
from ..calculus import (
    ALGEBRA,
    IDENTITY,
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
    sum_over,
)
from ..notation import horizon as T
from ..theorem import Theorem, Witness

J, P, S, B, g, v = map(Letter, ("J", "P", "S", "B", "g", "v"))
V, e, h = map(Letter, ("V", "e", "h"))
_steps = (le(1, i), le(i, T))

recursion = Fact("derivative of a step", eq(S[i], J[i] @ S[i - 1] + B[i]), over=(i,), when=_steps)
start = Fact("the first state is given", eq(form(v, S[0]), 0), over=(v,))
before = Fact("Jacobian from an earlier step", eq(P[i - 1], P[i] @ J[i]), over=(i,), when=_steps)
last = Fact("Jacobian from the last step", eq(P[T], IDENTITY))

_ONE = [[1]]
_TWO_STEPS = Witness.of(
    [["1/2"]],
    {T: 2, g: _ONE, S[0]: [[0]], S[1]: [[3]], S[2]: [["7/2"]], J: [["1/2"]], B[1]: [[3]], B[2]: [[2]]}
    | {P[0]: [["1/4"]], P[1]: [["1/2"]], P[2]: _ONE},
)

identity = Theorem(
    id="bptt_identity",
    related=("unrolled_derivative", "tied_is_sum_of_untied", "tied_is_derivative_along_diagonal"),
    title="The tied gradient is the sum over the untied copies",
    conclusion=eq(form(g, S[T]), sum_over(form(g, P[STEP] @ B[STEP]), 1, T)),
    derivation=Derivation(
        (recursion, start, before, last),
        (
            Calculation(
                "one step",
                form(g, P[i] @ S[i]),
                (
                    Line("=", form(g, P[i] @ (J[i] @ S[i - 1] + B[i])), recursion.name),
                    Line("=", form(g, P[i] @ J[i] @ S[i - 1]) + form(g, P[i] @ B[i]), ALGEBRA),
                    Line("=", form(g, P[i - 1] @ S[i - 1]) + form(g, P[i] @ B[i]), before.name),
                ),
                over=(i,),
                when=_steps,
            ),
            TelescopingSum(
                "all steps",
                eq(form(g, P[T] @ S[T]), form(g, P[0] @ S[0]) + sum_over(form(g, P[STEP] @ B[STEP]), 1, T)),
                "one step",
                0,
                T,
            ),
            Calculation("no start", form(g, P[0] @ S[0]), (Line("=", sp.Integer(0), start.name),)),
            Calculation("last state", form(g, P[T] @ S[T]), (Line("=", form(g, S[T]), last.name),)),
            Combination(
                "conclusion",
                eq(form(g, S[T]), sum_over(form(g, P[STEP] @ B[STEP]), 1, T)),
                ((1, "all steps"), (1, "no start"), (-1, "last state")),
            ),
        ),
    ),
    object="total_gradient",
    norm="none",
    quantifiers="for every cell, every loss of the last state with gradient g, every direction of the shared parameters "
    "and every horizon T >= 1",
    citation="hochreiter2001",
    place="the total gradient as a sum of long-term and short-term influences",
    version="2001, read in part; as an identity for every cell",
    tightness="tight",
    non_vacuity=_TWO_STEPS,
    tightness_witness=_TWO_STEPS,
    letters=any_cell,
    words="The gradient with respect to shared parameters is the sum over the time steps, one part for each lag.",
)

step_of_weights = Fact(
    "derivative of a step in the direction V", eq(S[i], D[i] @ (W @ S[i - 1] + V @ h[i - 1])), over=(i,), when=_steps
)
error = Fact("error one step earlier", eq(e[i - 1].T, e[i].T @ D[i] @ W), over=(i,), when=_steps)
last_error = Fact("error at the last step", eq(e[T], g))
_copy = form(D[i] @ e[i], V @ h[i - 1])
_copies = sum_over(form(D[STEP] @ e[STEP], V @ h[STEP - 1]), 1, T)
_TWO_BACKWARD = Witness.of(
    [["1/2"]],
    {T: 2, g: _ONE, V: _ONE, D[1]: _ONE, D[2]: _ONE, e[0]: [["1/4"]], e[1]: [["1/2"]], e[2]: _ONE}
    | {S[0]: [[0]], S[1]: [[3]], S[2]: [["7/2"]], h[0]: [[3]], h[1]: [[2]]},
)

backward_pass = Theorem(
    id="bptt_backward_pass",
    related=("loss_derivative", "total_loss_derivative"),
    title="The backward pass computes the tied gradient",
    conclusion=eq(form(g, S[T]), _copies),
    derivation=Derivation(
        (diagonal, step_of_weights, start, error, last_error),
        (
            Calculation(
                "one step",
                form(e[i], S[i]),
                (
                    Line("=", form(e[i], D[i] @ (W @ S[i - 1] + V @ h[i - 1])), step_of_weights.name),
                    Line("=", form(e[i], D[i] @ W @ S[i - 1]) + _copy, ALGEBRA),
                    Line("=", form(e[i - 1], S[i - 1]) + _copy, error.name),
                ),
                over=(i,),
                when=_steps,
            ),
            TelescopingSum("all steps", eq(form(e[T], S[T]), form(e[0], S[0]) + _copies), "one step", 0, T),
            Calculation("no start", form(e[0], S[0]), (Line("=", sp.Integer(0), start.name),)),
            Calculation("last state", form(e[T], S[T]), (Line("=", form(g, S[T]), last_error.name),)),
            Combination(
                "conclusion",
                eq(form(g, S[T]), _copies),
                ((1, "all steps"), (1, "no start"), (-1, "last state")),
            ),
        ),
    ),
    object="total_gradient",
    norm="none",
    quantifiers="for J_i = D_i W, every loss of the last state with gradient g, every direction V of W and every T >= 1",
    citation="hochreiter2001",
    place="the total gradient as a sum of long-term and short-term influences",
    version="2001, read in part; with the backward recursion of back-propagation through time",
    tightness="tight",
    non_vacuity=_TWO_BACKWARD,
    tightness_witness=_TWO_BACKWARD,
    words="dE/dW is the sum over the steps of the outer product of delta_i = D_i e_i and h_{i-1}, e_{i-1} = W^T D_i e_i.",
)
