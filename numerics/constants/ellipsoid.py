r"""A norm ||T x||_2 in which every matrix of a set is small: minimize max_i ||T A_i T^-1||_2 over invertible T.

**Search.** With P = T^T T, the logarithm of ||T A T^-1||_2 is convex along the curves P(t) = G^T e^(2tX) G with X symmetric:
two positive definite P are diagonal in one basis, and there the curve is a diagonal scaling (see `barrier`). So

    q sigma - sum_i log det(I - B_i^T B_i/c),    B_i = T A_i T^-1, c = e^sigma,

is convex along them; its minimizer tends to the optimum as q grows, within m n/q of it for m matrices. The change of T to
e^X T makes I - B^T B/c congruent to S(Y) = Y - B^T Y B/c with Y = e^(2X) = I + 2 X + 2 X^2 + ..., by e^(-X) on both sides.
So with S = S(I) the first derivative in X of a summand is -tr S^-1 S(2 X) + 2 tr X and the second is tr (S^-1 S(2 X))^2 -
tr S^-1 S(4 X^2). Compare Boyd & El Ghaoui 1993. Of many matrices few matter; they are found in rounds. What is too
large for Newton's method gets P = sum over words of A_w^T A_w c^(-2|w|), the eigenvector of X -> sum_i A_i^T X A_i: the rate
is then within a factor sqrt m of the best.

**Change of basis with every rounding error.** The search is floats; what is claimed rests on T alone. Let Y be near T^-1,
f >= ||T Y - I||_F with f < 1. Then T Y is invertible, so is T, and T^-1 = Y (T Y)^-1 gives ||T^-1||_2 <= ||Y||_F/(1 - f). For
B near T A Y put R = T A - B T; then T A T^-1 - B = R T^-1, and

    ||T A T^-1 - B||_2 <= ||R||_F ||Y||_F/(1 - f).

Computed, T A and B T are off by at most gamma_n |T| |A| and gamma_n |B| |T|, their difference by u of itself, so
||R||_F <= ||fl(R)||_F (1 + 2 u) + gamma_n ||T||_F (||A||_F + ||B||_F), and f likewise; n 2^-400 covers underflow, also of
squares, where the entries of A are at most 1 and those of T and Y at most 2^60. An A that stands for another within
``slip``, ||A' - A||_F <= slip, adds slip ||T||_F. Where this is much and the matrices are few and small, T A T^-1 is
computed in rational arithmetic, and only its entries are rounded.

Main definitions: `common_ellipsoid`, `Similar`, `similar`.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..certify import SLACK, U, gamma
from .exact_basis import exactly_similar
from .many_norms import Stack, Vector, frobenius_above
from .matrix import Matrix

STEPS = 90  # Newton steps at most; 25 are usual for two matrices, 45 for 255
WORK = 2e9  # multiplications of all Newton steps at most
GROWTH = 8.0  # of q from one stage to the next
CENTERED = 0.1  # squared Newton decrement at which a stage ends
ENOUGH = 1e-3  # m n/q at which the search ends; the true gap is far smaller where few matrices matter
MANY = 32  # of more matrices the largest so many are taken, and those that stand out afterwards
CONDITION = 1e10  # of T at most
PRECISE = 1e-11  # relative error of a change of basis from which on rational arithmetic is tried
EXACT = 1e4  # m n^3 at most for that
LARGE = 2.0**60  # entries of T and T^-1 at most
UNDERFLOW = 2.0**-400


class Similar(NamedTuple):
    """B_i (m, n, n) and ``errors`` (m,): ||T A_i T^-1 - B_i||_2 <= errors_i for an invertible T."""

    stack: Stack
    errors: Vector


class _Point(NamedTuple):
    """A feasible (T, sigma), the B_i, the Cholesky factors of I - B_i^T B_i/c, and the value of the barrier."""

    T: Matrix
    sigma: float
    stack: Stack
    factors: Stack
    barrier: float


class _Coordinates(NamedTuple):
    """An orthonormal basis of the symmetric matrices: E (d, n, n), row and column of each, and tr E."""

    E: Stack
    rows: NDArray[np.intp]
    columns: NDArray[np.intp]
    traces: Vector


def similar(A: Stack, T: Matrix, *, slip: float = 0.0) -> Similar | None:
    """T A_i T^-1 with error bounds, for max |a_ij| <= 1; None where T is not shown to be invertible.

    >>> found = similar(np.array([[[0.5, 1.0], [0.0, 0.5]]]), np.array([[1.0, 0.0], [0.0, 4.0]]))
    >>> found.stack.tolist(), bool(found.errors[0] < 1e-14)
    ([[[0.5, 0.25], [0.0, 0.5]]], True)
    """
    found = _similar(A, T, slip)
    if found is not None and found.errors.max() <= PRECISE * np.abs(found.stack).max():
        return found
    if not np.isfinite(T).all() or A.size * len(T) > EXACT:
        return found
    exact = exactly_similar(A, T)
    if exact is None:
        return found
    B, inverse = exact
    sizes = frobenius_above(np.stack([T, inverse]))
    if not (np.isfinite(B).all() and sizes.max() < LARGE):
        return found
    return Similar(B, (frobenius_above(B) * (2 * U) + len(T) * UNDERFLOW + slip * sizes[0] * sizes[1]) * SLACK)


def _similar(A: Stack, T: Matrix, slip: float) -> Similar | None:
    n = len(T)
    try:
        Y = np.linalg.inv(T)
    except np.linalg.LinAlgError:
        return None
    if not (np.isfinite(Y).all() and max(np.abs(T).max(), np.abs(Y).max()) < LARGE):
        return None
    B = T @ A @ Y
    sizes = frobenius_above(np.stack([T, Y, T @ Y - np.eye(n)]))
    size, inverse, fault = sizes.tolist()
    g, rounding = gamma(n), 1 + 4 * U
    f = (fault * rounding + g * size * inverse + n * UNDERFLOW) * SLACK
    if not f < 0.5:
        return None
    R = frobenius_above(T @ A - B @ T) * rounding
    R += g * size * (frobenius_above(A) + frobenius_above(B)) + n * UNDERFLOW + slip * size
    return Similar(B, R * SLACK * (inverse / (1 - f) * SLACK) * SLACK)


def common_ellipsoid(A: Stack) -> Matrix:
    """T (n, n), invertible, of a condition of at most 1e10, with max_i ||T A_i T^-1||_2 nearly least; floats without bound."""
    T = _by_sums(A)
    if len(A) <= MANY:
        return _optimum(A, T)
    chosen = np.zeros(len(A), dtype=bool)
    for _ in range(5):
        B = T @ A @ np.linalg.inv(T)
        norms = np.linalg.norm(B, 2, axis=(1, 2))
        limit = float(norms[chosen].max(initial=0.0)) * (1 + 1e-4)
        order = np.argsort(-norms)[: MANY if not chosen.any() else MANY // 2]
        new = [i for i in order if norms[i] > limit and not chosen[i]]
        if not new:
            break
        chosen[new] = True
        T = _optimum(A[chosen], T)
    return T


def _optimum(A: Stack, first: Matrix) -> Matrix:
    """The T that Newton's method finds from ``first``; this itself where the matrices are too large for it."""
    m, n, _ = A.shape
    size = n * (n + 1) // 2
    allowed = int(min(WORK / (m * n * n * (size * size + n * n)), STEPS))
    if allowed < 15:
        return first
    point = _point(A, first, None)
    if point is None:
        return first
    coordinates = _coordinates(n)
    best, least, q = first, _largest(point), 0.0
    for _ in range(allowed):
        gradient, hessian = _slopes(point, coordinates)
        q = q or -float(gradient[-1])
        gradient[-1] += q
        try:
            step = -np.asarray(np.linalg.solve(hessian, gradient), dtype=np.float64)
        except np.linalg.LinAlgError:
            break
        decrement = -float(gradient @ step)
        moved = _line_search(A, point, step, decrement, q, coordinates) if decrement > 0.0 else None
        if moved is None:
            break
        point = moved
        if decrement < CENTERED:
            now = _largest(point)
            if not np.linalg.cond(point.T) <= CONDITION:
                break
            if now < least:
                best, least = point.T, now
            if m * n < ENOUGH * q:
                break
            q *= GROWTH
    return best


def _coordinates(n: int) -> _Coordinates:
    rows, columns = np.tril_indices(n)
    number = np.arange(len(rows))
    E = np.zeros((len(rows), n, n))
    E[number, rows, columns] = E[number, columns, rows] = np.where(rows == columns, 1.0, math.sqrt(0.5))
    return _Coordinates(E, rows, columns, (rows == columns).astype(np.float64))


def _point(A: Stack, T: Matrix, sigma: float | None) -> _Point | None:
    """The point (T, sigma), or None where the barrier is infinite; sigma by default a little above the norms."""
    B = T @ A @ np.linalg.inv(T)
    if sigma is None:
        sigma = math.log(1.5 * max(float(np.linalg.norm(B, 2, axis=(1, 2)).max()) ** 2, 1e-200))
    if not (abs(sigma) < 500 and np.isfinite(B).all()):
        return None
    scaled = B * math.exp(-sigma / 2)
    try:
        factors = np.asarray(np.linalg.cholesky(np.eye(len(T)) - scaled.transpose(0, 2, 1) @ scaled), dtype=np.float64)
    except np.linalg.LinAlgError:
        return None
    return _Point(T, sigma, B, factors, -2 * float(np.log(np.einsum("mii->mi", factors)).sum()))


def _largest(point: _Point) -> float:
    return float(np.linalg.norm(point.stack, 2, axis=(1, 2)).max())


def _slopes(point: _Point, coordinates: _Coordinates) -> tuple[Vector, Matrix]:
    """Gradient and Hessian in (X, sigma) without q sigma."""
    E, rows, columns, traces = coordinates
    m, n, _ = point.stack.shape
    d = len(E)
    B = point.stack * math.exp(-point.sigma / 2)
    half = np.asarray(np.linalg.inv(point.factors), dtype=np.float64)  # S^-1 = half^T half
    inverse = half.transpose(0, 2, 1) @ half
    # L^-1 S(2 E) L^-T for every E of the basis, as rows of Kronecker products
    K = _kronecker(half) - _kronecker(half @ B.transpose(0, 2, 1))
    K = (K[:, :, rows * n + columns] + K[:, :, columns * n + rows]) * np.where(rows == columns, 1.0, math.sqrt(2.0))
    flat = K.reshape(m * n * n, d)
    trace = float(np.einsum("mii->", inverse))
    gradient = np.append(2 * m * traces - K[:, :: n + 1].sum(axis=(0, 1)), m * n - trace)
    basis = E.reshape(d, -1)
    M = (inverse - B @ inverse @ B.transpose(0, 2, 1)).sum(axis=0)
    curved = (M @ E).reshape(d, -1) @ basis.T
    whitened = (half @ half.transpose(0, 2, 1)).ravel()
    H = np.empty((d + 1, d + 1))
    H[:d, :d] = flat.T @ flat - 2 * (curved + curved.T)
    H[:d, d] = H[d, :d] = flat.T @ whitened - 2 * basis @ inverse.sum(axis=0).ravel()
    H[d, d] = whitened @ whitened - trace
    diagonal = np.einsum("ii->i", H)
    H[:d, :d] += np.outer(traces, traces) * abs(float(diagonal[:d].mean()))  # the size of T does not matter
    diagonal[:d] += 1e-13 * float(diagonal[:d].max())
    return gradient, H


def _kronecker(L: Stack) -> Stack:
    m, n, _ = L.shape
    return (L[:, :, None, :, None] * L[:, None, :, None, :]).reshape(m, n * n, n * n)


def _line_search(
    A: Stack, point: _Point, step: Vector, decrement: float, q: float, coordinates: _Coordinates
) -> _Point | None:
    """The first of the steps 1, 1/2, 1/4, ... that stays feasible and descends."""
    value = point.barrier + q * point.sigma
    exponents, vectors = np.linalg.eigh(np.tensordot(step[:-1], coordinates.E, 1))
    reach = float(np.abs(exponents).max())
    length = 1.0
    while length > 1e-6:
        if reach * length < 3.0:
            change = (vectors * np.exp(length * exponents)) @ vectors.T
            moved = _point(A, change @ point.T, point.sigma + length * float(step[-1]))
            if moved is not None:
                allowed = value - 1e-4 * length * decrement + 1e-12 * abs(value)
                if moved.barrier + q * moved.sigma <= allowed:
                    return moved
        length /= 2
    return None


def _by_sums(A: Stack) -> Matrix:
    """T with T^T T near the eigenvector of X -> sum_i A_i^T X A_i, mixed with a little of the identity."""
    n = A.shape[-1]
    identity = np.eye(n)
    X = identity
    for _ in range(60):
        Z = (A.transpose(0, 2, 1) @ (X @ A)).sum(axis=0)
        size = float(np.trace(Z))
        if not 0.0 < size < math.inf:
            break
        X = Z * (n / size) + 1e-8 * identity
    return np.asarray(np.linalg.cholesky((X + X.T) / 2).T)
