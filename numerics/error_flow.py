r"""How one step of gradient descent moves the error flow (object error_flow, question Q4).

The loss is linear recall at lag d (claim C8): y = c^T h_T with a random unit readout c, target q^T u_{T-d} with
white inputs, E = mean of (y - target)^2. G = dE/dW comes from the backward pass. The derivative of log rho(W) along
-G is -Re[conj(lambda)/|lambda|^2 u* G v / (u* v)] for a simple dominant eigenvalue lambda with right and left
eigenvectors v, u (claim C10, an equality); the derivative of the mean log slope is a central difference on the same
inputs. Several readouts give an interval.

Main definitions: `ErrorFlow`, `error_flow`, `radius_derivatives`, `recall_gradients`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, cast

import numpy as np
import scipy.linalg

from ..theory.bounds import slope_form
from .axes import Array
from .network import Network
from .simulate import Rng, Trajectory, generator, simulate, white_noise

DIFFERENCE_SAMPLES = 8  # samples over which the flow is differenced
SIMPLE = 1e-6  # smallest relative gap of moduli, and smallest |u* v|, at which an eigenvalue counts as simple


@dataclass(frozen=True)
class ErrorFlow:
    """Derivatives per unit learning rate, one entry per readout: of log rho of each recurrent block, and of the flow.

    ``flow`` is the derivative of the mean log slope for cells of slope form, else of the mean log growth of the state
    Jacobian per step. ``word`` is *raises* or *lowers* where all of them agree in sign, *mixed* where they do not,
    *undecided* where a derivative does not exist.
    """

    word: Literal["raises", "lowers", "mixed", "undecided"]
    log_radius: dict[str, tuple[float, ...]]
    flow: tuple[float, ...]
    reason: str

    @property
    def interval(self) -> tuple[float, float]:
        """Smallest and largest change of the error flow over the readouts, per unit learning rate."""
        total = self._total()
        return min(total), max(total)

    @property
    def rate(self) -> float:
        """Median change of the error flow per unit learning rate: log rho(W) plus mean log slope, or the growth."""
        return float(np.median(self._total()))

    def _total(self) -> tuple[float, ...]:
        if len(self.log_radius) == 1:
            (radius,) = self.log_radius.values()
            return tuple(r + f for r, f in zip(radius, self.flow, strict=True))
        return self.flow


def radius_derivatives(W: Array, directions: Sequence[Array]) -> list[float]:
    """d log rho(W - eta G)/d eta at eta = 0 for each G; NaN where the dominant eigenvalue is not simple up to conjugation.

    >>> radius_derivatives(np.diag([0.5, 0.2]), [np.diag([-1.0, 0.0])])
    [2.0]
    """
    scale = float(np.abs(W).max()) or 1.0  # LAPACK loses matrices below 1e-138
    values, left, right = cast(tuple[Array, Array, Array], scipy.linalg.eig(W / scale, left=True, right=True))
    order = np.argsort(-np.abs(values))
    top = values[order[0]]
    conjugate = [i for i in order[1:] if top.imag != 0 and abs(values[i] - np.conj(top)) <= SIMPLE * abs(top)]
    rest = [i for i in order[1:] if i not in conjugate[:1]]
    u, v = left[:, order[0]], right[:, order[0]]
    overlap = np.vdot(u, v)
    crossing = bool(rest) and abs(values[rest[0]]) > (1 - SIMPLE) * abs(top)
    if top == 0 or crossing or abs(overlap) < SIMPLE:
        return [math.nan] * len(directions)
    size = float(abs(top))
    factor = -np.conj(top) / size / overlap
    return [float(np.real(factor * (u.conj() @ G @ v))) / size / scale for G in directions]


def error_flow(
    network: Network,
    *,
    lag: int = 10,
    steps: int = 30,
    samples: int = 32,
    scale: float = 1.0,
    readouts: int = 3,
    rng: Rng = None,
) -> ErrorFlow:
    """How one descent step on linear recall at ``lag`` moves log rho(W) and the slopes, per unit learning rate.

    Raises ValueError for a lag outside 0..steps-1 and what `white_noise` raises.
    """
    if not 0 <= lag < steps:
        raise ValueError(f"lag must be between 0 and {steps - 1}, got {lag!r}")
    random = generator(rng)
    if network.untied or network.m == 0 or not network.recurrent_blocks():
        why = "untied copies have no single W" if network.untied else "the cell has no input to recall"
        why = why if network.recurrent_blocks() else "the cell has no recurrent matrix"
        return ErrorFlow("undecided", {}, (math.nan,), why)
    inputs = white_noise(network, steps=steps, samples=samples, scale=scale, rng=random)
    trajectory = simulate(network, inputs)
    if trajectory.overflow is not None:
        return ErrorFlow("undecided", {}, (math.nan,), f"the states overflow within {steps} steps")
    gradients = _gradients(trajectory, lag, readouts, random)
    if not all(np.isfinite(G).all() for gradient in gradients for G in gradient.values()):
        return ErrorFlow(
            "undecided", {}, (math.nan,), f"the gradient of recall at lag {lag} overflows over {steps} steps"
        )
    moved = [network.replace(**gradient).recurrent_blocks() for gradient in gradients]
    radius = {
        name: tuple(radius_derivatives(W, [blocks[name] for blocks in moved]))
        for name, W in network.recurrent_blocks().items()
    }
    few = trajectory.take(slice(0, DIFFERENCE_SAMPLES))
    return _judged(radius, tuple(_flow_derivative(few, gradient) for gradient in gradients), lag)


def _judged(radius: dict[str, tuple[float, ...]], flow: tuple[float, ...], lag: int) -> ErrorFlow:
    single = len(radius) == 1
    numbers = [x for r in radius.values() for x in r] if single else []
    numbers += flow
    blocks = "; ".join(f"d log rho({name}) from {min(r):.3g} to {max(r):.3g}" for name, r in radius.items())
    what = "d mean log slope" if single else "d mean log growth of J"
    moved = f"{blocks}; {what} from {min(flow):.3g} to {max(flow):.3g}"
    reason = f"one descent step on recall at lag {lag}, per unit learning rate: {moved}"
    if not np.isfinite(numbers).all():
        return ErrorFlow(
            "undecided", radius, flow, f"{reason}; a derivative does not exist (eigenvalues cross, or overflow)"
        )
    if min(numbers) >= 0 < max(numbers):  # the slopes of a piecewise linear cell do not move: 0 is of no sign
        return ErrorFlow("raises", radius, flow, reason)
    if min(numbers) < 0 >= max(numbers):
        return ErrorFlow("lowers", radius, flow, reason)
    return ErrorFlow("mixed", radius, flow, f"{reason}: of both signs")


def _gradients(trajectory: Trajectory, lag: int, readouts: int, random: np.random.Generator) -> list[dict[str, Array]]:
    """The gradients of recall for several random readouts, each of a random combination of the inputs."""
    readout = _unit(trajectory.network.n, readouts, random)
    return recall_gradients(trajectory, readout, _unit(trajectory.network.m, readouts, random), lag=lag)


def recall_gradients(trajectory: Trajectory, readout: Array, target: Array, *, lag: int) -> list[dict[str, Array]]:
    """dE/d(recurrent matrices), E = mean of (c^T h_T - q^T u_{T-lag})^2 over the samples, in one backward pass.

    Each column of ``readout (n, k)`` is a c, each of ``target (m, k)`` a q, and gives one gradient. The network is tied.

    >>> from errorflow.theory import activations, cells
    >>> cell = cells.get("elman", activation=activations.Identity())
    >>> net = Network(cell, {"W": np.array([[0.5]]), "B": np.ones((1, 1)), "b": np.zeros(1)})
    >>> run = simulate(net, np.array([1.0, 0.0]).reshape(2, 1, 1))  # h = 1, 0.5: dE/dW = 2 (0.5 - 1) h_1
    >>> recall_gradients(run, np.ones((1, 1)), np.ones((1, 1)), lag=1)
    [{'W': array([[-1.]])}]
    """
    network, kernels = trajectory.network, trajectory.kernels
    n, readouts = network.n, readout.shape[1]
    full = np.zeros((network.state_dim, readouts))
    full[:n] = readout
    error = full.T @ trajectory.states[-1] - target.T @ trajectory.inputs[trajectory.steps - 1 - lag]
    flow = full[:, None, :] * (2.0 * error.T / trajectory.samples)
    names = [p.name for p in network.cell.parameters if p.kind == "matrix" and p.columns == "n"]
    gradients = [{name: np.zeros_like(network.parameters[name]) for name in names} for _ in range(readouts)]
    for t, point in trajectory.backward():
        flow, uses = kernels.pullback(network.at(t), point, flow, uses=True)
        for use in uses:
            if use.parameter in names and use.operand is not None:
                rows = slice(use.first * n, use.first * n + len(use.delta))
                operand = np.broadcast_to(use.operand, (n, trajectory.samples)).T
                for i, gradient in enumerate(gradients):
                    gradient[use.parameter][rows] += use.delta[..., i] @ operand
    return gradients


def _unit(size: int, count: int, random: np.random.Generator) -> Array:
    g = random.standard_normal((size, count))
    return np.asarray(g / np.linalg.norm(g, axis=0))


def _flow_derivative(trajectory: Trajectory, gradient: dict[str, Array]) -> float:
    """Central difference of the mean log slope (or growth) along one descent step, on the same inputs."""
    network = trajectory.network
    size = max(float(np.abs(G).max()) for G in gradient.values())
    if size == 0.0:
        return 0.0
    largest = max(float(np.abs(network.parameters[name]).max()) for name in gradient)
    step = 1e-5 * max(largest, 1e-3) / size
    ends = []
    for sign in (-1.0, 1.0):
        moved = {name: network.parameters[name] - sign * step * G for name, G in gradient.items()}
        ends.append(_flow(simulate(network.replace(**moved), trajectory.inputs)))
    return (ends[1] - ends[0]) / (2.0 * step)


def _flow(trajectory: Trajectory) -> float:
    network, kernels = trajectory.network, trajectory.kernels
    form = slope_form(network.cell)
    total, tangent = 0.0, np.full((network.state_dim, trajectory.samples), 1.0)
    for t in range(1, trajectory.steps + 1):
        point = trajectory.point(t)
        with np.errstate(divide="ignore"):
            if form is not None:
                total += float(np.log(np.abs(kernels.diagonal(form.slope, network.at(t), point))).mean())
                continue
            tangent = kernels.jvp(network.at(t), point, tangent)
            norms = np.linalg.norm(tangent, axis=0)
            total += float(np.log(norms).mean())
            tangent = tangent / np.where(norms > 0, norms, 1.0)
    return total / trajectory.steps
