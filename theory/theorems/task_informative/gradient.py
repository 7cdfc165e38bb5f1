r"""E |y*| ||S_t - S~_t||, at the step of the input, then step by step, and from the last step to the gradient of the output.

Main statement: `task_informative_gradient`.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import sympy as sp

from ...bounds.setting import W, gamma, i, k
from ...calculus import ALGEBRA, Calculation, Derivation, Induction, Line, form, le, mean_rules, rules
from ...calculus.derivation import Lemma
from ...calculus.facts import supposed
from ...calculus.mean import Mean
from ...hypotheses import Hypothesis
from ...notation import curvature_sup, horizon
from ...theorem import Theorem, Witness
from .distances import distances
from .means import means
from .setting import (
    AFTER_FIRST,
    GIVEN,
    RANDOM,
    N,
    S,
    S_mean,
    V,
    a,
    a_mean,
    c,
    contraction,
    da,
    dh_before,
    dS,
    dS_before,
    earlier,
    first,
    h,
    h_mean,
    independent_output,
    input_deviation,
    known,
    leaving,
    moving,
    moving_bound,
    new_input,
    output_mean,
    power,
    rate,
    same_before,
    same_derivative,
    sigma,
    size,
    state_mean,
    target,
    target_deviation,
    target_mean,
    weight,
    z,
)


def coupled() -> tuple[Lemma, ...]:
    """E |y*| ||S_i - S~_i||, at the step of the input, then step by step."""
    weighted = weight * N(z)
    step_bound = rate * N(dS_before) + gamma**2 * N(V) * earlier * N(z)
    slope_bound = curvature_sup * power * N(z) * moving(i - 1)
    at_input = curvature_sup * N(z) * moving(first - 1)
    ds_before, dh_at = S[first - 1] - S_mean[first - 1], h[first - 1] - h_mean[first - 1]
    fixed = sigma * moving_bound * curvature_sup
    direct = gamma**2 * N(V) * earlier
    passed = fixed * power + rate * size(i - 1) + direct * sigma
    whole = curvature_sup * power * Mean(weighted * moving(i - 1))
    parts = (
        curvature_sup * power * (weighted * moving(i - 1)),
        rate * (weight * N(dS_before)),
        direct * weighted,
    )
    return (
        Calculation(
            "distance of derivatives at the input",
            N(S[first] - S_mean[first]),
            (
                Line(
                    "<=",
                    curvature_sup * N(a[first] - a_mean[first]) * moving(first - 1)
                    + gamma * (N(W) * N(ds_before) + N(V) * N(dh_at)),
                    "distance of derivatives",
                ),
                Line("=", at_input + gamma * (N(W) * N(ds_before) + N(V) * N(dh_at)), new_input.name),
                Line(
                    "=",
                    at_input + gamma * (N(W) * N(0 * S_mean[first - 1]) + N(V) * N(dh_at)),
                    same_derivative.name,
                ),
                Line("=", at_input + gamma * N(V) * N(dh_at), rules.homogeneous),
                Line("=", at_input + gamma * N(V) * N(0 * h_mean[first - 1]), same_before.name),
                Line("=", at_input, rules.homogeneous),
            ),
        ),
        Calculation(
            "the informative part at the input",
            size(first),
            (
                Line("<=", Mean(weight * at_input), "distance of derivatives at the input"),
                Line("=", curvature_sup * Mean(weighted * moving(first - 1)), mean_rules.mean_of_multiple),
                Line("<=", fixed, "target, input and reference"),
            ),
        ),
        Calculation(
            "distance of derivatives after the input",
            N(dS),
            (
                Line(
                    "<=",
                    curvature_sup * N(da) * moving(i - 1) + gamma * (N(W) * N(dS_before) + N(V) * N(dh_before)),
                    "distance of derivatives",
                ),
                Line(
                    "<=",
                    slope_bound + gamma * (N(W) * N(dS_before) + N(V) * N(dh_before)),
                    "distance of pre-activations",
                ),
                Line(
                    "<=",
                    slope_bound + gamma * (N(W) * N(dS_before) + N(V) * gamma * earlier * N(z)),
                    "distance of states",
                ),
                Line(
                    "=",
                    slope_bound + gamma * N(W) * N(dS_before) + gamma**2 * N(V) * earlier * N(z),
                    ALGEBRA,
                ),
                Line("<=", slope_bound + step_bound, contraction.name),
            ),
            over=(i,),
            when=AFTER_FIRST,
        ),
        Calculation(
            "the informative part, one step",
            size(i),
            (
                Line("<=", Mean(weight * (slope_bound + step_bound)), "distance of derivatives after the input"),
                Line("=", Mean(parts[0] + (parts[1] + parts[2])), ALGEBRA),
                Line("=", Mean(parts[0]) + Mean(parts[1] + parts[2]), mean_rules.mean_of_sum),
                Line("=", Mean(parts[0]) + (Mean(parts[1]) + Mean(parts[2])), mean_rules.mean_of_sum),
                *leaving((curvature_sup, power), weighted * moving(i - 1), Mean(parts[1]) + Mean(parts[2])),
                *leaving((rate,), weight * N(dS_before), whole + Mean(parts[2])),
                *leaving((gamma**2, N(V), earlier), weighted, whole + rate * size(i - 1)),
                Line(
                    "<=",
                    fixed * power + rate * size(i - 1) + direct * Mean(weighted),
                    "target, input and reference",
                ),
                Line("<=", passed, "target and input"),
            ),
            over=(i,),
            when=AFTER_FIRST,
        ),
    )


def conclusion() -> tuple[Lemma, ...]:
    """From the step after the input to the last one, and from there to the gradient of the output."""
    second = first + 1
    ds_last = S[horizon] - S_mean[horizon]
    output, difference = form(c, S[horizon]), form(c, ds_last)
    ds_second = sigma * N(V) * (curvature_sup * state_mean * rate / (1 - rate) + gamma**2)
    fixed = sigma * moving_bound * curvature_sup
    direct = gamma**2 * N(V) * earlier * sigma
    return (
        Calculation(
            "the informative part after the input",
            size(second),
            (
                Line("<=", rate * size(first) + ds_second, "the informative part, one step"),
                Line("<=", rate * fixed + ds_second, "the informative part at the input"),
                Line("=", known(second), ALGEBRA),
            ),
        ),
        Calculation(
            "the informative part, passed on",
            size(i),
            (
                Line("<=", rate * size(i - 1) + fixed * power + direct, "the informative part, one step"),
                Line("<=", rate * known(i - 1) + fixed * power + direct, supposed(le(size(i - 1), known(i - 1))).name),
                Line("=", known(i), ALGEBRA),
            ),
            over=(i,),
            when=(le(second + 1, i), le(size(i - 1), known(i - 1))),
        ),
        Induction(
            "the informative part",
            le(size(horizon), known(horizon)),
            "the informative part, passed on",
            second,
            horizon,
        ),
        Calculation(
            "what the output knows of the target",
            Mean(target * output),
            (
                Line("=", Mean(target * difference + target * output_mean), ALGEBRA),
                Line("=", Mean(target * difference) + Mean(target * output_mean), mean_rules.mean_of_sum),
                Line("=", Mean(target * difference) + Mean(target) * Mean(output_mean), independent_output.name),
                Line("=", Mean(target * difference), target_mean.name),
            ),
        ),
        Calculation(
            "conclusion",
            sp.Abs(Mean(target * output)),
            (
                Line("=", sp.Abs(Mean(target * difference)), "what the output knows of the target"),
                Line("<=", Mean(sp.Abs(target * difference)), mean_rules.modulus_of_mean),
                Line("=", Mean(weight * sp.Abs(difference)), rules.modulus_of_product),
                Line("<=", Mean(weight * (N(c) * N(ds_last))), rules.inner_product),
                Line("=", N(c) * size(horizon), mean_rules.mean_of_multiple),
                Line("<=", N(c) * known(horizon), "the informative part"),
            ),
        ),
    )


def linear_unit(lag: int, scaled: Mapping[sp.Symbol, object] = MappingProxyType({})) -> Witness:
    """h_t = h_{t-1}/2 + u_t with the single input u_1 = 1 or -1 as target: dh/dw = k w^(k-1) u_1 at T = k + 1.

    ``scaled`` are values in scaled coordinates, in place of those here or beside them.
    """
    last = lag + 1
    slope = sp.Rational(lag, 2 ** (lag - 1))
    values = {k: lag, horizon: last, V: [[1]], c: [[1]], rate: "1/2", curvature_sup: 0, state_mean: 0}
    signs = [{target: sign, S[last]: [[sign * slope]]} for sign in (1, -1)]
    return Witness.of([["1/2"]], {**values, target_deviation: 1, input_deviation: 1, **scaled}, signs)


SMOOTH = Hypothesis("smooth_slope", sp.Lt(curvature_sup, sp.oo, evaluate=False), "the slope does not jump")
QUANTIFIERS = (
    "for every lag k from 1 to T - 1, every target of mean zero that depends on u_{T-k} alone, u_{T-k} independent of the "
    "start and of all other inputs, a start that does not depend on W, finite mean squares, and every direction V of the shared W"
)


task_informative_gradient = Theorem(
    id="task_informative_gradient",
    title="What the total gradient says of an input falls like k eta^(k-1)",
    conclusion=le(sp.Abs(Mean(target * form(c, S[horizon]))), N(c) * known(horizon)),
    derivation=Derivation(GIVEN, (*distances(), *means(), *coupled(), *conclusion()), RANDOM),
    object="task_informative_gradient",
    norm="nuclear, over directions V with ||V||_2 <= 1; hence Frobenius",
    hypotheses=(
        Hypothesis("contraction", sp.Lt(gamma * N(W), 1, evaluate=False), "every step shrinks distances"),
        SMOOTH,
    ),
    quantifiers=QUANTIFIERS,
    citation="errorflow2026",
    place="claim C9, with k + 1 in place of k + 1/(1 - eta): the recursion runs forward",
    version="derived here",
    tightness="tight",
    non_vacuity=linear_unit(2),
    tightness_witness=linear_unit,
    words="The part of the expected total gradient that depends on a target which knows the input of k steps ago alone falls "
    "like k eta^(k-1) in a contractive network, whatever the total gradient does.",
)
