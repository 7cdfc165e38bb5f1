r"""The gradient by lag: dE/dtheta = sum over k of (d+x_{T-k}/dtheta)^T J(T, T-k)^T g, with g = dE/dx_T.

d+x_t/dtheta is the local derivative: the state before the step is held fixed. Copy T-k of a shared parameter
contributes exactly the lag-k part, so that the gradient of the tied network is the sum of the gradients of
its untied copies (the identity of back-propagation through time, claim C1). Where a cell uses ``stop(v)``,
every derivative here is the truncated one, which holds v fixed.

Main definitions: `LocalDerivative`, `ByLag`, `by_lag`.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import mpmath
import sympy as sp

from . import notation, unrolled
from .jacobian import Tail, Term, latex, step_jacobian, words
from .language import Bias, Cell, MatVec, Sum, Vector, value


@dataclass(frozen=True)
class LocalDerivative:
    """One use of a parameter in a new state, where words stands for their sum.

    d+state = words . dM . operand for a matrix M, words . db for a bias b, words . 1 dalpha (the row sums)
    for a scalar alpha; ``operand`` is None for the last two.
    """

    state: str
    block: str
    words: tuple[Term, ...]
    operand: sp.Expr | None
    scalar: bool = False

    @property
    def formula(self) -> sp.Expr:
        """The word as a SymPy sum."""
        return sp.Add(*(term.formula for term in self.words))


@dataclass(frozen=True, eq=False)
class ByLag:
    """The decomposition of the gradient with respect to every parameter of a cell, by lag."""

    cell: Cell
    local: Mapping[str, tuple[LocalDerivative, ...]]

    def latex(self, block: str = "W") -> str:
        r"""LaTeX of the lag-k part of the gradient with respect to one block of a parameter.

        >>> from errorflow.theory import cells
        >>> left, right = by_lag(cells.get("elman")).latex("W").split(" = ")
        >>> print(left)
        \frac{\partial E}{\partial W}
        >>> print(right.removeprefix(r"\sum_{k=0}^{T-1} "))  # doctest: +NORMALIZE_WHITESPACE
        \left(\operatorname{diag}\left(\tanh'\left(a_{t}\right)\right)\right)^{\top}
        J(T,T-k)^{\top} g \, \left(h_{t-1}\right)^{\top} \Big|_{t=T-k}
        """
        if block not in self.local:
            raise ValueError(f"block must be one of {', '.join(self.local)}, got {block!r}")
        left = rf"\frac{{\partial E}}{{\partial {latex(sp.Symbol(block))}}}"
        body = " + ".join(map(self._latex_of, self.local[block]))
        if not body:
            return f"{left} = 0"
        if len(self.local[block]) > 1:
            body = rf"\left({body}\right)"
        return rf"{left} = \sum_{{k=0}}^{{T-1}} {body} \Big|_{{t=T-k}}"

    def _latex_of(self, use: LocalDerivative) -> str:
        error = r"J(T,T-k)^{\top} g"
        if len(self.cell.states) > 1:
            error = rf"\left[{error}\right]_{{{latex(sp.Symbol(use.state))}}}"
        factor = rf"\left({latex(use.formula)}\right)^{{\top}} {error}"
        if use.scalar:
            return rf"\mathbf{{1}}^{{\top}} {factor}"
        return factor if use.operand is None else rf"{factor} \, \left({latex(use.operand)}\right)^{{\top}}"

    def check(self, *, n: int = 2, m: int = 1, horizon: int = 3, seed: int = 0) -> None:
        """Check tied = sum of untied copies = sum over lags, to 60 digits at a random rational point.

        E = <g, x_T> is differenced in every entry of every parameter, once with all copies moved together
        and once copy by copy, at 120 digits with step 1e-40; the copy of step T-k must equal the lag-k part
        that the words of this decomposition give. The differences use the update only, nothing of its
        differentiation; vectors behind ``stop`` keep the values they have at the point. Raises
        AssertionError naming the parameter and the lag.

        >>> from errorflow.theory import cells
        >>> by_lag(cells.get("elman")).check(n=2, horizon=2)
        """
        with mpmath.workdps(120):
            point = _Point.random(self.cell, n, m, horizon, random.Random(seed))
            parts = _parts(self, point)
            for name, row, column in point.entries():
                copies = [point.difference(name, row, column, {t}) for t in range(horizon)]
                tied = point.difference(name, row, column, set(range(horizon)))
                assert _close(tied, mpmath.fsum(copies)), f"tied differs from the sum of untied copies at {name}"
                for t, copy in enumerate(copies):
                    part = parts[name][horizon - 1 - t][row, column]
                    assert _close(copy, part), f"the lag-{horizon - 1 - t} part differs from copy {t + 1} at {name}"


def _close(a: Any, b: Any) -> bool:
    return bool(abs(a - b) <= mpmath.mpf(10) ** -60 * (1 + abs(a)))


@dataclass(frozen=True, eq=False)
class _Point:
    """Random rational parameters, inputs, initial state and cotangent, the same parameters for all copies."""

    cell: Cell
    parameters: Mapping[str, mpmath.matrix]
    inputs: list[list[Any]]
    initial: Mapping[str, list[Any]]
    cotangent: list[Any]
    stops: unrolled.Stops = field(default_factory=dict)

    @classmethod
    def random(cls, cell: Cell, n: int, m: int, horizon: int, rng: random.Random) -> _Point:
        def rational() -> Any:
            return mpmath.mpf(rng.randint(-1000, 1000)) / 997

        def array(rows: int, columns: int) -> mpmath.matrix:
            return mpmath.matrix([[rational() for _ in range(columns)] for _ in range(rows)])

        parameters = {}
        for p in cell.parameters:
            columns = {"matrix": n if p.columns == "n" else m, "bias": 1, "scalar": 1}[p.kind]
            for gate in p.gates or (None,):
                parameters[p.block_name(gate)] = array(1 if p.kind == "scalar" else n, columns)
        columns_in = [[rational() for _ in range(m)] for _ in range(horizon)]
        initial = {name: [rational() for _ in range(n)] for name in cell.states}
        return cls(cell, parameters, columns_in, initial, [rational() for _ in range(n * len(cell.states))])

    def entries(self) -> Iterator[tuple[str, int, int]]:
        for name, array in self.parameters.items():
            yield from ((name, i, j) for i in range(array.rows) for j in range(array.cols))

    def trace(self, shifted: Mapping[str, mpmath.matrix] | None = None, at: Collection[int] = ()) -> unrolled.Trace:
        copies = [(shifted if t in at and shifted else self.parameters) for t in range(len(self.inputs))]
        return unrolled.run(self.cell, copies, self.inputs, self.initial, stops=self.stops)

    def loss(self, shifted: Mapping[str, mpmath.matrix], at: Collection[int]) -> Any:
        final = self.trace(shifted, at)[-1]
        stacked = [v for name in self.cell.states for v in final[notation.before_step(name)]]
        return mpmath.fsum(g * v for g, v in zip(self.cotangent, stacked, strict=True))

    def difference(self, name: str, row: int, column: int, at: Collection[int]) -> Any:
        """Central difference of <g, x_T> in one entry of the copies ``at``; the step 1e-40 leaves 1e-78."""
        step = mpmath.mpf(10) ** -40
        losses = []
        for sign in (1, -1):
            array = self.parameters[name].copy()
            array[row, column] += sign * step
            losses.append(self.loss({**self.parameters, name: array}, at))
        return (losses[0] - losses[1]) / (2 * step)


def _parts(decomposition: ByLag, point: _Point) -> dict[str, list[mpmath.matrix]]:
    """The lag-k parts of every block's gradient, k = 0..T-1, from the derived words alone."""
    cell, trace = point.cell, point.trace()
    states, horizon = cell.states, len(point.inputs)
    n = len(point.initial[states[0]])
    cotangent = {name: mpmath.matrix(point.cotangent[i * n : (i + 1) * n]) for i, name in enumerate(states)}
    parts: dict[str, list[mpmath.matrix]] = {name: [] for name in point.parameters}
    blocks = step_jacobian(cell).blocks
    for lag in range(horizon):
        known = trace[horizon - 1 - lag]

        def word(terms: tuple[Term, ...], known: unrolled.Step = known) -> mpmath.matrix:
            return unrolled.matrix_of(terms, cell, known, point.parameters)

        for name in point.parameters:
            shape = point.parameters[name]
            total = mpmath.zeros(shape.rows, shape.cols)
            for use in decomposition.local.get(name, ()):
                delta = word(use.words).T * cotangent[use.state]
                operand = use.operand
                if use.scalar:
                    total[0] += mpmath.fsum(delta)
                elif operand is None:
                    total += delta
                else:
                    size = shape.cols
                    row = [unrolled.entry_value(operand, cell, known, point.parameters, j) for j in range(size)]
                    total += delta * mpmath.matrix([row])
            parts[name].append(total)
        cotangent = {
            column: sum(
                (word(blocks[row, column].terms).T * cotangent[row] for row in states if blocks[row, column].terms),
                mpmath.zeros(n, 1),
            )
            for column in states
        }
    return parts


def by_lag(cell: Cell) -> ByLag:
    """The decomposition of dE/dtheta by lag for every parameter of a cell, derived from its update."""
    uses: dict[str, Vector] = {str(id(node)): node for node in cell.nodes if isinstance(node, MatVec | Bias | Sum)}
    local: dict[str, list[LocalDerivative]] = {p.block_name(g): [] for p in cell.parameters for g in p.gates or (None,)}
    for state, new in cell.update.items():
        for key, terms in words(new, {int(key): key for key in uses}).items():
            match uses[key]:
                case MatVec(matrix=matrix, operand=operand):
                    local[matrix.name].append(LocalDerivative(state, matrix.name, terms, value(operand)))
                case Bias(parameter=parameter, gate=gate):
                    name = parameter.block_name(gate)
                    local[name].append(LocalDerivative(state, name, terms, None))
                case Sum(terms=summands):
                    for symbol in sorted(set().union(*(c.free_symbols for c, _ in summands)), key=str):
                        moved = [(c.diff(symbol), v) for c, v in summands if c.has(symbol)]
                        found = tuple(_times(term, c, v) for term in terms for c, v in moved)
                        local[symbol.name].append(LocalDerivative(state, symbol.name, found, None, scalar=True))
    return ByLag(cell, {name: tuple(found) for name, found in local.items()})


def _times(term: Term, factor: sp.Expr, vector: Vector) -> Term:
    """The word that maps the vector of ones to ``term . factor * vector``."""
    tail: Tail = ()
    if isinstance(vector, MatVec):
        left, tail = factor, ((vector.matrix, value(vector.operand)),)
    else:
        left = factor * value(vector)
    if not term.tail:
        return Term(term.left * left, tail)
    (matrix, d), before = term.tail[-1], term.tail[:-1]
    return Term(term.left, (*before, (matrix, d * left), *tail))
