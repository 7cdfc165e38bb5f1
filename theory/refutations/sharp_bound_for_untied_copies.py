r"""False: the sharp uniform bound 2 (gamma w)^k holds for untied copies W_t with numerical radius w(W_t) <= w.

The certificate of the bound belongs to one W: every copy has its own, and a product of copies need not shrink in any of
them. A_1 = [[0, 2], [0, 0]] and A_2 = A_1^T have w = 1, but A_1 A_2 = diag(4, 0): ||(A_1 A_2)^m|| = 4^m, where one shared
W with w(W) <= 1 keeps every product below 2. Here sharing the weights makes *vanishing* provable for more of them.
Main statement: `refutation`.
"""

from __future__ import annotations

from random import Random

import mpmath
import sympy as sp

from ..counterexamples import search
from ..differences import DIGITS, assert_jacobian, numbers
from ..exact_matrices import spectral_norm, square, whole
from ..refutation import Clash, Example, Premise, Refutation
from .largest_slope_alone import numerical_radius


def product(example: Example) -> sp.MatrixBase:
    """(W_1 W_2)^m, the Jacobian of 2 m steps at rest: W_2 acts first.

    >>> product(Example(first=[[0, 2], [0, 0]], second=[[0, 0], [2, 0]], repeats=2)).tolist()
    [[16, 0], [0, 0]]
    """
    return sp.Matrix((square(example["first"]) * square(example["second"])) ** whole(example["repeats"]))


def measure(example: Example) -> Clash:
    """||(W_1 W_2)^m|| <= 2 for copies of numerical radius at most 1."""
    steps = 2 * whole(example["repeats"])
    return Clash(
        what=f"spectral norm of the product of {steps} copies",
        found=spectral_norm(product(example)),
        relation="<=",
        claimed=sp.Integer(2),
        premises=tuple(
            Premise(f"numerical radius of the {name} copy", sp.Le(numerical_radius(example[name]), 1, evaluate=False))
            for name in ("first", "second")
        ),
    )


_ENTRIES = (-2, -1, 0, 0, 0, 0, 1, 2)


def _draw(rng: Random) -> Example:
    first, second = ([[rng.choice(_ENTRIES) for _ in range(2)] for _ in range(2)] for _ in range(2))
    return Example(first=first, second=second, repeats=rng.randint(1, 3))


def find(seed: int) -> Example:
    """Two random matrices of -2, ..., 2 whose product outgrows the bound, made simple."""
    return search(_draw, measure, seed=seed)


def realize(example: Example) -> None:
    """Difference a tanh network with these copies in turn, without inputs from h_0 = 0, where every slope is 1."""
    with mpmath.workdps(DIGITS):
        copies = [numbers(example["second"]), numbers(example["first"])] * whole(example["repeats"])

        def program(h: mpmath.matrix) -> mpmath.matrix:
            for W in copies:
                h = (W * h).apply(mpmath.tanh)
            return h

        assert_jacobian(program, mpmath.zeros(2, 1), product(example))


refutation = Refutation(
    id="sharp_bound_for_untied_copies",
    title="The sharp uniform bound for untied copies",
    claim="If every copy W_t has a numerical radius of at most 1, then ||W_t ... W_{t-k+1}|| <= 2.",
    claimant="our own sharp uniform bound, if it is forgotten that one W is shared by all steps",
    citation=None,
    version="for copies that differ; with one shared W the bound is the theorem",
    example=Example(first=[[0, 2], [0, 0]], second=[[0, 0], [2, 0]], repeats=3),
    measure=measure,
    find=find,
    truth="With one W for all steps the bound 2 (gamma w(W))^k holds. Copies that differ obey (gamma max ||W_t||)^k, and its "
    "forms with one diagonal scaling common to all copies: sharing helps the sharp bound, which makes vanishing provable.",
    snippet="""\
import numpy as np

A = np.array([[0.0, 2.0], [0.0, 0.0]])
turns = np.exp(1j * np.linspace(0, 2 * np.pi, 361))
radius = max(np.linalg.eigvalsh((z * A + z.conj() * A.T) / 2).max() for z in turns)
print("numerical radius of A and of its transpose:", radius)
J = np.linalg.matrix_power(A @ A.T, 3)  # six copies: A, its transpose, A, ...
print("norm of the product:", np.linalg.norm(J, 2), "claimed: at most", 2)
""",
    theorem="sharp_uniform",
    realize=realize,
)
