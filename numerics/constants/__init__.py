"""Functionals of a square matrix, each (W, ...) -> a certified Enclosure; scalings, certificates and their hierarchy."""

from .certificate import certificate_from_multiplier, sharp_certificate, verified
from .eigenvalues import spectral_radius
from .growth_certificate import growth_certificate
from .hierarchy import Hierarchy, hierarchy
from .joint_spectral_radius import joint_spectral_radius
from .kreiss import kreiss_constant, power_supremum
from .masked_growth import MaskedGrowth, growing_masks
from .numerical_radius import RadiusScaling, numerical_radius, radius_scaling, scaled_numerical_radius
from .perron import perron_radius
from .scaling import Scaling, diagonal_scaling, diagonal_scaling_norm
from .spectral import logarithmic_norm, max_abs, row_sum_norm, smallest_singular_value, spectral_norm

__all__ = [
    "Hierarchy",
    "MaskedGrowth",
    "RadiusScaling",
    "Scaling",
    "certificate_from_multiplier",
    "diagonal_scaling",
    "diagonal_scaling_norm",
    "growing_masks",
    "growth_certificate",
    "hierarchy",
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
    "verified",
]
