r"""False: a logarithmic norm mu(M) <= 0 keeps the Euler step I + eps M from growing.

mu_2(M) = lambda_max((M + M^T)/2) is the derivative of ||exp(s M)|| at s = 0: mu_2(M) <= 0 makes the flow h' = M h a
contraction. The step is not the flow: ||I + eps M||^2 <= 1 means M + M^T + eps M^T M <= 0, and the last term is of the
other sign. For M = K - g I with K = [[0, 1], [-1, 0]] the eigenvalues 1 - eps g +- i eps of the step have modulus
sqrt((1 - eps g)^2 + eps^2), above one as soon as eps (1 + g^2) > 2 g. At g = 1/20 and eps = 1/10 it is
sqrt(40001)/200 = 1.0000125, while mu_2(M) = -1/20; at g = 1/4 and eps = 1 it is 5/4.

Main definition: `refutation`.
"""

from __future__ import annotations

from random import Random

import sympy as sp

from ..counterexamples import search
from ..exact_matrices import spectral_radius, square
from ..refutation import Clash, Example, Premise, Refutation


def logarithmic_norm(M: sp.MatrixBase) -> sp.Expr:
    """mu_2(M) = lambda_max((M + M^T)/2), exactly, for a matrix (2, 2).

    >>> logarithmic_norm(sp.Matrix([[0, 2], [0, 0]]))
    1
    """
    if M.shape != (2, 2):
        raise ValueError(f"M must have shape (2, 2), got {M.shape}")
    half = (M + M.T) / 2
    return half.trace() / 2 + sp.sqrt((half.trace() / 2) ** 2 - half.det())


def measure(example: Example) -> Clash:
    """rho(I + eps M) <= 1 for the step eps of the example."""
    M, eps = square(example["M"]), example["step"]
    return Clash(
        what=f"spectral radius of the Euler step I + eps M with eps = {eps}",
        found=spectral_radius(sp.eye(M.rows) + eps * M),
        relation="<=",
        claimed=sp.S.One,
        premises=(
            Premise("logarithmic norm of M", sp.Le(logarithmic_norm(M), 0, evaluate=False)),
            Premise("step eps", sp.Gt(eps, 0, evaluate=False)),
        ),
    )


def _draw(rng: Random) -> Example:
    M = [[sp.Rational(rng.randint(-4, 4), 4) for _ in range(2)] for _ in range(2)]
    return Example(M=M, step=sp.Rational(1, rng.randint(1, 10)))


def find(seed: int) -> Example:
    """A counterexample from random matrices in quarters, made simple."""
    return search(_draw, measure, seed=seed)


refutation = Refutation(
    id="logarithmic_norm_of_euler_step",
    title="A nonpositive logarithmic norm keeps the Euler step stable",
    claim="If the logarithmic norm of M is at most zero, then the powers of the Euler step I + eps M stay bounded.",
    claimant="stability of the continuous network, carried over to the steps that are computed",
    citation=None,
    version="for the explicit Euler step; for the flow, and for the implicit Euler step, the claim is right",
    example=Example(M=[["-1/20", 1], [-1, "-1/20"]], step="1/10"),
    measure=measure,
    find=find,
    truth="||I + eps M|| <= 1 if and only if M + M^T + eps M^T M <= 0; mu_2(M) <= -eps ||M||^2 / 2 suffices.",
    snippet="""\
import numpy as np

M, eps = np.array([[0.0, 1.0], [-1.0, 0.0]]) - 0.05 * np.eye(2), 0.1
step = np.eye(2) + eps * M
print("logarithmic norm of M:", np.linalg.eigvalsh((M + M.T) / 2).max())
print("radius of the step:", abs(np.linalg.eigvals(step)).max(), "claimed: at most", 1)
""",
)
