r"""How strongly a state depends on a shared weight while its Jacobian vanishes (claim C14): h_t = lambda h_{t-1} + x_t.

x is white noise of variance 1 and |lambda| < 1. Random numbers are vectors with the inner product u^T v = E u v. The state
and its derivative s_t = dh_t/dlambda obey h_t = lambda h_{t-1} + x_t and s_t = h_{t-1} + lambda s_{t-1}; the new input is
orthogonal to both of the step before; in the stationary state their moments do not change. All of this is given for one
step t alone, so that every process with such a step is meant:

    E h^2 = lambda^2 E h^2 + 1,    E h s = lambda E h^2 + lambda^2 E h s,    E s^2 = E h^2 + 2 lambda E h s + lambda^2 E s^2.

Hence E h^2 = 1 / (1 - lambda^2) and E (dh/dlambda)^2 = (1 + lambda^2) / (1 - lambda^2)^3: as |lambda| tends to 1 the
sensitivity to the shared weight grows without bound, though lambda^k, the state Jacobian, tends to 0 in the lag k.
`errorflow.theory.scalar_facts.sensitivity` proves the same from the system of moments, and from the series.

Main statements: `variance`, `sensitivity`.
"""

from __future__ import annotations

from typing import Any

import sympy as sp

from ..bounds import linear_letters
from ..bounds.setting import W, gamma, t
from ..calculus import ALGEBRA, Calculation, Combination, Derivation, Fact, Letter, Line, eq, form, lt
from ..hypotheses import Hypothesis
from ..notation import n
from ..quantities import spectral_norm
from ..theorem import Theorem, Witness

h, s, x = map(Letter, "hsx")
rate = sp.Symbol(r"\lambda")
E_HH, E_HS, E_SS = (sp.Symbol(rf"\mathbb{{E}}[{of}]") for of in ("h^2", "h h'", "(h')^2"))  # h' is dh/dlambda
_rest = 1 - rate**2

state = Fact("recursion of the state", eq(h[t], rate * h[t - 1] + x[t]))
derivative = Fact("recursion of its derivative", eq(s[t], h[t - 1] + rate * s[t - 1]))
unit = Fact("noise has variance 1", eq(form(x[t], x[t]), 1))
new_to_state = Fact("noise is uncorrelated with the state before", eq(form(x[t], h[t - 1]), 0))
new_to_derivative = Fact("noise is uncorrelated with the derivative before", eq(form(x[t], s[t - 1]), 0))
variance_now = Fact("variance at the step", eq(form(h[t], h[t]), E_HH))
stationary = Fact("variance is stationary", eq(form(h[t - 1], h[t - 1]), E_HH))
covariance_now = Fact("covariance at the step", eq(form(h[t], s[t]), E_HS))
stationary_mixed = Fact("covariance is stationary", eq(form(h[t - 1], s[t - 1]), E_HS))
sensitivity_now = Fact("sensitivity at the step", eq(form(s[t], s[t]), E_SS))
stationary_derivative = Fact("sensitivity is stationary", eq(form(s[t - 1], s[t - 1]), E_SS))
contraction = Fact("contraction", lt(rate**2, 1))
_state, _derivative = rate * h[t - 1] + x[t], h[t - 1] + rate * s[t - 1]

_variance = (
    Calculation(
        "variance of a step",
        E_HH,
        (
            Line("=", form(h[t], h[t]), variance_now.name),
            Line("=", form(_state, _state), state.name),
            Line(
                "=",
                rate**2 * form(h[t - 1], h[t - 1]) + 2 * rate * form(x[t], h[t - 1]) + form(x[t], x[t]),
                ALGEBRA,
            ),
            Line("=", rate**2 * form(h[t - 1], h[t - 1]) + form(x[t], x[t]), new_to_state.name),
            Line("=", rate**2 * form(h[t - 1], h[t - 1]) + 1, unit.name),
            Line("=", rate**2 * E_HH + 1, stationary.name),
        ),
    ),
    Combination("variance", eq(E_HH, 1 / _rest), ((1 / _rest, "variance of a step"),)),
)
_HYPOTHESES = (
    Hypothesis("contraction", sp.Lt(gamma * spectral_norm(W), 1, evaluate=False), "|lambda| < 1"),
    Hypothesis("one_unit", sp.Lt(n, 2, evaluate=False), "one unit"),
)
_QUANTIFIERS = "for one linear unit of weight lambda, white input of variance 1, in the stationary state"
_MOMENTS = {rate: "1/2", E_HH: "4/3", E_HS: "8/9", E_SS: "80/27"}
_WITNESS = Witness.of([["1/2"]], _MOMENTS)
_CARD: dict[str, Any] = {
    "object": "total_gradient",
    "norm": "root mean square",
    "hypotheses": _HYPOTHESES,
    "quantifiers": _QUANTIFIERS,
    "citation": "errorflow2026",
    "version": "derived here; the variance is that of every first-order autoregression",
    "tightness": "tight",
    "non_vacuity": _WITNESS,
    "tightness_witness": _WITNESS,
    "letters": linear_letters,
}

variance = Theorem(
    id="scalar_moments_variance",
    title="Variance of a linear unit",
    conclusion=eq(E_HH, 1 / _rest),
    derivation=Derivation((state, unit, new_to_state, variance_now, stationary, contraction), _variance),
    place="claim C14, the variance",
    words="A linear unit of weight lambda with white input has the variance 1 / (1 - lambda^2).",
    **_CARD,
)

sensitivity = Theorem(
    id="scalar_moments",
    title="The sensitivity to a shared weight explodes where the state Jacobian vanishes",
    conclusion=eq(E_SS, (1 + rate**2) / _rest**3),
    derivation=Derivation(
        (
            state,
            derivative,
            unit,
            new_to_state,
            new_to_derivative,
            variance_now,
            stationary,
            covariance_now,
            stationary_mixed,
            sensitivity_now,
            stationary_derivative,
            contraction,
        ),
        (
            *_variance,
            Calculation(
                "covariance of a step",
                E_HS,
                (
                    Line("=", form(h[t], s[t]), covariance_now.name),
                    Line("=", form(_state, s[t]), state.name),
                    Line("=", form(_state, _derivative), derivative.name),
                    Line(
                        "=",
                        rate * form(h[t - 1], h[t - 1])
                        + rate**2 * form(h[t - 1], s[t - 1])
                        + form(x[t], h[t - 1])
                        + rate * form(x[t], s[t - 1]),
                        ALGEBRA,
                    ),
                    Line(
                        "=",
                        rate * form(h[t - 1], h[t - 1])
                        + rate**2 * form(h[t - 1], s[t - 1])
                        + rate * form(x[t], s[t - 1]),
                        new_to_state.name,
                    ),
                    Line(
                        "=",
                        rate * form(h[t - 1], h[t - 1]) + rate**2 * form(h[t - 1], s[t - 1]),
                        new_to_derivative.name,
                    ),
                    Line("=", rate * E_HH + rate**2 * form(h[t - 1], s[t - 1]), stationary.name),
                    Line("=", rate * E_HH + rate**2 * E_HS, stationary_mixed.name),
                ),
            ),
            Calculation(
                "sensitivity of a step",
                E_SS,
                (
                    Line("=", form(s[t], s[t]), sensitivity_now.name),
                    Line("=", form(_derivative, _derivative), derivative.name),
                    Line(
                        "=",
                        form(h[t - 1], h[t - 1])
                        + 2 * rate * form(h[t - 1], s[t - 1])
                        + rate**2 * form(s[t - 1], s[t - 1]),
                        ALGEBRA,
                    ),
                    Line(
                        "=",
                        E_HH + 2 * rate * form(h[t - 1], s[t - 1]) + rate**2 * form(s[t - 1], s[t - 1]),
                        stationary.name,
                    ),
                    Line("=", E_HH + 2 * rate * E_HS + rate**2 * form(s[t - 1], s[t - 1]), stationary_mixed.name),
                    Line("=", E_HH + 2 * rate * E_HS + rate**2 * E_SS, stationary_derivative.name),
                ),
            ),
            Combination(
                "conclusion",
                eq(E_SS, (1 + rate**2) / _rest**3),
                (
                    (1 / _rest, "sensitivity of a step"),
                    (2 * rate / _rest**2, "covariance of a step"),
                    (1 / _rest + 2 * rate**2 / _rest**2, "variance"),
                ),
            ),
        ),
    ),
    place="claim C14, the sensitivity",
    words="A shared weight lambda moves a linear unit by (1 + lambda^2) / (1 - lambda^2)^3 in the mean square.",
    **_CARD,
)
