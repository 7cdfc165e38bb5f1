r"""Scalar linear recall: for which w in (0, 1) gradient descent raises w, exactly (claim C10).

The net ``h_t = w h_{t-1} + b u_t``, y = c h_t, with white input of variance 1 is to recall u_{t-d}. Its loss is
``L(w) = (cb)^2 / (1 - w^2) - 2 cb w^d + 1``. For cb > 0, descent raises w if and only if cb < R(w) with
``R(w) = d w^(d-2) (1 - w^2)^2``, which has its only maximum at ``w^2 = (d-2)/(d+2)``; d times the maximum tends to
``16 e^-2``. So descent repairs the error flow inside a window around this w, if cb is small, and shrinks w outside:
`errorflow.theory.scalar_facts.recall_window` finds its ends.
"""

from __future__ import annotations

import sympy as sp
from sympy.logic.boolalg import And, Equivalent

from ..exponential_form import exponential_form, limit
from ..exponential_form import y as exponential
from ..sign_tables import sign_table
from .fact import Maximum, ScalarFact
from .proofs import (
    Letters,
    identity,
    not_proved,
    positive,
    require_zero,
    same_sign,
    telescoped,
    written_out,
)

w = sp.Symbol("w", positive=True)
gain = sp.Symbol("cb", positive=True)
d = sp.Symbol("d", integer=True, positive=True)
j = sp.Symbol("j", integer=True, nonnegative=True)
BELOW_ONE = sp.Lt(w, 1)
LONG = sp.Ge(d, 3)
PEAK = (d - 2) / (d + 2)  # w^2 at the maximum
_further, _odds, _s = sp.Dummy("d-2", positive=True), sp.Dummy("w/(1-w)", positive=True), sp.Dummy("s", real=True)


def loss(lag: sp.Expr = d, product: sp.Expr = gain) -> sp.Expr:
    """L(w), in the stationary state."""
    return product**2 / (1 - w**2) - 2 * product * w**lag + 1


def threshold(lag: sp.Expr = d) -> sp.Expr:
    """R(w), the largest cb for which descent does not shrink w."""
    return lag * w ** (lag - 2) * (1 - w**2) ** 2


def _in_window(fact: ScalarFact, expression: sp.Expr) -> sp.Expr:
    """A quotient of polynomials in positive letters, for 0 < w < 1 and d > 2: w = odds / (1 + odds), d = 2 + further."""
    if not {BELOW_ONE, LONG} <= set(fact.given):
        raise not_proved(fact, "w must be below 1 and d at least 3")
    found = Letters().quotient(written_out(expression).subs(d, _further + 2))
    return sp.cancel(found.subs(w, _odds / (1 + _odds)))


def in_window(fact: ScalarFact) -> None:
    """The gaps of two strict inequalities have the same sign for all w and d: they hold together."""
    same_sign(fact, domain=lambda quotient: _in_window(fact, quotient))


def recalled(fact: ScalarFact) -> None:
    """The squared error, lag by lag: a geometric series, and one lag that is recalled."""
    (relation,) = fact.relations
    if not isinstance(relation, sp.Eq) or not isinstance(relation.lhs, sp.Sum):
        raise not_proved(fact, "it is not the value of a sum")
    (term, (_, first, last)), mark = relation.lhs.args, sp.Dummy()
    error = sp.Poly(term.subs(sp.KroneckerDelta(j, d), mark), mark)
    if (first, last) != (0, sp.oo) or error.as_expr().has(sp.KroneckerDelta):
        raise not_proved(fact, "the sum must be over all lags, with one that is recalled")
    everywhere = error.coeff_monomial(1)
    at_lag = sum(error.all_coeffs()[:-1], sp.S.Zero).subs(j, d)  # a power of the mark is the mark
    value = telescoped(fact, sp.Sum(sp.expand(everywhere), (j, 0, sp.oo))) + at_lag
    require_zero(fact, value - relation.rhs)


def peak(fact: ScalarFact) -> None:
    """R rises before w^2 = (d-2)/(d+2) and falls from there on, so that its value there is the largest."""
    (relation,) = fact.relations
    about = isinstance(relation, sp.Eq) and isinstance(relation.lhs, Maximum)
    if not about or relation.lhs.args[1:] != (w, sp.Interval.open(0, 1)):
        raise not_proved(fact, "it is not about the largest value in (0, 1)")
    function = relation.lhs.args[0]
    if not positive(_in_window(fact, function.diff(w) / (PEAK - w**2))):
        raise not_proved(fact, f"the derivative of {function} has not the sign of {PEAK - w**2}")
    require_zero(fact, (function.subs(w, sp.sqrt(PEAK)) - relation.rhs).subs(d, _further + 2))


def largest_threshold() -> sp.Expr:
    """R at w^2 = (d-2)/(d+2), in closed form."""
    return 16 * d / (d + 2) ** 2 * PEAK ** ((d - 2) / 2)


def brackets() -> tuple[sp.Expr, sp.Expr]:
    """Two bounds on d times the largest R whose quotient tends to 1."""
    lower = 16 * (d / (d + 2)) ** 2 * sp.exp(-2)
    return lower, lower * sp.exp(8 / (d + 2))


def _require_order(fact: ScalarFact, small: sp.Expr, large: sp.Expr) -> None:
    """``log(large / small) >= 0`` for all d > 2, by a sign table in s > 0 with (d-2)/(d+2) = exp(-s)."""
    total, rest = sp.S.Zero, sp.S.One
    for factor in sp.Mul.make_args(large / small):
        base, exponent = factor.as_base_exp()
        if base in (sp.E, PEAK):
            total += exponent * (1 if base == sp.E else -_s)
        else:
            rest *= factor
    if rest != 1 or not positive(Letters().quotient(small.subs(d, _further + 2))):
        raise not_proved(fact, f"the logarithm of {rest} is not known, or {small} may be negative")
    form = exponential_form(total.subs(d, 4 / (1 - sp.exp(-_s)) - 2), _s)
    if form is None:
        raise not_proved(fact, f"{total} is no quotient of polynomials in s and exp(s)")
    back = sp.exp(form.rate * _s)
    above, below = (
        sign_table(part.subs(exponential, back), _s, sp.S.Zero, sp.oo) for part in (form.numerator, form.denominator)
    )
    if above.changes or below.zeros or above.start != below.start:
        raise not_proved(fact, f"{small} exceeds {large} for some d > 2")


def near_limit(fact: ScalarFact) -> None:
    """Every inequality between the largest R and its bounds holds for all d > 2."""
    for relation in fact.relations:
        if fact.given != (LONG,) or not isinstance(relation, sp.Le):
            raise not_proved(fact, "inequalities for d at least 3 are needed")
        _require_order(fact, relation.lhs, relation.rhs)


def tends(fact: ScalarFact) -> None:
    """The function is between two bounds with the same limit."""
    (relation,) = fact.relations
    about = isinstance(relation, sp.Eq) and isinstance(relation.lhs, sp.Limit)
    if not about or relation.lhs.args[1:3] != (d, sp.oo):
        raise not_proved(fact, "it is not about large d")
    function = relation.lhs.args[0]
    lower, upper = brackets()
    _require_order(fact, lower, function)
    _require_order(fact, function, upper)
    for bound in (lower, lower * sp.exp(limit(sp.log(upper / lower).expand(force=True), d, sp.oo))):
        require_zero(fact, limit(bound, d, sp.oo) - relation.rhs)


def facts() -> tuple[ScalarFact, ...]:
    """The facts of this file."""
    slope = sp.Derivative(loss(), w)
    falls = sp.Lt(slope, 0, evaluate=False)
    lower, upper = brackets()
    scaled = d * largest_threshold()
    return (
        ScalarFact(
            id="recall_loss",
            statement=sp.Eq(
                sp.Sum((gain * w**j - sp.KroneckerDelta(j, d)) ** 2, (j, 0, sp.oo)), loss(), evaluate=False
            ),
            given=(BELOW_ONE,),
            words="The loss of linear recall: the net's answer to the input of each lag, 1 being right at lag d alone.",
            citation=None,
            proof=recalled,
        ),
        ScalarFact(
            id="recall_gradient",
            statement=sp.Eq(slope, 2 * gain * w / (1 - w**2) ** 2 * (gain - threshold()), evaluate=False),
            given=(BELOW_ONE,),
            words="The derivative of the loss is a positive number times cb - R(w).",
            citation=None,
            proof=identity,
        ),
        ScalarFact(
            id="recall_descent",
            statement=Equivalent(falls, sp.Lt(gain, threshold(), evaluate=False)),
            given=(BELOW_ONE, LONG),
            words="Gradient descent raises w if and only if cb is below R(w).",
            citation=None,
            proof=in_window,
        ),
        ScalarFact(
            id="recall_threshold_rises",
            statement=Equivalent(
                sp.Gt(sp.Derivative(threshold(), w), 0, evaluate=False), sp.Lt(w**2, PEAK, evaluate=False)
            ),
            given=(BELOW_ONE, LONG),
            words="R rises up to w^2 = (d-2)/(d+2) and falls from there on.",
            citation=None,
            proof=in_window,
        ),
        ScalarFact(
            id="recall_threshold_maximum",
            statement=sp.Eq(Maximum(threshold(), w, sp.Interval.open(0, 1)), largest_threshold(), evaluate=False),
            given=(BELOW_ONE, LONG),
            words="Descent can raise some w at lag d if and only if cb is below this number, R at w^2 = (d-2)/(d+2).",
            citation=None,
            proof=peak,
        ),
        ScalarFact(
            id="recall_threshold_bounds",
            statement=And(sp.Le(lower, scaled, evaluate=False), sp.Le(scaled, upper, evaluate=False), evaluate=False),
            given=(LONG,),
            words="The largest R is 16 d / (e (d+2))^2, up to a factor between 1 and exp(8 / (d+2)).",
            citation=None,
            proof=near_limit,
        ),
        ScalarFact(
            id="recall_threshold_limit",
            statement=sp.Eq(sp.Limit(scaled, d, sp.oo), 16 * sp.exp(-2), evaluate=False),
            words="The window closes like 1/d: the largest R is about 16 e^-2 / d.",
            citation=None,
            proof=tends,
        ),
    )
