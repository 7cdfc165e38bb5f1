r"""Which columns are lost: r_jj <= |q_j|^T (e_j + sum_l |y_l| e_l), what is left of one within the rounding errors e.

Main definitions: `independent`, `uncertainty`.
"""

from __future__ import annotations

import numpy as np
import scipy.linalg
from numpy.typing import NDArray

from ..axes import Array

EPS = float(np.finfo(float).eps)
SUSPECT = EPS**0.5  # a pivot above this share of its row is not made of rounding errors
SAFETY = 16  # roundings of the frame itself, beside the N of a sum
Indices = NDArray[np.intp]


def uncertainty(frame: Array, last: tuple[Array, Array] | None) -> Array:
    """What the entries of a frame are known to, up to rounding, ``(N, k)``: their own size, and what elimination left there.

    An entry of row i and column j is z_ij / u_jj with z_ij known to rounding of s_i, the size of the row; ``last`` holds s
    and |u_jj|, and is None where every entry counts as one.
    """
    own = np.abs(frame)
    if last is None:
        return np.where(own > 0, 1.0, 0.0)
    sizes, pivots = last
    left = np.minimum(1.0, sizes[:, None] / np.where(pivots > 0, pivots, 1.0))
    return np.maximum(own, np.where(own > 0, left, 0.0))


def independent(columns: Array, noise: Array) -> Indices:
    r"""The columns ``(N, k)`` that are not in the span of those before them, to working precision, by QR with sorted rows.

    Entry (i, j) is known to N eps times ``noise (N, k)``, and a little more. With z_j = sum_l y_l z_l + r_jj q_j over the
    earlier columns, r_jj is known to |q_j|^T (e_j + sum_l |y_l| e_l), e the errors of the columns, and the column is lost if
    r_jj is no larger than that.
    """
    sizes = noise.max(axis=1)
    order = np.argsort(-sizes, kind="stable")
    errors = 8 * (len(columns) + SAFETY) * EPS * noise[order]
    keep: Indices = np.arange(columns.shape[1])
    first = 0  # columns before it are independent
    while first < len(keep):
        q, r = scipy.linalg.qr(columns[np.ix_(order, keep)], mode="economic", check_finite=False)
        suspect = np.flatnonzero(np.abs(np.diagonal(r))[first:] <= SUSPECT * sizes[order][first : len(keep)])
        if not len(suspect):
            break
        first += int(suspect[0])
        combined = np.abs(scipy.linalg.solve_triangular(r[:first, :first], r[:first, first:]))
        known = np.abs(q[:, first:]).T @ (errors[:, keep[first:]] + errors[:, keep[:first]] @ combined)
        lost = np.abs(np.triu(r[first:, first:])) <= known
        if lost.all():
            keep = keep[:first]
        elif lost[0, 0]:
            # a lost column has used up a row that a later one may need: without it, once more
            keep = np.delete(keep, first)
        else:
            first += 1
    return keep
