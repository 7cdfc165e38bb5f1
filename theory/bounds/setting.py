r"""The setting of the founding papers, in the letters of the calculus: J_t = D_t W with a diagonal D_t of slopes.

J(t, t-k) = D_t W ... D_{t-k+1} W. ``slopes``: no slope exceeds gamma in modulus; ``gains``: none is below alpha.

Main definitions: the letters `D`, `W`, `L`; the facts `diagonal`, `slopes`, `gains`, `product`, `gain`, `lag_positive`,
`scaling_diagonal`, `scaling_invertible`; `FIRST`, `JACOBIAN`.
"""

from __future__ import annotations

import sympy as sp

from .. import notation
from ..calculus import STEP, Diagonal, Fact, Invertible, Letter, chain, eq, le
from ..quantities import jacobian_gain, jacobian_norm, max_abs, smallest_singular_value, spectral_norm

D, W, L = map(Letter, "DWL")
i = sp.Symbol("i", integer=True)
t, k, gamma, alpha = notation.time, notation.lag, notation.slope_sup, notation.slope_inf
FIRST = t - k + 1
JACOBIAN = chain(D[STEP] @ W, FIRST, t)

diagonal = Fact("slopes are diagonal", Diagonal(D[i]), over=(i,))
slopes = Fact("slopes are at most gamma", le(max_abs(D[i]), gamma), over=(i,))
gains = Fact("slopes are at least alpha", le(alpha, smallest_singular_value(D[i])), over=(i,))
alpha_positive = Fact("alpha is not negative", le(0, alpha))
product = Fact("state Jacobian", eq(jacobian_norm(k), spectral_norm(JACOBIAN)))
gain = Fact("gain of the state Jacobian", eq(jacobian_gain(k), smallest_singular_value(JACOBIAN)))
lag_positive = Fact("lag", le(1, k))
scaling_diagonal = Fact("scaling is diagonal", Diagonal(L))
scaling_invertible = Fact("scaling is invertible", Invertible(L))
