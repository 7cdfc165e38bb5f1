r"""The networks on which both sides of the dispute are judged, each with inputs of its task and a readout y = c^T h.

Contractive, gamma ||W||_2 = 0.9: every hypothesis of the bounds for vanishing is met. From Schaefer's interval U[-r, r],
r = sqrt(3/(c n)) with n units and connectivity c, before training: spectral radius near 1, spectral norm near 2. And trained,
on a task with short lags beside the long one (marker) and on one without (latch).

Main definitions: `Named`, `networks`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...theory import cells
from ..axes import Array
from ..experiments import latch, marker
from ..experiments.training import initial, network_of, shipped
from ..network import Network
from ..simulate import Rng, generator, white_noise

UNITS, SAMPLES = 40, 16
STEPS = 3 * marker.PERIOD  # of the latch one more: it answers at twice the lag of its training
RATE = 0.9


@dataclass(frozen=True, eq=False)
class Named:
    """A network, what it is in one sentence, inputs ``(T, m, samples)`` with their name, and the readout c ``(n,)``.

    ``input_scale`` is the standard deviation of white noise of the power of the inputs.
    """

    id: str
    title: str
    description: str
    network: Network
    inputs: Array
    input_name: str
    readout: Array
    input_scale: float


def networks(*, rng: Rng = None) -> tuple[Named, ...]:
    """Contractive, Schaefer-initialized, trained on the marker task and on the latch, in this order; ``rng`` draws the
    contractive weights and all inputs. The weights before training are those from which the marker network was trained.

    >>> [named.id for named in networks(rng=0)]
    ['contractive', 'schaefer', 'marker', 'latch']
    """
    for_weights, for_noise, for_markers, for_latch = generator(rng).spawn(4)
    markers, _ = marker.windows(period=marker.PERIOD, steps=STEPS, samples=SAMPLES, rng=for_markers)
    marked = f"marker task: noise in [-{marker.NOISE}, {marker.NOISE}], every {marker.PERIOD}th value 1"
    first, _ = latch.sequences(lag=2 * latch.LAG, samples=SAMPLES, rng=for_latch)
    latched = f"latch task: first value 1 or -1, then noise of standard deviation {latch.NOISE}"
    before = initial(marker.UNITS, rng=marker.SEED)
    trained, readout, _ = shipped("marker")
    kept, answer, _ = shipped("latch")
    return (
        contractive(weights=for_weights, noise=for_noise),
        Named(
            "schaefer",
            "Schaefer-initialized",
            f"{marker.UNITS} tanh units with weights uniform in [-r, r], r = sqrt(3/{marker.UNITS}), before any training: "
            "those from which the marker network was trained",
            network_of(before),
            markers,
            marked,
            before["c"],
            _power(markers),
        ),
        Named(
            "marker",
            "Trained, marker",
            f"the network that ships as marker.npz, trained to continue a pattern of period {marker.PERIOD}, which has "
            "shorter lags to learn from",
            trained,
            markers,
            marked,
            readout,
            _power(markers),
        ),
        Named(
            "latch",
            "Trained, latch",
            f"the network that ships as latch.npz, trained to tell the sign of the input of {latch.LAG} steps ago, with no "
            "shorter lag to learn from",
            kept,
            first,
            latched,
            answer,
            _power(first),
        ),
    )


def contractive(*, weights: Rng = None, noise: Rng = None) -> Named:
    """A tanh network with independent Gaussian weights, scaled so that ||W||_2 = 0.9, on white noise.

    >>> bool(abs(np.linalg.norm(contractive(weights=0, noise=0).network.parameters["W"], 2) - 0.9) < 1e-12)
    True
    """
    random = generator(weights)
    W = random.standard_normal((UNITS, UNITS))
    own = initial(UNITS, rng=random)
    network = Network(cells.get("elman"), {"W": RATE / np.linalg.norm(W, 2) * W, "B": own["B"], "b": own["b"]})
    return Named(
        "contractive",
        "Contractive",
        f"{UNITS} tanh units with Gaussian weights, scaled to a spectral norm of {RATE}",
        network,
        white_noise(network, steps=STEPS, samples=SAMPLES, scale=1.0, rng=noise),
        "white noise, standard deviation 1",
        own["c"],
        1.0,
    )


def _power(inputs: Array) -> float:
    return float(np.sqrt(np.mean(inputs**2)))
