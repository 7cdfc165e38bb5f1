"""Laws of the step Jacobian: the derived words are the derivative of equations that were written down by hand."""

import random
from dataclasses import dataclass

import mpmath
import pytest
import sympy as sp

from errorflow.theory import activations, cells, notation
from errorflow.theory.activations import Activation, Tanh
from errorflow.theory.jacobian import latex, step_jacobian
from errorflow.theory.language import Cell, bias, inputs, let, matrix, state, stop

SIGMA = lambda x: 1 / (1 + sp.exp(-x))  # noqa: E731
ELMAN = {
    "tanh": sp.tanh,
    "logistic": SIGMA,
    "softplus": lambda x: sp.log(1 + sp.exp(x)),
    "silu": lambda x: x * SIGMA(x),
    "gelu": lambda x: x * (1 + sp.erf(x / sp.sqrt(2))) / 2,
    "relu": lambda x: sp.Piecewise((0, x <= 0), (x, True)),
}
CASES = [("elman", name) for name in ELMAN] + [(name, "tanh") for name in ("lstm", "gru", "gru_reset_before")]


@dataclass
class ByHand:
    """A cell entry by entry: its parameters and state as symbols, its new state, its named vectors."""

    state: list
    new: list
    vectors: dict


def symbols(name: str, *shape: int) -> sp.Matrix:
    rows, columns = (*shape, 1)[:2]
    return sp.Matrix(rows, columns, lambda i, j: notation.entry(name, i + 1, j + 1))


def by_hand(cell: str, phi, n: int, m: int) -> ByHand:
    """The equations of the built-in cells for n units and m inputs, in sums over j."""
    h = [sp.Symbol(f"h{i}", real=True) for i in range(n)]
    c = [sp.Symbol(f"c{i}", real=True) for i in range(n)]
    u = [sp.Symbol(f"u{i}", real=True) for i in range(m)]
    units = range(n)

    def recurrent(gate: str, i: int, v: list):
        return sum(notation.entry(f"W{gate}", i + 1, j + 1) * v[j] for j in units)

    def driven(gate: str, i: int):
        sums = sum(notation.entry(f"B{gate}", i + 1, j + 1) * u[j] for j in range(m))
        return sums + sp.Symbol(f"b{gate}{i}", real=True)

    if cell == "elman":
        a = [recurrent("", i, h) + driven("", i) for i in units]
        return ByHand(h, [phi(x) for x in a], {"a": a})
    gates = {"lstm": "ifgo", "gru": "rz", "gru_reset_before": "rz"}[cell]
    a = {k: [recurrent(f"_{k}", i, h) + driven(f"_{k}", i) for i in units] for k in gates}
    v = {k: [(phi if k == "g" else SIGMA)(x) for x in a[k]] for k in gates}
    if cell == "lstm":
        c_new = [v["f"][i] * c[i] + v["i"][i] * v["g"][i] for i in units]
        h_new = [v["o"][i] * phi(c_new[i]) for i in units]
        return ByHand([*h, *c], [*h_new, *c_new], {**{f"a_{k}": a[k] for k in gates}, **v, "c+": c_new, "c": c})
    if cell == "gru":
        p = [recurrent("_n", i, h) + sp.Symbol(f"d{i}", real=True) for i in units]
        a["n"] = [driven("_n", i) + v["r"][i] * p[i] for i in units]
        v["p"] = p
    else:
        a["n"] = [driven("_n", i) + recurrent("_n", i, [v["r"][j] * h[j] for j in units]) for i in units]
    v["n"] = [phi(x) for x in a["n"]]
    new = [(1 - v["z"][i]) * v["n"][i] + v["z"][i] * h[i] for i in units]
    return ByHand(h, new, {**{f"a_{k}": a[k] for k in a}, **v, "h": h})


def substituted(explicit: sp.Matrix, hand: ByHand) -> sp.Matrix:
    """The derived matrix with every named vector replaced by its definition by hand."""
    values = {}
    for name, entries in hand.vectors.items():
        symbol = notation.before_step(name) if name in ("h", "c") else notation.at_step(name)
        values |= {notation.component(symbol, i + 1): entry for i, entry in enumerate(entries)}
    return explicit.xreplace(values)


def rational_point(found: set, seed: int) -> dict:
    rng = random.Random(seed)
    return {s: sp.Rational(rng.randint(-99, 99), 67) for s in sorted(found, key=str)}


@pytest.mark.parametrize(("n", "m"), [(2, 1), (3, 2)])
@pytest.mark.parametrize(("cell", "phi"), CASES)
def test_the_derived_jacobian_is_the_derivative_of_the_equations_by_hand(cell, phi, n, m, number) -> None:
    hand = by_hand(cell, ELMAN[phi], n, m)
    derived = substituted(step_jacobian(cells.get(cell, activation=activations.get(phi))).explicit(n), hand)
    expected = sp.Matrix(hand.new).jacobian(hand.state)
    point = rational_point(derived.free_symbols | expected.free_symbols, seed=n)
    with mpmath.workdps(60):
        values = {s: mpmath.mpf(v.p) / v.q for s, v in point.items()}
        error = mpmath.mnorm(number(derived, values) - number(expected, values), "f")
        assert error < mpmath.mpf(10) ** -50


def test_a_user_cell_has_the_derivative_of_its_step_by_hand(user_cell, number, random_point) -> None:
    cell, n = user_cell.cell, 3
    with mpmath.workdps(120):
        p, (u,), x = random_point(cell, n=n, m=2, steps=1)
        vectors = user_cell.step(p, x, u, x)[1]
        symbols = {notation.before_step(name): column for name, column in x.items()}
        symbols |= {notation.at_step(name): column for name, column in vectors.items()}
        symbols |= {sp.Symbol(name, real=True): list(array) for name, array in p.items() if array.cols == 1}
        values = {notation.component(s, i + 1): v for s, column in symbols.items() for i, v in enumerate(column)}
        values |= {notation.Scalar(name, real=True): array[0] for name, array in p.items() if array.rows == 1}
        for name, W in p.items():
            values |= {notation.entry(name, i + 1, j + 1): W[i, j] for i in range(W.rows) for j in range(W.cols)}
        derived = number(step_jacobian(cell).explicit(n), values)
        expected = mpmath.zeros(derived.rows)
        for column, (name, j) in enumerate((name, j) for name in cell.states for j in range(n)):
            moved = []
            for sign in (1, -1):
                entries = [v + sign * mpmath.mpf(10) ** -40 * (i == j) for i, v in enumerate(x[name])]
                new = user_cell.step(p, {**x, name: entries}, u, x)[0]
                moved.append([v for state in cell.states for v in new[state]])
            for row, (up, down) in enumerate(zip(*moved, strict=True)):
                expected[row, column] = (up - down) / (2 * mpmath.mpf(10) ** -40)
        assert mpmath.mnorm(derived - expected, "f") < mpmath.mpf(10) ** -60


@pytest.mark.peer("torch")
@pytest.mark.parametrize(("cell", "module"), [("elman", "RNNCell"), ("lstm", "LSTMCell"), ("gru", "GRUCell")])
def test_the_derived_jacobian_is_that_of_torch(cell, module, number) -> None:
    import torch

    n, m = 3, 2
    torch.manual_seed(5)
    layer = getattr(torch.nn, module)(m, n, dtype=torch.float64)
    u, x = torch.randn(1, m, dtype=torch.float64), torch.randn(1, n * (1 + (cell == "lstm")), dtype=torch.float64)

    def step(state):
        new = layer(u, (state[:, :n], state[:, n:]) if cell == "lstm" else state)
        return torch.cat(new, dim=1) if cell == "lstm" else new

    expected = torch.autograd.functional.jacobian(step, x)[0, :, 0, :].tolist()
    hand = by_hand(cell, sp.tanh, n, m)
    values = {s: float(v) for s, v in zip(hand.state, x[0], strict=True)}
    values |= {sp.Symbol(f"u{i}", real=True): float(v) for i, v in enumerate(u[0])}
    arrays = {k: v.detach().reshape(-1, n, v.shape[-1] if v.ndim > 1 else 1) for k, v in layer.named_parameters()}
    for position, gate in enumerate(
        {"elman": ("",), "lstm": ("_i", "_f", "_g", "_o"), "gru": ("_r", "_z", "_n")}[cell]
    ):
        recurrent, driven = arrays["bias_hh"][position, :, 0], arrays["bias_ih"][position, :, 0]
        for i in range(n):
            for letter, name in (("W", "weight_hh"), ("B", "weight_ih")):
                row = arrays[name][position, i]
                values |= {notation.entry(letter + gate, i + 1, j + 1): float(v) for j, v in enumerate(row)}
            inside = cell == "gru" and gate == "_n"
            values[sp.Symbol(f"b{gate}{i}", real=True)] = float(driven[i] + (0 if inside else recurrent[i]))
            if inside:
                values[sp.Symbol(f"d{i}", real=True)] = float(recurrent[i])
    found = number(substituted(step_jacobian(cells.get(cell)).explicit(n), hand), values)
    assert float(mpmath.mnorm(found - mpmath.matrix(expected), "f")) < 1e-12


# Forms


def author_symbols(cell: Cell) -> set[str]:
    """The letters that a formula of the cell may show: its author's, and those of the table."""
    names = {str(notation.at_step(name)) for name in (*cell.named, *cell.states)}
    names |= {str(notation.before_step(name)) for name in cell.states} | {"u_t", "I"}
    return names | {p.block_name(g) for p in cell.parameters for g in (None, *p.gates)}


@pytest.fixture(params=cells.names())
def shipped(request) -> Cell:
    return cells.get(request.param)


def check_formulas(cell: Cell, latex_fault) -> None:
    jacobian, allowed = step_jacobian(cell), author_symbols(cell)
    formulas = [block.formula for block in jacobian.blocks.values()] + list(cell.equations.values())
    assert not {str(s) for formula in formulas for s in formula.free_symbols} - allowed
    texts = [jacobian.latex(), *(sp.latex(e, order="none") for e in cell.equations.values()), *cell.equations]
    assert [fault for text in texts if (fault := latex_fault(text))] == []


def test_formulas_of_shipped_cells_show_only_symbols_of_the_author_in_proper_latex(shipped, latex_fault) -> None:
    check_formulas(shipped, latex_fault)


def test_formulas_of_user_cells_show_only_symbols_of_the_author_in_proper_latex(user_cell, latex_fault) -> None:
    check_formulas(user_cell.cell, latex_fault)


@pytest.mark.parametrize("bad", [r"h_1_{t-1}", r"\left(a", "a}", r"{a\right)", r"\foo", "a^{2}^{3}"])
def test_the_search_for_latex_faults_finds_what_is_planted(bad, latex_fault) -> None:
    assert latex_fault(bad) is not None


@pytest.mark.parametrize(
    ("name", "block", "formula"),
    [
        (
            "leaky",
            "hh",
            r"\alpha I + \operatorname{diag}\left(\left(1 - \alpha\right) \tanh'\left(a_{t}\right)\right) W",
        ),
        ("linear", "hh", "- W"),
        ("ind_rnn", "hh", r"\operatorname{diag}\left(d \operatorname{ReLU}'\left(a_{t}\right)\right)"),
        ("three_states", "kk", "I"),
        ("truncated_lstm", "cc", "I"),
        ("truncated_lstm", "ch", "0"),
    ],
)
def test_blocks_of_simple_cells_read_as_in_a_textbook(name, block, formula, build_user_cell) -> None:
    assert step_jacobian(build_user_cell(name).cell).blocks[*block].latex() == formula


def test_a_vector_behind_stop_has_no_derivative_and_shows_it() -> None:
    h = state("h")
    cell = Cell("stopped", {"h": Tanh()(let("a", matrix("W") @ h + stop(matrix("V") @ h) + stop(h) * h))})
    slope = r"\tanh'\left(a_{t}\right)"
    assert {latex(term.formula) for term in step_jacobian(cell).blocks["h", "h"].terms} == {
        rf"\operatorname{{diag}}\left({slope}\right) W",
        rf"\operatorname{{diag}}\left(h_{{t-1}} {slope}\right)",
    }
    assert r"\operatorname{stop}\left(V h_{t-1}\right)" in sp.latex(cell.equations["a_t"], order="none")


def test_without_recurrence_the_jacobian_is_zero() -> None:
    cell = Cell("feed", {"h": Tanh()(let("a", matrix("B", columns="m") @ inputs() + bias("b")))})
    assert step_jacobian(cell).blocks["h", "h"].latex() == "0"
    assert step_jacobian(cell).explicit(3) == sp.zeros(3)


def test_a_slope_shows_as_the_letter_that_its_author_chose() -> None:
    square = Activation(name="square", expression=activations.x**2, latex=r"\phi")
    cell = Cell("square", {"h": square(let("a", matrix("W") @ state("h")))})
    assert step_jacobian(cell).latex() == r"\operatorname{diag}\left(\phi'\left(a_{t}\right)\right) W"


def test_entries_of_large_matrices_and_vectors_never_share_a_symbol() -> None:
    J = step_jacobian(cells.get("elman")).explicit(12)
    assert len(J.free_symbols) == 12**2 + 12
    pair = Cell(
        "pair", {"h": Tanh()(let("a", matrix("W") @ state("h"))) * Tanh()(let("a_1", matrix("W") @ state("h")))}
    )
    assert len(step_jacobian(pair).explicit(11).free_symbols) == 11**2 + 2 * 11


@pytest.mark.parametrize("n", [0, -1, 2.0, True, "2"])
def test_an_impossible_number_of_units_is_refused(n) -> None:
    with pytest.raises(ValueError, match="n must be an integer of at least 1"):
        step_jacobian(cells.get("elman")).explicit(n)


# Power: what the comparison with the equations by hand must catch


def rotated(edges, change):
    return lambda node: change(node, edges(node))


PLANTED = {
    "a path is dropped": lambda node, found: found[:1] if type(node).__name__ == "Hadamard" else found,
    "the slope is the value": lambda node, found: (
        ((found[0][0], node.activation.f(found[0][1].args[0])),) if type(node).__name__ == "Apply" else found
    ),
    "a coefficient is lost": lambda node, found: tuple(
        (v, sp.Integer(1) if isinstance(f, sp.Integer) else f) for v, f in found
    ),
    "the factors are exchanged": lambda node, found: (
        tuple(zip((found[0][0], found[1][0]), (found[1][1], found[0][1]), strict=True))
        if type(node).__name__ == "Hadamard"
        else found
    ),
    "the matrix is forgotten": lambda node, found: tuple(
        (v, f if isinstance(f, sp.Expr) else sp.Integer(1)) for v, f in found
    ),
}


@pytest.mark.parametrize("planted", PLANTED)
def test_a_wrong_local_factor_is_caught(planted, number, monkeypatch) -> None:
    from errorflow.theory import jacobian

    monkeypatch.setattr(jacobian, "edges", rotated(jacobian.edges, PLANTED[planted]))
    caught = []
    for cell in ("lstm", "gru"):
        try:
            test_the_derived_jacobian_is_the_derivative_of_the_equations_by_hand(cell, "tanh", 2, 1, number)
        except AssertionError:
            caught.append(cell)
    assert caught
