r"""jsr of a few small matrices: the word of the fastest product found, and a proved upper bound of all products.

The bound is the least of three: branch and bound in the norm of an ellipsoid that suits all matrices (`gripenberg`,
`ellipsoid`), a polytope grown from the best word (`polytope`), and branch and bound with more products. Each is a proof by
itself; what a later one needs of an earlier one is a guess. jsr is 0 if and only if all products of n factors are (Levitzki's
theorem on semigroups of nilpotent matrices): with P_0 = I and P_(k+1) = sum_i A_i^T P_k A_i, P_n is the sum of A_w^T A_w over
the words of length n, and in rational arithmetic it is seen to be 0.

Main definitions: `search_set`, `Found`, `vanishes`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..certify import TINY
from .ellipsoid import Similar, common_ellipsoid, similar
from .gripenberg import branch_and_bound
from .many_norms import Stack, norms_above
from .polytope import MOST, invariant_polytope, polytope_rate

Word = tuple[int, ...]
GAP = 2e-5  # relative, at which the search ends
FIRST = 1000  # products before the polytope is tried
PRODUCTS = 30_000  # and after it
FLOPS = 1.2e7  # n^3 times the products at most
LOST = 2.0**-1070  # in an entry that a scaling made subnormal


class Found(NamedTuple):
    """jsr <= ``upper``; ``word`` is the best that was found, with about ``rate`` = rho(A_w)^(1/|w|), a float."""

    upper: float
    rate: float
    word: Word


def search_set(A: Stack, *, words: Sequence[Word] = ()) -> Found:
    """Bounds for (m, n, n) matrices with max |a_ij| in [1/2, 1]; ``words`` are products that may be fast.

    >>> pair = np.array([[[1.0, 0.0], [1.0, 0.0]], [[0.0, 1.0], [0.0, -1.0]]])
    >>> found = search_set(pair)
    >>> found.rate, found.upper < 1.0 + 1e-12
    (1.0, True)
    """
    n = A.shape[-1]
    matrices, exponent = _in_a_good_basis(A)
    B = matrices.stack
    word = max(words, key=lambda w: growth_in_floats(B, w), default=())
    known = growth_in_floats(B, word)
    upper = math.inf
    budget = int(min(PRODUCTS, FLOPS / n**3))
    for products in (min(FIRST, budget), budget):
        tree = branch_and_bound(matrices, gap=GAP, products=products, known=known)
        upper = min(upper, tree.upper)
        better = bool(tree.word)
        if better:
            word, known = tree.word, tree.rate
        if upper <= known * (1 + GAP):
            break
        if n in MOST and known > 0.0 and (better or products <= FIRST):
            for slack in (0.0, GAP / 2):
                vertices = invariant_polytope(B, known, word, slack=slack)
                if vertices is not None:
                    upper = min(upper, polytope_rate(matrices, vertices))
                    break
        if upper <= known * (1 + GAP):
            break
    return Found(math.ldexp(upper, exponent), math.ldexp(known, exponent), word)


def _in_a_good_basis(A: Stack) -> tuple[Similar, int]:
    """(T A_i T^-1 / 2**e with error bounds, e): the largest norm is about 1."""
    n = A.shape[-1]
    slip = n * LOST
    found = similar(A, common_ellipsoid(A), slip=slip) or Similar(A, np.full(len(A), slip))
    exponent = math.frexp(float(norms_above(found.stack).max()))[1]
    return Similar(np.ldexp(found.stack, -exponent), np.ldexp(found.errors, -exponent) + n * TINY), exponent


def growth_in_floats(A: Stack, word: Word) -> float:
    """rho(A_w)^(1/|w|) without error bound; 0 for the empty word."""
    total = np.eye(A.shape[-1])
    for letter in word:
        total = A[letter] @ total
    return float(np.abs(np.linalg.eigvals(total)).max()) ** (1 / len(word)) if word else 0.0


def vanishes(A: Stack) -> bool:
    """Whether all products of n of the (m, n, n) matrices are 0, decided exactly.

    >>> vanishes(np.array([[[1.0, -1.0], [1.0, -1.0]], [[3.0, -3.0], [3.0, -3.0]]]))
    True
    """
    n = A.shape[-1]
    exact = [np.array([[Fraction(x) for x in row] for row in part], dtype=object) for part in A.tolist()]
    P: NDArray[np.object_] = np.array([[Fraction(int(i == j)) for j in range(n)] for i in range(n)], dtype=object)
    for _ in range(n):
        P = sum((part.T @ P @ part for part in exact), start=P * 0)
    return not P.any()
