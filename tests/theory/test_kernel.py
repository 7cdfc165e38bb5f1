"""Laws of the kernel's record: a theorem counts only while its files are as they were checked, and nothing raises."""

import json
import re
import shutil
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest

from errorflow.theory import kernel

FILES = {
    "words.v": "Definition twice n := n + n.\n",
    "sums.v": "From errorflow Require Import words.\nTheorem twice_zero : twice 0 = 0.\nProof. reflexivity. Qed.\n",
    "more.v": "From errorflow Require Import sums.\nTheorem again : 0 = 0.\nProof. reflexivity. Qed.\n",
    "alone.v": "Theorem alone : True.\nProof. exact I. Qed.\n\nTheorem apart : True.\nProof. exact I. Qed.\n",
}
REQUIRES = {"words.v": [], "sums.v": ["words.v"], "more.v": ["sums.v", "words.v"], "alone.v": []}
THEOREMS = {"twice_zero": "sums.v", "again": "more.v", "alone": "alone.v", "apart": "alone.v"}


def digest(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest()


@pytest.fixture(params=["small", "shipped"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A folder whose theorems all count: three files that require each other, or a copy of what is shipped."""
    target = tmp_path / "formal"
    if request.param == "shipped":
        return Path(shutil.copytree(kernel.FOLDER, target))
    target.mkdir()
    for name, text in FILES.items():
        target.joinpath(name).write_text(text)
    entries = [
        {"name": name, "statement": "stated", "file": file, "sha256": digest(target / file), "axioms": []}
        | {"requires": {other: digest(target / other) for other in REQUIRES[file]}, "prover": "a prover"}
        for name, file in THEOREMS.items()
    ]
    target.joinpath("status.json").write_text(json.dumps({"theorems": entries}))
    return target


def entries(folder: Path) -> list[dict]:
    return json.loads(folder.joinpath("status.json").read_text())["theorems"]


def change(folder: Path, which: str, **fields: object) -> None:
    """Overwrite fields of one entry of status.json."""
    found = entries(folder)
    next(entry for entry in found if entry["name"] == which).update(fields)
    folder.joinpath("status.json").write_text(json.dumps({"theorems": found}))


def resting_on(folder: Path, file: str) -> set[str]:
    return {entry["name"] for entry in entries(folder) if file == entry["file"] or file in entry["requires"]}


def assert_dropped(folder: Path, dropped: set[str], *, because: str) -> None:
    """Exactly these theorems are left out, each with one sentence that holds the given words."""
    every = {entry["name"] for entry in entries(folder)}
    assert kernel.load(folder).keys() == every - dropped
    reasons = kernel.refused(folder)
    assert reasons.keys() == dropped
    assert all(because in reason and reason.endswith(".") for reason in reasons.values()), reasons


# What is recorded


def test_unchanged_files_with_allowed_axioms_count(folder: Path) -> None:
    assert_dropped(folder, set(), because="")
    found = kernel.load(folder)
    assert found
    for entry in entries(folder):
        theorem = found[entry["name"]]
        assert (theorem.statement, theorem.file, theorem.sha256) == (
            entry["statement"],
            entry["file"],
            entry["sha256"],
        )
        assert (list(theorem.axioms), dict(theorem.requires)) == (entry["axioms"], entry["requires"])
        hash(theorem)


def test_the_record_that_is_shipped_is_what_is_loaded_by_default() -> None:
    assert kernel.load() == kernel.load(kernel.FOLDER) != {}
    assert kernel.load() is kernel.load()
    assert not kernel.refused()


# What drops a theorem


def edit(path: Path) -> None:
    path.write_text(path.read_text() + " ")


def rewrite(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))


@pytest.mark.parametrize(
    ("harm", "word"), [(edit, "has changed"), (rewrite, "has changed"), (Path.unlink, "is missing")]
)
def test_harm_to_a_file_drops_what_it_states_and_what_requires_it(
    folder: Path, harm: Callable[[Path], None], word: str
) -> None:
    used = {file for entry in entries(folder) for file in (entry["file"], *entry["requires"])}
    for file in sorted(used)[:6]:
        path = folder / file
        content = path.read_bytes()
        harm(path)
        assert_dropped(folder, resting_on(folder, file), because=f"{file}")
        assert all(word in reason for reason in kernel.refused(folder).values())
        path.write_bytes(content)
    assert not kernel.refused(folder)


def test_a_changed_required_file_is_named_as_required(folder: Path) -> None:
    entry = next(entry for entry in entries(folder) if entry["requires"])
    needed = min(entry["requires"])
    edit(folder / needed)
    assert kernel.refused(folder)[entry["name"]] == f"{needed}, which it requires, has changed."


@pytest.mark.parametrize(
    "axiom", ["sums.unproved", "classic", "errorflow.Classical_Prop.classic", "words.bad is assumed to be guarded"]
)
def test_a_foreign_axiom_drops_its_theorem_and_is_named(folder: Path, axiom: str) -> None:
    name = entries(folder)[0]["name"]
    change(folder, name, axioms=["Classical_Prop.classic", axiom])
    assert_dropped(folder, {name}, because=axiom)


def test_the_axioms_of_the_real_numbers_are_allowed(folder: Path) -> None:
    change(folder, entries(folder)[0]["name"], axioms=list(kernel.ALLOWED_AXIOMS))
    assert_dropped(folder, set(), because="")


@pytest.mark.parametrize("file", ["../outside.v", "/etc/passwd", "nowhere.v", "status.json", "..", "", "a\x00.v"])
def test_an_entry_that_names_no_file_of_the_folder_is_dropped(folder: Path, file: str) -> None:
    outside = folder.with_name("outside.v")
    outside.write_text("Theorem alone : True. Proof. exact I. Qed.")
    first, second = (entry["name"] for entry in entries(folder)[:2])
    change(folder, first, file=file, sha256=digest(outside))
    change(folder, second, requires={file: digest(outside)})
    assert_dropped(folder, {first, second}, because=file if file.isprintable() else ".v")


def test_an_entry_for_a_theorem_that_its_file_does_not_state_is_dropped(folder: Path) -> None:
    change(folder, entries(folder)[0]["name"], name="wishful")
    assert_dropped(folder, {"wishful"}, because="states no theorem of this name")


ENTRY = {"name": "a", "statement": "s", "file": "a.v", "sha256": "0", "axioms": [], "requires": {}, "prover": "p"}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"[]",
        b"null",
        b'{"theorems": {}}',
        b'{"theorems": [7]}',
        b"[" * 100_000,
        *(json.dumps({"theorems": [{k: v for k, v in ENTRY.items() if k != key}]}).encode() for key in ENTRY),
        *(json.dumps({"theorems": [ENTRY | {key: 7}]}).encode() for key in ENTRY),
        json.dumps({"theorems": [ENTRY | {"axioms": [1]}]}).encode(),
        json.dumps({"theorems": [ENTRY | {"requires": {"b.v": 1}}]}).encode(),
        json.dumps({"theorems": [ENTRY, ENTRY]}).encode(),
    ],
)
def test_a_malformed_record_gives_no_theorem_and_one_reason(tmp_path: Path, content: bytes) -> None:
    tmp_path.joinpath("status.json").write_bytes(content)
    assert kernel.load(tmp_path) == {}
    ((name, reason),) = kernel.refused(tmp_path).items()
    assert name == "status.json"
    assert reason.startswith("status.json cannot be read, so no theorem counts as checked: ")


def test_a_missing_record_gives_no_theorem_and_one_reason(folder: Path) -> None:
    folder.joinpath("status.json").unlink()
    assert kernel.load(folder) == {}
    assert list(kernel.refused(folder)) == ["status.json"]
    folder.joinpath("status.json").mkdir()
    assert kernel.load(folder) == {}
    assert list(kernel.refused(folder)) == ["status.json"]
    assert str(folder) not in kernel.refused(folder)["status.json"]


# The reader of .v files


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Theorem a : x.+1 = y.1.\nProof. by []. Qed.", {"a": ": x.+1 = y.1"}),
        ("Theorem a (n : nat) : n = n.", {"a": "(n : nat) : n = n"}),
        ("Theorem a : (* . (* Qed. *) *) R.\tQed.", {"a": ": R"}),
        ('(* "*)" Theorem no : 0 = 1. *) Theorem a : T. Qed.', {"a": ": T"}),
        ('Theorem a : s = "a (* . b". Qed. Theorem b : T. Qed.', {"a": ': s = "a (* . b"', "b": ": T"}),
        ("Theorem a :\n  0\n    = 0.\nProof. auto... Qed. Theorem b : T.", {"a": ": 0 = 0", "b": ": T"}),
        ('Notation "[ x ; .. ; y ]" := (c x .. (c y n) ..). Theorem a : T.', {"a": ": T"}),
        ("Lemma a : T. Proof. - by []. Qed. Theoremb c : T. Fail Theorem d : T.", {}),
        ("#[local] Theorem a : T. Qed. Local Theorem b' : T.", {"a": ": T", "b'": ": T"}),
        ("Section S. Variable H : 0 = 1. Theorem a : 0 = 1. Qed. End S. Theorem b : T.", {"a": None, "b": ": T"}),
        ("Theorem a : T (* never closed", {}),
    ],
)
def test_theorems_are_read_as_coq_reads_them(text: str, found: dict[str, str | None]) -> None:
    assert kernel.theorems(text) == found


def test_lines_and_blanked_strings_stay_in_place() -> None:
    text = '(* a\n b *)\nLemma a :\n "x. (* y" = 1. (* c. *)\n\nQed.'
    assert list(kernel.sentences(text)) == [(3, 0, 'Lemma a :\n "x. (* y" = 1'), (6, 0, "Qed")]
    assert list(kernel.sentences(text, strings=False)) == [(3, 0, 'Lemma a :\n "       " = 1'), (6, 0, "Qed")]


def test_the_source_of_every_shipped_theorem_outside_of_sections_is_found() -> None:
    for name, theorem in kernel.load().items():
        text = kernel.FOLDER.joinpath(theorem.file).read_text()
        assert re.search(rf"^ *Theorem +{re.escape(name)}\b", text, re.MULTILINE)
        assert theorem.text is None or ":" in theorem.text


# What is shipped


@pytest.mark.parametrize("path", sorted(kernel.FOLDER.glob("*.v")), ids=lambda path: path.name)
def test_no_shipped_file_leaves_anything_unproved(path: Path) -> None:
    text = path.read_text()
    while (shorter := re.sub(r"\(\*(?:(?!\(\*|\*\)).)*\*\)", " ", text, flags=re.DOTALL)) != text:
        text = shorter
    words = (
        r"Admitted|admit|give_up|Axioms?|Parameters?|Conjectures?|bypass_check|Unset \w+ Checking|Load|Declare Module"
    )
    assert not re.findall(rf"\b(?:{words}|Module(?! \w+ :=))\b", text)


def test_every_shipped_theorem_is_recorded() -> None:
    stated = {name for path in kernel.FOLDER.glob("*.v") for name in kernel.theorems(path.read_text())}
    assert stated == kernel.load().keys()
