r"""Hochreiter (1991; 1997/98): weights bounded by w_max make the error flow fall like tau^k, tau = gamma n w_max.

The printed bound on one entry of the error flow is n tau^k. Every path of length k contributes at most
(gamma w_max)^k and there are n^(k-1) of them, so an entry is in fact at most tau^k / n (claim C6): the printed
constant is n^2 too large. With entries at most tau^k / n the Frobenius norm, hence the spectral norm, is at most
tau^k. Main statements: `max_weight`, `row_sum`.
"""

from __future__ import annotations

import sympy as sp

from .. import notation, quantities
from ..bounds import Bound, slope_form
from ..language import Cell
from ..theorem import Theorem, Witness


def _max_weight(cell: Cell) -> Bound | None:
    form = slope_form(cell)
    if form is None:
        return None
    rate = notation.slope_sup * notation.n * quantities.max_abs(form.matrix)
    return Bound("hochreiter_max_weight", "Hochreiter, largest weight", "<=", rate, sp.Integer(1))


def _row_sum(cell: Cell) -> Bound | None:
    form = slope_form(cell)
    if form is None:
        return None
    rate = notation.slope_sup * quantities.row_sum_norm(form.matrix)
    return Bound("row_sum_norm", "Hochreiter, row-sum norm", "<=", rate, sp.sqrt(notation.n))


max_weight = Theorem(
    id="hochreiter1991_max_weight",
    title="Vanishing from the largest weight",
    instantiate=_max_weight,
    quantifiers="for all states t >= k >= 1 and all inputs for which the slopes are at most gamma in modulus",
    citation="hochreiter1997",
    place="section 3.1, global error flow, in the sharp form tau^k / n per entry",
    version="Neural Computation 9(8), 1997; first in the thesis of 1991",
    tightness="tight",
    non_vacuity=Witness.of([["1/4", "1/4"], ["1/4", "1/4"]]),
    tightness_witness=Witness.of([["1/4", "1/4"], ["1/4", "1/4"]]),
    words="Weights of at most w_max bound the error flow by (gamma n w_max)^k.",
)

row_sum = Theorem(
    id="hochreiter1991_row_sum",
    title="Vanishing from the row-sum norm",
    instantiate=_row_sum,
    quantifiers="for all states t >= k >= 1 and all inputs for which the slopes are at most gamma in modulus",
    citation="hochreiter1997",
    place="section 3.1, global error flow with the maximum norm, converted to the spectral norm by sqrt(n)",
    version="Neural Computation 9(8), 1997; first in the thesis of 1991",
    tightness="tight",
    non_vacuity=Witness.of([["1/2", "0"], ["1/2", "0"]]),
    tightness_witness=Witness.of([["1/2", "0"], ["1/2", "0"]]),
    words="The largest absolute row sum bounds the error flow in the maximum norm by (gamma ||W||)^k.",
)
