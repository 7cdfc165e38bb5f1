r"""A cell unrolled in arbitrary precision: x_t = F(x_{t-1}, u_t, theta_t), t = 1..T, with untied copies.

The recursion is evaluated node by node on mpmath numbers and never differentiated: finite differences of it
at a precision far above their step are an independent reference for every derived formula.

Main definitions: `run`, `entry_value`, `matrix_of`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import mpmath
import sympy as sp
from sympy.core.function import AppliedUndef

from . import activations, notation
from .jacobian import Term, is_scalar
from .language import (
    Apply,
    Bias,
    Cell,
    Hadamard,
    Input,
    Matrix,
    MatVec,
    Named,
    Ones,
    State,
    Stop,
    Sum,
    Vector,
)

Column = list[Any]
Copies = Mapping[str, mpmath.matrix]  # parameters of one step by block name: (n, n), (n, m), (n, 1) or (1, 1)
Step = dict[sp.Symbol, Column]  # values of the vectors of one step by symbol
Trace = list[Step]
Stops = dict[tuple[int, int], Column]  # values of the vectors behind stop(...), by step and node


@lru_cache(maxsize=256)
def _function(expression: sp.Expr) -> Callable[[Any], Any]:
    compiled: Callable[[Any], Any] = sp.lambdify(activations.x, expression, modules="mpmath")
    return compiled


def run(
    cell: Cell,
    copies: Sequence[Copies],
    inputs: Sequence[Column],
    initial: Mapping[str, Column],
    *,
    stops: Stops | None = None,
) -> Trace:
    """Values of all named vectors, states and biases at every step, each as a column of mpmath numbers.

    ``copies[t-1]`` holds the parameters of step t by block name. The new states appear under their state
    symbol of the next step (``h_{t-1}`` of entry t+1); one more entry than steps is returned, the last
    holding x_T. ``stops`` receives the values behind ``stop(...)``; where it holds one already, that one is
    used, so that a second run with other parameters keeps what must not move.
    """
    state = {notation.before_step(name): list(column) for name, column in initial.items()}
    trace: Trace = []
    held = {} if stops is None else stops
    for t, (parameters, u) in enumerate(zip(copies, inputs, strict=True)):
        step = _Run(parameters, u, dict(state), held, t)
        new = {name: step.value(node) for name, node in cell.update.items()}
        trace.append(step.known)
        state = {notation.before_step(name): column for name, column in new.items()}
    trace.append(dict(state))
    return trace


@dataclass(frozen=True, eq=False)
class _Run:
    """One step: what is known by symbol grows while the nodes are evaluated, each once."""

    parameters: Copies
    inputs: Column
    known: Step
    stops: Stops
    t: int
    memo: dict[int, Column] = field(default_factory=dict)

    def value(self, node: Vector) -> Column:
        if id(node) not in self.memo:
            self.memo[id(node)] = self._compute(node)
        return self.memo[id(node)]

    def _compute(self, node: Vector) -> Column:
        match node:
            case State(name=name):
                return self.known[notation.before_step(name)]
            case Input(name=name):
                return self.known.setdefault(notation.at_step(name), list(self.inputs))
            case Bias(parameter=parameter, gate=gate):
                name = parameter.block_name(gate)
                return self.known.setdefault(sp.Symbol(name, real=True), list(self.parameters[name]))
            case Ones():
                return [mpmath.mpf(1)] * len(next(iter(self.known.values())))
            case MatVec(matrix=Matrix(name=name), operand=operand):
                W, v = self.parameters[name], self.value(operand)
                return [mpmath.fsum(W[i, j] * v[j] for j in range(len(v))) for i in range(W.rows)]
            case Sum(terms=terms):
                columns = [(_coefficient(c, self.parameters), self.value(v)) for c, v in terms]
                return [mpmath.fsum(c * v[i] for c, v in columns) for i in range(len(columns[0][1]))]
            case Apply(activation=activation, operand=operand):
                return [_function(activation.expression)(a) for a in self.value(operand)]
            case Hadamard(left=a, right=b):
                return [p * q for p, q in zip(self.value(a), self.value(b), strict=True)]
            case Named(name=name, body=body):
                return self.known.setdefault(notation.at_step(name), self.value(body))
            case Stop(body=body):
                return self.stops.setdefault((self.t, id(node)), self.value(body))
        raise TypeError(f"not a vector of the cell language: {node!r}")


@lru_cache(maxsize=256)
def _compiled(expr: sp.Expr) -> tuple[Callable[..., Any], tuple[str, ...]]:
    symbols = sorted(expr.free_symbols, key=str)
    return sp.lambdify(symbols, expr, modules="mpmath"), tuple(s.name for s in symbols)


def _coefficient(expr: sp.Expr, parameters: Copies) -> Any:
    function, names = _compiled(expr)
    return mpmath.mpmathify(function(*(parameters[name][0] for name in names)))


def entry_value(expr: sp.Expr, cell: Cell, known: Step, parameters: Copies, index: int) -> Any:
    """Entry ``index`` (from 0) of a vector given entry by entry, at one step of a run."""
    if is_scalar(expr) and not expr.has(AppliedUndef):
        return _coefficient(expr, parameters)
    if expr.is_Symbol:
        return known[expr][index]
    arguments = [entry_value(a, cell, known, parameters, index) for a in expr.args]
    for activation in cell.activations:
        if expr.func in (activation.f, activation.df):
            formula = activation.expression if expr.func == activation.f else activation.slope
            return _function(formula)(*arguments)
    if expr.is_Add:
        return mpmath.fsum(arguments)
    if expr.is_Mul:
        return mpmath.fprod(arguments)
    if expr.is_Pow:
        return arguments[0] ** arguments[1]
    raise TypeError(f"{expr} is no entrywise expression of the cell language")


def matrix_of(terms: Sequence[Term], cell: Cell, known: Step, parameters: Copies) -> mpmath.matrix:
    """A sum of words as an mpmath matrix, at one step of a run."""

    def diagonal(entries: sp.Expr, size: int) -> mpmath.matrix:
        return mpmath.diag([entry_value(entries, cell, known, parameters, i) for i in range(size)])

    n = len(known[notation.before_step(cell.states[0])])
    total = mpmath.zeros(n, n)
    for term in terms:
        word = diagonal(term.left, n)
        for factor, d in term.tail:
            word = word * parameters[factor.name] * diagonal(d, n)
        total += word
    return total
