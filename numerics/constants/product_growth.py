r"""rho(A_k ... A_1)^(1/k), the growth rate of the periodic product ... A_k ... A_1 A_k ... A_1.

It is the spectral radius of the block cyclic matrix with A_j in block row j, block column j - 1 (A_1 in column k), since the
k-th power of that matrix is block diagonal with the cyclic rotations of A_k ... A_1, which have one nonzero spectrum. Its
entries are those of the factors, so that nothing is rounded before `spectral_radius` begins. Where multiple eigenvalues
leave much open, a simple one of largest modulus is enclosed by itself (`simple_eigenvalue`). Where the leading eigenvalue
is multiple, "rho(A_k ... A_1) >= r^k?" is decided in rational arithmetic (`radius_at_least`) for a few r just below
the float estimate, if the factors are few and small.

Main definition: `product_growth`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from ...theory.growth_certificate import radius_at_least
from ..enclosure import Enclosure, certified
from .eigenvalues import spectral_radius
from .matrix import Matrix
from .simple_eigenvalue import radius_from_simple_eigenvalue

SMALL = 6  # rows of factors that are multiplied as fractions
SHORT = 40  # and factors of such a product
CLOSE = 1e-9  # relative width from which on it is asked
MARGINS = (4e-15, 1e-13, 1e-10, 1e-8, 1e-6)  # below an estimate


def product_growth(factors: Sequence[Matrix]) -> Enclosure:
    """rho(A_k ... A_1)^(1/k) for factors A_1, ..., A_k of shapes that fit, A_j (n_j, n_(j-1)) with n_0 = n_k.

    The evidence is that of the spectral radius.

    >>> found = product_growth([np.array([[1.0, 1.0], [0.0, 1.0]]), np.array([[1.0, 0.0], [1.0, 1.0]])])
    >>> found.lower < 1.618033988749895 < found.upper < 1.6180339888
    True
    """
    matrix = _block_cyclic(factors)
    found = spectral_radius(matrix)
    if found.upper - found.lower > CLOSE * found.upper:
        found = _raised(found, radius_from_simple_eigenvalue(matrix))
    if found.upper - found.lower > CLOSE * found.upper and len(factors[0]) <= SMALL and len(factors) <= SHORT:
        found = _raised(found, _exactly_below(factors, found))
    return found


def _raised(found: Enclosure, least: float) -> Enclosure:
    return found if least <= found.lower else found.maximum(certified(least, upper=least))


def _block_cyclic(factors: Sequence[Matrix]) -> Matrix:
    sizes = [len(factor) for factor in factors]
    ends = np.cumsum(sizes)
    matrix = np.zeros((int(ends[-1]), int(ends[-1])))
    for j, factor in enumerate(factors):
        before = (j - 1) % len(factors)
        rows = slice(int(ends[j]) - sizes[j], int(ends[j]))
        columns = slice(int(ends[before]) - sizes[before], int(ends[before]))
        matrix[rows, columns] = factor
    return matrix


def _exactly_below(factors: Sequence[Matrix], found: Enclosure) -> float:
    """A float r with rho(A_k ... A_1) >= r^k, by rational arithmetic; 0 if none of a few was large enough."""
    total: NDArray[np.object_] = np.array([[Fraction(0)]])
    for j, factor in enumerate(factors):
        exact = np.array([[Fraction(entry) for entry in row] for row in factor.tolist()], dtype=object)
        total = exact if j == 0 else exact @ total
    rates = {rate * (1 - margin) for rate in _estimates(factors) for margin in MARGINS}
    for rate in sorted(rates, reverse=True):
        if rate <= found.lower:
            break
        if rate <= found.upper and radius_at_least(total.tolist(), Fraction(rate) ** len(factors)):
            return rate
    return 0.0


def _estimates(factors: Sequence[Matrix]) -> list[float]:
    """The growth rate in floats: of the largest modulus, and of means of the largest moduli, as roundings split a multiple
    eigenvalue into a ring around it.
    """
    total, exponent = np.eye(factors[0].shape[1]), 0.0
    for factor in factors:
        size = float(np.abs(factor).max())
        if size == 0.0:
            return []
        total = (factor / size) @ total
        exponent += math.log(size)
    moduli = np.sort(np.abs(np.linalg.eigvals(total)))[::-1]
    if not moduli[0] > 0.0:
        return []
    rates = (np.log(np.cumsum(moduli) / np.arange(1, len(moduli) + 1)) + exponent) / len(factors)
    return [math.exp(rate) for rate in rates.tolist() if -700.0 < rate < 709.0]
