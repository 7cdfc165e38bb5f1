r"""The first sentences of the answer: what each side says of its own object, network by network, as this run shows it.

A condition is named only where its number meets it, gamma ||W||_2 < 1 with the upper end of its enclosure; a measured
outcome is called measured; and a network where a measurement exceeds its bound supports nothing.

Main definitions: `Sentence`, `Subject`, `subjects`, `dispute`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .backing import Backing
from .formats import value
from .informative import EXCEEDS, FADES, STAYS, TARGET, UNDECIDED, course
from .question import FLOW, SUBJECTS
from .rounding import shown

Json = Mapping[str, Any]
DISPUTE, LAWS = "dispute", "laws"
OWN = ""  # the id of the network that the document analyzes
RISING = "rising"  # no slope of the total gradient is negative, and that is all that is known
_KEPT = {
    "bounded": "it stays within a factor of two in",
    "explodes": "it grows in",
    RISING: "it does not vanish, and whether it stays or grows is undecided, in",
}
_TOTAL = {
    "vanishes": "it vanishes in",
    "mixed": "it grows on some samples and vanishes on others in",
    "polynomial": "it follows a power of the number of steps in",
    "undecided": "it is undecided in",
}
_PASCANU = "theorem:pascanu2013_spectral_norm"
_AUTHORS = {"hochreiter": "Hochreiter", "bengio": "Bengio et al.", "pascanu": "Pascanu et al."}
_PERSISTS = "total_gradient:persists"


@dataclass(frozen=True)
class Sentence:
    """A sentence about ``about`` (`DISPUTE`, `LAWS` or the id of a network) and the nodes that back it."""

    about: str
    text: str
    nodes: tuple[str, ...]


@dataclass(frozen=True)
class Subject:
    """A network with its verdicts that have a node, (verdict, node), its inputs, and its record in the confrontation."""

    id: str
    name: str
    judged: tuple[tuple[Json, str], ...]
    inputs: str
    record: Json = field(default_factory=dict)

    @property
    def informative(self) -> Json | None:
        """The record of the task-informative gradient."""
        found: Json | None = self.record.get("informative")
        return found

    def decisive(self, about: str) -> tuple[Json, str] | None:
        """The decisive verdict on an object, and its node."""
        return next(((v, node) for v, node in self.judged if v["object"] == about and v["decisive"]), None)

    def open(self, about: str) -> tuple[Json, str] | None:
        """The verdict on an object for all inputs if it is undecided, and its node."""
        wanted = (about, "all_inputs", "undecided")
        return next(((v, n) for v, n in self.judged if (v["object"], v["scope"], v["verdict"]) == wanted), None)


def subjects(document: Json, backing: Backing) -> list[Subject]:
    """The network of the document, with the record of the confrontation that is about it, then the others."""
    records = document["confrontation"]["networks"]
    own: Json = next((record for record in records if record.get("analyzed")), {})
    first = _subject(document, OWN, "the network of this report", backing)
    made = [Subject(OWN, first.name, first.judged, first.inputs, own)]
    return made + [subject_of(record, backing) for record in records if not record.get("analyzed")]


def subject_of(record: Json, backing: Backing) -> Subject:
    """A network of the confrontation, with the verdicts along the inputs of its record."""
    found = _subject(record, record["id"], f"“{record['title']}”", backing)
    return Subject(found.id, found.name, found.judged, found.inputs, record)


def _subject(holder: Json, name: str, title: str, backing: Backing) -> Subject:
    nodes = [(v, backing.verdict(name, v)) for v in holder["verdicts"]]
    inputs = (holder.get("horizon") or {}).get("input", "")
    return Subject(name, title, tuple((v, node) for v, node in nodes if node is not None), inputs.partition(":")[0])


def dispute(document: Json, listed: Sequence[Subject], backing: Backing) -> Iterator[Sentence]:
    """The sentences about the dispute; the first only where both sides are shown in one network."""
    yield from _both(listed)
    yield from _sum(document, listed, backing)
    yield from _far_past(listed, backing)
    yield from _conditions(listed, backing)
    yield from _open(listed)
    yield from _flow(listed)


def total_word(v: Json) -> str:
    """The word of a verdict on the total gradient: `RISING` where it is undecided and no slope is negative."""
    ends = v.get("rate_interval")
    return RISING if v["verdict"] == "undecided" and ends and value(ends[0]) >= 0 else str(v["verdict"])


# --- both sides --------------------------------------------------------------------------------------------
def _both(listed: Sequence[Subject]) -> Iterator[Sentence]:
    both, nodes = [], []
    for subject in listed:
        total, record = subject.decisive("total_gradient"), subject.informative
        if total and record and total_word(total[0]) in _KEPT and course(record).word == FADES:
            both.append(subject)
            nodes += [total[1], record["node"]]
    if both:
        yield Sentence(
            DISPUTE,
            f"They speak of different objects. In {names(both)} both hold: the total gradient does not vanish with the "
            "horizon, and what it says of the far past does.",
            tuple(nodes),
        )


def _sum(document: Json, listed: Sequence[Subject], backing: Backing) -> Iterator[Sentence]:
    found = [(s, *pair) for s in listed if (pair := s.decisive("total_gradient"))]
    if not found:
        return
    clauses = {
        word: [f"{s.name} ({_steps(s, v)})" for s, v, _ in found if total_word(v) == word]
        for word in {**_KEPT, **_TOTAL}
    }
    rest = [f"{words} {_listed(clauses[word])}" for word, words in {**_KEPT, **_TOTAL}.items() if clauses[word]]
    whom = " (Schaefer, Udluft and Zimmermann speak of it)" if _spoken_of(document) else ""
    text = (
        f"Measured: {SUBJECTS['total_gradient']}{whom} on the sampled inputs, as the number of unfolded steps grows: "
    )
    nodes = [node for *_, node in found]
    law = next((law for law in document["confrontation"]["laws"] if law["id"] == _PERSISTS), None)
    if law and law["outcome"] == "holds" and law["node"] in backing.nodes and any(clauses[word] for word in _KEPT):
        rest.append(f"the law “{law['title']}” holds in this run for {law['examples']} random contractive examples")
        nodes.append(law["node"])
    yield Sentence(DISPUTE, f"{text}{'; '.join(rest)}.", tuple(nodes))


def _spoken_of(document: Json) -> bool:
    """Whether the document has a sentence of Schaefer's about the total gradient."""
    objects = {t["id"]: t["object"] for t in document["theorems"]}
    found = ((c["source"] or {"key": ""})["key"] for c in document["claims"]
             if objects.get(c["judged_by"]) == "total_gradient")  # fmt: skip
    return any(key.startswith("schaefer") for key in found)


def _steps(subject: Subject, v: Json) -> str:
    first, last = (lag + 1 for lag in v["lag_range"])
    return f"{first} to {last} steps{', ' if subject.inputs else ''}{subject.inputs}"


def _far_past(listed: Sequence[Subject], backing: Backing) -> Iterator[Sentence]:
    """What the total gradient says of the input d steps ago, in every network that has a record of it."""
    found = [(s, s.informative, course(s.informative)) for s in listed if s.informative]
    if not found:
        return
    groups: dict[str, list[str]] = {word: [] for word in (FADES, STAYS, UNDECIDED, EXCEEDS)}
    for subject, record, what in found:
        last = record["lags"][-1]
        inputs = record.get("inputs", "").partition(" from ")[0]
        where = {FADES: f"from d = {what.lag} on", EXCEEDS: f"at d = {what.lag}"}.get(what.word, f"up to d = {last}")
        groups[what.word].append(f"{subject.name} ({where}{', ' if inputs else ''}{inputs})")
    words = {
        FADES: "fades to under 1 % of the norm of dy/dW in {}",
        STAYS: "stays above 1 % in {}, so that it does not fade in every network",
        UNDECIDED: "is undecided in {}",
        EXCEEDS: "exceeds a proved bound beyond its error in {}, where this run supports neither side",
    }
    parts = [words[word].format(_listed(members)) for word, members in groups.items() if members]
    nodes = tuple(record["node"] for _, record, _ in found)
    yield Sentence(
        DISPUTE,
        f"Measured: what the total gradient says of the input d steps ago, {TARGET}, {'; it '.join(parts)}.",
        nodes,
    )
    theorems = dict.fromkeys(t for node in nodes for t in backing.beneath(node, "theorem"))
    yield Sentence(
        DISPUTE,
        "There y = c^T h_T with a readout c of norm 1, y* is the input d steps ago with mean 0 and variance 1, and "
        "E[y* dy/dW] is the part of the expected gradient of the squared error (y - y*)^2 / 2 that depends on the target, "
        "up to its sign; norms are Frobenius norms.",
        (*theorems, *nodes),
    )


# --- conditions --------------------------------------------------------------------------------------------
def _conditions(listed: Sequence[Subject], backing: Backing) -> Iterator[Sentence]:
    """The condition that is met where the state Jacobian vanishes for all inputs, by the name of its author alone."""
    for subject in listed:
        found = subject.decisive("state_jacobian")
        if found is None or (found[0]["verdict"], found[0]["scope"]) != ("vanishes", "all_inputs"):
            continue
        v, node = found
        what = f"{SUBJECTS['state_jacobian']} vanishes with the lag for all inputs"
        rate, held = subject.record.get("rate"), (subject.record.get("nodes") or {}).get("rate")
        if rate and value(rate[1]) < 1 and held in backing.nodes and _PASCANU in backing.nodes:
            text = (
                f"The condition of Pascanu et al., gamma ||W||_2 < 1, is met in {subject.name} "
                f"({shown(*rate)}): there {what}."
            )
            yield Sentence(DISPUTE, text, (held, _PASCANU, node))
            continue
        below = [f"theorem:{v['decided_by']}", *backing.beneath(node, "theorem")]
        theorem = next((name for name in below if name in backing.nodes), None)
        bound = backing.nodes[theorem]["label"] if theorem else v["decided_by"]
        author = next((words for key, words in _AUTHORS.items() if theorem and f":{key}" in theorem), None)
        whose = f"{author}’s theorem" if author else "the theorem"
        text = f"By {whose} “{bound}”, whose hypotheses are met in {subject.name}, {what}."
        yield Sentence(DISPUTE, text, (node, *([theorem] if theorem else [])))


def _open(listed: Sequence[Subject]) -> Iterator[Sentence]:
    found = [(s, pair[1]) for s in listed if (pair := s.open("state_jacobian"))]
    if found:
        text = (
            f"No bound for all inputs falls with the lag in {names(s for s, _ in found)}: there it is undecided whether the "
            "state Jacobian vanishes for all inputs."
        )
        yield Sentence(DISPUTE, text, tuple(node for _, node in found))


def _flow(listed: Sequence[Subject]) -> Iterator[Sentence]:
    found = [(s, *pair) for s in listed if (pair := s.decisive("error_flow")) and pair[0]["verdict"] in FLOW]
    if not found:
        return
    decided = [word for word in FLOW if word != "undecided"]
    groups = {word: [s for s, v, _ in found if v["verdict"] == word] for word in FLOW}
    parts = [
        f"{FLOW[word]}{',' if ',' in FLOW[word] else ''} in {names(groups[word])}" for word in decided if groups[word]
    ]
    lag = found[0][1]["lag_range"][0]
    what = f"{SUBJECTS['error_flow']} on recall of the input {lag} steps ago"
    meaning = "the error flow is log rho(W) plus the mean log slope"
    text = f"{what} {_listed(parts)} ({meaning})" if parts else ""
    if groups["undecided"]:
        where = names(groups["undecided"])
        text += f"; in {where} its effect is undecided" if parts else (
            f"in {where} it is undecided how {what} moves the error flow, that is log rho(W) plus the mean log slope"
        )  # fmt: skip
    yield Sentence(DISPUTE, f"{capital(text)}.", tuple(node for *_, node in found))


# --- words -------------------------------------------------------------------------------------------------
def names(members: Iterable[Subject]) -> str:
    """The names of networks, the last after *and*."""
    return _listed([subject.name for subject in members])


def _listed(parts: Sequence[str]) -> str:
    *first, last = parts
    return f"{', '.join(first)} and {last}" if first else last


def capital(text: str) -> str:
    """The text with a capital at its start."""
    return f"{text[:1].upper()}{text[1:]}"
