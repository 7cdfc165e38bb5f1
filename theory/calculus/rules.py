r"""The rules of the calculus, each with its reference: the trusted base of every derivation, listed beside its grade.

Rules about one product, about a product of symbolic length (`norm_of_product`, `constant_product`; the third, telescoping,
is `Telescope`), about norms of one matrix, about diagonal matrices and similarity, and about bilinear forms. Cited results,
which a few lines do not prove, are at the end.

Main definitions: `all`, `get`, and one rule each.
"""

from __future__ import annotations

import sympy as sp

from .. import notation
from ..quantities import (
    max_abs,
    numerical_radius,
    row_sum_norm,
    smallest_singular_value,
    spectral_norm,
    spectral_radius,
)
from . import block_rules, mean_rules, order_rules, power_rules, proved_rules
from .facts import Diagonal, Fact, Invertible, UnitInterval, eq, le
from .forms import form
from .rule import Rule
from .rule import textbook_rule as _rule
from .words import IDENTITY, Letter, absolute, chain, dot, instance, inverse, plus, product_over, scaled, transpose

A, B, D, E, L, x = map(Letter, "ABDELx")
v = Letter("v'")  # a name that no author's letter has
c, d = sp.symbols("c d")
a, b = sp.symbols("a b", integer=True)
n = notation.n
u = Letter("u'")
P = Letter("P'")


submultiplicative = _rule(
    "submultiplicative",
    le(spectral_norm(A @ B), spectral_norm(A) * spectral_norm(B)),
    "section 5.6, induced norms",
    "norm_mul_le",
    over_complex=True,
)
row_sum_submultiplicative = _rule(
    "row-sum norm of a product of two",
    le(row_sum_norm(A @ B), row_sum_norm(A) * row_sum_norm(B)),
    "section 5.6, induced norms",
    "row_sum_norm_mul_le",
)
triangle = _rule(
    "triangle inequality",
    le(spectral_norm(plus(A, B)), spectral_norm(A) + spectral_norm(B)),
    "section 5.1, definition of a norm",
    "norm_add_le",
    over_complex=True,
)
homogeneous = _rule(
    "homogeneity of a norm",
    eq(spectral_norm(scaled(c, A)), c * spectral_norm(A)),
    "section 5.1, definition of a norm",
    "norm_smul",
    le(0, c),
)
norm_of_product = _rule(
    "norm of a product",
    le(spectral_norm(chain(A, a, b)), product_over(spectral_norm(A), a, b)),
    "section 5.6, submultiplicativity, by induction on the number of factors",
    "norm_prod_le",
)
row_sum_norm_of_product = _rule(
    "row-sum norm of a product",
    le(row_sum_norm(chain(A, a, b)), product_over(row_sum_norm(A), a, b)),
    "section 5.6, submultiplicativity, by induction on the number of factors",
    "row_sum_norm_prod_le",
)
entries_of_product = _rule(
    "entries of a product",
    le(max_abs(chain(A, a, b)), n ** (b - a) * product_over(max_abs(A), a, b)),
    "section 5.6, an entry of a product of k factors is a sum over n^(k-1) paths",
    "entry_prod_le",
    le(a, b),
)
gain_of_product = _rule(
    "smallest singular value of a product",
    le(product_over(smallest_singular_value(A), a, b), smallest_singular_value(chain(A, a, b))),
    "section 7.3, singular values of a product, by induction on the number of factors",
    "gain_prod_ge",
)
gain_of_two = _rule(
    "smallest singular value of a product of two",
    le(smallest_singular_value(A) * smallest_singular_value(B), smallest_singular_value(A @ B)),
    "section 7.3, singular values of a product",
    "gain_mul_ge",
)
constant_product = _rule(
    "constant product",
    eq(product_over(c, a, b), c ** (b - a + 1)),
    "a product of equal factors is a power",
    "prod_const",
    le(0, b - a + 1),
)
product_of_two = _rule(
    "product of products",
    eq(product_over(c * d, a, b), product_over(c, a, b) * product_over(d, a, b)),
    "factors of numbers may be reordered",
    "prod_mul",
)
shift_of_power = _rule(
    "power of a matrix",
    eq(chain(A, a, b), chain(A, 1, b - a + 1)),
    "a product of equal factors is a power",
    "prod_const_matrix",
    fixed=(A,),
    over_complex=True,
)
last_factor = _rule(
    "last factor of a product",
    eq(chain(A, a, b), dot(instance(A, b), chain(A, a, b - 1))),
    "definition of an ordered product",
    "prod_last",
    le(a, b),
)
first_factor = _rule(
    "first factor of a product",
    eq(chain(A, a, b), dot(chain(A, a + 1, b), instance(A, a))),
    "an ordered product, split behind its first factor",
    "prod_first",
    le(a, b),
    over_complex=True,
)
empty_product = _rule(
    "empty product",
    eq(chain(A, a, a - 1), IDENTITY),
    "definition of an ordered product",
    "prod_empty",
    over_complex=True,
)
scalars_leave_product = _rule(
    "scalars leave a product",
    eq(chain(scaled(c, A), a, b), scaled(c ** (b - a + 1), chain(A, a, b))),
    "scalars commute with matrices",
    "prod_smul",
    le(0, b - a + 1),
)
norm_of_diagonal = _rule(
    "norm of a diagonal matrix",
    eq(spectral_norm(D), max_abs(D)),
    "section 5.6, monotone norms",
    "norm_diag",
    Diagonal(D),
)
row_sum_of_diagonal = _rule(
    "row-sum norm of a diagonal matrix",
    eq(row_sum_norm(D), max_abs(D)),
    "section 5.6, maximum row-sum norm",
    "row_sum_norm_diag",
    Diagonal(D),
)
entries_of_scaled_rows = _rule(
    "entries of scaled rows",
    le(max_abs(D @ A), max_abs(D) * max_abs(A)),
    "row i of D A is d_i times row i of A",
    "entry_diag_mul_le",
    Diagonal(D),
)
entries_by_norm = _rule(
    "entries by the norm",
    le(max_abs(A), spectral_norm(A)),
    "section 5.6, A_ij = e_i^T A e_j",
    "max_abs_le_norm",
)
spectral_by_row_sum = _rule(
    "spectral norm by row sums",
    le(spectral_norm(A), sp.sqrt(n) * row_sum_norm(A)),
    "section 5.6, comparison of norms",
    "norm_le_sqrt_row_sum",
)
spectral_by_entries = _rule(
    "spectral norm by entries",
    le(spectral_norm(A), n * max_abs(A)),
    "section 5.6, comparison with the Frobenius norm",
    "norm_le_n_max_abs",
)
row_sum_by_entries = _rule(
    "row-sum norm by entries",
    le(row_sum_norm(A), n * max_abs(A)),
    "section 5.6, maximum row-sum norm",
    "row_sum_norm_le_n_max_abs",
)
radius_below_norm = _rule(
    "spectral radius below the norm",
    le(spectral_radius(A), spectral_norm(A)),
    "theorem 5.6.9",
    "radius_le_norm",
)
radius_below_row_sum = _rule(
    "spectral radius below the row-sum norm",
    le(spectral_radius(A), row_sum_norm(A)),
    "theorem 5.6.9",
    "radius_le_row_sum_norm",
)
radius_of_power = _rule(
    "spectral radius of a power",
    eq(spectral_radius(chain(A, 1, b)), spectral_radius(A) ** b),
    "section 1.1, eigenvalues of a polynomial in A",
    "radius_pow",
    le(0, b),
)
norm_by_absolute_values = _rule(
    "norm of the absolute values",
    le(spectral_norm(A), spectral_norm(absolute(A))),
    "section 8.1, |A x| <= |A| |x| entry by entry",
    "norm_le_norm_abs",
)
inverse_cancels = _rule(
    "inverse on the left",
    eq(dot(inverse(L), L), IDENTITY),
    "definition of the inverse",
    "inv_mul",
    Invertible(L),
)
norm_of_identity = _rule(
    "norm of the identity",
    eq(spectral_norm(IDENTITY), sp.Integer(1)),
    "section 5.6, induced norms",
    "norm_one",
)
similarity_of_product = _rule(
    "similarity of a product",
    eq(chain(A, a, b), dot(inverse(L), chain(dot(L, A, inverse(L)), a, b), L)),
    "section 1.3, L^-1 L cancels between neighboring factors",
    "conj_prod",
    Invertible(L),
)
diagonals_commute = _rule(
    "diagonal matrices commute",
    eq(D @ E, E @ D),
    "section 0.9, diagonal matrices",
    "diag_mul_comm",
    Diagonal(D),
    Diagonal(E),
)
norm_of_vectors = _rule(
    "norm from vectors",
    le(spectral_norm(A), c),
    "section 5.6, definition of an induced norm",
    "norm_le_of_forall",
    le(0, c),
    Fact("vectors", le(form(A @ v, A @ v), c**2 * form(v, v)), over=(v,)),
)
sector = _rule(
    "sector of a diagonal",
    le(0, form(D @ x, x - D @ x)),
    "d (1 - d) >= 0 for d in [0, 1], summed over the entries",
    "sector_diag",
    UnitInterval(D),
)
inner_product = _rule(
    "inner product of two vectors",
    le(sp.Abs(form(x, v)), spectral_norm(x) * spectral_norm(v)),
    "section 5.1, Cauchy-Schwarz inequality",
    "abs_inner_le",
)
equal_inner_products = _rule(
    "vectors with equal inner products",
    eq(A, E),
    "section 0.6, a vector that is orthogonal to all vectors is zero",
    "ext_inner",
    Fact("all vectors", eq(form(v, A), form(v, E)), over=(v,)),
)
modulus_of_sum = _rule(
    "modulus of a sum",
    le(sp.Abs(c + d), sp.Abs(c) + sp.Abs(d)),
    "theorem 1.33, triangle inequality for numbers",
    "abs_add_le",
    reference="rudin1976",
    over_complex=True,
)
modulus_of_product = _rule(
    "modulus of a product",
    eq(sp.Abs(c * d), sp.Abs(c) * sp.Abs(d)),
    "theorem 1.33, modulus of a product",
    "abs_mul",
    reference="rudin1976",
    over_complex=True,
)
norm_of_transpose = _rule(
    "norm of a transpose",
    eq(spectral_norm(transpose(A)), spectral_norm(A)),
    "section 5.6, a matrix and its transpose have the same singular values",
    "norm_transpose",
)
square_of_form = _rule(
    "square of a norm",
    le(0, form(x, x)),
    "a sum of squares",
    "form_self_nonneg",
)
numerical_radius_below_norm = _rule(
    "numerical radius below the norm",
    le(numerical_radius(A), spectral_norm(A)),
    "numerical radius: |x* A x| <= ||A|| for unit vectors",
    "numerical_radius_le_norm",
    reference="horn1991",
)
radius_below_numerical_radius = _rule(
    "spectral radius below the numerical radius",
    le(spectral_radius(A), numerical_radius(A)),
    "eigenvalues lie in the numerical range",
    "radius_le_numerical_radius",
    reference="horn1991",
)
ando = Rule(
    name="Ando's theorem",
    claim=le(0, c * form(u, P @ u) + 2 * form(v, A @ u) + c * form(v, (2 * IDENTITY - P) @ v)),
    variables=frozenset({A, P, c}),
    premises=(le(numerical_radius(A), c),),
    exists=frozenset({P}),
    over=(u, v),
    reference="ando1973",
    place="structure of operators with numerical radius one; the real part of the certificate serves a real matrix",
    lemma="ando",
    elementary=False,
)


def all() -> tuple[Rule, ...]:
    """Every rule: those of this file, of `block_rules`, `mean_rules`, `order_rules`, `power_rules` and `proved_rules`.

    >>> len(all()) > 25
    True
    """
    files = (globals(), *map(vars, (block_rules, mean_rules, order_rules, power_rules, proved_rules)))
    return tuple(value for names in files for value in names.values() if isinstance(value, Rule))


def get(name: str) -> Rule:
    """The rule of this name; ValueError lists the names there are."""
    found = {rule.name: rule for rule in all()}
    if name not in found:
        raise ValueError(f"rule must be one of {', '.join(found)}, got {name!r}")
    return found[name]
