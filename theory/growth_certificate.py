r"""A certificate of the growth rate of products of given matrices, checked with rational arithmetic alone.

For matrices A_1, ..., A_m (n, n) and a word w = (w_1, ..., w_k) let A_w = A_(w_k) ... A_(w_1), the letter w_1 applied first.
The joint spectral radius jsr = lim over k of max over |w| = k of ||A_w||^(1/k) is the growth rate of the fastest products:
||A_w|| <= K c^|w| for some K and all words if c > jsr, for no K if c < jsr.

**Lower bound.** If rho(A_w) >= r^|w| for one word then r <= jsr, as ||A_w^k|| >= rho(A_w)^k for the power w...w of length
k |w|. With p(x) = det(x I - A_w) and s = r^|w| > 0, the question is whether a root of p(s x) has modulus 1 or more. A
polynomial p of degree d with real coefficients a_0, ..., a_d has one if |a_0| >= |a_d|, the product of the moduli being
|a_0/a_d|. Else put p*(x) = x^d p(1/x) and q = (a_d p - a_0 p*)/x, of degree d - 1, as the constant terms cancel and
a_d^2 > a_0^2, also its leading coefficient. Then p has such a root if and only if q has (Schur and Cohn): a root of p on
the circle is one of p*, hence of q; if there is none, |p| = |p*| > 0 on the circle, a_d p dominates there, and by
Rouche's theorem p and x q have equally many roots inside. So d steps decide the question, for multiple and for complex roots too.

**Upper bound by an ellipsoid.** Let P be symmetric and positive definite, ||x||_P^2 = x^T P x, c >= 0, and let w run over a
finite set of nonempty words of which none begins another and sum m^-|w| = 1. If c^(2|w|) P - A_w^T P A_w is positive
semidefinite for each of them, then jsr <= c. For let l be the largest length. Of the m^l words of length l, m^(l - |w|)
begin with w, and no word begins with two: by the sum, every one begins with some w. So every word v is w^1 w^2 ... w^j u
with |u| < l, and ||A_v||_P <= c^(|v| - |u|) ||A_u||_P. For c > 0 take the largest ||A_u||_P c^-|u| as K; for c = 0 every
product of l factors is 0.

**Upper bound by a polytope.** Let the columns of V (n, N) span R^n. Then |x| = min {||y||_1 : V y = x} is a norm, and its
unit ball is the convex hull of the columns and their negatives. If A_i V = V L_i, where every column of L_i has the sum of
absolute values at most c, then |A_i x| <= c |x|: x = V y gives A_i x = V (L_i y). So jsr <= c.

A lower and an upper rate that are equal decide jsr. Two rates that are not equal say nothing of whether some product
attains it.

Main definitions: `GrowthCertificate`, `Ellipsoid`, `Polytope`, `radius_at_least`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from math import gcd, lcm
from numbers import Rational
from typing import Any

from .certificate import double_of, fields_of, number_of, parsed, semidefinite_fault, text_of

Vector = tuple[Fraction, ...]
Matrix = tuple[Vector, ...]
Word = tuple[int, ...]


@dataclass(frozen=True)
class Ellipsoid:
    """P (n, n), symmetric and positive definite, and the words in which the norm ||x||_P^2 = x^T P x is used."""

    P: Matrix
    words: tuple[Word, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "P", _matrix("P", self.P))
        object.__setattr__(self, "words", tuple(_word("words", word) for word in self.words))

    def check(self, matrices: Sequence[Matrix], rate: Fraction) -> None:
        """jsr <= rate; ValueError with one sentence that names what fails."""
        n = len(self.P)
        if rate < 0:
            raise ValueError(f"rate must not be negative, got {rate}")
        _same_size("P", self.P, len(matrices[0]))
        for i in range(n):
            for j in range(i):
                if self.P[i][j] != self.P[j][i]:
                    raise ValueError(
                        f"P must be symmetric, got {self.P[i][j]} and {self.P[j][i]} in row {i}, column {j}"
                    )
        rows = [list(self.P[i][: i + 1]) for i in range(n)]
        if semidefinite_fault(rows) is not None or _rank(self.P) < n:
            raise ValueError("P must be positive definite")
        _check_code(self.words, len(matrices))
        scale = lcm(*(entry.denominator for row in self.P for entry in row))
        P = [[int(entry * scale) for entry in row] for row in self.P]
        for word, (product, denominator) in _products(matrices, self.words):
            squared = rate ** (2 * len(word)) * denominator**2
            image = _times(_transposed(product), _times(P, product))
            rest = [[squared * P[i][j] - image[i][j] for j in range(i + 1)] for i in range(n)]
            fault = semidefinite_fault(rest)
            if fault is not None:
                raise ValueError(
                    f"rate^{2 * len(word)} P - A^T P A must be positive semidefinite for the product A of the word "
                    f"{_spelled(word)}, got {fault}"
                )


@dataclass(frozen=True)
class Polytope:
    """Columns V (n, N), given as N ``vertices``, and for every matrix L (N, N), given by its N columns of coefficients."""

    vertices: Matrix
    coefficients: tuple[Matrix, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "vertices", _matrix("vertices", self.vertices))
        object.__setattr__(self, "coefficients", tuple(_matrix("coefficients", part) for part in self.coefficients))

    def check(self, matrices: Sequence[Matrix], rate: Fraction) -> None:
        """jsr <= rate; ValueError with one sentence that names what fails."""
        n, N = len(matrices[0]), len(self.vertices)
        if any(len(vertex) != n for vertex in self.vertices) or _rank(self.vertices) < n:
            raise ValueError(f"vertices must span all {n} dimensions")
        shapes = [(len(part), {len(column) for column in part}) for part in self.coefficients]
        if shapes != [(N, {N})] * len(matrices):
            raise ValueError(f"coefficients must be {len(matrices)} times {N} columns of {N} numbers")
        for i, (matrix, part) in enumerate(zip(matrices, self.coefficients, strict=True)):
            for k, (vertex, column) in enumerate(zip(self.vertices, part, strict=True)):
                total = sum((abs(y) for y in column), Fraction(0))
                if total > rate:
                    raise ValueError(
                        f"coefficients must have a sum of absolute values of at most {rate}, got {total} for matrix {i} "
                        f"and vertex {k}"
                    )
                used = [(y, other) for y, other in zip(column, self.vertices, strict=True) if y]
                for row in range(n):
                    image = sum((a * x for a, x in zip(matrix[row], vertex, strict=True)), Fraction(0))
                    if image != sum((y * other[row] for y, other in used), Fraction(0)):
                        raise ValueError(
                            f"coefficients must give the image of vertex {k} under matrix {i}, but do not in row {row}"
                        )


@dataclass(frozen=True)
class GrowthCertificate:
    """lower <= jsr(A_1, ..., A_m) <= upper, by the radius of the product of ``word`` and by ``norm``; all exact.

    Letters of words are the indices 0, ..., m - 1, the factor that is applied first comes first. Entries may be given as
    integers, fractions or other exact rationals. Raises TypeError for a floating-point number and ValueError for a shape
    that does not fit; whether the certificate holds is decided by `check`.

    >>> shear, swapped = [[1, 1], [0, 1]], [[1, 0], [1, 1]]
    >>> found = GrowthCertificate(
    ...     matrices=[shear, swapped], lower=Fraction(8, 5), word=[0, 1], upper=Fraction(13, 8),
    ...     norm=Ellipsoid(P=[[1, 0], [0, 1]], words=[[0], [1]]))
    >>> found.check()
    >>> found.decided, GrowthCertificate.from_json(found.to_json()) == found
    (False, True)
    """

    matrices: tuple[Matrix, ...]
    lower: Fraction
    word: Word
    upper: Fraction
    norm: Ellipsoid | Polytope

    def __post_init__(self) -> None:
        object.__setattr__(self, "matrices", tuple(_matrix("matrices", matrix) for matrix in self.matrices))
        object.__setattr__(self, "word", _word("word", self.word))
        if type(self.norm) not in (Ellipsoid, Polytope):  # a subclass could check anything
            raise TypeError(f"norm must be an Ellipsoid or a Polytope, got {type(self.norm).__name__}")
        for name in ("lower", "upper"):
            object.__setattr__(self, name, _exact(name, getattr(self, name)))
        if not self.matrices:
            raise ValueError("matrices must be one or more, got none")
        for matrix in self.matrices:
            _same_size("matrices", matrix, len(self.matrices[0]))

    @property
    def decided(self) -> bool:
        """Whether the two rates are equal, so that a valid certificate gives the exact value."""
        return self.lower == self.upper

    @property
    def conclusion(self) -> str:
        """What a valid certificate proves, as a sentence.

        >>> zero = GrowthCertificate([[[0]]], 0, [0], 0, Ellipsoid([[1]], [[0]]))
        >>> zero.check()
        >>> zero.conclusion
        'the joint spectral radius of 1 matrix is 0'
        """
        several = f"{len(self.matrices)} {'matrix' if len(self.matrices) == 1 else 'matrices'}"
        if self.decided:
            return f"the joint spectral radius of {several} is {self.lower}"
        return f"the joint spectral radius of {several} is at least {self.lower} and at most {self.upper}"

    def check(self) -> None:
        """Decide both sides by exact arithmetic; ValueError with one sentence that names what fails."""
        for name in ("lower", "upper"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} must not be negative, got {getattr(self, name)}")
        if not self.word:
            raise ValueError("word must not be empty")
        _known_letters("word", self.word, len(self.matrices))
        ((_, (product, denominator)),) = _products(self.matrices, [self.word])
        if not _integer_radius_at_least(product, self.lower ** len(self.word) * denominator):
            raise ValueError(
                f"the product of the word {_spelled(self.word)} must have a spectral radius of at least "
                f"lower^{len(self.word)}, got a smaller one"
            )
        self.norm.check(self.matrices, self.upper)

    def to_json(self) -> str:
        """One JSON object; matrices as hexadecimal doubles where they are doubles, other numbers as fractions."""
        if isinstance(self.norm, Ellipsoid):
            norm: dict[str, object] = {"P": _plain(self.norm.P), "words": self.norm.words}
        else:
            parts = [_plain(part) for part in self.norm.coefficients]
            norm = {"vertices": _plain(self.norm.vertices), "coefficients": parts}
        matrices = [[[_hexadecimal(entry) for entry in row] for row in matrix] for matrix in self.matrices]
        rates = {"lower": text_of("lower", self.lower), "word": self.word, "upper": text_of("upper", self.upper)}
        return json.dumps({"matrices": matrices, **rates, **norm})

    @classmethod
    def from_json(cls, text: str) -> GrowthCertificate:
        """The inverse of `to_json`, unchecked; ValueError with one sentence for a text of another form."""
        try:
            read = parsed(text)
            norm: Ellipsoid | Polytope
            of_norm = ("P", "words") if isinstance(read, dict) and "P" in read else ("vertices", "coefficients")
            read = fields_of("certificate", read, ("matrices", "lower", "word", "upper", *of_norm))
            if "P" in read:
                norm = Ellipsoid(_numbers(read["P"]), read["words"])
            else:
                norm = Polytope(_numbers(read["vertices"]), _numbers(read["coefficients"]))
            rates = _number(read["lower"]), read["word"], _number(read["upper"])
            return cls(_numbers(read["matrices"]), *rates, norm)
        except (json.JSONDecodeError, KeyError, TypeError, OverflowError, RecursionError) as error:
            raise ValueError(
                f"text must be the JSON of a growth certificate: {type(error).__name__}, {error}"
            ) from error


def radius_at_least(matrix: Sequence[Sequence[Rational | int]], radius: Rational | int) -> bool:
    """Whether rho(A) >= radius, decided exactly for a rational (n, n) matrix and a radius >= 0.

    Raises TypeError for a floating-point number, ValueError for a matrix that is not square.

    >>> radius_at_least([[0, -2], [2, 0]], 2), radius_at_least([[1, 1], [0, 1]], Fraction(1001, 1000))
    (True, False)
    """
    rows, least = _matrix("matrix", matrix), _exact("radius", radius)
    _same_size("matrix", rows, len(rows))
    if least < 0:
        raise ValueError(f"radius must not be negative, got {least}")
    scale = lcm(*(entry.denominator for row in rows for entry in row))
    return _integer_radius_at_least([[int(entry * scale) for entry in row] for row in rows], least * scale)


# --- the parts of a check -------------------------------------------------------------------------------------
def _check_code(words: Sequence[Word], letters: int) -> None:
    """ValueError unless every long word over so many letters begins with exactly one of the nonempty words."""
    for word in words:
        if not word:
            raise ValueError("words must not be empty")
        _known_letters("words", word, letters)
    ordered = sorted(words)
    for one, other in pairwise(ordered):  # what begins with a word follows it in this order
        if other[: len(one)] == one:
            raise ValueError(f"words must not begin one another, got {_spelled(one)} and {_spelled(other)}")
    longest = max(map(len, words), default=0)
    covered = sum(letters ** (longest - len(word)) for word in words)
    if covered != letters**longest or not words:
        raise ValueError(
            f"words must be the beginnings of all long words, but only {covered if words else 0} of the "
            f"{letters**longest} words of length {longest} begin with one"
        )


def _known_letters(name: str, word: Word, letters: int) -> None:
    for letter in word:
        if not 0 <= letter < letters:
            raise ValueError(f"{name} must have letters from 0 to {letters - 1}, got {letter}")


def _products(matrices: Sequence[Matrix], words: Iterable[Word]) -> Iterator[tuple[Word, tuple[list[list[int]], int]]]:
    """(w, (N, q)) with A_w = N/q in integers, for each word; the products of common beginnings are computed once."""
    scale = lcm(*(entry.denominator for matrix in matrices for row in matrix for entry in row))
    integers = [[[int(entry * scale) for entry in row] for row in matrix] for matrix in matrices]
    known: dict[Word, list[list[int]]] = {}
    for word in words:
        for length in range(1, len(word) + 1):
            begun = word[:length]
            if begun not in known:
                factor = integers[begun[-1]]
                known[begun] = _times(factor, known[begun[:-1]]) if length > 1 else factor
        yield word, (known[word], scale ** len(word))


def _integer_radius_at_least(rows: list[list[int]], radius: Fraction) -> bool:
    """Whether rho >= radius for a matrix of integers, by the characteristic polynomial and the steps of Schur and Cohn."""
    if radius == 0:
        return True
    p, q = radius.numerator, radius.denominator
    n = len(rows)
    # det(x I - A) at x radius, times q^n; the coefficient of x^k is last[k]
    last = [a * p**k * q ** (n - k) for k, a in enumerate(_characteristic_polynomial(rows))]
    while len(last) > 1:
        first, top = last[0], last[-1]
        if abs(first) >= abs(top):
            return True
        reduced = [top * a - first * b for a, b in zip(last, reversed(last), strict=True)][1:]
        common = gcd(*reduced)
        last = [a // common for a in reduced]
    return False


def _characteristic_polynomial(rows: list[list[int]]) -> list[int]:
    """The coefficients of det(x I - A), the constant first, by the recursion of Faddeev and LeVerrier (exact divisions)."""
    n = len(rows)
    coefficients = [1]
    auxiliary = [[0] * n for _ in range(n)]
    for k in range(1, n + 1):
        for i in range(n):
            auxiliary[i][i] += coefficients[-1]
        auxiliary = _times(rows, auxiliary)
        coefficients.append(-sum(auxiliary[i][i] for i in range(n)) // k)
    return coefficients[::-1]


def _times(left: list[list[int]], right: list[list[int]]) -> list[list[int]]:
    columns = list(zip(*right, strict=True))
    return [[sum(a * b for a, b in zip(row, column, strict=True)) for column in columns] for row in left]


def _transposed(rows: list[list[int]]) -> list[list[int]]:
    return [list(column) for column in zip(*rows, strict=True)]


def _rank(rows: Matrix) -> int:
    """The number of independent rows, by elimination."""
    left, rank = [list(row) for row in rows], 0
    for column in range(len(rows[0]) if rows else 0):
        pivot = next((i for i in range(rank, len(left)) if left[i][column]), None)
        if pivot is None:
            continue
        left[rank], left[pivot] = left[pivot], left[rank]
        for i in range(rank + 1, len(left)):
            factor = left[i][column] / left[rank][column]
            if factor:
                left[i] = [x - factor * y for x, y in zip(left[i], left[rank], strict=True)]
        rank += 1
    return rank


# --- data in and out ------------------------------------------------------------------------------------------
def _matrix(name: str, rows: Any) -> Matrix:
    return tuple(tuple(_exact(name, entry) for entry in row) for row in rows)


def _same_size(name: str, rows: Matrix, n: int) -> None:
    if n == 0 or len(rows) != n or any(len(row) != n for row in rows):
        lengths = sorted({len(row) for row in rows})
        raise ValueError(f"{name} must be {n} by {n} with n >= 1, got {len(rows)} rows of lengths {lengths}")


def _exact(name: str, value: Any) -> Fraction:
    if not isinstance(value, Rational):
        raise TypeError(f"{name} must be an exact rational number, got {value!r} ({type(value).__name__})")
    return Fraction(int(value.numerator), int(value.denominator))


def _word(name: str, letters: Any) -> Word:
    found: Word = tuple(letters)
    for letter in found:
        if not isinstance(letter, int) or isinstance(letter, bool):
            raise TypeError(f"{name} must be made of indices of matrices, got {letter!r} ({type(letter).__name__})")
    return found


def _spelled(word: Word) -> str:
    return " ".join(map(str, word))


def _plain(rows: Matrix) -> list[list[str]]:
    return [[text_of("P or the polytope", entry) for entry in row] for row in rows]


def _hexadecimal(entry: Fraction) -> str:
    try:
        nearest = float(entry)
    except OverflowError:
        return text_of("matrices", entry)
    return nearest.hex() if Fraction(nearest) == entry else text_of("matrices", entry)


def _numbers(value: Any) -> Any:
    return [_numbers(part) for part in value] if isinstance(value, list) else _number(value)


def _number(text: Any) -> Fraction:
    """A fraction or a hexadecimal double, each in its one form: what is written is what is checked."""
    if isinstance(text, str) and "x" in text:
        return Fraction(double_of("certificate", text))
    return number_of("certificate", text)
