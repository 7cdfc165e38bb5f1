r"""Uniform vanishing (claim C5, the other half): if gamma jsr < r, then ||J(t, t-k)||_2 <= C r^k for all slopes in [0, gamma].

N_k(A) is the largest norm of a product of k factors S A with masks S of entries in [0, 1], and the joint spectral radius is
the limit of N_k(A)^(1/k). With A = (gamma/r) W it is below 1, so that C = sup_k N_k(A) is a number; slopes gamma S give

    ||J(t, t-k)||_2 = r^k ||S_t A ... S_{t-k+1} A||_2 <= C r^k.

C depends on W, gamma and r alone, never on inputs or lag. With `errorflow.theory.theorems.masked_growth` this is *iff*:
the state Jacobian vanishes exponentially, uniformly over all slopes in [0, gamma], if gamma jsr < 1, and some slopes keep it
from doing so if gamma jsr >= 1. This half needs no more than slopes in [0, gamma]. The other half, said of inputs, needs
inputs that reach the slopes: unbounded ones through B of full row rank, so that u_t = B^+ (a_t - W h_{t-1} - b) puts any
pre-activation a_t (`reach`), and 0 and gamma in the closure of the range of phi'. Where inputs are bounded only the first
half holds.

Main statements: `uniform_vanishing`, `reach`.
"""

from __future__ import annotations

import sympy as sp

from ..bounds import no_cell
from ..bounds.bound import DECISION
from ..bounds.setting import FIRST, JACOBIAN, W, gamma, i, k, product, t
from ..calculus import (
    IDENTITY,
    STEP,
    Calculation,
    Derivation,
    Fact,
    Inference,
    Letter,
    Line,
    chain,
    eq,
    form,
    ge,
    le,
    lt,
    order_rules,
    rules,
)
from ..hypotheses import Hypothesis
from ..notation import slope_least
from ..quantities import jacobian_norm, joint_spectral_radius, masked_supremum, spectral_norm
from ..theorem import Theorem, Witness
from .sharp_uniform import S, r, slopes_in_sector, unit_interval

C = sp.Symbol("C")
_scaled = gamma / r * W
_masked = chain(S[STEP] @ _scaled, FIRST, t)
_HALF = Witness.of([["1/2", "0"], ["0", "1/3"]], {r: "3/4", C: 1})

uniform_vanishing = Theorem(
    id="uniform_vanishing",
    title="Vanishing for all slopes, from the joint spectral radius",
    conclusion=le(jacobian_norm(k), C * r**k),
    derivation=Derivation(
        (
            product,
            unit_interval,
            slopes_in_sector,
            Fact("gamma is not negative", le(0, gamma)),
            Fact("rate above gamma jsr", lt(gamma * joint_spectral_radius(W), r)),
            Fact("constant", eq(C, masked_supremum(_scaled))),
        ),
        (
            Inference(
                "scaled matrix",
                lt(joint_spectral_radius(_scaled), 1),
                order_rules.joint_radius_below_one,
                {order_rules.A: W, order_rules.c: gamma, order_rules.d: r},
            ),
            Calculation(
                "conclusion",
                jacobian_norm(k),
                (
                    Line("=", spectral_norm(JACOBIAN), product.name),
                    Line("=", spectral_norm(chain(gamma * S[STEP] @ W, FIRST, t)), slopes_in_sector.name),
                    Line(
                        "=",
                        spectral_norm(r**k * _masked),
                        rules.scalars_leave_product,
                        {rules.c: r, rules.A: S[STEP] @ _scaled},
                    ),
                    Line("=", r**k * spectral_norm(_masked), rules.homogeneous),
                    Line(
                        "<=",
                        r**k * masked_supremum(_scaled),
                        order_rules.masked_product_below_supremum,
                        {order_rules.D: S[STEP], order_rules.A: _scaled, order_rules.a: FIRST, order_rules.b: t},
                    ),
                    Line("=", C * r**k, "constant"),
                ),
            ),
        ),
    ),
    hypotheses=(
        Hypothesis("slopes_nonnegative", ge(slope_least, 0), "no slope is negative"),
        Hypothesis(
            f"uniform_vanishing{DECISION}",
            sp.Lt(gamma * joint_spectral_radius(W), 1, evaluate=False),
            "a rate r below 1 is left, so that the bound falls with the lag",
        ),
    ),
    quantifiers="for every r > gamma jsr, with one C for all states t >= k >= 0 and all inputs for which the slopes lie in "
    "[0, gamma]; the bound falls with the lag where r < 1, and there is such an r only if gamma jsr < 1",
    citation="errorflow2026",
    place="claim C5; the joint spectral radius as a limit by Fekete's lemma",
    version="derived here from the definition of the joint spectral radius; the converse is the theorem on most growing "
    "masks, and for inputs it needs slopes that the inputs reach",
    tightness="upper",
    non_vacuity=_HALF,
    words="If gamma times the joint spectral radius of the masked family is below r, the state Jacobian is at most C r^k for "
    "all slopes in [0, gamma].",
)

B, P, u, b, a, h, v = map(Letter, ("B", "P", "u", "b", "a", "h", "v"))
_wanted = a[t] - W @ h[t - 1] - b
_I = [[1, 0], [0, 1]]
_REACHED = Witness.of(
    [["1/2", "0"], ["0", "1/3"]],
    {B: [[1, 0, 1], [0, 2, 0]], P: [["1/2", 0], [0, "1/2"], ["1/2", 0]], a: [[3], [-5]], h: [[1], [-1]], b: [[1], [2]]}
    | {u: [["3/4"], ["-10/3"], ["3/4"]], v: [[1], [1]]},
)

reach = Theorem(
    id="inputs_reach_every_slope",
    title="Inputs that reach every pre-activation",
    conclusion=eq(form(v, W @ h[t - 1] + B @ u[t] + b), form(v, a[t])),
    derivation=Derivation(
        (
            Fact("right inverse of the input matrix", eq(B @ P, IDENTITY)),
            Fact("input of a step", eq(u[i], P @ (a[i] - W @ h[i - 1] - b)), over=(i,)),
        ),
        (
            Calculation(
                "conclusion",
                form(v, W @ h[t - 1] + B @ u[t] + b),
                (
                    Line("=", form(v, W @ h[t - 1] + B @ P @ _wanted + b), "input of a step"),
                    Line("=", form(v, a[t]), "right inverse of the input matrix"),
                ),
            ),
        ),
    ),
    object="trajectory",
    norm="none",
    letters=no_cell,
    quantifiers="for every B with a right inverse P (full row rank), every state before the step, every wanted pre-activation "
    "a_t, and every vector v",
    citation="errorflow2026",
    place="claim C5: the hypothesis under which its second half is about inputs",
    version="elementary; the inputs are not bounded: slopes near 0 need large ones",
    tightness="tight",
    non_vacuity=_REACHED,
    tightness_witness=_REACHED,
    words="With a right inverse P of B the inputs u_t = P (a_t - W h_{t-1} - b) realize every sequence of pre-activations a_t.",
)
