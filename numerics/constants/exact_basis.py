"""Linear equations and changes of basis in rational arithmetic, for a few rows.

Main definitions: `solved`, `exactly_similar`.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from .many_norms import Stack
from .matrix import Matrix

Row = list[Fraction]


def solved(rows: Sequence[Sequence[Fraction]], right: Sequence[Sequence[Fraction]]) -> list[Row] | None:
    """X with A X = B for square A (n, n) and B (n, k), by elimination; None if A is singular.

    >>> solved([[Fraction(0), Fraction(2)], [Fraction(1), Fraction(1)]], [[Fraction(1)], [Fraction(0)]])
    [[Fraction(-1, 2)], [Fraction(1, 2)]]
    """
    n = len(rows)
    left = [[*row, *beside] for row, beside in zip(rows, right, strict=True)]
    for k in range(n):
        pivot = next((i for i in range(k, n) if left[i][k]), None)
        if pivot is None:
            return None
        left[k], left[pivot] = left[pivot], left[k]
        left[k] = [x / left[k][k] for x in left[k]]
        for i in range(n):
            if i != k and left[i][k]:
                left[i] = [x - left[i][k] * y for x, y in zip(left[i], left[k], strict=True)]
    return [row[n:] for row in left]


def exactly_similar(A: Stack, T: Matrix) -> tuple[Stack, Matrix] | None:
    """(T A_i T^-1, T^-1), every entry rounded to the next float; None if T is singular."""
    n = len(T)
    exact = [[Fraction(x) for x in row] for row in T.tolist()]
    inverse = solved(exact, [[Fraction(int(i == j)) for j in range(n)] for i in range(n)])
    if inverse is None:
        return None
    left, right = np.array(exact, dtype=object), np.array(inverse, dtype=object)
    parts: list[NDArray[np.object_]] = [
        np.array([[Fraction(x) for x in row] for row in part], dtype=object) for part in A.tolist()
    ]
    return np.array([left @ part @ right for part in parts]).astype(np.float64), right.astype(np.float64)
