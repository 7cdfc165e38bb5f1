r"""Quantities: named functionals of a network, SymPy objects with a sign and a LaTeX form but without a value.

Hypotheses and bounds are SymPy relations and expressions over quantities and nothing else, for instance
``slope_sup * spectral_norm(W) < 1``. Values enter in one place only, ``errorflow.numerics.evaluate``.

Main definitions: `MatrixFunctional` and its kinds, `sup_abs`, `jacobian_norm`, `matrix_symbol`.
The scalar quantities n, k, gamma and alpha are the symbols of `errorflow.theory.notation`.
"""

from __future__ import annotations

from typing import Any, ClassVar

import sympy as sp

from .language import Matrix


def matrix_symbol(matrix: Matrix | str) -> sp.Symbol:
    """The argument of a quantity: a matrix parameter, or one gate of it, as a SymPy symbol."""
    return sp.Symbol(matrix if isinstance(matrix, str) else matrix.name)


def _power(body: str, exponent: str | None) -> str:
    """LaTeX of a power of something that is set apart already; SymPy hands the exponent to the base."""
    return body if exponent is None else rf"{{{body}}}^{{{exponent}}}"


class MatrixFunctional(sp.Function):
    """A nonnegative number that belongs to a square matrix; the argument is a matrix symbol or an explicit matrix."""

    nargs = 1
    is_commutative = True  # a number, whatever SymPy thinks of its matrix argument
    template: ClassVar[str] = ""
    meaning: ClassVar[str] = ""
    unit: ClassVar[str] = "1"

    def _eval_is_nonnegative(self) -> bool:
        return True

    def _eval_is_finite(self) -> bool:
        return True

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        return _power(self.template.format(printer._print(self.args[0])), exp)


class spectral_norm(MatrixFunctional):
    """The largest singular value."""

    template = r"\left\lVert {} \right\rVert_2"
    meaning = "spectral norm, the largest singular value"


class smallest_singular_value(MatrixFunctional):
    """The smallest singular value."""

    template = r"\sigma_{{\min}}\left({}\right)"
    meaning = "smallest singular value"


class spectral_radius(MatrixFunctional):
    """The largest modulus of an eigenvalue."""

    template = r"\rho\left({}\right)"
    meaning = "spectral radius, the largest modulus of an eigenvalue"


class row_sum_norm(MatrixFunctional):
    """The largest absolute row sum, the norm induced by the maximum norm."""

    template = r"\left\lVert {} \right\rVert_\infty"
    meaning = "largest absolute row sum"


class max_abs(MatrixFunctional):
    """The largest absolute entry."""

    template = r"w_{{\max}}\left({}\right)"
    meaning = "largest absolute entry"


class perron_radius(MatrixFunctional):
    """The spectral radius of the entrywise absolute value."""

    template = r"\rho\left(\left|{}\right|\right)"
    meaning = "spectral radius of the matrix of absolute values"


class perron_scaling_norm(MatrixFunctional):
    """The spectral norm of L |W| L^-1 for the Perron scaling L; rho(|W|) if W is irreducible, else just above it."""

    template = r"\left\lVert L \left|{}\right| L^{{-1}} \right\rVert_2"
    meaning = "spectral norm of |W| under its Perron scaling, equal to rho(|W|) for irreducible W"


class perron_condition(MatrixFunctional):
    """The condition number of the Perron scaling of `perron_scaling_norm`."""

    template = r"\kappa_{{\rho}}\left({}\right)"
    meaning = "condition number of the Perron scaling"


class diagonal_scaling_norm(MatrixFunctional):
    """The infimum over positive diagonal L of the spectral norm of L W L^-1."""

    template = r"s\left({}\right)"
    meaning = "smallest spectral norm under diagonal scaling, inf over L of the norm of L W L^-1"


class scaling_condition(MatrixFunctional):
    """The condition number of the diagonal scaling that was found for `diagonal_scaling_norm`."""

    template = r"\kappa\left({}\right)"
    meaning = "condition number of the diagonal scaling found"


MATRIX_FUNCTIONALS: tuple[type[MatrixFunctional], ...] = (
    max_abs,
    row_sum_norm,
    spectral_norm,
    smallest_singular_value,
    spectral_radius,
    perron_radius,
    perron_scaling_norm,
    perron_condition,
    diagonal_scaling_norm,
    scaling_condition,
)


class sup_abs(sp.Function):
    """The supremum of the absolute value of a vector's entries, over units, steps and samples of the scope."""

    nargs = 1

    def _eval_is_nonnegative(self) -> bool:
        return True

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        body = rf"\sup\left|{printer._print(self.args[0])}\right|"
        return _power(body if exp is None else rf"\left({body}\right)", exp)


class majorant_radius(sp.Function):
    """The norm of the entrywise majorant of the step Jacobian under its Perron scaling: its spectral radius if
    irreducible. In the majorant each diagonal is replaced by its suprema.
    """

    nargs = 0

    def _eval_is_nonnegative(self) -> bool:
        return True

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        return _power(r"\rho\left(\sup\left|J_t\right|\right)", exp)


class majorant_condition(sp.Function):
    """The condition number of the Perron scaling of the entrywise majorant of the step Jacobian."""

    nargs = 0

    def _eval_is_nonnegative(self) -> bool:
        return True

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        return _power(r"\kappa_{\rho}\left(\sup\left|J_t\right|\right)", exp)


class jacobian_norm(sp.Function):
    """The spectral norm of the state Jacobian at lag k, J(t, t-k)."""

    nargs = 1

    def _eval_is_nonnegative(self) -> bool:
        return True

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        return _power(rf"\left\lVert J(t, t-{printer._print(self.args[0])}) \right\rVert_2", exp)


class jacobian_gain(sp.Function):
    """The smallest singular value of the state Jacobian at lag k, J(t, t-k)."""

    nargs = 1

    def _eval_is_nonnegative(self) -> bool:
        return True

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        return _power(rf"\sigma_{{\min}}\left(J(t, t-{printer._print(self.args[0])})\right)", exp)
