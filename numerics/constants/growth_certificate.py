"""From floats to a certificate of lower <= jsr <= upper that rational arithmetic alone re-checks.

The lower rate is just below rho(A_w)^(1/|w|) for the best word w that branch and bound finds. The upper one belongs to a
polytope whose vertices were rounded to few bits, with coefficients solved exactly, or to the ellipsoid P = T^T T of a float T
and the words where the branches of the search are cut. Where a small fraction is as good as the float next to it, it is tried
first: so rates that are simple fractions come out exactly.

Main definition: `growth_certificate`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction
from itertools import product

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...theory.growth_certificate import Ellipsoid, GrowthCertificate, Polytope, Word, radius_at_least
from ...theory.growth_certificate import Matrix as ExactMatrix
from .ellipsoid import Similar, common_ellipsoid, similar
from .exact_basis import Row, solved
from .gripenberg import Tree, branch_and_bound
from .joint_spectral_radius import several_matrices
from .many_norms import Stack, norms_above
from .masked_growth import every_mask
from .matrix import Matrix, square_matrix
from .matrix_set import vanishes
from .polytope import MOST, images, invariant_polytope

BITS = 40  # of the rates and of the entries of vertices
SIMPLE = 1000  # denominators that are tried first
WORK = 2e7  # n^3 times the squared lengths of the words of a certificate that takes about a second
MARGINS = (1e-10, 1e-8, 1e-6)  # of the upper rate above the one that the search proved, relative
UNITS = 6  # of one W at most: its 63 masked copies are matrices of the certificate
WORDS = 4096  # of a certificate that all products vanish, at most


def growth_certificate(W: ArrayLike, *, gap: float = 1e-3, products: int = 20_000) -> GrowthCertificate:
    """A checked certificate lower <= jsr <= upper, upper <= about (1 + gap) lower where so many products suffice, and the
    check takes about a second at most, longer if the entries span many orders of magnitude.

    W is what `joint_spectral_radius` takes: several matrices, or one of at most 6 units, which stands for its masked
    copies D W, one for each of the 2^n - 1 masks but 0 in binary order, the mask of all units last. Entries are the exact
    values of the floats.

    Raises ValueError for a W that is no such thing, for a gap outside [1e-9, 1], for less than one product for each matrix,
    and if no try passes the check.

    >>> pair = growth_certificate([np.array([[1.0, 0.0], [1.0, 0.0]]), np.array([[0.0, 1.0], [0.0, -1.0]])])
    >>> pair.conclusion
    'the joint spectral radius of 2 matrices is 1'
    """
    if not 1e-9 <= gap <= 1:
        raise ValueError(f"gap must be at least 1e-9 and at most 1, got {gap!r}")
    A = several_matrices(W)
    if A is None:
        matrix = square_matrix(W)
        if len(matrix) > UNITS:
            raise ValueError(f"W must have at most {UNITS} units if it stands for its masked copies, got {len(matrix)}")
        A = every_mask(len(matrix))[:, :, None] * matrix
    m, n, _ = A.shape
    if products < m:
        raise ValueError(f"products must be at least the number of matrices, {m}, got {products!r}")
    exact = [[[Fraction(x) for x in row] for row in part] for part in A.tolist()]
    if m**n <= WORDS and vanishes(A):
        nothing = tuple(product(range(m), repeat=n))
        return _checked(exact, Fraction(0), (0,), Fraction(0), Ellipsoid(_identity(n), nothing))
    exponent = math.frexp(float(np.abs(A).max()))[1]
    V = np.ldexp(A, -exponent)
    T = common_ellipsoid(V)
    conjugate = similar(V, T)
    basis = conjugate or Similar(V, np.zeros(m))
    size = math.frexp(float(norms_above(basis.stack).max()))[1]
    basis = Similar(np.ldexp(basis.stack, -size), np.ldexp(basis.errors, -size))
    tree = branch_and_bound(basis, gap=gap / 2, products=products)
    word = tree.word or (0,)
    rate = math.ldexp(tree.rate, size)
    unit = Fraction(2) ** exponent
    lower = _lower_rate(exact, word, rate, unit)
    if n in MOST and tree.rate > 0.0:
        for slack in (0.0, gap / 2):
            found = _polytope(exact, invariant_polytope(V, rate, word, slack=slack), V)
            if found is not None and found[0] <= Fraction(rate * (1 + gap)) * unit:
                return _checked(exact, lower, word, *found)
    square = _square(T if conjugate is not None else np.eye(n))
    fault: object = "the search ended without words"
    for margin in MARGINS:
        c, words = _code(tree, gap, margin, n)
        for upper in [*_simple(rate), c * Fraction(2) ** size] if words else []:
            try:
                return _checked(exact, lower, word, upper * unit, Ellipsoid(square, tuple(words)))
            except ValueError as error:
                fault = error
    raise ValueError(f"gap must leave room for rounding, got {gap!r}: {fault}")


def _code(tree: Tree, gap: float, margin: float, n: int) -> tuple[Fraction, list[Word]]:
    """(c, words) where the branches are cut for c, the least of a few rates for which the check does not take long."""
    c, words = Fraction(1), []
    for times in 2.0 ** np.arange(12):
        rate = max(tree.upper * (1 + margin), tree.rate * (1 + gap * times))
        if not rate < math.inf:
            break
        c = _few_bits(Fraction(rate), 1)
        words = tree.code(float(c)) or []
        if n**3 * sum(len(word) ** 2 for word in words) <= WORK:
            break
    return c, words


def _checked(
    matrices: list[list[Row]], lower: Fraction, word: Word, upper: Fraction, norm: Ellipsoid | Polytope
) -> GrowthCertificate:
    found = GrowthCertificate(matrices, lower, word, upper, norm)  # type: ignore[arg-type]  # sequences are converted
    found.check()
    return found


def _lower_rate(matrices: list[list[Row]], word: Word, rate: float, unit: Fraction) -> Fraction:
    """r unit with rho(A_w) >= (r unit)^|w| for the largest r that passes of a few at and below the float rate; else 0."""
    total: NDArray[np.object_] = np.array(_identity(len(matrices[0])), dtype=object)
    for letter in word:
        total = np.array(matrices[letter], dtype=object) @ total
    below = [_few_bits(Fraction(rate * (1 - margin)), -1) for margin in (0.0, 1e-11, 1e-9, 1e-7, 1e-5)]
    for r in sorted([*_simple(rate, within=1e-6), *below], reverse=True):
        if radius_at_least(total.tolist(), (r * unit) ** len(word)):
            return r * unit
    return Fraction(0)


def _polytope(matrices: list[list[Row]], found: Matrix | None, V: Stack) -> tuple[Fraction, Polytope] | None:
    """(c, polytope) with rounded vertices and exact coefficients, or None where a system is singular."""
    if found is None:
        return None
    scaled = found / found[0, int(np.argmax(np.abs(found[0])))]
    vertices = [[_rounded(x) for x in row] for row in scaled.tolist()]
    where = images(V, np.array([[float(x) for x in row] for row in vertices]))
    if where is None:
        return None
    N = len(vertices)
    columns, most = [], Fraction(0)
    for place, simplex in enumerate(where.simplices.tolist()):
        matrix, vertex = matrices[place // N], vertices[place % N]
        image = [sum((a * x for a, x in zip(row, vertex, strict=True)), Fraction(0)) for row in matrix]
        y = solved(list(zip(*(vertices[k] for k in simplex), strict=True)), [[entry] for entry in image])
        if y is None:
            return None
        column = [Fraction(0)] * N
        for k, (value,) in zip(simplex, y, strict=True):
            column[k] += value
        columns.append(column)
        most = max(most, sum((abs(value) for value in column), Fraction(0)))
    parts = [columns[i * N : (i + 1) * N] for i in range(len(matrices))]
    few = most if most.denominator.bit_length() <= BITS else _few_bits(most, 1)
    return few, Polytope(vertices, parts)  # type: ignore[arg-type]  # sequences are converted


def _square(T: Matrix) -> ExactMatrix:
    """T^T T, exactly."""
    columns = [[Fraction(x) for x in column] for column in T.T.tolist()]
    return tuple(
        tuple(sum((x * y for x, y in zip(one, other, strict=True)), Fraction(0)) for other in columns)
        for one in columns
    )


def _rounded(x: float) -> Fraction:
    """A simple fraction if there is one, else x to some bits after the point."""
    return next(_simple(x), Fraction(round(math.ldexp(x, BITS)), 1 << BITS))


def _simple(x: float, *, within: float = 1e-12) -> Iterator[Fraction]:
    """The fraction of small denominator next to x if it is so near."""
    found = Fraction(x).limit_denominator(SIMPLE)
    if abs(found - Fraction(x)) <= Fraction(within) * abs(found):
        yield found


def _few_bits(x: Fraction, way: int) -> Fraction:
    """x >= 0 rounded up (way 1) or down (way -1) to some bits."""
    if x == 0:
        return x
    shift = BITS - (x.numerator.bit_length() - x.denominator.bit_length())
    scaled = x * Fraction(2) ** shift
    return Fraction(math.ceil(scaled) if way > 0 else math.floor(scaled)) / Fraction(2) ** shift


def _identity(n: int) -> ExactMatrix:
    return tuple(tuple(Fraction(int(i == j)) for j in range(n)) for i in range(n))
