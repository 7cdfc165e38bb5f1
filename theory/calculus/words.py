r"""Inert words: matrices and vectors as letters, and products, sums, transposes of them that nothing evaluates.

SymPy's own matrix expressions collapse steps and have no norm; here a product stays the product that was written. Only
what every reader does silently is done: brackets of a product or sum are dropped, the identity and scalar factors leave
a product, a transpose is carried to the letters. A product of symbolic length, A_b A_{b-1} ... A_a, binds its step;
every binder binds the one letter `STEP`, so that a letter that stands free outside can never be caught inside.

Main definitions: `Letter`, `At`, `Dot`, `Plus`, `Scaled`, `Transpose`, `Inverse`, `Absolute`, `Chain`, `Over`,
`OverSum`, `Eye`; `dot`, `chain`, `product_over`, `sum_over`.

    >>> D, W = Letter("D"), Letter("W")
    >>> t, s = sp.symbols("t s", integer=True)
    >>> chain(D[STEP] @ W, s + 1, t)
    D_t W ... D_(s+1) W
    >>> (W @ (D[t] @ W)).T
    W^T D_t^T W^T
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import sympy as sp
from sympy.core.relational import Relational
from sympy.core.sorting import default_sort_key


class BoundStep(sp.Symbol):
    """The kind of `STEP`: no symbol that a user makes is equal to it."""


STEP = BoundStep(r"\tau", integer=True)  # the step that a product or sum of symbolic length binds


class Word(sp.Basic):
    """A matrix or vector expression (abstract): ``A @ B``, ``A + B``, ``c * A``, ``A.T`` and ``A[t]``."""

    _op_priority = 20.0
    is_commutative = False
    is_number = False

    def __matmul__(self, other: Any) -> Word:
        return dot(self, other)

    def __add__(self, other: Any) -> Word:
        return plus(self, other)

    def __sub__(self, other: Any) -> Word:
        return plus(self, scaled(sp.Integer(-1), other))

    def __neg__(self) -> Word:
        return scaled(sp.Integer(-1), self)

    def __rmul__(self, factor: Any) -> Word:
        return scaled(sp.sympify(factor), self)

    def __mul__(self, other: Any) -> Word:
        raise TypeError(f"the product of words is written @, got {self} * {other}")

    __radd__ = __rsub__ = None

    @property
    def T(self) -> Word:
        """The transpose."""
        return transpose(self)

    def __str__(self) -> str:
        from .printing import text

        return text(self)

    __repr__ = __str__

    def _sympystr(self, printer: Any) -> str:
        return str(self)

    def _latex(self, printer: Any) -> str:
        from .printing import latex

        return latex(self, printer)


class Letter(Word, sp.Symbol):
    """A matrix or vector by its name; ``D[t]`` is its copy of step t. Letters of one name are equal.

    >>> Letter("W") == Letter("W"), Letter("W").name
    (True, 'W')
    """

    __slots__ = ()

    def __new__(cls, name: str) -> Letter:
        """The letter of this name."""
        return super().__new__(cls, name, commutative=False)  # type: ignore[no-any-return]

    __iter__ = None  # copies by step are no sequence: SymPy would walk through them without end

    def __getitem__(self, index: Any) -> At:
        return At(self, sp.sympify(index))

    def __hash__(self) -> int:
        return sp.Symbol.__hash__(self)  # type: ignore[no-any-return]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Letter) and other.name == self.name


class At(Word):
    """The copy of a letter that belongs to one step."""

    def __new__(cls, letter: Letter, index: sp.Expr) -> At:
        """The copy of step ``index``; TypeError for what is not a letter."""
        if not isinstance(letter, Letter):
            raise TypeError(f"only a letter has a copy for every step, got {letter}")
        return super().__new__(cls, letter, index)  # type: ignore[no-any-return]

    @property
    def letter(self) -> Letter:
        """The letter without its step."""
        return self.args[0]  # type: ignore[no-any-return]

    @property
    def index(self) -> sp.Expr:
        """The step."""
        return self.args[1]


class Eye(Word):
    """The identity matrix, the empty product."""


class Dot(Word):
    """A product of at least two factors, none of them a product, the identity or scaled."""


class Plus(Word):
    """A sum of at least two words."""


class Scaled(Word):
    """A scalar times a word."""


class Transpose(Word):
    """The transpose of a letter or of an absolute value."""


class Inverse(Word):
    """The inverse of a letter."""


class Absolute(Word):
    """The matrix of absolute values."""


class Chain(Word):
    """The ordered product A_b A_{b-1} ... A_a of a body in `STEP`; the identity for b = a - 1."""

    def __new__(cls, body: Word, first: sp.Expr, last: sp.Expr) -> Chain:
        """The product; ValueError for a body with a product of symbolic length."""
        return super().__new__(cls, _bindable(word(body)), first, last)  # type: ignore[no-any-return]

    @property
    def free_symbols(self) -> set[sp.Basic]:
        """The bound step is not free in the body."""
        body, first, last = self.args
        found: set[sp.Basic] = (body.free_symbols - {STEP}) | first.free_symbols | last.free_symbols
        return found


class Instance(Word):
    """In the statement of a rule: the body of a product of symbolic length, at one step."""


class Over(sp.Expr):
    """The product of the scalars f(a), ..., f(b) of a body in `STEP`; 1 for b = a - 1."""

    is_commutative = True
    sign = "product"

    def __new__(cls, body: Any, first: Any, last: Any) -> Over:
        """The product; ValueError for a body with a product of symbolic length."""
        return super().__new__(cls, _bindable(sp.sympify(body)), sp.sympify(first), sp.sympify(last))  # type: ignore[no-any-return]

    @property
    def free_symbols(self) -> set[sp.Basic]:
        """The bound step is not free in the body."""
        body, first, last = self.args
        found: set[sp.Basic] = (body.free_symbols - {STEP}) | first.free_symbols | last.free_symbols
        return found

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        from .printing import over

        text = over(self, printer)
        return text if exp is None else rf"\left({text}\right)^{{{exp}}}"

    def _sympystr(self, printer: Any) -> str:
        from .printing import over_text

        return over_text(self)


class OverSum(Over):
    """The sum of the scalars f(a), ..., f(b) of a body in `STEP`; 0 for b = a - 1."""

    sign = "sum"


IDENTITY = Eye()


def word(value: Any) -> Word:
    """The value, if it is a word; TypeError else."""
    if not isinstance(value, Word):
        raise TypeError(f"a factor or summand must be a word such as Letter('W'), got {value!r}")
    return value


def dot(*factors: Any) -> Word:
    """The product of words, brackets and identities dropped, scalar factors in front."""
    flat: list[Word] = []
    scalar: sp.Expr = sp.Integer(1)
    for factor in map(word, factors):
        if isinstance(factor, Scaled):
            scalar *= factor.args[0]
            factor = factor.args[1]
        flat += factor.args if isinstance(factor, Dot) else [] if isinstance(factor, Eye) else [factor]
    made = IDENTITY if not flat else flat[0] if len(flat) == 1 else sp.Basic.__new__(Dot, *flat)
    return scaled(scalar, made)


def scaled(factor: sp.Expr, operand: Word) -> Word:
    """A scalar times a word; over a sum it is carried to the terms."""
    operand = word(operand)
    if isinstance(operand, Plus):
        return plus(*(scaled(factor, term) for term in operand.args))
    if isinstance(operand, Scaled):
        factor, operand = factor * operand.args[0], operand.args[1]
    return operand if factor == 1 else sp.Basic.__new__(Scaled, factor, operand)


def plus(*terms: Any) -> Word:
    """The sum of words, equal terms collected."""
    found: dict[Word, sp.Expr] = {}
    for term in map(word, terms):
        for part in term.args if isinstance(term, Plus) else (term,):
            factor, body = part.args if isinstance(part, Scaled) else (sp.Integer(1), part)
            found[body] = found.get(body, sp.Integer(0)) + factor
    kept = [scaled(c, body) for body, c in found.items() if c != 0]
    if not kept:
        return scaled(sp.Integer(0), word(terms[0]) if not isinstance(terms[0], Plus) else terms[0].args[0])
    return kept[0] if len(kept) == 1 else sp.Basic.__new__(Plus, *sorted(kept, key=default_sort_key))


def transpose(operand: Word) -> Word:
    """The transpose, carried to the letters; a product of symbolic length keeps its order reversed only as a whole."""
    match operand:
        case Dot(args=factors):
            return dot(*(transpose(f) for f in reversed(factors)))
        case Plus(args=terms):
            return plus(*map(transpose, terms))
        case Scaled(args=(factor, body)):
            return scaled(factor, transpose(body))
        case Transpose(args=(body,)):
            return body  # type: ignore[no-any-return]
        case Eye():
            return operand
    return sp.Basic.__new__(Transpose, operand)  # type: ignore[no-any-return]


def inverse(operand: Word) -> Word:
    """The inverse of a letter, a mark: that it cancels is a rule with a condition. The identity is its own."""
    if not isinstance(operand, Letter | At | Eye):
        raise TypeError(f"the inverse is taken of a letter, got {operand}")
    return _BUILD[Inverse](operand)  # type: ignore[no-any-return]


def absolute(operand: Word) -> Word:
    """The matrix of absolute values."""
    return sp.Basic.__new__(Absolute, word(operand))  # type: ignore[no-any-return]


def chain(body: Word, first: Any, last: Any) -> Chain:
    """The ordered product of a body in `STEP` from ``last`` down to ``first``; binders do not nest.

    >>> chain(Letter("W"), 1, sp.Symbol("k"))
    W^k
    """
    return Chain(body, sp.sympify(first), sp.sympify(last))


def product_over(body: Any, first: Any, last: Any) -> Over:
    """The product over `STEP` of a scalar body."""
    return Over(body, first, last)


def sum_over(body: Any, first: Any, last: Any) -> OverSum:
    """The sum over `STEP` of a scalar body."""
    return OverSum(body, first, last)


def _bindable(body: Any) -> Any:
    if body.has(Chain, Over):
        raise ValueError(f"products and sums of symbolic length do not nest, got {body} as the body of one")
    return body


def rebuild(node: sp.Basic, args: Iterable[sp.Basic]) -> sp.Basic:
    """The node with other arguments, through the constructors that keep words in their normal shape."""
    if isinstance(node, Relational):
        return node.func(*args, evaluate=False)
    build = _BUILD.get(type(node))
    return build(*args) if build else node.func(*args)


_BUILD: dict[type, Callable[..., sp.Basic]] = {
    Dot: dot,
    Plus: plus,
    Scaled: scaled,
    Transpose: transpose,
    Inverse: lambda operand: operand if isinstance(operand, Eye) else sp.Basic.__new__(Inverse, operand),
    Absolute: absolute,
    Chain: Chain,
    Instance: lambda body, step: replace(body, {STEP: step}),
}


def instance(variable: Letter, step: sp.Expr) -> Word:
    """In the statement of a rule: what a variable for the body of a product stands for, at one step."""
    return sp.Basic.__new__(Instance, variable, step)  # type: ignore[no-any-return]


def replace(node: Any, mapping: dict[sp.Basic, sp.Basic]) -> Any:
    """The expression with letters, indices or subexpressions replaced, rebuilt to normal shape."""
    if node in mapping:
        return mapping[node]
    if not isinstance(node, sp.Basic) or not node.args or isinstance(node, sp.Symbol):
        return node
    args = [replace(arg, mapping) for arg in node.args]
    return node if all(a is b for a, b in zip(args, node.args, strict=True)) else rebuild(node, args)
