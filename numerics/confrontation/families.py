r"""Families of recurrent matrices W (n, n) on which wrong laws break, and examples made of them.

Each family is drawn at its own size: ``contractive`` has ||W||_2 < 1 and ``non_contractive`` ||W||_2 > 1, ``jordan`` and
``permutation`` have rho(W) = 1, ``nilpotent`` W^n = 0, ``non_normal`` rho(W) <= 1 with large entries above the diagonal,
``tied_gaussian`` entries N(0, 1/n), ``schaefer`` entries U[-r, r] with r = sqrt(3/(c n)) at connectivity c, so that a
row has variance 1 in the mean, ``complex_dominant`` a pair of eigenvalues r e^(+-i theta) beyond all others. The matrix of
``saturated`` is Gaussian; its biases push the units where their slopes are almost those at infinity.

Main definitions: `FAMILIES`, `matrix`, `example`, `example_of`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from types import MappingProxyType

import numpy as np

from ...theory import activations, cells
from ...theory.activations import Activation
from ...theory.language import Cell
from ..axes import Array
from ..network import Network
from ..simulate import Rng, generator
from .law import Example

__all__ = ["FAMILIES", "example", "example_of", "matrix"]

SATURATING = (4.0, 12.0)  # moduli of the biases that saturate
UNITS = (1, 5)  # of an example, unless given
STEPS = (1, 12)
SCALES = (-2.0, 0.7)  # log10 of the standard deviation of the inputs


def matrix(family: str, n: int, rng: np.random.Generator) -> Array:
    """A matrix W (n, n) of the family, drawn from ``rng``.

    Raises ValueError for an unknown family and for n below 1.

    >>> matrix("jordan", 2, np.random.default_rng(0)).tolist()
    [[1.0, 1.0], [0.0, 1.0]]
    >>> W = matrix("nilpotent", 3, np.random.default_rng(0))
    >>> bool(np.abs(W @ W @ W).max() < 1e-12)
    True
    """
    if family not in FAMILIES:
        raise ValueError(f"family must be one of {', '.join(FAMILIES)}, got {family!r}")
    if not isinstance(n, int | np.integer) or isinstance(n, bool) or n < 1:
        raise ValueError(f"n must be an integer of at least 1, got {n!r}")
    return np.asarray(FAMILIES[family](int(n), rng), dtype=float)


def example(
    family: str,
    *,
    n: int | None = None,
    steps: int | None = None,
    samples: int = 1,
    rng: Rng = None,
    activation: Activation | None = None,
    untied: bool = False,
) -> Example:
    """An Elman network h_t = phi(W h_{t-1} + B u_t + b) of the family, with Gaussian inputs and initial state.

    Units (1 to 5), steps (1 to 12) and phi (one of the nine built-in activations) are drawn unless given, and so is the
    scale of the inputs, 0.01 to 5. With ``untied`` every step has a copy W_t of its own, of the same law. Raises ValueError
    as `matrix` does and for steps or samples below 1, TypeError for what is no activation.

    >>> found = example("contractive", n=3, steps=4, rng=0, activation=activations.Tanh())
    >>> found.network, found.inputs.shape, found.initial.shape
    (Network(elman, n=3, m=1, float64), (4, 1, 1), (3, 1))
    >>> print(found)
    contractive, n = 3, T = 4
    """
    for name, number in (("steps", 1 if steps is None else steps), ("samples", samples)):
        if not isinstance(number, int | np.integer) or isinstance(number, bool) or number < 1:
            raise ValueError(f"{name} must be an integer of at least 1, got {number!r}")
    if not (activation is None or isinstance(activation, Activation)):
        raise TypeError(f"activation must be an Activation, got {activation!r}")
    chosen = generator(rng)
    n = int(chosen.integers(UNITS[0], UNITS[1] + 1)) if n is None else n
    steps = int(chosen.integers(STEPS[0], STEPS[1] + 1)) if steps is None else steps
    every = activations.all()
    phi = every[chosen.integers(len(every))] if activation is None else activation
    W = np.array([matrix(family, n, chosen) for _ in range(steps)]) if untied else matrix(family, n, chosen)
    return example_of(W, steps=steps, activation=phi, family=family, samples=samples, rng=chosen)


def example_of(
    W: Array,
    *,
    steps: int,
    activation: Activation,
    family: str,
    inputs: int | None = None,
    samples: int = 1,
    rng: Rng = None,
) -> Example:
    """An Elman network with the recurrent matrix W (n, n), or copies (T, n, n), in the surroundings of `example`.

    ``inputs`` m is 1 or 2 unless given.

    >>> found = example_of(np.eye(2), steps=3, activation=activations.Relu(), family="identity matrix", rng=0)
    >>> found.network.tied, found.steps, found.network.parameters["W"].tolist()
    (True, 3, [[1.0, 0.0], [0.0, 1.0]])
    """
    chosen = generator(rng)
    n = W.shape[-1]
    m = int(chosen.integers(1, 3)) if inputs is None else inputs
    bias = np.asarray(chosen.standard_normal((n,)) * 0.3)
    if family == "saturated":
        bias = chosen.choice([-1.0, 1.0], n) * chosen.uniform(*SATURATING, n)
    scale = 10.0 ** chosen.uniform(*SCALES)
    return Example(
        Network(
            _elman(activation),
            {"W": W, "B": chosen.standard_normal((n, m)), "b": bias},
            untied=W.ndim == 3,
        ),
        chosen.standard_normal((steps, m, samples)) * scale,
        np.tanh(chosen.standard_normal((n, samples))),
        family,
        seed=int(chosen.integers(2**32)),
    )


@lru_cache(maxsize=32)
def _elman(activation: Activation) -> Cell:
    """One cell per activation, so that its kernels are compiled once."""
    return cells.get("elman", activation=activation)


def _gaussian(n: int, rng: np.random.Generator) -> Array:
    return np.asarray(rng.standard_normal((n, n)) / np.sqrt(n))


def _orthogonal(n: int, rng: np.random.Generator) -> Array:
    """Of the Haar measure: the signs of R are moved into Q."""
    Q, R = np.linalg.qr(rng.standard_normal((n, n)))
    return np.asarray(Q * np.where(np.diag(R) < 0, -1.0, 1.0))


def _of_norm(n: int, rng: np.random.Generator, low: float, high: float) -> Array:
    drawn = _gaussian(n, rng)
    return np.asarray(drawn * (rng.uniform(low, high) / np.linalg.norm(drawn, 2)))


def _normal(n: int, rng: np.random.Generator) -> Array:
    Q = _orthogonal(n, rng)
    return np.asarray(Q @ np.diag(rng.uniform(-1, 1, n)) @ Q.T)


def _non_normal(n: int, rng: np.random.Generator) -> Array:
    return np.asarray(np.triu(_gaussian(n, rng) * 10, 1) + np.diag(rng.uniform(-1, 1, n)))


def _nilpotent(n: int, rng: np.random.Generator) -> Array:
    Q = _orthogonal(n, rng)
    return np.asarray(Q @ np.triu(rng.standard_normal((n, n)), 1) @ Q.T)


def _schaefer(n: int, rng: np.random.Generator) -> Array:
    connectivity = rng.uniform(0.2, 1.0)
    r = np.sqrt(3 / (connectivity * n))
    return np.asarray(rng.uniform(-r, r, (n, n)) * (rng.random((n, n)) < connectivity))


def _complex_dominant(n: int, rng: np.random.Generator) -> Array:
    """The pair r e^(+-i theta) in a basis that is not orthogonal; +-r for one unit."""
    r, angle = rng.uniform(0.8, 1.2), rng.uniform(0.3, np.pi - 0.3)
    inner = np.diag(rng.uniform(-0.6, 0.6, n) * r)
    inner[0, 0] = r if n == 1 else inner[0, 0]
    if n > 1:
        inner[:2, :2] = r * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    basis = np.eye(n) + 0.5 * np.triu(_gaussian(n, rng), 1)
    return np.asarray(basis @ inner @ np.linalg.inv(basis))


FAMILIES: Mapping[str, Callable[[int, np.random.Generator], Array]] = MappingProxyType(
    {
        "contractive": lambda n, rng: _of_norm(n, rng, 0.3, 0.97),
        "non_contractive": lambda n, rng: _of_norm(n, rng, 1.1, 3.0),
        "non_normal": _non_normal,
        "nilpotent": _nilpotent,
        "jordan": lambda n, rng: np.eye(n) + np.eye(n, k=1),
        "saturated": _gaussian,
        "orthogonal": _orthogonal,
        "normal": _normal,
        "tied_gaussian": _gaussian,
        "schaefer": _schaefer,
        "rank_one": lambda n, rng: np.outer(rng.standard_normal(n), rng.standard_normal(n)),
        "permutation": lambda n, rng: np.eye(n)[rng.permutation(n)],
        "complex_dominant": _complex_dominant,
        "zero_row": lambda n, rng: _gaussian(n, rng) * (np.arange(n) > 0)[:, None],
    }
)
