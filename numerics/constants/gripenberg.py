r"""jsr <= c by branch and bound over words: every long product is one of products A_w with ||A_w|| <= c^|w|.

For matrices A_1, ..., A_m and a word w = (w_1, ..., w_k) let A_w = A_(w_k) ... A_(w_1). Cut every branch of the tree of words
at its first word with ||A_w|| <= c^|w|, in any norm. If all branches are cut, every word v is w^1 ... w^j u with words w^i
where a branch was cut and u of bounded length, so ||A_v|| <= K c^|v| and jsr <= c (Gripenberg 1996). At any moment of
the search the least such c is

    max over the ends w of branches of min over k <= |w| of ||A_(w_1 ... w_k)||^(1/k).

The branch with the largest minimum is extended next; none is extended below ``wanted`` = (1 + gap) times the largest
rho(A_w)^(1/|w|) seen, so that the search ends with the relative gap or with its means. Radii and roots guide it and are
plain floats: what is claimed is the last c alone, checked word by word.

**Rounding.** Let the exact matrices be A_i with ||A_i - B_i||_2 <= e_i, floats B_i and beta_i >= ||B_i||_2 + e_i. With
||A_w - X_w||_2 <= E_w for the float product X_w, and X_wi = fl(B_i X_w),

    ||A_wi - X_wi||_2 <= beta_i E_w + e_i ||X_w||_2 + n gamma_n ||B_i||_2 ||X_w||_2,

from A_i (A_w - X_w), (A_i - B_i) X_w and the rounding of the product, at most gamma_n |B_i| |X_w| with ||.||_F <= sqrt(n) ||.||_2
for both factors. ||A_w||_2 <= ||X_w||_2 + E_w is compared with c^|w|, a product rounded down. n 2^-1000 covers the underflow
of a product.

Main definitions: `Tree`, `branch_and_bound`.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..certify import SLACK, TINY, gamma
from ..enclosure import exact
from .ellipsoid import Similar
from .many_norms import Stack, Vector, norms_above

Indices = NDArray[np.intp]
WIDTH = 512  # products at a time
SPELLED = 400  # rows of all factors of the best product at most, so that its rate can be enclosed
LONGEST = 400  # no word is longer, so that no product of norms overflows


class Tree(NamedTuple):
    """The words that were looked at: word k is word ``parents[k]`` followed by ``letters[k]``, the first m have no parent.

    ``upper`` >= jsr; ``bounds`` >= ||A_w|| in the norm of the search; ``rate`` is about the largest rho(A_w)^(1/|w|) seen, that
    of ``word``, or the one known before, and then ``word`` is empty.
    """

    parents: Indices
    letters: Indices
    lengths: Indices
    bounds: Vector
    upper: float
    rate: float
    word: tuple[int, ...]

    def spell(self, index: int) -> tuple[int, ...]:
        """Word number ``index``, the letter that is applied first comes first."""
        letters = []
        while index >= 0:
            letters.append(int(self.letters[index]))
            index = int(self.parents[index])
        return tuple(reversed(letters))

    def code(self, rate: float) -> list[tuple[int, ...]] | None:
        """The words where the branches are cut for c = rate, or None if a branch has no such word."""
        cut = self.bounds <= _powers_below(rate, int(self.lengths.max()))[self.lengths]
        if not _all_cut(self, cut):
            return None
        before = np.append(_inherited(self, cut, np.logical_or), False)[self.parents]  # no parent: the last entry
        return [self.spell(int(k)) for k in np.flatnonzero(cut & ~before)]


class _Nodes(NamedTuple):
    """Words with their float products X, bounds of ||X||_2, the bounds E, and min over k of ||A_(w_1 ... w_k)||^(1/k)."""

    numbers: Indices
    products: Stack
    sizes: Vector
    errors: Vector
    least: Vector
    lengths: Indices

    def take(self, chosen: Indices | NDArray[np.bool_]) -> _Nodes:
        numbers, products, sizes, errors, least, lengths = self
        return _Nodes(numbers[chosen], products[chosen], sizes[chosen], errors[chosen], least[chosen], lengths[chosen])

    def beside(self, other: _Nodes) -> _Nodes:
        joined: list[Any] = [np.concatenate(pair) for pair in zip(self, other, strict=True)]
        return _Nodes(*joined)


def branch_and_bound(matrices: Similar, *, gap: float, products: int, known: float = 0.0) -> Tree:
    """The tree after so many products at most; its ``upper`` is proved whatever the means.

    ``known`` is a rate that some product is known to have. The matrices should have norms near 1. ``word`` has at most 400/n
    letters, so that its rate can be enclosed.

    >>> pair = np.array([[[1.0, 1.0], [0.0, 1.0]], [[1.0, 0.0], [1.0, 1.0]]]) / 2
    >>> tree = branch_and_bound(Similar(pair, np.zeros(2)), gap=1e-4, products=1000)
    >>> tree.word, 2 * tree.upper < 1.6182
    ((0, 1), True)
    """
    B, m = matrices.stack, len(matrices.stack)
    n = B.shape[-1]
    sizes = norms_above(B)
    beta = (sizes + matrices.errors) * SLACK
    rounding = matrices.errors + n * gamma(n) * sizes * SLACK
    letters = np.arange(m)
    front = _Nodes(letters, B, sizes, matrices.errors, beta, np.ones(m, dtype=np.intp))
    parents, added, lengths, bounds = [np.full(m, -1)], [letters], [front.lengths], [beta]
    radii = _radii(B)
    rate, champion, used = known, -1, m
    if radii.max() > rate * (1 + 1e-12):
        rate, champion = float(radii.max()), int(np.argmax(radii))
    front = front.take(front.least > rate * (1 + gap))
    while len(front.numbers) and used + m <= products:
        order = np.argsort(-front.least, kind="stable")
        number = max(min(len(order), WIDTH // m, (products - used) // m), 1)
        taken, front = front.take(order[:number]), front.take(order[number:])
        if int(taken.lengths.max()) >= LONGEST:
            break
        X = (B[None] @ taken.products[:, None]).reshape(-1, n, n)
        errors = ((taken.errors[:, None] * beta + taken.sizes[:, None] * rounding) * SLACK + n * TINY).ravel() * SLACK
        sizes_X = norms_above(X)
        norms = (sizes_X + errors) * SLACK
        longer = np.repeat(taken.lengths + 1, m)
        numbers = np.arange(used, used + len(X))
        least = np.minimum(np.repeat(taken.least, m), norms ** (1 / longer))
        parents.append(np.repeat(taken.numbers, m))
        added.append(np.tile(letters, number))
        lengths.append(longer)
        bounds.append(norms)
        used += len(X)
        children = _Nodes(numbers, X, sizes_X, errors, least, longer)
        children = children.take(least > rate * (1 + gap))
        if len(children.numbers):
            grown = _radii(children.products) ** (1 / children.lengths)
            grown[children.lengths > SPELLED / n] = 0.0
            top = int(np.argmax(grown))
            if grown[top] > rate * (1 + 1e-12):
                rate, champion = float(grown[top]), int(children.numbers[top])
                front = front.take(front.least > rate * (1 + gap))
                children = children.take(children.least > rate * (1 + gap))
        front = front.beside(children)
    words = np.concatenate(parents), np.concatenate(added), np.concatenate(lengths), np.concatenate(bounds)
    found = Tree(*words, math.inf, rate, ())
    return found._replace(upper=_cut_rate(found), word=found.spell(champion))


def _radii(X: Stack) -> Vector:
    """Spectral radii in floats; 0 where there is none."""
    finite = np.asarray(np.isfinite(X).all(axis=(1, 2)))
    X = np.where(finite[:, None, None], X, 0.0)
    if X.shape[-1] == 2:
        with np.errstate(over="ignore", invalid="ignore"):
            half = (X[:, 0, 0] + X[:, 1, 1]) / 2
            rest = ((X[:, 0, 0] - X[:, 1, 1]) / 2) ** 2 + X[:, 0, 1] * X[:, 1, 0]
            determinant = half**2 - rest
            found = np.where(rest >= 0, np.abs(half) + np.sqrt(np.abs(rest)), np.sqrt(np.abs(determinant)))
        return np.where(np.isfinite(found), found, 0.0)
    radii: Vector = np.abs(np.linalg.eigvals(X)).max(axis=1)
    return radii


def _cut_rate(tree: Tree) -> float:
    """A float c at which all branches are cut, nearly the least."""
    with np.errstate(divide="ignore"):
        least = tree.bounds ** (1 / tree.lengths)
    least = _inherited(tree, np.where(np.isnan(least), math.inf, least), np.minimum)
    ends = np.ones(len(least), dtype=bool)
    ends[tree.parents[tree.parents >= 0]] = False
    rate = float(least[ends].max())
    longest = int(tree.lengths.max())
    for margin in (0.0, 1e-15, 1e-14, 1e-13, 1e-12):
        c = rate * (1 + margin)
        if not math.isfinite(c):
            break
        if _all_cut(tree, tree.bounds <= _powers_below(c, longest)[tree.lengths]):
            return c
    return math.inf


def _all_cut(tree: Tree, cut: NDArray[np.bool_]) -> bool:
    """Whether every branch of the tree has a word that is cut."""
    inner = np.zeros(len(cut), dtype=bool)
    inner[tree.parents[tree.parents >= 0]] = True
    return bool((_inherited(tree, cut, np.logical_or) | inner).all())


def _inherited(tree: Tree, values: NDArray[Any], combine: np.ufunc) -> NDArray[Any]:
    """The values of every word combined with those of all its beginnings, one length after the other."""
    found = values.copy()
    order = np.argsort(tree.lengths, kind="stable")
    for layer in np.split(order, np.flatnonzero(np.diff(tree.lengths[order])) + 1)[1:]:
        found[layer] = combine(found[layer], found[tree.parents[layer]])
    return found


def _powers_below(rate: float, longest: int) -> Vector:
    """Lower bounds of rate^0, ..., rate^longest."""
    powers, power = [1.0], exact(1.0)
    for _ in range(longest):
        power = power * rate
        powers.append(power.lower)
    return np.array(powers)
