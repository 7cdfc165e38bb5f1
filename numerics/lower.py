r"""The only bridge from symbols to arrays: a cell's update and derived Jacobian, compiled to NumPy kernels.

From the graph come the step, the jvp ``v -> J_t v`` and the vjp ``g -> J_t^T g``, each with one matrix product per
parameter block and operand; from the derived words comes the dense Jacobian. No (n, n) matrix per step is formed unless
`Kernels.dense` asks for it.

Axes: states ``([nets,] N, samples)`` with N = states * n stacked in the cell's order; inputs ``([nets,] m, samples)``;
tangents and cotangents ``([nets,] N, samples[, directions])``; parameters ``(gates*n, n)`` or ``(nets, gates*n, n)``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
import sympy as sp

from ..theory.jacobian import step_jacobian
from ..theory.language import (
    Apply,
    Bias,
    Cell,
    Hadamard,
    Input,
    MatVec,
    Named,
    State,
    Stop,
    Sum,
    Vector,
    children,
    value,
)
from . import axes
from .axes import Array
from .elementwise import elementwise
from .point import Call, Parameters, Plan, Point, Shared, Use, number
from .reverse import Factor, Route, edges, pull, route
from .slope_of_value import slope_of_value, value_and_slope

__all__ = ["Kernels", "elementwise", "lower", "value_and_slope"]


@dataclass(frozen=True, eq=False)
class Kernels:
    """The compiled kernels of one cell: ``active`` vectors depend on the state, ``learned`` ones on it or on a parameter."""

    plan: Plan
    active: frozenset[int]
    learned: frozenset[int]

    @property
    def cell(self) -> Cell:
        """The cell itself."""
        return self.plan.cell

    @property
    def calls(self) -> tuple[Call, ...]:
        """The matrix products of a step."""
        return self.plan.calls

    def step(
        self,
        parameters: Parameters,
        state: Array,
        inputs: Array,
        *,
        out: Array | None = None,
        products: Sequence[Array] = (),
        shared: Shared | None = None,
    ) -> Array:
        """The new state of one step, in ``out`` if given; ``products`` and ``shared`` as in `Point`."""
        point = Point(self.plan, parameters, state, inputs, products=products, shared=shared)
        return point.write(np.empty(state.shape) if out is None else out)

    def point(self, parameters: Parameters, state: Array, inputs: Array) -> Point:
        """The new state with the local factors of every edge, for any number of jvp, vjp and dense calls."""
        return Point(self.plan, parameters, state, inputs)

    def jvp(self, parameters: Parameters, point: Point, tangent: Array) -> Array:
        """``J_t v`` for tangents ``([nets,] N, samples[, directions])``: one matrix product per block and operand."""
        before = point.before
        widen = axes.widen(before, tangent)
        moved: dict[int, Array] = {}
        for node in self._active_nodes():
            match node:
                case State(name=name):
                    moved[id(node)] = axes.take(tangent, before, self.cell.states.index(name) * point.n, point.n)
                case MatVec():
                    if id(node) not in moved:
                        call = self.plan.call_of[id(node)]
                        stacked = axes.product(call.weights(parameters), moved[id(call.operand)], before)
                        moved |= {
                            id(v): axes.take(stacked, before, j * point.n, point.n) for j, v in enumerate(call.nodes)
                        }
                case _:
                    factors = self._factors(node, parameters, point)
                    parts = [_times(widen(f), moved[id(v)]) for v, f in factors if id(v) in self.active]
                    total = parts[0]
                    for part in parts[1:]:
                        total = total + part
                    moved[id(node)] = total
        zero = np.zeros_like(axes.take(tangent, before, 0, point.n))
        new = [moved.get(id(v), zero) for v in self.cell.update.values()]
        return np.concatenate(new, axis=point.row_axis(tangent))

    def vjp(self, parameters: Parameters, point: Point, cotangent: Array) -> Array:
        """``J_t^T g`` for cotangents ``([nets,] N, samples[, directions])``: one matrix product per block and operand."""
        return self.pullback(parameters, point, cotangent)[0]

    def pullback(
        self, parameters: Parameters, point: Point, cotangent: Array, *, uses: bool = False, overwrite: bool = False
    ) -> tuple[Array, list[Use]]:
        """``J_t^T g`` and, with ``uses``, what each parameter receives: the local derivative's transpose applied to g.

        With ``overwrite`` the memory of the cotangent is used for results, and g is lost.
        """
        path = self._path_to_parameters if uses else self._path_to_state
        return pull(path, parameters, point, cotangent, uses=uses, overwrite=overwrite)

    @cached_property
    def _path_to_state(self) -> Route:
        return route(self.plan, self.active, uses=False)

    @cached_property
    def _path_to_parameters(self) -> Route:
        return route(self.plan, self.learned, uses=True)

    def dense(self, parameters: Parameters, point: Point) -> Array:
        """J_t as full matrices ``([nets,] samples, N, N)``, built from the derived words."""
        jacobian = step_jacobian(self.cell)
        n = point.n
        lead = (*point.before.shape[:-2], point.before.shape[-1])
        result = np.zeros((*lead, n * len(self.cell.states), n * len(self.cell.states)))
        for (row, column), block in jacobian.blocks.items():
            i, j = self.cell.states.index(row) * n, self.cell.states.index(column) * n
            for term in block.terms:
                left = self.diagonal(term.left, parameters, point)[..., :, None]
                word: Array = left * np.eye(n) if not term.tail else left
                for position, (matrix, d) in enumerate(term.tail):
                    weights = axes.rows(parameters[matrix.parameter.name], matrix.parameter, matrix.gate, matrix=True)
                    weights = weights[..., None, :, :]
                    word = word * weights if position == 0 else word @ weights
                    if d != 1:
                        word = word * self.diagonal(d, parameters, point)[..., None, :]
                result[..., i : i + n, j : j + n] += word
        return result

    def diagonal(self, entries: sp.Expr, parameters: Parameters, point: Point) -> Array:
        """The entries ``([nets,] samples, n)`` of a diagonal given as an expression in the vectors of the step."""
        function, sources = _diagonal(self.cell, entries)
        arguments = [source(parameters) if callable(source) else _lookup(source, point) for source in sources]
        found = np.broadcast_to(np.asarray(function(*arguments), dtype=float), point.shape)
        return np.swapaxes(found, -1, -2)

    def _active_nodes(self) -> Iterator[Vector]:
        return (node for node in self.cell.nodes if id(node) in self.active)

    def _factors(self, node: Vector, parameters: Parameters, point: Point) -> list[tuple[Vector, Any]]:
        return [(child, f if isinstance(f, float) else f(parameters, point)) for child, f in self._edges[id(node)]]

    @cached_property
    def _edges(self) -> dict[int, list[tuple[Vector, Factor]]]:
        return {id(node): edges(node) for node in self.cell.nodes}


def _times(factor: Any, array: Array) -> Array:
    return array if isinstance(factor, float) and factor == 1.0 else np.asarray(factor * array)


def _lookup(source: tuple[str, Vector], point: Point) -> Array:
    kind, node = source
    return point.slope(node) if kind == "slope" and isinstance(node, Apply) else point.value(node)


@lru_cache(maxsize=1024)
def _diagonal(cell: Cell, entries: sp.Expr) -> tuple[Callable[..., Any], tuple[Any, ...]]:
    """Compile a diagonal; its arguments are values or slopes of nodes, or scalar parameters."""
    # symbols with names of their own: the place of a Dummy in a product depends on all Dummies made before
    replaced: dict[sp.Expr, sp.Symbol] = {}
    sources: list[Any] = []
    for node in cell.nodes:
        if isinstance(node, Apply):
            for kind, head in (("slope", node.activation.df), ("value", node.activation.f)):
                expr = head(value(node.operand))
                if entries.has(expr) and expr not in replaced:
                    replaced[expr] = sp.Symbol(f"vector{len(replaced):04}__")
                    sources.append((kind, node))
    rest = entries.xreplace(replaced)
    for node in cell.nodes:
        if isinstance(node, State | Input | Bias | Named):
            symbol = value(node)
            if rest.has(symbol) and symbol not in replaced:
                replaced[symbol] = sp.Symbol(f"vector{len(replaced):04}__")
                sources.append(("value", node))
    rest = rest.xreplace({s: replaced[s] for s in rest.free_symbols if s in replaced})
    arguments = list(replaced.values())
    scalars = sorted(rest.free_symbols - set(arguments), key=str)
    return sp.lambdify([*arguments, *scalars], rest, modules="numpy", cse=True), (*sources, *map(number, scalars))


@lru_cache(maxsize=128)
def lower(cell: Cell) -> Kernels:
    """Compile a cell: group its matrix products by parameter and operand, find what depends on the state.

    >>> import numpy as np
    >>> from errorflow.theory import cells
    >>> kernels = lower(cells.get("lstm"))
    >>> [(call.parameter.name, len(call.nodes)) for call in kernels.calls]
    [('W', 4), ('B', 4)]
    """
    groups: dict[tuple[str, int], dict[int, MatVec]] = {}
    active: set[int] = set()
    learned: set[int] = set()
    for node in cell.nodes:
        below = [] if isinstance(node, Stop) else [id(v) for v in children(node)]
        if isinstance(node, State) or any(v in active for v in below):
            active.add(id(node))
        own = isinstance(node, MatVec | Bias) or (isinstance(node, Sum) and any(c.free_symbols for c, _ in node.terms))
        if own or id(node) in active or any(v in learned for v in below):
            learned.add(id(node))
        if isinstance(node, MatVec):
            parameter, gate = node.matrix.parameter, node.matrix.gate
            rank = parameter.gates.index(gate) if gate else 0
            key = (parameter.name, id(node.operand))
            if rank in groups.setdefault(key, {}):
                key = (parameter.name, id(node))
            groups.setdefault(key, {})[rank] = node
    calls = tuple(call for group in groups.values() for call in _calls(group))
    applied = [node for node in cell.nodes if isinstance(node, Apply)]
    owners = _owners(cell, active)
    paired = _factors_of_products(cell) | {id(node) for node in applied if slope_of_value(node.activation) is not None}
    plan = Plan(
        cell,
        calls,
        _kept(calls, active, owners),
        {id(node): elementwise(node.activation.stable or node.activation.expression) for node in applied},
        {id(node): elementwise(node.activation.stable_slope or node.activation.slope) for node in applied},
        {id(node): value_and_slope(node.activation) for node in applied if id(node) in paired},
        owners,
    )
    return Kernels(plan, frozenset(active), frozenset(learned))


def _calls(group: dict[int, MatVec]) -> list[Call]:
    """One call per run of consecutive gates."""
    runs: list[list[int]] = []
    for rank in sorted(group):
        if runs and rank == runs[-1][-1] + 1:
            runs[-1].append(rank)
        else:
            runs.append([rank])
    nodes = [tuple(group[rank] for rank in run) for run in runs]
    return [Call(own[0].matrix.parameter, run[0], own, own[0].operand) for run, own in zip(runs, nodes, strict=True)]


def _kept(calls: Sequence[Call], active: set[int], owners: dict[int, MatVec]) -> dict[int, int]:
    """The products that act on a state and hold sums, in the order in which their memory is given."""
    owning = {id(v) for v in owners.values()}
    found = [id(c) for c in calls if id(c.operand) in active and any(id(v) in owning for v in c.nodes)]
    return {key: place for place, key in enumerate(found)}


def _owners(cell: Cell, active: set[int]) -> dict[int, MatVec]:
    """The sums that are completed in the memory of a product which nothing else reads, one that acts on a state first."""
    readers = Counter(id(v) for node in cell.nodes for v in children(node))
    readers.update(id(new) for new in cell.update.values())
    wide: set[int] = set()  # with a column per sample
    found: dict[int, MatVec] = {}
    for node in cell.nodes:
        if isinstance(node, State | Input) or any(id(v) in wide for v in children(node)):
            wide.add(id(node))
        if isinstance(node, Sum):
            free = [v for c, v in node.terms if c == 1 and isinstance(v, MatVec) and readers[id(v)] == 1]
            free = sorted((v for v in free if id(v) in wide), key=lambda v: id(v) not in active)
            found |= {id(node): v for v in free[:1]}
    return found


def _factors_of_products(cell: Cell) -> set[int]:
    """Vectors whose values the backward pass needs: factors of entrywise products, operands of matrices and functions."""
    found = {id(v) for node in cell.nodes if isinstance(node, Hadamard | MatVec | Apply) for v in children(node)}
    for node in reversed(cell.nodes):
        if isinstance(node, Named | Stop | Sum) and id(node) in found:
            found |= {id(v) for v in children(node)}
    return found
