r"""False: the one-step Jacobian of x_t = W phi(x_{t-1}) + u_t is W^T diag(phi'(x_{t-1})).

The derivative is dx_t/dx_{t-1} = W D with D = diag(phi'(x_{t-1})), or D W^T where derivatives are written transposed.
W^T D is neither: a transpose keeps the spectral norm, and ||W^T D||_2 differs from ||W D||_2 = ||D W^T||_2 in general.
For W = [[0, 1], [0, 0]] and slopes (1, 1/4) they are 1 and 1/4. (For x_t = phi(W x_{t-1} + u_t) the transposed Jacobian
is W^T D, but with the slopes of step t.) The bound drawn from it survives, because ||W^T D||_2 <= gamma ||W^T||_2 =
gamma ||W||_2. Main statement: `refutation`.
"""

from __future__ import annotations

from random import Random

import mpmath
import sympy as sp

from ..counterexamples import search
from ..differences import DIGITS, assert_jacobian, number, numbers
from ..exact_matrices import slopes_of_tanh, spectral_norm, square
from ..refutation import Clash, Example, Premise, Refutation


def measure(example: Example) -> Clash:
    """The spectral norm of the Jacobian W D against that of W^T D, for slopes that tanh can have."""
    W, slopes = square(example["W"]), example["slopes"]
    D = sp.diag(*slopes.row(0))
    return Clash(
        what="spectral norm of dx_t/dx_{t-1} = W D, against that of W^T D",
        found=spectral_norm(W * D),
        relation="=",
        claimed=spectral_norm(W.T * D),
        premises=(
            Premise("rows of slopes", sp.Eq(slopes.rows, 1, evaluate=False)),
            *slopes_of_tanh(slopes),
        ),
    )


def _draw(rng: Random) -> Example:
    W = [[rng.randint(-3, 3) for _ in range(2)] for _ in range(2)]
    return Example(W=W, slopes=[[sp.Rational(rng.randint(1, 8), 8) for _ in range(2)]])


def find(seed: int) -> Example:
    """A random integer matrix and slopes in eighths with two different norms, made small."""
    return search(_draw, measure, seed=seed)


def realize(example: Example) -> None:
    """Put a tanh network at pre-activations with these slopes and difference one step, to 30 digits."""
    W, slopes = example["W"], example["slopes"]
    with mpmath.workdps(DIGITS):
        weights = numbers(W)
        at = mpmath.matrix([mpmath.atanh(mpmath.sqrt(1 - number(d))) for d in slopes.row(0)])
        assert_jacobian(lambda x: weights * x.apply(mpmath.tanh), at, W * sp.diag(*slopes.row(0)))


refutation = Refutation(
    id="transposed_jacobian",
    title="The transposed one-step Jacobian",
    claim="The one-step Jacobian dx_t/dx_{t-1} of x_t = W phi(x_{t-1}) + u_t is W^T diag(phi'(x_{t-1})).",
    claimant="eq. (5) of the ICML text",
    citation="pascanu2013",
    version="ICML 2013, read; for its model x_t = W phi(x_{t-1}) + ..., with the slopes at x_{t-1}",
    example=Example(W=[[0, 1], [0, 0]], slopes=[[1, "1/4"]]),
    measure=measure,
    find=find,
    realize=realize,
    truth="The Jacobian is W D, and D W^T where derivatives are written transposed. The paper's bound by gamma ||W||_2 "
    "survives, because W and W^T have the same spectral norm.",
    theorem="pascanu2013_spectral_norm",
    snippet="""\
import numpy as np

W, D = np.array([[0.0, 1.0], [0.0, 0.0]]), np.diag([1.0, 0.25])
print("norm of W D:", np.linalg.norm(W @ D, 2))
print("claimed, the norm of W^T D:", np.linalg.norm(W.T @ D, 2))
""",
)
