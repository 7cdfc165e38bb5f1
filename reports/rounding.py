"""Numbers rounded outward: no upper end is printed below its value, and no lower end above it.

Main definitions: `outward`, `apart`, `interval`, `within`, `shown`, `pace`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal
from fractions import Fraction
from typing import Any

from markupsafe import Markup

from .formats import Number, show, value

DIGITS = 6


def outward(number: Number | Fraction, *, up: bool, digits: int = DIGITS) -> str:
    """A number with so many significant digits, rounded up or down; the decimal text itself obeys the inequality.

    >>> outward(1 / 3, up=True), outward(1 / 3, up=False), outward(0.5, up=True)
    ('0.333334', '0.333333', '0.5')
    >>> outward(1234567, up=True), outward(5e-324, up=False), outward("-Infinity", up=False)
    ('1.23457e+6', '4.94065e-324', '-inf')
    """
    if number is None:
        return "unknown"
    if not isinstance(number, Fraction):
        x = float(number) if isinstance(number, str | float) else Fraction(number)
        if isinstance(x, float) and not math.isfinite(x):
            return str(x)
        number = Fraction(x)
    context = Context(prec=digits, rounding=ROUND_CEILING if up else ROUND_FLOOR)
    shown = context.divide(Decimal(number.numerator), Decimal(number.denominator)).normalize(context)
    if shown == 0:
        return "0"
    if -5 < shown.adjusted() < digits:
        return f"{shown:f}"
    return f"{shown:e}"


def apart(number: Number | Fraction, *, up: bool) -> str:
    """A number rounded outward, with as many digits more as tell it from 1.

    >>> apart(1 - 2**-30, up=True), apart(1.0, up=True), apart(0.5, up=True)
    ('0.999999999069', '1', '0.5')
    """
    texts = [outward(number, up=up, digits=digits) for digits in (DIGITS, 9, 12, 17)]
    return texts[0] if number == 1 else next((text for text in texts if text != "1"), texts[-1])


def interval(lower: Number | Fraction, upper: Number | Fraction, *, digits: int = DIGITS) -> str:
    """An interval that contains the one given.

    >>> interval(1 / 3, 2 / 3), interval(0.5, 0.5)
    ('[0.333333, 0.666667]', '0.5')
    """
    low, high = outward(lower, up=False, digits=digits), outward(upper, up=True, digits=digits)
    return low if low == high else f"[{low}, {high}]"


def within(lower: Number | Fraction, upper: Number | Fraction) -> str:
    """An interval as the end of a clause.

    >>> within(1 / 3, 2 / 3), within(0.5, 0.5)
    ('in [0.333333, 0.666667]', '= 0.5')
    """
    text = interval(lower, upper)
    return f"in {text}" if text.startswith("[") else f"= {text}"


def shown(lower: Number, upper: Number) -> Markup:
    """An enclosure as HTML: one number where four digits cannot tell the ends apart, else both, rounded outward.

    >>> print(shown(0.25, 0.25), shown(0.53666, 0.61774))
    0.25 0.5366 to 0.6178
    """
    low, high = value(lower), value(upper)
    if show(low) == show(high):
        return show(low)
    return Markup("{} to {}").format(
        *(show(float(outward(x, up=up, digits=4))) for x, up in ((low, False), (high, True)))
    )


def pace(verdict: Mapping[str, Any]) -> tuple[float | None, float | None]:
    """(rate, half-life) of a verdict; what a bound decides is rounded with four digits to the side on which it holds.

    >>> bound = {"rate": -0.968496, "half_life": 0.71569, "verdict": "vanishes", "decided_by": "row_sum_norm"}
    >>> pace(bound), pace(bound | {"decided_by": "slope"})
    ((-0.9684, 0.7157), (-0.968496, 0.71569))
    """
    rate, half = (None if verdict[key] is None else value(verdict[key]) for key in ("rate", "half_life"))
    if verdict["decided_by"] in (None, "slope", "descent step"):
        return rate, half
    falls = verdict["verdict"] == "vanishes"
    ends = ((rate, falls), (half, True))
    found = [None if x is None else float(outward(x, up=up, digits=4)) for x, up in ends]
    return found[0], found[1]
