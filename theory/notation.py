"""The table of symbols: every letter that a formula of this package shows is defined here, once.

Vectors of a cell carry the time index of the step they belong to: the step at time ``t`` reads the state
``h_{t-1}`` and the input ``u_t`` and writes the state ``h_t`` and its own intermediate vectors, ``a_t`` or, with
a gate index, ``a_{i,t}``. A SymPy symbol is named by its LaTeX form, so that every printer shows the same letter.
"""

from __future__ import annotations

from dataclasses import dataclass

import sympy as sp


@dataclass(frozen=True)
class Letter:
    """One row of the table: a SymPy symbol and what it stands for."""

    symbol: sp.Symbol
    meaning: str


class Scalar(sp.Symbol):
    """A scalar parameter of a cell, the same number for all units; every other symbol of a cell is a vector."""


n = sp.Symbol("n", integer=True, positive=True)
m = sp.Symbol("m", integer=True, positive=True)
lag = sp.Symbol("k", integer=True, nonnegative=True)
time = sp.Symbol("t", integer=True)
earlier = sp.Symbol("s", integer=True)
horizon = sp.Symbol("T", integer=True, positive=True)
slope_sup = sp.Symbol(r"\gamma", nonnegative=True)
slope_inf = sp.Symbol(r"\alpha", real=True)
condition = sp.Symbol(r"\kappa", positive=True)

TABLE: tuple[Letter, ...] = (
    Letter(n, "number of units, the size of one state vector"),
    Letter(m, "number of inputs"),
    Letter(time, "time step; the last one is T"),
    Letter(horizon, "number of steps, the horizon"),
    Letter(lag, "lag k = t - s between two steps"),
    Letter(sp.Symbol("J(t,s)"), "state Jacobian dh_t/dh_s over the full state; J(t,t) is the identity"),
    Letter(sp.Symbol("W"), "recurrent matrix (n, n); with a gate index for gated cells"),
    Letter(sp.Symbol("B"), "input matrix (n, m); with a gate index for gated cells"),
    Letter(sp.Symbol("b"), "bias (n); with a gate index for gated cells"),
    Letter(sp.Symbol("h_{t-1}"), "hidden state before step t"),
    Letter(sp.Symbol("u_t"), "input at step t"),
    Letter(sp.Symbol("a_t"), "pre-activation at step t"),
    Letter(slope_sup, "largest absolute slope of the activation, sup |phi'|"),
    Letter(slope_inf, "smallest absolute slope of the activation, inf |phi'|"),
    Letter(condition, "condition number of a diagonal scaling, max / min of its entries"),
)


def at_step(name: str) -> sp.Symbol:
    """The vector ``name`` of the step at time t as a symbol: ``a`` is a_t, ``a_i`` is a_{i,t}, ``c+`` is c_t.

    >>> at_step("a"), at_step("a_i"), at_step("c+")
    (a_t, a_{i,t}, c_t)
    """
    base = name.removesuffix("+")
    stem, _, index = base.partition("_")
    return sp.Symbol(f"{stem}_{{{index},t}}" if index else f"{stem}_t", real=True)


def before_step(name: str) -> sp.Symbol:
    """The state ``name`` that the step at time t reads: ``h`` is h_{t-1}.

    >>> before_step("h")
    h_{t-1}
    """
    return sp.Symbol(f"{name}_{{t-1}}", real=True)


def component(vector: sp.Symbol, index: int) -> sp.Symbol:
    """Entry ``index`` (from 1) of the vector that a symbol stands for: h_{t-1} has the entries h_{1,t-1}, ...

    >>> component(before_step("h"), 2), component(at_step("a_i"), 1), component(sp.Symbol("b"), 3)
    (h_{2,t-1}, a_{i1,t}, b_{3})
    """
    stem, _, rest = str(vector).partition("_")
    inner = rest.strip("{}")
    gate, comma, step = inner.partition(",")
    if comma:
        return sp.Symbol(f"{stem}_{{{gate}{index},{step}}}", real=True)
    if inner and inner.startswith("t"):
        return sp.Symbol(f"{stem}_{{{index},{inner}}}", real=True)
    return sp.Symbol(f"{stem}_{{{inner}{index}}}", real=True)


def entry(matrix: str, row: int, column: int) -> sp.Symbol:
    """Entry (row, column), counted from 1, of a matrix: W_{12}, or W_{i,12} for a gate.

    >>> entry("W", 1, 2), entry("W_i", 2, 1)
    (W_{12}, W_{i,21})
    """
    stem, _, gate = matrix.partition("_")
    return sp.Symbol(f"{stem}_{{{gate + ',' if gate else ''}{row}{column}}}", real=True)
