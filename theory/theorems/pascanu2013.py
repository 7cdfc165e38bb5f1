r"""Pascanu, Mikolov & Bengio (2013): what the norm and the spectral radius of W say about the state Jacobian.

||D_t W ... D_{t-k+1} W||_2 <= (gamma ||W||_2)^k, since the spectral norm is submultiplicative and that of a diagonal
matrix is its largest absolute entry: gamma ||W||_2 < 1 suffices to vanish. The ICML text states the condition for the
largest *singular value*; copies with "largest eigenvalue" are false for nonlinear networks. If gamma ||W||_2 <= 1 no state
Jacobian exceeds 1: more than that is necessary to explode.

In a linear network J(t, t-k) = W^k. For rho(W) < r the powers of W / r are bounded, ||W^k|| <= sup_t ||(W/r)^t|| r^k.
With r = (1 + rho) / 2 that is why rho(W) < 1 suffices to vanish; with every r > 1 it is why growth at an exponential rate
needs rho(W) > 1. And rho(W)^k = rho(W^k) <= ||W^k||, so that rho(W) > 1 suffices to explode. That rho(W) > 1 is necessary
to be *unbounded* is false: [[1, 1], [0, 1]] grows linearly.

Main statements: `spectral`, `necessary`, `linear`, `linear_necessary`, `linear_growth`.
"""

from __future__ import annotations

import sympy as sp

from ..bounds import Bound, linear_letters
from ..bounds.setting import FIRST, JACOBIAN, D, W, diagonal, gamma, k, product, slopes, t
from ..calculus import (
    STEP,
    Calculation,
    Combination,
    Derivation,
    Fact,
    Inference,
    Line,
    chain,
    eq,
    ge,
    le,
    lt,
    power_rules,
    product_over,
    rules,
)
from ..calculus.words import scaled
from ..hypotheses import Hypothesis
from ..quantities import jacobian_norm, max_abs, power_supremum, spectral_norm, spectral_radius
from ..theorem import Theorem, Witness

_norm, _step, _radius = spectral_norm(W), D[STEP], spectral_radius(W)
_LINEAR = "for all states t >= k >= 0 and all inputs of a network whose activation is the identity"

spectral = Theorem(
    id="pascanu2013_spectral_norm",
    title="Vanishing from the spectral norm",
    bound=Bound(
        "pascanu_spectral_norm", "Pascanu et al., spectral norm", "<=", gamma * spectral_norm(W), sp.Integer(1)
    ),
    derivation=Derivation(
        (diagonal, slopes, product),
        (
            Calculation(
                "conclusion",
                jacobian_norm(k),
                (
                    Line("=", spectral_norm(JACOBIAN), product.name),
                    Line("<=", product_over(spectral_norm(_step @ W), FIRST, t), rules.norm_of_product),
                    Line("<=", product_over(spectral_norm(_step) * _norm, FIRST, t), rules.submultiplicative),
                    Line("=", product_over(max_abs(_step) * _norm, FIRST, t), rules.norm_of_diagonal),
                    Line("<=", product_over(gamma * _norm, FIRST, t), slopes.name),
                    Line("=", (gamma * _norm) ** k, rules.constant_product),
                ),
            ),
        ),
    ),
    quantifiers="for all states t >= k >= 1 and all inputs for which the slopes are at most gamma in modulus",
    citation="pascanu2013",
    place="section 2.1 and its proof, with the largest singular value",
    version="ICML 2013",
    tightness="tight",
    non_vacuity=Witness.of([["1/2", "0"], ["0", "1/3"]]),
    tightness_witness=Witness.of([["1/2", "0"], ["0", "1/3"]]),
    words="The spectral norm bounds the state Jacobian by (gamma ||W||_2)^k.",
)

_bounded = Fact("bound by the norm", spectral.conclusion, theorem=spectral)
_small = Fact("gamma ||W|| is at most 1", le(gamma * _norm, 1))

necessary = Theorem(
    id="pascanu2013_necessary",
    title="Explosion needs a spectral norm above 1/gamma",
    conclusion=le(jacobian_norm(k), 1),
    derivation=Derivation(
        (diagonal, slopes, product, _bounded, _small),
        (
            Calculation(
                "conclusion",
                jacobian_norm(k),
                (
                    Line("<=", (gamma * _norm) ** k, _bounded.name),
                    Line("<=", sp.Integer(1), _small.name),
                ),
            ),
        ),
    ),
    hypotheses=(Hypothesis("norm_at_most_one", _small.claim, "no step enlarges a difference"),),
    quantifiers="for all states t >= k >= 1 and all inputs for which the slopes are at most gamma in modulus",
    citation="pascanu2013",
    place="section 2.1: above 1/gamma is necessary to explode, by contraposition",
    version="ICML 2013",
    tightness="tight",
    non_vacuity=Witness.of([["1", "0"], ["0", "1/3"]]),
    tightness_witness=Witness.of([["1", "0"], ["0", "1/3"]]),
    words="If gamma ||W||_2 <= 1 no state Jacobian has a norm above 1, so that explosion needs gamma ||W||_2 > 1.",
)

linear_product = Fact("state Jacobian of a linear network", eq(jacobian_norm(k), spectral_norm(chain(W, FIRST, t))))
_power = spectral_norm(chain(W, 1, k))
_as_power = Calculation(
    "power",
    jacobian_norm(k),
    (
        Line("=", spectral_norm(chain(W, FIRST, t)), linear_product.name),
        Line("=", _power, rules.shift_of_power),
    ),
)


def _below_rate(r: sp.Expr, radius: sp.Expr) -> tuple[Inference | Calculation | Combination, ...]:
    """From rho(W) <= ``radius`` < r to ||J(t, t-k)|| <= sup_t ||(W/r)^t|| r^k."""
    shrunk = scaled(1 / r, W)
    power, bound = spectral_norm(chain(shrunk, 1, k)), power_supremum(shrunk)
    return (
        _as_power,
        Inference(
            "radius of W / r",
            lt(spectral_radius(shrunk), 1),
            power_rules.radius_below_one,
            {power_rules.A: W, power_rules.c: r, power_rules.d: radius},
        ),
        Calculation("bounded powers", power, (Line("<=", bound, power_rules.power_below_supremum),)),
        Calculation(
            "powers of W / r",
            power,
            (
                Line("=", spectral_norm(scaled(r**-k, chain(W, 1, k))), rules.scalars_leave_product),
                Line("=", r**-k * _power, rules.homogeneous),
            ),
        ),
        Combination(
            "conclusion",
            le(jacobian_norm(k), bound * r**k),
            ((1, "power"), (r**k, "bounded powers"), (-(r**k), "powers of W / r")),
        ),
    )


_below_one = Fact("the spectral radius is below 1", lt(_radius, 1))
_middle = (1 + _radius) / 2

linear = Theorem(
    id="pascanu2013_linear",
    title="Vanishing in a linear network",
    bound=Bound(
        "spectral_radius",
        "Pascanu et al., spectral radius of a linear network",
        "<=",
        _middle,
        power_supremum(scaled(1 / _middle, W)),
        hypotheses=(Hypothesis("radius_below_one", _below_one.claim, "the powers of W tend to zero"),),
    ),
    derivation=Derivation((linear_product, _below_one), _below_rate(_middle, _radius)),
    quantifiers=_LINEAR,
    citation="pascanu2013",
    place="section 2.1, linear model: rho(W) < 1 is sufficient, with a rate between rho(W) and 1",
    version="ICML 2013",
    tightness="upper",
    non_vacuity=Witness.of([["1/2", "10"], ["0", "1/2"]]),
    letters=linear_letters,
    words="In a linear network rho(W) < 1 suffices: the state Jacobian falls at least like ((1 + rho(W)) / 2)^k.",
)

_r = sp.Symbol("r")
_at_most_one = Fact("the spectral radius is at most 1", le(_radius, 1))

linear_necessary = Theorem(
    id="pascanu2013_linear_necessary",
    title="Exponential growth in a linear network needs a spectral radius above 1",
    conclusion=le(jacobian_norm(k), power_supremum(scaled(1 / _r, W)) * _r**k),
    derivation=Derivation(
        (linear_product, _at_most_one, Fact("r is above 1", lt(1, _r))), _below_rate(_r, sp.Integer(1))
    ),
    hypotheses=(Hypothesis("radius_at_most_one", _at_most_one.claim, "no eigenvalue is outside of the unit circle"),),
    quantifiers=f"{_LINEAR}, and every r > 1",
    citation="pascanu2013",
    place="section 2.1, linear model: rho(W) > 1 is necessary to explode, for growth at an exponential rate",
    version="ICML 2013",
    tightness="upper",
    non_vacuity=Witness.of([["1", "1"], ["0", "1"]], {_r: 2}),
    letters=linear_letters,
    words="If rho(W) <= 1 the state Jacobian of a linear network grows more slowly than r^k for every r > 1.",
)

linear_growth = Theorem(
    id="pascanu2013_linear_growth",
    title="A spectral radius above 1 suffices for growth in a linear network",
    conclusion=ge(jacobian_norm(k), _radius**k),
    derivation=Derivation(
        (linear_product,),
        (
            _as_power,
            Calculation(
                "conclusion",
                jacobian_norm(k),
                (
                    Line("=", _power, "power"),
                    Line(">=", spectral_radius(chain(W, 1, k)), rules.radius_below_norm),
                    Line("=", _radius**k, rules.radius_of_power),
                ),
            ),
        ),
    ),
    hypotheses=(Hypothesis("radius_above_one", sp.Gt(_radius, 1, evaluate=False), "the bound grows with the lag"),),
    quantifiers=_LINEAR,
    citation="pascanu2013",
    place="section 2.1, linear model; the text has the converse, that rho(W) > 1 is necessary",
    version="ICML 2013",
    tightness="tight",
    non_vacuity=Witness.of([["3/2", "0"], ["0", "1/3"]]),
    tightness_witness=Witness.of([["3/2", "0"], ["0", "1/3"]]),
    letters=linear_letters,
    words="In a linear network the state Jacobian is at least rho(W)^k: rho(W) > 1 makes it explode.",
)
