"""Facts about numbers and functions of one variable that derivations use, each proved by exact algebra on demand."""

from __future__ import annotations

from functools import cache

from . import (
    constant_activation,
    elementary,
    ginibre_powers,
    latching,
    recall_window,
    self_regularization,
    sensitivity,
    slopes,
    uniform_weight,
)
from .fact import Maximum, Minimum, ScalarFact

__all__ = ["Maximum", "Minimum", "ScalarFact", "all", "get"]


@cache
def all() -> tuple[ScalarFact, ...]:
    """Every fact, in the order in which they are shown; none is proved yet.

    >>> [fact.id for fact in all()][:2]
    ['tanh_slope', 'logistic_slope']
    """
    folders = (
        slopes,
        constant_activation,
        elementary,
        self_regularization,
        recall_window,
        sensitivity,
        ginibre_powers,
        latching,
        uniform_weight,
    )
    return tuple(fact for folder in folders for fact in folder.facts())


def get(identifier: str) -> ScalarFact:
    """The fact with this id; ValueError lists the ids there are.

    >>> get("logistic_slope").evidence.word
    'symbolic'
    """
    found = {fact.id: fact for fact in all()}
    if identifier not in found:
        raise ValueError(f"fact must be one of {', '.join(found)}, got {identifier!r}")
    return found[identifier]
