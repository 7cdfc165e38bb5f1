"""Enclosures contain what they should, to the last bit, answer in three values, and never gain evidence."""

import copy
import dataclasses
import math
import operator
import sys
from collections.abc import Callable
from fractions import Fraction

import mpmath
import numpy as np
import pytest
import sympy
from hypothesis import assume, given
from hypothesis import strategies as st

from errorflow.numerics.enclosure import Enclosure, certified, exact, exact_number, measured

FINITE = st.floats(-1e100, 1e100) | st.integers(-3, 3).map(float)
EXPONENTS = st.integers(-5, 5)


@st.composite
def enclosures(draw: st.DrawFn, elements: st.SearchStrategy[float] = FINITE) -> tuple[Enclosure, Fraction]:
    """An enclosure and a point of it, exactly."""
    lower, upper = sorted((draw(elements), draw(elements)))
    share = Fraction(draw(st.integers(0, 8)), 8)
    return Enclosure(lower, upper), Fraction(lower) + share * (Fraction(upper) - Fraction(lower))


def holds(enclosure: Enclosure, value: Fraction) -> bool:
    """Whether the value is inside, exactly."""
    lower, upper = enclosure.lower, enclosure.upper
    return (lower == -math.inf or Fraction(lower) <= value) and (upper == math.inf or value <= Fraction(upper))


@pytest.mark.parametrize("operation", [operator.add, operator.sub, operator.mul, operator.truediv, max, min])
@given(first=enclosures(), second=enclosures())
def test_an_operation_encloses_the_exact_result_at_every_pair_of_points(
    operation: Callable[..., Fraction],
    first: tuple[Enclosure, Fraction],
    second: tuple[Enclosure, Fraction],
) -> None:
    (x, a), (y, b) = first, second
    assume(operation is not operator.truediv or b != 0)
    named = {max: Enclosure.maximum, min: Enclosure.minimum}.get(operation, operation)
    assert holds(named(x, y), operation(a, b))


@given(first=enclosures(), power=EXPONENTS)
def test_an_integer_power_encloses_the_exact_power_at_every_point(
    first: tuple[Enclosure, Fraction], power: int
) -> None:
    x, a = first
    assume(a != 0 or power >= 0)
    assert holds(x**power, a**power)


@given(first=enclosures())
def test_the_absolute_value_and_the_negative_enclose_theirs(first: tuple[Enclosure, Fraction]) -> None:
    x, a = first
    assert holds(abs(x), abs(a))
    assert holds(-x, -a)
    assert x.absolute() == abs(x)


@given(first=enclosures(st.floats(1e-12, 1e12)), second=enclosures(st.floats(-9, 9)))
def test_a_real_power_encloses_the_power_at_every_pair_of_points(
    first: tuple[Enclosure, Fraction], second: tuple[Enclosure, Fraction]
) -> None:
    (x, a), (y, b) = first, second
    power = x**y
    with mpmath.workdps(60):
        base, exponent = (mpmath.mpf(q.numerator) / q.denominator for q in (a, b))
        assert power.lower <= base**exponent * (1 + mpmath.mpf("1e-50"))
        assert power.upper >= base**exponent * (1 - mpmath.mpf("1e-50"))


@given(value=st.floats(1e-300, 1e300), power=st.sampled_from([0.5, 1 / 3, -2.5]))
def test_logarithms_exponentials_and_roots_are_rounded_outward_and_not_much(value: float, power: float) -> None:
    for number, true in (
        (exact(value).log(), mpmath.log),
        (exact(math.log(value)).exp(), lambda _: mpmath.exp(math.log(value))),
        (exact(value) ** power, lambda x: x**power),
    ):
        with mpmath.workdps(60):
            assert number.lower <= true(mpmath.mpf(value)) <= number.upper
        wide = number.lower
        for _ in range(4):
            wide = math.nextafter(wide, math.inf)
        assert number.upper <= wide


@pytest.mark.parametrize(
    ("found", "true"),
    [
        (exact(0.00017855969979356707).exp(), lambda: mpmath.exp(0.00017855969979356707)),
        (exact(0.0006799857543172522).exp(), lambda: mpmath.exp(0.0006799857543172522)),
        (exact(-1.0171214335428171).exp(), lambda: mpmath.exp(-1.0171214335428171)),
        (exact(10.017886885537258).log(), lambda: mpmath.log(10.017886885537258)),
        (exact(20.182709484221764).log(), lambda: mpmath.log(20.182709484221764)),
        (
            exact(47.724172422674364) ** -0.1323744473011388,
            lambda: mpmath.mpf(47.724172422674364) ** -0.1323744473011388,
        ),
        (exact(61.8103016945282) ** 1.506149908834896, lambda: mpmath.mpf(61.8103016945282) ** 1.506149908834896),
    ],
)
def test_an_interval_of_53_bits_would_miss_these(found: Enclosure, true: Callable[[], mpmath.mpf]) -> None:
    """Values within 2^-66 of a float, which a directed rounding of a number with 67 bits puts on the wrong side."""
    with mpmath.workprec(300):
        assert found.lower < true() < found.upper
    assert found.upper == math.nextafter(found.lower, math.inf)


def test_a_number_that_can_not_be_evaluated_is_refused_and_not_taken_for_zero() -> None:
    with mpmath.workdps(400):
        tiny = sympy.pi - sympy.Rational(int(mpmath.floor(mpmath.pi * 10**150)), 10**150)
        true = mpmath.pi - mpmath.floor(mpmath.pi * mpmath.mpf(10) ** 150) / mpmath.mpf(10) ** 150
        assert exact_number(tiny).lower <= true <= exact_number(tiny).upper
        slope = exact_number(1 - sympy.tanh(180) ** 2)
        assert slope.lower <= 1 - mpmath.tanh(180) ** 2 <= slope.upper
    for number in (sympy.log(1 + sympy.Rational(1, 10**60)), 1 - sympy.cos(sympy.Rational(1, 10**80))):
        try:
            found = exact_number(number)
        except TypeError:
            continue
        assert found.lower < found.upper
    assert exact_number(sympy.sqrt(2) - sympy.sqrt(2)) == exact(0)


def test_a_number_with_more_digits_than_a_double_is_no_point() -> None:
    assert exact(sympy.Float("0.1", 50)).width > 0.0
    for wide in (np.longdouble("0.1"), mpmath.mpf("0.1")):
        with pytest.raises(TypeError, match="value must be a rational number or a float, got"):
            exact(wide)


def test_rounding_to_nearest_would_lose_the_sum() -> None:
    """The planted falsehood: endpoints rounded to nearest exclude 1 + 2^-60."""
    total = exact(1.0) + 2.0**-60
    assert holds(total, 1 + Fraction(1, 2**60))
    assert not holds(measured(1.0 + 2.0**-60), 1 + Fraction(1, 2**60))
    assert total.width == 2.0**-52
    assert (exact(0.5) + 0.25).width == 0.0


def test_a_number_known_exactly_lies_between_neighboring_floats() -> None:
    for number in (sympy.sqrt(2), sympy.pi, -sympy.sqrt(3) / 7, sympy.Rational(1, 3), sympy.Integer(4), sympy.oo):
        found = exact_number(number)
        assert found.lower <= found.upper <= math.nextafter(found.lower, math.inf)
        assert found.evidence == "certified"
        assert float(number) == found.lower == found.upper or found.lower < number < found.upper
    with pytest.raises(TypeError, match="expression must be a real number, got x"):
        exact_number(sympy.Symbol("x"))


@given(first=enclosures(st.floats(1e-300, 1e300)))
def test_exp_undoes_log(first: tuple[Enclosure, Fraction]) -> None:
    back = first[0].log().exp()
    assert back.lower == pytest.approx(first[0].lower, rel=1e-12)
    assert back.upper == pytest.approx(first[0].upper, rel=1e-12)


def test_functions_at_the_edge_of_their_domain() -> None:
    whole = (-math.inf, math.inf)

    def ends(x: Enclosure) -> tuple[float, float]:
        return x.lower, x.upper

    assert ends(measured(0.0).log()) == (-math.inf, -math.inf)
    assert ends(Enclosure(-1.0, 1.0).log()) == (-math.inf, 0.0)
    assert ends(measured(1000.0).exp()) == (sys.float_info.max, math.inf)
    assert ends(measured(-math.inf).exp()) == (0.0, 0.0)
    assert ends(measured(1.0) / Enclosure(0.0, 1.0)) == whole
    assert ends(1 / Enclosure(-1.0, 1.0)) == whole
    assert ends(measured(0.0) ** -1) == whole
    assert ends(Enclosure(-1.0, 4.0) ** 0.5) == (0.0, 2.0)
    assert ends(Enclosure(-2.0, 1.0) ** 2) == (0.0, 4.0)
    assert ends(measured(-1e200) ** 3) == (-math.inf, -sys.float_info.max)
    assert ends(measured(0.0) ** 0) == (1.0, 1.0)
    assert ends(measured(0.0) * measured(math.inf)) == (0.0, 0.0)
    assert ends(measured(math.inf) - measured(math.inf)) == whole
    assert ends(measured(math.inf) / measured(math.inf)) == whole
    assert ends(2 ** Enclosure(-1.0, 3.0)) == (0.5, 8.0)


@pytest.mark.parametrize("function", [Enclosure.log, lambda x: x**0.5])
def test_a_number_below_zero_has_no_logarithm_and_no_real_power(
    function: Callable[[Enclosure], object],
) -> None:
    with pytest.raises(ValueError, match=r"needs a number that may be nonnegative, got Enclosure\(-2\.0, -1\.0"):
        function(Enclosure(-2.0, -1.0))


@given(first=enclosures(), second=enclosures())
def test_less_than_answers_only_what_holds_for_every_pair_of_points(
    first: tuple[Enclosure, Fraction], second: tuple[Enclosure, Fraction]
) -> None:
    (x, a), (y, b) = first, second
    answer = x.less_than(y)
    assert answer == "unknown" or (answer == "met") == (a < b)
    assert answer != "unknown" or x.upper >= y.lower
    assert measured(float(a)).less_than(float(a)) == "not_met"


def test_an_enclosure_can_not_be_ordered_by_an_operator() -> None:
    with pytest.raises(TypeError):
        _ = measured(1.0) < measured(2.0)  # type: ignore[operator]


def test_evidence_can_not_be_given_only_kept_or_lost() -> None:
    x = measured(1.0, residual=1e-16)
    assert x.evidence == "measured"
    with pytest.raises(TypeError):
        Enclosure(1.0, 1.0, evidence="certified")  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        measured(1.0, evidence="certified")  # type: ignore[call-arg]
    with pytest.raises(AttributeError):
        x.evidence = "certified"  # type: ignore[misc]
    with pytest.raises((TypeError, ValueError)):
        dataclasses.replace(x, _evidence="certified")
    assert dataclasses.replace(certified(1.0, upper=2.0), upper=1.5).evidence == "measured"
    assert dataclasses.replace(exact(1), upper=2.0) == Enclosure(1.0, 2.0)


@given(value=FINITE, power=st.integers(1, 4))
def test_exact_data_do_not_change_the_evidence_of_the_other_operand(value: float, power: int) -> None:
    x = exact(value)
    for result in (x, x + 1, 2 * x, abs(x) ** power, x.maximum(0)):
        assert result._evidence is None
        assert result.evidence == "certified"
    for result in (x + measured(1.0), measured(1.0) * x, measured(2.0) ** power, x.minimum(measured(0.0))):
        assert result._evidence == "measured"
    known = certified(value, upper=value)
    for result in (x + known, known * x, known**power, known.top(), known.hull(x), known.resting_on(x)):
        assert result._evidence == "certified"
    for result in (known + measured(1.0), known.maximum(measured(0.0)), known.resting_on(measured(0.0))):
        assert result._evidence == "measured"


@given(ratio=st.fractions() | st.integers())
def test_exact_holds_the_rational_and_nothing_wider_than_its_neighbors(ratio: Fraction) -> None:
    x = exact(ratio)
    assert holds(x, Fraction(ratio))
    assert math.nextafter(x.lower, math.inf) >= x.upper
    assert exact(sympy.Rational(Fraction(ratio).numerator, Fraction(ratio).denominator)) == x


def test_exact_takes_numbers_of_every_size_and_nothing_else() -> None:
    assert exact(10**400).upper == math.inf
    assert exact(-(10**400)).lower == -math.inf
    assert exact(np.int64(3)) == exact(3) == exact(np.float64(3.0))
    for value in ("3", 3j, None, sympy.Symbol("n")):
        with pytest.raises(TypeError, match="value must be a rational number or a float, got"):
            exact(value)  # type: ignore[arg-type]


def test_numbers_of_other_libraries_work_on_both_sides() -> None:
    x = Enclosure(1.0, 2.0)
    for two in (2, 2.0, Fraction(2), np.float64(2.0), np.int64(2), sympy.Integer(2)):
        assert two * x == x * two == Enclosure(2.0, 4.0)
        assert two - x == Enclosure(0.0, 1.0)
        assert two / x == Enclosure(1.0, 2.0)
        assert two**x == Enclosure(2.0, 4.0)


@pytest.mark.parametrize(("lower", "upper"), [(1.0, 0.0), (math.nan, 1.0), (0.0, math.nan)])
def test_endpoints_are_in_order(lower: float, upper: float) -> None:
    with pytest.raises(ValueError, match="lower must be at most upper, got"):
        Enclosure(lower, upper)


def test_width_and_midpoint() -> None:
    assert (Enclosure(1.0, 3.0).width, Enclosure(1.0, 3.0).midpoint) == (2.0, 2.0)
    assert (measured(math.inf).width, measured(math.inf).midpoint) == (0.0, math.inf)
    assert (Enclosure(-math.inf, math.inf).width, Enclosure(-math.inf, math.inf).midpoint) == (math.inf, 0.0)
    assert Enclosure(1.5e308, 1.7e308).midpoint == pytest.approx(1.6e308)


def test_what_is_printed_says_what_is_known() -> None:
    assert repr(measured(1.0, upper=2.0, residual=1e-9)) == "Enclosure(1.0, 2.0, measured, residual 1.0e-09)"
    assert repr(exact(4)) == "Enclosure(4.0, exact)"
    assert repr(certified(1.0, upper=2.0)) == "Enclosure(1.0, 2.0, certified)"


def test_copies_keep_the_evidence() -> None:
    for x in (exact(3), measured(3.0, residual=0.1), certified(3.0, upper=4.0)):
        assert copy.deepcopy(x) == copy.copy(x) == x
        assert copy.deepcopy(x)._evidence == x._evidence
