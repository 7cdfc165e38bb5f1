r"""How far two trajectories are apart that differ in one input: in a, in h, and in S = dh/dW[V] from one step to the next.

||a_t - a~_t|| <= eta^(t-T+k) ||z||, ||h_t - h~_t|| <= gamma eta^(t-T+k) ||z||, and
||S_t - S~_t|| <= gamma_2 ||a_t - a~_t|| (||W|| ||S~_{t-1}|| + ||V|| ||h~_{t-1}||) + gamma (||W|| ||S - S~|| + ||V|| ||h - h~||).

Main definition: `distances`.
"""

from __future__ import annotations

from ...bounds.setting import D, W, gamma, i, slopes
from ...calculus import ALGEBRA, Calculation, Line, Telescope, le, rules
from ...calculus.derivation import Lemma
from ...notation import curvature_sup
from ...quantities import max_abs
from .setting import (
    AFTER_FIRST,
    FROM_FIRST,
    D_mean,
    N,
    S_mean,
    V,
    a,
    a_mean,
    contraction,
    da,
    da_before,
    derivative,
    derivative_mean,
    dh,
    dh_before,
    dS,
    dS_before,
    first,
    h_mean,
    lipschitz,
    moved,
    moved_mean,
    moving,
    new_input,
    power,
    rate,
    same_inputs,
    smooth,
    spread,
    z,
)


def distances() -> tuple[Lemma, ...]:
    """How far the two trajectories are apart, in a, in h, and in S from one step to the next."""
    slope_part = N((D[i] - D_mean[i]) @ moved_mean)
    slope_bound = curvature_sup * N(da) * moving(i - 1)
    return (
        Calculation(
            "pre-activations, one step",
            N(da),
            (
                Line("=", N(W @ dh_before), same_inputs.name),
                Line("<=", N(W) * N(dh_before), rules.submultiplicative),
                Line("<=", N(W) * gamma * N(da_before), lipschitz.name),
                Line("<=", rate * N(da_before), contraction.name),
            ),
            over=(i,),
            when=AFTER_FIRST,
        ),
        Telescope(
            "pre-activations",
            le(N(da), power * N(a[first] - a_mean[first])),
            "pre-activations, one step",
            rate,
            first,
            i,
            over=(i,),
            when=FROM_FIRST,
        ),
        Calculation(
            "distance of pre-activations",
            N(da),
            (
                Line("<=", power * N(a[first] - a_mean[first]), "pre-activations"),
                Line("=", power * N(z), new_input.name),
            ),
            over=(i,),
            when=FROM_FIRST,
        ),
        Calculation(
            "distance of states",
            N(dh),
            (
                Line("<=", gamma * N(da), lipschitz.name),
                Line("<=", gamma * power * N(z), "distance of pre-activations"),
            ),
            over=(i,),
            when=FROM_FIRST,
        ),
        Calculation(
            "difference of derivatives",
            dS,
            (
                Line("=", D[i] @ moved - S_mean[i], derivative.name),
                Line("=", D[i] @ moved - D_mean[i] @ moved_mean, derivative_mean.name),
                Line("=", (D[i] - D_mean[i]) @ moved_mean + D[i] @ spread, ALGEBRA),
            ),
            over=(i,),
            when=(le(1, i),),
        ),
        Calculation(
            "reference in motion",
            N(moved_mean),
            (
                Line("<=", N(W @ S_mean[i - 1]) + N(V @ h_mean[i - 1]), rules.triangle),
                Line("<=", N(W) * N(S_mean[i - 1]) + N(V @ h_mean[i - 1]), rules.submultiplicative),
                Line("<=", moving(i - 1), rules.submultiplicative),
            ),
            over=(i,),
        ),
        Calculation(
            "distance of derivatives",
            N(dS),
            (
                Line("=", N((D[i] - D_mean[i]) @ moved_mean + D[i] @ spread), "difference of derivatives"),
                Line("<=", slope_part + N(D[i] @ spread), rules.triangle),
                Line("<=", N(D[i] - D_mean[i]) * N(moved_mean) + N(D[i] @ spread), rules.submultiplicative),
                Line("<=", curvature_sup * N(da) * N(moved_mean) + N(D[i] @ spread), smooth.name),
                Line("<=", slope_bound + N(D[i] @ spread), "reference in motion"),
                Line("<=", slope_bound + N(D[i]) * N(spread), rules.submultiplicative),
                Line("=", slope_bound + max_abs(D[i]) * N(spread), rules.norm_of_diagonal),
                Line("<=", slope_bound + gamma * N(spread), slopes.name),
                Line("<=", slope_bound + gamma * (N(W @ dS_before) + N(V @ dh_before)), rules.triangle),
                Line("<=", slope_bound + gamma * (N(W) * N(dS_before) + N(V @ dh_before)), rules.submultiplicative),
                Line("<=", slope_bound + gamma * (N(W) * N(dS_before) + N(V) * N(dh_before)), rules.submultiplicative),
            ),
            over=(i,),
            when=(le(1, i),),
        ),
    )
