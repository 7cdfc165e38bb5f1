r"""An eigenvalue of A near a float lambda, by a map of a ball into itself: a lower bound of rho(A) from one simple eigenvalue.

What the other eigenvalues do, also multiple ones without eigenvectors as in products of masked matrices, does not matter.
For z = (x, lambda) and h = (d, m) in C^n x C let F(z) = (A x - lambda x, y* x - 1). Then F(z + h) = F(z) + J h - (m d, 0) with the
linear map J h = (A d - lambda d - m x, y* d). For any matrix R let eta >= ||R F(z)||, kappa >= ||I - R J|| and nu >= ||R|| in the
Euclidean norm. As |m d| <= ||h||^2/2,

    ||h - R F(z + h)|| = ||-R F(z) + (I - R J) h + R (m d, 0)|| <= eta + kappa r + nu r^2/2    for ||h|| <= r.

If this is at most r, Brouwer's theorem gives an h with R F(z + h) = 0, ||h|| <= r. If kappa < 1 too, R is invertible, so
F(z + h) = 0: x + d is not 0, as y* (x + d) = 1, and lambda + m is an eigenvalue with |m| <= r. So rho(A) >= |lambda| - r.

**Rounding.** R is a float matrix near J^-1, and y = x; a complex vector is its real and imaginary part, a complex matrix
[[X, -Y], [Y, X]], without change of norm; a real lambda needs no imaginary parts. In this form J has N = n + 1 or 2 n + 2 rows,
floats but for the diagonal of A - lambda I, which is rounded once: I - R J is off by at most (gamma_(N+1) + u) |R| |J| + u I.
A x - lambda x is a sum of at most n + 2 products, y* x - 1 of 2 n products and 1, and each is off by at most gamma_(N+3) times
the sum of the absolute values. All norms are bounded by Frobenius norms. max |a_ij| <= 1 in the scaled matrix; the digits
that a scaling lost and underflow are below N 2^-300, ||R||_F being below 2^200.

Main definition: `radius_from_simple_eigenvalue`.
"""

from __future__ import annotations

import numpy as np

from ..certify import SLACK, U, down, gamma, norm_of_vector_above, real_embedding, scaled_down
from .matrix import Matrix, balanced, components

UNDERFLOW = 2.0**-300


def radius_from_simple_eigenvalue(W: Matrix) -> float:
    """A lower bound of rho(W) from the largest eigenvalue that LAPACK finds; 0 where it is not shown to be near one.

    >>> found = radius_from_simple_eigenvalue(np.array([[2.0, 1.0, 0.0], [1.0, 0.0, 1.0], [0.0, 0.0, 0.0]]))
    >>> bool(1 + 2**0.5 - 1e-13 < found <= 1 + 2**0.5)
    True
    """
    least = 0.0
    for units in components(W):
        block = W[np.ix_(units, units)]
        if len(units) == 1:
            least = max(least, abs(float(block[0, 0])))
        else:
            B, _, exponent = balanced(block)
            least = max(least, scaled_down(_below(B), exponent))
    return least


def _below(A: Matrix) -> float:
    """|lambda| - r for the eigenvalue lambda of largest modulus."""
    n = len(A)
    values, vectors = np.linalg.eig(A)
    top = int(np.argmax(np.abs(values)))
    value, x = complex(values[top]), np.asarray(vectors[:, top], dtype=np.complex128)
    J = np.zeros((n + 1, n + 1), dtype=np.complex128)
    J[:n, :n] = A
    np.einsum("ii->i", J)[:n] -= value
    J[:n, n], J[n, :n] = -x, x.conj()
    real = value.imag == 0.0 and not x.imag.any()
    M = np.ascontiguousarray(J.real) if real else real_embedding(J)
    try:
        R = np.asarray(np.linalg.inv(M), dtype=np.float64)
    except np.linalg.LinAlgError:
        return 0.0
    N = len(M)
    size = norm_of_vector_above(R)
    if not size < 2.0**200:
        return 0.0
    rounding = 1 + 4 * U
    off = norm_of_vector_above(R @ M - np.eye(N)) * rounding
    kappa = (off + (gamma(N + 1) + 2 * U) * size * norm_of_vector_above(M) + 2 * N * U + N * UNDERFLOW) * SLACK
    parts = np.stack([x.real, x.imag])
    ahead = parts @ A.T - np.stack(
        [value.real * x.real - value.imag * x.imag, value.real * x.imag + value.imag * x.real]
    )
    last = float((parts**2).sum()) - 1.0
    length = norm_of_vector_above(parts)
    weight = norm_of_vector_above(np.abs(parts) @ np.abs(A).T) + 2 * abs(value) * length + length * length + 1.0
    residual = norm_of_vector_above(ahead) + abs(last) + gamma(N + 3) * weight * (1 + gamma(N + 4)) * SLACK
    eta = size * (residual * SLACK + N * UNDERFLOW) * SLACK
    if not kappa < 0.5:
        return 0.0
    r = 2.5 * eta
    if not (eta + kappa * r + size * r * r) * SLACK <= r:
        return 0.0
    return max(down(abs(value) * (1 - 4 * U) - r), 0.0)
