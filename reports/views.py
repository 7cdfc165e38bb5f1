"""The document arranged for the page: anchors, verdict rows, hypotheses, constants, the graph as a nested list."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .formats import OBJECTS, value

_DEPTH = 12  # a longer chain of nodes is cut: nobody reads a list that is indented further
_QUANTITY = re.compile(r"(.*?)\((.*)\)")
_KNOWN_LABELS = ("title", "name", "statement", "claim", "id")


class Anchors:
    """Fragment identifiers for the named things of a document, unique and made of harmless characters.

    >>> anchors = Anchors()
    >>> anchors.add("theorem", "a b"), anchors.add("theorem", "a-b"), anchors.of("a b"), anchors.of("no")
    ('theorem-a-b', 'theorem-a-b-2', 'theorem-a-b', None)
    """

    def __init__(self) -> None:
        self._by_name: dict[str, str] = {}
        self._by_kind: dict[tuple[str, str], str] = {}
        self._labels: dict[str, str] = {}
        self._taken: set[str] = set()

    def add(self, kind: str, name: str, *, label: str = "") -> str:
        """The identifier of a thing, new if it has none yet; the label is what links to it say."""
        if label:
            self._labels.setdefault(name, label)
        if (kind, name) not in self._by_kind:
            stem = f"{kind}-{re.sub(r'[^A-Za-z0-9_]+', '-', name.removeprefix(kind + ':')).strip('-')[:60]}"
            anchor, count = stem, 1
            while anchor in self._taken:
                count += 1
                anchor = f"{stem}-{count}"
            self._taken.add(anchor)
            self._by_kind[kind, name] = anchor
            self._by_name.setdefault(name, anchor)
        return self._by_kind[kind, name]

    def of(self, name: str, *, kind: str = "") -> str | None:
        """The identifier of a thing by its name, of one kind or of any; None if the page has no such thing."""
        if kind:
            return self._by_kind.get((kind, name))
        return self._by_name.get(name) or self._by_name.get(name.partition(":")[2])

    def label(self, name: str) -> str:
        """What a link to the thing of this name says."""
        return self._labels.get(name) or self._labels.get(name.partition(":")[2]) or name


def anchors(document: Mapping[str, Any]) -> Anchors:
    """Identifiers of the theorem cards, bounds, then graph nodes, in this order of preference for links."""
    made = Anchors()
    for kind, things in (("theorem", document["theorems"]), ("bound", document["bounds"])):
        for thing in things:
            made.add(kind, thing["id"], label=thing["title"])
    for node in document["graph"]["nodes"]:
        made.add("node", node["id"], label=node["label"])
    return made


@dataclass(frozen=True)
class Answer:
    """All verdicts about one object: the rows to show first and the others."""

    object: str
    title: str
    symbol: str
    asks: str
    question: str
    shown: tuple[Mapping[str, Any], ...]
    others: tuple[Mapping[str, Any], ...]


def answers(verdicts: Sequence[Mapping[str, Any]]) -> list[Answer]:
    """One answer per object, in the order Q1 to Q4; an object without a decisive verdict shows its first one.

    >>> answers([])
    []
    """
    out = []
    for name, (title, symbol, asks) in OBJECTS.items():
        about = [verdict for verdict in verdicts if verdict["object"] == name]
        if about:
            shown = [verdict for verdict in about if verdict["decisive"]] or about[:1]
            others = [verdict for verdict in about if verdict not in shown]
            out.append(Answer(name, title, symbol, asks, about[0]["question"], tuple(shown), tuple(others)))
    return out


def pace(verdict: Mapping[str, Any]) -> dict[str, float | int | None]:
    """What a rate means: half-life or doubling time in steps, and the lag where 1 % is left.

    >>> pace({"rate": 0.31, "half_life": None, "one_percent_lag": None, "verdict": "explodes", "unit": "nats per step"})
    {'half_life': None, 'one_percent': None, 'doubling': 2.2359...}
    """
    rate = value(verdict["rate"])
    grows = verdict["verdict"] == "explodes" and verdict["unit"] == "nats per step" and rate > 0
    return {
        "half_life": verdict["half_life"],
        "one_percent": verdict["one_percent_lag"],
        "doubling": math.log(2) / rate if grows else None,
    }


def constants(table: Mapping[str, Mapping[str, Any]]) -> list[tuple[str, Mapping[str, Any]]]:
    """Constants by block, then by name, so that the numbers of one gate stand together."""

    def order(item: tuple[str, Any]) -> tuple[str, str]:
        parts = _QUANTITY.fullmatch(item[0])
        return (parts.group(2), parts.group(1)) if parts else ("", item[0])

    return sorted(table.items(), key=order)


def by_scope(hypotheses: Iterable[Mapping[str, Any]]) -> list[tuple[str, list[Mapping[str, Any]]]]:
    """Hypotheses in groups of one scope each, in the order in which the scopes first occur."""
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for hypothesis in hypotheses:
        groups.setdefault(str(hypothesis.get("scope", "")), []).append(hypothesis)
    return list(groups.items())


def outline(graph: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any], bool]]:
    """The graph as the events of a nested list: ("open" | "item" | "close", node, seen before).

    Starts at the nodes on which nothing rests; a node that occurs again is listed without what is below it.
    """
    nodes = {node["id"]: node for node in graph["nodes"]}
    below: dict[str, list[str]] = {name: [] for name in nodes}
    carried: set[str] = set()
    for upper, lower in graph["edges"]:
        if upper in nodes and lower in nodes and lower not in below[upper]:
            below[upper].append(lower)
            carried.add(lower)
    seen: set[str] = set()

    def walk(names: Iterable[str], depth: int) -> Iterator[tuple[str, Mapping[str, Any], bool]]:
        for name in names:
            again = name in seen
            seen.add(name)
            yield "item", nodes[name], again
            if below[name] and not again and depth < _DEPTH:
                yield "open", nodes[name], False
                yield from walk(below[name], depth + 1)
                yield "close", nodes[name], False
            yield "end", nodes[name], False

    yield from walk([name for name in nodes if name not in carried], 0)
    yield from walk([name for name in nodes if name not in seen], 0)  # what only a cycle reaches


def card(item: Mapping[str, Any]) -> tuple[str, list[tuple[str, str, Any]]]:
    """Heading and rows (label, kind, value) of an entry whose keys this version does not know.

    >>> card({"title": "T", "lag": 3, "who": {"name": "S"}})
    ('T', [('lag', 'number', 3), ('who', 'other', {'name': 'S'})])
    """
    label = next((key for key in _KNOWN_LABELS if isinstance(item.get(key), str)), None)
    rows = []
    for key, content in item.items():
        if key == label:
            continue
        kind = "other"
        if isinstance(content, Mapping) and {"text", "latex", "mathml"} <= content.keys():
            kind = "formula"
        elif isinstance(content, str):
            kind = "text"
        elif isinstance(content, (int, float)) and not isinstance(content, bool):
            kind = "number"
        elif isinstance(content, list) and all(isinstance(entry, str) for entry in content):
            kind = "list"
        rows.append((key.replace("_", " "), kind, content))
    return (str(item[label]) if label else "Entry"), rows
