r"""Bounds for any cell: the norms of the blocks obey a small nonnegative comparison matrix.

||J(t, t-k)|| <= ||C^k|| with C[r, c] the sum over the words of block (r, c) of the product of the diagonals' suprema
and the matrices' norms; with the entrywise majorant in place of norms the comparison matrix is the majorant itself.
The suprema are those of the scope: over all inputs where the ranges of the vectors are known, else over the steps and
samples of one trajectory, for which alone the bound then holds. Main statements: `spectral`, `row_sum`,
`max_weight`, `perron`.
"""

from __future__ import annotations

from collections.abc import Callable

import sympy as sp

from .. import notation, quantities
from ..bounds import Bound, comparison_matrix, slope_form
from ..language import Cell
from ..theorem import Theorem, Witness

Norm = Callable[[sp.Symbol], sp.Expr]


def _block(identifier: str, title: str, norm: Norm, conversion: sp.Expr) -> Callable[[Cell], Bound | None]:
    def instantiate(cell: Cell) -> Bound | None:
        if slope_form(cell) is not None:
            return None
        comparison = comparison_matrix(cell, norm)
        if comparison.shape == (1, 1):
            rate, constant = comparison[0, 0], conversion
        else:
            rate = quantities.perron_scaling_norm(comparison)
            constant = conversion * quantities.perron_condition(comparison)
        return Bound(identifier, title, "<=", rate, constant)

    return instantiate


def _majorant(cell: Cell) -> Bound | None:
    if slope_form(cell) is not None:
        return None
    rate, constant = quantities.majorant_radius(), quantities.majorant_condition()
    return Bound("block_perron_radius", "Perron radius of the entrywise majorant", "<=", rate, constant)


def _theorem(
    identifier: str, title: str, instantiate: Callable[[Cell], Bound | None], citation: str, place: str, words: str
) -> Theorem:
    return Theorem(
        id=identifier,
        title=title,
        instantiate=instantiate,
        quantifiers="for all states t >= k >= 1 of the scope over which the suprema of the diagonals are taken",
        citation=citation,
        place=place,
        version="applied to the derived blocks of the cell",
        tightness="upper",
        non_vacuity=Witness.of([["1/4", "0"], ["0", "1/4"]]),
        tightness_witness=None,
        words=words,
    )


spectral = _theorem(
    "block_spectral_norm",
    "Block comparison with spectral norms",
    _block("block_spectral_norm", "Block comparison, spectral norms", quantities.spectral_norm, sp.Integer(1)),
    "horn2013",
    "norms of partitioned matrices",
    "Pascanu's condition for a cell with gates: spectral norms of the blocks, gates at their largest.",
)

row_sum = _theorem(
    "block_row_sum_norm",
    "Block comparison with row-sum norms",
    _block("block_row_sum_norm", "Block comparison, row-sum norms", quantities.row_sum_norm, sp.sqrt(notation.n)),
    "horn2013",
    "norms of partitioned matrices",
    "Row-sum norms of the blocks, gates at their largest.",
)

max_weight = _theorem(
    "block_max_weight",
    "Block comparison with the largest weights",
    _block(
        "block_max_weight",
        "Block comparison, largest weights",
        lambda w: notation.n * quantities.max_abs(w),
        sp.sqrt(notation.n),
    ),
    "hochreiter1997",
    "section 3.1, global error flow, applied block by block with the maximum norm",
    "Hochreiter's condition for a cell with gates: n w_max for every block, gates at their largest.",
)

perron = _theorem(
    "block_perron_radius",
    "Perron radius of the entrywise majorant",
    _majorant,
    "berman1994",
    "Perron-Frobenius theory applied to |J(t, t-k)| <= M^k entry by entry, M the majorant of one step",
    "The entrywise majorant of the step Jacobian, every diagonal entry at its largest.",
)
