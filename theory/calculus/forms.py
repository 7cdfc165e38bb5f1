r"""Scalars made of words: an entry A_ij, a bilinear form u^T M v, and the normal form in which they are compared.

A nonnegative combination is checked as one identity: both sides are expanded, every form into words over letters, with
u^T M v = v^T M^T u for the smaller of the two and M^T = M for symmetric letters, and the difference must vanish.

Main definitions: `Entry`, `Form`, `form`, `normal`, `same`, `same_words`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sympy as sp
from sympy.core.sorting import default_sort_key

from .words import Dot, Eye, Plus, Scaled, Transpose, Word, dot, transpose

IsSymmetric = Callable[[Word], bool]


class Entry(sp.Function):
    """The entry in row i and column j of a word."""

    is_commutative = True
    nargs = 3

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        word, row, column = self.args
        indices = f"{printer._print(row)},{printer._print(column)}"
        text = rf"\left({printer._print(word)}\right)_{{{indices}}}"
        return text if exp is None else rf"{{{text}}}^{{{exp}}}"


class Form(sp.Function):
    """The number that a one-by-one product u^T M v is."""

    is_commutative = True
    nargs = 1

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        text = printer._print(self.args[0])
        return text if exp is None else rf"\left({text}\right)^{{{exp}}}"


def form(left: Word, *middle: Word) -> sp.Expr:
    """u^T M ... v as a number: ``form(u, M, v)``; a scalar factor leaves it, a sum stays inside until it is compared.

    >>> from errorflow.theory.calculus.words import Letter
    >>> x, P = Letter("x"), Letter("P")
    >>> form(x, P, 2 * x)
    2*Form(x^T P x)
    """
    found = dot(transpose(left), *middle)
    return found.args[0] * Form(found.args[1]) if isinstance(found, Scaled) else Form(found)


def expanded(operand: Word) -> list[tuple[sp.Expr, tuple[Word, ...]]]:
    """The word as a sum of scalar times a sequence of factors without sums."""
    match operand:
        case Plus(args=terms):
            return [part for term in terms for part in expanded(term)]
        case Scaled(args=(factor, body)):
            return [(factor * c, word) for c, word in expanded(body)]
        case Dot(args=factors):
            total: list[tuple[sp.Expr, tuple[Word, ...]]] = [(sp.Integer(1), ())]
            for factor in factors:
                total = [(a * b, left + right) for a, left in total for b, right in expanded(factor)]
            return total
        case Eye():
            return [(sp.Integer(1), ())]
    return [(sp.Integer(1), (operand,))]


def normal(expr: sp.Expr, symmetric: IsSymmetric = lambda _: False) -> sp.Expr:
    """A scalar with every form expanded to forms of letters in their normal order, and the whole expanded."""

    def of_form(node: Form) -> sp.Expr:
        total = sp.Integer(0)
        for factor, word in expanded(node.args[0]):
            there = tuple(_untransposed(letter, symmetric) for letter in word)
            back = tuple(_untransposed(transpose(letter), symmetric) for letter in reversed(word))
            total += factor * Form(dot(*min(there, back, key=lambda w: [default_sort_key(x) for x in w])))
        return total

    forms = {node: of_form(node) for node in expr.atoms(Form)}
    return sp.expand(sp.expand_power_base(sp.expand(expr.xreplace(forms))))


def same_words(left: Word, right: Word) -> bool:
    """Whether two words are equal by multiplying out, as polynomials in letters that do not commute.

    >>> from errorflow.theory.calculus.words import Letter
    >>> A, B, x = Letter("A"), Letter("B"), Letter("x")
    >>> same_words((A - B) @ x + B @ x, A @ x), same_words(A @ B, B @ A)
    (True, False)
    """
    total: dict[tuple[Word, ...], sp.Expr] = {}
    for sign, word in ((1, left), (-1, right)):
        for factor, letters in expanded(word):
            total[letters] = total.get(letters, sp.Integer(0)) + sign * factor
    return all(same(factor, sp.Integer(0)) for factor in total.values())


def _untransposed(letter: Word, symmetric: IsSymmetric) -> Word:
    return letter.args[0] if isinstance(letter, Transpose) and symmetric(letter.args[0]) else letter


def same(left: sp.Expr, right: sp.Expr, symmetric: IsSymmetric = lambda _: False) -> bool:
    """Whether two scalars are equal as polynomials in forms, norms and symbols, powers of symbolic exponent included.

    >>> from errorflow.theory.calculus.words import Letter
    >>> x, y, P = Letter("x"), Letter("y"), Letter("P")
    >>> same(form(x + y, P, x + y), form(x, P, x) + 2 * form(y, P, x) + form(y, P, y), lambda letter: letter == P)
    True
    >>> same(form(x, P, y), form(y, P, x))
    False
    """
    difference = normal(left - right, symmetric)
    if difference == 0:
        return True
    if all(power.exp.is_Integer and power.exp.is_positive for power in difference.atoms(sp.Pow)):
        return False  # a polynomial that is multiplied out
    numerator = sp.numer(sp.together(difference))
    return bool(sp.expand(sp.powsimp(sp.expand(numerator))) == 0)
