r"""Activations: entrywise functions phi with their exact derivatives, and the exact ranges of both.

A function is stated once, by its expression; the slope phi', the second derivative phi'', the kinks and the
ranges are derived from it. At a kink the slope is the one of the case that holds there: 0 for ReLU at 0 and
HardTanh at -1 and 1, the negative slope for LeakyReLU. Where the plain formula overflows or loses digits
there is an equal ``stable`` one.

Main definitions: `Activation`; `Tanh`, `Logistic`, `Relu`, `LeakyRelu`, `HardTanh`, `Softplus`, `Silu`,
`Gelu`, `Identity`; `all`, `get`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache, cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import sympy as sp
from sympy.codegen.cfunctions import log1p

from .opaque import head
from .ranges import Range, by_cases, pieces, range_of
from .stable_forms import erfcx, prove_equal

if TYPE_CHECKING:
    from .language import Apply, Vector

x = sp.Symbol("x", real=True)


@dataclass(frozen=True, kw_only=True)
class Activation:
    r"""The function phi(x) = ``expression`` in the symbol `activations.x`, applied to each entry of a vector.

    ``stable`` and ``stable_slope`` are other formulas of the value and the slope that neither overflow nor
    lose digits in doubles; SymPy must prove them equal. ``claimed_*`` are ranges that the automatic
    derivation does not find, each with a reason of its own; they are checked when they are first read. Two
    activations are equal if and only if their names and expressions are.

    Raises ValueError if the expression holds another symbol or a floating-point number, or if a stable form
    is not proved equal.

    >>> damped = Activation(name="damped", expression=x * sp.exp(-(x**2)))
    >>> print(damped.slope, damped.slope_range)
    -2*x**2*exp(-x**2) + exp(-x**2) [-2*exp(-3/2), 1]
    """

    name: str
    expression: sp.Expr
    latex: str = field(default="", compare=False)
    stable: sp.Expr | None = field(default=None, compare=False, repr=False)
    stable_slope: sp.Expr | None = field(default=None, compare=False, repr=False)
    claimed_value_range: Range | None = field(default=None, compare=False, repr=False)
    claimed_slope_range: Range | None = field(default=None, compare=False, repr=False)
    claimed_second_range: Range | None = field(default=None, compare=False, repr=False)

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name:
            raise ValueError(f"name must be a string that is not empty, got {self.name!r}")
        if not self.latex:
            escaped = self.name.replace("_", r"\_")
            object.__setattr__(self, "latex", rf"\operatorname{{{escaped}}}")
        for role in ("expression", "stable", "stable_slope"):
            formula = getattr(self, role)
            if formula is not None:
                object.__setattr__(self, role, _formula(role, formula))
        self.check_stable()

    def __call__(self, vector: Vector) -> Apply:
        """The vector ``phi(v)`` of the cell language."""
        from .language import apply

        return apply(self, vector)

    @cached_property
    def slope(self) -> sp.Expr:
        """The derivative phi'; at a kink that of the case which holds there."""
        return by_cases(self.expression).diff(x)

    @cached_property
    def second(self) -> sp.Expr:
        """The second derivative phi'' off the kinks; where there are none, it bounds slope differences."""
        return self.slope.diff(x)

    @cached_property
    def kinks(self) -> tuple[sp.Expr, ...]:
        """The points at which the slope jumps, in increasing order."""
        parts = [(formula, part) for formula, part in pieces(self.expression, x) if part.is_Interval]
        return tuple(
            part.end
            for (left, part), (right, _) in pairwise(parts)
            if sp.simplify((left.diff(x) - right.diff(x)).subs(x, part.end)) != 0
        )

    @cached_property
    def value_range(self) -> Range | None:
        """The exact range of phi, or None: unknown."""
        return self._range(0, self.expression, self.claimed_value_range)

    @cached_property
    def slope_range(self) -> Range | None:
        """The exact range of phi', or None: unknown."""
        return self._range(1, self.slope, self.claimed_slope_range)

    @cached_property
    def second_range(self) -> Range | None:
        """The exact range of phi'', or None: unknown."""
        return self._range(2, self.second, self.claimed_second_range)

    def _range(self, order: int, function: sp.Expr, claimed: Range | None) -> Range | None:
        if claimed is None:
            name = self.name.replace("_", r"\_")
            return range_of(function, x, label=f"z_{{{order + 1},{name}}}")
        if claimed.reason.expression != function:
            raise ValueError(
                f"the range claimed for derivative {order} of {self.name} must be that of {function}, "
                f"got one of {claimed.reason.expression}"
            )
        claimed.reason.check()
        return claimed

    def check_stable(self) -> None:
        """Prove that ``stable`` is the value and ``stable_slope`` the slope; ValueError if SymPy cannot."""
        for role, form in (("stable", self.stable), ("stable_slope", self.stable_slope)):
            try:
                if form is not None:
                    prove_equal(form, self.expression if role == "stable" else self.slope, x)
            except ValueError as error:
                raise ValueError(f"{role} of {self.name} must be the same function, but {error}") from error

    @property
    def f(self) -> Any:
        r"""The opaque entrywise function ``a -> \phi(a)``."""
        return head(self.name, self.latex, self.expression, 0)

    @property
    def df(self) -> Any:
        r"""The opaque entrywise function ``a -> \phi'(a)``.

        >>> sp.latex(Tanh().df(sp.Symbol("a")))
        "\\tanh'\\left(a\\right)"
        """
        return head(self.name, self.latex, self.expression, 1)

    @property
    def d2f(self) -> Any:
        r"""The opaque entrywise function ``a -> \phi''(a)``."""
        return head(self.name, self.latex, self.expression, 2)


def _formula(role: str, formula: Any) -> sp.Expr:
    formula = sp.sympify(formula)
    if not isinstance(formula, sp.Expr) or not formula.free_symbols <= {x}:
        raise ValueError(f"{role} must be an expression in the symbol activations.x alone, got {formula}")
    if formula.has(sp.Float):
        raise ValueError(f"{role} must be exact, got the floating-point number in {formula}: write it as a Rational")
    return formula


@cache
def Tanh() -> Activation:
    """``tanh(x)``, with slope ``1 - tanh(x)^2 = 4 exp(-2|x|) / (1 + exp(-2|x|))^2`` in (0, 1]."""
    decay = sp.exp(-2 * sp.Abs(x))
    return Activation(name="tanh", latex=r"\tanh", expression=sp.tanh(x), stable_slope=4 * decay / (1 + decay) ** 2)


@cache
def Logistic() -> Activation:
    """``1 / (1 + exp(-x))``, the sigmoid, with slope in (0, 1/4]."""
    return Activation(
        name="logistic",
        latex=r"\sigma",
        expression=1 / (1 + sp.exp(-x)),
        stable=_logistic(x),
        stable_slope=_logistic(x) * _logistic(-x),
    )


@cache
def Relu() -> Activation:
    """``max(x, 0)`` with slope 0 at 0, as the deep-learning frameworks have it."""
    positive_part = sp.Piecewise((0, x <= 0), (x, True))
    return Activation(name="relu", latex=r"\operatorname{ReLU}", expression=positive_part)


def LeakyRelu(negative_slope: int | float | str | Fraction | sp.Rational = "1/100") -> Activation:
    """``x`` for x > 0, else ``negative_slope * x``; a float is read as the decimal that it prints as.

    >>> LeakyRelu(0.1).name, LeakyRelu("1/3").slope
    ('leaky_relu(1/10)', Piecewise((1/3, x <= 0), (1, True)))
    """
    try:
        slope = sp.Rational(str(negative_slope))
    except (TypeError, ValueError):
        slope = sp.nan
    if not slope.is_finite or isinstance(negative_slope, bool):
        raise ValueError(f"negative_slope must be a finite rational number, got {negative_slope!r}")
    return _leaky_relu(slope)


@cache
def _leaky_relu(slope: sp.Rational) -> Activation:
    return Activation(
        name=f"leaky_relu({slope})",
        latex=rf"\operatorname{{LeakyReLU}}_{{{slope}}}",
        expression=sp.Piecewise((slope * x, x <= 0), (x, True)),
    )


@cache
def HardTanh() -> Activation:
    """``max(-1, min(1, x))`` with slope 0 at -1 and 1."""
    clipped = sp.Piecewise((-1, x <= -1), (1, x >= 1), (x, True))
    return Activation(name="hard_tanh", latex=r"\operatorname{HardTanh}", expression=clipped)


@cache
def Softplus() -> Activation:
    """``log(1 + exp(x))``, whose slope is the logistic function."""
    return Activation(
        name="softplus",
        latex=r"\operatorname{softplus}",
        expression=sp.log(1 + sp.exp(x)),
        stable=sp.Max(x, 0) + log1p(sp.exp(-sp.Abs(x))),
        stable_slope=_logistic(x),
    )


@cache
def Silu() -> Activation:
    """``x / (1 + exp(-x))``, also called swish; its slope leaves [0, 1] on both sides: [-.0998, 1.0998]."""
    return Activation(
        name="silu",
        latex=r"\operatorname{SiLU}",
        expression=x / (1 + sp.exp(-x)),
        stable=x * _logistic(x),
        stable_slope=_logistic(x) * (1 + x * _logistic(-x)),
    )


@cache
def Gelu() -> Activation:
    """``x Phi(x)``, Phi the normal distribution function (no tanh approximation); slope in [-.129, 1.129]."""
    # erfc itself will not do: SymPy turns erfc(-x) into 2 - erfc(x), which is 0 in doubles where x is large.
    gaussian, tail = sp.exp(-(x**2) / 2), erfcx(sp.Abs(x) / sp.sqrt(2)) / 2
    slope = gaussian * (tail - sp.Abs(x) / sp.sqrt(2 * sp.pi))
    return Activation(
        name="gelu",
        latex=r"\operatorname{GELU}",
        expression=x * (1 + sp.erf(x / sp.sqrt(2))) / 2,
        stable=sp.Max(x, 0) - sp.Abs(x) * gaussian * tail,
        stable_slope=sp.Piecewise((slope, x < 0), (1 - slope, True)),
    )


@cache
def Identity() -> Activation:
    """``x``, the activation of a linear network."""
    return Activation(name="identity", latex=r"\operatorname{id}", expression=x)


def _logistic(at: sp.Expr) -> sp.Expr:
    """The logistic function with exponents that are never positive."""
    return sp.exp((at - sp.Abs(at)) / 2) / (1 + sp.exp(-sp.Abs(at)))


def all() -> tuple[Activation, ...]:
    """The nine built-in activations, LeakyReLU with its default slope.

    >>> [activation.name for activation in all()]
    ['tanh', 'logistic', 'relu', 'leaky_relu(1/100)', 'hard_tanh', 'softplus', 'silu', 'gelu', 'identity']
    """
    return Tanh(), Logistic(), Relu(), LeakyRelu(), HardTanh(), Softplus(), Silu(), Gelu(), Identity()


def get(name: str) -> Activation:
    """The built-in activation ``name``, such as ``leaky_relu(1/10)``; ValueError if there is none.

    >>> get("leaky_relu") == get("leaky_relu(1/100)") == get("leaky_relu(0.01)")
    True
    """
    leaky = re.fullmatch(r"leaky_relu\((.*)\)", str(name))
    if leaky:
        return LeakyRelu(leaky[1])
    for activation in all():
        if name in (activation.name, activation.name.partition("(")[0]):
            return activation
    names = ", ".join(activation.name for activation in all())
    raise ValueError(f"activation must be one of {names} (or another slope in the brackets), got {name!r}")
