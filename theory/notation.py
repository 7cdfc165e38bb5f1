r"""The table of symbols: every letter that a formula of this package shows is defined here, once.

Vectors of a cell carry the time index of the step they belong to: the step at time ``t`` reads the state
``h_{t-1}`` and the input ``u_t`` and writes the state ``h_t`` and its own intermediate vectors, ``a_t`` or,
with a gate index, ``a_{i,t}``. A SymPy symbol is named by its LaTeX form, so that every printer shows the
same letter.

Different names give different symbols, and so do different entries of one vector or matrix: a number that
follows another one is set apart, by a comma behind an index (``h_{1,2,t}``, entry 2 of ``h_1``), by a thin
space between row and column (``W_{1\,12}``).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import sympy as sp
from sympy.core.alphabets import greeks

_NAME = re.compile(r"[^\W\d_]+[0-9]*(_[^\W_]+)*")
_SMALL = {*greeks, "lambda"} - {"lamda", "omicron"}
_LARGE = {"Gamma", "Delta", "Theta", "Lambda", "Xi", "Pi", "Sigma", "Upsilon", "Phi", "Psi", "Omega"}
_GREEK = _SMALL | _LARGE
_ACCENTED = re.compile(r"([A-Za-z])(tilde|bar|hat)")


@dataclass(frozen=True)
class Letter:
    """One row of the table: a SymPy symbol and what it stands for."""

    symbol: sp.Symbol
    meaning: str


class Scalar(sp.Symbol):
    """A scalar parameter, the same number for all units; every other symbol of a cell is a vector."""


n = sp.Symbol("n", integer=True, positive=True)
m = sp.Symbol("m", integer=True, positive=True)
lag = sp.Symbol("k", integer=True, nonnegative=True)
time = sp.Symbol("t", integer=True)
earlier = sp.Symbol("s", integer=True)
horizon = sp.Symbol("T", integer=True, positive=True)
slope_sup = sp.Symbol(r"\gamma", nonnegative=True)
slope_inf = sp.Symbol(r"\alpha", real=True)
slope_least = sp.Symbol(r"\beta", real=True)
curvature_sup = sp.Symbol(r"\gamma_2", nonnegative=True)
value_sup = sp.Symbol(r"h_{\max}", nonnegative=True)
condition = sp.Symbol(r"\kappa", positive=True)
identity = sp.Symbol("I", commutative=False)

TABLE: tuple[Letter, ...] = (
    Letter(n, "number of units, the size of one state vector"),
    Letter(m, "number of inputs"),
    Letter(time, "time step; the last one is T"),
    Letter(horizon, "number of steps, the horizon"),
    Letter(lag, "lag k = t - s between two steps"),
    Letter(sp.Symbol("J(t,s)"), "state Jacobian dh_t/dh_s over the full state; J(t,t) is the identity"),
    Letter(identity, "identity matrix (n, n)"),
    Letter(sp.Symbol("W"), "recurrent matrix (n, n); with a gate index for gated cells"),
    Letter(sp.Symbol("B"), "input matrix (n, m); with a gate index for gated cells"),
    Letter(sp.Symbol("b"), "bias (n); with a gate index for gated cells"),
    Letter(sp.Symbol("h_{t-1}"), "hidden state before step t"),
    Letter(sp.Symbol("u_t"), "input at step t"),
    Letter(sp.Symbol("a_t"), "pre-activation at step t"),
    Letter(sp.Symbol("E"), "loss"),
    Letter(sp.Symbol("g"), "gradient dE/dx_T with respect to the last full state x_T; it has no time index"),
    Letter(sp.Symbol(r"\mathbf{1}"), "vector of ones"),
    Letter(slope_sup, "largest absolute slope of the activation, sup |phi'|"),
    Letter(slope_inf, "smallest absolute slope of the activation, inf |phi'|"),
    Letter(slope_least, "smallest slope of the activation with its sign, inf phi'"),
    Letter(curvature_sup, "Lipschitz constant of the slope, sup |phi''|; infinite for a slope that jumps"),
    Letter(value_sup, "largest absolute value of the activation, sup |phi|"),
    Letter(condition, "condition number of a diagonal scaling, max / min of its entries"),
)


def checked(name: Any, what: str) -> str:
    """The name of a vector or parameter, if every symbol made from it is unique and prints.

    A letter or a word, digits after it, then any number of indices, each behind one underscore: a, a_i, c2,
    h_1, W_in. Raises ValueError for anything else, and for the index t, which means time.

    >>> checked("a_i", "a vector")
    'a_i'
    """
    if not isinstance(name, str) or not _NAME.fullmatch(name) or "t" in name.split("_")[1:]:
        raise ValueError(
            f"name of {what} must be letters, then digits, then indices other than t behind underscores, "
            f"such as a, c2 or a_i, got {name!r}"
        )
    return name


def _letter(part: str) -> str:
    r"""LaTeX of one part of a name: \alpha for alpha, else the part itself."""
    return "\\" + part if part in _GREEK else part


def _stem(name: str) -> str:
    r"""LaTeX of what stands before the first underscore: htilde is \tilde{h}, another word is upright."""
    stem = name.partition("_")[0]
    if accented := _ACCENTED.fullmatch(stem):
        return rf"\{accented[2]}{{{accented[1]}}}"
    return rf"\mathrm{{{stem}}}" if stem.isalpha() and len(stem) > 1 and stem not in _GREEK else _letter(stem)


def _indices(name: str) -> str:
    """LaTeX of the indices of a name, with commas between them; empty for none."""
    return ",".join(map(_letter, name.split("_")[1:]))


def at_step(name: str) -> sp.Symbol:
    """The vector ``name`` of the step at time t as a symbol: ``a`` is a_t, ``a_i`` is a_{i,t}, ``c+`` is c_t.

    >>> at_step("a"), at_step("a_i"), at_step("a_f_1"), at_step("c+")
    (a_t, a_{i,t}, a_{f,1,t}, c_t)
    """
    return _vector(name.removesuffix("+"), "t")


def before_step(name: str) -> sp.Symbol:
    """The state ``name`` that the step at time t reads: ``h`` is h_{t-1}.

    >>> before_step("h"), before_step("h_1")
    (h_{t-1}, h_{1,t-1})
    """
    return _vector(name, "t-1")


def _vector(name: str, step: str) -> sp.Symbol:
    below = ",".join(filter(None, (_indices(name), step)))
    return sp.Symbol(f"{_stem(name)}_{below}" if below == "t" else f"{_stem(name)}_{{{below}}}", real=True)


def component(vector: sp.Symbol, index: int) -> sp.Symbol:
    """Entry ``index`` (from 1) of the vector that a symbol stands for: h_{t-1} has the entries h_{1,t-1}, ...

    >>> component(before_step("h"), 2), component(at_step("a_i"), 1), component(sp.Symbol("b"), 3)
    (h_{2,t-1}, a_{i1,t}, b_{3})
    >>> component(at_step("a_1"), 2), component(at_step("a"), 12)
    (a_{1,2,t}, a_{12,t})
    """
    stem, _, rest = str(vector).partition("_")
    indices, _, step = f",{rest.removeprefix('{').removesuffix('}')}".rpartition(",")
    if step not in ("t", "t-1"):  # a bias: it belongs to no step
        stem, indices, step = _stem(stem), "," + _indices(str(vector)), ""
    where = indices[1:] + "," * indices[-1:].isdigit() + str(index)
    return sp.Symbol(f"{stem}_{{{where}{',' if step else ''}{step}}}", real=True)


def entry(matrix: str, row: int, column: int) -> sp.Symbol:
    """Entry (row, column), counted from 1, of a matrix: W_{12}, or W_{i,12} for a gate.

    >>> entry("W", 1, 2), entry("W_i", 2, 1)
    (W_{12}, W_{i,21})
    """
    place = f"{row}{column}" if row < 10 and column < 10 else rf"{row}\,{column}"
    return sp.Symbol(f"{_stem(matrix)}_{{{','.join(filter(None, (_indices(matrix), place)))}}}", real=True)
