r"""The shapes of the letters of a claim: which sizes must be equal for its products and sums to make sense.

A^T x needs as many rows of A as of x; a form u^T M v is one by one. What the products leave open is any size. Where the
number of units n stands in a claim, every size but one is n.

Main definitions: `Shapes`, `Untranslatable`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from itertools import pairwise
from typing import Any

import sympy as sp

from .. import notation
from .. import quantities as q
from . import facts as f
from . import words as w
from .forms import Entry, Form


class Untranslatable(ValueError):
    """What the formal vocabulary has no word for."""


Size = int  # an index into the classes of equal sizes
_ANY_SHAPE = (q.spectral_norm, q.max_abs, q.row_sum_norm)
_ONE = 0
_NAMES = ("n", "m", "p", "q", "r", "s")


class Shapes:
    """The sizes of every letter of some claims; no size has a name in ``taken``.

    >>> from errorflow.theory.calculus.facts import eq
    >>> W, x = w.Letter("W"), w.Letter("x")
    >>> shapes = Shapes([eq(Form((W @ x).T @ x), 1)])
    >>> shapes.type(W), shapes.type(x)
    ("'M[R]_n", "'cV[R]_n")
    """

    def __init__(self, claims: Iterable[Any], taken: Collection[str] = ()) -> None:
        self._parent: list[Size] = [_ONE]
        self._letters: dict[str, tuple[Size, Size]] = {}
        self._squares: list[Size] = []
        self._blocks: dict[Size, tuple[Size, Size]] = {}  # a size that is a product of two: blocks, and units of each
        self.positive = False
        claims = list(claims)
        for claim in claims:
            self._visit(claim)
        self.names_of: dict[Size, str] = {}
        if any(notation.n in claim.free_symbols for claim in claims):
            self.positive = True
            self._unite_units()
        self._name([name for name in _NAMES if name not in taken])

    def _unite_units(self) -> None:
        """The number of units stands in a claim: every matrix is square of this size, vectors only if multiplied by one."""
        if self._blocks:
            return
        units, one = self._fresh(), self._find(_ONE)
        self._squares.insert(0, units)
        for pair in self._letters.values():
            if one not in map(self._find, pair):
                for size in pair:
                    self._equal(units, size)

    def _name(self, names: list[str]) -> None:
        products = {self._find(size) for size in self._blocks}
        first = [self._find(units) for _, units in self._blocks.values()]
        first += [self._find(s) for s in self._squares]
        rest = [self._find(s) for pair in self._letters.values() for s in pair]
        for size in (*first, *rest):
            if size != self._find(_ONE) and size not in self.names_of and size not in products:
                if not names:
                    raise Untranslatable("there are more sizes than names for them")
                self.names_of[size] = names.pop(0)

    @property
    def units(self) -> str:
        """The name of the number of units."""
        return "n"

    def names(self) -> list[str]:
        """The names of all sizes that are left open."""
        return sorted(self.names_of.values(), key=_NAMES.index) if self.lettered else ["n"] * self.positive

    def square(self, operand: Any) -> str:
        """The size of a square word."""
        return self._text(self._word(operand)[0])

    @property
    def lettered(self) -> bool:
        """Whether there is a letter whose type says what the sizes are."""
        return bool(self._letters)

    def type(self, letter: w.Letter, scalars: str = "R") -> str:
        """The type of a letter's matrix."""
        rows, columns = self._letters.get(letter.name) or (self._fresh(), self._fresh())
        if self._find(columns) == self._find(_ONE) != self._find(rows):
            return f"'cV[{scalars}]_{self._text(rows)}"
        if self._find(rows) == self._find(columns):
            return f"'M[{scalars}]_{self._text(rows)}"
        return f"'M[{scalars}]_({self._text(rows)}, {self._text(columns)})"

    def _text(self, size: Size) -> str:
        root = self._find(size)
        if root == self._find(_ONE):
            return "1"
        if root in self.names_of:
            return self.names_of[root]
        found = next((pair for key, pair in self._blocks.items() if self._find(key) == root), None)
        return f"({self._text(found[0])} * {self._text(found[1])})" if found else "n"

    # sizes

    def _fresh(self) -> Size:
        self._parent.append(len(self._parent))
        return len(self._parent) - 1

    def _find(self, size: Size) -> Size:
        while self._parent[size] != size:
            size = self._parent[size]
        return size

    def _equal(self, left: Size, right: Size) -> None:
        a, b = sorted((self._find(left), self._find(right)))
        self._parent[b] = a

    def _square(self, operand: Any, *, positive: bool = True) -> Size:
        rows, columns = self._word(operand)
        self._equal(rows, columns)
        self._squares.append(rows)
        self.positive |= positive
        return rows

    # expressions

    def _visit(self, node: Any) -> None:
        if isinstance(node, w.Word):
            self._word(node)
        elif isinstance(node, f.BlockNorms | f.BlockRowSums):
            large, small = (self._square(arg) for arg in node.args)
            self._blocks.setdefault(large, (small, self._fresh()))
        elif isinstance(node, f.Majorized):
            self._same_shape(*node.args)
        elif isinstance(node, f.Property):
            self._square(node.word, positive=False)
        elif isinstance(node, Form):
            for size in self._word(node.args[0]):
                self._equal(size, _ONE)
        elif isinstance(node, sp.Eq) and isinstance(node.lhs, w.Word):
            self._same_shape(*node.args)
        elif isinstance(node, q.MatrixFunctional | q.largest_masked_product | q.masked_supremum):
            if isinstance(node, _ANY_SHAPE):
                self._word(node.args[0])
            else:
                self._square(node.args[0])
        elif isinstance(node, Entry):
            self._word(node.args[0])
        elif isinstance(node, sp.Basic):
            for arg in node.args:
                self._visit(arg)

    def _same_shape(self, *operands: Any) -> tuple[Size, Size]:
        shapes = [self._word(operand) for operand in operands]
        for rows, columns in shapes[1:]:
            self._equal(shapes[0][0], rows)
            self._equal(shapes[0][1], columns)
        return shapes[0]

    def _word(self, node: Any) -> tuple[Size, Size]:
        match node:
            case w.At(args=(letter, _)) | w.Instance(args=(letter, _)):
                return self._word(letter)
            case w.Letter(name=name):
                return self._letters.setdefault(name, (self._fresh(), self._fresh()))
            case w.Eye():
                size = self._fresh()
                self.positive = True
                return size, size
            case w.Dot(args=factors):
                shapes = [self._word(factor) for factor in factors]
                for (_, columns), (rows, _) in pairwise(shapes):
                    self._equal(columns, rows)
                return shapes[0][0], shapes[-1][1]
            case w.Plus(args=terms):
                return self._same_shape(*terms)
            case w.Scaled(args=(factor, body)):
                self._visit(factor)
                return self._word(body)
            case w.Absolute(args=(body,)):
                return self._word(body)
            case w.Transpose(args=(body,)):
                rows, columns = self._word(body)
                return columns, rows
            case w.Inverse(args=(body,)) | w.Chain(args=(body, *_)):
                size = self._square(body)
                return size, size
        raise TypeError(f"no shape for {node!r}")
