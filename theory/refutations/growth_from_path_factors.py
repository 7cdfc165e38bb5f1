r"""False: where all factors f'(net) w of the paths exceed 1 in modulus, the error flow grows with the lag.

The error flow over q steps is the *sum* of n^(q-1) signed products, an entry of D W ... D W. If every factor exceeds 1
the largest product grows with q, but the sum may cancel: for slope 1 and W = [[2, 2], [-2, -2]] every product over two
steps has modulus 4 and each of the four sums is 0, since W^2 = 0. For n = 1 there is one path and the sentence is
right; so it is where all factors are positive. Main statement: `refutation`.
"""

from __future__ import annotations

from random import Random

import sympy as sp

from ..counterexamples import search
from ..exact_matrices import square, whole
from ..refutation import Clash, Example, Premise, Refutation


def measure(example: Example) -> Clash:
    """The largest entry of W^lag against that of W, for a linear network with all weights above 1 in modulus."""
    W, lag = square(example["W"]), whole(example["lag"])
    return Clash(
        what=f"largest modulus of an entry of the error flow over {lag} steps, against that over one",
        found=sp.Max(*map(sp.Abs, W**lag)),
        relation=">",
        claimed=sp.Max(*map(sp.Abs, W)),
        premises=(
            Premise("smallest modulus of a weight, for slope 1", sp.Gt(sp.Min(*map(sp.Abs, W)), 1, evaluate=False)),
            Premise("lag", sp.Ge(lag, 2, evaluate=False)),
        ),
    )


def _draw(rng: Random) -> Example:
    def factor() -> sp.Rational:
        return rng.choice((1, -1)) * sp.Rational(rng.randint(3, 8), 2)

    return Example(W=[[factor() for _ in range(2)] for _ in range(2)], lag=rng.randint(2, 4))


def find(seed: int) -> Example:
    """A random matrix of factors above 1 in modulus whose power is no larger than itself, made small."""
    return search(_draw, measure, seed=seed)


refutation = Refutation(
    id="growth_from_path_factors",
    title="Paths with factors above 1",
    claim="If all factors f'(net) w along the paths exceed 1 in modulus, the error flow grows with the lag.",
    claimant="the prose on exploding error flow, read for the sum over the paths",
    citation="hochreiter1997",
    version="section 3 of the LSTM paper, read: its sentence is about the largest product, and is not a theorem",
    example=Example(W=[[2, 2], [-2, -2]], lag=2),
    measure=measure,
    find=find,
    truth="The largest product over a path grows; the error flow is the sum of all products, and signs may cancel it. "
    "Sufficient for growth is alpha sigma_min(W) > 1 with slopes of at least alpha.",
    theorem="hochreiter1991_path_sum",
    snippet="""\
import numpy as np

W = np.array([[2.0, 2.0], [-2.0, -2.0]])  # every factor of a path has modulus 2
largest = abs(W @ W).max()
print("largest entry over two steps:", largest, "claimed: more than", abs(W).max())
""",
)
