r"""Rules about expectations: E is linear and monotone, |E x| <= E |x|, and |E x y| <= sqrt(E x^2 E y^2).

That E grows with its argument is a monotone context (`errorflow.theory.calculus.rewriting`), no rule.

Main definitions: one rule each.
"""

from __future__ import annotations

import sympy as sp

from .facts import eq, le
from .mean import Mean, Sure
from .rule import textbook_rule

c, d, x, y = sp.symbols("c d x y")

mean_of_sum = textbook_rule(
    "expectation of a sum",
    eq(Mean(x + y), Mean(x) + Mean(y)),
    "theorem 1.6.1, linearity",
    "mean_add",
    reference="durrett2019",
)
mean_of_multiple = textbook_rule(
    "expectation of a multiple",
    eq(Mean(c * x), c * Mean(x)),
    "theorem 1.6.1, linearity",
    "mean_mul_const",
    Sure(c),
    reference="durrett2019",
)
mean_of_constant = textbook_rule(
    "expectation of a constant",
    eq(Mean(c), c),
    "section 1.6, definition of the expectation",
    "mean_const",
    Sure(c),
    reference="durrett2019",
)
modulus_of_mean = textbook_rule(
    "modulus of an expectation",
    le(sp.Abs(Mean(x)), Mean(sp.Abs(x))),
    "theorem 1.6.2, Jensen's inequality for the modulus",
    "abs_mean_le",
    reference="durrett2019",
)
mean_of_product = textbook_rule(
    "expectation of a product",
    le(Mean(x * y), c * d),
    "theorem 1.6.3, Cauchy-Schwarz inequality",
    "mean_mul_le",
    le(0, c),
    le(0, d),
    le(Mean(x**2), c**2),
    le(Mean(y**2), d**2),
    Sure(c),
    Sure(d),
    reference="durrett2019",
)
