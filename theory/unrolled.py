r"""A cell unrolled in arbitrary precision: x_t = F(x_{t-1}, u_t, theta_t), t = 1..T, each copy with its own theta_t.

The recursion is evaluated node by node on mpmath numbers and never differentiated: finite differences of it at a
precision far above their step are an independent reference for every derived formula.

Main definitions: `run`, `entry_value`, `matrix_of`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import mpmath
import sympy as sp

from . import activations, notation
from .jacobian import Term
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
Copies = Mapping[str, mpmath.matrix]  # the parameters of one step by block name: (n, n), (n, m), (n, 1) or (1, 1)
Step = dict[sp.Symbol, Column]  # values of the vectors of one step by symbol
Trace = list[Step]


@lru_cache(maxsize=256)
def _function(expression: sp.Expr) -> Callable[[Any], Any]:
    compiled: Callable[[Any], Any] = sp.lambdify(activations.x, expression, modules="mpmath")
    return compiled


def run(
    cell: Cell,
    copies: Sequence[Copies],
    inputs: Sequence[Column],
    initial: Mapping[str, Column],
) -> Trace:
    """Values of all named vectors, states and biases at every step, each as a column of mpmath numbers.

    ``copies[t-1]`` holds the parameters of step t by block name. The new states appear under their state symbol of
    the next step (``h_{t-1}`` of entry t+1); one more entry than steps is returned, the last holding x_T.
    """
    state = {notation.before_step(name): list(column) for name, column in initial.items()}
    trace: Trace = []
    for parameters, u in zip(copies, inputs, strict=True):
        known: Step = dict(state)
        memo: dict[int, Column] = {}
        new = {name: _value(node, parameters, u, known, memo) for name, node in cell.update.items()}
        trace.append(known)
        state = {notation.before_step(name): column for name, column in new.items()}
    trace.append(dict(state))
    return trace


def _value(node: Vector, parameters: Copies, u: Column, known: Step, memo: dict[int, Column]) -> Column:
    if id(node) in memo:
        return memo[id(node)]

    def of(child: Vector) -> Column:
        return _value(child, parameters, u, known, memo)

    size = len(next(iter(known.values())))
    result: Column
    match node:
        case State(name=name):
            result = known[notation.before_step(name)]
        case Input(name=name):
            result = known[notation.at_step(name)] = list(u)
        case Bias(parameter=parameter, gate=gate):
            name = parameter.block_name(gate)
            result = known[sp.Symbol(name, real=True)] = list(parameters[name])
        case Ones():
            result = [mpmath.mpf(1)] * size
        case MatVec(matrix=Matrix(name=name), operand=operand):
            W, v = parameters[name], of(operand)
            result = [mpmath.fsum(W[i, j] * v[j] for j in range(len(v))) for i in range(W.rows)]
        case Sum(terms=terms):
            columns = [(_coefficient(c, parameters), of(v)) for c, v in terms]
            result = [mpmath.fsum(c * v[i] for c, v in columns) for i in range(size)]
        case Apply(activation=activation, operand=operand):
            result = [_function(activation.expression)(a) for a in of(operand)]
        case Hadamard(left=a, right=b):
            result = [p * q for p, q in zip(of(a), of(b), strict=True)]
        case Named(name=name, body=body):
            result = known[notation.at_step(name)] = of(body)
        case Stop(body=body):
            result = of(body)
        case _:
            raise TypeError(f"not a vector of the cell language: {node!r}")
    memo[id(node)] = result
    return result


def _coefficient(expr: sp.Expr, parameters: Copies) -> Any:
    number = sp.lambdify([], expr, modules="mpmath") if not expr.free_symbols else None
    if number is not None:
        return mpmath.mpmathify(number())
    symbols = sorted(expr.free_symbols, key=str)
    return sp.lambdify(symbols, expr, modules="mpmath")(*(parameters[s.name][0] for s in symbols))


def entry_value(expr: sp.Expr, cell: Cell, known: Step, parameters: Copies, index: int) -> Any:
    """Entry ``index`` (from 0) of a vector given entry by entry, at one step of a run."""
    if isinstance(expr, notation.Scalar):
        return parameters[expr.name][0]
    if expr.is_Symbol:
        return known[expr][index]
    if expr.is_number:
        return _coefficient(expr, parameters)
    arguments = [entry_value(a, cell, known, parameters, index) for a in expr.args]
    for activation in cell.activations:
        if expr.func in (activation.f, activation.df):
            return _function(activation.expression if expr.func == activation.f else activation.slope)(*arguments)
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
