r"""The missing sufficient condition for explosion (claim C6): alpha sigma_min(W) > 1 with slopes of at least alpha.

Each factor D_t W has smallest singular value at least alpha sigma_min(W), and smallest singular values multiply:
sigma_min(J(t, t-k)) >= (alpha sigma_min(W))^k. Main statement: `smallest_gain`.
"""

from __future__ import annotations

import sympy as sp

from .. import notation, quantities
from ..bounds import Bound, slope_form
from ..language import Cell
from ..theorem import Theorem, Witness


def _smallest_gain(cell: Cell) -> Bound | None:
    form = slope_form(cell)
    if form is None:
        return None
    rate = notation.slope_inf * quantities.smallest_singular_value(form.matrix)
    return Bound("smallest_gain", "Smallest gain", ">=", rate, sp.Integer(1))


smallest_gain = Theorem(
    id="smallest_gain",
    title="Explosion from the smallest gain",
    instantiate=_smallest_gain,
    quantifiers="for all states t >= k >= 1 on which the slopes are at least alpha in modulus",
    citation="horn2013",
    place="sigma_min(A B) >= sigma_min(A) sigma_min(B); the founding papers state only necessary conditions",
    version="second edition",
    tightness="tight",
    non_vacuity=Witness.of([["2", "0"], ["0", "3"]]),
    tightness_witness=Witness.of([["2", "0"], ["0", "3"]]),
    words="The smallest gain of every step bounds the growth of the state Jacobian from below.",
)
