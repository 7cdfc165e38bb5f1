"""Exact ranges and sign tables: known endpoints, dense search, reasons that reject false claims."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import mpmath
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from errorflow.theory import activations
from errorflow.theory.activations import Activation, x
from errorflow.theory.exponential_form import Undecided, exponential_form, limit
from errorflow.theory.isolated_root import IsolatedRoot
from errorflow.theory.ranges import Range, Reason, claim, pieces, range_of
from errorflow.theory.sign_tables import compare, sign_of, sign_table

SQRT3, ROOT_PI = sp.sqrt(3), sp.sqrt(sp.pi)
INFINITE = (-sp.oo, sp.oo, False, False)
KNOWN: dict[str, dict[str, tuple[Any, Any, bool, bool]]] = {
    "tanh": {
        "value": (-1, 1, False, False),
        "slope": (0, 1, False, True),
        "second": (-4 / (3 * SQRT3), 4 / (3 * SQRT3), True, True),
    },
    "logistic": {
        "value": (0, 1, False, False),
        "slope": (0, sp.Rational(1, 4), False, True),
        "second": (-1 / (6 * SQRT3), 1 / (6 * SQRT3), True, True),
    },
    "relu": {"value": (0, sp.oo, True, False), "slope": (0, 1, True, True), "second": (0, 0, True, True)},
    "leaky_relu(1/100)": {
        "value": INFINITE,
        "slope": (sp.Rational(1, 100), 1, True, True),
        "second": (0, 0, True, True),
    },
    "hard_tanh": {"value": (-1, 1, True, True), "slope": (0, 1, True, True), "second": (0, 0, True, True)},
    "softplus": {
        "value": (0, sp.oo, False, False),
        "slope": (0, 1, False, False),
        "second": (0, sp.Rational(1, 4), False, True),
    },
    "gelu": {
        "slope": (
            sp.Rational(1, 2) - sp.erf(1) / 2 - sp.exp(-1) / ROOT_PI,
            sp.Rational(1, 2) + sp.erf(1) / 2 + sp.exp(-1) / ROOT_PI,
            True,
            True,
        ),
        "second": (-sp.sqrt(2 / sp.pi) * sp.exp(-2), sp.sqrt(2 / sp.pi), True, True),
    },
    "identity": {"value": INFINITE, "slope": (1, 1, True, True), "second": (0, 0, True, True)},
}
CASES = [(activation, role) for activation in activations.all() for role in ("value", "slope", "second")]
each = pytest.mark.parametrize(("activation", "role"), CASES, ids=lambda v: getattr(v, "name", v))


def range_in(activation: Activation, role: str) -> Range:
    found = getattr(activation, f"{role}_range")
    assert isinstance(found, Range)
    return found


def function_in(activation: Activation, role: str) -> Callable[[Any], Any]:
    expression = activation.expression if role == "value" else getattr(activation, role)
    function: Callable[[Any], Any] = sp.lambdify(x, expression, modules="mpmath")
    return function


@each
def test_endpoints_and_their_attainment_are_the_known_ones(activation: Activation, role: str) -> None:
    if role in KNOWN.get(activation.name, {}):
        lower, upper, lower_attained, upper_attained = KNOWN[activation.name][role]
        found = range_in(activation, role)
        assert (compare(found.lower, sp.sympify(lower)), compare(found.upper, sp.sympify(upper))) == (0, 0)
        assert (found.lower_attained, found.upper_attained) == (lower_attained, upper_attained)


def test_the_silu_slope_is_given_by_the_root_of_s_tanh_half_s_equal_to_two() -> None:
    found = activations.Silu().slope_range
    assert found is not None
    (s,) = found.upper.atoms(IsolatedRoot)
    assert (found.lower, found.upper) == ((2 - s) / 4, (s + 2) / 4)
    with mpmath.workdps(110):
        root = mpmath.findroot(lambda t: t * mpmath.tanh(t / 2) - 2, 2.4)
        assert abs(mpmath.mpmathify(s.evalf(105)) - root) < mpmath.mpf(10) ** -100
    assert [str(end.evalf(6)) for end in (found.lower, found.upper)] == ["-0.0998393", "1.09984"]


@each
@given(at=st.floats(-60, 60))
def test_no_value_lies_outside(activation: Activation, role: str, at: float) -> None:
    found = range_in(activation, role)
    with mpmath.workdps(80):
        value = function_in(activation, role)(mpmath.mpf(at))
        rounding = mpmath.mpf(10) ** -60
        assert found.lower.is_infinite or value >= mpmath.mpmathify(found.lower.evalf(80)) - rounding
        assert found.upper.is_infinite or value <= mpmath.mpmathify(found.upper.evalf(80)) + rounding


@each
def test_a_dense_search_comes_within_1e_12_of_both_endpoints(activation: Activation, role: str) -> None:
    found, function = range_in(activation, role), function_in(activation, role)
    with mpmath.workdps(40):
        grid = [mpmath.mpf(k) / 16 for k in range(-100 * 16, 100 * 16 + 1)]
        for end, sign in ((found.lower, -1), (found.upper, 1)):
            best = max(grid, key=lambda a, sign=sign: sign * function(a))  # type: ignore[misc] # bound now
            if end.is_infinite:
                assert sign * function(sign * mpmath.mpf(10) ** 9) > 10**6 or sign * function(-best * 10**8) > 10**6
                continue
            low, high = best - mpmath.mpf(1) / 16, best + mpmath.mpf(1) / 16
            for _ in range(100):  # ternary search: one extremum within a grid step
                third = (high - low) / 3
                if sign * function(low + third) < sign * function(high - third):
                    low += third
                else:
                    high -= third
            reached = max(sign * function(a) for a in (low, high, best))
            assert abs(reached - sign * mpmath.mpmathify(end.evalf(40))) < 1e-12


@each
def test_every_reason_checks_and_tells_its_steps(activation: Activation, role: str) -> None:
    reason = range_in(activation, role).reason
    reason.check()
    assert reason.steps
    assert not any(step.count("$") % 2 for step in reason.steps)


@each
def test_every_reason_rejects_a_claim_that_is_wrong_by_little(activation: Activation, role: str) -> None:
    found = range_in(activation, role)
    assert isinstance(found.reason, Reason)
    little = sp.Rational(1, 10**25)
    wrong: list[dict[str, Any]] = [
        {"lower": sp.S.Zero if found.lower.is_infinite else found.lower - little},
        {"upper": sp.S.Zero if found.upper.is_infinite else found.upper + little},
        {"lower_attained": not found.lower_attained},
        {"upper_attained": not found.upper_attained},
    ]
    for change in wrong:
        with pytest.raises(ValueError, match="must be"):
            replace(found.reason, **change).check()
    if found.lower.is_finite or found.upper.is_finite:
        with pytest.raises(ValueError, match="must be"):
            replace(found.reason, expression=found.reason.expression + little).check()


def test_a_range_and_its_reason_must_agree() -> None:
    found = range_of(sp.tanh(x), x)
    assert found is not None
    for change in ({"upper": sp.Integer(2)}, {"upper_attained": True}):
        with pytest.raises(ValueError, match="reason must be for the same interval"):
            replace(found, **change)
    with pytest.raises(ValueError, match="lower must not exceed upper"):
        replace(found, lower=sp.Integer(3))
    with pytest.raises(ValueError, match="lower must be an exact real number"):
        replace(found, lower=-1.0)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (sp.Piecewise((x, x > 0), (sp.exp(x) - 1, True)), "(-1, oo)"),  # ELU
        (x / (1 + sp.Abs(x)), "(-1, 1)"),  # softsign
        (sp.Max(0, sp.Min(1, x / 6 + sp.Rational(1, 2))), "[0, 1]"),  # hard sigmoid
        (sp.atan(x), "(-pi/2, pi/2)"),
        (sp.exp(-(x**2)), "(0, 1]"),
        (sp.sqrt(2) * sp.tanh(x), "(-sqrt(2), sqrt(2))"),
        (x * sp.exp(-x), "(-oo, exp(-1)]"),
        (sp.Piecewise((2, sp.Eq(x, 0)), (sp.tanh(x), True)), "(-1, 2]"),
        (sp.sign(x), "[-1, 1]"),
        (sp.sinh(x) / sp.cosh(x) ** 3, "[-2*sqrt(3)/9, 2*sqrt(3)/9]"),
        (sp.Integer(7), "[7, 7]"),
    ],
)
def test_functions_of_users_have_ranges_too(expression: sp.Expr, expected: str) -> None:
    assert str(range_of(expression, x)) == expected


@pytest.mark.parametrize(
    "expression",
    [
        sp.sin(x),
        1 / x,
        sp.exp(1 / x),
        sp.atan(1 / x),  # its derivative -1/(1 + x^2) is smooth, it jumps
        sp.floor(x),
        sp.log(x),
        sp.log(sp.exp(x) - 2),
        sp.erf(x) / x,
        sp.Piecewise((x, x > 0)),
        sp.Piecewise((0, x <= 0), (1 / x, True)),
        sp.tanh(sp.sqrt(2) * x) * x,
        sp.Piecewise((0, sp.sin(x) > 0), (1, True)),
    ],
)
def test_what_is_not_covered_is_unknown_and_never_guessed(expression: sp.Expr) -> None:
    assert range_of(expression, x) is None
    with pytest.raises(Undecided):
        claim(expression, x, 0, 1)


def test_mish_is_decided_over_seven_derivatives() -> None:
    mish = Activation(name="mish", expression=x * sp.tanh(sp.log(1 + sp.exp(x))))
    found = mish.slope_range
    assert found is not None
    with mpmath.workdps(30):
        slope = sp.lambdify(x, mish.slope, modules="mpmath")
        grid = [slope(mpmath.mpf(k) / 256) for k in range(-20 * 256, 20 * 256)]
        assert 0 <= found.upper.evalf(25) - max(grid) < 1e-5
        assert 0 <= min(grid) - found.lower.evalf(25) < 1e-5


coefficients = st.integers(-5, 5)


@given(terms=st.lists(st.tuples(coefficients, st.integers(0, 2), st.integers(-2, 2)), min_size=1, max_size=4))
def test_sign_tables_of_random_exponential_sums_agree_with_mpmath(terms: list[tuple[int, int, int]]) -> None:
    expression = sp.Add(*(c * x**i * sp.exp(k * x) for c, i, k in terms))
    if expression == 0:
        return
    table = sign_table(expression, x)
    with mpmath.workdps(60):
        function = sp.lambdify(x, expression, modules="mpmath")
        zeros = [mpmath.mpmathify(zero.evalf(50)) for zero in table.changes]
        assert zeros == sorted(zeros)
        for k in range(-40, 41):
            at = mpmath.mpf(k) / 4 + mpmath.mpf(1) / 1000
            if all(abs(at - zero) > mpmath.mpf(10) ** -20 for zero in zeros):
                sign = table.signs[sum(zero < at for zero in zeros)]
                assert mpmath.sign(function(at)) in (sign, 0)


@given(
    roots=st.lists(st.fractions(-3, 3, max_denominator=4), min_size=1, max_size=4),
    scale=st.sampled_from([1, -1, 2]),
)
def test_sign_tables_find_planted_zeros_and_their_parity(roots: list[Any], scale: int) -> None:
    exact = [sp.Rational(str(root)) for root in roots]
    table = sign_table(scale * sp.Mul(*(x - root for root in exact)) * sp.exp(-x) / (1 + sp.exp(x)), x)
    assert list(table.changes) == sorted({root for root in exact if exact.count(root) % 2})
    assert table.signs[-1] == sp.sign(scale)


@pytest.mark.parametrize("sign", [1, -1])
def test_a_function_that_touches_zero_has_a_zero_without_a_change_of_sign(sign: int) -> None:
    for touching in (sp.exp(x) - 1 - x, x * (sp.exp(x) - 1)):
        table = sign_table(sign * touching, x)
        assert (table.start, table.changes) == (sign, ())
    cubic = sign_table(sign * (sp.exp(x) - 1 - x - x**2 / 2), x)
    assert (cubic.start, cubic.zeros) == (-sign, ((0, True),))


@settings(max_examples=25)
@given(numerator=st.lists(coefficients, min_size=1, max_size=4), end=st.sampled_from([sp.oo, -sp.oo]))
def test_limits_of_exponential_forms_are_sympys(numerator: list[int], end: sp.Expr) -> None:
    top = sum(c * x ** (i % 2) * sp.exp(i * x) for i, c in enumerate(numerator))
    expression = top / (1 + sp.exp(2 * x))
    assert exponential_form(expression, x) is not None
    assert limit(expression, x, end) == sp.limit(expression, x, end)


def test_constant_error_functions_are_no_limits_of_one() -> None:
    assert limit(sp.erf(1) + sp.erf(x) + x * sp.exp(-(x**2)), x, sp.oo) == 1 + sp.erf(1)


def test_the_pieces_cover_the_line_once() -> None:
    parts = pieces(sp.Max(-1, sp.Min(1, x)) + sp.Abs(x - 3), x)
    assert sp.Union(*(part for _, part in parts)) == sp.S.Reals
    assert sp.Intersection(*(part for _, part in parts[:2])) == sp.S.EmptySet


@pytest.mark.parametrize("digits", [5, 50, 500])
@pytest.mark.parametrize(
    ("equation", "bracket", "oracle"),
    [
        (x + sp.exp(x), (-1, 0), lambda: -mpmath.lambertw(1).real),
        (sp.exp(x) - 3, (1, 2), lambda: mpmath.log(3)),
        (
            x**9 - sp.Rational(1, 10**9) * sp.exp(x),
            (0, 1),
            lambda: -9 * mpmath.lambertw(-mpmath.mpf(1) / 90).real,
        ),
        ((x - sp.Rational(7, 5)) ** 3, (1, 2), lambda: mpmath.mpf(7) / 5),
    ],
)
def test_isolated_roots_have_any_number_of_digits(
    equation: sp.Expr, bracket: tuple[int, int], oracle: Callable[[], Any], digits: int
) -> None:
    root = IsolatedRoot("z", equation, x, *bracket)
    with mpmath.workdps(digits + 20):
        assert abs(mpmath.mpmathify(root.evalf(digits)) / oracle() - 1) < mpmath.mpf(10) ** (1 - digits)


def test_an_isolated_root_is_a_number_of_its_own() -> None:
    z = IsolatedRoot("z", x + sp.exp(x), x, -1, 0)
    assert z is IsolatedRoot("z", x + sp.exp(x), x, -1, 0)
    assert z not in (IsolatedRoot("w", x + sp.exp(x), x, -1, 0), sp.Rational(-1, 2), 0)
    assert (z.is_negative, z.is_real, z.is_zero, z.free_symbols) == (True, True, False, set())
    assert (2 * z).subs(x, 5) == 2 * z
    assert sign_of(z + sp.Rational(56714329, 10**8)) == -1
    assert (sp.floor(z), sp.ceiling(z)) == (-1, 0)


@pytest.mark.parametrize("bracket", [(0, 1), (-1, 1), (1, 0)])
def test_an_isolated_root_needs_a_sign_change_on_one_side_of_zero(bracket: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="bracket"):
        IsolatedRoot("z", x + sp.exp(x), x, *bracket)


def test_numbers_that_cannot_be_told_apart_are_undecided() -> None:
    with pytest.raises(Undecided, match="sign of"):
        sign_of(sp.Symbol("unknown"))
