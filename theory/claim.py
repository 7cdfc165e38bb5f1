"""Claim: a published sentence in our words, with its place and version, and the theorem or refutation that judges it.

Main definitions: `Claim`, `holds`, `refuted`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Literal, get_args

from .sources import Source, source

Judge = Literal["theorem", "refutation"]


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A sentence of a text (``citation`` None: a common belief) and the id of what judges it, ``judged_by``.

    ``decides`` is False for a sentence that states a bound and not what follows where the bound falls or grows: it holds
    whether or not the condition on the rate is met.
    """

    id: str
    sentence: str
    citation: str | None
    place: str
    version: str
    judged_by: str
    judge: Judge
    decides: bool = True

    def __post_init__(self) -> None:
        if self.judge not in get_args(Judge):
            raise ValueError(f"judge must be one of {', '.join(get_args(Judge))}, got {self.judge!r}")

    @property
    def source(self) -> Source | None:
        """The bibliography entry of the text, None for a common belief."""
        return source(self.citation) if self.citation else None


holds, refuted = (partial(Claim, judge=judge) for judge in get_args(Judge))
