"""The evidence graph as nested lists: a list per kind of thing, each thing with what it rests on below it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_DEPTH = 12  # a longer chain of nodes is cut: nobody reads a list that is indented further
_FAMILIES = {
    "verdict": "Verdicts",
    "bound": "Bounds",
    "theorem": "Theorems",
    "refutation": "Refutations",
    "fact": "Facts about numbers",
}
_SINGLE = ("refutation", "fact", "law")
_OTHERS = "Everything else"
Event = tuple[str, Mapping[str, Any], bool]


@dataclass(frozen=True)
class Family:
    """The things of one kind: a heading, how many there are, and the events of their nested list."""

    heading: str
    count: int
    events: tuple[Event, ...]


def alone(graph: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Refutations, facts and laws that rest on nothing and on which nothing rests: their cards say all there is."""
    joined = {name for edge in graph["edges"] for name in edge}
    return [node for node in graph["nodes"] if node["kind"] in _SINGLE and node["id"] not in joined]


def families(graph: Mapping[str, Any]) -> list[Family]:
    """The graph as one list per kind, without what stands alone; what another list expands is only named.

    >>> keys = ("id", "kind", "label", "grade", "own")
    >>> rows = [("t", "theorem", "T", "cited", ""), ("b", "bound", "B", "cited", ""), ("r", "rule", "R", "cited", "")]
    >>> graph = {"nodes": [dict(zip(keys, row)) for row in rows], "edges": [["b", "t"], ["t", "r"]]}
    >>> for family in families(graph):
    ...     print(family.heading, [(event, node["label"], again) for event, node, again in family.events])
    Bounds [('item', 'B', False), ('open', 'B', False), ('item', 'T', True), ('end', 'T', False), ...]
    Theorems [('item', 'T', False), ('open', 'T', False), ('item', 'R', False), ('end', 'R', False), ...]
    """
    outline = _Outline(graph)
    outline.seen |= {node["id"] for node in alone(graph)}
    by_kind = {kind: [n["id"] for n in graph["nodes"] if n["kind"] == kind] for kind in _FAMILIES}
    out = []
    for kind, names in by_kind.items():
        events = tuple(outline.walk([name for name in names if name not in outline.seen], top=True))
        if events:
            out.append(Family(_FAMILIES[kind], len(names), events))
    rest = [name for name in outline.nodes if name not in outline.seen]
    events = tuple(outline.rest())
    return [*out, Family(_OTHERS, len(rest), events)] if events else out


class _Outline:
    def __init__(self, graph: Mapping[str, Any]) -> None:
        self.nodes = {node["id"]: node for node in graph["nodes"]}
        self.below: dict[str, list[str]] = {name: [] for name in self.nodes}
        self.carried: set[str] = set()
        self.seen: set[str] = set()
        for upper, lower in graph["edges"]:
            if upper in self.nodes and lower in self.nodes and lower not in self.below[upper]:
                self.below[upper].append(lower)
                self.carried.add(lower)

    def walk(self, names: Iterable[str], depth: int = 0, *, top: bool = False) -> Iterator[Event]:
        """The events ("item" | "open" | "close" | "end", node, seen before or elsewhere) of a list of nodes."""
        for name in names:
            node = self.nodes[name]
            elsewhere = not top and node["kind"] in _FAMILIES
            again = name in self.seen or elsewhere
            if not elsewhere:
                self.seen.add(name)
            yield "item", node, again
            below = [] if again or depth >= _DEPTH else list(filter(self._new, self.below[name]))
            if below:
                yield "open", node, False
                yield from self.walk(below, depth + 1)
                yield "close", node, False
            yield "end", node, False

    def _new(self, name: str) -> bool:
        """A rule is listed once, below the first thing that rests on it: there are many, and each serves many."""
        return self.nodes[name]["kind"] != "rule" or name not in self.seen

    def rest(self) -> Iterator[Event]:
        """What no list has expanded: first the nodes on which nothing rests, then what lies too deep or in a cycle."""
        for only_roots in (True, False):
            for name in self.nodes:
                if name not in self.seen and not (only_roots and name in self.carried):
                    yield from self.walk([name], top=True)
