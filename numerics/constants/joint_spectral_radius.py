r"""jsr, the largest growth rate per step of products of given matrices, or of {D W : D diagonal with entries in [0, 1]}.

jsr = lim over k of max ||A_(w_k) ... A_(w_1)||^(1/k) over words w of length k, in any norm. With slopes in [0, gamma] the
Jacobians D_k W ... D_1 W of all inputs vanish uniformly and exponentially if gamma jsr{D W} < 1. The diagonal matrices of
zeros and ones, the masks, suffice there: a product is affine in every entry of every D. Deciding jsr < 1 is hard in general;
what is given is an interval, of which both ends are proved.

**Lower end.** rho(A_w)^(1/|w|) <= jsr for every word, as ||A_w^k|| >= rho(A_w)^k: the radius of one explicit product of the
exact matrices (`product_growth`).

**Upper end.** For a set: branch and bound over words in a norm that suits the set, and invariant polytopes (`matrix_set`). For
one W: the same for its 2^n - 1 masked copies while n <= 8, and always rho(|W|), as |D_k W ... D_1 W| <= |W|^k entry by entry,
and omega(W) <= s(W), the scaled numerical radius (`radius_scaling`). omega bounds the masked products of *one* matrix
only: A_1 = [[0, 2], [0, 0]] and A_2 = A_1^T have numerical radius 1 and jsr{A_1, A_2} = 2.

**Blocks.** If the entries of all matrices vanish outside of a block triangle (of W, as masks add none), jsr is the maximum
over the diagonal blocks of the strongly connected components of the graph of max_i |A_i|: in a basis scaled by
powers of epsilon what is off the diagonal tends to 0. A block of one unit has max_i |a_i|, exactly. Scalings by powers of
two change no digit; entries that become subnormal are wrong by less than 2^-1070, which the search adds.

The two ends are equal only where an exact argument closes the interval: blocks of one unit, a product whose radius is known
exactly, products of n factors that are all 0. An interval of any width tells nothing of whether a finite product attains jsr.

Main definitions: `joint_spectral_radius`, `several_matrices`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ..certify import scaled_down, scaled_up
from ..enclosure import Enclosure, certified, measured
from .eigenvalues import spectral_radius
from .many_norms import Stack
from .masked_growth import search_masks
from .matrix import Matrix, balanced, components, fingerprint, square_matrix
from .matrix_set import GAP, search_set, vanishes
from .numerical_radius import RadiusScaling, radius_scaling
from .perron import perron_radius
from .product_growth import product_growth
from .scaling import Scaling, diagonal_scaling

FAR = 1e60  # condition of a scaling at most
EXACT = 2e5  # m n^4 at most for the exact test of whether all products vanish


def joint_spectral_radius(
    W: ArrayLike, *, start: Scaling | None = None, radius: RadiusScaling | None = None
) -> Enclosure:
    """jsr{D W : D = diag(d), 0 <= d_i <= 1} for one matrix W (n, n), jsr(A_1, ..., A_m) for several of one size.

    Several are a list or tuple of (n, n) arrays or an array (m, n, n). rho(W) <= jsr <= min(omega(W), rho(|W|)) for one W;
    max_i rho(A_i) <= jsr for a set. The relative width is about 2e-5 for most W of up to 8 units and most sets of a few
    small matrices, in about a second at most. For more units the lower end comes from ascents that may miss the fastest
    product and the upper end is omega(W): ten percent or more are usual. For more than about 16 rows in a set the norm is
    a rough one, and the factor sqrt m may stay.

    ``start`` is what `diagonal_scaling`, and ``radius`` what `radius_scaling` found for this very W; they save time for
    more than 8 units. Evidence: certified, or the weaker evidence of a ``radius``
    that was given.

    Raises ValueError for a W that is no real finite square matrix of a floating dtype, for matrices of different sizes, for
    an empty list, and for a ``start`` or ``radius`` of another size or with several matrices.

    >>> found = joint_spectral_radius([[2.0, 4.0], [-1.0, -2.0]])  # rho(W) is 0, but one unit alone has the factor 2
    >>> 1.99999 < found.lower <= found.upper < 2.00005
    True
    >>> joint_spectral_radius([[0.0, 1.0], [0.0, 0.0]]).upper
    0.0
    >>> golden = joint_spectral_radius([np.array([[1.0, 1.0], [0.0, 1.0]]), np.array([[1.0, 0.0], [1.0, 1.0]])])
    >>> golden.lower < 1.618033988749895 < golden.upper < 1.6180339888
    True
    """
    several = several_matrices(W)
    given = {"start": start, "radius": radius}
    if several is not None:
        for name, known in given.items():
            if known is not None:
                raise ValueError(f"{name} belongs to one matrix W, got {len(several)} matrices with it")
        return _of_set(several)
    matrix = square_matrix(W)
    for name, known in given.items():
        if known is not None and len(known.diagonal) != len(matrix):
            raise ValueError(f"{name} must scale {len(matrix)} units, got {len(known.diagonal)}")
        if known is not None and known.matrix != fingerprint(matrix):
            raise ValueError(f"{name} must be what was found for this very W, got that of another matrix")
    return _of_masks(matrix, start, radius)


def several_matrices(W: ArrayLike) -> Stack | None:
    """The (m, n, n) array of several matrices, or None for what is meant to be one."""
    if isinstance(W, list | tuple):
        if not len(W):
            raise ValueError("W must be a matrix or one or more matrices, got an empty sequence")
        if not all(np.ndim(part) == 2 for part in W):
            return None
        parts = list(W)
    elif np.ndim(W) == 3:
        parts = list(np.asarray(W))
        if not parts:
            raise ValueError("W must be a matrix or one or more matrices, got an array without any")
    else:
        return None
    matrices = [square_matrix(part) for part in parts]
    sizes = sorted({len(matrix) for matrix in matrices})
    if len(sizes) > 1:
        raise ValueError(f"W must have matrices of one size, got sizes {sizes}")
    return np.stack(matrices)


# --- one matrix with masks ------------------------------------------------------------------------------------
def _of_masks(W: Matrix, start: Scaling | None, radius: RadiusScaling | None) -> Enclosure:
    parts = components(W)
    found = _point(0.0)
    for units in parts:
        block = W[np.ix_(units, units)]
        grown, upper = search_masks(block)
        if len(units) == 1:
            found = found.maximum(_point(upper))
            continue
        rate = grown.rate
        bound = perron_radius(block).minimum(certified(0.0, upper=upper))
        if rate.lower * (1 + GAP) < bound.upper:
            if radius is None:
                given = start if len(parts) == 1 else None
                omega = radius_scaling(
                    block, condition_limit=FAR, start=given or diagonal_scaling(block, condition_limit=FAR)
                ).infimum
            else:
                omega = radius.infimum
            bound = bound.minimum(omega)
        found = found.maximum(_between(rate, bound))
    return found


def _point(value: float) -> Enclosure:
    """A number that no rounding touched."""
    return certified(value, upper=value)


def _between(lower: Enclosure, upper: Enclosure) -> Enclosure:
    """[lower.lower, upper.upper], with the weaker evidence."""
    least, most = lower.lower, upper.upper
    if lower.evidence == upper.evidence == "certified":
        return certified(least, upper=most)
    return measured(min(least, most), upper=most, residual=max(most - least, 0.0))


# --- several matrices -----------------------------------------------------------------------------------------
def _of_set(A: Stack) -> Enclosure:
    found = _point(0.0)
    for units in components(np.abs(A).max(axis=0)):
        block = np.unique(A[:, units[:, None], units], axis=0)
        block = block[np.abs(block).max(axis=(1, 2)) > 0.0]
        if len(block):
            found = found.maximum(_of_block(block))
    return found


def _of_block(A: Stack) -> Enclosure:
    """The interval for different nonzero matrices whose entries make an irreducible one."""
    m, n, _ = A.shape
    if n == 1:
        return _point(float(np.abs(A).max()))
    if m == 1:
        return spectral_radius(A[0])
    _, shift, exponent = balanced(np.abs(A).max(axis=0))
    B = np.ldexp(A, shift[:, None] - shift - exponent)
    found = search_set(B)
    rate = product_growth([A[i] for i in found.word]) if found.word else _point(0.0)
    if rate.lower < scaled_down(found.rate, exponent) * (1 - GAP):
        for matrix in A[: 1000 // n]:
            rate = rate.maximum(spectral_radius(matrix))
    if rate.lower == 0.0 and m * n**4 <= EXACT and vanishes(A):
        return _point(0.0)
    return _between(rate, certified(0.0, upper=scaled_up(found.upper, exponent)))
