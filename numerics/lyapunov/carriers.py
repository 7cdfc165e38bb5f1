r"""The frames of all orbits carried through the same steps: one at a time by LAPACK, or many small ones together.

Main definitions: `Carrier`, `Separate`, `Together`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ..axes import Array
from .batched import GROUP, eliminate, log_heights
from .factors import RowSizes, Step
from .frames import FAR, Frame
from .independence import uncertainty
from .walk import Pace, Walk

SMALL = 16  # largest state for which many orbits are carried together
MANY = 8  # where more than one orbit in so many cannot leap, none should


class Carrier(Protocol):
    """Frames ``(orbits, N, count)`` on their way."""

    def push(self, step: Step) -> None:
        """One more step, now or later."""

    def volumes(self) -> Array:
        """log|r_jj| of all steps so far ``(orbits, count)``, -inf for a column that is lost."""

    def living(self, orbit: int) -> NDArray[np.intp]:
        """The columns of one orbit that are not lost."""

    def matrix(self, orbit: int) -> Array:
        """The living columns of one orbit ``(N, living)``."""

    def log_sum(self, orbit: int) -> float:
        """sum_j log|u_jj| over the living columns of one orbit and all steps so far."""


class Separate:
    """Each orbit has a frame of its own."""

    def __init__(self, make: type[Frame], starts: Sequence[Array], *, tolerance: float) -> None:
        self._frames = [make(start) for start in starts]
        self._walks = [Walk(frame, orbit, tolerance=tolerance) for orbit, frame in enumerate(self._frames)]

    def push(self, step: Step) -> None:
        """One more step for each."""
        for walk in self._walks:
            walk.push(step)

    def _settled(self, orbit: int) -> Frame:
        self._walks[orbit].settle()
        return self._frames[orbit]

    def volumes(self) -> Array:
        """log|r_jj| of all steps so far."""
        return np.array([self._settled(orbit).volumes() for orbit in range(len(self._frames))])

    def living(self, orbit: int) -> NDArray[np.intp]:
        """The columns that are not lost."""
        return self._settled(orbit).living

    def matrix(self, orbit: int) -> Array:
        """The living columns."""
        return self._settled(orbit).matrix()

    def log_sum(self, orbit: int) -> float:
        """sum_j log|u_jj|."""
        frame = self._settled(orbit)
        return float(frame.logs[frame.living].sum())


class Together:
    """All frames in one array, eliminated by the same NumPy calls; columns of zeros are lost from the start.

    Where a leap over several steps loses too much in some orbits, these take the steps one by one.
    """

    def __init__(self, starts: Sequence[Array], *, tolerance: float) -> None:
        self._frames, self._logs = eliminate(np.array(starts))
        self._recent, self._count = np.zeros_like(self._logs), 0
        self._row_sizes = RowSizes()
        self._queue: list[Step] = []
        self._pace = Pace(tolerance)
        self._last: tuple[Array, Array] | None = None  # sizes of rows and pivots of the last elimination of one step

    def push(self, step: Step) -> None:
        """One more step for all."""
        self._queue.append(step)
        if len(self._queue) >= self._pace.interval:
            self._move()

    def _move(self) -> None:
        steps, self._queue = self._queue, []
        if not steps:
            return
        if len(steps) > 1:
            self._leap(steps)
        else:
            logs = self._through(steps)
            self._recent += logs
            with np.errstate(invalid="ignore"):
                spreads = logs.max(axis=1) - np.where(np.isneginf(logs), np.inf, logs).min(axis=1)
            self._pace.told(float(np.nan_to_num(spreads, nan=np.inf, neginf=0.0).max()), 1)
        self._count += 1
        if self._count % GROUP == 0:
            self._add()

    def _through(self, steps: Sequence[Step]) -> Array:
        """Eliminate all frames at every step; the logs."""
        self._frames, logs = self._branch(steps, slice(None))
        return logs

    def _branch(self, steps: Sequence[Step], orbits: Any) -> tuple[Array, Array]:
        """The frames of some of the orbits, eliminated at every step, and the logs."""
        frames, total = self._frames[orbits], np.zeros(())
        last = None if self._last is None else tuple(part[orbits] for part in self._last)
        for step in steps:
            part = step.some(orbits)
            sizes = self._sizes(part, len(frames))
            before = frames

            def noise(o: int, part: Step = part, before: Array = before, last: Any = last) -> Array:
                own = None if last is None else (last[0][o], last[1][o])
                return np.asarray(np.abs(part.matrix(o)) @ uncertainty(before[o], own))

            frames, logs = eliminate(part.apply(frames), scale=sizes, noise=noise)
            total = total + logs
            last = sizes, np.exp(logs)
        if isinstance(orbits, slice):
            self._last = last
        return frames, total

    def _leap(self, steps: Sequence[Step]) -> None:
        moved, most = self._frames, self._pace.most
        bound, in_range = np.ones(len(moved)), True
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            for step in steps:
                moved = step.apply(moved)
                largest = self._sizes(step, len(moved)).max(axis=1)
                bound *= largest
                in_range = in_range and bool(largest.max() <= FAR and largest.min() >= 1 / FAR)
            if not in_range:  # no leap for any: the products might leave the range
                self._recent += self._through(steps)
                self._pace.told(most, 1, failed=True)
                return
            frames, logs = eliminate(moved)
            lost = np.isneginf(logs)
            some = bool(lost.any())
            least = np.where(lost, np.inf, logs).min(axis=1) if some else logs.min(axis=1)
            spreads = logs.max(axis=1) - least
            failed = ~((spreads <= most) & (np.log(bound) - least <= most))
        if some:  # only single steps may tell that a direction is lost
            living = np.any(self._frames, axis=1)
            failed = (failed | np.any(lost & living, axis=1)) & np.any(living, axis=1)
            spreads = np.where(np.isfinite(spreads), spreads, 0.0)
        if failed.any():
            again = np.flatnonzero(failed)
            frames[again], logs[again] = self._branch(steps, again)
            spreads = spreads[~failed]
            self._pace.told(float(spreads.max(initial=0.0)), len(steps), failed=MANY * len(again) > len(frames))
        else:
            self._pace.told(float(spreads.max()), len(steps))
        self._frames, self._last = frames, None
        self._recent += logs

    def _sizes(self, step: Step, orbits: int) -> Array:
        """The largest modulus in each row of J ``(orbits, N)``."""
        sizes = self._row_sizes.of(step.weights, step.slopes)
        return sizes if sizes.ndim == 2 else np.broadcast_to(sizes, (orbits, len(sizes)))

    def _add(self) -> None:
        self._logs += self._recent
        self._recent[:] = 0.0

    def _settle(self) -> None:
        self._move()
        self._add()

    def volumes(self) -> Array:
        """log|r_jj| of all steps so far."""
        self._settle()
        return self._logs + log_heights(self._frames)

    def living(self, orbit: int) -> NDArray[np.intp]:
        """The columns that are not lost."""
        self._settle()
        return np.flatnonzero(self._frames[orbit].any(axis=0))

    def matrix(self, orbit: int) -> Array:
        """The living columns."""
        return np.asarray(self._frames[orbit][:, self.living(orbit)])

    def log_sum(self, orbit: int) -> float:
        """sum_j log|u_jj|."""
        self._settle()
        return float(self._logs[orbit, self.living(orbit)].sum())
