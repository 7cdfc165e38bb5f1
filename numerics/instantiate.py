r"""Theorems on a network: every bound with its numbers and its hypotheses answered, in one scope.

Main definitions: `Instance`, `instances`, `sharpest`, `slacks`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..theory import theorems
from ..theory.bounds import Bound
from ..theory.hypotheses import Hypothesis
from ..theory.language import Cell
from ..theory.quantities import MatrixFunctional
from ..theory.theorem import Theorem
from .axes import Array
from .certify import U
from .enclosure import Enclosure
from .evaluate import Answer, Environment, answer, evaluate

TOLERANCE = 1e-9  # relative rounding allowance per factor when a bound is compared with a computed product


@dataclass(frozen=True, eq=False)
class Instance:
    """A bound of a theorem with numbers: log bound(k) = log_constant + k log_rate, and its answered conditions."""

    theorem: Theorem
    bound: Bound
    scope: str
    rate: Enclosure
    constant: Enclosure
    answers: tuple[tuple[Hypothesis, Answer], ...]
    of_signed_slopes: bool

    @property
    def log_rate(self) -> float:
        """log of the end of the rate on the safe side, rounded to that side; -inf where it is not positive."""
        return self.safe(self.rate.maximum(0).log())

    @property
    def log_constant(self) -> float:
        """log of the end of the constant on the safe side, rounded to that side; -inf where it is not positive."""
        return self.safe(self.constant.maximum(0).log())

    def safe(self, number: Enclosure) -> float:
        """The end of an enclosure with which the bound holds: the upper one of a bound from above."""
        return number.upper if self.bound.direction == "<=" else number.lower

    @property
    def evidence(self) -> str:
        """The evidence of rate and constant."""
        return self.rate.resting_on(self.constant).evidence

    @property
    def decided(self) -> bool:
        """Whether every hypothesis and the condition on the rate are met."""
        return all(found.status == "met" for _, found in self.answers)

    @property
    def holds(self) -> bool:
        """Whether the bound itself holds (its hypotheses are met), with a finite rate, decisive or not."""
        conditions = [found.status == "met" for condition, found in self.answers if condition != self.bound.decision]
        return all(conditions) and self.log_rate < math.inf

    @property
    def falls(self) -> bool:
        """Whether a bound for some slopes has the largest of all rates, and that rate is below 1: then all slopes fall.

        It does not matter whether the slopes come near 0: those of the range are among all from 0 to gamma.
        """
        return self.bound.quantifier == "some" and not self.of_signed_slopes and self.rate.upper < 1.0

    @property
    def constants(self) -> tuple[MatrixFunctional, ...]:
        """The quantities of matrices that the bound uses."""
        found = self.bound.statement.atoms(MatrixFunctional)
        return tuple(sorted(found, key=str))

    def log_bound(self, lags: NDArray[np.intp]) -> Array:
        """Natural log of the bound at each lag, rounded to the safe side; at lag 0, where J is the identity, it is 0."""
        product = np.where(lags == 0, 1, lags) * self.log_rate
        total = self.log_constant + product
        rounding = 4 * U * (abs(self.log_constant) + np.abs(product))  # two roundings, and those of this line
        rounding = np.where(np.isfinite(total), rounding, 0.0)
        return np.where(lags == 0, 0.0, total + rounding if self.bound.direction == "<=" else total - rounding)


def instances(where: Environment) -> tuple[Instance, ...]:
    """All theorems that apply to the network of an environment, with their numbers in its scope."""
    if where.network is None:
        raise ValueError("where must be the environment of a network, got that of a bare matrix")
    return instances_of(where.network.cell, where)


def instances_of(cell: Cell, where: Environment, *, only: str | None = None) -> tuple[Instance, ...]:
    """The theorems that apply to a cell, or the one with the bound ``only``, with numbers from an environment."""
    found = []
    for theorem in theorems.all():
        bound = theorem.instantiate(cell)
        if bound is None or only not in (None, bound.id):
            continue
        if bound.quantifier == "some" and where.scope == "trajectory":
            continue  # the slopes of a trajectory are what they are
        conditions = (*bound.hypotheses, bound.decision)
        found.append(
            Instance(
                theorem,
                bound,
                where.scope if bound.quantifier == "every" else "some_slopes",
                evaluate(bound.rate, where),
                evaluate(bound.constant, where),
                tuple((condition, answer(condition, where)) for condition in conditions),
                where.slope_least.lower < 0.0,
            )
        )
    return tuple(found)


def sharpest(decided: Iterable[Instance]) -> Instance:
    """The bound with the sharpest rate; of equal ones (up to 1e-9) that by constants of the network, then by its factor."""

    def order(instance: Instance) -> tuple[float, bool, float]:
        sign = 1.0 if instance.bound.direction == "<=" else -1.0
        return round(sign * instance.log_rate, 9), not instance.constants, sign * instance.log_constant

    return min(decided, key=order)


def slacks(instance: Instance, lags: NDArray[np.intp], largest: Array, smallest: Array) -> Array:
    """Log distance of the bound to the computed extreme singular value at each lag k >= 1, on its right side.

    A rounding allowance of 1e-9 per factor is granted; below zero the bound would be violated. Lags at which the
    smallest singular value is lost to rounding (-inf) are no cases of a lower bound.
    """
    keep = lags > 0
    if instance.bound.direction == ">=":
        keep &= np.isfinite(smallest)
    k = lags[keep]
    bound = instance.log_bound(k)
    with np.errstate(invalid="ignore"):
        gap = bound - largest[keep] if instance.bound.direction == "<=" else smallest[keep] - bound
    # equal infinities (both sides are zero) are no violation
    return np.asarray(np.where(np.isnan(gap), 0.0, gap) + TOLERANCE * (k + 1))
