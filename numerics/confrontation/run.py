r"""The confrontation itself: each law is put to examples that it draws, and what comes of it enters the evidence graph.

Every law draws from a generator of its own, whose seed is the root of the run and the id of the law: a law that is added or
left out changes no other. A law that holds on all its examples is a *tested* node with its slacks; a law that is
broken, or that no example was found for, is *measured*, with the example that breaks it.

Main definitions: `laws`, `confront`.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ...theory.evidence import Graph, Measured, Node, Tested
from ..simulate import Rng, generator
from . import (
    copies,
    credit,
    norm_bounds,
    same_gradient,
    self_regularization,
    sharing_statistics,
    total_gradient,
    undecided,
)
from .law import Example, Law
from .record import LawRecord

__all__ = ["confront", "laws"]

FEW = 3  # examples at most of a law in standard errors, each of which is a sample of its own
TRIES = 20  # draws per example until one is found of which the law speaks


def laws() -> tuple[Law, ...]:
    """All laws of the confrontation, in the order in which they are shown.

    >>> [law.id for law in laws()][:2]
    ['hochreiter_max_weight:shared', 'hochreiter_max_weight:copies']
    """
    return (
        *norm_bounds.laws(),
        *copies.laws(),
        *sharing_statistics.laws(),
        *total_gradient.laws(),
        *credit.laws(),
        *undecided.laws(),
        *self_regularization.laws(),
        *same_gradient.laws(),
    )


@dataclass(frozen=True)
class _Case:
    """An example in words with the slack of a law on it."""

    slack: float
    words: str


def confront(
    graph: Graph,
    *,
    examples: int,
    rng: Rng = None,
    laws: Sequence[Law] | None = None,
    advance: Callable[[], None] = lambda: None,
) -> tuple[LawRecord, ...]:
    """Put each law to ``examples`` examples (3 at most if it is in standard errors) and add its node ``law:<id>``.

    All `laws` unless some are given. Examples on which a law does not apply are drawn again. ``advance`` is called after
    each law. Raises ValueError for examples below 1 and for two laws of one id, TypeError for what is no graph or law.

    >>> from errorflow.numerics.confrontation import norm_bounds
    >>> graph, chosen = Graph(), [law for law in norm_bounds.laws() if law.id == "pascanu_spectral_norm:shared"]
    >>> (found,) = confront(graph, examples=3, rng=0, laws=chosen)
    >>> found.outcome, found.evidence, found.node
    ('holds', 'tested (3 cases)', 'law:pascanu_spectral_norm:shared')
    """
    if not isinstance(examples, int | np.integer) or isinstance(examples, bool) or examples < 1:
        raise ValueError(f"examples must be an integer of at least 1, got {examples!r}")
    if not isinstance(graph, Graph):
        raise TypeError(f"graph must be a Graph of evidence, got {graph!r}")
    chosen = _all() if laws is None else tuple(laws)
    stranger = next((law for law in chosen if not isinstance(law, Law)), None)
    if stranger is not None:
        raise TypeError(f"laws must be Law objects, got {stranger!r}")
    ids = [law.id for law in chosen]
    twice = sorted({identifier for identifier in ids if ids.count(identifier) > 1})
    if twice:
        raise ValueError(f"laws must have different ids, got {', '.join(twice)} more than once")
    root = int(generator(rng).integers(2**63))
    records = []
    for law in chosen:
        count = min(int(examples), FEW) if law.unit == "standard errors" else int(examples)
        records.append(_judged(graph, law, _cases(law, count, np.random.default_rng([root, _key(law.id)]))))
        advance()
    return tuple(records)


_all = laws  # the argument of `confront` has the same name


def _key(identifier: str) -> int:
    """A number that belongs to an id, the same in every process."""
    return int.from_bytes(hashlib.sha256(identifier.encode()).digest()[:8], "big")


def _cases(law: Law, count: int, rng: np.random.Generator) -> list[_Case]:
    """Slacks of examples of which the law says something, that is with a slack below infinity.

    Fewer than asked for if most draws are none; more of a law for some, until one shows it.
    """
    found: list[_Case] = []
    for _ in range(TRIES * count):
        drawn = law.draw(rng)
        slack = law.slack(drawn) if law.applies(drawn) else math.inf
        if slack == math.inf:
            continue
        found.append(_Case(slack, _words(drawn)))
        if len(found) >= count and (law.quantifier == "every" or any(case.slack >= 0.0 for case in found)):
            break
    return found


def _words(example: Example) -> str:
    cell = example.network.cell
    names = ", ".join(activation.name for activation in cell.activations)
    return f"{example}, {names}" if cell.name == "elman" else f"{cell.title}, {example}"


def _judged(graph: Graph, law: Law, cases: list[_Case]) -> LawRecord:
    """The record of a law, with its node; the grade is what the cases give."""
    node = f"law:{law.id}"
    worst = _decisive(law, cases)
    shown = (
        [case.slack for case in cases if case.slack >= 0.0] if law.quantifier == "some" else [c.slack for c in cases]
    )
    holds = worst is not None and worst.slack >= 0.0
    if holds:
        graph.add(Node(node, "law", law.title, Tested(shown)))
    elif worst is None:
        graph.add(Node(node, "law", law.title, Measured("broken: no example was found on which the law applies")))
    else:
        what = (
            "broken by" if law.quantifier == "every" else f"none of {len(cases)} examples shows it, the nearest lacks"
        )
        graph.add(Node(node, "law", law.title, Measured(f"{what} {-worst.slack:.3g} {law.unit}: {worst.words}")))
    return LawRecord(
        id=law.id,
        title=law.title,
        subject=law.subject,
        statement=law.statement,
        quantifier=law.quantifier,
        judges=law.judges,
        examples=len(cases),
        slack=worst.slack if worst is not None else math.nan,
        unit=law.unit,
        witness=worst.words if worst is not None else "none",
        outcome="holds" if holds else "broken",
        evidence=str(graph.grade(node)),
        node=node,
    )


def _decisive(law: Law, cases: list[_Case]) -> _Case | None:
    """The case that decides: the smallest slack, the largest of a law for some; NaN first, as no law passes it."""
    if not cases:
        return None
    if law.quantifier == "some":
        return max(cases, key=lambda case: -math.inf if math.isnan(case.slack) else case.slack)
    return min(cases, key=lambda case: -math.inf if math.isnan(case.slack) else case.slack)
