r"""The derivative of log rho(W) along a descent step of linear recall, each part of it computed in two ways.

The gradient: for a linear network with white inputs, from h_0 = 0,

    E (c^T h_T - q^T u_{T-d})^2 = sum over j < T of |c^T W^j B - delta_{jd} q^T|^2,

whose gradient is a sum over lags; for other activations it is the library's backward pass; beside both, complex steps of
the loss. The radius: the formula -Re[conj(lambda)/|lambda|^2 u^T G v / (u^T v)], by the library and by the theorem
evaluated; beside both, differences of the dominant eigenvalue of W - step G, from characteristic polynomials in exact
rationals and Newton's iteration with 60 digits.

Main definitions: `Recall`, `task`, `measured_change`, `changes`, `clearness`, `stationary_gradient`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
import scipy.linalg

from ...theory import theorems
from ..axes import Array
from ..error_flow import radius_derivatives, recall_gradients
from ..evaluate import environment, evaluate
from . import plain
from .law import Example

DIGITS = 60
STEP = Fraction(1, 10**20)  # of a central difference with 60 digits, relative to the radius
CLEAR = 1e-3  # relative gaps of the dominant eigenvalue, and |u^T v| of unit vectors, at which it counts as simple here
ROUNDING = 1e-14  # of the formula in floating point, over the gap and the square of |u^T v|


@dataclass(frozen=True)
class Recall:
    """A task of linear recall: the readout c ``(n,)``, the combination q ``(m,)`` of the inputs, and the lag d."""

    readout: Array
    target: Array
    lag: int


def task(example: Example) -> Recall:
    """The task of an example, drawn from its seed: unit vectors c and q, a lag d < T."""
    rng = np.random.default_rng(example.seed)
    c, q = rng.standard_normal(example.network.n), rng.standard_normal(example.network.m)
    return Recall(c / np.linalg.norm(c), q / np.linalg.norm(q), int(rng.integers(example.steps)))


# The gradient, each in two ways


def white_loss(example: Example, W: Any) -> Any:
    """E (c^T h_T - q^T u_{T-d})^2 of the linear network of weight W with white inputs, from h_0 = 0; W may be complex."""
    found, B = task(example), example.network.parameters["B"]
    row: Any = found.readout
    total: Any = 0.0
    for j in range(example.steps):
        rest = row @ B - (found.target if j == found.lag else 0.0)
        total, row = total + (rest * rest).sum(), row @ W
    return total


def white_gradient(example: Example) -> Array:
    """dE/dW of `white_loss`: 2 sum over j < T of sum over i < j of (W^T)^i c r_j^T B^T (W^T)^(j-1-i), r_j what is summed."""
    found, W, B = task(example), example.network.parameters["W"], example.network.parameters["B"]
    powers = [np.linalg.matrix_power(W, j) for j in range(example.steps)]
    gradient = np.zeros_like(W)
    for j in range(1, example.steps):
        rest = found.readout @ powers[j] @ B - (found.target if j == found.lag else 0.0)
        for i in range(j):
            gradient += 2 * np.outer(found.readout @ powers[i], powers[j - 1 - i] @ B @ rest)
    return gradient


def run_loss(example: Example, W: Any) -> Any:
    """The mean of (c^T h_T - q^T u_{T-d})^2 over the inputs of the example, by plain NumPy; W may be complex."""
    found, network = task(example), example.network
    parameters, total = {**network.parameters, "W": W}, np.zeros(())
    for sample in range(example.inputs.shape[-1]):
        h = example.initial[:, sample]
        for u in example.inputs[..., sample]:
            h = plain.step(network.cell, parameters, h, u)
        error = found.readout @ h - found.target @ example.inputs[example.steps - 1 - found.lag, :, sample]
        total = total + error * error
    return total / example.inputs.shape[-1]


def run_gradient(example: Example) -> Array:
    """dE/dW of `run_loss` by the library's backward pass."""
    found = task(example)
    (moved,) = recall_gradients(example.trajectory, found.readout[:, None], found.target[:, None], lag=found.lag)
    return moved["W"]


def by_complex_steps(loss: Callable[[Any], Any], W: Array) -> Array:
    """The derivative of a loss by every entry of W."""
    found = np.empty_like(W)
    for place in np.ndindex(*W.shape):
        moved = W.astype(complex)
        moved[place] += 1e-200j
        found[place] = loss(moved).imag / 1e-200
    return found


def stationary_gradient(W: Array, B: Array, c: Array, lag: int) -> Array:
    """dE/dW for white inputs in the stationary state, y = c^T h and the target u_{t-lag}, one input, by Lyapunov equations.

    ``E y^2 = c^T X c`` with X = W X W^T + B B^T has the gradient 2 Y W X with Y = W^T Y W + c c^T; the mean of y times the
    target is c^T W^lag B.
    """
    X = scipy.linalg.solve_discrete_lyapunov(W, B @ B.T)
    Y = scipy.linalg.solve_discrete_lyapunov(W.T, np.outer(c, c))
    powers = [np.linalg.matrix_power(W, j) for j in range(lag)]
    recalled = sum(np.outer(c @ powers[i], powers[lag - 1 - i] @ B[:, 0]) for i in range(lag))
    return np.asarray(2 * Y @ W @ X - 2 * recalled)


# The radius, each in two ways


def direction(W: Array, G: Array) -> Array:
    """The gradient scaled to the Frobenius norm rho(W), so that a step of 1 is of the size of the radius."""
    return np.asarray(G * (radius(W) / float(np.linalg.norm(G))))


def radius(W: Array) -> float:
    """rho(W) in floating point."""
    return float(np.abs(np.linalg.eigvals(W)).max())


def measured_change(W: Array, G: Array) -> float:
    """d log rho(W - eta G)/d eta at 0: a central difference of the dominant eigenvalue, with 60 digits.

    >>> round(measured_change(np.array([[0.5, 7.0], [0.0, 0.25]]), np.array([[-1.0, 0.0], [0.0, 3.0]])), 12)
    2.0
    """
    values = np.linalg.eigvals(W)
    start = complex(values[np.argmax(np.abs(values))])
    exact, slope = _rational(W), _rational(G)
    with mpmath.workdps(DIGITS):
        ends = [abs(_eigenvalue(exact - sign * STEP * slope, start)) for sign in (1, -1)]
        return float(
            (ends[0] - ends[1]) / (2 * mpmath.mpf(STEP.numerator) / STEP.denominator) / ((ends[0] + ends[1]) / 2)
        )


def _rational(array: Array) -> Any:
    return np.array([[Fraction(float(x)) for x in row] for row in array], dtype=object)


def _eigenvalue(W: Any, start: complex) -> Any:
    """The eigenvalue next to ``start``: Newton's iteration on the characteristic polynomial of a rational matrix."""
    n = len(W)
    identity = np.array([[Fraction(int(i == j)) for j in range(n)] for i in range(n)], dtype=object)
    coefficients, running = [Fraction(1)], identity
    for k in range(1, n + 1):  # the recursion of Faddeev and Le Verrier
        running = W @ running
        coefficients.append(-sum(running[i, i] for i in range(n)) / k)
        running = running + coefficients[-1] * identity
    polynomial = [mpmath.mpf(c.numerator) / c.denominator for c in coefficients]
    value = mpmath.mpmathify(start)
    for _ in range(12):
        height, slope = mpmath.polyval(polynomial, value, derivative=True)
        value -= height / slope
    return value


def changes(W: Array, G: Array) -> Array:
    """d log rho along -G by the library and by the theorem on the radius ``(2,)``; NaN where the library refuses."""
    (library,) = radius_derivatives(W, [G])
    return np.array([library, by_theorem(W, G)])


def by_theorem(W: Array, G: Array) -> float:
    """The right side of the theorem on the radius, evaluated for eigenvectors of W and of W^T with u^T v = 1."""
    values, right = np.linalg.eig(W)
    transposed, left = np.linalg.eig(W.T)
    top = values[np.argmax(np.abs(values))]
    v = right[:, np.argmin(np.abs(values - top))].astype(complex)
    u = left[:, np.argmin(np.abs(transposed - top))].astype(complex)
    u = u / (u @ v)
    letters = {"x": v.real, "y": v.imag, "p": u.real, "q": u.imag}
    right_side = theorems.get("radius_derivative").conclusion.rhs
    numbers = {"a": float(top.real), "b": float(top.imag)}
    where = environment(
        W=W,
        letters={"G": G} | {name: vector[:, None] for name, vector in letters.items()},
        values={symbol: numbers[symbol.name] for symbol in right_side.free_symbols if symbol.name in numbers},
    )
    return evaluate(right_side, where).midpoint / float(abs(top)) ** 2


def clearness(W: Array) -> tuple[float, float, float]:
    """Of the dominant eigenvalue: its relative gaps in modulus (up to conjugation) and to any other; |u^T v| of unit vectors."""
    values, right = np.linalg.eig(W)
    first = int(np.argmax(np.abs(values)))
    top = values[first]
    others = np.delete(values, first)
    if top == 0:
        return 0.0, 0.0, 0.0
    pair = np.argmin(np.abs(others - np.conj(top))) if top.imag != 0 else None
    rest = others if pair is None else np.delete(others, pair)
    moduli = 1.0 if not len(rest) else float(1 - np.abs(rest).max() / abs(top))
    apart = 1.0 if not len(others) else float(np.abs(others - top).min() / abs(top))
    transposed, left = np.linalg.eig(W.T)
    overlap = abs(left[:, np.argmin(np.abs(transposed - top))] @ right[:, first])
    return moduli, apart, float(overlap)


def rounding(W: Array) -> float:
    """What floating point may change in d log rho along a gradient of norm rho."""
    _, apart, overlap = clearness(W)
    return ROUNDING * float(np.linalg.norm(W)) / radius(W) / min(apart, 1.0) / overlap**2


def is_clear(example: Example) -> bool:
    """Whether the dominant eigenvalue is simple, by far enough that floating point can follow it."""
    W = example.network.parameters["W"]
    return min(clearness(W)) > CLEAR and radius(W) > CLEAR * float(np.linalg.norm(W))
