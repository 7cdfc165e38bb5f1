r"""E||W^k||_F^2 of a shared complex Gaussian W, E|w_ij|^2 = 1/n, in closed form, for every lag k and every n (claim C13).

By Wick's theorem G(k) = n^k E||W^k||_F^2 is the sum over the permutations of k things of n^(number of cycles of s z), s the
cycle (0 1 ... k) and z running once through every cycle of all N = k + 1 things. The power sum n^cycles is a sum of Schur
functions times characters; by Schur's lemma the sum over z leaves, of every partition of N, the square of its character on
a long cycle, which is 0 but for the hooks (N-r, 1^r), where it is 1 (the rule of Murnaghan and Nakayama). With
R(x, N) = x (x+1) ... (x+N-1) that is

    G(k) = (1/N) sum_{r=0}^{k} R(n-r, N),

the one rule that is *cited*. The rest is proved: R(x, N) is a difference of two R(., N+1), the sum telescopes, and

    E||W^k||_F^2 = n^-k [n (n+1) ... (n+k+1) - (n-k-1) ... (n-1) n] / ((k+1)(k+2)).

The cited rule with the sum is compared with the enumeration of all permutations for k <= 7 and all n by the fact
`complex_pairings`, the limit sinh(y)/y at k^2 = 2 n y is the fact `sharing_limit`; real W are different (`real_pairings`).
Where every step has a copy of its own the mean square is n at every lag.

Main statement: `ginibre_powers`.
"""

from __future__ import annotations

import sympy as sp

from ..bounds import no_cell
from ..bounds.setting import i, k
from ..calculus import (
    STEP,
    Calculation,
    Combination,
    Derivation,
    Fact,
    Line,
    Rule,
    TelescopingSum,
    eq,
    le,
    product_over,
    sum_over,
)
from ..calculus.words import Over
from ..hypotheses import Hypothesis
from ..notation import n
from ..scalar_facts.fact import ScalarFact
from ..scalar_facts.ginibre_powers import by_shifts, rising
from ..theorem import Theorem, Witness

MEAN_SQUARE = sp.Symbol(r"\mathbb{E}\lVert W^k \rVert_F^2")
G, R = sp.Function("G"), sp.Function("R")
c = sp.Symbol("c")
b = sp.Symbol("b", integer=True)
_PLACE = "chapter 7: power sums in Schur functions, and the characters of hooks by the Murnaghan-Nakayama rule"

hooks = Rule(
    name="Wick's theorem with the characters of hooks",
    claim=eq(G(b), sum_over(R(n - STEP, b + 1), 0, b) / (b + 1)),
    variables=frozenset({b}),
    premises=(le(0, b),),
    reference="stanley1999",
    place=_PLACE,
    lemma="ginibre_power_eq_hook_sum",
    elementary=False,
)


def _prove(claim: sp.Eq) -> None:
    """R(x, N) is the rising product, whose identities are proved for real x and whole N; a product is written as one."""
    x, N = sp.Symbol("x", real=True), sp.Symbol("N", integer=True, nonnegative=True)

    def product(body: sp.Expr, first: sp.Expr, last: sp.Expr) -> sp.Expr:
        start = body - STEP  # the body must be a number plus the step
        if start.has(STEP):
            raise ValueError(f"{claim} is not proved: {body} is not a rising product")
        return rising(start + first, last - first + 1)

    sides = [
        side.replace(R, rising).replace(lambda e: type(e) is Over, lambda e: product(*e.args)).subs({c: x, b: N})
        for side in (claim.lhs, claim.rhs)
    ]
    statement = sp.Eq(*sides, evaluate=False)
    ScalarFact(id="rising_product", statement=statement, words="", citation=None, proof=by_shifts).prove()


def _rising_rule(name: str, claim: sp.Eq, lemma: str) -> Rule:
    return Rule(
        name=name,
        claim=claim,
        variables=frozenset({c, b}),
        premises=(le(0, b),),
        reference="errorflow2026",
        place="scalar fact rising_difference",
        lemma=lemma,
        proof=lambda: _prove(claim),
    )


difference = _rising_rule(
    "difference of rising products",
    eq(R(c, b), (R(c, b + 1) - R(c - 1, b + 1)) / (b + 1)),
    "rising_eq_sub",
)
as_product = _rising_rule(
    "a rising product, factor by factor", eq(R(c, b), product_over(c + STEP, 0, b - 1)), "rising_eq_prod"
)

definition = Fact("G is the mean square, scaled", eq(MEAN_SQUARE, n ** (-k) * G(k)))


def _sum_to(step: sp.Expr) -> sp.Expr:
    """Minus R(n-i-1, k+2)/(k+2): it grows by R(n-i, k+1) in step i."""
    return -R(n - step - 1, k + 2) / (k + 2)


_hooks = sum_over(R(n - STEP, k + 1), 0, k)
_rising = product_over(n + STEP, 0, k + 1)
_falling = product_over(n - k - 1 + STEP, 0, k + 1)
_whole = (k + 1) * (k + 2)


ginibre_powers = Theorem(
    id="ginibre_powers",
    title="Sharing raises the mean square of long products of Gaussian weights",
    conclusion=eq(MEAN_SQUARE, n ** (-k) * (_rising - _falling) / _whole),
    derivation=Derivation(
        (definition,),
        (
            Calculation(
                "one hook",
                R(n - i, k + 1),
                (Line("=", (R(n - i, k + 2) - R(n - i - 1, k + 2)) / (k + 2), difference),),
                over=(i,),
            ),
            Combination("one step", eq(_sum_to(i), _sum_to(i - 1) + R(n - i, k + 1)), ((-1, "one hook"),), over=(i,)),
            TelescopingSum(
                "all hooks", eq(_sum_to(k), _sum_to(sp.Integer(-1)) + _hooks), "one step", sp.Integer(-1), k
            ),
            Calculation("longest", R(n, k + 2), (Line("=", _rising, as_product),)),
            Calculation("shortest", R(n - k - 1, k + 2), (Line("=", _falling, as_product),)),
            Calculation("sum over hooks", G(k), (Line("=", _hooks / (k + 1), hooks),)),
            Combination(
                "conclusion",
                eq(MEAN_SQUARE, n ** (-k) * (_rising - _falling) / _whole),
                (
                    (1, definition.name),
                    (n ** (-k), "sum over hooks"),
                    (-(n ** (-k)) / (k + 1), "all hooks"),
                    (n ** (-k) / _whole, "longest"),
                    (-(n ** (-k)) / _whole, "shortest"),
                ),
            ),
        ),
    ),
    hypotheses=(Hypothesis("lag", sp.Ge(k, 0, evaluate=False), "every lag"),),
    object="matrix",
    norm="Frobenius, mean square",
    quantifiers="in the mean over matrices W of n rows with independent complex Gaussian entries, E|w_ij|^2 = 1/n, for all k",
    citation="errorflow2026",
    place="claim C13",
    version="derived here; the characters of hooks are cited, for k up to 7 the sum is enumerated as well",
    tightness="tight",
    non_vacuity=Witness.of([["1"]], {MEAN_SQUARE: 2}),  # n = 1, k = 2
    tightness_witness=lambda lag: Witness.of([["1"]], {MEAN_SQUARE: sp.factorial(lag)}),  # one unit: E|w|^(2k) = k!
    letters=no_cell,
    words="The mean of ||W^k||_F^2 over complex Gaussian W with E|w_ij|^2 = 1/n is this number for one W shared by all steps, "
    "and n where every step has a copy of its own.",
)
