r"""The exact range of a function of one real variable, computed together with the reason for it.

The range is the smallest interval that holds all values. It is found piece by piece: the sign table of the
derivative gives the points where the function turns; the values there and the limits at the ends of the piece
are the candidates, and the smallest and the largest of them are the endpoints. An endpoint is attained unless
it is only a limit.

Main definitions: `Range`, `Reason`, `range_of` (computed) and `claim` (stated, to be checked).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol

import sympy as sp

from .exponential_form import Undecided, exponential_form, limit, y
from .isolated_root import IsolatedRoot
from .sign_tables import compare, sign_table

# Real functions that are continuous wherever their arguments are.
_CONTINUOUS = (sp.Symbol, sp.Add, sp.Mul, sp.exp, sp.tanh, sp.sinh, sp.cosh, sp.atan, sp.erf, sp.erfc)


class Justification(Protocol):
    """What a `Range` needs as its reason: sentences to read, and a check that raises ValueError."""

    @property
    def expression(self) -> sp.Expr:
        """The function whose range it is."""

    @property
    def steps(self) -> tuple[str, ...]:
        """Readable sentences, formulas in LaTeX between dollar signs."""

    def check(self) -> None:
        """Re-derive the claim; raise ValueError if it does not hold or cannot be decided."""


@dataclass(frozen=True)
class Reason:
    """The claim that the values of ``expression`` fill the interval, up to gaps inside, and its derivation.

    ``steps`` and ``check`` come from the same computation, so that no sentence is shown that was not decided.
    """

    expression: sp.Expr
    variable: sp.Symbol
    label: str
    lower: sp.Expr
    upper: sp.Expr
    lower_attained: bool
    upper_attained: bool

    @property
    def steps(self) -> tuple[str, ...]:
        """The sentences of the derivation, formulas in LaTeX between dollar signs."""
        return _derived(self.expression, self.variable, self.label).steps

    def check(self) -> None:
        """Derive the range anew; ValueError if it differs, its subclass `Undecided` if that fails."""
        found = _derive(self.expression, self.variable, self.label)
        ends = ((self.lower, found.lower), (self.upper, found.upper))
        attained = (found.lower_attained, found.upper_attained) == (self.lower_attained, self.upper_attained)
        if not attained or any(compare(claimed, derived) != 0 for claimed, derived in ends):
            raise ValueError(f"the range of {self.expression} must be {found}, got {_interval(self)}")


@dataclass(frozen=True)
class Range:
    r"""``lower <= F(x) <= upper`` for all x, exact SymPy numbers; the values come arbitrarily close to both.

    An endpoint is a value of the function if it is ``attained``. Raises ValueError if ``lower > upper``, if
    an infinite endpoint is said to be attained, or if the reason is for another interval.

    >>> t = sp.Symbol("t", real=True)
    >>> print(range_of(1 - sp.tanh(t) ** 2, t))
    (0, 1]
    >>> print(claim(1 - sp.tanh(t) ** 2, t, 0, 2, upper_attained=True))
    Traceback (most recent call last):
    ...
    ValueError: the range of 1 - tanh(t)**2 must be (0, 1], got (0, 2]
    """

    lower: sp.Expr
    upper: sp.Expr
    lower_attained: bool
    upper_attained: bool
    reason: Justification

    def __post_init__(self) -> None:
        for name in ("lower", "upper"):
            object.__setattr__(self, name, _exact(name, getattr(self, name)))
        if compare(self.lower, self.upper) > 0:
            raise ValueError(f"lower must not exceed upper, got {self}")
        if (self.lower.is_infinite and self.lower_attained) or (self.upper.is_infinite and self.upper_attained):
            raise ValueError(f"an infinite endpoint cannot be attained, got {self}")
        if isinstance(self.reason, Reason) and _interval(self.reason) != _interval(self):
            raise ValueError(f"reason must be for the same interval, got {_interval(self.reason)} and {self}")

    def __str__(self) -> str:
        return _interval(self)

    @property
    def latex(self) -> str:
        r"""The interval in LaTeX: ``\left(0, 1\right]``."""
        opening = r"\left[" if self.lower_attained else r"\left("
        closing = r"\right]" if self.upper_attained else r"\right)"
        return f"{opening}{sp.latex(self.lower)}, {sp.latex(self.upper)}{closing}"

    @property
    def magnitude(self) -> sp.Expr:
        """The supremum of the absolute value, exact."""
        return self.upper if compare(self.upper, -self.lower) >= 0 else -self.lower


@dataclass(frozen=True)
class _Found:
    """A derived range and the sentences of its derivation."""

    lower: sp.Expr
    upper: sp.Expr
    lower_attained: bool
    upper_attained: bool
    steps: tuple[str, ...]

    def __str__(self) -> str:
        return _interval(self)


def range_of(expression: sp.Expr, variable: sp.Symbol, *, label: str = "z") -> Range | None:
    r"""The exact range of an expression over the real line, or None if the sign analysis does not cover it.

    Zeros without a closed form that occur in the endpoints are called ``label``, a name in LaTeX.

    >>> t = sp.Symbol("t", real=True)
    >>> found = range_of(t * sp.exp(-t), t)
    >>> print(found, found.reason.steps[-1], sep=chr(10))
    (-oo, exp(-1)]
    The candidates are the value $e^{-1}$ at $1$ and the limits $-\infty$ at $-\infty$ and $0$ at $\infty$.
    >>> range_of(sp.sin(t), t) is None
    True
    """
    try:
        found = _derived(expression, variable, label)
    except Undecided:
        return None
    ends = (found.lower, found.upper, found.lower_attained, found.upper_attained)
    return Range(*ends, Reason(expression, variable, label, *ends))


def claim(
    expression: sp.Expr,
    variable: sp.Symbol,
    lower: Any,
    upper: Any,
    *,
    lower_attained: bool = False,
    upper_attained: bool = False,
    label: str = "z",
) -> Range:
    """The stated range of an expression, once checked; ValueError if it is wrong or cannot be decided."""
    ends = (_exact("lower", lower), _exact("upper", upper), lower_attained, upper_attained)
    reason = Reason(expression, variable, label, *ends)
    reason.check()
    return Range(*ends, reason)


def pieces(expression: sp.Expr, variable: sp.Symbol) -> tuple[tuple[sp.Expr, sp.Set], ...]:
    """The formulas of an expression with the intervals (or points) on which they hold.

    Max, Min, Abs and sign are cases, too; where the arguments of Max or Min are equal, the constant counts.
    Raises `Undecided` if the cases are not told apart by intervals.

    >>> t = sp.Symbol("t", real=True)
    >>> pieces(sp.Max(t, 0), t)
    ((0, Interval(-oo, 0)), (t, Interval.open(0, oo)))
    """
    cases = by_cases(expression)
    if not isinstance(cases, sp.Piecewise):
        return ((cases, sp.S.Reals),)
    try:
        pairs = cases.as_expr_set_pairs()
    except (NotImplementedError, TypeError, ValueError) as error:
        raise Undecided(f"the cases of {expression} are not intervals") from error
    parts = [
        (formula, part)
        for formula, domain in pairs
        for part in (domain.args if isinstance(domain, sp.Union) else (domain,))
    ]
    covered = sp.Union(*(part for _, part in parts)) == sp.S.Reals
    if not covered or any(not isinstance(part, sp.Interval | sp.FiniteSet) for _, part in parts):
        raise Undecided(f"the cases of {expression} are not intervals that cover the real line")
    return tuple(sorted(parts, key=lambda item: (item[1].inf, item[1].sup)))


def by_cases(expression: sp.Expr) -> sp.Expr:
    """The same expression as one Piecewise if it has cases, else unchanged."""
    if expression.has(sp.Max, sp.Min, sp.Abs, sp.sign, sp.Heaviside):
        expression = expression.rewrite(sp.Piecewise)
    return sp.piecewise_fold(expression) if expression.has(sp.Piecewise) else expression


def _derive(expression: sp.Expr, variable: sp.Symbol, label: str) -> _Found:
    steps: list[str] = []
    candidates: list[tuple[sp.Expr, bool]] = []
    for formula, part in pieces(expression, variable):
        candidates += _candidates(formula, variable, part, label, steps)
    ends = []
    for direction in (1, -1):
        best, attained = candidates[0]
        for value, reached in candidates[1:]:
            order = compare(value, best) * direction
            if order < 0:
                best, attained = value, reached
            elif order == 0:
                attained = attained or reached
        ends.append((best, attained))
    (lower, lower_attained), (upper, upper_attained) = ends
    return _Found(lower, upper, lower_attained, upper_attained, tuple(steps))


_derived = cache(_derive)


def _candidates(
    formula: sp.Expr, variable: sp.Symbol, part: sp.Set, label: str, steps: list[str]
) -> list[tuple[sp.Expr, bool]]:
    """The values where the formula turns, the values or limits at the ends; is each attained?"""
    where = "" if part == sp.S.Reals else f" on ${sp.latex(part)}$"
    steps.append(f"$F = {sp.latex(formula)}${where}.")
    if not formula.has(variable) or isinstance(part, sp.FiniteSet):
        return [(formula.subs(variable, point), True) for point in (part if part.is_FiniteSet else (sp.S.Zero,))]
    _require_continuous(formula, variable, part)
    table = sign_table(formula.diff(variable), variable, part.start, part.end, label=label, name="F'")
    steps.extend(table.steps)
    values = [(point, value_at(formula, variable, point)) for point in table.changes]
    ends = []
    for end, is_open in ((part.start, part.left_open), (part.end, part.right_open)):
        value = formula.subs(variable, end) if end.is_finite else limit(formula, variable, end)
        if is_open:
            ends.append((end, value))
        else:
            values.append((end, value))
    listed = " and ".join(_listed(word, group) for word, group in (("value", values), ("limit", ends)) if group)
    steps.append(f"The candidates are {listed}.")
    if any(value in (sp.nan, sp.zoo) or value.is_extended_real is False for _, value in values + ends):
        raise Undecided(f"{formula} has no real value or limit at one of its ends or turning points")
    return [(value, True) for _, value in values] + [(value, False) for _, value in ends]


def _listed(word: str, group: list[tuple[sp.Expr, sp.Expr]]) -> str:
    texts = [f"${sp.latex(value)}$ at ${sp.latex(point)}$" for point, value in group]
    return f"the {word}{'s' * (len(group) > 1)} {' and '.join(texts)}"


def _require_continuous(formula: sp.Expr, variable: sp.Symbol, part: sp.Set) -> None:
    """Raise `Undecided` unless the function is known to be continuous: atan(1/x) is not, its slope is."""
    if exponential_form(formula, variable):
        return  # a pole is a pole of the derivative, which the sign table refuses
    for node in sp.preorder_traversal(formula):
        power = isinstance(node, sp.Pow) and node.exp.is_Integer
        if not node.has(variable) or isinstance(node, _CONTINUOUS) or (power and node.exp > 0):
            continue
        if not power and not isinstance(node, sp.log):
            raise Undecided(f"{node.func} is not known to be continuous")
        # The sign table of the reciprocal exists only if the argument has no zero.
        table = sign_table(1 / node.args[0], variable, part.start, part.end)
        if table.zeros or (table.start < 0 and not power):
            raise Undecided(f"{node} is not known to be continuous")


def value_at(expression: sp.Expr, variable: sp.Symbol, point: sp.Expr) -> sp.Expr:
    """The exact value of an expression at a point; the equation that defines the point removes exp.

    >>> t = sp.Symbol("t", real=True)
    >>> z = IsolatedRoot("z", t + 1 + sp.exp(t), t, -2, -1)
    >>> value_at(t / (1 + sp.exp(-t)), t, z)
    z + 1
    """
    roots = list(point.atoms(IsolatedRoot))
    value = expression.subs(variable, point)
    if not roots:
        form = exponential_form(expression, variable)
        if form is None:
            return value
        at = {y: sp.exp(form.rate * point), variable: point}
        return sp.radsimp(sp.expand(form.numerator.subs(at)) / sp.expand(form.denominator.subs(at)))
    root = roots[0]
    form = exponential_form(value.xreplace({root: root.variable}), root.variable)
    if form is None:
        return value
    # The equation is irreducible: where it has degree one in y, p + q y = 0, p and q have no common zero.
    equation = exponential_form(root.equation, root.variable)
    exponential = sp.exp(form.rate * root.variable)
    if equation and equation.rate == form.rate and sp.degree(equation.numerator, y) == 1:
        q, p = sp.Poly(equation.numerator, y).all_coeffs()
        exponential = -p / q
    return sp.cancel(form.quotient.subs(y, exponential)).subs(root.variable, root)


def _exact(name: str, value: Any) -> sp.Expr:
    number = sp.sympify(value)
    if number.has(sp.Float) or not number.is_extended_real or not number.is_number:
        raise ValueError(f"{name} must be an exact real number or infinity, got {value}")
    return number


def _interval(ends: Any) -> str:
    opening, closing = "[" if ends.lower_attained else "(", "]" if ends.upper_attained else ")"
    return f"{opening}{ends.lower}, {ends.upper}{closing}"
