"""A real number known up to an interval, lower <= x <= upper, with the evidence for it.

Arithmetic follows the interval rules, with every endpoint rounded outward: the result contains f(x, y) for all x and y
in the operands. Sums, products, quotients and square roots get the float next to the exact endpoint (the endpoint itself
where it is a float), integer powers those of repeated squaring. Logarithms, exponentials and real powers are computed by
mpmath with 200 bits, taken to be right to 150, and rounded outward. Infinite endpoints stand for "no bound"; 0 * inf is 0.

Evidence is not an argument of anything. A float is *measured*; an interval is *certified* if the code that made it derived
its error bound (a test lists the modules that may say so); `exact` data (the number of units, a lag, a rational
coefficient) can not be doubted, counts as certified and leaves the evidence of the other operand as it is. Every result
takes the weakest evidence of its operands.

Main definitions: `Enclosure`, `measured`, `certified`, `exact`, `exact_number`.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from numbers import Rational, Real
from typing import Any, ClassVar, Literal

import mpmath
import numpy as np
import sympy as sp

from ..theory.evidence import LADDER

Answer = Literal["met", "not_met", "unknown"]
_BITS, _RIGHT = 200, 150  # of mpmath's logarithms, exponentials and powers: computed, and taken to be right
_DIGITS = (60, 120)  # of an exact number that is not rational, twice


@dataclass(frozen=True)
class Enclosure:
    """A real number x with lower <= x <= upper, and the residual of the method that found it, if any.

    Raises ValueError if lower > upper or either is NaN.

    >>> side = Enclosure(1.0, 2.0)
    >>> 1 - side / 4
    Enclosure(0.5, 0.75, measured)
    >>> side.less_than(3), side.less_than(1), side.less_than(1.5)
    ('met', 'not_met', 'unknown')
    """

    lower: float
    upper: float
    residual: float | None = None
    _evidence: str | None = field(default="measured", init=False, repr=False)

    __array_ufunc__: ClassVar[None] = None  # NumPy scalars leave the arithmetic to this class

    def __post_init__(self) -> None:
        object.__setattr__(self, "lower", float(self.lower))
        object.__setattr__(self, "upper", float(self.upper))
        if not self.lower <= self.upper:
            raise ValueError(f"lower must be at most upper, got {self.lower!r} and {self.upper!r}")

    @property
    def evidence(self) -> str:
        """The rung of the ladder of evidence; *certified* for exact data, which holds the number by construction."""
        return self._evidence or "certified"

    @property
    def width(self) -> float:
        """upper - lower, 0 for a point (also an infinite one)."""
        return 0.0 if self.lower == self.upper else self.upper - self.lower

    @property
    def midpoint(self) -> float:
        """(lower + upper)/2, without overflow; 0 for the whole line."""
        if self.lower == self.upper:
            return self.lower
        if self.lower == -math.inf and self.upper == math.inf:
            return 0.0
        return self.lower / 2 + self.upper / 2

    def __repr__(self) -> str:
        number = repr(self.lower) if self.lower == self.upper else f"{self.lower!r}, {self.upper!r}"
        residual = "" if self.residual is None else f", residual {self.residual:.1e}"
        return f"Enclosure({number}, {self._evidence or 'exact'}{residual})"

    def less_than(self, other: Enclosure | Real | float) -> Answer:
        """Whether x < y: *met* if upper < other.lower, *not_met* if lower >= other.upper, else *unknown*.

        Comparison operators are not defined: an interval has three answers. x <= y is not_met where y < x
        is met, and met where y < x is not_met.
        """
        bound = _operand(other)
        if self.upper < bound.lower:
            return "met"
        return "not_met" if self.lower >= bound.upper else "unknown"

    def __neg__(self) -> Enclosure:
        return _derived(-self.upper, -self.lower, self)

    def __add__(self, other: Enclosure | Real | float) -> Enclosure:
        y = _operand(other)
        return _derived(_sum(self.lower, y.lower, -1), _sum(self.upper, y.upper, 1), self, y)

    __radd__ = __add__

    def __sub__(self, other: Enclosure | Real | float) -> Enclosure:
        y = _operand(other)
        return _derived(_sum(self.lower, -y.upper, -1), _sum(self.upper, -y.lower, 1), self, y)

    def __rsub__(self, other: Real | float) -> Enclosure:
        return _operand(other) - self

    def __mul__(self, other: Enclosure | Real | float) -> Enclosure:
        y = _operand(other)
        return _corners(_product, self, y)

    __rmul__ = __mul__

    def __truediv__(self, other: Enclosure | Real | float) -> Enclosure:
        """x / y; the whole line if the denominator contains 0."""
        y = _operand(other)
        if y.lower <= 0.0 <= y.upper:
            return _derived(-math.inf, math.inf, self, y)
        return _corners(_quotient, self, y)

    def __rtruediv__(self, other: Real | float) -> Enclosure:
        return _operand(other) / self

    def __pow__(self, exponent: Enclosure | Real | float) -> Enclosure:
        """x**y: any x for an integer y, else on the part of the interval where x >= 0; 0**0 = 1.

        Raises ValueError if a real power meets an interval below 0.
        """
        y = _operand(exponent)
        if y.lower == y.upper and y.lower.is_integer():
            if y.lower < 0:
                return 1.0 / self**-y
            exponent = int(y.lower)
            lows, highs = ([_integer_power(end, exponent, way) for end in (self.lower, self.upper)] for way in (-1, 1))
            straddles = self.lower < 0.0 < self.upper and exponent % 2 == 0 and exponent > 0
            return _derived(0.0 if straddles else min(lows), max(highs), self, y)
        return _corners(_real_power, self._domain("a real power"), y)

    def __rpow__(self, base: Real | float) -> Enclosure:
        return _operand(base) ** self

    def __abs__(self) -> Enclosure:
        ends = abs(self.lower), abs(self.upper)
        return _derived(0.0 if self.lower <= 0.0 <= self.upper else min(ends), max(ends), self)

    def absolute(self) -> Enclosure:
        """|x|."""
        return abs(self)

    def log(self) -> Enclosure:
        """The natural logarithm on the part of the interval where x >= 0, with log 0 = -inf."""
        part = self._domain("a logarithm")
        return _derived(_outward("log", part.lower, -1), _outward("log", part.upper, 1), self)

    def exp(self) -> Enclosure:
        """e**x."""
        return _derived(_outward("exp", self.lower, -1), _outward("exp", self.upper, 1), self)

    def maximum(self, other: Enclosure | Real | float) -> Enclosure:
        """max(x, y)."""
        y = _operand(other)
        return _derived(max(self.lower, y.lower), max(self.upper, y.upper), self, y)

    def minimum(self, other: Enclosure | Real | float) -> Enclosure:
        """min(x, y)."""
        y = _operand(other)
        return _derived(min(self.lower, y.lower), min(self.upper, y.upper), self, y)

    def hull(self, other: Enclosure | Real | float) -> Enclosure:
        """The smallest interval that contains both."""
        y = _operand(other)
        return _derived(min(self.lower, y.lower), max(self.upper, y.upper), self, y)

    def top(self) -> Enclosure:
        """The upper end as a number, with the evidence for its being one."""
        return _derived(self.upper, self.upper, self)

    def resting_on(self, *others: Enclosure) -> Enclosure:
        """The same interval with the weakest evidence of this and the others."""
        return _derived(self.lower, self.upper, self, *others)

    def _domain(self, what: str) -> Enclosure:
        if self.upper < 0.0:
            raise ValueError(f"{what} needs a number that may be nonnegative, got {self!r}")
        return _derived(max(self.lower, 0.0), self.upper, self)


def measured(value: float, *, upper: float | None = None, residual: float | None = None) -> Enclosure:
    """The float `value`, or the interval [value, upper], found by a float computation without error bound.

    >>> measured(0.5, residual=2e-16)
    Enclosure(0.5, measured, residual 2.0e-16)
    """
    return Enclosure(value, value if upper is None else upper, residual)


def certified(lower: float, *, upper: float) -> Enclosure:
    """The interval [lower, upper] that provably contains the number: only for code whose docstring derives its error bound.

    >>> certified(0.5, upper=0.75)
    Enclosure(0.5, 0.75, certified)
    """
    return _with_evidence(Enclosure(lower, upper), "certified")


def exact(value: Rational | float) -> Enclosure:
    """The number `value` itself, as data: an integer, a fraction, a SymPy rational or a float.

    A rational that is no float becomes the interval of its two neighbors.
    Raises TypeError for anything else, ValueError for NaN.

    >>> exact(3), exact(Fraction(1, 3)).width < 1e-16
    (Enclosure(3.0, exact), True)
    """
    if isinstance(value, Rational):
        ratio = Fraction(int(value.numerator), int(value.denominator))
        try:
            nearest = float(ratio)
        except OverflowError:
            largest = sys.float_info.max
            beyond = Enclosure(largest, math.inf) if ratio > 0 else Enclosure(-math.inf, -largest)
            return _with_evidence(beyond, None)
        lower = nearest if Fraction(nearest) <= ratio else math.nextafter(nearest, -math.inf)
        upper = nearest if Fraction(nearest) >= ratio else math.nextafter(nearest, math.inf)
        return _with_evidence(Enclosure(lower, upper), None)
    if isinstance(value, float | np.float16 | np.float32):
        return _with_evidence(Enclosure(float(value), float(value)), None)
    if isinstance(value, sp.Float) and value.is_finite:  # it may have more digits than a double
        return exact(sp.Rational(value))
    raise TypeError(f"value must be a rational number or a float, got {value!r} ({type(value).__name__})")


def _with_evidence(enclosure: Enclosure, evidence: str | None) -> Enclosure:
    object.__setattr__(enclosure, "_evidence", evidence)
    return enclosure


def _derived(lower: float, upper: float, *operands: Enclosure) -> Enclosure:
    """What an operation found: its evidence is the weakest of the operands', exact data left aside."""
    if math.isnan(lower) or math.isnan(upper):
        lower, upper = -math.inf, math.inf
    words = [operand._evidence for operand in operands if operand._evidence is not None]
    return _with_evidence(Enclosure(lower, upper), max(words, key=LADDER.index, default=None))


def _operand(value: Enclosure | Real | float) -> Enclosure:
    return value if isinstance(value, Enclosure) else exact(value)  # type: ignore[arg-type]  # exact refuses the rest


def exact_number(expression: Any) -> Enclosure:
    """A number that SymPy knows exactly, rational or not (a square root, pi), between neighboring floats, as data.

    SymPy evaluates it twice, with 60 and 120 digits, which must agree to 45. Raises TypeError for what is not a real
    number, and where the evaluations do not agree or give 0 for what is not known to be 0.

    >>> import sympy as sp
    >>> root = exact_number(sp.sqrt(2))
    >>> root.lower < root.upper, root.evidence
    (True, 'certified')
    """
    if expression.is_Rational or (expression.is_Float and expression.is_finite):
        return exact(sp.Rational(expression))
    if not expression.is_extended_real:
        raise TypeError(f"expression must be a real number, got {expression}")
    if expression.is_infinite:
        return exact(float(expression))
    if expression.is_zero:
        return exact(0)
    rough, found = (_evaluated(expression, digits) for digits in _DIGITS)
    error = abs(found) / 10**45
    if found == 0 or abs(rough - found) > error:
        raise TypeError(f"expression must be a number whose digits can be computed, got {expression}")
    return _with_evidence(Enclosure(_rounded(found - error, -1), _rounded(found + error, 1)), None)


def _evaluated(expression: Any, digits: int) -> Fraction:
    """The value with so many digits; 0 if SymPy does not reach them."""
    found = sp.N(expression, digits, maxn=2000)
    reached = isinstance(found, sp.Float) and found._prec >= digits * 3
    return Fraction(str(found)) if reached else Fraction(0)


# --- endpoints, rounded down (way -1) or up (way 1) -----------------------------------------------------------
def _rounded(value: Fraction, way: int) -> float:
    """The float next to a fraction, on its lower (-1) or upper (1) side."""
    try:
        nearest = float(value)
    except OverflowError:
        nearest = math.inf if value > 0 else -math.inf
        return nearest if (value > 0) == (way > 0) else math.copysign(sys.float_info.max, nearest)
    short = Fraction(nearest) < value if way > 0 else Fraction(nearest) > value
    return math.nextafter(nearest, way * math.inf) if short else nearest


def _sum(a: float, b: float, way: int) -> float:
    if not (math.isfinite(a) and math.isfinite(b)):
        return a + b
    return _rounded(Fraction(a) + Fraction(b), way)


def _product(a: float, b: float, way: int) -> float:
    if a == 0.0 or b == 0.0:
        return 0.0
    if not (math.isfinite(a) and math.isfinite(b)):
        return a * b
    return _rounded(Fraction(a) * Fraction(b), way)


def _quotient(a: float, b: float, way: int) -> float:
    if a == 0.0 or not math.isfinite(b):
        return math.nan if not math.isfinite(a) else 0.0
    return _rounded(Fraction(a) / Fraction(b), way) if math.isfinite(a) else a * math.copysign(1.0, b)


def _integer_power(base: float, exponent: int, way: int) -> float:
    """base**exponent for exponent >= 0, by squaring of |base| with outward rounding."""
    negative = base < 0.0 and exponent % 2 == 1
    way = -way if negative else way
    total, square = 1.0, abs(base)
    while exponent:
        if exponent % 2:
            total = _product(total, square, way)
        exponent //= 2
        square = _product(square, square, way) if exponent else square
    return -total if negative else total


def _real_power(base: float, exponent: float, way: int) -> float:
    if base == 0.0:
        return 0.0 if exponent > 0.0 else 1.0 if exponent == 0.0 else math.inf
    if exponent == 0.0 or base == 1.0:
        return 1.0
    if not (math.isfinite(base) and math.isfinite(exponent)):
        grows = (base > 1.0) == (exponent > 0.0)
        return math.inf if grows else 0.0
    if exponent == 0.5:
        root = math.sqrt(base)  # correctly rounded
        exactly = Fraction(root) ** 2 - Fraction(base)
        return math.nextafter(root, way * math.inf) if exactly * way < 0 else root
    if exponent.is_integer() and abs(exponent) < 2**20:
        power = _integer_power(base, abs(int(exponent)), way if exponent > 0 else -way)
        return power if exponent > 0 else _quotient(1.0, power, way) if power else math.inf
    with mpmath.workprec(_BITS):
        return _near(mpmath.mpf(base) ** mpmath.mpf(exponent), way)


def _outward(function: str, value: float, way: int) -> float:
    """log or exp of a float, rounded outward."""
    special = {
        "log": {0.0: -math.inf, 1.0: 0.0, math.inf: math.inf},
        "exp": {0.0: 1.0, math.inf: math.inf, -math.inf: 0.0},
    }
    if value in special[function]:
        return special[function][value]
    if function == "exp" and abs(value) > 800.0:
        return (math.inf if way > 0 else sys.float_info.max) if value > 0.0 else (math.ulp(0.0) if way > 0 else 0.0)
    with mpmath.workprec(_BITS):
        return _near(getattr(mpmath, function)(mpmath.mpf(value)), way)


def _near(found: Any, way: int) -> float:
    """The float below or above a number that is right to 150 bits; a power beyond the range of floats is an end of it."""
    sign, mantissa, exponent, _ = found._mpf_
    if exponent + mantissa.bit_length() > 1100:
        return math.inf if way > 0 else sys.float_info.max
    if exponent + mantissa.bit_length() < -1200:
        return math.ulp(0.0) if way > 0 else 0.0
    value = Fraction(-mantissa if sign else mantissa) * Fraction(2) ** exponent
    return _rounded(value + way * abs(value) / 2**_RIGHT, way)


def _corners(operation: Callable[[float, float, int], float], x: Enclosure, y: Enclosure) -> Enclosure:
    """The range of an operation that takes its extremes over a box at the corners."""
    corners = [(a, b) for a in (x.lower, x.upper) for b in (y.lower, y.upper)]
    lows, highs = ([operation(a, b, way) for a, b in corners] for way in (-1, 1))
    if any(map(math.isnan, lows + highs)):
        return _derived(-math.inf, math.inf, x, y)
    return _derived(min(lows), max(highs), x, y)
