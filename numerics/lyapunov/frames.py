r"""One tangent frame carried by J_t: J_t F_{t-1} = F_t U_t with F_t unit lower trapezoidal (elimination) or orthonormal (QR).

For a product P = J_T ... J_1 both give P F_0 = F_T U with U = U_T ... U_1 upper triangular, so that the diagonal of the QR
factor of P F_0 is |r_jj(F_T)| prod_t |u_jj(t)|, whatever the frames in between. Elimination with row pivoting costs
5/3 N^3 multiplications and additions a step (a triangular product and an LU) against 14/3 N^3 for QR, and it keeps the digits
of rows of very different size, such as saturated units have; QR keeps them where the rows are sorted by size first. Pivoting
the *columns* would be wrong: it orders the exponents anew in every step, which leaves their sum as it is and biases each.

A column in the span of the earlier ones, to working precision, has no direction any more: its exponent is -inf and the
column is dropped, so that as many columns live as the product has rank.

Main definitions: `Frame`, `Elimination`, `Orthogonalization`.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence

import numpy as np
import scipy.linalg
from scipy.linalg import blas, lapack

from ..axes import Array
from .factors import RowSizes, Step
from .independence import SUSPECT, Indices, independent, uncertainty

BLOCK = 64  # columns that LAPACK factors together, given room for them
WAITING = 64  # steps whose logs are added together
FAR = 1e30  # steps beyond this size, or below its inverse, are scaled: an interval of them stays in range


class Frame(ABC):
    """A tangent frame of one orbit; ``living`` are the columns that are left.

    It starts from independent columns; columns of zeros are lost from the start. ``spread`` is
    log(max_j |u_jj| / min_j |u_jj|) of the last factorization.
    """

    def __init__(self, start: Array) -> None:
        self.size, count = start.shape
        self.living: Indices = np.arange(count)
        self.spread = 0.0
        self._logs = np.zeros(count)
        self._waiting: list[Array] = []  # pivots whose logs are still to be added
        self._row_sizes = RowSizes()
        self._last: tuple[Array, Array] | None = None  # sizes of rows and pivots of the last factorization of one step
        self._take(start, np.flatnonzero(start.any(axis=0)), 0.0)

    def advance(self, step: Step, orbit: int) -> None:
        """Carry the frame through one step and add log|u_jj| to the logs, -inf for a column that is lost."""
        if not len(self.living):
            return
        weights, slopes, log_scale = self._in_range(*step.of(orbit))
        sizes = self._row_sizes.of(weights, slopes)
        pivots, rows, form = self._factored(self._moved(weights, slopes))
        if not (pivots > SUSPECT * sizes[rows]).all():
            keep = self._kept(weights if slopes is None else slopes[:, None] * weights)
            if len(keep) < len(self.living):
                pivots = self._take(self._moved(weights, slopes), keep, log_scale)
                self._last = sizes, pivots
                return
        self._collect(pivots, form, log_scale)
        self._last = sizes, pivots

    def _in_range(self, weights: Array, slopes: Array | None) -> tuple[Array, Array | None, float]:
        """Weights and slopes of J / scale, and log scale, a power of two where J is very large or very small."""
        scale, other = _scale(float(self._row_sizes.of(weights, None).max())), 1.0
        if scale != 1.0:
            weights = weights / scale
        if slopes is not None:
            other = _scale(float(np.abs(slopes).max()))
            if other != 1.0:
                slopes = slopes / other
        return weights, slopes, math.log(scale) + math.log(other)

    def _kept(self, J: Array) -> Indices:
        """The living columns that are not lost by J: neither the frame nor an orthonormal basis of its spans loses them.

        The frame shows what is left of columns of very different size, the basis what a badly conditioned frame hides.
        """
        frame = self.matrix()
        noise = uncertainty(frame, self._last)
        basis = np.linalg.qr(frame)[0]
        rows = np.maximum(np.abs(basis), noise.max(axis=1, keepdims=True))
        alone = independent(J @ frame, np.abs(J) @ noise)
        return np.union1d(alone, independent(J @ basis, np.abs(J) @ rows)).astype(np.intp)

    def leap(self, steps: Sequence[Step], orbit: int, *, most: float) -> bool:
        """Carry the frame through several steps with one factorization, or leave it where more than exp(most) eps is lost.

        That is so where the pivots spread by more than exp(most), or one is that much smaller than the steps allow.
        """
        moved, log_scale, bound = None, 0.0, 0.0
        for step in steps:
            weights, slopes, log_size = self._in_range(*step.of(orbit))
            size = float(self._row_sizes.of(weights, slopes).max())
            if size < 1 / FAR:  # zero, or saturated so far that the products might leave the range
                return False
            if moved is None:
                moved = self._moved(weights, slopes)
            else:
                moved = self._times(weights, moved)
                if slopes is not None:
                    moved *= slopes[:, None]
            log_scale, bound = log_scale + log_size, bound + math.log(size)
        assert moved is not None
        pivots, _, form = self._factored(moved)
        smallest, largest = float(pivots.min()), float(pivots.max())
        sound = smallest > 0 and math.log(largest / smallest) <= most and math.log(smallest) >= bound - most
        if sound:
            self._collect(pivots, form, log_scale)
            self._last = None
        return sound

    def _take(self, moved: Array, keep: Indices, log_scale: float) -> Array:
        """Factor and keep some of the columns that were moved, the others are lost; the moduli of the pivots."""
        self._add()
        self._logs[np.delete(self.living, keep)] = -np.inf
        self.living = self.living[keep]
        self.spread = 0.0
        if not len(keep):
            return np.zeros(0)
        pivots, _, form = self._factored(np.array(moved[:, keep], order="F"))
        self._collect(pivots, form, log_scale)
        return pivots

    def _collect(self, pivots: Array, form: tuple[Array, Indices], log_scale: float) -> None:
        """Keep the new frame, and log pivots + log_scale."""
        self._keep(form)
        smallest, largest = float(pivots.min()), float(pivots.max())
        self.spread = math.log(largest / smallest) if 0 < smallest <= largest < math.inf else math.inf
        self._waiting.append(pivots)
        if log_scale != 0.0 or smallest <= 0 or len(self._waiting) == WAITING:
            self._add()
            self._logs[self.living] += log_scale

    def _add(self) -> None:
        if self._waiting:
            # a pivot of zero where there is a direction: the factorization has broken down, and no number follows from it
            pivots = np.array(self._waiting)
            self._logs[self.living] += np.log(np.where(pivots > 0, pivots, np.nan)).sum(axis=0)
            self._waiting.clear()

    @property
    def logs(self) -> Array:
        """The collected log|u_jj| ``(count,)``, -inf for a column that is lost."""
        self._add()
        return self._logs

    def volumes(self) -> Array:
        """log|r_jj| of all steps so far ``(count,)``: the logs with the volume of the frame."""
        total = self.logs.copy()
        total[self.living] += _log_volumes(self._columns())
        return total

    def _columns(self) -> Array:
        """The living columns with their rows in any order."""
        return self.matrix()

    @abstractmethod
    def matrix(self) -> Array:
        """The living columns ``(N, living)``."""

    @abstractmethod
    def _moved(self, weights: Array, slopes: Array | None) -> Array:
        """J F; the frame is not touched."""

    @abstractmethod
    def _times(self, weights: Array, moved: Array) -> Array:
        """W times columns that need no row exchanges."""

    @abstractmethod
    def _factored(self, columns: Array) -> tuple[Array, Indices, tuple[Array, Indices]]:
        """Moduli of the pivots of columns, which are overwritten, the row that each belongs to, and the new frame."""

    @abstractmethod
    def _keep(self, form: tuple[Array, Indices]) -> None:
        """Make the frame that a factorization gave the present one."""


def _log_volumes(columns: Array) -> Array:
    """log|r_jj| of the QR factorization of columns ``(N, k)``: what each adds to the volume of those before."""
    if not columns.size:
        return np.zeros(0)
    factored, *_ = lapack.dgeqrf(np.asfortranarray(columns), overwrite_a=1, lwork=BLOCK * len(columns))
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(np.abs(np.diagonal(factored))))


class Elimination(Frame):
    """A frame P^T L: ``factor`` holds L below its diagonal, ``order[i]`` is the row of the frame in which row i of L stands."""

    def __init__(self, start: Array) -> None:
        self.factor: Array = np.empty((0, 0))
        self.order: Indices = np.arange(len(start))
        self._turned: tuple[Array, Array] | None = None
        self._numbers = np.arange(len(start), dtype=float)[:, None]
        self._buffers = [np.empty(start.shape[::-1]) for _ in range(3)]
        self._held = self._used = 0  # the buffers of the frame and of what was moved last
        super().__init__(start)

    def matrix(self) -> Array:
        """P^T L."""
        columns = self._columns()
        placed = np.empty_like(columns)
        placed[self.order] = columns
        return placed

    def _columns(self) -> Array:
        columns = np.tril(self.factor[:, : len(self.living)], -1)
        np.fill_diagonal(columns, 1.0)
        return columns

    def _moved(self, weights: Array, slopes: Array | None) -> Array:
        if self._turned is None or self._turned[0] is not weights:
            # transposed, since LAPACK stores by columns: a choice of columns is then one of contiguous rows
            self._turned = weights, weights.T
        elif not self._turned[1].flags.c_contiguous:
            self._turned = weights, np.ascontiguousarray(weights.T)
        transposed, count = self._turned[1], len(self.living)
        head, tail = self.order[:count], self.order[count:]
        moved = np.take(transposed, head, axis=0, out=self._room(count), mode="clip").T
        moved = blas.dtrmm(1.0, self.factor[:count], moved, side=1, lower=1, diag=1, overwrite_b=1)
        if len(tail):
            moved = blas.dgemm(1.0, transposed[tail].T, self.factor[count:], beta=1.0, c=moved, overwrite_c=1)
        if slopes is not None:
            moved *= slopes[:, None]
        return np.asarray(moved)

    def _times(self, weights: Array, moved: Array) -> Array:
        room = self._room(moved.shape[1])
        return np.asarray(blas.dgemm(1.0, weights.T, moved, trans_a=1, beta=0.0, c=room.T, overwrite_c=1))

    def _room(self, count: int) -> Array:
        """A buffer for ``count`` columns, in its rows, that holds neither the frame nor what was moved last."""
        self._used = next(i for i in range(3) if i not in (self._held, self._used))
        return self._buffers[self._used][:count]

    def _factored(self, columns: Array) -> tuple[Array, Indices, tuple[Array, Indices]]:
        factor, swaps, _ = lapack.dgetrf(columns, overwrite_a=1)
        # LAPACK's row exchanges, applied to the numbers of the rows
        order = lapack.dlaswp(self._numbers, swaps)[:, 0].astype(np.intp)
        pivots = np.abs(np.diagonal(factor))
        return pivots, order[: len(pivots)], (factor, order)

    def _keep(self, form: tuple[Array, Indices]) -> None:
        self.factor, self.order = form
        self._held = self._used


class Orthogonalization(Frame):
    """An orthonormal frame; the rows of J F are sorted by size before its QR factorization."""

    def __init__(self, start: Array) -> None:
        self.frame: Array = start
        super().__init__(start)

    def matrix(self) -> Array:
        """The orthonormal columns."""
        return self.frame[:, : len(self.living)]

    def volumes(self) -> Array:
        """The logs themselves: an orthonormal frame has volume one."""
        return self.logs.copy()

    def _moved(self, weights: Array, slopes: Array | None) -> Array:
        moved = weights @ self.frame
        if slopes is not None:
            moved *= slopes[:, None]
        return moved

    def _times(self, weights: Array, moved: Array) -> Array:
        return weights @ moved

    def _factored(self, columns: Array) -> tuple[Array, Indices, tuple[Array, Indices]]:
        order = np.argsort(-np.abs(columns).max(axis=1), kind="stable")
        q, r = scipy.linalg.qr(columns[order], mode="economic", overwrite_a=True, check_finite=False)
        pivots: Array = np.abs(np.diagonal(r))
        return pivots, order[: columns.shape[1]], (np.asarray(q, dtype=float), order)

    def _keep(self, form: tuple[Array, Indices]) -> None:
        q, order = form
        self.frame = np.empty_like(q)
        self.frame[order] = q


def _scale(size: float) -> float:
    """A power of two near a size that is very large or very small, 1 elsewhere and for zero."""
    if size == 0.0 or 1 / FAR <= size <= FAR:
        return 1.0
    return float(2.0 ** min(max(round(math.log2(size)), -1000), 1000))
