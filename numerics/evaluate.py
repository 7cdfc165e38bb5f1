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
from ..theory.bounds import setting, slope_form
from ..theory.calculus.forms import Entry, Form
from ..theory.calculus.mean import Mean
from ..theory.calculus.words import STEP, Letter, Over, OverSum, Word, replace
from ..theory.hypotheses import Hypothesis
from ..theory.jacobian import step_jacobian
from ..theory.language import Apply
from ..theory.language import value as value_of
from .axes import Array
from .enclosure import Answer as Status
from .enclosure import Enclosure, exact, exact_number, measured
from .functionals import functional, scaling
from .network import Network
from .ranges import Ranges, Scope, all_inputs, along
from .simulate import Trajectory
from .step_norm import step_norm
from .words import NoValue, Steps, array_of

ROUNDING = 1e-12  # relative margin below which a relation between measured numbers is not decided


@dataclass(frozen=True, eq=False)
class Environment:
    """What quantities are evaluated on: matrices by name, sizes, and the ranges of the diagonals in one scope.

    Matrices are ``(n, n)``, or ``(T, n, n)`` for untied copies: norms then take their largest value over the copies,
    the smallest gain its smallest, and entrywise quantities belong to the entrywise maximum of |W_t|. ``letters`` are the
    other letters of a derivation, ``values`` its other symbols, a lag among them. ``outcomes`` are the environments of the
    outcomes of chance, all equally likely, over which an expectation is the average.
    """

    matrices: Mapping[str, Array]
    n: int
    slope_sup: Enclosure
    slope_inf: Enclosure
    slope_least: Enclosure
    scope: Scope = "all_inputs"
    ranges: Ranges | None = None
    network: Network | None = None
    trajectory: Trajectory | None = None
    letters: Mapping[str, Array | Steps] = field(default_factory=dict)
    values: Mapping[sp.Symbol, Enclosure] = field(default_factory=dict)
    outcomes: tuple[Environment, ...] = ()
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
    letters: Mapping[str, Array | Steps] | None = None,
    values: Mapping[sp.Symbol, int | float] | None = None,
) -> Environment:
    """The environment of a network for all inputs, of a trajectory, or of a bare matrix W with slopes in [inf, sup].

    Beside a bare matrix the other ``letters`` and symbols (``values``) of a theorem may be given. Raises ValueError
    unless exactly one of network, W and trajectory is given.
    """
    if sum(x is not None for x in (network, W, trajectory)) != 1:
        raise ValueError("exactly one of network, W and trajectory must be given")
    if W is not None:
        array = np.asarray(W)
        return Environment(
            {"W": array},
            int(array.shape[-1]),
            exact(slope_sup),
            exact(slope_inf),
            exact(slope_inf),
            letters=dict(letters or {}),
            values={symbol: exact(value) for symbol, value in (values or {}).items()},
        )
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
        ranges.least(form.slope) if form else Enclosure(-math.inf, math.inf),
        ranges.scope,
        ranges,
        found,
        trajectory,
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
    if expr == notation.slope_least:
        return where.slope_least
    if expr in where.values:
        return where.values[expr]
    if expr in (notation.curvature_sup, notation.value_sup):
        return _of_activation(expr, where)
    if isinstance(expr, Over):
        return _over(expr, where)
    if isinstance(expr, Form | Entry):
        return _number(expr, where)
    if isinstance(expr, Mean):
        return _mean(expr, where)
    if isinstance(expr, quantities.jacobian_norm | quantities.jacobian_gain) and "D" in where.letters:
        definition = setting.product if isinstance(expr, quantities.jacobian_norm) else setting.gain
        return evaluate(definition.claim.rhs.xreplace({notation.lag: expr.args[0]}), where)
    if isinstance(expr, quantities.sup_abs) and where.ranges is not None:
        return where.ranges.supremum(expr.args[0])
    if isinstance(expr, quantities.majorant_radius | quantities.majorant_condition):
        return _majorant(expr, where)
    if isinstance(expr, quantities.step_norm):
        return _step_norm(where)
    if isinstance(expr, quantities.MatrixFunctional):
        return _functional(expr, where)
    if expr.is_number:
        return exact_number(expr)
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
    if isinstance(expr, sp.Abs):
        return abs(arguments[0])
    raise NoValue(f"expression must be built from quantities, got {expr}, which has no value here")


def _array(word: Word, where: Environment) -> Array:
    """The array that a word is, in floating point."""
    arrays = {**where.matrices, **where.letters}
    return array_of(word, arrays, where.n, lambda factor: evaluate(factor, where).midpoint)


def _over(expr: Over, where: Environment) -> Enclosure:
    """A product or sum of symbolic length, step by step."""
    body, first, last = expr.args
    ends = [round(evaluate(end, where).midpoint) for end in (first, last)]
    total = exact(0 if isinstance(expr, OverSum) else 1)
    for step in range(ends[0], ends[1] + 1):
        value = evaluate(replace(body, {STEP: sp.Integer(step)}), where)
        total = total + value if isinstance(expr, OverSum) else total * value
    return total


def _number(expr: Form | Entry, where: Environment) -> Enclosure:
    array = _array(expr.args[0], where)
    row, column = (round(evaluate(i, where).midpoint) - 1 for i in expr.args[1:]) if len(expr.args) > 1 else (0, 0)
    return measured(float(array[row, column]))


def _mean(expr: Mean, where: Environment) -> Enclosure:
    """The average over the outcomes of chance, all equally likely."""
    if not where.outcomes:
        raise NoValue(f"an expectation needs the outcomes of chance, got none for {expr}")
    total = exact(0)
    for outcome in where.outcomes:
        total = total + evaluate(expr.args[0], outcome)
    return total / exact(len(where.outcomes))


def _of_activation(expr: sp.Expr, where: Environment) -> Enclosure:
    """sup |phi''| or sup |phi| of the phi in J_t = diag(phi'(a_t)) W, by its exact range; unknown for another form."""
    cell = where.network.cell if where.network is not None else None
    form = slope_form(cell) if cell is not None else None
    nodes = cell.nodes if cell is not None and form is not None else ()
    applied = [(node.activation, node.operand) for node in nodes if isinstance(node, Apply)]
    for activation in (phi for phi, v in applied if form is not None and phi.df(value_of(v)) == form.slope):
        if expr == notation.curvature_sup and activation.kinks:
            return exact(math.inf)
        found = activation.second_range if expr == notation.curvature_sup else activation.value_range
        if found is not None:
            return abs(exact_number(found.lower)).maximum(abs(exact_number(found.upper)))
    return Enclosure(0.0, math.inf)


_COMBINE: dict[type, Callable[[Enclosure, Enclosure], Enclosure]] = {
    sp.Add: lambda a, b: a + b,
    sp.Mul: lambda a, b: a * b,
    sp.Max: lambda a, b: a.maximum(b),
    sp.Min: lambda a, b: a.minimum(b),
}


def _functional(expr: quantities.MatrixFunctional, where: Environment) -> Enclosure:
    argument = expr.args[0]
    if isinstance(argument, Letter) and argument.name in where.matrices:
        return functional(type(expr), where.matrices[argument.name])
    if isinstance(argument, Word):
        array = _array(argument, where)
        if array.shape[-2] == array.shape[-1]:
            return functional(type(expr), array).resting_on(measured(0.0))  # the array itself is rounded
        if type(expr) is quantities.max_abs:
            return measured(float(np.abs(array).max()))
        return measured(float(np.linalg.norm(array, 2))) if type(expr) is quantities.spectral_norm else _unknown(expr)
    entries = [[evaluate(argument[i, j], where) for j in range(argument.cols)] for i in range(argument.rows)]
    upper = np.array([[e.upper for e in row] for row in entries])
    if not np.isfinite(upper).all():
        return Enclosure(0.0, math.inf)
    known = [entry for row in entries for entry in row]
    found = functional(type(expr), upper).resting_on(*known)
    return found if all(entry.width == 0.0 for entry in known) else found.hull(0)  # it grows with the entries


def _unknown(expr: sp.Expr) -> Enclosure:
    raise NoValue(f"the quantity must belong to a square matrix, got {expr}")


def _step_norm(where: Environment) -> Enclosure:
    """The supremum on the trajectory; for all inputs at most gamma ||W|| where J_t = D_t W, else unknown."""
    if where.trajectory is not None:
        return step_norm(where.trajectory)
    cell = where.network.cell if where.network is not None else None
    form = slope_form(cell) if cell is not None else None
    if cell is not None and form is None:
        return Enclosure(0.0, math.inf)
    matrix = form.matrix if form is not None else setting.W
    return evaluate(notation.slope_sup * quantities.spectral_norm(matrix), where).hull(0)


def _majorant(expr: sp.Expr, where: Environment) -> Enclosure:
    assert where.network is not None
    assert where.ranges is not None
    majorant = majorant_matrix(where.network, where.ranges)
    if majorant is None:
        return Enclosure(0.0, math.inf)
    found = scaling(majorant)
    number = found.norm if isinstance(expr, quantities.majorant_radius) else found.condition
    return number.resting_on(measured(0.0))  # the majorant itself is rounded


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


_OPPOSITE: dict[Status, Status] = {"met": "not_met", "not_met": "met", "unknown": "unknown"}


def answer(condition: Hypothesis | Relational, where: Environment) -> Answer:
    """met, not_met or unknown for a relation, with the enclosure of its left side and the margin.

    A margin between measured numbers that rounding can make (1e-12 of the right side) is no margin: the norm of an
    orthogonal matrix is not < 1. Certified numbers need no such allowance.

    >>> from errorflow.theory import notation, quantities
    >>> import numpy as np, sympy as sp
    >>> contraction = notation.slope_sup * quantities.spectral_norm(sp.Symbol("W")) < 1
    >>> found = answer(contraction, environment(W=np.diag([0.5, 0.75])))
    >>> found.status, found.margin
    ('met', 0.25)
    """
    relation = condition.relation if isinstance(condition, Hypothesis) else condition
    left, right = evaluate(relation.lhs, where), evaluate(relation.rhs, where)
    if relation.rel_op not in ("<", ">", "<=", ">="):
        raise ValueError(f"relation must be an inequality, got {relation}")
    small, large = (left, right) if relation.rel_op.startswith("<") else (right, left)
    if relation.rel_op.endswith("="):  # x <= y unless y < x
        return Answer(_OPPOSITE[large.less_than(small)], left, large.lower - small.upper)
    status = small.less_than(large)
    margin = large.lower - small.upper if status != "not_met" else large.upper - small.lower
    doubtful = left.resting_on(right).evidence != "certified"
    if status == "met" and doubtful and margin <= ROUNDING * abs(large.lower):
        status = "unknown"
    return Answer(status, left, margin)
