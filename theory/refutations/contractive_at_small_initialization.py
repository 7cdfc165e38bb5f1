r"""False: twenty tanh units with weights in [-0.2, 0.2] are contractive.

Contraction in the 2-norm needs ||W||_2 < 1 (gamma = 1). Twenty equal weights of 1/5 in each row give ||W||_2 = 20/5 = 4.
A random draw is another question, for a measurement: it is usually, not always, contractive, and with a hundred units it
is not. The hypothesis has to be checked on the network at hand. Matrices here are x y^T, of the norm ||x|| ||y||.
Main statement: `refutation`.
"""

from __future__ import annotations

from random import Random

import sympy as sp

from ..refutation import Clash, Example, Premise, Refutation

UNITS = 20
_EQUAL = {"x": sp.Rational(1, 5), "y": sp.S.One}


def measure(example: Example) -> Clash:
    """||x y^T||_2 < 1 for twenty units and entries of at most 1/5 in modulus."""
    x, y = example["x"], example["y"]
    if x.shape != (1, UNITS) or y.shape != (1, UNITS):
        raise ValueError(f"x and y must be rows of {UNITS} entries, got shapes {x.shape} and {y.shape}")
    return Clash(
        what="spectral norm of W = x y^T",
        found=sp.sqrt((x * x.T)[0] * (y * y.T)[0]),
        relation="<",
        claimed=sp.S.One,
        premises=(
            Premise(
                "largest modulus of an entry of W",
                sp.Le(max(map(sp.Abs, x)) * max(map(sp.Abs, y)), sp.Rational(1, 5), evaluate=False),
            ),
        ),
    )


def _draw(rng: Random) -> Example:
    x, y = ([sp.Rational(rng.randint(-4, 4), 10) for _ in range(UNITS)] for _ in range(2))
    return Example(x=[x], y=[y])


def find(seed: int) -> Example:
    """A random matrix of rank one within the interval, made simple as far as zeros and ones go."""
    rng = Random(seed)
    while True:
        example = _draw(rng)
        if measure(example).refutes:
            signs = {name: [[sp.sign(entry) * least for entry in example[name]]] for name, least in _EQUAL.items()}
            simple = Example(**signs)
            return simple if measure(simple).refutes else example


refutation = Refutation(
    id="contractive_at_small_initialization",
    title="Twenty units with weights in [-0.2, 0.2] are contractive",
    claim="If twenty tanh units have weights in [-0.2, 0.2], the spectral norm of W is below one.",
    claimant="common belief, where the bounds for small weights are applied to every network of that initialization",
    citation=None,
    version="for every draw; how many random draws are contractive is a measurement",
    example=Example(x=[["1/5"] * UNITS], y=[[1] * UNITS]),
    measure=measure,
    find=find,
    truth="All weights below 1/n in modulus are contractive; in between the norm of the network at hand decides.",
    theorem="pascanu2013_spectral_norm",
    snippet="""\
import numpy as np

W = np.full((20, 20), 0.2)
print("spectral norm:", np.linalg.norm(W, 2), "claimed: below", 1)
""",
)
