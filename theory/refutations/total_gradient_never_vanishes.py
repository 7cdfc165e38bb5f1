r"""False: the total gradient of shared weights cannot vanish while errors and states do not.

For h_t = w h_{t-1} + u_t, h_0 = 0 and E = h_T the gradient of the shared weight is the sum of its parts by lag, and parts
may cancel: with w = 1/2 and the inputs 1, -1, 0 over T = 3 steps the part of lag 0 is h_2 = -1/2, that of lag 1 is
w h_1 = 1/2, and dE/dw = 0, although dE/dh_T = 1 and no untied copy that sees a state has a zero gradient. The other
way to vanish is a critical point of the loss, dE/dh_T = 0.
Main statement: `refutation`.
"""

from __future__ import annotations

from random import Random

import sympy as sp

from ..counterexamples import search
from ..refutation import Clash, Example, Premise, Refutation
from .long_range_from_nonzero_gradient import parts


def measure(example: Example) -> Clash:
    """|dE/dw| > 0 for the sum of parts by lag that are not zero."""
    if example["inputs"].cols != 1:
        raise ValueError(f"inputs must be a column, got shape {example['inputs'].shape}")
    found = parts(example["w"], example["inputs"])
    return Clash(
        what=f"modulus of dE/dw over {len(found)} steps",
        found=sp.Abs(sum(found, sp.S.Zero)),
        relation=">",
        claimed=sp.S.Zero,
        premises=(
            Premise("modulus of the part of lag 0", sp.Gt(sp.Abs(found[0]), 0, evaluate=False)),
            Premise(
                "sum of the moduli of the parts of longer lags",
                sp.Gt(sum(map(sp.Abs, found[1:]), sp.S.Zero), 0, evaluate=False),
            ),
        ),
    )


def _draw(rng: Random) -> Example:
    w = rng.choice((1, -1)) * sp.Rational(rng.randint(1, 3), rng.randint(1, 4))
    return Example(w=w, inputs=[[rng.randint(-2, 2)] for _ in range(rng.randint(3, 5))])


def find(seed: int) -> Example:
    """A random weight and random inputs whose parts by lag cancel, made simple."""
    return search(_draw, measure, seed=seed)


refutation = Refutation(
    id="total_gradient_never_vanishes",
    title="The total gradient never vanishes",
    claim="The gradient of a shared weight is not zero where the parts of lag 0 and of longer lags are not zero.",
    claimant="the opposite overstatement: that sharing the weights by itself keeps the gradient from vanishing",
    citation=None,
    version="for the total gradient of the shared weight, exactly zero; a critical point of the loss does it too",
    example=Example(w="1/2", inputs=[[1], [-1], [0]]),
    measure=measure,
    find=find,
    truth="Parts of different lags may cancel. In a contractive network the total gradient is at least the part of lag 0 "
    "minus gamma ||g|| H eta / (1 - eta), which is positive where eta is small.",
    snippet="""\
w, states = 0.5, [0.0]
for u in (1.0, -1.0, 0.0):
    states.append(w * states[-1] + u)
parts = [w**lag * states[2 - lag] for lag in range(3)]
print("parts by lag:", parts)
print("modulus of dE/dw:", abs(sum(parts)), "claimed: more than", 0)
""",
    theorem="total_gradient_stays",
)
