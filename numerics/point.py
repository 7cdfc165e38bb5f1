r"""One step of a cell at one state: its vectors and slopes, each computed when it is asked for, and then kept.

A sum that begins with matrix times vector is completed in the memory of that product. Whoever keeps these memories from
the forward pass, as a trajectory does, computes no matrix product again.

Main definitions: `Call`, `Use`, `Plan`, `Shared`, `Point`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np
import sympy as sp

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
)
from . import axes
from .axes import Array
from .slope_of_value import SlopeOfValue, ValueAndSlope

Parameters = Mapping[str, Array]
Number = Callable[[Parameters], Any]
Compute = Callable[["Point", Array | None], Array]


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


@dataclass(frozen=True)
class Use:
    """Where a parameter enters a step: the gradient of its rows is ``delta @ operand^T`` (bias and scalar: delta)."""

    parameter: str
    first: int
    delta: Array
    operand: Array | None


@dataclass(frozen=True, eq=False)
class Plan:
    """How the vectors of a cell are computed: its matrix products, and what follows from them.

    ``values``, ``slopes`` and ``both`` hold the NumPy functions of the elementwise functions; those in ``both`` give value
    and slope together, where the slope comes from the value or a backward pass needs both, as ``from_value`` says.
    ``owners`` maps a sum to the product whose memory it takes. ``kept`` numbers the products with such sums that act on a
    state, which are worth keeping unless the new states say as much: ``needless`` holds the states and forms that must say
    it, None where they never do. ``roots`` are the vectors that become states, in the order of computation, ``made`` those
    that the step itself makes, each with the number of the state.
    """

    cell: Cell
    calls: tuple[Call, ...]
    kept: Mapping[int, int]
    values: Mapping[int, Callable[..., Array]]
    slopes: Mapping[int, Callable[..., Array]]
    both: Mapping[int, ValueAndSlope]
    owners: Mapping[int, MatVec]
    call_of: Mapping[int, Call] = field(init=False)
    compute: Mapping[int, Compute] = field(init=False)
    roots: tuple[tuple[Vector, int], ...] = field(init=False)
    made: Mapping[int, int] = field(init=False)
    from_value: Mapping[int, SlopeOfValue] = field(init=False)
    needless: Mapping[int, tuple[int, SlopeOfValue]] | None = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "call_of", {id(v): call for call in self.calls for v in call.nodes})
        object.__setattr__(self, "compute", {id(node): _compute(node, self) for node in self.cell.nodes})
        position = {id(node): i for i, node in enumerate(self.cell.nodes)}
        bodies = [(_body(new), i) for i, new in enumerate(self.cell.update.values())]
        object.__setattr__(self, "roots", tuple(sorted(bodies, key=lambda root: position[id(root[0])])))
        object.__setattr__(self, "made", {id(v): i for v, i in bodies if isinstance(v, Sum | Apply | Hadamard)})
        pairs = {key: getattr(both, "from_value", None) for key, both in self.both.items()}
        object.__setattr__(self, "from_value", {key: form for key, form in pairs.items() if form is not None})
        object.__setattr__(self, "needless", self._needless())

    def _needless(self) -> dict[int, tuple[int, SlopeOfValue]] | None:
        """The states whose values say all that is kept, if they do: it enters functions alone that make these states."""
        readers: dict[int, list[Vector]] = {id(node): [] for node in self.cell.nodes}
        for node in self.cell.nodes:
            for child in children(node):
                readers[id(child)].append(node)
        owning = {id(v) for v in self.owners.values()}
        found: dict[int, tuple[int, SlopeOfValue]] = {}
        waiting: list[Vector] = [v for call in self.calls if id(call) in self.kept for v in call.nodes]
        while waiting:
            node = waiting.pop()
            if isinstance(node, Apply) and id(node) in self.made and id(node) in self.from_value:
                found[id(node)] = self.made[id(node)], self.from_value[id(node)]
            elif isinstance(node, Named) or id(node) in self.owners or id(node) in owning:
                waiting += [] if id(node) in self.made else readers[id(node)]
            else:
                return None
        return found


class Shared:
    """What all steps of a tied network have in common: vectors that depend on parameters alone, and transposed weights."""

    def __init__(self, plan: Plan, parameters: Parameters, shape: tuple[int, ...]) -> None:
        self.parameters, self.shape = parameters, shape
        self.values: dict[int, Array] = {}
        for node in plan.cell.nodes:
            if isinstance(node, Bias):  # in full width: adding a column is slower than adding two arrays of one shape
                column = axes.rows(parameters[node.parameter.name], node.parameter, node.gate)[..., None]
                self.values[id(node)] = np.ascontiguousarray(np.broadcast_to(column, shape))
        self.weights = {id(call): call.weights(parameters) for call in plan.calls}
        self._transposed: dict[int, Array] = {}

    def transposed(self, call: Call) -> Array:
        """The weights of a product, transposed, rows contiguous."""
        found = self._transposed.get(id(call))
        if found is None:
            found = np.ascontiguousarray(np.swapaxes(self.weights[id(call)], -1, -2))
            self._transposed[id(call)] = found
        return found


class Point:
    """One step at one state ``before ([nets,] N, samples)`` with inputs ``([nets,] m, samples)``.

    ``products`` is memory for the products of `Plan.kept`; beside ``after``, the new state, it holds what the forward
    pass left there. ``shared`` belongs to the parameters.
    """

    def __init__(
        self,
        plan: Plan,
        parameters: Parameters,
        before: Array,
        inputs: Array,
        *,
        after: Array | None = None,
        products: Sequence[Array] = (),
        shared: Shared | None = None,
    ) -> None:
        self.plan, self.parameters, self.before, self.inputs = plan, parameters, before, inputs
        self.n = before.shape[-2] // len(plan.cell.update)
        self.shape = (*before.shape[:-2], self.n, before.shape[-1]) if shared is None else shared.shape
        self._after, self._memory, self._shared = after, products, shared
        self._known = after is not None
        self.values: dict[int, Array] = {} if shared is None else shared.values.copy()
        self.slopes: dict[int, Array] = {}
        self._products: dict[int, Array] = {}

    def part(self, state: Array, i: int) -> Array:
        """The rows of the i-th state."""
        return state[..., i * self.n : (i + 1) * self.n, :]

    @property
    def filled(self) -> bool:
        """Whether the memory of the products holds what the forward pass left there."""
        return self._known and bool(self._memory)

    def row_axis(self, tangent: Array) -> int:
        """The axis of rows of a tangent, which may have directions."""
        return tangent.ndim - (3 if tangent.ndim > self.before.ndim else 2)

    @property
    def state(self) -> Array:
        """The new state ``([nets,] N, samples)``."""
        if self._after is None:
            self._after = self.write(np.empty(self.before.shape))
        return self._after

    def write(self, out: Array) -> Array:
        """Write the new state into an array of its shape."""
        for body, i in self.plan.roots:
            rows = self.part(out, i)
            found = self.value(body, rows)
            if found is not rows:
                np.copyto(rows, found)
        return out

    def value(self, node: Vector, out: Array | None = None) -> Array:
        """A vector of the update, in ``out`` if it is computed now and that helps."""
        key = id(node)
        found = self.values.get(key)
        if found is None:
            plan = self.plan
            if self._known and key in plan.made and self._after is not None:
                found = self.part(self._after, plan.made[key])
            else:
                found = plan.compute[key](self, out)
            self.values[key] = found
        return found

    def slope(self, node: Apply) -> Array:
        """The slope of an elementwise function of the update."""
        key = id(node)
        found = self.slopes.get(key)
        if found is None:
            both = self.plan.both.get(key)
            from_value = self.plan.from_value.get(key)
            if both is None:
                found = self.plan.slopes[key](self.value(node.operand))
            elif from_value is not None and (key in self.values or (self._known and key in self.plan.made)):
                # where the forward pass kept no memory, it has seen that these states say all
                said = self._known and not self._memory and key in (self.plan.needless or ())
                found = from_value(self.value(node), lambda: self.value(node.operand), said=said)
            else:
                value, found = both(self.value(node.operand))
                self.values.setdefault(key, value)
            self.slopes[key] = found
        return found

    def product(self, call: Call) -> Array:
        """The product of a call, completed to sums row by row as these are asked for."""
        found = self._products.get(id(call))
        if found is None:
            place = self.plan.kept.get(id(call)) if self._memory else None
            memory = None if place is None else self._memory[place]
            if memory is not None and self._known:
                found = memory
            else:
                shared = self._shared
                weights = call.weights(self.parameters) if shared is None else shared.weights[id(call)]
                found = np.matmul(weights, self.value(call.operand), out=memory)
            self._products[id(call)] = found
        return found

    def transposed(self, call: Call, parameters: Parameters) -> Array:
        """The weights of a product, transposed."""
        if self._shared is not None and self._shared.parameters is parameters:
            return self._shared.transposed(call)
        return np.swapaxes(call.weights(parameters), -1, -2)


def _body(node: Vector) -> Vector:
    while isinstance(node, Named | Stop):
        node = node.body
    return node


def _compute(node: Vector, plan: Plan) -> Compute:
    """The function that computes a vector at a point."""
    match node:
        case State(name=name):
            i = plan.cell.states.index(name)
            return lambda point, out: point.part(point.before, i)
        case Input():
            return lambda point, out: point.inputs
        case Bias(parameter=p, gate=gate):
            return lambda point, out: axes.rows(point.parameters[p.name], p, gate)[..., None]
        case Ones():
            return lambda point, out: np.ones((point.n, 1))
        case MatVec():
            call = plan.call_of[id(node)]
            j = [id(v) for v in call.nodes].index(id(node))
            return lambda point, out: point.part(point.product(call), j)
        case Sum(terms=terms):
            own = plan.owners.get(id(node))
            if own is None:
                return _sum([(number(c), v) for c, v in terms])
            rest = [(number(c) if c.free_symbols else float(c), v) for c, v in terms if v is not own]
            return _completed(own, rest, kept=id(plan.call_of[id(own)]) in plan.kept)
        case Apply(operand=operand):
            function = plan.values[id(node)]
            return lambda point, out: function(point.value(operand), out)
        case Hadamard(left=left, right=right):
            return lambda point, out: np.multiply(point.value(left), point.value(right), out=out)
        case Named(body=body) | Stop(body=body):
            return lambda point, out: point.value(body, out)
    raise TypeError(f"not a vector of the cell language: {node!r}")


def _completed(own: MatVec, rest: list[tuple[Number | float, Vector]], *, kept: bool) -> Compute:
    """A sum in the memory of its product."""

    def compute(point: Point, out: Array | None) -> Array:
        total = point.value(own)
        if not (kept and point.filled):
            for c, v in rest:
                _add(total, c if isinstance(c, float) else c(point.parameters), point.value(v), total)
        return total

    return compute


def _sum(terms: list[tuple[Number, Vector]]) -> Compute:
    (first, start), *rest = terms

    def compute(point: Point, out: Array | None) -> Array:
        factor, total = first(point.parameters), point.value(start)
        memory = out
        if not (isinstance(factor, float) and factor == 1.0):
            total = np.multiply(factor, total, out=memory)
            memory = total if total.shape == point.shape else out
        for c, v in rest:
            total = _add(total, c(point.parameters), point.value(v), memory)
            memory = total if total.shape == point.shape else out
        return total

    return compute


def _add(total: Array, factor: Any, term: Array, out: Array | None) -> Array:
    """total + factor term."""
    if isinstance(factor, float) and factor in (1.0, -1.0):
        total = np.add(total, term, out=out) if factor == 1.0 else np.subtract(total, term, out=out)
    else:
        total = np.add(total, factor * term, out=out)
    return total


def number(coefficient: sp.Expr) -> Number:
    """The function of the parameters that a scalar coefficient is: a float, or one number per network of a batch."""
    names, compiled = _coefficient(coefficient)
    if not names:
        constant = float(compiled())
        return lambda parameters: constant

    def evaluate(parameters: Parameters) -> Any:
        scalars = [np.asarray(parameters[name]) for name in names]
        return compiled(*(s[..., None, None] if s.ndim else float(s) for s in scalars))

    return evaluate


@lru_cache(maxsize=1024)
def _coefficient(expression: sp.Expr) -> tuple[tuple[str, ...], Callable[..., Any]]:
    symbols = sorted(expression.free_symbols, key=str)
    return tuple(s.name for s in symbols), sp.lambdify(symbols, expression, modules="numpy")
