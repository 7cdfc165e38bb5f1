r"""False: rho(W) < 1 makes the gradient of a linear network shrink at every lag, ||W^k|| <= 1.

The spectral radius decides how W^k behaves in the end and nothing before: for W = a I + b N with N^2 = 0,
W^k = a^k I + k a^(k-1) b N. With a = 9/10, b = 10 the norm rises to 38.7 at k = 9 and is below one only from k = 63
on (`settled`). The largest of these norms lies between the Kreiss constant and e n times that constant.

>>> peak = max(range(1, 30), key=lambda k: spectral_norm(refutation.example["W"] ** k))
>>> peak, settled(refutation.example["W"])
(9, 63)

Source: trefethen2005, for transients of non-normal matrices. Main definitions: `refutation`, `settled`.
"""

from __future__ import annotations

from random import Random

import sympy as sp

from ..counterexamples import search
from ..exact_matrices import spectral_norm, spectral_radius, whole
from ..refutation import Clash, Example, Premise, Refutation


def settled(W: sp.MatrixBase) -> int:
    """The first lag K from which on ||W^k||_2 < 1 for all k >= K; ValueError if there is none.

    Once it holds for K <= k < 2 K it holds for ever, for every larger k is a sum of such lags.
    """
    if not spectral_radius(W) < 1:
        raise ValueError(f"W must have a spectral radius below one, got {spectral_radius(W)}")
    first, power, k = 1, W, 1
    while k < 2 * first:
        if spectral_norm(power) >= 1:
            first = k + 1
        power, k = power * W, k + 1
    return first


def measure(example: Example) -> Clash:
    """||W^k|| <= 1 at the lag k of the example."""
    W, lag = example["W"], whole(example["lag"])
    return Clash(
        what=f"spectral norm of W^{lag}, the state Jacobian of the linear network at lag {lag}",
        found=spectral_norm(W**lag),
        relation="<=",
        claimed=sp.S.One,
        premises=(Premise("spectral radius of W", sp.Lt(spectral_radius(W), 1, evaluate=False)),),
    )


def _draw(rng: Random) -> Example:
    a, d = (sp.Rational(rng.randint(-3, 3), 4) for _ in range(2))
    return Example(W=[[a, rng.randint(-4, 4)], [0, d]], lag=rng.randint(1, 6))


def find(seed: int) -> Example:
    """A counterexample from random triangular matrices with diagonals in quarters, made simple."""
    return search(_draw, measure, seed=seed)


refutation = Refutation(
    id="radius_without_transient",
    title="A spectral radius below one shrinks the gradient at every lag",
    claim="If rho(W) < 1, then the state Jacobian of the linear network never exceeds one in norm.",
    claimant="a common reading of the linear case, which is about the limit of large lags",
    citation=None,
    version="for the linear network h_t = W h_{t-1} + B u_t",
    example=Example(W=[["9/10", 10], [0, "9/10"]], lag=9),
    measure=measure,
    find=find,
    truth="rho(W) < 1 makes ||W^k|| tend to zero, after a transient that is as high as the Kreiss constant at least and "
    "e n times that constant at most.",
    snippet="""\
import numpy as np

W = np.array([[0.9, 10.0], [0.0, 0.9]])
norms = [np.linalg.norm(np.linalg.matrix_power(W, k), 2) for k in range(200)]
print("norm of W^9:", norms[9], "claimed: at most", 1)
print("last lag with a norm above one:", max(k for k in range(200) if norms[k] > 1))
""",
    theorem="kreiss1962_lower",
)
