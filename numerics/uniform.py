r"""What holds for all inputs, from the weights alone: the hierarchy of each recurrent block, and the bounds with numbers.

Main definitions: `Uniform`, `uniform`, `certificate_of`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

from ..theory import theorems
from ..theory.bounds import slope_form
from ..theory.certificate import Certificate
from ..theory.evidence import Assumed, Graph, Node
from ..theory.theorem import add_evidence
from . import analysis as a
from . import records
from .brackets import hierarchy_records
from .constants import sharp_certificate
from .evaluate import environment
from .functionals import radius_scaling
from .instantiate import Instance, instances, sharpest
from .intervals import HierarchyRecord
from .network import Network
from .verdict import JOINT

CERTIFIED_UNITS = 512  # a certificate of so many is found and verified within a minute


@dataclass(frozen=True)
class Uniform:
    """What holds for all inputs: brackets, bounds, and the verdict on the state Jacobian with the bound that decides.

    ``decided_by`` is "joint_spectral_radius" where gamma jsr{D W} < 1 alone decides: exponential decay, with some constant.

    ``growing`` is a bound that shows growth for some slopes in their range, if there is one; ``given`` are the
    assumptions about the source of the weights.
    """

    network: a.NetworkRecord
    hierarchy: tuple[HierarchyRecord, ...]
    bounds: tuple[a.BoundRecord, ...]
    verdict: str
    evidence: str
    decided_by: str | None
    growing: str | None
    given: tuple[str, ...]


def uniform(network: Network) -> Uniform:
    """Brackets and bounds for all inputs of a network, and whether they decide; nothing is simulated.

    Raises ValueError for untied copies of the weights and for a batch of networks.

    >>> import numpy as np
    >>> from errorflow.theory import cells
    >>> net = Network(cells.get("elman"), {"W": np.eye(3) / 2, "B": np.eye(3), "b": np.zeros(3)})
    >>> found = uniform(net)
    >>> found.verdict, found.hierarchy[0].rows[0].id, found.hierarchy[0].threshold
    ('vanishes', 'spectral_radius', Interval(lower=1.0, upper=1.0))
    """
    if network.untied or network.nets:
        what = f"{network.steps} copies, one for each step" if network.untied else f"a batch of {network.nets}"
        raise ValueError(f"network must be one network whose steps share their weights, got {what}")
    where = environment(network)
    found = instances(where)
    graph = Graph()
    records.constant_records(graph, where)
    for instance in found:
        if f"theorem:{instance.theorem.id}" not in graph.nodes:
            add_evidence(graph, instance.theorem)
    bounds = [records.bound_record(graph, instance, None) for instance in found]
    decided = [i for i in found if i.decided and i.scope == "all_inputs"]
    growing = [i for i in found if i.decided and i.scope == "some_slopes"]
    falling = [i for i in found if i.falls]
    add_evidence(
        graph, theorems.get("hierarchy_radius_below_joint")
    )  # with the definition of the joint spectral radius
    best = sharpest(decided) if decided else None
    return Uniform(
        network=records.network_record(network),
        hierarchy=hierarchy_records(where),
        bounds=tuple(bounds),
        verdict=best.bound.decides if best else "vanishes" if falling else "undecided",
        evidence=_evidence(graph, network, best or next(iter(falling), None), found),
        decided_by=best.bound.id if best else JOINT if falling else None,
        growing=growing[0].bound.id if growing else None,
        given=network.assumed,
    )


def _evidence(graph: Graph, network: Network, best: Instance | None, found: tuple[Instance, ...]) -> str:
    """The grade of the verdict: of the bound that decides, else of all of them, under the assumptions."""
    for index, assumption in enumerate(network.assumed):
        graph.add(Node(f"assumption:{index}", "hypothesis", assumption, Assumed(assumption)))
    supports = tuple(f"bound:{i.bound.id}:{i.scope}" for i in ([best] if best else found))
    assumed = tuple(node for node in graph.nodes if node.startswith("assumption:"))
    if not supports + assumed:
        return "measured"
    graph.add(Node("verdict", "verdict", "all inputs", None, supports + assumed))
    return str(graph.grade("verdict"))


def certificate_of(network: Network) -> Certificate:
    """An exact, proved certificate that ||J(t, t-k)||_2 <= 2 kappa(L) r^k for all inputs, with r near gamma omega(W).

    Raises ValueError where the step Jacobian is not D_t W with one W and slopes in [0, gamma], and for more than
    `CERTIFIED_UNITS` units, which take minutes.

    >>> import numpy as np
    >>> from errorflow.theory import cells
    >>> net = Network(cells.get("elman"), {"W": np.eye(2) / 2, "B": np.eye(2), "b": np.zeros(2)})
    >>> round(float(certificate_of(net).rate), 4)
    0.5
    """
    where = environment(network)
    form = slope_form(network.cell)
    if network.untied or network.nets:
        raise ValueError("a certificate belongs to one matrix W that all steps share, got several")
    if form is None:
        raise ValueError(
            f"a certificate needs a step Jacobian D_t W with slopes in D_t, which cell {network.cell.name!r} does not have"
        )
    gamma, least = where.slope_sup, where.slope_least
    if not (least.lower >= 0.0 and 0.0 < gamma.upper < math.inf):
        known = f"[{least.lower:.6g}, {gamma.upper:.6g}]"
        raise ValueError(f"a certificate needs slopes in [0, gamma] with a finite gamma, got slopes in {known}")
    W = where.matrices[form.matrix.name]
    if len(W) > CERTIFIED_UNITS:
        raise ValueError(
            f"a certificate of more than {CERTIFIED_UNITS} units takes minutes, got {len(W)} units; "
            "errorflow.numerics.constants.sharp_certificate makes it all the same"
        )
    return sharp_certificate(W, gamma=Fraction(gamma.upper), diagonal=radius_scaling(W).diagonal)
