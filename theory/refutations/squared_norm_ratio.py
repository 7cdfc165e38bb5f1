r"""False: the regularizer with the ratio of norms and the one with the ratio of their squares are one function.

With the error e = dE/dx_{k+1}, the step Jacobian J = dx_{k+1}/dx_k and r = ||e J||_2 / ||e||_2, one step contributes
(r - 1)^2 to eq. (9), and (r^2 - 1)^2 = (r + 1)^2 (r - 1)^2 to the form that eq. (10) and the authors' code use. Both
vanish at r = 1 alone, but they rank networks differently: of the scalar steps 3/2 and 0, eq. (9) prefers 3/2, by 1/4
against 1, and the code prefers 0, by 1 against 25/16. The square punishes growth more than decay.
Main statement: `refutation`.
"""

from __future__ import annotations

from random import Random

import sympy as sp

from ..counterexamples import search
from ..exact_matrices import square
from ..refutation import Clash, Example, Premise, Refutation


def measure(example: Example) -> Clash:
    """The penalties of two step Jacobians, J and K, on one error: the order by r against the order by r^2."""
    error = example["error"]
    size = (error * error.T)[0, 0]
    better, worse = (error * square(example[name]) for name in ("K", "J"))
    plain, squared = [], []
    for backward in (better, worse):
        ratio = (backward * backward.T)[0, 0] / size if size else sp.oo
        plain.append(sp.expand((sp.sqrt(ratio) - 1) ** 2))
        squared.append((ratio - 1) ** 2)
    return Clash(
        what="penalty of K by eq. (10), against that of J",
        found=squared[0],
        relation="<",
        claimed=squared[1],
        premises=(
            Premise("rows of the error", sp.Eq(error.rows, 1, evaluate=False)),
            Premise("squared norm of the error", sp.Gt(size, 0, evaluate=False)),
            Premise("penalty of K by eq. (9), against that of J", sp.Lt(*plain, evaluate=False)),
        ),
    )


def _draw(rng: Random) -> Example:
    n = rng.randint(1, 2)

    def matrix(rows: int) -> list[list[sp.Rational]]:
        return [[sp.Rational(rng.randint(-6, 6), 4) for _ in range(n)] for _ in range(rows)]

    return Example(error=matrix(1), J=matrix(n), K=matrix(n))


def find(seed: int) -> Example:
    """A random error and two random steps that the two forms rank differently, made small."""
    return search(_draw, measure, seed=seed)


refutation = Refutation(
    id="squared_norm_ratio",
    title="The regularizer and its square",
    claim="Eq. (9), with the ratio of norms, and eq. (10) with the published code are one regularizer: "
    "what is smaller in one is smaller in the other.",
    claimant="the step from eq. (9) to eq. (10) of the ICML text, and the code published with it",
    citation="pascanu2013",
    version="ICML 2013, read: eq. (9) has the ratio of norms, eq. (10) and the code its square",
    example=Example(error=[[1]], J=[[0]], K=[["3/2"]]),
    measure=measure,
    find=find,
    truth="The terms are (r - 1)^2 and (r^2 - 1)^2; their quotient (r + 1)^2 is 4 near r = 1 and 121 at r = 10. "
    "Both vanish at r = 1 alone, but no constant relates them: say which one was trained.",
    snippet="""\
K, J = 1.5, 0.0  # two steps of a scalar network; the error is 1
print("eq. (9) of K:", (K - 1) ** 2, "less than that of J:", (J - 1) ** 2)
print("eq. (10) of K:", (K**2 - 1) ** 2, "claimed: less than", (J**2 - 1) ** 2)
""",
)
