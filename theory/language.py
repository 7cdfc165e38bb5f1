"""The cell language: a recurrent update written as named vectors, once, for every later use.

An update is built from states, inputs, biases and ones by: matrix times vector, sum, scalar times vector,
elementwise function, Hadamard product, and ``stop(v)`` (same value, derivative zero: truncated gradients).
Vectors that enter a formula are named by their author with ``let``; no generated name ever reaches a formula.

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
from typing import TYPE_CHECKING, Any, Literal, get_args

import sympy as sp

from . import notation
from .coefficients import coefficient

if TYPE_CHECKING:
    from .activations import Activation

Columns = Literal["n", "m"]


@dataclass(frozen=True)
class Parameter:
    """One array of a cell: matrix ``(gates*n, n)`` or ``(gates*n, m)``, bias ``(gates*n,)`` or scalar ``()``.

    Gates are stacked along the rows in the order of ``gates``; an empty tuple means one ungated block.
    """

    name: str
    kind: Literal["matrix", "bias", "scalar"]
    gates: tuple[str, ...] = ()
    columns: Columns = "n"

    def __post_init__(self) -> None:
        notation.checked(self.name, "a parameter")
        if self.columns not in get_args(Columns):
            raise ValueError(f"columns of {self.name} must be n or m, got {self.columns!r}")
        if not isinstance(self.gates, tuple) or len(set(self.gates)) < len(self.gates):
            raise ValueError(f"gates of {self.name} must be a tuple of different names, got {self.gates!r}")
        for gate in self.gates:
            notation.checked(self.block_name(gate), f"gate {gate!r} of {self.name}")

    @property
    def blocks(self) -> int:
        """Number of blocks of n rows."""
        return max(1, len(self.gates))

    def block_name(self, gate: str | None) -> str:
        """Name of one gate's block in formulas: W, or W_i for gate i."""
        return self.name if gate is None else f"{self.name}_{gate}"


class Vector:
    """A vector of a cell's update (abstract): made by the constructors below, combined by ``+ - *``."""

    __slots__ = ()
    __array_ufunc__ = None  # an array times a vector is an error, not an array of vectors

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
        return Hadamard(self, other) if isinstance(other, Vector) else _sum((coefficient(other), self))

    def __rmul__(self, other: Any) -> Vector:
        return _sum((coefficient(other), self))


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
        return MatVec(self, _vector(vector, f"operand of {self.name} @ ..."))


def _vector(value: Any, role: str) -> Vector:
    if not isinstance(value, Vector):
        raise TypeError(f"{role} must be a vector of the cell language, got {value!r}")
    return value


def _term(value: Any, sign: sp.Expr) -> tuple[sp.Expr, Vector]:
    return (sign, value) if isinstance(value, Vector) else (sign * coefficient(value), Ones())


def _sum(*terms: tuple[sp.Expr, Vector]) -> Sum:
    flat: list[tuple[sp.Expr, Vector]] = []
    for factor, vector in terms:
        inner = vector.terms if isinstance(vector, Sum) else ((sp.Integer(1), vector),)
        flat += [(factor * c, v) for c, v in inner]
    kept = [(c, v) for c, v in flat if c != 0 or not isinstance(v, Ones)]  # sum([a, b]) begins with 0 + a
    return Sum(tuple(kept or flat[:1]))


def state(name: str) -> State:
    """The state vector ``name`` before the step, of size n."""
    return State(notation.checked(name, "a state"))


def inputs(name: str = "u") -> Input:
    """The input vector of the step, of size m."""
    return Input(notation.checked(name, "the input"))


def matrix(name: str, *, columns: Columns = "n") -> Matrix:
    """An ungated matrix parameter of shape ``(n, n)`` or, with ``columns="m"``, ``(n, m)``."""
    return Matrix(Parameter(name, "matrix", (), columns))


def matrices(name: str, gates: tuple[str, ...], *, columns: Columns = "n") -> dict[str, Matrix]:
    """The gates' blocks of one matrix parameter of shape ``(len(gates)*n, n or m)``, by gate."""
    parameter = Parameter(name, "matrix", gates, columns)
    return {gate: Matrix(parameter, gate) for gate in parameter.gates}


def bias(name: str) -> Bias:
    """An ungated bias of shape ``(n,)``; as a factor of a Hadamard product it is a diagonal weight."""
    return Bias(Parameter(name, "bias"))


def biases(name: str, gates: tuple[str, ...]) -> dict[str, Bias]:
    """The gates' blocks of one bias parameter of shape ``(len(gates)*n,)``, by gate."""
    parameter = Parameter(name, "bias", gates)
    return {gate: Bias(parameter, gate) for gate in parameter.gates}


def scalar(name: str) -> notation.Scalar:
    """A scalar parameter (leak, step size): a real SymPy symbol to be used as a factor."""
    return notation.Scalar(notation.checked(name, "a scalar"), real=True)


def ones() -> Ones:
    """The vector of ones; a bare number in a sum means that multiple of it."""
    return Ones()


def let(name: str, body: Vector) -> Named:
    """Name a vector; the name ``c+`` says that it is the new value of the state ``c``."""
    notation.checked(name.removesuffix("+") if isinstance(name, str) else name, "a vector")
    return Named(name, _vector(body, f"body of {name!r}"))


def stop(body: Vector) -> Stop:
    """The same value with derivative zero, as in the truncated gradient of the first LSTM."""
    return Stop(_vector(body, "body of stop(...)"))


def apply(activation: Activation, operand: Vector) -> Apply:
    """Elementwise ``activation`` of a vector; usually written ``activation(operand)``."""
    from .activations import Activation

    if not isinstance(activation, Activation):
        raise TypeError(f"activation must be an Activation, such as Tanh(), got {activation!r}")
    return Apply(activation, _vector(operand, f"operand of {activation.name}"))


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

    A product with a matrix is no expression in the same entry: such a vector must have a name, or ValueError.
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
            raise ValueError(
                f"the vector {factor.name} @ ... enters a formula and needs a name: wrap it in let(name, ...)"
            )
    raise TypeError(f"not a vector of the cell language: {node!r}")


@dataclass(frozen=True, eq=False)
class Cell:
    """A recurrent cell: ``update`` maps each state's name to its new value, in the order of stacking.

    The full state has size ``len(states) * n``. Raises ValueError for an update that reads an undefined state
    or two inputs, uses one name for two vectors or two parameters, adds vectors of sizes n and m, or leaves a
    product with a matrix that enters a formula without a name; TypeError for a new state that is no vector.
    """

    name: str
    update: Mapping[str, Vector]
    title: str = ""
    references: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        from .well_formed import check

        check(self)
        object.__setattr__(self, "update", dict(self.update))  # what the caller does to his mapping changes nothing

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
        """Recurrent matrices, input matrices, biases, scalars, each kind in order of first use."""
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
        """Each named vector and each new state with its body in symbols, in the order of a step."""
        from .equations import equations

        return equations(self)

    def parameter(self, name: str) -> Parameter:
        """The parameter ``name``; ValueError lists the names there are."""
        for p in self.parameters:
            if p.name == name:
                return p
        known = ", ".join(p.name for p in self.parameters)
        raise ValueError(f"parameter of cell {self.name!r} must be one of {known}, got {name!r}")

    def __repr__(self) -> str:
        return f"Cell({self.name!r}, states={self.states}, parameters={[p.name for p in self.parameters]})"
