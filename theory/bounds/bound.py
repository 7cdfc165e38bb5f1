r"""A bound on the state Jacobian by lag: ``||J(t, t-k)||_2 <= constant * rate^k``, or ``>=`` for the smallest gain or some slopes.

Main definitions: `Bound`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import sympy as sp
from sympy.core.relational import Relational

from .. import notation, quantities
from ..calculus.words import replace
from ..hypotheses import Hypothesis

DECISION = ".rate"  # how the id of the condition on the rate ends

Outcome = Literal["vanishes", "explodes"]


@dataclass(frozen=True)
class Bound:
    """A bound in the lag k over quantities: constant * rate^k for k >= 1, in the spectral norm.

    ``direction`` is "<=" (on the norm, decides *vanishes* when rate < 1) or ">=" (on the smallest singular value,
    decides *explodes* when rate > 1). ``quantifier`` says whether it holds for *every* trajectory that meets the
    ``hypotheses`` or for *some* sequence of slopes in their range: then ">=" is on the norm. `decision` is the condition
    on the rate under which the bound settles the object.
    """

    id: str
    title: str
    direction: Literal["<=", ">="]
    rate: sp.Expr
    constant: sp.Expr
    hypotheses: tuple[Hypothesis, ...] = ()
    object: str = "state_jacobian"
    norm: str = "2"
    quantifier: Literal["every", "some"] = "every"

    @property
    def statement(self) -> Relational:
        """The bound as a SymPy relation in the lag k."""
        right = self.constant * self.rate**notation.lag
        if self.direction == "<=":
            return sp.Le(quantities.jacobian_norm(notation.lag), right, evaluate=False)
        left = quantities.jacobian_norm if self.quantifier == "some" else quantities.jacobian_gain
        return sp.Ge(left(notation.lag), right, evaluate=False)

    def with_letters(self, letters: Mapping[sp.Symbol, Any]) -> Bound:
        """The bound with other matrices in place of its letters."""
        moved = dict(letters)
        return dataclasses.replace(
            self,
            rate=replace(self.rate, moved),
            constant=replace(self.constant, moved),
            hypotheses=tuple(Hypothesis(h.id, replace(h.relation, moved), h.words) for h in self.hypotheses),
        )

    @property
    def decision(self) -> Hypothesis:
        """The condition on the rate that decides the object: rate < 1 for an upper bound, rate > 1 for a lower one."""
        if self.direction == "<=":
            return Hypothesis(
                f"{self.id}{DECISION}", sp.Lt(self.rate, 1, evaluate=False), "the bound falls with the lag"
            )
        return Hypothesis(f"{self.id}{DECISION}", sp.Gt(self.rate, 1, evaluate=False), "the bound grows with the lag")

    @property
    def decides(self) -> Outcome:
        """What holds where the decision and all hypotheses are met."""
        return "vanishes" if self.direction == "<=" else "explodes"
