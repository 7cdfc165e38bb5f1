r"""Slopes: ``max |tanh'| = 1``, ``max sigma' = 1/4``, how far SiLU leaves [0, 1], and how fast slopes change.

The ranges are those of `errorflow.theory.activations`, derived again when a fact is proved. Where phi'' is continuous,
``sup |phi''|`` is the best Lipschitz constant of phi'.
"""

from __future__ import annotations

import sympy as sp
from sympy.logic.boolalg import And

from .. import activations
from ..activations import Activation, Logistic, Relu, Silu, Tanh, x
from ..isolated_root import IsolatedRoot
from ..opaque import Entrywise
from ..sign_tables import compare
from .fact import Maximum, Minimum, ScalarFact
from .proofs import identity, not_proved, one_root


def _endpoint(fact: ScalarFact, extreme: sp.Expr) -> sp.Expr:
    """The attained endpoint that the word is about, of the range of a slope or second derivative, derived anew."""
    function = extreme.args[0]
    inner = function.args[0] if isinstance(function, sp.Abs) else function
    if not isinstance(inner, Entrywise) or inner.args != (x,) or extreme.args[1:] != (x, sp.S.Reals):
        raise not_proved(fact, f"{extreme} is not about a slope on the real line")
    activation = activations.get(type(inner).__name__.rstrip("'"))
    found = {0: activation.value_range, 1: activation.slope_range, 2: activation.second_range}[inner.order]
    if found is None or activation.expression != inner.definition:
        raise not_proved(fact, f"the range of {inner} is not known")
    found.reason.check()
    ends = {Maximum: (found.upper, found.upper_attained), Minimum: (found.lower, found.lower_attained)}
    value, attained = ends[type(extreme)]
    if isinstance(function, sp.Abs) and (isinstance(extreme, Minimum) or compare(found.upper, -found.lower) < 0):
        raise not_proved(fact, f"{value} is not the largest absolute value")
    if not attained:
        raise not_proved(fact, f"{value} is not attained")
    return value


def by_range(fact: ScalarFact) -> None:
    """Every relation compares an endpoint of a range with a number."""
    for relation in fact.relations:
        value = _endpoint(fact, relation.lhs)
        for root in (value - relation.rhs).atoms(IsolatedRoot):
            own = [r for r in relation.rhs.atoms(IsolatedRoot) if r is not root]
            if own and root in value.atoms(IsolatedRoot):
                one_root(fact, root.equation, own[0])  # the same number under the name that the fact gives it
                value = value.xreplace({root: own[0]})
        order = 0 if sp.expand(value - relation.rhs) == 0 else compare(value, relation.rhs)
        if not relation.func(order, 0):
            raise not_proved(fact, f"the endpoint is {value}")


def _largest(activation: Activation, order: int) -> sp.Expr:
    return Maximum(sp.Abs((activation.df if order == 1 else activation.d2f)(x)), x)


def facts() -> tuple[ScalarFact, ...]:
    """The facts of this file."""
    s = IsolatedRoot("s", x * sp.tanh(x / 2) - 2, x, 2, 3)
    tanh, sigma, silu = Tanh(), Logistic(), Silu()
    return (
        ScalarFact(
            id="tanh_slope",
            related=("tanh_derivative", "tanh_slope", "tanh_slope_attained"),
            statement=sp.Eq(_largest(tanh, 1), 1, evaluate=False),
            words="The slope of tanh is at most 1, which is attained.",
            citation=None,
            proof=by_range,
        ),
        ScalarFact(
            id="logistic_slope",
            related=("logistic_derivative", "logistic_slope", "logistic_slope_attained"),
            statement=sp.Eq(_largest(sigma, 1), sp.Rational(1, 4), evaluate=False),
            words="The slope of the logistic function is at most 1/4, which is attained.",
            citation="hochreiter1997",
            proof=by_range,
        ),
        ScalarFact(
            id="relu_slope",
            related=("relu_derivative",),
            statement=sp.Eq(_largest(Relu(), 1), 1, evaluate=False),
            words="The slope of ReLU is 0 or 1.",
            citation=None,
            proof=by_range,
        ),
        ScalarFact(
            id="silu_slope_leaves_unit_interval",
            related=("silu_derivative", "silu_slope_bounds"),
            statement=And(
                sp.Lt(Minimum(silu.df(x), x), 0, evaluate=False),
                sp.Gt(Maximum(silu.df(x), x), 1, evaluate=False),
                evaluate=False,
            ),
            words="The slope of SiLU leaves [0, 1] on both sides, so that no bound for slopes in [0, 1] applies to it.",
            citation=None,
            proof=by_range,
        ),
        ScalarFact(
            id="silu_slope",
            related=("silu_derivative", "silu_slope_range"),
            statement=And(
                sp.Eq(Minimum(silu.df(x), x), (2 - s) / 4, evaluate=False),
                sp.Eq(Maximum(silu.df(x), x), (2 + s) / 4, evaluate=False),
                evaluate=False,
            ),
            words="The slope of SiLU fills [(2 - s)/4, (2 + s)/4], s the positive number with s tanh(s/2) = 2.",
            citation=None,
            proof=by_range,
        ),
        ScalarFact(
            id="tanh_slope_lipschitz",
            related=("tanh_second_derivative", "tanh_curvature", "tanh_curvature_attained"),
            statement=sp.Eq(_largest(tanh, 2), 4 / (3 * sp.sqrt(3)), evaluate=False),
            words="The slope of tanh changes at most at the rate 4 / (3 sqrt(3)), which is attained.",
            citation=None,
            proof=by_range,
        ),
        ScalarFact(
            id="logistic_slope_lipschitz",
            related=("logistic_second_derivative", "logistic_curvature", "logistic_curvature_attained"),
            statement=sp.Eq(_largest(sigma, 2), 1 / (6 * sp.sqrt(3)), evaluate=False),
            words="The slope of the logistic function changes at most at the rate 1 / (6 sqrt(3)), which is attained.",
            citation=None,
            proof=by_range,
        ),
        ScalarFact(
            id="logistic_derivative",
            related=("logistic_derivative",),
            statement=sp.Eq(sigma.df(x), sigma.f(x) * (1 - sigma.f(x)), evaluate=False),
            words="The slope of the logistic function from its value: s (1 - s).",
            citation=None,
            proof=identity,
        ),
        ScalarFact(
            id="tanh_derivative",
            related=("tanh_derivative",),
            statement=sp.Eq(tanh.df(x), 1 - tanh.f(x) ** 2, evaluate=False),
            words="The slope of tanh from its value h: 1 - h^2, not (1 - h)^2.",
            citation=None,
            proof=identity,
        ),
        ScalarFact(
            id="tanh_is_logistic",
            related=("tanh_is_logistic",),
            statement=sp.Eq(tanh.f(x), 2 * sigma.f(2 * x) - 1, evaluate=False),
            words="tanh is the logistic function, stretched and shifted.",
            citation=None,
            proof=identity,
        ),
    )
