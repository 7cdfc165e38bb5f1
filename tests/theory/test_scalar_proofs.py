"""Laws of the tools behind the scalar facts: powers as letters, sums that telescope, roots by an angle, one root."""

from fractions import Fraction

import mpmath
import pytest
import sympy as sp

from errorflow.theory import scalar_facts
from errorflow.theory.activations import x
from errorflow.theory.isolated_root import IsolatedRoot
from errorflow.theory.scalar_facts import latching as latch
from errorflow.theory.scalar_facts import sensitivity
from errorflow.theory.scalar_facts.proofs import Letters, one_root, positive, telescoped

w, q, j = latch.w, sensitivity.q, sensitivity.j


@pytest.mark.parametrize(
    "expression", [latch.REST, latch.CRITICAL, sp.sqrt(w), sp.sqrt(w - 1) / w, sp.acosh(sp.sqrt(w)) * latch.REST]
)
def test_the_substitution_by_an_angle_keeps_values(expression: sp.Expr) -> None:
    found = latch.by_angle(expression)
    letters = sorted(found.free_symbols, key=str)
    with mpmath.workdps(50):
        for angle in (mpmath.mpf(1) / 7, mpmath.mpf(2)):
            values = [mpmath.exp(angle) if letter.is_positive else angle for letter in letters]
            direct = sp.lambdify(w, expression, modules="mpmath")(mpmath.cosh(angle) ** 2)
            assert abs(sp.lambdify(letters, found, modules="mpmath")(*values) - direct) < mpmath.mpf(10) ** -45


@pytest.mark.parametrize("expression", [sp.sqrt(w + 1), sp.sqrt(w**3 - 1), sp.atanh(1 / w), sp.acosh(w)])
def test_what_the_substitution_does_not_reach_is_refused(expression: sp.Expr) -> None:
    with pytest.raises(ValueError, match=r"is not|square"):
        latch.by_angle(expression)


@pytest.mark.parametrize("coefficients", [(1,), (0, 1), (2, -3, 1), (0, 0, 0, 1), (1, 0, -4, 2)])
def test_sums_of_polynomials_times_powers_are_those_of_fractions(coefficients: tuple[int, ...]) -> None:
    polynomial = sum((c * j**k for k, c in enumerate(coefficients)), sp.S.Zero)
    last = sp.Symbol("n", integer=True, nonnegative=True)
    found = telescoped(scalar_facts.get("variance_series"), sp.Sum(polynomial * q**j, (j, 0, last)))
    for steps in range(5):
        terms = [sum(c * i**k for k, c in enumerate(coefficients)) * Fraction(3, 7) ** i for i in range(steps + 1)]
        assert found.subs({q: sp.Rational(3, 7), last: steps}) == sp.Rational(str(sum(terms)))


def test_powers_become_letters_without_losing_or_making_equality() -> None:
    a, n = sp.Symbol("a", positive=True), sp.Symbol("n", real=True)
    zero = [a ** (n + 2) - a**2 * a**n, sp.exp(2 * n) - sp.exp(n) ** 2, sp.sqrt(a) ** (2 * n) - a**n]
    zero += [(a / (a + 1)) ** n * (a + 1) ** n - a**n, sp.tanh(n) * (sp.exp(2 * n) + 1) - sp.exp(2 * n) + 1]
    assert [Letters().quotient(e) for e in zero] == [0] * len(zero)
    other = [a**n - a ** (n + 1), a**n - a ** (2 * n), sp.sqrt(a) - a, sp.exp(n) - sp.exp(2 * n)]
    assert 0 not in [Letters().quotient(e) for e in other]
    with pytest.raises(ValueError, match="must be positive"):
        Letters().quotient(sp.Symbol("r", real=True) ** n)


def test_a_quotient_with_a_coefficient_that_is_not_positive_is_not_called_positive() -> None:
    a, r = sp.Symbol("a", positive=True), sp.Symbol("r", real=True)
    assert positive((a**2 + 1) / (a + 3))
    assert not any(map(positive, (a - 1, 1 / (a - 1), sp.S.Zero, -a, r**2 + 1, sp.sqrt(a) + 1)))


def test_a_root_is_that_of_its_own_equation_and_the_only_one() -> None:
    fact = scalar_facts.get("logistic_constant_activation_root")
    z = IsolatedRoot("z", x * sp.tanh(x / 2) - 1, x, 1, 2)
    assert one_root(fact, (1 - x) * sp.exp(x) + x + 1, z) == -1
    near = IsolatedRoot("n", x * sp.tanh(x / 2) - 1 - sp.Rational(1, 10**30), x, 1, 2)
    for equation, root in ((z.equation, near), ((x - 3) * z.equation, z), (z.equation**2, z), (z.equation, 2 * z)):
        with pytest.raises(ValueError, match="is not proved"):
            one_root(fact, equation, root)
