"""Hypothesis strategies for recurrent networks: matrices of the kinds that break wrong laws, networks and examples of them.

Main definitions: `KINDS`, `square_matrices`, `networks`, `examples`, `examples_of`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from numpy.typing import NDArray

from ..numerics import Network
from ..numerics.confrontation import families as drawn
from ..numerics.confrontation.copies import of_radius_one
from ..numerics.confrontation.law import Example, Law
from ..numerics.confrontation.same_gradient import gated
from ..theory import activations as built_in
from ..theory import cells
from ..theory.activations import Activation
from ..theory.language import Cell

Array = NDArray[np.float64]
_ALSO = {"gaussian": "tied_gaussian", "nonnormal": "non_normal"}  # shorter names of two families
KINDS = (*_ALSO, *(name for name in drawn.FAMILIES if name not in (*_ALSO.values(), "saturated")))
PLAIN = "plain"  # the family of small whole numbers and halves
FAMILIES = (PLAIN, *drawn.FAMILIES)
NUMBERS = (0.0, 1.0, -1.0, 2.0, -2.0, 0.5, -0.5)  # the simplest first


def _matrix(kind: str, n: int, scale: float, seed: int) -> Array:
    return scale * drawn.matrix(_ALSO.get(kind, kind), n, np.random.default_rng(seed))


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


def examples(
    *,
    families: Sequence[str] = FAMILIES,
    sizes: tuple[int, int] = (1, 4),
    steps: tuple[int, int] = (1, 8),
    activations: Sequence[Activation] | None = None,
    untied: bool = False,
) -> SearchStrategy[Example]:
    """Examples of the confrontation: Elman networks of the families with inputs and an initial state, T in ``steps``.

    The family *plain* has small whole numbers and halves as weights, and so have *contractive* (halved until ||W||_2 <
    0.97), *nilpotent* and *non_normal* (triangular ones) in half of the draws: witnesses shrink to few units, few steps and
    such numbers. ``activations`` are the nine built-in ones unless given. With ``untied`` every step has a copy of its own.
    Raises ValueError for an unknown family, no activation, and sizes or steps out of order or below 1, TypeError for a string
    in place of families, numbers that are no integers and what is no activation.

    >>> example = examples(families=["jordan"], sizes=(2, 2), steps=(3, 3)).example()  # doctest: +SKIP
    >>> example.network.parameters["W"].tolist(), example.steps  # doctest: +SKIP
    ([[1.0, 1.0], [0.0, 1.0]], 3)
    """
    if isinstance(families, str):
        raise TypeError(f"families must be a sequence of names, got {families!r}")
    unknown = [family for family in families if family not in FAMILIES]
    if unknown or not families:
        raise ValueError(f"families must be some of {', '.join(FAMILIES)}, got {list(families)!r}")
    for name, pair in (("sizes", sizes), ("steps", steps)):
        if not _is_pair(pair):
            raise TypeError(f"{name} must be two integers, got {pair!r}")
        if not 1 <= pair[0] <= pair[1]:
            raise ValueError(f"{name} must satisfy 1 <= smallest <= largest, got {pair!r}")
    chosen = _built_in() if activations is None else tuple(activations)
    if not chosen:
        raise ValueError("activations must hold at least one activation, got none")
    wrong = [phi for phi in chosen if not isinstance(phi, Activation)]
    if wrong:
        raise TypeError(f"activations must be instances of Activation, got {wrong[0]!r}")
    return _example(tuple(families), sizes, steps, chosen, untied=untied)


def _is_pair(pair: object) -> bool:
    """Whether it is a sequence of two integers."""
    return (
        isinstance(pair, Sequence)
        and len(pair) == 2
        and all(isinstance(x, int | np.integer) and not isinstance(x, bool) for x in pair)
    )


def _built_in() -> tuple[Activation, ...]:
    return (built_in.Identity(), *built_in.all()[:-1])  # the simplest first


@st.composite
def _example(
    draw: st.DrawFn,
    families: tuple[str, ...],
    sizes: tuple[int, int],
    steps: tuple[int, int],
    chosen: tuple[Activation, ...],
    *,
    untied: bool,
) -> Example:
    weighted = (*[PLAIN] * (len(families) - 1), *families) if PLAIN in families else families  # half of the draws
    family, n, T = draw(st.sampled_from(weighted)), draw(st.integers(*sizes)), draw(st.integers(*steps))
    copies = np.array([draw(_weights(family, n)) for _ in range(T if untied else 1)])
    m = draw(st.integers(1, 2))
    seed = draw(st.integers(0, 2**32 - 1))
    surroundings = drawn.example_of(
        copies if untied else copies[0],
        steps=T,
        activation=draw(st.sampled_from(chosen)),
        family=family,
        inputs=m,
        rng=seed,
    )
    if family != "saturated" and draw(st.booleans()) is False:  # plain surroundings: one number each
        network = surroundings.network.replace(B=np.eye(n, m), b=np.full(n, draw(st.sampled_from(NUMBERS))))
        inputs = np.full((T, m, 1), draw(st.sampled_from(NUMBERS)))
        return Example(network, inputs, np.full((n, 1), draw(st.sampled_from(NUMBERS))), family, seed=seed)
    return surroundings


def _weights(family: str, n: int) -> SearchStrategy[Array]:
    """Matrices of a family, with entries that are easy to read first where the family has such."""
    plain = st.lists(st.sampled_from(NUMBERS), min_size=n * n, max_size=n * n).map(lambda x: np.array(x).reshape(n, n))
    of_seed = st.integers(0, 2**32 - 1).map(lambda seed: drawn.matrix(family, n, np.random.default_rng(seed)))
    match family:
        case "plain":
            return plain
        case "contractive":
            return plain.map(_halved) | of_seed
        case "nilpotent":
            return plain.map(lambda W: np.triu(W, 1)) | of_seed
        case "non_normal":
            return plain.map(lambda W: np.triu(W, 1) + np.diag(np.clip(np.diag(W), -1, 1))) | of_seed
    return of_seed


def examples_of(law: Law) -> SearchStrategy[Example]:
    """Examples for a law of the confrontation: by `examples` where it speaks of them, else by the law's own draw.

    Those of the draw shrink to a small seed only. Not every example need be one on which the law applies.

    >>> from errorflow.numerics.confrontation.norm_bounds import laws
    >>> examples_of(laws()[0]).example().network.tied  # doctest: +SKIP
    True
    """
    found = _of_law(law)
    if found is None:
        return st.integers(0, 2**32 - 1).map(lambda seed: law.draw(np.random.default_rng(seed)))
    return found


def _of_law(law: Law) -> SearchStrategy[Example] | None:
    linear, curved = [built_in.Identity()], _built_in()[1:]
    topic, _, rest = law.id.partition(":")
    match topic, rest:
        case "spectral_radius", "shared":
            return examples(activations=linear)
        case _, "shared":
            return examples()
        case "undecided", "copies":
            return examples(untied=True, sizes=(1, 2), steps=(2, 3))
        case _, "copies":
            return examples(untied=True)
        case "norm_bounds", "identical":
            return examples(sizes=(1, 3))
        case "masked_growth", "some_slopes":
            return examples(sizes=(1, 2), steps=(1, 1))
        case "sharp_uniform" | "credit", "attained":
            return None
        case "sharp_uniform", "violated_by_copies":
            return _integer_copies()
        case "sharp_uniform", _:
            return examples(sizes=(1, 3), steps=(1, 1), activations=[phi for phi in _built_in() if _rises(phi)])
        case _, "attained":
            return examples(families=[PLAIN, "permutation"], sizes=(1, 2), steps=(1, 4), activations=linear)
        case "total_gradient", "tail" | "lag_part":
            return examples(families=["contractive"], steps=(2, 10))
        case "total_gradient", "two_routes":
            return examples()
        case "undecided", "vanishing" | "no_bound_below_growth":
            return examples(sizes=(1, 2), steps=(1, 1))
        case "undecided", "growing":
            kinds = [PLAIN, "nilpotent", "non_normal", "non_contractive"]
            return examples(families=kinds, sizes=(1, 2), steps=(1, 1), activations=curved)
        case "same_gradient", "elman":
            return examples(sizes=(1, 3), steps=(1, 4))
        case "same_gradient", cell:
            return st.builds(
                lambda family, n, steps, seed: gated(cell, family, n=n, steps=steps, rng=np.random.default_rng(seed)),
                st.sampled_from(list(drawn.FAMILIES)),
                st.integers(1, 2),
                st.integers(1, 3),
                st.integers(0, 2**32 - 1),
            )
    return None


def _rises(phi: Activation) -> bool:
    """Whether no slope is negative."""
    return phi.slope_range is not None and bool(phi.slope_range.lower >= 0)


@st.composite
def _integer_copies(draw: st.DrawFn) -> Example:
    """A linear network of copies of small whole numbers, each scaled to numerical radius 1."""
    n, steps = draw(st.integers(2, 3)), draw(st.integers(2, 6))
    entry = st.integers(-2, 2).map(float)
    pair = draw(st.lists(st.lists(entry, min_size=n * n, max_size=n * n), min_size=2, max_size=2))
    W = of_radius_one(np.array(pair).reshape(2, n, n))[np.arange(steps) % 2]
    return drawn.example_of(W, steps=steps, activation=built_in.Identity(), family="integer copies", rng=0)


def _halved(W: Array) -> Array:
    """W divided by the least power of two that makes its norm less than 0.97."""
    while np.linalg.norm(W, 2) >= 0.97:
        W = W / 2
    return W
