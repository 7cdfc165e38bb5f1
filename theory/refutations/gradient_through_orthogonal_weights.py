r"""False: an orthogonal W keeps the gradient of a tanh network.

W keeps norms and the slopes do not: J(t, t-k) = D_t W ... D_{t-k+1} W with D <= I is at most prod_t max_i d_{t,i} in norm,
whatever the number of units, and for slopes in [0, 1] it is an isometry if and only if all its slopes are one, which tanh
has at a_t = 0 alone. With the rational rotation W = [[3/5, 4/5], [-4/5, 3/5]] and slopes 1/2 at every unit and step,
J(k, 0) = 2^-k W^k has norm exactly 2^-k.

Source: pascanu2013, whose bound (gamma ||W||)^k is 1 here and decides nothing. Main definition: `refutation`.
"""

from __future__ import annotations

from random import Random

import sympy as sp

from ..counterexamples import search
from ..exact_matrices import jacobian, realize_slopes, repeated, slopes_of_tanh, spectral_norm
from ..refutation import Clash, Example, Premise, Refutation

_TRIPLES = ((3, 4, 5), (5, 12, 13), (8, 15, 17), (1, 0, 1), (0, 1, 1))


def measure(example: Example) -> Clash:
    """||J|| >= 1 over the steps of the example, for an orthogonal W."""
    W, slopes = example["W"], repeated(example["slopes"], example["repeats"])
    defect = sum((x**2 for x in W.T * W - sp.eye(W.cols)), sp.S.Zero)
    return Clash(
        what=f"spectral norm of J({slopes.rows}, 0)",
        found=spectral_norm(jacobian(W, slopes)),
        relation=">=",
        claimed=sp.S.One,
        premises=(
            Premise("sum of the squared entries of W^T W - I", sp.Eq(defect, 0, evaluate=False)),
            *slopes_of_tanh(slopes),
        ),
    )


def _draw(rng: Random) -> Example:
    a, b, c = (sp.Integer(x) for x in rng.choice(_TRIPLES))
    sign = rng.choice((-1, 1))
    rows = [[sp.Rational(rng.randint(1, 4), 4) for _ in range(2)] for _ in range(rng.randint(1, 2))]
    return Example(W=[[a / c, b / c], [-sign * b / c, sign * a / c]], slopes=rows, repeats=rng.randint(1, 2))


def find(seed: int) -> Example:
    """A counterexample from random rational rotations and reflections and slopes in quarters, made simple."""
    return search(_draw, measure, seed=seed)


refutation = Refutation(
    id="gradient_through_orthogonal_weights",
    title="Orthogonal weights keep the gradient through tanh",
    claim="If W is orthogonal, then the gradient of a tanh network neither vanishes nor explodes: its norm is kept.",
    claimant="a common belief, right for the linear network",
    citation=None,
    version="for tanh, and for every activation with slopes in [0, 1]",
    example=Example(W=[["3/5", "4/5"], ["-4/5", "3/5"]], slopes=[["1/2", "1/2"]], repeats=10),
    measure=measure,
    find=find,
    truth="With W orthogonal and slopes in [0, 1] the state Jacobian is at most one in norm, so that nothing explodes. It "
    "is an isometry if and only if all slopes are one; where all stay below some d < 1 it vanishes like d^k.",
    snippet="""\
import numpy as np

W = np.array([[0.6, 0.8], [-0.8, 0.6]])
J = np.linalg.matrix_power(np.diag([1 / 2, 1 / 2]) @ W, 10)
print("distance of W from orthogonal:", np.linalg.norm(W.T @ W - np.eye(2)))
print("norm of J(10, 0):", np.linalg.norm(J, 2), "claimed: at least", 1)
""",
    theorem="pascanu2013_spectral_norm",
    realize=lambda example: realize_slopes(example["W"], repeated(example["slopes"], example["repeats"])),
)
