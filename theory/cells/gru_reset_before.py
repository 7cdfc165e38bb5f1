r"""The GRU of Cho et al. (2014), with the reset gate before the recurrent product."""

from __future__ import annotations

from ..activations import Activation, Logistic, Tanh
from ..language import Cell, biases, inputs, let, matrices, state

GATES = ("r", "z", "n")


def gru_reset_before(activation: Activation | None = None, gate_activation: Activation | None = None) -> Cell:
    r"""``h_t = (1 - z) n + z h_{t-1}``, ``n = phi(B_n u + b_n + W_n (r h_{t-1}))``, gates r and z logistic.

    W is (3n, n), B (3n, m), b (3n,), gates stacked in the order r, z, n. Here z keeps the old state, as in
    the frameworks; Cho et al. write the same update. Source: cho2014.

    >>> from errorflow.theory.jacobian import step_jacobian
    >>> max(len(term.tail) for term in step_jacobian(gru_reset_before()).blocks["h", "h"].terms)
    2
    """
    phi, sigma = activation or Tanh(), gate_activation or Logistic()
    h, u = state("h"), inputs("u")
    W, B, b = matrices("W", GATES), matrices("B", GATES, columns="m"), biases("b", GATES)
    r, z = (let(gate, sigma(let(f"a_{gate}", W[gate] @ h + B[gate] @ u + b[gate]))) for gate in ("r", "z"))
    n = let("n", phi(let("a_n", B["n"] @ u + b["n"] + W["n"] @ (r * h))))
    return Cell(
        "gru_reset_before",
        {"h": (1 - z) * n + z * h},
        title="GRU, reset before the product",
        references=("cho2014",),
    )
