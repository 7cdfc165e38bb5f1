"""Laws of the gradient by lag: tied = sum of untied copies = sum over lags, and what must break them does."""

import dataclasses

import mpmath
import pytest
import sympy as sp

from errorflow.theory import cells, decomposition, jacobian, unrolled
from errorflow.theory.activations import Logistic, Tanh
from errorflow.theory.decomposition import ByLag, by_lag
from errorflow.theory.language import Cell, bias, inputs, let, matrices, matrix, scalar, state, stop


@pytest.mark.parametrize("name", cells.names())
@pytest.mark.parametrize("seed", [1, 2])
def test_every_parameter_of_a_shipped_cell_gets_its_gradient_by_lag(name, seed) -> None:
    by_lag(cells.get(name)).check(seed=seed)


def test_every_parameter_of_a_user_cell_gets_its_gradient_by_lag(user_cell) -> None:
    for seed in (1, 2):
        by_lag(user_cell.cell).check(seed=seed)


def test_sizes_and_horizon_do_not_matter() -> None:
    for n, m, horizon in ((1, 1, 1), (3, 2, 2), (1, 3, 5)):
        by_lag(cells.get("elman")).check(n=n, m=m, horizon=horizon)


def test_every_block_of_every_parameter_is_decomposed(user_cell) -> None:
    blocks = {p.block_name(gate) for p in user_cell.cell.parameters for gate in p.gates or (None,)}
    assert set(by_lag(user_cell.cell).local) == blocks


def test_a_gate_that_the_update_never_uses_has_gradient_zero() -> None:
    W = matrices("W", ("i", "f"))
    found = by_lag(Cell("idle", {"h": Tanh()(let("a", W["i"] @ state("h")))}))
    found.check()
    assert found.latex("W_f") == r"\frac{\partial E}{\partial W_{f}} = 0"


def test_the_gradient_of_a_truncated_network_holds_the_stopped_vectors_fixed(monkeypatch) -> None:
    h, a = state("h"), let("a", matrix("W") @ stop(state("h")) + bias("b"))
    truncated = Cell("truncated", {"h": Tanh()(a) * h})
    by_lag(truncated).check()
    run = unrolled.run

    def hold_nothing(*arguments, stops):
        return run(*arguments)

    monkeypatch.setattr(unrolled, "run", hold_nothing)
    with pytest.raises(AssertionError, match="differs from copy"):
        by_lag(truncated).check()


def test_the_gradient_of_a_scalar_runs_through_every_use_of_it() -> None:
    alpha, h, W = scalar("alpha"), state("h"), matrix("W")
    a = let("a", alpha * (W @ h) + sp.sqrt(alpha**2 + 1) * bias("b"))
    cell = Cell("scaled", {"h": (1 - alpha) * Tanh()(a) + alpha**2 * (W @ a) + alpha * h * a})
    by_lag(cell).check()
    assert by_lag(cell).latex("alpha").startswith(r"\frac{\partial E}{\partial \alpha} = \sum_{k=0}^{T-1}")


# Formulas


def test_the_gradient_with_respect_to_a_matrix_is_an_outer_product() -> None:
    assert (
        by_lag(cells.get("elman")).latex("B").endswith(r"J(T,T-k)^{\top} g \, \left(u_{t}\right)^{\top} \Big|_{t=T-k}")
    )
    assert by_lag(cells.get("elman")).latex("b").endswith(r"J(T,T-k)^{\top} g \Big|_{t=T-k}")


def test_a_gradient_through_several_states_names_the_part_of_the_error_that_it_uses() -> None:
    text = by_lag(cells.get("lstm")).latex("W_i")
    assert r"\left[J(T,T-k)^{\top} g\right]_{h}" in text
    assert r"\left[J(T,T-k)^{\top} g\right]_{c}" in text
    assert text.count(r"\Big|_{t=T-k}") == 1


def test_formulas_of_gradients_are_latex(user_cell, latex_fault) -> None:
    found = by_lag(user_cell.cell)
    assert {name: fault for name in found.local if (fault := latex_fault(found.latex(name)))} == {}


def test_the_gradient_of_an_unknown_block_is_refused() -> None:
    with pytest.raises(ValueError, match="block must be one of W, B, b, got 'V'"):
        by_lag(cells.get("elman")).latex("V")


# Power: what the check must catch


def planted(found: ByLag, block: str, change) -> ByLag:
    uses = found.local[block]
    return dataclasses.replace(found, local={**found.local, block: tuple(change(list(uses)))})


def first(change):
    return lambda uses: [change(uses[0]), *uses[1:]]


FALSE_USES = {
    "a use is dropped": lambda uses: uses[1:],
    "a use is counted twice": lambda uses: [*uses, uses[0]],
    "a word is dropped": first(lambda use: dataclasses.replace(use, words=use.words[1:])),
    "the operand is another vector": first(lambda use: dataclasses.replace(use, operand=sp.Symbol("u_t", real=True))),
    "the sign is wrong": first(
        lambda use: dataclasses.replace(use, words=tuple(dataclasses.replace(w, left=-w.left) for w in use.words))
    ),
    "the slope is forgotten": first(
        lambda use: dataclasses.replace(use, words=tuple(dataclasses.replace(w, left=sp.Integer(1)) for w in use.words))
    ),
}


@pytest.mark.parametrize("name", ["elman", "lstm", "gru_reset_before"])
@pytest.mark.parametrize("falsehood", FALSE_USES)
def test_a_false_local_derivative_is_caught(falsehood, name) -> None:
    found = by_lag(cells.get(name))
    block = next(block for block in found.local if block.startswith("W"))
    with pytest.raises(AssertionError, match=f"part differs from copy . at {block}"):
        planted(found, block, FALSE_USES[falsehood]).check(n=2, m=2)


def test_a_state_in_place_of_another_is_caught() -> None:
    found = by_lag(cells.get("lstm"))
    swap = {"h": "c", "c": "h"}
    exchanged = first(lambda use: dataclasses.replace(use, state=swap[use.state]))
    with pytest.raises(AssertionError, match="part differs"):
        planted(found, "W_o", exchanged).check()


def test_a_lag_that_is_off_by_one_is_caught(monkeypatch) -> None:
    parts = decomposition._parts
    shifted = lambda *arguments: {name: found[1:] + found[:1] for name, found in parts(*arguments).items()}  # noqa: E731
    monkeypatch.setattr(decomposition, "_parts", shifted)
    with pytest.raises(AssertionError, match="the lag-2 part differs from copy 1"):
        by_lag(cells.get("elman")).check()


def test_a_transposed_jacobian_is_caught(monkeypatch) -> None:
    matrix_of = unrolled.matrix_of
    monkeypatch.setattr(unrolled, "matrix_of", lambda *arguments: matrix_of(*arguments).T)
    with pytest.raises(AssertionError, match="part differs"):
        by_lag(cells.get("elman")).check()


def test_a_block_that_is_missing_in_the_jacobian_is_caught(monkeypatch) -> None:
    derived = decomposition.step_jacobian

    def without_the_path_through_the_memory(cell: Cell):
        found = derived(cell)
        empty = dataclasses.replace(found.blocks["c", "c"], terms=())
        return dataclasses.replace(found, blocks={**found.blocks, ("c", "c"): empty})

    monkeypatch.setattr(decomposition, "step_jacobian", without_the_path_through_the_memory)
    with pytest.raises(AssertionError, match="part differs"):
        by_lag(cells.get("lstm")).check()


def test_a_lost_path_inside_a_step_is_caught(monkeypatch) -> None:
    edges = jacobian.edges
    monkeypatch.setattr(jacobian, "edges", lambda node: edges(node)[:1])
    with pytest.raises(AssertionError, match="part differs"):
        by_lag(cells.get("gru")).check()


def test_gradients_of_copies_that_do_not_add_up_are_caught(monkeypatch) -> None:
    point = decomposition._Point
    difference = point.difference

    def first_copy_only(self, name, row, column, at):
        return difference(self, name, row, column, {0} if len(at) > 1 else at)

    monkeypatch.setattr(point, "difference", first_copy_only)
    with pytest.raises(AssertionError, match="tied differs from the sum of untied copies"):
        by_lag(cells.get("elman")).check()


def test_the_check_is_as_fine_as_sixty_digits() -> None:
    found = by_lag(cells.get("elman"))
    tiny = sp.Rational(1, 10**55)
    nearly = first(
        lambda use: dataclasses.replace(
            use, words=tuple(dataclasses.replace(w, left=w.left * (1 + tiny)) for w in use.words)
        )
    )
    with pytest.raises(AssertionError, match="part differs"):
        planted(found, "W", nearly).check()
    assert mpmath.mp.dps == 15  # the precision of the caller is left alone


def test_the_input_may_enter_through_several_parameters() -> None:
    u, h = inputs(), state("h")
    B, C = matrix("B", columns="m"), matrix("C", columns="m")
    z = let("z", Logistic()(let("a_z", C @ u + bias("c"))))
    by_lag(Cell("gated input", {"h": z * h + (1 - z) * let("v", B @ u)})).check(m=3)
