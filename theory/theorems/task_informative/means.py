r"""The means of the reference: E ||S~_t|| <= gamma H ||V|| / (1 - eta), and the product with target and input.

E |y*| ||z|| (||W|| ||S~_t|| + ||V|| ||h~_t||) <= sigma_* sigma_B ||V|| H / (1 - eta), by independence and Cauchy-Schwarz.

Main definition: `means`.
"""

from __future__ import annotations

import sympy as sp

from ...bounds.setting import W, gamma, i
from ...calculus import (
    ALGEBRA,
    Calculation,
    Combination,
    Induction,
    Inference,
    Line,
    le,
    mean_rules,
    power_rules,
    rules,
)
from ...calculus.derivation import Lemma
from ...calculus.facts import supposed
from ...calculus.mean import Mean
from ...quantities import max_abs
from .setting import (
    D_mean,
    N,
    S_mean,
    V,
    contraction,
    derivative_mean,
    h_mean,
    independent_derivatives,
    independent_states,
    input_deviation,
    moved_mean,
    moving,
    moving_bound,
    no_start,
    rate,
    reference,
    sigma,
    slopes_mean,
    state_mean,
    states,
    target_deviation,
    weight,
    z,
)


def means() -> tuple[Lemma, ...]:
    """The means of the reference, and of the product of target, input and reference."""
    scaled = gamma * (N(W) * N(S_mean[i - 1]) + N(V) * N(h_mean[i - 1]))
    weighted = weight * N(z)
    return (
        Calculation(
            "reference derivative, one step",
            N(S_mean[i]),
            (
                Line("=", N(D_mean[i] @ moved_mean), derivative_mean.name),
                Line("<=", N(D_mean[i]) * N(moved_mean), rules.submultiplicative),
                Line("=", max_abs(D_mean[i]) * N(moved_mean), rules.norm_of_diagonal),
                Line("<=", gamma * N(moved_mean), slopes_mean.name),
                Line("<=", scaled, "reference in motion"),
            ),
            over=(i,),
            when=(le(1, i),),
        ),
        Calculation(
            "mean of the first reference derivative",
            Mean(N(S_mean[0])),
            (Line("=", Mean(sp.Integer(0)), no_start.name), Line("=", sp.Integer(0), mean_rules.mean_of_constant)),
        ),
        Calculation(
            "reference derivative in the mean, one step",
            Mean(N(S_mean[i])),
            (
                Line("<=", Mean(scaled), "reference derivative, one step"),
                Line("=", gamma * Mean(moving(i - 1)), mean_rules.mean_of_multiple),
                Line(
                    "=", gamma * (Mean(N(W) * N(S_mean[i - 1])) + Mean(N(V) * N(h_mean[i - 1]))), mean_rules.mean_of_sum
                ),
                Line(
                    "=",
                    gamma * (N(W) * Mean(N(S_mean[i - 1])) + Mean(N(V) * N(h_mean[i - 1]))),
                    mean_rules.mean_of_multiple,
                ),
                Line(
                    "=",
                    gamma * (N(W) * Mean(N(S_mean[i - 1])) + N(V) * Mean(N(h_mean[i - 1]))),
                    mean_rules.mean_of_multiple,
                ),
                Line("<=", gamma * (N(W) * Mean(N(S_mean[i - 1])) + N(V) * state_mean), states.name),
                Line("=", gamma * N(W) * Mean(N(S_mean[i - 1])) + gamma * N(V) * state_mean, ALGEBRA),
                Line("<=", rate * Mean(N(S_mean[i - 1])) + gamma * N(V) * state_mean, contraction.name),
            ),
            over=(i,),
            when=(le(1, i),),
        ),
        Calculation(
            "reference derivative in the mean, passed on",
            Mean(N(S_mean[i])),
            (
                Line(
                    "<=",
                    rate * Mean(N(S_mean[i - 1])) + gamma * N(V) * state_mean,
                    "reference derivative in the mean, one step",
                ),
                Line(
                    "<=",
                    rate * reference + gamma * N(V) * state_mean,
                    supposed(le(Mean(N(S_mean[i - 1])), reference)).name,
                ),
                Line("=", reference, ALGEBRA),
            ),
            over=(i,),
            when=(le(1, i), le(Mean(N(S_mean[i - 1])), reference)),
        ),
        Calculation(
            "the bound of the reference is not negative",
            reference,
            (
                Line(">=", gamma * Mean(N(h_mean[0])) * N(V) / (1 - rate), states.name, {i: 0}),
                Line(
                    ">=",
                    gamma * Mean(sp.Integer(0)) * N(V) / (1 - rate),
                    power_rules.norm_not_negative,
                    {power_rules.A: h_mean[0]},
                ),
                Line("=", sp.Integer(0), mean_rules.mean_of_constant),
            ),
        ),
        Combination(
            "reference derivative at the start",
            le(Mean(N(S_mean[0])), reference),
            ((1, "mean of the first reference derivative"), (1, "the bound of the reference is not negative")),
        ),
        Induction(
            "reference derivative in the mean",
            le(Mean(N(S_mean[i])), reference),
            "reference derivative in the mean, passed on",
            0,
            i,
            over=(i,),
            when=(le(0, i),),
        ),
        Inference(
            "target and input",
            le(Mean(weighted), sigma),
            mean_rules.mean_of_product,
            {
                mean_rules.x: weight,
                mean_rules.y: N(z),
                mean_rules.c: target_deviation,
                mean_rules.d: input_deviation,
            },
        ),
        Calculation(
            "target, input and reference",
            Mean(weighted * moving(i - 1)),
            (
                Line(
                    "=",
                    Mean(N(W) * weighted * N(S_mean[i - 1]) + N(V) * weighted * N(h_mean[i - 1])),
                    ALGEBRA,
                ),
                Line(
                    "=",
                    Mean(N(W) * weighted * N(S_mean[i - 1])) + Mean(N(V) * weighted * N(h_mean[i - 1])),
                    mean_rules.mean_of_sum,
                ),
                Line(
                    "=",
                    N(W) * Mean(weighted * N(S_mean[i - 1])) + Mean(N(V) * weighted * N(h_mean[i - 1])),
                    mean_rules.mean_of_multiple,
                ),
                Line(
                    "=",
                    N(W) * Mean(weighted * N(S_mean[i - 1])) + N(V) * Mean(weighted * N(h_mean[i - 1])),
                    mean_rules.mean_of_multiple,
                ),
                Line(
                    "=",
                    N(W) * Mean(weighted) * Mean(N(S_mean[i - 1])) + N(V) * Mean(weighted * N(h_mean[i - 1])),
                    independent_derivatives.name,
                ),
                Line(
                    "=",
                    N(W) * Mean(weighted) * Mean(N(S_mean[i - 1])) + N(V) * Mean(weighted) * Mean(N(h_mean[i - 1])),
                    independent_states.name,
                ),
                Line(
                    "<=",
                    N(W) * Mean(weighted) * reference + N(V) * Mean(weighted) * Mean(N(h_mean[i - 1])),
                    "reference derivative in the mean",
                ),
                Line(
                    "<=",
                    N(W) * Mean(weighted) * reference + N(V) * Mean(weighted) * state_mean,
                    states.name,
                ),
                Line(
                    "=",
                    Mean(weighted) * N(V) * state_mean / (1 - rate) * (gamma * N(W) + 1 - rate),
                    ALGEBRA,
                ),
                Line("<=", Mean(weighted) * N(V) * state_mean / (1 - rate) * (rate + 1 - rate), contraction.name),
                Line("<=", sigma * moving_bound, "target and input"),
            ),
            over=(i,),
            when=(le(1, i),),
        ),
    )
