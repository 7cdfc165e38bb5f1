"""Laws of the names in formal statements: each is bound once, of its type, or a known word; no fact says more than it is.

What a fact is over is bound in its premise, and so are the step and the outcome of what it says of every one; nothing
else is. What is given beside the facts is of five kinds: signs that symbols carry, the defining properties of functions,
n > 0, that expectations exist, and no infinitely large numbers.
"""

import re
from pathlib import Path
from typing import Any

import pytest
import sympy as sp

import errorflow.theory
from errorflow.theory import notation
from errorflow.theory.calculus import Letter, facts
from errorflow.theory.calculus.gallina import identifier
from errorflow.theory.calculus.mean import Mean

VOCABULARY = (Path(errorflow.theory.__path__[0]) / "formal" / "vocabulary.v").read_text()
DEFINED = set(re.findall(r"^(?:Definition|Fixpoint) (\w+)", VOCABULARY, re.M)) | {"expectation", "integrable", "mean"}
FROM_MATHCOMP = {"is_diag_mx", "unitmx", "invmx", "Num.sqrt", "nat", "int", "Type", "rcfType"}
PROPERTIES = dict(re.findall(r"^Definition (is_\w+) n (.*) : Prop", VOCABULARY, re.M))
SPEAKS_OF = {  # whose numbers the property of a function is about
    "joint_spectral_radius": ("largest_masked_product",),
    "masked_supremum": ("largest_masked_product",),
    "scaled_numerical_radius": ("numerical_radius",),
}
NAT, STEP, OUTCOME = ("name", "nat"), ("name", "int"), ("name", "Omega")


def check(case: Any, text: str, reader: Any) -> None:
    binders, premises, exist, conclusion = reader.statement(text)
    reader.demand(len(premises) >= len(case.given), "a fact is missing")
    added = len(premises) - len(case.given)
    kinds = dict(binders)
    reader.demand(len(kinds) == len(binders), "two binders of one name")
    check_scope(kinds, reader.names_in((*premises, *exist, conclusion, *kinds.values())), reader.demand)
    check_letters(case, kinds, reader.demand)
    check_added(case, premises[:added], kinds, reader)
    for fact, premise in zip(case.given, premises[added:], strict=True):
        check_quantifiers(case, fact, reader.opened(premise)[0], reader.demand)


def check_scope(kinds: dict[str, Any], used: set[str], demand: Any) -> None:
    known = DEFINED | FROM_MATHCOMP
    demand(set(kinds) <= used, set(kinds) - used, "is bound but not used")
    demand(used <= set(kinds) | known, used - set(kinds) - known, "is not bound")
    demand(not set(kinds) & known, set(kinds) & known, "hides a word")


def check_letters(case: Any, kinds: dict[str, Any], demand: Any) -> None:
    """Bound are the field, the expectation, sizes, functions without a definition, and what the claims are about."""
    symbols = {identifier(s.name): s for s in case.symbols}
    demand(len(symbols) == len(case.symbols), "two symbols of one name")
    for name, symbol in symbols.items():
        demand(name in kinds, name, "is not bound")
        check_type(case, symbol, kinds[name], demand)
    expectation = ("apply", ("name", "expectation"), ("name", "R"), OUTCOME)
    fixed = {"R": ("name", "rcfType")}
    if any(c.has(Mean) for c in case.claims):
        fixed |= {"Omega": ("name", "Type"), "E": expectation}
    demand({x: kinds.get(x) for x in fixed} == fixed, "the field or the expectation is not bound")
    functions = {type(x).__name__ for c in case.claims for x in c.atoms(sp.Function)}
    functions |= {other for x in functions for other in SPEAKS_OF.get(x, ())}
    sizes = [x for x, kind in kinds.items() if kind == NAT]
    strangers = set(kinds) - set(symbols) - set(fixed) - set(sizes) - functions
    demand(not strangers, strangers, "is no part of the claims")
    if any(notation.n in c.free_symbols for c in case.claims) and "'M[" in case.text:
        # every size is n, but for the number of blocks; vectors alone have sizes of their own
        blocks = any(c.atoms(facts.Comparison) for c in case.claims)
        demand(sizes == (["n", "m"] if blocks and len(sizes) > 1 else ["n"]), "n is not the only size:", sizes)


def check_type(case: Any, symbol: sp.Basic, kind: Any, demand: Any) -> None:
    for held, argument in ((case.by_step, STEP), (case.random, OUTCOME)):
        if symbol in held:
            demand(kind[:2] == ("->", argument), symbol, "is not a function on", argument)
            kind = kind[2]
    fields = [("name", x) for x in (("R[i]", "R") if case.over_complex else ("R",))]
    if isinstance(symbol, Letter):
        demand(kind[:2] == ("matrix", fields[0]), symbol, "is not a matrix but", kind)
    else:
        demand(kind in ([STEP] if symbol.is_integer else fields), symbol, "is of type", kind)


def check_quantifiers(case: Any, fact: facts.Fact, bound: list[Any], demand: Any) -> None:
    outcomes = [name for name, kind in bound if kind == OUTCOME]
    by_chance = [depends(c, case.random) for c in (fact.claim, *fact.when)]
    demand(len(outcomes) == any(by_chance), fact.name, "is not at every outcome")
    demand(not any(by_chance[1:]), fact.name, "is under a condition at one outcome")
    steps = [(name, kind) for name, kind in bound if kind != OUTCOME]
    generic = case.generic(fact)
    demand(len(steps) == len(fact.over) + generic, fact.name, "is over", bound)
    demand(not generic or steps[0][1] == STEP, fact.name, "is not for every step")
    for symbol, (name, kind) in zip(fact.over, steps[generic:], strict=True):
        demand(name == identifier(symbol.name), fact.name, "is over", name)
        check_type(case, symbol, kind, demand)


def depends(expr: Any, random: frozenset[sp.Basic]) -> bool:
    """Whether an expression depends on the outcome."""
    return expr in random or (not isinstance(expr, Mean) and any(depends(arg, random) for arg in expr.args))


def check_added(case: Any, added: list[Any], kinds: dict[str, Any], reader: Any) -> None:
    signs, properties = [], []
    for premise in added:
        match premise:
            case ("apply", ("name", "archimedean"), ("name", "R")):
                pass
            case ("%N", ("<", ("number", 0), ("name", "n"))):
                pass
            case (("<=" | "<") as sign, ("number", 0), ("name", name)):
                signs.append((sign, name))
            case ("apply", ("name", name), *args) if name in PROPERTIES:
                properties.append((name, [arg[1] for arg in args]))
            case _:
                reader.demand(False, premise, "is none of the facts")
    numbers = [s for s in case.symbols if not isinstance(s, Letter) and s.is_nonnegative]
    expected = [("<" if s.is_positive else "<=", identifier(s.name)) for s in numbers]
    reader.demand(sorted(signs) == sorted(expected), "the signs are", signs, "not", expected)
    known = {function(name) for name in PROPERTIES} & set(kinds)
    reader.demand(sorted(args[-1] for _, args in properties) == sorted(known), "a function has no property")
    for name, args in properties:
        reader.demand(args == [*SPEAKS_OF.get(function(name), ()), function(name)], name, "is said of", args)
        types = [of_size_n([kinds[x] for x in args]), of_size_n([kind for _, kind in reader.binders(PROPERTIES[name])])]
        reader.demand(types[0] == types[1], name, "is a property of", types[1])


def function(name: str) -> str:
    """The function that a property defines."""
    return name.removeprefix("is_").removeprefix("complex_")


def of_size_n(kinds: list[Any]) -> str:
    """Types of functions of square matrices; a size that is the same everywhere is called n."""
    sizes = set(re.findall(r"\('name', '([a-z])'\)", str(kinds)))
    return str(kinds).replace(f"('name', '{sizes.pop()}')", "('name', 'n')") if len(sizes) == 1 else str(kinds)


def test_every_name_is_bound_once_and_of_its_type(case, reader) -> None:
    check(case, case.text, reader)


FAULTS = {
    "a free name": ("norm_diag", "norm D =", "norm F =", "is not bound"),
    "a name that is not used": ("norm_mul_le", "(n m p : nat)", "(n m p q : nat)", "is bound but not used"),
    "a binder that hides a word": ("norm_diag", "D", "norm", "hides a word"),
    "a letter without steps": ("prod_last", "(A : int -> 'M[R]_n)", "(A : 'M[R]_n)", "is not a function on"),
    "a letter with steps": ("prod_const_matrix", "(A : 'M[R]_n)", "(A : int -> 'M[R]_n)", "is not a matrix"),
    "a real letter": ("norm_mul_le_complex", "(A : 'M[R[i]]_(n, m))", "(A : 'M[R]_(n, m))", "is not a matrix"),
    "a number for a step": ("prod_last", "(a b : int)", "(a b : R)", "is of type"),
    "a missing premise": ("norm_diag", "is_diag_mx D ->", "", "a fact is missing"),
    "a premise too many": ("norm_mul_le", "norm (A *m", "0 <= norm A -> norm (A *m", "is none of the facts"),
    "a sign that nothing says": ("abs_mul", "`|c * d|", "0 <= c -> `|c * d|", "the signs are"),
    "a sign that is lost": ("theorem_pascanu2013_spectral_norm", "0 <= gamma ->", "", "the signs are"),
    "a fact of one step": (
        "theorem_pascanu2013_spectral_norm",
        "(forall i : int, is_diag_mx (D i))",
        "is_diag_mx (D k)",
        "is over",
    ),
    "a fact of one vector": ("ext_inner", "(forall v' : 'cV[R]_n", "(forall A : 'cV[R]_n", "is not bound"),
    "a step that is not bound": (
        "norm_masked_prod_le",
        "(forall i : int, unit_interval (D i))",
        "unit_interval (D i)",
        "i",
    ),
    "a function without its property": (
        "radius_le_numerical_radius",
        "is_numerical_radius numerical_radius ->",
        "",
        "a function has no property",
    ),
    "the property of another": ("joint_radius_pow_le", "is_joint_spectral_radius", "is_masked_supremum", "is said of"),
    "another size than n": (
        "norm_le_n_max_abs",
        "(n : nat) (A : 'M[R]_n)",
        "(n m : nat) (A : 'M[R]_m)",
        "n is not the only size",
    ),
    "an outcome for all": (
        "theorem_task_informative_gradient",
        "(forall o : Omega, norm (Stilde 0 o) = 0)",
        "(forall (i : int) (o : Omega), norm (Stilde i o) = 0)",
        "is over",
    ),
    "two binders": ("norm_diag", "(D : 'M[R]_n)", "(D D : 'M[R]_n)", "two binders"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_in_names_is_caught(fault, named, reader) -> None:
    name, said, instead, reason = FAULTS[fault]
    case = named[name]
    text = re.sub(rf"(?<![\w']){re.escape(said)}(?![\w'])", lambda _: instead, case.text)
    assert text != case.text
    with pytest.raises(ValueError, match=re.escape(reason)):
        check(case, text, reader)
