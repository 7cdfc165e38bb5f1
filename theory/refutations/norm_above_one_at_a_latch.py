r"""False: where ||M'|| > 1 nothing can be latched, because perturbations grow.

A norm above one is growth in one direction over one step. M' = [[1/2, 10], [0, 1/2]] has norm 10.02 and spectral radius
1/2: M'^t = 2^-t [[1, 20 t], [0, 1]] tends to zero, and in the norm |(x, y)| = max(|x|, 40 |y|) one step already shrinks
every perturbation to 3/4 of it, so that small noise stays small. The tanh network W = [[2, 40], [0, 2]] has this M' at
a fixed point with the slopes (1/4, 1/4), held there by a constant input; its second unit alone is bistable.

Source: bengio1994, whose wording is recalled. Main definition: `refutation`.
"""

from __future__ import annotations

from random import Random

import sympy as sp

from ..counterexamples import search
from ..exact_matrices import jacobian, realize_slopes, repeated, slopes_of_tanh, spectral_norm, spectral_radius
from ..refutation import Clash, Example, Premise, Refutation


def measure(example: Example) -> Clash:
    """rho(M') >= 1 at a fixed point with the slopes of the example, one row."""
    W, slopes = example["W"], example["slopes"]
    if slopes.rows != 1:
        raise ValueError(f"slopes must be those of one fixed point, got {slopes.rows} rows")
    M = jacobian(W, slopes)
    return Clash(
        what="spectral radius of M' = D W at a fixed point; below one, perturbations die out",
        found=spectral_radius(M),
        relation=">=",
        claimed=sp.S.One,
        premises=(
            Premise("spectral norm of M'", sp.Gt(spectral_norm(M), 1, evaluate=False)),
            *slopes_of_tanh(slopes),
        ),
    )


def _draw(rng: Random) -> Example:
    W = [[rng.randint(-3, 3) for _ in range(2)] for _ in range(2)]
    return Example(W=W, slopes=[[sp.Rational(rng.randint(1, 4), 4) for _ in range(2)]])


def find(seed: int) -> Example:
    """A counterexample from random integer matrices and slopes in quarters, made simple."""
    return search(_draw, measure, seed=seed)


def realize(example: Example, steps: int = 8) -> None:
    """Hold the network at the fixed point for some steps and difference it."""
    realize_slopes(example["W"], repeated(example["slopes"], steps))


refutation = Refutation(
    id="norm_above_one_at_a_latch",
    title="A Jacobian of norm above one precludes a latch",
    claim="Where ||M'|| > 1, perturbations of the state grow, so that no information is latched there.",
    claimant="Bengio, Simard and Frasconi, where |M'| is a fixed norm such as the spectral norm",
    citation="bengio1994",
    version="wording recalled: it applies to |M'| as a norm; with the spectral radius at a fixed point the claim is right",
    example=Example(W=[[2, 40], [0, 2]], slopes=[["1/4", "1/4"]]),
    measure=measure,
    find=find,
    truth="If rho(M') < 1 at a fixed point, some norm makes M' a contraction: the point latches against noise that is "
    "small in that norm. The norm of M' only bounds how far a perturbation may rise before it dies out.",
    snippet="""\
import numpy as np

M = np.diag([1 / 4, 1 / 4]) @ np.array([[2.0, 40.0], [0.0, 2.0]])
print("norm of M':", np.linalg.norm(M, 2))
print("radius of M':", abs(np.linalg.eigvals(M)).max(), "claimed: at least", 1)
print("norm of M'^20:", np.linalg.norm(np.linalg.matrix_power(M, 20), 2))
""",
    theorem="bengio1994_latching",
    realize=realize,
)
