r"""Functionals of matrices: for every quantity of one matrix the function that encloses it, and what untied copies do.

A norm of untied copies W_t is its largest value over the copies, the smallest gain its smallest, and an entrywise quantity
belongs to the entrywise maximum of |W_t|: what is proved of one W then holds for all copies. The numerical radius, the
Kreiss constant and the joint spectral radius belong to one matrix: of copies nothing is known.

Main definitions: `EVALUATORS`, `functional`, `decompose`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

import numpy as np

from ..theory import quantities
from . import constants
from .axes import Array
from .enclosure import Enclosure, exact, measured
from .remembered import remembered

_norm = remembered(constants.spectral_norm)
_least = remembered(constants.smallest_singular_value)
scaling = remembered(constants.diagonal_scaling)
_radius = remembered(constants.spectral_radius)
_perron = remembered(constants.perron_radius)


@remembered
def _radius_scaling(W: Array) -> constants.RadiusScaling:
    return constants.radius_scaling(W, start=scaling(W))


def decompose(matrices: Iterable[Array], *, radius: bool) -> None:
    """Compute and remember the decompositions of matrices, with the scaling for the numerical radius if ``radius``.

    Numbers only, fit for a thread of its own.
    """
    for W in matrices:
        if W.ndim == 2:
            for function in (_norm, _least, scaling, _radius, _perron, *([_radius_scaling] if radius else [])):
                function(W)


def _infimum(scaling: constants.Scaling) -> Enclosure:
    """s(W) up to the norm that the scaling found attains, the number that goes with its condition."""
    return measured(
        scaling.infimum.lower, upper=scaling.norm.upper, residual=scaling.norm.upper - scaling.infimum.lower
    )


def _gain(W: Array) -> Enclosure:
    """sigma_min(W) up to the rounding of any method, n eps ||W||: below it the gain of a singular W is not told from 0."""
    found = _least(W)
    rounding = len(W) * float(np.finfo(float).eps) * _norm(W).upper
    return measured(max(0.0, found.lower - rounding), upper=found.upper + rounding, residual=found.residual)


EVALUATORS: dict[type[quantities.MatrixFunctional], Callable[[Array], Enclosure]] = {
    quantities.max_abs: constants.max_abs,
    quantities.row_sum_norm: constants.row_sum_norm,
    quantities.spectral_norm: _norm,
    quantities.smallest_singular_value: _gain,
    quantities.spectral_radius: _radius,
    quantities.perron_radius: _perron,
    quantities.perron_scaling_norm: lambda W: scaling(np.abs(W)).norm,
    quantities.perron_condition: lambda W: scaling(np.abs(W)).condition,
    quantities.diagonal_scaling_norm: lambda W: _infimum(scaling(W)),
    quantities.scaling_condition: lambda W: scaling(W).condition,
    quantities.numerical_radius: remembered(constants.numerical_radius),
    quantities.scaled_numerical_radius: lambda W: _radius_scaling(W).radius,
    quantities.numerical_radius_condition: lambda W: _radius_scaling(W).condition,
    quantities.kreiss_constant: remembered(constants.kreiss_constant),
    quantities.power_supremum: remembered(constants.power_supremum),
    quantities.joint_spectral_radius: remembered(constants.joint_spectral_radius),
}
_ENTRYWISE = (quantities.perron_radius, quantities.perron_scaling_norm, quantities.perron_condition)
_OF_ONE_MATRIX = (
    quantities.numerical_radius,
    quantities.scaled_numerical_radius,
    quantities.numerical_radius_condition,
    quantities.kreiss_constant,
    quantities.power_supremum,
    quantities.joint_spectral_radius,
)


def functional(kind: type[quantities.MatrixFunctional], matrix: Array) -> Enclosure:
    """The enclosure of one quantity of a matrix ``(n, n)``, or of untied copies ``(T, n, n)``."""
    function = EVALUATORS[kind]
    if matrix.ndim == 2:
        return function(matrix)
    if kind in _OF_ONE_MATRIX:
        return Enclosure(0.0, math.inf)
    if kind in _ENTRYWISE:
        return function(np.abs(matrix).max(axis=0))
    if kind is quantities.scaling_condition:
        return exact(1)
    if kind is quantities.diagonal_scaling_norm:
        function = constants.spectral_norm  # no scaling is common to all copies but the trivial one
    total = function(matrix[0])
    for copy in matrix[1:]:
        least = kind is quantities.smallest_singular_value
        total = total.minimum(function(copy)) if least else total.maximum(function(copy))
    return total
