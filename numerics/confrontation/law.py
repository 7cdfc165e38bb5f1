r"""A law of the confrontation: low <= high, entry by entry, for every example it speaks of, or for some.

The **slack** of an example is the smallest of high - low, negative where the law is broken. A law for *every* example
holds on a set of them if no slack is negative; a law for *some* (a bound is attained, or is violated where a hypothesis
fails) if one is not. Both sides are functions of the example, so that a test can exchange one for a wrong one.

Main definitions: `Example`, `Law`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from ..axes import Array
from ..network import Network
from ..simulate import Trajectory, simulate

Sides = Callable[["Example"], Array | float]
Draw = Callable[[np.random.Generator], "Example"]
Unit = Literal["nats", "relative", "standard errors"]
Subject = Literal[
    "state_jacobian", "total_gradient", "lag_share", "task_informative_gradient", "error_flow", "every gradient"
]


@dataclass(frozen=True, eq=False)
class Example:
    """One network with inputs ``(T, m, samples)`` and an initial state ``(N, samples)``: what a law is asked about.

    ``family`` names the kind of its weights, ``seed`` is the root of whatever else a law draws.
    """

    network: Network
    inputs: Array
    initial: Array
    family: str
    seed: int = 0

    @cached_property
    def trajectory(self) -> Trajectory:
        """The states from the initial one on."""
        return simulate(self.network, self.inputs, initial=self.initial)

    @property
    def steps(self) -> int:
        """The horizon T."""
        return len(self.inputs)

    def __str__(self) -> str:
        return f"{self.family}, n = {self.network.n}, T = {self.steps}"


@dataclass(frozen=True, kw_only=True, eq=False)
class Law:
    """``low(example) <= high(example)``, in ``unit``, for ``quantifier`` example on which it ``applies``.

    ``subject`` is the object that the law is about, ``statement`` says it in one sentence, ``judges`` are the nodes of
    the evidence graph whose statement it puts to the test (``theorem:...``, ``refutation:...``), ``draw`` gives an
    example it speaks of from a generator.
    """

    id: str
    title: str
    subject: Subject
    statement: str
    judges: tuple[str, ...]
    draw: Draw
    low: Sides
    high: Sides
    unit: Unit = "nats"
    quantifier: Literal["every", "some"] = "every"
    applies: Callable[[Example], bool] = lambda _: True

    def slack(self, example: Example) -> float:
        """The smallest of high - low on an example; NaN, which no law passes, where a side is not a number."""
        low, high = np.broadcast_arrays(np.asarray(self.low(example), float), np.asarray(self.high(example), float))
        with np.errstate(invalid="ignore"):
            gap = high - low
        gap = np.where((low == high) | (low == -np.inf) | (high == np.inf), np.where(low == high, 0.0, np.inf), gap)
        gap = np.where(np.isnan(low) | np.isnan(high), np.nan, gap)
        return float(gap.min()) if gap.size else float("inf")
