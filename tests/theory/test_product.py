"""Laws of the Jacobian product: its order, the cocycle law, the sum over paths, the unrolled recursion."""

import itertools
import random
from collections.abc import Callable
from functools import partial

import mpmath
import pytest
import sympy as sp

from errorflow.theory import cells, notation, unrolled
from errorflow.theory.jacobian import step_jacobian
from errorflow.theory.language import Cell
from errorflow.theory.product import jacobian_product, step_factor

LAST = 6


def test_the_latest_step_stands_on_the_left() -> None:
    found = jacobian_product(cells.get("elman")).word(4, 1)
    assert found.args == (step_factor(4), step_factor(3), step_factor(2))


def test_the_reversed_product_is_another_one() -> None:
    product = jacobian_product(cells.get("elman"))
    for length in (2, 3, 4):
        assert sp.Mul(*reversed(product.word(length, 0).args)) != product.word(length, 0)
    assert product.word(1, 0) == step_factor(1)


def test_the_product_over_no_steps_is_the_identity() -> None:
    product = jacobian_product(cells.get("lstm"))
    assert all(product.word(t, t) == 1 for t in range(-2, 5))
    assert product.explicit(2, 0) == sp.eye(4)


@pytest.mark.parametrize(("t", "s", "r"), [c for c in itertools.product(range(LAST), repeat=3) if c[0] >= c[1] >= c[2]])
def test_the_cocycle_law_holds(t, s, r) -> None:
    product = jacobian_product(cells.get("gru"))
    assert product.satisfies_cocycle(t, s, r)
    if t > s > r:
        assert product.word(s, r) * product.word(t, s) != product.word(t, r)


@pytest.mark.parametrize("call", [(1, 2, 0), (3, 1, 2), (0, 0, 1)])
def test_steps_out_of_order_are_refused(call) -> None:
    with pytest.raises(ValueError, match="steps must satisfy t >= s >= r, got"):
        jacobian_product(cells.get("elman")).satisfies_cocycle(*call)


def test_steps_that_are_no_integers_are_refused() -> None:
    with pytest.raises(TypeError, match=r"t must be an integer, got 2\.5"):
        jacobian_product(cells.get("elman")).word(2.5, 1)


@pytest.mark.parametrize(("least", "length"), [(0, -1), (0, 1.5), (0, True), (1, 0), (1, "2")])
def test_an_impossible_length_is_refused(least, length) -> None:
    product = jacobian_product(cells.get("elman"))
    with pytest.raises(ValueError, match=f"length must be an integer of at least {least}, got"):
        product.explicit(2, length) if least == 0 else product.path_sum(2, length, 0, 0)


@pytest.mark.parametrize(("row", "column"), [(-1, 0), (0, 2), (0.5, 0)])
def test_an_entry_outside_the_state_is_refused(row, column) -> None:
    with pytest.raises(ValueError, match="row and column must be integers from 0 to 1"):
        jacobian_product(cells.get("elman")).path_sum(2, 2, row, column)


def test_formulas_of_the_product_are_latex(user_cell, latex_fault) -> None:
    product = jacobian_product(user_cell.cell)
    assert latex_fault(product.latex()) is None
    assert latex_fault(sp.latex(product.formula)) is None


def test_weights_are_the_same_at_every_step_and_vectors_are_not() -> None:
    J = jacobian_product(cells.get("elman")).explicit(2, 3)
    names = {str(s) for s in J.free_symbols}
    assert {name for name in names if name.startswith("W")} == {f"W_{{{i}{j}}}" for i in (1, 2) for j in (1, 2)}
    assert names >= {"a_{1,t}", "a_{2,t-1}", "a_{1,t-2}"}


@pytest.mark.parametrize("name", ["elman", "lstm", "gru"])
@pytest.mark.parametrize("length", [1, 2, 3, 4])
def test_the_sum_over_paths_is_the_entry_of_the_product(name, length, number) -> None:
    product, rng = jacobian_product(cells.get(name)), random.Random(length)
    J = product.explicit(2, length)
    values = {s: mpmath.mpf(rng.randint(-50, 50)) / 37 for s in sorted(J.free_symbols, key=str)}
    row, column = rng.randrange(J.rows), rng.randrange(J.rows)
    paths = product.path_sum(2, length, row, column)
    with mpmath.workdps(60):
        assert mpmath.almosteq(number(sp.Matrix([paths]), values)[0], number(J, values)[row, column], 1e-50)


def test_the_number_of_paths_is_a_power_of_the_size_of_the_state() -> None:
    # Every entry of an Elman step is one path factor, so that the sum has n^(length-1) products.
    for n, length in ((2, 3), (3, 3), (2, 4)):
        assert len(jacobian_product(cells.get("elman")).path_sum(n, length, 0, 1).args) == n ** (length - 1)


# Against the unrolled recursion, which is never differentiated


def values_along(trace, p, length: int) -> dict:
    """The values of all symbols of an explicit product: vectors of step t - j, entries of parameters."""
    values = {notation.Scalar(name, real=True): array[0] for name, array in p.items() if array.rows == 1}
    for name, W in p.items():
        values |= {notation.entry(name, i + 1, j + 1): W[i, j] for i in range(W.rows) for j in range(W.cols)}
    for j in range(length):
        for symbol, column in trace[length - 1 - j].items():
            for i, v in enumerate(column):
                entry = str(notation.component(symbol, i + 1))
                for now, then in ((",t}", f",t-{j}}}" if j else ",t}"), (",t-1}", f",t-{j + 1}}}")):
                    if entry.endswith(now):
                        entry = entry.removesuffix(now) + then
                        break
                values[sp.Symbol(entry, real=True)] = v
    return values


@pytest.fixture
def check_against_recursion(number, random_point, differenced) -> Callable[..., None]:
    return partial(compare, number, random_point, differenced)


def compare(number, random_point, differenced, cell: Cell, length: int, *, n: int = 2) -> None:
    with mpmath.workdps(120):
        p, inputs, initial = random_point(cell, n=n, m=1, steps=length)
        expected = differenced(cell, p, inputs, initial)
        trace = unrolled.run(cell, [p] * length, inputs, initial)
        found = number(jacobian_product(cell).explicit(n, length), values_along(trace, p, length))
        assert mpmath.mnorm(found - expected, "f") < mpmath.mpf(10) ** -60 * (1 + mpmath.mnorm(expected, "f"))


@pytest.mark.parametrize("name", cells.names())
def test_the_product_of_a_shipped_cell_is_the_derivative_of_the_recursion(name, check_against_recursion) -> None:
    check_against_recursion(cells.get(name), 3)


def test_the_product_of_a_user_cell_is_the_derivative_of_the_recursion(user_cell, check_against_recursion) -> None:
    check_against_recursion(user_cell.cell, 2)


def test_a_product_in_forward_order_is_caught(check_against_recursion, monkeypatch) -> None:
    from errorflow.theory import product

    shift = product._shift
    monkeypatch.setattr(product, "_shift", lambda symbol, j: shift(symbol, 2 - j))
    with pytest.raises(AssertionError):
        check_against_recursion(cells.get("elman"), 3)


# The constant error carousel


def test_under_truncation_the_block_of_the_memory_is_the_identity_over_any_number_of_steps(build_user_cell) -> None:
    cell, n = build_user_cell("truncated_lstm").cell, 2
    memory = cell.states.index("c")
    for length in range(1, 5):
        block = jacobian_product(cell).explicit(n, length)[memory * n :, memory * n :]
        assert block.applyfunc(sp.expand) == sp.eye(n)


def test_without_truncation_the_block_of_the_memory_is_not_the_identity(number) -> None:
    # Claim C18: the full derivative also runs through the gates of the next step, even where all forget gates are 1.
    J = step_jacobian(cells.get("lstm"))
    product = jacobian_product(cells.get("lstm")).explicit(1, 2)[1, 1]
    forget = {s: sp.Integer(1) for s in product.free_symbols if str(s).startswith("f_")}
    assert J.blocks["c", "c"].latex() == r"\operatorname{diag}\left(f_{t}\right)"
    rng = random.Random(0)
    rest = product.subs(forget)
    values = {s: mpmath.mpf(rng.randint(1, 50)) / 37 for s in sorted(rest.free_symbols, key=str)}
    assert abs(number(sp.Matrix([rest]), values)[0] - 1) > 0.01
