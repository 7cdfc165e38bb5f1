"""The search for counterexamples: draw exact examples until one refutes a claim, then make it as simple as it goes.

An example is simpler if its matrices have fewer rows or its numbers are smaller: the cost of a rational p/q is about
|p| + q. Every step of the way is decided by the claim's own exact ``measure``; an example that it rejects with a
ValueError refutes nothing.

Main definitions: `search`, `shrink`, `cost`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random

import sympy as sp

from .refutation import Clash, Example

Measure = Callable[[Example], Clash]


def search(draw: Callable[[Random], Example], measure: Measure, *, seed: int, tries: int = 5000) -> Example:
    """The first drawn example that refutes, made simple; ValueError if none of the ``tries`` draws does."""
    rng = Random(seed)
    for _ in range(tries):
        example = draw(rng)
        if _refutes(example, measure):
            return shrink(example, measure)
    raise ValueError(f"draw must give a counterexample within {tries} tries, got none from seed {seed}")


def shrink(example: Example, measure: Measure) -> Example:
    """The example after all single simplifications that leave it a counterexample, the first possible one each time."""
    while True:
        better = next((simpler for simpler in _simpler(example) if _refutes(simpler, measure)), None)
        if better is None:
            return example
        example = better


def cost(value: sp.Basic) -> int:
    """How complicated a number or a matrix is.

    >>> [cost(sp.Rational(x)) for x in (0, 1, -1, 2, "1/2")]
    [1, 2, 3, 3, 4]
    """
    if isinstance(value, sp.MatrixBase):
        return sum(cost(x) for x in value) + 100 * int(value.rows)
    size = sum(abs(number.p) + number.q for number in value.atoms(sp.Rational))
    return int(size) + int(sp.count_ops(value))


def _refutes(example: Example, measure: Measure) -> bool:
    try:
        return measure(example).refutes
    except ValueError:
        return False


def _simpler(example: Example) -> Iterator[Example]:
    for name, value in example.data.items():
        matrix = isinstance(value, sp.MatrixBase)
        for candidate in _simpler_matrices(value) if matrix else _simpler_numbers(value):
            yield Example(**{**example.data, name: candidate})


def _simpler_matrices(matrix: sp.MatrixBase) -> Iterator[sp.MatrixBase]:
    rows = matrix.tolist()
    for i in range(len(rows)):
        if len(rows) > 1:
            yield sp.Matrix(rows[:i] + rows[i + 1 :])
    for i, row in enumerate(rows):
        for j, entry in enumerate(row):
            for number in _simpler_numbers(entry):
                yield sp.Matrix([*rows[:i], [*row[:j], number, *row[j + 1 :]], *rows[i + 1 :]])


def _simpler_numbers(number: sp.Expr) -> Iterator[sp.Expr]:
    if number.is_Rational:
        candidates = [sp.S.Zero, sp.S.One, sp.Abs(number), sp.floor(number), sp.ceiling(number), sp.floor(number / 2)]
        candidates += [sp.Integer(number.p - 1) / number.q, sp.Integer(number.p) / max(1, number.q - 1)]
    else:  # a function of whole numbers, such as a logarithm
        candidates = [number.xreplace({whole: whole - 1}) for whole in number.atoms(sp.Integer) if whole > 1]
    yield from sorted(
        {c for c in candidates if c.is_finite and cost(c) < cost(number)}, key=lambda c: (cost(c), str(c))
    )
