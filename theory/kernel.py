"""Theorems that Coq's kernel has checked: what ``formal/status.json`` records, and whether the files still say it.

The script ``.ci/formal`` compiles ``formal/*.v`` from scratch and writes, for every theorem, its statement as Coq prints
it, the axioms that it rests on, and the hashes of its file and of every file that it requires. Here a theorem counts
only while those files are there with those hashes, its file states it, and its axioms are allowed. Coq is not needed.

Main definitions: `ALLOWED_AXIOMS`, `Checked`, `load`, `refused`, `related`, `vocabulary`; the reader of .v files:
`theorems`, `sentences`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType
from typing import Any

STATUS = "status.json"
# The files whose statements are compared by their text: .ci/formal reads each of them with the vocabulary alone, too.
READ_ALONE = re.compile(r"(?:theorems_\w+|\w+_rules|ordered_products|expectation|scalar_facts|perron_scaling)\.v")

FOLDER = Path(__file__).with_name("formal")

ALLOWED_AXIOMS: Mapping[str, str] = MappingProxyType(
    {  # name as Coq prints it -> what it says, in words; Coq's standard real numbers rest on them
        "ClassicalDedekindReals.sig_forall_dec": "a decidable property of naturals holds for all, or fails for one",
        "ClassicalDedekindReals.sig_not_dec": "a negated statement holds, or its negation does",
        "Classical_Prop.classic": "a statement holds, or its negation does",  # Coquelicot's
        "FunctionalExtensionality.functional_extensionality_dep": "functions with equal values are equal",
    }
)


@dataclass(frozen=True)
class Checked:
    """A theorem that Coq's kernel has checked: its statement as Coq prints it, its file in formal/ with its hash, the
    names of the axioms that it rests on, the pairs (file, hash) that it requires, and the prover with its version.
    """

    name: str
    statement: str
    file: str
    sha256: str
    axioms: tuple[str, ...]
    requires: tuple[tuple[str, str], ...]
    prover: str
    text: str | None = None  # what its file writes between its name and the closing period; None in a section


def load(folder: Path | None = None) -> Mapping[str, Checked]:
    """The theorems by name whose files are unchanged and whose axioms are all allowed.

    ``folder`` holds status.json and the .v files; left out, it is the one that is shipped, which is read once.

    >>> load(Path("no such folder"))
    mappingproxy({})
    """
    return (_shipped() if folder is None else _judge(folder))[0]


def refused(folder: Path | None = None) -> Mapping[str, str]:
    """The recorded theorems that `load` leaves out, each with the reason in one sentence.

    If status.json itself cannot be read, its name stands for all of them.

    >>> dict(refused(Path("no such folder")))
    {'status.json': 'status.json cannot be read, so no theorem counts as checked: there is no such file.'}
    """
    return (_shipped() if folder is None else _judge(folder))[1]


def related(names: Iterable[str]) -> tuple[Checked, ...]:
    """The theorems of these names, of those that count: what is stated by hand beside something typeset."""
    found = load()
    return tuple(found[name] for name in names if name in found)


def vocabulary() -> str:
    """The file that defines the words of the formal statements; empty if it is not there."""
    try:
        return (FOLDER / "vocabulary.v").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


@cache
def _shipped() -> tuple[Mapping[str, Checked], Mapping[str, str]]:
    return _judge(FOLDER)


# The record against the files


def _judge(folder: Path) -> tuple[Mapping[str, Checked], Mapping[str, str]]:
    """The theorems that count, and the reasons of the others."""
    counted: dict[str, Checked] = {}
    reasons: dict[str, str] = {}
    try:
        recorded = _recorded((folder / STATUS).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as problem:
        missing = isinstance(problem, FileNotFoundError | NotADirectoryError)
        why = "there is no such file" if missing else getattr(problem, "strerror", None) or problem
        reasons[STATUS] = f"{STATUS} cannot be read, so no theorem counts as checked: {why}."
    else:
        files = _Files(folder)
        for theorem in recorded:
            reason = _reason(theorem, files)
            if reason:
                reasons[theorem.name] = reason
            else:
                stated = files.read(theorem.file)
                counted[theorem.name] = replace(theorem, text=stated[1].get(theorem.name) if stated else None)
    return MappingProxyType(counted), MappingProxyType(reasons)


def _recorded(text: str) -> list[Checked]:
    """The entries of status.json; ValueError says what is wrong with its text."""
    status = json.loads(text)
    entries = status.get("theorems") if isinstance(status, dict) else None
    if not isinstance(entries, list):
        raise ValueError("it has no list of theorems")
    found = [_entry(entry, f"entry {place} of its theorems") for place, entry in enumerate(entries, 1)]
    seen: set[str] = set()
    for theorem in found:
        if theorem.name in seen:
            raise ValueError(f"it lists the theorem {theorem.name} twice")
        seen.add(theorem.name)
    return found


def _entry(entry: Any, where: str) -> Checked:
    if not isinstance(entry, dict):
        raise ValueError(f"{where} is not an object")
    for key in ("name", "statement", "file", "sha256", "prover"):
        if not isinstance(entry.get(key), str):
            raise ValueError(f"{where} has no text {key!r}")
    axioms, requires = entry.get("axioms"), entry.get("requires")
    if not isinstance(axioms, list) or not all(isinstance(axiom, str) for axiom in axioms):
        raise ValueError(f"{where} has no list 'axioms' of names")
    if not isinstance(requires, dict) or not all(isinstance(value, str) for value in requires.values()):
        raise ValueError(f"{where} has no object 'requires' of file hashes")
    texts = {key: entry[key] for key in ("name", "statement", "file", "sha256", "prover")}
    return Checked(**texts, axioms=tuple(axioms), requires=tuple(sorted(requires.items())))


class _Files:
    """The .v files of a folder, each read once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._read: dict[str, tuple[str, Mapping[str, str | None]] | None] = {}

    def read(self, name: str) -> tuple[str, Mapping[str, str | None]] | None:
        """The hash of the file and the theorems that it states; None if it is not there."""
        if name not in self._read:
            try:
                content = (self._folder / name).read_bytes()
            except OSError:
                self._read[name] = None
            else:
                self._read[name] = sha256(content).hexdigest(), theorems(content.decode("utf-8", "replace"))
        return self._read[name]


def _reason(theorem: Checked, files: _Files) -> str:
    """Why the theorem does not count, in one sentence; empty if it does."""
    for name, recorded in ((theorem.file, theorem.sha256), *theorem.requires):
        which = name if name == theorem.file else f"{name}, which it requires,"
        if not _FILE_NAME.fullmatch(name):
            return f"{name!r} is not the name of a .v file."
        found = files.read(name)
        if found is None:
            return f"{which} is missing."
        if found[0] != recorded:
            return f"{which} has changed."
        if name == theorem.file and theorem.name not in found[1]:
            return f"{name} states no theorem of this name."
    foreign = [axiom for axiom in theorem.axioms if axiom not in ALLOWED_AXIOMS]
    return f"It rests on the axiom {foreign[0]}." if foreign else ""


# The reader of .v files


def theorems(text: str) -> Mapping[str, str | None]:
    """The theorems that the text of a .v file states, in order, each with what stands between its name and the closing period,
    without comments and on one line; None in a section, where that is not the whole statement.

    >>> theorems('''(* Theorem no : 0 = 1. *) Lemma internal : True. Proof. by []. Qed.
    ...     Theorem positive n (* a natural *) :
    ...       0 < n.+1. Proof. by []. Qed.''')
    {'positive': 'n : 0 < n.+1'}
    """
    found: dict[str, str | None] = {}
    for _, depth, sentence in sentences(text):
        match = _THEOREM.fullmatch(sentence)
        if match:
            found[match["name"]] = None if depth else " ".join(match["rest"].split())
    return found


def sentences(text: str, *, strings: bool = True) -> Iterator[tuple[int, int, str]]:
    """Coq's sentences: (line, number of sections and modules around, text without comments and the closing period).

    A period closes a sentence where a blank or the end of the file follows: in ``x.+1 = y.`` only the second does.
    With ``strings=False`` the contents of strings are blanks. Bullets and braces before a sentence are left out.

    >>> [sentence for _, _, sentence in sentences("Lemma a : x.1 = 0 (* 1. *). Proof. - by []. Qed.")]
    ['Lemma a : x.1 = 0', 'Proof', 'by []', 'Qed']
    """
    code = _blanked(text, strings=False)
    shown = _blanked(text, strings=True) if strings else code
    begin = depth = 0
    for stop in _STOP.finditer(code):
        lead = _LEAD.match(code, begin, stop.start())
        begin = lead.end() if lead else begin
        sentence = shown[begin : stop.start()].rstrip()
        depth -= bool(_CLOSES.match(sentence))
        yield text.count("\n", 0, begin) + 1, depth, sentence
        depth += bool(_OPENS.match(sentence))
        begin = stop.end()


def _blanked(text: str, *, strings: bool) -> str:
    """The text with blanks for comments and, unless they stay, for the contents of strings; lines stay where they are.

    Comments are nested, and a string in a comment may hold the sign that ends one.
    """
    parts: list[str] = []
    done = depth = 0
    quoted = False
    for sign in _SIGN.finditer(text):
        hidden = depth > 0 or (quoted and not strings)
        before = text[done : sign.start()]
        parts.append(_VISIBLE.sub(" ", before) if hidden else before)
        if sign[0] == '"':
            quoted = not quoted
            hidden = depth > 0
        elif not quoted:
            hidden = depth > 0 or sign[0] == "(*"
            depth = depth + 1 if sign[0] == "(*" else max(0, depth - 1)
        parts.append(" " * len(sign[0]) if hidden else sign[0])
        done = sign.end()
    rest = text[done:]
    return "".join(parts) + (_VISIBLE.sub(" ", rest) if depth else rest)


_FILE_NAME = re.compile(r"[A-Za-z]\w*\.v")
_NAME = r"[^\W\d][\w']*"
_WORDS = r"(?:#\[[^\]]*\]\s*)?(?:(?:Local|Global|Program|Polymorphic|Monomorphic)\s+)*"
_THEOREM = re.compile(rf"{_WORDS}Theorem\s+(?P<name>{_NAME})(?P<rest>.*)", re.DOTALL)
_STOP = re.compile(r"(?<!\.)\.(?=\s|\Z)|\.\.\.(?=\s|\Z)")
_LEAD = re.compile(r"(?:\s+|[-+*]+|[{}])*")
_OPENS = re.compile(r"Section\b|Module\b(?!.*:=)", re.DOTALL)
_CLOSES = re.compile(r"End\s")
_SIGN = re.compile(r'\(\*|\*\)|"')
_VISIBLE = re.compile(r"[^\n]")
