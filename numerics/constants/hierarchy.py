r"""rho(W) <= jsr{D W} <= omega(W) <= s(W) <= min(||W||_2, rho(|W|)), rho(|W|) <= ||W||_inf <= n max|w_ij|, in one call.

D runs over the diagonal matrices with entries in [0, 1], s(W) is the infimum over positive diagonal L of ||L W L^-1||_2,
omega(W) that of the numerical radius w(L W L^-1). Neither rho(|W|) <= ||W||_2 nor the reverse holds in general. If every
slope lies in [0, gamma], a bracket of jsr{D W} below 1/gamma means that the state Jacobian vanishes uniformly.

**Each link, for every real W (n, n).**
* rho(W) <= jsr: W^k is one of the products of k factors D W, with D = I.
* jsr <= omega: let w = w(A) < 1 for A = L W L^-1, and y_(j+1) = D_j A y_j, j < k. The entries d of D_j obey
  d (1 - d) >= 0, so y_(j+1)^T A y_j >= |y_(j+1)|^2. The block tridiagonal matrix T of k + 1 blocks with 2 I on the
  diagonal, A below and A^T above it has the symbol 2 I + e^(i t) A + e^(-i t) A^T >= 2 (1 - w) I, so x^T T x >=
  2 (1 - w) |x|^2 by Parseval. With x = (y_0, -y_1, y_2, ...) this reads

      2 (1 - w) sum_j |y_j|^2 <= x^T T x = 2 sum_(j>=0) |y_j|^2 - 2 sum_(j<k) y_(j+1)^T A y_j <= 2 |y_0|^2,

  so |y_k|^2 <= |y_0|^2/(1 - w) for all k and all D_j. D_j commutes with L: the products of D W are bounded by
  kappa(L) (1 - w)^(-1/2), hence jsr <= 1. For W/t in place of W with t > w(A): jsr <= t; so jsr <= w(L W L^-1) for
  every L.
* omega <= s: |x* A x| <= ||A||_2 |x|^2 for every A = L W L^-1.
* s <= ||W||_2: L = I.
* s <= rho(|W|): for t > rho(|W|) the series x = sum_k |W|^k 1/t^k and y = sum_k (|W|^T)^k 1/t^k of vectors are at
  least 1, and |W| x <= t x, |W|^T y <= t y. With l_i^2 = y_i/x_i and p_i^2 = x_i y_i this says L |W| L^-1 p <= t p and
  (L |W| L^-1)^T p <= t p, so ||L |W| L^-1||_2 <= t by Schur's test, and ||L W L^-1||_2 is at most that, entry by entry.
* rho(|W|) <= ||W||_inf: a spectral radius is at most an induced norm, and |W| has the row sums of W.
* ||W||_inf <= n max|w_ij|: a row sum has n terms. ||W||_2 <= n max|w_ij|: by the Frobenius norm.

**Tightening.** So a lower end of a smaller number is a lower end of every larger one, and an upper end of a larger number
one of every smaller one: of two brackets [a, b] and [c, d] with x <= y the pair (x, y) also lies in [a, min(b, d)] x
[max(a, c), d]. No rounding occurs. What is tightened has the weakest evidence of what it was made of, and only brackets
whose evidence is no weaker than its own tighten it: nothing certified becomes narrower and less certain.

Main definitions: `Hierarchy`, `hierarchy`, `ROWS`, `LINKS`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from numpy.typing import ArrayLike

from ...theory.evidence import LADDER
from ..enclosure import Enclosure, certified, exact
from .eigenvalues import spectral_radius
from .joint_spectral_radius import joint_spectral_radius
from .matrix import Matrix, square_matrix
from .numerical_radius import radius_scaling
from .perron import perron_radius
from .scaling import diagonal_scaling
from .spectral import max_abs, row_sum_norm, spectral_norm

ROWS = (
    "spectral_radius",
    "joint_spectral_radius",
    "scaled_numerical_radius",
    "diagonal_scaling_norm",
    "spectral_norm",
    "perron_radius",
    "row_sum_norm",
    "n_max_abs",
)
# (smaller, larger); every link into a row stands before every link out of it.
LINKS = (
    ("spectral_radius", "joint_spectral_radius"),
    ("joint_spectral_radius", "scaled_numerical_radius"),
    ("scaled_numerical_radius", "diagonal_scaling_norm"),
    ("diagonal_scaling_norm", "spectral_norm"),
    ("diagonal_scaling_norm", "perron_radius"),
    ("perron_radius", "row_sum_norm"),
    ("spectral_norm", "n_max_abs"),
    ("row_sum_norm", "n_max_abs"),
)


@dataclass(frozen=True)
class Hierarchy:
    """The size n of a matrix and the bracket of each of `ROWS`, tightened along `LINKS`."""

    n: int
    brackets: Mapping[str, Enclosure]


def hierarchy(
    W: ArrayLike, *, known: Mapping[str, Enclosure] | None = None, searched: Collection[str] = ROWS
) -> Hierarchy:
    """Brackets of all `ROWS` of a matrix W (n, n): lower <= x <= upper for each, in the order of `LINKS`.

    ``known`` holds brackets that are there already, by row; they are not computed again. A row that is neither known nor
    in ``searched`` has only what its neighbors say: s(W) and the radii below it cost more than all others together.

    Raises ValueError for a W that is no real finite square matrix of a floating dtype, and for a row that is none.

    >>> found = hierarchy([[2.0, 4.0], [-1.0, -2.0]]).brackets  # nilpotent; one unit alone has the factor 2
    >>> [round(found[row].upper, 3) for row in ("spectral_radius", "joint_spectral_radius", "row_sum_norm", "n_max_abs")]
    [0.0, 2.0, 6.0, 8.0]
    >>> all(found[small].upper <= found[large].upper for small, large in LINKS)
    True
    """
    matrix = square_matrix(W)
    found = dict(known or {})
    for row in (*found, *searched):
        if row not in ROWS:
            raise ValueError(f"rows must be among {', '.join(ROWS)}, got {row!r}")
    found |= _computed(matrix, [row for row in ROWS if row in searched and row not in found])
    trivial = certified(0.0, upper=math.inf)  # all of them are nonnegative
    return Hierarchy(len(matrix), tightened({row: found.get(row, trivial) for row in ROWS}))


def _computed(W: Matrix, rows: Collection[str]) -> dict[str, Enclosure]:
    """The brackets of some rows; one scaling serves the three that need one."""
    simple: dict[str, Callable[[Matrix], Enclosure]] = {
        "spectral_radius": spectral_radius,
        "spectral_norm": spectral_norm,
        "perron_radius": perron_radius,
        "row_sum_norm": row_sum_norm,
        "n_max_abs": lambda matrix: exact(len(matrix)) * max_abs(matrix),
    }
    found = {row: simple[row](W) for row in rows if row in simple}
    if not set(rows) - set(simple):
        return found
    start = diagonal_scaling(W)
    radius = radius_scaling(W, start=start) if set(rows) - {*simple, "diagonal_scaling_norm"} else None
    if "diagonal_scaling_norm" in rows:
        found["diagonal_scaling_norm"] = start.infimum
    if radius is not None and "scaled_numerical_radius" in rows:
        found["scaled_numerical_radius"] = radius.infimum
    if "joint_spectral_radius" in rows:
        found["joint_spectral_radius"] = joint_spectral_radius(W, start=start, radius=radius)
    return found


def tightened(brackets: Mapping[str, Enclosure]) -> dict[str, Enclosure]:
    """Brackets of numbers that obey `LINKS`, each made as narrow as the others make it.

    >>> certain = {row: certified(1.0, upper=8.0) for row in ROWS} | {"spectral_norm": certified(3.0, upper=5.0)}
    >>> found = tightened(certain)
    >>> found["spectral_radius"], found["row_sum_norm"], found["n_max_abs"]
    (Enclosure(1.0, 5.0, certified), Enclosure(1.0, 8.0, certified), Enclosure(3.0, 8.0, certified))
    """
    found = dict(brackets)
    for small, large in LINKS:
        if _helps(found[small], found[large]) and found[small].lower > found[large].lower:
            found[large] = found[large].maximum(found[small]).minimum(exact(found[large].upper))
    for small, large in reversed(LINKS):
        if _helps(found[large], found[small]) and found[large].upper < found[small].upper:
            found[small] = found[small].minimum(found[large]).maximum(exact(found[small].lower))
    for small, large in LINKS:
        if not _consistent(found[small], found[large]):
            raise ValueError(
                f"brackets must belong to one matrix, got {small} {found[small]!r} above {large} {found[large]!r}"
            )
    return found


def _helps(other: Enclosure, own: Enclosure) -> bool:
    """Whether a bracket may tighten another: no weaker evidence, and no contradiction, which rounding may make.

    Where nothing is known of a number, any evidence is more.
    """
    unknown = own.lower == 0.0 and own.upper == math.inf
    overlap = other.lower <= own.upper and own.lower <= other.upper
    return overlap and (unknown or LADDER.index(other.evidence) <= LADDER.index(own.evidence))


def _consistent(small: Enclosure, large: Enclosure) -> bool:
    return small.lower <= large.upper or "measured" in (small.evidence, large.evidence)
