r"""Inflation: units that hand a value on keep W^K, the state Jacobian at slopes of one, at norm one or more.

If W takes the unit vector x_0 to x_1, x_1 to x_2, and so on up to x_K, all of norm 1, then W^K x_0 = x_K and

    ||W^K||_2 >= 1.

A shift of p units is the case x_j = e_{j+1}, K = p - 1: it is nilpotent, rho(W) = 0, and W^p = 0. To enlarge a network by p
such units (inflation) therefore adds a memory of p - 1 steps, and none beyond.

Source: schaefer2008. Main statement: `inflation_shift`.
"""

from __future__ import annotations

import sympy as sp

from ..bounds import no_cell
from ..bounds.setting import W, i
from ..calculus import (
    Calculation,
    Derivation,
    Fact,
    Induction,
    Letter,
    Line,
    chain,
    eq,
    ge,
    le,
    rules,
)
from ..calculus.facts import supposed
from ..calculus.words import Word
from ..quantities import spectral_norm
from ..theorem import Theorem, Witness

x = Letter("x")
K = sp.Symbol("K", integer=True)


def _state(step: sp.Expr) -> Word:
    """W^step x_0."""
    return chain(W, 1, step) @ x[0]


_before = eq(_state(i - 1), x[i - 1])
_SHIFT = Witness.of([[0, 0, 0], [1, 0, 0], [0, 1, 0]], {K: 2})

inflation_shift = Theorem(
    id="inflation_shift",
    title="A chain of units keeps the norm of W^K at one or more",
    conclusion=ge(spectral_norm(chain(W, 1, K)), 1),
    derivation=Derivation(
        (
            Fact("steps", le(0, K)),
            Fact("each value is handed on", eq(x[i], W @ x[i - 1]), over=(i,), when=(le(1, i), le(i, K))),
            Fact("values have norm 1", eq(spectral_norm(x[i]), 1), over=(i,), when=(le(0, i), le(i, K))),
        ),
        (
            Calculation("no step", _state(sp.Integer(0)), (Line("=", x[0], rules.empty_product),)),
            Calculation(
                "one step",
                _state(i),
                (
                    Line("=", W @ _state(i - 1), rules.last_factor),
                    Line("=", W @ x[i - 1], supposed(_before).name),
                    Line("=", x[i], "each value is handed on"),
                ),
                over=(i,),
                when=(le(1, i), le(i, K), _before),
            ),
            Induction("all steps", eq(_state(K), x[K]), "one step", 0, K),
            Calculation(
                "conclusion",
                sp.Integer(1),
                (
                    Line("=", spectral_norm(x[K]), "values have norm 1", {i: K}),
                    Line("=", spectral_norm(_state(K)), "all steps"),
                    Line("<=", spectral_norm(chain(W, 1, K)) * spectral_norm(x[0]), rules.submultiplicative),
                    Line("=", spectral_norm(chain(W, 1, K)), "values have norm 1"),
                ),
            ),
        ),
    ),
    quantifiers="for every W that takes x_0 to x_1, ..., x_{K-1} to x_K, all of norm 1, and every K >= 0",
    citation="schaefer2008",
    place="inflation, the enlargement of the network",
    version="Neurocomputing 71, 2008; only the abstract was read, how the network is enlarged is recalled; the statement is ours",
    tightness="tight",
    non_vacuity=_SHIFT,
    tightness_witness=_SHIFT,
    letters=no_cell,
    words="A chain of units that hand a value on keeps ||W^K||_2, the norm of the state Jacobian at slopes of one, at one or more "
    "over its whole length K.",
)
