r"""False: with its forget gate at one an LSTM has constant error flow, dc_T/dc_0 = I.

The derived step Jacobian of (h, c) has the block dc_t/dc_{t-1} = diag(f_t) = I, and three more blocks: the cell state
also acts through h_t = o_t tanh(c_t) on the gates and on the cell input of the next step, which read h_t through
recurrent weights. The gradient of 1997 is truncated there, and for it the statement is right. For the full gradient take
one unit at rest, h = c = g = 0, i = o = 1/2, f = 1: the step Jacobian is [[w/4, 1/2], [w/2, 1]] with w = W_g, of
determinant zero, hence dc_T/dc_0 = (1 + w/4)^(T-1). It doubles at every step for w = 4 and is zero from T = 2 on for
w = -4, although every forget gate is one.

>>> [measure(Example(W=[0, 0, w, 0], gates=[["1/2", 1, 0, "1/2"]], c=0, repeats=10)).found for w in (4, -4, 0)]
[512, 0, 1]

Source: hochreiter1997. Main definitions: `refutation`, `cell_derivative`.
"""

from __future__ import annotations

from random import Random

import mpmath
import sympy as sp

from .. import cells, notation, unrolled
from ..activations import Logistic, Tanh
from ..cells.lstm import GATES
from ..counterexamples import search
from ..differences import DIGITS, assert_jacobian, number
from ..exact_matrices import repeated
from ..jacobian import step_jacobian
from ..refutation import Clash, Example, Premise, Refutation


def _entry(name: str) -> sp.Symbol:
    return notation.component(notation.at_step(name), 1)


def _step_values(example: Example, gates: sp.MatrixBase, before: sp.Expr, after: sp.Expr) -> dict[sp.Expr, sp.Expr]:
    """The numbers of one step: weights, gates and their slopes s (1 - s) and 1 - g^2, and the cell state."""
    sigma, phi = Logistic(), Tanh()
    values = {notation.component(notation.before_step("c"), 1): before}
    for gate, weight, at in zip(GATES, example["W"], gates, strict=True):
        activation, slope = (phi, 1 - at**2) if gate == "g" else (sigma, at * (1 - at))
        values |= {notation.entry(f"W_{gate}", 1, 1): weight, _entry(gate): at}
        values[activation.df(_entry(f"a_{gate}"))] = slope
    return values | {phi.f(_entry("c+")): sp.tanh(after), phi.df(_entry("c+")): 1 - sp.tanh(after) ** 2}


def cell_derivative(example: Example) -> tuple[sp.Expr, sp.Expr]:
    """dc_T/dc_0 of the LSTM with one unit: in full, and with the gradient truncated to the blocks dc_t/dc_{t-1}."""
    J = step_jacobian(cells.get("lstm")).explicit(1)
    gates, state = repeated(example["gates"], example["repeats"]), example["c"]
    full, truncated = sp.eye(2), sp.S.One
    for t in range(gates.rows):
        i, f, g, _ = gates.row(t)
        before, state = state, f * state + i * g
        step = J.xreplace(_step_values(example, gates.row(t), before, state))
        full, truncated = (step * full).applyfunc(sp.expand), truncated * step[1, 1]
    return full[1, 1], truncated


def measure(example: Example) -> Clash:
    """dc_T/dc_0 in full is the product of the forget gates, one."""
    gates = example["gates"]
    if gates.cols != 4 or len(example["W"]) != 4:
        raise ValueError(f"W and the rows of gates must have four entries, in the order {', '.join(GATES)}")
    full, truncated = cell_derivative(example)
    open_gates = [gates[t, column] for t in range(gates.rows) for column in (0, 3)]
    return Clash(
        what=f"dc_T/dc_0 at T = {repeated(gates, example['repeats']).rows}, over all paths, against the truncated one",
        found=full,
        relation="=",
        claimed=truncated,
        premises=(
            *(
                Premise(f"forget gate at step {t} of the period", sp.Eq(f, 1, evaluate=False))
                for t, f in enumerate(gates.col(1), start=1)
            ),
            Premise("smallest input or output gate", sp.Gt(min(open_gates), 0, evaluate=False)),
            Premise("largest input or output gate", sp.Lt(max(open_gates), 1, evaluate=False)),
            Premise("largest modulus of a cell input", sp.Lt(max(abs(g) for g in gates.col(2)), 1, evaluate=False)),
        ),
    )


def _draw(rng: Random) -> Example:
    i, o = (sp.Rational(rng.randint(1, 3), 4) for _ in range(2))
    g = sp.Rational(rng.randint(-1, 1), 2)
    return Example(W=[rng.randint(-4, 4) for _ in GATES], gates=[[i, 1, g, o]], c=0, repeats=rng.randint(1, 3))


def find(seed: int) -> Example:
    """A counterexample from random recurrent weights and gates, made simple."""
    return search(_draw, measure, seed=seed)


def realize(example: Example) -> None:
    """Put the LSTM on its gates by its inputs and difference it; the forget gate is one up to exp(-1000)."""
    cell, gates = cells.get("lstm"), repeated(example["gates"], example["repeats"])
    with mpmath.workdps(DIGITS):
        weights = {f"W_{gate}": mpmath.matrix([number(w)]) for gate, w in zip(GATES, example["W"], strict=True)}
        routes = {f"B_{gate}": mpmath.matrix([[int(gate == other) for other in GATES]]) for gate in GATES}
        copy = weights | routes | {f"b_{gate}": mpmath.matrix([0]) for gate in GATES}
        h, c, inputs = mpmath.mpf(0), number(example["c"]), []
        for t in range(gates.rows):
            i, f, g, o = (number(x) for x in gates.row(t))
            wanted = (mpmath.log(i / (1 - i)), mpmath.mpf(1000), mpmath.atanh(g), mpmath.log(o / (1 - o)))
            inputs.append([a - weights[f"W_{gate}"][0] * h for a, gate in zip(wanted, GATES, strict=True)])
            c = f * c + i * g
            h = o * mpmath.tanh(c)

        def program(start: mpmath.matrix) -> mpmath.matrix:
            trace = unrolled.run(cell, [copy] * len(inputs), inputs, {"h": [mpmath.mpf(0)], "c": [start[0]]})
            return mpmath.matrix(trace[-1][notation.before_step("c")])

        assert_jacobian(program, mpmath.matrix([number(example["c"])]), sp.Matrix([[cell_derivative(example)[0]]]))


refutation = Refutation(
    id="lstm_constant_error_flow",
    title="A forget gate at one gives constant error flow",
    claim="While its forget gate is one, an LSTM carries the error of its cell state back unchanged: dc_T/dc_0 = I.",
    claimant="retellings of Hochreiter and Schmidhuber that leave out the truncation of the gradient",
    citation="hochreiter1997",
    version="for the full gradient; the text of 1997 truncates the gradient at the gates and the cell input and is right",
    example=Example(W=[0, 0, 4, 0], gates=[["1/2", 1, 0, "1/2"]], c=0, repeats=10),
    measure=measure,
    find=find,
    truth="The truncated gradient, which stops where h enters the gates and the cell input, has dc_T/dc_0 equal to the "
    "product of the forget gates. The full gradient has it if all recurrent weights are zero.",
    snippet="""\
import numpy as np

w = 4.0  # recurrent weight of the cell input
# at rest: h = c = g = 0, input and output gate 1/2, forget gate 1
J = np.array([[w / 4, 1 / 2], [w / 2, 1.0]])  # d(h, c)_t / d(h, c)_{t-1}
print("dc_10/dc_0:", np.linalg.matrix_power(J, 10)[1, 1], "claimed:", 1)
""",
    realize=realize,
)
