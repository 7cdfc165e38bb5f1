"""Laws of the shipped cells: their equations, by hand, entry by entry; their parameters and names."""

import itertools
from pathlib import Path

import mpmath
import pytest
import sympy as sp

from errorflow.theory import activations, cells, notation, sources, unrolled
from errorflow.theory.activations import HardTanh, Relu
from errorflow.theory.jacobian import step_jacobian

tanh = mpmath.tanh


def sigma(x):
    return 1 / (1 + mpmath.exp(-x))


def elman(a, row, p, x):
    return [tanh(a("", i)) for i in row]


def lstm(a, row, p, x):
    c = [sigma(a("_f", i)) * x["c"][i] + sigma(a("_i", i)) * tanh(a("_g", i)) for i in row]
    return [sigma(a("_o", i)) * tanh(c[i]) for i in row] + c


def gru(a, row, p, x):
    r, z = ([sigma(a(gate, i)) for i in row] for gate in ("_r", "_z"))
    inner = [mpmath.fsum(p["W_n"][i, j] * x["h"][j] for j in row) + p["d"][i] for i in row]
    n = [tanh(a("_n", i, [0, 0]) + r[i] * inner[i]) for i in row]
    return [(1 - z[i]) * n[i] + z[i] * x["h"][i] for i in row]


def gru_reset_before(a, row, p, x):
    r, z = ([sigma(a(gate, i)) for i in row] for gate in ("_r", "_z"))
    n = [tanh(a("_n", i, [r[j] * x["h"][j] for j in row])) for i in row]
    return [(1 - z[i]) * n[i] + z[i] * x["h"][i] for i in row]


BY_HAND = {"elman": elman, "lstm": lstm, "gru": gru, "gru_reset_before": gru_reset_before}


@pytest.mark.parametrize("name", cells.names())
def test_a_step_of_a_shipped_cell_is_the_published_equation(name) -> None:
    cell, n, m, numbers = cells.get(name), 2, 3, itertools.count(2)

    def draw(rows: int, columns: int = 1) -> mpmath.matrix:
        return mpmath.matrix(rows, columns).apply(lambda _: 2 * mpmath.sin(next(numbers)))

    with mpmath.workdps(50):
        p = {q.block_name(g): draw(n, {"n": n, "m": m}[q.columns]) for q in cell.parameters for g in q.gates or (None,)}
        p |= {name: draw(n) for name in p if name.startswith(("b", "d"))}
        x, u = {state: list(draw(n)) for state in cell.states}, list(draw(m))

        def a(gate, i, v=None):
            v = x["h"] if v is None else v
            recurrent = mpmath.fsum(p["W" + gate][i, j] * v[j] for j in range(n))
            return recurrent + mpmath.fsum(p["B" + gate][i, j] * u[j] for j in range(m)) + p["b" + gate][i]

        expected = BY_HAND[name](a, range(n), p, x)
        final = unrolled.run(cell, [p], [u], x)[-1]
        found = [v for state in cell.states for v in final[notation.before_step(state)]]
        assert mpmath.norm(mpmath.matrix(found) - mpmath.matrix(expected)) < mpmath.mpf(10) ** -45


@pytest.mark.parametrize(
    ("name", "states", "shapes"),
    [
        ("elman", ("h",), {"W": (), "B": (), "b": ()}),
        ("lstm", ("h", "c"), {"W": tuple("ifgo"), "B": tuple("ifgo"), "b": tuple("ifgo")}),
        ("gru", ("h",), {"W": tuple("rzn"), "B": tuple("rzn"), "b": tuple("rzn"), "d": ()}),
        ("gru_reset_before", ("h",), {"W": tuple("rzn"), "B": tuple("rzn"), "b": tuple("rzn")}),
    ],
)
def test_states_parameters_and_gate_order_are_those_that_weight_files_rely_on(name, states, shapes) -> None:
    cell = cells.get(name)
    assert cell.states == states
    assert {p.name: p.gates for p in cell.parameters} == shapes
    assert [p.columns for p in cell.parameters if p.kind == "matrix"] == ["n", "m"]


def test_every_cell_is_one_file_and_every_file_one_cell() -> None:
    files = {path.stem for path in Path(cells.__file__).parent.glob("*.py")} - {"__init__"}
    assert set(cells.names()) == files
    assert [cells.get(name).name for name in cells.names()] == list(cells.names())


def test_every_cell_cites_sources_of_the_bibliography() -> None:
    for name in cells.names():
        assert cells.get(name).references
        assert set(cells.get(name).references) <= set(sources.keys())


def test_the_activations_given_replace_the_defaults() -> None:
    assert cells.get("elman", activation=Relu()).activations == (Relu(),)
    found = cells.get("lstm", activation=Relu(), gate_activation=HardTanh()).activations
    assert set(found) == {Relu(), HardTanh()}


@pytest.mark.parametrize("name", cells.names())
@pytest.mark.parametrize("activation", activations.all(), ids=lambda a: a.name)
def test_every_cell_derives_with_every_activation(name, activation, latex_fault) -> None:
    jacobian = step_jacobian(cells.get(name, activation=activation))
    assert latex_fault(jacobian.latex().replace(activation.latex, r"\phi")) is None


@pytest.mark.parametrize(
    ("error", "sentence", "name", "given"),
    [
        (ValueError, "cell must be one of elman, gru, gru_reset_before, lstm, got 'rnn'", "rnn", {}),
        (ValueError, "cell must be one of", None, {}),
        (ValueError, "cell 'elman' takes no gate_activation", "elman", {"gate_activation": Relu()}),
        (TypeError, "activation must be an Activation, such as .*, got 'tanh'", "elman", {"activation": "tanh"}),
        (TypeError, "gate_activation must be an Activation", "lstm", {"gate_activation": sp.tanh}),
    ],
)
def test_an_impossible_choice_is_refused_in_one_sentence(error, sentence, name, given) -> None:
    with pytest.raises(error, match=sentence):
        cells.get(name, **given)


def test_the_gru_after_the_product_is_the_one_before_it_where_the_gate_is_a_scalar_multiple() -> None:
    # r = sigma(b_r) with W_r = B_r = 0 and equal entries commutes with W_n: the two variants then agree for d = 0.
    after, before = cells.get("gru"), cells.get("gru_reset_before")
    rows, numbers = 2, itertools.count(1)

    def draw(columns: int) -> mpmath.matrix:
        return mpmath.matrix(rows, columns).apply(lambda _: mpmath.cos(next(numbers)))

    p = {f"{letter}_{gate}": draw(columns) for gate in "rzn" for letter, columns in (("W", 2), ("B", 1), ("b", 1))}
    p |= {"W_r": mpmath.zeros(2), "B_r": mpmath.zeros(2, 1), "b_r": mpmath.ones(2, 1), "d": mpmath.zeros(2, 1)}
    x = {"h": [mpmath.mpf("0.3"), mpmath.mpf("-0.8")]}
    one, other = (unrolled.run(cell, [p] * 3, [[1], [2], [-1]], x)[-1] for cell in (after, before))
    difference = mpmath.matrix(one[notation.before_step("h")]) - mpmath.matrix(other[notation.before_step("h")])
    assert mpmath.norm(difference) < 1e-13
