r"""rho(A) < r for a small matrix A of integers, decided by exact arithmetic: rho(W) to the last digits for a float matrix.

A float matrix is W = 2^q A with integers in A. The characteristic polynomial p of A comes from the recursion of Faddeev and
LeVerrier: M_1 = I, c_(n-k) = -tr(A M_k)/k, M_(k+1) = A M_k + c_(n-k) I, where every division is exact. For a rational r > 0,
rho(A) < r says that all zeros of p(r z) lie in |z| < 1; with z = (1 + s)/(1 - s), that f(s) = (1 - s)^n p(r z) has degree n
(or z = -1 is a zero) and all its zeros in Re s < 0. **Routh's step**, for f = f_0 s^n + f_1 s^(n-1) + ... with f_0 > 0:

* if f_1 <= 0, the zeros have a sum -f_1/f_0 >= 0, so that one of them is not in Re s < 0;
* else f has all its zeros there if and only if g = f - (f_0/f_1)(f_1 s^n + f_3 s^(n-2) + ...), of degree n - 1, has.

Proof. Let f_t be f less t times what is subtracted, 0 <= t < 1. On the imaginary axis the two sums over every second power
are one real and one imaginary, and f_t = 0 says that both vanish, whatever t is. So no zero crosses the axis; as t -> 1 one
zero leaves to infinity like -f_1/(f_0 (1 - t)) < 0, and the others become those of g. QED (Routh 1877; Hurwitz 1895.)

The rows (f_0, f_2, ...), (f_1, f_3, ...), ... are kept as integers: row k is multiplied by the product D_(k-1) of the pivots
1, ..., k - 1 of the rational array; it then consists of minors of Hurwitz's matrix, its pivot is D_k, and the integer
combination of two rows is D_(k-2) times the next one. So the division by D_(k-2) is exact.

No is an answer too, rho(A) >= r. A float r is a rational number, and a polynomial times a power of two keeps its zeros:
nothing is rounded.

Main definitions: `integers`, `radius_by_bisection`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction

from .matrix import Matrix

Polynomial = list[int]  # from the constant coefficient to the leading one
LARGEST = 8  # size of a matrix for which this takes milliseconds
_BITS = 400  # of an entry
_RELATIVE = 2.0**-50  # width at which the bisection ends


def integers(W: Matrix) -> tuple[list[list[int]], int] | None:
    """(A, q) with W = 2**q A exactly, or None if the matrix or its integers are too large to be worth it.

    >>> import numpy as np
    >>> integers(np.array([[0.5, 1.0], [0.0, -3.0]]))
    ([[1, 2], [0, -6]], -1)
    """
    if len(W) > LARGEST:
        return None
    parts = [[Fraction(entry) for entry in row] for row in W.tolist()]
    bits = max(part.denominator.bit_length() - 1 for row in parts for part in row)
    A = [[int(part * 2**bits) for part in row] for row in parts]
    common = math.gcd(*(entry for row in A for entry in row))
    shift = max((common & -common).bit_length() - 1, 0)
    A = [[entry >> shift for entry in row] for row in A]
    return (A, shift - bits) if max(abs(entry) for row in A for entry in row).bit_length() <= _BITS else None


def radius_by_bisection(A: list[list[int]], guess: float) -> tuple[float, float]:
    """(lower, upper) of rho(A), equal to a few ulp, for a matrix of integers; ``guess`` is where the search starts.

    >>> radius_by_bisection([[2, 4], [-1, -2]], 1e-8)
    (0.0, 0.0)
    >>> lower, upper = radius_by_bisection([[1, 2], [3, 4]], 5.0)
    >>> lower <= (5 + math.sqrt(33)) / 2 <= upper < lower + 1e-14
    True
    """
    p = characteristic_polynomial(A)
    if not any(p[:-1]):
        return 0.0, 0.0
    below = _comparison(p)
    lower, upper, step = 0.0, guess if 2.0**-1000 < guess < 2.0**1000 else 1.0, _RELATIVE
    while not below(upper):
        lower, upper, step = upper, upper * (1 + step), step * 8
    step = _RELATIVE
    while lower == 0.0:
        middle = upper * max(1 - step, 0.125)
        lower, upper, step = (lower, middle, step * 8) if below(middle) else (middle, upper, step)
    while upper - lower > _RELATIVE * upper:
        middle = lower + (upper - lower) / 2
        lower, upper = (lower, middle) if below(middle) else (middle, upper)
    return lower, upper


def characteristic_polynomial(A: list[list[int]]) -> Polynomial:
    """det(z I - A), its coefficients from the constant one to 1.

    >>> characteristic_polynomial([[1, 2], [3, 4]])
    [-2, -5, 1]
    """
    n = len(A)
    M = [[int(i == j) for j in range(n)] for i in range(n)]
    p = [1]
    for k in range(1, n + 1):
        columns = list(zip(*M, strict=True))
        M = [[sum(a * m for a, m in zip(row, column, strict=True)) for column in columns] for row in A]
        p.append(-sum(M[i][i] for i in range(n)) // k)
        for i in range(n):
            M[i][i] += p[-1]
    return p[::-1]


def _comparison(p: Polynomial) -> Callable[[float], bool]:
    """r -> whether every zero of p has a modulus below r > 0."""
    n = len(p) - 1
    terms = [_product([1, 1], k, [1, -1], n - k) for k in range(n + 1)]  # (1 + s)^k (1 - s)^(n - k)

    def below(r: float) -> bool:
        top, bottom = r.as_integer_ratio()
        scaled = [a * top**k * bottom ** (n - k) for k, a in enumerate(p)]
        return all_left([sum(a * term[j] for a, term in zip(scaled, terms, strict=True)) for j in range(n + 1)])

    return below


def _product(first: Polynomial, k: int, second: Polynomial, m: int) -> Polynomial:
    """The product of two powers of linear polynomials."""
    found = [1]
    for factor in [first] * k + [second] * m:
        found = [factor[0] * a + factor[1] * b for a, b in zip([*found, 0], [0, *found], strict=True)]
    return found


def all_left(f: Polynomial) -> bool:
    """Whether f has a nonzero leading coefficient and all its zeros in Re s < 0.

    >>> all_left([2, 3, 1]), all_left([-2, 1, 1]), all_left([1, 0, 1]), all_left([1, 1, 0])
    (True, False, False, False)
    """
    ahead = [a if f[-1] > 0 else -a for a in reversed(f)]
    above, row = ahead[0::2], ahead[1::2]
    pivots = [1, 1]  # D_(k-2)
    if ahead[0] <= 0:
        return False
    for k in range(len(f) - 1):
        if row[0] <= 0:
            return False
        pivots.append(row[0])
        padded = [*row, 0]
        combined = [row[0] * above[j + 1] - above[0] * padded[j + 1] for j in range(len(above) - 1)]
        above, row = row, [entry // pivots[k] for entry in combined]
    return True
