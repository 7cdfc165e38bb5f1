r"""False: a spectral radius above 1 makes the state Jacobian of a saturating network grow.

J(t, t-k) = D_t W ... D_{t-k+1} W has slopes between 0 and 1, and a spectral radius of W says nothing about a product
with small D_t. For the scalar tanh network with W = 2 and slope 1/4 at every step, J(t, t-k) = 2^-k: an input that
holds the pre-activation at a = artanh(sqrt(3)/2) = 1.32 does it, u_t = a - 2 h_{t-1}. For a *linear* network the
sentence is right, ||W^k|| >= rho(W)^k. Sufficient for growth of a nonlinear one is alpha sigma_min(W) > 1 with slopes
of at least alpha. Main statement: `refutation`.
"""

from __future__ import annotations

from random import Random

import sympy as sp

from ..counterexamples import search
from ..exact_matrices import jacobian, realize_slopes, slopes_of_tanh, spectral_norm, spectral_radius, square
from ..refutation import Clash, Example, Premise, Refutation


def measure(example: Example) -> Clash:
    """The spectral norm of the state Jacobian with the given slopes against 1, for spectral radius above 1."""
    W, slopes = square(example["W"]), example["slopes"]
    return Clash(
        what=f"spectral norm of the state Jacobian over {slopes.rows} steps",
        found=spectral_norm(jacobian(W, slopes)),
        relation=">=",
        claimed=sp.S.One,
        premises=(
            Premise("spectral radius of W", sp.Gt(spectral_radius(W), 1, evaluate=False)),
            *slopes_of_tanh(slopes),
        ),
    )


def _draw(rng: Random) -> Example:
    n = rng.randint(1, 2)
    W = [[rng.randint(-2, 2) for _ in range(n)] for _ in range(n)]
    rows = [[sp.Rational(rng.randint(1, 8), 8) for _ in range(n)] for _ in range(rng.randint(1, 5))]
    return Example(W=W, slopes=rows)


def find(seed: int) -> Example:
    """A random integer matrix of spectral radius above 1 with slopes that shrink the Jacobian, made small."""
    return search(_draw, measure, seed=seed)


refutation = Refutation(
    id="growth_from_radius_above_one",
    title="Spectral radius above 1 explodes",
    claim="A recurrent matrix of spectral radius above 1 makes the state Jacobian grow with the lag.",
    claimant="common belief",
    citation=None,
    version="for nonlinear networks; for linear ones it is right",
    example=Example(W=[[2]], slopes=[["1/4"]] * 10),
    measure=measure,
    find=find,
    realize=lambda example: realize_slopes(example["W"], example["slopes"]),
    truth="Slopes decide: a saturated network vanishes at any spectral radius. Growth is certain where the slopes are "
    "at least alpha and alpha sigma_min(W) > 1; for a linear network where rho(W) > 1.",
    theorem="smallest_gain",
    snippet="""\
from math import atanh, sqrt, tanh

a, h, J = atanh(sqrt(3 / 4)), 0.0, 1.0
for _ in range(10):
    h = tanh(2 * h + (a - 2 * h))  # the input in brackets holds the pre-activation at a
    J *= (1 - h**2) * 2
print("Jacobian over 10 steps:", J, "claimed: at least", 1)
""",
)
