"""Claim: a gradient profile by lag costs at most 1.6 times the 2 T bare matrix products W h and W^T g in it.

256 tanh units, 64 samples, 1,000 steps, one direction: simulation and backward pass, log ||J(T, T-k)^T g|| at every lag,
without the extreme singular values, which are timed apart on fewer steps. Peers are given the same network and inputs: the
loop that one writes in NumPy (slopes 1 - h^2, nothing rescaled), and PyTorch's autograd with respect to all states at once.
CPU time with one thread, medians of interleaved rounds; each ratio is taken within its round, and to the products of the
method's own library, since PyTorch's are faster than NumPy's. What is left beside the products, per step, is one tanh, its
slope, a norm, the memory of the states, and the calls themselves.

The errors are those of log ||J(T, T-k)^T g||, the largest over all lags, against the recursion in 250 digits: for an
ordinary network, for saturated units, and for lags beyond the range of doubles.

Run: python tests/benchmarks/gradient_profile_costs_at_most_1_6_of_its_products.py [--rounds R] [--seed S]
"""

from __future__ import annotations

import argparse
import importlib.util
import platform
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import mpmath
import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from errorflow.numerics import Network, Trajectory, simulate
from errorflow.numerics.backprop import backward
from errorflow.numerics.extremes import extreme_singular_values
from errorflow.numerics.profile import gradient_profile
from errorflow.theory import activations, cells

Array = NDArray[np.float64]
UNITS, INPUTS, SAMPLES, STEPS, FEW_STEPS, GAIN = 256, 8, 64, 1000, 50, 1.5
DIGITS = 250
FLOOR, TORCH_FLOOR = "2 T bare products, NumPy", "2 T bare products, PyTorch"
OURS, NUMPY, TORCH = "errorflow", "NumPy loop", "PyTorch autograd"


@dataclass(frozen=True)
class Instance:
    """A vanilla network with its inputs ``(T, m, samples)`` and the error at the end ``(n, samples)``."""

    W: Array
    B: Array
    b: Array
    inputs: Array
    g: Array
    phi: str = "tanh"

    @property
    def network(self) -> Network:
        """The network itself."""
        cell = cells.get("elman", activation=activations.get(self.phi))
        return Network(cell, {"W": self.W, "B": self.B, "b": self.b})


def instance(
    n: int, m: int, samples: int, steps: int, *, gain: float, seed: int, phi: str = "tanh", shift: float = 0.0
) -> Instance:
    rng = np.random.default_rng(seed)
    g = rng.standard_normal((n, samples))
    return Instance(
        gain * rng.standard_normal((n, n)) / np.sqrt(n),
        0.3 * rng.standard_normal((n, m)) / np.sqrt(m),
        shift * rng.choice([-1.0, 1.0], n),
        rng.standard_normal((steps, m, samples)),
        g / np.linalg.norm(g, axis=0),
        phi,
    )


# --- methods: log ||J(T, T-k)^T g|| by lag and sample ----------------------------------------------------
def floor(case: Instance) -> None:
    out = np.empty_like(case.g)
    for _ in case.inputs:
        np.matmul(case.W, case.g, out=out)
    for _ in case.inputs:
        np.matmul(case.W.T, case.g, out=out)


def torch_floor(case: Instance) -> None:
    import torch

    W, g = torch.from_numpy(case.W), torch.from_numpy(case.g)
    out = torch.empty_like(g)
    for _ in case.inputs:
        torch.mm(W, g, out=out)
    for _ in case.inputs:
        torch.mm(W.T, g, out=out)


def ours(case: Instance) -> Array:
    return backward(simulate(case.network, case.inputs), case.g[:, :, None]).log_norm[:, :, 0]


def numpy_loop(case: Instance) -> Array:
    W, B, b = case.W, case.B, case.b[:, None]
    states = np.empty((len(case.inputs) + 1, *case.g.shape))
    states[0] = 0.0
    for t, u in enumerate(case.inputs):
        a = W @ states[t] + B @ u + b
        states[t + 1] = np.tanh(a) if case.phi == "tanh" else 1 / (1 + np.exp(-a))
    flow, norms = case.g, [np.linalg.norm(case.g, axis=0)]
    for h in states[:0:-1]:
        flow = W.T @ ((1 - h * h if case.phi == "tanh" else h * (1 - h)) * flow)
        norms.append(np.linalg.norm(flow, axis=0))
    return np.log(norms)


def torch_autograd(case: Instance) -> Array:
    import torch

    W, B, b, inputs, g = (torch.from_numpy(x) for x in (case.W, case.B, case.b[:, None], case.inputs, case.g))
    phi = torch.tanh if case.phi == "tanh" else torch.sigmoid
    states = [torch.zeros_like(g, requires_grad=True)]
    for u in inputs:
        states.append(phi(W @ states[-1] + B @ u + b))
    gradients = torch.autograd.grad((g * states[-1]).sum(), states)
    return torch.stack([v.norm(dim=0).log() for v in reversed(gradients)]).numpy()


def exact(case: Instance) -> list[float]:
    """The same for the first sample by the recursion in many digits."""
    mp, T, n = mpmath.mpf, len(case.inputs), len(case.W)
    with mpmath.workdps(DIGITS):
        W, B, b = ([list(map(mp, row)) for row in np.atleast_2d(x).tolist()] for x in (case.W, case.B, case.b))
        h, slopes = [mp(0)] * n, []
        for t in range(T):
            u = list(map(mp, case.inputs[t, :, 0].tolist()))
            a = [mpmath.fdot(W[i], h) + mpmath.fdot(B[i], u) + b[0][i] for i in range(n)]
            if case.phi == "tanh":
                h = [mpmath.tanh(x) for x in a]
                slopes.append([mpmath.sech(x) ** 2 for x in a])
            else:
                h = [1 / (1 + mpmath.exp(-x)) for x in a]
                slopes.append([x * (1 - x) for x in h])
        flow = list(map(mp, case.g[:, 0].tolist()))
        logs = [mpmath.log(mpmath.norm(flow))]
        for s in reversed(slopes):
            moved = [x * y for x, y in zip(s, flow, strict=True)]
            flow = [mpmath.fdot((W[i][j] for i in range(n)), moved) for j in range(n)]
            logs.append(mpmath.log(mpmath.norm(flow)))
        return [float(x) for x in logs]


# --- what is measured ------------------------------------------------------------------------------------
def interleaved(methods: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, list[float]]:
    """CPU seconds of each in each round, every round starting with another one."""
    names, spent = list(methods), {name: [] for name in methods}
    for first in range(rounds):
        for at in range(len(names)):
            name = names[(first + at) % len(names)]
            begin = time.process_time()
            methods[name]()
            spent[name].append(time.process_time() - begin)
    return spent


def times(rounds: int, seed: int, peers: Mapping[str, Callable[[Instance], Array]]) -> None:
    case = instance(UNITS, INPUTS, SAMPLES, STEPS, gain=GAIN, seed=seed)
    floors = {FLOOR: floor} | ({TORCH_FLOOR: torch_floor} if TORCH in peers else {})
    methods: dict[str, Callable[[Instance], object]] = {**floors, **peers}
    spent = interleaved({name: lambda f=f: f(case) for name, f in methods.items()}, rounds)
    print(f"\n{'':28}{'CPU s':>8}{'best':>8}{'times the products of its library':>36}{'best':>8}")
    for name, seconds in spent.items():
        base = spent[TORCH_FLOOR if name in (TORCH, TORCH_FLOOR) else FLOOR]
        ratio = statistics.median(own / least for own, least in zip(seconds, base, strict=True))
        best = min(seconds) / min(base)
        print(f"{name:28}{statistics.median(seconds):8.3f}{min(seconds):8.3f}{ratio:36.2f}{best:8.2f}")


def singular_values(seed: int) -> None:
    case = instance(UNITS, INPUTS, SAMPLES, FEW_STEPS, gain=GAIN, seed=seed)
    trajectory: Trajectory = simulate(case.network, case.inputs)
    begin = time.process_time()
    gradient_profile(trajectory, directions=1, extremes=False, rng=seed)
    middle = time.process_time()
    gradient_profile(trajectory, directions=1, rng=seed)
    whole = time.process_time() - middle
    middle -= begin
    begin = time.process_time()
    for _ in range(FEW_STEPS):
        case.W @ case.W
    product = (time.process_time() - begin) / FEW_STEPS
    extreme_singular_values(trajectory)
    print(
        f"\nper lag: {1e3 * middle / FEW_STEPS:.2f} ms without the extreme singular values of J(T, T-k), "
        f"{1e3 * whole / FEW_STEPS:.2f} ms with them, {(whole - middle) / FEW_STEPS / product:.1f} products of n x n"
    )


def errors(seed: int, peers: Mapping[str, Callable[[Instance], Array]]) -> None:
    cases = {
        "ordinary, lag 30": instance(8, 2, 1, 30, gain=GAIN, seed=seed),
        "saturated, lag 8": instance(8, 2, 1, 8, gain=GAIN, seed=seed, shift=25.0),
        "logistic, lag 600": instance(8, 2, 1, 600, gain=1.0, seed=seed, phi="logistic"),
    }
    print(f"\n{'error of log-norms':28}" + "".join(f"{name:>20}" for name in cases))
    known = {name: exact(case) for name, case in cases.items()}
    for method, function in peers.items():
        with np.errstate(divide="ignore"):
            wrong = [np.abs(function(case)[:, 0] - known[name]).max() for name, case in cases.items()]
        print(f"{method:28}" + "".join(f"{x:20.0e}" for x in wrong))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    peers: dict[str, Callable[[Instance], Array]] = {OURS: ours, NUMPY: numpy_loop}
    versions = [f"numpy {np.__version__}"]
    if importlib.util.find_spec("torch"):
        import torch

        torch.set_num_threads(1)
        peers[TORCH] = torch_autograd
        versions.append(f"torch {torch.__version__}")
    else:
        versions.append("torch not installed: left out")
    print(f"{platform.machine()}, {', '.join(versions)}, seed {args.seed}, {args.rounds} rounds, one thread")
    print(f"{UNITS} tanh units, {INPUTS} inputs, {SAMPLES} samples, {STEPS} steps")
    with threadpool_limits(limits=1, user_api="blas"):
        times(args.rounds, args.seed, peers)
        singular_values(args.seed)
        errors(args.seed, peers)


if __name__ == "__main__":
    main()
