"""Laws of compiled expressions: the values are those of many digits, whatever the operations and their order in memory."""

import mpmath
import numpy as np
import pytest
import sympy as sp
from hypothesis import given
from hypothesis import strategies as st

from errorflow.numerics import elementwise as module
from errorflow.numerics.elementwise import compiled, elementwise, printed
from errorflow.theory import activations
from errorflow.theory.activations import x
from errorflow.theory.stable_forms import erfcx

POINTS = np.array([-3.0, -1.0, -0.3, 0.0, 1e-300, 0.2, 1.0, 2.5])
NAMES = [activation.name.partition("(")[0] for activation in activations.all()]


def exact(expression, points=POINTS) -> list[float]:
    function = sp.lambdify(x, expression, modules="mpmath")
    with mpmath.workdps(60):
        return [float(function(mpmath.mpf(point))) for point in points]


FORMS = [
    1 - x**3 + sp.Rational(1, 3) * x**2,
    -x - 2 * x**2,
    (x + 1) / (x**2 + 1) ** 2,
    sp.sqrt(2) * sp.exp(-(x**2)) * sp.pi,
    3 / (2 + sp.cosh(x)),
    x**9 - x**7,
    sp.sqrt(1 + x**2) - sp.log(2 + sp.sin(x)),
    (4 + x**2) ** sp.Rational(1, 3),
    sp.Max(x, sp.Min(1, x**2), -2),
    sp.Piecewise((x**2, x < 0), (sp.Rational(1, 2), x <= 1), (sp.exp(-x), True)),
    sp.Piecewise((0, (x > 1) | (x < -1)), (1 - x**2, True)),
    sp.Piecewise((x, (x > -1) & (x < 1)), (-x, True)),
    sp.erf(x) + sp.erfc(x) ** 2 + erfcx(sp.Abs(x)),
    sp.atan(x) + sp.tanh(x) * sp.sinh(x) + sp.cos(x) / 7,
    sp.Integer(3),
    x,
]


@pytest.mark.parametrize("expression", FORMS, ids=map(str, FORMS))
def test_values_are_those_of_60_digits(expression) -> None:
    function = elementwise(expression)
    assert "printed" not in compiled((expression,)).__qualname__
    np.testing.assert_allclose(function(POINTS), exact(expression), rtol=1e-14, atol=1e-15)
    memory = np.full(POINTS.shape, np.nan)
    assert function(POINTS, memory) is memory
    np.testing.assert_array_equal(memory, function(POINTS))


LEAVES = st.sampled_from([x, sp.Integer(2), sp.Rational(-3, 7), sp.pi])


def grown(inner):
    pairs = st.tuples(inner, inner)
    return st.one_of(
        pairs.map(lambda p: p[0] + p[1]),
        pairs.map(lambda p: p[0] - p[1]),
        pairs.map(lambda p: p[0] * p[1]),
        pairs.map(lambda p: p[0] / (2 + p[1] ** 2)),
        inner.map(sp.tanh),
        inner.map(lambda e: sp.exp(-(e**2))),
        inner.map(lambda e: sp.Abs(e) + 1),
        pairs.map(lambda p: sp.Piecewise((p[0], x > sp.Rational(1, 10)), (p[1], True))),
    )


EXPRESSIONS = st.recursive(LEAVES, grown, max_leaves=8)


@given(pair=st.tuples(EXPRESSIONS, EXPRESSIONS), squared=st.booleans())
def test_common_parts_and_reused_memory_change_no_value(pair, squared) -> None:
    both = (pair[0] * pair[1], pair[1] ** 2 if squared else pair[1])
    run, memory = compiled(both), np.empty(POINTS.shape)
    before = POINTS.copy()
    alone = [elementwise(expression)(POINTS) for expression in both]
    sizes = [1 + np.abs(values) for values in alone]
    for together in (run(POINTS, None), run(POINTS, memory)):
        for found, values, size in zip(together, alone, sizes, strict=True):
            np.testing.assert_allclose(found / size, values / size, rtol=0, atol=1e-13)
    np.testing.assert_array_equal(POINTS, before)
    for found, expression, size in zip(alone, both, sizes, strict=True):
        np.testing.assert_allclose(found / size, np.array(exact(expression)) / size, rtol=0, atol=1e-12)


@pytest.mark.parametrize("activation", activations.all(), ids=NAMES)
def test_built_in_functions_have_the_values_that_sympy_prints(activation) -> None:
    a = np.random.default_rng(0).standard_normal((7, 5)) * 4
    forms = (activation.stable or activation.expression, activation.stable_slope or activation.slope)
    for found, other in zip(compiled(forms)(a, None), printed(forms)(a, None), strict=True):
        np.testing.assert_allclose(found, other, rtol=1e-14, atol=1e-300)


def test_a_function_without_a_call_is_printed() -> None:
    expression = sp.gamma(x**2 + 1)
    assert "printed" in compiled((expression,)).__qualname__
    memory = np.empty(POINTS.shape)
    assert elementwise(expression)(POINTS, memory) is memory
    np.testing.assert_allclose(memory, exact(expression), rtol=1e-13)


def test_a_chain_of_operations_needs_one_array(monkeypatch) -> None:
    made = []
    real = np.empty
    run = compiled((sp.exp(-2 * sp.tanh(3 * x + 1)),))
    monkeypatch.setattr(module.np, "empty", lambda *arguments: made.append(1) or real(*arguments))
    run(POINTS, None)
    assert len(made) == 1


def test_a_value_that_overwrites_its_own_source_is_caught() -> None:
    """Planted: memory that is still needed is given to the next result."""
    program = compiled((sp.exp(x) * sp.sin(sp.exp(x)) + sp.exp(x),)).__self__
    honest = program.run(POINTS, None)[0]
    assert len(program.types) > 2
    program.steps = [(function, [min(i, 1) for i in operands], 1) for function, operands, _ in program.steps]
    program.results = [1]
    assert np.abs(program.run(POINTS, None)[0] - honest).max() > 0.1
