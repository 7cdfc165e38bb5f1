r"""The sector of a slope, ``d z (z - d z) = d (1 - d) z^2 >= 0`` for d in [0, 1], and means: the scalars of claim C20.

An increment z passes a unit of slope d in [0, 1] as y = d z, and ``y (z - y) >= 0``: that is all that the uniform bound
``2 (gamma w)^k`` uses of the slope. Its constant is ``2 = sqrt(2 * 2)``: entry ``s <= 2 x^2``, exit ``y^2 <= 2 s``.
Each inequality is a sum of products of nonnegative factors.
"""

from __future__ import annotations

from functools import partial

import sympy as sp

from .fact import ScalarFact
from .proofs import combination, gap, identity, not_proved, require_zero

d, u, v, z, p, s = sp.symbols("d u v z p s", real=True)
first, last = sp.symbols("x y", nonnegative=True)


def sector(fact: ScalarFact) -> None:
    """``d z (z - d z)`` is the product of the gaps of d >= 0 and 1 >= d, and of a square."""
    combination(fact, lambda g: g[0] * g[1] * z**2)


def square_root(fact: ScalarFact) -> None:
    """``y <= c x`` for nonnegative x, y: ``c^2 x^2 - y^2`` is the exit's gap plus twice the entry's."""
    (relation,) = fact.relations
    if not isinstance(relation, sp.Le) or not (relation.lhs.is_nonnegative and relation.rhs.is_nonnegative):
        raise not_proved(fact, "both sides must be nonnegative to be squared")
    entry, exit_ = map(gap, fact.given)
    require_zero(fact, relation.rhs**2 - relation.lhs**2 - exit_ - 2 * entry)


def facts() -> tuple[ScalarFact, ...]:
    """The facts of this file."""
    product = d * z * (z - d * z)
    return (
        ScalarFact(
            id="sector_identity",
            statement=sp.Eq(product, d * (1 - d) * z**2, evaluate=False),
            words="With y = d z, the product y (z - y) is d (1 - d) z^2.",
            citation=None,
            proof=identity,
        ),
        ScalarFact(
            id="sector",
            statement=sp.Ge(product, 0, evaluate=False),
            given=(sp.Ge(d, 0), sp.Le(d, 1)),
            words="A slope in [0, 1] moves an increment z to y = d z with y (z - y) >= 0.",
            citation=None,
            proof=sector,
        ),
        ScalarFact(
            id="entry_times_exit",
            statement=sp.Le(last, 2 * first, evaluate=False),
            given=(sp.Le(s, 2 * first**2), sp.Le(last**2, 2 * s)),
            words="A factor 2 on entry and a factor 2 on exit, both on squares, are a factor 2 altogether: 4 = 2 * 2.",
            citation=None,
            proof=square_root,
        ),
        ScalarFact(
            id="products_below_squares",
            statement=sp.Le(2 * u * v, u**2 + v**2, evaluate=False),
            words="Twice a product is at most the sum of the squares.",
            citation=None,
            proof=partial(combination, terms=lambda _: (u - v) ** 2),
        ),
        ScalarFact(
            id="geometric_below_arithmetic",
            statement=sp.Le(p * (2 - p), 1, evaluate=False),
            words="Two numbers with the mean 1 have a product of at most 1: a scalar certificate [[p, a], [a, 2 - p]] "
            "has |a| <= 1, the numerical radius.",
            citation=None,
            proof=partial(combination, terms=lambda _: (p - 1) ** 2),
        ),
    )
