"""The hierarchy of a network's blocks: whose 1/gamma, which masks grow, and when nothing is said."""

from fractions import Fraction

import numpy as np
import pytest

from errorflow.numerics import Network
from errorflow.numerics.brackets import hierarchy_records
from errorflow.numerics.evaluate import environment
from errorflow.theory import activations, cells

NILPOTENT = np.array([[2.0, 4.0], [-1.0, -2.0]])


def blocks(W: np.ndarray, *, phi: str = "tanh"):
    n = len(W)
    cell = cells.get("elman", activation=activations.get(phi))
    return hierarchy_records(environment(Network(cell, {"W": W, "B": np.eye(n), "b": np.zeros(n)})))


def trace_of_product(W: np.ndarray, masks: tuple[str, ...]) -> Fraction:
    """tr D_p W ... D_1 W in rationals."""
    rows = [[Fraction(x) for x in row] for row in W.tolist()]
    size = range(len(rows))
    total = [[Fraction(int(i == j)) for j in size] for i in size]
    for mask in masks:
        total = [[int(mask[i]) * sum(rows[i][k] * total[k][j] for k in size) for j in size] for i in size]
    return sum((total[i][i] for i in size), Fraction(0))


def test_the_masks_that_are_named_grow_at_the_rate_that_is_claimed() -> None:
    """W^2 = 0: the rate 2 is that of the masked matrix, in exact rationals, and not that of W."""
    (found,) = blocks(NILPOTENT)
    assert found.growing is not None
    masks = found.growing.masks
    assert len(masks) * 2 == sum(map(len, masks))
    assert abs(trace_of_product(NILPOTENT, masks)) == 2 ** len(masks)  # one eigenvalue is 0
    assert found.growing.lower <= 2.0 <= found.growing.upper
    assert found.growing.evidence == "certified"
    assert trace_of_product(NILPOTENT, ("11",)) == 0


@pytest.mark.parametrize(
    ("W", "phi"), [(NILPOTENT / 5, "tanh"), (NILPOTENT, "logistic"), (NILPOTENT, "leaky_relu"), (NILPOTENT, "identity")]
)
def test_no_masks_are_named_where_the_slopes_can_not_be_masks_or_do_not_grow(W, phi) -> None:
    (found,) = blocks(W, phi=phi)
    assert found.growing is None


def test_the_threshold_is_the_inverse_of_the_largest_slope() -> None:
    (found,) = blocks(NILPOTENT, phi="logistic")
    assert (found.threshold.lower, found.threshold.upper) == (4.0, 4.0)
    assert (found.slopes.lower, found.slopes.upper) == (0.0, 0.25)


def test_a_gated_cell_has_a_hierarchy_per_block_and_no_threshold(gaussian) -> None:
    found = hierarchy_records(environment(gaussian("gru")))
    assert [block.block for block in found] == ["W_r", "W_z", "W_n"]
    assert all(block.threshold is None and block.growing is None for block in found)
    for block in found:
        ends = {row.id: row for row in block.rows}
        for small, large in block.links:
            assert ends[small].lower <= ends[large].upper


def test_untied_copies_have_no_hierarchy(gaussian) -> None:
    assert hierarchy_records(environment(gaussian("elman", steps=4))) == ()
