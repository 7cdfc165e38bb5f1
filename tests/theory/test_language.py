"""Laws of the cell language: what it builds, what it refuses, and that no two things share a symbol."""

import copy
import itertools
import pickle

import mpmath
import numpy as np
import pytest
import sympy as sp
from hypothesis import given
from hypothesis import strategies as st

from errorflow.theory import notation, unrolled
from errorflow.theory.activations import Logistic, Tanh
from errorflow.theory.decomposition import by_lag
from errorflow.theory.jacobian import step_jacobian
from errorflow.theory.language import (
    Bias,
    Cell,
    Sum,
    apply,
    bias,
    biases,
    inputs,
    let,
    matrices,
    matrix,
    ones,
    scalar,
    state,
    stop,
    value,
)

h, u, W, B, phi = state("h"), inputs(), matrix("W"), matrix("B", columns="m"), Tanh()
alpha = scalar("alpha")


# Algebra: equal formulas for equal vectors

H, Z = notation.before_step("h"), notation.at_step("z")
z = let("z", Logistic()(h))


@pytest.mark.parametrize(
    ("vector", "formula"),
    [
        (1 - z, 1 - Z),
        (z - 1, Z - 1),
        (2 * (h + z) - (z - 3 * h), 5 * H + Z),
        (-(h - z) * alpha, alpha * (Z - H)),
        (alpha * h, alpha * H),
        (h * alpha, alpha * H),
        (sp.Rational(1, 3) * h, H / 3),
        (h * h * z, H**2 * Z),
        (sum([h, z]), H + Z),
        (h * 0.1, H / 10),
        (0.25 * alpha * h, alpha * H / 4),
        (np.float64(0.5) * h, H / 2),
        (ones() * h, H),
        (h - h, sp.Integer(0)),
        (stop(h) + 1, H + 1),
        (phi(phi(h)), phi.f(phi.f(H))),
        (let("p", W @ h) * z, notation.at_step("p") * Z),
    ],
    ids=str,
)
def test_the_value_of_a_vector_is_the_formula_that_was_written(vector, formula) -> None:
    assert sp.expand(value(vector) - formula) == 0


def test_a_sum_that_begins_with_zero_has_no_term_for_it() -> None:
    found = sum([h, z])
    assert isinstance(found, Sum)
    assert [vector for _, vector in found.terms] == [h, z]


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_float_is_the_decimal_that_it_prints_as(x: float) -> None:
    ((factor, _),) = (x * h).terms
    assert factor == sp.Rational(repr(x))
    assert float(factor) == x


@pytest.mark.parametrize("cell", [0.1, 0.3], ids=str)
def test_decimal_coefficients_stay_exact_through_the_derivation(cell) -> None:
    by_lag(Cell("decimal", {"h": cell * (0.7 * (cell * phi(h)) + W @ (0.2 * h))})).check()


# Refusals, one sentence each


def vanilla(a):
    return {"h": phi(a)}


REFUSED = {
    "the vector W @ ... enters a formula and needs a name": lambda: Cell("x", vanilla(W @ h)),
    "the vector V @ ... enters a formula": lambda: Cell("x", {"h": (matrix("V") @ h) * h}),
    "the vector Y @ ... enters a formula": lambda: Cell("x", {"h": W @ (matrix("Y") @ h)}),
    "the vector U @ ... enters a formula": lambda: Cell("x", vanilla(stop(matrix("U") @ h))),
    "has no state": lambda: Cell("x", {}),
    "reads the state 'c', which update does not define": lambda: Cell("x", {"h": state("c") * h}),
    "cell 'x' uses the name 'a' for two vectors": lambda: Cell("x", {"h": let("a", h + 1) * let("a", h + 2)}),
    "uses the name 'a' for two vectors": lambda: Cell("x", {"h": let("a", B @ inputs("a")) + h}),
    "names a vector 'h' that is not the new value of state 'h'": lambda: Cell("x", {"h": phi(let("h", W @ h))}),
    r"names a vector 'h\+' that is not": lambda: Cell("x", {"h": phi(let("h+", W @ h))}),
    r"names a vector 'c\+' but has no state 'c'": lambda: Cell("x", {"h": let("c+", W @ h) + h}),
    r"names a vector 'c\+' that is not": lambda: Cell("x", {"h": let("c+", W @ h), "c": state("c")}),
    "reads two inputs, 'u' and 'v'": lambda: Cell("x", {"h": B @ u + B @ inputs("v")}),
    "uses the name 'h' for two vectors": lambda: Cell("x", {"h": B @ inputs("h") + h}),
    "uses the name 'W' for two parameters": lambda: Cell("x", {"h": W @ h + matrix("W", columns="m") @ u}),
    "uses the name 'b' for two parameters": lambda: Cell("x", {"h": matrix("b") @ h + bias("b")}),
    "uses the name 'B' for two parameters": lambda: Cell("x", {"h": scalar("B") * h + B @ u}),
    "uses the name 'W_i' for two parameters": lambda: Cell(
        "x", {"h": matrices("W", ("i", "f"))["f"] @ h + matrix("W_i") @ h}
    ),
    "matrix W takes a vector of size n, got one of size m": lambda: Cell("x", {"h": W @ u}),
    "matrix B takes a vector of size m, got one of size n": lambda: Cell("x", {"h": B @ h}),
    "combines a vector of size n with one of size m": lambda: Cell("x", {"h": phi(u) + h}),
    "combines a vector of size n with one of size m; use": lambda: Cell("x", {"h": W @ (1 - u)}),
    "new value of state 'h' must have size n": lambda: Cell("x", {"h": phi(u)}),
    "columns of W must be n or m, got 'k'": lambda: matrix("W", columns="k"),
    "gates of W must be a tuple of different names": lambda: matrices("W", ("i", "i")),
    "gates of b must be a tuple of different names": lambda: biases("b", "if"),
    "scalar factor must be real and finite, got nan": lambda: float("nan") * h,
    "scalar factor must be real and finite, got inf": lambda: h * float("inf"),
    r"scalar factor must be real and finite, got I": lambda: sp.I * h,
    "parameter of cell 'x' must be one of W, got 'V'": lambda: Cell("x", {"h": W @ h}).parameter("V"),
}
MISTYPED = {
    "operand of W @ ... must be a vector of the cell language, got 3": lambda: W @ 3,
    "operand of W @ ... must be a vector": lambda: W @ W,
    "scalar factor must be a number or built from scalar": lambda: W * h,
    "scalar factor must be a number or built from scalar.* got 'alpha'": lambda: "alpha" * h,
    "scalar factor must be a number or built from scalar.* got x": lambda: sp.Symbol("x") * h,
    "scalar factor must be a number or built from scalar.* got True": lambda: True * h,
    "scalar factor must be a number or built from scalar.* got None": lambda: h + None,
    "operand of tanh must be a vector": lambda: phi(3),
    "activation must be an Activation": lambda: apply("tanh", h),
    "body of 'a' must be a vector": lambda: let("a", W),
    r"body of stop\(...\) must be a vector": lambda: stop(1),
    "new value of state 'h' must be a vector": lambda: Cell("x", {"h": 3}),
    "update of cell 'x' must map states to vectors": lambda: Cell("x", [h]),
    "scalar factor must be a number or built from scalar.* got array": lambda: np.ones(2) * h,
}


@pytest.mark.parametrize("sentence", REFUSED)
def test_an_impossible_cell_is_refused_in_one_sentence(sentence) -> None:
    with pytest.raises(ValueError, match=sentence) as caught:
        REFUSED[sentence]()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("sentence", MISTYPED)
def test_an_operand_of_the_wrong_type_is_refused_in_one_sentence(sentence) -> None:
    with pytest.raises(TypeError, match=sentence) as caught:
        MISTYPED[sentence]()
    assert "\n" not in str(caught.value)


BAD_NAMES = ["", "a b", "a_", "_a", "a__b", "1a", "a+b", "a,t", "a_{i}", "a_t", "W_i_t", r"\alpha", "a'", "+", 3, None]


@pytest.mark.parametrize("bad", BAD_NAMES)
@pytest.mark.parametrize("make", [state, inputs, matrix, bias, scalar, lambda name: let(name, h)])
def test_a_name_that_makes_no_unique_symbol_is_refused(make, bad) -> None:
    with pytest.raises(ValueError, match=r"name of .* must be letters, then digits, then indices"):
        make(bad)


@pytest.mark.parametrize("gate", ["t", "", "i j", "+"])
def test_a_gate_that_makes_no_unique_symbol_is_refused(gate) -> None:
    with pytest.raises(ValueError, match="must be letters, then digits, then indices"):
        matrices("W", ("i", gate))


# Names: whatever the author calls things, no two of them share a symbol

STEMS = ["a", "h", "W", "b", "alpha", "pre", "a1", "htilde", "h1"]
INDICES = ["", "_i", "_in", "_f_1", "_1", "_12", "_1_2", "_f1", "_f", "_alpha", "_a_a"]
NAMES = [stem + index for stem, index in itertools.product(STEMS, INDICES)]


def test_different_names_give_different_vectors() -> None:
    assert len({make(name) for name in NAMES for make in (notation.at_step, notation.before_step)}) == 2 * len(NAMES)


def test_different_entries_of_differently_named_vectors_have_different_symbols() -> None:
    vectors = [make(name) for name in NAMES for make in (notation.at_step, notation.before_step)]
    constants = [sp.Symbol(name, real=True) for name in NAMES]
    sizes = (1, 2, 9, 10, 11, 12, 21, 112)
    for kind in (vectors, constants):
        entries = [str(notation.component(vector, i)) for vector in kind for i in sizes]
        assert len(set(entries)) == len(entries)


def test_different_entries_of_a_matrix_have_different_symbols() -> None:
    entries = [str(notation.entry("W", i, j)) for i in range(1, 130) for j in range(1, 130)]
    assert len(set(entries)) == len(entries)


def test_every_symbol_of_a_name_is_latex(latex_fault) -> None:
    symbols = [make(name) for name in NAMES for make in (notation.at_step, notation.before_step, sp.Symbol)]
    symbols += [notation.component(symbol, i) for symbol in symbols for i in (1, 12)]
    symbols += [notation.entry(name, i, 12) for name in NAMES for i in (1, 12)]
    assert {str(s): fault for s in symbols if (fault := latex_fault(sp.latex(s)))} == {}


def test_a_vector_may_have_the_name_of_a_parameter() -> None:
    cell = Cell("names", {"h": phi(let("W", W @ h + bias("b"))) * let("b", W @ stop(h))})
    assert {p.name for p in cell.parameters} == {"W", "b"}
    by_lag(cell).check()


# Meaning: a state or parameter that is written twice is one


def test_states_inputs_and_parameters_may_be_written_again_wherever_they_are_used() -> None:
    once = Cell("once", {"h": phi(let("a", W @ h + B @ u + bias("b"))) * h})
    a = let("a", matrix("W") @ state("h") + matrix("B", columns="m") @ inputs() + bias("b"))
    again = Cell("again", {"h": phi(a) * state("h")})
    assert once.parameters == again.parameters
    assert step_jacobian(once).latex() == step_jacobian(again).latex()


def test_two_inputs_of_one_name_are_one_input() -> None:
    cell = Cell("twice", {"h": phi(let("a", W @ h + B @ inputs() + matrix("C", columns="m") @ inputs()))})
    by_lag(cell).check()


def test_parameters_are_listed_matrices_first_then_biases_then_scalars() -> None:
    cell = Cell("order", {"h": alpha * bias("b") + B @ u + W @ h + scalar("beta") * h})
    assert [(p.name, p.kind, p.columns) for p in cell.parameters] == [
        ("W", "matrix", "n"),
        ("B", "matrix", "m"),
        ("b", "bias", "n"),
        ("alpha", "scalar", "n"),
        ("beta", "scalar", "n"),
    ]


def test_a_cell_does_not_change_with_the_mapping_it_was_made_from() -> None:
    update = {"h": phi(let("a", W @ h))}
    cell = Cell("kept", update)
    update["c"] = h
    assert cell.states == ("h",)


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda cell: pickle.loads(pickle.dumps(cell))])  # noqa: S301
def test_a_copied_cell_derives_the_same(user_cell, duplicate) -> None:
    step_jacobian(user_cell.cell)
    assert step_jacobian(duplicate(user_cell.cell)).latex() == step_jacobian(user_cell.cell).latex()


def test_equations_come_in_the_order_in_which_a_step_computes_them(user_cell) -> None:
    cell = user_cell.cell
    known = {str(notation.before_step(name)) for name in cell.states} | {"u_t"}
    vectors = known | set(cell.equations)
    for left, right in cell.equations.items():
        assert {str(s) for s in right.free_symbols} & vectors <= known
        known.add(left)


@pytest.mark.parametrize(("depth", "residual"), [(60, 0), (8, 1)])
def test_a_long_chain_of_named_vectors_derives(depth, residual) -> None:
    v = h
    for i in range(depth):
        v = let(f"v_{i}", phi(v) + residual * v)
    (term,) = step_jacobian(Cell("deep", {"h": v})).blocks["h", "h"].terms
    assert term.tail == ()
    assert len(term.left.free_symbols) == depth


def test_the_graph_evaluates_to_the_step_by_hand(user_cell, random_point) -> None:
    p, inputs_, x = random_point(user_cell.cell, n=2, m=3, steps=1)
    trace = unrolled.run(user_cell.cell, [p], inputs_, x)
    new, vectors = user_cell.step(p, x, inputs_[0], x)
    for name, column in new.items():
        assert mpmath.norm(mpmath.matrix(column) - mpmath.matrix(trace[1][notation.before_step(name)])) < 1e-13
    for name, column in vectors.items():
        assert mpmath.norm(mpmath.matrix(column) - mpmath.matrix(trace[0][notation.at_step(name)])) < 1e-13


def test_biases_of_one_parameter_are_its_gates_in_order() -> None:
    found = biases("b", ("i", "f"))
    assert list(found) == ["i", "f"]
    assert all(isinstance(b, Bias) and b.parameter.gates == ("i", "f") for b in found.values())
