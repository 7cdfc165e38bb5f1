r"""The parts of a gradient, lag by lag, as rank-one terms, and their sums: ``P_k = sum_j d_kj x_kj^T``.

A running sum R of parts is a matrix over a scale in logs. Over a block of lags,
``R + sum P = (R - Q C U^T) + Q (C + sum (Q^T d)(U^T x)^T) U^T`` with orthonormal bases Q, U of the block's d and x and
``C = Q^T R U``. The two summands are orthogonal, so that the norm after each lag is that of a small matrix and of a
constant: parts may differ in size by any factor or cancel, and yet no two large inner products are ever subtracted.

Main definitions: `groups`, `log_lengths`, `log_part_norms`, `RunningSum`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..theory.language import Parameter
from .axes import Array
from .point import Use

SAFE = 1e200  # squares between it and its inverse lose no digits
AT_ONCE = 1_000_000  # numbers of a running sum that are moved together
Term = tuple[Array, Array | None]  # d (rows, samples, directions), x (columns, samples) or None for 1
Group = list[Term]  # terms of the same rows of a parameter


def log_lengths(vectors: Array) -> Array:
    """log ||v|| of vectors along the first axis, whatever the size of their entries; -inf for zero.

    >>> log_lengths(np.array([[3e-300, 0.0], [4e-300, 0.0]])).round(6).tolist() == [round(np.log(5e-300), 6), -np.inf]
    True
    """
    flat = vectors.reshape(len(vectors), -1)
    squares = np.einsum("ns,ns->s", flat, flat).reshape(vectors.shape[1:])
    with np.errstate(divide="ignore"):
        if squares.min() > 1 / SAFE and squares.max() < SAFE:
            return np.asarray(0.5 * np.log(squares))
        largest = np.abs(vectors).max(axis=0)
        scaled = vectors / np.where(largest > 0, largest, 1.0)
        return np.asarray(np.log(largest) + 0.5 * np.log(np.einsum("n...,n...->...", scaled, scaled)))


def groups(uses: Sequence[Use], parameter: Parameter, n: int) -> list[Group]:
    """The terms of one step's part of the gradient, by rows of the parameter; parts of different rows are orthogonal.

    Uses that share rows are cut into gates, and terms with one operand are added.
    """
    own = [use for use in uses if use.parameter == parameter.name]
    size = 1 if parameter.kind == "scalar" else n
    gates = [use.first + j for use in own for j in range(len(use.delta) // size)]
    if len(set(gates)) == len(gates):
        return [[(use.delta, use.operand)] for use in own]
    found: dict[int, dict[int, Term]] = {}
    for use in own:
        for j in range(len(use.delta) // size):
            terms = found.setdefault(use.first + j, {})
            delta = use.delta[j * size : (j + 1) * size]
            before = terms.get(id(use.operand))
            terms[id(use.operand)] = (delta if before is None else before[0] + delta, use.operand)
    return [list(terms.values()) for terms in found.values()]


def log_part_norms(parts: Sequence[Group], shape: tuple[int, ...]) -> Array:
    """log ||P||_F ``(samples, directions)`` of the part that the groups make up; -inf for none."""
    total = np.full(shape, -np.inf)
    for group in parts:
        norms = _log_norm(group) if len(group) > 1 else _log_sizes(*group[0])
        total = 0.5 * np.logaddexp(2 * total, 2 * norms)
    return total


def _log_sizes(delta: Array, operand: Array | None) -> Array:
    """log ||d x^T||_F."""
    sizes = log_lengths(delta)
    return sizes if operand is None else sizes + log_lengths(operand)[:, None]


def unit(vectors: Array, logs: Array) -> Array:
    """Vectors over the exponentials of their log lengths, in two steps that stay in range; zero vectors stay zero."""
    half = np.exp(-0.5 * np.where(np.isneginf(logs), 0.0, logs))
    return np.asarray(vectors * half * half)


def _log_norm(group: Group) -> Array:
    """log ||sum_j d_j x_j^T||_F: Gram-Schmidt on the x, since terms may cancel."""
    sizes = [_log_sizes(*term) for term in group]
    top = np.maximum.reduce(sizes)
    scale = np.where(np.isneginf(top), 0.0, top)
    basis: list[tuple[Array, Array]] = []
    for (delta, operand), size in zip(group, sizes, strict=True):
        d = unit(delta, log_lengths(delta)) * np.exp(size - scale)
        x = unit(operand, log_lengths(operand)) if operand is not None else np.ones((1, 1))
        x = np.broadcast_to(x, (len(x), delta.shape[1]))
        for i, (e, total) in enumerate(basis):
            along = np.einsum("ms,ms->s", e, x)
            basis[i] = e, total + along[:, None] * d
            x = x - along * e
        length = np.linalg.norm(x, axis=0)
        basis.append((x / np.where(length > 0, length, 1.0), length[:, None] * d))
    squares = np.sum([np.einsum("nsd,nsd->sd", total, total) for _, total in basis], axis=0)
    with np.errstate(divide="ignore"):
        return np.asarray(top + 0.5 * np.log(squares))


class RunningSum:
    """The sum of the terms of one group over lags, for each sample and direction; see the module for the formula.

    Each norm is good to a few units of rounding of the largest part so far.

    >>> running, x = RunningSum(), np.ones((2, 1))
    >>> block = [[(np.array([[[1.0]]]), x)], [(np.array([[[-1.0]]]), x)]]
    >>> running.add(block, np.zeros((2, 1, 1))).ravel().round(6).tolist()  # log sqrt 2, and the sum is zero
    [0.346574, -inf]
    """

    def __init__(self) -> None:
        self._sums: list[tuple[slice, _Sum]] = []

    def add(self, block: Sequence[Group], logs: Array) -> Array:
        """Add the terms of some lags times e^logs, ``logs (lags, samples, directions)``; the log norms after each lag."""
        return np.concatenate(
            [own.add(*_columns(block, logs, some), len(block)) for some, own in self._split(block)], 1
        )

    def along(self, block: Sequence[Group], logs: Array) -> tuple[Array, Array]:
        """<P_k, R> of the parts of some lags with the sum R: numbers and logs of their factors, both shaped like logs."""
        found = [own.along(*_columns(block, logs, some), len(block)) for some, own in self._split(block)]
        products, scales = (np.concatenate(arrays, 1) for arrays in zip(*found, strict=True))
        return products, scales

    def _split(self, block: Sequence[Group]) -> list[tuple[slice, _Sum]]:
        """Some samples after the other, so that a step of a large sum needs little memory beside it."""
        if not self._sums:
            delta, operand = block[0][0]
            rows, samples, directions = delta.shape
            size = rows * directions * (1 if operand is None else len(operand))
            width = max(1, AT_ONCE // size)
            self._sums = [(slice(i, i + width), _Sum()) for i in range(0, samples, width)]
        return self._sums


class _Sum:
    """A running sum R = e^log_scale matrix, ``(samples, directions, rows, columns)``."""

    def __init__(self) -> None:
        self.matrix: Array = np.zeros(())
        self.log_scale: Array = np.zeros(())

    def add(self, weights: Array, d: Array, x: Array, lags: int) -> Array:
        if self.matrix.ndim == 0:
            self.matrix = np.zeros((*d.shape[:3], x.shape[2]))
            self.log_scale = np.full(d.shape[:2], -np.inf)
        (Q, left), (U, right) = _basis(d), _basis(x)
        core = _project(Q, self.matrix, U)
        rest = self.matrix - _expand(Q, core, U)
        aside, scale = np.linalg.norm(rest, axis=(-2, -1)), self.log_scale
        found = np.empty((lags, *scale.shape))
        for lag, own in enumerate(np.split(np.arange(d.shape[-1]), lags)):
            grown = np.maximum(scale, weights[..., own].max(axis=-1))
            shift = np.where(np.isneginf(grown), 0.0, grown)
            shrunk = np.exp(scale - shift)
            added = left[..., own] * np.exp(weights[..., own] - shift[..., None])[..., None, :]
            core = core * shrunk[..., None, None] + added @ np.swapaxes(right[..., own], -1, -2)
            aside, scale = aside * shrunk, grown
            with np.errstate(divide="ignore"):
                found[lag] = grown + np.log(np.hypot(aside, np.linalg.norm(core, axis=(-2, -1))))
        passed = np.exp(self.log_scale - np.where(np.isneginf(scale), 0.0, scale))
        matrix = rest * passed[..., None, None] + _expand(Q, core, U)
        largest = np.abs(matrix).max(axis=(-2, -1))
        with np.errstate(divide="ignore"):
            self.log_scale = scale + np.log(largest)
        self.matrix = matrix / np.where(largest > 0, largest, 1.0)[..., None, None]
        return found

    def along(self, weights: Array, d: Array, x: Array, lags: int) -> tuple[Array, Array]:
        products = np.einsum("...km,...mk->...k", np.swapaxes(d, -1, -2) @ self.matrix, x)
        shape = (*weights.shape[:2], lags, -1)
        by_lag = weights.reshape(shape)
        top = by_lag.max(axis=-1)
        shift = np.where(np.isneginf(top), 0.0, top)
        total = np.sum(products.reshape(shape) * np.exp(by_lag - shift[..., None]), axis=-1)
        return np.moveaxis(total, -1, 0), np.moveaxis(top + self.log_scale[..., None], -1, 0)


def _columns(block: Sequence[Group], logs: Array, some: slice) -> tuple[Array, Array, Array]:
    """Log weights ``(samples, directions, terms)`` and unit vectors ``(..., rows, terms)`` and ``(..., columns, terms)``."""
    terms = [(delta[:, some], operand) for group in block for delta, operand in group]
    samples = logs.shape[1]
    d = np.array([delta for delta, _ in terms])
    x = np.array([_column(operand, samples)[:, some] for _, operand in terms])[..., None]
    weights = np.repeat(logs[:, some], len(block[0]), axis=0)
    sizes = [np.array([log_lengths(v) for v in vectors]) for vectors in (d, x)]
    d, x = (unit(v, size[:, None]).transpose(2, 3, 1, 0) for v, size in zip((d, x), sizes, strict=True))
    return (weights + sizes[0] + sizes[1]).transpose(1, 2, 0), d, x


def _column(operand: Array | None, samples: int) -> Array:
    x = np.ones((1, 1)) if operand is None else operand
    return np.broadcast_to(x, (len(x), samples))


def _basis(vectors: Array) -> tuple[Array | None, Array]:
    """An orthonormal basis of vectors ``(..., rows, count)`` and their coordinates; None for all of space."""
    if vectors.shape[-2] <= vectors.shape[-1]:
        return None, vectors
    Q, coordinates = np.linalg.qr(vectors)
    return Q, coordinates


def _project(Q: Array | None, matrix: Array, U: Array | None) -> Array:
    """Q^T matrix U."""
    core = matrix if Q is None else np.swapaxes(Q, -1, -2) @ matrix
    return core if U is None else core @ U


def _expand(Q: Array | None, core: Array, U: Array | None) -> Array:
    """Q core U^T."""
    left = core if Q is None else Q @ core
    return left if U is None else left @ np.swapaxes(U, -1, -2)
