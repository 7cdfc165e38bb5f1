r"""Rigorous bounds of w(C) = max over |z| = 1 of |z* C z|, and of omega(C) = inf over positive diagonal L of w(L C L^-1).

Let A be a float matrix with max |a_ij| in [1/4, 1], and C any real one with |C - A| <= d |A| + 2^-1021, entry by entry:
d = 0 for C = A up to underflow, d = `scaling_bounds.ROUNDED` for a scaled matrix. Then ||C - A||_2 <= d ||A||_F +
n 2^-1021 = E. u, gamma_k, phi_k, `SLACK` and `TINY` are those of `certify`.

**From above.** Let t be a float, X a symmetric float matrix and P = 2 t I - X. If the block matrix

    [[P, C^T], [C, 2 t I - P]] >= -e I    (its least eigenvalue is at least -e),    then    w(C) <= t + e.

For the vector (x, -c x) with complex x and |c| = 1 gives x* P x + x* (2 t I - P) x - 2 Re(conj(c) x* C x) >= -2 e |x|^2,
that is Re(conj(c) x* C x) <= (t + e) |x|^2, whatever c. Nothing is asked of X; Ando 1973 proves that some X has e = 0 if
t >= w(C). In floats K = [[fl(2 t I - X), A^T], [A, X]] differs from the block matrix of C by at most u max_i |fl(2 t - x_ii)|
on the diagonal, and by E beside it; so e is `certify.largest_eigenvalue` of -K with the error E + u max_i |fl(2 t - x_ii)|.

**The matrix that shows it.** Let e >= 0, f = 16 u (||fl(P)||_F + n (t + e)) + n^2 `TINY`, r a float, r >= t + e + f, and
P_r = fl((fl(P) + fl(e + f) I)/r): four roundings on the diagonal, one beside it, so that r P_r is P + (e + f) I up to a
matrix whose norm is less than 4.1 u (||P||_F + sqrt(n) (e + f)) < f. The block matrix of r P_r and 2 r I - r P_r is
therefore at least that of P and 2 t I - P plus (e + f) I - f I, and

    [[r P_r, C^T], [C, 2 r I - r P_r]] >= 0.

This holds for all larger r as well, with the same P_r: divide by r, the blocks with C and -C are unitarily similar, and that
of s C, |s| <= 1, is a convex combination of both. P_r = I shows w(C) <= r if r >= ||C||_2.

**From below.** z = x + i y, a = |x| + |y|, entries at most 1: z* C z = p + i q with p = x^T C x + y^T C y, q = x^T C y -
y^T C x. The products C x and C y in floats are wrong by at most (gamma_n + d) |A| |x|, and inner products of 2 n terms with
them add gamma_2n: the errors of p and q together are at most (gamma_(3n+4) + d) a^T |A| a + n^2 `TINY`. So

    w(C) >= (sqrt(p^2 + q^2) - (gamma_(3n+4) + d) a^T |A| a - n^2 TINY)/(x^T x + y^T y).

**omega from below.** Let |c_j + i s_j| = h_j <= h, e_j = (c_j + i s_j)/h_j, R_j complex (n, m), Z_j = h_j R_j R_j^*,
X_ik = Re sum_j e_j (Z_j)_ki and z_i = sum_j (Z_j)_ii. Then

    omega(C) >= min over z_i > 0 of sum_k c_ik X_ik/z_i.

For if w(L C L^-1) < t, then 2 t P - e_j P C - conj(e_j) C^T P is positive definite with the diagonal P = L^2, and 0 < sum_j
tr Z_j (2 t P - e_j P C - conj(e_j) C^T P) = 2 sum_i p_i (t z_i - sum_k c_ik X_ik), where z_i = 0 makes row i of every
Z_j and its term vanish: some quotient is less than t. A principal submatrix has no larger w under any L, so that the same
holds of the rows and columns in any set of units. Let the parts of the entries of R_j be at most 1, J the number of j, and
v_i^2 the sum of |r|^2 over row i of all R_j, so that z_i <= h v_i^2. By Cauchy and Schwarz
|X_ik| <= h v_i v_k, and the float X_ik, a sum of J terms c_j (F F^T + G G^T)_ik + s_j (G F^T - F G^T)_ik with R_j = F + i G,
is wrong by at most 1.5 h gamma_(m+J+4) v_i v_k, since |c_j| + |s_j| <= 1.5 h. With the n products a_ik X_ik and with C - A,
sum_k c_ik X_ik is wrong by at most

    (2 gamma_(n+m+J+4) + d) h v_i (|A| v)_i + n m J TINY.

Main definitions: `Direction`, `radius_above`, `attained_below`, `dual_below`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..certify import (
    SLACK,
    TINY,
    U,
    down,
    gamma,
    largest_eigenvalue,
    norm_of_vector_above,
    phi,
    square_root_below,
    sum_above,
    up,
)
from .matrix import Matrix

Vector = NDArray[np.float64]
Complex = NDArray[np.complex128]
ROUNDS = 20  # of cutting to the units with the larger quotients


class Direction(NamedTuple):
    """A direction cosine + i sine, of a modulus near 1, and the factor R of Z = R R^* up to a positive number."""

    cosine: float
    sine: float
    R: Complex


class Above(NamedTuple):
    """r >= w(C) with a symmetric P such that [[r P, C^T], [C, (2 I - P) r]] is positive semidefinite."""

    r: float
    P: Matrix


def distance(A: Matrix, relative: float) -> float:
    """An upper bound of ||C - A||_2 where |C - A| <= relative |A| + 2^-1021."""
    return up(up(relative * norm_of_vector_above(A) * SLACK) + A.size * TINY)


def radius_above(A: Matrix, X: Matrix, t: float, *, relative: float = 0.0) -> Above:
    """An upper bound of w(C) for |C - A| <= relative |A| + 2^-1021 from any symmetric X (n, n) and t > 0.

    It is tight if X solves X + A^T X^-1 A = 2 t I; r is inf where the block matrix is not finite.

    >>> found = radius_above(np.array([[0.0, 1.0], [0.0, 0.0]]), np.array([[1.0, 0.0], [0.0, 0.0]]), 0.5)
    >>> bool(0.5 <= found.r < 0.5 + 1e-14)
    True
    """
    n = len(A)
    P = -X
    entries = 2 * t - np.diag(X)
    np.einsum("ii->i", P)[:] = entries
    error = up(distance(A, relative) + up(U * float(np.abs(entries).max())))
    e = max(largest_eigenvalue(-np.block([[P, A.T], [A, X]]), error=error, guess=0.0), 0.0)
    f = 16 * U * (norm_of_vector_above(P) + n * (t + e)) * SLACK + n * n * TINY
    r = up(up(t + e) + f)
    if not math.isfinite(r):
        return Above(math.inf, np.eye(n))
    np.einsum("ii->i", P)[:] += up(e + f)
    return Above(r, P / r)


def attained_below(A: Matrix, z: Complex, *, relative: float = 0.0) -> float:
    """A lower bound of w(C) for |C - A| <= relative |A| + 2^-1021 from |z* A z|/(z* z); 0 where rounding leaves nothing.

    >>> bound = attained_below(np.array([[0.0, 1.0], [0.0, 0.0]]), np.array([1.0, 1.0j]))
    >>> bool(0.5 - 1e-12 < bound <= 0.5)
    True
    """
    size = max(float(np.abs(z.real).max()), float(np.abs(z.imag).max()))
    if not (math.isfinite(size) and size > 0.0):
        return 0.0
    exponent = math.frexp(size)[1]
    x, y = np.ldexp(z.real, -exponent), np.ldexp(z.imag, -exponent)
    n = len(A)
    a = np.abs(x) + np.abs(y)
    image = A @ np.stack([x, y], axis=1)
    p = float(np.concatenate([x, y]) @ np.concatenate([image[:, 0], image[:, 1]]))
    q = float(np.concatenate([x, -y]) @ np.concatenate([image[:, 1], image[:, 0]]))
    majorant = float(a @ (np.abs(A) @ a)) * (1 + phi(2 * n + 4)) * SLACK
    lost = up((gamma(3 * n + 4) + relative) * majorant * SLACK + n * n * TINY)
    kept = down(square_root_below((p * p + q * q) / SLACK) - lost)
    squared = sum_above(np.concatenate([x * x, y * y])) + n * TINY
    return max(down(kept / squared / SLACK), 0.0) if kept > 0.0 else 0.0


def dual_below(A: Matrix, directions: Sequence[Direction], *, relative: float = 0.0) -> float:
    """A lower bound of omega(C) for |C - A| <= relative |A| + 2^-1021 from any directions, each with R (n, m); at least 0.

    It is the best that is found by cutting all R to the units with the larger quotients.

    >>> top = Direction(1.0, 0.0, np.array([[1.0], [-1.0]]) + 0j)  # an eigenvector of the eigenvalue 1.5
    >>> bool(1.5 - 1e-12 < dual_below(np.array([[0.5, -1.0], [-1.0, 0.5]]), [top]) <= 1.5)
    True
    """
    size = max(float(np.abs(part).max()) for _, _, R in directions for part in (R.real, R.imag))
    h = max(abs(complex(cosine, sine)) for cosine, sine, _ in directions) * SLACK
    if not (0.0 < size < math.inf and 0.5 < h < 2.0):
        return 0.0
    n, exponent = len(A), math.frexp(size)[1]
    X, squares, terms = np.zeros((n, n)), np.zeros(n), 0
    for cosine, sine, R in directions:
        F, G = np.ldexp(R.real, -exponent), np.ldexp(R.imag, -exponent)
        skew = G @ F.T
        X += cosine * (F @ F.T + G @ G.T) + sine * (skew - skew.T)
        squares += np.einsum("ij,ij->i", F, F) + np.einsum("ij,ij->i", G, G)
        terms = max(terms, R.shape[1])
    products = A * X
    squares *= (1 + phi(2 * terms + len(directions) + 4)) * SLACK
    error = (2 * gamma(n + terms + len(directions) + 4) + relative) * h * (1 + phi(n + 4)) * SLACK
    slip = n * terms * len(directions) * TINY
    norms, sizes = np.sqrt(squares) * SLACK, np.abs(A)
    kept = np.flatnonzero(squares > slip)
    bound = 0.0
    for _ in range(ROUNDS):
        if not kept.size:
            break
        square = np.ix_(kept, kept)
        lost = error * norms[kept] * (sizes[square] @ norms[kept]) + slip
        ratios = (products[square].sum(axis=1) - lost * SLACK) / (h * squares[kept])
        low, high = float(ratios.min()), float(ratios.max())
        bound = max(bound, down(low / SLACK))
        if not high > bound * (1 + 1e-9):
            break
        kept = kept[ratios > (low + high) / 2]
    return bound
