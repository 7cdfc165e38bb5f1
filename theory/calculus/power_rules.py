r"""Rules about powers: their supremum sup_t ||A^t||, resolvents (z I - A)^-1 and the Kreiss constant, and limits.

For rho(A) < 1 the powers of A tend to zero, so that their supremum and the Kreiss constant are numbers: a rule that
speaks of one of them as more than an upper bound has that premise. One rule is cited: that ||A^t|| is at most
n K(A) c^(t+1) / ((t+1) (c-1)) for every c > 1, by Cauchy's integral over the circle |z| = c, once by parts, and
Spijker's lemma: a rational function of order n maps a circle to a curve of length at most 2 pi n times its maximum.

A rule ``over_complex`` holds for complex matrices and numbers, as the Kreiss constant needs: its resolvents are complex.

Main definitions: `resolvent`, and one rule each.
"""

from __future__ import annotations

import sympy as sp
from sympy.core.relational import Relational

from .. import notation
from ..quantities import kreiss_constant, power_supremum, spectral_norm, spectral_radius
from .facts import Fact, eq, le, lt
from .rule import Rule, textbook_rule
from .words import IDENTITY, Letter, Word, chain, dot, plus, scaled

A, B, D = map(Letter, "ABD")
c, d, e = sp.symbols("c d e")
b = sp.Symbol("b", integer=True)
R, z, m = Letter("R'"), sp.Symbol("z'"), sp.Symbol("m'", integer=True)  # names that no author's symbol has


def resolvent(number: sp.Expr, matrix: Word, inverse: Word) -> Relational:
    """``inverse`` is (z I - A)^-1: the equation (z I - A) R = I."""
    return eq(dot(plus(scaled(number, IDENTITY), scaled(sp.Integer(-1), matrix)), inverse), IDENTITY)


norm_not_negative = textbook_rule(
    "a norm is not negative",
    le(0, spectral_norm(A)),
    "section 5.1, definition of a norm",
    "norm_nonneg",
    over_complex=True,
)
modulus_leaves_norm = textbook_rule(
    "a factor leaves a norm by its modulus",
    eq(spectral_norm(scaled(c, A)), sp.Abs(c) * spectral_norm(A)),
    "section 5.1, definition of a norm",
    "norm_smul_abs",
    over_complex=True,
)
resolvent_equation = textbook_rule(
    "equation of the resolvent",
    eq(B, plus(scaled(1 / c, IDENTITY), scaled(1 / c, dot(A, B)))),
    "(c I - A) B = I, divided by c",
    "resolvent_eq",
    resolvent(c, A, B),
    lt(0, sp.Abs(c)),
    over_complex=True,
)
radius_below_one = textbook_rule(
    "spectral radius of a scaled matrix",
    lt(spectral_radius(scaled(1 / c, A)), 1),
    "section 1.1, eigenvalues of a polynomial in A",
    "radius_smul_lt_one",
    le(spectral_radius(A), d),
    lt(d, c),
)
power_below_supremum = textbook_rule(
    "a power is below the supremum of the powers",
    le(spectral_norm(chain(A, 1, b)), power_supremum(A)),
    "definition of a supremum, finite for spectral radius below 1 by theorem 5.6.12",
    "norm_pow_le_iSup",
    le(0, b),
    lt(spectral_radius(A), 1),
    over_complex=True,
)
supremum_of_powers = textbook_rule(
    "the supremum of the powers is the least bound",
    le(power_supremum(A), c),
    "definition of a supremum",
    "iSup_norm_pow_le",
    Fact("powers", le(spectral_norm(chain(A, 1, m)), c), over=(m,), when=(le(0, m),)),
)
kreiss_is_least = textbook_rule(
    "the Kreiss constant is the least bound",
    le(kreiss_constant(A), c),
    "the section on the Kreiss matrix theorem, definition of the constant",
    "kreiss_le",
    Fact(
        "resolvents",
        le((sp.Abs(z) - 1) * spectral_norm(R), c),
        over=(z, R),
        when=(lt(1, sp.Abs(z)), resolvent(z, A, R)),
    ),
    reference="trefethen2005",
    over_complex=True,
)
geometric_limit = textbook_rule(
    "a geometric sequence tends to zero",
    le(c, 0),
    "theorem 3.20, x^m tends to zero for |x| < 1",
    "le_zero_of_forall_le_geometric",
    Fact("every length", le(c, d * e ** (-m)), over=(m,), when=(le(0, m),)),
    lt(1, e),
    reference="rudin1976",
    over_complex=True,
)
exponential_above_tangent = textbook_rule(
    "the exponential function lies above its tangent",
    le(1 + c, sp.exp(c)),
    "theorem 8.6, the exponential function is its own derivative, which grows",
    "add_one_le_exp",
    reference="rudin1976",
)
resolvent_integral = Rule(
    name="resolvent integral with Spijker's lemma",
    claim=le(spectral_norm(chain(A, 1, b)), notation.n * kreiss_constant(A) * c ** (b + 1) / ((b + 1) * (c - 1))),
    variables=frozenset({A, b, c}),
    premises=(le(0, b), lt(1, c), lt(spectral_radius(A), 1)),
    reference="spijker1991",
    place="the lemma on the length of the image of a circle, applied to u* (z I - A)^-1 v on |z| = c",
    lemma="norm_pow_le_kreiss",
    elementary=False,
)
