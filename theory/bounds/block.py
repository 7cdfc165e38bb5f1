r"""The norm of one block of a step Jacobian, derived word by word: ||sum of D_0 M_1 D_1 ...|| <= sum of prod sup|d| prod ||M||.

The triangle inequality, submultiplicativity, and the norm of a diagonal matrix, which is its largest absolute entry: what
the derivation ends with is the entry of `errorflow.theory.bounds.comparison_matrix`.

Main definition: `block_derivation`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import sympy as sp

from ..calculus import Calculation, Derivation, Diagonal, Fact, Letter, Line, block_rules, dot, le, rules
from ..calculus.derivation import Relation
from ..calculus.rule import Rule
from ..calculus.words import Word, plus
from ..jacobian import Term, step_jacobian
from ..language import Cell
from ..notation import n
from ..quantities import matrix_symbol, max_abs, row_sum_norm, spectral_norm, sup_abs


@dataclass(frozen=True)
class _Norm:
    """A norm with the rules of its sums, products and diagonal matrices, and one that bounds that of a matrix by n w_max."""

    of: Callable[[Word], sp.Expr]
    triangle: Rule
    of_product: Rule
    of_diagonal: Rule
    of_matrix: Rule | None = None


_ROW_SUM = (row_sum_norm, block_rules.row_sum_triangle, rules.row_sum_submultiplicative, rules.row_sum_of_diagonal)
_NORMS = {
    "spectral": _Norm(spectral_norm, rules.triangle, rules.submultiplicative, rules.norm_of_diagonal),
    "row_sum": _Norm(*_ROW_SUM),
    "max_weight": _Norm(*_ROW_SUM, rules.row_sum_by_entries),
}


class _Calculation:
    """A sum of products of norms that is bounded from above, line by line."""

    def __init__(self, start: sp.Expr) -> None:
        self.start = self.now = start
        self.lines: list[Line] = []

    def exchange(self, old: sp.Expr, new: sp.Expr, by: Rule | str, **using: Word) -> None:
        """One line for each summand that has ``old``, with ``new`` in its place."""
        variables = {rules.A: using["A"], rules.B: using["B"]} if using else {}
        relation: Relation = "=" if isinstance(by, Rule) and by.claim.rel_op == "==" else "<="
        summands = [s for s in sp.Add.make_args(self.now) if s.has(old)]
        for summand in [self.now] if relation == "=" and summands else summands:
            self.now = self.now - summand + summand.xreplace({old: new})
            self.lines.append(Line(relation, self.now, by, variables))


def block_derivation(cell: Cell, row: str, column: str, *, norm: str = "spectral") -> Derivation:
    """The derivation that the norm of a block of J_t is at most its entry of the comparison matrix.

    ``norm`` is "spectral", "row_sum" or "max_weight", which bounds row-sum norms by n w_max. Raises ValueError for
    another one and for a block that is zero.

    >>> from errorflow.theory import cells
    >>> found = block_derivation(cells.get("lstm"), "c", "c").proof.conclusion
    >>> print(found.claim)
    spectral_norm(D_1) <= sup_abs(f_t)
    """
    if norm not in _NORMS:
        raise ValueError(f"norm must be one of {', '.join(_NORMS)}, got {norm!r}")
    kind, terms = _NORMS[norm], step_jacobian(cell).blocks[row, column].terms
    if not terms:
        raise ValueError(f"block {row!r}, {column!r} of {cell.name} is zero and needs no derivation")
    diagonals: dict[sp.Expr, Letter] = {}
    words = [_factors(term, diagonals) for term in terms]
    sums = [plus(*(dot(*factors) for factors in words[place:])) for place in range(len(words))]
    found = _Calculation(kind.of(sums[0]))
    for factors, left, rest in zip(words, sums, sums[1:], strict=False):
        first = dot(*factors)
        found.exchange(kind.of(left), kind.of(first) + kind.of(rest), kind.triangle, A=first, B=rest)
    for factors in words:
        for place in range(len(factors) - 1):
            whole, first, rest = dot(*factors[place:]), factors[place], dot(*factors[place + 1 :])
            found.exchange(kind.of(whole), kind.of(first) * kind.of(rest), kind.of_product, A=first, B=rest)
    for letter in diagonals.values():
        found.exchange(kind.of(letter), max_abs(letter), kind.of_diagonal)
    for entries, letter in diagonals.items():
        found.exchange(max_abs(letter), _supremum(entries), _limit(letter))
    for letter in {matrix_symbol(matrix): None for term in terms for matrix in term.matrices}:
        if kind.of_matrix is not None:
            found.exchange(kind.of(letter), n * max_abs(letter), kind.of_matrix)
    given = [fact for entries, letter in diagonals.items() for fact in _given(entries, letter)]
    return Derivation(tuple(given), (Calculation("conclusion", found.start, tuple(found.lines)),))


def _factors(term: Term, diagonals: dict[sp.Expr, Letter]) -> list[Word]:
    """The word of a term in letters: D_1, D_2, ... for its diagonals, but for the identity beside others."""
    found: list[Word] = []
    for entries, matrix in zip(term.diagonals, (*term.matrices, None), strict=True):
        if entries != 1 or not term.matrices:
            found.append(diagonals.setdefault(entries, Letter(f"D_{len(diagonals) + 1}")))
        if matrix is not None:
            found.append(matrix_symbol(matrix))
    return found


def _supremum(entries: sp.Expr) -> sp.Expr:
    return sp.Abs(entries) if entries.is_number else sup_abs(entries)


def _limit(letter: Letter) -> str:
    return f"supremum of {letter}"


def _given(entries: sp.Expr, letter: Letter) -> tuple[Fact, Fact]:
    return (
        Fact(f"{letter} is diagonal", Diagonal(letter)),
        Fact(_limit(letter), le(max_abs(letter), _supremum(entries))),
    )
