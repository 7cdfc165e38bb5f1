"""Laws of the exact numbers of matrices: they agree with floating point, and inputs realize the slopes."""

import math

import mpmath
import numpy as np
import pytest
import sympy as sp

from errorflow.theory.exact_matrices import jacobian, realize_slopes, spectral_norm, spectral_radius, square, whole

SHAPES = [(1, 1), (1, 3), (2, 2), (2, 3), (3, 2), (3, 3), (4, 4)]


def drawn(rows: int, columns: int, seed: int) -> sp.Matrix:
    rng = np.random.default_rng(seed)
    return sp.Matrix(rows, columns, lambda i, j: sp.Rational(int(rng.integers(-9, 10)), int(rng.integers(1, 5))))


def array(A) -> np.ndarray:
    return np.array(A.tolist(), dtype=float)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("seed", [0, 1])
def test_the_exact_norm_agrees_with_the_singular_values(shape, seed) -> None:
    A = drawn(*shape, seed)
    assert math.isclose(float(spectral_norm(A)), np.linalg.norm(array(A), 2), rel_tol=1e-12)


@pytest.mark.parametrize("n", [1, 2, 3, 4])
@pytest.mark.parametrize("seed", [0, 1])
def test_the_exact_radius_agrees_with_the_eigenvalues(n, seed) -> None:
    A = drawn(n, n, seed)
    assert math.isclose(float(spectral_radius(A)), max(abs(np.linalg.eigvals(array(A)))), rel_tol=1e-9)


@pytest.mark.parametrize(
    ("rows", "norm", "radius"),
    [
        ([[0, 0], [0, 0]], 0, 0),
        ([[0, 1], [0, 0]], 1, 0),
        ([[3, 4], [-4, 3]], 5, 5),  # complex eigenvalues
        ([[0, 1, 0], [0, 0, 1], [1, 0, 0]], 1, 1),  # a permutation
    ],
)
def test_special_matrices(rows, norm, radius) -> None:
    assert (spectral_norm(sp.Matrix(rows)), spectral_radius(sp.Matrix(rows))) == (norm, radius)


def test_the_latest_slopes_stand_on_the_left() -> None:
    W, slopes = sp.Matrix([[1, 2], [3, 4]]), sp.Matrix([[5, 7], [11, 13]])
    assert jacobian(W, slopes) == sp.diag(11, 13) * W * sp.diag(5, 7) * W


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_inputs_realize_any_slopes_of_tanh(seed) -> None:
    rng = np.random.default_rng(seed)
    slopes = sp.Matrix(4, 3, lambda i, j: sp.Rational(int(rng.integers(1, 17)), 16))
    before = mpmath.mp.dps
    realize_slopes(drawn(3, 3, seed), slopes)
    assert mpmath.mp.dps == before


@pytest.mark.parametrize("slope", [0, -1, 2])
def test_other_slopes_are_not_realized(slope) -> None:
    with pytest.raises(AssertionError, match="slopes of tanh"):
        realize_slopes(sp.Matrix([[1]]), sp.Matrix([[slope]]))


def test_shapes_and_counts_are_checked() -> None:
    with pytest.raises(ValueError, match="square"):
        square(sp.zeros(1, 2))
    with pytest.raises(ValueError, match="square"):
        spectral_radius(sp.zeros(1, 2))
    for wrong in (sp.Rational(1, 2), sp.S.Zero, sp.Integer(-1), sp.sqrt(2)):
        with pytest.raises(ValueError, match="positive whole number"):
            whole(wrong)
