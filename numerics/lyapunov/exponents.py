r"""lambda_j = (1/T) log r_jj with J_T ... J_1 F_0 = Q R: finite-time Lyapunov exponents, with a residual on each result.

The residual compares the sum of the exponents with another way to compute it. For all N exponents of one orbit,
sum_j lambda_j = (1/T) sum_t log|det J_t|, the right side from the slopes and one LU of W. Where only k < N are known or
left, with G an independent N x k frame, P = J_T ... J_1, P F_0 = F_T U and P^T G = H V, both
log|det(G^T F_T)| + log|det U| and log|det(H^T F_0)| + log|det V| are log|det(G^T P F_0)|, and the second comes from the
transposed product.

Main definitions: `lyapunov_spectrum`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..axes import Array
from ..drive import trajectory_of
from ..network import Network
from ..simulate import Rng, Trajectory, generator
from .carriers import SMALL, Carrier, Separate, Together
from .factors import Factors, LogDeterminants, from_function, from_jacobians, from_trajectory
from .frames import Elimination, Frame, Orthogonalization
from .spectrum import Spectrum

Method = Literal["lu", "qr"]
METHODS: dict[Method, tuple[type[Frame], str]] = {
    "lu": (Elimination, "LU with row pivoting of a tangent frame"),
    "qr": (Orthogonalization, "QR with sorted rows of a tangent frame"),
}
FEW = 4  # below N/4 exponents QR is the faster one
TOLERANCE = 1e-8  # a larger residual, in nats per step, makes the other method run too
MOST_BLOCKS, FEWEST = 10, 4  # blocks of a sample, and of all samples that a standard error needs

Source = Network | Trajectory | ArrayLike | Callable[[int], ArrayLike]


def lyapunov_spectrum(
    source: Source,
    *,
    count: int | None = None,
    discard: int = 0,
    steps: int | None = None,
    samples: int | None = None,
    input_scale: float | None = None,
    inputs: Array | None = None,
    method: Method | None = None,
    tolerance: float = 1e-10,
    rng: Rng = None,
) -> Spectrum:
    """The ``count`` largest exponents, all N unless given, in nats per step, averaged over samples.

    ``source`` is an array of Jacobians ``(T, N, N)`` or ``(T, nets, N, N)``, of which the first acts first; a function t -> J_t
    for t = 1..``steps``; a trajectory; or a network, one or a batch, that is driven first as `errorflow.numerics.drive.drive`
    says by ``steps``, ``samples`` and ``input_scale`` or ``inputs``. N is the full state: an LSTM's is (h, c).

    The first ``discard`` steps turn the frame without being counted. All N exponents start from the identity, fewer from a
    random frame. ``method`` is "lu", "qr", or the faster one if None; where its residual is above 1e-8 the other one runs as
    well, and the smaller residual decides. The frame is factored at every step for ``tolerance`` 0, else every few steps as
    long as about that much is lost of an exponent at most. A direction that is lost, to working precision, has exponent -inf:
    as many exponents are finite as the product has rank. Raises ValueError for a count outside 1..N, a discard outside
    0..T-1, an unknown method, a tolerance outside [0, 1), Jacobians of another shape, or NaN and infinity in them.

    >>> found = lyapunov_spectrum(np.array([np.diag([0.5, 2.0])] * 400))
    >>> found.exponents.round(6).tolist(), found.residual < 1e-12, found.kaplan_yorke_dimension
    ([0.693147, -0.693147], True, 2.0)
    """
    random = generator(rng)
    options: dict[str, Any] = {"steps": steps, "samples": samples, "input_scale": input_scale, "inputs": inputs}
    factors = _factors(source, options, random)
    size, length = factors.size, factors.length
    wanted = size if count is None else count
    if not isinstance(wanted, int | np.integer) or isinstance(wanted, bool) or not 1 <= wanted <= size:
        raise ValueError(f"count must be between 1 and {size}, got {count!r}")
    if not isinstance(discard, int | np.integer) or isinstance(discard, bool) or not 0 <= discard < length:
        raise ValueError(f"discard must be between 0 and {length - 1}, got {discard!r}")
    if not (isinstance(tolerance, float | int | np.floating) and 0 <= tolerance < 1):
        raise ValueError(f"tolerance must be a number from 0 to below 1, got {tolerance!r}")
    if method is not None and (not isinstance(method, str) or method not in METHODS):
        raise ValueError(f"method must be one of {', '.join(METHODS)}, got {method!r}")
    starts = _starts(factors, int(wanted), random)
    bounds = _bounds(int(discard), length)
    chosen: Method = method or ("lu" if FEW * wanted >= size else "qr")
    run = _run(factors, starts, bounds, _How(chosen, float(tolerance)), random)
    if method is None:
        other: Method = "qr" if chosen == "lu" else "lu"
        for how in (_How(chosen, 0.0), _How(other, 0.0)):
            if (run.residual > TOLERANCE).any():
                run = run.better(_run(factors, starts, bounds, how, random))
    return _spectrum(run, factors, np.diff(bounds))


def _factors(source: Source, options: dict[str, Any], random: np.random.Generator) -> Factors:
    driven = any(option is not None for option in options.values())
    if isinstance(source, Network | Trajectory):
        return from_trajectory(trajectory_of(source, **options, batches=True, rng=random))
    if callable(source):
        given = [name for name, option in options.items() if option is not None and name != "steps"]
        if given:
            raise ValueError(f"{given[0]} must be left out where source is a function of t")
        return from_function(source, steps=options["steps"])
    if driven:
        name = next(name for name, option in options.items() if option is not None)
        raise ValueError(f"{name} must be left out where source is an array of Jacobians")
    return from_jacobians(source)


@dataclass(frozen=True)
class _How:
    method: Method
    tolerance: float


@dataclass(frozen=True, eq=False)
class _Run:
    """Sums of log r_jj ``(blocks, orbits, count)``, and the residual and the method of each orbit."""

    sums: Array
    residual: Array
    methods: NDArray[Any]

    def better(self, other: _Run) -> _Run:
        """For each orbit the run with the smaller residual, this one where they are equal."""
        better = other.residual < self.residual
        return _Run(
            np.where(better[:, None], other.sums, self.sums),
            np.where(better, other.residual, self.residual),
            np.where(better, other.methods, self.methods),
        )


def _run(
    factors: Factors, starts: Sequence[Array], bounds: NDArray[np.intp], how: _How, rng: np.random.Generator
) -> _Run:
    determinants = LogDeterminants(factors.orbits) if starts[0].shape[1] == factors.size else None
    carrier, reached = _carried(factors, starts, bounds, how, determinants)
    whole = reached[-1]
    residual = np.zeros(factors.orbits)
    if determinants is not None:
        with np.errstate(invalid="ignore"):
            residual = np.abs(whole.sum(axis=1) - determinants.total())
    left = np.array([len(carrier.living(orbit)) for orbit in range(factors.orbits)])
    partial = left < factors.size
    if left[partial].any():
        residual = np.where(partial, _adjoint_residual(factors, starts, carrier, how, rng), residual)
    residual = np.where(left == 0, 0.0, np.where(np.isnan(residual), np.inf, residual))
    with np.errstate(invalid="ignore"):
        sums = np.diff(reached, axis=0)
    return _Run(
        np.where(np.isneginf(whole), -np.inf, sums),
        residual / int(bounds[-1] - bounds[0]),
        np.full(factors.orbits, how.method),
    )


def _carried(
    factors: Factors,
    starts: Sequence[Array],
    bounds: NDArray[np.intp],
    how: _How,
    determinants: LogDeterminants | None = None,
) -> tuple[Carrier, Array]:
    """The frames after all steps, and log r_jj of the products up to each of the bounds ``(bounds, orbits, count)``."""
    many = factors.size <= SMALL and factors.orbits > 1 and 2 * factors.orbits >= factors.size
    carrier: Carrier
    if many and how.method == "lu":
        carrier = Together(starts, tolerance=how.tolerance)
    else:
        carrier = Separate(METHODS[how.method][0], starts, tolerance=how.tolerance)
    stops, reached = set(bounds.tolist()), []
    for t in range(factors.length + 1):
        if t > 0:
            step = factors.step(t)
            if determinants is not None:
                determinants.add(step)
            carrier.push(step)
        if t in stops:  # the first frames are orthonormal
            reached.append(carrier.volumes() if t > 0 else np.zeros((factors.orbits, starts[0].shape[1])))
    return carrier, np.array(reached)


def _adjoint_residual(
    factors: Factors, starts: Sequence[Array], carrier: Carrier, how: _How, rng: np.random.Generator
) -> Array:
    """|log|det(G^T (P F_0))| - log|det((P^T G)^T F_0)|| for the living columns of each orbit."""
    left = [len(carrier.living(orbit)) for orbit in range(factors.orbits)]
    back = []
    for count in left:
        padding = np.zeros((factors.size, max(left) - count))  # frames of one shape; columns of zeros are lost
        back.append(np.hstack([_orthonormal(factors.size, count, rng), padding]))
    other, _ = _carried(factors.reversed(), back, np.array([], dtype=np.intp), how)
    found = np.zeros(factors.orbits)
    for orbit in range(factors.orbits):
        living = carrier.living(orbit)
        if len(other.living(orbit)) < len(living):
            found[orbit] = np.inf
            continue
        ahead = _log_determinant(back[orbit][:, : len(living)].T @ carrier.matrix(orbit)) + carrier.log_sum(orbit)
        behind = _log_determinant(other.matrix(orbit).T @ starts[orbit][:, living]) + other.log_sum(orbit)
        found[orbit] = abs(ahead - behind)
    return found


def _log_determinant(matrix: Array) -> float:
    with np.errstate(all="ignore"):
        return float(np.linalg.slogdet(matrix)[1])


def _starts(factors: Factors, count: int, rng: np.random.Generator) -> list[Array]:
    if count == factors.size:
        return [np.eye(count)] * factors.orbits
    return [_orthonormal(factors.size, count, rng) for _ in range(factors.orbits)]


def _orthonormal(size: int, count: int, rng: np.random.Generator) -> Array:
    return np.linalg.qr(rng.standard_normal((size, count)))[0]


def _bounds(discard: int, length: int) -> NDArray[np.intp]:
    """Ends of the blocks: about sqrt(T) of them, at most 10, the first starting after the steps that are not counted."""
    blocks = max(1, min(MOST_BLOCKS, math.isqrt(length - discard)))
    return np.linspace(discard, length, blocks + 1).round().astype(np.intp)


def _spectrum(run: _Run, factors: Factors, lengths: NDArray[np.intp]) -> Spectrum:
    nets, samples = factors.nets, factors.samples
    blocks, _, count = run.sums.shape
    with np.errstate(invalid="ignore", divide="ignore"):
        total = run.sums.sum(axis=0) / lengths.sum()
        order = np.argsort(-total, axis=-1, kind="stable")
        total = np.take_along_axis(total, order, axis=-1)
        rates = np.take_along_axis(run.sums / lengths[:, None, None], order[None], axis=-1)
        shape = (nets or 1, samples, count)
        by_sample = total.reshape(shape)
        exponents = by_sample.mean(axis=1)
        rates = rates.reshape(blocks, *shape)
        error = np.full_like(exponents, np.nan)
        if blocks * samples >= FEWEST:
            error = rates.std(axis=(0, 2), ddof=1) / math.sqrt(blocks * samples)
        if samples > 1:  # the rates of the samples may differ for good
            error = np.maximum(error, by_sample.std(axis=1, ddof=1) / math.sqrt(samples))
    residual = run.residual.reshape(nets or 1, samples).max(axis=1)
    words = ", or ".join(METHODS[name][1] for name in METHODS if (run.methods == name).any())
    if nets is None:
        return Spectrum(
            exponents[0], error[0], float(residual[0]), words, by_sample[0], factors.size, int(lengths.sum())
        )
    return Spectrum(exponents, error, residual, words, by_sample, factors.size, int(lengths.sum()))
