r"""Bengio, Simard & Frasconi (1994): contraction, the ball that noise cannot leave, latching, and vanishing.

Two states that a step moves to phi(a) and phi(b), entry by entry, differ by S (a - b) with a diagonal S of mean slopes,
so that x_i - y_i = S_i W (x_{i-1} - y_{i-1}) and ||x_i - y_i|| <= gamma ||W|| ||x_{i-1} - y_{i-1}||. With noise u_i that
moves the state by at most (1 - gamma ||W||) d in every step, a distance of at most d stays at most d. If the mean slopes
are at most gamma only near a point that the noiseless step leaves in its place, a state that starts within d of the point
stays there for ever: it is latched. In the smallest latch, x_t = tanh(w x_{t-1} + h_t) with w > 1, the inputs that never
make it forget are those of at least -h*, h* = sqrt(w (w - 1)) - arcosh(sqrt(w)).

The founding theorem that latching makes the state Jacobian vanish needs *one* bound lambda < 1 on the step Jacobians along the
whole trajectory: with |M'| < 1 at each step alone it is false (claim C15). With sup_t ||J_t|| in place of lambda it holds
for every cell.

The summary of the paper was read and the wording of its theorems is recalled; the statements here are ours.

Main statements: `contraction`, `noise_ball`, `latching`, `minimal_latch`, `vanishing`.
"""

from __future__ import annotations

import sympy as sp

from ..bounds import Bound, any_cell
from ..bounds.setting import FIRST, W, gamma, i, k, t
from ..calculus import (
    STEP,
    Calculation,
    Combination,
    Derivation,
    Diagonal,
    Fact,
    Induction,
    Letter,
    Line,
    Telescope,
    chain,
    eq,
    ge,
    le,
    lt,
    product_over,
    rules,
)
from ..calculus.facts import supposed
from ..calculus.forms import Form
from ..calculus.proved_rules import latch_kept, plain
from ..calculus.words import Word, replace
from ..hypotheses import Hypothesis
from ..quantities import jacobian_norm, max_abs, spectral_norm, step_norm
from ..scalar_facts import latching as numbers
from ..theorem import Theorem, Witness

S, X, Y, U, N, J, x, y, h = map(Letter, ("S", "X", "Y", "U", "N", "J", "x", "y", "h"))
d = sp.Symbol("d")
_norm = spectral_norm(W)
_rate = gamma * _norm
_VERSION = "IEEE 1994; the summary was read, the wording of the theorems is recalled, the statement is ours"
_SLOPES = "for all states t >= k >= 0 and all inputs for which the slopes are at most gamma in modulus"
_CONTRACTS = Hypothesis("contraction", sp.Lt(_rate, 1, evaluate=False), "every step shrinks distances")

_steps = (le(t - k + 1, i), le(i, t))

diagonal = Fact("mean slopes are diagonal", Diagonal(S[i]), over=(i,), when=_steps)
slopes = Fact("mean slopes are at most gamma", le(max_abs(S[i]), gamma), over=(i,), when=_steps)
_gamma = Fact("gamma is not negative", le(0, gamma))


def _gap(j: sp.Expr) -> Word:
    """The difference of two trajectories at one step."""
    return X[j] - Y[j]


def _distance(j: sp.Expr) -> sp.Expr:
    return spectral_norm(_gap(j))


def _moved(moved: Word) -> tuple[Line, ...]:
    """||S_i W v|| <= gamma ||W|| ||v||."""
    v = spectral_norm(moved)
    return (
        Line("<=", spectral_norm(S[i]) * spectral_norm(W @ moved), rules.submultiplicative),
        Line("<=", spectral_norm(S[i]) * _norm * v, rules.submultiplicative),
        Line("=", max_abs(S[i]) * _norm * v, rules.norm_of_diagonal),
        Line("<=", _rate * v, slopes.name),
    )


increments = Fact("difference of two trajectories", eq(_gap(i), S[i] @ W @ _gap(i - 1)), over=(i,), when=_steps)
_TWO_STEPS = Witness.of(
    [["1/2", "0"], ["0", "1/3"]],
    {k: 2, t: 2, X[0]: [["1"], ["1"]], X[1]: [["1/2"], ["1/3"]], X[2]: [["1/4"], ["1/9"]]}
    | {Y[0]: [["0"], ["2"]], Y[1]: [["0"], ["2/3"]], Y[2]: [["0"], ["2/9"]]},
)

contraction = Theorem(
    id="bengio1994_contraction",
    title="Two trajectories approach each other",
    conclusion=le(_distance(t), _rate**k * _distance(t - k)),
    derivation=Derivation(
        (diagonal, slopes, increments, _gamma),
        (
            Calculation(
                "one step",
                _distance(i),
                (Line("=", spectral_norm(S[i] @ W @ _gap(i - 1)), increments.name), *_moved(_gap(i - 1))),
                over=(i,),
                when=_steps,
            ),
            Telescope("conclusion", le(_distance(t), _rate**k * _distance(t - k)), "one step", _rate, t - k, t),
        ),
    ),
    hypotheses=(_CONTRACTS,),
    object="trajectory",
    quantifiers=f"{_SLOPES}, and any two states at t - k under the same inputs",
    citation="bengio1994",
    place="the theorem on states inside the reduced attracting set, with lambda = gamma ||W||_2",
    version=_VERSION,
    tightness="upper",
    non_vacuity=_TWO_STEPS,
    words="The distance of two trajectories under the same inputs falls like (gamma ||W||_2)^k.",
)

_noisy = Fact(
    "difference to the noiseless trajectory", eq(_gap(i), S[i] @ W @ _gap(i - 1) + U[i]), over=(i,), when=_steps
)
_noise = Fact("noise is small", le(spectral_norm(U[i]), (1 - _rate) * d), over=(i,), when=_steps)
_start = Fact("the start is within d", le(_distance(t - k), d))

noise_ball = Theorem(
    id="bengio1994_noise_ball",
    title="Small noise does not carry a state away",
    conclusion=le(_distance(t), d),
    derivation=Derivation(
        (diagonal, slopes, _noisy, _noise, _start, _gamma),
        (
            Calculation(
                "one step with noise",
                _distance(i),
                (
                    Line("=", spectral_norm(S[i] @ W @ _gap(i - 1) + U[i]), _noisy.name),
                    Line("<=", spectral_norm(S[i] @ W @ _gap(i - 1)) + spectral_norm(U[i]), rules.triangle),
                    *(
                        Line(line.relation, line.expression + spectral_norm(U[i]), line.by)
                        for line in _moved(_gap(i - 1))
                    ),
                    Line("<=", _rate * _distance(i - 1) + (1 - _rate) * d, _noise.name),
                ),
                over=(i,),
                when=_steps,
            ),
            Combination(
                "one step",
                le(_distance(i) - d, _rate * (_distance(i - 1) - d)),
                ((1, "one step with noise", {i: i}),),
                over=(i,),
                when=_steps,
            ),
            Telescope(
                "all steps", le(_distance(t) - d, _rate**k * (_distance(t - k) - d)), "one step", _rate, t - k, t
            ),
            Combination("conclusion", le(_distance(t), d), ((1, "all steps"), (_rate**k, _start.name))),
        ),
    ),
    hypotheses=(_CONTRACTS,),
    object="trajectory",
    quantifiers=f"{_SLOPES}, and all noise with ||u_i|| <= (1 - gamma ||W||_2) d at every step",
    citation="bengio1994",
    place="the theorem on bounded inputs, with lambda = gamma ||W||_2",
    version=_VERSION,
    tightness="tight",
    non_vacuity=Witness.of([["1/2"]], {X: [["1"]], Y: [["0"]], U: [["1/2"]], S: [["1"]], d: 1}),
    tightness_witness=Witness.of([["1/2"]], {X: [["1"]], Y: [["0"]], U: [["1/2"]], S: [["1"]], d: 1}),
    words="Noise of at most (1 - gamma ||W||_2) d keeps a state within d of the noiseless trajectory.",
)


def _off(j: sp.Expr) -> Word:
    """The state's difference to the point that the noiseless step leaves in its place."""
    return X[j] - y


def _far(j: sp.Expr) -> sp.Expr:
    return spectral_norm(_off(j))


_inside = le(_far(i - 1), d)
_local = Fact(
    "mean slopes are at most gamma near the point", le(max_abs(S[i]), gamma), over=(i,), when=(*_steps, _inside)
)
_driven = Fact("difference to the point", eq(_off(i), S[i] @ (W @ _off(i - 1) + N[i])), over=(i,), when=_steps)
_inputs = Fact("inputs are small", le(gamma * spectral_norm(N[i]), (1 - _rate) * d), over=(i,), when=_steps)
_near = Fact("the start is within d of the point", le(_far(t - k), d))
_pushed = spectral_norm(N[i])

latching = Theorem(
    id="bengio1994_latching",
    title="A state is latched where steps contract",
    conclusion=le(_far(t), d),
    derivation=Derivation(
        (diagonal, _local, _driven, _inputs, _near, _gamma),
        (
            Calculation(
                "one step from inside",
                _far(i),
                (
                    Line("=", spectral_norm(S[i] @ (W @ _off(i - 1) + N[i])), _driven.name),
                    Line("<=", spectral_norm(S[i]) * spectral_norm(W @ _off(i - 1) + N[i]), rules.submultiplicative),
                    Line("=", max_abs(S[i]) * spectral_norm(W @ _off(i - 1) + N[i]), rules.norm_of_diagonal),
                    Line("<=", gamma * spectral_norm(W @ _off(i - 1) + N[i]), _local.name),
                    Line("<=", gamma * (spectral_norm(W @ _off(i - 1)) + _pushed), rules.triangle),
                    Line("<=", gamma * (_norm * _far(i - 1) + _pushed), rules.submultiplicative),
                ),
                over=(i,),
                when=(*_steps, _inside),
            ),
            Calculation(
                "the way to the point shrinks",
                _rate * _far(i - 1),
                (Line("<=", _rate * d, supposed(_inside).name),),
                over=(i,),
                when=(*_steps, _inside),
            ),
            Combination(
                "one step",
                le(_far(i), d),
                (
                    (1, "one step from inside", {i: i}),
                    (1, "the way to the point shrinks", {i: i}),
                    (1, _inputs.name, {i: i}),
                ),
                over=(i,),
                when=(*_steps, _inside),
            ),
            Induction("conclusion", le(_far(t), d), "one step", t - k, t),
        ),
    ),
    hypotheses=(_CONTRACTS,),
    object="trajectory",
    quantifiers="for all t >= k >= 0, every point y that the step without input deviation leaves in its place, gamma the "
    "largest mean slope between y and a state within d of it, and all inputs whose deviations n_i of the net input have "
    "gamma ||n_i|| <= (1 - gamma ||W||_2) d",
    citation="bengio1994",
    place="the section on robust latching, made uniform",
    version=_VERSION,
    tightness="tight",
    non_vacuity=Witness.of([["1/2"]], {X: [["1"]], y: [["0"]], N: [["1/2"]], S: [["1"]], d: 1}),
    tightness_witness=Witness.of([["1/2"]], {X: [["1"]], y: [["0"]], N: [["1/2"]], S: [["1"]], d: 1}),
    words="Where steps contract towards a point, small inputs never carry the state out of the ball: the bit is latched.",
)

w = sp.Symbol("w")
_plain = plain(numbers.REST)
_rest, _critical = replace(numbers.REST, _plain), replace(numbers.CRITICAL, _plain)
_kept = ge(Form(x[i - 1]), _rest)
_update = Fact("update", eq(Form(x[i]), sp.tanh(w * Form(x[i - 1]) + Form(h[i]))), over=(i,))
_gain = Fact("the weight is above 1", lt(1, w))
_allowed = Fact("inputs are at least -h*", ge(Form(h[i]), -_critical), over=(i,))
_high = Fact("the start is at least X", ge(Form(x[t - k]), _rest))
_AT_REST = Witness.of([["2"]], {w: 2, x: [["sqrt(2)/2"]], h: [["acosh(sqrt(2)) - sqrt(2)"]]})

minimal_latch = Theorem(
    id="bengio1994_minimal_latch",
    related=("latch_kept", "latch_kept_forever", "latched_gradient"),
    title="The smallest latch",
    conclusion=ge(Form(x[t]), _rest),
    derivation=Derivation(
        (_update, _gain, _allowed, _high),
        (
            Calculation(
                "one step",
                Form(x[i]),
                (
                    Line("=", sp.tanh(w * Form(x[i - 1]) + Form(h[i])), _update.name),
                    Line(">=", _rest, latch_kept),
                ),
                over=(i,),
                when=(_kept,),
            ),
            Induction("conclusion", ge(Form(x[t]), _rest), "one step", t - k, t),
        ),
    ),
    object="trajectory",
    norm="one unit",
    quantifiers="for one tanh unit of weight w > 1, all t >= k >= 0, and all inputs h_i >= -h*",
    citation="bengio1994",
    place="the minimal task; the critical input in closed form is derived here",
    version=_VERSION,
    tightness="tight",
    non_vacuity=_AT_REST,
    tightness_witness=_AT_REST,
    letters=lambda cell: None,
    words="A tanh unit with w > 1 never forgets a state of at least sqrt(1 - 1/w) under inputs of at least -h*.",
)

_factors = chain(J[STEP], FIRST, t)
_product = Fact("state Jacobian of any cell", eq(jacobian_norm(k), spectral_norm(_factors)))
_supremum = Fact("norm of a step Jacobian", le(spectral_norm(J[i]), step_norm()), over=(i,))

vanishing = Theorem(
    id="bengio1994_vanishing",
    title="Latching under one bound makes the state Jacobian vanish",
    bound=Bound("step_norm", "Largest norm of a step Jacobian", "<=", step_norm(), sp.Integer(1)),
    derivation=Derivation(
        (_product, _supremum),
        (
            Calculation(
                "conclusion",
                jacobian_norm(k),
                (
                    Line("=", spectral_norm(_factors), _product.name),
                    Line("<=", product_over(spectral_norm(J[STEP]), FIRST, t), rules.norm_of_product),
                    Line("<=", product_over(step_norm(), FIRST, t), _supremum.name),
                    Line("=", step_norm() ** k, rules.constant_product),
                ),
            ),
        ),
    ),
    quantifiers="for all states t >= k >= 1 of the scope over which the supremum of ||J_t||_2 is taken, for every cell",
    citation="bengio1994",
    place="the theorem that robust latching makes the state Jacobian vanish, with one bound for all steps",
    version=_VERSION,
    tightness="tight",
    non_vacuity=Witness.of([["1/2", "0"], ["0", "1/3"]]),
    tightness_witness=Witness.of([["1/2", "0"], ["0", "1/3"]]),
    letters=any_cell,
    words="If no step Jacobian of the scope has a norm above lambda, the state Jacobian is at most lambda^k.",
)
