"""Printed numbers obey the inequality that they are printed for."""

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errorflow.reports.rounding import apart, interval, outward, pace

FINITE = st.floats(allow_nan=False, allow_infinity=False)


@given(FINITE, st.integers(1, 17))
def test_no_upper_end_is_printed_below_its_value_and_no_lower_end_above(x: float, digits: int) -> None:
    low, high = (Fraction(outward(x, up=up, digits=digits)) for up in (False, True))
    assert low <= Fraction(x) <= high
    step = Fraction(10) ** (1 - digits)
    assert high - low <= step * max(abs(low), abs(high))
    assert low == high or math.nextafter(float(low), math.inf) > low


@given(st.fractions(min_value=-(10**30), max_value=10**30))
def test_fractions_are_rounded_once(x: Fraction) -> None:
    assert Fraction(outward(x, up=False)) <= x <= Fraction(outward(x, up=True))


@given(FINITE)
def test_rounding_to_nearest_would_be_caught(x: float) -> None:
    nearest = f"{x:.6g}"
    wrong = Fraction(nearest) < Fraction(x)
    assert not wrong or outward(x, up=True) != nearest


@pytest.mark.parametrize(
    ("number", "up", "text"),
    [
        (0.934, True, "0.934001"),  # the double is above .934
        (0.5, True, "0.5"),
        (0, False, "0"),
        (3, True, "3"),
        (-1 / 3, True, "-0.333333"),
        (999999.5, True, "1e+6"),
        (123456.0, True, "123456"),
        (1e-4, False, "0.0001"),
        (1.5e-300, False, "1.5e-300"),
        ("Infinity", True, "inf"),
        ("NaN", True, "nan"),
        (-math.inf, False, "-inf"),
        (None, True, "unknown"),
    ],
)
def test_the_form_of_a_number(number: float | str | None, *, up: bool, text: str) -> None:
    assert outward(number, up=up) == text


def test_a_rate_just_below_one_is_never_printed_as_one() -> None:
    for rate in (1 - 2**-20, 1 - 2**-30, 1 - 2**-53):
        assert Fraction(rate) <= Fraction(apart(rate, up=True)) < 1
        assert Fraction(1 / rate) >= Fraction(apart(1 / rate, up=False)) > 1
    assert apart(1.0, up=True) == "1"


def test_an_interval_of_equal_texts_is_one_number() -> None:
    assert interval(0.25, 0.25) == "0.25"
    assert interval(0.1, 0.1) == "[0.1, 0.100001]"
    assert interval("-Infinity", "Infinity") == "[-inf, inf]"


@pytest.mark.parametrize("word", ["vanishes", "explodes"])
def test_what_a_bound_decides_is_never_printed_beyond_it(word: str) -> None:
    for rate in (-0.968496, -0.123449, 0.123451, 2.00005, -1e-9):
        bound = {"rate": rate, "half_life": 0.71561, "verdict": word, "decided_by": "row_sum_norm"}
        shown_rate, half = pace(bound)
        assert (shown_rate >= rate) if word == "vanishes" else (shown_rate <= rate)
        assert abs(shown_rate - rate) <= 1e-3 * abs(rate)
        assert half == 0.7157
        assert pace(bound | {"decided_by": "slope"}) == (rate, 0.71561)
