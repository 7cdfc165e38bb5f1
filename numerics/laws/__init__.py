"""Laws of gradient flow in closed form, for random and for repeating networks: what simulations are tested against."""

from .constant_products import (
    CycleExponents,
    cycle_exponents,
    exponent_sum,
    fixed_point_exponents,
    orthogonal_exponents,
)
from .critical import CriticalPoint, critical_line, critical_point, onset_exponent
from .gaussian_products import Moments, log_norm_law, mean_exponent, newman_exponents, newman_law
from .ginibre import (
    crossover_lag,
    log_mean_square_norm,
    log_sharing_limit,
    relative_norm_variance,
    singular_value_second_moment,
)
from .log_chi import LogChiSum
from .mean_field import MeanField, mean_field
from .scalar_sensitivity import copy_sensitivity_mean_square, sensitivity_mean_square, state_mean_square
from .singular_values import (
    fuss_catalan,
    log_largest_singular_value,
    log_singular_values,
    singular_value_density,
    singular_value_rank,
)
from .spectrum_by_rank import SpectrumLaw, exponents_by_rank, mean_field_spectrum, spectrum_of_slopes
from .vector_growth import log_norms

__all__ = [
    "CriticalPoint",
    "CycleExponents",
    "LogChiSum",
    "MeanField",
    "Moments",
    "SpectrumLaw",
    "copy_sensitivity_mean_square",
    "critical_line",
    "critical_point",
    "crossover_lag",
    "cycle_exponents",
    "exponent_sum",
    "exponents_by_rank",
    "fixed_point_exponents",
    "fuss_catalan",
    "log_largest_singular_value",
    "log_mean_square_norm",
    "log_norm_law",
    "log_norms",
    "log_sharing_limit",
    "log_singular_values",
    "mean_exponent",
    "mean_field",
    "mean_field_spectrum",
    "newman_exponents",
    "newman_law",
    "onset_exponent",
    "orthogonal_exponents",
    "relative_norm_variance",
    "sensitivity_mean_square",
    "singular_value_density",
    "singular_value_rank",
    "singular_value_second_moment",
    "spectrum_of_slopes",
    "state_mean_square",
]
