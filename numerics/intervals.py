"""Intervals and brackets of the analysis: plain data whose field names are the keys of the JSON document.

Main definitions: `Interval`, `BracketRecord`, `MasksRecord`, `HierarchyRecord`.
"""

from __future__ import annotations

from dataclasses import dataclass

import sympy as sp


@dataclass(frozen=True)
class Interval:
    """lower <= x <= upper."""

    lower: float
    upper: float


@dataclass(frozen=True)
class BracketRecord:
    """The bracket of one number of the hierarchy."""

    id: str
    formula: sp.Expr
    meaning: str
    lower: float
    upper: float
    evidence: str


@dataclass(frozen=True)
class MasksRecord:
    """Masks, a word of 0 and 1 for each step: gamma times them, in turn, are slopes under which the state Jacobian grows
    by a factor of at least ``lower`` per step, on average.
    """

    masks: tuple[str, ...]
    lower: float
    upper: float
    evidence: str


@dataclass(frozen=True)
class HierarchyRecord:
    """The brackets of one recurrent block in ascending order, and which number is at most which (``links``).

    ``threshold`` encloses 1/gamma for all inputs, gamma = sup |phi'|, and ``slopes`` [inf phi', sup phi'] where the step
    Jacobian is D_t W with slopes phi' in D_t; both are None where it has another form or the range is unknown.
    ``growing`` are masks that, times gamma, are slopes under which the state Jacobian grows, if some are known.
    """

    block: str
    n: int
    threshold: Interval | None
    slopes: Interval | None
    rows: tuple[BracketRecord, ...]
    links: tuple[tuple[str, str], ...]
    growing: MasksRecord | None = None
