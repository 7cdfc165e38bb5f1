r"""The Elman cell: ``h_t = phi(a_t)``, ``a_t = W h_{t-1} + B u_t + b``, for any elementwise phi."""

from __future__ import annotations

from ..activations import Activation, Tanh
from ..language import Cell, bias, inputs, let, matrix, state


def elman(activation: Activation | None = None) -> Cell:
    r"""``h_t = phi(W h_{t-1} + B u_t + b)``, with W (n, n), B (n, m), b (n,); phi is tanh unless given.

    Source: elman1990.

    >>> from errorflow.theory.jacobian import step_jacobian
    >>> print(step_jacobian(elman()).blocks["h", "h"].latex())
    \operatorname{diag}\left(\tanh'\left(a_{t}\right)\right) W
    """
    phi = activation or Tanh()
    a = let("a", matrix("W") @ state("h") + matrix("B", columns="m") @ inputs("u") + bias("b"))
    return Cell("elman", {"h": phi(a)}, title="Elman network", references=("elman1990",))
