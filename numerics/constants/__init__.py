"""Functionals of a square matrix, each (W, ...) -> Enclosure with evidence *measured*; scalings and certificates."""

from .certificate import sharp_certificate
from .eigenvalues import spectral_radius
from .joint_spectral_radius import joint_spectral_radius
from .kreiss import kreiss_constant, power_supremum
from .numerical_radius import RadiusScaling, numerical_radius, radius_scaling, scaled_numerical_radius
from .perron import perron_radius
from .scaling import Scaling, diagonal_scaling, diagonal_scaling_norm
from .spectral import logarithmic_norm, max_abs, row_sum_norm, smallest_singular_value, spectral_norm

__all__ = [
    "RadiusScaling",
    "Scaling",
    "diagonal_scaling",
    "diagonal_scaling_norm",
    "joint_spectral_radius",
    "kreiss_constant",
    "logarithmic_norm",
    "max_abs",
    "numerical_radius",
    "perron_radius",
    "power_supremum",
    "radius_scaling",
    "row_sum_norm",
    "scaled_numerical_radius",
    "sharp_certificate",
    "smallest_singular_value",
    "spectral_norm",
    "spectral_radius",
]
