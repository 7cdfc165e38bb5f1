r"""An activation as functions of arrays: phi, phi', log|phi'| and the kinks.

log|phi'| is taken factor by factor, log(e^u p^k ...) = u + k log|p| + ..., so that it is right where phi' underflows: for
tanh, log 4 - 2|a| - 2 log(1 + exp(-2|a|)) at every a. It is -inf where, and only where, phi' is zero. A sum among the factors
of a slope without a `stable_slope` may cancel (1 - tanh(a)^2 is 0 in doubles beyond |a| = 19); where such a slope is small,
its logarithm is found in as many digits as it takes.

Main definitions: `Entrywise`, `entrywise`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import mpmath
import numpy as np
import sympy as sp
from numpy.typing import ArrayLike

from ...theory.activations import Activation
from ...theory.activations import x as variable
from ..axes import Array
from ..elementwise import elementwise
from .gaussian_average import Function

DOUBT = 1e-5  # a slope below it may have lost digits to cancellation
DIGITS = (30, 60, 120, 240, 480, 960)

Callables = tuple[Callable[[Array], ArrayLike], Callable[[Array], ArrayLike]]  # phi and phi'


@dataclass(frozen=True, eq=False)
class Entrywise:
    """phi, phi' and log|phi'| as functions of arrays, and the points at which phi' jumps."""

    name: str
    value: Function
    slope: Function
    log_slope: Function
    kinks: tuple[float, ...]


def entrywise(activation: Activation | Callables | Entrywise, *, kinks: Sequence[float] = ()) -> Entrywise:
    """The functions of an activation of `errorflow.theory.activations`, or of a pair (phi, phi') of functions of arrays.

    ``kinks`` are those of a pair: where it has others, averages take longer. Where a pair's slope underflows it counts as zero.
    Raises TypeError for anything else, ValueError for kinks of anything but a pair.

    >>> from errorflow.theory.activations import Tanh
    >>> entrywise(Tanh()).log_slope(np.array([0.0, 60.0, 6000.0])).round(3).tolist()
    [0.0, -118.614, -11998.614]
    >>> entrywise((np.sin, np.cos)).slope(np.array([0.0])).tolist()
    [1.0]
    """
    if isinstance(activation, Activation | Entrywise):
        if len(kinks):
            raise ValueError(f"kinks must be given for a pair of functions only, got {kinks!r}")
        return activation if isinstance(activation, Entrywise) else _of_activation(activation)
    if not (isinstance(activation, tuple) and len(activation) == 2 and all(map(callable, activation))):
        raise TypeError(f"activation must be an Activation or a pair of functions (phi, phi'), got {activation!r}")
    value, slope = (_arrays(function) for function in activation)

    def log_slope(a: Array) -> Array:
        with np.errstate(divide="ignore"):
            return np.log(np.abs(slope(a)))

    name = getattr(activation[0], "__name__", "phi")
    return Entrywise(name, value, slope, log_slope, tuple(float(kink) for kink in kinks))


def _arrays(function: Callable[[Array], ArrayLike]) -> Function:
    def applied(a: Array) -> Array:
        with np.errstate(all="ignore"):
            return np.broadcast_to(np.asarray(function(a), dtype=float), a.shape)

    return applied


@lru_cache(maxsize=64)
def _of_activation(activation: Activation) -> Entrywise:
    slope = sp.piecewise_fold(activation.stable_slope or activation.slope)
    plain = _arrays(elementwise(slope))
    factored = slope if activation.stable_slope else _factored(slope)
    logarithm = _arrays(elementwise(_log(factored)))
    if activation.stable_slope is None and any(isinstance(part, sp.Add) for part in _parts(factored)):
        logarithm = _careful(logarithm, plain, activation.slope)
    value = _arrays(elementwise(activation.stable or activation.expression))
    return Entrywise(activation.name, value, plain, logarithm, tuple(float(kink) for kink in activation.kinks))


def _factored(expression: sp.Expr) -> sp.Expr:
    if isinstance(expression, sp.Piecewise):
        return sp.Piecewise(*((_factored(part), condition) for part, condition in expression.args))
    return sp.factor(expression)


def _parts(expression: sp.Expr) -> Iterator[sp.Expr]:
    """The factors whose logarithm must be taken as it stands."""
    match expression:
        case sp.Piecewise():
            for part, _ in expression.args:
                yield from _parts(part)
        case sp.Mul():
            for part in expression.args:
                yield from _parts(part)
        case sp.Pow() if expression.exp.is_number:
            yield from _parts(expression.base)
        case sp.exp():
            return
        case _:
            yield expression


def _log(expression: sp.Expr) -> sp.Expr:
    """log|expression|, factor by factor."""
    match expression:
        case sp.Piecewise():
            return sp.Piecewise(*((_log(part), condition) for part, condition in expression.args))
        case sp.Mul():
            return sp.Add(*map(_log, expression.args))
        case sp.Pow() if expression.exp.is_number:
            return expression.exp * _log(expression.base)
        case sp.exp():
            return expression.args[0]
        case _ if expression.is_zero:
            return -sp.oo
        case _:
            return sp.log(sp.Abs(expression))


def _careful(logarithm: Function, slope: Function, exact: sp.Expr) -> Function:
    """The logarithm, found again in many digits where the slope is small: cancellation may be the reason."""
    compiled = sp.lambdify(variable, exact, modules="mpmath")

    def log_slope(a: Array) -> Array:
        found = np.array(logarithm(a))
        with np.errstate(invalid="ignore"):
            doubtful = np.flatnonzero(~(np.abs(slope(a)) > DOUBT))
        for i in doubtful:
            found.flat[i] = _digits(compiled, float(a.flat[i]))
        return found

    return log_slope


def _digits(function: Callable[[Any], Any], at: float) -> float:
    """log|function(at)| to ten digits: with ever more of them until two values agree."""
    last: Any = None
    for digits in DIGITS:
        with mpmath.workdps(digits):
            value = abs(function(mpmath.mpf(at)))
            if value and last is not None and abs(value - last) <= value * mpmath.mpf(10) ** -10:
                return float(mpmath.log(value))
            last = value
    return -np.inf
