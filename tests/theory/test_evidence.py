"""Laws of evidence: the grade is the weakest of what a claim rests on, and nobody hands a grade in."""

import dataclasses
import importlib
import inspect
import math
import pkgutil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errorflow import theory
from errorflow.theory import evidence
from errorflow.theory.evidence import LADDER, Assumed, Basis, Cited, Grade, Graph, Measured, Node, Symbolic

BASES = [
    Symbolic("sum rule", lambda: None),
    evidence.Tested([0.0, 2.0]),
    Measured("LAPACK"),
    Cited("horn2013"),
    Assumed("bias 0"),
]


def chain(*bases: Basis | None) -> Graph:
    """Nodes 0, 1, ..., each resting on the one before it."""
    graph = Graph()
    for i, basis in enumerate(bases):
        graph.add(Node(str(i), "step", f"step {i}", basis, (str(i - 1),) if i else ()))
    return graph


@given(st.lists(st.sampled_from(BASES), min_size=1, max_size=8), st.randoms())
def test_a_grade_is_the_weakest_word_in_the_closure_with_all_nodes_that_attain_it(bases, random) -> None:
    graph, below = Graph(), {}
    for i, basis in enumerate(bases):
        supports = tuple(str(j) for j in range(i) if random.random() < 0.5)
        graph.add(Node(str(i), "step", "", basis, supports))
        below[str(i)] = {str(i)}.union(*(below[j] for j in supports))
    for node, closure in below.items():
        rungs = {j: LADDER.index(bases[int(j)].word) for j in closure}
        weakest = max(rungs.values())
        found = graph.grade(node)
        assert found.word == LADDER[weakest]
        assert set(found.weakest) == {j for j, rung in rungs.items() if rung == weakest}


def test_a_node_that_only_combines_others_adds_no_doubt() -> None:
    graph = chain(BASES[0], None, None)
    assert str(graph.grade("2")) == "symbolic"
    assert graph.grade("2").weakest == ("0",)


def test_what_a_node_does_not_rest_on_does_not_count() -> None:
    graph = chain(Measured("a"), Measured("b"))
    graph.add(Node("beside", "step", "", Assumed("c")))
    assert graph.grade("1").word == "measured"


def test_a_diamond_counts_every_node_once() -> None:
    graph = chain(Cited("horn2013"))
    graph.add(Node("left", "step", "", Measured("l"), ("0",)))
    graph.add(Node("right", "step", "", Measured("r"), ("0",)))
    graph.add(Node("top", "step", "", None, ("left", "right")))
    assert [node.id for node in graph.closure("top")].count("0") == 1
    assert graph.grade("top") == graph.grade("0")
    assert set(graph.edges) == {("left", "0"), ("right", "0"), ("top", "left"), ("top", "right")}


def test_the_fewest_cases_in_the_closure_are_shown() -> None:
    assert (
        str(chain(evidence.Tested([1.0] * 7), evidence.Tested([0.0] * 3), evidence.Tested([1.0] * 5)).grade("2"))
        == "tested (3 cases)"
    )


# No cycle, no hole


def test_a_node_cannot_rest_on_itself() -> None:
    with pytest.raises(ValueError, match="node 'a' must rest on nodes that are there already, got itself"):
        Graph().add(Node("a", "step", "", Measured("x"), ("a",)))


def test_no_cycle_can_be_built() -> None:
    graph = chain(Measured("x"))
    with pytest.raises(ValueError, match="got 'later', which is not in the graph"):
        graph.add(Node("early", "step", "", None, ("later",)))
    graph.add(Node("later", "step", "", None, ("0",)))
    with pytest.raises(ValueError, match="node 'later' is in the graph already"):
        graph.add(Node("later", "step", "", None, ("later",)))
    with pytest.raises(TypeError):
        graph.nodes["0"] = graph.nodes["later"]  # type: ignore[index]
    with pytest.raises(dataclasses.FrozenInstanceError):
        graph.nodes["0"].rests_on = ("later",)  # type: ignore[misc]


def test_a_list_of_supports_is_refused_because_it_could_grow_later() -> None:
    with pytest.raises(TypeError, match="rests_on of node 'a' must be a tuple of ids"):
        Node("a", "step", "", Measured("x"), ["0"])  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="rests_on of node 'a' must be a tuple of ids, got 'norm'"):
        Node("a", "step", "", Measured("x"), "norm")  # type: ignore[arg-type]


def test_a_node_without_basis_and_support_is_refused() -> None:
    with pytest.raises(ValueError, match="has no basis and rests on nothing"):
        Graph().add(Node("a", "step", "", None))


def test_an_unknown_node_has_no_grade() -> None:
    with pytest.raises(ValueError, match="node must be in the graph, got 'b'"):
        chain(Measured("x")).grade("b")


# Grades come from what was done, not from what was said


@pytest.mark.parametrize("slacks", [[-1e-300], [1.0, -0.5, 2.0], [1.0, math.nan], [math.nan, 1.0], [-math.inf]])
def test_a_case_that_fails_or_is_no_number_is_no_test(slacks) -> None:
    first = next(i for i, slack in enumerate(slacks) if not slack >= 0)
    with pytest.raises(ValueError, match=f"case {first} of {len(slacks)} must have a slack of at least 0"):
        evidence.Tested(slacks)


def test_no_cases_are_no_test() -> None:
    with pytest.raises(ValueError, match="slacks must hold at least one case, got none"):
        evidence.Tested([])


def test_a_test_keeps_the_number_of_cases_and_the_smallest_slack() -> None:
    found = evidence.Tested(slack / 4 for slack in (3, 1, 2, math.inf))
    assert (found.cases, found.slack) == (4, 0.25)


def test_a_symbolic_reason_runs_its_check() -> None:
    ran = []
    assert Symbolic("counted", lambda: ran.append(1)).word == "symbolic"
    assert ran == [1]


def test_a_symbolic_reason_whose_check_fails_cannot_be_made() -> None:
    def fails() -> None:
        raise AssertionError("not equal")

    with pytest.raises(AssertionError, match="not equal"):
        Symbolic("false", fails)
    with pytest.raises(ValueError, match="check of 'false' must hold, got False"):
        Symbolic("false", lambda: False)


@pytest.mark.parametrize("basis", [*BASES, Grade([Node("a", "step", "", BASES[0])])], ids=lambda b: type(b).__name__)
def test_no_field_can_be_changed_afterwards(basis) -> None:
    for field in dataclasses.fields(basis):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(basis, field.name, 3)
    with pytest.raises((TypeError, AttributeError, dataclasses.FrozenInstanceError)):
        basis.word = "kernel-checked"


@pytest.mark.parametrize("basis", [BASES[0], BASES[1]], ids=["Symbolic", "Tested"])
def test_what_was_checked_cannot_be_copied_with_another_statement(basis) -> None:
    with pytest.raises(TypeError):
        dataclasses.replace(basis, **{dataclasses.fields(basis)[0].name: 10**6})


def test_a_basis_of_ones_own_is_refused() -> None:
    class Proved(Cited):
        word = "kernel-checked"  # type: ignore[assignment]

    with pytest.raises(
        TypeError,
        match="basis of node 'a' must be one of KernelChecked, Cited, Textbook, Assumed, Symbolic, Certified, Tested, Measured",
    ):
        Node("a", "theorem", "", Proved("me"))


def public_callables():
    for found in pkgutil.walk_packages(theory.__path__, "errorflow.theory."):
        module = importlib.import_module(found.name)
        for name, thing in vars(module).items():
            if not name.startswith("_") and getattr(thing, "__module__", None) == found.name and callable(thing):
                yield f"{found.name}.{name}", thing


def test_nothing_in_the_theory_takes_a_grade() -> None:
    words = {"grade", "evidence", "word", "rung", "status"}
    takes = {}
    for name, thing in public_callables():
        try:
            parameters = inspect.signature(thing).parameters.values()
            takes[name] = {
                p.name for p in parameters if p.name in words and p.annotation != "Word"
            }  # a word of letters
        except ValueError:  # SymPy's function classes have no signature
            continue
    assert len(takes) > 80
    assert {name: found for name, found in takes.items() if found} == {}


def test_every_rung_that_code_can_reach_is_on_the_ladder_and_the_strongest_comes_first() -> None:
    assert [basis.word for basis in BASES] == [rung for rung in LADDER if rung in {basis.word for basis in BASES}]
    assert set(inspect.getmembers(evidence, inspect.isclass)) >= {(type(b).__name__, type(b)) for b in BASES}
