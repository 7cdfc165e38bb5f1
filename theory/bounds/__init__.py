"""Bounds on the state Jacobian by lag, and the forms of a step Jacobian that they start from."""

from .bound import Bound
from .forms import SlopeForm, any_cell, comparison_matrix, linear_letters, no_cell, slope_form, slope_letters

__all__ = [
    "Bound",
    "SlopeForm",
    "any_cell",
    "comparison_matrix",
    "linear_letters",
    "no_cell",
    "slope_form",
    "slope_letters",
]
