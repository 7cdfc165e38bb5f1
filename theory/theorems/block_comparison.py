r"""Bounds for any cell: the norms of the blocks obey a small nonnegative comparison matrix.

||J(t, t-k)|| <= ||C^k|| with C[r, c] the sum over the words of block (r, c) of the product of the diagonals' suprema
and the matrices' norms; with the entrywise majorant in place of norms the comparison matrix is the majorant itself.
Then C^k = L^-1 (L C L^-1)^k L for the positive diagonal L that is used; the Perron scaling of an irreducible C makes
||L C L^-1||_2 its spectral radius. The suprema are those of the scope: over all inputs where the ranges of the vectors are
known, else over the steps and samples of one trajectory, for which alone the bound then holds. That C bounds the blocks of
one step is derived word by word for every cell, by `errorflow.theory.bounds.block`.

Main statements: `spectral`, `row_sum`, `max_weight`, `perron`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import sympy as sp

from .. import notation, quantities
from ..bounds import Bound, comparison_matrix, slope_form
from ..bounds.setting import FIRST, L, i, k, scaling_invertible, t
from ..calculus import (
    STEP,
    BlockNorms,
    BlockRowSums,
    Calculation,
    Derivation,
    Fact,
    Letter,
    Line,
    Majorized,
    absolute,
    block_rules,
    chain,
    dot,
    eq,
    inverse,
    product_over,
    rules,
)
from ..calculus.facts import Comparison
from ..calculus.rule import Rule
from ..language import Cell
from ..quantities import jacobian_norm, spectral_norm
from ..theorem import Theorem, Witness

Norm = Callable[[sp.Symbol], sp.Expr]
J, C, M = map(Letter, "JCM")
_product = Fact("state Jacobian", eq(jacobian_norm(k), spectral_norm(chain(J[STEP], FIRST, t))))
_out, _in = spectral_norm(inverse(L)), spectral_norm(L)
_RATE, _CONDITION = quantities.perron_scaling_norm(C), quantities.perron_condition(C)
_QUARTER = [["1/4", "0"], ["0", "1/4"]]
_IDENTITY = [[1, 0], [0, 1]]
_CARD: dict[str, Any] = {
    "quantifiers": "for all states t >= k >= 1 of the scope over which the suprema of the diagonals are taken",
    "version": "applied to the derived blocks of the cell",
    "tightness": "upper",
}


def _derivation(compared: Comparison, rule: Rule, conversion: sp.Expr, bound: Bound) -> Derivation:
    """From the comparison of one step to the bound: the power of the matrix that compares, under its Perron scaling."""
    comparison, condition = compared.bound, bound.constant / conversion
    scaled, reached = (dot(L, matrix, inverse(L)) for matrix in (comparison, absolute(comparison)))
    one_step = Fact("one step", compared, over=(i,))
    nonnegative = Fact("the comparison is not negative", eq(absolute(comparison), comparison))
    found = Fact("norm under the Perron scaling", eq(bound.rate, spectral_norm(reached)))
    found_condition = Fact("condition of the Perron scaling", eq(condition, _out * _in))
    constant = conversion * _out * _in
    lines = (
        Line("=", spectral_norm(chain(J[STEP], FIRST, t)), _product.name),
        Line("<=", conversion * spectral_norm(chain(comparison, FIRST, t)), rule, {block_rules.B: comparison}),
        Line(
            "=",
            conversion * spectral_norm(dot(inverse(L), chain(scaled, FIRST, t), L)),
            rules.similarity_of_product,
            {rules.L: L},
        ),
        Line("<=", conversion * _out * spectral_norm(chain(scaled, FIRST, t) @ L), rules.submultiplicative),
        Line("<=", constant * spectral_norm(chain(scaled, FIRST, t)), rules.submultiplicative),
        Line("<=", constant * product_over(spectral_norm(scaled), FIRST, t), rules.norm_of_product),
        Line("=", constant * spectral_norm(scaled) ** k, rules.constant_product),
        Line("=", constant * spectral_norm(reached) ** k, nonnegative.name),
        Line("=", constant * bound.rate**k, found.name),
        Line("=", bound.constant * bound.rate**k, found_condition.name),
    )
    given = (_product, one_step, scaling_invertible, nonnegative, found, found_condition)
    return Derivation(given, (Calculation("conclusion", jacobian_norm(k), lines),))


def _letters(norm: Norm) -> Callable[[Cell], Mapping[sp.Symbol, Any] | None]:
    """The comparison matrix of a cell; one of size one is its entry, which no scaling changes."""

    def letters(cell: Cell) -> Mapping[sp.Symbol, Any] | None:
        if slope_form(cell) is not None:
            return None
        comparison = comparison_matrix(cell, norm)
        if comparison.shape == (1, 1):
            return {_RATE: comparison[0, 0], _CONDITION: sp.Integer(1)}
        return {C: comparison}

    return letters


def _block(
    identifier: str,
    title: str,
    bound: str,
    norm: Norm,
    compared: Comparison,
    rule: Rule,
    conversion: sp.Expr,
    **card: Any,
) -> Theorem:
    found = Bound(identifier, bound, "<=", _RATE, conversion * _CONDITION)
    return Theorem(
        id=identifier,
        title=title,
        bound=found,
        derivation=_derivation(compared, rule, conversion, found),
        letters=_letters(norm),
        non_vacuity=Witness.of(_QUARTER, {J: _QUARTER, C: [["1/4"]], L: [[1]]}),
        **_CARD,
        **card,
    )


spectral = _block(
    "block_spectral_norm",
    "Block comparison with spectral norms",
    "Block comparison, spectral norms",
    spectral_norm,
    BlockNorms(J[i], C),
    block_rules.product_below_block_norms,
    sp.Integer(1),
    citation="horn2013",
    place="norms of partitioned matrices",
    words="Pascanu's condition for a cell with gates: spectral norms of the blocks, gates at their largest.",
)

row_sum = _block(
    "block_row_sum_norm",
    "Block comparison with row-sum norms",
    "Block comparison, row-sum norms",
    quantities.row_sum_norm,
    BlockRowSums(J[i], C),
    block_rules.product_below_block_row_sums,
    sp.sqrt(notation.n),
    citation="horn2013",
    place="norms of partitioned matrices",
    words="Row-sum norms of the blocks, gates at their largest.",
)

max_weight = _block(
    "block_max_weight",
    "Block comparison with the largest weights",
    "Block comparison, largest weights",
    lambda w: notation.n * quantities.max_abs(w),
    BlockRowSums(J[i], C),
    block_rules.product_below_block_row_sums,
    sp.sqrt(notation.n),
    citation="hochreiter1997",
    place="section 3.1, global error flow, applied block by block with the maximum norm",
    words="Hochreiter's condition for a cell with gates: C bounds the row sums of the blocks of one step, gates at their largest; "
    "n times the largest weight bounds the row sums of a matrix.",
)

_majorant = Bound(
    "block_perron_radius",
    "Perron radius of the entrywise majorant",
    "<=",
    quantities.perron_scaling_norm(M),
    quantities.perron_condition(M),
)
_OF_CELL = {_majorant.rate: quantities.majorant_radius(), _majorant.constant: quantities.majorant_condition()}

perron = Theorem(
    id="block_perron_radius",
    title="Perron radius of the entrywise majorant",
    bound=_majorant,
    derivation=_derivation(Majorized(J[i], M), block_rules.product_below_majorant, sp.Integer(1), _majorant),
    letters=lambda cell: None if slope_form(cell) is not None else _OF_CELL,
    citation="berman1994",
    place="Perron-Frobenius theory applied to |J(t, t-k)| <= M^k entry by entry, M the majorant of one step",
    non_vacuity=Witness.of(_QUARTER, {J: _QUARTER, M: _QUARTER, L: _IDENTITY}),
    words="With M the entrywise majorant of one step, the state Jacobian is at most kappa(L) ||L M L^-1||_2^k for the positive "
    "diagonal L that is used; the Perron scaling of an irreducible M makes that norm rho(M).",
    **_CARD,
)
