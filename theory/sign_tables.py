r"""Where an elementary function of one real variable is positive, zero or negative: no sampling.

Covered: rational functions of x and exp(c x), hence of tanh, and sums of polynomial * erf(c x) and polynomial
* exp(quadratic). Positive factors are removed. What is left is a polynomial in x or in exp(c x), whose real
roots SymPy isolates, or it is differentiated: between two neighboring zeros of its derivative a function is
strictly monotone, so that the signs at the ends tell whether there is a zero, and there is no second one. A
sum of polynomial * exp(k x) comes to an end because the coefficient of exp(0) loses a degree with each
derivative and exp(c x) is then removed.

Main definitions: `SignTable`, `sign_table`, `sign_of`, `compare`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count, pairwise

import sympy as sp
from sympy.polys.polyerrors import BasePolynomialError

from .exponential_form import Undecided, exponential_form, limit, without_gaussian, y
from .isolated_root import IsolatedRoot

_DEPTH = 12
Zeros = tuple[tuple[sp.Expr, bool], ...]


@dataclass(frozen=True)
class SignTable:
    """The signs of a function on an open interval: ``start`` to the right of its left end, then zero by zero.

    ``zeros`` holds the zeros in increasing order, each with whether the sign changes there; ``steps`` says
    why.
    """

    start: int
    zeros: Zeros
    steps: tuple[str, ...] = ()

    @property
    def changes(self) -> tuple[sp.Expr, ...]:
        """The zeros at which the sign changes."""
        return tuple(zero for zero, change in self.zeros if change)

    @property
    def signs(self) -> tuple[int, ...]:
        """The sign on each of the intervals between the ends and the zeros in `changes`."""
        return tuple(self.start * (-1) ** i for i in range(len(self.changes) + 1))


@dataclass(frozen=True)
class _Search:
    """What the levels of one search share: the variable, the interval, the roots and the sentences so far."""

    variable: sp.Symbol
    left: sp.Expr
    right: sp.Expr
    label: str
    steps: list[str] = field(default_factory=list)
    roots: list[IsolatedRoot] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=lambda: count(1))


def sign_table(
    expression: sp.Expr,
    variable: sp.Symbol,
    left: sp.Expr = -sp.oo,
    right: sp.Expr = sp.oo,
    *,
    label: str = "z",
    name: str = "F",
) -> SignTable:
    r"""The sign table of ``expression`` on the open interval (left, right).

    ``label`` is the LaTeX name of a zero without a closed form, ``name`` that of the function in the
    sentences. Raises `Undecided` if the function is not of a covered kind, has a pole in the closed interval,
    or is zero throughout.

    >>> t = sp.Symbol("t", real=True)
    >>> table = sign_table(t / (1 + sp.exp(-t)), t)
    >>> table.start, table.changes
    (-1, (0,))
    >>> sign_table(sp.exp(2 * t) - 3, t).changes
    (log(3)/2,)
    """
    search = _Search(variable, left, right, label)
    table = _table(expression, name, search, 0)
    return SignTable(table.start, table.zeros, tuple(search.steps))


def sign_of(number: sp.Expr) -> int:
    """The sign -1, 0 or 1 of an exact number or infinity. Raises `Undecided` if SymPy cannot tell.

    >>> sign_of(sp.sqrt(2) + sp.sqrt(3) - sp.sqrt(5 + 2 * sp.sqrt(6)))
    0
    """
    for simplified in (False, True):
        value = sp.simplify(number) if simplified else number
        if value.is_extended_positive:
            return 1
        if value.is_extended_negative:
            return -1
        if value.is_zero:
            return 0
    raise Undecided(f"the sign of {number} is not decided")


def compare(first: sp.Expr, second: sp.Expr) -> int:
    """The sign of ``first - second`` for exact numbers or infinities."""
    return 0 if first == second else sign_of(first - second)


def _table(expression: sp.Expr, name: str, search: _Search, depth: int) -> SignTable:
    sign, factors = _reduced(expression, search)
    if not factors:
        search.steps.append(f"${name}$ is {'positive' if sign > 0 else 'negative'}.")
        return SignTable(sign, ())
    if len(factors) == 1:
        sign, factors = 1, [sp.expand(sign * factors[0])]
    letter = f"q_{{{next(search.numbers)}}}"
    core = sp.latex(sp.Mul(sign, *factors))
    search.steps.append(f"${name}$ has the sign of ${letter} = {core}$: all other factors are positive.")
    zeros: Zeros = ()
    for factor in factors:
        part = _leaf(factor, search) or _by_derivative(factor, letter, search, depth, alone=len(factors) == 1)
        sign *= part.start
        zeros = _merged(zeros, part.zeros)
    table = SignTable(sign, zeros)
    search.steps.append(_sentence(letter, table))
    return table


def _reduced(expression: sp.Expr, search: _Search) -> tuple[int, list[sp.Expr]]:
    """Sign and factors whose product has the sign of the expression, without factors that are never zero."""
    x = search.variable
    constant, rest = expression.as_independent(x, as_Add=False)
    if constant == 0:
        raise Undecided("the function is zero throughout")
    sign = sign_of(constant)
    form = exponential_form(rest, x)
    if form is None:
        rest = without_gaussian(rest, x)
        form = exponential_form(rest, x) if rest.is_polynomial(x) else None
        if form is None:
            return sign, [rest]
    top, factors = _without_positive(form.numerator, search)
    bottom, poles = _without_positive(form.denominator, search, even=False)
    if poles:
        raise Undecided(f"{expression} may have a pole where {poles[0]} = 0")
    back = sp.exp(form.rate * x)
    return int(sign * top * bottom), [factor.subs(y, back) for factor in factors]


def _without_positive(polynomial: sp.Expr, search: _Search, *, even: bool = True) -> tuple[int, list[sp.Expr]]:
    """Drop the factors without zeros in the interval and, with ``even``, those to an even power."""
    x = search.variable
    coefficient, factors = sp.factor_list(polynomial, x, y)
    sign, left = sign_of(coefficient), []
    for factor, power in factors:
        signs = {sign_of(c) for c in sp.Poly(factor, x, y).coeffs()}
        if not factor.has(x) and len(signs) == 1:
            sign *= signs.pop() ** power
        elif not factor.has(y) and not _polynomial_roots(factor, x, search.left, search.right, closed=True):
            sign *= sign_of(factor.subs(x, _between(search.left, search.right))) ** power
        elif power % 2 or not even:
            left.append(factor)
    return sign, left


def _leaf(factor: sp.Expr, search: _Search) -> SignTable | None:
    """The table of a polynomial in x or in exp(c x), from its real roots; None for other functions."""
    x = search.variable
    if factor.is_polynomial(x):
        roots = _polynomial_roots(factor, x, search.left, search.right)
        first = _between(search.left, roots[0][0] if roots else search.right)
        return SignTable(sign_of(factor.subs(x, first)), tuple((root, power % 2 == 1) for root, power in roots))
    form = exponential_form(factor, x)
    if form is None or form.numerator.has(x):
        return None
    left, right = (sp.exp(form.rate * end) for end in (search.left, search.right))
    roots = _polynomial_roots(form.numerator, y, left, right)
    first = _between(left, roots[0][0] if roots else right)
    return SignTable(
        sign_of(form.quotient.subs(y, first)),
        tuple((sp.log(root) / form.rate, power % 2 == 1) for root, power in roots),
    )


def _by_derivative(factor: sp.Expr, letter: str, search: _Search, depth: int, *, alone: bool) -> SignTable:
    """The table of a function from the table of its derivative: at most one zero in each monotone piece."""
    if depth == _DEPTH:
        raise Undecided(f"the signs of {factor} are not decided after {_DEPTH} derivatives")
    x = search.variable
    if not alone:
        letter = f"q_{{{next(search.numbers)}}}"
        search.steps.append(f"Its factor ${letter} = {sp.latex(factor)}$ comes next.")
    slope = _table(factor.diff(x), f"{letter}'", search, depth + 1)
    rising = slope.signs
    knots = [search.left, *slope.changes, search.right]
    signs = [sign_of(factor.subs(x, knot)) for knot in knots[1:-1]]
    signs = [_end_sign(factor, x, knots[0], rising[0]), *signs, _end_sign(factor, x, knots[-1], -rising[-1])]
    shown = ", ".join({-1: "negative", 0: "zero", 1: "positive"}[sign] for sign in signs)
    where = ", ".join(sp.latex(knot) for knot in knots)
    search.steps.append(
        f"Between neighbors among ${where}$ the function ${letter}$ is strictly monotone; "
        f"at (or next to) these points it is {shown}."
    )
    zeros: list[tuple[sp.Expr, bool]] = []
    start = before = signs[0] or rising[0]
    for (a, b), (first, last), up in zip(pairwise(knots), pairwise(signs), rising, strict=True):
        if first == 0 and a != search.left:
            zeros.append((a, before != up))
        if first * last < 0:
            name = letter.replace("q", "w") if depth else search.label
            zeros.append((_isolated(factor, a, b, last, search, name), True))
        before = last or -up
    return SignTable(start, tuple(zeros))


def _end_sign(factor: sp.Expr, x: sp.Symbol, end: sp.Expr, inward: int) -> int:
    """The sign at a finite end, or next to an infinite one; from there it grows if ``inward`` is 1."""
    if end.is_finite:
        return sign_of(factor.subs(x, end))
    form = exponential_form(factor, x)
    if form:
        return form.sign_near(form.numerator, end) * form.sign_near(form.denominator, end)
    # A function that tends to zero at an infinite end and grows inward is positive there.
    return sign_of(limit(factor, x, end)) or inward


def _isolated(factor: sp.Expr, left: sp.Expr, right: sp.Expr, last: int, search: _Search, name: str) -> sp.Expr:
    """The zero of a function that is strictly monotone on (left, right) and ends with the sign ``last``."""
    x = search.variable
    low, high = left, right
    if compare(low, sp.S.Zero) < 0 < compare(high, sp.S.Zero):
        sign = sign_of(factor.subs(x, 0))
        if sign == 0:
            return sp.S.Zero
        low, high = (low, sp.S.Zero) if sign == last else (sp.S.Zero, high)
    while not (low.is_Rational and high.is_Rational and high - low <= 1):
        middle = _between(low, high)
        sign = sign_of(factor.subs(x, middle))
        if sign == 0:
            return middle
        low, high = (low, middle) if sign == last else (middle, high)
    if high <= 0 and _mirrored(factor, search):
        return -_root(factor, -high, -low, search, name)
    return _root(factor, low, high, search, name)


def _mirrored(factor: sp.Expr, search: _Search) -> bool:
    """Whether factor(-x) is factor(x) up to sign and a positive factor: then the zeros are symmetric."""
    factors = _reduced(factor.subs(search.variable, -search.variable), search)[1]
    return len(factors) == 1 and sp.expand(factors[0]) in (factor, sp.expand(-factor))


def _root(factor: sp.Expr, low: sp.Rational, high: sp.Rational, search: _Search, name: str) -> IsolatedRoot:
    """The only zero of ``factor`` in (low, high), under the name that it already has or a new one."""
    x = search.variable
    for root in search.roots:
        inner = max(low, root.lower), min(high, root.upper)
        if root.equation == factor and inner[0] < inner[1]:
            ends = [sign_of(factor.subs(x, end)) for end in inner]
            if ends[0] * ends[1] < 0:
                return root
    used = sum(root.name.startswith(name) for root in search.roots)
    root = IsolatedRoot(name + "'" * used, factor, x, low, high)
    search.roots.append(root)
    return root


def _polynomial_roots(
    polynomial: sp.Expr, variable: sp.Symbol, left: sp.Expr, right: sp.Expr, *, closed: bool = False
) -> list[tuple[sp.Expr, int]]:
    """The real roots of a polynomial in the open (or closed) interval, increasing, with multiplicity."""
    try:
        roots = sp.real_roots(sp.Poly(polynomial, variable), multiple=False)
    except (NotImplementedError, BasePolynomialError) as error:
        raise Undecided(f"the real roots of {polynomial} are not known") from error
    found = [(root, compare(root, left), compare(right, root), power) for root, power in roots]
    return [(root, power) for root, a, b, power in found if min(a, b) > 0 or (closed and min(a, b) == 0)]


def _merged(first: Zeros, second: Zeros) -> Zeros:
    """The zeros of a product: in increasing order; where both factors change sign, the product does not."""
    merged = list(first)
    for zero, change in second:
        places = [compare(zero, other) for other, _ in merged]
        if 0 in places:
            i = places.index(0)
            merged[i] = (zero, merged[i][1] != change)
        else:
            merged.insert(places.count(1), (zero, change))
    return tuple(merged)


def _between(left: sp.Expr, right: sp.Expr) -> sp.Rational:
    """A rational strictly between: beyond twice a finite end, else the simplest dyadic near the middle."""
    if left == -sp.oo and right == sp.oo:
        return sp.S.Zero
    if left == -sp.oo:
        return 2 * sp.Min(sp.floor(right), 0) - 1
    if right == sp.oo:
        return 2 * sp.Max(sp.ceiling(left), 0) + 1
    parts = 1
    while True:
        candidate = sp.floor((left + right) / 2 * parts + sp.Rational(1, 2)) / parts
        if compare(left, candidate) < 0 < compare(right, candidate):
            return candidate
        parts *= 2


def _sentence(letter: str, table: SignTable) -> str:
    """One sentence with the signs and the zeros."""
    if not table.changes:
        return f"${letter}$ does not change its sign: {'positive' if table.start > 0 else 'negative'}."
    signs = [f"{'positive' if sign > 0 else 'negative'}" for sign in table.signs]
    words = [f"{sign} up to ${sp.latex(zero)}$" for sign, zero in zip(signs, table.changes, strict=False)]
    roots = sorted({root for zero in table.changes for root in zero.atoms(IsolatedRoot)}, key=str)
    where = ", where " * bool(roots) + " and ".join(f"${root.latex_definition}$" for root in roots)
    return f"${letter}$ is {', '.join(words)} and {signs[-1]} from there on{where}."
