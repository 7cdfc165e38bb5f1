r"""A theorem on a witness: (computed, theoretical), the two sides of its conclusion, at one lag.

Main definitions: `sides`, `witness_environment`.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import sympy as sp

from ..theory import notation
from ..theory.calculus.words import At, Letter
from ..theory.theorem import Theorem, Values, Witness
from .enclosure import Enclosure
from .evaluate import Environment, environment, evaluate
from .words import Steps


def witness_environment(theorem: Theorem, witness: Witness, *, lag: int) -> Environment:
    """A linear network of slope 1 with the witness's matrix and values, unrolled over the steps 1, ..., ``lag``.

    Numbers of the witness replace gamma, alpha and what else it names. A letter that the theorem reads step by step, a
    state X_0, ..., X_lag for instance, has the witness's value at every step, or its own where the witness gives X_0, ...
    """
    stepped = {at.letter for at in sp.Tuple(theorem.conclusion.lhs, theorem.conclusion.rhs).atoms(At)}
    where = _environment(witness.values, witness, stepped, lag=lag)
    outcomes = tuple(_environment(witness.values + chosen, witness, stepped, lag=lag) for chosen in witness.outcomes)
    return replace(where, outcomes=outcomes, known={})


def _environment(given: Values, witness: Witness, stepped: set[Letter], *, lag: int) -> Environment:
    W = np.array(witness.array.tolist(), dtype=float)
    identity = np.repeat(np.eye(len(W))[None], lag, axis=0)
    letters: dict[str, np.ndarray | Steps] = {name: Steps(identity) for name in ("D", "S")}
    values: dict[sp.Symbol, int | float] = {notation.lag: lag, notation.time: lag}
    copies: dict[str, dict[int, np.ndarray]] = {}
    for symbol, value in given:
        if isinstance(symbol, At):
            array = np.array(sp.Matrix(value).tolist(), dtype=float)
            copies.setdefault(symbol.letter.name, {})[int(symbol.index)] = array
        elif isinstance(symbol, Letter):
            array = np.array(sp.Matrix(value).tolist(), dtype=float)
            letters[symbol.name] = (
                Steps(np.repeat(array[None], lag + 1, axis=0), first=0) if symbol in stepped else array
            )
        else:
            values[symbol] = int(value) if value.is_Integer else float(value)
    letters |= {name: Steps(np.array([at[i] for i in sorted(at)]), first=min(at)) for name, at in copies.items()}
    sup, inf = (float(values.pop(s, 1)) for s in (notation.slope_sup, notation.slope_inf))
    return environment(W=W, slope_sup=sup, slope_inf=inf, letters=letters, values=values)


def sides(theorem: Theorem, witness: Witness, *, lag: int) -> tuple[Enclosure, Enclosure]:
    """(computed, theoretical): the left and the right side of the conclusion.

    >>> from errorflow.theory import theorems
    >>> sharp = theorems.get("hochreiter1991_entry")
    >>> computed, theoretical = sides(sharp, sharp.tightness_witness, lag=3)
    >>> computed.upper, theoretical.upper
    (0.0625, 0.0625)
    """
    where = witness_environment(theorem, witness, lag=lag)
    return evaluate(theorem.conclusion.lhs, where), evaluate(theorem.conclusion.rhs, where)
