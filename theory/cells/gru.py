r"""The GRU with the reset gate after the recurrent product, as in PyTorch, and Keras with ``reset_after``."""

from __future__ import annotations

from ..activations import Activation, Logistic, Tanh
from ..language import Cell, bias, biases, inputs, let, matrices, state

GATES = ("r", "z", "n")


def gru(activation: Activation | None = None, gate_activation: Activation | None = None) -> Cell:
    r"""``h_t = (1 - z) n + z h_{t-1}``, ``n = phi(B_n u + b_n + r (W_n h_{t-1} + d))``, logistic gates r, z.

    W is (3n, n), B (3n, m), b (3n,), gates stacked in the order r, z, n, and d (n,) is the recurrent bias
    inside the reset. Source: cho2014 for the cell; the order of reset and product is that of the
    frameworks.

    >>> from errorflow.theory.jacobian import step_jacobian
    >>> len(step_jacobian(gru()).blocks["h", "h"].terms)
    4
    """
    phi, sigma = activation or Tanh(), gate_activation or Logistic()
    h, u = state("h"), inputs("u")
    W, B, b = matrices("W", GATES), matrices("B", GATES, columns="m"), biases("b", GATES)
    r, z = (let(gate, sigma(let(f"a_{gate}", W[gate] @ h + B[gate] @ u + b[gate]))) for gate in ("r", "z"))
    p = let("p", W["n"] @ h + bias("d"))
    n = let("n", phi(let("a_n", B["n"] @ u + b["n"] + r * p)))
    return Cell("gru", {"h": (1 - z) * n + z * h}, title="GRU, reset after the product", references=("cho2014",))
