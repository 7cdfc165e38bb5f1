"""The theorems, one paper per file; `all` lists them, `get` finds one by its id."""

from __future__ import annotations

from ..theorem import Theorem
from . import block_comparison, hierarchy, hochreiter1991, pascanu2013, smallest_gain

__all__ = ["all", "get"]


def all() -> tuple[Theorem, ...]:
    """Every theorem of the library, in the order in which they are shown.

    >>> [theorem.id for theorem in all()][:2]
    ['hochreiter1991_max_weight', 'hochreiter1991_row_sum']
    """
    return (
        hochreiter1991.max_weight,
        hochreiter1991.row_sum,
        pascanu2013.spectral,
        hierarchy.perron,
        hierarchy.diagonal_scaling,
        smallest_gain.smallest_gain,
        block_comparison.max_weight,
        block_comparison.row_sum,
        block_comparison.spectral,
        block_comparison.perron,
    )


def get(identifier: str) -> Theorem:
    """The theorem with this id; ValueError lists the ids there are."""
    found = {theorem.id: theorem for theorem in all()}
    if identifier not in found:
        raise ValueError(f"theorem must be one of {', '.join(found)}, got {identifier!r}")
    return found[identifier]
