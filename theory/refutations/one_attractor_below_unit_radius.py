r"""False: rho(W) < 1 leaves h_t = tanh(W h_{t-1}) with one attractor, so that every orbit decays to zero.

For two units the set {h_2 >= c, |h_1| <= 1} is mapped into itself as soon as tanh(w_22 c - |w_21|) >= c: its orbits
never come near zero, and by Brouwer's theorem it holds a fixed point. So does its mirror image, and rho(W) < 1 makes
zero attract as well: three attractors. At c = 1/2 and W = [[0, 4], [-1/6, 3/2]] the number is tanh(7/12) = .525, while
rho(W) = .816. It is bounded from below by exact fractions: for z >= 0 a partial sum S of the series of exp(2 z) is a
lower bound of it, hence tanh(z) >= (S - 1)/(S + 1); for z < 0, tanh(z) >= z.

Source: yildiz2012, which refutes the belief for the echo state property. Main definition: `refutation`.
"""

from __future__ import annotations

from random import Random

import mpmath
import sympy as sp

from ..counterexamples import search
from ..differences import DIGITS, number
from ..exact_matrices import spectral_radius
from ..refutation import Clash, Example, Premise, Refutation


def tanh_from_below(z: sp.Rational, terms: int = 20) -> sp.Rational:
    """A rational lower bound of tanh(z), close to it for z in [0, 1].

    >>> tanh_from_below(sp.Rational(1, 2), terms=3)
    3/7
    """
    if z < 0:
        return z
    partial = sum(((2 * z) ** j / sp.factorial(j) for j in range(terms)), sp.S.Zero)
    return (partial - 1) / (partial + 1)


def measure(example: Example) -> Clash:
    """The floor of h_2 after a step from {h_2 >= c, |h_1| <= 1}: below c, if every orbit decays."""
    W, c = example["W"], example["c"]
    if W.shape != (2, 2):
        raise ValueError(f"W must have shape (2, 2), got {W.shape}")
    return Clash(
        what=f"lower bound of h_2 after one step without input from h_2 >= {c}, |h_1| <= 1",
        found=tanh_from_below(W[1, 1] * c - abs(W[1, 0])) if W[1, 1] >= 0 else -sp.S.One,
        relation="<",
        claimed=c,
        premises=(
            Premise("spectral radius of W", sp.Lt(spectral_radius(W), 1, evaluate=False)),
            Premise("lowest h_2 of the box", sp.Gt(c, 0, evaluate=False)),
            Premise("lowest h_2 of the box", sp.Lt(c, 1, evaluate=False)),
        ),
    )


def _draw(rng: Random) -> Example:
    while True:
        forward, feedback, gain = (
            rng.randint(1, 8),
            sp.Rational(1, rng.randint(2, 8)),
            sp.Rational(rng.randint(1, 8), 4),
        )
        if forward * feedback < 1 and gain < 1 + forward * feedback:  # both eigenvalues inside the unit circle
            return Example(W=[[0, forward], [-feedback, gain]], c=sp.Rational(rng.randint(1, 3), 4))


def find(seed: int) -> Example:
    """A counterexample from random matrices with w_11 = 0, made simple."""
    return search(_draw, measure, seed=seed)


def realize(example: Example) -> None:
    """Run the network without input from (1, 1), (-1, -1) and near zero: two orbits stay beyond c, one decays."""
    with mpmath.workdps(DIGITS):
        W = mpmath.matrix([[number(x) for x in row] for row in example["W"].tolist()])
        c, near = number(example["c"]), mpmath.mpf(10) ** -9
        ends = []
        for start in ((1, 1), (-1, -1), (near, near)):
            h = mpmath.matrix(start)
            for _ in range(200):
                h = (W * h).apply(mpmath.tanh)
                assert abs(start[0]) < 1 or start[0] * h[1] >= c, f"h_2 must stay beyond {example['c']}, got {h[1]}"
            ends.append(h)
        assert ends[0] == -ends[1]
        assert mpmath.norm(ends[2]) < near, f"an orbit near zero must decay, got {ends[2]}"


refutation = Refutation(
    id="one_attractor_below_unit_radius",
    title="A spectral radius below one leaves one attractor",
    claim="If rho(W) < 1, then every orbit of h_t = tanh(W h_{t-1}) decays to zero: the network forgets its past.",
    claimant="a common belief about reservoirs that are scaled to a spectral radius below one",
    citation=None,
    version="for the update without leak and without input",
    example=Example(W=[[0, 4], ["-1/6", "3/2"]], c="1/2"),
    measure=measure,
    find=find,
    truth="Zero attracts the orbits that start near it. All orbits, with any inputs, approach each other if the largest "
    "singular value is below one, or if W is diagonally Schur stable.",
    snippet="""\
import numpy as np

W = np.array([[0, 4], [-1 / 6, 3 / 2]])
print("radius of W:", abs(np.linalg.eigvals(W)).max())
h = np.array([1.0, 0.5])  # the lowest h_2 of the box after one step
print("h_2 one step after 1/2:", np.tanh(W @ h)[1], "claimed: less than", 1 / 2)
for _ in range(1000):
    h = np.tanh(W @ h)
print("after 1000 more steps:", h)
""",
    theorem="diagonal_scaling",
    realize=realize,
)
