r"""False: ||e_u W|| <= ||W|| ||e_u|| for a row vector and the operator norm that belongs to column vectors.

The operator norm of W on columns bounds ||W x||. A row e W is (W^T e^T)^T, so that it needs the norm of the transposed
matrix: ||e W||_1 <= ||W^T||_1 ||e||_1 = ||W||_inf ||e||_1. For the 1-norm the two sides differ: W = [[1, 1], [0, 0]]
has largest column sum ||W||_1 = 1, and the row e_1 W = (1, 1) has norm 2. The 2-norm is the same for W and W^T; with
the maximum norm the step is right for a *unit* row vector, since max_j |w_uj| <= ||W||_inf.
Main statement: `refutation`.
"""

from __future__ import annotations

from random import Random

import sympy as sp

from ..counterexamples import search
from ..exact_matrices import square, whole
from ..refutation import Clash, Example, Refutation


def measure(example: Example) -> Clash:
    """The 1-norm of row ``unit`` of W (counted from 1) against the largest column sum, the operator norm of columns."""
    W, unit = square(example["W"]), whole(example["unit"])
    if unit > W.rows:
        raise ValueError(f"unit must be at most {W.rows}, got {unit}")
    return Clash(
        what="1-norm of the row vector e_u W, against the largest column sum of W",
        found=sum((sp.Abs(x) for x in W.row(unit - 1)), sp.S.Zero),
        relation="<=",
        claimed=sp.Max(*(sum((sp.Abs(x) for x in W.col(j)), sp.S.Zero) for j in range(W.cols))),
    )


def _draw(rng: Random) -> Example:
    n = rng.randint(2, 3)
    return Example(W=[[rng.randint(-4, 4) for _ in range(n)] for _ in range(n)], unit=rng.randint(1, n))


def find(seed: int) -> Example:
    """A random integer matrix with a row sum above all column sums, made small."""
    return search(_draw, measure, seed=seed)


refutation = Refutation(
    id="row_vector_with_column_norm",
    related=("refutes_row_vector_with_column_norm",),
    title="A row vector and the norm of columns",
    claim="For every norm, ||e_u W|| <= ||W|| ||e_u|| with the operator norm of W on column vectors and a unit row e_u.",
    claimant="the step from the row of the error flow to its norm, read for an arbitrary pair of compatible norms",
    citation="hochreiter1997",
    version="section 3 of the LSTM paper, read; for a unit row vector and the maximum norm the step is right",
    example=Example(W=[[1, 1], [0, 0]], unit=1),
    measure=measure,
    find=find,
    truth="A row needs the norm of the transposed matrix: ||e W||_1 <= ||W||_inf ||e||_1. The condition w_max < 4/n "
    "and the rate tau do not depend on it.",
    theorem="hochreiter1991_row_sum",
    snippet="""\
import numpy as np

W, row = np.array([[1.0, 1.0], [0.0, 0.0]]), np.array([1.0, 0.0])
bound = np.linalg.norm(W, 1) * np.linalg.norm(row, 1)  # W as an operator on columns
print("1-norm of the row e_1 W:", np.linalg.norm(row @ W, 1), "claimed: at most", bound)
""",
)
