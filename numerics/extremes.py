r"""Largest and smallest singular values of J(T, T-k) for every lag k, in logs, on one sample.

The product P_k = J_T ... J_{T-k+1} and, separately, its inverse are built factor by factor and rescaled at every step:
sigma_max is the norm of the first, sigma_min one over the norm of the second, so that neither is lost in the other's
rounding. A factor that is singular to working precision makes sigma_min zero, hence -inf, from its lag on.
Where J_t = D_t W with one W for all steps, W is inverted once. The two updates of a step run in two threads.

Main definitions: `extreme_singular_values`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import lapack

from ..theory.jacobian import Term, step_jacobian
from ..theory.language import Cell
from . import axes
from .axes import Array
from .simulate import Trajectory

FULL_SVD = 80  # up to this size a full SVD is faster than an iteration
MOST_STEPS, CHECK_EVERY = 120, 6
MOST_GROWTH = 100.0  # largest ratio of diagonals at which a state is eliminated
WARMTH = 1e-2  # size of the random part of a starting vector
SETTLED = 1e-6  # relative residual of the top triplet; its square bounds the relative error of the norm


def extreme_singular_values(
    trajectory: Trajectory, *, sample: int = 0, advance: Callable[[], None] = lambda: None
) -> tuple[Array, Array]:
    """Natural logs of sigma_max and sigma_min of J(T, T-k), k = 0..T, each of shape ``(T+1,)``.

    ``advance`` is called once per step. The inverse is applied by LU of each row-equilibrated step Jacobian; a state
    that enters every new state through a diagonal alone (an LSTM's c) is eliminated first.

    >>> from errorflow.numerics import Network, simulate
    >>> from errorflow.theory import activations, cells
    >>> cell = cells.get("elman", activation=activations.Identity())
    >>> net = Network(cell, {"W": np.diag([3.0, 1e-200]), "B": np.ones((2, 1)), "b": np.zeros(2)})
    >>> largest, smallest = extreme_singular_values(simulate(net, np.zeros((2, 1, 1))))
    >>> largest.round(6).tolist(), (smallest / np.log(10)).round(6).tolist()
    ([0.0, 1.098612, 2.197225], [0.0, -200.0, -400.0])
    """
    network = trajectory.network
    single = trajectory.take(slice(sample, sample + 1))
    product = _Chain.identity(network.state_dim)
    inverse: _Chain | None = product
    largest, smallest = np.full((2, trajectory.steps + 1), -np.inf)
    largest[0] = smallest[0] = 0.0
    with ThreadPoolExecutor(max_workers=1) as pool:
        for lag, (apply, solve) in enumerate(_factors(single), start=1):
            advance()
            solved = pool.submit(inverse.moved, solve) if inverse else None
            moved = product.moved(apply)
            inverse = solved.result() if solved else None
            if moved is None:
                break
            product = moved
            largest[lag] = product.log_norm
            smallest[lag] = -inverse.log_norm if inverse else -np.inf
    return largest, np.minimum(smallest, largest)


@dataclass(frozen=True, eq=False)
class _Chain:
    """A product of factors divided by exp(log_scale), the log of its norm, and a vector near its top right one."""

    product: Array
    log_scale: float
    log_norm: float
    start: Array
    fresh: Array

    @classmethod
    def identity(cls, size: int) -> _Chain:
        fresh = np.random.default_rng(size).standard_normal(size) / np.sqrt(size)
        return cls(np.eye(size), 0.0, 0.0, fresh, fresh)

    def moved(self, apply: Callable[[Array], Array | None]) -> _Chain | None:
        """The chain with one more factor on its left; None if it is zero, or singular for an inverse."""
        with np.errstate(over="ignore", invalid="ignore"):  # beyond the range of doubles the chain ends, below
            moved = apply(self.product)
        scale = 0.0 if moved is None else float(np.abs(moved).max())
        if moved is None or scale == 0.0 or not np.isfinite(scale):
            return None
        product, log_scale = moved / scale, self.log_scale + float(np.log(scale))
        # a little of every direction: a singular vector that was on top may be exactly one that no longer is
        norm, start = spectral_norm(product, self.start + WARMTH * self.fresh)
        return _Chain(product, log_scale, log_scale + float(np.log(norm)), start, self.fresh)


Move = Callable[[Array], Array | None]


def _factors(trajectory: Trajectory) -> Iterator[tuple[Move, Move]]:
    """For t = T..1 how J_t^T is applied, and how J_t^-1 is, to the matrices of the chains."""
    network, kernels = trajectory.network, trajectory.kernels
    word, columns = _only_word(network.cell), _diagonal_columns(network.cell, network.n)
    known: tuple[Array, Array | None] | None = None
    for t, point in trajectory.backward():
        parameters = network.at(t)
        if word is None:
            factor = kernels.dense(parameters, point)[0]
            yield partial(_transposed_product, factor, columns=columns), partial(_solve, factor, columns=columns)
            continue
        ((matrix, _),) = word.tail
        W = axes.rows(parameters[matrix.parameter.name], matrix.parameter, matrix.gate, matrix=True)
        if known is None or known[0] is not W:
            known = W, _solve(W, np.eye(len(W)))
        slopes = kernels.diagonal(word.left, parameters, point)[0][:, None]
        yield partial(_scaled_product, slopes, W), partial(_scaled_solution, slopes, known[1])


def _only_word(cell: Cell) -> Term | None:
    """The term D W of a step Jacobian that has no other."""
    if len(cell.states) > 1:
        return None
    terms = step_jacobian(cell).blocks[cell.states[0], cell.states[0]].terms
    return terms[0] if len(terms) == 1 and len(terms[0].tail) == 1 and terms[0].tail[0][1] == 1 else None


def _scaled_product(slopes: Array, W: Array, left: Array) -> Array:
    """(D W)^T left."""
    return np.asarray(W.T @ (slopes * left))


def _scaled_solution(slopes: Array, inverse: Array | None, right: Array) -> Array | None:
    """W^-1 D^-1 right, None for a singular one."""
    return inverse @ (right / slopes) if inverse is not None and slopes.all() else None


def _diagonal_columns(cell: Cell, n: int) -> slice | None:
    """The columns of a state through which every new state depends by a diagonal alone, itself included, if any."""
    blocks = step_jacobian(cell).blocks
    if len(cell.states) < 2:
        return None
    for j, column in enumerate(cell.states):
        terms = [term for row in cell.states for term in blocks[row, column].terms]
        if blocks[column, column].terms and all(not term.tail for term in terms):
            return slice(j * n, (j + 1) * n)
    return None


def _others(size: int, columns: slice) -> NDArray[np.intp]:
    return np.delete(np.arange(size), columns)


def _transposed_product(factor: Array, left: Array, *, columns: slice | None) -> Array:
    """factor^T left."""
    if columns is None:
        return factor.T @ left
    rest = _others(len(factor), columns)
    n = columns.stop - columns.start
    result = np.empty_like(left)
    result[rest] = factor[:, rest].T @ left
    blocks = factor[:, columns].reshape(-1, n, n).diagonal(axis1=1, axis2=2)
    result[columns] = np.einsum("bi,bij->ij", blocks, left.reshape(len(blocks), n, -1))
    return result


def spectral_norm(matrix: Array, start: Array) -> tuple[float, Array]:
    """The spectral norm and the top right singular vector, by Golub-Kahan bidiagonalization from a starting vector.

    Both chains grow on the left (the product is kept transposed), so that this vector changes little from lag to
    lag. With full reorthogonalization; it stops when the estimate has settled, and falls back on a full SVD where the top of
    the spectrum is too crowded for it.
    """
    if len(matrix) <= FULL_SVD:
        return float(np.linalg.norm(matrix, 2)), start
    right: list[Array] = [start / np.linalg.norm(start)]
    left: list[Array] = []
    diagonal: list[float] = []
    above: list[float] = []
    for count in range(1, MOST_STEPS + 1):
        u = matrix @ right[-1] - (above[-1] * left[-1] if left else 0.0)
        u -= np.array(left).T @ (np.array(left) @ u) if left else 0.0
        diagonal.append(float(np.linalg.norm(u)))
        left.append(u / (diagonal[-1] or 1.0))
        v = matrix.T @ left[-1] - diagonal[-1] * right[-1]
        v -= np.array(right).T @ (np.array(right) @ v)
        above.append(float(np.linalg.norm(v)))
        if count % CHECK_EVERY == 0 or above[-1] == 0.0:
            small = np.diag(diagonal) + np.diag(above[:-1], 1)
            rows, values, columns = np.linalg.svd(small)
            # the residual of the top triplet, and with it twice as many digits of the norm as of the vector
            residual = above[-1] * abs(rows[-1, 0])
            estimate = float(values[0])
            if residual <= SETTLED * estimate:
                return estimate, np.array(right).T @ columns[0]
        right.append(v / (above[-1] or 1.0))
    _, values, columns = np.linalg.svd(matrix)
    return float(values[0]), columns[0]


def _solve(factor: Array, right: Array, *, columns: slice | None = None) -> Array | None:
    """factor^-1 right, or None for a factor that is singular to working precision after row equilibration."""
    if columns is not None:
        eliminated = _eliminate(factor, columns)
        if eliminated is not None:
            return _solve_eliminated(factor, right, columns, *eliminated)
    rows = np.abs(factor).max(axis=1)
    if not rows.all():
        return None
    # LAPACK stores by columns: the transpose of a NumPy array is in its layout, so that nothing is copied
    transposed = (factor / rows[:, None]).T
    size = np.abs(transposed).sum(axis=0).max()
    lu, pivots, info = lapack.dgetrf(transposed, overwrite_a=True)
    if info != 0:
        return None
    rcond, _ = lapack.dgecon(lu, size)
    if rcond < len(factor) * np.finfo(float).eps:
        return None
    sides = np.asfortranarray(right / rows[:, None])
    solution, _ = lapack.dgetrs(lu, pivots, sides, trans=1, overwrite_b=True)
    return np.asarray(solution)


def _eliminate(factor: Array, columns: slice) -> tuple[Array, Array] | None:
    """The diagonal D of the eliminated state and the ratios D_r / D of the other rows; None where digits would be lost."""
    n = columns.stop - columns.start
    blocks = factor[:, columns].reshape(-1, n, n).diagonal(axis1=1, axis2=2)
    own = blocks[columns.start // n]
    if not own.all():
        return None
    ratios = np.delete(blocks, columns.start // n, axis=0) / own
    return (own, ratios.ravel()) if np.abs(ratios).max() <= MOST_GROWTH else None


def _solve_eliminated(factor: Array, right: Array, columns: slice, own: Array, ratios: Array) -> Array | None:
    """Solve with x_c = D^-1 (b_c - J_c x) put into the other rows: (J_r - R J_c) x = b_r - R b_c, R = D_r / D."""
    rest = _others(len(factor), columns)
    copies = len(rest) // len(own)
    below = factor[columns][:, rest]
    reduced = factor[np.ix_(rest, rest)] - ratios[:, None] * np.tile(below, (copies, 1))
    solution = _solve(reduced, right[rest] - ratios[:, None] * np.tile(right[columns], (copies, 1)))
    if solution is None:
        return None
    result = np.empty_like(right)
    result[rest] = solution
    result[columns] = (right[columns] - below @ solution) / own[:, None]
    return result
