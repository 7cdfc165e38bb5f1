r"""The spectrum of an analysis: as many exponents as the time allows, and the law of large random networks beside them.

Main definitions: `measured_spectrum`, `spectrum_record`.
"""

from __future__ import annotations

import math

import numpy as np

from ...theory.bounds import slope_form
from ..axes import Array
from ..laws.spectrum_by_rank import exponents_by_rank
from ..measurements import SpectrumLaw, SpectrumRecord
from ..simulate import Rng, Trajectory
from .exponents import lyapunov_spectrum
from .factors import from_trajectory
from .spectrum import Spectrum

MOST_SAMPLES = 4
QUICK, LONG = 1e11, 1.5e12  # operations for several samples, and for one


def measured_spectrum(trajectory: Trajectory, *, rng: Rng = None) -> Spectrum:
    """All exponents of up to four samples of a trajectory, of fewer samples or fewer exponents where that would take minutes.

    >>> from errorflow.numerics import Network, simulate
    >>> from errorflow.theory import activations, cells
    >>> cell = cells.get("elman", activation=activations.Identity())
    >>> net = Network(cell, {"W": np.diag([0.5, 0.25]), "B": np.eye(2), "b": np.zeros(2)})
    >>> measured_spectrum(simulate(net, np.zeros((9, 2, 5)))).exponents.round(6).tolist()
    [-0.693147, -1.386294]
    """
    size = trajectory.network.state_dim
    whole = 10 / 3 * size**3 * trajectory.steps  # operations of one sample
    samples = max(1, min(MOST_SAMPLES, trajectory.samples, int(QUICK // whole)))
    count = size if whole <= LONG else max(1, int(LONG / (8.0 * size**2 * trajectory.steps)))
    return lyapunov_spectrum(trajectory.take(slice(0, samples)), count=min(size, count), rng=rng)


def spectrum_record(spectrum: Spectrum, trajectory: Trajectory) -> SpectrumRecord:
    """The record of a measured spectrum, with the law at the same ranks where all slopes scale one shared matrix."""
    dimension, entropy = float(spectrum.kaplan_yorke_dimension), float(spectrum.entropy_rate)
    return SpectrumRecord(
        exponents=tuple(map(float, spectrum.exponents)),
        residual=float(spectrum.residual),
        unit="nats per step",
        method=spectrum.method,
        standard_error=tuple(map(float, spectrum.standard_error)),
        state_dim=spectrum.size,
        steps=spectrum.steps,
        samples=spectrum.samples,
        kaplan_yorke=None if math.isnan(dimension) else dimension,
        entropy_rate=None if math.isnan(entropy) else entropy,
        law=_law(spectrum, trajectory),
    )


def _law(spectrum: Spectrum, trajectory: Trajectory) -> SpectrumLaw | None:
    network = trajectory.network
    form = slope_form(network.cell)
    if form is None or network.untied:
        return None
    factors = from_trajectory(trajectory.take(slice(0, spectrum.samples)))
    steps = [factors.step(t) for t in range(1, factors.length + 1)]
    slopes: Array = np.array([step.slopes for step in steps])
    W = steps[0].weights
    gain = float(np.linalg.norm(W / (np.abs(W).max() or 1.0)) * np.abs(W).max() / math.sqrt(len(W)))
    if not 0 < gain < math.inf:
        return None
    ranks = (np.arange(len(spectrum.exponents)) + 0.5) / spectrum.size
    exponents = exponents_by_rank(ranks, gain=gain, slopes=slopes)
    return SpectrumLaw(tuple(map(float, exponents)), gain, "measured on the trajectory")
