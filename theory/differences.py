r"""Jacobians of programs by central differences, df/dx e_j = (f(x + s e_j) - f(x - s e_j)) / (2 s) + O(s^2).

With 120 digits and s = 10^-40 the first 30 digits are right wherever the derivatives stay below 10^20 or so. The
program is run and never differentiated: what it is compared with shares nothing with it.

Main definitions: `DIGITS`, `assert_jacobian`, `number`, `numbers`.
"""

from __future__ import annotations

from collections.abc import Callable

import mpmath
import sympy as sp

DIGITS = 120
Program = Callable[[mpmath.matrix], mpmath.matrix]


def number(exact: sp.Expr) -> mpmath.mpf:
    """An exact number in the working precision of mpmath."""
    return mpmath.mpf(exact.p) / exact.q if exact.is_Rational else mpmath.mpmathify(sp.N(exact, mpmath.mp.dps))


def numbers(exact: sp.MatrixBase) -> mpmath.matrix:
    """An exact matrix in the working precision of mpmath."""
    return mpmath.matrix([[number(x) for x in exact.row(i)] for i in range(exact.rows)])


def assert_jacobian(program: Program, start: mpmath.matrix, expected: sp.MatrixBase) -> None:
    """AssertionError unless the Jacobian of ``program`` at ``start`` is ``expected``, (rows, n), to 30 digits.

    >>> assert_jacobian(lambda x: x.apply(mpmath.tanh), mpmath.zeros(2, 1), sp.eye(2))
    """
    with mpmath.workdps(DIGITS):
        step, tolerance = mpmath.mpf(10) ** -40, mpmath.mpf(10) ** -30
        scale = 1 + max(abs(number(x)) for x in expected)
        for column in range(expected.cols):
            ends = []
            for sign in (1, -1):
                moved = start.copy()
                moved[column] += sign * step
                ends.append(program(moved))
            for row in range(expected.rows):
                found, wanted = (ends[0][row] - ends[1][row]) / (2 * step), number(expected[row, column])
                where = f"entry ({row}, {column}) must be {mpmath.nstr(wanted, 10)}, got {mpmath.nstr(found, 10)}"
                assert abs(found - wanted) < tolerance * scale, where
