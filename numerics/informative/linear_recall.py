r"""The linear network that is to recall its input of d steps ago: its task-informative gradient, exactly.

h_t = W h_{t-1} + b u_t, y_T = c^T h_T, white u of unit variance, y* = u_{T-d}. Then

    E[y* dy_T/dW] = sum_{j < d} (W^T)^j c b^T (W^T)^{d-1-j},    of norm <= d ||W||_2^{d-1} ||c||_2 ||b||_2,

with equality for one unit. Under the loss (y_T - y*)^2 the expected gradient contains it times -2, under half of that
loss times -1, and nothing else of it depends on the target.

Main definitions: `linear_recall_gradient`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ..axes import Array
from .arguments import is_whole, real_array


def linear_recall_gradient(W: ArrayLike, b: ArrayLike, c: ArrayLike, lag: int) -> tuple[Array, float]:
    """(M, s) with E[y* dy_T/dW] = e^s M, M ``(n, n)`` with largest entry 1, or zero and s = -inf, as at lag 0.

    W is (n, n), b and c are (n,); the input that is to be recalled has unit variance. No lag underflows. Raises TypeError for
    what holds no real numbers, ValueError for other shapes, numbers that are not finite and a lag that is no integer >= 0.

    >>> M, s = linear_recall_gradient([[0.5]], [1.0], [2.0], 3)
    >>> M.tolist(), round(float(np.exp(s)), 9)  # 3 (1/2)^2 2
    ([[1.0]], 1.5)
    >>> print(f"{linear_recall_gradient([[0.5]], [1.0], [1.0], 2000)[1]:.6f}")  # log 2000 - 1999 log 2
    -1378.000311
    """
    try:
        n = max(1, len(np.asarray(W)))
    except (TypeError, ValueError):  # no matrix: `real_array` says so
        n = 1
    matrix, into, out = real_array("W", W, (n, n)), real_array("b", b, (n,)), real_array("c", c, (n,))
    if not is_whole(lag):
        raise ValueError(f"lag must be an integer of at least 0, got {lag!r}")
    left, left_logs = _orbit(matrix.T, out, int(lag))  # (W^T)^j c
    right, right_logs = _orbit(matrix, into, int(lag))  # W^i b, i = d-1-j
    logs = left_logs + right_logs[::-1]
    top = float(logs.max(initial=-np.inf))
    if top == -np.inf:
        return np.zeros((n, n)), -np.inf
    total = (left * np.exp(logs - top)[:, None]).T @ right[::-1]
    largest = float(np.abs(total).max())
    return (total / largest, top + float(np.log(largest))) if largest else (np.zeros((n, n)), -np.inf)


def _orbit(A: Array, x: Array, count: int) -> tuple[Array, Array]:
    """A^i x of unit length for i < count, and the logs of their lengths."""
    vectors, logs, scale = np.zeros((count, len(x))), np.full(count, -np.inf), 0.0
    size = float(np.abs(A).max())
    unit = A / size if size else A  # products with entries of one stay in range
    for i in range(count):
        largest = float(np.abs(x).max())
        if largest == 0.0:
            break
        x = x / largest
        length = float(np.linalg.norm(x))
        scale += float(np.log(largest)) + float(np.log(length))
        x = x / length
        vectors[i], logs[i] = x, scale
        x, scale = unit @ x, scale + (float(np.log(size)) if size else 0.0)
    return vectors, logs
