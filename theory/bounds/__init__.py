"""Bounds on the state Jacobian by lag, and the forms of a step Jacobian that they start from."""

from .bound import Bound
from .forms import SlopeForm, comparison_matrix, slope_form

__all__ = ["Bound", "SlopeForm", "comparison_matrix", "slope_form"]
