r"""Which one is true: the answer in sentences, each with the nodes of the evidence graph that back it, from the document.

A sentence is built from outcomes (a verdict's word, whether a law holds, where a measured gradient falls under 1 % of the
whole), never from what was expected. It is left out where the graph lacks one of its nodes; where it rests on something
that a broken law tests, the law is named in its place. Its grade is the weakest over all that it rests on.

Main definitions: `Subject`, `subjects`, `answers`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .backing import Backing
from .informative import FADES, against_bound, course
from .question import FLOW, PHRASES, SCOPES, SUBJECTS
from .rounding import pace

Json = Mapping[str, Any]
DISPUTE, LAWS = "dispute", "laws"
OWN = ""  # the id of the network that the document analyzes
_TOTAL = {
    "vanishes": "vanishes",
    "explodes": "grows",
    "bounded": "changes by less than a factor of two",
    "mixed": "grows on some samples and vanishes on others",
    "polynomial": "follows a power of the number of steps",
}
_KEPT = ("bounded", "explodes")
_FOUNDERS = ("hochreiter", "bengio", "pascanu")


@dataclass(frozen=True)
class Sentence:
    """A sentence about ``about`` (`DISPUTE`, `LAWS` or the id of a network) and the nodes that back it."""

    about: str
    text: str
    nodes: tuple[str, ...]


@dataclass(frozen=True)
class Subject:
    """A network with its verdicts that have a node: (verdict, node)."""

    id: str
    name: str
    judged: tuple[tuple[Json, str], ...]
    informative: Json | None

    def decisive(self, about: str) -> tuple[Json, str] | None:
        """The decisive verdict on an object, and its node."""
        return next(((v, node) for v, node in self.judged if v["object"] == about and v["decisive"]), None)

    def open(self, about: str) -> tuple[Json, str] | None:
        """The verdict on an object for all inputs if it is undecided, and its node."""
        wanted = (about, "all_inputs", "undecided")
        return next(((v, n) for v, n in self.judged if (v["object"], v["scope"], v["verdict"]) == wanted), None)


def subjects(document: Json, backing: Backing) -> list[Subject]:
    """The network of the document and those of its confrontation."""
    own = {"id": OWN, "title": "", "verdicts": document["verdicts"], "informative": None}
    made = []
    for network in (own, *document["confrontation"]["networks"]):
        nodes = [(v, backing.verdict(network["id"], v)) for v in network["verdicts"]]
        name = f"“{network['title']}”" if network["id"] else "the network of this report"
        judged = tuple((v, node) for v, node in nodes if node is not None)
        made.append(Subject(network["id"], name, judged, network["informative"]))
    return made


def answers(document: Json) -> list[dict[str, Any]]:
    """The sentences as {about, text, nodes, grade}, those about the dispute first; none without a confrontation."""
    if not document.get("confrontation"):
        return []
    backing, laws = Backing(document["graph"]), document["confrontation"]["laws"]
    listed = subjects(document, backing)
    sentences = [*_dispute(document, listed), *_of_laws(laws)]
    for subject in listed[1:]:
        sentences += _about(subject, backing)
    broken = {judged: law for law in laws if law["outcome"] != "holds" for judged in law["judges"]}
    made: list[dict[str, Any]] = []
    for sentence in (_doubted(sentence, broken, backing) for sentence in sentences):
        grade = backing.grade(sentence.nodes)
        answer = {"about": sentence.about, "text": sentence.text, "nodes": list(sentence.nodes), "grade": grade}
        if grade is not None and answer not in made:
            made.append(answer)
    return made


def _doubted(sentence: Sentence, broken: Mapping[str, Json], backing: Backing) -> Sentence:
    """The sentence, or in its place the broken law that tests what it rests on."""
    if sentence.about == LAWS:
        return sentence
    found = sorted(backing.closure(sentence.nodes) & broken.keys())
    if not found:
        return sentence
    law = broken[found[0]]
    text = (
        f"Not claimed: the law “{law['title']}”, which tests what this rests on, is broken in this run, with a slack of "
        f"{law['slack']} ({law['unit']}) on {law['witness']}"
    )
    return Sentence(sentence.about, f"{text}.", (law["node"],))


# --- the dispute -------------------------------------------------------------------------------------------
def _dispute(document: Json, listed: Sequence[Subject]) -> Iterator[Sentence]:
    total, past = _right_about_the_sum(document, listed), _right_about_the_past(document, listed)
    if total is not None and past is not None:
        nodes = tuple(dict.fromkeys((*total.nodes, *past.nodes)))
        yield Sentence(DISPUTE, "Both are true, each of its own object.", nodes)
    for sentence in (total or _sums(listed), past, _open(listed), _flow(listed)):
        if sentence is not None:
            yield sentence


def _right_about_the_sum(document: Json, listed: Sequence[Subject]) -> Sentence | None:
    """That the total gradient does not vanish, where it does not."""
    found = [(s, *pair) for s in listed if (pair := s.decisive("total_gradient"))]
    kept = [(s, node) for s, v, node in found if v["verdict"] in _KEPT]
    judge = _judge(document, lambda key: key.startswith("schaefer"), "total_gradient")
    if not kept or judge is None:
        return None
    text = (
        "Schaefer, Udluft and Zimmermann are right about the sum: on the sampled inputs the total gradient dE/dW does not "
        f"vanish as the number of unfolded steps grows, in {_names(s for s, _ in kept)}"
    )
    rest = [(s, v["verdict"], node) for s, v, node in found if v["verdict"] not in _KEPT]
    for words, chosen in (
        ("it vanishes in", [entry for entry in rest if entry[1] == "vanishes"]),
        ("it is undecided, mixed or a power of the lag in", [entry for entry in rest if entry[1] != "vanishes"]),
    ):
        text += f"; {words} {_names(s for s, *_ in chosen)}" if chosen else ""
    kept += [(s, node) for s, _, node in rest]
    return Sentence(DISPUTE, f"{text}.", (*(node for _, node in kept), judge))


def _sums(listed: Sequence[Subject]) -> Sentence | None:
    """What the total gradient does, where nobody's sentence about it can be judged."""
    groups, nodes = _grouped(listed, "total_gradient", _TOTAL)
    parts = [f"{words} in {_names(members)}" for words, members in groups.items()]
    text = f"As the number of unfolded steps grows, {SUBJECTS['total_gradient']} {', '.join(parts)}."
    return Sentence(DISPUTE, text, nodes) if parts else None


def _grouped(
    listed: Sequence[Subject], about: str, phrases: Mapping[str, str]
) -> tuple[dict[str, list[Subject]], tuple[str, ...]]:
    """The networks by what their decisive verdict on an object says, and the nodes of these verdicts."""
    groups: dict[str, list[Subject]] = {}
    nodes = []
    for subject in listed:
        found = subject.decisive(about)
        if found is not None and found[0]["verdict"] in phrases:
            groups.setdefault(phrases[found[0]["verdict"]], []).append(subject)
            nodes.append(found[1])
    return groups, tuple(nodes)


def _right_about_the_past(document: Json, listed: Sequence[Subject]) -> Sentence | None:
    """That state Jacobian and task-informative gradient vanish for all inputs, where they do."""
    parts, nodes = [], []
    for subject in listed:
        proved, record = subject.decisive("state_jacobian"), subject.informative
        if proved is None or record is None or (proved[0]["verdict"], proved[0]["scope"]) != ("vanishes", "all_inputs"):
            continue
        found = course(record)
        if found.word == FADES:
            parts.append(f"in {subject.name} from d = {found.lag} on")
            nodes += [proved[1], record["node"]]
    judge = _judge(document, lambda key: key.startswith(_FOUNDERS), "state_jacobian")
    if not parts or judge is None:
        return None
    text = (
        "Hochreiter, Bengio and Pascanu are right about the far past: the state Jacobian (norm of J at lag k) vanishes with "
        "the lag for all inputs, and what the total gradient says about the input d steps ago is measured to be under 1 % "
        f"of its norm, {' and '.join(parts)}"
    )
    return Sentence(DISPUTE, f"{text}.", (*nodes, judge))


def _judge(document: Json, by: Callable[[str], bool], about: str) -> str | None:
    """The theorem about an object that judges a sentence of these texts."""
    objects = {t["id"]: t["object"] for t in document["theorems"]}
    for claim in document["claims"]:
        known = claim["source"] is not None and by(claim["source"]["key"]) and claim["judge"] == "theorem"
        if known and claim["status"] != "refuted" and objects.get(claim["judged_by"]) == about:
            return f"theorem:{claim['judged_by']}"
    return None


def _open(listed: Sequence[Subject]) -> Sentence | None:
    found = [(s, pair[1]) for s in listed if (pair := s.open("state_jacobian"))]
    if not found:
        return None
    text = f"No bound for all inputs has its hypotheses met in {_names(s for s, _ in found)}: there it is undecided"
    return Sentence(
        DISPUTE, f"{text} whether the state Jacobian vanishes for all inputs.", tuple(node for _, node in found)
    )


def _flow(listed: Sequence[Subject]) -> Sentence | None:
    groups, nodes = _grouped(listed, "error_flow", FLOW)
    open_ = groups.pop(FLOW["undecided"], [])
    parts = [f"{words} in {_names(members)}" for words, members in groups.items()]
    text = f"{_capital(SUBJECTS['error_flow'])} on recall of an earlier input {', '.join(parts)}" if parts else ""
    text += "; " if text and open_ else ""
    text += f"what it does in {_names(open_)} is undecided" if open_ else ""
    return Sentence(DISPUTE, f"{_capital(text)}.", nodes) if nodes else None


# --- laws --------------------------------------------------------------------------------------------------
def _of_laws(laws: Sequence[Json]) -> Iterator[Sentence]:
    if not laws:
        return
    broken = [law for law in laws if law["outcome"] != "holds"]
    examples = sum(law["examples"] for law in laws)
    whole = f"{len(laws)} laws were put to {examples} examples in this run"
    if broken:
        named = ", ".join(f"“{law['title']}”" for law in broken)
        text, nodes = f"{whole}; broken: {named}.", tuple(law["node"] for law in broken)
    else:
        text, nodes = f"{whole}, and none is broken.", tuple(law["node"] for law in laws)
    yield Sentence(LAWS, text, nodes)


# --- one network -------------------------------------------------------------------------------------------
def _about(subject: Subject, backing: Backing) -> Iterator[Sentence]:
    found = subject.decisive("state_jacobian")
    if found is not None:
        yield Sentence(subject.id, _jacobian(found[0]), (found[1],))
    open_ = subject.open("state_jacobian")
    if open_ is not None and open_ != found:
        yield Sentence(subject.id, _jacobian(open_[0]), (open_[1],))
    found = subject.decisive("total_gradient")
    if found is not None:
        yield Sentence(subject.id, _total(found[0]), (found[1],))
    if subject.informative is not None:
        node = subject.informative["node"]
        yield Sentence(subject.id, course(subject.informative).text, (node,))
        yield Sentence(subject.id, against_bound(subject.informative), (node, *backing.beneath(node, "theorem")))


def _jacobian(v: Json) -> str:
    scope = SCOPES[v["scope"]]
    if v["verdict"] == "undecided":
        return f"Whether {SUBJECTS['state_jacobian']} vanishes {scope} is undecided: {v['reason']}."
    first, last = v["lag_range"]
    text = f"{_capital(scope)}, {SUBJECTS['state_jacobian']} {PHRASES[v['verdict']]} (lags {first} to {last})"
    whom = "its median" if v["decided_by"] == "slope" else "a bound on it"
    half, one = pace(v)[1], v["one_percent_lag"]
    parts = [f"halves every {half:.4g} steps"] if half is not None else []
    parts += [f"is under 1 % from lag {one} on"] if one is not None else []
    falls = v["verdict"] == "vanishes" and parts
    return f"{text}: {whom} {' and '.join(parts)}." if falls else f"{text}."


def _total(v: Json) -> str:
    first, last = (lag + 1 for lag in v["lag_range"])
    steps = f"as the number of unfolded steps grows from {first} to {last}"
    if v["verdict"] not in _TOTAL:
        return (
            f"Whether {SUBJECTS['total_gradient']} vanishes {steps} is undecided {SCOPES[v['scope']]}: {v['reason']}."
        )
    return f"{_capital(SCOPES[v['scope']])}, {SUBJECTS['total_gradient']} {_TOTAL[v['verdict']]} {steps}."


def _names(members: Iterable[Subject]) -> str:
    *first, last = [subject.name for subject in members]
    return f"{', '.join(first)} and {last}" if first else last


def _capital(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"
