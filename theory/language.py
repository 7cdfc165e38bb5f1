"""The cell language: a recurrent update written as named vectors, once, for every later use.

An update is built from states, inputs, biases and ones by: matrix times vector, sum, scalar times vector, elementwise
function, Hadamard product, and ``stop(v)`` (same value, derivative zero: truncated gradients). Vectors that enter
a formula are named by their author with ``let``; no generated name ever reaches a formula.

Main definitions: `Vector` and its kinds, `Matrix`, `Parameter`, `Cell`; the constructors `state`, `inputs`,
`matrix`, `bias`, `scalar`, `ones`, `let`, `stop`, `apply`.

    >>> from errorflow.theory.activations import Tanh
    >>> W, h = matrix("W"), state("h")
    >>> a = let("a", W @ h + matrix("B", columns="m") @ inputs("u") + bias("b"))
    >>> cell = Cell("vanilla", {"h": Tanh()(a)})
    >>> [p.name for p in cell.parameters], cell.states
    (['W', 'B', 'b'], ('h',))
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import sympy as sp

from . import notation

if TYPE_CHECKING:
    from .activations import Activation

Columns = Literal["n", "m"]


@dataclass(frozen=True)
class Parameter:
    """One array of a cell: a matrix ``(gates*n, n)`` or ``(gates*n, m)``, a bias ``(gates*n,)`` or a scalar ``()``.

    Gates are stacked along the rows in the order of ``gates``; an empty tuple means one ungated block.
    """

    name: str
    kind: Literal["matrix", "bias", "scalar"]
    gates: tuple[str, ...] = ()
    columns: Columns = "n"

    @property
    def blocks(self) -> int:
        """Number of blocks of n rows."""
        return max(1, len(self.gates))

    def block_name(self, gate: str | None) -> str:
        """Name of one gate's block in formulas: W, or W_i for gate i."""
        return self.name if gate is None else f"{self.name}_{gate}"


class Vector:
    """A vector of a cell's update (abstract): built by the constructors of this module, combined by ``+ - *``."""

    __slots__ = ()

    def __add__(self, other: Any) -> Vector:
        return _sum((sp.Integer(1), self), _term(other, sp.Integer(1)))

    def __sub__(self, other: Any) -> Vector:
        return _sum((sp.Integer(1), self), _term(other, sp.Integer(-1)))

    def __radd__(self, other: Any) -> Vector:
        return _sum(_term(other, sp.Integer(1)), (sp.Integer(1), self))

    def __rsub__(self, other: Any) -> Vector:
        return _sum(_term(other, sp.Integer(1)), (sp.Integer(-1), self))

    def __neg__(self) -> Vector:
        return _sum((sp.Integer(-1), self))

    def __mul__(self, other: Any) -> Vector:
        return Hadamard(self, other) if isinstance(other, Vector) else _sum((_scalar(other), self))

    def __rmul__(self, other: Any) -> Vector:
        return _sum((_scalar(other), self))


@dataclass(frozen=True, eq=False)
class State(Vector):
    """The state ``name`` that the step reads."""

    name: str


@dataclass(frozen=True, eq=False)
class Input(Vector):
    """The input vector of the step, of size m."""

    name: str


@dataclass(frozen=True, eq=False)
class Bias(Vector):
    """A bias vector, or one gate of it."""

    parameter: Parameter
    gate: str | None = None


@dataclass(frozen=True, eq=False)
class Ones(Vector):
    """The vector of ones."""


@dataclass(frozen=True, eq=False)
class MatVec(Vector):
    """Matrix times vector."""

    matrix: Matrix
    operand: Vector


@dataclass(frozen=True, eq=False)
class Sum(Vector):
    """Linear combination with scalar coefficients."""

    terms: tuple[tuple[sp.Expr, Vector], ...]


@dataclass(frozen=True, eq=False)
class Apply(Vector):
    """Elementwise function of a vector."""

    activation: Activation
    operand: Vector


@dataclass(frozen=True, eq=False)
class Hadamard(Vector):
    """Entrywise product of two vectors."""

    left: Vector
    right: Vector


@dataclass(frozen=True, eq=False)
class Named(Vector):
    """A vector with a name of its author's choice."""

    name: str
    body: Vector


@dataclass(frozen=True, eq=False)
class Stop(Vector):
    """The same value with derivative zero."""

    body: Vector


@dataclass(frozen=True)
class Matrix:
    """A matrix parameter, or one gate of it; ``M @ v`` is the product with a vector."""

    parameter: Parameter
    gate: str | None = None

    @property
    def name(self) -> str:
        """Name in formulas: W, or W_i for gate i."""
        return self.parameter.block_name(self.gate)

    @property
    def symbol(self) -> sp.Symbol:
        """The matrix as a noncommutative SymPy symbol."""
        return sp.Symbol(self.name, commutative=False)

    def __matmul__(self, vector: Vector) -> MatVec:
        if not isinstance(vector, Vector):
            raise TypeError(f"operand of {self.name} @ ... must be a vector of the cell language, got {vector!r}")
        return MatVec(self, vector)


def _scalar(value: Any) -> sp.Expr:
    expr = sp.sympify(value)
    if not isinstance(expr, sp.Expr) or not all(isinstance(s, notation.Scalar) for s in expr.free_symbols):
        raise TypeError(f"scalar factor must be a number or built from scalar(...) parameters, got {value!r}")
    return expr


def _term(value: Any, sign: sp.Expr) -> tuple[sp.Expr, Vector]:
    return (sign, value) if isinstance(value, Vector) else (sign * _scalar(value), Ones())


def _sum(*terms: tuple[sp.Expr, Vector]) -> Sum:
    flat: list[tuple[sp.Expr, Vector]] = []
    for coefficient, vector in terms:
        inner = vector.terms if isinstance(vector, Sum) else ((sp.Integer(1), vector),)
        flat += [(coefficient * c, v) for c, v in inner]
    return Sum(tuple(flat))


def state(name: str) -> State:
    """The state vector ``name`` before the step, of size n."""
    return State(name)


def inputs(name: str = "u") -> Input:
    """The input vector of the step, of size m."""
    return Input(name)


def matrix(name: str, *, columns: Columns = "n") -> Matrix:
    """An ungated matrix parameter of shape ``(n, n)`` or, with ``columns="m"``, ``(n, m)``."""
    return Matrix(Parameter(name, "matrix", (), columns))


def matrices(name: str, gates: tuple[str, ...], *, columns: Columns = "n") -> dict[str, Matrix]:
    """The gates' blocks of one matrix parameter of shape ``(len(gates)*n, n or m)``, by gate."""
    parameter = Parameter(name, "matrix", gates, columns)
    return {gate: Matrix(parameter, gate) for gate in gates}


def bias(name: str) -> Bias:
    """An ungated bias parameter of shape ``(n,)``; as a factor of a Hadamard product it is a diagonal weight."""
    return Bias(Parameter(name, "bias"))


def biases(name: str, gates: tuple[str, ...]) -> dict[str, Bias]:
    """The gates' blocks of one bias parameter of shape ``(len(gates)*n,)``, by gate."""
    parameter = Parameter(name, "bias", gates)
    return {gate: Bias(parameter, gate) for gate in gates}


def scalar(name: str) -> notation.Scalar:
    """A scalar parameter (leak, step size): a real SymPy symbol to be used as a factor."""
    return notation.Scalar(name, real=True)


def ones() -> Ones:
    """The vector of ones; a bare number in a sum means that multiple of it."""
    return Ones()


def let(name: str, body: Vector) -> Named:
    """Name a vector; the name ``c+`` says that it is the new value of the state ``c``."""
    if not name or not isinstance(name, str):
        raise ValueError(f"name of a vector must be a nonempty string, got {name!r}")
    return Named(name, body)


def stop(body: Vector) -> Stop:
    """The same value with derivative zero, as in the truncated gradient of the first LSTM."""
    return Stop(body)


def apply(activation: Activation, operand: Vector) -> Apply:
    """Elementwise ``activation`` of a vector; usually written ``activation(operand)``."""
    if not isinstance(operand, Vector):
        raise TypeError(f"{activation.name} applies to a vector of the cell language, got {operand!r}")
    return Apply(activation, operand)


def children(node: Vector) -> tuple[Vector, ...]:
    """The vectors that a vector is built from, left to right."""
    match node:
        case MatVec(operand=v) | Apply(operand=v) | Named(body=v) | Stop(body=v):
            return (v,)
        case Sum(terms=terms):
            return tuple(v for _, v in terms)
        case Hadamard(left=a, right=b):
            return (a, b)
    return ()


def value(node: Vector) -> sp.Expr:
    """The vector, entry by entry, as a scalar SymPy expression in the named vectors of the step.

    A product with a matrix is no expression in the same entry: such a vector must have a name, else ValueError.
    """
    match node:
        case Named(name=name):
            return notation.at_step(name)
        case State(name=name):
            return notation.before_step(name)
        case Input(name=name):
            return notation.at_step(name)
        case Bias(parameter=parameter, gate=gate):
            return sp.Symbol(parameter.block_name(gate), real=True)
        case Ones():
            return sp.Integer(1)
        case Stop(body=body):
            return value(body)
        case Sum(terms=terms):
            return sp.Add(*(c * value(v) for c, v in terms))
        case Apply(activation=activation, operand=operand):
            return activation.f(value(operand))
        case Hadamard(left=a, right=b):
            return value(a) * value(b)
        case MatVec(matrix=factor):
            raise ValueError(f"the vector {factor.name} @ ... enters a formula and needs a name: wrap it in let(name, ...)")
    raise TypeError(f"not a vector of the cell language: {node!r}")


class Entries(sp.Function):
    """A vector that stands behind a matrix in a formula, given entry by entry; noncommutative, so that it stays there."""

    is_commutative = False

    def _latex(self, printer: Any) -> str:
        inner = self.args[0]
        body = str(printer._print(inner))
        return body if inner.is_Symbol else rf"\left({body}\right)"


def _body(node: Vector) -> sp.Expr:
    """A vector as a formula for readers: matrices as noncommutative symbols in front of their operand."""
    match node:
        case MatVec(matrix=factor, operand=operand):
            return factor.symbol * Entries(value(operand))
        case Sum(terms=terms):
            return sp.Add(*(c * _body(v) for c, v in terms), evaluate=False)
    return value(node)


@dataclass(frozen=True, eq=False)
class Cell:
    """A recurrent cell: ``update`` maps each state's name to its new value, in the order in which states are stacked.

    The full state has size ``len(states) * n``. Raises ValueError for an update that reads an undefined state, uses
    one name for two vectors or two parameters, or leaves a vector that enters a formula without a name.
    """

    name: str
    update: Mapping[str, Vector]
    title: str = ""
    references: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.update:
            raise ValueError(f"cell {self.name!r} has no state: update must map at least one state to its new value")
        names: dict[str, Vector] = {}
        parameters: dict[str, Parameter] = {}
        for node in self.nodes:
            match node:
                case State(name=name) if name not in self.update:
                    raise ValueError(f"cell {self.name!r} reads the state {name!r}, which update does not define")
                case (Named(name=name) | Input(name=name)) if names.setdefault(name, node) is not node:
                    raise ValueError(f"cell {self.name!r} uses the name {name!r} for two vectors")
                case MatVec(matrix=Matrix(parameter=p)) | Bias(parameter=p) if parameters.setdefault(p.name, p) != p:
                    raise ValueError(f"cell {self.name!r} uses the name {p.name!r} for two parameters")
                case Apply(operand=operand):
                    value(operand)
                case Hadamard(left=a, right=b):
                    value(a), value(b)

    @cached_property
    def nodes(self) -> tuple[Vector, ...]:
        """Every vector of the update, each after the vectors it is built from."""
        seen: dict[int, Vector] = {}

        def visit(node: Vector) -> Iterator[Vector]:
            if id(node) not in seen:
                seen[id(node)] = node
                for child in children(node):
                    yield from visit(child)
                yield node

        return tuple(node for new in self.update.values() for node in visit(new))

    @property
    def states(self) -> tuple[str, ...]:
        """Names of the states in stacking order."""
        return tuple(self.update)

    @cached_property
    def parameters(self) -> tuple[Parameter, ...]:
        """Parameters: recurrent matrices, input matrices, biases, scalars, each kind in order of first use."""
        found: dict[str, Parameter] = {}
        for node in self.nodes:
            match node:
                case MatVec(matrix=Matrix(parameter=p)) | Bias(parameter=p):
                    found.setdefault(p.name, p)
                case Sum(terms=terms):
                    for symbol in sorted({s.name for c, _ in terms for s in c.free_symbols}):
                        found.setdefault(symbol, Parameter(symbol, "scalar"))
        rank = {"matrix": 0, "bias": 2, "scalar": 3}
        return tuple(sorted(found.values(), key=lambda p: rank[p.kind] + (p.kind == "matrix" and p.columns == "m")))

    @cached_property
    def activations(self) -> tuple[Activation, ...]:
        """The elementwise functions of the cell, in order of first use."""
        return tuple(dict.fromkeys(node.activation for node in self.nodes if isinstance(node, Apply)))

    @cached_property
    def named(self) -> dict[str, Named]:
        """The named vectors in the order in which a step computes them."""
        return {node.name: node for node in self.nodes if isinstance(node, Named)}

    @cached_property
    def equations(self) -> dict[str, sp.Expr]:
        """The update as equations: each named vector and each new state with its body in symbols, in order.

        Vectors are noncommutative only next to matrices; products of vectors are entrywise.
        """
        found = {str(notation.at_step(name)): _body(node.body) for name, node in self.named.items()}
        for name, node in self.update.items():
            new = str(notation.at_step(f"{name}+"))
            if new not in found:
                found[new] = _body(node)
        return found

    def parameter(self, name: str) -> Parameter:
        """The parameter ``name``; ValueError lists the names there are."""
        for p in self.parameters:
            if p.name == name:
                return p
        raise ValueError(f"cell {self.name!r} has no parameter {name!r}; it has {', '.join(p.name for p in self.parameters)}")

    def __repr__(self) -> str:
        return f"Cell({self.name!r}, states={self.states}, parameters={[p.name for p in self.parameters]})"
