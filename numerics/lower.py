r"""The only bridge from symbols to arrays: a cell's update and derived Jacobian, compiled to NumPy kernels.

From the graph come the step, the jvp ``v -> J_t v`` and the vjp ``g -> J_t^T g``, each with one matrix product per
parameter block and operand; from the derived words comes the dense Jacobian. No (n, n) matrix per step is formed unless
`Kernels.dense` asks for it.

Axes: states ``([nets,] N, samples)`` with N = states * n stacked in the cell's order; inputs ``([nets,] m, samples)``;
tangents and cotangents ``([nets,] N, samples[, directions])``; parameters ``(gates*n, n)`` or ``(nets, gates*n, n)``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
import sympy as sp

from ..theory import activations
from ..theory.activations import Activation
from ..theory.jacobian import step_jacobian
from ..theory.language import (
    Apply,
    Bias,
    Cell,
    Hadamard,
    Input,
    MatVec,
    Named,
    Ones,
    Parameter,
    State,
    Stop,
    Sum,
    Vector,
    children,
    value,
)
from . import axes
from .axes import Array

Parameters = Mapping[str, Array]


@lru_cache(maxsize=256)
def elementwise(expression: sp.Expr) -> Callable[[Array], Array]:
    """The NumPy function of an expression in the activations' variable x."""
    compiled = sp.lambdify(activations.x, expression, modules=["scipy", "numpy"], cse=True)
    if expression.free_symbols:
        return lambda a: np.asarray(compiled(a), dtype=float)
    return lambda a: np.full_like(a, compiled(a))


@lru_cache(maxsize=256)
def value_and_slope(activation: Activation) -> Callable[[Array], tuple[Array, Array]]:
    """The NumPy function that gives an activation's value and slope together, sharing what they have in common."""
    pair = [activation.stable or activation.expression, activation.stable_slope or activation.slope]
    compiled = sp.lambdify(activations.x, pair, modules=["scipy", "numpy"], cse=True)

    def both(a: Array) -> tuple[Array, Array]:
        value, slope = compiled(a)
        return np.broadcast_to(value, a.shape), np.broadcast_to(slope, a.shape)

    return both


@dataclass(frozen=True, eq=False)
class Call:
    """One matrix product of a step: consecutive gates of one parameter applied to one operand."""

    parameter: Parameter
    first: int
    nodes: tuple[MatVec, ...]
    operand: Vector

    def weights(self, parameters: Parameters) -> Array:
        """The rows of the parameter that this product uses."""
        array = parameters[self.parameter.name]
        n = array.shape[-2] // self.parameter.blocks
        return array[..., self.first * n : (self.first + len(self.nodes)) * n, :]


@dataclass(frozen=True, eq=False)
class Point:
    """One step at one state: the new state, every vector of the update, and the slope of every elementwise function."""

    state: Array
    values: Mapping[int, Array]
    slopes: Mapping[int, Array]


@dataclass(frozen=True)
class Use:
    """Where a parameter enters a step: the gradient of its rows is ``delta @ operand^T`` (bias: delta)."""

    parameter: str
    first: int
    delta: Array
    operand: Array | None


@dataclass(frozen=True, eq=False)
class Kernels:
    """The compiled kernels of one cell."""

    cell: Cell
    calls: tuple[Call, ...]
    active: frozenset[int]

    @cached_property
    def call_of(self) -> dict[int, Call]:
        """The call that computes each matrix-vector product."""
        return {id(v): call for call in self.calls for v in call.nodes}

    @cached_property
    def _last_pulled(self) -> frozenset[int]:
        """In each call the product that comes first in the step, hence last in reverse order."""
        position = {id(node): i for i, node in enumerate(self.cell.nodes)}
        return frozenset(min((id(v) for v in call.nodes), key=position.__getitem__) for call in self.calls)

    def step(self, parameters: Parameters, state: Array, inputs: Array) -> Array:
        """The new state of one step."""
        return self._evaluate(parameters, state, inputs, slopes=False).state

    def point(self, parameters: Parameters, state: Array, inputs: Array) -> Point:
        """The new state with the local factors of every edge, for any number of jvp, vjp and dense calls."""
        return self._evaluate(parameters, state, inputs, slopes=True)

    def _evaluate(self, parameters: Parameters, state: Array, inputs: Array, *, slopes: bool) -> Point:
        n = state.shape[-2] // len(self.cell.states)
        values: dict[int, Array] = {}
        factors: dict[int, Array] = {}
        for node in self.cell.nodes:
            match node:
                case State(name=name):
                    i = self.cell.states.index(name)
                    result = state[..., i * n : (i + 1) * n, :]
                case Input():
                    result = inputs
                case Bias(parameter=p, gate=gate):
                    result = axes.rows(parameters[p.name], p, gate)[..., None]
                case Ones():
                    result = np.ones((n, 1))
                case MatVec():
                    if id(node) not in values:
                        call = self.call_of[id(node)]
                        stacked = call.weights(parameters) @ values[id(call.operand)]
                        values |= {id(v): stacked[..., j * n : (j + 1) * n, :] for j, v in enumerate(call.nodes)}
                    continue
                case Sum(terms=terms):
                    result = sum(_scaled(_number(c, parameters), values[id(v)]) for c, v in terms)  # type: ignore[assignment]
                case Apply(activation=activation, operand=operand):
                    a = values[id(operand)]
                    if slopes and id(node) in self.active:
                        result, factors[id(node)] = value_and_slope(activation)(a)
                    else:
                        result = elementwise(activation.stable or activation.expression)(a)
                case Hadamard(left=left, right=right):
                    result = values[id(left)] * values[id(right)]
                case Named(body=body) | Stop(body=body):
                    result = values[id(body)]
                case _:
                    raise TypeError(f"not a vector of the cell language: {node!r}")
            values[id(node)] = result
        shape = state[..., :n, :].shape
        new = [np.broadcast_to(values[id(v)], shape) for v in self.cell.update.values()]
        return Point(np.concatenate(new, axis=-2) if len(new) > 1 else np.ascontiguousarray(new[0]), values, factors)

    def jvp(self, parameters: Parameters, point: Point, tangent: Array) -> Array:
        """``J_t v`` for tangents ``([nets,] N, samples[, directions])``: one matrix product per block and operand."""
        n = tangent.shape[self._row_axis(point, tangent)] // len(self.cell.states)
        widen = axes.widen(point.state, tangent)
        moved: dict[int, Array] = {}
        for node in self._active_nodes():
            match node:
                case State(name=name):
                    moved[id(node)] = axes.take(tangent, point.state, self.cell.states.index(name) * n, n)
                case MatVec():
                    if id(node) not in moved:
                        call = self.call_of[id(node)]
                        stacked = axes.product(call.weights(parameters), moved[id(call.operand)], point.state)
                        moved |= {id(v): axes.take(stacked, point.state, j * n, n) for j, v in enumerate(call.nodes)}
                case _:
                    factors = self._factors(node, parameters, point)
                    moved[id(node)] = _total([widen(f) * moved[id(v)] for v, f in factors if id(v) in self.active])
        zero = np.zeros_like(axes.take(tangent, point.state, 0, n))
        new = [moved.get(id(v), zero) for v in self.cell.update.values()]
        return np.concatenate(new, axis=self._row_axis(point, tangent))

    def vjp(self, parameters: Parameters, point: Point, cotangent: Array) -> Array:
        """``J_t^T g`` for cotangents ``([nets,] N, samples[, directions])``: one matrix product per block and operand."""
        return self.pullback(parameters, point, cotangent)[0]

    def pullback(
        self, parameters: Parameters, point: Point, cotangent: Array, *, uses: bool = False
    ) -> tuple[Array, list[Use]]:
        """``J_t^T g`` and, with ``uses``, what each parameter receives: the local derivative's transpose applied to g."""
        axis = self._row_axis(point, cotangent)
        n = cotangent.shape[axis] // len(self.cell.states)
        widen = axes.widen(point.state, cotangent)
        flowing: dict[int, Array] = {}
        received: list[Use] = []
        for i, new in enumerate(self.cell.update.values()):
            _add(flowing, new, axes.take(cotangent, point.state, i * n, n))
        for node in reversed(self.cell.nodes):
            if isinstance(node, MatVec):
                call = self.call_of[id(node)]
                if id(node) in self._last_pulled and (uses or id(call.operand) in self.active):
                    self._pull_call(call, parameters, point, flowing, received, uses=uses)
                continue
            delta = flowing.get(id(node))
            if delta is None:
                continue
            if uses and isinstance(node, Bias):
                first = node.parameter.gates.index(node.gate) if node.gate else 0
                received.append(Use(node.parameter.name, first, delta, None))
            for child, factor in self._factors(node, parameters, point):
                if uses or id(child) in self.active:
                    _add(flowing, child, widen(factor) * delta)
        zero = np.zeros_like(axes.take(cotangent, point.state, 0, n))
        total: dict[str, Array] = {}
        for node in self.cell.nodes:
            if isinstance(node, State) and id(node) in flowing:
                total[node.name] = total[node.name] + flowing[id(node)] if node.name in total else flowing[id(node)]
        return np.concatenate([total.get(name, zero) for name in self.cell.states], axis=axis), received

    def _pull_call(
        self,
        call: Call,
        parameters: Parameters,
        point: Point,
        flowing: dict[int, Array],
        received: list[Use],
        *,
        uses: bool,
    ) -> None:
        arriving = [flowing.get(id(v)) for v in call.nodes]
        shape = next((d.shape for d in arriving if d is not None), None)
        if shape is None:
            return
        axis = len(shape) - (3 if len(shape) > point.state.ndim else 2)
        stacked = np.concatenate([np.zeros(shape) if d is None else d for d in arriving], axis=axis)
        if uses:
            received.append(Use(call.parameter.name, call.first, stacked, point.values[id(call.operand)]))
        if id(call.operand) in self.active:
            weights = np.swapaxes(call.weights(parameters), -1, -2)
            _add(flowing, call.operand, axes.product(weights, stacked, point.state))

    def dense(self, parameters: Parameters, point: Point) -> Array:
        """J_t as full matrices ``([nets,] samples, N, N)``, built from the derived words."""
        jacobian = step_jacobian(self.cell)
        n = point.state.shape[-2] // len(self.cell.states)
        lead = (*point.state.shape[:-2], point.state.shape[-1])
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
        arguments = [
            _number(source, parameters) if isinstance(source, sp.Expr) else _lookup(source, point) for source in sources
        ]
        n = point.state.shape[-2] // len(self.cell.states)
        shape = point.state[..., :n, :].shape
        return np.swapaxes(np.broadcast_to(np.asarray(function(*arguments), dtype=float), shape), -1, -2)

    def _active_nodes(self) -> Iterator[Vector]:
        return (node for node in self.cell.nodes if id(node) in self.active)

    def _factors(self, node: Vector, parameters: Parameters, point: Point) -> list[tuple[Vector, Any]]:
        match node:
            case Sum(terms=terms):
                return [(v, _number(c, parameters)) for c, v in terms]
            case Apply(operand=operand) if id(node) in point.slopes:
                return [(operand, point.slopes[id(node)])]
            case Apply(activation=activation, operand=operand):
                slope = elementwise(activation.stable_slope or activation.slope)
                return [(operand, slope(point.values[id(operand)]))]
            case Hadamard(left=a, right=b):
                return [(a, point.values[id(b)]), (b, point.values[id(a)])]
            case Named(body=body):
                return [(body, 1.0)]
        return []

    def _row_axis(self, point: Point, tangent: Array) -> int:
        return tangent.ndim - (3 if tangent.ndim > point.state.ndim else 2)


def _lookup(source: tuple[str, Vector], point: Point) -> Array:
    kind, node = source
    return point.slopes[id(node)] if kind == "slope" else point.values[id(node)]


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
    return sp.lambdify([*arguments, *scalars], rest, modules="numpy", cse=True), (*sources, *scalars)


def _number(coefficient: sp.Expr, parameters: Parameters) -> Any:
    names, compiled = _coefficient(coefficient)
    if not names:
        return float(compiled())
    scalars = [np.asarray(parameters[name]) for name in names]
    return compiled(*(s[..., None, None] if s.ndim else float(s) for s in scalars))


@lru_cache(maxsize=1024)
def _coefficient(expression: sp.Expr) -> tuple[tuple[str, ...], Callable[..., Any]]:
    symbols = sorted(expression.free_symbols, key=str)
    return tuple(s.name for s in symbols), sp.lambdify(symbols, expression, modules="numpy")


def _scaled(factor: Any, array: Array) -> Array:
    return array if isinstance(factor, float) and factor == 1.0 else factor * array


def _total(parts: list[Array]) -> Array:
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    return total


def _add(flowing: dict[int, Array], node: Vector, delta: Array) -> None:
    flowing[id(node)] = flowing[id(node)] + delta if id(node) in flowing else delta


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
    for node in cell.nodes:
        if isinstance(node, State) or (not isinstance(node, Stop) and any(id(v) in active for v in children(node))):
            active.add(id(node))
        if isinstance(node, MatVec):
            parameter, gate = node.matrix.parameter, node.matrix.gate
            rank = parameter.gates.index(gate) if gate else 0
            key = (parameter.name, id(node.operand))
            if rank in groups.setdefault(key, {}):
                key = (parameter.name, id(node))
            groups.setdefault(key, {})[rank] = node
    calls = []
    for group in groups.values():
        ranks = sorted(group)
        runs = [[ranks[0]]]
        for rank in ranks[1:]:
            if rank == runs[-1][-1] + 1:
                runs[-1].append(rank)
            else:
                runs.append([rank])
        for run in runs:
            first = group[run[0]]
            calls.append(Call(first.matrix.parameter, run[0], tuple(group[r] for r in run), first.operand))
    return Kernels(cell, tuple(calls), frozenset(active))
