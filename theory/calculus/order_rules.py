r"""Rules about the order of the numbers of one matrix: infima over diagonal scalings, the joint spectral radius, limits.

s(A) and omega(A) are infima over positive diagonal L; an L with negative entries gives the same norms as |L|, since a
diagonal matrix of signs is orthogonal. N_k(A) is the largest norm of a product of k masked factors D A, and the joint
spectral radius is the limit of the k-th root of N_k(A), by Fekete's lemma its infimum. One rule is cited: that the
infimum of the scaled norms of a nonnegative matrix is its spectral radius, by Perron and Frobenius.

Main definitions: one rule each.
"""

from __future__ import annotations

import sympy as sp

from ..quantities import (
    diagonal_scaling_norm,
    joint_spectral_radius,
    largest_masked_product,
    masked_supremum,
    max_abs,
    numerical_radius,
    perron_radius,
    row_sum_norm,
    scaled_numerical_radius,
    spectral_norm,
    spectral_radius,
)
from .facts import Diagonal, Fact, Invertible, UnitInterval, eq, le, lt
from .rule import Rule, textbook_rule
from .words import Letter, absolute, chain, dot, inverse, plus, scaled, transpose

A, D, L = map(Letter, "ADL")
c, d, e = sp.symbols("c d e")
a, b = sp.symbols("a b", integer=True)
m = sp.Symbol("m'", integer=True)  # a name that no author's symbol has
_half = sp.Rational(1, 2)
_SCALED = dot(L, A, inverse(L))

root_of_growth = textbook_rule(
    "root of a growth bound",
    le(c, d),
    "theorem 3.20, the n-th root of a positive number tends to 1",
    "le_of_forall_pow_le_mul_pow",
    le(0, d),
    Fact("every length", le(c**m, e * d**m), over=(m,), when=(le(1, m),)),
    reference="rudin1976",
)
minus_modulus = textbook_rule(
    "a number is at least minus its modulus",
    le(-sp.Abs(c), c),
    "theorem 1.33, |Re z| <= |z|",
    "neg_abs_le",
    reference="rudin1976",
)
vanishing_excess = textbook_rule(
    "an excess that vanishes",
    le(c, d),
    "theorem 1.20, the archimedean property",
    "le_of_forall_le_add_div",
    Fact("every excess", le(c, d + e / (m + 1)), over=(m,), when=(le(0, m),)),
    reference="rudin1976",
)
smallest_scaled_norm = textbook_rule(
    "the smallest scaled norm is below every scaled norm",
    le(diagonal_scaling_norm(A), spectral_norm(_SCALED)),
    "section 5.6, definition of an infimum; orthogonal factors leave the norm as it is",
    "iInf_norm_conj_le",
    Diagonal(L),
    Invertible(L),
)
smallest_scaled_radius = textbook_rule(
    "the smallest scaled numerical radius is below every scaled one",
    le(scaled_numerical_radius(A), numerical_radius(_SCALED)),
    "chapter 1, definition of an infimum; orthogonal similarity leaves the numerical radius as it is",
    "iInf_numerical_radius_conj_le",
    Diagonal(L),
    Invertible(L),
    reference="horn1991",
)
symmetric_part = textbook_rule(
    "norm of the symmetric part",
    le(spectral_norm(plus(scaled(_half, A), scaled(_half, transpose(A)))), numerical_radius(A)),
    "chapter 1, x* H x is the real part of x* A x, and the norm of a Hermitian H is its largest |x* H x|",
    "norm_symmetric_part_le",
    reference="horn1991",
)
skew_part = textbook_rule(
    "norm of the skew-symmetric part",
    le(spectral_norm(plus(scaled(_half, A), scaled(-_half, transpose(A)))), numerical_radius(A)),
    "chapter 1, x* K x is i times the imaginary part of x* A x, and the norm of a normal K is its largest |x* K x|",
    "norm_skew_part_le",
    reference="horn1991",
)
radius_of_absolute_values = textbook_rule(
    "spectral radius of the absolute values",
    eq(perron_radius(A), spectral_radius(absolute(A))),
    "definition of rho(|A|)",
    "perron_radius_eq",
)
row_sums_of_absolute_values = textbook_rule(
    "row sums of the absolute values",
    eq(row_sum_norm(absolute(A)), row_sum_norm(A)),
    "section 5.6, maximum row-sum norm",
    "row_sum_norm_abs",
)
entries_of_mask = textbook_rule(
    "entries of a mask",
    le(max_abs(D), 1),
    "a diagonal matrix with entries in [0, 1]",
    "max_abs_mask_le_one",
    UnitInterval(D),
)
masked_product_below_largest = textbook_rule(
    "a masked product is below the largest one",
    le(spectral_norm(chain(dot(D, A), a, b)), largest_masked_product(A, b - a + 1)),
    "definition of a maximum",
    "norm_masked_prod_le",
    UnitInterval(D),
    le(a, b),
    reference="jungers2009",
)
joint_radius_below_largest = textbook_rule(
    "the joint spectral radius is below every root of a largest product",
    le(joint_spectral_radius(A) ** b, largest_masked_product(A, b)),
    "definition of the joint spectral radius, an infimum by Fekete's lemma",
    "joint_radius_pow_le",
    le(1, b),
    reference="jungers2009",
)
joint_radius_is_greatest = textbook_rule(
    "the joint spectral radius is the greatest lower bound of these roots",
    le(c, joint_spectral_radius(A)),
    "definition of the joint spectral radius, an infimum by Fekete's lemma",
    "le_joint_radius",
    Fact("every length", le(c**m, largest_masked_product(A, m)), over=(m,), when=(le(1, m),)),
    reference="jungers2009",
)
joint_radius_below_one = textbook_rule(
    "joint spectral radius of a scaled matrix",
    lt(joint_spectral_radius(scaled(c / d, A)), 1),
    "section 1.2, the joint spectral radius of a family times a number",
    "joint_radius_smul_lt_one",
    le(0, c),
    lt(c * joint_spectral_radius(A), d),
    reference="jungers2009",
)
masked_product_below_supremum = textbook_rule(
    "a masked product is below the supremum of all of them",
    le(spectral_norm(chain(dot(D, A), a, b)), masked_supremum(A)),
    "definition of a supremum, finite for jsr < 1: the joint spectral radius is the limit of the roots, by Fekete's lemma",
    "norm_masked_prod_le_iSup",
    UnitInterval(D),
    le(a, b + 1),
    lt(joint_spectral_radius(A), 1),
    reference="jungers2009",
)
perron_scaling = Rule(
    name="Perron-Frobenius theorem, scaled norm",
    claim=le(diagonal_scaling_norm(absolute(A)), perron_radius(A)),
    variables=frozenset({A}),
    reference="berman1994",
    place="chapter 2: positive Perron vectors x and y of an irreducible |A| give L^2 = y / x with norm rho(|A|); "
    "continuity of the spectral radius for the others",
    lemma="iInf_norm_conj_abs_le_radius",
    elementary=False,
)
