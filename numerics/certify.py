r"""Inequalities about matrices that survive every rounding error, from one floating-point Cholesky factorization.

**Assumptions.** IEEE 754 binary64, round to nearest, u = 2^-53; fewer than 2^20 rows and columns. An inner product of k
terms, in any order, with or without fused operations, is fl(x^T y) = sum_i x_i y_i (1 + d_i), |d_i| <= gamma_k = k u/(1 -
k u); so no Strassen or Winograd products and no reduced precision. Cholesky factorization and triangular solves
substitute, dividing by a pivot or multiplying by its reciprocal. An entry that underflows, or is flushed to zero, is wrong
by less than 2^-1022.

**Sums.** With phi_k = gamma_k/(1 - gamma_k) = k u/(1 - 2 k u), the real sum of k nonnegative terms is at most 1/(1 - gamma_k)
= 1 + phi_k times its float, and at least 1/(1 + gamma_k) >= 1 - gamma_k times it. Positive expressions of at most 16 further
roundings are multiplied by `SLACK` = 1 + 2^-46, or divided by it.

**Scaling.** The largest entry of every matrix is brought into [1/2, 1) by a power of two, and no shift t exceeds 2^40. So
the losses to underflow in an entry of a product, or of R^T R below, from at most 2^20 products, as many sums, a quotient times
a pivot of at most 2^20.1 and the digits that scaling lost, stay below 3.1 2^-1002 < `TINY` = 2^-1000. Their norm is below
k m `TINY` for a (k, m) matrix, and this is added.

**Largest eigenvalue.** Let H be a symmetric float matrix, H' a symmetric real one with ||H' - H||_2 <= E, t a float and
M = fl(t I - H), which differs from t I - H on the diagonal alone, by at most u max_i m_ii/(1 - u). If the floating
factorization M = R^T R runs to its end with positive finite pivots, then

    lambda_max(H') <= t + E + u max_i m_ii/(1 - u) + phi_(n+4) tr M.

Proof. Entry (i, j), i <= j, of the computed R satisfies m_ij = sum_{k<i} r_ki r_kj (1 + d_k) + r_ij r_ii (1 + d_i) with
|d| <= gamma_(i+3): at most i products and sums, the division, which is two roundings by a reciprocal, and one more for
r_ii as a square root. So |M - R^T R| <= gamma_(n+4) |R|^T |R|; the diagonal of this says ||r_j||^2 <= m_jj/(1 -
gamma_(n+4)) for the columns of R, and Cauchy-Schwarz |(M - R^T R)_ij| <= phi_(n+4) sqrt(m_ii m_jj), a matrix of rank one
with the norm phi_(n+4) tr M. R^T R is positive semidefinite, so lambda_min(M) >= -phi_(n+4) tr M. QED (Demmel 1989; Higham
2002, theorem 10.5; Rump 2006.) The trace is that of the M that was factored: cancellation in t - h_ii does no harm. An
entry r_ij that is no number makes the later pivot j none: m_jj - sum_k r_kj^2 is finite and positive for finite r_kj only.

**Norm.** V (k, m) float, G = fl(V^T V), one triangle of it: |G - V^T V| <= gamma_k |V|^T |V|, whose norm is at most
gamma_k ||V||_F^2, and ||V||_F^2 = tr V^T V <= (1 + phi_k) tr G. So ||V||_2^2 = lambda_max(V^T V) is bounded by the lemma
with E = gamma_k (1 + phi_k) (1 + phi_m) fl(tr G), and the smallest singular value of a V with k >= m by the lemma for -G.

**Stretch.** For a vector v, |fl(V v) - V v| <= gamma_m |V| |v| <= gamma_m (1 + phi_m) fl(|V| |v|); the norms of the floats
fl(V v), fl(|V| |v|) and v come from sums of squares. So ||V v||_2/||v||_2 lies between two floats: the lower one is a lower
bound of ||V||_2, the upper one an upper bound of the smallest singular value.

Main definitions: `gamma`, `phi`, `up`, `down`, `largest_eigenvalue`, `norm_above`, `norm_below`, `norm_at_most`,
`gain_below`, `stretch`, `square_root_above`, `square_root_below`, `real_embedding`.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import blas, eigh, lapack

Matrix = NDArray[np.float64]
Vector = NDArray[np.float64]
U = 2.0**-53
SLACK = 1 + 2.0**-46
TINY = 2.0**-1000
MARGINS = (0.125, 0.5, 2.0, 8.0, 64.0)  # tried on top of an estimate, in units of the a priori error
_LANCZOS = 128  # from this size on the top eigenvector comes from a Lanczos iteration


def up(x: float) -> float:
    """The next float above x: an upper bound of every real number that rounds to x."""
    return math.nextafter(x, math.inf)


def down(x: float) -> float:
    """The next float below x: a lower bound of every real number that rounds to x."""
    return math.nextafter(x, -math.inf)


def gamma(k: int) -> float:
    """gamma_k = k u/(1 - k u), rounded up; inf where k u >= 1, so that nothing is claimed.

    >>> gamma(2) > 2 * U
    True
    """
    return up(k * U / (1 - k * U)) if k * U < 1 else math.inf  # k U and 1 - k U are exact


def phi(k: int) -> float:
    """phi_k = gamma_k/(1 - gamma_k) = k u/(1 - 2 k u), rounded up; inf where gamma_k >= 1. 1/(1 - gamma_k) is 1 + phi_k.

    >>> 0.5 < phi(2**51) < 0.5 + 1e-15 and 1 / 3 < gamma(2**51) < 1 / 3 + 1e-15
    True
    """
    return up(k * U / (1 - 2 * k * U)) if 2 * k * U < 1 else math.inf


def square_root_above(x: float) -> float:
    """A float that is at least the square root of x (the square root is correctly rounded); 0 for x <= 0, inf for NaN."""
    if x <= 0.0:
        return 0.0
    return up(math.sqrt(x)) if x < math.inf else math.inf


def square_root_below(x: float) -> float:
    """A float that is at most the square root of x and at least 0; 0 for x <= 0 and for what is no number."""
    return max(down(math.sqrt(x)), 0.0) if 0.0 < x < math.inf else 0.0


def sum_above(terms: Vector) -> float:
    """An upper bound of the sum of nonnegative floats."""
    return float(terms.sum()) * (1 + phi(terms.size)) * SLACK


def norm_of_vector_above(v: Vector) -> float:
    """An upper bound of ||v||_2, for entries that do not overflow when squared."""
    flat = v.ravel()
    return square_root_above(float(flat @ flat) * (1 + phi(flat.size)) * SLACK + flat.size * TINY)


def norm_of_vector_below(v: Vector) -> float:
    """A lower bound of ||v||_2, for entries that do not overflow when squared."""
    flat = v.ravel()
    return square_root_below(float(flat @ flat) * (1 - gamma(flat.size)) / SLACK - flat.size * TINY)


def largest_eigenvalue(H: Matrix, *, error: float = 0.0, guess: float | None = None) -> float:
    """An upper bound of lambda_max(H') for every symmetric H' with ||H' - H||_2 <= error; H is read from its lower triangle.

    ``guess`` is an estimate of lambda_max(H), computed if it is not given; a wrong one costs width or time, never truth.
    The bound exceeds lambda_max(H) by about n^2 u ||H||. inf for a matrix with NaN, infinities or an infinite error.

    >>> bound = largest_eigenvalue(np.array([[2.0, 1.0], [1.0, 2.0]]))
    >>> bool(3.0 <= bound < 3.0 + 1e-12)
    True
    """
    A, exponent = _normalized(H)
    if not math.isfinite(error):
        return math.inf
    if A is None:
        return math.inf if exponent else error
    n = len(A)
    A = np.asfortranarray(A)
    diagonal = np.diag(A).copy()
    for estimate in (None if guess is None else scaled_up(guess, -exponent), None):
        top = top_eigenvector(A)[0] if estimate is None else estimate
        if not abs(top) <= n:  # every |a_ij| is below 1, so that lambda_max(A) < n
            continue
        unit = gamma(n + 4) * max(n * top - float(diagonal.sum()), 0.0) + 16 * U * (abs(top) + 1)
        for margin in MARGINS:
            found = _shifted(A, diagonal, min(top + margin * unit, float(n)))
            if found is not None:
                return _back(found, exponent, error)
    return _back(float(n), exponent, error)


def _shifted(A: Matrix, diagonal: Vector, t: float) -> float | None:
    """The lemma's bound for one t <= 2^40 without the error of A, or None if the factorization breaks down."""
    n = len(A)
    M = -A
    entries = t - diagonal
    np.einsum("ii->i", M)[:] = entries
    factor, info = lapack.dpotrf(M, lower=1, clean=0, overwrite_a=1)
    pivots = np.diag(factor)
    if info != 0 or not (np.isfinite(pivots).all() and (pivots > 0.0).all()):
        return None
    rest = (U * float(entries.max()) / (1 - U) + phi(n + 4) * float(entries.sum()) * (1 + phi(n))) * SLACK
    return up(t + up(rest + n * n * TINY))


def _back(value: float, exponent: int, error: float) -> float:
    return up(scaled_up(value, exponent) + error) if error else scaled_up(value, exponent)


def scaled_up(value: float, exponent: int) -> float:
    """The least float at least value 2**exponent; inf on overflow."""
    if not math.isfinite(value):
        return value
    part, own = math.frexp(value)  # 1/2 <= |part| < 1, so that the way back can not overflow
    try:
        found = math.ldexp(part, own + exponent)
    except OverflowError:
        return math.inf if value > 0 else -math.nextafter(math.inf, 0.0)
    return up(found) if math.ldexp(found, -own - exponent) < part else found


def scaled_down(value: float, exponent: int) -> float:
    """The largest float at most value 2**exponent; the largest finite float on overflow."""
    return -scaled_up(-value, exponent)


def gram(V: Matrix) -> tuple[Matrix, float]:
    """(G, E): the lower triangle of fl(V^T V), symmetric, and a bound of ||V^T V - G||_2; max |v_ij| in [1/2, 1) or V = 0."""
    k, m = V.shape
    lower: Matrix = blas.dsyrk(1.0, np.ascontiguousarray(V).T, lower=1)
    trace = float(np.diag(lower).sum())
    return lower, gamma(k) * (1 + phi(k)) * (1 + phi(m)) * trace * SLACK + k * m * TINY


def norm_above(V: Matrix, *, guess: float | None = None) -> float:
    """An upper bound of ||V||_2 for a real (k, m) matrix, within about k n u of it; ``guess`` is an estimate of ||V||_2.

    >>> bound = norm_above(np.array([[0.0, 2.0], [1.0, 0.0]]))
    >>> bool(2.0 <= bound < 2.0 + 1e-12)
    True
    """
    A, exponent = _normalized(V)
    if A is None:
        return math.inf if exponent else 0.0
    if A.shape[0] < A.shape[1]:
        A = A.T
    k, m = A.shape
    G, error = gram(A)
    squared = largest_eigenvalue(G, error=error, guess=_square(guess, exponent))
    frobenius = float(np.diag(G).sum()) * (1 + phi(k)) * (1 + phi(m)) * SLACK + k * m * TINY
    return scaled_up(square_root_above(min(squared, frobenius)), exponent)


def norm_at_most(V: Matrix, s: float) -> bool:
    """Whether ||V||_2 <= s is certified: one product and one factorization. False means "not shown", never "false".

    >>> norm_at_most(np.eye(3), 1.0 + 1e-12), norm_at_most(np.eye(3), 1.0 - 1e-12)
    (True, False)
    """
    A, exponent = _normalized(V)
    if A is None:
        return exponent == 0 and s >= 0.0
    if not s > 0.0:
        return False
    if A.shape[0] < A.shape[1]:
        A = A.T
    k, m = A.shape
    bound = scaled_down(s, -exponent)
    squared = down(bound * bound)
    if squared >= k * m:
        return True  # every |a_ij| is below 1
    G, error = gram(A)
    diagonal = np.diag(G).copy()
    room = phi(m + 4) * max(m * squared - float(diagonal.sum()), 0.0)  # phi tr M, and below it a few roundings
    t = squared - (error + room * (1 + 4 * phi(m + 4)) + 8 * U * squared + m * m * TINY)
    found = _shifted(G, diagonal, t) if t > 0.0 else None
    return found is not None and up(found + error) <= squared


def stretch(V: Matrix, v: Vector) -> tuple[float, float]:
    """(lower, upper) bounds of ||V v||_2/||v||_2: lower <= ||V||_2, and the smallest singular value is at most upper.

    (0, inf) for a v that is zero or not finite.

    >>> lower, upper = stretch(np.array([[3.0, 0.0], [4.0, 1.0]]), np.array([1.0, 0.0]))
    >>> bool(5.0 - 1e-12 < lower <= 5.0 <= upper < 5.0 + 1e-12)
    True
    """
    A, exponent = _normalized(V)
    v = np.asarray(v, dtype=np.float64)
    size = float(np.abs(v).max())
    if not (math.isfinite(size) and size > 0.0):
        return 0.0, math.inf
    if A is None:
        return 0.0, math.inf if exponent else 0.0
    x = np.ldexp(v, -math.frexp(size)[1])
    k, m = A.shape
    image, majorant = A @ x, np.abs(A) @ np.abs(x)
    slip = k * m * TINY
    lost = (gamma(m) * (1 + phi(m)) * norm_of_vector_above(majorant) + slip) * SLACK
    kept = down(norm_of_vector_below(image) - lost)
    lower = max(kept / norm_of_vector_above(x) / SLACK, 0.0)
    upper = (norm_of_vector_above(image) + lost) / norm_of_vector_below(x) * SLACK
    return max(scaled_down(lower, exponent), 0.0), scaled_up(upper, exponent)


def norm_below(V: Matrix, v: Vector) -> float:
    """A lower bound of ||V||_2 from ||V v||_2/||v||_2; 0 where rounding leaves nothing.

    >>> bound = norm_below(np.array([[0.0, 2.0], [1.0, 0.0]]), np.array([0.0, 1.0]))
    >>> bool(2.0 - 1e-12 < bound <= 2.0)
    True
    """
    return stretch(V, v)[0]


def gain_below(V: Matrix, *, guess: float | None = None) -> float:
    """A lower bound of the smallest singular value of a (k, m) matrix, k >= m, from V^T V; 0 where rounding leaves nothing.

    Its square is lost where it is below about m n u ||V||^2. ``guess`` is an estimate of the smallest singular value.
    """
    A, exponent = _normalized(V)
    if A is None:
        return 0.0
    G, error = gram(A)
    estimate = _square(guess, exponent)
    squared = -largest_eigenvalue(-G, error=error, guess=None if estimate is None else -estimate)
    return scaled_down(square_root_below(squared), exponent)


def _square(guess: float | None, exponent: int) -> float | None:
    """The square of a guess in the units of a scaled matrix."""
    if guess is None:
        return None
    scaled = scaled_up(guess, -exponent)
    return scaled * scaled  # inf where it is too large to be true


def top_vector(V: Matrix) -> tuple[float, Vector]:
    """(||V||_2, v): float estimates of the largest singular value and its right singular vector, without error bound."""
    A, exponent = _normalized(V)
    if A is None:
        return 0.0, np.ones(V.shape[1])
    value, v = top_eigenvector(blas.dsyrk(1.0, np.ascontiguousarray(A).T, lower=1))
    return scaled_up(math.sqrt(max(value, 0.0)), exponent), v


def top_eigenvector(H: Matrix) -> tuple[float, Vector]:
    """(lambda_max, its eigenvector) of a symmetric matrix given by its lower triangle, in floats."""
    n = len(H)
    if n >= _LANCZOS:
        found = _lanczos(H)
        if found is not None:
            return found
    values, vectors = eigh(H, subset_by_index=[n - 1, n - 1], check_finite=False)
    if not len(values):  # bisection may miss the eigenvalue of a graded matrix
        values, vectors = eigh(H, driver="ev", check_finite=False)
    return float(values[-1]), vectors[:, -1]


def _lanczos(H: Matrix) -> tuple[float, Vector] | None:
    from scipy.sparse.linalg import ArpackError, LinearOperator, eigsh

    n = len(H)
    A = np.asfortranarray(H)

    def times(x: Vector) -> Vector:
        return np.asarray(blas.dsymv(1.0, A, x.ravel(), lower=1))

    operator = LinearOperator((n, n), matvec=times, dtype=np.float64)
    start = np.cos(np.arange(n) * 1.0)  # any vector will do, the same one every time
    try:  # no more restarts than a tridiagonal reduction costs
        values, vectors = eigsh(operator, k=1, which="LA", v0=start, tol=1e-13, maxiter=10 + n // 25)
    except ArpackError:
        return None
    return float(values[0]), vectors[:, 0]


def real_embedding(Z: NDArray[np.complex128]) -> Matrix:
    """[[X, -Y], [Y, X]] for Z = X + i Y: the same norm, every singular value twice; eigenvalues twice if Z is Hermitian."""
    X, Y = Z.real, Z.imag
    return np.block([[X, -Y], [Y, X]])


def _normalized(V: Matrix) -> tuple[Matrix | None, int]:
    """(2**-e V, e) with the largest entry in [1/2, 1); (None, 0) for V = 0 and (None, 1) if V is not finite."""
    V = np.asarray(V, dtype=np.float64)
    size = float(np.abs(V).max())
    if not math.isfinite(size):
        return None, 1
    if size == 0.0:
        return None, 0
    exponent = math.frexp(size)[1]
    return np.ldexp(V, -exponent), exponent
