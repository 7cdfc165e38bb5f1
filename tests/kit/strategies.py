"""Hypothesis strategies for recurrent networks: matrices of the kinds that break wrong laws, and networks of them.

Main definitions: `KINDS`, `square_matrices`, `networks`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from numpy.typing import NDArray

from ..numerics import Network
from ..theory import cells
from ..theory.language import Cell

Array = NDArray[np.float64]
KINDS = ("gaussian", "orthogonal", "normal", "nonnormal", "nilpotent", "jordan", "permutation", "rank_one", "zero_row")


def _matrix(kind: str, n: int, scale: float, seed: int) -> Array:
    rng = np.random.default_rng(seed)
    gaussian = rng.standard_normal((n, n)) / np.sqrt(n)
    orthogonal = np.linalg.qr(rng.standard_normal((n, n)))[0]
    made: dict[str, Callable[[], Array]] = {
        "gaussian": lambda: gaussian,
        "orthogonal": lambda: orthogonal,
        "normal": lambda: orthogonal @ np.diag(rng.uniform(-1, 1, n)) @ orthogonal.T,
        "nonnormal": lambda: np.triu(gaussian * 10, 1) + np.diag(rng.uniform(-1, 1, n)),
        "nilpotent": lambda: orthogonal @ np.triu(rng.standard_normal((n, n)), 1) @ orthogonal.T,
        "jordan": lambda: np.eye(n) + np.eye(n, k=1),
        "permutation": lambda: np.eye(n)[rng.permutation(n)],
        "rank_one": lambda: np.outer(rng.standard_normal(n), rng.standard_normal(n)),
        "zero_row": lambda: gaussian * (np.arange(n) > 0)[:, None],
    }
    return np.asarray(scale * made[kind]())


def square_matrices(
    *, sizes: tuple[int, int] = (1, 6), kinds: Sequence[str] = KINDS, scales: tuple[float, float] = (0.05, 4.0)
) -> SearchStrategy[Array]:
    """Matrices (n, n) of the named kinds, n in ``sizes``, multiplied by a factor in ``scales``; they shrink to small n.

    Raises ValueError for an unknown kind, sizes below 1 or scales that are not positive.

    >>> square_matrices(sizes=(2, 2), kinds=["jordan"], scales=(1.0, 1.0)).example().tolist()  # doctest: +SKIP
    [[1.0, 1.0], [0.0, 1.0]]
    """
    unknown = [kind for kind in kinds if kind not in KINDS]
    if unknown or not kinds:
        raise ValueError(f"kinds must be some of {', '.join(KINDS)}, got {list(kinds)!r}")
    if not 1 <= sizes[0] <= sizes[1]:
        raise ValueError(f"sizes must satisfy 1 <= smallest <= largest, got {sizes!r}")
    if not 0 < scales[0] <= scales[1] < np.inf:
        raise ValueError(f"scales must satisfy 0 < smallest <= largest < inf, got {scales!r}")
    return st.builds(
        _matrix, st.sampled_from(list(kinds)), st.integers(*sizes), st.floats(*scales), st.integers(0, 2**32 - 1)
    )


def networks(
    *,
    cell: Cell | str = "elman",
    sizes: tuple[int, int] = (1, 6),
    inputs: tuple[int, int] = (1, 3),
    kinds: Sequence[str] = KINDS,
    scales: tuple[float, float] = (0.05, 4.0),
) -> SearchStrategy[Network]:
    """Networks of one cell whose recurrent blocks are `square_matrices`, with Gaussian input matrices and biases.

    ``cell`` is a Cell or the name of one that ships with the package; m is in ``inputs``. Raises ValueError as
    `square_matrices` does and for an unknown cell or inputs below 1.
    """
    chosen = cells.get(cell) if isinstance(cell, str) else cell
    if not 1 <= inputs[0] <= inputs[1]:
        raise ValueError(f"inputs must satisfy 1 <= smallest <= largest, got {inputs!r}")
    square_matrices(sizes=sizes, kinds=kinds, scales=scales)  # the arguments are checked here, not when drawing
    return _drawn(chosen, sizes, inputs, tuple(kinds), scales)


@st.composite
def _drawn(
    draw: st.DrawFn,
    cell: Cell,
    sizes: tuple[int, int],
    inputs: tuple[int, int],
    kinds: tuple[str, ...],
    scales: tuple[float, float],
) -> Network:
    n, m = draw(st.integers(*sizes)), draw(st.integers(*inputs))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    blocks = square_matrices(sizes=(n, n), kinds=kinds, scales=scales)
    parameters: dict[str, Array] = {}
    for p in cell.parameters:
        if p.kind == "matrix" and p.columns == "n":
            parameters[p.name] = np.vstack([draw(blocks) for _ in range(p.blocks)])
        elif p.kind == "matrix":
            parameters[p.name] = rng.standard_normal((p.blocks * n, m))
        else:
            parameters[p.name] = rng.standard_normal(p.blocks * n if p.kind == "bias" else ())
    return Network(cell, parameters)
