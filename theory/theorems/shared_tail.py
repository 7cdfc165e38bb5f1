r"""The tail of the shared gradient (claim C7): what the lags from K on add to dE/dW, for every horizon T.

The loss sees the last state, with g = dE/dh_T; J_i = D_i W, no slope exceeds gamma in modulus, ||h_i||_2 <= H for all i
from 0 on (sqrt(n) h_max where no unit exceeds h_max in modulus), and eta = gamma ||W||_2 < 1. S_i is the derivative of h_i
in a direction V of W, e_i the error that back-propagation brings to step i. The copies 1, ..., T-K of W, those of the lags
K, ..., T-1, contribute e_{T-K}^T S_{T-K}: the number e_i^T S_i grows by (D_i e_i)^T V h_{i-1} in step i. Forward,
||S_i|| <= eta ||S_{i-1}|| + gamma ||V|| H, hence ||S_i|| <= gamma ||V|| H (1 - eta^i) / (1 - eta); backward,
||e_{i-1}|| <= eta ||e_i||, hence ||e_{T-K}|| <= eta^K ||g||. Together

    |sum over the lags j = K, ..., T-1 of (D_{T-j} e_{T-j})^T V h_{T-j-1}|
        <= gamma ||g||_2 ||V||_2 H (eta^K - eta^T) / (1 - eta)  <=  gamma ||g||_2 ||V||_2 H eta^K / (1 - eta).

The theorems are about one direction V, any. Their supremum over ||V||_2 <= 1 bounds the nuclear norm of the tail, dual to
the spectral norm, and so its Frobenius norm. With K = 1 the part of lag 0 alone is left: the total gradient in a direction
is at least that part minus a number that is the same for all horizons.

Main statements: `at_horizon`, `tail`, `in_direction`, `total_gradient_stays`.
"""

from __future__ import annotations

from typing import Any

import sympy as sp

from ..bounds.setting import D, W, diagonal, gamma, i, slopes
from ..calculus import (
    ALGEBRA,
    STEP,
    Calculation,
    Combination,
    Derivation,
    Fact,
    Induction,
    Inference,
    Line,
    Telescope,
    TelescopingSum,
    eq,
    form,
    ge,
    le,
    lt,
    order_rules,
    power_rules,
    rules,
    sum_over,
)
from ..calculus.facts import supposed
from ..hypotheses import Hypothesis
from ..notation import horizon as T
from ..quantities import max_abs, spectral_norm
from ..theorem import Theorem, Witness
from .bptt import S, V, e, error, g, h, last_error, step_of_weights

K, j = sp.symbols("K j", integer=True)
H = sp.Symbol("H")
_norm, _direction = spectral_norm(W), spectral_norm(V)
eta = gamma * _norm
_limit = gamma * _direction * H / (1 - eta)

states = Fact("states are at most H", le(spectral_norm(h[i]), H), over=(i,))
contraction = Fact("contraction", lt(eta, 1))
start = Fact("the first state is given", eq(spectral_norm(S[0]), 0))
lags = (Fact("lag of the tail", le(0, K)), Fact("the horizon exceeds the lag", le(0, T - K)))
_steps = (le(1, i), le(i, T))
_copy = form(D[i] @ e[i], V @ h[i - 1])
_CONTRACTS = Hypothesis("contraction", sp.Lt(eta, 1, evaluate=False), "every step shrinks distances")


def copies(last: sp.Expr) -> sp.Expr:
    """What the copies 1, ..., ``last`` of W contribute to the derivative of the loss in the direction V."""
    return sum_over(form(D[STEP] @ e[STEP], V @ h[STEP - 1]), 1, last)


def _sensitivity(step: sp.Expr) -> sp.Expr:
    """The bound of ||S_i||."""
    return _limit * (1 - eta**step)


def _back(steps: sp.Expr) -> sp.Expr:
    """||e_{T-j}||, of the transposed error, which the backward recursion is about."""
    return spectral_norm(e[T - steps].T)


_inside = le(spectral_norm(S[i - 1]), _sensitivity(i - 1))
one_step = Calculation(
    "one step",
    form(e[i], S[i]),
    (
        Line("=", form(e[i], D[i] @ (W @ S[i - 1] + V @ h[i - 1])), step_of_weights.name),
        Line("=", form(e[i], D[i] @ W @ S[i - 1]) + _copy, ALGEBRA),
        Line("=", form(e[i - 1], S[i - 1]) + _copy, error.name),
    ),
    over=(i,),
    when=_steps,
)
_given = (diagonal, slopes, step_of_weights, start, error, last_error, states, contraction)
_all_steps = eq(form(e[T - K], S[T - K]), form(e[0], S[0]) + copies(T - K))
_no_start = Calculation(
    "no start",
    sp.Abs(form(e[0], S[0])),
    (
        Line("<=", spectral_norm(e[0]) * spectral_norm(S[0]), rules.inner_product),
        Line("=", sp.Integer(0), start.name),
    ),
)
_sum = spectral_norm(W @ S[i - 1] + V @ h[i - 1])
_lemmas = (
    one_step,
    TelescopingSum("all steps", _all_steps, "one step", 0, T - K),
    _no_start,
    Calculation(
        "one step of the derivative",
        spectral_norm(S[i]),
        (
            Line("=", spectral_norm(D[i] @ (W @ S[i - 1] + V @ h[i - 1])), step_of_weights.name),
            Line("<=", spectral_norm(D[i]) * _sum, rules.submultiplicative),
            Line("=", max_abs(D[i]) * _sum, rules.norm_of_diagonal),
            Line("<=", gamma * _sum, slopes.name),
            Line("<=", gamma * (spectral_norm(W @ S[i - 1]) + spectral_norm(V @ h[i - 1])), rules.triangle),
            Line(
                "<=", gamma * (_norm * spectral_norm(S[i - 1]) + spectral_norm(V @ h[i - 1])), rules.submultiplicative
            ),
            Line(
                "<=",
                gamma * (_norm * spectral_norm(S[i - 1]) + _direction * spectral_norm(h[i - 1])),
                rules.submultiplicative,
            ),
            Line("<=", gamma * (_norm * spectral_norm(S[i - 1]) + _direction * H), states.name),
            Line("<=", gamma * (_norm * _sensitivity(i - 1) + _direction * H), supposed(_inside).name),
            Line("=", _sensitivity(i), ALGEBRA),
        ),
        over=(i,),
        when=(*_steps, _inside),
    ),
    Induction(
        "derivative of a state",
        le(spectral_norm(S[T - K]), _sensitivity(T - K)),
        "one step of the derivative",
        0,
        T - K,
    ),
    Calculation(
        "one step back",
        _back(j),
        (
            Line("=", spectral_norm(e[T - j + 1].T @ D[T - j + 1] @ W), error.name, {i: T - j + 1}),
            Line("<=", spectral_norm(e[T - j + 1].T @ D[T - j + 1]) * _norm, rules.submultiplicative),
            Line("<=", _back(j - 1) * spectral_norm(D[T - j + 1]) * _norm, rules.submultiplicative),
            Line("=", _back(j - 1) * max_abs(D[T - j + 1]) * _norm, rules.norm_of_diagonal),
            Line("<=", _back(j - 1) * eta, slopes.name),
        ),
        over=(j,),
        when=(le(1, j), le(j, T)),
    ),
    Telescope("steps back", le(_back(K), eta**K * _back(0)), "one step back", eta, 0, K),
    Calculation(
        "error K steps back",
        spectral_norm(e[T - K]),
        (
            Line("=", _back(K), rules.norm_of_transpose),
            Line("<=", eta**K * _back(0), "steps back"),
            Line("=", eta**K * spectral_norm(e[T]), rules.norm_of_transpose),
            Line("=", eta**K * spectral_norm(g), last_error.name),
        ),
    ),
    Combination(
        "tail",
        eq(copies(T - K), form(e[T - K], S[T - K]) - form(e[0], S[0])),
        ((-1, "all steps"),),
    ),
)
_horizon_bound = gamma * spectral_norm(g) * _direction * H * (eta**K - eta**T) / (1 - eta)
_bound = gamma * spectral_norm(g) * _direction * H * eta**K / (1 - eta)
_tail = sp.Abs(copies(T - K))
_ONE = [[1]]


def _witness(steps: int, lag: int) -> Witness:
    """One linear unit of weight 1/2 and constant states: the parts by lag are 1, 1/2, 1/4, ..."""
    errors = {e[s]: [[sp.Rational(1, 2) ** (steps - s)]] for s in range(steps + 1)}
    carried = {S[s]: [[2 - sp.Rational(1, 2) ** (s - 1) if s else 0]] for s in range(steps + 1)}
    slopes_one = {D[s]: _ONE for s in range(1, steps + 1)}
    values = {T: steps, K: lag, H: 1, g: _ONE, V: _ONE} | {h[s]: _ONE for s in range(steps)}
    return Witness.of([["1/2"]], values | errors | carried | slopes_one)


_CARD: dict[str, Any] = {
    "hypotheses": (_CONTRACTS,),
    "object": "total_gradient",
    "norm": "nuclear",
    "citation": "errorflow2026",
    "non_vacuity": _witness(4, 2),
}
_EVERY = (
    "for every loss of the last state with gradient g, every direction V of W, every horizon T, every lag 0 <= K <= T, all "
    "inputs for which the slopes are at most gamma in modulus, and all trajectories with ||h_i||_2 <= H for all i from 0 on"
)

at_horizon = Theorem(
    id="shared_tail_at_horizon",
    title="The tail of the shared gradient, with the horizon",
    conclusion=le(_tail, _horizon_bound),
    derivation=Derivation(
        (*_given, *lags),
        (
            *_lemmas,
            Calculation(
                "conclusion",
                _tail,
                (
                    Line("=", sp.Abs(form(e[T - K], S[T - K]) - form(e[0], S[0])), "tail"),
                    Line(
                        "<=",
                        sp.Abs(form(e[T - K], S[T - K])) + sp.Abs(form(e[0], S[0])),
                        rules.modulus_of_sum,
                    ),
                    Line("<=", sp.Abs(form(e[T - K], S[T - K])), _no_start.name),
                    Line("<=", spectral_norm(e[T - K]) * spectral_norm(S[T - K]), rules.inner_product),
                    Line("<=", eta**K * spectral_norm(g) * spectral_norm(S[T - K]), "error K steps back"),
                    Line("<=", eta**K * spectral_norm(g) * _sensitivity(T - K), "derivative of a state"),
                    Line("=", _horizon_bound, ALGEBRA),
                ),
            ),
        ),
    ),
    quantifiers=_EVERY,
    place="claim C7, for a finite horizon",
    version="derived here from the backward pass, per direction V; the usual statement is in the Frobenius norm",
    tightness="tight",
    tightness_witness=lambda lag: _witness(lag + 2, lag),
    words="In every direction V the lags from K on add at most gamma ||g|| ||V|| H (eta^K - eta^T) / (1 - eta) to the total "
    "gradient; the supremum over ||V|| <= 1 is the nuclear norm.",
    **_CARD,
)

_finite = Fact("tail at the horizon", at_horizon.conclusion, theorem=at_horizon)
_positive = Inference("norm of the direction", le(0, _direction), power_rules.norm_not_negative)

tail = Theorem(
    id="shared_tail",
    title="The tail of the shared gradient",
    conclusion=le(_tail, _bound),
    derivation=Derivation(
        (*_given, *lags, _finite),
        (
            _positive,
            Combination(
                "conclusion",
                le(_tail, _bound),
                (
                    (1, _finite.name),
                    (gamma * spectral_norm(g) * H * eta**T / (1 - eta), _positive.name),
                ),
            ),
        ),
    ),
    quantifiers=_EVERY,
    place="claim C7",
    version="derived here from the backward pass, per direction V; the usual statement is in the Frobenius norm",
    tightness="upper",
    words="In every direction V, for every horizon, the lags from K on add at most gamma ||g|| ||V|| H eta^K / (1 - eta) to the "
    "total gradient; the supremum over ||V|| <= 1 is the nuclear norm, at least the Frobenius norm.",
    **_CARD,
)

_far = Fact("tail of the shared gradient", tail.conclusion, over=(K,), when=(le(0, K), le(0, T - K)), theorem=tail)
_at_least_one = Fact("at least one step", le(1, T))
_lag_zero = form(D[T] @ g, V @ h[T - 1])
_rest = gamma * spectral_norm(g) * _direction * H * eta / (1 - eta)

in_direction = Theorem(
    id="total_gradient_in_direction",
    title="The total gradient is near its part of lag 0",
    conclusion=ge(form(g, S[T]), _lag_zero - _rest),
    derivation=Derivation(
        (*_given, _at_least_one, _far),
        (
            one_step,
            TelescopingSum(
                "all steps but one",
                eq(form(e[T - 1], S[T - 1]), form(e[0], S[0]) + copies(T - 1)),
                "one step",
                0,
                T - 1,
            ),
            _no_start,
            Calculation(
                "conclusion",
                form(g, S[T]),
                (
                    Line("=", form(e[T], S[T]), last_error.name),
                    Line("=", form(e[T - 1], S[T - 1]) + form(D[T] @ e[T], V @ h[T - 1]), one_step.name, {i: T}),
                    Line("=", form(e[T - 1], S[T - 1]) + _lag_zero, last_error.name),
                    Line("=", form(e[0], S[0]) + copies(T - 1) + _lag_zero, "all steps but one"),
                    Line(">=", -sp.Abs(form(e[0], S[0])) + copies(T - 1) + _lag_zero, order_rules.minus_modulus),
                    Line(">=", copies(T - 1) + _lag_zero, _no_start.name),
                    Line(">=", -sp.Abs(copies(T - 1)) + _lag_zero, order_rules.minus_modulus),
                    Line(">=", -_rest + _lag_zero, _far.name, {K: 1}),
                ),
            ),
        ),
    ),
    quantifiers="for every loss of the last state with gradient g, every direction V of W, every horizon T >= 1, all inputs "
    "for which the slopes are at most gamma in modulus, and all trajectories with ||h_i||_2 <= H for all i from 0 on",
    place="claim C7 at K = 1, read as a bound from below",
    version="derived here",
    tightness="lower",
    words="The total gradient in a direction V is at least its part of lag 0 minus gamma ||g|| ||V|| H eta / (1 - eta), "
    "whatever the horizon.",
    **_CARD,
)

_any = Fact("total gradient in a direction", in_direction.conclusion, theorem=in_direction)
_unit = Fact("the direction has norm 1", eq(_direction, 1))
_along = Fact(
    "the direction is that of the part of lag 0", eq(_lag_zero, spectral_norm(D[T] @ g) * spectral_norm(h[T - 1]))
)
_least = spectral_norm(D[T] @ g) * spectral_norm(h[T - 1]) - gamma * spectral_norm(g) * H * eta / (1 - eta)
_QUARTER = Witness.of(
    [["1/4"]],
    {T: 3, K: 1, H: 1, g: _ONE, V: _ONE, D[1]: _ONE, D[2]: _ONE, D[3]: _ONE, h[0]: _ONE, h[1]: _ONE, h[2]: _ONE}
    | {e[0]: [["1/64"]], e[1]: [["1/16"]], e[2]: [["1/4"]], e[3]: _ONE}
    | {S[0]: [[0]], S[1]: _ONE, S[2]: [["5/4"]], S[3]: [["21/16"]]},
)

total_gradient_stays = Theorem(
    id="total_gradient_stays",
    title="A floor of the total gradient, the same for all horizons",
    conclusion=ge(form(g, S[T]), _least),
    derivation=Derivation(
        (*_given, _at_least_one, _any, _unit, _along),
        (
            Calculation(
                "conclusion",
                form(g, S[T]),
                (
                    Line(">=", _lag_zero - _rest, _any.name),
                    Line("=", spectral_norm(D[T] @ g) * spectral_norm(h[T - 1]) - _rest, _along.name),
                    Line("=", _least, _unit.name),
                ),
            ),
        ),
    ),
    quantifiers="for every loss of the last state with gradient g, every horizon T >= 1, a direction V of norm 1 along the part of "
    "lag 0, V = D_T g h_{T-1}^T / (||D_T g|| ||h_{T-1}||) where that is not zero, all inputs for which the slopes are at most "
    "gamma in modulus, and all trajectories with ||h_i||_2 <= H for all i from 0 on",
    place="claim C7 at K = 1, read as a bound from below",
    version="derived here",
    tightness="lower",
    words="Along the unit direction V of its part of lag 0 the total gradient is at least ||D_T g|| ||h_{T-1}|| - gamma ||g|| H "
    "eta / (1 - eta), for all horizons; V = D_T g h_{T-1}^T / (||D_T g|| ||h_{T-1}||) has ||V||_F = 1, so ||dE/dW||_F is too.",
    **(_CARD | {"norm": "Frobenius", "non_vacuity": _QUARTER}),
)
