r"""Sharper norms for the same products (claim C4): diagonal scaling, and the Perron scaling of the absolute values.

The slopes' diagonal commutes with every diagonal L, so L J(t, t-k) L^-1 is a product of the factors
D_t (L W L^-1): its norm is at most (gamma ||L W L^-1||_2)^k, and s(W), the infimum over L, lies between the spectral
radius and min(||W||_2, rho(|W|)). If W is irreducible, the Perron scaling, L^2 = left / right Perron
vector of |W|, makes || L |W| L^-1 ||_2 = rho(|W|).

Main statements: `perron`, `diagonal_scaling`.
"""

from __future__ import annotations

from ..bounds import Bound
from ..bounds.setting import (
    FIRST,
    JACOBIAN,
    D,
    L,
    W,
    diagonal,
    gamma,
    k,
    product,
    scaling_diagonal,
    scaling_invertible,
    slopes,
    t,
)
from ..calculus import (
    STEP,
    Calculation,
    Derivation,
    Fact,
    Line,
    absolute,
    chain,
    dot,
    eq,
    inverse,
    le,
    product_over,
    rules,
)
from ..quantities import (
    jacobian_norm,
    max_abs,
    perron_condition,
    perron_scaling_norm,
    scaled_norm,
    scaling_condition,
    spectral_norm,
)
from ..theorem import Theorem, Witness

_SLOPES = "for all states t >= k >= 1 and all inputs for which the slopes are at most gamma in modulus"
_step, _scaled = D[STEP], dot(L, W, inverse(L))
_out, _in = spectral_norm(inverse(L)), spectral_norm(L)
_inner = spectral_norm(_scaled)

scaled_product = Theorem(
    id="scaled_product",
    title="The product under a diagonal scaling",
    conclusion=le(jacobian_norm(k), _out * _in * (gamma * _inner) ** k),
    derivation=Derivation(
        (diagonal, slopes, product, scaling_diagonal, scaling_invertible),
        (
            Calculation(
                "conclusion",
                jacobian_norm(k),
                (
                    Line("=", spectral_norm(JACOBIAN), product.name),
                    Line(
                        "=",
                        spectral_norm(dot(inverse(L), chain(dot(L, _step, W, inverse(L)), FIRST, t), L)),
                        rules.similarity_of_product,
                        {rules.L: L},
                    ),
                    Line(
                        "=",
                        spectral_norm(dot(inverse(L), chain(_step @ _scaled, FIRST, t), L)),
                        rules.diagonals_commute,
                    ),
                    Line(
                        "<=",
                        _out * spectral_norm(dot(chain(_step @ _scaled, FIRST, t), L)),
                        rules.submultiplicative,
                    ),
                    Line("<=", _out * spectral_norm(chain(_step @ _scaled, FIRST, t)) * _in, rules.submultiplicative),
                    Line(
                        "<=",
                        _out * product_over(spectral_norm(_step @ _scaled), FIRST, t) * _in,
                        rules.norm_of_product,
                    ),
                    Line(
                        "<=",
                        _out * product_over(spectral_norm(_step) * _inner, FIRST, t) * _in,
                        rules.submultiplicative,
                    ),
                    Line("=", _out * product_over(max_abs(_step) * _inner, FIRST, t) * _in, rules.norm_of_diagonal),
                    Line("<=", _out * product_over(gamma * _inner, FIRST, t) * _in, slopes.name),
                    Line("=", _out * _in * (gamma * _inner) ** k, rules.constant_product),
                ),
            ),
        ),
    ),
    quantifiers=f"{_SLOPES}, and all positive diagonal matrices L",
    citation="kaszkurewicz2000",
    place="diagonal Schur stability; the founding papers on vanishing gradients do not have it",
    version="Birkhaeuser 2000",
    tightness="tight",
    non_vacuity=Witness.of([["1/2", "0"], ["0", "1/3"]], {L: [[1, 0], [0, 1]]}),
    tightness_witness=Witness.of([["1/2", "0"], ["0", "1/3"]], {L: [[1, 0], [0, 1]]}),
    words="For every positive diagonal L the state Jacobian is at most kappa(L) (gamma ||L W L^-1||_2)^k.",
)

_setting = (diagonal, slopes, product, scaling_diagonal, scaling_invertible)
_bounded = Fact("bound for any scaling", scaled_product.conclusion, theorem=scaled_product)

_s, _kappa = scaled_norm(W), scaling_condition(W)
_best = Fact("norm under the scaling found", eq(_s, _inner))
_best_condition = Fact("condition of the scaling found", eq(_kappa, _out * _in))

diagonal_scaling = Theorem(
    id="diagonal_scaling",
    title="Vanishing from diagonal scaling",
    bound=Bound("diagonal_scaling_norm", "Diagonal scaling, Schur stability", "<=", gamma * _s, _kappa),
    derivation=Derivation(
        (*_setting, _bounded, _best, _best_condition),
        (
            Calculation(
                "conclusion",
                jacobian_norm(k),
                (
                    Line("<=", _out * _in * (gamma * _inner) ** k, _bounded.name),
                    Line("=", _out * _in * (gamma * _s) ** k, _best.name),
                    Line("=", _kappa * (gamma * _s) ** k, _best_condition.name),
                ),
            ),
        ),
    ),
    quantifiers=_SLOPES,
    citation="kaszkurewicz2000",
    place="diagonal Schur stability; the founding papers on vanishing gradients do not have it",
    version="Birkhaeuser 2000",
    tightness="tight",
    non_vacuity=Witness.of([["1/2", "0"], ["0", "1/3"]]),
    tightness_witness=Witness.of([["1/2", "0"], ["0", "1/3"]]),
    words="A diagonal scaling bounds the state Jacobian by kappa(L) (gamma ||L W L^-1||)^k for the scaling L that was found; "
    "the infimum s(W) of these norms need not be attained.",
)

_r, _kappa_r = perron_scaling_norm(W), perron_condition(W)
_absolute = dot(L, absolute(W), inverse(L))
_perron = Fact("norm under the Perron scaling", eq(_r, spectral_norm(_absolute)))
_perron_condition = Fact("condition of the Perron scaling", eq(_kappa_r, _out * _in))
_entrywise = Fact("absolute values under a positive scaling", eq(absolute(_scaled), _absolute))

perron = Theorem(
    id="perron_radius",
    title="Vanishing from the Perron radius",
    bound=Bound("perron_radius", "Perron radius of |W|", "<=", gamma * _r, _kappa_r),
    derivation=Derivation(
        (*_setting, _bounded, _perron, _perron_condition, _entrywise),
        (
            Calculation(
                "conclusion",
                jacobian_norm(k),
                (
                    Line("<=", _out * _in * (gamma * _inner) ** k, _bounded.name),
                    Line(
                        "<=",
                        _out * _in * (gamma * spectral_norm(absolute(_scaled))) ** k,
                        rules.norm_by_absolute_values,
                    ),
                    Line("=", _out * _in * (gamma * spectral_norm(_absolute)) ** k, _entrywise.name),
                    Line("=", _out * _in * (gamma * _r) ** k, _perron.name),
                    Line("=", _kappa_r * (gamma * _r) ** k, _perron_condition.name),
                ),
            ),
        ),
    ),
    quantifiers=f"{_SLOPES}, and the positive diagonal matrix L that is used",
    citation="berman1994",
    place="Perron-Frobenius theory applied to |J(t, t-k)| <= (gamma |W|)^k entry by entry",
    version="SIAM 1994",
    tightness="tight",
    non_vacuity=Witness.of([["1/4", "1/2"], ["1/2", "1/4"]]),
    tightness_witness=Witness.of([["1/4", "1/2"], ["1/2", "1/4"]]),
    words="The state Jacobian is at most kappa(L) (gamma || L |W| L^-1 ||_2)^k for the positive diagonal L that is used; the "
    "Perron scaling of an irreducible W makes that norm rho(|W|).",
)
