"""The refutations, one false claim per file; `all` lists them, `get` finds one by its id."""

from __future__ import annotations

from ..refutation import Refutation
from . import (
    contraction_at_every_step,
    contractive_at_small_initialization,
    descent_always_raises_the_radius,
    eigenvalues_along_a_cycle,
    gradient_through_orthogonal_weights,
    growth_from_norm_above_one,
    growth_from_path_factors,
    growth_from_radius_above_one,
    growth_needs_radius_above_one,
    jacobians_in_forward_order,
    largest_slope_alone,
    learnt_lag_from_error_flow,
    logarithmic_norm_of_euler_step,
    long_range_from_nonzero_gradient,
    lstm_constant_error_flow,
    norm_above_one_at_a_latch,
    one_attractor_below_unit_radius,
    printed_constant_attained,
    radius_of_antisymmetric_steps,
    radius_without_transient,
    row_vector_with_column_norm,
    sharp_bound_for_untied_copies,
    slope_as_squared_difference,
    squared_norm_ratio,
    tanh_applied_twice,
    total_gradient_never_vanishes,
    transposed_jacobian,
    unit_radius_at_initialization,
    vanishing_below_unit_radius,
    zero_radius_without_memory,
)

__all__ = ["all", "get"]


def all() -> tuple[Refutation, ...]:
    """Every refutation of the library, in the order in which they are shown.

    >>> [refutation.id for refutation in all()][:2]
    ['vanishing_below_unit_radius', 'one_attractor_below_unit_radius']
    """
    return (
        vanishing_below_unit_radius.refutation,
        one_attractor_below_unit_radius.refutation,
        radius_without_transient.refutation,
        contraction_at_every_step.refutation,
        eigenvalues_along_a_cycle.refutation,
        norm_above_one_at_a_latch.refutation,
        gradient_through_orthogonal_weights.refutation,
        radius_of_antisymmetric_steps.refutation,
        logarithmic_norm_of_euler_step.refutation,
        lstm_constant_error_flow.refutation,
        largest_slope_alone.refutation,
        sharp_bound_for_untied_copies.refutation,
        transposed_jacobian.refutation,
        squared_norm_ratio.refutation,
        growth_needs_radius_above_one.refutation,
        printed_constant_attained.refutation,
        row_vector_with_column_norm.refutation,
        growth_from_path_factors.refutation,
        growth_from_radius_above_one.refutation,
        growth_from_norm_above_one.refutation,
        slope_as_squared_difference.refutation,
        long_range_from_nonzero_gradient.refutation,
        total_gradient_never_vanishes.refutation,
        learnt_lag_from_error_flow.refutation,
        descent_always_raises_the_radius.refutation,
        unit_radius_at_initialization.refutation,
        contractive_at_small_initialization.refutation,
        zero_radius_without_memory.refutation,
        jacobians_in_forward_order.refutation,
        tanh_applied_twice.refutation,
    )


def get(identifier: str) -> Refutation:
    """The refutation with this id; ValueError lists the ids there are."""
    found = {refutation.id: refutation for refutation in all()}
    if identifier not in found:
        raise ValueError(f"refutation must be one of {', '.join(found)}, got {identifier!r}")
    return found[identifier]
