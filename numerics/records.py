r"""From what was computed to the records of an `Analysis`, with the evidence graph built along the way.

Main definitions: `assemble`, `streams`, `recurrent_parameters`, `network_record`, `grounds`, `constant_records`,
`bound_record`, `verdict_records`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ..theory import notation, quantities
from ..theory.evidence import Assumed, Certified, Graph, Measured, Node
from ..theory.jacobian import step_jacobian
from ..theory.product import jacobian_product
from . import analysis as a
from . import measurements as m
from . import verdict
from .axes import Array
from .backprop import Backward
from .brackets import hierarchy_records
from .cards import claim_cards, fact_cards, formal_proofs, hypothesis_record, refutation_cards, theorem_cards
from .error_flow import ErrorFlow
from .evaluate import Environment, evaluate
from .functionals import EVALUATORS
from .gradient_records import gradient_norms, joint_part, lag_shares, truncation
from .instantiate import Instance, slacks
from .intervals import Interval
from .lyapunov import Spectrum
from .lyapunov.record import spectrum_record
from .network import Network
from .profile import Profile, log_shares
from .simulate import Rng, Trajectory, generator
from .truncation import Truncated

if TYPE_CHECKING:  # the networks of a confrontation are judged by the functions of this module
    from .confrontation.record import Confrontation

AUXILIARY = (
    quantities.perron_scaling_norm,
    quantities.perron_condition,
    quantities.scaled_norm,
    quantities.scaling_condition,
    quantities.numerical_radius,
    quantities.scaled_numerical_radius,
    quantities.certificate_rate,
    quantities.certificate_condition,
    quantities.kreiss_constant,
    quantities.power_supremum,
    quantities.joint_spectral_radius,
)
FLOATS = "floating point, no error bound"
ENCLOSED = "enclosure with a derived error bound, for IEEE arithmetic with sums in any order"
MEASUREMENTS = {
    "measurement:trajectory": "one simulated trajectory, double precision",
    "measurement:profile": "backward pass by lag, double precision",
    "measurement:gradient": "gradient by lag, double precision",
    "measurement:error_flow": "one descent step, double precision",
}
DIRECTIONS = 4
RECALL_LAG = 10
SUMMED = 4  # samples whose parts of the gradient are added up
Found = tuple[Sequence[Instance], Sequence[Instance]]


class Streams(NamedTuple):
    """The generators of one analysis, one per use, so that leaving a use out moves no other number."""

    inputs: np.random.Generator
    profile: np.random.Generator
    spectrum: np.random.Generator
    flow: np.random.Generator
    norms: np.random.Generator
    confrontation: np.random.Generator


def streams(rng: Rng) -> Streams:
    """Independent generators from one seed or generator.

    >>> streams(0).flow.random() == streams(0).flow.random() != streams(1).flow.random()
    True
    """
    return Streams(*generator(rng).spawn(len(Streams._fields)))


def recurrent_parameters(network: Network) -> tuple[str, ...]:
    """Names of the recurrent matrices of a network, or of all its parameters but scalars if it has none."""
    arrays = [p for p in network.cell.parameters if p.kind != "scalar"]
    recurrent = [p for p in arrays if p.kind == "matrix" and p.columns == "n"]
    return tuple(p.name for p in recurrent or arrays)


def assemble(
    *,
    trajectory: Trajectory,
    described: tuple[str, float | None],
    directions: int,
    profile: Profile,
    cut: Truncated,
    norms: Array,
    spectrum: Spectrum,
    flow: tuple[ErrorFlow, int],
    where: Environment,
    here: Environment,
    found: Found,
    seed: int | None,
    facts: bool,
    confronted: Callable[[Graph], Confrontation | None] = lambda _: None,
) -> a.Analysis:
    """Put the pieces together; the order in which nodes enter the graph is that of the reasoning."""
    network = trajectory.network
    graph = Graph()
    grounds(graph, network)
    constants = constant_records(graph, where)
    every = np.arange(trajectory.steps + 1)[profile.lags]
    gaps = {
        (i.bound.id, i.scope): slacks(i, every, profile.largest, profile.smallest)
        for scope in found
        for i in scope
        if i.holds and i.scope != "some_slopes"  # those slopes are not the trajectory's
    }
    gaps = {key: cases for key, cases in gaps.items() if len(cases)}
    scopes = (where, here)
    theorems = theorem_cards(graph, scopes, found, gaps, seed)
    refutations = refutation_cards(graph)
    claims = claim_cards(scopes, theorems, refutations)
    found_facts = fact_cards(graph) if facts else []
    bounds = [bound_record(graph, i, gaps.get((i.bound.id, i.scope))) for scope in found for i in scope]
    recurrent, every_one = recurrent_parameters(network), tuple(network.parameters)
    verdicts = verdict_records(graph, network, found=found, profile=profile, flow=flow)
    confrontation = confronted(graph)
    return a.Analysis(
        network=network_record(network),
        horizon=a.Horizon(trajectory.steps, trajectory.samples, directions, *described),
        jacobian=_jacobian(network),
        notation=tuple(a.Notation(letter.symbol, letter.meaning) for letter in notation.TABLE),
        verdicts=verdicts,
        constants=constants,
        bounds=tuple(bounds),
        profile=_profile(profile, trajectory.samples, directions),
        lag_shares=lag_shares(profile.pass_.log_part, recurrent),
        spectrum=spectrum_record(spectrum, trajectory),
        eigenvalues=_eigenvalues(network),
        theorems=tuple(theorems),
        refutations=tuple(refutations),
        claims=tuple(claims),
        facts=tuple(found_facts),
        graph=_graph(graph),
        seed=seed,
        hierarchy=hierarchy_records(where),
        truncation=truncation(cut, ", ".join(every_one)),
        gradient_norms=gradient_norms(norms, ", ".join(every_one)),
        confrontation=confrontation,
        formal_proofs=formal_proofs(),
    )


def grounds(graph: Graph, network: Network) -> None:
    """Add what everything else rests on: the runs that are measured, and what the network's source did not say."""
    for identifier, label in MEASUREMENTS.items():
        graph.add(Node(identifier, "measurement", label, Measured(label)))
    for index, assumption in enumerate(network.assumed):
        graph.add(Node(f"assumption:{index}", "hypothesis", assumption, Assumed(assumption)))


def verdict_records(
    graph: Graph, network: Network, *, found: Found, profile: Profile, flow: tuple[ErrorFlow, int]
) -> tuple[a.VerdictRecord, ...]:
    """Q1 to Q4 in every scope, exactly one decisive each; ``found`` are the bounds for all inputs and on the trajectory.

    ``graph`` has the grounds, the constants, the theorems and the bounds; ``flow`` comes with the lag of its recall.
    """
    given = tuple(f"if {assumption}" for assumption in network.assumed)
    recurrent = recurrent_parameters(network)
    flat = profile.log_norm.reshape(len(profile.lags), -1)
    shares = living_shares(profile, recurrent)
    total = log_total(network, profile.pass_, recurrent)
    return (
        *verdict.state_jacobian(graph, given, found, profile.lags, flat),
        *verdict.total_gradient(graph, given, np.arange(len(total)), total),
        *verdict.lag_share(graph, given, np.arange(len(shares)), shares),
        *verdict.error_flow_verdict(graph, given, *flow),
    )


def living_shares(profile: Profile, parameters: tuple[str, ...]) -> Array:
    """log share of each lag in the gradient ``(lags, series)``, without the series whose parts are all zero.

    The last lag is left out: the first copy reads the zero initial state, so that its part is zero.
    """
    shares = log_shares(joint_part(profile.pass_.log_part, parameters))
    alive = shares.reshape(len(shares), -1)
    return np.asarray(alive[: max(len(shares) - 1, 1), ~np.isnan(alive).any(axis=0)])


def log_total(network: Network, passed: Backward, parameters: tuple[str, ...]) -> Array:
    """log norm of the gradient over the last k+1 copies ``(T, series)``: of the sum if tied, of all copies if not."""
    if network.tied:
        together = joint_part(passed.log_total, parameters)[:, :, :1]
    else:
        together = np.logaddexp.accumulate(2 * joint_part(passed.log_part, parameters), axis=0) / 2
    return together.reshape(len(together), -1)


def network_record(network: Network) -> a.NetworkRecord:
    """What the network is and where it came from."""
    return a.NetworkRecord(
        cell=network.cell.name,
        layer=network.layer,
        activation=", ".join(f.name for f in network.cell.activations),
        n=network.n,
        state_dim=network.state_dim,
        input_dim=network.m,
        dtype=network.dtype,
        source=network.source,
        sha256=network.sha256,
        tied=network.tied,
        parameters={name: array.shape for name, array in network.parameters.items()},
        assumed=network.assumed,
    )


def _jacobian(network: Network) -> a.JacobianRecord:
    jacobian = step_jacobian(network.cell)
    blocks = (a.BlockRecord(b.row, b.column, b.formula) for b in jacobian.blocks.values())
    update = (a.NamedFormula(name, formula) for name, formula in network.cell.equations.items())
    return a.JacobianRecord(tuple(blocks), tuple(update), jacobian_product(network.cell).formula)


def constant_records(graph: Graph, where: Environment) -> dict[str, a.ConstantRecord]:
    """The constants of the recurrent matrices, each with its node in the graph."""
    found = {}
    for functional in EVALUATORS:
        for name in where.matrices:
            expr = functional(quantities.matrix_symbol(name))
            if functional in AUXILIARY and expr not in where.known:
                continue  # it belongs to a bound that this cell does not have
            enclosure = evaluate(expr, where)
            graph.add(Node(f"constant:{expr}", "constant", functional.meaning, basis(enclosure.evidence)))
            found[str(expr)] = a.ConstantRecord(
                enclosure.lower, enclosure.upper, enclosure.evidence, enclosure.residual, expr
            )
    return found


def basis(evidence: str) -> Certified | Measured:
    """The basis of a number: what its enclosure says of itself."""
    return Certified(ENCLOSED) if evidence == "certified" else Measured(FLOATS)


def bound_record(graph: Graph, instance: Instance, gaps: Array | None) -> a.BoundRecord:
    """A bound with its numbers, and its node in the graph, on top of the theorem and the constants."""
    bound, scope = instance.bound, instance.scope
    identifier = f"bound:{bound.id}:{scope}"
    constants = [f"constant:{q}" for q in instance.constants if f"constant:{q}" in graph.nodes]
    supports = [f"theorem:{instance.theorem.id}", *constants]
    if not constants or instance.evidence != "certified":  # suprema over the scope have no node of their own
        label = f"numbers of {bound.title}"
        graph.add(Node(f"number:{bound.id}:{scope}", "number", label, basis(instance.evidence)))
        supports.append(f"number:{bound.id}:{scope}")
    if scope == "trajectory":
        supports.append("measurement:trajectory")
    graph.add(Node(identifier, "bound", f"{bound.title} ({scope})", None, tuple(supports)))
    return a.BoundRecord(
        id=bound.id,
        title=bound.title,
        object=bound.object,
        scope=scope,
        direction=bound.direction,
        norm=bound.norm,
        statement=bound.statement,
        log_rate=instance.log_rate,
        log_constant=instance.log_constant,
        decides=bound.decides if instance.decided else None,
        evidence=str(graph.grade(identifier)),
        theorem=instance.theorem.id,
        slack=float(gaps.min()) if gaps is not None else None,
        cases=len(gaps) if gaps is not None else 0,
        holds=instance.holds,
        rate=Interval(instance.rate.lower, instance.rate.upper),
        constant=Interval(instance.constant.lower, instance.constant.upper),
        hypotheses=tuple(hypothesis_record(*pair, scope=scope) for pair in instance.answers),
    )


def _profile(profile: Profile, samples: int, directions: int) -> m.ProfileRecord:
    def numbers(array: Array) -> tuple[float, ...]:
        return tuple(map(float, array))

    median, q05, q95 = (numbers(profile.quantile(q)) for q in (0.5, 0.05, 0.95))
    norms = m.LogNorms(median, q05, q95, numbers(profile.largest), numbers(profile.smallest))
    return m.ProfileRecord(tuple(map(int, profile.lags)), norms, samples, directions)


def _eigenvalues(network: Network) -> dict[str, a.Eigenvalues]:
    if network.untied:
        return {}
    found = {}
    for name, W in network.recurrent_blocks().items():
        values = np.sort_complex(np.linalg.eigvals(W))
        found[name] = a.Eigenvalues(tuple(map(float, values.real)), tuple(map(float, values.imag)))
    return found


def _graph(graph: Graph) -> a.GraphRecord:
    nodes = tuple(
        a.GraphNode(node.id, node.kind, node.label, str(graph.grade(node.id)), node.basis.word if node.basis else "")
        for node in graph.nodes.values()
    )
    return a.GraphRecord(nodes, graph.edges)
