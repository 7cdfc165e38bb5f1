"""Numbers in the scalar facts, from published digits, roots by mpmath, simulated latches and exact enumeration."""

from fractions import Fraction

import mpmath
import pytest
import sympy as sp

from errorflow.theory import scalar_facts
from errorflow.theory.isolated_root import IsolatedRoot
from errorflow.theory.scalar_facts import latching as latch
from errorflow.theory.scalar_facts import sensitivity


def test_the_constants_of_the_constant_activation_are_the_published_digits() -> None:
    (z,) = scalar_facts.get("logistic_constant_activation_root").statement.atoms(IsolatedRoot)
    assert f"{sp.N(z, 8)}" == "1.5434046"
    assert f"{sp.N((z - 1 / z) / 4, 8)}" == "0.22387160"


@pytest.mark.parametrize(
    ("name", "product", "digits"), [("tenth", "1/10", (0.876, 0.929)), ("hundredth", "1/100", (0.708, 0.987))]
)
def test_the_windows_at_lag_20_are_the_roots_of_the_derivative_of_the_loss(
    name: str, product: str, digits: tuple[float, float]
) -> None:
    fact = scalar_facts.get(f"recall_window_{name}")
    roots = sorted(fact.statement.atoms(IsolatedRoot), key=lambda root: root.lower)
    assert all(f"{value:.3f}".lstrip("0") in fact.words for value in digits)
    with mpmath.workdps(50):
        p = mpmath.mpf(Fraction(product).numerator) / Fraction(product).denominator
        for root, value in zip(roots, digits, strict=True):
            assert 1000 * root.lower < 1000 * sp.Rational(str(value)) < 1000 * root.upper
            slope = mpmath.findroot(lambda v: 2 * v * p**2 / (1 - v**2) ** 2 - 40 * p * v**19, value)
            assert abs(slope - mpmath.mpmathify(root.evalf(45))) < mpmath.mpf(10) ** -40


@pytest.mark.parametrize("weight", ["1.001", "1.25", "2", "10"])
def test_the_latch_holds_against_the_critical_input_and_no_more(weight: str) -> None:
    with mpmath.workdps(30):
        gain = mpmath.mpf(weight)
        state, critical = mpmath.sqrt(1 - 1 / gain), sp.lambdify(latch.w, latch.CRITICAL, modules="mpmath")(gain)
        step = mpmath.mpf("1e-3")
        held = [state]
        for _ in range(200):
            held.append(mpmath.tanh(gain * held[-1] - critical))
        assert min(held) > state - mpmath.mpf(10) ** -12
        for _ in range(5000):
            state = mpmath.tanh(gain * state - critical - step)
        assert state < 0


def test_the_sensitivity_from_zero_is_the_mean_over_all_signs() -> None:
    rate, steps = Fraction(2, 3), 7
    sums = [Fraction(0)] * 3
    for code in range(2**steps):
        state = slope = Fraction(0)
        for step in range(steps):
            state, slope = rate * state + (1 if code >> step & 1 else -1), state + rate * slope
        sums = [total + term for total, term in zip(sums, (state**2, state * slope, slope**2), strict=True)]
    fact = scalar_facts.get("sensitivity_from_zero")
    at = {sensitivity.rate: sp.Rational(2, 3), sensitivity.q: sp.Rational(4, 9), sensitivity.t: steps}
    values = {relation.lhs: relation.rhs.subs(at) for relation in fact.relations}
    assert [values[moment] for moment in sensitivity.MOMENTS] == [sp.Rational(str(s / 2**steps)) for s in sums]
