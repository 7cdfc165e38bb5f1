r"""False: weights drawn from [-r, r] with r = sqrt(3/(c n)) have the spectral radius one.

An entry that is uniform on [-r, r] and kept with probability c has the variance c r^2/3, so that n times the variance is
1: that is exact. That the spectral radius is one is the circular law, a limit for many units: a matrix of the same
interval may have any radius from 0 on, [[1, -1], [1, -1]] is nilpotent and within [-sqrt(3/2), sqrt(3/2)].
Main statement: `refutation`.
"""

from __future__ import annotations

from random import Random

import sympy as sp

from ..counterexamples import search
from ..exact_matrices import spectral_radius, square
from ..refutation import Clash, Example, Premise, Refutation


def measure(example: Example) -> Clash:
    """rho(W) = 1 for entries in the interval, a share c of them kept."""
    W = square(example["W"])
    kept = sp.Rational(sum(entry != 0 for entry in W), len(W))
    if kept == 0:
        raise ValueError("W must have an entry that is kept, got zeros alone")
    ends = sp.sqrt(3 / (kept * W.rows))
    return Clash(
        what="spectral radius of W",
        found=spectral_radius(W),
        relation="=",
        claimed=sp.S.One,
        premises=(
            Premise(
                "largest modulus of an entry, against sqrt(3/(c n))", sp.Le(max(map(sp.Abs, W)), ends, evaluate=False)
            ),
        ),
    )


def _draw(rng: Random) -> Example:
    units = rng.randint(1, 2)
    return Example(W=[[sp.Rational(rng.randint(-6, 6), 4) for _ in range(units)] for _ in range(units)])


def find(seed: int) -> Example:
    """A random matrix within the interval whose radius is not one, made simple."""
    return search(_draw, measure, seed=seed)


refutation = Refutation(
    id="unit_radius_at_initialization",
    title="The initialization interval sets the spectral radius to one",
    claim="Weights in [-r, r] with r = sqrt(3/(c n)), a share c of them kept, have the spectral radius one.",
    claimant="a reading of the optimal initialization of Schaefer, Udluft and Zimmermann",
    citation="schaefer2008",
    version="wording recalled, the body of the text was not read; conditional: the interval read as exact for every draw",
    example=Example(W=[[1, -1], [1, -1]]),
    measure=measure,
    find=find,
    truth="The interval makes n times the variance of an entry one, exactly. The spectral radius tends to one as the number "
    "of units grows, by the circular law; a draw with few units may lie far from it.",
    theorem="initialization_variance",
    snippet="""\
import numpy as np

W = np.array([[1.0, -1.0], [1.0, -1.0]])
print("largest entry:", abs(W).max(), "interval:", np.sqrt(3 / 2))
print("W @ W:", (W @ W).tolist())  # zero: every eigenvalue is
print("spectral radius:", 0.0 if not (W @ W).any() else None, "claimed:", 1)
""",
)
