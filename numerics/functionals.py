r"""Functionals of matrices: for every quantity of one matrix the function that encloses it, and what untied copies do.

A norm of untied copies W_t is its largest value over the copies, the smallest gain its smallest, and an entrywise quantity
belongs to the entrywise maximum of |W_t|: what is proved of one W then holds for all copies. The numerical radius, the
Kreiss constant and the joint spectral radius belong to one matrix: of copies nothing is known.

Main definitions: `EVALUATORS`, `functional`, `decompose`, `scaling`, `radius_scaling`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

import numpy as np

from ..theory import quantities
from . import constants
from .axes import Array
from .enclosure import Enclosure, exact
from .remembered import remembered

_norm = remembered(constants.spectral_norm)
_least = remembered(constants.smallest_singular_value)
scaling = remembered(constants.diagonal_scaling)
_radius = remembered(constants.spectral_radius)
_perron = remembered(constants.perron_radius)


@remembered
def radius_scaling(W: Array) -> constants.RadiusScaling:
    """The scaling for the numerical radius, from the one for the norm, remembered."""
    return constants.radius_scaling(W, start=scaling(W))


@remembered
def _joint(W: Array) -> Enclosure:
    return constants.joint_spectral_radius(W, start=scaling(W), radius=radius_scaling(W))


def decompose(matrices: Iterable[Array], *, radius: bool) -> None:
    """Compute and remember the decompositions of matrices, with the scaling for the numerical radius if ``radius``.

    Numbers only, fit for a thread of its own.
    """
    for W in matrices:
        if W.ndim == 2:
            for function in (_norm, _least, scaling, _radius, _perron, *([radius_scaling] if radius else [])):
                function(W)


EVALUATORS: dict[type[quantities.MatrixFunctional], Callable[[Array], Enclosure]] = {
    quantities.max_abs: constants.max_abs,
    quantities.row_sum_norm: constants.row_sum_norm,
    quantities.spectral_norm: _norm,
    quantities.smallest_singular_value: _least,
    quantities.spectral_radius: _radius,
    quantities.perron_radius: _perron,
    quantities.perron_scaling_norm: lambda W: scaling(np.abs(W)).norm,
    quantities.perron_condition: lambda W: scaling(np.abs(W)).condition,
    quantities.scaled_norm: lambda W: scaling(W).norm,
    quantities.diagonal_scaling_norm: lambda W: scaling(W).infimum,
    quantities.scaling_condition: lambda W: scaling(W).condition,
    quantities.numerical_radius: remembered(constants.numerical_radius),
    quantities.scaled_numerical_radius: lambda W: radius_scaling(W).infimum,
    quantities.certificate_rate: lambda W: radius_scaling(W).radius.top(),
    quantities.certificate_condition: lambda W: radius_scaling(W).condition,
    quantities.kreiss_constant: remembered(constants.kreiss_constant),
    quantities.power_supremum: remembered(constants.power_supremum),
    quantities.joint_spectral_radius: _joint,
}
_ENTRYWISE = (quantities.perron_radius, quantities.perron_scaling_norm, quantities.perron_condition)
_OF_ONE_MATRIX = (  # that of each copy says nothing of their product: [[0, 3], [0, 0]] and its transpose have radius 0
    quantities.spectral_radius,
    quantities.numerical_radius,
    quantities.scaled_numerical_radius,
    quantities.certificate_rate,
    quantities.certificate_condition,
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
    if kind in (quantities.scaled_norm, quantities.diagonal_scaling_norm):
        function = constants.spectral_norm  # no scaling is sure to be common to all copies but the trivial one
    total = function(matrix[0])
    for copy in matrix[1:]:
        least = kind is quantities.smallest_singular_value
        total = total.minimum(function(copy)) if least else total.maximum(function(copy))
    return total
