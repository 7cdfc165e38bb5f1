r"""Views on the bounds for users: values by lag, in logs too, with hypotheses, LaTeX and source, for a matrix W.

The same theorems and the same evaluator as everywhere else, for a vanilla network with slopes in [slope_inf, slope_sup].

Main definitions: `BoundView`, `bound`, `names`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import sympy as sp
from numpy.typing import ArrayLike

from ..theory import cells, theorems
from ..theory.sources import Source
from .axes import Array
from .evaluate import Answer, environment
from .instantiate import instances_of


@dataclass(frozen=True, eq=False)
class BoundView:
    """A bound on J(t, t-k) at ``lags``: natural logs, the conditions, and what it rests on.

    ``hypotheses`` are the answers by id, ``statements`` the conditions in words; ``decides`` is what follows where all are
    met, else None. ``quantifier`` says for which slopes: *every* sequence in the range, or *some*. ``grade`` is that of the
    theorem, whose derivation was checked in this process, with the textbook rules that it takes for granted; ``evidence``
    that of ``log_values``, which are rounded to the safe side. Where ``holds`` is False a condition other than that on the
    rate is not established, and the numbers bound nothing.
    """

    id: str
    lags: Array
    log_values: Array
    direction: str
    hypotheses: dict[str, Answer]
    statements: dict[str, str]
    decides: str | None
    holds: bool
    quantifier: str
    latex: str
    grade: str
    evidence: str
    textbook_rules: tuple[str, ...]
    source: Source

    @property
    def values(self) -> Array:
        """The bound itself, exp rounded to nearest; tiny and huge ones underflow to 0 and overflow to inf, the logs do not."""
        with np.errstate(over="ignore", under="ignore"):
            return np.exp(self.log_values)


def names() -> tuple[str, ...]:
    """Ids of the bounds on a matrix.

    >>> names()  # doctest: +NORMALIZE_WHITESPACE
    ('hochreiter_max_weight', 'row_sum_norm', 'step_norm', 'pascanu_spectral_norm', 'perron_radius',
     'diagonal_scaling_norm', 'scaled_numerical_radius', 'smallest_gain', 'masked_growth')
    """
    vanilla = cells.get("elman")
    return tuple(b.id for b in (theorem.instantiate(vanilla) for theorem in theorems.all()) if b is not None)


def bound(
    W: ArrayLike,
    *,
    lags: Sequence[int] | Array,
    id: str = "pascanu_spectral_norm",
    slope_sup: float = 1.0,
    slope_inf: float = 0.0,
) -> BoundView:
    """The bound ``id`` on ||J(t, t-k)||_2 (or from below on its smallest singular value) at every lag k >= 0.

    *masked_growth* bounds the norm from below for some slopes in the range instead of all.

    W is (n, n), or (T, n, n) for untied copies; all slopes lie in [slope_inf, slope_sup]. (Bounds other than those by the
    scaled numerical radius and by masks hold as well if only their moduli do.) Raises ValueError for an unknown id, a W that
    is no real finite square matrix, negative lags or slopes out of order.

    >>> view = bound(np.diag([0.5, 0.25]), lags=[0, 1, 2])
    >>> view.values.round(9).tolist(), view.decides, view.grade, view.evidence
    ([1.0, 0.5, 0.25], 'vanishes', 'kernel-checked', 'certified')
    """
    if id not in names():
        raise ValueError(f"id must be one of {', '.join(names())}, got {id!r}")
    if not 0 <= slope_inf <= slope_sup < np.inf:
        raise ValueError(f"slopes must satisfy 0 <= slope_inf <= slope_sup < inf, got {slope_inf!r} and {slope_sup!r}")
    steps = np.asarray(lags)
    if steps.ndim != 1 or steps.dtype.kind not in "iu" or (steps < 0).any():
        raise ValueError(f"lags must be a sequence of integers of at least 0, got {lags!r}")
    copies = np.asarray(W)
    if copies.ndim not in (2, 3) or not copies.size:
        raise ValueError(f"W must have shape (n, n) or, for untied copies, (T, n, n), got {copies.shape}")
    where = environment(W=copies, slope_sup=slope_sup, slope_inf=slope_inf)
    (found,) = instances_of(cells.get("elman"), where, only=id)
    grade = found.theorem.grade
    return BoundView(
        id,
        steps,
        found.log_bound(steps),
        found.bound.direction,
        {condition.id: answered for condition, answered in found.answers},
        {condition.id: condition.statement for condition, _ in found.answers},
        found.bound.decides if found.decided else None,
        found.holds,
        found.bound.quantifier,
        str(sp.latex(found.bound.statement)),
        str(grade),
        found.evidence,
        grade.textbook,
        found.theorem.source,
    )
