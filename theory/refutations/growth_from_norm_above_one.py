r"""False: a spectral norm above 1 of the recurrent matrix is explosion.

||W||_2 > 1 says that one step stretches some direction. Over many steps a linear network goes like rho(W)^k:
||W^k||^(1/k) tends to rho(W) <= ||W||_2, and as soon as one power has norm below 1 the later ones vanish, by
||W^(qm)|| <= ||W^q||^m. For W = [[0, 2], [0, 0]] the norm is 2 and W^2 = 0. A norm above 1 (with slopes up to gamma:
above 1/gamma) is *necessary* for explosion. Main statement: `refutation`.
"""

from __future__ import annotations

from random import Random

import sympy as sp

from ..counterexamples import search
from ..exact_matrices import spectral_norm, square, whole
from ..refutation import Clash, Example, Premise, Refutation


def measure(example: Example) -> Clash:
    """The spectral norm of W^lag against 1, for a matrix of norm above 1; below 1 all later powers vanish."""
    W, lag = square(example["W"]), whole(example["lag"])
    return Clash(
        what=f"spectral norm of the state Jacobian of a linear network over {lag} steps",
        found=spectral_norm(W**lag),
        relation=">=",
        claimed=sp.S.One,
        premises=(Premise("spectral norm of W", sp.Gt(spectral_norm(W), 1, evaluate=False)),),
    )


def _draw(rng: Random) -> Example:
    W = [[sp.Rational(rng.randint(-6, 6), 4) for _ in range(2)] for _ in range(2)]
    return Example(W=W, lag=rng.randint(2, 8))


def find(seed: int) -> Example:
    """A random matrix of norm above 1 with a power of norm below 1, made small."""
    return search(_draw, measure, seed=seed)


refutation = Refutation(
    id="growth_from_norm_above_one",
    title="Norm above 1 is explosion",
    claim="A recurrent matrix of spectral norm above 1 makes the state Jacobian of a linear network grow with the lag.",
    claimant="common belief, from taking Pascanu's necessary condition for a sufficient one",
    citation=None,
    version="for linear networks, where the slopes cannot be to blame",
    example=Example(W=[[0, 2], [0, 0]], lag=2),
    measure=measure,
    find=find,
    truth="A norm above 1/gamma is necessary for explosion and not sufficient. In a linear network rho(W) decides the "
    "exponential rate: rho(W) < 1 vanishes, whatever the norm.",
    theorem="pascanu2013_linear",
    snippet="""\
import numpy as np

W = np.array([[0.0, 2.0], [0.0, 0.0]])
print("norm of W:", np.linalg.norm(W, 2))
print("norm over two steps:", np.linalg.norm(W @ W, 2), "claimed: at least", 1)
""",
)
