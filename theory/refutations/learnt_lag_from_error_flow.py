r"""False: a network that has learnt lag d was taught by errors that flowed back over d steps.

A linear network h_t = W h_{t-1} + b u_t, y = c^T h, is to recall u_{T-d}; with white input of variance 1 over T steps from
h_0 = 0 its loss is L = sum_{j<T} (c^T W^j b - [j = d])^2. Let W be a shift register, W^j b the unit vectors e_1, e_2, ...:
it holds the past without being trained. From c = 0 one step of gradient descent of length 1/2 on *all* parameters, by
exact back-propagation over all T steps, takes L from 1 to 0: the readout becomes e_{d+1}. No error ever reached W: at
c = 0 nothing flows back through the readout, and at L = 0 there is no error. What a network learnt at lag d says nothing
about error flow over d steps until it is compared with a frozen reservoir and a fitted readout.
Main definitions: `refutation`, `gradients`.
"""

from __future__ import annotations

from itertools import pairwise
from random import Random

import sympy as sp

from ..counterexamples import search
from ..exact_matrices import square, whole
from ..refutation import Clash, Example, Premise, Refutation

RATE = sp.Rational(1, 2)  # the length of the step of gradient descent


def gradients(
    W: sp.MatrixBase, b: sp.MatrixBase, c: sp.MatrixBase, *, lag: int, steps: int
) -> tuple[sp.Expr, sp.MatrixBase, sp.MatrixBase, sp.MatrixBase]:
    """L, dL/dc, dL/db and dL/dW, the last one the sum over all copies of W.

    >>> W, b, c = sp.Matrix([[0]]), sp.Matrix([1]), sp.Matrix([1])
    >>> gradients(W, b, c, lag=1, steps=2)
    (2, Matrix([[2]]), Matrix([[2]]), Matrix([[-2]]))
    """
    powers = [sp.eye(square(W).rows)]
    for _ in range(1, steps):
        powers.append(W * powers[-1])
    errors = [(c.T * powers[j] * b)[0, 0] - int(j == lag) for j in range(steps)]
    loss = sum((error**2 for error in errors), sp.S.Zero)
    by_c, by_b, by_W = sp.zeros(W.rows, 1), sp.zeros(W.rows, 1), sp.zeros(W.rows, W.rows)
    for j, error in enumerate(errors):
        by_c += 2 * error * powers[j] * b
        by_b += 2 * error * powers[j].T * c
        for back in range(j):  # the copy that acts ``back`` steps before the last
            by_W += 2 * error * powers[back].T * c * (powers[j - 1 - back] * b).T
    return loss, by_c, by_b, by_W


def measure(example: Example) -> Clash:
    """The largest entry of dL/dW in modulus before and after the step that learns the lag."""
    W, b, c = example["W"], example["b"], example["c"]
    if b.shape != (W.rows, 1) or c.shape != (W.rows, 1):
        raise ValueError(f"b and c must be columns with {W.rows} entries, got shapes {b.shape} and {c.shape}")
    lag, steps = whole(example["lag"]), whole(example["steps"])
    before, by_c, by_b, first = gradients(W, b, c, lag=lag, steps=steps)
    after, _, _, second = gradients(W - RATE * first, b - RATE * by_b, c - RATE * by_c, lag=lag, steps=steps)
    return Clash(
        what=f"largest entry of dL/dW in modulus while lag {lag} is learnt",
        found=max(map(sp.Abs, (*first, *second))),
        relation=">",
        claimed=sp.S.Zero,
        premises=(
            Premise("loss before the step", sp.Gt(before, 0, evaluate=False)),
            Premise("loss after the step", sp.Eq(after, 0, evaluate=False)),
        ),
    )


def _draw(rng: Random) -> Example:
    units = rng.randint(2, 4)
    order = rng.sample(range(units), units)
    W = [[0] * units for _ in range(units)]
    for sender, receiver in pairwise(order):
        W[receiver][sender] = rng.choice((1, -1))
    b = [[int(unit == order[0])] for unit in range(units)]
    return Example(W=W, b=b, c=[[0]] * units, lag=rng.randint(1, units - 1), steps=rng.randint(units, units + 2))


def find(seed: int) -> Example:
    """A random shift register, its units in any order and of any signs, made simple."""
    return search(_draw, measure, seed=seed)


_UNITS = 5

refutation = Refutation(
    id="learnt_lag_from_error_flow",
    title="A lag that was learnt was reached by error flow",
    claim="If training makes the loss of recalling lag d zero, errors have flowed back to W.",
    claimant="common belief, where success at a long lag is taken for evidence of error flow over it",
    citation=None,
    version="for gradient descent on all parameters by exact back-propagation over all steps",
    example=Example(
        W=[[int(row == column + 1) for column in range(_UNITS)] for row in range(_UNITS)],
        b=[[int(unit == 0)] for unit in range(_UNITS)],
        c=[[0]] * _UNITS,
        lag=4,
        steps=8,
    ),
    measure=measure,
    find=find,
    truth="A network may hold the past without being trained; its readout then learns any lag that it holds. A fair test "
    "compares with a frozen recurrent matrix and with back-propagation that is cut before the lag.",
    snippet="""\
import numpy as np
S, b, c, lags, largest = np.eye(5, k=-1), np.eye(5)[0], np.zeros(5), range(8), 0.0
for _ in range(2):
    h = [np.linalg.matrix_power(S, j) @ b for j in lags]
    back = [np.linalg.matrix_power(S.T, j) @ c for j in lags]
    error = [c @ h[j] - (j == 4) for j in lags]
    parts = [error[j] * np.outer(back[i], h[j - 1 - i]) for j in lags for i in range(j)]
    largest = max(largest, abs(2 * sum(parts)).max())
    c = c - sum(map(np.multiply, error, h))
    print("loss:", np.dot(error, error))
print("largest entry of dL/dW:", largest, "claimed: more than", 0)
""",
)
