r"""Masked products under a diagonal scaling (claims C4, C20): ||S_t W ... S_{s+1} W|| for masks with entries in [0, 1].

Diagonal matrices commute, so that L S_i W L^-1 = S_i L W L^-1: a product of t - s masked factors is at most
kappa(L) ||L W L^-1||_2^(t-s), and by Ando's theorem, as in `sharp_uniform`, at most 2 kappa(L) r^(t-s) for every
r > 0 that is at least the numerical radius of L W L^-1.

Main statements: `masked_product`, `sharp_masked_product`.
"""

from __future__ import annotations

from ..bounds.setting import L, W, i, scaling_diagonal, scaling_invertible
from ..calculus import (
    STEP,
    Calculation,
    Derivation,
    Fact,
    Line,
    Obtain,
    UnitInterval,
    chain,
    dot,
    inverse,
    le,
    lt,
    order_rules,
    product_over,
    rules,
)
from ..notation import earlier as s
from ..notation import time as t
from ..quantities import max_abs, numerical_radius, spectral_norm
from ..theorem import Theorem, Witness
from .sharp_uniform import P, S, lemmas, r, u, v

_EVEN = [["1/2", "1/2"], ["1/2", "1/2"]]
_I = [[1, 0], [0, 1]]

masks = Fact("masks", UnitInterval(S[i]), over=(i,))
rate_positive = Fact("rate is positive", lt(0, r))
_order = Fact("steps are in order", le(0, t - s))
_steps = Fact("at least one step", le(1, t - s))
_B = dot(L, W, inverse(L))
rate_above = Fact("rate above the numerical radius", le(numerical_radius(_B), r))
_out, _in = spectral_norm(inverse(L)), spectral_norm(L)
_masked, _masked_scaled = chain(S[STEP] @ W, s + 1, t), chain(S[STEP] @ _B, s + 1, t)

_conjugate = (
    Line(
        "=",
        spectral_norm(dot(inverse(L), chain(dot(L, S[STEP], W, inverse(L)), s + 1, t), L)),
        rules.similarity_of_product,
        {rules.L: L},
    ),
    Line("=", spectral_norm(dot(inverse(L), _masked_scaled, L)), rules.diagonals_commute),
    Line("<=", _out * spectral_norm(dot(_masked_scaled, L)), rules.submultiplicative),
    Line("<=", _out * spectral_norm(_masked_scaled) * _in, rules.submultiplicative),
)

masked_product = Theorem(
    id="masked_product",
    title="A masked product under a diagonal scaling",
    conclusion=le(spectral_norm(_masked), _out * _in * spectral_norm(_B) ** (t - s)),
    derivation=Derivation(
        (masks, scaling_diagonal, scaling_invertible, _order),
        (
            Calculation(
                "conclusion",
                spectral_norm(_masked),
                (
                    *_conjugate,
                    Line("<=", _out * product_over(spectral_norm(S[STEP] @ _B), s + 1, t) * _in, rules.norm_of_product),
                    Line(
                        "<=",
                        _out * product_over(spectral_norm(S[STEP]) * spectral_norm(_B), s + 1, t) * _in,
                        rules.submultiplicative,
                    ),
                    Line(
                        "=",
                        _out * product_over(max_abs(S[STEP]) * spectral_norm(_B), s + 1, t) * _in,
                        rules.norm_of_diagonal,
                    ),
                    Line("<=", _out * product_over(spectral_norm(_B), s + 1, t) * _in, order_rules.entries_of_mask),
                    Line("=", _out * _in * spectral_norm(_B) ** (t - s), rules.constant_product),
                ),
            ),
        ),
    ),
    object="matrix",
    quantifiers="for all diagonal masks with entries in [0, 1], all t >= s, and all positive diagonal matrices L",
    citation="errorflow2026",
    place="claim C4: diagonal matrices commute",
    version="derived here; the scaling is that of diagonal Schur stability",
    tightness="tight",
    non_vacuity=Witness.of(_EVEN, {S: _I, L: _I, s: 0}),
    tightness_witness=Witness.of(_EVEN, {S: _I, L: _I, s: 0}),
    words="A product of k masked factors D W is at most kappa(L) ||L W L^-1||_2^k.",
)

sharp_masked_product = Theorem(
    id="sharp_masked_product",
    title="A masked product and the scaled numerical radius",
    conclusion=le(spectral_norm(_masked), 2 * _out * _in * r ** (t - s)),
    derivation=Derivation(
        (masks, scaling_diagonal, scaling_invertible, _steps, rate_positive, rate_above),
        (
            Obtain("certificate", rules.ando, {rules.A: _B, rules.c: r}, {rules.P: P}, over=(u, v)),
            *lemmas(r, P, "certificate", factor=_B, first=s + 1, last=t),
            Calculation(
                "conclusion",
                spectral_norm(_masked),
                (
                    *_conjugate,
                    Line("<=", _out * 2 * r ** (t - s) * _in, "product of the scaled steps"),
                ),
            ),
        ),
    ),
    object="matrix",
    quantifiers="for all diagonal masks with entries in [0, 1], all t > s, all positive diagonal matrices L and "
    "every r > 0 with r >= w(L W L^-1)",
    citation="errorflow2026",
    place="claim C20; existence of the certificate by Ando (1973)",
    version="to our knowledge not stated for masked products",
    tightness="upper",
    non_vacuity=Witness.of(_EVEN, {S: _I, L: _I, s: 0, r: 1}),
    words="A product of k masked factors D W is at most 2 kappa(L) r^k for every r of at least w(L W L^-1).",
)
