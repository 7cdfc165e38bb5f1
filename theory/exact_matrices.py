r"""Exact numbers of small matrices, and inputs that realize given slopes.

||A||_2^2 is the largest root of det(x I - A A^T), rho(A) the largest modulus of a root of det(x I - A): for rational
entries both are algebraic numbers that SymPy orders exactly. A tanh unit has slope d in (0, 1] at the pre-activation
a = artanh(sqrt(1 - d)); the input u_t = a_t - W h_{t-1} puts the network there, so that every sequence of slopes in
(0, 1] is the one of some bounded input.

Main definitions: `spectral_norm`, `spectral_radius`, `jacobian`, `repeated`, `realize_slopes`, `slopes_of_tanh`,
`square`, `whole`.
"""

from __future__ import annotations

import mpmath
import sympy as sp

from .differences import DIGITS, assert_jacobian, number, numbers
from .refutation import Premise

_X = sp.Symbol("x")


def square(matrix: sp.MatrixBase) -> sp.MatrixBase:
    """The matrix itself; ValueError unless it has as many rows as columns."""
    if not matrix.is_square:
        raise ValueError(f"matrix must be square, got shape {matrix.shape}")
    return matrix


def whole(number: sp.Expr) -> int:
    """The number as an int; ValueError unless it is a positive whole number."""
    if not (number.is_Integer and number > 0):
        raise ValueError(f"number must be a positive whole number, got {number}")
    return int(number)


def spectral_norm(A: sp.MatrixBase) -> sp.Expr:
    """||A||_2, exactly, for rational entries (of a matrix with at most two rows or columns also algebraic ones).

    >>> spectral_norm(sp.Matrix([[0, 2], [0, 0]])), spectral_norm(sp.Matrix([[1, 1], [0, 1]]))
    (2, 1/2 + sqrt(5)/2)
    """
    gram = A * A.T if A.rows <= A.cols else A.T * A
    if gram.rows <= 2:
        trace, determinant = gram.trace(), gram.det()
        largest = trace if gram.rows == 1 else (trace + sp.sqrt(sp.expand(trace**2 - 4 * determinant))) / 2
    else:
        largest = sp.Poly(gram.charpoly(_X).as_expr(), _X).real_roots()[-1]
    return sp.expand(sp.sqrtdenest(sp.sqrt(largest)))


def spectral_radius(A: sp.MatrixBase) -> sp.Expr:
    """rho(A), the largest modulus of an eigenvalue, exactly, for a square matrix with rational entries.

    >>> spectral_radius(sp.Matrix([[0, -2], [2, 0]]))
    2
    """
    if square(A).rows == 2:
        half, determinant = A.trace() / 2, A.det()
        rest = half**2 - determinant
        return sp.sqrt(determinant) if rest < 0 else abs(half) + sp.sqrt(rest)
    roots = sp.Poly(A.charpoly(_X).as_expr(), _X).all_roots()
    return sp.Max(*(sp.Abs(root) for root in roots))


def repeated(rows: sp.MatrixBase, times: sp.Expr | int) -> sp.MatrixBase:
    """The rows one after the other, ``times`` times: the slopes of a periodic orbit."""
    return sp.Matrix.vstack(*[rows] * whole(sp.sympify(times)))


def jacobian(W: sp.MatrixBase, slopes: sp.MatrixBase) -> sp.MatrixBase:
    """D_k W ... D_1 W, the Jacobian over k steps of h_t = phi(W h_{t-1} + u_t); row t of ``slopes`` (k, n) is D_t.

    >>> jacobian(sp.Matrix([[2]]), sp.Matrix([["1/4"], ["1/2"]]))
    Matrix([[1/2]])
    """
    running = sp.eye(square(W).rows)
    for t in range(slopes.rows):
        running = sp.diag(*slopes.row(t)) * W * running
    return running


def slopes_of_tanh(slopes: sp.MatrixBase) -> tuple[Premise, Premise]:
    """0 < d <= 1 for every slope d: what the slopes of tanh satisfy, and all that they do.

    >>> print(*slopes_of_tanh(sp.Matrix([[1, "1/4"]])), sep="; ")
    smallest slope: 1/4 > 0; largest slope: 1 <= 1
    """
    return (
        Premise("smallest slope", sp.Gt(min(slopes), 0, evaluate=False)),
        Premise("largest slope", sp.Le(max(slopes), 1, evaluate=False)),
    )


def realize_slopes(W: sp.MatrixBase, slopes: sp.MatrixBase) -> None:
    """Run a tanh network on the inputs u_t = a_t - W h_{t-1} from h_0 = 0 and difference it, with 120 digits.

    AssertionError unless every slope is the given one and the differences are `jacobian`, to 30 digits.
    """
    with mpmath.workdps(DIGITS):
        weights, tolerance = numbers(square(W)), mpmath.mpf(10) ** -30
        state, inputs = mpmath.zeros(W.rows, 1), []
        for t in range(slopes.rows):
            row = [number(d) for d in slopes.row(t)]
            assert all(0 < d <= 1 for d in row), f"slopes of tanh must be in (0, 1], got {slopes.row(t)}"
            inputs.append(mpmath.matrix([mpmath.atanh(mpmath.sqrt(1 - d)) for d in row]) - weights * state)
            reached = weights * state + inputs[-1]
            assert all(abs(mpmath.sech(a) ** 2 - d) < tolerance for a, d in zip(reached, row, strict=True))
            state = reached.apply(mpmath.tanh)

        def run(state: mpmath.matrix) -> mpmath.matrix:
            for u in inputs:
                state = (weights * state + u).apply(mpmath.tanh)
            return state

        assert_jacobian(run, mpmath.zeros(W.rows, 1), jacobian(W, slopes))
