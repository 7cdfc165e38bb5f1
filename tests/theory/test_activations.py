"""Activations: derivatives, kinks and stable forms against mpmath, names, and planted falsehoods."""

import copy
import pickle

import mpmath
import numpy as np
import pytest
import sympy as sp
from hypothesis import given
from hypothesis import strategies as st

from errorflow.theory import activations
from errorflow.theory.activations import Activation, x
from errorflow.theory.ranges import Range, claim

ALL = activations.all()
TANH_PRIME = 1 - sp.tanh(x) ** 2

# The functions once more, written for mpmath and not derived from anything: the oracle of this file.
ORACLE = {
    "tanh": mpmath.tanh,
    "logistic": lambda a: 1 / (1 + mpmath.exp(-a)),
    "relu": lambda a: max(a, mpmath.mpf(0)),
    "leaky_relu(1/100)": lambda a: a if a > 0 else a / 100,
    "hard_tanh": lambda a: min(max(a, mpmath.mpf(-1)), mpmath.mpf(1)),
    "softplus": lambda a: mpmath.log1p(mpmath.exp(a)),
    "silu": lambda a: a / (1 + mpmath.exp(-a)),
    "gelu": lambda a: a * mpmath.ncdf(a),
    "identity": lambda a: a,
}
ORACLE_SLOPE = {
    "tanh": lambda a: mpmath.sech(a) ** 2,
    "logistic": lambda a: mpmath.exp(-a) / (1 + mpmath.exp(-a)) ** 2,
    "relu": lambda a: mpmath.mpf(a > 0),
    "leaky_relu(1/100)": lambda a: mpmath.mpf(1) if a > 0 else mpmath.mpf(1) / 100,
    "hard_tanh": lambda a: mpmath.mpf(-1 < a < 1),
    "softplus": lambda a: 1 / (1 + mpmath.exp(-a)),
    "silu": lambda a: (1 + mpmath.exp(-a) + a * mpmath.exp(-a)) / (1 + mpmath.exp(-a)) ** 2,
    "gelu": lambda a: mpmath.ncdf(a) + a * mpmath.npdf(a),
    "identity": lambda a: mpmath.mpf(1),
}
each = pytest.mark.parametrize("activation", ALL, ids=lambda activation: activation.name)
points = st.floats(-30, 30, allow_subnormal=False).filter(lambda a: min(abs(a), abs(a - 1), abs(a + 1)) > 1e-3)


def precise(expression: sp.Expr, at: float) -> mpmath.mpf:
    return mpmath.mpmathify(sp.lambdify(x, expression, modules="mpmath")(mpmath.mpf(at)))


def test_every_activation_has_an_oracle() -> None:
    assert list(ORACLE) == list(ORACLE_SLOPE) == [activation.name for activation in ALL]


@each
@given(at=points)
def test_value_slope_and_second_derivative_are_the_oracle_differentiated(activation: Activation, at: float) -> None:
    function = ORACLE[activation.name]
    with mpmath.workdps(50):
        for order, expression in enumerate((activation.expression, activation.slope, activation.second)):
            expected = mpmath.diff(function, mpmath.mpf(at), order) if order else function(mpmath.mpf(at))
            assert abs(precise(expression, at) - expected) < mpmath.mpf(10) ** -12


@pytest.mark.parametrize(
    ("name", "slopes"),
    [
        ("relu", {0: 0}),
        ("leaky_relu", {0: sp.Rational(1, 100)}),
        ("leaky_relu(-2)", {0: -2}),
        ("hard_tanh", {-1: 0, 1: 0}),
        ("tanh", {}),
        ("gelu", {}),
        ("identity", {}),
    ],
)
def test_kinks_and_the_slope_chosen_there(name: str, slopes: dict[int, sp.Expr]) -> None:
    activation = activations.get(name)
    assert activation.kinks == tuple(slopes)
    assert {kink: activation.slope.subs(x, kink) for kink in activation.kinks} == slopes


def test_max_and_min_have_the_slope_of_the_constant_at_the_kink() -> None:
    clip = Activation(name="clip", expression=sp.Max(-1, sp.Min(1, x)))
    assert clip.kinks == (-1, 1)
    assert [clip.slope.subs(x, at) for at in (-2, -1, 0, 1, 2)] == [0, 0, 1, 0, 0]


def compiled(expression: sp.Expr, at: float) -> float:
    function = sp.lambdify(x, expression, modules=["scipy", "numpy"], cse=True)
    with np.errstate(all="raise", under="ignore"):
        return float(np.broadcast_to(function(np.array([at])), 1)[0])


@each
@pytest.mark.parametrize("at", [0.0, *(s * a for a in (1e-300, 1e-8, 1, 19, 40, 700, 1e4) for s in (1, -1))])
@pytest.mark.parametrize("role", ["value", "slope"])
def test_compiled_forms_keep_fourteen_digits_and_never_overflow(activation: Activation, at: float, role: str) -> None:
    if role == "value":
        form, function = activation.stable or activation.expression, ORACLE[activation.name]
    else:
        form, function = activation.stable_slope or activation.slope, ORACLE_SLOPE[activation.name]
    with mpmath.workdps(60):
        expected = function(mpmath.mpf(at))
    found = compiled(form, at)
    if abs(expected) < np.finfo(float).tiny:
        assert abs(found) <= np.finfo(float).tiny
    else:
        assert abs(mpmath.mpf(found) / expected - 1) < 1e-14


@pytest.mark.parametrize("name", ["tanh", "logistic", "softplus", "silu", "gelu"])
@pytest.mark.parametrize("role", ["value", "slope"])
@given(at=st.floats(-36, 36, allow_subnormal=False))
def test_stable_forms_are_as_exact_as_their_conditioning_allows(name: str, role: str, at: float) -> None:
    activation = activations.get(name)
    form = (activation.stable if role == "value" else activation.stable_slope) or activation.expression
    function = (ORACLE if role == "value" else ORACLE_SLOPE)[name]
    with mpmath.workdps(60):
        expected = function(mpmath.mpf(at))
        # A slope with a zero is small by cancellation: its error is relative to the terms that cancel.
        scale = max(abs(expected), abs(at) * mpmath.npdf(at) if name == "gelu" else 0)
        scale = max(scale, abs(at) * ORACLE_SLOPE["logistic"](mpmath.mpf(at)) if name == "silu" else 0)
        # exp(-x^2/2) loses x^2/2 units in the rounding of x^2.
        units = 20 + at**2 if name == "gelu" else 20
        assert abs(compiled(form, at) - expected) <= units * 2.3e-16 * scale + np.finfo(float).tiny


@each
def test_stable_forms_are_proved_again_when_asked(activation: Activation) -> None:
    activation.check_stable()
    assert (activation.stable is None) == (activation.name in ("tanh", "identity") or bool(activation.kinks))


@pytest.mark.parametrize(
    "wrong",
    [
        (1 - sp.tanh(x)) ** 2,
        4 * sp.exp(-2 * sp.Abs(x)) / (1 + sp.exp(-sp.Abs(x))) ** 2,
        4 * sp.exp(-2 * x) / (1 + sp.exp(-2 * sp.Abs(x))) ** 2,
        TANH_PRIME + sp.Piecewise((1, sp.Eq(x, 0)), (0, True)),
        TANH_PRIME + sp.Rational(1, 10**40),
        1 - sp.tanh(sp.tanh(x)) ** 2,
    ],
)
def test_a_wrong_stable_form_is_rejected(wrong: sp.Expr) -> None:
    with pytest.raises(ValueError, match="stable_slope of planted must be the same function"):
        Activation(name="planted", expression=sp.tanh(x), stable_slope=wrong)


@pytest.mark.parametrize("wrong", [sp.Max(x, 0), sp.Max(x, 0) + sp.log(1 + sp.exp(sp.Abs(x))), sp.log(sp.exp(x))])
def test_a_wrong_stable_softplus_is_rejected(wrong: sp.Expr) -> None:
    with pytest.raises(ValueError, match="stable of planted must be the same function"):
        Activation(name="planted", expression=sp.log(1 + sp.exp(x)), stable=wrong)


def test_a_stable_form_may_be_correct_only_by_cases() -> None:
    clipped = activations.HardTanh().expression
    Activation(name="clip", expression=clipped, stable=sp.Max(-1, sp.Min(1, x)))
    with pytest.raises(ValueError, match="clip"):
        Activation(name="clip", expression=clipped, stable=sp.Max(-1, sp.Min(2, x)))


@pytest.mark.parametrize(
    ("lower", "upper", "attained"),
    [
        (0, 2, True),
        (0, sp.Rational(99, 100), True),
        (0, 1, False),
        (-1, 1, True),
        (sp.Rational(1, 10**30), 1, True),
    ],
)
def test_a_wrong_claimed_slope_range_is_rejected(lower: sp.Expr, upper: sp.Expr, *, attained: bool) -> None:
    with pytest.raises(ValueError, match=r"must be \(0, 1\], got"):
        claim(TANH_PRIME, x, lower, upper, upper_attained=attained)


def test_a_claimed_range_must_be_about_the_function_that_it_is_claimed_for() -> None:
    other = claim(sp.tanh(x), x, -1, 1)
    planted = Activation(name="planted", expression=sp.tanh(x), claimed_slope_range=other)
    with pytest.raises(ValueError, match="claimed for derivative 1 of planted must be that of 1 - tanh"):
        _ = planted.slope_range


class CosineReason:
    """A user's own reason for the range of cos, with a check that looks at the claim."""

    expression = sp.cos(x)
    steps = ("The cosine lies between -1 and 1.",)

    def __init__(self, upper: int) -> None:
        self.upper = upper

    def check(self) -> None:
        if self.upper != sp.cos(0):
            raise ValueError(f"the largest cosine must be 1, got {self.upper}")


def test_a_users_own_reason_is_checked_when_the_range_is_read() -> None:
    sine = Activation(name="sine", expression=sp.sin(x))
    assert sine.slope_range is None
    for upper in (1, 2):
        interval = Range(-1, upper, True, True, CosineReason(upper))
        claimed = Activation(name="sine", expression=sp.sin(x), claimed_slope_range=interval)
        if upper == 1:
            assert claimed.slope_range is interval
        else:
            with pytest.raises(ValueError, match="largest cosine must be 1"):
                _ = claimed.slope_range


def test_get_finds_every_activation_by_its_name() -> None:
    assert all(activations.get(activation.name) == activation for activation in ALL)
    assert activations.get("leaky_relu") == activations.LeakyRelu()


@pytest.mark.parametrize("name", ["sigmoid", "", "tanh(2)", "Tanh", None, "leaky_relu("])
def test_get_lists_the_names_when_it_finds_none(name: str) -> None:
    with pytest.raises(ValueError, match=r"must be one of tanh, logistic, relu, leaky_relu.*, identity.*got"):
        activations.get(name)


@pytest.mark.parametrize("slope", ["steep", float("nan"), float("inf"), None, True, "x", sp.sqrt(2)])
def test_leaky_relu_wants_a_rational_slope(slope: object) -> None:
    with pytest.raises(ValueError, match="negative_slope must be a finite rational number, got"):
        activations.LeakyRelu(slope)  # type: ignore[arg-type] # the wrong argument is the test


@given(slope=st.fractions(-3, 3, max_denominator=1000))
def test_leaky_relu_carries_its_parameter_in_its_name_and_range(slope: object) -> None:
    activation = activations.LeakyRelu(slope)  # type: ignore[arg-type] # Hypothesis draws fractions
    assert activations.get(activation.name) == activation
    found = activation.slope_range
    assert found is not None
    assert {found.lower, found.upper} == {
        sp.Min(1, sp.Rational(str(slope))),
        sp.Max(1, sp.Rational(str(slope))),
    }


def test_a_float_slope_is_read_as_its_decimal() -> None:
    assert activations.LeakyRelu(0.01) == activations.LeakyRelu(sp.Rational(1, 100)) == activations.LeakyRelu()
    assert activations.LeakyRelu(np.float32(0.2)) == activations.LeakyRelu("1/5")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"name": "", "expression": x}, "name must be"),
        (
            {"name": "free", "expression": sp.Symbol("x") ** 2},
            "expression must be an expression in the symbol",
        ),
        ({"name": "float", "expression": 0.5 * x}, "expression must be exact"),
        ({"name": "relation", "expression": x > 0}, "expression must be an expression"),
        ({"name": "free", "expression": x, "stable": sp.Symbol("t")}, "stable must be an expression"),
    ],
)
def test_wrong_arguments_are_named(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Activation(**arguments)  # type: ignore[arg-type] # the wrong argument is the test


def test_equality_is_name_and_expression() -> None:
    tanh = Activation(name="tanh", expression=sp.tanh(x))
    assert tanh == activations.Tanh()
    assert hash(tanh) == hash(activations.Tanh())
    assert tanh != Activation(name="tanh", expression=sp.tanh(2 * x))
    assert tanh != Activation(name="th", expression=sp.tanh(x))


def test_opaque_heads_print_as_mathematics_and_stay_unexpanded() -> None:
    a = sp.Symbol("a", real=True)
    tanh = activations.Tanh()
    assert [sp.latex(head(a)) for head in (tanh.f, tanh.df, tanh.d2f)] == [
        r"\tanh\left(a\right)",
        r"\tanh'\left(a\right)",
        r"\tanh''\left(a\right)",
    ]
    assert sp.latex(tanh.df(a) ** 2) == r"\tanh'\left(a\right)^{2}"
    assert tanh.f(a).diff(a, 2) == tanh.d2f(a)
    assert tanh.df(a).is_real
    assert tanh.df(a).is_positive is None
    assert tanh.df(sp.Integer(0)) == tanh.df(sp.Integer(0))
    assert tanh.df(sp.Integer(0)) != 1


def test_heads_of_one_name_and_different_functions_differ() -> None:
    a = sp.Symbol("a", real=True)
    other = Activation(name="tanh", latex=r"\tanh", expression=sp.tanh(2 * x))
    assert other.df(a) != activations.Tanh().df(a)
    assert activations.LeakyRelu("1/10").df(a) - activations.LeakyRelu().df(a) != 0
    assert activations.Tanh().f(a) != activations.Tanh().df(a)


@each
def test_activations_survive_pickling_and_copying(activation: Activation) -> None:
    _ = activation.slope_range
    pickled = pickle.loads(pickle.dumps(activation))  # noqa: S301 (our own bytes)
    for other in (pickled, copy.deepcopy(activation)):
        assert other == activation
        assert other.slope_range == activation.slope_range
        assert other.df(x) == activation.df(x)
