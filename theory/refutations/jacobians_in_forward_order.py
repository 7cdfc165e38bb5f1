r"""False: the Jacobian over several steps may be multiplied in the order of time, J_1 J_2 ... J_T.

The chain rule gives dh_T/dh_0 = J_T ... J_2 J_1, the latest factor on the left. Matrices do not commute, not even with
one shared W, because the slopes differ from step to step: J_t = D_t W. For W = [[1, 0], [1, 0]] and the slopes (1, 1),
(1/4, 1) the norm of J_2 J_1 is sqrt(17)/4 = 1.03 and that of J_1 J_2 is sqrt(2)/4 = 0.35. For two factors the eigenvalues
agree, so that a test of these does not see the bug. Main statement: `refutation`.
"""

from __future__ import annotations

from random import Random

import sympy as sp

from ..counterexamples import search
from ..exact_matrices import jacobian, realize_slopes, slopes_of_tanh, spectral_norm, square
from ..refutation import Clash, Example, Refutation


def measure(example: Example) -> Clash:
    """The norm of J_T ... J_1 against that of J_1 ... J_T, for slopes that tanh can have."""
    W, slopes = square(example["W"]), example["slopes"]
    in_reverse = sp.Matrix(slopes.tolist()[::-1])
    return Clash(
        what=f"spectral norm of the state Jacobian over {slopes.rows} steps, against that of the product in the order of time",
        found=spectral_norm(jacobian(W, slopes)),
        relation="=",
        claimed=spectral_norm(jacobian(W, in_reverse)),
        premises=slopes_of_tanh(slopes),
    )


def _draw(rng: Random) -> Example:
    W = [[rng.randint(-3, 3) for _ in range(2)] for _ in range(2)]
    rows = [[sp.Rational(rng.randint(1, 8), 8) for _ in range(2)] for _ in range(rng.randint(2, 4))]
    return Example(W=W, slopes=rows)


def find(seed: int) -> Example:
    """A random integer matrix and slopes in eighths for which the order matters, made small."""
    return search(_draw, measure, seed=seed)


refutation = Refutation(
    id="jacobians_in_forward_order",
    title="Jacobians multiplied in the order of time",
    claim="The Jacobian over several steps is the product J_1 J_2 ... J_T, or at least has the same norm.",
    claimant="a framework that combined the steps of its unrolled recurrent layers in the order of time",
    citation=None,
    version="elixir-nx/axon before its pull request 646: an excerpt of its description was seen, the rest and the code "
    "were not read",
    example=Example(W=[[1, 0], [1, 0]], slopes=[[1, 1], ["1/4", 1]]),
    measure=measure,
    find=find,
    realize=lambda example: realize_slopes(example["W"], example["slopes"]),
    truth="dh_T/dh_0 = J_T ... J_2 J_1: the latest step stands on the left, and back-propagation multiplies an error "
    "row by J_T first.",
    theorem="bptt_identity",
    snippet="""\
import numpy as np

W = np.array([[1.0, 0.0], [1.0, 0.0]])
J1, J2 = np.diag([1.0, 1.0]) @ W, np.diag([0.25, 1.0]) @ W
print("norm of J2 J1:", np.linalg.norm(J2 @ J1, 2))
print("claimed, the norm of J1 J2:", np.linalg.norm(J1 @ J2, 2))
""",
)
