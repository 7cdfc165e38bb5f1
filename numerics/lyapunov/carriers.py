r"""The frames of all orbits carried through the same steps: one at a time by LAPACK, or many small ones together.

Main definitions: `Carrier`, `Separate`, `Together`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ..axes import Array
from .batched import GROUP, eliminate, log_heights
from .factors import Step
from .frames import Frame, Walk

SMALL = 16  # largest state for which many orbits are carried together


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

    def __init__(self, make: type[Frame], starts: Sequence[Array]) -> None:
        self._frames = [make(start) for start in starts]
        self._walks = [Walk(frame, orbit) for orbit, frame in enumerate(self._frames)]

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
    """All frames in one array, eliminated by the same NumPy calls; columns of zeros are lost from the start."""

    def __init__(self, starts: Sequence[Array]) -> None:
        self._frames, self._logs = eliminate(np.array(starts))
        self._recent, self._count = np.zeros_like(self._logs), 0
        self._sizes: tuple[Array, Array] | None = None

    def push(self, step: Step) -> None:
        """One more step for all."""
        if self._sizes is None or self._sizes[0] is not step.weights:
            self._sizes = step.weights, np.abs(step.weights).max(axis=-1)
        sizes = self._sizes[1] if step.slopes is None else self._sizes[1] * np.abs(step.slopes)
        scale = np.broadcast_to(sizes, self._frames.shape[:2])
        self._frames, logs = eliminate(step.apply(self._frames), scale=scale)
        self._recent += logs
        self._count += 1
        if self._count % GROUP == 0:
            self._settle()

    def _settle(self) -> None:
        self._logs += self._recent
        self._recent[:] = 0.0

    def volumes(self) -> Array:
        """log|r_jj| of all steps so far."""
        self._settle()
        return self._logs + log_heights(self._frames)

    def living(self, orbit: int) -> NDArray[np.intp]:
        """The columns that are not lost."""
        return np.flatnonzero(self._frames[orbit].any(axis=0))

    def matrix(self, orbit: int) -> Array:
        """The living columns."""
        return np.asarray(self._frames[orbit][:, self.living(orbit)])

    def log_sum(self, orbit: int) -> float:
        """sum_j log|u_jj|."""
        self._settle()
        return float(self._logs[orbit, self.living(orbit)].sum())
