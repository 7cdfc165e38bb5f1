r"""Step Jacobians J_t = diag(s_t) W_t, t = 1..T, of several orbits at once; dense ones are W_t with s_t = 1.

Main definitions: `Step`, `RowSizes`, `Factors`, `from_trajectory`, `from_jacobians`, `from_function`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.linalg import lapack

from ...theory.bounds import slope_form
from ...theory.jacobian import step_jacobian
from .. import axes
from ..axes import Array
from ..simulate import Trajectory

WAITING = 64  # steps whose slopes are added up together
CHUNK = 4_000_000  # numbers of a chunk of steps that are evaluated together


@dataclass(frozen=True, eq=False)
class Step:
    """J = diag(slopes) weights for each orbit: ``weights (N, N)`` or ``(orbits, N, N)``, ``slopes (orbits, N)`` or None."""

    weights: Array
    slopes: Array | None = None

    def of(self, orbit: int) -> tuple[Array, Array | None]:
        """Weights and slopes of one orbit."""
        weights = self.weights if self.weights.ndim == 2 else self.weights[orbit]
        return weights, None if self.slopes is None else self.slopes[orbit]

    def matrix(self, orbit: int) -> Array:
        """J of one orbit as a matrix ``(N, N)``."""
        weights, slopes = self.of(orbit)
        return weights if slopes is None else slopes[:, None] * weights

    def some(self, orbits: Any) -> Step:
        """The step of some of the orbits."""
        if isinstance(orbits, slice):
            return self
        weights = self.weights if self.weights.ndim == 2 else self.weights[orbits]
        return Step(weights, None if self.slopes is None else self.slopes[orbits])

    def apply(self, frames: Array) -> Array:
        """J F for frames ``(orbits, N, k)``."""
        moved = self.weights @ frames
        return moved if self.slopes is None else np.multiply(moved, self.slopes[..., None], out=moved)


class RowSizes:
    """The largest modulus in each row of J ``(..., N)``; the weights are looked at once for a matrix that stays."""

    def __init__(self) -> None:
        self._known: tuple[Array, Array] | None = None

    def of(self, weights: Array, slopes: Array | None) -> Array:
        """The sizes for J = diag(slopes) weights."""
        if self._known is None or self._known[0] is not weights:
            self._known = weights, np.abs(weights).max(axis=-1)
        return self._known[1] if slopes is None else self._known[1] * np.abs(slopes)


@dataclass(frozen=True, eq=False)
class Factors:
    """The Jacobians of ``nets * samples`` orbits over ``length`` steps; ``step(t)`` for t = 1..length, in any order.

    ``nets`` is None for one network. Orbits are counted network by network, sample by sample.
    """

    step: Callable[[int], Step]
    length: int
    size: int
    samples: int = 1
    nets: int | None = None

    @property
    def orbits(self) -> int:
        """Number of orbits."""
        return self.samples * (self.nets or 1)

    def reversed(self) -> Factors:
        """Factors of the transposed product; with J_t = D_t W_t grouped as W_1^T (D_1 W_2^T) ... (D_{T-1} W_T^T) D_T.

        So the sizes of the rows stand on the left in every factor but the last, and rows of different size keep their digits.
        """
        last = self.length + 1
        known: list[Array] = []

        def transposed(weights: Array) -> Array:
            if not known or known[0] is not weights:
                known[:] = [weights, np.ascontiguousarray(np.swapaxes(weights, -1, -2))]
            return known[1]

        def step(t: int) -> Step:
            weights = np.eye(self.size) if t == 1 else transposed(_graded(self.step(last + 1 - t)).weights)
            return Step(weights, _graded(self.step(last - t)).slopes if t < last else None)

        return Factors(step, last, self.size, self.samples, self.nets)


class LogDeterminants:
    """sum_t log|det J_t| of each orbit ``(orbits,)``, from LU of the weights, once for a matrix, and the logs of the slopes."""

    def __init__(self, orbits: int) -> None:
        self._total = np.zeros(orbits)
        self._known: tuple[Array, Array] | None = None
        self._waiting: list[Array] = []

    def add(self, step: Step) -> None:
        """Count one more step."""
        if self._known is None or self._known[0] is not step.weights:
            self._known = step.weights, _log_determinant(step.weights)
        self._total += self._known[1]
        if step.slopes is not None:
            self._waiting.append(step.slopes)
            if len(self._waiting) == WAITING:
                self._settle()

    def total(self) -> Array:
        """The sum over the steps so far."""
        self._settle()
        return self._total.copy()

    def _settle(self) -> None:
        if self._waiting:
            with np.errstate(divide="ignore"):
                self._total += np.log(np.abs(self._waiting)).sum(axis=(0, 2))
            self._waiting.clear()


def _log_determinant(matrices: Array) -> Array:
    """log|det| of ``(..., N, N)``, rows scaled to size one; of a single one by LAPACK itself, faster than NumPy's loop."""
    step = _graded(Step(matrices))
    assert step.slopes is not None
    with np.errstate(divide="ignore"):
        sizes = np.log(step.slopes).sum(axis=-1)
    return np.asarray(_log_determinant_of_graded(step.weights) + (sizes if matrices.ndim > 2 else sizes[0]))


def _log_determinant_of_graded(matrices: Array) -> Array:
    if matrices.ndim > 2 and len(matrices) > 1:
        with np.errstate(all="ignore"):
            return np.asarray(np.linalg.slogdet(matrices)[1])
    pivots = np.diagonal(lapack.dgetrf(np.array(matrices.reshape(matrices.shape[-2:]), order="F"), overwrite_a=1)[0])
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(np.abs(pivots)).sum())


def _graded(step: Step) -> Step:
    """A step with slopes: for a dense one these are powers of two near the sizes of its rows."""
    if step.slopes is not None:
        return step
    sizes = np.abs(step.weights).max(axis=-1)
    powers = 2.0 ** np.clip(np.round(np.log2(np.where(sizes > 0, sizes, 1.0))), -1000, 1000)
    return Step(step.weights / powers[..., None], np.atleast_2d(powers))


def _numbers(wanted: str, value: ArrayLike) -> Array:
    """A copy of real numbers, since a function may fill one buffer again and again; ValueError with one sentence."""
    try:
        array = np.asarray(value)
        if array.dtype.kind not in "biuf":
            raise ValueError(f"entries of type {array.dtype.name}")
        return np.array(array, dtype=float)
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError(f"{wanted}, got {type(value).__name__}: {error}") from None


def from_jacobians(jacobians: ArrayLike) -> Factors:
    """The factors of an array ``(T, N, N)`` or ``(T, nets, N, N)``; ValueError for another shape, NaN or infinity."""
    array = _numbers("source must be Jacobians, an array of numbers", jacobians)
    if array.ndim not in (3, 4) or array.shape[-1] != array.shape[-2] or 0 in array.shape:
        raise ValueError(f"source must be Jacobians of shape (T, N, N) or (T, nets, N, N), got {array.shape}")
    if not np.isfinite(array).all():
        raise ValueError("source must be finite, got NaN or infinity")
    nets = array.shape[1] if array.ndim == 4 else None
    return Factors(lambda t: Step(array[t - 1]), len(array), array.shape[-1], 1, nets)


def from_function(function: Callable[[int], ArrayLike], *, steps: int | None) -> Factors:
    """The factors J_t = function(t), t = 1..steps, each ``(N, N)`` or ``(nets, N, N)``.

    The function is called more than once for a t, and must then give the same. Raises ValueError without steps, and at the
    step whose matrix has another shape than the first or is not finite.
    """
    if not isinstance(steps, int | np.integer) or isinstance(steps, bool) or steps < 1:
        raise ValueError(f"steps must be an integer of at least 1 where source is a function of t, got {steps!r}")
    first = _numbers("source(1) must be a matrix of numbers", function(1))
    if first.ndim not in (2, 3) or first.shape[-1] != first.shape[-2] or 0 in first.shape:
        raise ValueError(f"source(t) must be a Jacobian of shape (N, N) or (nets, N, N), got {first.shape}")

    def step(t: int) -> Step:
        J = _numbers(f"source({t}) must be a matrix of numbers", function(t))
        if J.shape != first.shape:
            raise ValueError(f"source({t}) must have the shape of source(1), {first.shape}, got {J.shape}")
        if not np.isfinite(J).all():
            raise ValueError(f"source({t}) must be finite, got NaN or infinity")
        return Step(J)

    return Factors(step, int(steps), first.shape[-1], 1, first.shape[0] if first.ndim == 3 else None)


def from_trajectory(trajectory: Trajectory) -> Factors:
    """The factors along a trajectory: slopes and one W where the cell has that form, dense Jacobians else.

    Steps are evaluated many at a time, time standing beside the samples, so that small networks cost no call per step.
    """
    network, kernels = trajectory.network, trajectory.kernels
    samples, size = trajectory.samples, network.state_dim
    orbits = samples * (network.nets or 1)
    form = slope_form(network.cell)
    numbers = orbits * size * (1 if form is not None else size)
    width = 1 if network.untied else max(1, CHUNK // numbers)
    kept: dict[int, list[Step]] = {}

    def evaluated(start: int) -> list[Step]:
        """The steps start+1 .. start+width, as samples of one step."""
        stop = min(start + width, trajectory.steps)
        count, parameters = stop - start, network.at(start + 1)
        states, inputs = (_beside(array[start:stop]) for array in (trajectory.states[:-1], trajectory.inputs))
        point = kernels.point(parameters, states, inputs)
        if form is None:
            dense = kernels.dense(parameters, point)
            dense = dense.reshape(*dense.shape[:-3], count, samples, size, size)
            return [Step(dense[..., i, :, :, :].reshape(orbits, size, size)) for i in range(count)]
        slopes = kernels.diagonal(form.slope, parameters, point)
        slopes = slopes.reshape(*slopes.shape[:-2], count, samples, size)
        weights = weights_at(start + 1)
        return [Step(weights, slopes[..., i, :, :].reshape(orbits, size)) for i in range(count)]

    def weights_at(t: int) -> Array:
        if tied:
            return tied[0]
        ((matrix, _),) = (
            step_jacobian(network.cell).blocks[network.cell.states[0], network.cell.states[0]].terms[0].tail
        )
        W = axes.rows(network.at(t)[matrix.parameter.name], matrix.parameter, matrix.gate, matrix=True)
        W = np.repeat(W, samples, axis=0) if network.nets else W
        if network.tied:
            tied.append(W)
        return W

    tied: list[Array] = []

    def step(t: int) -> Step:
        start = (t - 1) // width * width
        if start not in kept:
            for old in list(kept)[:-1]:  # a walk in either direction may look back by one step
                del kept[old]
            kept[start] = evaluated(start)
        return kept[start][t - 1 - start]

    return Factors(step, trajectory.steps, size, samples, network.nets)


def _beside(array: Array) -> Array:
    """Time beside the samples: ``(T, [nets,] rows, samples)`` becomes ``([nets,] rows, T * samples)``."""
    moved = np.moveaxis(array, 0, -2)
    return np.ascontiguousarray(moved).reshape(*moved.shape[:-2], moved.shape[-2] * moved.shape[-1])
