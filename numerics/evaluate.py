r"""The only place where quantities meet arrays: expressions in enclosure arithmetic, relations with three answers.

Each quantity of `errorflow.theory.quantities` is mapped to the function that encloses it; a relation is *met*, *not_met*
or *unknown*, with the value of its left side and the margin to the number on its right side.

Main definitions: `Environment`, `Answer`, `evaluate`, `answer`, `environment`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import sympy as sp
from sympy.core.relational import Relational

from ..theory import notation, quantities
from ..theory.bounds import slope_form
from ..theory.hypotheses import Hypothesis
from ..theory.jacobian import step_jacobian
from . import constants
from .axes import Array
from .enclosure import Answer as Status
from .enclosure import Enclosure, exact, measured
from .network import Network
from .ranges import Ranges, Scope, all_inputs, along
from .remembered import remembered
from .simulate import Trajectory

ROUNDING = 1e-12  # relative margin below which a relation between measured numbers is not decided


@dataclass(frozen=True, eq=False)
class Environment:
    """What quantities are evaluated on: matrices by name, sizes, and the ranges of the diagonals in one scope.

    Matrices are ``(n, n)``, or ``(T, n, n)`` for untied copies: norms then take their largest value over the copies,
    the smallest gain its smallest, and entrywise quantities belong to the entrywise maximum of |W_t|.
    """

    matrices: Mapping[str, Array]
    n: int
    slope_sup: Enclosure
    slope_inf: Enclosure
    scope: Scope = "all_inputs"
    ranges: Ranges | None = None
    network: Network | None = None
    known: dict[sp.Expr, Enclosure] = field(default_factory=dict)


@dataclass(frozen=True)
class Answer:
    """The answer to a relation ``left < right`` or ``left > right``: status, value of the left side, margin.

    The margin is how far the left side is on the right side of the number (negative if it is not), by the end of the
    enclosure that decides.
    """

    status: Status
    value: Enclosure
    margin: float


def environment(
    network: Network | None = None,
    *,
    W: Array | None = None,
    slope_sup: float = 1.0,
    slope_inf: float = 0.0,
    trajectory: Trajectory | None = None,
) -> Environment:
    """The environment of a network for all inputs, of a trajectory, or of a bare matrix W with slopes in [inf, sup].

    Raises ValueError unless exactly one of network, W and trajectory is given.
    """
    if sum(x is not None for x in (network, W, trajectory)) != 1:
        raise ValueError("exactly one of network, W and trajectory must be given")
    if W is not None:
        array = np.asarray(W)
        return Environment({"W": array}, int(array.shape[-1]), exact(slope_sup), exact(slope_inf))
    found = trajectory.network if trajectory is not None else network
    assert found is not None
    ranges = along(trajectory) if trajectory is not None else all_inputs(found.cell)
    form = slope_form(found.cell)
    unknown = Enclosure(0.0, math.inf)
    return Environment(
        found.recurrent_blocks(),
        found.n,
        ranges.supremum(form.slope) if form else unknown,
        ranges.infimum(form.slope) if form else unknown,
        ranges.scope,
        ranges,
        found,
    )


def evaluate(expression: sp.Expr, where: Environment) -> Enclosure:
    """The enclosure of an expression over quantities.

    >>> from errorflow.theory import notation, quantities
    >>> import numpy as np, sympy as sp
    >>> W = environment(W=np.diag([0.5, 0.25]))
    >>> evaluate(notation.n * quantities.max_abs(sp.Symbol("W")), W).upper
    1.0
    """
    expr = sp.sympify(expression)
    if expr not in where.known:
        where.known[expr] = _evaluate(expr, where)
    return where.known[expr]


def _evaluate(expr: sp.Expr, where: Environment) -> Enclosure:
    if expr.is_Rational:
        return exact(expr)
    if expr == notation.n:
        return exact(where.n)
    if expr == notation.slope_sup:
        return where.slope_sup
    if expr == notation.slope_inf:
        return where.slope_inf
    if isinstance(expr, quantities.sup_abs) and where.ranges is not None:
        return where.ranges.supremum(expr.args[0])
    if isinstance(expr, quantities.majorant_radius | quantities.majorant_condition):
        return _majorant(expr, where)
    if isinstance(expr, quantities.MatrixFunctional):
        return _functional(expr, where)
    if expr.is_number:
        return exact(float(expr))
    arguments = [evaluate(a, where) for a in expr.args]
    if expr.is_Add or expr.is_Mul or isinstance(expr, sp.Max | sp.Min):
        combine = _COMBINE[expr.func]
        total = arguments[0]
        for argument in arguments[1:]:
            total = combine(total, argument)
        return total
    if expr.is_Pow:
        return arguments[0] ** arguments[1]
    if isinstance(expr, sp.log):
        return arguments[0].log()
    if isinstance(expr, sp.exp):
        return arguments[0].exp()
    raise ValueError(f"expression must be built from quantities, got {expr}, which has no evaluator")


_COMBINE: dict[type, Callable[[Enclosure, Enclosure], Enclosure]] = {
    sp.Add: lambda a, b: a + b,
    sp.Mul: lambda a, b: a * b,
    sp.Max: lambda a, b: a.maximum(b),
    sp.Min: lambda a, b: a.minimum(b),
}

_norm = remembered(constants.spectral_norm)
_least = remembered(constants.smallest_singular_value)
_scaling = remembered(constants.diagonal_scaling)
_radius = remembered(constants.spectral_radius)
_perron = remembered(constants.perron_radius)


def decompose(where: Environment) -> None:
    """Compute and remember the decompositions of an environment's matrices; numbers only, fit for a thread of its own."""
    for W in where.matrices.values():
        if W.ndim == 2:
            for function in (_norm, _least, _scaling, _radius, _perron):
                function(W)


def _infimum(scaling: constants.Scaling) -> Enclosure:
    """s(W) up to the norm that the scaling found attains, the number that goes with its condition."""
    return measured(
        scaling.infimum.lower, upper=scaling.norm.upper, residual=scaling.norm.upper - scaling.infimum.lower
    )


def _gain(W: Array) -> Enclosure:
    """sigma_min(W) up to the rounding of any method, n eps ||W||: below it the gain of a singular W is not told from 0."""
    found = _least(W)
    rounding = len(W) * float(np.finfo(float).eps) * _norm(W).upper
    return measured(max(0.0, found.lower - rounding), upper=found.upper + rounding, residual=found.residual)


EVALUATORS: dict[type[quantities.MatrixFunctional], Callable[[Array], Enclosure]] = {
    quantities.max_abs: constants.max_abs,
    quantities.row_sum_norm: constants.row_sum_norm,
    quantities.spectral_norm: _norm,
    quantities.smallest_singular_value: _gain,
    quantities.spectral_radius: _radius,
    quantities.perron_radius: _perron,
    quantities.perron_scaling_norm: lambda W: _scaling(np.abs(W)).norm,
    quantities.perron_condition: lambda W: _scaling(np.abs(W)).condition,
    quantities.diagonal_scaling_norm: lambda W: _infimum(_scaling(W)),
    quantities.scaling_condition: lambda W: _scaling(W).condition,
}
_ENTRYWISE = (quantities.perron_radius, quantities.perron_scaling_norm, quantities.perron_condition)


def _functional(expr: quantities.MatrixFunctional, where: Environment) -> Enclosure:
    function, argument = EVALUATORS[type(expr)], expr.args[0]
    if not argument.is_Symbol:
        entries = [[evaluate(argument[i, j], where) for j in range(argument.cols)] for i in range(argument.rows)]
        upper = np.array([[e.upper for e in row] for row in entries])
        return function(upper) if np.isfinite(upper).all() else Enclosure(0.0, math.inf)
    if argument.name not in where.matrices:
        raise ValueError(f"matrix must be one of {', '.join(where.matrices)}, got {argument.name!r}")
    matrix = where.matrices[argument.name]
    if matrix.ndim == 2:
        return function(matrix)
    if type(expr) in _ENTRYWISE:
        return function(np.abs(matrix).max(axis=0))
    if isinstance(expr, quantities.scaling_condition):
        return exact(1)
    if isinstance(expr, quantities.diagonal_scaling_norm):
        function = constants.spectral_norm  # no scaling is common to all copies but the trivial one
    total = function(matrix[0])
    for copy in matrix[1:]:
        least = isinstance(expr, quantities.smallest_singular_value)
        total = total.minimum(function(copy)) if least else total.maximum(function(copy))
    return total


def _majorant(expr: sp.Expr, where: Environment) -> Enclosure:
    assert where.network is not None
    assert where.ranges is not None
    majorant = majorant_matrix(where.network, where.ranges)
    if majorant is None:
        return Enclosure(0.0, math.inf)
    scaling = _scaling(majorant)
    return scaling.norm if isinstance(expr, quantities.majorant_radius) else scaling.condition


def majorant_matrix(network: Network, ranges: Ranges) -> Array | None:
    """The entrywise majorant ``(N, N)`` of the step Jacobian: |J_t| <= M; None where a diagonal's range is unknown."""
    states, n = network.cell.states, network.n
    blocks = {
        name: np.abs(W) if W.ndim == 2 else np.abs(W).max(axis=0) for name, W in network.recurrent_blocks().items()
    }

    def diagonal(entries: sp.Expr) -> Array:
        if entries.is_number:
            return np.full(n, abs(float(entries)))
        if entries in ranges.per_unit:
            return ranges.per_unit[entries]
        return np.full(n, ranges.supremum(entries).upper)

    terms = [(place, term) for place, block in step_jacobian(network.cell).blocks.items() for term in block.terms]
    if not all(np.isfinite(diagonal(d)).all() for _, term in terms for d in term.diagonals):
        return None
    total = np.zeros((n * len(states), n * len(states)))
    for (row, column), term in terms:
        i, j = states.index(row) * n, states.index(column) * n
        word = np.diag(diagonal(term.left))
        for matrix, d in term.tail:
            word = (word @ blocks[matrix.name]) * diagonal(d)
        total[i : i + n, j : j + n] += word
    return total if np.isfinite(total).all() else None


def answer(condition: Hypothesis | Relational, where: Environment) -> Answer:
    """met, not_met or unknown for a relation, with the enclosure of its left side and the margin.

    A margin that rounding can make (1e-12 of the right side) is no margin: the norm of an orthogonal matrix is not < 1.

    >>> from errorflow.theory import notation, quantities
    >>> import numpy as np, sympy as sp
    >>> contraction = notation.slope_sup * quantities.spectral_norm(sp.Symbol("W")) < 1
    >>> found = answer(contraction, environment(W=np.diag([0.5, 0.75])))
    >>> found.status, found.margin
    ('met', 0.25)
    """
    relation = condition.relation if isinstance(condition, Hypothesis) else condition
    left, right = evaluate(relation.lhs, where), evaluate(relation.rhs, where)
    if relation.rel_op not in ("<", ">"):
        raise ValueError(f"relation must be strict (< or >), got {relation}")
    small, large = (left, right) if relation.rel_op == "<" else (right, left)
    status = small.less_than(large)
    margin = large.lower - small.upper if status != "not_met" else large.upper - small.lower
    if status == "met" and margin <= ROUNDING * abs(large.lower):
        status = "unknown"
    return Answer(status, left, margin)
