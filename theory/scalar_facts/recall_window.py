r"""The window of scalar linear recall as an exact set, for any cb and d (claim C10): where descent raises w.

By `errorflow.theory.scalar_facts.self_regularization` descent raises w in (0, 1) if and only if cb < R(w), and
``R(w) = d w^(d-2) (1 - w^2)^2`` rises from 0 up to ``w^2 = (d-2)/(d+2)`` and falls to 0 from there on. So the window is
empty if cb is at least the largest R; else it is one open interval with an end on each side of the maximum, which
bisection in rationals encloses. A fact about it is proved apart from this: by the sign table of R' and the signs at the ends.

Main definitions: `recall_window`, `window_fact`.
"""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from numbers import Integral, Rational

import sympy as sp
from sympy.logic.boolalg import And, Equivalent

from ..isolated_root import IsolatedRoot
from ..sign_tables import compare, sign_of, sign_table
from .fact import ScalarFact
from .proofs import gap, is_strict, not_proved
from .self_regularization import BELOW_ONE, threshold, w

DIGITS = 3  # decimals of the ends of a window, unless more are needed to isolate them


def recall_window(product: sp.Rational | Fraction | int, lag: int) -> sp.Set:
    """The set of all w in (0, 1) with ``product < lag w^(lag-2) (1 - w^2)^2``: an open interval, or the empty set.

    An end is rational or an `IsolatedRoot`, which lies in a bracket of width 1/1000 (less where that does not isolate it):
    in the numbers that round to the same three decimals. Integers of NumPy and SymPy are taken. Raises TypeError for a
    product that is not rational and ValueError for one that is not positive or a lag below 3.

    >>> window = recall_window(Fraction(1, 10), 20)
    >>> window.left.lower, window.left.upper, sp.Rational(9, 10) in window, sp.Rational(87, 100) in window
    (1751/2000, 1753/2000, True, False)
    >>> recall_window(Fraction(12, 100), 20), recall_window(Fraction(27, 32), 3).right
    (EmptySet, 1/2)
    """
    if isinstance(product, bool) or not isinstance(product, Rational):
        raise TypeError(f"product must be a rational number, got {product!r}")
    if isinstance(lag, bool) or not isinstance(lag, Integral) or lag < 3:
        raise ValueError(f"lag must be an integer of at least 3, got {lag!r}")
    given = _fraction(product)
    if given <= 0:
        raise ValueError(f"product must be positive, got {product!r}")
    return _window(given, int(lag))


def window_fact(
    product: sp.Rational | Fraction | int, lag: int, *, name: str | None = None, letters: str = "w_1 w_2"
) -> ScalarFact:
    """The fact that descent raises w exactly in `recall_window`, or nowhere, proved by exact algebra.

    ``letters`` are the names of the two ends. Raises what `recall_window` raises.

    >>> window_fact(Fraction(1, 10), 20).evidence.word, window_fact(1, 20).statement
    ('symbolic', 20*w**18*(1 - w**2)**2 <= 1)
    """
    found, number = recall_window(product, lag), sp.Rational(_fraction(product))
    what = f"At lag {lag} with cb = {number}"
    identifier = f"recall_window_{name or f'{lag}_{number.p}_{number.q}'}"
    if found is sp.S.EmptySet:
        return ScalarFact(
            id=identifier,
            statement=sp.Le(threshold(sp.Integer(lag)), number, evaluate=False),
            given=(BELOW_ONE,),
            words=f"{what}, descent raises no w in (0, 1).",
            citation=None,
            proof=nowhere,
        )
    left, right = (_named(end, letter) for end, letter in zip(found.args[:2], letters.split(), strict=True))
    inside = And(sp.Lt(left, w, evaluate=False), sp.Lt(w, right, evaluate=False), evaluate=False)
    return ScalarFact(
        id=identifier,
        statement=Equivalent(sp.Lt(number, threshold(sp.Integer(lag)), evaluate=False), inside),
        given=(BELOW_ONE,),
        words=f"{what}, descent raises w exactly between two numbers, rounded {_rounded(left)} and "
        f"{_rounded(right)}, and shrinks it outside.",
        citation=None,
        proof=window,
    )


def _fraction(number: sp.Rational | Fraction | int) -> Fraction:
    """The same number, of Python's own integers, also of one of NumPy or SymPy."""
    return Fraction(int(number.numerator), int(number.denominator))


@cache
def _window(product: Fraction, lag: int) -> sp.Set:
    if product**2 >= Fraction(16 * lag, (lag + 2) ** 2) ** 2 * Fraction(lag - 2, lag + 2) ** (lag - 2):
        return sp.S.EmptySet  # cb is at least R at its maximum
    left, right = (_end(product, lag, name, rising=rising) for name, rising in (("w_1", True), ("w_2", False)))
    return sp.Interval.open(left, right)


def _end(product: Fraction, lag: int, name: str, *, rising: bool) -> sp.Expr:
    """The only zero of R - cb where R rises, or where it falls."""

    def rises(at: Fraction) -> bool:
        return at**2 * (lag + 2) < lag - 2

    def height(at: Fraction) -> Fraction:
        return lag * at ** (lag - 2) * (1 - at**2) ** 2 - product

    def before(at: Fraction) -> bool:
        """Whether the zero is to the right."""
        return rises(at) and height(at) < 0 if rising else rises(at) or height(at) > 0

    low, high = Fraction(0), Fraction(1)
    # A zero r/s in lowest terms makes s^(d+2) a divisor of d times the denominator of cb: few s, and one r for each.
    most = int(sp.integer_nthroot(lag * product.denominator, lag + 2)[0])
    digits = DIGITS
    while True:
        while high - low >= min(Fraction(1, 2 * most**2), Fraction(1, 10 ** (digits + 1))):
            middle = (low + high) / 2
            low, high = (middle, high) if before(middle) else (low, middle)
        simple = ((low + high) / 2).limit_denominator(most)
        if low <= simple <= high and height(simple) == 0 and rises(simple) == rising:
            return sp.Rational(simple.numerator, simple.denominator)
        places = 10**digits
        nearest = round(low * places)
        ends = Fraction(2 * nearest - 1, 2 * places), Fraction(2 * nearest + 1, 2 * places)
        inside = ends[0] >= 0 and ends[1] <= 1 and rises(ends[0]) == rises(ends[1]) == rising
        if inside and before(ends[0]) and not before(ends[1]) and height(ends[0]) * height(ends[1]) < 0:
            equation = threshold(sp.Integer(lag)) - sp.Rational(product.numerator, product.denominator)
            return IsolatedRoot(name, equation, w, *(sp.Rational(end.numerator, end.denominator) for end in ends))
        digits += 1


def _named(end: sp.Expr, letter: str) -> sp.Expr:
    """The end under another name, if it has one."""
    if not isinstance(end, IsolatedRoot):
        return end
    return IsolatedRoot(letter, end.equation, end.variable, end.lower, end.upper)


def _rounded(end: sp.Expr) -> str:
    """The decimals that all numbers of the bracket round to; a rational number as it is."""
    if not isinstance(end, IsolatedRoot):
        return str(end)
    digits = len(str(sp.Rational(end.upper - end.lower).q)) - 1
    return f"{float(end.lower + end.upper) / 2:.{digits}f}".lstrip("0")


def _peak(fact: ScalarFact, function: sp.Expr) -> sp.Expr:
    """The point up to which the function rises from below 0 at w = 0, and from which it falls to below 0 at w = 1."""
    table = sign_table(function.diff(w), w, sp.S.Zero, sp.S.One)
    ends = [sign_of(function.subs(w, end)) for end in (0, 1)]
    if table.start != 1 or len(table.changes) != 1 or ends != [-1, -1]:
        raise not_proved(fact, f"{function} does not rise from below 0 and then fall to below 0")
    return table.changes[0]


def window(fact: ScalarFact) -> None:
    """R - cb rises through the first end, and falls through the second: it is positive exactly between them."""
    inside, rises = sorted(fact.statement.args, key=lambda part: not isinstance(part, And))
    if fact.given != (BELOW_ONE,) or not isinstance(inside, And) or not is_strict(rises):
        raise not_proved(fact, "an open window in (0, 1) is needed")
    function = gap(rises)
    peak = _peak(fact, function)
    ends = sorted((gap(part) for part in inside.args if is_strict(part)), key=lambda end: end.coeff(w), reverse=True)
    if [end.coeff(w) for end in ends] != [1, -1]:
        raise not_proved(fact, "a lower and an upper end are needed")
    for end, side in ((w - ends[0], -1), (w + ends[1], 1)):
        isolated = isinstance(end, IsolatedRoot) and end.equation == function.subs(w, end.variable)
        if not isolated and not (end.is_Rational and 0 < end < 1 and function.subs(w, end) == 0):
            raise not_proved(fact, f"{end} is not a zero of {function}")
        for place in (end.lower, end.upper) if isolated else (end,):
            if not 0 <= place <= 1 or compare(place, peak) == -side:
                raise not_proved(fact, f"{end} is not the zero on that side of {peak}")


def nowhere(fact: ScalarFact) -> None:
    """R - cb is not positive where it is largest."""
    (relation,) = fact.relations
    if fact.given != (BELOW_ONE,) or not isinstance(relation, sp.Le):
        raise not_proved(fact, "a bound on (0, 1) is needed")
    function = relation.lhs - relation.rhs
    peak = _peak(fact, function)
    if sign_of(function.subs(w, peak)) > 0:
        raise not_proved(fact, f"{relation.lhs} exceeds {relation.rhs} at {peak}")


def facts() -> tuple[ScalarFact, ...]:
    """The facts of this file."""
    return (
        window_fact(Fraction(1, 10), 20, name="tenth"),
        window_fact(Fraction(1, 100), 20, name="hundredth", letters="w_3 w_4"),
    )
