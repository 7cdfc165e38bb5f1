r"""One network of the confrontation: Q1 to Q4 by the functions of `analyze`, and what its total gradient says of the past.

The verdicts of several networks live in one evidence graph. The reasoning on a network gets a graph of its own, of which
the nodes that are needed, with all that they rest on, are put into the common one: theorems and rules are the same node
for every network, what has a number of this network in it is ``contrast:<id>:...``.

Main definitions: `contrast`, `graft`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np
from threadpoolctl import threadpool_limits

from ...theory import theorems
from ...theory.bounds import slope_form
from ...theory.evidence import Graph, Measured, Node
from ...theory.notation import slope_sup
from ...theory.quantities import spectral_norm, spectral_radius
from ...theory.theorem import add_evidence
from .. import records
from ..analysis import Horizon, VerdictRecord
from ..drive import trajectory_of
from ..error_flow import error_flow
from ..evaluate import environment, evaluate
from ..functionals import decompose
from ..gradient_records import lag_shares
from ..informative.bound import informative_bound
from ..informative.measure import informative_gradient
from ..instantiate import instances
from ..network import Network
from ..profile import Profile, gradient_profile
from ..simulate import Rng
from .networks import Named
from .record import ContrastRecord, FlowRecord, InformativeRecord

LAGS = (1, 2, 3, 5, 8, 12, 20, 30, 40, 60, 80, 100)
TARGETS = 400  # samples of the task-informative gradient
COMMON = ("theorem", "rule")  # the kinds of nodes that have no number of a network in them
INFORMATIVE = {False: "task_informative_gradient", True: "task_informative_gradient_scaled"}  # without, with a scaling


def contrast(
    graph: Graph, named: Named, *, steps: int | None = None, targets: int = TARGETS, rng: Rng = 0
) -> ContrastRecord:
    """The verdicts on a network along its inputs, cut to ``steps``; adds to the graph what they rest on.

    The decisive ones are those of ``analyze(named.network, inputs=named.inputs, steps=steps, rng=rng)``, the same numbers.
    The task-informative gradient comes from ``targets`` samples of white noise of the inputs' power. Raises ValueError for a
    network that is not one tied network h = phi(W h + B u + b), for inputs along which a state overflows, and for an id
    that is in the graph already.

    >>> from errorflow.numerics.confrontation.networks import contractive
    >>> record = contrast(Graph(), contractive(weights=0, noise=0), steps=30, targets=40)
    >>> [(v.question, v.verdict, v.scope) for v in record.verdicts if v.decisive][:2]
    [('Q1', 'vanishes', 'all_inputs'), ('Q2', 'bounded', 'samples')]
    """
    network, form = named.network, slope_form(named.network.cell)
    if form is None or network.untied or network.nets:
        raise ValueError(f"network {named.id!r} must have one step Jacobian D_t W with one W, got {network!r}")
    own = records.streams(rng)
    with threadpool_limits(limits=1, user_api="blas"):
        trajectory = trajectory_of(network, inputs=named.inputs, steps=steps)
        parameters = records.recurrent_parameters(network)
        profile = gradient_profile(
            trajectory,
            directions=records.DIRECTIONS,
            parameters=parameters,
            summed=records.SUMMED,
            extremes=False,
            rng=own.profile,
        )
        flow = error_flow(network, lag=records.RECALL_LAG, rng=own.flow)
        everywhere, here = environment(network), environment(trajectory=trajectory)
        decompose(everywhere.matrices.values(), radius=True)
        found = (instances(everywhere), instances(here))
        part = Graph()
        records.grounds(part, network)
        records.constant_records(part, everywhere)
        add_evidence(part, theorems.get("hierarchy_radius_below_joint"))  # with the definition of the joint radius
        for instance in (i for scope in found for i in scope):
            add_evidence(part, instance.theorem)
            records.bound_record(part, instance, None)
        judged = records.verdict_records(part, network, found=found, profile=profile, flow=(flow, records.RECALL_LAG))
        rate, radius = slope_sup * spectral_norm(form.matrix), spectral_radius(form.matrix)
        enclosed = evaluate(rate, everywhere), evaluate(radius, everywhere)
        part.add(Node("number:rate", "number", f"{rate}", records.basis(enclosed[0].evidence)))
        informative = _informative(part, named, trajectory.steps, targets, own.norms)
    nodes = {
        "rate": "number:rate",
        "radius": f"constant:{radius}",
        "share_lags": "measurement:gradient",
        "flow": "measurement:profile",
        "informative": informative.node,
    }
    chosen = [v for v in judged if v.decisive or (v.object, v.scope) == ("state_jacobian", "all_inputs")]
    wanted = [*nodes.values(), *(f"verdict:{v.object}:{v.scope}" for v in chosen)]
    names = graft(graph, part, wanted, prefix=f"contrast:{named.id}:", title=named.title)
    quantiles = lag_shares(profile.pass_.log_part, parameters).quantile_lags
    return ContrastRecord(
        id=named.id,
        title=named.title,
        network=records.network_record(network),
        rate=(enclosed[0].lower, enclosed[0].upper),
        radius=(enclosed[1].lower, enclosed[1].upper),
        verdicts=tuple(_renamed(v, names) for v in chosen),
        share_lags=tuple((int(q), lag) for q, lag in quantiles.items()),
        informative=replace(informative, node=names[informative.node]),
        flow=_flow(network, profile, parameters),
        description=named.description,
        horizon=Horizon(trajectory.steps, trajectory.samples, records.DIRECTIONS, named.input_name, None),
        nodes={what: names[node] for what, node in nodes.items()},
    )


def graft(graph: Graph, part: Graph, wanted: Iterable[str], *, prefix: str, title: str) -> Mapping[str, str]:
    """Put nodes of ``part`` and all that they rest on into ``graph``; their new ids.

    Theorems and rules keep their ids and are put in once; every other id gets the prefix, its label the title. Raises
    ValueError if such an id is there already, or a theorem or rule of the same id with another basis.

    >>> from errorflow.theory.evidence import Certified
    >>> part, graph = Graph(), Graph()
    >>> part.add(Node("norm", "constant", "||W||", Certified("LAPACK")))
    >>> part.add(Node("verdict", "verdict", "contracts", None, ("norm",)))
    >>> graft(graph, part, ["verdict"], prefix="a:", title="A")["verdict"], str(graph.grade("a:verdict"))
    ('a:verdict', 'certified')
    """
    needed = {node.id for own in wanted for node in part.closure(own)}
    names: dict[str, str] = {}
    for node in part.nodes.values():
        if node.id not in needed:
            continue
        names[node.id] = node.id if node.kind in COMMON else f"{prefix}{node.id}"
        if node.kind not in COMMON:
            below = tuple(names[support] for support in node.rests_on)
            graph.add(Node(names[node.id], node.kind, f"{title}: {node.label}", node.basis, below))
        elif node.id not in graph.nodes:
            graph.add(node)
        elif graph.nodes[node.id].basis != node.basis:
            raise ValueError(f"node {node.id!r} is in the graph already with another basis")
    return names


def _renamed(record: VerdictRecord, names: Mapping[str, str]) -> VerdictRecord:
    return replace(record, weakest=tuple(names[node] for node in record.weakest))


def _flow(network: Network, profile: Profile, parameters: tuple[str, ...]) -> FlowRecord:
    shares = records.living_shares(profile, parameters)
    lags = np.intersect1d(profile.lags, np.arange(len(shares)))
    known = np.quantile(shares, 0.5, axis=1, method="inverted_cdf") if shares.size else np.full(len(shares), np.nan)
    jacobian = profile.median[np.searchsorted(profile.lags, lags)]
    whole = np.quantile(records.log_total(network, profile.pass_, parameters), 0.5, axis=1, method="inverted_cdf")
    series = (tuple(map(float, values)) for values in (jacobian, known[lags], whole[lags]))
    return FlowRecord(tuple(map(int, lags)), *series)


def _informative(part: Graph, named: Named, steps: int, targets: int, rng: np.random.Generator) -> InformativeRecord:
    """Linear recall from white noise of the power of the inputs: the measurement, and the bound where it holds."""
    network, scale = named.network, named.input_scale
    readout = named.readout / np.linalg.norm(named.readout)
    lags = [lag for lag in LAGS if lag < steps]
    found = informative_gradient(
        network,
        readout=readout,
        lags=lags,
        steps=steps,
        samples=targets,
        input_scale=scale,
        rng=rng,
    )
    bounds = {
        scaled: informative_bound(network, readout=readout, lags=lags, input_scale=scale, scaled=scaled)
        for scaled in INFORMATIVE
    }
    held = {INFORMATIVE[scaled]: bound for scaled, bound in bounds.items() if bound.holds}
    measurement = "measurement:coupled_difference"
    inputs = f"white noise of standard deviation {scale:.4g} from the zero state"
    label = f"coupled differences of {found.samples} samples, {inputs}"
    part.add(Node(measurement, "measurement", label, Measured(label)))
    supports: tuple[str, ...] = (measurement,)
    for name, bound in held.items():
        number = f"number:{name}"
        part.add(Node(number, "number", f"{theorems.get(name).title}: its bound", records.basis(bound.evidence)))
        supports += (add_evidence(part, theorems.get(name)), number)
    node = "informative"
    part.add(Node(node, "number", "what the total gradient says of the input d steps ago", None, supports))
    return InformativeRecord(
        lags=found.lags,
        log_total=(found.log_total,) * len(lags),
        log_informative=tuple(map(float, found.log_informative)),
        standard_error=tuple(map(float, found.standard_error)),
        log_bound=tuple(map(float, np.min([b.log_values for b in held.values()], axis=0))) if held else None,
        rate=min(bound.rate.upper for bound in bounds.values()),
        samples=found.samples,
        horizon=found.horizon,
        evidence=str(part.grade(node)),
        reason="" if held else bounds[True].reason,
        node=node,
        inputs=inputs,
        theorems=tuple(held),
    )
