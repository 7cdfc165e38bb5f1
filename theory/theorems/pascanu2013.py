r"""Pascanu, Mikolov & Bengio (2013): gamma ||W||_2 < 1 suffices for the state Jacobian to vanish.

The ICML text states the condition for the largest *singular value*; copies with "largest eigenvalue" are false for
nonlinear networks. Necessary for explosion is the reverse, gamma ||W||_2 >= 1. Main statement: `spectral`.
"""

from __future__ import annotations

import sympy as sp

from .. import notation, quantities
from ..bounds import Bound, slope_form
from ..language import Cell
from ..theorem import Theorem, Witness


def _spectral(cell: Cell) -> Bound | None:
    form = slope_form(cell)
    if form is None:
        return None
    rate = notation.slope_sup * quantities.spectral_norm(form.matrix)
    return Bound("pascanu_spectral_norm", "Pascanu et al., spectral norm", "<=", rate, sp.Integer(1))


spectral = Theorem(
    id="pascanu2013_spectral_norm",
    title="Vanishing from the spectral norm",
    instantiate=_spectral,
    quantifiers="for all states t >= k >= 1 and all inputs for which the slopes are at most gamma in modulus",
    citation="pascanu2013",
    place="section 2.1 and its proof, with the largest singular value",
    version="ICML 2013",
    tightness="tight",
    non_vacuity=Witness.of([["1/2", "0"], ["0", "1/3"]]),
    tightness_witness=Witness.of([["1/2", "0"], ["0", "1/3"]]),
    words="The spectral norm bounds the state Jacobian by (gamma ||W||_2)^k.",
)
