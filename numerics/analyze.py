r"""Analysis of one network: constants, bounds, profile, spectrum, gradient by lag, and a verdict per object.

Main definitions: `analyze`.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from threadpoolctl import threadpool_limits

from ..theory.bounds import slope_form
from . import records
from .analysis import Analysis
from .axes import Array
from .backprop import unit_cotangents
from .drive import drive
from .error_flow import error_flow
from .evaluate import environment
from .functionals import decompose
from .instantiate import instances
from .lyapunov.record import measured_spectrum
from .network import Network
from .profile import gradient_profile
from .simulate import Rng, Trajectory, simulate
from .truncation import truncated
from .whole_gradient import whole_gradient_log_norms

if TYPE_CHECKING:
    from ..theory.evidence import Graph
    from .confrontation.record import Confrontation

EXAMPLES = 5  # per law of the confrontation
Advance = Callable[[], None]


def analyze(
    network: Network,
    *,
    steps: int | None = None,
    samples: int | None = None,
    directions: int = records.DIRECTIONS,
    input_scale: float | None = None,
    inputs: Array | None = None,
    input_name: str = "given inputs",
    rng: Rng = 0,
    facts: bool = False,
    confrontation: bool = False,
    advance: Advance = lambda: None,
) -> Analysis:
    """Everything the toolkit can say about one network, with evidence: the data of the JSON document.

    Inputs are white noise of standard deviation ``input_scale`` (1 unless given, 0 for zeros), or ``inputs`` of shape
    ``(T, m, samples)``, described by ``input_name``; ``steps`` (100 unless given, the length of the inputs if those are
    given) is the horizon T and ``samples`` (32) the number of input sequences. ``rng`` seeds inputs and cotangents: the
    same seed gives the same analysis. With ``facts`` the scalar facts of the theory are proved and listed too, which takes
    some seconds. With ``confrontation`` the laws of the dispute are put to random networks, and the networks that shall be
    compared are judged. The initial state is zero. ``advance`` is called T times in all, and once per law and network then.

    Raises ValueError for arguments out of range, both ``inputs`` and a scale or steps beyond them, or a batch of networks.

    >>> import numpy as np
    >>> from errorflow.theory import cells
    >>> net = Network(cells.get("elman"), {"W": np.eye(3) / 2, "B": np.eye(3), "b": np.zeros(3)})
    >>> found = analyze(net, steps=40, rng=0).verdict("state_jacobian")
    >>> found.verdict, found.scope, found.evidence, round(found.half_life, 6)
    ('vanishes', 'all_inputs', 'certified', 1.0)
    """
    if not isinstance(network, Network):
        raise TypeError(f"network must be a Network, such as load_network(...) gives, got {type(network).__name__}")
    if network.nets:
        raise ValueError(f"network must be one network, got a batch of {network.nets}")
    seed = int(rng) if isinstance(rng, int | np.integer) and not isinstance(rng, bool) else None
    own = records.streams(rng)
    with threadpool_limits(limits=1, user_api="blas"), ThreadPoolExecutor(max_workers=2) as pool:
        driven = drive(
            network,
            steps=steps,
            samples=samples,
            input_scale=input_scale,
            inputs=inputs,
            input_name=input_name,
            rng=own.inputs,
        )
        trajectory, described = _within_range(simulate(network, driven.inputs), driven.name)
        every = tuple(network.parameters)
        everywhere = environment(network)
        first = trajectory.take(slice(0, 1))
        first.kernels.dense(network.at(1), first.point(1))  # compiles what the threads share
        shared = network.tied and slope_form(network.cell) is not None  # one W for the numerical radius
        decomposed = pool.submit(decompose, list(everywhere.matrices.values()), radius=shared)
        profiled = pool.submit(
            gradient_profile,
            trajectory,
            directions=directions,
            parameters=every,
            summed=records.SUMMED,
            rng=own.profile,
            advance=advance,
        )
        spectrum = measured_spectrum(trajectory, rng=own.spectrum)
        errors = unit_cotangents(network.state_dim, samples=trajectory.samples, directions=1, rng=own.norms)[..., 0]
        norms = whole_gradient_log_norms(trajectory, errors, every)
        flow = error_flow(network, lag=records.RECALL_LAG, scale=driven.scale or 1.0, rng=own.flow)
        here = environment(trajectory=trajectory)
        decomposed.result()
        found = (instances(everywhere), instances(here))
        profile = profiled.result()
        cut = truncated(profile.pass_, every)
        return records.assemble(
            trajectory=trajectory,
            described=(described, driven.scale),
            directions=directions,
            profile=profile,
            cut=cut,
            norms=norms,
            spectrum=spectrum,
            flow=(flow, records.RECALL_LAG),
            where=everywhere,
            here=here,
            found=found,
            seed=seed,
            facts=facts,
            confronted=partial(_confronted, network=network, rng=own.confrontation, advance=advance)
            if confrontation
            else lambda _: None,
        )


def _confronted(graph: Graph, *, network: Network, rng: np.random.Generator, advance: Advance) -> Confrontation:
    """The laws put to examples, then the networks to compare with; adds their nodes to the graph."""
    from .confrontation.contrast import contrast  # these judge networks by the functions that serve `analyze`
    from .confrontation.networks import networks
    from .confrontation.record import Confrontation
    from .confrontation.run import confront

    for_laws, for_networks, for_verdicts = rng.spawn(3)
    laws = confront(graph, examples=EXAMPLES, rng=for_laws, advance=advance)
    chosen, judged = networks(rng=for_networks), []
    for named, own in zip(chosen, for_verdicts.spawn(len(chosen)), strict=True):
        record = contrast(graph, named, rng=own)
        judged.append(replace(record, analyzed=_same_weights(named.network, network)))
        advance()
    return Confrontation(laws, tuple(judged))


def _same_weights(first: Network, second: Network) -> bool:
    """Whether two networks are one cell with equal parameters."""
    cells = [(one.cell.name, one.cell.activations) for one in (first, second)]
    return cells[0] == cells[1] and all(
        np.array_equal(array, second.parameters[name]) for name, array in first.parameters.items()
    )


def _within_range(trajectory: Trajectory, described: str) -> tuple[Trajectory, str]:
    """The trajectory before its states overflow, and the inputs' description, which then says so."""
    step = trajectory.overflow
    if step is None:
        return trajectory, described
    if step == 1:
        raise ValueError("inputs must leave the states below 1e150, got an overflow at the first step")
    return trajectory.until(step - 1), f"{described}, cut before step {step}, at which a state overflows"
