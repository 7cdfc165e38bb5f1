"""Hypotheses: SymPy relations over quantities, to be answered on a network with met, not_met or unknown.

Main definitions: `Hypothesis`.
"""

from __future__ import annotations

from dataclasses import dataclass

from sympy.core.relational import Relational


@dataclass(frozen=True)
class Hypothesis:
    """One condition of a theorem: ``relation`` compares an expression over quantities with a number.

    >>> import sympy as sp
    >>> from errorflow.theory import notation, quantities
    >>> h = Hypothesis("contraction", notation.slope_sup * quantities.spectral_norm(sp.Symbol("W")) < 1)
    >>> h.statement
    'gamma*spectral_norm(W) < 1'
    """

    id: str
    relation: Relational
    words: str = ""

    def __post_init__(self) -> None:
        if not isinstance(self.relation, Relational) or not self.relation.rhs.is_number:
            raise ValueError(
                f"relation of hypothesis {self.id!r} must compare an expression with a number, got {self.relation}"
            )

    @property
    def statement(self) -> str:
        """The relation as plain text."""
        return str(self.relation).replace("\\", "").replace(" oo", " inf")

    @property
    def needs(self) -> str:
        """What the left side must satisfy, as plain text: ``< 1``."""
        return f"{self.relation.rel_op} {str(self.relation.rhs).replace('oo', 'inf')}"
