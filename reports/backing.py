r"""What a sentence rests on: the closure of its nodes in the document's graph, and the weakest grade in it.

The grade of a sentence is the minimum of the own grades over the closure, computed from the graph at hand; a sentence
without nodes, or with one that the graph lacks, has no grade and may not be printed.

Main definition: `Backing`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any

from .formats import GRADES, grade

_LADDER = tuple(GRADES)


class Backing:
    """The evidence graph of a document, asked about sentences.

    >>> node = {"kind": "rule", "label": ""}
    >>> nodes = [node | {"id": "a", "grade": "cited", "own": "symbolic"}, node | {"id": "b", "grade": "cited", "own": "cited"}]
    >>> found = Backing({"nodes": nodes, "edges": [["a", "b"]]})
    >>> found.grade(["a"]), found.grade(["a", "c"]), found.grade([])
    ('cited', None, None)
    """

    def __init__(self, graph: Mapping[str, Any]) -> None:
        self.nodes: dict[str, Mapping[str, Any]] = {node["id"]: node for node in graph["nodes"]}
        self._edges = graph["edges"]

    @cached_property
    def _below(self) -> dict[str, list[str]]:
        below: dict[str, list[str]] = {}
        for upper, lower in self._edges:
            below.setdefault(upper, []).append(lower)
        return below

    def closure(self, names: Iterable[str]) -> set[str]:
        """The nodes of these names and all that they rest on."""
        found: set[str] = set()
        waiting = list(names)
        while waiting:
            name = waiting.pop()
            if name in self.nodes and name not in found:
                found.add(name)
                waiting += self._below.get(name, ())
        return found

    def grade(self, names: Iterable[str]) -> str | None:
        """The weakest rung among the nodes and all that they rest on; None without nodes or with one that is not there."""
        listed = list(names)
        if not listed or not self.nodes.keys() >= set(listed):
            return None
        rungs = [grade(self.nodes[name]["grade"]) for name in listed]
        rungs += [grade(own) for name in self.closure(listed) if (own := self.nodes[name]["own"])]
        return max(rungs, key=_LADDER.index)

    def beneath(self, name: str, kind: str) -> list[str]:
        """The nodes of a kind among those on which a node rests, in the order of the graph."""
        below = self.closure([name]) - {name}
        return [other for other, node in self.nodes.items() if other in below and node["kind"] == kind]

    def verdict(self, network: str, verdict: Mapping[str, Any]) -> str | None:
        """The node of a verdict about a network, the analyzed one if the name is empty; None if there is none."""
        if not network:
            name = f"verdict:{verdict['object']}:{verdict['scope']}"
            return name if name in self.nodes else None
        wanted = {network, verdict["object"], verdict["scope"]}
        return next((name for name, node in self.nodes.items()
                     if node["kind"] == "verdict" and wanted <= set(name.split(":"))), None)  # fmt: skip
