r"""Elementwise functions of arrays, compiled from SymPy expressions into a few operations that reuse their memory.

An expression becomes a list of NumPy calls, in which common parts stand once and the memory of a result that is not
needed any more holds the next one. An expression with a part that has no such call is compiled by SymPy's printer.

Main definitions: `elementwise`, `compiled`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any

import numpy as np
import scipy.special
import sympy as sp

from ..theory import activations
from .axes import Array

Operand = int | float  # the number of a result, 0 for the argument, or a constant
Run = Callable[[Array, Array | None], list[Array]]
CALLS: dict[str, Callable[..., Any]] = {
    name: getattr(np, name) for name in ("exp", "log", "log1p", "expm1", "sin", "cos", "sinh", "cosh", "tanh", "sign")
}
CALLS |= {"Abs": np.abs, "atan": np.arctan} | {name: getattr(scipy.special, name) for name in ("erf", "erfc", "erfcx")}
CONDITIONS: dict[type, Callable[..., Any]] = {sp.Lt: np.less, sp.Le: np.less_equal, sp.Gt: np.greater}
CONDITIONS |= {sp.Ge: np.greater_equal, sp.Or: np.logical_or, sp.And: np.logical_and}
LARGEST_POWER = 8  # integer powers up to it are products


@lru_cache(maxsize=256)
def elementwise(expression: sp.Expr) -> Callable[..., Array]:
    """The NumPy function ``f(a, out=None)`` of an expression in the activations' variable x; ``out`` must not overlap a.

    >>> elementwise(1 - activations.x**3)(np.array([0.0, 1.0, 2.0])).tolist()
    [1.0, 0.0, -7.0]
    """
    run = compiled((expression,))
    return lambda a, out=None: run(a, out)[0]


def compiled(expressions: tuple[sp.Expr, ...]) -> Run:
    """A function of an array and of the memory for the first result, which returns the values of all expressions."""
    try:
        return _Program(expressions).run
    except NotImplementedError:
        return printed(expressions)


def printed(expressions: tuple[sp.Expr, ...]) -> Run:
    """The same by SymPy's printer."""
    function = sp.lambdify(activations.x, expressions, modules=["scipy", "numpy"], cse=True)

    def run(a: Array, out: Array | None) -> list[Array]:
        results = [np.asarray(np.broadcast_to(result, a.shape), dtype=float) for result in function(a)]
        return results if out is None else [_copied(results[0], out), *results[1:]]

    return run


def _copied(array: Array, out: Array) -> Array:
    np.copyto(out, array)
    return out


def _choose(condition: Array, yes: Array | float, no: Array | float, *, out: Array) -> None:
    np.copyto(out, np.where(condition, yes, no))


class _Program:
    """Calls in order, each with the places in memory of its operands and its result; place 0 is the argument."""

    def __init__(self, expressions: tuple[sp.Expr, ...]) -> None:
        self.calls: list[tuple[Callable[..., Any], tuple[Operand, ...]]] = []
        shared, reduced = sp.cse(expressions)
        self.known: dict[sp.Expr, Operand] = {activations.x: 0}
        for symbol, body in shared:
            self.known[symbol] = self.lower(body)
        results = [self.lower(expression) for expression in reduced]
        places, self.types = self.placed(results)
        self.memory: list[Any] = [None] * len(self.types)
        constants: dict[float, int] = {}

        def place(operand: Operand) -> int:
            if isinstance(operand, int):
                return places[operand]
            if operand not in constants:
                constants[operand] = len(self.memory)
                self.memory.append(operand)
            return constants[operand]

        self.steps = [
            (function, [place(i) for i in operands], places[number])
            for number, (function, operands) in enumerate(self.calls, start=1)
        ]
        self.results = [place(r) for r in results]

    def run(self, a: Array, out: Array | None) -> list[Array]:
        """The results for one argument, the first one in ``out`` if it is given."""
        memory = self.memory.copy()
        memory[0] = a
        if self.calls and 0 < self.results[0] < len(self.types):
            memory[self.results[0]] = out
        for function, operands, place in self.steps:
            target = memory[place]
            if target is None:
                target = memory[place] = np.empty(a.shape, self.types[place])
            function(*[memory[i] for i in operands], out=target)
        found = [memory[r] if r < len(self.types) else np.full(a.shape, memory[r]) for r in self.results]
        return found if out is None or found[0] is out else [_copied(found[0], out), *found[1:]]

    def placed(self, results: list[Operand]) -> tuple[list[int], list[type[float]]]:
        """The place of every call's result: that of an operand that is not needed any more, or a new one; and the types."""
        last = {i: k for k, (_, operands) in enumerate(self.calls, start=1) for i in operands if isinstance(i, int)}
        places: list[int] = [0]
        types: list[type[float]] = [float]
        for number, (function, operands) in enumerate(self.calls, start=1):
            kind = bool if function in CONDITIONS.values() else float
            free = [places[i] for i in operands if isinstance(i, int) and i and last[i] == number and i not in results]
            free = [place for place in free if types[place] is kind]
            places.append(free[0] if free else len(types))
            types += [] if free else [kind]
        return places, types

    def call(self, function: Callable[..., Any], *operands: Operand) -> Operand:
        """One more call, unless all operands are constants: the number of its result."""
        if not any(isinstance(i, int) for i in operands):
            if function is _choose or function in CONDITIONS.values():
                raise NotImplementedError
            return float(function(*operands))
        self.calls.append((function, operands))
        return len(self.calls)

    def lower(self, expression: sp.Expr) -> Operand:
        """The result that an expression is; NotImplementedError for a part without a call."""
        if expression in self.known:
            return self.known[expression]
        if expression.is_number:
            return float(expression)
        match expression:
            case sp.Add():
                return self.sum(*expression.as_coeff_add())
            case sp.Mul():
                return self.product(expression)
            case sp.Pow(base=base, exp=exponent):
                return self.power(base, exponent)
            case sp.Piecewise(args=cases) if cases[-1].cond == sp.true:
                found = self.lower(cases[-1].expr)
                for value, condition in reversed(cases[:-1]):
                    found = self.call(_choose, self.lower(condition), self.lower(value), found)
                return found
            case sp.Lt() | sp.Le() | sp.Gt() | sp.Ge() | sp.Or() | sp.And():
                return self.folded(CONDITIONS[type(expression)], (self.lower(part) for part in expression.args))
            case sp.Max(args=operands) | sp.Min(args=operands):
                function = np.maximum if isinstance(expression, sp.Max) else np.minimum
                return self.folded(function, (self.lower(operand) for operand in operands))
            case sp.Function() if type(expression).__name__ in CALLS and len(expression.args) == 1:
                return self.call(CALLS[type(expression).__name__], self.lower(expression.args[0]))
        raise NotImplementedError(str(expression))

    def folded(self, function: Callable[..., Any], operands: Iterable[Operand]) -> Operand:
        found, *rest = operands
        for operand in rest:
            found = self.call(function, found, operand)
        return found

    def sum(self, constant: sp.Expr, terms: tuple[sp.Expr, ...]) -> Operand:
        """The positive terms, the constant, then minus the negative ones."""
        negative = [term for term in terms if term.could_extract_minus_sign()]
        added: list[Operand] = [self.lower(term) for term in terms if term not in negative]
        added += [float(constant)] if constant or not added else []
        return self.folded(np.subtract, [self.folded(np.add, added), *(self.lower(-term) for term in negative)])

    def product(self, expression: sp.Expr) -> Operand:
        """Numerator over denominator, then times the constant."""
        constant, factors = expression.as_coeff_mul()
        below = [1 / f for f in factors if isinstance(f, sp.Pow) and f.exp.is_negative]
        above = [f for f in factors if not (isinstance(f, sp.Pow) and f.exp.is_negative)]
        numbers, above = [f for f in above if f.is_number], [f for f in above if not f.is_number]
        scale = float(sp.Mul(constant, *numbers))
        found = self.folded(np.multiply, [self.lower(f) for f in above]) if above else scale
        if below:
            found = self.call(np.divide, found, self.folded(np.multiply, [self.lower(f) for f in below]))
        if not above or scale == 1.0:
            return found
        return self.call(np.negative, found) if scale == -1.0 else self.call(np.multiply, found, scale)

    def power(self, base: sp.Expr, exponent: sp.Expr) -> Operand:
        if exponent.is_negative:
            return self.call(np.divide, 1.0, self.power(base, -exponent))
        below = self.lower(base)
        if exponent == sp.Rational(1, 2):
            return self.call(np.sqrt, below)
        if exponent.is_Integer and exponent <= LARGEST_POWER:
            square = self.call(np.square, below) if exponent > 1 else below
            odd = [below] * (int(exponent) % 2) if exponent > 1 else []
            return self.folded(np.multiply, [square] * max(1, int(exponent) // 2) + odd)
        if exponent.is_number:
            return self.call(np.power, below, float(exponent))
        raise NotImplementedError(f"power {exponent}")
