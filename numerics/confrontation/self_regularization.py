r"""How one descent step moves the spectral radius: laws of the derivative, of the window, and of where there is none.

Descent on linear recall at lag d moves log rho(W) by -Re[conj(lambda)/|lambda|^2 u^T G v / (u^T v)] per unit step, in sign
and size. In a unit of weight w, and in a network whose readout and input are the dominant left and right eigenvectors, with
c^T B = cb > 0, the gradient on that pair is the one of the unit and the window is exact: descent raises rho if and only if
cb < d rho^(d-2) (1 - rho^2)^2. There the measured step follows the gradient of the stationary loss by Lyapunov equations.
Where the dominant eigenvalue is not simple the library must not answer, and the difference quotients of rho from the two
sides do not come together.

Main definitions: `laws`, `scalar_example`, `mode_example`, `degenerate_example`.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import sympy as sp

from ...theory import activations
from ...theory.scalar_facts.recall_window import recall_window
from ..axes import Array
from ..error_flow import error_flow, radius_derivatives
from ..simulate import Rng, generator
from .families import FAMILIES, example, example_of, matrix
from .law import Example, Law
from .radius_change import (
    by_complex_steps,
    changes,
    direction,
    is_clear,
    measured_change,
    radius,
    rounding,
    run_gradient,
    run_loss,
    stationary_gradient,
    white_gradient,
    white_loss,
)

SMALL = 1e-6  # step of a difference quotient where there may be no derivative
VISIBLE = 1e-6  # norm of a gradient that is not lost in the rounding of saturated slopes
NEAR = 1e-9  # relative distance of cb from R(w) at which the sign of the gradient is not told from rounding
DEGENERATE = ("jordan", "nilpotent", "cycle", "zero", "pair_and_real")


def moves(gradient: Callable[[Example], Array]) -> Callable[[Example], bool]:
    """Whether the radius has a derivative that floating point can follow, and there is a gradient to follow."""
    return lambda example: is_clear(example) and bool(np.linalg.norm(gradient(example)) > VISIBLE)


def predicted(gradient: Callable[[Example], Array]) -> Callable[[Example], Array]:
    """The formula, in both signs: an equality is two inequalities ``(2, 2)``."""

    def sides(example: Example) -> Array:
        W = example.network.parameters["W"]
        found = changes(W, direction(W, gradient(example)))
        return np.array([found, -found])

    return sides


def measured(loss: Callable[[Example, Any], Any]) -> Callable[[Example], Array]:
    """What one step along the complex-step gradient of the loss does to log rho, in both signs, less the rounding ``(2, 1)``.

    A gradient that is small for the error, behind saturated units for instance, is known to fewer digits: 1 - h^2 cancels.
    """

    def sides(example: Example) -> Array:
        W = example.network.parameters["W"]
        G = by_complex_steps(lambda moved: loss(example, moved), W)
        found = measured_change(W, direction(W, G))
        lost = 1.0 + float(np.sqrt(loss(example, W)) / np.linalg.norm(G))
        return np.array([[found], [-found]]) - rounding(W) * lost

    return sides


# The window


def mode(example: Example) -> tuple[float, float, int, Array]:
    """(w, cb, d, c) of a network whose input is a right eigenvector to the dominant eigenvalue w.

    The readout c is the left one with c^T B = cb = |B|, and the lag d is T - 1.
    """
    W, B = example.network.parameters["W"], example.network.parameters["B"]
    values, left = np.linalg.eig(W.T)
    first = int(np.argmax(np.abs(values)))
    product = float(np.linalg.norm(B))
    u = left[:, first].real
    return float(values[first].real), product, example.steps - 1, u * (product / (u @ B[:, 0]))


def predicted_sign(example: Example) -> Array:
    """1 if w is in the exact window, else -1; then the opposite ``(2,)``."""
    w, product, lag, _ = mode(example)
    sign = 1.0 if sp.Rational(w) in recall_window(Fraction(product), lag) else -1.0
    return np.array([sign, -sign])


def measured_sign(example: Example) -> Array:
    """The sign of the change of rho from a step back to a step forward along the stationary gradient ``(2,)``."""
    W, B = example.network.parameters["W"], example.network.parameters["B"]
    _, _, lag, c = mode(example)
    G = direction(W, stationary_gradient(W, B, c, lag))
    sign = np.sign(radius(W - SMALL * G) - radius(W + SMALL * G))
    return np.array([sign, -sign])


def in_question(example: Example) -> bool:
    """Whether 0 < w < 1, d >= 3 and floating point can tell on which side of the window's ends w is."""
    w, product, lag, _ = mode(example)
    threshold = lag * w ** (lag - 2) * (1 - w**2) ** 2
    return 0 < w < 1 and lag >= 3 and product > 0 and abs(threshold - product) > NEAR * product / (1 - w)


def scalar_example(w: float, product: float, lag: int) -> Example:
    """One linear unit h_t = w h_{t-1} + cb u_t that is to recall lag d = T - 1.

    >>> found = scalar_example(0.9, 0.1, 20)
    >>> predicted_sign(found).tolist(), measured_sign(found).tolist()
    ([1.0, -1.0], [1.0, -1.0])
    """
    return _of_mode(np.array([[w]]), np.array([[product]]), lag, "one unit")


def mode_example(w: float, product: float, lag: int, *, n: int, rng: Rng = None) -> Example:
    """A linear network (n >= 2) in a random basis: input and readout are the eigenvectors to w, the others are below."""
    chosen = generator(rng)
    basis = np.eye(n) + 0.5 * chosen.standard_normal((n, n)) / np.sqrt(n)
    values = np.append(w, chosen.uniform(-0.9, 0.9, n - 1) * w)
    W = basis @ np.diag(values) @ np.linalg.inv(basis)
    return _of_mode(W, product * basis[:, :1] / np.linalg.norm(basis[:, 0]), lag, "one mode")


def _of_mode(W: Array, B: Array, lag: int, family: str) -> Example:
    made = example_of(W, steps=lag + 1, activation=activations.Identity(), family=family, inputs=1, rng=0)
    return Example(made.network.replace(B=B, b=np.zeros(len(W))), made.inputs, made.initial, family)


# Where there is no derivative


def answers(example: Example) -> float:
    """How many numbers the library gives where it must give none: derivatives of log rho, and a word on the error flow."""
    W = example.network.parameters["W"]
    found = radius_derivatives(W, [white_gradient(example), np.eye(len(W)), np.ones_like(W)])
    word = error_flow(example.network, lag=1, steps=4, samples=4, readouts=2, rng=example.seed).word
    return float(np.isfinite(found).sum() + (word != "undecided"))


def kink(example: Example, step: float) -> float:
    """(rho(W - step G) + rho(W + step G) - 2 rho(W)) / step: the right slope less the left one; of order step if smooth."""
    W, G = example.network.parameters["W"], white_gradient(example)
    G = G / float(np.linalg.norm(G))
    return (radius(W - step * G) + radius(W + step * G) - 2 * radius(W)) / step


def degenerate_matrix(kind: str, n: int, rng: np.random.Generator) -> Array:
    """A matrix whose dominant eigenvalue is not simple, or is not alone of its modulus; n >= 2, 3 for pair_and_real."""
    if kind in ("jordan", "nilpotent"):
        return matrix(kind, n, rng)
    if kind == "cycle":
        return np.roll(np.eye(n), 1, axis=0)
    if kind == "zero":
        return np.zeros((n, n))
    angle, basis = rng.uniform(0.3, np.pi - 0.3), matrix("orthogonal", n, rng)
    inner = np.diag(np.append([0.0, 0.0, 1.0], rng.uniform(-0.5, 0.5, n - 3)))
    inner[:2, :2] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    return np.asarray(basis @ inner @ basis.T)


def degenerate_example(kind: str, *, n: int, rng: Rng = None) -> Example:
    """A linear network of two to six steps with a `degenerate_matrix`."""
    chosen = generator(rng)
    W = degenerate_matrix(kind, n, chosen)
    steps = int(chosen.integers(2, 7))
    return example_of(W, steps=steps, activation=activations.Identity(), family=kind, rng=chosen)


def left_kink(example: Example) -> float:
    """Half of the modulus of the kink at a step, or what is told from zero."""
    return max(0.5 * abs(kink(example, SMALL)), SMALL)


def right_kink(example: Example) -> float:
    """The kink at a sixteenth of the step: a sixteenth of the other one if rho were smooth."""
    return kink(example, SMALL / 16)


def laws() -> tuple[Law, ...]:
    """The derivative of log rho twice, the window twice, and twice what holds where there is no derivative.

    >>> [law.id for law in laws()][:2]
    ['self_regularization:linear', 'self_regularization:recurrent']
    """
    derivative = ("theorem:radius_derivative", "theorem:eigenvalue_derivative")
    window = ("fact:recall_descent", "fact:recall_threshold_rises", "fact:recall_threshold_maximum")
    return (
        Law(
            id="self_regularization:linear",
            title="One descent step on linear recall moves rho as the formula says",
            subject="error_flow",
            statement="With the exact gradient of a linear network, d log rho = -Re[conj(lambda)/|lambda|^2 u^T G v / (u^T v)], "
            "in sign and size.",
            judges=derivative,
            draw=draw_linear,
            low=measured(white_loss),
            high=predicted(white_gradient),
            applies=moves(white_gradient),
        ),
        Law(
            id="self_regularization:recurrent",
            title="One descent step on recall moves rho as the formula says, any activation",
            subject="error_flow",
            statement="With the gradient of the backward pass of a network of any activation, the radius moves by the same "
            "formula.",
            judges=derivative,
            draw=draw_recurrent,
            low=measured(run_loss),
            high=predicted(run_gradient),
            applies=moves(run_gradient),
        ),
        Law(
            id="self_regularization:window",
            title="Descent raises the weight of a linear unit exactly in the window",
            subject="error_flow",
            statement="One step on recall at lag d raises w in (0, 1) if and only if cb < d w^(d-2) (1 - w^2)^2; it lowers w "
            "outside.",
            judges=window,
            draw=draw_unit,
            low=measured_sign,
            high=predicted_sign,
            unit="relative",
            applies=in_question,
        ),
        Law(
            id="self_regularization:window_of_a_mode",
            title="Descent raises rho exactly in the window of its mode",
            subject="error_flow",
            statement="Where input and readout are the dominant eigenvectors, one step raises rho if and only if "
            "c^T B < d rho^(d-2) (1 - rho^2)^2.",
            judges=(*derivative, *window),
            draw=draw_mode,
            low=measured_sign,
            high=predicted_sign,
            unit="relative",
            applies=in_question,
        ),
        Law(
            id="self_regularization:undecided",
            title="No answer where the dominant eigenvalue is not simple",
            subject="error_flow",
            statement="At Jordan blocks, nilpotent matrices, zero and crossing moduli the library gives no derivative of log rho "
            "and the word undecided.",
            judges=(),
            draw=draw_degenerate,
            low=answers,
            high=lambda _: 0.0,
            unit="relative",
        ),
        Law(
            id="self_regularization:no_derivative",
            title="There is no derivative where the library gives none",
            subject="error_flow",
            statement="On the same matrices the difference quotients of rho along G from the two sides do not come together as "
            "the step falls.",
            judges=derivative,
            draw=draw_degenerate,
            low=left_kink,
            high=right_kink,
            unit="relative",
            applies=lambda example: bool(np.linalg.norm(white_gradient(example)) > VISIBLE),
        ),
    )


def _family(rng: np.random.Generator) -> str:
    return list(FAMILIES)[rng.integers(len(FAMILIES))]


def draw_linear(rng: np.random.Generator) -> Example:
    """Any family, linear, two to eight steps, such that the radius has a clear derivative."""
    return _clear(rng, lambda: linear_example(_family(rng), n=int(rng.integers(1, 6)), rng=rng), white_gradient)


def draw_recurrent(rng: np.random.Generator) -> Example:
    """Any family and activation, two to eight steps, such that the radius has a clear derivative."""
    return _clear(rng, lambda: recurrent_example(_family(rng), n=int(rng.integers(1, 6)), rng=rng), run_gradient)


def _clear(rng: np.random.Generator, draw: Callable[[], Example], gradient: Callable[[Example], Array]) -> Example:
    found = draw()
    while not moves(gradient)(found):
        found = draw()
    return found


def linear_example(family: str, *, n: int, rng: Rng = None) -> Example:
    """A linear network of the family with two to eight steps."""
    chosen = generator(rng)
    return example(family, n=n, steps=int(chosen.integers(2, 9)), rng=chosen, activation=activations.Identity())


def recurrent_example(family: str, *, n: int, rng: Rng = None) -> Example:
    """A network of the family, any activation, with two to eight steps and one to three samples."""
    chosen = generator(rng)
    steps, samples = int(chosen.integers(2, 9)), int(chosen.integers(1, 4))
    return example(family, n=n, steps=steps, samples=samples, rng=chosen)


def _point(rng: np.random.Generator, nearest: float) -> tuple[float, float, int]:
    """(w, cb, d): a lag of 3 to 40, cb up to 1.5 of the largest R, w anywhere in (0, 1) or beside an end of the window."""
    lag = int(rng.integers(3, 41))
    peak = np.sqrt((lag - 2) / (lag + 2))
    largest = lag * peak ** (lag - 2) * (1 - peak**2) ** 2
    product = float(largest * 10 ** rng.uniform(-3, np.log10(1.5)))
    found = recall_window(Fraction(product), lag)
    if found is sp.S.EmptySet or rng.integers(2):
        return float(rng.uniform(0.02, 0.995)), product, lag
    end = float(found.args[int(rng.integers(2))])
    return min(end * (1 + rng.choice([-1, 1]) * 10 ** rng.uniform(np.log10(nearest), -1)), 0.999), product, lag


def draw_unit(rng: np.random.Generator) -> Example:
    """One unit, often as near as 1e-6 to an end of the window."""
    return scalar_example(*_point(rng, 1e-6))


def draw_mode(rng: np.random.Generator) -> Example:
    """Two to four units, often as near as 1e-4 to an end of the window."""
    return mode_example(*_point(rng, 1e-4), n=int(rng.integers(2, 5)), rng=rng)


def draw_degenerate(rng: np.random.Generator) -> Example:
    """Any kind of degenerate matrix of two to five units."""
    kind = DEGENERATE[rng.integers(len(DEGENERATE))]
    return degenerate_example(kind, n=int(rng.integers(3 if kind == "pair_and_real" else 2, 6)), rng=rng)
