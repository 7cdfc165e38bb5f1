"""The theorems, one paper per file; `all` lists them, `get` finds one by its id."""

from __future__ import annotations

from ..theorem import Theorem
from . import (
    bengio1994,
    block_comparison,
    bptt,
    ginibre_powers,
    hierarchy,
    hierarchy_order,
    hochreiter1991,
    inflation,
    initialization,
    joint_radius,
    kreiss,
    linear_recall,
    masked_growth,
    masked_product,
    mikhaeil2022,
    overshooting,
    pascanu2013,
    scalar_moments,
    self_regularization,
    shared_tail,
    sharp_uniform,
    smallest_gain,
    task_informative,
    uniform_vanishing,
    untied_copies,
)

__all__ = ["all", "get"]


def all() -> tuple[Theorem, ...]:
    """Every theorem of the library, in the order in which they are shown.

    >>> [theorem.id for theorem in all()][:2]
    ['hochreiter1991_entry', 'hochreiter1991_printed']
    """
    return (
        hochreiter1991.entry,
        hochreiter1991.printed,
        hochreiter1991.max_weight,
        hochreiter1991.row_sum,
        hochreiter1991.path_sum,
        bptt.identity,
        bptt.backward_pass,
        shared_tail.at_horizon,
        shared_tail.tail,
        shared_tail.in_direction,
        shared_tail.total_gradient_stays,
        overshooting.identity,
        overshooting.bound,
        inflation.inflation_shift,
        initialization.initialization_variance,
        bengio1994.contraction,
        bengio1994.noise_ball,
        bengio1994.latching,
        bengio1994.minimal_latch,
        bengio1994.vanishing,
        pascanu2013.spectral,
        pascanu2013.necessary,
        pascanu2013.linear,
        pascanu2013.linear_necessary,
        pascanu2013.linear_growth,
        untied_copies.spectral,
        untied_copies.row_sum,
        hierarchy.scaled_product,
        hierarchy.perron,
        hierarchy.diagonal_scaling,
        sharp_uniform.certificate,
        sharp_uniform.sharp_uniform,
        sharp_uniform.sharp_radius,
        masked_product.masked_product,
        masked_product.sharp_masked_product,
        joint_radius.radius_below_joint,
        joint_radius.joint_below_any_norm,
        joint_radius.joint_below_any_radius,
        joint_radius.joint_below_norm,
        joint_radius.joint_below_radius,
        hierarchy_order.radius_below_norm,
        hierarchy_order.norm_scaled_below_norm,
        hierarchy_order.norm_scaled_below_perron,
        hierarchy_order.perron_below_row_sum,
        hierarchy_order.row_sum_below_largest,
        hierarchy_order.half_norm_below_radius,
        hierarchy_order.chain_of_rates,
        smallest_gain.smallest_gain,
        masked_growth.masked_growth,
        uniform_vanishing.uniform_vanishing,
        uniform_vanishing.reach,
        kreiss.lower,
        kreiss.upper,
        linear_recall.linear_recall,
        task_informative.task_informative_gradient,
        task_informative.task_informative_gradient_scaled,
        scalar_moments.variance,
        scalar_moments.sensitivity,
        ginibre_powers.ginibre_powers,
        mikhaeil2022.vanishing,
        mikhaeil2022.explosion,
        self_regularization.eigenvalue_derivative,
        self_regularization.radius_derivative,
        block_comparison.max_weight,
        block_comparison.row_sum,
        block_comparison.spectral,
        block_comparison.perron,
    )


def get(identifier: str) -> Theorem:
    """The theorem with this id; ValueError lists the ids there are."""
    found = {theorem.id: theorem for theorem in all()}
    if identifier not in found:
        raise ValueError(f"theorem must be one of {', '.join(found)}, got {identifier!r}")
    return found[identifier]
