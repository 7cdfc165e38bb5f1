"""Laws of quantities: symbols with a sign and a LaTeX form, each with an evaluator, each with a use."""

import numpy as np
import pytest
import sympy as sp

from errorflow.numerics import constants
from errorflow.numerics.evaluate import environment, evaluate
from errorflow.numerics.functionals import EVALUATORS
from errorflow.theory import cells, notation, quantities, theorems
from errorflow.theory.calculus import Letter
from errorflow.theory.hypotheses import Hypothesis
from errorflow.theory.language import matrices
from errorflow.theory.quantities import MATRIX_FUNCTIONALS, matrix_symbol

W = sp.Symbol("W")
OTHERS = [
    quantities.sup_abs(notation.at_step("f") * notation.before_step("c")),
    quantities.majorant_radius(),
    quantities.majorant_condition(),
    quantities.jacobian_norm(notation.lag),
    quantities.jacobian_gain(notation.lag),
]
ALL = [functional(W) for functional in MATRIX_FUNCTIONALS] + OTHERS


@pytest.mark.parametrize("quantity", ALL, ids=str)
def test_a_quantity_is_nonnegative_and_commutes(quantity) -> None:
    assert quantity.is_nonnegative
    assert quantity.is_commutative


@pytest.mark.parametrize("quantity", ALL, ids=str)
def test_a_quantity_and_its_powers_are_latex(quantity, latex_fault) -> None:
    for formula in (quantity, quantity**2, quantity**notation.lag, 2 * quantity + 1):
        assert latex_fault(sp.latex(formula)) is None
    assert sp.latex(quantity**notation.lag) == rf"{{{sp.latex(quantity)}}}^{{k}}" or r"\left(" in sp.latex(quantity**2)
    assert sp.latex(quantity**7).endswith("7}")


@pytest.mark.parametrize("functional", MATRIX_FUNCTIONALS)
def test_a_quantity_says_what_it_means(functional) -> None:
    assert functional.meaning
    assert functional.__doc__
    assert functional.unit


def test_a_quantity_of_a_gate_belongs_to_that_gate() -> None:
    gates = matrices("W", ("in", "f"))
    assert matrix_symbol(gates["in"]) == Letter("W_in")
    assert quantities.spectral_norm(sp.Symbol("W_in")) == quantities.spectral_norm(Letter("W_in"))
    assert quantities.spectral_norm(matrix_symbol(gates["in"])) != quantities.spectral_norm(matrix_symbol(gates["f"]))
    assert sp.latex(quantities.spectral_radius(matrix_symbol(gates["in"]))) == r"\rho\left(W_{in}\right)"


def test_every_functional_has_an_evaluator_and_every_evaluator_a_functional() -> None:
    assert set(EVALUATORS) == set(MATRIX_FUNCTIONALS)
    assert len(MATRIX_FUNCTIONALS) == len(set(MATRIX_FUNCTIONALS))


def test_every_functional_is_used_by_a_theorem_or_is_a_constant_for_users() -> None:
    bounds = [theorem.instantiate(cells.get(name)) for theorem in theorems.all() for name in cells.names()]
    parts = [part for bound in bounds if bound for part in (bound.rate, bound.constant)]
    formulas = sp.Tuple(*parts, *(side for t in theorems.all() for side in (t.conclusion.lhs, t.conclusion.rhs)))
    used = {type(quantity) for quantity in formulas.atoms(quantities.MatrixFunctional)}
    assert quantities.spectral_norm in used
    idle = {functional.__name__ for functional in set(MATRIX_FUNCTIONALS) - used}
    assert idle <= set(constants.__all__)


ORACLES = {
    "max_abs": lambda A: max(abs(x) for row in A for x in row),
    "row_sum_norm": lambda A: max(sum(abs(x) for x in row) for row in A),
    "spectral_norm": lambda A: np.linalg.svd(A)[1][0],
    "smallest_singular_value": lambda A: np.linalg.svd(A)[1][-1],
    "spectral_radius": lambda A: max(abs(np.linalg.eigvals(A))),
    "perron_radius": lambda A: max(abs(np.linalg.eigvals(np.abs(A)))),
    "perron_scaling_norm": lambda A: max(abs(np.linalg.eigvals(np.abs(A)))),  # for irreducible A
}


@pytest.mark.parametrize("name", ORACLES)
def test_a_quantity_has_the_value_that_its_name_says(name) -> None:
    array = np.random.default_rng(3).standard_normal((4, 4))
    found = evaluate(getattr(quantities, name)(W), environment(W=array))
    assert found.lower - 1e-9 <= ORACLES[name](array) <= found.upper + 1e-9
    assert found.upper - found.lower < 1e-6


def test_conditions_are_at_least_one_and_scaled_norms_lie_between_radius_and_norm() -> None:
    where = environment(W=np.random.default_rng(5).standard_normal((5, 5)))
    value = {functional.__name__: evaluate(functional(W), where) for functional in MATRIX_FUNCTIONALS}
    assert min(value["perron_condition"].lower, value["scaling_condition"].lower) >= 1 - 1e-9
    assert value["spectral_radius"].lower <= value["diagonal_scaling_norm"].upper
    assert value["diagonal_scaling_norm"].lower <= min(value["spectral_norm"].upper, value["perron_radius"].upper)
    assert value["perron_radius"].lower <= value["row_sum_norm"].upper <= 5 * value["max_abs"].upper + 1e-12


# Hypotheses


@pytest.mark.parametrize("relation", [sp.Lt(1, 2), sp.Symbol("x") > sp.Symbol("y"), sp.Symbol("x") + 1, True, None])
def test_a_hypothesis_compares_an_expression_with_a_number(relation) -> None:
    with pytest.raises(ValueError, match="relation of hypothesis 'h' must compare an expression with a number"):
        Hypothesis("h", relation)


def test_a_hypothesis_reads_as_plain_text() -> None:
    h = Hypothesis("h", notation.slope_inf * quantities.smallest_singular_value(W) > 1)
    assert h.statement == "alpha*smallest_singular_value(W) > 1"
    assert h.needs == "> 1"
