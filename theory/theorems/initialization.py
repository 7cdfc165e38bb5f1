r"""The initialization interval: with r = sqrt(3/(c n)) n times the mean square of a weight is one.

Random numbers are vectors with the inner product u^T v = E u v. Given are moments, E z^2 = r^2/3 and E w^2 = c E z^2: for
instance z uniform on [-r, r], and a weight w equal to z with probability c and zero otherwise. Hence n E w^2 = n c r^2/3,
which is 1 for c n r^2 = 3: the choice of r for which W keeps the mean square of a fixed state,
E ||W x||^2 = n E w^2 ||x||^2 = ||x||^2, for independent weights of mean zero. That the spectral radius is then near one is
another statement, the circular law: a limit for large n, cited and not shown here.

Source: schaefer2008. Main statement: `initialization_variance`.
"""

from __future__ import annotations

import sympy as sp

from ..bounds import no_cell
from ..calculus import Calculation, Combination, Derivation, Fact, Letter, Line, eq, form
from ..notation import n
from ..theorem import Theorem, Witness

w, z = map(Letter, "wz")
c, r = sp.symbols("c r")
_DRAWN = Witness.of([["1/2"]], {c: 1, r: "sqrt(3)", w: [[1]], z: [[1]]})

initialization_variance = Theorem(
    id="initialization_variance",
    title="The initialization interval makes n times the mean square of a weight one",
    conclusion=eq(n * form(w, w), 1),
    derivation=Derivation(
        (
            Fact("kept with probability c", eq(form(w, w), c * form(z, z))),
            Fact("variance of a uniform number", eq(form(z, z), r**2 / 3)),
            Fact("interval", eq(c * n * r**2, 3)),
        ),
        (
            Calculation(
                "variance of a weight",
                form(w, w),
                (
                    Line("=", c * form(z, z), "kept with probability c"),
                    Line("=", c * r**2 / 3, "variance of a uniform number"),
                ),
            ),
            Combination(
                "conclusion",
                eq(n * form(w, w), 1),
                ((n, "variance of a weight"), (sp.Rational(1, 3), "interval")),
            ),
        ),
    ),
    object="matrix",
    norm="mean square",
    quantifiers="for all w and z with E z^2 = r^2/3 and E w^2 = c E z^2, for instance z uniform on [-r, r], kept as w with "
    "probability c independently of its value, and for all c, n and r with c n r^2 = 3",
    citation="schaefer2008",
    place="the optimal weight initialization",
    version="Neurocomputing 71, 2008; only the abstract was read, the interval is recalled; the statement is ours",
    tightness="tight",
    non_vacuity=_DRAWN,
    tightness_witness=_DRAWN,
    letters=no_cell,
    words="If E z^2 = r^2/3, E w^2 = c E z^2 and c n r^2 = 3, then n E w^2 = 1, an identity of moments; for instance for weights "
    "uniform on [-r, r] of which a share c is kept.",
)
