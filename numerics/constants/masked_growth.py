r"""A sequence of masks under which the products of one matrix grow: rho(D_p W ... D_1 W)^(1/p) with D_t of zeros and ones.

If this is more than 1, slopes in [0, 1] exist (those of a ReLU network are these masks) under which ||D_k W ... D_1 W|| grows
exponentially, and the masks say which: rho(D_p W ... D_1 W)^(1/p) <= jsr{D W}. Rows and columns that a mask removes are left
out: with the units K_t that D_t keeps, the product has the nonzero spectrum of the product of the factors W[K_t, K_(t-1)],
K_0 = K_p, as E_t E_t^T = D_t for the columns E_t of the identity with the units K_t, and rho(E X) = rho(X E). So
`product_growth` encloses the rate from entries of W alone. A block of one unit has |w|, exactly.

**Search.** Few units: all words of few masks, in the order of branch and bound. More: from a few masks, flips of the
entries that promise most by the derivative. With D_p W ... D_1 W v = lambda v and u* the left eigenvector, u* v = 1,
d lambda/d (D_j)_ii = conj(u_j)_i (W v_(j-1))_i, where v_j = D_j W v_(j-1) and u_(j-1)* = u_j* D_j W. And one cycle of the graph
of W with one unit at a time, whose rate is the geometric mean of |w_ij| over the cycle: the largest such mean is at least
rho(|W|)/n. None of this proves that no other masks grow faster.

Main definitions: `MaskedGrowth`, `growing_masks`, `search_masks`, `every_mask`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import product
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..certify import scaled_down, scaled_up
from ..enclosure import Enclosure, certified
from .gripenberg import SPELLED
from .matrix import Matrix, balanced, components, square_matrix
from .matrix_set import search_set
from .product_growth import product_growth

Masks = NDArray[np.float64]
FEW = 8  # units at most for which all masks are matrices of a set
PERIODS = (1, 2, 3, 4)  # lengths of the products from which the ascents start
WORK = 2e8  # n^3 times the eigenvalue problems of the ascents at most
EVALUATIONS = 500  # eigenvalue problems at most
STARTS = 10  # random ones for each length of products
STEPPED = 1e-9  # relative gain below which an ascent ends


@dataclass(frozen=True)
class MaskedGrowth:
    """Masks (p, n) of zeros and ones, row t - 1 for D_t, and ``rate`` = rho(D_p W ... D_1 W)^(1/p)."""

    masks: Masks
    rate: Enclosure


class _Growth(NamedTuple):
    """rho(D_p W ... D_1 W)^(1/p) in floats, and the derivative of rho by every entry of the masks."""

    rate: float
    slopes: Masks


def growing_masks(W: ArrayLike) -> MaskedGrowth:
    """The masks of the fastest growing product that was found: sup over D_t in [0, 1] grows at least so fast.

    rate.lower is a lower bound of the joint spectral radius of {D W}. Raises ValueError for a W that is no real finite
    square matrix of a floating dtype.

    >>> found = growing_masks([[2.0, 4.0], [-1.0, -2.0]])  # W^2 = 0, but unit 0 alone doubles in every step
    >>> found.masks.tolist(), found.rate.lower > 1.999
    ([[1.0, 0.0]], True)
    """
    matrix = square_matrix(W)
    parts = components(matrix)
    nilpotent = all(len(units) == 1 for units in parts) and not np.diag(matrix).any()
    best = MaskedGrowth(np.ones((1, len(matrix))), certified(0.0, upper=0.0 if nilpotent else math.inf))
    for units in parts:
        found, _ = search_masks(matrix[np.ix_(units, units)])
        if found.rate.lower > best.rate.lower:
            masks = np.zeros((len(found.masks), len(matrix)))
            masks[:, units] = found.masks
            best = MaskedGrowth(masks, found.rate)
    return best


def every_mask(n: int) -> Masks:
    """All (2^n - 1, n) masks but 0, in binary order."""
    return np.array(list(product((0.0, 1.0), repeat=n)))[1:]


def search_masks(W: Matrix) -> tuple[MaskedGrowth, float]:
    """(growth, upper) for an irreducible W: the best product found, and jsr <= upper, inf for more than 8 units."""
    n = len(W)
    if n == 1:
        size = abs(float(W[0, 0]))
        return MaskedGrowth(np.ones((1, 1)), certified(size, upper=size)), size
    B, _, exponent = balanced(W)
    tried = {masks.tobytes(): masks for masks in (_ascents(B), _best_cycle(W))}
    rates = {key: _growth(B, masks).rate for key, masks in tried.items()}
    upper = math.inf
    if n <= FEW:
        every = every_mask(n)
        places = 2 ** np.arange(n)[::-1]
        words = [tuple((masks.astype(np.intp) @ places - 1).tolist()) for masks in tried.values()]
        found = search_set(every[:, :, None] * B, words=words)
        upper = scaled_up(found.upper, exponent)
        masks = every[list(found.word)]
        tried.setdefault(masks.tobytes(), masks)
        rates.setdefault(masks.tobytes(), found.rate)
    best = MaskedGrowth(np.ones((1, n)), certified(0.0, upper=math.inf))
    for key in sorted(rates, key=lambda key: -rates[key]):
        if rates[key] <= scaled_down(best.rate.lower, -exponent):
            break
        rate = _rate(W, tried[key])
        best = MaskedGrowth(tried[key], rate) if rate.lower > best.rate.lower else best
    return best, upper


def _rate(W: Matrix, masks: Masks) -> Enclosure:
    """rho(D_p W ... D_1 W)^(1/p) from the entries of W between units that the masks keep."""
    kept = [np.flatnonzero(mask) for mask in masks]
    return product_growth([W[np.ix_(kept[t], kept[t - 1])] for t in range(len(kept))])


# --- the search, in floats ------------------------------------------------------------------------------------
def _ascents(W: Matrix) -> Masks:
    """The best masks that ascents from all ones and from a few random ones find."""
    n = len(W)
    left = int(np.clip(WORK // n**3, 3, EVALUATIONS))
    best = np.ones((1, n))
    rate = _growth(W, best).rate
    rng = np.random.default_rng(0)
    share = max(left // 2, 3)
    for period in PERIODS:
        if period * n > max(SPELLED, n):
            break
        for start in (np.ones((period, n)), *(rng.integers(0, 2, size=(STARTS, period, n)).astype(np.float64))):
            masks, reached, used = _ascent(W, start, share)
            left -= used
            share = max(left // 4, 1) if left > 0 else 0
            if reached > rate * (1 + STEPPED):
                best, rate = masks, reached
    return best


def _ascent(W: Matrix, masks: Masks, evaluations: int) -> tuple[Masks, float, int]:
    """(masks, growth, evaluations used): flips the entries whose derivative promises most, half as many after a failure and
    twice as many after a success.
    """
    if evaluations == 0:
        return masks, 0.0, 0
    here, used, number = _growth(W, masks), 1, max(masks.size // 8, 2)
    while used < evaluations:
        gain = np.where(masks > 0.5, -here.slopes, here.slopes).ravel()
        number = min(number, int((gain > 0.0).sum()))
        if number == 0:
            break
        changed = masks.copy().ravel()
        chosen = np.argsort(-gain)[:number]
        changed[chosen] = 1.0 - changed[chosen]
        there, used = _growth(W, changed.reshape(masks.shape)), used + 1
        if there.rate > here.rate * (1 + STEPPED):
            masks, here, number = changed.reshape(masks.shape), there, 2 * number
        else:
            number //= 2
    return masks, here.rate, used


def _growth(W: Matrix, masks: Masks) -> _Growth:
    period, n = masks.shape
    total = np.eye(n)
    for mask in masks:
        total = mask[:, None] * (W @ total)
    values, rights = np.linalg.eig(total)
    top = int(np.argmax(np.abs(values)))
    value, v = complex(values[top]), rights[:, top]
    size = abs(value)
    slopes = np.zeros_like(masks)
    try:
        u = np.linalg.inv(rights)[top].conj()  # u* v = 1 and |v| = 1
    except np.linalg.LinAlgError:
        return _Growth(0.0, slopes)
    with np.errstate(over="ignore"):
        condition = float(np.linalg.norm(u))
    if size == 0.0 or not condition < 1e12:
        return _Growth(0.0, slopes)
    ahead = [v]
    for mask in masks[:-1]:
        ahead.append(mask * (W @ ahead[-1]))
    for j in range(period - 1, -1, -1):
        slopes[j] = (value.conjugate() / size * np.conj(u) * (W @ ahead[j])).real
        u = W.T @ (masks[j] * u)
    return _Growth(size ** (1 / period), slopes)


def _best_cycle(W: Matrix) -> Masks:
    """One unit at a time along a cycle of the graph of W with nearly the largest geometric mean of |w_ij|.

    Every closed part of the heaviest walks of n steps is looked at; Karp's theorem puts a best cycle among them.
    """
    n = len(W)
    with np.errstate(divide="ignore"):
        size = np.log2(np.abs(W))
    heavy = np.zeros((n + 1, n))
    before = np.zeros((n + 1, n), dtype=np.intp)
    for k in range(n):
        total = size + heavy[k]
        before[k + 1] = np.argmax(total, axis=1)
        heavy[k + 1] = total[np.arange(n), before[k + 1]]
    best, cycle = -math.inf, [0]
    for end in range(n):
        walk = [end]
        for k in range(n, 0, -1):
            walk.append(int(before[k, walk[-1]]))
        seen: dict[int, int] = {}
        for place, unit in enumerate(walk):
            if unit in seen:
                start = seen[unit]
                mean = (heavy[n - start, unit] - heavy[n - place, unit]) / (place - start)
                if mean > best:
                    best, cycle = mean, walk[start:place]
            seen[unit] = place
    return np.eye(n)[cycle[::-1]]
