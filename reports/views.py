"""The document arranged for the page: anchors, verdicts, hypotheses, constants."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from . import rounding
from .dispute import place_nodes
from .formats import OBJECTS, as_shown, value

_QUANTITY = re.compile(r"(.*?)\((.*)\)")
_INDEXED = re.compile(r"<msub>(<mi>W</mi>)<mi>\w+</mi></msub>")  # the row is about all blocks
_HOMES = ("theorem", "bound", "constant", "verdict", "refutation", "fact", "law", "informative")
_KNOWN_LABELS = ("title", "name", "statement", "claim", "id")


class Anchors:
    """Fragment identifiers for the named things of a document, unique and made of harmless characters.

    >>> anchors = Anchors()
    >>> anchors.add("theorem", "a b"), anchors.add("theorem", "a-b"), anchors.of("a b"), anchors.of("no")
    ('theorem-a-b', 'theorem-a-b-2', 'theorem-a-b', None)
    """

    def __init__(self) -> None:
        self._anchors: dict[tuple[str, str], str] = {}
        self._labels: dict[tuple[str, str], str] = {}
        self._taken: set[str] = set()
        self._placed: set[str] = set()

    def add(self, kind: str, name: str, *, label: str = "") -> str:
        """The identifier of a thing, new if it has none yet; the label is what links to it say."""
        if label:
            self._labels.setdefault((kind, name), label)
        if (kind, name) not in self._anchors:
            stem = f"{kind}-{re.sub(r'[^A-Za-z0-9_]+', '-', name.removeprefix(kind + ':')).strip('-')[:60]}"
            anchor, count = stem, 1
            while anchor in self._taken:
                count += 1
                anchor = f"{stem}-{count}"
            self._taken.add(anchor)
            self._anchors[kind, name] = anchor
        return self._anchors[kind, name]

    def place(self, kind: str, name: str) -> str:
        """The identifier for the place of a thing: empty the second time, since an id may occur only once."""
        anchor = self.add(kind, name)
        first = anchor not in self._placed
        self._placed.add(anchor)
        return anchor if first else ""

    def wanted(self, kind: str, name: str) -> str:
        """The identifier for the place of a thing that something links to, else empty."""
        return self.place(kind, name) if (kind, name) in self._anchors else ""

    def home(self, name: str) -> str | None:
        """Where the page shows a thing outside of the graph: a card, a row of a table; None if nowhere."""
        return next((self._anchors[key] for key in _keys(name) if key in self._anchors), None)

    def of(self, name: str) -> str | None:
        """The identifier of a thing by its name, in the graph if it is nowhere else; else None."""
        return self.home(name) or self._anchors.get(("node", name))

    def label(self, name: str) -> str:
        """What a link to the thing of this name says."""
        for key in (("node", name), *_keys(name)):
            if key in self._labels:
                return self._labels[key]
        kind, _, bare = name.partition(":")
        return bare if kind in _HOMES and bare else name


def _keys(name: str) -> list[tuple[str, str]]:
    """Where to look for a name, the kind that stands before its colon first: `bound:x:all_inputs`, `x`."""
    kind, _, bare = name.partition(":")
    kinds = sorted(_HOMES, key=lambda home: home != kind)
    return [(home, form) for home in kinds for form in (name, bare, bare.rpartition(":")[0]) if form]


def anchors(document: Mapping[str, Any]) -> Anchors:
    """Identifiers of the theorem cards, the rows of the tables, and the graph nodes."""
    made = Anchors()
    place_nodes(made, document)
    for kind in ("theorem", "bound", "refutation"):
        things = document[f"{kind}s"]
        for thing in things:
            made.add(kind, thing["id"], label=thing["title"])
    for node in document["graph"]["nodes"]:
        of = _QUANTITY.fullmatch(node["id"]) if node["kind"] == "constant" else None
        made.add(
            "node", node["id"], label=f"{node['label']} of {of.group(2)}" if of else node["label"].replace("\\", "")
        )
    for fact in document.get("facts", ()):
        made.add("fact", fact["id"], label=fact["words"])
    for name in document["constants"]:
        made.add("constant", name)
    for verdict in document["verdicts"]:
        made.add("verdict", f"{verdict['object']}:{verdict['scope']}")
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

    >>> unknown = {"half_life": None, "one_percent_lag": None, "unit": "nats per step"}
    >>> pace({"rate": 0.31, "verdict": "explodes", **unknown})
    {'half_life': None, 'one_percent': None, 'doubling': 2.2359...}
    """
    rate = value(verdict["rate"])
    half = rounding.pace(verdict)[1] if verdict["half_life"] is not None else None
    grows = verdict["verdict"] == "explodes" and verdict["unit"] == "nats per step" and rate > 0
    return {
        "half_life": half,
        "one_percent": verdict["one_percent_lag"],
        "doubling": math.log(2) / rate if grows else None,
    }


def constants(table: Mapping[str, Mapping[str, Any]]) -> list[tuple[str, Mapping[str, Any]]]:
    """Constants by block, then by name, so that the numbers of one gate stand together."""

    def order(item: tuple[str, Any]) -> tuple[str, str]:
        parts = _QUANTITY.fullmatch(item[0])
        return (parts.group(2), parts.group(1)) if parts else ("", item[0])

    return sorted(table.items(), key=order)


@dataclass(frozen=True)
class Overview:
    """Constants of several blocks side by side: (name, formula, one constant per block or None)."""

    blocks: tuple[str, ...]
    rows: tuple[tuple[str, str, tuple[Mapping[str, Any] | None, ...]], ...]


def overview(table: Mapping[str, Mapping[str, Any]]) -> Overview | None:
    """Quantities as rows and blocks as columns; None unless there are several blocks."""
    parsed = {name: parts.groups() for name in table if (parts := _QUANTITY.fullmatch(name))}
    blocks = sorted({block for _, block in parsed.values()})
    if len(blocks) < 2:
        return None
    rows = []
    for quantity in sorted({quantity for quantity, _ in parsed.values()}):
        cells = tuple(table.get(f"{quantity}({block})") for block in blocks)
        markup = next(cell["formula"]["mathml"] for cell in cells if cell is not None)
        rows.append((quantity, _INDEXED.sub(r"\1", markup), cells))
    return Overview(tuple(blocks), tuple(rows))


@dataclass(frozen=True)
class Scoped:
    """Something that holds in several scopes alike."""

    scopes: tuple[str, ...]
    content: Any


def alike(entries: Iterable[tuple[str, Any]]) -> list[Scoped]:
    """Entries (scope, content) that read alike joined, in the order in which they first occur.

    Numbers are alike if the four digits that the page shows are.

    >>> alike([("all_inputs", 1), ("trajectory", 1), ("samples", 2)])
    [Scoped(scopes=('all_inputs', 'trajectory'), content=1), Scoped(scopes=('samples',), content=2)]
    """
    out: list[Scoped] = []
    for scope, content in entries:
        at = next((i for i, old in enumerate(out) if as_shown(old.content) == as_shown(content)), None)
        if at is None:
            out.append(Scoped((scope,), content))
        elif scope not in out[at].scopes:
            out[at] = Scoped((*out[at].scopes, scope), content)
    return out


def bounds(listed: Iterable[Mapping[str, Any]]) -> list[Scoped]:
    """Bounds as rows; one with the same numbers in several scopes is one row, one id stands together."""
    ids = list(dict.fromkeys(bound["id"] for bound in listed))
    ordered = sorted(listed, key=lambda bound: ids.index(bound["id"]))
    return alike((bound["scope"], _without_scope(bound)) for bound in ordered)


def hypotheses(listed: Iterable[Mapping[str, Any]]) -> list[Scoped]:
    """Hypotheses as one table per scope; scopes in which all of them come out alike share a table."""
    tables: dict[str, list[Any]] = {}
    for hypothesis in listed:
        tables.setdefault(str(hypothesis.get("scope", "")), []).append(_without_scope(hypothesis))
    return alike(tables.items())


def _without_scope(entry: Any) -> Any:
    if isinstance(entry, Mapping):
        return {key: _without_scope(item) for key, item in entry.items() if key != "scope"}
    return [_without_scope(item) for item in entry] if isinstance(entry, list) else entry


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
