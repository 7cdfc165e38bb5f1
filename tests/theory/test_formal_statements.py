"""What a formal proof must state is printed from what is typeset, and only an unchanged, checked file gives a badge."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import sympy as sp

from errorflow.theory import kernel, refutations, scalar_facts, theorems
from errorflow.theory.calculus import power_rules, rules
from errorflow.theory.calculus.rule import Rule
from errorflow.theory.evidence import Graph, KernelChecked, Node, Textbook
from errorflow.theory.formal_example import speaks_of
from errorflow.theory.refutation import Example, Refutation
from errorflow.theory.theorem import Theorem, add_evidence

VOCABULARY = re.compile(r"^(?:Definition|Fixpoint|Record)\s+(\w+)", re.MULTILINE)
DEFINED = re.compile(r"^\s*(?:Local\s+)?(?:Definition|Fixpoint|Notation|Let|Record|Inductive)\s+\"?(\w+)", re.MULTILINE)


def words(statement: str) -> str:
    return " ".join(statement.split())


@pytest.mark.parametrize("rule", rules.all(), ids=lambda rule: rule.name)
def test_a_rule_is_proved_as_it_is_printed_or_not_at_all(rule: Rule) -> None:
    for name, statement in rule.formal_statements.items():
        assert name not in kernel.load() or kernel.load()[name].text == words(statement)


@pytest.mark.parametrize("theorem", theorems.all(), ids=lambda theorem: theorem.id)
def test_a_theorem_is_proved_as_it_is_printed_or_not_at_all(theorem: Theorem) -> None:
    if theorem.formal_statement is not None and f"theorem_{theorem.id}" in kernel.load():
        assert kernel.load()[f"theorem_{theorem.id}"].text == words(theorem.formal_statement)


def test_the_rules_without_a_formal_proof_are_named_theorems_or_speak_of_other_functions() -> None:
    assert {rule.name: rule.evidence.word for rule in rules.all() if rule.evidence.word != "kernel-checked"} == {
        "Ando's theorem": "cited",
        "resolvent integral with Spijker's lemma": "cited",
        "the exponential function lies above its tangent": "symbolic",  # of the textbooks
        "a latch keeps its bit": "symbolic",  # proved by SymPy
    }


def test_the_theorems_without_a_formal_proof() -> None:
    """Each takes a named theorem without a formal proof, or functions beyond algebra."""
    assert {theorem.id for theorem in theorems.all() if theorem.formal is None} == {
        "bengio1994_minimal_latch",
        "ginibre_powers",
        "kreiss1962_upper",
        "mikhaeil2022_explosion",
        "mikhaeil2022_vanishing",
    }


@pytest.mark.parametrize("named", [*theorems.all(), *refutations.all()], ids=lambda named: named.id)
def test_related_formal_theorems_exist(named: Theorem | Refutation) -> None:
    assert [name for name in named.related if name not in kernel.load()] == []


@pytest.mark.parametrize("fact", scalar_facts.all(), ids=lambda fact: fact.id)
def test_formal_theorems_of_a_fact_exist(fact: scalar_facts.ScalarFact) -> None:
    assert [name for name in fact.related if name not in kernel.load()] == []
    for name, statement in fact.formal_statements.items():
        assert name not in kernel.load() or kernel.load()[name].text == words(statement)


def test_formal_refutations_have_the_numbers_of_the_example() -> None:
    """Two write them in another way: a slope as a function of the step, a unit that is counted from zero."""
    other = {refutation.id for refutation in refutations.all() if refutation.evidence.word != "kernel-checked"}
    assert other == {"contraction_at_every_step", "row_vector_with_column_norm"}
    assert all(f"refutes_{refutation.id}" in kernel.load() for refutation in refutations.all())


@pytest.mark.parametrize(
    ("text", "value", "same"),
    [
        ("mat2 2 4 (-1) (- 2)", [[2, 4], [-1, -2]], True),
        ("mat2 2 4 (-1) (-2)", [[2, -1], [4, -2]], False),
        ("[:: row2 1 (1 / 100); row2 0 1]", [[1, "1/100"], [0, 1]], True),
        ("[:: row2 1 (1 / 100)]", [[1, "1/100"], [1, "1/100"]], False),
        ("repeated [:: row1 (1 / 4)] 3", [["1/4"], ["1/4"], ["1/4"]], True),
        ("repeated [:: row1 (1 / 4)] 2", [["1/4"], ["1/4"], ["1/4"]], False),
        ("nseq 2 1", [[1], [1]], True),
        ("[:: 1; -1; 0]", [[1], [-1], [0]], True),
        ("(0, 4, (-1 / 6, 3 / 2))", [[0, 4], ["-1/6", "3/2"]], True),
        ("shift R 2", [[0, 0], [1, 0]], True),
        ("shift R 3", [[0, 0], [1, 0]], False),
        ("delta_mx 0 0", [[1], [0]], True),
        ("const_mx (1 / 5)", [["1/5", "1/5"]], True),
        ("0", [[0, 0]], True),
        ("0", [[0, 1]], False),
        ("x^T *m y", [[0, 1]], False),
        ("1 in let W := row2 0 1", [[0, 1]], False),
    ],
)
def test_data_are_compared_as_they_are_written(text: str, value: list[list[object]], same: bool) -> None:  # noqa: FBT001
    assert speaks_of(f"let W := {text} in True", Example(W=value).data) is same


def test_no_file_gives_a_word_of_the_vocabulary_another_meaning() -> None:
    folder = kernel.FOLDER
    defined = set(VOCABULARY.findall((folder / "vocabulary.v").read_text()))
    assert {"norm", "chain", "radius", "number"} <= defined
    for path in folder.glob("*.v"):
        text = path.read_text()
        if path.name != "vocabulary.v" and re.search(r"\bvocabulary\b", text):
            assert not defined & set(DEFINED.findall(text)), path.name


def test_a_statement_that_differs_gives_no_evidence() -> None:
    rule = rules.norm_of_diagonal
    (statement,) = rule.formal_statements.values()
    assert KernelChecked.of({rule.lemma: statement}) is not None
    assert KernelChecked.of({rule.lemma: statement.replace("norm D", "norm (D *m D)")}) is None
    assert KernelChecked.of({"norm_diag_of_nobody": statement}) is None
    with pytest.raises(ValueError, match="must state"):
        KernelChecked({rule.lemma: "(R : rcfType) : True"})


@pytest.fixture
def copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of the formal proofs that counts instead of the shipped ones."""
    folder = tmp_path / "formal"
    shutil.copytree(
        kernel.FOLDER, folder, ignore=lambda _, names: [n for n in names if not n.endswith((".v", ".json"))]
    )
    monkeypatch.setattr(kernel, "FOLDER", folder)
    forget()
    yield folder
    monkeypatch.undo()
    forget()


def forget() -> None:
    """Have the files read anew."""
    kernel._shipped.cache_clear()


def graded(theorem: Theorem) -> tuple[str, str]:
    """The grade of a theorem, and of a verdict that rests on it."""
    graph = Graph()
    graph.add(Node("verdict", "verdict", "a verdict", None, (add_evidence(graph, theorem),)))
    return theorem.grade.word, graph.grade("verdict").word


def change_file(folder: Path) -> None:
    path = folder / "theorems_pascanu.v"
    path.write_text(path.read_text() + "\n")


def remove_file(folder: Path) -> None:
    (folder / "theorems_pascanu.v").unlink()


def admit(folder: Path) -> None:
    path = folder / "theorems_pascanu.v"
    path.write_text(path.read_text().replace("Qed.", "Admitted.", 1))


def change_a_required_file(folder: Path) -> None:
    path = folder / "vocabulary.v"
    path.write_text(path.read_text().replace("0 <= D i i <= 1", "0 <= D i i", 1))


def add_an_axiom(folder: Path) -> None:
    path = folder / kernel.STATUS
    text, name = path.read_text(), '"name": "theorem_pascanu2013_spectral_norm"'
    start = text.rindex('"axioms": [', 0, text.index(name))
    path.write_text(text[:start] + '"axioms": ["Foo.norms_are_small"' + text[text.index("]", start) :])


def lose_the_record(folder: Path) -> None:
    (folder / kernel.STATUS).unlink()


@pytest.mark.parametrize(
    "injury", [change_file, remove_file, admit, change_a_required_file, add_an_axiom, lose_the_record]
)
def test_an_injured_proof_takes_the_badge_from_the_theorem_and_from_what_rests_on_it(
    injury: object, copied: Path
) -> None:
    theorem = theorems.get("pascanu2013_spectral_norm")
    assert graded(theorem) == ("kernel-checked", "kernel-checked")
    injury(copied)  # type: ignore[operator]
    forget()
    assert theorem.formal is None
    assert graded(theorem) == ("symbolic", "symbolic")


def test_an_injured_proof_of_a_rule_makes_it_a_textbook_rule_again(copied: Path) -> None:
    theorem, tangent = theorems.get("kreiss1962_upper"), "the exponential function lies above its tangent"
    assert theorem.grade.textbook == (tangent,)
    path = copied / "kreiss_rules.v"
    path.write_text(path.read_text() + "\n")
    forget()
    assert theorem.grade.textbook == (tangent, "the supremum of the powers is the least bound")
    assert isinstance(power_rules.supremum_of_powers.evidence, Textbook)


def test_a_rule_of_an_authors_own_gets_no_badge_by_the_name_of_a_proved_one() -> None:
    x = sp.Symbol("x", real=True)
    claim = sp.Le(sp.cosh(x), 0, evaluate=False)
    mine = Rule(name="mine", claim=claim, variables=frozenset({x}), reference="horn2013", place="", lemma="abs_add_le")
    assert mine.evidence.word == "cited"


def test_a_stray_file_cannot_say_what_a_theorem_states(copied: Path) -> None:
    false = "(R : rcfType) (n : nat) (D : 'M[R]_n) : is_diag_mx D -> norm D = 0"
    (copied / "aaa.v").write_text(f"Theorem norm_diag {false}.\nProof. by []. Qed.\n")
    forget()
    assert KernelChecked.of({"norm_diag": false}) is None
    assert KernelChecked.of(rules.norm_of_diagonal.formal_statements) is not None


def test_a_file_that_cannot_be_read_raises_nothing(copied: Path) -> None:
    (copied / ".#norm_rules.v").symlink_to("nowhere")
    (copied / "folder.v").mkdir()
    (copied / "vocabulary.v").write_bytes(b"\xff\xfe")
    forget()
    assert theorems.get("pascanu2013_spectral_norm").grade.word == "symbolic"
    assert kernel.vocabulary()


def test_the_axioms_that_are_allowed_are_those_of_the_real_numbers() -> None:
    assert set(kernel.ALLOWED_AXIOMS) == {
        "ClassicalDedekindReals.sig_forall_dec",
        "ClassicalDedekindReals.sig_not_dec",
        "Classical_Prop.classic",
        "FunctionalExtensionality.functional_extensionality_dep",
    }


def test_only_files_that_are_read_alone_are_compared_by_their_text() -> None:
    found = kernel.load()
    assert not kernel.READ_ALONE.fullmatch("refutations_radius.v")
    name = next(name for name, proof in found.items() if proof.file == "uniformity_gap.v" or "refut" in proof.file)
    assert KernelChecked.of({name: found[name].text or "x"}) is None
    assert KernelChecked.of({"norm_diag": (found["norm_diag"].text or "")[:40]}) is None
