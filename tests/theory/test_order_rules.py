"""Laws of the rules about entries, blocks, infima over scalings and the joint spectral radius, on drawn instances.

The oracles are loops and grids in numpy, which share nothing with the calculus.
"""

import itertools
import math
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from errorflow.numerics.functionals import EVALUATORS
from errorflow.theory import quantities
from errorflow.theory.calculus import Rule, block_rules, order_rules

Instances = Iterator[tuple[float, float]]  # (smaller side, larger side); of an equality both ways round


def norm(A: np.ndarray) -> float:
    return float(np.linalg.norm(A, 2))


def row_sums(A: np.ndarray) -> float:
    return float(np.abs(A).sum(axis=1).max())


def radius(A: np.ndarray) -> float:
    return float(np.abs(np.linalg.eigvals(A)).max())


def numerical_radius(A: np.ndarray) -> float:
    """The largest eigenvalue of the symmetric part of e^{i theta} A, on a grid of 720 angles."""
    turned = [np.exp(1j * angle) * A for angle in np.linspace(0, 2 * np.pi, 721)]
    return max(float(np.linalg.eigvalsh((B + B.conj().T) / 2)[-1]) for B in turned)


def matrices() -> list[np.ndarray]:
    """n = 1, nilpotent, Jordan, reducible, normal, constant, random."""
    rng = np.random.default_rng(5)
    found = [np.array([[0.5]]), np.array([[-2.0]]), np.array([[0.0]]), np.array([[2.0, 4.0], [-1.0, -2.0]])]
    found += [np.triu(2 * rng.standard_normal((3, 3)), 1), np.eye(2) + np.eye(2, k=1), np.full((3, 3), 1 / 3)]
    found += [np.array([[1.0, 5.0, 0.0], [0.0, 0.5, 1.0], [0.0, -1.0, 0.5]]), np.diag([0.5, -1 / 3])]
    return found + [rng.standard_normal((n, n)) for n in (2, 3, 3)]


def scalings(n: int) -> list[np.ndarray]:
    """Diagonal matrices, signs included."""
    rng = np.random.default_rng(6)
    return [np.diag(np.exp(rng.standard_normal(n)) * rng.choice([-1, 1], n)) for _ in range(5)]


def masks(n: int) -> list[np.ndarray]:
    return [np.diag(np.array(d, dtype=float)) for d in itertools.product((0, 1), repeat=n)]


def largest(W: np.ndarray, length: int) -> float:
    """The largest norm of a product of masked factors, over masks of zeros and ones: a norm is convex in every mask."""
    steps = [D @ W for D in masks(len(W))]
    products = [np.eye(len(W))]
    for _ in range(length):
        products = [step @ product for step in steps for product in products]
    return max(map(norm, products))


def both_ways(left: float, right: float) -> list[tuple[float, float]]:
    return [(left, right), (right, left)]


def product(factors: list[np.ndarray], size: int) -> np.ndarray:
    total = np.eye(size)
    for factor in factors:
        total = factor @ total
    return total


def entry_of_product() -> Instances:
    for A in matrices():
        B = A.T + 1
        for i, j in itertools.product(range(len(A)), repeat=2):
            yield from both_ways(float((A @ B)[i, j]), sum(A[i, k] * B[k, j] for k in range(len(A))))


def entry_of_scaled_row() -> Instances:
    for A in matrices():
        for D in scalings(len(A)):
            for i, j in itertools.product(range(len(A)), repeat=2):
                yield from both_ways(float((D @ A)[i, j]), D[i, i] * A[i, j])


def row_sum_triangle() -> Instances:
    for A in matrices():
        for D in scalings(len(A)):
            yield row_sums(A + D), row_sums(A) + row_sums(D)


def blocks() -> Iterator[tuple[int, int, list[np.ndarray]]]:
    """(number of blocks, their size, factors)."""
    rng = np.random.default_rng(7)
    for number, size, length in itertools.product((1, 2, 3), (1, 2, 4), (0, 1, 4)):
        for kind in ("gaussian", "nilpotent", "one column in each block"):
            factors = [rng.standard_normal((number * size, number * size)) for _ in range(length)]
            if kind == "nilpotent":
                factors = [np.triu(A, 1) for A in factors]
            elif kind == "one column in each block":
                factors = [A * np.tile(np.eye(size)[0], number) for A in factors]
            yield number, size, factors


def compared(A: np.ndarray, number: int, size: int, of: Callable[[np.ndarray], float]) -> np.ndarray:
    parts = A.reshape(number, size, number, size).swapaxes(1, 2)
    return np.array([[of(parts[r, c]) for c in range(number)] for r in range(number)])


def product_below_block_norms() -> Instances:
    for number, size, factors in blocks():
        bounds = [compared(A, number, size, norm) for A in factors]
        yield norm(product(factors, number * size)), norm(product(bounds, number))


def product_below_block_row_sums() -> Instances:
    for number, size, factors in blocks():
        bounds = [compared(A, number, size, row_sums) for A in factors]
        yield norm(product(factors, number * size)), math.sqrt(size) * norm(product(bounds, number))


def product_below_majorant() -> Instances:
    for number, size, factors in blocks():
        yield norm(product(factors, number * size)), norm(product([np.abs(A) for A in factors], number * size))


def root_of_growth() -> Instances:
    """For c > d some length has c^m > e d^m."""
    for d, excess, e in itertools.product((0.0, 0.3, 1.0, 2.0), (0.01, 1.0), (0.0, 1.0, 1e6)):
        lengths = range(1, 10**4)
        broken = [m for m in lengths if d == 0 or m * math.log1p(excess / d) > math.log(max(e, 1e-300))]
        yield 1.0, float(len(broken))


def vanishing_excess() -> Instances:
    """For c > d some m has c > d + e / (m + 1)."""
    for gap, e in itertools.product((1e-3, 0.5), (-1.0, 0.0, 2.0)):
        yield 1.0, float(sum(gap > e / (m + 1) for m in range(10**4)))


def smallest_scaled_norm() -> Instances:
    for A in matrices():
        for L in scalings(len(A)):
            yield EVALUATORS[quantities.diagonal_scaling_norm](A).lower, norm(L @ A @ np.linalg.inv(L))


def smallest_scaled_radius() -> Instances:
    for A in matrices():
        for L in scalings(len(A)):
            turned = numerical_radius(L @ A @ np.linalg.inv(L)) / math.cos(math.pi / 720)
            yield EVALUATORS[quantities.scaled_numerical_radius](A).lower, turned


def symmetric_part() -> Instances:
    return ((norm(A + A.T) / 2, numerical_radius(A)) for A in matrices())


def skew_part() -> Instances:
    return ((norm(A - A.T) / 2, numerical_radius(A)) for A in matrices())


def radius_of_absolute_values() -> Instances:
    for A in matrices():
        found, value = EVALUATORS[quantities.perron_radius](A), radius(np.abs(A))
        yield from ((found.lower, value + 1e-6), (value - 1e-6, found.upper))


def row_sums_of_absolute_values() -> Instances:
    for A in matrices():
        yield from both_ways(row_sums(np.abs(A)), row_sums(A))


def entries_of_mask() -> Instances:
    return ((float(np.abs(D).max()), 1.0) for n in (1, 3) for D in masks(n))


def masked_product_below_largest() -> Instances:
    rng = np.random.default_rng(8)
    for A, length in itertools.product(matrices(), (1, 2, 3)):
        for _ in range(3):
            drawn = [np.diag(rng.uniform(0, 1, len(A))) @ A for _ in range(length)]
            yield norm(product(drawn, len(A))), largest(A, length)


def joint_radius_below_largest() -> Instances:
    for A, length in itertools.product(matrices(), (1, 2, 3)):
        yield EVALUATORS[quantities.joint_spectral_radius](A).lower ** length, largest(A, length)


def joint_radius_is_greatest() -> Instances:
    """What is above jsr = rho(A) of a nonnegative A fails at some length, where N_m = ||A^m||."""
    for A in map(np.abs, matrices()):
        value = radius(A)
        powers = [norm(np.linalg.matrix_power(A / max(value, 0.1), m)) for m in range(1, 400)]
        above = 1.05 * max(value, 1e-3) / max(value, 0.1)
        yield 1.0, float(sum(above**m > N for m, N in enumerate(powers, start=1)))


def minus_modulus() -> Instances:
    return ((-abs(c), c) for c in (-2.0, -1e-9, 0.0, 0.5, 3.0, 1e9))


def joint_radius_below_one() -> Instances:
    """c jsr < d by as little as is known of jsr."""
    for A, c in itertools.product(matrices(), (0.0, 0.5, 2.0)):
        d = c * EVALUATORS[quantities.joint_spectral_radius](A).upper * (1 + 1e-9) + 1e-9
        yield EVALUATORS[quantities.joint_spectral_radius](c / d * A).lower, 1.0


def masked_product_below_supremum() -> Instances:
    """N_k <= sup_k N_k, which is the largest one up to the first length whose largest product is at most 1."""
    rng = np.random.default_rng(9)
    for A in (A for A in matrices() if len(A) < 3):
        scaled = A / (1.5 * EVALUATORS[quantities.joint_spectral_radius](A).upper + 1e-9)
        longest = next(k for k in range(1, 8) if largest(scaled, k) <= 1)
        supremum = max(largest(scaled, k) for k in range(longest))
        for length in (0, 1, 2, 5, 40):
            drawn = [np.diag(rng.choice([0.0, 1.0, rng.uniform()], len(A))) @ scaled for _ in range(length)]
            yield norm(product(drawn, len(A))), supremum


def perron_scaling() -> Instances:
    for A in matrices():
        yield EVALUATORS[quantities.diagonal_scaling_norm](np.abs(A)).lower, radius(np.abs(A)) + 1e-6


RULES = {
    name: rule for module in (block_rules, order_rules) for name, rule in vars(module).items() if isinstance(rule, Rule)
}


@pytest.mark.parametrize("name", RULES)
def test_a_rule_holds_on_drawn_instances(name) -> None:
    found = list(globals()[name]())
    assert len(found) >= 6
    for small, large in found:
        assert small <= large + 1e-9 * (1 + abs(small) + abs(large))


FALSE: dict[str, Instances] = {
    "blocks, without the root of n": (
        (norm(product(f, m * n)), norm(product([compared(A, m, n, row_sums) for A in f], m))) for m, n, f in blocks()
    ),
    "the largest entries of the blocks": (
        (norm(product(f, m * n)), norm(product([compared(A, m, n, lambda B: np.abs(B).max()) for A in f], m)))
        for m, n, f in blocks()
    ),
    "signs kept in the majorant": ((norm(np.abs(A) @ np.abs(A)), norm(A @ A)) for A in matrices()),
    "the symmetric part below the spectral radius": ((norm(A + A.T) / 2, radius(A)) for A in matrices()),
    "a mask of norm 2": ((largest(2 * A, 2), largest(A, 2)) for A in matrices()),
    "no modulus": ((-c, c) for c in (-2.0, 1.0)),
    "a supremum without the first products": (
        (largest(A / 3, 1), largest(A / 3, 4)) for A in matrices() if len(A) == 2
    ),
    "the spectral radius for the joint one": ((largest(A, 1), radius(A)) for A in matrices()),
    "the scaled norm below rho(A)": (
        (EVALUATORS[quantities.diagonal_scaling_norm](A).lower, radius(A)) for A in matrices()
    ),
}


@pytest.mark.parametrize("name", FALSE)
def test_a_false_rule_is_caught(name) -> None:
    assert any(small > large + 1e-6 for small, large in FALSE[name])


@pytest.mark.usefixtures("derivations_alone")
def test_one_rule_of_the_order_is_cited() -> None:
    cited = {name for name, rule in RULES.items() if rule.evidence.word == "cited"}
    assert cited == {"perron_scaling"}
