r"""False: the powers of W are unbounded only if rho(W) > 1.

Let m be the size of the largest Jordan block of W among the eigenvalues of modulus rho(W). Then ||W^t|| grows like
t^(m-1) rho(W)^t, so that the powers are unbounded also where rho(W) = 1 and m >= 2: W = [[1, 1], [0, 1]] has
||W^t||_2 = 1.6, 10.1, 100.0 at t = 1, 10, 100. For growth at an exponential rate the sentence is right:
lim ||W^t||^(1/t) = rho(W). m is read off exactly: for an irreducible factor f of the characteristic polynomial over
the rationals it is the least m with rank f(W)^m = rank f(W)^(m+1). Main statement: `refutation`.
"""

from __future__ import annotations

from random import Random

import sympy as sp

from ..counterexamples import search
from ..exact_matrices import spectral_radius, square
from ..refutation import Clash, Example, Premise, Refutation, decided

_X = sp.Symbol("x")


def degree(W: sp.MatrixBase) -> int:
    """The power of t with which ||W^t|| / rho(W)^t grows, for a matrix that is not nilpotent.

    >>> degree(sp.Matrix([[1, 1], [0, 1]])), degree(sp.eye(2))
    (1, 0)
    """
    radius, largest = spectral_radius(W), 0
    for factor, _ in sp.factor_list(W.charpoly(_X).as_expr())[1]:
        polynomial = sp.Poly(factor, _X)
        if not any(decided(sp.Ge(sp.Abs(root), radius, evaluate=False)) for root in polynomial.all_roots()):
            continue
        value = sp.zeros(*W.shape)
        for coefficient in polynomial.all_coeffs():
            value = value * W + coefficient * sp.eye(W.rows)
        size = 1
        while (value**size).rank() > (value ** (size + 1)).rank():
            size += 1
        largest = max(largest, size - 1)
    return largest


def measure(example: Example) -> Clash:
    """The spectral radius of a matrix whose powers are unbounded because they grow like a power of t."""
    W = square(example["W"])
    radius, growth = spectral_radius(W), sp.Integer(degree(W))
    return Clash(
        what="spectral radius of W, whose powers are unbounded",
        found=radius,
        relation=">",
        claimed=sp.S.One,
        premises=(
            Premise("spectral radius of W", sp.Ge(radius, 1, evaluate=False)),
            Premise("exponent p of the growth of the powers, t^p rho(W)^t", sp.Ge(growth, 1, evaluate=False)),
        ),
    )


def _draw(rng: Random) -> Example:
    return Example(W=[[rng.randint(-2, 2) for _ in range(2)] for _ in range(2)])


def find(seed: int) -> Example:
    """A random integer matrix with unbounded powers and spectral radius 1, made small."""
    return search(_draw, measure, seed=seed)


refutation = Refutation(
    id="growth_needs_radius_above_one",
    title="Growth without a spectral radius above 1",
    claim="A spectral radius above 1 is necessary for the Jacobian of a linear network to be unbounded in the lag.",
    claimant="the condition 'rho > 1 is necessary to explode', read with explode for unbounded",
    citation="pascanu2013",
    version="ICML 2013, read; the sentence is right where explode means growth at an exponential rate",
    example=Example(W=[[1, 1], [0, 1]]),
    measure=measure,
    find=find,
    truth="||W^t|| grows like t^(m-1) rho(W)^t with the size m of the largest Jordan block at modulus rho(W): "
    "rho(W) > 1 is necessary, and sufficient, for growth at an exponential rate.",
    theorem="pascanu2013_linear_necessary",
    snippet="""\
import numpy as np

W = np.array([[1.0, 1.0], [0.0, 1.0]])
for t in (1, 10, 100):
    power = np.linalg.matrix_power(W, t)
    print(f"norm of W^{t}:", np.linalg.norm(power, 2))
print("radius of W:", abs(np.linalg.eigvals(W)).max(), "claimed: more than", 1)
""",
)
