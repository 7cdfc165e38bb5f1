"""The section "Which one is true?" arranged for the page: networks side by side, laws, the sentences of both sides.

Main definitions: `Column`, `columns`, `place_nodes`, `sentences`, `said`, `brief`, `by_subject`,
`subject`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .backing import Backing
from .formats import OBJECTS

if TYPE_CHECKING:
    from .views import Anchors

Json = Mapping[str, Any]
_FOUNDERS = ("hochreiter", "bengio", "pascanu")
_OWN = "This report’s network"
_SUBJECTS = {"task_informative_gradient": "Task-informative gradient", "every gradient": "Every gradient"}


@dataclass(frozen=True)
class Cell:
    """The decisive verdict on an object, its node, and the verdict for all inputs where that is another and undecided."""

    verdict: Json
    node: str | None
    open: Json | None


@dataclass(frozen=True)
class Column:
    """A network with one cell per object; ``record`` is that of the confrontation, None for the analyzed network."""

    title: str
    network: Json
    record: Json | None
    cells: Mapping[str, Cell]


def columns(document: Json) -> list[Column]:
    """The analyzed network, then those of the confrontation."""
    backing = Backing(document["graph"])
    rows: list[tuple[str, str, Json, Json | None]] = [("", _OWN, document, None)]
    rows += [(record["id"], record["title"], record, record) for record in document["confrontation"]["networks"]]
    return [Column(title, holder["network"], record, _cells(name, holder["verdicts"], backing))
            for name, title, holder, record in rows]  # fmt: skip


def _cells(network: str, verdicts: list[Json], backing: Backing) -> dict[str, Cell]:
    made = {}
    for about in OBJECTS:
        listed = [v for v in verdicts if v["object"] == about]
        chosen = next((v for v in listed if v["decisive"]), None)
        if chosen is not None:
            wanted = ("all_inputs", "undecided")
            other = next((v for v in listed if v is not chosen and (v["scope"], v["verdict"]) == wanted), None)
            made[about] = Cell(chosen, backing.verdict(network, chosen), other)
    return made


def place_nodes(made: Anchors, document: Json) -> None:
    """Places for the nodes of the laws, of the networks and of their verdicts."""
    found = document.get("confrontation")
    if not found:
        return
    for law in found["laws"]:
        made.add("law", law["node"])
    for column in columns(document)[1:]:
        for cell in column.cells.values():
            if cell.node is not None:
                made.add("verdict", cell.node)
        if column.record is not None and column.record["informative"]:
            made.add("informative", column.record["informative"]["node"])


def sentences(document: Json, about: str) -> list[Json]:
    """The sentences of the answer about the dispute, the laws or a network."""
    return [answer for answer in document["confrontation"]["answers"] if answer["about"] == about]


def said(document: Json) -> list[Json]:
    """What Schaefer's texts say, then what the founding papers say of the objects of the dispute, as judged here."""
    objects = {t["id"]: t["object"] for t in document["theorems"]}
    theirs = [c for c in document["claims"] if _key(c).startswith("schaefer")]
    others = [
        c
        for c in document["claims"]
        if _key(c).startswith(_FOUNDERS)
        and c["judge"] == "theorem"
        and c["status"] != "not_applicable"
        and objects.get(c["judged_by"]) in OBJECTS
    ]
    return theirs + others


def _key(claim: Json) -> str:
    return str(claim["source"]["key"]) if claim["source"] else ""


def brief(reason: str) -> str:
    """The part of a reason that names a hypothesis with what it needs; the whole if there is none.

    >>> brief("no bound decides; nearest is X: rho = 2, needs < 1, short by 1; so that nothing falls")
    'nearest is X: rho = 2, needs < 1, short by 1'
    """
    return next((part for part in reason.split("; ") if ", needs " in part), reason)


def by_subject(laws: list[Json]) -> list[tuple[str, list[Json]]]:
    """The laws by what they are about, in the order in which they first occur."""
    groups: dict[str, list[Json]] = {}
    for law in laws:
        groups.setdefault(subject(law["subject"]), []).append(law)
    return list(groups.items())


def subject(name: str) -> str:
    """The name of what a law is about.

    >>> subject("lag_share"), subject("every gradient")
    ('Share of one lag', 'Every gradient')
    """
    return OBJECTS[name][0] if name in OBJECTS else _SUBJECTS.get(name, name)
