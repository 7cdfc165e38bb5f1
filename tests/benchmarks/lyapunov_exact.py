r"""Exact finite-T Lyapunov exponents lambda_i = (1/T) log R_ii, J_T ... J_1 F_0 = Q R, of Jacobians that are given doubles.

A double is an integer times a power of two, so the product is formed without any rounding; its QR has as many bits as 50
digits take, and the sum of the exponents is compared with the determinants of the Jacobians.

Main definitions: `Product`, `network_factors`, `true_error`, `sampled_network`, `tanh_slopes`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import mpmath
import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Integers = tuple[NDArray[np.object_], int]  # a matrix of integers, times 2 to a power
DIGITS = 50


def sampled_network(n: int, gain: float, *, seed: int) -> tuple[Array, Array]:
    """W (n, n) with entries N(0, gain^2 / n) and an initial state (n,)."""
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, n)) * (gain / np.sqrt(n)), rng.normal(size=n)


def tanh_slopes(W: Array, h: Array, steps: int) -> Array:
    """The slopes 4 exp(-2|a|) / (1 + exp(-2|a|))^2 at a_t = W h_{t-1}, which keep all digits, as (T, n)."""
    slopes = np.empty((steps, len(h)))
    for t in range(steps):
        a = W @ h
        e = np.exp(-2 * np.abs(a))
        slopes[t], h = 4 * e / (1 + e) ** 2, np.tanh(a)
    return slopes


def dyadic(matrix: Array) -> Integers:
    """The doubles of a matrix as integers times one power of two: exact."""
    mantissa, exponent = np.frexp(matrix)
    lowest = int(exponent[matrix != 0].min()) - 53
    shift = np.where(matrix != 0, exponent - 53 - lowest, 0)
    whole = [int(m) << int(s) for m, s in zip((mantissa * 2.0**53).ravel(), shift.ravel(), strict=True)]
    return np.array(whole, dtype=object).reshape(matrix.shape), lowest


def _log_diagonal(product: NDArray[np.object_], bits: int) -> list[Any]:
    """log R_ii of the integer matrix by modified Gram-Schmidt with that many bits."""
    with mpmath.workprec(bits):
        columns = np.array([[mpmath.mpf(int(x)) for x in column] for column in product.T], dtype=object)
        logs: list[Any] = []
        for i, q in enumerate(columns):
            square = q @ q
            if not square:
                return logs + [mpmath.ninf] * (len(columns) - i)  # too few bits
            logs.append(mpmath.log(square) / 2)
            for j in range(i + 1, len(columns)):
                columns[j] = columns[j] - (q @ columns[j] / square) * q
        return logs


def _log_determinant(matrix: NDArray[np.object_]) -> Any:
    """log |det| of integers by fraction-free elimination."""
    M, last = matrix.copy(), 1
    for k in range(len(M) - 1):
        at = next(i for i in range(k, len(M)) if M[i, k] != 0)
        M[[k, at]] = M[[at, k]]
        rest = M[k + 1 :, k + 1 :] * M[k, k] - np.outer(M[k + 1 :, k], M[k, k + 1 :])
        M[k + 1 :, k + 1 :], last = rest // last, M[k, k]
    return mpmath.log(abs(int(M[-1, -1])))


@dataclass(frozen=True)
class Product:
    """J_T ... J_1 as integers times a power of two, without any rounding, and sum_t log|det J_t| computed in another way."""

    integers: NDArray[np.object_]
    power: int
    steps: int
    log_determinant: Any

    @classmethod
    def of(cls, factors: Iterable[Integers]) -> Product:
        """The product of Jacobians in the order of time."""
        product, power, steps, determinants = None, 0, 0, mpmath.mpf(0)
        with mpmath.workdps(DIGITS + 10):
            for J, exponent in factors:
                product = J if product is None else J.dot(product)
                power, steps = power + exponent, steps + 1
                determinants += _log_determinant(J) + len(J) * exponent * mpmath.log(2)
        assert product is not None
        return cls(product, power, steps, determinants)

    def exponents(self, start: Array) -> list[Any]:
        """The finite-T exponents from a first frame, as mpmath numbers: the QR takes more bits until 50 digits stay."""
        frame = dyadic(start)[0]
        moved, least = self.integers.dot(frame), mpmath.mpf(10) ** -DIGITS
        with mpmath.workdps(DIGITS + 10):
            bits, before, logs = 3072, _log_diagonal(moved, 1024), _log_diagonal(moved, 2048)
            while not all(abs(a - b) < least for a, b in zip(before, logs, strict=True)):
                before, logs, bits = logs, _log_diagonal(moved, bits), 3 * bits // 2
            shift = self.power * mpmath.log(2)
            volumes = [a - b + shift for a, b in zip(logs, _log_diagonal(frame, 1024), strict=True)]
            assert abs(mpmath.fsum(volumes) - self.log_determinant) < least * 1e6
            return [volume / self.steps for volume in volumes]


def network_factors(W: Array, states: Array) -> Iterator[Integers]:
    """J_t = diag(sech^2(W h_{t-1})) W at given states (T+1, n): W exact, the slopes to 100 bits and more."""
    integers, exponent = dyadic(W)
    for h in states[:-1]:
        numbers, power = dyadic(h)
        with mpmath.workprec(200):
            slopes = [mpmath.sech(mpmath.ldexp(int(x), exponent + power)) ** 2 for x in integers.dot(numbers)]
            bits = 100 - int(mpmath.floor(mpmath.log(min(slopes), 2)))
            whole = [int(mpmath.ldexp(slope, bits)) for slope in slopes]
        yield np.array(whole, dtype=object)[:, None] * integers, exponent - bits


def true_error(found: Array, exact: list[Any]) -> float:
    """The largest error of a spectrum, both sorted; infinity where an exponent is not finite."""
    if not np.isfinite(found).all():
        return np.inf
    with mpmath.workdps(DIGITS):
        pairs = zip(sorted(map(float, found)), sorted(exact), strict=True)
        return float(max(abs(mpmath.mpf(x) - y) for x, y in pairs))
