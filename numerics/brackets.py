r"""The hierarchy of each recurrent block of a network as records, with 1/gamma.

Main definition: `hierarchy_records`.
"""

from __future__ import annotations

import math

from ..theory import notation, quantities
from ..theory.bounds import slope_form
from .axes import Array
from .constants import growing_masks
from .constants.hierarchy import LINKS, ROWS, hierarchy
from .enclosure import Enclosure, exact
from .evaluate import Environment
from .functionals import functional
from .intervals import BracketRecord, HierarchyRecord, Interval, MasksRecord

N_MAX_ABS = "n_max_abs"
KINDS = {kind.__name__: kind for kind in quantities.MATRIX_FUNCTIONALS if kind.__name__ in ROWS}
# What belongs to masked products says nothing about a block of a gated cell, and is not worth a search there.
MASKED = ("joint_spectral_radius", "scaled_numerical_radius")
ACROSS = (("spectral_radius", "diagonal_scaling_norm"),)  # the link that the two leave


def hierarchy_records(where: Environment) -> tuple[HierarchyRecord, ...]:
    """The hierarchy of each recurrent block of a network, with what 1/gamma is; none of untied copies."""
    network = where.network
    if network is None or network.untied:
        return ()
    form = slope_form(network.cell)
    found = []
    for block, W in where.matrices.items():
        here = form is not None and form.matrix.name == block
        threshold, slopes = _slopes(where) if here else (None, None)
        rows = [row for row in ROWS if here or row not in MASKED]
        brackets = hierarchy(W, known={row: _known(row, W) for row in rows}, searched=()).brackets
        found.append(
            HierarchyRecord(
                block,
                len(W),
                threshold,
                slopes,
                tuple(_record(row, block, bracket) for row, bracket in brackets.items() if row in rows),
                tuple(link for link in (*LINKS, *ACROSS) if set(link) <= set(rows)) if not here else LINKS,
                _growing(W, where, slopes) if here else None,
            )
        )
    return tuple(found)


def _growing(W: Array, where: Environment, slopes: Interval | None) -> MasksRecord | None:
    """Masks under which the state Jacobian grows, where gamma times them are slopes; None where none are known."""
    if slopes is None or slopes.lower > 0.0:
        return None
    if (where.slope_sup * functional(quantities.joint_spectral_radius, W)).lower <= 1.0:
        return None
    found = growing_masks(W)
    rate = where.slope_sup * found.rate
    if rate.lower <= 1.0:
        return None
    masks = tuple("".join("01"[int(entry)] for entry in mask) for mask in found.masks)
    return MasksRecord(masks, rate.lower, rate.upper, rate.evidence)


def _known(row: str, W: Array) -> Enclosure:
    if row == N_MAX_ABS:
        return exact(len(W)) * functional(quantities.max_abs, W)
    return functional(KINDS[row], W)


def _record(row: str, block: str, bracket: Enclosure) -> BracketRecord:
    letter = quantities.matrix_symbol(block)
    if row == N_MAX_ABS:
        largest = quantities.max_abs(letter)
        formula, meaning = notation.n * largest, f"number of units times the {largest.meaning}"
    else:
        formula, meaning = KINDS[row](letter), KINDS[row].meaning
    return BracketRecord(row, formula, meaning, bracket.lower, bracket.upper, bracket.evidence)


def _slopes(where: Environment) -> tuple[Interval | None, Interval | None]:
    """(1/gamma, the range of the slopes) for all inputs, None where they are unknown."""
    assert where.network is not None
    assert where.ranges is not None
    form = slope_form(where.network.cell)
    assert form is not None
    gamma, signed = where.slope_sup, where.ranges.signed[form.slope]
    known = math.isfinite(signed.lower) and math.isfinite(signed.upper)
    usable = gamma.lower > 0.0 and gamma.upper < math.inf
    return _interval(1 / gamma) if usable else None, _interval(signed) if known else None


def _interval(found: Enclosure) -> Interval:
    return Interval(found.lower, found.upper)
