r"""A certificate of uniform vanishing, checked with rational arithmetic alone.

Let W be (n, n), gamma > 0, L = diag(l) > 0, r > 0, P symmetric, and A = (gamma/r) L W L^-1. If the block matrix

    [[P, A^T], [A, 2 I - P]]

is positive semidefinite, then for all diagonal D_1, ..., D_k with entries in [0, gamma] and every k >= 0

    || D_k W ... D_1 W ||_2 <= 2 kappa(L) r^k,    kappa(L) = max l_i/min l_i,

so for r < 1 the Jacobian J(t, t-k) of h_t = phi(W h_(t-1) + B u_t + b) vanishes exponentially in the lag for all inputs,
if 0 <= phi' <= gamma (tanh, ReLU, softplus, logistic).

**Proof.** D commutes with L; put gamma = r = 1 and y = D A x. Then S = y^T (A x - y) = sum_i d_i (1 - d_i) (A x)_i^2 >= 0.
With the form Q(u, v) = u^T P u + 2 v^T A u + v^T (2 I - P) v >= 0,
*step* x^T P x - y^T P y = Q(x, -y) + 2 S; *entry* 2 |x|^2 - x^T P x = Q(0, x);
*exit* 2 x^T P x - |y|^2 = Q(2 x, -y)/2 + 2 S + Q(y, 0)/2. Hence |y_k|^2 <= 2 x_(k-1)^T P x_(k-1) <= 2 x_0^T P x_0 <= 4 |x_0|^2.

**Not covered.** Slopes outside [0, gamma], as of SiLU, GELU or Mish, make S negative, and the conclusion is false for
them: W = [[1, 1], [-1, -1]] has a certificate with gamma = r = 1, but diag(-1/10, 1) W has the spectral radius 11/10. One
P belongs to one W: weights that change from step to step are not covered either.

By Ando 1973 there is such a P if and only if the numerical radius of A is at most 1; the proof above does not need this.
The factor 2 is attained for every k by `crabb`.

Main definitions: `Certificate`, `crabb`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from math import gcd, lcm
from numbers import Rational
from typing import Any

Vector = tuple[Fraction, ...]
Matrix = tuple[Vector, ...]


@dataclass(frozen=True)
class Certificate:
    """W (n, n), gamma > 0, the diagonal L (n,), rate > 0 and P (n, n), all exact; `check` decides whether it holds.

    Entries may be given as integers, fractions or other exact rationals, in any sequences. Raises TypeError for a
    floating-point number and ValueError for a shape that does not fit.

    >>> found = Certificate(W=[[0, 2], [0, 0]], gamma=1, L=[1, 1], rate=1, P=[[0, 0], [0, 2]])
    >>> found.check()
    >>> found.constant, found.bound(7)
    (Fraction(2, 1), Fraction(2, 1))
    >>> Certificate(W=[[0, 2], [0, 0]], gamma=1, L=[1, 1], rate=Fraction(99, 100), P=[[0, 0], [0, 2]]).check()
    Traceback (most recent call last):
    ...
    ValueError: the block matrix [[P, A^T], [A, 2I - P]] must be positive semidefinite, got a negative pivot in row 3 of 4
    """

    W: Matrix
    gamma: Fraction
    L: Vector
    rate: Fraction
    P: Matrix

    def __post_init__(self) -> None:
        for name in ("gamma", "rate"):
            object.__setattr__(self, name, _exact(name, getattr(self, name)))
        for name in ("W", "P"):
            rows = tuple(tuple(_exact(name, entry) for entry in row) for row in getattr(self, name))
            object.__setattr__(self, name, rows)
        object.__setattr__(self, "L", tuple(_exact("L", entry) for entry in self.L))
        n = len(self.W)
        for name, rows in (("W", self.W), ("P", self.P)):
            if n == 0 or len(rows) != n or any(len(row) != n for row in rows):
                shape = sorted({len(row) for row in rows})
                raise ValueError(f"{name} must be {n} by {n} with n >= 1, got {len(rows)} rows of lengths {shape}")
        if len(self.L) != n:
            raise ValueError(f"L must have {n} entries, got {len(self.L)}")

    @property
    def condition(self) -> Fraction:
        """kappa(L) = max l_i/min l_i."""
        return max(self.L) / min(self.L)

    @property
    def constant(self) -> Fraction:
        """2 kappa(L), the factor of the bound."""
        return 2 * self.condition

    def bound(self, lag: int) -> Fraction:
        """2 kappa(L) rate^lag >= || D_lag W ... D_1 W ||_2; ValueError for a negative lag."""
        if lag < 0:
            raise ValueError(f"lag must be at least 0, got {lag}")
        return self.constant * self.rate**lag

    @property
    def conclusion(self) -> str:
        """What a valid certificate proves, as a sentence.

        >>> crabb(3).conclusion
        '||J(t, t-k)||_2 <= 2 * 1^k for all k >= 0 and all slopes in [0, 1]'
        """
        return f"||J(t, t-k)||_2 <= {self.constant} * {self._rate}^k for all k >= 0 and all slopes in [0, {self.gamma}]"

    @property
    def _rate(self) -> str:
        return str(self.rate) if self.rate.denominator == 1 else f"({self.rate})"

    def check(self) -> None:
        """Decide the certificate by exact elimination; ValueError with one sentence that names what fails.

        The block matrix is taken times rate between two copies of diag(L, L), which changes no sign and needs no
        division: [[rate L P L, gamma W^T L^2], [gamma L^2 W, rate (2 L^2 - L P L)]].
        """
        n = len(self.W)
        for name in ("gamma", "rate"):
            if getattr(self, name) <= 0:
                raise ValueError(f"{name} must be positive, got {getattr(self, name)}")
        for i, entry in enumerate(self.L):
            if entry <= 0:
                raise ValueError(f"L must be positive, got {entry} in entry {i}")
        for i in range(n):
            for j in range(i):
                if self.P[i][j] != self.P[j][i]:
                    raise ValueError(
                        f"P must be symmetric, got {self.P[i][j]} and {self.P[j][i]} in row {i}, column {j}"
                    )
        lower = [[self.rate * self.L[i] * self.L[j] * self.P[i][j] for j in range(i + 1)] for i in range(n)]
        for i in range(n):
            row = [self.gamma * self.L[i] ** 2 * self.W[i][j] for j in range(n)]
            rest = [-lower[i][j] for j in range(i)] + [2 * self.rate * self.L[i] ** 2 - lower[i][i]]
            lower.append(row + rest)
        fault = semidefinite_fault(lower)
        if fault is not None:
            raise ValueError(f"the block matrix [[P, A^T], [A, 2I - P]] must be positive semidefinite, got {fault}")


def crabb(k: int) -> Certificate:
    """The certificate with gamma = rate = L = 1 of a 0/1 matrix with || W^k ||_2 = 2: the factor 2 is attained.

    The graph of W is two disjoint paths of k edges from the last of 2 k units to the first, for k = 1 one edge of weight
    2. In the basis (e_a + e_b)/sqrt 2, (e_a - e_b)/sqrt 2 of each pair of units between the ends, W is the Crabb matrix
    (superdiagonal sqrt 2, 1, ..., 1, sqrt 2; for k = 1: 2) of size k + 1 beside a Jordan block of size k - 1.
    P = diag(0, 1, ..., 1, 2), and W^k has a single entry.

    Raises ValueError for k < 1.

    >>> crabb(2).W[0]
    (Fraction(0, 1), Fraction(1, 1), Fraction(1, 1), Fraction(0, 1))
    >>> crabb(2).check()
    """
    if k < 1:
        raise ValueError(f"k must be at least 1, got {k}")
    n = 2 * k
    W = [[0] * n for _ in range(n)]
    for path in range(2):
        units = [0, *range(1 + path, n - 1, 2), n - 1]
        for to, source in pairwise(units):
            W[to][source] += 1
    P = [[(0 if i == 0 else 2 if i == n - 1 else 1) * (i == j) for j in range(n)] for i in range(n)]
    return Certificate(_matrix(W), Fraction(1), (Fraction(1),) * n, Fraction(1), _matrix(P))


def semidefinite_fault(lower: Sequence[Sequence[Fraction]]) -> str | None:
    """None if a symmetric matrix, given by its rows up to the diagonal, is positive semidefinite, else what shows it not.

    L D L^T elimination without pivoting: a pivot must not be negative, and a zero pivot needs a zero row. It is done in
    integers by Bareiss's division-free scheme, whose pivots are the leading minors of the rows kept so far: same signs.

    >>> one = Fraction(1)
    >>> semidefinite_fault([[one], [one, one]]), semidefinite_fault([[0 * one], [one, one]])
    (None, 'a zero pivot with an entry beside it in row 1 of 2')
    """
    size = len(lower)
    scale = lcm(*(entry.denominator for row in lower for entry in row))
    M = [[entry.numerator * (scale // entry.denominator) for entry in row] for row in lower]
    common = gcd(*(entry for row in M for entry in row)) or 1
    M = [[entry // common for entry in row] for row in M]
    previous = 1
    for k in range(size):
        pivot = M[k][k]
        if pivot < 0:
            return f"a negative pivot in row {k + 1} of {size}"
        column = [M[i][k] for i in range(k + 1, size)]
        if pivot == 0:
            if any(column):
                return f"a zero pivot with an entry beside it in row {k + 1} of {size}"
            continue
        for i in range(k + 1, size):
            row, factor = M[i], column[i - k - 1]
            for j in range(k + 1, i + 1):
                row[j] = (row[j] * pivot - factor * column[j - k - 1]) // previous
        previous = pivot
    return None


def _matrix(rows: Sequence[Sequence[int]]) -> Matrix:
    return tuple(tuple(Fraction(entry) for entry in row) for row in rows)


def _exact(name: str, value: Any) -> Fraction:
    if not isinstance(value, Rational):
        raise TypeError(f"{name} must be an exact rational number, got {value!r} ({type(value).__name__})")
    return Fraction(int(value.numerator), int(value.denominator))
