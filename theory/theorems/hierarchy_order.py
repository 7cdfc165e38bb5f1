r"""The hierarchy of rates (claim C4): rho(W) <= jsr <= omega(W) <= s(W) <= min(||W||_2, rho(|W|)) and
rho(|W|) <= ||W||_inf <= n w_max.

s(W) is the infimum over positive diagonal L of ||L W L^-1||_2, omega(W) that of the numerical radius w(L W L^-1), jsr the
joint spectral radius of {D W} for diagonal D with entries in [0, 1]. A numerical radius is at most the norm, and at
least half of it. L = I gives s(W) <= ||W||_2. Since |L W L^-1| = L |W| L^-1 for positive L, s(W) <= s(|W|), and
s(|W|) <= rho(|W|) by Perron and Frobenius. Infima need not be attained; where a network's numbers are computed they
belong to the scalings found.

Main statements: `chain_of_rates`, and one theorem for each link; the links of the joint spectral radius are in
`joint_radius`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sympy as sp
from sympy.core.relational import Relational

from ..bounds.setting import W, i
from ..calculus import (
    IDENTITY,
    Calculation,
    Derivation,
    Fact,
    Inference,
    Letter,
    Line,
    absolute,
    dot,
    eq,
    inverse,
    le,
    order_rules,
    rules,
)
from ..calculus.facts import sides
from ..calculus.words import plus, scaled
from ..notation import n
from ..quantities import (
    diagonal_scaling_norm,
    max_abs,
    numerical_radius,
    perron_radius,
    row_sum_norm,
    spectral_norm,
    spectral_radius,
)
from ..theorem import Theorem, Witness
from .joint_radius import (
    joint_below_radius,
    near_norm,
    radius_below_joint,
    scaled_by,
    scalings_for_norm,
    scalings_near,
    smallest_norm,
    smallest_radius,
)

_EVERY = "for every real square matrix W"
_NEAR = f"{_EVERY}; scalings that come near the infimum are given, they exist"
_EVEN = Witness.of([["1/2", "1/2"], ["1/2", "1/2"]])
_near_absolute = Letter("L_a")
_absolute = absolute(W)
_scaled_absolute = dot(_near_absolute[i], _absolute, inverse(_near_absolute[i]))
_smallest_of_absolute = diagonal_scaling_norm(_absolute)
_scalings_for_absolute = scalings_near(_smallest_of_absolute, spectral_norm(_scaled_absolute), _near_absolute)
_entrywise = Fact(
    "absolute values under positive scalings",
    eq(absolute(scaled_by(_near_absolute[i])), _scaled_absolute),
    over=(i,),
)


def _link(
    identifier: str, title: str, conclusion: Relational, given: Sequence[Fact], lemmas: Sequence[Any], **card: Any
) -> Theorem:
    """A theorem about one matrix that is tight for the constant matrix."""
    return Theorem(
        **{
            "id": identifier,
            "title": title,
            "conclusion": conclusion,
            "derivation": Derivation(tuple(given), tuple(lemmas)),
            "object": "matrix",
            "quantifiers": _EVERY,
            "citation": "horn2013",
            "version": "second edition, recalled",
            "tightness": "tight",
            "non_vacuity": _EVEN,
            "tightness_witness": _EVEN,
            **card,
        }
    )


def _calculation(conclusion: Relational, *lines: Line) -> Calculation:
    return Calculation("conclusion", sides(conclusion)[0], lines)


_claim = le(smallest_radius, smallest_norm)

radius_below_norm = _link(
    "hierarchy_scaled_radius_below_scaled_norm",
    "The smallest scaled numerical radius is below the smallest scaled norm",
    _claim,
    scalings_for_norm,
    (
        Calculation(
            "near the infimum",
            smallest_radius,
            (
                Line(
                    "<=",
                    numerical_radius(scaled_by(near_norm[i])),
                    order_rules.smallest_scaled_radius,
                    {order_rules.L: near_norm[i]},
                ),
                Line("<=", spectral_norm(scaled_by(near_norm[i])), rules.numerical_radius_below_norm),
                Line("<=", smallest_norm + 1 / (i + 1), scalings_for_norm[0].name),
            ),
            over=(i,),
            when=(le(0, i),),
        ),
        Inference("conclusion", _claim, order_rules.vanishing_excess, {order_rules.e: 1}),
    ),
    citation="horn1991",
    place="a numerical radius is at most the norm",
    version="1991, recalled",
    quantifiers=_NEAR,
    words="omega(W) is at most s(W): the best rate of the sharp bound is never worse than the best of diagonal scaling.",
)

_claim = le(smallest_norm, spectral_norm(W))

norm_scaled_below_norm = _link(
    "hierarchy_scaled_norm_below_norm",
    "The smallest scaled norm is below the norm",
    _claim,
    (),
    (_calculation(_claim, Line("<=", spectral_norm(W), order_rules.smallest_scaled_norm, {order_rules.L: IDENTITY})),),
    place="the identity is a scaling",
    words="s(W) is at most ||W||_2: the best diagonal scaling has no worse rate than the spectral norm.",
)

_claim = le(smallest_norm, perron_radius(W))

norm_scaled_below_perron = _link(
    "hierarchy_scaled_norm_below_perron_radius",
    "The smallest scaled norm is below the Perron radius",
    _claim,
    (*_scalings_for_absolute, _entrywise),
    (
        Calculation(
            "near the infimum of the absolute values",
            smallest_norm,
            (
                Line(
                    "<=",
                    spectral_norm(scaled_by(_near_absolute[i])),
                    order_rules.smallest_scaled_norm,
                    {order_rules.L: _near_absolute[i]},
                ),
                Line("<=", spectral_norm(absolute(scaled_by(_near_absolute[i]))), rules.norm_by_absolute_values),
                Line("=", spectral_norm(_scaled_absolute), _entrywise.name),
                Line("<=", _smallest_of_absolute + 1 / (i + 1), _scalings_for_absolute[0].name),
            ),
            over=(i,),
            when=(le(0, i),),
        ),
        Inference(
            "signs",
            le(smallest_norm, _smallest_of_absolute),
            order_rules.vanishing_excess,
            {order_rules.e: 1},
        ),
        _calculation(
            _claim,
            Line("<=", _smallest_of_absolute, "signs"),
            Line("<=", perron_radius(W), order_rules.perron_scaling),
        ),
    ),
    citation="berman1994",
    place="Perron-Frobenius theory applied to |W|",
    version="SIAM 1994, recalled",
    quantifiers=_NEAR,
    words="s(W) is at most rho(|W|): the best rate of diagonal scaling is never worse than the Perron radius.",
)

_claim = le(perron_radius(W), row_sum_norm(W))

perron_below_row_sum = _link(
    "hierarchy_perron_radius_below_row_sum_norm",
    "The Perron radius is below the row-sum norm",
    _claim,
    (),
    (
        _calculation(
            _claim,
            Line("=", spectral_radius(_absolute), order_rules.radius_of_absolute_values),
            Line("<=", row_sum_norm(_absolute), rules.radius_below_row_sum),
            Line("=", row_sum_norm(W), order_rules.row_sums_of_absolute_values),
        ),
    ),
    place="theorem 5.6.9, for |W|",
    words="rho(|W|) is at most the largest absolute row sum.",
)

_claim = le(row_sum_norm(W), n * max_abs(W))

row_sum_below_largest = _link(
    "hierarchy_row_sum_norm_below_largest_weight",
    "The row-sum norm is below n times the largest weight",
    _claim,
    (),
    (_calculation(_claim, Line("<=", n * max_abs(W), rules.row_sum_by_entries)),),
    place="section 5.6, maximum row-sum norm",
    words="The largest absolute row sum is at most n w_max.",
)

_claim = le(spectral_norm(W) / 2, numerical_radius(W))
_half = sp.Rational(1, 2)
_symmetric = plus(scaled(_half, W), scaled(_half, W.T))
_skew = plus(scaled(_half, W), scaled(-_half, W.T))

half_norm_below_radius = _link(
    "hierarchy_half_norm_below_numerical_radius",
    "Half the norm is below the numerical radius",
    _claim,
    (),
    (
        _calculation(
            _claim,
            Line(
                "<=",
                (spectral_norm(_symmetric) + spectral_norm(_skew)) / 2,
                rules.triangle,
                {rules.A: _symmetric, rules.B: _skew},
            ),
            Line("<=", (numerical_radius(W) + spectral_norm(_skew)) / 2, order_rules.symmetric_part),
            Line("<=", numerical_radius(W), order_rules.skew_part),
        ),
    ),
    citation="horn1991",
    place="the norm lies between the numerical radius and twice the numerical radius",
    version="1991, recalled",
    non_vacuity=Witness.of([["0", "2"], ["0", "0"]]),
    tightness_witness=Witness.of([["0", "2"], ["0", "0"]]),
    words="w(W) is at least ||W||_2 / 2: without scaling the rate of the sharp bound is at best half of the spectral norm.",
)


def _uses(theorem: Theorem) -> Fact:
    return Fact(theorem.title, theorem.conclusion, theorem=theorem)


_CHAIN = (
    radius_below_joint,
    joint_below_radius,
    radius_below_norm,
    norm_scaled_below_perron,
    perron_below_row_sum,
    row_sum_below_largest,
)
_links = tuple(map(_uses, _CHAIN))
_given = {given.name: given for theorem in _CHAIN for given in theorem.given if given.theorem is None}

chain_of_rates = _link(
    "hierarchy",
    "The hierarchy of rates, from the spectral radius to the largest weight",
    le(spectral_radius(W), n * max_abs(W)),
    (*_given.values(), *_links),
    (
        Calculation(
            "conclusion",
            spectral_radius(W),
            tuple(Line("<=", sides(link.claim)[2], link.name) for link in _links),
        ),
    ),
    citation="errorflow2026",
    place="claim C4: each line of the derivation is one link; the founding papers have neither s nor omega",
    version="composed from its links",
    quantifiers=f"{_EVERY}; masks that attain the largest products, and scalings that come near the infima, are given, "
    "they exist",
    words="rho(W) <= n w_max: the two ends of rho(W) <= jsr <= omega(W) <= s(W) <= rho(|W|) <= ||W||_inf <= n w_max, of which "
    "each link is a theorem of its own.",
)
