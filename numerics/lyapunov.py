r"""Finite-time Lyapunov exponents: lambda_i = (1/T) sum_t log R_ii(t), with J_t Q_{t-1} = Q_t R_t, in nats per step.

Main definitions: `Spectrum`, `lyapunov_spectrum`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from .axes import Array
from .drive import trajectory_of
from .network import Network
from .simulate import Rng, Trajectory, generator


@dataclass(frozen=True, eq=False)
class Spectrum:
    """Leading Lyapunov exponents in nats per step, largest first, and the largest difference between two frames.

    ``residual`` compares the exponents of two independent random initial frames over the same steps: it measures what
    the finite horizon leaves undecided.
    """

    exponents: Array
    residual: float
    method: str = "QR of a tangent frame at every step"


def lyapunov_spectrum(
    source: Network | Trajectory | ArrayLike,
    *,
    count: int = 1,
    discard: int = 0,
    steps: int | None = None,
    samples: int | None = None,
    input_scale: float | None = None,
    inputs: Array | None = None,
    rng: Rng = None,
) -> Spectrum:
    """The ``count`` largest exponents of Jacobians ``(T, N, N)``, or of a trajectory, averaged over its samples.

    A network is driven first as `errorflow.numerics.drive.drive` says, by ``steps``, ``samples`` and ``input_scale``
    or ``inputs``.
    J_t acts in the order of time: the first Jacobian of the array acts first. The first ``discard`` steps turn the
    frame without being counted. An exponent whose direction is lost is -inf: rank, or a
    step of condition 1e15 and more, which rounding does not tell from it. Raises ValueError for a count
    outside 1..N, a discard outside 0..T-1, or Jacobians of another shape.

    >>> lyapunov_spectrum(np.array([np.diag([2.0, 0.5])] * 400), rng=0).exponents.round(2).tolist()
    [0.69]
    """
    random = generator(rng)
    options = {"steps": steps, "samples": samples, "input_scale": input_scale, "inputs": inputs}
    if isinstance(source, Network) or any(option is not None for option in options.values()):
        source = trajectory_of(source, **options, rng=random)  # type: ignore[arg-type]  # it refuses arrays and odd options
    length, size, width, move = _steps(source)
    if not 1 <= count <= size:
        raise ValueError(f"count must be between 1 and {size}, got {count!r}")
    if not 0 <= discard < length:
        raise ValueError(f"discard must be between 0 and {length - 1}, got {discard!r}")
    frame = _orthonormal(random.standard_normal((size, width, 2 * count)), count)[0]
    total = np.zeros((width, 2, count))
    for t, advance in enumerate(move()):
        frame, logs = _orthonormal(advance(frame), count)
        if t >= discard:
            total += logs
    rates = (total / (length - discard)).mean(axis=0)
    with np.errstate(invalid="ignore"):
        difference = np.abs(rates[0] - rates[1])
    residual = float(np.where(np.isneginf(rates[0]) & np.isneginf(rates[1]), 0.0, difference).max())
    return Spectrum(rates.mean(axis=0), residual)


Move = Callable[[Array], Array]


def _steps(source: Trajectory | ArrayLike) -> tuple[int, int, int, Callable[[], Iterator[Move]]]:
    if isinstance(source, Trajectory):
        network, kernels = source.network, source.kernels
        if network.nets:
            raise ValueError("source must be the trajectory of one network, got a batch of networks")

        def along() -> Iterator[Move]:
            for t in range(1, source.steps + 1):
                point, parameters = source.point(t), network.at(t)
                yield lambda frame, point=point, p=parameters: kernels.jvp(p, point, frame)  # type: ignore[misc]

        return source.steps, network.state_dim, source.samples, along
    jacobians = np.asarray(source, dtype=float)
    if jacobians.ndim != 3 or jacobians.shape[1] != jacobians.shape[2] or 0 in jacobians.shape:
        raise ValueError(f"source must be Jacobians of shape (T, N, N), got {jacobians.shape}")
    if not np.isfinite(jacobians).all():
        raise ValueError("source must be finite, got NaN or infinity")

    def given() -> Iterator[Move]:
        for J in jacobians:
            yield lambda frame, J=J: np.tensordot(J, frame, axes=1)  # type: ignore[misc]

    return len(jacobians), jacobians.shape[1], 1, given


def _orthonormal(frames: Array, count: int) -> tuple[Array, Array]:
    """QR of both frames ``(N, samples, 2*count)``; logs of |R_ii| as ``(samples, 2, count)``.

    A direction is lost, -inf, where R_ii is no larger than the rounding of its own column: QR would invent a number.
    """
    size, samples, _ = frames.shape
    stacked = frames.reshape(size, samples, 2, count).transpose(1, 2, 0, 3)
    scale = np.abs(stacked).max(axis=(-2, -1), keepdims=True)
    columns = stacked / np.where(scale > 0, scale, 1.0)
    q, r = np.linalg.qr(columns)
    found = np.abs(np.diagonal(r, axis1=-2, axis2=-1))
    rounding = size * np.finfo(float).eps * np.linalg.norm(columns, axis=-2)
    with np.errstate(divide="ignore"):
        logs = np.log(np.where(found > rounding, found, 0.0)) + np.log(scale[..., 0])
    return q.transpose(2, 0, 1, 3).reshape(size, samples, 2 * count), logs
