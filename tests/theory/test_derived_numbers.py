"""The statements of the hierarchy, of blocks, back-propagation, path sums and moments against computations of their own."""

import dataclasses
import functools
import itertools
import math
import random

import numpy as np
import pytest
import sympy as sp

from errorflow.numerics.constants import diagonal_scaling
from errorflow.numerics.functionals import EVALUATORS
from errorflow.theory import cells, decomposition, notation, quantities, scalar_facts
from errorflow.theory.bounds import comparison_matrix
from errorflow.theory.bounds.block import block_derivation
from errorflow.theory.calculus import Rejection, le
from errorflow.theory.calculus.facts import sides
from errorflow.theory.jacobian import step_jacobian
from errorflow.theory.product import jacobian_product
from errorflow.theory.theorems import block_comparison, scalar_moments

block, rows, majorant = block_comparison.spectral, block_comparison.row_sum, block_comparison.perron
moments, rate = scalar_moments.sensitivity, scalar_moments.rate


def matrices() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(4)
    return {
        "one unit": np.array([[-0.7]]),
        "zero": np.zeros((2, 2)),
        "nilpotent": np.triu(2 * rng.standard_normal((3, 3)), 1),
        "hidden nilpotent": np.array([[2.0, 4.0], [-1.0, -2.0]]),
        "Jordan": np.eye(2) + np.eye(2, k=1),
        "reducible": np.array([[1.0, 5.0, 0.0], [0.0, 0.5, 1.0], [0.0, -1.0, 0.5]]),
        "constant": np.full((3, 3), 1 / 3),
        "rotation": np.array([[0.0, -1.0], [1.0, 0.0]]),
        "gaussian": rng.standard_normal((3, 3)) / np.sqrt(3),
    }


# The hierarchy, against products and grids that share nothing with the library


def radius_of_grid(A: np.ndarray) -> float:
    turned = [np.exp(1j * angle) * A for angle in np.linspace(0, 2 * np.pi, 361)]
    return max(float(np.linalg.eigvalsh((B + B.conj().T) / 2)[-1]) for B in turned)


@pytest.mark.parametrize("kind", matrices())
def test_the_joint_spectral_radius_lies_between_the_radius_and_both_infima(kind) -> None:
    A, rng = matrices()[kind], np.random.default_rng(2)
    every = [np.diag(np.array(d, dtype=float)) @ A for d in itertools.product((0, 1), repeat=len(A))]
    below = max(
        float(np.abs(np.linalg.eigvals(functools.reduce(np.matmul, chosen))).max()) ** (1 / length)
        for length in (1, 2)
        for chosen in itertools.product(every, repeat=length)
    )
    assert float(np.abs(np.linalg.eigvals(A)).max()) <= below + 1e-7
    for _ in range(40):
        scaling = np.exp(rng.standard_normal(len(A)))
        B = scaling[:, None] * A / scaling
        radius, norm = radius_of_grid(B) / math.cos(math.pi / 360), float(np.linalg.norm(B, 2))
        assert below <= radius + 1e-7  # rho of products of masks, rounded
        assert norm / 2 <= radius + 1e-9
        assert radius <= norm / math.cos(math.pi / 360) + 1e-9
    assert float(np.abs(np.linalg.eigvals(np.abs(A))).max()) <= np.abs(A).sum(axis=1).max() + 1e-6


@pytest.mark.parametrize("kind", matrices())
def test_the_computed_rates_stand_in_the_order_of_the_hierarchy(kind) -> None:
    A = matrices()[kind]
    order = [
        quantities.spectral_radius,
        quantities.joint_spectral_radius,
        quantities.scaled_numerical_radius,
        quantities.diagonal_scaling_norm,
        quantities.perron_radius,
        quantities.row_sum_norm,
    ]
    found = [EVALUATORS[q](A) for q in order]
    for small, large in itertools.pairwise(found):
        assert small.lower <= large.upper * (1 + 1e-9) + 1e-9
    assert found[3].lower <= EVALUATORS[quantities.spectral_norm](A).upper * (1 + 1e-9)
    assert found[-1].lower <= len(A) * np.abs(A).max() * (1 + 1e-12)


def test_the_links_are_strict_for_some_matrix() -> None:
    A = np.array([[2.0, 4.0], [-1.0, -2.0]])  # rho(A) = 0, but one unit alone has the factor 2
    assert EVALUATORS[quantities.joint_spectral_radius](A).lower >= 2 - 1e-9
    B = np.array([[0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [-1.0, 0.0, 0.0]]) + np.triu(np.ones((3, 3)), 2)
    found = [EVALUATORS[q](B).upper for q in (quantities.scaled_numerical_radius, quantities.diagonal_scaling_norm)]
    assert found[0] < 0.999 * found[1]


# Blocks


@pytest.mark.parametrize("norm", ["spectral", "row_sum", "max_weight"])
@pytest.mark.parametrize("name", cells.names())
def test_every_entry_of_a_comparison_matrix_is_derived(name, norm) -> None:
    check_blocks(cells.get(name), norm)


@pytest.mark.parametrize("norm", ["spectral", "row_sum", "max_weight"])
def test_every_entry_of_a_comparison_matrix_of_a_user_cell_is_derived(user_cell, norm) -> None:
    check_blocks(user_cell.cell, norm)


def check_blocks(cell, norm: str) -> None:
    number = {
        "spectral": quantities.spectral_norm,
        "row_sum": quantities.row_sum_norm,
        "max_weight": lambda matrix: notation.n * quantities.max_abs(matrix),
    }[norm]
    comparison = comparison_matrix(cell, number)
    for (r, row), (c, column) in itertools.product(enumerate(cell.states), repeat=2):
        if step_jacobian(cell).blocks[row, column].terms:
            claim = block_derivation(cell, row, column, norm=norm).proof.conclusion.claim
            assert sides(claim)[2] == comparison[r, c]
        else:
            assert comparison[r, c] == 0
            with pytest.raises(ValueError, match="is zero and needs no derivation"):
                block_derivation(cell, row, column, norm=norm)


def test_a_norm_of_a_block_must_be_known() -> None:
    with pytest.raises(ValueError, match="norm must be one of spectral, row_sum, max_weight, got 'frobenius'"):
        block_derivation(cells.get("gru"), "h", "h", norm="frobenius")


def test_a_block_whose_diagonal_counts_too_little_is_rejected() -> None:
    derivation = block_derivation(cells.get("lstm"), "h", "h")
    given = [f for f in derivation.given if not f.name.startswith("supremum")]
    for fact in (f for f in derivation.given if f.name.startswith("supremum")):
        small, _, large = sides(fact.claim)
        half_of_it = dataclasses.replace(fact, claim=le(2 * small, large / 3))
        others = [f for f in derivation.given if f.name.startswith("supremum") and f != fact]
        with pytest.raises(Rejection):
            _ = dataclasses.replace(derivation, given=(*given, *others, half_of_it)).proof


@pytest.mark.parametrize("states", [1, 2, 3])
@pytest.mark.parametrize("kind", ["gaussian", "nilpotent", "reducible"])
def test_a_product_of_blocks_is_bounded_by_the_power_of_its_comparison_matrix(kind, states) -> None:
    rng, n = np.random.default_rng(states), 3
    factors = rng.standard_normal((6, states * n, states * n))
    factors = {"gaussian": factors, "nilpotent": np.triu(factors, 1), "reducible": np.triu(factors)}[kind]
    parts = factors.reshape(-1, states, n, states, n).swapaxes(2, 3)
    norms = np.linalg.norm(parts, 2, axis=(-2, -1)).max(axis=0)
    row_sums = np.abs(parts).sum(axis=-1).max(axis=-1).max(axis=0)
    scaling = diagonal_scaling(norms).diagonal
    rate_found = np.linalg.norm(scaling[:, None] * norms / scaling, 2)
    running = np.eye(states * n)
    for k, J_t in enumerate(factors, start=1):
        running = J_t @ running
        size = np.linalg.norm(running, 2)
        power = np.linalg.norm(np.linalg.matrix_power(norms, k), 2)
        assert size <= power * (1 + 1e-9)
        assert power <= scaling.max() / scaling.min() * rate_found**k * (1 + 1e-9)
        assert size <= math.sqrt(n) * np.linalg.norm(np.linalg.matrix_power(row_sums, k), 2) * (1 + 1e-9)
        assert size <= np.linalg.norm(np.linalg.matrix_power(np.abs(factors).max(axis=0), k), 2) * (1 + 1e-9)


def test_a_comparison_matrix_of_size_one_is_its_entry() -> None:
    bound = block.instantiate(cells.get("gru"))
    assert bound.constant == 1
    assert not bound.rate.has(quantities.perron_scaling_norm)
    assert rows.instantiate(cells.get("gru")).constant == sp.sqrt(notation.n)
    assert block.instantiate(cells.get("lstm")).rate.args[0].shape == (2, 2)
    assert all(theorem.instantiate(cells.get("elman")) is None for theorem in (block, rows, majorant))


# Back-propagation and paths


@pytest.mark.parametrize("name", cells.names())
def test_the_tied_gradient_of_a_cell_is_the_sum_over_its_copies(name) -> None:
    decomposition.by_lag(cells.get(name)).check(n=2, horizon=3)


def test_the_sum_over_copies_of_random_linear_recursions_in_exact_rationals() -> None:
    rng = random.Random(3)

    def drawn(rows: int, columns: int) -> sp.Matrix:
        return sp.Matrix(rows, columns, lambda *_: sp.Rational(rng.randint(-9, 9), 7))

    for size, T in ((1, 1), (2, 4), (3, 3)):
        J_s, B_s = [drawn(size, size) for _ in range(T)], [drawn(size, 1) for _ in range(T)]
        state, g = sp.zeros(size, 1), drawn(size, 1)
        for J_i, B_i in zip(J_s, B_s, strict=True):
            state = J_i * state + B_i
        back, total = sp.eye(size), sp.Integer(0)
        for J_i, B_i in zip(reversed(J_s), reversed(B_s), strict=True):
            total += (g.T * back * B_i)[0]
            back = back * J_i
        assert total == (g.T * state)[0]


@pytest.mark.parametrize("length", [1, 2, 3])
def test_the_path_sum_is_the_recursion_of_the_theorem_written_out(length) -> None:
    product, n = jacobian_product(cells.get("elman")), 2
    for u, v in itertools.product(range(n), repeat=2):
        found = product.path_sum(n, length, u, v)
        assert sp.expand(found - product.explicit(n, length)[u, v]) == 0
        flows = sp.Add.make_args(found)
        assert len(flows) == n ** (length - 1)
        for flow in flows:
            powers = [base.as_base_exp() for base in sp.Mul.make_args(flow)]
            assert sum(times for base, times in powers if str(base).startswith("W_")) == length
            assert sum(times for base, times in powers if not str(base).startswith("W_")) == length


# Moments


def test_the_moments_are_those_of_the_scalar_fact() -> None:
    fact = scalar_facts.get("stationary_sensitivity")
    weight = sp.Symbol("lambda", real=True)
    found = {str(relation.lhs): relation.rhs for relation in fact.relations}
    for theorem in (scalar_moments.variance, moments):
        left, right = theorem.conclusion.lhs, theorem.conclusion.rhs.xreplace({rate: weight})
        assert sp.cancel(found[str(left)] - right) == 0


@pytest.mark.parametrize("weight", [sp.Rational(0), sp.Rational(1, 2), sp.Rational(-9, 10)])
def test_the_moments_are_the_sums_over_the_lags(weight) -> None:
    values = {rate: weight}
    lags = range(400)
    assert (
        abs(
            float(scalar_moments.variance.conclusion.rhs.xreplace(values)) - sum(float(weight) ** (2 * k) for k in lags)
        )
        < 1e-9
    )
    terms = [k**2 * float(weight) ** (2 * k - 2) if k else 0.0 for k in lags]
    assert math.isclose(float(moments.conclusion.rhs.xreplace(values)), sum(terms), rel_tol=1e-9)


def test_the_moments_are_about_linear_cells_alone() -> None:
    assert moments.conditions(cells.get("lstm")) is None
    assert moments.conditions(cells.get("elman")) is None
