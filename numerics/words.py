r"""Words on arrays: the matrix or vector that a word of the calculus is, and the number that a form or an entry is.

A letter with a step, D_t, has one array per step, `Steps`, or one array that is the same at every step; a letter without
a step is an array. Products of symbolic length are multiplied out. Plain floating point: what comes from here is
*measured*.

Main definitions: `Steps`, `array_of`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import sympy as sp

from ..theory.calculus import words as w
from .axes import Array


class NoValue(ValueError):
    """A letter, a symbol or a functional of an expression has no value where it is evaluated."""


@dataclass(frozen=True, eq=False)
class Steps:
    """The arrays of a letter by step: ``arrays[0]`` belongs to step ``first``."""

    arrays: Array
    first: int = 1

    def at(self, name: str, step: int) -> Array:
        """The array of one step; `NoValue` outside of the range."""
        place = step - self.first
        if not 0 <= place < len(self.arrays):
            last = self.first + len(self.arrays) - 1
            raise NoValue(f"step of {name} must be from {self.first} to {last}, got {step}")
        return np.asarray(self.arrays[place])


def array_of(
    word: w.Word,
    letters: Mapping[str, Array | Steps],
    n: int,
    number: Callable[[sp.Expr], float],
    step: int | None = None,
) -> Array:
    """The array that a word is; ``number`` gives the value of a scalar factor or an index, ``step`` that of the bound step.

    >>> A = np.array([[0.0, 2.0], [1.0, 0.0]])
    >>> array_of(w.chain(w.Letter("A"), 1, 3), {"A": A}, 2, float).tolist()
    [[0.0, 4.0], [2.0, 0.0]]
    """

    def index(expr: sp.Expr) -> int:
        return round(number(expr if step is None else expr.xreplace({w.STEP: sp.Integer(step)})))

    def value(part: w.Word) -> Array:
        return array_of(part, letters, n, number, step)

    match word:
        case w.Letter(name=name):
            found = letters.get(name)
            if found is None or isinstance(found, Steps):
                raise NoValue(f"letter must be one of {', '.join(letters)}, got {name!r}")
            return np.asarray(found)
        case w.At(args=(letter, at)):
            found = letters.get(letter.name)
            if found is None:
                raise NoValue(f"letter must be one of {', '.join(letters)}, got {letter.name!r}")
            return found.at(letter.name, index(at)) if isinstance(found, Steps) else np.asarray(found)
        case w.Eye():
            return np.eye(n)
        case w.Dot(args=factors):
            total = value(factors[-1])  # from the right, so that a product with a vector stays one
            for factor in reversed(factors[:-1]):
                total = value(factor) @ total
            return total
        case w.Plus(args=terms):
            return np.asarray(sum(value(term) for term in terms))
        case w.Scaled(args=(factor, body)):
            if step is not None:
                factor = factor.xreplace({w.STEP: sp.Integer(step)})
            return number(factor) * value(body)
        case w.Transpose(args=(body,)):
            return value(body).T
        case w.Inverse(args=(body,)):
            return np.asarray(np.linalg.inv(value(body)), dtype=np.float64)
        case w.Absolute(args=(body,)):
            return np.abs(value(body))
        case w.Chain(args=(body, first, last)):
            total = np.eye(n)
            for t in range(index(first), index(last) + 1):
                total = array_of(body, letters, n, number, t) @ total
            return total
    raise NoValue(f"word must be built from letters, got {word}")
