r"""A frame on its way: eps exp(m (lambda_1 - lambda_N)) is what m steps between two factorizations lose.

Main definitions: `Pace`, `Walk`.
"""

from __future__ import annotations

import math

from .factors import Step
from .frames import Frame
from .independence import EPS

MOST_STEPS = 8  # longest interval between factorizations
PATIENCE = 32  # intervals of one step after one that was too long


class Pace:
    """How many steps to take with one factorization, m, so that little more than ``tolerance`` is lost.

    What the last column loses over m steps is about eps times the ratio of the largest pivot to the smallest. ``most`` is
    the log of the largest ratio to bear; m follows from the mean of the last ratios.
    """

    def __init__(self, tolerance: float) -> None:
        self.most = math.log(tolerance / EPS) if tolerance > EPS else 0.0
        self.interval = 1
        self._each = math.inf
        self._patience = 0

    def told(self, spread: float, steps: int, *, failed: bool = False) -> None:
        """The spread that so many steps gave, or that the leap over them failed."""
        each = max(spread / steps, 1e-3)
        self._each = each if math.isinf(self._each) else 0.8 * self._each + 0.2 * each
        self._patience = PATIENCE if failed else self._patience - 1
        room = self.most / self._each if self._patience <= 0 else 1.0
        self.interval = int(min(max(room, 1.0), MOST_STEPS))


class Walk:
    """A frame on its way, factored every few steps where its condition is moderate and at every step elsewhere."""

    def __init__(self, frame: Frame, orbit: int, *, tolerance: float) -> None:
        self.frame, self.orbit = frame, orbit
        self._queue: list[Step] = []
        self._pace = Pace(tolerance)

    def push(self, step: Step) -> None:
        """One more step, carried out when the interval is full."""
        self._queue.append(step)
        if len(self._queue) >= self._pace.interval:
            self.settle()

    def settle(self) -> None:
        """Carry out the steps that wait."""
        steps, self._queue = self._queue, []
        if not steps or not len(self.frame.living):
            return
        if len(steps) > 1 and self.frame.leap(steps, self.orbit, most=self._pace.most):
            self._pace.told(self.frame.spread, len(steps))
            return
        for step in steps:
            self.frame.advance(step, self.orbit)
        self._pace.told(self.frame.spread, 1, failed=len(steps) > 1)
