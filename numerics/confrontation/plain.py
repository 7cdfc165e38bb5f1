r"""Networks written out once more in plain NumPy, apart from the compiled kernels: what laws are measured with.

``x_t = F(x_{t-1}, u_t)`` for the four cells that ship, on real or complex arrays, so that a complex step of 1e-200
differentiates it to the last digit; slopes phi' in closed form; products J(T, T-k) = J_T ... J_{T-k+1} of explicit step
Jacobians, with their scale in a logarithm.

Main definitions: `step`, `slope`, `step_jacobians`, `log_singular_values`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from scipy.special import erfc, expit

from ...theory.activations import Activation
from ...theory.language import Cell
from ..axes import Array
from .law import Example

Numbers = Any  # real or complex arrays
LOST = 1e-6  # singular values below this part of the largest are not known to nine digits


def logistic(a: Numbers) -> Numbers:
    """1 / (1 + e^-a) by an exponential that cannot overflow, of complex numbers too."""
    rises = np.real(a) > 0
    small = np.exp(np.where(rises, -a, a))
    return np.where(rises, 1, small) / (1 + small)


def value(activation: Activation, a: Numbers) -> Numbers:
    """phi(a) of a built-in activation, of real or complex a; cases are decided by the real part.

    Raises ValueError for another activation.
    """
    real = np.real(a)
    match activation.name.partition("(")[0]:
        case "tanh":
            return np.tanh(a)
        case "logistic":
            return logistic(a)
        case "relu":
            return np.where(real > 0, a, 0)
        case "leaky_relu":
            return np.where(real > 0, a, a * _leak(activation))
        case "hard_tanh":
            return np.where(np.abs(real) < 1, a, np.sign(real))
        case "softplus":
            return np.where(real > 0, a, 0) + np.log1p(np.exp(np.where(real > 0, -a, a)))
        case "silu":
            return a * logistic(a)
        case "gelu":
            return a * erfc(-a / np.sqrt(2)) / 2
        case "identity":
            return a
    raise ValueError(f"activation must be one of the nine built-in ones, got {activation.name!r}")


def slope(activation: Activation, a: Array) -> Array:
    """phi'(a) of a built-in activation, in closed form. Raises ValueError for another one.

    >>> from errorflow.theory import activations
    >>> slope(activations.HardTanh(), np.array([-2.0, 0.5])).tolist()
    [0.0, 1.0]
    """
    match activation.name.partition("(")[0]:
        case "tanh":
            with np.errstate(over="ignore"):
                return np.asarray(1 / np.cosh(a) ** 2)
        case "logistic":
            return np.asarray(expit(a) * expit(-a))
        case "relu":
            return np.asarray(np.where(a > 0, 1.0, 0.0))
        case "leaky_relu":
            return np.asarray(np.where(a > 0, 1.0, _leak(activation)))
        case "hard_tanh":
            return np.asarray(np.where(np.abs(a) < 1, 1.0, 0.0))
        case "softplus":
            return np.asarray(expit(a))
        case "silu":
            return np.asarray(expit(a) * (1 + a * expit(-a)))
        case "gelu":
            return np.asarray(erfc(-a / np.sqrt(2)) / 2 + a * np.exp(-(a**2) / 2) / np.sqrt(2 * np.pi))
        case "identity":
            return np.ones_like(a)
    raise ValueError(f"activation must be one of the nine built-in ones, got {activation.name!r}")


def _leak(activation: Activation) -> float:
    return float(Fraction(activation.name.removeprefix("leaky_relu(").removesuffix(")")))


def activation_of(cell: Cell) -> Activation:
    """The activation of a vanilla cell, or that of the candidate of a gated one with logistic gates."""
    return next((a for a in cell.activations if a.name != "logistic"), cell.activations[0])


def largest_slope(cell: Cell) -> float:
    """gamma, the upper end of the slope range of a vanilla cell's activation."""
    found = activation_of(cell).slope_range
    assert found is not None
    return float(found.upper)


def step(cell: Cell, parameters: Mapping[str, Numbers], x: Numbers, u: Numbers) -> Numbers:
    """F(x, u) of one of the four cells that ship, for x ``(N,)`` and u ``(m,)``. Raises ValueError for another cell."""
    W, B, b = parameters["W"], parameters["B"], parameters["b"]
    phi = activation_of(cell)
    n = W.shape[1]
    h = x[:n]
    match cell.name:
        case "elman":
            return value(phi, W @ h + B @ u + b)
        case "lstm":
            i, f, g, o = np.split(W @ h + B @ u + b, 4)
            c = logistic(f) * x[n:] + logistic(i) * value(phi, g)
            return np.concatenate([logistic(o) * value(phi, c), c])
        case "gru":
            driven = np.split(B @ u + b, 3)
            r, z = (logistic(W[j * n : (j + 1) * n] @ h + driven[j]) for j in (0, 1))
            new = value(phi, driven[2] + r * (W[2 * n :] @ h + parameters["d"]))
            return (1 - z) * new + z * h
        case "gru_reset_before":
            driven = np.split(B @ u + b, 3)
            r, z = (logistic(W[j * n : (j + 1) * n] @ h + driven[j]) for j in (0, 1))
            new = value(phi, driven[2] + W[2 * n :] @ (r * h))
            return (1 - z) * new + z * h
    raise ValueError(f"cell must be one of those that ship with the package, got {cell.name!r}")


def pre_activations(example: Example, t: int, *, sample: int = 0) -> Array:
    """a_t = W_t h_{t-1} + B u_t + b ``(n,)`` of an Elman network along its states."""
    p = example.network.at(t)
    before = example.trajectory.states[t - 1, :, sample]
    return np.asarray(p["W"] @ before + p["B"] @ example.inputs[t - 1, :, sample] + p["b"])


def step_jacobians(
    example: Example, *, sample: int = 0, derivative: Callable[[Activation, Array], Array] = slope
) -> list[Array]:
    """J_t = diag(phi'(a_t)) W_t ``(n, n)`` of an Elman network for t = 1..T, from its states."""
    phi = activation_of(example.network.cell)
    return [
        derivative(phi, pre_activations(example, t, sample=sample))[:, None] * example.network.at(t)["W"]
        for t in range(1, example.steps + 1)
    ]


def products(factors: Sequence[Array]) -> list[tuple[Array, float]]:
    """(X, s) with J(T, T-k) = e^s X for k = 1..T, J_T J_{T-1} ... from the left; X has largest entry 1, or is zero."""
    found: list[tuple[Array, float]] = []
    product, scale = np.eye(len(factors[-1]), dtype=np.longdouble), 0.0
    for factor in reversed(factors):
        product = product @ factor
        largest = float(np.abs(product).max())
        if largest > 0:
            product, scale = product / largest, scale + float(np.log(largest))
        found.append((np.asarray(product, dtype=float), scale))
    return found


def log_singular_values(factors: Sequence[Array]) -> tuple[Array, Array]:
    """Logs of the largest and smallest singular value of J(T, T-k), k = 1..T, from the explicit product.

    Smallest ones below 1e-6 of the largest are lost to rounding: NaN.

    >>> largest, smallest = log_singular_values([np.diag([2.0, 0.5])] * 2)
    >>> np.exp(largest).round(9).tolist(), np.exp(smallest).round(9).tolist()
    ([2.0, 4.0], [0.5, 0.25])
    """
    largest, smallest = [], []
    with np.errstate(divide="ignore"):
        for product, scale in products(factors):
            values = np.linalg.svd(product, compute_uv=False)
            largest.append(scale + np.log(values[0]))
            smallest.append(scale + np.log(values[-1]) if values[-1] > LOST * values[0] else np.nan)
    return np.array(largest), np.array(smallest)
