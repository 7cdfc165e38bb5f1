r"""sup over t >= 0 of ||W^t||_2 lies between two floats: powers with a running error bound, and ||W^(a+b)|| <= ||W^a|| ||W^b||.

**One power.** W^t = 2^e (N + E) with ||E||_2 <= error. N is a float matrix M with its largest entry in [1/2, 1), or, for small
matrices where floats leave too little, a matrix of integers times 2^-bits ("digits"), which rounds to M: ||N - M||_2 <= u
||N||_F + n 2^-1074 <= 2 u ||M||_F + n 2^-1000. The scale e is an integer: no power over- or underflows. The product of two
powers is (N + E) (N' + E') times a power of two, so its error is at most

    error ||N'|| + ||N|| error' + error error' + n^2 2^-1000 + rest.

For floats rest = gamma_n ||M||_F ||M'||_F bounds the rounding of M M', and what underflows is below the term before it, before
and after scaling. The integers are multiplied exactly and cut, towards minus infinity, to `bits` bits: n 2^-bits after
scaling. These expressions have at most 16 roundings, hence the factor `SLACK`.

**Norms** from above come from `norms_above`, for n > `SMALL` one by one from `norm_above`; from below, of the few matrices
where they matter, from `norm_below`.

**Supremum.** ||W||_2 <= 1 makes it 1, and so does ||W||_1 ||W||_inf <= 1 in rationals. If ||W||_inf <= 1 or ||W||_1 <= 1, the
same holds of the powers, and ||W^t||_2 <= sqrt(n). If ||W^m|| <= 1, every power is bounded by one with t < m: t = q m + b, ||W^t||
<= ||W^b||. So m = 2^j with j = 0, 1, ... until ||W^m|| <= 1 is shown, or W^m = 0 because the graph of W has no cycle and m >=
n. The largest ||W^t|| with t < 2^j is found by halving the ranges [a, a + 2^j) whose bound ||W^a|| max over b < 2^j of ||W^b||
exceeds a lower bound of the supremum. |tr W^m| <= n rho(W)^m, so |tr W^m| > n shows that rho(W) > 1 and the powers are
unbounded. Where nothing is shown, the upper end is inf.

Main definitions: `growth`, `Growth`.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..certify import (
    SLACK,
    TINY,
    U,
    down,
    gamma,
    norm_above,
    norm_at_most,
    norm_below,
    phi,
    scaled_down,
    scaled_up,
    square_root_above,
    top_vector,
    up,
)
from .many_norms import frobenius_above, norms_above
from .matrix import Matrix, components, normalized

Vector = NDArray[np.float64]
DOUBLINGS = 40  # W^(2^j), j < DOUBLINGS, decide whether the powers are bounded
PREFIX = 64  # so many powers are bounded one by one
NODES = 5e8  # n^3 times the powers that the halving evaluates
INTEGER_NODES = 1e6  # the same for integers
SMALL = 32  # up to this size norms are found many at a time
WIDE = 24  # up to this size integers take over from floats
BITS = 640  # of the integers, in addition to the spread of the entries of W
TOLERANCE = 1e-12  # relative gap at which the halving stops


class Growth(NamedTuple):
    """lower <= sup ||W^t||_2 <= upper; bounds of ||W^t||, t < 2^i, and of ||W^(2^j)||, j = i, ..., the last at most 1."""

    lower: float
    upper: float
    prefix: Vector
    doubled: Vector


class _Powers(NamedTuple):
    """Powers of W by the first axis: 2**exponent (N + E), ||E||_2 <= error, ||N||_2 <= above, ||N||_F <= frobenius, N near M."""

    M: NDArray[np.float64]
    exponent: NDArray[np.int64]
    error: Vector
    above: Vector
    frobenius: Vector
    digits: NDArray[Any] | None = None
    bits: int = 0

    def take(self, kept: NDArray[np.bool_]) -> _Powers:
        digits = None if self.digits is None else self.digits[kept]
        exponent, error = self.exponent[kept], self.error[kept]
        return _Powers(self.M[kept], exponent, error, self.above[kept], self.frobenius[kept], digits, self.bits)

    def joined(self, other: _Powers) -> _Powers:
        digits = None
        if self.digits is not None and other.digits is not None:
            digits = np.concatenate([self.digits, other.digits])
        return _Powers(
            np.concatenate([self.M, other.M]),
            np.concatenate([self.exponent, other.exponent]),
            np.concatenate([self.error, other.error]),
            np.concatenate([self.above, other.above]),
            np.concatenate([self.frobenius, other.frobenius]),
            digits,
            self.bits,
        )

    @property
    def high(self) -> Vector:
        """Upper bounds of ||W^t||_2."""
        over = ((self.above + self.error) * (1 + 4 * U)).tolist()
        return np.array([scaled_up(value, e) for value, e in zip(over, self.exponent.tolist(), strict=True)])

    def low(self, i: int) -> float:
        """A lower bound of ||W^t||_2 for one of them, at least 0."""
        M = self.M[i]
        found = norm_below(M, top_vector(M)[1])
        lost = float(self.error[i]) + _rounding(float(self.frobenius[i]), len(M))
        return max(scaled_down(down(found - up(lost)), int(self.exponent[i])), 0.0)


def _rounding(frobenius: float, n: int) -> float:
    """A bound of ||N - M||_2, which is 0 for a float matrix."""
    return (2 * U * frobenius + n * TINY) * SLACK


def _largest_row_sum(W: Matrix) -> Fraction | None:
    """max_i sum_j |w_ij|, exactly; None if it overflows. Only rows whose rounded sums come near the largest are summed."""
    size = np.abs(W)
    with np.errstate(over="ignore"):
        rough = size.sum(axis=1)
    top = float(rough.max())
    if not math.isfinite(top):
        return None
    rows = size[rough >= top * (1 - 4 * gamma(len(W)))].tolist()
    return max(sum((Fraction(entry) for entry in row if entry), Fraction(0)) for row in rows)


def growth(W: Matrix) -> Growth:
    """The enclosure of sup ||W^t||_2 for an (n, n) matrix.

    >>> found = growth(np.array([[0.0, 3.0], [0.0, 0.0]]))
    >>> bool(found.lower <= 3.0 <= found.upper < found.lower * (1 + 1e-12))
    True
    """
    sums = [_largest_row_sum(side) for side in (W, W.T)]
    product = None if None in sums else sums[0] * sums[1]  # type: ignore[operator]  # neither is None
    if (product is not None and product <= 1) or norm_at_most(W, 1.0):
        return Growth(1.0, 1.0, np.ones(1), np.ones(1))
    found = _growth(_first(W, wide=False), W)
    if len(W) <= WIDE and found.upper > found.lower * (1 + 1e-9):
        again = _growth(_first(W, wide=True), W)
        if again.upper < found.upper or again.lower == math.inf:
            found = again
        else:
            found = found._replace(lower=max(found.lower, again.lower))
    if found.upper == math.inf and any(side is not None and side <= 1 for side in sums):
        return found._replace(upper=square_root_above(float(len(W))))
    return found


def _open(lower: float) -> Growth:
    return Growth(lower, math.inf, np.ones(0), np.ones(0))


def _first(W: Matrix, *, wide: bool) -> _Powers:
    V, exponent = normalized(W)
    scale = np.array([exponent])
    if not wide:
        lost = 0.0 if np.array_equal(np.ldexp(V, exponent), W) else len(W) * 2.0**-1073
        return _powers(V[None], scale, np.array([lost]))
    _, sizes = np.frexp(W[W != 0.0])
    bits = BITS + int(np.ptp(sizes))
    ratios = [[Fraction(x) * Fraction(2) ** (bits - exponent) for x in row] for row in W.tolist()]
    digits = np.array([[int(x) for x in row] for row in ratios], dtype=object)
    return _wide(digits[None], scale, np.zeros(1), bits)


def _powers(M: NDArray[np.float64], exponent: NDArray[np.int64], error: Vector) -> _Powers:
    """Powers whose N is M, with max |m_ij| in [1/2, 1) or 0."""
    above = norms_above(M) if M.shape[-1] <= SMALL else np.array([norm_above(A, guess=top_vector(A)[0]) for A in M])
    return _Powers(M, exponent, error, above, frobenius_above(M))


def _wide(digits: NDArray[Any], exponent: NDArray[np.int64], error: Vector, bits: int) -> _Powers:
    unit, n = 1 << bits, digits.shape[-1]
    M = np.array([x / unit for x in digits.ravel().tolist()]).reshape(digits.shape)  # correctly rounded
    found = _powers(M, exponent, error)
    lost = np.array([_rounding(size, n) for size in found.frobenius.tolist()])
    above, frobenius = (found.above + lost) * SLACK, (found.frobenius + lost) * SLACK
    return found._replace(above=above, frobenius=frobenius, digits=digits, bits=bits)


def _times(a: _Powers, b: _Powers) -> _Powers:
    """All powers in a times the single power b."""
    n = a.M.shape[-1]
    with np.errstate(over="ignore", invalid="ignore"):
        error = a.error * b.above + a.above * b.error + a.error * b.error + n * n * TINY
        error[np.isnan(error)] = np.inf
        if a.digits is not None and b.digits is not None:
            return _cut(np.matmul(a.digits, b.digits[0]), a.exponent + b.exponent, error * SLACK, a.bits)
        product = a.M @ b.M[0]
        error = (error + gamma(n) * a.frobenius * b.frobenius) * SLACK
        _, shift = np.frexp(np.abs(product).max(axis=(1, 2)))
        M = np.ldexp(product, -shift[:, None, None])
        error = np.ldexp(error, -shift) + n * TINY  # what M loses to underflow, and the error itself
    return _powers(M, a.exponent + b.exponent + shift, error * (1 + 2 * U))


def _cut(digits: NDArray[Any], exponent: NDArray[np.int64], error: Vector, bits: int) -> _Powers:
    """Products of integer matrices, each shifted so that its largest entry has `bits` bits."""
    n = digits.shape[-1]
    excess = [max(int(abs(x)).bit_length() for x in matrix.ravel()) - bits for matrix in digits]
    excess = [bits if count == -bits else count for count in excess]  # a zero matrix keeps its scale
    for i, count in enumerate(excess):
        digits[i] = digits[i] >> count if count > 0 else digits[i] << -count
    shift = np.array(excess) - bits
    cut = n * math.ldexp(1.0, -bits) if bits < 1000 else n * TINY
    scaled = [up(scaled_up(e, -s) + cut) for e, s in zip(error.tolist(), shift.tolist(), strict=True)]
    return _wide(digits, exponent + shift, np.array(scaled), bits)


def _growth(first: _Powers, W: Matrix) -> Growth:
    n = len(W)
    nilpotent = not np.diag(W).any() and all(len(units) == 1 for units in components(W))
    doubled, lower = [first], 1.0
    for j in range(DOUBLINGS):
        power = doubled[-1]
        high = float(power.high[0])
        lower = max(lower, power.low(0))
        if high <= 1.0 or (nilpotent and 2**j >= n):
            return _largest(doubled, lower, gone=nilpotent and 2**j >= n)
        if _trace(power) > n:
            return _open(math.inf)
        if not (nilpotent or 2 * power.error[0] < power.above[0]):
            break
        doubled.append(_times(power, power))
    return _open(lower)


def _trace(power: _Powers) -> float:
    """A lower bound of |tr W^t|: |tr E| <= n ||E||, and the same for what M differs from N."""
    diagonal = np.diag(power.M[0])
    n = len(diagonal)
    lost = gamma(n) * (1 + phi(n)) * float(np.abs(diagonal).sum())
    lost += n * (float(power.error[0]) + _rounding(float(power.frobenius[0]), n))
    return scaled_down(down(abs(float(diagonal.sum())) - up(lost * SLACK + n * n * TINY)), int(power.exponent[0]))


def _largest(doubled: list[_Powers], lower: float, *, gone: bool) -> Growth:
    """max ||W^t|| over t < m, where the last of the powers is W^m, by halving of ranges; ``gone`` says that W^m = 0."""
    n, last = doubled[0].M.shape[-1], len(doubled) - 1
    nodes = int(np.clip((NODES if doubled[0].digits is None else INTEGER_NODES) // n**3, 64, 8000))
    identity = _identity(doubled[0])
    front, levels = identity, 0
    while levels < last and 2 ** (levels + 1) <= min(PREFIX, nodes // 2):
        front = front.joined(_times(front, doubled[levels]))
        levels += 1
    prefix = np.maximum(front.high, 0.0)
    prefix[0] = 1.0
    lower = max(lower, front.low(int(np.argmax(prefix))))
    dyadic = np.array([float(power.high[0]) for power in doubled[levels:]])
    if gone:
        dyadic[-1] = 0.0
    bounds = [float(prefix[: 2**j].max()) for j in range(levels + 1)]
    for power in dyadic[:-1]:
        bounds.append(_product(bounds[-1], max(1.0, float(power))))
    if levels == last:
        return Growth(lower, max(lower, bounds[-1]), prefix, dyadic)
    ranges, closed, spent = identity, 0.0, len(front.M)
    for j in range(last, -1, -1):
        bound = np.array([_product(high, bounds[j]) for high in ranges.high.tolist()])
        lower = max(lower, ranges.low(int(np.argmax(ranges.high))))
        kept = bound > lower * (1 + TOLERANCE) if j else np.zeros(len(bound), dtype=bool)
        closed = max(closed, float(bound[~kept].max(initial=0.0)))
        if not kept.any():
            break
        spent += int(kept.sum())
        if spent > nodes:
            closed = max(closed, float(bound.max()))
            break
        ranges = ranges.take(kept)
        ranges = ranges.joined(_times(ranges, doubled[j - 1]))
    return Growth(lower, max(lower, closed), prefix, dyadic)


def _identity(like: _Powers) -> _Powers:
    n = like.M.shape[-1]
    half, size = np.full(1, 0.5), np.full(1, math.sqrt(n))
    exact = _Powers(np.eye(n)[None] / 2, np.ones(1, dtype=np.int64), np.zeros(1), half, size)
    if like.digits is None:
        return exact
    digits = np.array([[int(i == j) << (like.bits - 1) for j in range(n)] for i in range(n)], dtype=object)[None]
    return exact._replace(digits=digits, bits=like.bits)


def _product(a: float, b: float) -> float:
    """An upper bound of a product of nonnegative numbers, which may be infinite."""
    if a == 0.0 or b == 0.0:
        return 0.0
    return min(up(a * b), math.inf)
