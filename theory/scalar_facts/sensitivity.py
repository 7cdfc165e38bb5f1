r"""How much a state depends on a shared parameter: ``h_t = lambda h_{t-1} + x_t`` with white x of variance 1 (claim C14).

``E h^2 = 1 / (1 - lambda^2)`` and ``E (dh/dlambda)^2 = (1 + lambda^2) / (1 - lambda^2)^3`` for |lambda| < 1. For each such
lambda the sensitivity is finite and the state Jacobian lambda^k vanishes with the lag k; as |lambda| tends to 1 the
sensitivity exceeds every bound, although the Jacobian vanishes at each lambda on the way.
Proved twice: by the moments of one step, and by ``dh_t/dlambda = sum_j j lambda^(j-1) x_{t-j}`` with q = lambda^2.
"""

from __future__ import annotations

import sympy as sp
from sympy.logic.boolalg import And, Boolean

from .fact import ScalarFact
from .proofs import not_proved, require_zero, telescoped

rate = sp.Symbol("lambda", real=True)
q = sp.Symbol("q", positive=True)
j = sp.Symbol("j", integer=True, nonnegative=True)
t = sp.Symbol("t", integer=True, positive=True)
MOMENTS = tuple(sp.Symbol(rf"\mathbb{{E}}[{of}]", real=True) for of in ("h^2", "h h'", "(h')^2"))  # h' is dh/dlambda
_h, _g, _x = sp.symbols("h g x")


def after_step(moments: tuple[sp.Expr, ...]) -> tuple[sp.Expr, ...]:
    """E h^2, E h h' and E h'^2 one step later: x has mean 0 and variance 1 and is independent of h and h'.

    >>> after_step(MOMENTS)[0] == rate**2 * MOMENTS[0] + 1
    True
    """
    new_h = rate * _h + _x
    new_g = new_h.diff(rate) + rate * _g
    at = dict(zip(((2, 0, 0), (1, 1, 0), (0, 2, 0)), moments, strict=True)) | {(0, 0, 2): sp.S.One}
    products = (new_h**2, new_h * new_g, new_g**2)
    return tuple(
        sp.Add(*(c * at.get(powers, sp.S.Zero) for powers, c in sp.Poly(product, _h, _g, _x).terms()))
        for product in products
    )


def stationary(fact: ScalarFact) -> None:
    """The premises say that a step changes no moment; they are linear and have one solution, the stated one."""
    below_one, *unchanged = fact.given
    derived = [sp.Eq(m, new, evaluate=False) for m, new in zip(MOMENTS, after_step(MOMENTS), strict=True)]
    if below_one != sp.Lt(sp.Abs(rate), 1) or unchanged != derived:
        raise not_proved(fact, f"one step gives {derived}")
    system, constant = sp.linear_eq_to_matrix([e.lhs - e.rhs for e in derived], *MOMENTS)
    # Triangular, with 1 - lambda^2 on the diagonal: one solution, and the moments of any start converge to it.
    if not system.is_lower or any(sp.expand(entry - (1 - rate**2)) != 0 for entry in system.diagonal()):
        raise not_proved(fact, "the moments do not converge")
    solution = dict(zip(MOMENTS, system.LUsolve(constant), strict=True))
    for relation in fact.relations:
        if not isinstance(relation, sp.Eq) or relation.lhs not in solution:
            raise not_proved(fact, f"{relation} is not about a moment")
        require_zero(fact, solution[relation.lhs] - relation.rhs)


def series(fact: ScalarFact) -> None:
    """The sum telescopes."""
    (relation,) = fact.relations
    if not isinstance(relation, sp.Eq) or not isinstance(relation.lhs, sp.Sum):
        raise not_proved(fact, "it is not the value of a sum")
    require_zero(fact, telescoped(fact, relation.lhs) - relation.rhs)


def from_zero(fact: ScalarFact) -> None:
    """The stated moments are zero at t = 0, and one step takes those at t to those at t + 1, for both signs of lambda."""
    at = {relation.lhs: relation.rhs for relation in fact.relations if isinstance(relation, sp.Eq)}
    if fact.given != (sp.Eq(q, rate**2, evaluate=False), sp.Lt(q, 1)) or set(at) != set(MOMENTS):
        raise not_proved(fact, "the three moments are needed, with q = lambda^2 < 1")
    stated = tuple(at[moment] for moment in MOMENTS)
    root = sp.Dummy(positive=True)
    for now, new in zip(stated, after_step(stated), strict=True):
        for sign in (1, -1):
            require_zero(fact, now.subs(t, 0).subs({rate: sign * root, q: root**2}))
            require_zero(fact, (new - now.subs(t, t + 1)).subs({rate: sign * root, q: root**2}))


def _equations(values: tuple[sp.Expr, ...]) -> Boolean:
    return And(*(sp.Eq(m, value, evaluate=False) for m, value in zip(MOMENTS, values, strict=True)), evaluate=False)


def facts() -> tuple[ScalarFact, ...]:
    """The facts of this file."""
    below_one = sp.Lt(q, 1)
    linear = 1 - t * q ** (t - 1) + (t - 1) * q**t
    square = 1 + q - t**2 * q ** (t - 1) + (2 * t**2 - 2 * t - 1) * q**t - (t - 1) ** 2 * q ** (t + 1)
    unchanged = (sp.Eq(m, new, evaluate=False) for m, new in zip(MOMENTS, after_step(MOMENTS), strict=True))
    return (
        ScalarFact(
            id="stationary_sensitivity",
            statement=_equations((1 / (1 - rate**2), rate / (1 - rate**2) ** 2, (1 + rate**2) / (1 - rate**2) ** 3)),
            given=(sp.Lt(sp.Abs(rate), 1), *unchanged),
            words="In the stationary state, the variance of h' = dh/dlambda is near 2 / (1 - lambda^2)^3 where |lambda| is near 1.",
            citation=None,
            proof=stationary,
        ),
        ScalarFact(
            id="sensitivity_from_zero",
            statement=_equations(((1 - q**t) / (1 - q), rate * linear / (1 - q) ** 2, square / (1 - q) ** 3)),
            given=(sp.Eq(q, rate**2, evaluate=False), below_one),
            words="The moments of the state and of h' = dh/dlambda after t steps from h_0 = 0.",
            citation=None,
            proof=from_zero,
        ),
        ScalarFact(
            id="variance_series",
            statement=sp.Eq(sp.Sum(q**j, (j, 0, sp.oo)), 1 / (1 - q), evaluate=False),
            given=(below_one,),
            words="The variance of the state, lag by lag.",
            citation=None,
            proof=series,
        ),
        ScalarFact(
            id="sensitivity_series",
            statement=sp.Eq(sp.Sum(j**2 * q ** (j - 1), (j, 1, sp.oo)), (1 + q) / (1 - q) ** 3, evaluate=False),
            given=(below_one,),
            words="The variance of dh/dlambda, lag by lag: lambda acts j times on the input of lag j.",
            citation=None,
            proof=series,
        ),
        ScalarFact(
            id="sensitivity_sum",
            statement=sp.Eq(sp.Sum(j**2 * q ** (j - 1), (j, 1, t - 1)), square / (1 - q) ** 3, evaluate=False),
            given=(below_one,),
            words="The variance of dh_t/dlambda after t steps from h_0 = 0, lag by lag.",
            citation=None,
            proof=series,
        ),
    )
