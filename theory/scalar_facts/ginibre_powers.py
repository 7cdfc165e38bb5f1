r"""E||W^k||_F^2 of a Gaussian W: a sum over pairings, in closed form for complex W (claim C13).

For independent entries with mean 0 and E|w_ij|^2 = 1, Wick's theorem says that E||W^k||_F^2 is the sum of n^(number of
free indices) over the pairings of the 2k entries in ``W_{i_0 i_1} ... W_{i_{k-1} i_k}`` and the conjugate product with
j_0 = i_0, j_k = i_k: paired entries have equal rows and equal columns. A complex entry pairs with a conjugate one only,
which leaves the permutations of k things. With N = k + 1 and x^(N) = x (x+1) ... (x+N-1),

    sum over S_k = (1/N) sum_{r < N} (n-r)^(N) = [n (n+1) ... (n+N) - (n-N) ... (n-1) n] / (N (N+1)).

The first equation, for all k, is the theorem `ginibre_powers`, which cites the characters of hooks; here both ends are
compared for k <= 7, as polynomials in n, by enumeration. The second one is proved here for all N and n. With n = k^2/(2y)
the quotient by n^(k+1) tends to sinh(y)/y. Real entries pair with one another as well: from k = 2 on the sum is larger.

Main definitions: `ComplexPairings`, `RealPairings`, `closed_form`, `quotient_of_rising`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import cache
from itertools import pairwise, permutations
from typing import Any

import sympy as sp
from sympy.logic.boolalg import And

from .fact import ScalarFact
from .proofs import gap, not_proved, positive, require_zero

n = sp.Symbol("n", positive=True)
x = sp.Symbol("x", real=True)
y, u = sp.symbols("y u", positive=True)
k = sp.Symbol("k", integer=True, positive=True)
r = sp.Symbol("r", integer=True, nonnegative=True)
rising = sp.RisingFactorial
LONGEST = 8  # 8! permutations take about a second
Pairing = tuple[tuple[int, int], ...]


class Pairings(sp.Function):
    """The sum of n^(number of free indices) over the pairings of 2k entries (abstract); arguments k and n."""

    nargs = 2
    template = ""

    @classmethod
    def pairings(cls, length: int) -> Iterator[Pairing]:
        """The pairings: entries 0..k-1 are those of W^k, k..2k-1 those of its conjugate."""
        raise NotImplementedError

    @classmethod
    @cache
    def polynomial(cls, length: int) -> tuple[tuple[int, int], ...]:
        """(power of n, how many pairings have so many free indices), in order of the power.

        >>> ComplexPairings.polynomial(3), RealPairings.polynomial(3)
        (((2, 5), (4, 1)), ((1, 4), (2, 10), (4, 1)))
        """
        return tuple(sorted(Counter(free_indices(pairing, length) for pairing in cls.pairings(length)).items()))

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        text = self.template.format(*map(printer._print, self.args))
        return text if exp is None else rf"\left({text}\right)^{{{exp}}}"


class ComplexPairings(Pairings):
    """n^k E||W^k||_F^2 of a complex W with E|w_ij|^2 = 1/n: the sum of n^c(pi) over the permutations pi of k things."""

    template = r"\sum_{{\pi \in S_{{{0}}}}} {1}^{{c(\pi)}}"

    @classmethod
    def pairings(cls, length: int) -> Iterator[Pairing]:
        """Every entry with a conjugate one."""
        for order in permutations(range(length, 2 * length)):
            yield tuple(enumerate(order))


class RealPairings(Pairings):
    """n^k E||W^k||_F^2 of a real W with E w_ij^2 = 1/n: the sum over all (2k-1)!! pairings."""

    template = r"\sum_{{\pi \in P_{{2 \cdot {0}}}}} {1}^{{c(\pi)}}"

    @classmethod
    def pairings(cls, length: int) -> Iterator[Pairing]:
        """Every entry with any other one."""
        yield from _all_pairings(tuple(range(2 * length)))


def _all_pairings(entries: tuple[int, ...]) -> Iterator[Pairing]:
    if not entries:
        yield ()
    for place in range(1, len(entries)):
        for rest in _all_pairings((*entries[1:place], *entries[place + 1 :])):
            yield ((entries[0], entries[place]), *rest)


def free_indices(pairing: Pairing, length: int) -> int:
    """The number of indices left free where paired entries have equal rows and equal columns, as the ends i_0, i_k have.

    >>> free_indices(((0, 2), (1, 3)), 2), free_indices(((0, 3), (1, 2)), 2)
    (3, 1)
    """
    of_rows = [*pairwise(range(length + 1)), *pairwise(range(length + 1, 2 * length + 2))]
    glued = [(0, length + 1), (length, 2 * length + 1)]
    for one, other in pairing:
        glued += zip(of_rows[one], of_rows[other], strict=True)
    names = list(range(2 * length + 2))
    for one, other in glued:
        old, new = names[one], names[other]
        if old != new:
            names = [new if name == old else name for name in names]
    return len(set(names))


def closed_form(length: sp.Expr = k, size: sp.Expr = n) -> sp.Expr:
    """[n (n+1) ... (n+k+1) - (n-k-1) ... (n-1) n] / ((k+1)(k+2)).

    >>> sp.expand(closed_form(sp.Integer(2)))
    n**3 + n
    """
    return (rising(size, length + 2) - rising(size - length - 1, length + 2)) / ((length + 1) * (length + 2))


def quotient_of_rising(first: sp.Expr, second: sp.Expr) -> sp.Expr | None:
    """(x+a)^(N+b) / x^(N) for whole numbers a and b as a quotient of polynomials; None if no whole numbers part them.

    >>> quotient_of_rising(rising(x - 1, k + 1), rising(x, k))
    x - 1
    """
    (start, length), (moved, longer) = second.args, first.args
    shift, more = sp.expand(moved - start), sp.expand(longer - length)
    if not (shift.is_Integer and more.is_Integer and length.is_nonnegative and longer.is_nonnegative):
        return None
    found = sp.Mul(*(start + length + i for i in range(more))) / sp.Mul(*(start + longer + i for i in range(-more)))
    for i in range(shift):
        found *= (start + longer + i) / (start + i)
    for i in range(1, 1 - shift):
        found *= (start - i) / (start + longer - i)
    return sp.cancel(found)


def _by_letters(expression: sp.Expr) -> sp.Expr:
    """Rising products that whole numbers part as multiples of one letter: both sides are polynomials in x, for each N."""
    bases: dict[sp.Expr, sp.Dummy] = {}
    table = {}
    for power in sorted(expression.atoms(rising), key=sp.default_sort_key):
        for base, letter in bases.items():
            if (quotient := quotient_of_rising(power, base)) is not None:
                table[power] = quotient * letter
                break
        else:
            table[power] = bases[power] = sp.Dummy("R", positive=True)
    return expression.xreplace(table)


def _require_zero(fact: ScalarFact, expression: sp.Expr) -> None:
    require_zero(fact, _by_letters(expression))


def _equation(fact: ScalarFact) -> tuple[sp.Expr, sp.Expr]:
    (relation,) = fact.relations
    if not isinstance(relation, sp.Eq):
        raise not_proved(fact, "it is not an equation")
    return relation.lhs, relation.rhs


def by_shifts(fact: ScalarFact) -> None:
    """Both sides are the same multiple of one rising product."""
    left, right = _equation(fact)
    _require_zero(fact, left - right)


def telescoping(fact: ScalarFact) -> None:
    """The terms are differences of rising products that are longer by one factor."""
    left, right = _equation(fact)
    (total, *others), factor = left.atoms(sp.Sum) or (None,), sp.Dummy(positive=True)
    if total is None or others or left.subs(total, factor).diff(factor).has(factor):
        raise not_proved(fact, "it is not the multiple of a sum")
    term, (index, first, last) = total.args
    if not isinstance(term, rising) or not (last + 1 - first).is_nonnegative:
        raise not_proved(fact, "the terms must be rising products")
    start, length = term.args
    longer = rising(start, length + 1) / (length + 1)
    _require_zero(fact, term - longer + longer.subs(index, index + 1))
    value = longer.subs(index, first) - longer.subs(index, last + 1)
    _require_zero(fact, left.subs(total, value) - right)


def by_enumeration(fact: ScalarFact) -> None:
    """Both sides are the same polynomial in n, at every k up to the premise's number."""
    lengths: list[sp.Expr] = [sp.Integer(1)]  # of a fact about numbers alone
    if fact.statement.has(k):
        most = fact.given[0].rhs if len(fact.given) == 1 and fact.given[0].func is sp.Le else sp.oo
        if fact.given != (sp.Le(k, most, evaluate=False),) or not most <= LONGEST:
            raise not_proved(fact, f"k must be at most a number of at most {LONGEST}")
        lengths = [sp.Integer(length) for length in range(1, int(most) + 1)]
    for relation in fact.relations:
        if not isinstance(relation, sp.Eq):
            raise not_proved(fact, f"{relation} is not an equation")
        for length in lengths:
            require_zero(fact, _enumerated(fact, (relation.lhs - relation.rhs).subs(k, length)))


def _enumerated(fact: ScalarFact, expression: sp.Expr) -> sp.Expr:
    """The expression with every sum over pairings written out."""
    table = {}
    for total in expression.atoms(Pairings):
        length, size = total.args
        if not length.is_Integer or not 1 <= length <= LONGEST:
            raise not_proved(fact, f"{total} cannot be enumerated")
        table[total] = sp.Add(*(count * size**power for power, count in type(total).polynomial(int(length))))
    return expression.xreplace(table)


def from_zero(fact: ScalarFact) -> None:
    """The gap of every inequality is zero at u = 0 and does not fall, up to u = 1 if the premise says so."""
    ends_at_one = fact.given == (sp.Le(u, 1, evaluate=False),)
    if fact.given and not ends_at_one:
        raise not_proved(fact, "u must be at most 1")
    inside = u / (1 + u) if ends_at_one else u
    for relation in fact.relations:
        rest = gap(relation)
        if rest.subs(u, 0) != 0 or not positive(sp.cancel(rest.diff(u).subs(u, inside))):
            raise not_proved(fact, f"{rest} may fall")


def _log_facts() -> tuple[ScalarFact, ScalarFact]:
    """Bounds on log(1 + u) and log(1 - u/2) that differ in the second order."""
    above, below = sp.log(1 + u), sp.log(1 - u / 2)
    return (
        ScalarFact(
            id="log_above_one",
            statement=And(sp.Le(u - u**2 / 2, above, evaluate=False), sp.Le(above, u, evaluate=False), evaluate=False),
            words="The logarithm above 1, between two polynomials.",
            citation=None,
            proof=from_zero,
        ),
        ScalarFact(
            id="log_below_one",
            statement=And(
                sp.Le(-u / 2 - u**2 / 4, below, evaluate=False), sp.Le(below, -u / 2, evaluate=False), evaluate=False
            ),
            given=(sp.Le(u, 1, evaluate=False),),
            words="The logarithm below 1, between two polynomials.",
            citation=None,
            proof=from_zero,
        ),
    )


def sums(length: sp.Expr = k, size: sp.Expr = n) -> tuple[sp.Expr, sp.Expr]:
    """sum of j/n and sum of (j/n)^2 over j = 1..k+1.

    >>> sums(sp.Integer(2), sp.Integer(1))
    (6, 14)
    """
    first = (length + 1) * (length + 2) / (2 * size)
    return first, first * (2 * length + 3) / (3 * size)


def products(length: sp.Expr = k, size: sp.Expr = n) -> tuple[sp.Expr, sp.Expr]:
    """prod of 1 + j/n and prod of 1 - j/n over j = 1..k+1."""
    power = size ** (length + 2)
    return rising(size, length + 2) / power, rising(size - length - 1, length + 2) / power


def by_factors(fact: ScalarFact) -> None:
    """The logarithm of a product of 1 + j/n, or 1 - j/n, factor by factor, from the empty product on."""
    if fact.given != (sp.Ge(n, 2 * (k + 1), evaluate=False),):
        raise not_proved(fact, "n must be at least 2 (k + 1)")
    for relation in fact.relations:
        if not isinstance(relation, sp.Le):
            raise not_proved(fact, f"{relation} is not an inequality")
        lower = isinstance(relation.lhs, sp.exp)
        bound, product = (relation.lhs, relation.rhs) if lower else (relation.rhs, relation.lhs)
        if not isinstance(bound, sp.exp) or not product.has(rising):
            raise not_proved(fact, "a product must be compared with an exponential")
        for log_fact, value in zip(_log_facts(), ((k + 1) / n, 2 * (k + 1) / n), strict=True):
            small, middle, large = _in_order(log_fact)
            factor = middle.args[0].subs(u, value)
            if sp.cancel(product.subs(k, -1) - 1) == 0 and _is_zero(fact, product / product.subs(k, k - 1) - factor):
                log_fact.prove()  # for u up to 1: the premise bounds every j = 1..k+1
                stated = (small if lower else large).subs(u, value)
                break
        else:
            raise not_proved(fact, f"{product} is not a product of 1 + j/n or 1 - j/n")
        exponent = bound.args[0]
        require_zero(fact, exponent - exponent.subs(k, k - 1) - stated)
        require_zero(fact, exponent.subs(k, -1))


def _in_order(log_fact: ScalarFact) -> tuple[sp.Expr, sp.Expr, sp.Expr]:
    """(lower bound, logarithm, upper bound)."""
    below, above = sorted(log_fact.relations, key=lambda relation: relation.lhs.has(sp.log))
    return below.lhs, below.rhs, above.rhs


def _is_zero(fact: ScalarFact, expression: sp.Expr) -> bool:
    try:
        _require_zero(fact, expression)
    except ValueError:
        return False
    return True


def tends(fact: ScalarFact) -> None:
    """With n = k^2/(2y) both exponents tend to y and -y: sum j/n tends to y, sum (j/n)^2 to 0."""
    left, right = _equation(fact)
    if not isinstance(left, sp.Limit) or left.args[1:3] != (k, sp.oo):
        raise not_proved(fact, "it is not about large k")
    size = k**2 / (2 * y)
    (first, second), (above, below) = sums(k, size), products(k, size)
    _require_zero(fact, left.args[0] - (above - below) / (2 * first))
    _product_bounds().prove()
    limits = [sp.limit(part, k, sp.oo) for part in (first, second, (k + 1) / size)]
    if limits[1:] != [0, 0]:  # the last one: n exceeds 2 (k + 1) in the end
        raise not_proved(fact, f"the exponents tend to {limits}")
    require_zero(fact, (sp.exp(limits[0]) - sp.exp(-limits[0])) / (2 * limits[0]) - right)


def _product_bounds() -> ScalarFact:
    (first, second), (above, below) = sums(), products()
    pairs = (
        (sp.exp(first - second / 2), above),
        (above, sp.exp(first)),
        (sp.exp(-first - second), below),
        (below, sp.exp(-first)),
    )
    return ScalarFact(
        id="rising_product_bounds",
        statement=And(*(sp.Le(small, large, evaluate=False) for small, large in pairs), evaluate=False),
        given=(sp.Ge(n, 2 * (k + 1), evaluate=False),),
        words="The products of 1 + j/n and of 1 - j/n over j = 1..k+1, between exponentials of their leading terms.",
        citation=None,
        proof=by_factors,
    )


def facts() -> tuple[ScalarFact, ...]:
    """The facts of this file."""
    N = sp.Symbol("N", integer=True, positive=True)
    longer = (rising(x, N + 1) - rising(x - 1, N + 1)) / (N + 1)
    hooks = sp.Sum(rising(n - r, N), (r, 0, N - 1)) / N
    tied = closed_form(k, k**2 / (2 * y)) / (k**2 / (2 * y)) ** (k + 1)
    real = (n**2, n**3 + 2 * n, n**4 + 10 * n**2 + 4 * n)
    return (
        ScalarFact(
            id="rising_difference",
            statement=sp.Eq(rising(x, N), longer, evaluate=False),
            words="A product of N consecutive numbers is a difference of two products of N + 1 consecutive numbers.",
            citation=None,
            proof=by_shifts,
        ),
        ScalarFact(
            id="hook_sum",
            statement=sp.Eq(hooks, closed_form(N - 1), evaluate=False),
            words="The sum over the hooks of N boxes, in closed form, for all N and n.",
            citation=None,
            proof=telescoping,
        ),
        ScalarFact(
            id="complex_pairings",
            statement=sp.Eq(ComplexPairings(k, n), closed_form(), evaluate=False),
            given=(sp.Le(k, 7, evaluate=False),),
            words="n^k E||W^k||_F^2 of a shared complex Gaussian W of variance 1/n, by Wick's theorem, for k up to 7 and all n.",
            citation=None,
            proof=by_enumeration,
        ),
        ScalarFact(
            id="real_pairings",
            statement=And(
                *(sp.Eq(RealPairings(j, n), value, evaluate=False) for j, value in enumerate(real, start=1)),
                evaluate=False,
            ),
            words="For a shared real Gaussian W of variance 1/n, E||W^2||_F^2 = n + 2/n and E||W^3||_F^2 = n + 10/n + 4/n^2.",
            citation=None,
            proof=by_enumeration,
        ),
        ScalarFact(
            id="real_exceeds_complex",
            statement=sp.Eq(RealPairings(2, n) - ComplexPairings(2, n), n, evaluate=False),
            words="E||W^2||_F^2 is n + 1/n for a complex W: the formula for complex W is false for real W.",
            citation=None,
            proof=by_enumeration,
        ),
        *_log_facts(),
        _product_bounds(),
        ScalarFact(
            id="sharing_limit",
            statement=sp.Eq(sp.Limit(tied, k, sp.oo), sp.sinh(y) / y, evaluate=False),
            words="E||W^k||_F^2 / n of a shared complex W tends to sinh(y)/y as k grows with n = k^2/(2y); it is 1 where "
            "every step has a copy of its own.",
            citation=None,
            proof=tends,
        ),
    )
