"""Functionals of a square matrix, each (W, ...) -> Enclosure with evidence *measured*."""

from .scaling import Scaling, diagonal_scaling, diagonal_scaling_norm
from .spectral import (
    logarithmic_norm,
    max_abs,
    perron_radius,
    row_sum_norm,
    smallest_singular_value,
    spectral_norm,
    spectral_radius,
)

__all__ = [
    "Scaling",
    "diagonal_scaling",
    "diagonal_scaling_norm",
    "logarithmic_norm",
    "max_abs",
    "perron_radius",
    "row_sum_norm",
    "smallest_singular_value",
    "spectral_norm",
    "spectral_radius",
]
