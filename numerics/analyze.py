r"""Analysis of one network: constants, bounds, profile, spectrum, gradient by lag, and a verdict per object.

Main definitions: `analyze`.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from threadpoolctl import threadpool_limits

from ..theory.bounds import slope_form
from . import records
from .analysis import Analysis
from .axes import Array
from .backprop import Backward, unit_cotangents
from .drive import drive
from .error_flow import error_flow
from .evaluate import environment
from .functionals import decompose
from .gradient_records import joint_part
from .instantiate import instances
from .lyapunov.record import measured_spectrum
from .network import Network
from .profile import gradient_profile
from .simulate import Rng, Trajectory, generator, simulate
from .truncation import truncated
from .whole_gradient import whole_gradient_log_norms

DIRECTIONS = 4
RECALL_LAG = 10
SUMMED = 4  # samples whose parts of the gradient are added up
Advance = Callable[[], None]


def analyze(
    network: Network,
    *,
    steps: int | None = None,
    samples: int | None = None,
    directions: int = DIRECTIONS,
    input_scale: float | None = None,
    inputs: Array | None = None,
    input_name: str = "given inputs",
    rng: Rng = 0,
    facts: bool = False,
    advance: Advance = lambda: None,
) -> Analysis:
    """Everything the toolkit can say about one network, with evidence: the data of the JSON document.

    Inputs are white noise of standard deviation ``input_scale`` (1 unless given, 0 for zeros), or ``inputs`` of shape
    ``(T, m, samples)``, described by ``input_name``; ``steps`` (100 unless given, the length of the inputs if those are
    given) is the horizon T and ``samples`` (32) the number of input sequences. ``rng`` seeds inputs and cotangents: the
    same seed gives the same analysis. With ``facts`` the scalar facts of the theory are proved and listed too, which takes
    some seconds. The initial state is zero. ``advance`` is called T times in all.

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
    for_inputs, for_profile, for_spectrum, for_flow, for_norms = generator(rng).spawn(5)
    with threadpool_limits(limits=1, user_api="blas"), ThreadPoolExecutor(max_workers=2) as pool:
        driven = drive(
            network,
            steps=steps,
            samples=samples,
            input_scale=input_scale,
            inputs=inputs,
            input_name=input_name,
            rng=for_inputs,
        )
        trajectory, described = _within_range(simulate(network, driven.inputs), driven.name)
        recurrent, every = records.recurrent_parameters(network), tuple(network.parameters)
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
            summed=SUMMED,
            rng=for_profile,
            advance=advance,
        )
        spectrum = measured_spectrum(trajectory, rng=for_spectrum)
        errors = unit_cotangents(network.state_dim, samples=trajectory.samples, directions=1, rng=for_norms)[..., 0]
        norms = whole_gradient_log_norms(trajectory, errors, every)
        flow = error_flow(network, lag=RECALL_LAG, scale=driven.scale or 1.0, rng=for_flow)
        here = environment(trajectory=trajectory)
        decomposed.result()
        found = (instances(everywhere), instances(here))
        profile = profiled.result()
        passed = profile.pass_
        total = _total(network, passed, recurrent)
        cut = truncated(passed, every)
        return records.assemble(
            trajectory=trajectory,
            described=(described, driven.scale),
            directions=directions,
            profile=profile,
            total=total,
            cut=cut,
            norms=norms,
            spectrum=spectrum,
            flow=(flow, RECALL_LAG),
            where=everywhere,
            here=here,
            found=found,
            seed=seed,
            facts=facts,
        )


def _within_range(trajectory: Trajectory, described: str) -> tuple[Trajectory, str]:
    """The trajectory before its states overflow, and the inputs' description, which then says so."""
    step = trajectory.overflow
    if step is None:
        return trajectory, described
    if step == 1:
        raise ValueError("inputs must leave the states below 1e150, got an overflow at the first step")
    return trajectory.until(step - 1), f"{described}, cut before step {step}, at which a state overflows"


def _total(network: Network, passed: Backward, parameters: tuple[str, ...]) -> Array:
    """log norm of the gradient over the last k+1 copies ``(T, series)``: of the sum if tied, of all copies if not."""
    if network.tied:
        together = joint_part(passed.log_total, parameters)[:, :, :1]
    else:
        together = np.logaddexp.accumulate(2 * joint_part(passed.log_part, parameters), axis=0) / 2
    return together.reshape(len(together), -1)
