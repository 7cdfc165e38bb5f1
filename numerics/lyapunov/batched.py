r"""Growth of many small tangent frames at once: $J_t F_{t-1} = F_t U_t$, $\log|R_{jj}| = \sum_t \log|U_{t,jj}| + \log d_j$.

F_t is unit lower trapezoidal up to the order of its rows (Gaussian elimination with row pivoting, entries at most 1),
U_t upper triangular, R that of a QR decomposition of J_T ... J_1 F_0, and d_j the distance of column j of F_T from the
span of the earlier ones. One QR at the end so gives what QR at every step gives, and elimination keeps the relative
accuracy of every row, however differently the rows are scaled. Orbits are the last axis of all working arrays: one
NumPy call serves all of them, and no row is moved, since subtracting its own multiple makes a used row exactly zero.

Main definitions: `eliminate`, `log_heights`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from ..axes import Array

Places = NDArray[np.intp]
Noise = Callable[[int], Array]
Judge = Callable[[int, Array, Array, Places], None]

ROUNDING = float(np.finfo(float).eps)
SAFETY = 16  # roundings of the frame itself, beside the N of a sum
SUSPECT = ROUNDING**0.5  # a pivot above this share of its row is not made of rounding errors
SMALL, LARGE = 2.0**-830, 2.0**830  # pivots between them met neither underflow nor overflow
TINY = float(np.finfo(float).tiny)  # changes no pivot between them
GROUP = 32  # logs that are summed apart: the rounding errors of a long sum fall by that factor
BLOCK = 2**15  # numbers that are worked on at once: two arrays of so many stay in a second-level cache


def eliminate(frames: Array, *, scale: Array | None = None, noise: Noise | None = None) -> tuple[Array, Array]:
    r"""Z = F U for each of ``frames`` (orbits, N, k), k <= N: F of the same shape, and log|U_jj| (orbits, k) in nats.

    F has an exact 1 in the pivot row of each column, exact zeros in the pivot rows of earlier columns, and no modulus
    above 1. A column of Z in the span of the earlier ones is dead: log -inf, F_j exactly zero; it takes no pivot row,
    so that the living columns are as many as the rank. What remains of entry (i, j) after the pivot rows P counts as
    zero where it is exactly zero, or no larger than what rounding errors E leave there to first order,
    $E_{ij} + \sum_m E_{im} |Y_{mj}| + \sum_l |X_{il}| (E_{lj} + \sum_m E_{lm} |Y_{mj}|)$ with $X = Z_{iP} Z_{PP}^{-1}$,
    $Y = Z_{PP}^{-1} Z_{Pj}$. ``scale`` s (orbits, N) is the size of the terms that were added up in each row, such as the
    largest modulus in the rows of J where Z = J F; left out, the largest modulus in the row, which knows nothing of a
    cancellation in all k columns. E is N eps s_i, or N eps ``noise(orbit)`` (N, k) if that is given. An orbit with an entry
    that is not finite has NaN among its logs.

    >>> F, logs = eliminate(np.array([[[0.0, 1.0], [0.0, 4.0], [0.0, 2.0]]]))
    >>> F[0].tolist(), np.exp(logs[0]).round(12).tolist()
    ([[0.0, 0.25], [0.0, 1.0], [0.0, 0.5]], [0.0, 4.0])
    """
    orbits, size, count = _shape(frames)
    if scale is not None and scale.shape != (orbits, size):
        raise ValueError(f"scale must have shape {(orbits, size)}, got {scale.shape}")
    block = max(32, BLOCK // (size * count))
    with np.errstate(divide="ignore", invalid="ignore", over="ignore", under="ignore"):
        if orbits <= block:
            return _eliminate(frames, scale, noise, 0)
        parts = [slice(start, start + block) for start in range(0, orbits, block)]
        found = [_eliminate(frames[p], None if scale is None else scale[p], noise, p.start) for p in parts]
    return np.concatenate([frame for frame, _ in found]), np.concatenate([logs for _, logs in found])


def log_heights(frames: Array) -> Array:
    """log d_j (orbits, k), d_j = the distance of column j of ``frames`` (orbits, N, k) from the span of the earlier ones.

    These are the log|R_jj| of a QR decomposition of the columns that are not exactly zero; a zero column has -inf and
    takes no dimension from later ones.

    >>> np.exp(log_heights(np.array([[[0.0, 3.0, 1.0], [0.0, 4.0, 0.0], [0.0, 0.0, 0.0]]]))).round(12).tolist()
    [[0.0, 5.0, 0.8]]
    """
    _shape(frames)
    living = frames.any(axis=1)
    order = np.argsort(~living, axis=1, kind="stable")  # QR would give a zero column a direction of its own
    triangular = np.linalg.qr(np.take_along_axis(frames, order[:, None], axis=2), mode="r")
    logs = np.full(living.shape, -np.inf)
    with np.errstate(divide="ignore"):
        np.put_along_axis(logs, order, np.log(np.abs(np.diagonal(triangular, axis1=1, axis2=2))), axis=1)
    logs[~living] = -np.inf
    return logs


def _shape(frames: Array) -> tuple[int, int, int]:
    if frames.ndim != 3 or not 1 <= frames.shape[2] <= frames.shape[1]:
        raise ValueError(f"frames must have shape (orbits, N, k) with 1 <= k <= N, got {frames.shape}")
    orbits, size, count = frames.shape
    return orbits, size, count


def _eliminate(frames: Array, scale: Array | None, noise: Noise | None, first: int) -> tuple[Array, Array]:
    """One pass for all orbits, counted from ``first``; those whose pivots could be rounding or leave the range, again."""
    columns = np.array(frames.transpose(2, 1, 0), dtype=float, order="C")
    rows = np.abs(columns).max(axis=0) if scale is None else np.ascontiguousarray(scale.T)
    pivots, places = _pivoted(columns)
    size = np.abs(pivots, out=pivots)
    floor = rows.reshape(-1).take(places)
    floor *= SUSPECT
    sound = size > np.maximum(floor, SMALL, out=floor)
    sound &= size < LARGE
    frame, logs = np.ascontiguousarray(columns.transpose(2, 1, 0)), np.log(size).T
    if not sound.all():
        sound |= (size == 0) & (np.where(rows > 0, rows, 1.0).min(axis=0) > SMALL)  # zero exactly, not by underflow
        doubtful = np.flatnonzero(~sound.all(axis=0))
        if len(doubtful):
            rounding = [None if noise is None else noise(first + o) for o in doubtful.tolist()]
            frame[doubtful], logs[doubtful] = _careful(frames[doubtful], rows[:, doubtful], rounding)
    return frame, logs


def _pivoted(columns: Array, judge: Judge | None = None) -> tuple[Array, Places]:
    """Turns ``columns`` (k, N, orbits) into frames in place; the pivots (k, orbits), 0 if dead, and their flat places."""
    count, size, orbits = columns.shape
    flat, work, orbit = columns.reshape(count, size * orbits), np.empty_like(columns), np.arange(orbits)
    pivots, places = np.empty((count, orbits)), np.empty((count, orbits), dtype=np.intp)
    for j in range(count):
        column, place = columns[j], places[j]
        if judge is not None:
            judge(j, columns, pivots, places)
        np.multiply(np.abs(column, out=work[j]).argmax(axis=0), orbits, out=place)
        place += orbit
        row = flat[j:].take(place, axis=1)
        pivots[j] = row[0]
        divisor = row[0] + TINY if judge is None else np.where(row[0] == 0, 1.0, row[0])  # 0/0 = 0; all others exact
        np.divide(column, divisor, out=column)
        if j + 1 < count:
            rest = columns[j + 1 :]
            rest -= np.multiply(column, row[1:, None], out=work[j + 1 :])
    return pivots, places


def _careful(frames: Array, rows: Array, rounding: Sequence[Array | None]) -> tuple[Array, Array]:
    """The same, with the largest entry of each orbit scaled to about 1 and rounding errors told from small pivots."""
    frames = np.where(np.isfinite(frames).all(axis=(1, 2), keepdims=True), frames, np.nan)
    rows = np.maximum(rows, np.abs(frames).max(axis=2).T)
    exponent = np.frexp(rows.max(axis=0))[1]
    frames, rows = np.ldexp(frames, -exponent[:, None, None]), np.ldexp(rows, -exponent)
    orbits, size, _ = frames.shape
    orbit = np.arange(orbits)
    # sizes of the errors in units of the rows' sizes
    known = [rows[:, [o]] if own is None else np.ldexp(own, -exponent[o]) for o, own in enumerate(rounding)]
    unit = [
        np.broadcast_to(own / np.where(rows > 0, rows, 1.0)[:, [o]], frames.shape[1:]) for o, own in enumerate(known)
    ]

    def judge(j: int, columns: Array, pivots: Array, places: Places) -> None:
        left = np.abs(columns[j])
        top = left.argmax(axis=0)
        suspect = (left[top, orbit] > 0) & (left[top, orbit] <= SUSPECT * rows[top, orbit])
        for o in np.flatnonzero(suspect):
            living = np.flatnonzero(pivots[:j, o])
            used = places[living, o] // orbits
            equal = frames[o] / np.where(rows[:, o] > 0, rows[:, o], 1.0)[:, None]  # X and Y after scaling of the rows
            alive = equal[:, living]
            X = np.linalg.solve(alive[used].T, alive.T).T
            Y = np.linalg.solve(alive[used], equal[used, j])
            E = unit[o][:, j] + unit[o][:, living] @ np.abs(Y)
            noise = rows[:, o] * (E + np.abs(X) @ E[used])
            columns[j, left[:, o] <= (size + SAFETY) * ROUNDING * noise, o] = 0.0

    columns = np.array(frames.transpose(2, 1, 0), order="C")
    pivots, _ = _pivoted(columns, judge)
    return columns.transpose(2, 1, 0), (np.log(np.abs(pivots)) + exponent * math.log(2)).T
