r"""Hochreiter's constants: how large ``|w| f'(w y)`` is as a function of the weight w, for a constant activation y.

With a = w y it is ``|a| f'(a) / |y|``. For the logistic f it is largest where ``a tanh(a/2) = 1``, which says
``w = coth(w y / 2) / y``, and it tends to zero for large weights: a larger weight does not help the error flow.
For any net input a, ``|w| f'(a) <= |w| / 4 < 1`` if |w| < 4; no larger number than 4 will do, because 4 f'(0) = 1.
Where the net input is w y alone, an activation y with ``|y| >= (z - 1/z) / 4 = .2239`` keeps it at most 1 for every w.
Source: hochreiter1997.
"""

from __future__ import annotations

import sympy as sp
from sympy.logic.boolalg import And, Equivalent

from ..activations import Activation, Logistic, Tanh, x
from ..exponential_form import exponential_form, limit
from ..exponential_form import y as exponential
from ..isolated_root import IsolatedRoot
from ..ranges import range_of
from ..sign_tables import sign_of, sign_table
from .fact import Maximum, ScalarFact
from .proofs import gap, identity, is_strict, not_proved, one_root, require_zero, written_out

w, a = sp.symbols("w a", real=True)
y = sp.Symbol("y", real=True, nonzero=True)


def _in_net_input(fact: ScalarFact, gain: sp.Expr) -> sp.Expr:
    """``F(x)`` with ``gain = F(w y) / |y|`` for both signs of y."""
    constants = (sp.Dummy(positive=True), sp.Dummy(negative=True))
    function, *others = {written_out(gain).subs(y, c).subs(w, x / c) * sp.Abs(c) for c in constants}
    if others or function.free_symbols != {x}:
        raise not_proved(fact, f"{gain} is not a function of w y divided by |y|")
    return function


def _largest(fact: ScalarFact, gain: sp.Expr, root: IsolatedRoot) -> sp.Expr:
    """The largest value of ``gain * |y|`` over all w, in terms of the root."""
    function = _in_net_input(fact, gain)
    slope = function / sp.Abs(x)
    sign = sign_table(slope, x)
    found = range_of(x * slope, x)
    if sign.start < 0 or sign.zeros:
        raise not_proved(fact, f"{slope} may be negative")
    if found is None or not found.upper_attained or sp.cancel(found.lower + found.upper) != 0:
        raise not_proved(fact, f"the range of {x * slope} is {found}")
    (own,) = found.upper.atoms(IsolatedRoot)
    one_root(fact, own.equation, root)
    return found.upper.xreplace({own: root})


def largest_gain(fact: ScalarFact) -> None:
    """``max over w of gain(w, y) = M / |y|``: M is the maximum of ``|a| f'(a)``."""
    (relation,) = fact.relations
    (root,) = fact.statement.atoms(IsolatedRoot)
    about = isinstance(relation, sp.Eq) and isinstance(relation.lhs, Maximum)
    if not about or relation.lhs.args[1:] != (w, sp.S.Reals):
        raise not_proved(fact, "it is not about the largest value over all weights")
    require_zero(fact, _largest(fact, relation.lhs.args[0], root) - relation.rhs * sp.Abs(y))


def gain_below_one(fact: ScalarFact) -> None:
    """``gain <= c`` where ``|y| >= m``: the largest gain M / |y| is M / m = c at most."""
    (relation,), (premise,) = fact.relations, fact.given
    (root,) = fact.statement.atoms(IsolatedRoot) | premise.atoms(IsolatedRoot)
    if not isinstance(relation, sp.Le) or not isinstance(premise, sp.Ge) or premise.lhs != sp.Abs(y):
        raise not_proved(fact, f"{premise} is not a lower bound on |y|")
    if sign_of(premise.rhs) <= 0:
        raise not_proved(fact, f"{premise.rhs} is not positive")
    require_zero(fact, _largest(fact, relation.lhs, root) - premise.rhs * relation.rhs)


def largest_where(fact: ScalarFact) -> None:
    """For w > 0, y > 0 the derivative has the sign of ``root - w y``: it has one zero, and is positive before it."""
    rises, before = sorted(fact.statement.args, key=lambda relation: not relation.has(sp.Derivative))
    constant = sp.Dummy(positive=True)
    slope, distance = (written_out(gap(r)).subs(y, constant).subs(w, x / constant) for r in (rises, before))
    distance *= constant
    if set(fact.given) != {sp.Gt(w, 0), sp.Gt(y, 0)} or not is_strict(rises) or not is_strict(before):
        raise not_proved(fact, "w and y must be positive and the inequalities strict")
    if slope.free_symbols != {x} or one_root(fact, slope, sp.expand(distance + x)) > 0:
        raise not_proved(fact, f"{slope} does not become negative")


def vanishing_gain(fact: ScalarFact) -> None:
    """The limit for large weights of either sign of y is the limit of ``|a| f'(a)`` for large a, 0."""
    (relation,) = fact.relations
    function = _in_net_input(fact, relation.lhs.args[0])
    found = [limit(function.subs(sp.Abs(x), s * x), x, s * sp.oo) for s in (1, -1)]
    about = isinstance(relation, sp.Eq) and isinstance(relation.lhs, sp.Limit) and relation.lhs.args[1:3] == (w, sp.oo)
    if not about or {*found, relation.rhs} != {sp.S.Zero}:
        raise not_proved(fact, f"the limits are {found}")


def root_equation(fact: ScalarFact) -> None:
    """An equation at the root: the difference of its sides is a multiple of the equation that defines the root."""
    (relation,) = fact.relations
    (root,) = fact.statement.atoms(IsolatedRoot)
    one_root(fact, root.equation, root)
    form, own = (exponential_form(e.xreplace({root: x}), x) for e in (relation.lhs - relation.rhs, root.equation))
    if not isinstance(relation, sp.Eq) or form is None or own is None or form.rate != own.rate:
        raise not_proved(fact, f"it is not an equation of the kind of {root.equation} = 0")
    poles = sign_table(form.denominator.subs(exponential, sp.exp(form.rate * x)), x, sp.S.Zero, sp.oo).zeros
    if poles or not sp.cancel(form.numerator / own.numerator).is_polynomial():
        raise not_proved(fact, f"{root} solves {root.equation} = 0")


def slope_bound(fact: ScalarFact) -> None:
    """``|w| f'(a) <= c |w|`` as c - f' is nowhere negative, and ``c |w| < 1`` as it is a multiple of a premise."""
    bound, below = sorted(fact.relations, key=is_strict)
    rest = sp.cancel(written_out(gap(bound)) / sp.Abs(w)).subs(a, x)
    table = sign_table(rest, x) if rest.free_symbols == {x} else None
    if is_strict(bound) or table is None or table.start < 0 or table.changes:
        raise not_proved(fact, f"{rest} may be negative")
    (premise,) = fact.given
    factor = sp.cancel(gap(below) / gap(premise))
    if not is_strict(premise) or not factor.is_positive or bound.rhs != below.lhs:
        raise not_proved(fact, f"{below} does not follow from {premise}")


def _of(
    name: str, phi: Activation, root: IsolatedRoot, maximum: sp.Expr, condition: sp.Eq, citation: str | None
) -> tuple[ScalarFact, ...]:
    gain = sp.Abs(w) * phi.df(w * y)
    rises = sp.Gt(sp.Derivative(w * phi.df(w * y), w), 0, evaluate=False)
    return (
        ScalarFact(
            id=f"{name}_constant_activation_root",
            statement=condition,
            words=f"The net input at which the error flow through {name} is largest for a constant activation.",
            citation=citation,
            proof=root_equation,
        ),
        ScalarFact(
            id=f"{name}_constant_activation",
            statement=sp.Eq(Maximum(gain, w), maximum / sp.Abs(y), evaluate=False),
            words="For a constant activation y, no weight makes the error flow larger than this.",
            citation=citation,
            proof=largest_gain,
        ),
        ScalarFact(
            id=f"{name}_constant_activation_weight",
            statement=Equivalent(rises, sp.Lt(w, root / y, evaluate=False)),
            given=(sp.Gt(w, 0), sp.Gt(y, 0)),
            words=f"The error flow grows with the weight up to the net input w y = {root} and falls from there on.",
            citation=citation,
            proof=largest_where,
        ),
        ScalarFact(
            id=f"{name}_constant_activation_limit",
            statement=sp.Eq(sp.Limit(gain, w, sp.oo), 0, evaluate=False),
            words="For a constant activation y other than 0, the error flow vanishes as the weight grows.",
            citation=citation,
            proof=vanishing_gain,
        ),
        ScalarFact(
            id=f"{name}_constant_activation_at_most_one",
            statement=sp.Le(gain, 1, evaluate=False),
            given=(sp.Ge(sp.Abs(y), maximum, evaluate=False),),
            words="An activation that is large enough keeps the error flow at most 1, whatever the weight.",
            citation=None,
            proof=gain_below_one,
        ),
    )


def facts() -> tuple[ScalarFact, ...]:
    """The facts of this file."""
    z = IsolatedRoot("z", x * sp.tanh(x / 2) - 1, x, 1, 2)
    v = IsolatedRoot("v", 2 * x * sp.tanh(x) - 1, x, "1/2", 1)
    sigma, tanh = Logistic(), Tanh()
    return (
        *_of("logistic", sigma, z, (z - 1 / z) / 4, sp.Eq(z, sp.coth(z / 2), evaluate=False), "hochreiter1997"),
        *_of("tanh", tanh, v, v - 1 / (4 * v), sp.Eq(v, sp.coth(v) / 2, evaluate=False), None),
        ScalarFact(
            id="logistic_gain_below_one",
            statement=And(
                sp.Le(sp.Abs(w) * sigma.df(a), sp.Abs(w) / 4, evaluate=False),
                sp.Lt(sp.Abs(w) / 4, 1, evaluate=False),
                evaluate=False,
            ),
            given=(sp.Lt(sp.Abs(w), 4),),
            words="Whatever the net input a, a weight of modulus below 4 makes the error flow through a unit shrink.",
            citation="hochreiter1997",
            proof=slope_bound,
        ),
        ScalarFact(
            id="logistic_gain_at_four",
            statement=sp.Eq(4 * sigma.df(sp.S.Zero), 1, evaluate=False),
            words="At the net input 0 the weight 4 keeps the error flow: no larger number than 4 will do.",
            citation=None,
            proof=identity,
        ),
    )
