"""Theorem: a bound with its object, quantifiers, norm, hypotheses, source and witnesses, instantiated on a cell.

Main definitions: `Witness`, `Theorem`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import sympy as sp

from .bounds import Bound
from .language import Cell
from .sources import Source, source


@dataclass(frozen=True)
class Witness:
    """A linear network (slope 1 everywhere) with an exact rational matrix that shows something of a theorem."""

    matrix: tuple[tuple[sp.Rational, ...], ...]

    @classmethod
    def of(cls, rows: list[list[object]]) -> Witness:
        """A witness from numbers or strings like ``"1/2"``."""
        return cls(tuple(tuple(sp.Rational(str(x)) for x in row) for row in rows))

    @property
    def array(self) -> sp.ImmutableMatrix:
        """The matrix W."""
        return sp.ImmutableMatrix(self.matrix)

    def __str__(self) -> str:
        rows = "; ".join(", ".join(map(str, row)) for row in self.matrix)
        return f"linear network, slope 1, W = [{rows}]"


@dataclass(frozen=True)
class Theorem:
    """A statement about an object, for all networks of a form.

    ``instantiate`` gives the bound on a cell, or None where the cell's step Jacobian has another form. ``tightness``
    is *tight* if the bound is attained for every lag (by ``tightness_witness``), else *upper* or *lower*.
    ``non_vacuity`` is a network that satisfies every hypothesis, the decision included.
    """

    id: str
    title: str
    instantiate: Callable[[Cell], Bound | None]
    quantifiers: str
    citation: str
    place: str
    version: str
    tightness: Literal["tight", "upper", "lower"]
    non_vacuity: Witness
    tightness_witness: Witness | None
    words: str

    @property
    def source(self) -> Source:
        """The bibliography entry that the theorem is taken from."""
        return source(self.citation)
