"""The section "Which one is true?" arranged for the page: networks side by side, laws, the sentences of both sides.

Main definitions: `Column`, `columns`, `panels`, `place_nodes`, `sentences`, `said`, `brief`, `slack`, `by_subject`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from .backing import Backing
from .formats import FURTHER_OBJECTS, OBJECTS, object_name, show, value
from .informative import EXCEEDS, FADES, STAYS, UNDECIDED, Course, course

if TYPE_CHECKING:
    from .views import Anchors

Json = Mapping[str, Any]
_FOUNDERS = ("hochreiter", "bengio", "pascanu")
_OWN = "This report’s network"
_BETWEEN = "between them a change of less than a factor of two"
_BETWEEN_WORDS = "the slope that means a factor of two over these lags lies between them"
CHIPS = {FADES: "vanishes", STAYS: "bounded", UNDECIDED: "undecided", EXCEEDS: "mixed"}  # a mark for each course
_ROUNDING = 2e-9  # nats that a law allows for rounding


@dataclass(frozen=True)
class Cell:
    """The decisive verdict on an object, its node, and the verdict for all inputs where that is another and undecided."""

    verdict: Json
    node: str | None
    open: Json | None


@dataclass(frozen=True)
class Column:
    """A network with one cell per object; ``record`` is that of the confrontation, if it has one.

    ``own`` marks the analyzed network: its cells are the verdicts of the document, which have their place above.
    """

    title: str
    own: bool
    network: Json
    record: Json | None
    cells: Mapping[str, Cell]


def columns(document: Json) -> list[Column]:
    """The analyzed network, then those of the confrontation."""
    backing, records = Backing(document["graph"]), document["confrontation"]["networks"]
    own = next((record for record in records if record.get("analyzed")), None)
    made = [Column(_OWN, True, document["network"], own, _cells("", document["verdicts"], backing))]
    for record in records:
        if not record.get("analyzed"):
            cells = _cells(record["id"], record["verdicts"], backing)
            made.append(Column(record["title"], False, record["network"], record, cells))
    return made


def panels(document: Json) -> list[tuple[str, Json, int]]:
    """Title, record and place among the records, the analyzed network first."""
    records = document["confrontation"]["networks"]
    order = sorted(range(len(records)), key=lambda at: not records[at].get("analyzed"))
    return [(f"{_OWN}: {records[at]['title']}" if records[at].get("analyzed") else records[at]["title"], records[at], at)
            for at in order]  # fmt: skip


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


def informative(record: Json | None) -> Course | None:
    """What the task-informative gradient of a network does; None where it was not measured."""
    return course(record["informative"]) if record and record["informative"] else None


def place_nodes(made: Anchors, document: Json) -> None:
    """Places for the nodes of the laws, of the networks and of their verdicts."""
    found = document.get("confrontation")
    if not found:
        return
    for law in found["laws"]:
        made.add("law", law["node"])
    for column in columns(document):
        for cell in column.cells.values():
            if cell.node is not None and not column.own:
                made.add("verdict", cell.node)
        if column.record is not None and column.record["informative"]:
            made.add("informative", column.record["informative"]["node"])


def sentences(document: Json, about: str) -> list[Json]:
    """The sentences of the answer about the dispute, the laws or a network."""
    return [answer for answer in document["confrontation"]["answers"] if answer["about"] == about]


def said(document: Json) -> list[Json]:
    """What Schaefer's texts and then what the founding papers say of the objects of the dispute, as judged here."""
    asked = {*OBJECTS, *FURTHER_OBJECTS}
    objects = {f"theorem:{t['id']}": t["object"] for t in document["theorems"]}
    chosen = [
        c
        for c in document["claims"]
        if c["status"] != "not_applicable"
        and (c["judge"] == "refutation" or objects.get(f"theorem:{c['judged_by']}") in asked)
    ]
    theirs = [c for c in chosen if _key(c).startswith("schaefer")]
    return theirs + [c for c in chosen if _key(c).startswith(_FOUNDERS)]


def kind(document: Json, name: str) -> str:
    """What a node of the graph is, in one word, where its label would repeat the sentence; else empty."""
    kinds = {node["id"]: node["kind"] for node in document["graph"]["nodes"]}
    found = "measurement" if name.endswith(":informative") else kinds.get(name, "")
    return found if found in ("verdict", "measurement") else ""


def caption(record: Json) -> str:
    """Which inputs the curves of a picture belong to."""
    text = "Norms by lag; the same axes for every network."
    found, inputs = record["informative"], (record.get("horizon") or {}).get("input")
    if inputs and found and found.get("inputs"):
        text += f" E[y* dy/dW] and its bound: {found['inputs']}. The other curves: {inputs}."
    return text


def _key(claim: Json) -> str:
    return str(claim["source"]["key"]) if claim["source"] else ""


def brief(reason: str) -> str:
    """The part of a reason that names a hypothesis with what it needs; the whole if there is none.

    >>> brief("no bound decides; nearest is X: rho = 2, needs < 1, short by 1; so that nothing falls")
    'nearest is X: rho = 2, needs < 1, short by 1'
    """
    part = next((part for part in reason.split("; ") if ", needs " in part), reason)
    return part.replace(_BETWEEN, _BETWEEN_WORDS)


def slack(law: Json) -> Markup:
    """The slack of a law with its unit; what rounding alone may make is called so.

    >>> print(slack({"slack": 1.7e-9, "unit": "nats"}), slack({"slack": 0.25, "unit": "nats"}))
    0, to rounding 0.25 nats
    """
    if 0 <= value(law["slack"]) <= _ROUNDING:
        return Markup("0, to rounding")
    return Markup("{} {}").format(show(law["slack"], digits=3), law["unit"])


def by_subject(laws: list[Json]) -> list[tuple[str, list[Json]]]:
    """The laws by what they are about, in the order in which they first occur."""
    groups: dict[str, list[Json]] = {}
    for law in laws:
        groups.setdefault(object_name(law["subject"]), []).append(law)
    return list(groups.items())
