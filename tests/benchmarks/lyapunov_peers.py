r"""Full Lyapunov spectra lambda_i = (1/T) log R_ii of J_T ... J_1 = Q R, in nats per step: seven methods and their floor.

A method is given a network h_t = tanh(W h_{t-1}), J_t = diag(1 - h_t^2) W, or the Jacobians themselves. Given a network,
each takes the step and the slopes itself, so that all do equal work; the floor alone is a bare product W Q per step.

Main definitions: `Method`, `METHODS`, `FLOOR`, `ours`, `trajectory`.
"""

from __future__ import annotations

import functools
import importlib.metadata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg.blas import dgemm
from scipy.linalg.lapack import dgeqrf, dorgqr, dormqr

from errorflow.numerics import Network
from errorflow.numerics.lyapunov import lyapunov_spectrum
from errorflow.numerics.simulate import Trajectory, simulate
from errorflow.theory import cells

Array = NDArray[np.float64]
Ready = Callable[[], Array]
BLOCK = 64  # columns per block of a LAPACK reflector; the work arrays are that many times n


@dataclass(frozen=True)
class Method:
    """A way to the full spectrum. ``network(W, h, T)`` compiles and returns what is timed.

    ``most(n)`` is the number of steps beyond which a slow method is not timed, ``begins`` how many steps' worth of work it
    does before the first one, ``start(n)`` its first frame.
    """

    name: str
    network: Callable[[Array, Array, int], Ready]
    jacobians: Callable[[Array], Array]
    packages: tuple[str, ...] = ("numpy",)
    most: Callable[[int], int] | None = None
    begins: int = 0
    start: Callable[[int], Array] = np.eye

    @property
    def version(self) -> str | None:
        """The versions of its packages, None if one is not installed."""
        try:
            return ", ".join(f"{name} {importlib.metadata.version(name)}" for name in self.packages)
        except importlib.metadata.PackageNotFoundError:
            return None

    def steps(self, n: int, steps: int) -> int:
        """The number of steps that it is timed for."""
        return min(steps, self.most(n)) if self.most else steps


# --- NumPy and LAPACK ------------------------------------------------------------------------------------
Factors = Iterator[tuple[Array, Array]]  # the slopes and the matrix of each step


def _simulated(W: Array, h: Array, steps: int) -> Factors:
    for _ in range(steps):
        h = np.tanh(W @ h)
        yield 1 - h * h, W


def _given(jacobians: Array) -> Factors:
    one = np.ones(jacobians.shape[1])
    return ((one, J) for J in jacobians)


def _obvious(n: int, steps: int, factors: Factors) -> Array:
    Q, total = np.eye(n), np.zeros(n)
    for slopes, M in factors:
        Q, R = np.linalg.qr((slopes[:, None] * M) @ Q)
        total += np.log(np.abs(np.diagonal(R)))
    return total / steps


def _explicit(Z: Array, tau: Array) -> Array:
    return dorgqr(Z, tau, lwork=BLOCK * len(Z), overwrite_a=True)[0]


def _applied(Z: Array, tau: Array) -> Array:
    identity = np.eye(len(Z), order="F")
    return dormqr("L", "N", Z, tau, identity, lwork=BLOCK * len(Z), overwrite_c=True)[0]


def _lapack(n: int, steps: int, factors: Factors, *, frame: Callable[[Array, Array], Array]) -> Array:
    Q, total = np.eye(n, order="F"), np.zeros(n)
    for slopes, M in factors:
        Z = dgemm(1.0, M.T, Q, trans_a=True)  # M.T is in Fortran order: BLAS takes it without a copy
        Z *= slopes[:, None]
        Z, tau, _, _ = dgeqrf(Z, lwork=BLOCK * n, overwrite_a=True)
        total += np.log(np.abs(np.diagonal(Z)))
        Q = frame(Z, tau)
    return total / steps


def _looping(name: str, loop: Callable[[int, int, Factors], Array], packages: tuple[str, ...]) -> Method:
    return Method(
        name,
        lambda W, h, steps: lambda: loop(len(W), steps, _simulated(W, h, steps)),
        lambda J: loop(J.shape[1], len(J), _given(J)),
        packages,
    )


def _bare_products(W: Array, h: Array, steps: int) -> Ready:
    Q = np.linalg.qr(W)[0]

    def run() -> Array:
        Z = np.empty_like(Q)
        for _ in range(steps):
            np.matmul(W, Q, out=Z)
        return Z

    return run


# --- errorflow -------------------------------------------------------------------------------------------
def trajectory(W: Array, h: Array, steps: int) -> Trajectory:
    """The orbit without inputs of one network, W (n, n) and h (n,), or of a batch, (nets, n, n) and (nets, n)."""
    front, n = W.shape[:-2], W.shape[-1]
    parameters = {"W": W, "B": np.zeros((*front, n, 1)), "b": np.zeros((*front, n))}
    network = Network(cells.get("elman"), parameters, batched=bool(front))
    return simulate(network, np.zeros((steps, *front, 1, 1)), initial=h[..., None])


def ours(W: Array, h: Array, steps: int) -> Ready:
    """Of one network or of a batch."""
    return lambda: lyapunov_spectrum(trajectory(W, h, steps), count=W.shape[-1]).exponents


# --- JAX -------------------------------------------------------------------------------------------------
@functools.cache
def _jax() -> Any:
    import jax

    jax.config.update("jax_enable_x64", True)
    return jax


def _jax_scan(advance: Callable[[Any, Any], tuple[Any, Any, Any]], n: int, steps: int) -> Callable[[Any, Any], Any]:
    """The sum over steps as a function of the first state and of what is scanned over."""
    jax = _jax()

    def step(carry: Any, each: Any) -> Any:
        state, Q, total = carry
        state, slopes, M = advance(state, each)
        Q, R = jax.numpy.linalg.qr((slopes[:, None] * M) @ Q)
        return (state, Q, total + jax.numpy.log(jax.numpy.abs(jax.numpy.diagonal(R)))), None

    def run(state: Any, scanned: Any) -> Any:
        start = (state, jax.numpy.eye(n), jax.numpy.zeros(n))
        return jax.lax.scan(step, start, scanned, length=steps)[0][2] / steps

    return run


def _jax_network(W: Array, h: Array, steps: int) -> Ready:
    jax = _jax()

    def advance(state: Any, each: Any) -> tuple[Any, Any, Any]:
        weights, h = state
        h = jax.numpy.tanh(weights @ h)
        return (weights, h), 1 - h * h, weights

    state = (jax.numpy.asarray(W), jax.numpy.asarray(h))
    compiled = jax.jit(_jax_scan(advance, len(W), steps)).lower(state, None).compile()
    return lambda: np.asarray(compiled(state, None))


def _jax_jacobians(J: Array) -> Array:
    jax = _jax()
    one = jax.numpy.ones(J.shape[1])
    run = jax.jit(_jax_scan(lambda state, each: (state, one, each), J.shape[1], len(J)))
    return np.asarray(run(0.0, jax.numpy.asarray(J)))


# --- PyTorch ---------------------------------------------------------------------------------------------
def _torch_loop(n: int, steps: int, factors: Iterable[tuple[Any, Any]]) -> Array:
    import torch

    torch.set_num_threads(1)
    Q, total = torch.eye(n, dtype=torch.float64), torch.zeros(n, dtype=torch.float64)
    with torch.inference_mode():
        for slopes, M in factors:
            Q, R = torch.linalg.qr((slopes[:, None] * M) @ Q)
            total += torch.log(torch.abs(torch.diagonal(R)))
    return (total / steps).numpy()


def _torch_network(W: Array, h: Array, steps: int) -> Ready:
    import torch

    def simulated() -> Iterator[tuple[Any, Any]]:
        weights, state = torch.from_numpy(W), torch.from_numpy(h)
        for _ in range(steps):
            state = torch.tanh(weights @ state)
            yield 1 - state * state, weights

    return lambda: _torch_loop(len(W), steps, simulated())


def _torch_jacobians(J: Array) -> Array:
    import torch

    one = torch.ones(J.shape[1], dtype=torch.float64)
    return _torch_loop(J.shape[1], len(J), ((one, torch.from_numpy(each)) for each in J))


# --- pynamicalsys ----------------------------------------------------------------------------------------
@functools.cache
def _compiled() -> SimpleNamespace:
    """The map and its Jacobian in the two forms that are used: of a network, and out of a list that the state counts."""
    from numba import njit

    @njit
    def step(u: Array, parameters: Array) -> Array:
        return np.tanh(parameters.reshape(u.size, u.size) @ u)

    @njit
    def jacobian(u: Array, parameters: Array, *rest: Any) -> Array:
        W = parameters.reshape(u.size, u.size)
        h = np.tanh(W @ u)
        return (1 - h * h).reshape(u.size, 1) * W

    @njit
    def count(u: Array, parameters: Array) -> Array:
        return u + 1.0

    @njit
    def listed(u: Array, parameters: Array, *rest: Any) -> Array:
        t, size = int(u[0]) - 1, u.size * u.size
        return parameters[t * size : (t + 1) * size].reshape(u.size, u.size)

    return SimpleNamespace(step=step, jacobian=jacobian, count=count, listed=listed)


def _discrete(mapping: Any, jacobian: Any, parameters: Array, first: Array) -> Callable[[int], Array]:
    from pynamicalsys import DiscreteDynamicalSystem

    system = DiscreteDynamicalSystem(
        mapping=mapping, jacobian=jacobian, system_dimension=len(first), number_of_parameters=parameters.size
    )
    return lambda steps: np.atleast_1d(system.lyapunov(first, steps, parameters=parameters))


def _gram_schmidt_network(W: Array, h: Array, steps: int) -> Ready:
    f = _compiled()
    _discrete(f.step, f.jacobian, W[:2, :2].ravel(), h[:2])(1)  # compiles: the types are the same at every size
    run = _discrete(f.step, f.jacobian, W.ravel(), h)
    return lambda: run(steps)


def _gram_schmidt_jacobians(J: Array) -> Array:
    f = _compiled()
    return _discrete(f.count, f.listed, J.ravel(), np.zeros(J.shape[1]))(len(J))


def _gram_schmidt_start(n: int) -> Array:
    """The frame of version 1.7: uniform numbers of a fixed seed, orthonormalized."""
    from pynamicalsys.common.linalg import qr

    return np.asarray(qr(np.random.RandomState(1312).rand(n, n))[0])  # it is theirs


FLOOR = Method("one bare product W Q", _bare_products, lambda J: np.full(J.shape[1], np.nan))
OURS = Method("errorflow", ours, lambda J: lyapunov_spectrum(J, count=J.shape[1]).exponents, ("errorflow",))
OBVIOUS = _looping("NumPy QR", _obvious, ("numpy",))
JAX = Method("JAX scan of QR", _jax_network, _jax_jacobians, ("jax", "jaxlib"))
TORCH = Method("PyTorch loop of QR", _torch_network, _torch_jacobians, ("torch",))
GRAM_SCHMIDT = Method(
    "pynamicalsys",
    _gram_schmidt_network,
    _gram_schmidt_jacobians,
    ("pynamicalsys", "numba"),
    lambda n: max(2, round(20 * (256 / n) ** 3)),
    begins=1,  # it orthonormalizes the first frame
    start=_gram_schmidt_start,
)
METHODS = (
    OURS,
    OBVIOUS,
    _looping("LAPACK geqrf, orgqr", functools.partial(_lapack, frame=_explicit), ("scipy",)),
    _looping("as in ChaosTools", functools.partial(_lapack, frame=_applied), ("scipy",)),
    JAX,
    TORCH,
    GRAM_SCHMIDT,
)
