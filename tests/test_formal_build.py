"""Laws of .ci/formal: it records exactly what Coq has checked, and refuses what leaves something unproved."""

import importlib.machinery
import importlib.util
import json
import shutil
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from types import ModuleType

import pytest

from errorflow.theory import kernel

SCRIPT = Path(__file__).parents[1] / ".ci" / "formal"
FILES = {
    "words.v": "(* What twice means. *)\nDefinition twice n := n + n.\n",
    "sums.v": """From errorflow Require Import words.
Lemma internal : twice 0 = 0.
Proof. reflexivity. Qed.
Section Any.
Variable n : nat.
(** Theorem commented : False. *)
Theorem twice_again : twice (twice n) = twice n + twice n.
Proof. reflexivity. Qed.
End Any.
""",
    "more.v": """From Coq Require Import Reals.
From errorflow Require Import sums.
Local Open Scope R_scope.
Theorem long_enough_to_wrap (first second third : R) :
  first <= second -> second <= third -> third <= first -> first + second + third <= third + third + third.
Proof. intros h k l. apply Rplus_le_compat; [apply Rplus_le_compat; [now apply Rle_trans with second |] |]; auto with real. Qed.
""",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    target = tmp_path / "formal"
    target.mkdir()
    for name, text in FILES.items():
        target.joinpath(name).write_text(text)
    return target


@pytest.fixture(scope="module")
def formal() -> ModuleType:
    loader = importlib.machinery.SourceFileLoader("errorflow_formal_script", str(SCRIPT))
    spec = importlib.util.spec_from_loader(loader.name, loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


def replace(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def outcome(formal: ModuleType, folder: Path, capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    """The exit code and everything that is printed."""
    code = formal.main([*arguments, "--folder", str(folder)])
    return code, "".join(capsys.readouterr())


@pytest.mark.peer("coq")
def test_every_theorem_is_recorded_with_its_statement_axioms_and_files(
    formal: ModuleType, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, said = outcome(formal, folder, capsys, "--coqchk")
    assert (code, "coqchk accepts 2 files" in said) == (0, True), said
    text = folder.joinpath("status.json").read_text()
    status = json.loads(text)
    assert text == json.dumps(status, sort_keys=True, indent=2) + "\n"
    assert str(folder.parent) not in text
    hashes = {name: sha256(content.encode()).hexdigest() for name, content in FILES.items()}
    wrapped, again = status["theorems"]
    assert again["prover"] == status["prover"]
    assert status["prover"].startswith("The Coq Proof Assistant, version 8.")
    assert again == {
        "name": "twice_again",
        "statement": "forall n : nat, twice (twice n) = twice n + twice n",
        "file": "sums.v",
        "sha256": hashes["sums.v"],
        "requires": {"words.v": hashes["words.v"]},
        "axioms": [],
        "prover": status["prover"],
    }
    assert wrapped["statement"] == (
        "forall first second third : R,\nfirst <= second ->\n"
        "second <= third -> third <= first -> first + second + third <= third + third + third"
    )
    assert wrapped["requires"] == {name: hashes[name] for name in ("sums.v", "words.v")}
    assert wrapped["axioms"]
    assert set(wrapped["axioms"]) <= kernel.ALLOWED_AXIOMS.keys()
    assert kernel.load(folder).keys() == {"twice_again", "long_enough_to_wrap"}


@pytest.fixture
def recorded(formal: ModuleType, folder: Path) -> Path:
    """A folder with a true record, without the file that needs the real numbers."""
    folder.joinpath("more.v").unlink()
    assert formal.main(["--folder", str(folder)]) == 0
    return folder


@pytest.mark.peer("coq")
@pytest.mark.parametrize(
    ("file", "old", "new", "difference"),
    [
        ("sums.v", "twice n + twice n", "twice n + (0 + twice n)", "twice_again: its statement differs: "),
        ("sums.v", "(** Theorem", "(* Theorem", "twice_again: its sha256 differs: "),
        ("words.v", "means", "is", "twice_again: its requires differs: "),
        ("sums.v", "Theorem twice_again", "Theorem renamed", "renamed in sums.v is not recorded."),
        ("sums.v", "Theorem twice_again", "Lemma twice_again", "twice_again is recorded, but no file states it."),
        ("status.json", "version 8", "version 7", "In prover, 'The Coq Proof Assistant, version 7"),
        ("status.json", "  ", " ", "The stored record holds the same in another form."),
        ("status.json", "[", "", "The stored record is malformed."),
    ],
)
def test_check_fails_after_a_change(
    formal: ModuleType,
    recorded: Path,
    capsys: pytest.CaptureFixture[str],
    file: str,
    old: str,
    new: str,
    difference: str,
) -> None:
    replace(recorded / file, old, new)
    before = recorded.joinpath("status.json").read_bytes()
    code, said = outcome(formal, recorded, capsys, "--check")
    assert (code, difference in said) == (1, True), said
    assert recorded.joinpath("status.json").read_bytes() == before


@pytest.mark.peer("coq")
def test_check_passes_without_a_change_and_fails_without_a_record(
    formal: ModuleType, recorded: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, said = outcome(formal, recorded, capsys, "--check")
    assert (code, said.startswith("status.json holds: 1 theorem")) == (0, True), said
    recorded.joinpath("status.json").unlink()
    assert outcome(formal, recorded, capsys, "--check") == (1, "There is no status.json.\n")


@pytest.mark.peer("coq")
def test_a_file_that_does_not_compile_gives_coqs_message(
    formal: ModuleType, recorded: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = recorded.joinpath("status.json").read_bytes()
    replace(recorded / "sums.v", "Theorem twice_again : twice", "Theorem twice_again : thrice")
    code, said = outcome(formal, recorded, capsys)
    assert code == 1
    assert 'File "./sums.v", line 7' in said
    assert "thrice was not found" in said
    assert recorded.joinpath("status.json").read_bytes() == before


@pytest.mark.peer("coq")
@pytest.mark.parametrize(
    ("addition", "axiom"),
    [
        ("Theorem wish : 0 = 1. Proof. Admitted.", "sums.wish"),
        ("Axiom wish : 0 = 1. Theorem so : 0 = 1. Proof. exact wish. Qed.", "sums.wish"),
        ("Variable wish : 0 = 1. Theorem so : 0 = 1. Proof. exact wish. Qed.", "sums.wish"),
        (
            "Unset Guard Checking. Fixpoint f (n : nat) : 0 = 1 := f n.\nTheorem so : 0 = 1. Proof. exact (f 0). Qed.",
            "sums.f is assumed to be guarded.",
        ),
    ],
)
def test_what_is_unproved_is_refused_and_otherwise_recorded_as_an_axiom(
    formal: ModuleType, folder: Path, capsys: pytest.CaptureFixture[str], addition: str, axiom: str
) -> None:
    folder.joinpath("more.v").unlink()
    path = folder / "sums.v"
    path.write_text(f"{path.read_text()}\n{addition}\n")
    code, said = outcome(formal, folder, capsys)
    assert code == 1
    assert said.startswith("sums.v, line 11: ")
    assert not folder.joinpath("status.json").exists()
    assert outcome(formal, folder, capsys, "--allow-unfinished")[0] == 0
    entry = next(e for e in json.loads(folder.joinpath("status.json").read_text())["theorems"] if e["axioms"])
    assert axiom in entry["axioms"]
    assert kernel.load(folder).keys() == {"twice_again"}
    assert entry["name"] in kernel.refused(folder)


@pytest.mark.peer("coq")
def test_an_axiom_of_a_library_that_is_not_allowed_is_refused(
    formal: ModuleType, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = "From Coq Require Import ProofIrrelevance.\nTheorem same (a b : True) : a = b.\n"
    folder.joinpath("more.v").write_text(text + "Proof. apply proof_irrelevance. Qed.\n")
    code, said = outcome(formal, folder, capsys)
    assert (code, said) == (1, "more.v: same rests on the axiom ProofIrrelevance.proof_irrelevance.\n")


# Without Coq


@pytest.mark.parametrize(
    ("text", "refused"),
    [
        ("(* Admitted. (* Axiom *) *)\nNotation \"'admit' x\" := x. Lemma admittedly : T. auto_admit.", []),
        ("Lemma a : T.\nProof.\n  intros x;\n  admit.\nQed.", [(4, "admit is not allowed")]),
        ("Parameters (a : T).\n\nConjecture b : T.", [(1, "Parameters is not"), (3, "Conjecture is not")]),
        ("#[bypass_check(guard)] Fixpoint f := f.", [(1, "bypass_check is not allowed")]),
        ("Unset   Universe\nChecking.", [(1, "Unset Universe Checking is not allowed")]),
        ('Load "else.v".\nModule M. End M.', [(1, "Load is not"), (2, "Module is not")]),
        ("Hypothesis h : T.", [(1, "Hypothesis outside of a section is an axiom")]),
        ("Section S.\nContext (h : T).\nEnd S.\nContext (h : T).", [(4, "Context outside of a section")]),
    ],
)
def test_the_search_for_what_is_unfinished(formal: ModuleType, text: str, refused: list[tuple[int, str]]) -> None:
    found = formal.unfinished({"a.v": text.encode()})
    assert len(found) == len(refused), found
    for sentence, (line, said) in zip(found, refused, strict=True):
        assert sentence.startswith(f"a.v, line {line}: {said}")


def test_two_files_with_one_theorem_are_refused(formal: ModuleType) -> None:
    with pytest.raises(formal.Trouble, match=r"a\.v and b\.v both have a theorem same\."):
        formal.exported(dict.fromkeys(("a.v", "b.v"), b"Theorem same : True. Proof. exact I. Qed."))


def test_a_file_that_could_hide_the_name_of_a_library_is_refused(formal: ModuleType, folder: Path) -> None:
    folder.joinpath("Classical_Prop.v").touch()
    with pytest.raises(formal.Trouble, match="Classical_Prop"):
        formal.read(folder)


def test_no_file_and_no_coq_are_said_in_one_sentence(folder: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    command = [sys.executable, SCRIPT, "--folder"]
    absent = subprocess.run([*command, folder], env={"PATH": str(empty)}, capture_output=True, text=True, check=False)
    assert (absent.returncode, len(absent.stderr.splitlines())) == (2, 1)
    assert absent.stderr.startswith("coqc is missing: run apt-get install -y --no-install-recommends coq libcoq-")
    if shutil.which("coqc"):
        none = subprocess.run([*command, empty], capture_output=True, text=True, check=False)
        assert (none.returncode, none.stderr) == (1, "There is no .v file.\n")


TRICK = """From mathcomp Require Import all_ssreflect all_algebra complex.
From errorflow Require Import vocabulary.
Local Open Scope ring_scope.
{trick}
Theorem trick (R : rcfType) : steps 0 (0 - 1) = {value}%N.
Proof. by []. Qed.
"""


@pytest.mark.peer("coq")
@pytest.mark.parametrize(
    ("trick", "value", "code"),
    [("", "0", 0), ("Global Arguments steps a%N b%N.", "1", 1), ('Notation "0" := 1.', "1", 1)],
)
def test_no_file_can_give_the_words_of_a_printed_statement_another_meaning(
    formal: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str], trick: str, value: str, code: int
) -> None:
    shutil.copy(kernel.FOLDER / "vocabulary.v", tmp_path)
    tmp_path.joinpath("theorems_trick.v").write_text(TRICK.format(trick=trick, value=value))
    assert outcome(formal, tmp_path, capsys)[0] == code
