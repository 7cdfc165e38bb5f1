r"""jsr <= c by a polytope that every matrix maps into c times itself.

Let the columns of V (n, N) span R^n and |x| = min {||y||_1 : V y = x}, the norm whose unit ball is the convex hull of the
columns and their negatives. If |A_i v_k| <= c for every column v_k then |A_i x| <= sum_k |y_k| |A_i v_k| <= c ||y||_1 for x = V y,
so |A_i x| <= c |x| and jsr <= c.

**Search** (Guglielmi, Wirth & Zennaro 2005). From the leading eigenvector of a product A_w of large rate r =
rho(A_w)^(1/|w|) and its images under the first factors of w, all images under A_i/(r (1 + slack)) that lie outside are
added until none does. For slack > 0 and jsr <= r this ends, as the images tend to 0; for slack = 0 it often does, and then
jsr = r up to rounding.

**Rounding.** Let ||A_i - B_i||_2 <= e_i, V float. For *any* float coefficients y (here of a facet that the image meets) and
z = B_i v_k - V y, |A_i v_k| <= ||y||_1 + G (||z||_1 + sqrt(n) e_i ||v_k||_2), where G >= |e_j| for all unit vectors e_j.
Computed, z is off by at most gamma_(2n+2) (|B_i| |v_k| + |V| |y|), y having n entries that are not 0. For G, take n of the
columns, V_0, and float Y near V_0^-1, f >= the largest column sum of |I - V_0 Y|, f < 1: from e_j = V_0 Y e_j + (I - V_0 Y) e_j
follows G <= max_j ||Y e_j||_1 + G f. V_0 is invertible by f < 1, so that the columns span.

Main definitions: `invariant_polytope`, `images`, `polytope_rate`.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import qr
from scipy.spatial import ConvexHull, QhullError

from ..certify import SLACK, TINY, U, gamma
from .ellipsoid import Similar
from .many_norms import Stack
from .matrix import Matrix

MOST = {2: 400, 3: 150, 4: 60}  # vertices at most by dimension; in five the hulls are already too large
ROUNDS = 150  # of images of images at most
NEIGHBORS = {2: 3, 3: 24, 4: 48}  # simplices tried for an image: flat facets are cut into several
OUTSIDE = 1e-11  # what is farther out counts as outside, so that rounding does not add vertices for ever


class Images(NamedTuple):
    """For every matrix i and vertex k in order: n vertices, and signed coefficients of about B_i v_k in them."""

    simplices: NDArray[np.intp]
    coefficients: Matrix


def invariant_polytope(B: Stack, rate: float, word: tuple[int, ...], *, slack: float) -> Matrix | None:
    """Vertices (N, n) of a symmetric polytope that the search from ``word`` ends with, in floats; None if it does not.

    >>> pair = np.array([[[1.0, 0.0], [1.0, 0.0]], [[0.0, 1.0], [0.0, -1.0]]])
    >>> len(invariant_polytope(pair, 1.0, (0,), slack=0.0))
    2
    """
    n = B.shape[-1]
    A = B / (rate * (1 + slack))
    try:
        points = new = _first(B / rate, word)
        for _ in range(ROUNDS):
            facets = _facets(points)
            outer = (A[:, None] @ new[None, :, :, None]).reshape(-1, n)
            outer = outer[(outer @ facets.T).max(axis=1, initial=0.0) > 1 + OUTSIDE]
            if not len(outer):
                return points
            together = np.concatenate([points, outer])
            if not np.abs(together).max() < 1e6 * np.abs(points[0]).max():
                return None
            kept = np.unique(ConvexHull(np.concatenate([together, -together])).vertices % len(together))
            if len(kept) > MOST.get(n, 0):
                return None
            new = together[kept[kept >= len(points)]]
            points = together[kept]
            if not len(new):
                return points
    except (QhullError, np.linalg.LinAlgError):
        return None
    return None


def _first(A: Stack, word: tuple[int, ...]) -> Matrix:
    """The leading eigenvector of A_w and its images, with small vectors in the directions that are missing."""
    n = A.shape[-1]
    total = np.eye(n)
    for letter in word:
        total = A[letter] @ total
    values, vectors = np.linalg.eig(total)
    leading = vectors[:, int(np.argmax(np.abs(values)))]
    starts = [leading.real, leading.imag] if np.abs(leading.imag).max() > 1e-9 else [leading.real]
    points = []
    for x in starts:
        for letter in word:
            points.append(x)
            x = A[letter] @ x
    found = np.array(points)
    _, sizes, directions = np.linalg.svd(found)
    weak = np.append(sizes, np.zeros(n))[:n] < 1e-3 * sizes[0]
    return np.concatenate([found, 0.01 * float(np.abs(found).max()) * directions[weak]])


def _facets(points: Matrix) -> Matrix:
    """Rows f with f x <= 1 on the symmetric hull of the points."""
    equations = ConvexHull(np.concatenate([points, -points])).equations
    return np.asarray(-equations[:, :-1] / equations[:, -1:])


def images(B: Stack, vertices: Matrix) -> Images | None:
    """The images of the vertices under the matrices, each in the vertices of a facet that its ray meets; in floats."""
    N, n = vertices.shape
    both = np.concatenate([vertices, -vertices])
    try:
        hull = ConvexHull(both)
    except QhullError:
        return None
    corners = both[hull.simplices].transpose(0, 2, 1)
    flat = np.abs(np.linalg.det(corners)) < 1e-13 * np.abs(both).max() ** n  # of a facet that was cut into simplices
    inverses = np.linalg.inv(np.where(flat[:, None, None], np.eye(n), corners))
    mapped = (B[:, None] @ vertices[None, :, :, None]).reshape(-1, n)
    heights = mapped @ (-hull.equations[:, :-1] / hull.equations[:, -1:]).T
    number = min(NEIGHBORS[n], heights.shape[1])
    near = np.argpartition(-heights, number - 1, axis=1)[:, :number]
    tried = np.einsum("kfij,kj->kfi", inverses[near], mapped)
    best = np.argmin(np.where(flat[near], math.inf, np.abs(tried).sum(axis=2)), axis=1)
    every = np.arange(len(mapped))
    simplices, coefficients = hull.simplices[near[every, best]], tried[every, best]
    return Images((simplices % N).astype(np.intp), np.where(simplices < N, coefficients, -coefficients))


def polytope_rate(matrices: Similar, vertices: Matrix) -> float:
    """A proved c >= jsr from the hull of any (N, n) vertices; inf where they are not shown to span, or rounding is too large.

    >>> pair = Similar(np.array([[[0.0, 1.0], [0.0, 0.0]], [[0.0, 0.0], [1.0, 0.0]]]), np.zeros(2))
    >>> bool(1.0 <= polytope_rate(pair, np.eye(2)) < 1.0 + 1e-12)
    True
    """
    B, errors = matrices
    N, n = vertices.shape
    size = float(np.abs(vertices).max(initial=0.0))
    if n not in MOST or not 0.0 < size < math.inf:
        return math.inf
    V = np.ldexp(vertices, -math.frexp(size)[1])
    found = images(B, V)
    unit = _unit_vectors(V)
    if found is None or not math.isfinite(unit) or not np.isfinite(found.coefficients).all():
        return math.inf
    used, y = V[found.simplices], found.coefficients  # (m N, n, n), (m N, n)
    ahead = (B[:, None] @ V[None, :, :, None]).reshape(-1, n)
    majorant = (np.abs(B)[:, None] @ np.abs(V)[None, :, :, None]).reshape(-1, n)
    majorant = majorant + np.einsum("kj,kji->ki", np.abs(y), np.abs(used))
    z = np.abs(ahead - np.einsum("kj,kji->ki", y, used)) * (1 + 4 * U) + gamma(2 * n + 4) * majorant * SLACK + n * TINY
    away = math.sqrt(n) * np.repeat(errors, N) * np.tile(np.sqrt((V**2).sum(axis=1) + n * TINY), len(B)) * SLACK
    grown = 1 + gamma(n + 8)
    rest = unit * (z.sum(axis=1) * grown + away * grown) * SLACK
    return float(((np.abs(y).sum(axis=1) * grown + rest) * SLACK).max())


def _unit_vectors(V: Matrix) -> float:
    """G, a bound of the norms of the unit vectors."""
    n = V.shape[1]
    chosen = qr(V.T, mode="r", pivoting=True)[1][:n]
    basis = V[chosen].T
    try:
        Y = np.linalg.inv(basis)
    except np.linalg.LinAlgError:
        return math.inf
    with np.errstate(over="ignore", invalid="ignore"):
        off = np.abs(basis @ Y - np.eye(n)) * (1 + 4 * U) + gamma(n + 2) * (np.abs(basis) @ np.abs(Y) + 1.0)
        fault = float(off.sum(axis=0).max()) * (1 + gamma(n + 4)) * SLACK
        largest = float(np.abs(Y).sum(axis=0).max()) * (1 + gamma(n + 4)) * SLACK
    return largest / (1 - fault) * SLACK if fault < 0.5 else math.inf
