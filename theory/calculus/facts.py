r"""Facts: relations between scalars, equalities of words and properties of words, with their quantifiers.

A fact that is quantified ``over`` a step, a vector or a matrix may be used for any of them; a fact about one step t may
be used for that step alone, never for the step that a product binds.

Main definitions: `le`, `lt`, `ge`, `eq`; `Property` and its kinds; `Fact`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, TypeAlias

import sympy as sp
from sympy.core.relational import Relational

from .words import Dot, Eye, Inverse, Plus, Scaled, Transpose, Word


def le(left: Any, right: Any) -> Relational:
    """left <= right, not evaluated."""
    return sp.Le(sp.sympify(left), sp.sympify(right), evaluate=False)


def lt(left: Any, right: Any) -> Relational:
    """left < right, not evaluated."""
    return sp.Lt(sp.sympify(left), sp.sympify(right), evaluate=False)


def ge(left: Any, right: Any) -> Relational:
    """left >= right, not evaluated."""
    return sp.Ge(sp.sympify(left), sp.sympify(right), evaluate=False)


def eq(left: Any, right: Any) -> Relational:
    """left = right, of scalars or of words, not evaluated."""
    return sp.Eq(sp.sympify(left), sp.sympify(right), evaluate=False)


class Property(sp.Basic):
    """A property of one word (abstract); ``follows`` lists the properties of parts from which it follows."""

    words: ClassVar[str] = ""

    @property
    def word(self) -> Word:
        """The word that has it."""
        found: Word = self.args[0]
        return found

    def follows(self) -> tuple[Property, ...] | None:
        """Properties that together imply this one by the structure of the word; None if structure says nothing."""
        return None

    def _latex(self, printer: Any) -> str:
        return rf"{self.word._latex(printer)}\ \text{{{self.words}}}"

    def __str__(self) -> str:
        return f"{self.word} {self.words}"


class Diagonal(Property):
    """All entries off the diagonal are zero."""

    words = "is diagonal"

    def follows(self) -> tuple[Property, ...] | None:
        """Products, sums, multiples, transposes and inverses of diagonal matrices are diagonal."""
        match self.word:
            case Eye():
                return ()
            case Dot(args=parts) | Plus(args=parts):
                return tuple(map(Diagonal, parts))
            case Scaled(args=(_, body)) | Transpose(args=(body,)) | Inverse(args=(body,)):
                return (Diagonal(body),)
        return None


class Symmetric(Property):
    """A^T = A."""

    words = "is symmetric"

    def follows(self) -> tuple[Property, ...] | None:
        """Sums and multiples of symmetric matrices are symmetric; the identity is."""
        match self.word:
            case Eye():
                return ()
            case Plus(args=parts):
                return tuple(map(Symmetric, parts))
            case Scaled(args=(_, body)):
                return (Symmetric(body),)
        return None


class UnitInterval(Property):
    """A diagonal matrix whose entries lie in [0, 1]."""

    words = "is diagonal with entries in [0, 1]"

    def follows(self) -> tuple[Property, ...] | None:
        """The identity is one."""
        return () if isinstance(self.word, Eye) else None


class Invertible(Property):
    """There is an inverse."""

    words = "is invertible"

    def follows(self) -> tuple[Property, ...] | None:
        """An inverse is invertible, and so is the identity."""
        match self.word:
            case Eye():
                return ()
            case Inverse(args=(body,)):
                return (Invertible(body),)
        return None


class Comparison(Property):
    """A property of two words (abstract): the second bounds the first block by block, for one partition into blocks."""

    @property
    def bound(self) -> Word:
        """The word that bounds."""
        found: Word = self.args[1]
        return found

    def _latex(self, printer: Any) -> str:
        return rf"{super()._latex(printer)}\ {self.bound._latex(printer)}"

    def __str__(self) -> str:
        return f"{super().__str__()} {self.bound}"


class BlockNorms(Comparison):
    """||A_rc||_2 <= C_rc for every block of A, m times m blocks of n times n entries each; C is m times m."""

    words = "has blocks with spectral norms of at most the entries of"


class BlockRowSums(Comparison):
    """||A_rc||_inf <= C_rc for every block of A, m times m blocks of n times n entries each; C is m times m."""

    words = "has blocks with row-sum norms of at most the entries of"


class Majorized(Comparison):
    """|A_ij| <= M_ij for every entry."""

    words = "is in modulus, entry by entry, at most"


Claim: TypeAlias = Relational | Property


@dataclass(frozen=True)
class Fact:
    """A claim with a name, for all values of the symbols and letters in ``over`` for which every relation ``when`` holds.

    ``theorem`` is the theorem that says so, for a fact that a derivation takes from one.

    >>> from errorflow.theory.calculus.words import Letter
    >>> D, i = Letter("D"), sp.Symbol("i", integer=True)
    >>> print(Fact("diagonal", Diagonal(D[i]), over=(i,)))
    diagonal: D_i is diagonal, for all i
    """

    name: str
    claim: Claim
    over: tuple[sp.Symbol, ...] = ()
    when: tuple[Relational, ...] = ()
    theorem: Any = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "over", tuple(self.over))
        object.__setattr__(self, "when", tuple(self.when))
        if not isinstance(self.claim, Relational | Property):
            raise TypeError(f"claim of fact {self.name!r} must be a relation or a property, got {self.claim!r}")
        if any(isinstance(claim, sp.Ne) for claim in (self.claim, *self.when)):
            raise TypeError(f"fact {self.name!r} must be <=, < or =, got {self.claim}")
        unknown = [v for v in self.over if v not in self.claim.free_symbols]
        if unknown:
            raise ValueError(f"fact {self.name!r} must contain what it is quantified over, got {unknown[0]}")
        numbers = [v for v in self.over if not isinstance(v, Word)]
        signed = [v for v in numbers if v.is_nonnegative is not None or v.is_positive is not None]
        if signed:
            raise ValueError(f"fact {self.name!r} must say in `when` what sign {signed[0]} has, not in the symbol")

    @property
    def particular(self) -> set[sp.Basic]:
        """The symbols and letters of which it says something in particular."""
        return set(self.claim.free_symbols).union(*(c.free_symbols for c in self.when)) - set(self.over)

    def __str__(self) -> str:
        whom = f", for all {', '.join(map(str, self.over))}" if self.over else ""
        where = f" with {' and '.join(map(str, self.when))}" if self.when else ""
        return f"{self.name}: {self.claim}{whom}{where}"


def supposed(condition: Relational) -> Fact:
    """A condition of a lemma as a fact inside of it, to be used by its name.

    >>> supposed(le(sp.Symbol("x"), 1)).name
    'supposed x <= 1'
    """
    return Fact(f"supposed {condition}", condition)


def sides(claim: Relational) -> tuple[Any, str, Any]:
    """(smaller side, "<=" or "<" or "=", larger side)."""
    if claim.rel_op in (">=", ">"):
        return claim.rhs, {">=": "<=", ">": "<"}[claim.rel_op], claim.lhs
    return claim.lhs, {"==": "="}.get(claim.rel_op, claim.rel_op), claim.rhs
