r"""What the total gradient of shared weights says of the far past, ``E[y* dy_T/dW]`` for a target y* that knows u_{T-d} alone.

Measured by coupled differences at any lag d, bounded in certified numbers, and in closed form for linear networks.

Main definitions: `informative_gradient`, `coupled_difference`, `informative_bound`, `linear_recall_gradient`.
"""

from .bound import InformativeBound, informative_bound
from .coupled import Coupled, coupled_difference
from .linear_recall import linear_recall_gradient
from .measure import InformativeGradient, informative_gradient

__all__ = [
    "Coupled",
    "InformativeBound",
    "InformativeGradient",
    "coupled_difference",
    "informative_bound",
    "informative_gradient",
    "linear_recall_gradient",
]
