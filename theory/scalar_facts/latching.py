r"""The smallest latch, ``x_t = tanh(w x_{t-1} + h_t)`` with w > 1: the input below which it forgets.

A state x is at rest under the constant input ``artanh(x) - w x``, which on [0, 1) is least where the slope
``w (1 - x^2)`` of the update is 1, at ``X = sqrt(1 - 1/w)``. That least input is ``-h*`` with
``h* = w X - artanh(X) = sqrt(w (w - 1)) - arcosh(sqrt(w))``. Inputs h_t >= -h* keep every state x >= X there; under an
input below -h* every state x in [0, 1) falls, so that none of them is at rest. For w <= 1 the slope never exceeds 1 and no
input has two states at rest. Proofs put ``w = cosh(a)^2``: then X = tanh(a), and roots, artanh and arcosh are gone.
The task is that of bengio1994; the closed form of h* is derived here.
"""

from __future__ import annotations

from functools import partial

import sympy as sp
from sympy.logic.boolalg import Equivalent

from ..sign_tables import sign_table
from .fact import Minimum, ScalarFact
from .proofs import combination, gap, identity, is_strict, not_proved, positive, require_zero, same_sign

w = sp.Symbol("w", positive=True)
x, h = sp.symbols("x h", real=True)
REST = sp.sqrt(1 - 1 / w)  # X
CRITICAL = sp.sqrt(w * (w - 1)) - sp.acosh(sp.sqrt(w))  # h*
GAINFUL = sp.Gt(w, 1)
_a = sp.Dummy("a", real=True)
_e = sp.Dummy("e^a", positive=True)
_more = sp.Dummy("e^a-1", positive=True)


def by_angle(expression: sp.Expr) -> sp.Expr:
    """A function of w > 1 as one of a > 0 and e = exp(a), with w = cosh(a)^2; ValueError if a root does not come out.

    >>> by_angle(REST).subs(_e, 2), by_angle(sp.acosh(sp.sqrt(w)))
    (3/5, _a)
    """
    if expression == w:
        return ((_e + 1 / _e) / 2) ** 2
    if not expression.args:
        return expression
    inner = [by_angle(argument) for argument in expression.args]
    if isinstance(expression, sp.Pow) and expression.exp.is_Rational and expression.exp.q == 2:
        return _root(inner[0]) ** expression.exp.p
    if isinstance(expression, sp.atanh):
        return _logarithm(sp.cancel((1 + inner[0]) / (1 - inner[0]))) / 2
    if isinstance(expression, sp.acosh):
        return _logarithm(sp.cancel(inner[0] + _root(inner[0] ** 2 - 1)))
    if isinstance(expression, sp.tanh):
        power = _e ** (2 * sp.cancel(inner[0] / _a))
        return (power - 1) / (power + 1)
    return expression.func(*inner)


def _root(square: sp.Expr) -> sp.Expr:
    """The positive square root of a quotient of even powers, for e > 1."""
    (top, up), (bottom, down) = (sp.factor_list(part) for part in sp.fraction(sp.cancel(square)))
    root = sp.sqrt(top / bottom)
    for factor, power in (*up, *((factor, -power) for factor, power in down)):
        if power % 2:
            raise ValueError(f"{square} is not a square in exp(a)")
        root *= factor ** (power // 2)
    if root.has(sp.I) or not positive(root.subs(_e, 1 + _more)):
        raise ValueError(f"{root} is not known to be positive")
    return root


def _logarithm(power: sp.Expr) -> sp.Expr:
    """The logarithm k a of a power e^k."""
    base, exponent = power.as_base_exp()
    if base != _e or not exponent.is_Integer:
        raise ValueError(f"{power} is not a power of exp(a)")
    return exponent * _a


def _require_gain(fact: ScalarFact) -> None:
    if GAINFUL not in fact.given:
        raise not_proved(fact, "w must be above 1")


def same_function(fact: ScalarFact) -> None:
    """Both sides are the same function of a."""
    _require_gain(fact)
    (relation,) = fact.relations
    if not isinstance(relation, sp.Eq):
        raise not_proved(fact, "it is not an equation")
    require_zero(fact, by_angle(relation.lhs) - by_angle(relation.rhs))


def is_positive(fact: ScalarFact) -> None:
    """The sign table in a of the number that the inequality says is positive."""
    _require_gain(fact)
    (relation,) = fact.relations
    table = sign_table(by_angle(gap(relation)).subs(_e, sp.exp(_a)), _a, sp.S.Zero, sp.oo)
    if table.start < 0 or table.changes or (is_strict(relation) and table.zeros):
        raise not_proved(fact, f"it has the signs {table.signs}")


def derivative(fact: ScalarFact) -> None:
    """``dF/dw = (dF/da) / (dw/da)``."""
    _require_gain(fact)
    (relation,) = fact.relations
    if not isinstance(relation, sp.Eq) or relation.lhs.args[1:] != ((w, 1),):
        raise not_proved(fact, "it is not about a derivative in w")
    top, bottom = (f.diff(_a) + _e * f.diff(_e) for f in map(by_angle, (relation.lhs.args[0], w)))
    require_zero(fact, top / bottom - by_angle(relation.rhs))


def _least(fact: ScalarFact, function: sp.Expr) -> sp.Expr:
    """The smallest value of a function on [0, 1) that falls up to X and rises from there on, as a function of a."""
    _require_gain(fact)
    odds = sp.Dummy("x/(1-x)", positive=True)
    quotient = sp.cancel((function.diff(x) / (x**2 - REST**2)).subs(x, odds / (1 + odds)))
    if not positive(quotient):
        raise not_proved(fact, f"the derivative of {function} has not the sign of {x**2 - REST**2}")
    return by_angle(function.subs(x, REST))


def least_input(fact: ScalarFact) -> None:
    """The input under which x is at rest has its minimum on [0, 1) at X."""
    (relation,) = fact.relations
    about = isinstance(relation, sp.Eq) and isinstance(relation.lhs, Minimum)
    if not about or relation.lhs.args[1:] != (x, sp.Interval.Ropen(0, 1)):
        raise not_proved(fact, "it is not about the states in [0, 1)")
    require_zero(fact, _least(fact, relation.lhs.args[0]) - by_angle(relation.rhs))


def falls(fact: ScalarFact) -> None:
    """``tanh(u) < x`` on [0, 1) says ``h < artanh(x) - (u - h)``, and h is below the minimum of the right side."""
    (relation,) = fact.relations
    *domain, below = fact.given
    bound = below.lhs - below.rhs - h
    rest = sp.atanh(relation.rhs) - relation.lhs.args[0] + h
    if domain != [GAINFUL, sp.Ge(x, 0), sp.Lt(x, 1)] or not isinstance(relation.lhs, sp.tanh) or relation.rhs != x:
        raise not_proved(fact, "it is not about a step from x in [0, 1)")
    if not isinstance(below, sp.Lt) or not isinstance(relation, sp.Lt) or bound.has(h) or rest.has(h):
        raise not_proved(fact, "it is not about inputs below a bound")
    require_zero(fact, _least(fact, rest) + by_angle(bound))


def kept(fact: ScalarFact) -> None:
    """tanh of a sum that grows in x and in h, at the smallest x and h."""
    _require_gain(fact)
    (relation,) = fact.relations
    smallest = {premise.lhs: premise.rhs for premise in fact.given if isinstance(premise, sp.Ge)}
    if not isinstance(relation, sp.Ge) or not isinstance(relation.lhs, sp.tanh) or set(smallest) != {x, h}:
        raise not_proved(fact, "it is not about a step from x and h that are bounded from below")
    (net_input,) = relation.lhs.args
    if not all(net_input.diff(variable).is_positive for variable in (x, h)):
        raise not_proved(fact, f"{net_input} does not grow in x and h")
    require_zero(fact, by_angle(sp.tanh(net_input.subs(smallest))) - by_angle(relation.rhs))


def facts() -> tuple[ScalarFact, ...]:
    """The facts of this file."""
    update, at_rest = sp.tanh(w * x + h), sp.atanh(x) - w * x
    return (
        ScalarFact(
            id="latch_slope",
            related=("latch_slope",),
            statement=sp.Eq(sp.Derivative(update, x), w * (1 - update**2), evaluate=False),
            words="The slope of the update, from the new state: w (1 - x_t^2).",
            citation=None,
            proof=identity,
        ),
        ScalarFact(
            id="latch_critical_state",
            related=("latch_critical_state",),
            statement=Equivalent(sp.Lt(w * (1 - x**2), 1, evaluate=False), sp.Gt(x**2, 1 - 1 / w, evaluate=False)),
            words="A step shrinks gradients exactly where the new state is beyond X or -X, X^2 = 1 - 1/w.",
            citation="bengio1994",
            proof=same_sign,
        ),
        ScalarFact(
            id="latch_critical_input",
            statement=sp.Eq(w * REST - sp.atanh(REST), CRITICAL, evaluate=False),
            given=(GAINFUL,),
            words="The critical input h*, from the critical state and in closed form.",
            citation=None,
            proof=same_function,
        ),
        ScalarFact(
            id="latch_critical_input_positive",
            statement=sp.Gt(CRITICAL, 0, evaluate=False),
            given=(GAINFUL,),
            words="Every weight above 1 latches against some inputs of the other sign.",
            citation=None,
            proof=is_positive,
        ),
        ScalarFact(
            id="latch_critical_input_slope",
            statement=sp.Eq(sp.Derivative(CRITICAL, w), REST, evaluate=False),
            given=(GAINFUL,),
            words="The critical input grows with the weight, at the rate X.",
            citation=None,
            proof=derivative,
        ),
        ScalarFact(
            id="latch_rest",
            related=("latch_rest",),
            statement=sp.Eq(sp.tanh(w * REST - CRITICAL), REST, evaluate=False),
            given=(GAINFUL,),
            words="Under the constant input -h* the state X is at rest.",
            citation=None,
            proof=same_function,
        ),
        ScalarFact(
            id="latch_kept",
            related=("latch_kept",),
            statement=sp.Ge(update, REST, evaluate=False),
            given=(GAINFUL, sp.Ge(x, REST, evaluate=False), sp.Ge(h, -CRITICAL, evaluate=False)),
            words="Inputs of at least -h* keep a state of at least X there: the bit is kept.",
            citation="bengio1994",
            proof=kept,
        ),
        ScalarFact(
            id="latch_least_input",
            statement=sp.Eq(Minimum(at_rest, x, sp.Interval.Ropen(0, 1)), -CRITICAL, evaluate=False),
            given=(GAINFUL,),
            words="The smallest input under which some state in [0, 1) is at rest is -h*.",
            citation=None,
            proof=least_input,
        ),
        ScalarFact(
            id="latch_lost",
            related=("latch_lost",),
            statement=sp.Lt(update, x, evaluate=False),
            given=(GAINFUL, sp.Ge(x, 0), sp.Lt(x, 1), sp.Lt(h, -CRITICAL, evaluate=False)),
            words="An input below -h* makes every state in [0, 1) fall: h* cannot be improved.",
            citation=None,
            proof=falls,
        ),
        ScalarFact(
            id="latch_needs_gain",
            statement=sp.Le(w * (1 - x**2), 1, evaluate=False),
            given=(sp.Le(w, 1),),
            words="For w <= 1 the slope never exceeds 1: artanh(x) - w x grows, and each input has exactly one state at rest.",
            citation="bengio1994",
            proof=partial(combination, terms=lambda g: g[0] + w * x**2),
        ),
    )
