r"""The LSTM with forget gate: ``c_t = f_t c_{t-1} + i_t g_t``, ``h_t = o_t tanh(c_t)``; state (h, c)."""

from __future__ import annotations

from ..activations import Activation, Logistic, Tanh
from ..language import Cell, biases, inputs, let, matrices, state

GATES = ("i", "f", "g", "o")


def lstm(activation: Activation | None = None, gate_activation: Activation | None = None) -> Cell:
    r"""``c_t = f c_{t-1} + i g``, ``h_t = o phi(c_t)``, gates sigma(a_x), g = phi(a_g).

    Pre-activations are ``a_x = W_x h_{t-1} + B_x u_t + b_x``. W is (4n, n), B (4n, m), b (4n,), gates
    stacked in the order i, f, g, o; phi is tanh and sigma the logistic function unless given. The full
    state stacks h above c. Source: gers2000, hochreiter1997.

    >>> from errorflow.theory.jacobian import step_jacobian
    >>> step_jacobian(lstm()).blocks["c", "c"].latex()
    '\\operatorname{diag}\\left(f_{t}\\right)'
    """
    phi, sigma = activation or Tanh(), gate_activation or Logistic()
    h, c, u = state("h"), state("c"), inputs("u")
    W, B, b = matrices("W", GATES), matrices("B", GATES, columns="m"), biases("b", GATES)
    a = {gate: let(f"a_{gate}", W[gate] @ h + B[gate] @ u + b[gate]) for gate in GATES}
    i, f, o = (let(gate, sigma(a[gate])) for gate in ("i", "f", "o"))
    g = let("g", phi(a["g"]))
    new_c = let("c+", f * c + i * g)
    return Cell(
        "lstm",
        {"h": o * phi(new_c), "c": new_c},
        title="LSTM with forget gate",
        references=("hochreiter1997", "gers2000"),
    )
