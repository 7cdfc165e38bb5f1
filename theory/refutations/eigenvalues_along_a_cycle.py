r"""False: eigenvalues of M' inside the unit circle at every point of a cycle make the cycle attract.

What decides is the product of the Jacobians along the cycle, and radii do not multiply. The network with
W = [[0, 3], [3, 0]] exchanges its units. At slopes D_1 = diag(1, d), D_2 = diag(d, 1) in turn each Jacobian D_i W has the
eigenvalues +-3 sqrt(d), while D_2 W D_1 W = diag(9 d^2, 9). In the limit d = 0 the Jacobians are the nilpotent matrices
[[0, 3], [0, 0]] and [[0, 0], [3, 0]], of radius zero, and the product keeps the eigenvalue 9. Without any input
h_t = tanh(W h_{t-1}) has such a cycle: (0, y), (y, 0) with y = tanh(3 y) and d = 1 - y^2 near 1/100.

Source: bengio1994, whose wording is recalled. Main definition: `refutation`.
"""

from __future__ import annotations

from random import Random

import sympy as sp

from ..counterexamples import search
from ..exact_matrices import jacobian, realize_slopes, slopes_of_tanh, spectral_radius
from ..refutation import Clash, Example, Premise, Refutation


def measure(example: Example) -> Clash:
    """rho < 1 for the product of the Jacobians D_t W over the cycle whose slopes the example gives."""
    W, slopes = example["W"], example["slopes"]
    steps = [slopes.row(t) for t in range(slopes.rows)]
    return Clash(
        what=f"spectral radius of the product of the Jacobians around the cycle of {len(steps)} points",
        found=spectral_radius(jacobian(W, slopes)),
        relation="<",
        claimed=sp.S.One,
        premises=(
            *(
                Premise(
                    f"spectral radius of the Jacobian at point {t} of the cycle",
                    sp.Lt(spectral_radius(jacobian(W, step)), 1, evaluate=False),
                )
                for t, step in enumerate(steps, start=1)
            ),
            *slopes_of_tanh(slopes),
        ),
    )


def _draw(rng: Random) -> Example:
    W = [[rng.randint(-1, 1), rng.randint(1, 3)], [rng.randint(1, 3), rng.randint(-1, 1)]]
    d = sp.Rational(1, rng.randint(2, 20))
    return Example(W=W, slopes=[[1, d], [d, 1]])


def find(seed: int) -> Example:
    """A counterexample from random integer matrices and one saturated unit in turn, made simple."""
    return search(_draw, measure, seed=seed)


refutation = Refutation(
    id="eigenvalues_along_a_cycle",
    title="Eigenvalues inside the unit circle at every point make a cycle attract",
    claim="If every eigenvalue of M' is less than one in modulus at each point of a cycle, then the cycle attracts and "
    "the product of the Jacobians vanishes.",
    claimant="Bengio, Simard and Frasconi, where the eigenvalues are meant point by point on a periodic attractor",
    citation="bengio1994",
    version="wording recalled: it applies to the reading point by point; at a fixed point the claim is right",
    example=Example(W=[[0, 3], [3, 0]], slopes=[[1, "1/36"], ["1/36", 1]]),
    measure=measure,
    find=find,
    truth="A cycle attracts if the product of the Jacobians once around it has all its eigenvalues inside the unit "
    "circle. Norms below one lambda < 1 at every point, all in one norm, suffice.",
    snippet="""\
import numpy as np

W, d = np.array([[0.0, 3.0], [3.0, 0.0]]), 1 / 36
first, second = np.diag([1, d]) @ W, np.diag([d, 1]) @ W
for J in (first, second):
    print("radius at a point of the cycle:", abs(np.linalg.eigvals(J)).max())
around = abs(np.linalg.eigvals(second @ first)).max()
print("radius around the cycle:", around, "claimed: less than", 1)
""",
    theorem="bengio1994_vanishing",
    realize=lambda example: realize_slopes(example["W"], example["slopes"]),
)
