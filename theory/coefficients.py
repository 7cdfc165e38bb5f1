"""Coefficients of vectors: exact numbers and expressions in the scalar parameters of a cell.

Main definition: `coefficient`.
"""

from __future__ import annotations

from typing import Any

import sympy as sp

from .notation import Scalar


def coefficient(value: Any) -> sp.Expr:
    """A number or an expression in scalar parameters, made exact: a float is the decimal that it prints as.

    Raises TypeError for anything else, ValueError for what is not real and finite.

    >>> coefficient(0.1), coefficient(1 - Scalar("alpha"))
    (1/10, 1 - alpha)
    """
    try:
        expr = sp.sympify(value, strict=True)
    except sp.SympifyError:
        expr = None
    if not isinstance(expr, sp.Expr) or not all(isinstance(s, Scalar) for s in expr.free_symbols):
        raise TypeError(f"scalar factor must be a number or built from scalar(...) parameters, got {value!r}")
    if expr.has(sp.nan, sp.oo, -sp.oo, sp.zoo, sp.I):
        raise ValueError(f"scalar factor must be real and finite, got {value!r}")
    return expr.xreplace({f: sp.Rational(repr(float(f))) for f in expr.atoms(sp.Float)})
