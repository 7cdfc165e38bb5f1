r"""Quantities: named functionals of a network, SymPy objects with a sign and a LaTeX form but without a value.

Hypotheses and bounds are SymPy relations and expressions over quantities and nothing else, for instance
``slope_sup * spectral_norm(W) < 1``. Values enter in one place only, ``errorflow.numerics.evaluate``.

Main definitions: `MatrixFunctional` and its kinds, `sup_abs`, `jacobian_norm`, `matrix_symbol`.
The scalar quantities n, k, gamma and alpha are the symbols of `errorflow.theory.notation`.
"""

from __future__ import annotations

from typing import Any, ClassVar

import sympy as sp

from .calculus.words import Letter
from .language import Matrix


def matrix_symbol(matrix: Matrix | str) -> Letter:
    """The argument of a quantity: a matrix parameter, or one gate of it, as a letter."""
    return Letter(matrix if isinstance(matrix, str) else matrix.name)


def _power(body: str, exponent: str | None) -> str:
    """LaTeX of a power of something that is set apart already; SymPy hands the exponent to the base."""
    return body if exponent is None else rf"{{{body}}}^{{{exponent}}}"


class MatrixFunctional(sp.Function):
    """A nonnegative number that belongs to a matrix; the argument is a word (a plain symbol is read as a letter) or an
    explicit matrix.
    """

    nargs = 1
    is_commutative = True  # a number, whatever SymPy thinks of its matrix argument
    template: ClassVar[str] = ""
    meaning: ClassVar[str] = ""
    unit: ClassVar[str] = "1"

    def __new__(cls, matrix: Any, **options: Any) -> MatrixFunctional:
        """The quantity of a word or an explicit matrix; a plain symbol is read as the letter of its name."""
        if type(matrix) is sp.Symbol:
            matrix = Letter(matrix.name)
        return super().__new__(cls, matrix, **options)  # type: ignore[no-any-return]

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


class scaled_norm(MatrixFunctional):
    """The spectral norm of L W L^-1 for the diagonal scaling L that was found; at least `diagonal_scaling_norm`."""

    template = r"\left\lVert L {} L^{{-1}} \right\rVert_2"
    meaning = "spectral norm under the diagonal scaling found"


class diagonal_scaling_norm(MatrixFunctional):
    """The infimum over positive diagonal L of the spectral norm of L W L^-1."""

    template = r"s\left({}\right)"
    meaning = "smallest spectral norm under diagonal scaling, inf over L of the norm of L W L^-1"


class scaling_condition(MatrixFunctional):
    """The condition number of the diagonal scaling of `scaled_norm`."""

    template = r"\kappa\left({}\right)"
    meaning = "condition number of the diagonal scaling found"


class numerical_radius(MatrixFunctional):
    """The largest modulus of x* A x over complex unit vectors x."""

    template = r"w\left({}\right)"
    meaning = "numerical radius, the largest modulus of x* A x over unit vectors"


class scaled_numerical_radius(MatrixFunctional):
    """The infimum over positive diagonal L of the numerical radius of L W L^-1."""

    template = r"\omega\left({}\right)"
    meaning = "smallest numerical radius under diagonal scaling, inf over L of w(L W L^-1)"


class certificate_rate(MatrixFunctional):
    """The rate r of the certificate (P, L, r) that was found: [[P, A^T], [A, 2 I - P]] >= 0 with A = L W L^-1/r."""

    template = r"r\left({}\right)"
    meaning = "rate of the certificate found"


class certificate_condition(MatrixFunctional):
    """The condition number of the diagonal L of the certificate of `certificate_rate`."""

    template = r"\kappa_r\left({}\right)"
    meaning = "condition number of the diagonal of the certificate found"


class kreiss_constant(MatrixFunctional):
    """The supremum over |z| > 1 of (|z| - 1) times the spectral norm of (z I - A)^-1."""

    template = r"\mathcal{{K}}\left({}\right)"
    meaning = "Kreiss constant, the supremum of (|z| - 1) ||(z I - A)^-1|| over |z| > 1"


class power_supremum(MatrixFunctional):
    """The supremum over t >= 0 of the spectral norm of A^t."""

    template = r"\sup_t\left\lVert {}^t \right\rVert_2"
    meaning = "supremum of the spectral norms of the powers"


class joint_spectral_radius(MatrixFunctional):
    """The joint spectral radius of the masked family D W, D diagonal with entries in [0, 1]."""

    template = r"\hat{{\rho}}\left(\mathcal{{D}} {}\right)"
    meaning = "joint spectral radius of D W over all diagonal D with entries in [0, 1]"


MATRIX_FUNCTIONALS: tuple[type[MatrixFunctional], ...] = (
    max_abs,
    row_sum_norm,
    spectral_norm,
    smallest_singular_value,
    spectral_radius,
    perron_radius,
    perron_scaling_norm,
    perron_condition,
    scaled_norm,
    diagonal_scaling_norm,
    scaling_condition,
    numerical_radius,
    scaled_numerical_radius,
    certificate_rate,
    certificate_condition,
    kreiss_constant,
    power_supremum,
    joint_spectral_radius,
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


class step_norm(sp.Function):
    """The supremum of the spectral norm of the step Jacobian J_t, over steps and samples of the scope."""

    nargs = 0

    def _eval_is_nonnegative(self) -> bool:
        return True

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        return _power(
            r"\left(\sup_t\left\lVert J_t \right\rVert_2\right)" if exp else r"\sup_t\left\lVert J_t \right\rVert_2",
            exp,
        )


class largest_masked_product(sp.Function):
    """The largest spectral norm of a product D_k W ... D_1 W of a matrix W, over diagonal D with entries in [0, 1]."""

    nargs = 2
    is_commutative = True

    def _eval_is_nonnegative(self) -> bool:
        return True

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        matrix, length = map(printer._print, self.args)
        return _power(rf"\max_D \left\lVert D_{{{length}}} {matrix} \cdots D_{{1}} {matrix} \right\rVert_2", exp)


class masked_supremum(sp.Function):
    """The supremum over k >= 0 of the largest norm of a product of k masked factors; finite for jsr < 1."""

    nargs = 1
    is_commutative = True

    def _eval_is_nonnegative(self) -> bool:
        return True

    def _eval_is_finite(self) -> bool:
        return True

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        matrix = printer._print(self.args[0])
        return _power(rf"\sup_{{k, D}} \left\lVert D_{{k}} {matrix} \cdots D_{{1}} {matrix} \right\rVert_2", exp)


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


NONNEGATIVE: tuple[type[sp.Function], ...] = (
    MatrixFunctional,
    sup_abs,
    majorant_radius,
    majorant_condition,
    largest_masked_product,
    masked_supremum,
    step_norm,
    jacobian_norm,
    jacobian_gain,
)
