r"""The backward pass over the graph of one step: ``g -> J_t^T g``, and what each parameter receives.

The route is found once per cell: the nodes that cotangents pass, in reverse order, each with its local derivatives towards
the nodes below. A node with one derivative, which is 1, is left out: what comes to it comes to the node below.

Main definitions: `edges`, `Route`, `route`, `pull`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..theory.language import Apply, Bias, Hadamard, MatVec, Named, State, Sum, Vector
from . import axes
from .axes import Array
from .point import Call, Number, Parameters, Plan, Point, Use, number

Factor = float | Callable[[Parameters, Point], Any]


@dataclass(frozen=True, eq=False)
class Stop:
    """A node of a route: where cotangents go on, times which factor; or the matrix product to pull through.

    ``scalars`` are the scalar parameters in a sum, each with the derivatives of the coefficients.
    """

    node: Vector
    call: Call | None
    onward: tuple[tuple[int, Factor], ...]
    scalars: tuple[tuple[str, tuple[tuple[Number, Vector], ...]], ...] = ()


@dataclass(frozen=True, eq=False)
class Route:
    """Where the cotangent of each new state comes in, the nodes in order, and where those of the old states arrive."""

    starts: tuple[int, ...]
    stops: tuple[Stop, ...]
    ends: tuple[tuple[int, ...], ...]
    below: Mapping[int, int]  # of the operand of each product


def edges(node: Vector) -> list[tuple[Vector, Factor]]:
    """The local derivative of a node towards each vector that it is built from, matrices aside."""

    def coefficient(c: Number) -> Factor:
        return lambda parameters, point: c(parameters)

    match node:
        case Sum(terms=terms):
            return [(v, coefficient(number(c)) if c.free_symbols else float(c)) for c, v in terms]
        case Apply(operand=operand):
            return [(operand, lambda parameters, point: point.slope(node))]
        case Hadamard(left=a, right=b):
            return [(a, lambda parameters, point: point.value(b)), (b, lambda parameters, point: point.value(a))]
        case Named(body=body):
            return [(body, 1.0)]
    return []


def route(plan: Plan, wanted: frozenset[int], *, uses: bool) -> Route:
    """The route through the nodes that are wanted; with ``uses`` also through products whose operand is not."""
    nodes = plan.cell.nodes
    onward = {id(v): [(child, factor) for child, factor in edges(v) if id(child) in wanted] for v in nodes}
    scalars = {id(v): _scalars(v) if uses else () for v in nodes}

    def target(node: Vector) -> int:
        following = onward[id(node)]
        while len(following) == 1 and following[0][1] == 1.0 and not scalars[id(node)]:
            node = following[0][0]
            following = onward[id(node)]
        return id(node)

    position = {id(node): i for i, node in enumerate(nodes)}
    below = {id(call): target(call.operand) for call in plan.calls if id(call.operand) in wanted}
    pulled = [call for call in plan.calls if uses or id(call) in below]
    last = {id(min(call.nodes, key=lambda v: position[id(v)])): call for call in pulled}
    stops = []
    for node in reversed(nodes):
        call = last.get(id(node))
        passed = id(node) in wanted and not isinstance(node, MatVec | State) and target(node) == id(node)
        if call is not None or passed:
            following = tuple((target(child), factor) for child, factor in onward[id(node)])
            stops.append(Stop(node, call, following, scalars[id(node)]))
    states = [tuple(id(v) for v in nodes if isinstance(v, State) and v.name == name) for name in plan.cell.states]
    return Route(tuple(target(new) for new in plan.cell.update.values()), tuple(stops), tuple(states), below)


def _scalars(node: Vector) -> tuple[tuple[str, tuple[tuple[Number, Vector], ...]], ...]:
    if not isinstance(node, Sum):
        return ()
    symbols = sorted({s for c, _ in node.terms for s in c.free_symbols}, key=str)
    return tuple((s.name, tuple((number(c.diff(s)), v) for c, v in node.terms if c.has(s))) for s in symbols)


class _Flows:
    """What arrives at each node, and which of these arrays nobody else holds."""

    def __init__(self, widen: Callable[[Any], Any]) -> None:
        self.widen = widen
        self.arrived: dict[int, Array] = {}
        self.own: set[int] = set()

    def add(self, node: int, factor: Any, delta: Array, *, own: bool) -> None:
        """Add factor delta to what arrives at a node; ``own`` says that the memory of delta may be used."""
        if not (isinstance(factor, float) and factor == 1.0):
            delta, own = np.multiply(self.widen(factor), delta, out=delta if own else None), True
        before = self.arrived.get(node)
        if before is not None:
            memory = before if node in self.own else delta if own else None
            delta, own = np.add(before, delta, out=memory), True
        self.arrived[node] = delta
        if own:
            self.own.add(node)

    def total(self, nodes: Sequence[int]) -> Array | None:
        """What arrives at some nodes together, in memory of its own; None for nothing."""
        found = [node for node in nodes if node in self.arrived]
        if not found:
            return None
        total = self.arrived[found[0]] if found[0] in self.own else self.arrived[found[0]].copy()
        for node in found[1:]:
            total += self.arrived[node]
        return total


def pull(
    path: Route, parameters: Parameters, point: Point, cotangent: Array, *, uses: bool, overwrite: bool
) -> tuple[Array, list[Use]]:
    """``J_t^T g`` along a route, with the uses of the parameters; ``overwrite`` gives the memory of g away."""
    flows = _Flows(axes.widen(point.before, cotangent))
    received: list[Use] = []
    for i, start in enumerate(path.starts):
        flows.add(start, 1.0, axes.take(cotangent, point.before, i * point.n, point.n), own=overwrite)
    for stop in path.stops:
        if stop.call is not None:
            _through(stop.call, path, parameters, point, flows, received, uses=uses)
            continue
        key = id(stop.node)
        delta = flows.arrived.get(key)
        if delta is None:
            continue
        if uses:
            received += _own_uses(stop, parameters, point, delta)
        own = len(stop.onward) == 1 and key in flows.own
        for child, factor in stop.onward:
            flows.add(child, factor if isinstance(factor, float) else factor(parameters, point), delta, own=own)
    parts = [flows.total(nodes) for nodes in path.ends]
    if len(parts) == 1 and parts[0] is not None:
        return parts[0], received
    zero = np.zeros_like(axes.take(cotangent, point.before, 0, point.n))
    return np.concatenate([zero if p is None else p for p in parts], axis=point.row_axis(cotangent)), received


def _own_uses(stop: Stop, parameters: Parameters, point: Point, delta: Array) -> list[Use]:
    """What the parameters that stand in a node itself receive: a bias, and scalars in the coefficients of a sum."""
    if isinstance(stop.node, Bias):
        parameter, gate = stop.node.parameter, stop.node.gate
        return [Use(parameter.name, parameter.gates.index(gate) if gate else 0, delta, None)]
    found = []
    for name, terms in stop.scalars:
        derivative = sum(c(parameters) * point.value(v) for c, v in terms)
        moved = axes.widen(point.before, delta)(derivative) * delta
        found.append(Use(name, 0, np.sum(moved, axis=point.row_axis(delta), keepdims=True), None))
    return found


def _through(
    call: Call, path: Route, parameters: Parameters, point: Point, flows: _Flows, received: list[Use], *, uses: bool
) -> None:
    """Pull through one matrix product: all its gates at once."""
    arriving = [flows.arrived.get(id(v)) for v in call.nodes]
    stacked = arriving[0]
    if len(arriving) > 1:
        shape = next((d.shape for d in arriving if d is not None), None)
        if shape is None:
            return
        full = [np.zeros(shape) if d is None else d for d in arriving]
        stacked = np.concatenate(full, axis=point.row_axis(full[0]))
    if stacked is None:
        return
    if uses:
        received.append(Use(call.parameter.name, call.first, stacked, point.value(call.operand)))
    below = path.below.get(id(call))
    if below is not None:
        pulled = axes.product(point.transposed(call, parameters), stacked, point.before)
        flows.add(below, 1.0, pulled, own=True)
