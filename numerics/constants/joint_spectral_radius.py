"""jsr{D W : D diagonal with entries in [0, 1]}, the largest growth rate per step of products D_k W ... D_1 W.

With slopes in [0, gamma] the Jacobians of all inputs vanish uniformly and exponentially if gamma jsr < 1. The diagonal
matrices of zeros and ones, the masks, suffice, as a product is affine in every entry of every D. Deciding jsr < 1 is hard
in general; what is given here is a bracket,

    rho(D_p W ... D_1 W)^(1/p) <= jsr <= omega(W) <= s(W),

with the best product that a small search finds and the scaled numerical radius. jsr is unchanged by diagonal similarity
and is the maximum over the diagonal blocks of the strongly connected components of W.

Main definition: `joint_spectral_radius`.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..enclosure import Enclosure, measured
from .matrix import Matrix, balanced, components, enclose, square_matrix
from .numerical_radius import radius_scaling
from .scaling import diagonal_scaling
from .spectral import perron_radius

Masks = NDArray[np.float64]
PERIODS = (1, 2, 3, 4)  # lengths of the products that are searched
EXHAUSTIVE = 10  # all masks are tried where there are at most so many entries in the masks of a product
WORK = 5e7  # n^3 times the eigenvalue problems of the search
EPS = float(np.finfo(float).eps)


class _Growth(NamedTuple):
    """rho(D_p W ... D_1 W)^(1/p), less its rounding, and the derivative of rho by every entry of the masks."""

    rate: float
    slopes: Masks


def joint_spectral_radius(W: ArrayLike) -> Enclosure:
    """jsr{D W : D = diag(d), 0 <= d_i <= 1} for one matrix W, by products of masks from below and omega(W) from above.

    rho(W) <= lower up to rounding, and upper <= min(s(W), rho(|W|)). residual: upper - lower, often ten percent or more.
    Raises ValueError for a W that is no real finite square matrix of a floating dtype; also for several matrices.

    >>> found = joint_spectral_radius([[2.0, 4.0], [-1.0, -2.0]])  # rho(W) is 0, but one unit alone has the factor 2
    >>> round(found.lower, 6), found.upper < 2.5
    (2.0, True)
    >>> joint_spectral_radius([[0.0, 1.0], [0.0, 0.0]]).upper
    0.0
    """
    parts = W if isinstance(W, list | tuple) else [W]
    if any(np.ndim(part) == (2 if parts is W else 3) for part in parts):
        raise ValueError(
            "W must be one matrix of shape (n, n), got several: their joint spectral radius is not implemented"
        )
    matrix = square_matrix(W)
    lower = upper = 0.0
    for units in components(matrix):
        block = matrix[np.ix_(units, units)]
        if len(units) == 1:
            least = most = abs(float(block[0, 0]))
        else:
            least, most = _bracket(block)
        lower, upper = max(lower, least), max(upper, most)
    return measured(lower, upper=upper, residual=upper - lower if lower < upper else 0.0)


def _bracket(W: Matrix) -> tuple[float, float]:
    """(lower, upper) for an irreducible W of size 2 or more."""
    B, _, exponent = balanced(W)
    start = diagonal_scaling(B, condition_limit=1e60)
    radius = radius_scaling(B, condition_limit=1e60, start=start).infimum.upper
    upper = min(radius, start.infimum.upper, perron_radius(B).upper)
    found = enclose(min(_search(B), upper), upper, exponent)
    return found.lower, found.upper


def _search(W: Matrix) -> float:
    """The largest growth found: all masks of short products of few units, else ascents from a few masks."""
    n = len(W)
    left = int(np.clip(WORK // n**3, 3, 300))
    best = _growth(W, np.ones((1, n))).rate
    rng = np.random.default_rng(0)
    for period in PERIODS:
        if n * period <= EXHAUSTIVE:
            best = max(best, _exhaustive(W, period))
            continue
        for masks in (np.ones((period, n)), *(rng.integers(0, 2, size=(4, period, n)).astype(np.float64))):
            share = max(left // 4, 1) if left > 0 else 0
            rate, used = _ascent(W, masks, share)
            best, left = max(best, rate), left - used
    return best


def _exhaustive(W: Matrix, period: int) -> float:
    """The largest growth of all products of so many masks, by the one that has the largest computed eigenvalue."""
    n = len(W)
    masks = np.array(list(product((0.0, 1.0), repeat=n * period))).reshape(-1, period, n)
    products = masks[:, 0, :, None] * W
    for step in range(1, period):
        products = masks[:, step, :, None] * (W @ products)
    radii = np.abs(np.linalg.eigvals(products)).max(axis=1)
    return max(_growth(W, masks[i]).rate for i in np.argsort(-radii)[:3])


def _ascent(W: Matrix, masks: Masks, evaluations: int) -> tuple[float, int]:
    """(growth, evaluations used): flips the entries whose derivative promises most, all, a half, a quarter, ... of them."""
    if evaluations == 0:
        return 0.0, 0
    here, used, ascends = _growth(W, masks), 1, True
    while ascends:
        ascends = False
        for changed in _flips(masks, here.slopes):
            if used == evaluations:
                break
            there, used = _growth(W, changed), used + 1
            if there.rate > here.rate * (1 + 1e-9):
                masks, here, ascends = changed, there, True
                break
    return here.rate, used


def _flips(masks: Masks, slopes: Masks) -> Iterator[Masks]:
    gain = np.where(masks > 0.5, -slopes, slopes).ravel()
    order = np.argsort(-gain)
    number = int((gain > 0.0).sum())
    while number > 0:
        changed = masks.copy().ravel()
        changed[order[:number]] = 1.0 - changed[order[:number]]
        yield changed.reshape(masks.shape)
        number //= 2


def _growth(W: Matrix, masks: Masks) -> _Growth:
    """The growth of one product and its derivatives, from the eigenvectors of the eigenvalue of largest modulus.

    With D_p W ... D_1 W v = lambda v and u* the left eigenvector, u* v = 1, d lambda/d (D_j)_ii = conj(u_j)_i
    (W v_(j-1))_i where v_j = D_j W v_(j-1) and u_(j-1)* = u_j* D_j W. Rounding moves lambda by about n eps ||product|| |u| |v|.
    """
    period, n = masks.shape
    total = np.eye(n)
    for mask in masks:
        total = mask[:, None] * (W @ total)
    values, rights = np.linalg.eig(total)
    top = int(np.argmax(np.abs(values)))
    value, v = complex(values[top]), rights[:, top]
    try:
        u = np.linalg.inv(rights)[top].conj()  # u* v = 1 and |v| = 1
    except np.linalg.LinAlgError:
        return _Growth(0.0, np.zeros_like(masks))
    with np.errstate(over="ignore"):
        size, condition = abs(value), float(np.linalg.norm(u))
    if size == 0.0 or not condition < 1e12:
        return _Growth(0.0, np.zeros_like(masks))
    radius = size - n * EPS * float(np.linalg.norm(total)) * condition
    ahead = [v]
    for mask in masks[:-1]:
        ahead.append(mask * (W @ ahead[-1]))
    slopes = np.empty_like(masks)
    for j in range(period - 1, -1, -1):
        slopes[j] = (value.conjugate() / size * np.conj(u) * (W @ ahead[j])).real
        u = W.T @ (masks[j] * u)
    return _Growth(max(radius, 0.0) ** (1 / period), slopes)
