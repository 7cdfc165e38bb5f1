r"""False: a network whose weights have the spectral radius zero has no memory.

A shift of p units, W e_j = e_{j+1}, is nilpotent: rho(W) = 0, ||W^k||_2 = 1 for k < p, and W^p = 0. It hands an input on
for p - 1 steps without loss and forgets it then. To enlarge a network by such units (inflation) lengthens what it can
hold by as many steps; the spectral radius sees nothing of it.
Main statement: `refutation`.
"""

from __future__ import annotations

from random import Random

import sympy as sp

from ..counterexamples import search
from ..exact_matrices import spectral_norm, square, whole
from ..refutation import Clash, Example, Premise, Refutation


def measure(example: Example) -> Clash:
    """||W^k|| < 1 for a matrix with W^n = 0, at a lag k."""
    W, lag = square(example["W"]), whole(example["lag"])
    return Clash(
        what=f"spectral norm of J({lag}, 0)",
        found=spectral_norm(W**lag),
        relation="<",
        claimed=sp.S.One,
        premises=(Premise("norm of W^n, n units: zero if and only if rho(W) = 0", _nilpotent(W)),),
    )


def _nilpotent(W: sp.MatrixBase) -> sp.Eq:
    return sp.Eq(spectral_norm(W**W.rows), 0, evaluate=False)


def _draw(rng: Random) -> Example:
    units = rng.randint(2, 4)
    W = [[rng.choice((-1, 0, 1)) if row > column else 0 for column in range(units)] for row in range(units)]
    return Example(W=W, lag=rng.randint(1, units - 1))


def find(seed: int) -> Example:
    """A random nilpotent matrix and a lag at which it still holds its state, made simple."""
    return search(_draw, measure, seed=seed)


refutation = Refutation(
    id="zero_radius_without_memory",
    title="A spectral radius of zero leaves no memory",
    claim="If rho(W) = 0, the state Jacobian of the linear network is below one in norm at every lag from one on.",
    claimant="common belief, in the form that the spectral radius measures how far a network remembers",
    citation=None,
    version="for linear networks",
    example=Example(W=[[int(row == column + 1) for column in range(5)] for row in range(5)], lag=4),
    measure=measure,
    find=find,
    truth="A chain of p units keeps the norm at one for p - 1 steps whatever the spectral radius is; rho(W) = 0 says that "
    "nothing is left after n steps.",
    theorem="inflation_shift",
    snippet="""\
import numpy as np

W = np.eye(5, k=-1)  # a shift of five units
print("spectral radius:", max(abs(np.linalg.eigvals(W))))
for lag in (4, 5):
    print(f"lag {lag}, norm:", np.linalg.norm(np.linalg.matrix_power(W, lag), 2))
print("claimed: below", 1)
""",
)
