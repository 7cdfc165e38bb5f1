r"""False: |1 + eps lambda| < 1 for every eigenvalue lambda of M_t at every step keeps an antisymmetric network stable.

h_t = h_{t-1} + eps tanh(a_t), a_t = (K - g I) h_{t-1} + u_t, K^T = -K, has the step Jacobian I + eps M_t with
M_t = D_t (K - g I). Each step alone turns the state along an ellipse that shrinks, and the ellipses of two diagonals
differ: a state that is on the long axis of one when the slopes change is led to the longer axis of the other. For
K = [[0, 2], [-2, 0]], g = 1/2, eps = 1 and the slopes (1, 1/10), (1/10, 1) in turn each step has radius .935, two steps
have 2.82. Small steps need more of them between the changes: eps = 1/10, K = [[0, 1], [-1, 0]], g = 1/20 and slopes 1/4
in turn, each kept for 31 steps.

>>> slow = Example(K=[[0, 1], [-1, 0]], damping="1/20", step="1/10", slopes=[[1, "1/4"], ["1/4", 1]], hold=31)
>>> measure(slow).refutes
True

Source: chang2019. Main definition: `refutation`.
"""

from __future__ import annotations

from random import Random

import mpmath
import sympy as sp

from ..counterexamples import search
from ..differences import DIGITS, assert_jacobian, number, numbers
from ..exact_matrices import slopes_of_tanh, spectral_radius, whole
from ..refutation import Clash, Example, Premise, Refutation


def _steps(example: Example) -> list[sp.MatrixBase]:
    """I + eps D (K - g I) for each row of slopes."""
    K, damping, eps, slopes = (example[name] for name in ("K", "damping", "step", "slopes"))
    unit = sp.eye(K.rows)
    return [unit + eps * sp.diag(*slopes.row(t)) * (K - damping * unit) for t in range(slopes.rows)]


def _product(example: Example) -> sp.MatrixBase:
    """The product over the period, in which each step is held for ``hold`` steps."""
    running = sp.eye(example["K"].rows)
    for step in _steps(example):
        running = step ** whole(example["hold"]) * running
    return running


def measure(example: Example) -> Clash:
    """rho <= 1 for the product of the steps over the period of the example."""
    K, slopes = example["K"], example["slopes"]
    length = slopes.rows * whole(example["hold"])
    symmetric = sum((x**2 for x in K + K.T), sp.S.Zero)
    return Clash(
        what=f"spectral radius of J({length}, 0), where the slopes of the {length} steps then repeat",
        found=spectral_radius(_product(example)),
        relation="<=",
        claimed=sp.S.One,
        premises=(
            *(
                Premise(f"spectral radius of I + eps M_{t}", sp.Lt(spectral_radius(step), 1, evaluate=False))
                for t, step in enumerate(_steps(example), start=1)
            ),
            Premise("sum of the squared entries of K + K^T", sp.Eq(symmetric, 0, evaluate=False)),
            Premise("step eps", sp.Gt(example["step"], 0, evaluate=False)),
            *slopes_of_tanh(slopes),
        ),
    )


def _draw(rng: Random) -> Example:
    k, d = rng.randint(1, 4), sp.Rational(1, rng.randint(2, 12))
    damping, eps = sp.Rational(rng.randint(1, 4), 2), sp.Rational(1, rng.randint(1, 2))
    return Example(K=[[0, k], [-k, 0]], damping=damping, step=eps, slopes=[[1, d], [d, 1]], hold=rng.randint(1, 2))


def find(seed: int) -> Example:
    """A counterexample from random turns, dampings, steps and saturations, made simple."""
    return search(_draw, measure, seed=seed)


def realize(example: Example) -> None:
    """Put h_t = h_{t-1} + eps tanh((K - g I) h_{t-1} + u_t) on the slopes by its inputs and difference it."""
    with mpmath.workdps(DIGITS):
        W = numbers(example["K"] - example["damping"] * sp.eye(example["K"].rows))
        eps, hold, slopes = number(example["step"]), whole(example["hold"]), example["slopes"]
        rows = [slopes.row(t) for t in range(slopes.rows) for _ in range(hold)]
        start, inputs = mpmath.zeros(W.rows, 1), []
        state = start
        for row in rows:
            a = mpmath.matrix([mpmath.atanh(mpmath.sqrt(1 - number(d))) for d in row])
            inputs.append(a - W * state)
            state = state + eps * a.apply(mpmath.tanh)

        def program(h: mpmath.matrix) -> mpmath.matrix:
            for u in inputs:
                h = h + eps * (W * h + u).apply(mpmath.tanh)
            return h

        assert_jacobian(program, start, _product(example))


refutation = Refutation(
    id="radius_of_antisymmetric_steps",
    title="Eigenvalues of every step keep an antisymmetric network stable",
    claim="If |1 + eps lambda| < 1 for every eigenvalue lambda of the Jacobian M_t at every step, then the state "
    "Jacobian of the antisymmetric network does not grow.",
    claimant="a stability criterion for antisymmetric networks, read as sufficient along a trajectory",
    citation="chang2019",
    version="wording of the criterion recalled; at a fixed point, where M_t does not change, it is right",
    example=Example(K=[[0, 2], [-2, 0]], damping="1/2", step=1, slopes=[[1, "1/10"], ["1/10", 1]], hold=1),
    measure=measure,
    find=find,
    truth="M_t + M_t^T + eps M_t^T M_t <= 0 at every step makes every step a contraction in the 2-norm, and then their "
    "products are. A logarithmic norm mu(M_t) <= -eps ||M_t||^2 / 2 suffices for it.",
    snippet="""\
import numpy as np

W = np.array([[0.0, 2.0], [-2.0, 0.0]]) - np.eye(2) / 2  # antisymmetric, damped
first, second = (np.eye(2) + np.diag(d) @ W for d in ([1, 0.1], [0.1, 1]))
for J in (first, second):
    print("radius of a step:", abs(np.linalg.eigvals(J)).max())
both = abs(np.linalg.eigvals(second @ first)).max()
print("radius of two steps:", both, "claimed: at most", 1)
""",
    realize=realize,
)
