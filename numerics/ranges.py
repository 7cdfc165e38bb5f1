r"""Ranges of a cell's vectors: the supremum and infimum of |d| over units, steps and samples, for the diagonals d of J_t.

Two scopes. *all_inputs*: interval arithmetic on the update with the activations' exact ranges; states and
pre-activations are unbounded there, so that a range may be unknown, [0, inf]. *trajectory*: the extremes over the
steps and samples that were simulated, unit by unit; a bound that uses them holds for that trajectory only.

Main definitions: `Ranges`, `all_inputs`, `along`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import sympy as sp

from ..theory.activations import Activation
from ..theory.jacobian import step_jacobian
from ..theory.language import Apply, Cell, Hadamard, Named, Ones, Stop, Sum, Vector, value
from .axes import Array
from .enclosure import Enclosure, exact, exact_number, measured
from .simulate import Trajectory

Scope = Literal["all_inputs", "trajectory"]


@dataclass(frozen=True, eq=False)
class Ranges:
    """Enclosures of |d| and of d for every diagonal d of a step Jacobian; of |d| per unit where the scope is a trajectory."""

    scope: Scope
    absolute: Mapping[sp.Expr, Enclosure]
    signed: Mapping[sp.Expr, Enclosure]
    per_unit: Mapping[sp.Expr, Array]
    largest: Mapping[sp.Expr, Enclosure] = field(default_factory=dict)  # sup |d| itself, where it is known exactly

    def supremum(self, entries: sp.Expr) -> Enclosure:
        """sup |d|: the upper end of the range as a number, or [0, inf] where the range is not known."""
        if entries in self.largest:
            return self.largest[entries]
        found = self.absolute[entries]
        if found.upper == math.inf:
            return Enclosure(0.0, math.inf)
        return exact(found.upper) if self.scope == "all_inputs" else measured(found.upper)

    def infimum(self, entries: sp.Expr) -> Enclosure:
        """inf |d|: the lower end of the range as a number."""
        found = self.absolute[entries]
        return exact(found.lower) if self.scope == "all_inputs" else measured(found.lower)

    def least(self, entries: sp.Expr) -> Enclosure:
        """inf d with its sign, as a number."""
        found = self.signed[entries]
        if found.lower == -math.inf:
            return Enclosure(-math.inf, math.inf)
        return exact(found.lower) if self.scope == "all_inputs" else measured(found.lower)


def diagonals(cell: Cell) -> tuple[sp.Expr, ...]:
    """The distinct diagonals of a cell's step Jacobian, the constant 1 left out."""
    blocks = step_jacobian(cell).blocks.values()
    return tuple(dict.fromkeys(d for b in blocks for term in b.terms for d in term.diagonals if d != 1))


def all_inputs(cell: Cell) -> Ranges:
    """Ranges that hold for all inputs and states, from the activations' exact ranges alone.

    >>> from errorflow.theory import cells
    >>> ranges = all_inputs(cells.get("elman"))
    >>> [ranges.supremum(d).upper for d in diagonals(cells.get("elman"))]
    [1.0]
    """
    known: dict[sp.Expr, Enclosure] = {}
    largest: dict[sp.Expr, Enclosure] = {}
    for node in cell.nodes:
        if isinstance(node, Apply):
            slope = node.activation.df(value(node.operand))
            known[slope] = _slope_range(node.activation)
            ends = node.activation.slope_range
            if ends is not None and known[slope].upper < math.inf and known[slope].lower > -math.inf:
                largest[slope] = abs(exact_number(ends.lower)).maximum(abs(exact_number(ends.upper)))
            known[node.activation.f(value(node.operand))] = _value_range(node.activation)
        elif isinstance(node, Named):
            known[value(node)] = _vector_range(node.body, known)
    signed = {d: _entry_range(d, known) for d in diagonals(cell)}
    return Ranges("all_inputs", {d: abs(found) for d, found in signed.items()}, signed, {}, largest)


def _bounds(lower: sp.Expr, upper: sp.Expr) -> Enclosure:
    return exact_number(lower).hull(exact_number(upper))


def _slope_range(activation: Activation) -> Enclosure:
    found = activation.slope_range
    return _bounds(found.lower, found.upper) if found is not None else Enclosure(-math.inf, math.inf)


def _value_range(activation: Activation) -> Enclosure:
    found = activation.value_range
    return _bounds(found.lower, found.upper) if found is not None else Enclosure(-math.inf, math.inf)


def _vector_range(node: Vector, known: Mapping[sp.Expr, Enclosure]) -> Enclosure:
    match node:
        case Named():
            return known[value(node)]
        case Apply(activation=activation):
            return _value_range(activation)
        case Ones():
            return exact(1)
        case Stop(body=body):
            return _vector_range(body, known)
        case Hadamard(left=a, right=b):
            return _vector_range(a, known) * _vector_range(b, known)
        case Sum(terms=terms) if all(c.is_number for c, _ in terms):
            total = exact(0)
            for coefficient, vector in terms:
                total = total + _vector_range(vector, known) * exact_number(coefficient)
            return total
    return Enclosure(-math.inf, math.inf)


def _entry_range(expr: sp.Expr, known: Mapping[sp.Expr, Enclosure]) -> Enclosure:
    if expr in known:
        return known[expr]
    if expr.is_number:
        return exact_number(expr)
    arguments = [_entry_range(a, known) for a in expr.args]
    if expr.is_Add or expr.is_Mul:
        total = arguments[0]
        for argument in arguments[1:]:
            total = total + argument if expr.is_Add else total * argument
        return total
    if expr.is_Pow and expr.exp.is_Integer:
        return arguments[0] ** int(expr.exp)
    return Enclosure(-math.inf, math.inf)


def along(trajectory: Trajectory) -> Ranges:
    """Ranges over the steps and samples of one trajectory, unit by unit."""
    cell, kernels, network = trajectory.network.cell, trajectory.kernels, trajectory.network
    wanted = diagonals(cell)
    lows = {d: np.full(network.n, np.inf) for d in wanted}
    highs = {d: np.zeros(network.n) for d in wanted}
    signed = dict.fromkeys(wanted, (math.inf, -math.inf))
    for t, point in trajectory.backward():
        for d in wanted:
            found = kernels.diagonal(d, network.at(t), point).reshape(-1, network.n)
            signed[d] = (min(signed[d][0], float(found.min())), max(signed[d][1], float(found.max())))
            entries = np.abs(found)
            np.minimum(lows[d], entries.min(axis=0), out=lows[d])
            np.maximum(highs[d], entries.max(axis=0), out=highs[d])
    absolute = {d: measured(float(lows[d].min()), upper=float(highs[d].max())) for d in wanted}
    ends = {d: measured(low, upper=high) for d, (low, high) in signed.items()}
    return Ranges("trajectory", absolute, ends, highs)
