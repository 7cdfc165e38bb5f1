r"""Rules about parts of a product: its entries, sums over paths, and its blocks, which a small matrix of norms bounds.

For matrices A and B of blocks, ||(A B)_rc|| <= sum over s of ||A_rs|| ||B_sc||: matrices of norms multiply as their
matrices do. A vector of blocks has the 2-norm of the vector of the norms of its blocks, so that ||A||_2 is at most the
norm of the matrix of its blocks' norms. Blocks of size one give the entrywise majorant.

Main definitions: one rule each.
"""

from __future__ import annotations

import sympy as sp

from .. import notation
from ..quantities import row_sum_norm, spectral_norm
from .facts import BlockNorms, BlockRowSums, Diagonal, Majorized, eq, le
from .forms import Entry
from .rule import textbook_rule
from .words import STEP, Letter, chain, plus, sum_over

A, B, D = map(Letter, "ABD")
a, b, row, column = sp.symbols("a b i' j'", integer=True)
n = notation.n

entry_of_product = textbook_rule(
    "entry of a product",
    eq(Entry(A @ B, row, column), sum_over(Entry(A, row, STEP) * Entry(B, STEP, column), 1, n)),
    "section 0.2, matrix multiplication",
    "mul_apply",
)
entry_of_scaled_row = textbook_rule(
    "entry of a scaled row",
    eq(Entry(D @ A, row, column), Entry(D, row, row) * Entry(A, row, column)),
    "section 0.9, row i of D A is d_i times row i of A",
    "diag_mul_apply",
    Diagonal(D),
)
row_sum_triangle = textbook_rule(
    "triangle inequality of the row-sum norm",
    le(row_sum_norm(plus(A, B)), row_sum_norm(A) + row_sum_norm(B)),
    "section 5.1, definition of a norm",
    "row_sum_norm_add_le",
)
product_below_block_norms = textbook_rule(
    "product below the product of its blocks' norms",
    le(spectral_norm(chain(A, a, b)), spectral_norm(chain(B, a, b))),
    "norms of partitioned matrices, by induction on the number of factors",
    "norm_prod_le_norm_prod_blocks",
    BlockNorms(A, B),
)
product_below_block_row_sums = textbook_rule(
    "product below the product of its blocks' row-sum norms",
    le(spectral_norm(chain(A, a, b)), sp.sqrt(n) * spectral_norm(chain(B, a, b))),
    "norms of partitioned matrices, by induction, and ||A_rc||_2 <= sqrt(n) ||A_rc||_inf for every block",
    "norm_prod_le_sqrt_norm_prod_row_sums",
    BlockRowSums(A, B),
)
product_below_majorant = textbook_rule(
    "product below the product of its majorants",
    le(spectral_norm(chain(A, a, b)), spectral_norm(chain(B, a, b))),
    "section 8.1, |A B| <= |A| |B| entry by entry, by induction on the number of factors",
    "norm_prod_le_norm_prod_majorant",
    Majorized(A, B),
)
