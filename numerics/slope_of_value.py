r"""The slope of an activation from its value: tanh' = 1 - tanh^2, sigma' = sigma (1 - sigma), where that is accurate.

A function and its slope that are rational in one function w(x), the value linear over linear, give
``phi' = psi(phi)`` by eliminating w. Rounding of the value y enters as ``|y psi'(y) / psi(y)|`` units: where that is more
than 4,096, for tanh beyond |x| = 4.5, the formula in x is taken, entry by entry.

Main definitions: `SlopeOfValue`, `slope_of_value`, `ValueAndSlope`, `value_and_slope`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import sympy as sp

from ..theory import activations
from ..theory.activations import Activation
from .axes import Array
from .elementwise import Run, compiled, elementwise

CONDITION = 4096.0  # units of rounding: a relative error of 1e-12, for functions that err by two of them
y = sp.Symbol("y", real=True)


@dataclass(frozen=True, eq=False)
class SlopeOfValue:
    """phi' = psi(phi) for values in [lower, upper], with few units of rounding; elsewhere phi' by its own formula."""

    expression: sp.Expr
    lower: float
    upper: float
    psi: Callable[..., Array]
    slope: Callable[..., Array]

    def says(self, values: Array) -> bool:
        """Whether every value says its slope."""
        return bool(values.min() >= self.lower and values.max() <= self.upper)

    def __call__(self, values: Array, arguments: Callable[[], Array], *, said: bool = False) -> Array:
        """The slopes at some values, all of which say them if ``said``; ``arguments`` gives the arguments if needed."""
        slopes = self.psi(values)
        if not (said or self.says(values)):
            outside = np.flatnonzero((values < self.lower) | (values > self.upper))
            slopes.reshape(-1)[outside] = self.slope(np.broadcast_to(arguments(), values.shape).reshape(-1)[outside])
        return slopes


@dataclass(frozen=True, eq=False)
class ValueAndSlope:
    """An activation's value and slope at given arguments, the slope ``from_value`` if it has such a form."""

    run: Run
    from_value: SlopeOfValue | None

    def __call__(self, a: Array) -> tuple[Array, Array]:
        """Value and slope."""
        found = self.run(a, None)
        if self.from_value is None:
            return found[0], found[1]
        return found[0], self.from_value(found[0], lambda: a)


@lru_cache(maxsize=256)
def value_and_slope(activation: Activation) -> ValueAndSlope:
    """The NumPy function that gives an activation's value and slope together, sharing what they have in common.

    >>> value, slope = value_and_slope(activations.Tanh())(np.array([20.0]))
    >>> float(1 - value[0] ** 2), round(float(slope[0]) * 1e17, 6)
    (0.0, 1.699342)
    """
    value, slope = activation.stable or activation.expression, activation.stable_slope or activation.slope
    from_value = slope_of_value(activation)
    return ValueAndSlope(compiled((value,) if from_value is not None else (value, slope)), from_value)


@lru_cache(maxsize=256)
def slope_of_value(activation: Activation) -> SlopeOfValue | None:
    """psi with phi' = psi(phi), None where it is not found.

    >>> found = slope_of_value(activations.Tanh())
    >>> print(found.expression, round(found.upper, 6))
    1 - y**2 0.999756
    >>> print(slope_of_value(activations.Logistic()).expression, slope_of_value(activations.Gelu()))
    -y**2 + y None
    """
    expression = _eliminated(activation.expression, activation.slope)
    bounds = activation.value_range
    if expression is None or bounds is None:
        return None
    condition = sp.lambdify(y, sp.Abs(y * expression.diff(y) / expression), modules="math")
    ends = float(bounds.lower), float(bounds.upper)
    if not expression.has(y):
        lower, upper = -math.inf, math.inf
    elif all(map(math.isfinite, ends)):
        middle = sum(ends) / 2
        lower, upper = (_farthest(condition, middle, end) for end in ends)
    else:
        return None
    psi = elementwise(expression.xreplace({y: activations.x}))
    return SlopeOfValue(expression, lower, upper, psi, elementwise(activation.stable_slope or activation.slope))


def _eliminated(value: sp.Expr, slope: sp.Expr) -> sp.Expr | None:
    """The slope in terms of the value y, if both are rational in one function of x and the value is linear over linear."""
    if not slope.has(activations.x):
        return slope
    w = sp.Dummy("w")
    for generator in sorted(value.atoms(sp.Function) | value.atoms(sp.exp), key=sp.default_sort_key):
        v, s = (sp.together(e.xreplace({generator: w})) for e in (value, slope))
        if (
            v.has(activations.x)
            or s.has(activations.x)
            or not (v.is_rational_function(w) and s.is_rational_function(w))
        ):
            continue
        numerator = sp.Poly(sp.numer(sp.together(v - y)), w)
        if numerator.degree() == 1:
            linear, constant = numerator.all_coeffs()
            return sp.expand(sp.cancel(s.xreplace({w: -constant / linear})))
    return None


def _farthest(condition: Callable[[float], float], inside: float, end: float) -> float:
    """The farthest value from ``inside`` towards ``end`` up to which the condition stays small; infinite if it always does."""
    good, bad = inside, end
    for _ in range(60):
        between = (good + bad) / 2
        try:
            fine = condition(between) <= CONDITION
        except ZeroDivisionError:
            fine = False
        good, bad = (between, bad) if fine else (good, between)
    return math.copysign(math.inf, end - inside) if abs(end - good) < 1e-12 else good
