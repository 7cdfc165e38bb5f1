r"""Sharper norms for the same products (claim C4): entrywise majorant and diagonal scaling.

The slopes' diagonal commutes with every diagonal L, so L J(t, t-k) L^-1 is a product of the factors
D_t (L W L^-1): its norm is at most (gamma ||L W L^-1||_2)^k, and s(W), the infimum over L, lies between the spectral
radius and min(||W||_2, rho(|W|)). For L with L^2 = left / right Perron vector of |W| the norm is rho(|W|).
Main statements: `perron`, `diagonal_scaling`.
"""

from __future__ import annotations

from .. import notation, quantities
from ..bounds import Bound, slope_form
from ..language import Cell
from ..theorem import Theorem, Witness


def _perron(cell: Cell) -> Bound | None:
    form = slope_form(cell)
    if form is None:
        return None
    rate = notation.slope_sup * quantities.perron_scaling_norm(form.matrix)
    return Bound("perron_radius", "Perron radius of |W|", "<=", rate, quantities.perron_condition(form.matrix))


def _diagonal_scaling(cell: Cell) -> Bound | None:
    form = slope_form(cell)
    if form is None:
        return None
    rate = notation.slope_sup * quantities.diagonal_scaling_norm(form.matrix)
    constant = quantities.scaling_condition(form.matrix)
    return Bound("diagonal_scaling_norm", "Diagonal scaling, Schur stability", "<=", rate, constant)


perron = Theorem(
    id="perron_radius",
    title="Vanishing from the Perron radius",
    instantiate=_perron,
    quantifiers="for all states t >= k >= 1 and all inputs for which the slopes are at most gamma in modulus",
    citation="berman1994",
    place="Perron-Frobenius theory applied to |J(t, t-k)| <= (gamma |W|)^k entry by entry",
    version="SIAM 1994",
    tightness="tight",
    non_vacuity=Witness.of([["1/4", "1/2"], ["1/2", "1/4"]]),
    tightness_witness=Witness.of([["1/4", "1/2"], ["1/2", "1/4"]]),
    words="The spectral radius of |W| bounds the state Jacobian by kappa (gamma rho(|W|))^k.",
)

diagonal_scaling = Theorem(
    id="diagonal_scaling",
    title="Vanishing from diagonal scaling",
    instantiate=_diagonal_scaling,
    quantifiers="for all states t >= k >= 1 and all inputs for which the slopes are at most gamma in modulus",
    citation="kaszkurewicz2000",
    place="diagonal Schur stability; the founding papers on vanishing gradients do not have it",
    version="Birkhaeuser 2000",
    tightness="tight",
    non_vacuity=Witness.of([["1/2", "0"], ["0", "1/3"]]),
    tightness_witness=Witness.of([["1/2", "0"], ["0", "1/3"]]),
    words="The best diagonal scaling bounds the state Jacobian by kappa (gamma s(W))^k.",
)
