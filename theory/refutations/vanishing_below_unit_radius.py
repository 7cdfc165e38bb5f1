r"""False: rho(W) < 1/gamma makes the state Jacobian of a nonlinear network vanish.

For a rank-one matrix W = v w^T the product of any diagonals is D_k W ... D_1 W = (D_k v) (w^T D_{k-1} v) ...
(w^T D_1 v) w^T. If w^T v = 0 then W^2 = 0 and rho(W) = 0, yet w^T D v is not zero once the slopes differ: for
v = (2, -1), w = (1, 2) it is 2 (d_1 - d_2). With slopes (1, 1/100), the second unit saturated, every step but the first
and the last doubles the error, or nearly: J(k, 0) has spectral radius (99/50)^k. Slopes free in (0, 1] at each step
bring the norm of J(k, 0) near |v| |w| max_D |w^T D v|^(k-1) (`supremum`), one and the same diagonal at every step near
2^(k-1) |(2, 0)| |w|; both are approached by inputs that saturate the second unit, and not attained.

>>> [int(supremum(refutation.example["W"], 20)), int(spectral_norm(sp.Matrix([[2, 4], [0, 0]]) ** 20))]
[2621440, 2344687]

Source: pascanu2013, whose ICML text has the singular value and is right. Main definitions: `refutation`, `supremum`.
"""

from __future__ import annotations

from random import Random

import sympy as sp

from ..counterexamples import search
from ..exact_matrices import jacobian, realize_slopes, repeated, slopes_of_tanh, spectral_norm, spectral_radius
from ..refutation import Clash, Example, Premise, Refutation


def supremum(W: sp.MatrixBase, steps: int) -> sp.Expr:
    """The supremum of ||J(k, 0)||_2, k = ``steps``, over slopes in (0, 1], for a matrix W (n, n) of rank one.

    The bilinear form w^T D v is largest in modulus where D keeps the terms of one sign; D_k = I is best at the end.
    """
    if W.rank() != 1:
        raise ValueError(f"W must have rank one, got rank {W.rank()}")
    terms = [W[i, i] for i in range(W.rows)]  # v_i w_i
    largest = max(sum(x for x in terms if x > 0), -sum(x for x in terms if x < 0))
    return spectral_norm(W) * largest ** (steps - 1)


def measure(example: Example) -> Clash:
    """rho(J) < 1 for the Jacobian J over the steps of the example; where it fails, J^m does not tend to zero."""
    W, slopes = example["W"], repeated(example["slopes"], example["repeats"])
    return Clash(
        what=f"spectral radius of J({slopes.rows}, 0), where the slopes of the {slopes.rows} steps then repeat",
        found=spectral_radius(jacobian(W, slopes)),
        relation="<",
        claimed=sp.S.One,
        premises=(
            Premise("spectral radius of W", sp.Lt(spectral_radius(W), 1, evaluate=False)),
            *slopes_of_tanh(slopes),
        ),
    )


def _draw(rng: Random) -> Example:
    a, b, c = (rng.choice((-2, -1, 1, 2)) for _ in range(3))
    rows = [[sp.Rational(rng.randint(1, 4), 4) for _ in range(2)] for _ in range(rng.randint(1, 2))]
    return Example(W=[[c * a * b, c * b * b], [-c * a * a, -c * a * b]], slopes=rows, repeats=rng.randint(1, 3))


def find(seed: int) -> Example:
    """A counterexample from random nilpotent integer matrices and slopes in quarters, made simple."""
    return search(_draw, measure, seed=seed)


refutation = Refutation(
    id="vanishing_below_unit_radius",
    title="A spectral radius below one makes the state Jacobian vanish",
    claim="If the largest eigenvalue of W is less than 1/gamma in modulus, then the state Jacobian of a nonlinear "
    "network tends to zero as the lag grows (gamma = 1 for tanh).",
    claimant="copies of Pascanu, Mikolov and Bengio that have 'largest eigenvalue' in the condition",
    citation="pascanu2013",
    version="copies that say largest eigenvalue; the ICML 2013 text says largest singular value and is right",
    example=Example(W=[[2, 4], [-1, -2]], slopes=[[1, "1/100"]], repeats=4),
    measure=measure,
    find=find,
    truth="The largest singular value below 1/gamma suffices, and so does rho(|W|) below 1/gamma. The spectral radius "
    "alone suffices for the linear network, where every slope is one.",
    snippet="""\
import numpy as np

W = np.array([[2.0, 4.0], [-1.0, -2.0]])  # W @ W = 0
J = np.linalg.matrix_power(np.diag([1.0, 0.01]) @ W, 4)  # the second unit is saturated
print("radius of W:", abs(np.linalg.eigvals(W)).max())
print("radius of J(4, 0):", abs(np.linalg.eigvals(J)).max(), "claimed: less than", 1)
""",
    theorem="pascanu2013_spectral_norm",
    realize=lambda example: realize_slopes(example["W"], repeated(example["slopes"], example["repeats"])),
)
