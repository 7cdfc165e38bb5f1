r"""A certificate of uniform vanishing, checked with rational arithmetic alone.

Let W be (n, n), gamma > 0, L = diag(l) > 0, r > 0, P symmetric, and A = (gamma/r) L W L^-1. If the block matrix

    [[P, A^T], [A, 2 I - P]]

is positive semidefinite, then for all diagonal D_1, ..., D_k with entries in [0, gamma] and every k >= 0

    || D_k W ... D_1 W ||_2 <= 2 kappa(L) r^k,    kappa(L) = max l_i/min l_i,

so for r < 1 the Jacobian J(t, t-k) of h_t = phi(W h_(t-1) + B u_t + b) vanishes exponentially in the lag for all inputs,
if 0 <= phi' <= gamma (tanh, ReLU, softplus, logistic).

**Proof.** D commutes with L; put gamma = r = 1 and y = D A x. Then S = y^T (A x - y) = sum_i d_i (1 - d_i) (A x)_i^2 >= 0.
With the form Q(u, v) = u^T P u + 2 v^T A u + v^T (2 I - P) v >= 0,
*step* x^T P x - y^T P y = Q(x, -y) + 2 S; *entry* 2 |x|^2 - x^T P x = Q(0, x);
*exit* 2 x^T P x - |y|^2 = Q(2 x, -y)/2 + 2 S + Q(y, 0)/2. Hence |y_k|^2 <= 2 x_(k-1)^T P x_(k-1) <= 2 x_0^T P x_0 <= 4 |x_0|^2
for k >= 1; k = 0 is 1 <= 2.

**Not covered.** Slopes outside [0, gamma], as of SiLU, GELU or Mish, make S negative, and the conclusion is false for
them: W = [[1, 1], [-1, -1]] has a certificate with gamma = r = 1, but diag(-1/10, 1) W has the spectral radius 11/10. One
P belongs to one W: weights that change from step to step are not covered either.

By Ando 1973 there is such a P if and only if the numerical radius of A is at most 1; the proof above does not need this.
The factor 2 is attained for every k by `crabb`.

**Exchange.** A certificate is written as a JSON object with the keys n, W, gamma, L, rate and P. Rational numbers are strings
"p/q" or "p" in lowest terms. W is {"sha256": ..., "doubles": rows of hexadecimal floats} if every entry is a double, with the
digest of the n^2 little-endian doubles by rows (0 for -0), else {"rationals": rows of rational numbers}. So a checker needs
rational arithmetic alone: that the block matrix is positive semidefinite is decided by elimination.

Main definitions: `Certificate`, `crabb`.
"""

from __future__ import annotations

import hashlib
import json
import re
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from math import gcd, lcm
from numbers import Rational
from typing import Any

Vector = tuple[Fraction, ...]
Matrix = tuple[Vector, ...]
KEYS = ("n", "W", "gamma", "L", "rate", "P")
DIGITS = 4000  # of a numerator or denominator in a file, below the limit of Python's conversions


@dataclass(frozen=True)
class Certificate:
    """W (n, n), gamma > 0, the diagonal L (n,), rate > 0 and P (n, n), all exact; `check` decides whether it holds.

    Entries may be given as integers, fractions or other exact rationals, in any sequences. Raises TypeError for a
    floating-point number and ValueError for a shape that does not fit.

    >>> found = Certificate(W=[[0, 2], [0, 0]], gamma=1, L=[1, 1], rate=1, P=[[0, 0], [0, 2]])
    >>> found.check()
    >>> found.constant, found.bound(7)
    (Fraction(2, 1), Fraction(2, 1))
    >>> Certificate(W=[[0, 2], [0, 0]], gamma=1, L=[1, 1], rate=Fraction(99, 100), P=[[0, 0], [0, 2]]).check()
    Traceback (most recent call last):
    ...
    ValueError: the block matrix [[P, A^T], [A, 2I - P]] must be positive semidefinite, got a negative pivot in row 3 of 4
    """

    W: Matrix
    gamma: Fraction
    L: Vector
    rate: Fraction
    P: Matrix

    def __post_init__(self) -> None:
        for name in ("gamma", "rate"):
            object.__setattr__(self, name, _exact(name, getattr(self, name)))
        for name in ("W", "P"):
            rows = tuple(tuple(_exact(name, entry) for entry in row) for row in getattr(self, name))
            object.__setattr__(self, name, rows)
        object.__setattr__(self, "L", tuple(_exact("L", entry) for entry in self.L))
        n = len(self.W)
        for name, rows in (("W", self.W), ("P", self.P)):
            if n == 0 or len(rows) != n or any(len(row) != n for row in rows):
                shape = sorted({len(row) for row in rows})
                raise ValueError(f"{name} must be {n} by {n} with n >= 1, got {len(rows)} rows of lengths {shape}")
        if len(self.L) != n:
            raise ValueError(f"L must have {n} entries, got {len(self.L)}")

    @property
    def condition(self) -> Fraction:
        """kappa(L) = max l_i/min l_i."""
        return max(self.L) / min(self.L)

    @property
    def constant(self) -> Fraction:
        """2 kappa(L), the factor of the bound."""
        return 2 * self.condition

    def bound(self, lag: int) -> Fraction:
        """2 kappa(L) rate^lag >= || D_lag W ... D_1 W ||_2; ValueError for a negative lag."""
        if lag < 0:
            raise ValueError(f"lag must be at least 0, got {lag}")
        return self.constant * self.rate**lag

    @property
    def conclusion(self) -> str:
        """What a valid certificate proves, as a sentence.

        >>> crabb(3).conclusion
        '||J(t, t-k)||_2 <= 2 * 1^k for all k >= 0 and all slopes in [0, 1]'
        """
        return f"||J(t, t-k)||_2 <= {self.constant} * {self._rate}^k for all k >= 0 and all slopes in [0, {self.gamma}]"

    @property
    def _rate(self) -> str:
        return str(self.rate) if self.rate.denominator == 1 else f"({self.rate})"

    def to_json(self) -> str:
        """The certificate as a JSON text in the format of this module, the same bytes for the same certificate.

        Raises ValueError for a number of more than 4000 digits.

        >>> print(crabb(1).to_json()[-74:])
        "gamma": "1", "L": ["1", "1"], "rate": "1", "P": [["0", "0"], ["0", "2"]]}
        """
        document: dict[str, Any] = {"n": len(self.W), "W": _weights_out(self.W)}
        document |= {"gamma": text_of("gamma", self.gamma), "L": [text_of("L", entry) for entry in self.L]}
        document |= {
            "rate": text_of("rate", self.rate),
            "P": [[text_of("P", entry) for entry in row] for row in self.P],
        }
        return json.dumps(document)

    @classmethod
    def from_json(cls, document: str | Mapping[str, Any]) -> Certificate:
        """The certificate that a JSON text, or the object that it stands for, spells out; `check` decides whether it holds.

        Raises ValueError with one sentence for everything that is not of the format: a key too many or too few, a number
        that is not a rational string in lowest terms, a shape that does not fit, a digest of other weights.

        >>> Certificate.from_json(crabb(2).to_json()) == crabb(2)
        True
        >>> Certificate.from_json('{"n": 0.5}')
        Traceback (most recent call last):
        ...
        ValueError: a certificate must hold no floating-point number, got 0.5
        """
        fields = fields_of("a certificate", parsed(document) if isinstance(document, str) else document, KEYS)
        n = fields["n"]
        if type(n) is not int or not 1 <= n <= 10**6:
            raise ValueError(f"n must be an integer from 1 to 1000000, got {_short(n)}")
        P = [_numbers("P", row, n) for row in _list("P", fields["P"], n)]
        L = _numbers("L", fields["L"], n)
        W, gamma, rate = (
            _weights_in(fields["W"], n),
            number_of("gamma", fields["gamma"]),
            number_of("rate", fields["rate"]),
        )
        return cls(tuple(map(tuple, W)), gamma, tuple(L), rate, tuple(map(tuple, P)))

    def check(self) -> None:
        """Decide the certificate by exact elimination; ValueError with one sentence that names what fails.

        The block matrix is taken times rate between two copies of diag(L, L), which changes no sign and needs no
        division: [[rate L P L, gamma W^T L^2], [gamma L^2 W, rate (2 L^2 - L P L)]].
        """
        n = len(self.W)
        for name in ("gamma", "rate"):
            if getattr(self, name) <= 0:
                raise ValueError(f"{name} must be positive, got {getattr(self, name)}")
        for i, entry in enumerate(self.L):
            if entry <= 0:
                raise ValueError(f"L must be positive, got {entry} in entry {i}")
        for i in range(n):
            for j in range(i):
                if self.P[i][j] != self.P[j][i]:
                    raise ValueError(
                        f"P must be symmetric, got {self.P[i][j]} and {self.P[j][i]} in row {i}, column {j}"
                    )
        lower = [[self.rate * self.L[i] * self.L[j] * self.P[i][j] for j in range(i + 1)] for i in range(n)]
        for i in range(n):
            row = [self.gamma * self.L[i] ** 2 * self.W[i][j] for j in range(n)]
            rest = [-lower[i][j] for j in range(i)] + [2 * self.rate * self.L[i] ** 2 - lower[i][i]]
            lower.append(row + rest)
        fault = semidefinite_fault(lower)
        if fault is not None:
            raise ValueError(f"the block matrix [[P, A^T], [A, 2I - P]] must be positive semidefinite, got {fault}")


def crabb(k: int) -> Certificate:
    """The certificate with gamma = rate = L = 1 of a 0/1 matrix with || W^k ||_2 = 2: the factor 2 is attained.

    The graph of W is two disjoint paths of k edges from the last of 2 k units to the first, for k = 1 one edge of weight
    2. In the basis (e_a + e_b)/sqrt 2, (e_a - e_b)/sqrt 2 of each pair of units between the ends, W is the Crabb matrix
    (superdiagonal sqrt 2, 1, ..., 1, sqrt 2; for k = 1: 2) of size k + 1 beside a Jordan block of size k - 1.
    P = diag(0, 1, ..., 1, 2), and W^k has a single entry.

    Raises ValueError for k < 1.

    >>> crabb(2).W[0]
    (Fraction(0, 1), Fraction(1, 1), Fraction(1, 1), Fraction(0, 1))
    >>> crabb(2).check()
    """
    if k < 1:
        raise ValueError(f"k must be at least 1, got {k}")
    n = 2 * k
    W = [[0] * n for _ in range(n)]
    for path in range(2):
        units = [0, *range(1 + path, n - 1, 2), n - 1]
        for to, source in pairwise(units):
            W[to][source] += 1
    P = [[(0 if i == 0 else 2 if i == n - 1 else 1) * (i == j) for j in range(n)] for i in range(n)]
    return Certificate(_matrix(W), Fraction(1), (Fraction(1),) * n, Fraction(1), _matrix(P))


def semidefinite_fault(lower: Sequence[Sequence[Fraction]]) -> str | None:
    """None if a symmetric matrix, given by its rows up to the diagonal, is positive semidefinite, else what shows it not.

    L D L^T elimination without pivoting: a pivot must not be negative, and a zero pivot needs a zero row. It is done in
    integers by Bareiss's division-free scheme, whose pivots are the leading minors of the rows kept so far: same signs.

    >>> one = Fraction(1)
    >>> semidefinite_fault([[one], [one, one]]), semidefinite_fault([[0 * one], [one, one]])
    (None, 'a zero pivot with an entry beside it in row 1 of 2')
    """
    size = len(lower)
    scale = lcm(*(entry.denominator for row in lower for entry in row))
    M = [[entry.numerator * (scale // entry.denominator) for entry in row] for row in lower]
    common = gcd(*(entry for row in M for entry in row)) or 1
    M = [[entry // common for entry in row] for row in M]
    previous = 1
    for k in range(size):
        pivot = M[k][k]
        if pivot < 0:
            return f"a negative pivot in row {k + 1} of {size}"
        column = [M[i][k] for i in range(k + 1, size)]
        if pivot == 0:
            if any(column):
                return f"a zero pivot with an entry beside it in row {k + 1} of {size}"
            continue
        for i in range(k + 1, size):
            row, factor = M[i], column[i - k - 1]
            for j in range(k + 1, i + 1):
                row[j] = (row[j] * pivot - factor * column[j - k - 1]) // previous
        previous = pivot
    return None


def _matrix(rows: Sequence[Sequence[int]]) -> Matrix:
    return tuple(tuple(Fraction(entry) for entry in row) for row in rows)


def _exact(name: str, value: Any) -> Fraction:
    if not isinstance(value, Rational):
        raise TypeError(f"{name} must be an exact rational number, got {value!r} ({type(value).__name__})")
    return Fraction(int(value.numerator), int(value.denominator))


# JSON. Nothing is evaluated: numbers are matched as strings, and only then converted.

_RATIONAL = re.compile(r"(-?(?:0|[1-9][0-9]*))(?:/([1-9][0-9]*))?")
_HEXADECIMAL = re.compile(r"-?0x[01]\.[0-9a-f]{1,13}p[+-][0-9]{1,4}")


def _weights_out(W: Matrix) -> dict[str, Any]:
    try:
        doubles = [[float(entry) for entry in row] for row in W]
    except OverflowError:
        doubles = []
    if [[Fraction(entry) for entry in row] for row in doubles] == [list(row) for row in W]:
        return {"sha256": _digest(doubles), "doubles": [[entry.hex() for entry in row] for row in doubles]}
    return {"rationals": [[text_of("W", entry) for entry in row] for row in W]}


def _weights_in(value: object, n: int) -> list[list[Fraction]]:
    keys = ("rationals",) if isinstance(value, Mapping) and "rationals" in value else ("sha256", "doubles")
    fields = fields_of("W", value, keys)
    if keys == ("rationals",):
        return [_numbers("W", row, n) for row in _list("W", fields["rationals"], n)]
    rows = [
        [double_of("W", entry) for entry in _list("a row of W", row, n)] for row in _list("W", fields["doubles"], n)
    ]
    if fields["sha256"] != _digest(rows):
        raise ValueError(f"sha256 must be the digest of the doubles of W, got {_short(fields['sha256'])}")
    return [[Fraction(entry) for entry in row] for row in rows]


def _digest(rows: list[list[float]]) -> str:
    return hashlib.sha256(b"".join(struct.pack(f"<{len(row)}d", *row) for row in rows)).hexdigest()


def double_of(name: str, value: object) -> float:
    """The double that a hexadecimal string is, in its one normal form; ValueError for any other."""
    if not isinstance(value, str) or not _HEXADECIMAL.fullmatch(value):
        raise ValueError(f"{name} must hold doubles as hexadecimal strings such as '0x1.8p+0', got {_short(value)}")
    try:
        found = float.fromhex(value)
    except OverflowError:
        raise ValueError(f"{name} must hold doubles, got {_short(value)}, which is too large") from None
    if found.hex() != value or value.startswith("-0x0.0p"):
        raise ValueError(
            f"{name} must hold each double in its one normal form, {(found + 0.0).hex()!r}, got {_short(value)}"
        )
    return found


def text_of(name: str, value: Fraction) -> str:
    """p/q as `number_of` reads it; ValueError for more digits than it reads."""
    if max(value.numerator.bit_length(), value.denominator.bit_length()) > 3.32 * DIGITS:
        raise ValueError(f"{name} must have at most {DIGITS} digits to be written")
    return str(value)


def number_of(name: str, value: object) -> Fraction:
    """The rational that a string p/q in lowest terms is; ValueError for any other."""
    match = _RATIONAL.fullmatch(value) if isinstance(value, str) and len(value) <= 2 * DIGITS + 2 else None
    if match is None or max(map(len, filter(None, match.groups()))) > DIGITS + 1:
        raise ValueError(
            f"{name} must be a rational number as a string 'p/q' of at most {DIGITS} digits each, got {_short(value)}"
        )
    found = Fraction(int(match[1]), int(match[2] or 1))
    if str(found) != value:
        raise ValueError(f"{name} must be in lowest terms, got {_short(value)}")
    return found


def _numbers(name: str, value: object, n: int) -> list[Fraction]:
    return [number_of(name, entry) for entry in _list(name, value, n)]


def _list(name: str, value: object, n: int) -> list[Any]:
    if not isinstance(value, list):
        raise ValueError(f"{name} must be a list, got {_short(value)}")
    if len(value) != n:
        raise ValueError(f"{name} must have n = {n} entries, got {len(value)}")
    return value


def fields_of(name: str, value: object, keys: tuple[str, ...]) -> Mapping[str, Any]:
    """The value as an object that has exactly these keys; ValueError with one sentence for another."""
    if not isinstance(value, Mapping):
        raise ValueError(f"{name} must be a JSON object with the keys {', '.join(keys)}, got {_short(value)}")
    for key in keys:
        if key not in value:
            raise ValueError(f"{name} must have the key {key}, which is missing")
    for key in value:
        if key not in keys:
            raise ValueError(f"{name} must have no other keys than {', '.join(keys)}, got {_short(key)}")
    return value


def parsed(text: str) -> object:
    """The value of a JSON text without floating-point numbers and repeated keys; ValueError with one sentence for another."""

    def refused(number: str) -> None:
        raise ValueError(f"a certificate must hold no floating-point number, got {number[:40]}")

    def integer(number: str) -> int:
        if len(number) > DIGITS:
            raise ValueError(f"n must be an integer from 1 to 1000000, got one of {len(number)} digits")
        return int(number)

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, value in pairs:
            if key in found:
                raise ValueError(f"a key must occur once, got {_short(key)} twice")
            found[key] = value
        return found

    try:
        return json.loads(
            text, parse_float=refused, parse_constant=refused, parse_int=integer, object_pairs_hook=unique
        )
    except json.JSONDecodeError as error:
        raise ValueError(
            f"a certificate must be valid JSON, got a text with a fault in line {error.lineno}: {error.msg}"
        ) from None
    except RecursionError:
        raise ValueError("a certificate must be valid JSON without deep nesting") from None


def _short(value: object) -> str:
    """The repr of a value, cut; of a container only its type."""
    if isinstance(value, str):
        return repr(value if len(value) <= 40 else value[:40] + "...")
    if isinstance(value, int) and value.bit_length() > 128:
        return f"an integer of {value.bit_length()} bits"
    return repr(value) if value is None or isinstance(value, int | float) else f"a {type(value).__name__}"
