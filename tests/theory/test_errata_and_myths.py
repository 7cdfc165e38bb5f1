"""Laws of the errata and myths: both numbers of every clash against floating-point oracles that share no code."""

import math
from itertools import product as cartesian

import numpy as np
import pytest
import sympy as sp

from errorflow.theory.refutation import Example
from errorflow.theory.refutations import (
    growth_from_norm_above_one,
    growth_from_path_factors,
    growth_from_radius_above_one,
    growth_needs_radius_above_one,
    jacobians_in_forward_order,
    long_range_from_nonzero_gradient,
    printed_constant_attained,
    row_vector_with_column_norm,
    slope_as_squared_difference,
    squared_norm_ratio,
    tanh_applied_twice,
    transposed_jacobian,
)

STEP = 1e-30  # of the complex step
MODULES = (
    transposed_jacobian,
    squared_norm_ratio,
    growth_needs_radius_above_one,
    printed_constant_attained,
    row_vector_with_column_norm,
    growth_from_path_factors,
    growth_from_radius_above_one,
    growth_from_norm_above_one,
    slope_as_squared_difference,
    long_range_from_nonzero_gradient,
    jacobians_in_forward_order,
    tanh_applied_twice,
)
REFUTATIONS = [module.refutation for module in MODULES]
every = pytest.mark.parametrize("refutation", REFUTATIONS, ids=lambda refutation: refutation.id)


def array(value) -> np.ndarray:
    return np.array(value.tolist(), dtype=float)


def complex_step(function, at) -> np.ndarray:
    """The Jacobian of ``function`` at the vector ``at``, column by column."""
    at = np.asarray(at, dtype=complex)
    return np.array([function(at + 1j * STEP * e).imag / STEP for e in np.eye(len(at))]).T


def pre_activations(slopes) -> np.ndarray:
    return np.arctanh(np.sqrt(1 - array(slopes)))


def step_jacobians(W, slopes) -> list[np.ndarray]:
    """dh_t/dh_{t-1} of a tanh network, differentiated step by step along inputs that take on the slopes."""
    found, h = [], np.zeros(len(W))
    for a in pre_activations(slopes):
        u = a - W @ h
        found.append(complex_step(lambda x, u=u: np.tanh(W @ x + u), h))
        h = np.tanh(a)
    return found


# (found, claimed) in floating point, by another way


def oracle_transposed_jacobian(example):
    W, (at,) = array(example["W"]), pre_activations(example["slopes"])
    J = complex_step(lambda x: W @ np.tanh(x), at)
    return np.linalg.norm(J, 2), np.linalg.norm(W.T @ np.diag(array(example["slopes"])[0]), 2)


def oracle_squared_norm_ratio(example):
    error = array(example["error"])
    ratios = [np.linalg.norm(error @ array(example[name])) / np.linalg.norm(error) for name in "KJ"]
    assert abs(ratios[0] - 1) < abs(ratios[1] - 1)  # eq. (9) prefers K
    return tuple(((r - 1) * (r + 1)) ** 2 for r in ratios)


def oracle_growth_needs_radius_above_one(example):
    W = array(example["W"])
    norms = [np.linalg.norm(np.linalg.matrix_power(W, t), 2) for t in (500, 1000)]
    assert math.isclose(norms[1] / norms[0], 2, rel_tol=0.02)  # linear growth
    return norms[1] ** (1 / 1000), 1.0  # Gelfand's formula, within 1 %


def oracle_printed_constant_attained(example):
    n, w_max, lag = (float(example[name]) for name in ("n", "w_max", "lag"))
    n, lag = int(n), int(lag)
    largest = 0.0
    for weights in cartesian((-w_max, 0.0, w_max), repeat=n * n):
        J = np.linalg.matrix_power(0.25 * np.array(weights).reshape(n, n), lag)
        largest = max(largest, np.abs(J).max())
    return largest, n * (n * w_max / 4) ** lag


def oracle_row_vector_with_column_norm(example):
    W, e = array(example["W"]), np.eye(example["W"].rows)[int(example["unit"]) - 1]
    return np.linalg.norm(e @ W, 1), np.linalg.norm(W, 1) * np.linalg.norm(e, 1)


def oracle_growth_from_path_factors(example):
    W, lag = array(example["W"]), int(example["lag"])
    n, largest = len(W), 0.0
    for start, end in cartesian(range(n), repeat=2):
        paths = ((start, *inner, end) for inner in cartesian(range(n), repeat=lag - 1))
        largest = max(largest, abs(sum(math.prod(W[path[s], path[s + 1]] for s in range(lag)) for path in paths)))
    assert np.abs(W).min() > 1
    return largest, np.abs(W).max()


def oracle_growth_from_radius_above_one(example):
    W = array(example["W"])
    assert max(abs(np.linalg.eigvals(W))) > 1
    J = np.eye(len(W))
    for factor in step_jacobians(W, example["slopes"]):
        J = factor @ J
    return np.linalg.norm(J, 2), 1.0


def oracle_growth_from_norm_above_one(example):
    W = array(example["W"])
    assert np.linalg.svd(W, compute_uv=False)[0] > 1
    J = complex_step(lambda h: np.linalg.matrix_power(W, int(example["lag"])) @ h, np.ones(len(W)))
    return np.linalg.norm(J, 2), 1.0


def oracle_slope_as_squared_difference(example):
    h = float(example["h"])
    return complex_step(np.tanh, [np.arctanh(h)])[0, 0], (1 - h) ** 2


def oracle_long_range_from_nonzero_gradient(example):
    w, inputs, lag = float(example["w"]), array(example["inputs"])[:, 0], int(example["lag"])

    def run(copies):  # one copy of w for each step
        h = np.zeros(1, dtype=complex)
        for copy, u in zip(copies, inputs, strict=True):
            h = copy * h + u
        return h

    parts = complex_step(run, np.full(len(inputs), w))[0][::-1]
    assert abs(parts.sum()) >= 1
    return abs(parts[lag:]).sum() / abs(parts).sum(), 1e-3


def oracle_jacobians_in_forward_order(example):
    forward, right = np.eye(example["W"].rows), np.eye(example["W"].rows)
    for factor in step_jacobians(array(example["W"]), example["slopes"]):
        forward, right = forward @ factor, factor @ right
    return np.linalg.norm(right, 2), np.linalg.norm(forward, 2)


def oracle_tanh_applied_twice(example):
    a = float(example["a"])
    return complex_step(np.tanh, [a])[0, 0], 1 - np.tanh(np.tanh(a)) ** 2


def oracle(refutation, example):
    return globals()[f"oracle_{refutation.id}"](example)


@every
@pytest.mark.parametrize("seed", [None, 0, 1, 2])
def test_both_numbers_agree_with_the_oracle_and_contradict_the_claim(refutation, seed) -> None:
    example = refutation.example if seed is None else refutation.find(seed)
    clash, (found, claimed) = refutation.measure(example), oracle(refutation, example)
    rel_tol = 1e-2 if refutation.id == "growth_needs_radius_above_one" else 1e-12
    assert math.isclose(float(clash.found), found, rel_tol=rel_tol, abs_tol=1e-14)
    assert math.isclose(float(clash.claimed), claimed, rel_tol=1e-12)
    assert clash.refutes
    assert not clash.claim.func(clash.found, clash.claimed)


@every
def test_the_check_passes_and_is_evidence(refutation) -> None:
    refutation.check()
    assert refutation.evidence.word in ("symbolic", "kernel-checked")


@every
def test_the_same_seed_finds_the_same_example(refutation) -> None:
    assert refutation.find(5) == refutation.find(5)


# Data for which the claim is true, or a premise false: a wrong example does not pass for a counterexample

WRONG = {
    "transposed_jacobian": [
        Example(W=[[0, 1], [1, 0]], slopes=[[1, "1/4"]]),  # symmetric
        Example(W=[[0, 1], [0, 0]], slopes=[["1/4", "1/4"]]),  # equal slopes
        Example(W=[[0, 1], [0, 0]], slopes=[[1, 2]]),  # tanh has no such slope
        Example(W=[[0, 1], [0, 0]], slopes=[[1, 0]]),
        Example(W=[[0, 1], [0, 0]], slopes=[[1, "1/4"], [1, "1/4"]]),  # two steps
    ],
    "squared_norm_ratio": [
        Example(error=[[1]], J=[[0]], K=[["5/4"]]),  # both prefer K
        Example(error=[[1]], J=[["3/2"]], K=[[0]]),  # eq. (9) prefers J
        Example(error=[[0]], J=[[0]], K=[["3/2"]]),  # no error
    ],
    "growth_needs_radius_above_one": [
        Example(W=[[1, 0], [0, 1]]),  # bounded
        Example(W=[["1/2", 1], [0, "1/2"]]),  # a Jordan block that vanishes
        Example(W=[[2, 1], [0, 2]]),  # grows, with a radius above 1
        Example(W=[[1, 1], [0, "1/2"]]),  # semisimple
        Example(W=[[0, 1], [0, 0]]),
    ],
    "printed_constant_attained": [
        Example(n=1, w_max=1, lag=3),  # right for one unit
        Example(n=2, w_max=2, lag=2),  # tau = 1
        Example(n=2, w_max=0, lag=2),
    ],
    "row_vector_with_column_norm": [
        Example(W=[[1, 1], [0, 0]], unit=2),
        Example(W=[[1, 0], [1, 0]], unit=1),
    ],
    "growth_from_path_factors": [
        Example(W=[[2, 2], [2, 2]], lag=2),  # no cancellation
        Example(W=[[1, 1], [-1, -1]], lag=2),  # factors of modulus 1
        Example(W=[[2, 2], [-2, -2]], lag=1),
    ],
    "growth_from_radius_above_one": [
        Example(W=[[2]], slopes=[[1]] * 3),  # linear
        Example(W=[[1]], slopes=[["1/4"]] * 3),  # radius 1
        Example(W=[[2]], slopes=[[0]] * 3),  # tanh has no such slope
        Example(W=[[2]], slopes=[["-1/4"]] * 3),
        Example(W=[[2]], slopes=[["3/4"]] * 3),  # grows
    ],
    "growth_from_norm_above_one": [
        Example(W=[[0, 2], [0, 0]], lag=1),
        Example(W=[[0, 1], [0, 0]], lag=2),  # norm 1
        Example(W=[[2, 0], [0, 0]], lag=5),
    ],
    "slope_as_squared_difference": [Example(h=0), Example(h=1), Example(h=2)],
    "long_range_from_nonzero_gradient": [
        Example(w=1, inputs=[[1]] * 24, lag=20),  # nothing is forgotten
        Example(w="1/2", inputs=[[0]] * 24, lag=20),  # no gradient
        Example(w="1/2", inputs=[[0]] * 23 + [[1]], lag=20),
        Example(w="1/2", inputs=[[1]] * 24, lag=24),  # no such lag
        Example(w="1/2", inputs=[[1]] * 24, lag=2),
    ],
    "jacobians_in_forward_order": [
        Example(W=[[1, 0], [1, 0]], slopes=[[1, 1], [1, 1]]),  # equal factors
        Example(W=[[1, 0], [1, 0]], slopes=[[1, 1]]),  # one factor
        Example(W=[[2]], slopes=[[1], ["1/4"]]),  # numbers commute
        Example(W=[[1, 0], [1, 0]], slopes=[[1, 1], [-1, 1]]),
    ],
    "tanh_applied_twice": [Example(a=0)],
}


@every
def test_an_example_for_which_the_claim_holds_does_not_refute_it(refutation) -> None:
    for example in WRONG[refutation.id]:
        assert not refutation.measure(example).refutes, example


@pytest.mark.parametrize(
    ("module", "example"),
    [
        (transposed_jacobian, Example(W=[[0, 1]], slopes=[[1, 1]])),
        (transposed_jacobian, Example(W=[[0, 1], [0, 0]], slopes=[[1]])),
        (squared_norm_ratio, Example(error=[[1, 1]], J=[[0]], K=[["3/2"]])),
        (growth_needs_radius_above_one, Example(W=[[1, 1]])),
        (printed_constant_attained, Example(n="1/2", w_max=1, lag=1)),
        (printed_constant_attained, Example(n=2, w_max=1, lag=0)),
        (row_vector_with_column_norm, Example(W=[[1, 1], [0, 0]], unit=3)),
        (row_vector_with_column_norm, Example(W=[[1, 1]], unit=1)),
        (growth_from_path_factors, Example(W=[[2, 2], [-2, -2]], lag=-2)),
        (growth_from_norm_above_one, Example(W=[[2, 0]], lag=1)),
        (growth_from_radius_above_one, Example(W=[[2]], slopes=[["1/4", "1/4"]])),
        (long_range_from_nonzero_gradient, Example(w="1/2", inputs=[[1, 1]], lag=1)),
        (jacobians_in_forward_order, Example(W=[[1, 0]], slopes=[[1, 1], ["1/4", 1]])),
    ],
)
def test_data_of_a_wrong_shape_are_refused(module, example) -> None:
    with pytest.raises(ValueError, match=r"must be|mismatch"):
        module.measure(example)


# Inputs that realize slopes


@pytest.mark.parametrize(
    ("module", "example"),
    [
        (growth_from_radius_above_one, Example(W=[[2]], slopes=[[2]])),
        (jacobians_in_forward_order, Example(W=[[1, 0], [1, 0]], slopes=[[1, 0]])),
        (printed_constant_attained, Example(n=2, w_max=1, lag=2)),
        (slope_as_squared_difference, Example(h="1/3")),
    ],
)
def test_slopes_that_no_input_realizes_are_caught(module, example, monkeypatch) -> None:
    if "slopes" not in example.data:  # a wrong number in place of the derivative
        right = module.measure
        planted = lambda e: type(right(e))("planted", right(e).found + sp.Rational(1, 10**20), "=", sp.S.One)  # noqa: E731
        monkeypatch.setattr(module, "measure", planted)
    with pytest.raises(AssertionError):
        module.refutation.realize(example)


# What holds instead


@pytest.mark.parametrize("seed", range(5))
def test_the_bound_drawn_from_the_transposed_jacobian_survives(seed) -> None:
    rng = np.random.default_rng(seed)
    W, D = rng.standard_normal((3, 3)), np.diag(rng.uniform(0, 1, 3))
    for factor in (W @ D, W.T @ D):
        assert np.linalg.norm(factor, 2) <= np.linalg.norm(W, 2) * (1 + 1e-12)


def test_the_two_regularizers_have_the_quotient_of_the_docstring() -> None:
    for r in (sp.Rational(1, 2), sp.Integer(10)):
        assert (r**2 - 1) ** 2 == (r + 1) ** 2 * (r - 1) ** 2
    assert (10 + 1) ** 2 == 121


@pytest.mark.parametrize("n", [1, 2, 3, 5])
@pytest.mark.parametrize("lag", [1, 2, 6])
def test_the_printed_constant_is_n_squared_too_large(n, lag) -> None:
    clash = printed_constant_attained.measure(Example(n=n, w_max=sp.Rational(3, n), lag=lag))
    assert clash.claimed / clash.found == n**2
    assert clash.found == sp.Rational(3, 4) ** lag / n


@pytest.mark.parametrize("rows", [[[1, 1, 0], [0, 1, 1], [0, 0, 1]], [[0, -1, 1], [1, 0, 0], [0, 0, 2]], [[5]]])
def test_the_degree_of_growth_is_the_size_of_the_largest_jordan_block_less_one(rows) -> None:
    W = sp.Matrix(rows)
    blocks = W.jordan_form()[1]
    largest = max(abs(blocks[i, i]) for i in range(W.rows))
    size = here = 1
    for i in range(1, W.rows):
        here = here + 1 if blocks[i - 1, i] == 1 else 1
        size = max(size, here if abs(blocks[i, i]) == largest else 1)
    assert growth_needs_radius_above_one.degree(W) == size - 1


def test_the_norms_of_the_docstring_of_the_jordan_block() -> None:
    W = np.array([[1.0, 1.0], [0.0, 1.0]])
    norms = [np.linalg.norm(np.linalg.matrix_power(W, t), 2) for t in (1, 10, 100)]
    assert [round(norm, 1) for norm in norms] == [1.6, 10.1, 100.0]


@pytest.mark.parametrize("seed", range(5))
def test_a_row_is_bounded_by_the_norm_of_the_transposed_matrix(seed) -> None:
    W = np.random.default_rng(seed).standard_normal((4, 4))
    for row in W:
        assert np.linalg.norm(row, 1) <= np.linalg.norm(W, np.inf)
        assert np.linalg.norm(row, np.inf) <= np.linalg.norm(W, np.inf)  # a unit row and the maximum norm
    assert np.linalg.norm(np.ones(4) @ np.eye(4)[:, :1] @ np.ones((1, 4)), np.inf) <= 4


def test_the_wrong_slope_hides_saturation() -> None:
    wrong = [float(tanh_applied_twice.measure(Example(a=sp.log(k))).claimed) for k in (2, 10, 10**6)]
    assert min(wrong) > 1 - math.tanh(1) ** 2 > 0.4199
    assert float(tanh_applied_twice.measure(Example(a=sp.log(10**6))).found) < 1e-11


def test_two_factors_in_either_order_have_the_same_eigenvalues_but_not_the_same_norm() -> None:
    first, second = step_jacobians(
        np.array([[1.0, 0.0], [1.0, 0.0]]), jacobians_in_forward_order.refutation.example["slopes"]
    )
    values = [sorted(np.linalg.eigvals(product).real) for product in (second @ first, first @ second)]
    assert np.allclose(values[0], values[1])
    assert abs(np.linalg.norm(second @ first, 2) - np.linalg.norm(first @ second, 2)) > 0.5
