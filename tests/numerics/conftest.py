"""Fixtures of the numerics tests: a published checkpoint, and the cells' equations in plain NumPy."""

import hashlib
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.special import erf

from errorflow.numerics import Network
from errorflow.theory import activations, cells
from errorflow.theory.language import Cell

WHEEL, MEMBER = "g2p_en==2.1.0", "g2p_en/checkpoint20.npz"
SHA256 = "b8af35e4596d8dd5836dfd3fe9b2ba4f97b9c311efe8879544cbcfcbd566d8c6"


@pytest.fixture(scope="session")
def g2p_checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The weights of g2p_en 2.1.0, a published encoder and decoder: two GRU cells with 256 units.

    The file is fetched once from the package index and kept in the user's cache; two workers at once do no
    harm, since it appears whole. Without an index the tests are skipped, or fail if ERRORFLOW_REQUIRE names
    it.
    """
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "errorflow"
    target = cache / "g2p_en-2.1.0-checkpoint20.npz"
    if not target.exists():
        folder = tmp_path_factory.mktemp("g2p")
        command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--only-binary=:all:"]
        run = subprocess.run([*command, "--dest", folder, WHEEL], capture_output=True, text=True, check=False)
        wheels = list(folder.glob("*.whl"))
        if run.returncode or not wheels:
            error = (run.stderr.strip().splitlines() or ["no wheel"])[-1]
            reason = f"needs index: a package index that pip can reach ({error})"
            if "index" in os.environ.get("ERRORFLOW_REQUIRE", "").split(","):
                pytest.fail(f"ERRORFLOW_REQUIRE={os.environ['ERRORFLOW_REQUIRE']}, but {reason}", pytrace=False)
            pytest.skip(reason)
        cache.mkdir(parents=True, exist_ok=True)
        part = target.with_suffix(f".{os.getpid()}.part")
        part.write_bytes(zipfile.ZipFile(wheels[0]).read(MEMBER))
        part.replace(target)
    assert hashlib.sha256(target.read_bytes()).hexdigest() == SHA256, f"{target} is not the published file"
    return target


def _logistic(x: np.ndarray) -> np.ndarray:
    return 0.5 * (1 + np.tanh(x / 2))


FUNCTIONS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "tanh": np.tanh,
    "relu": lambda x: np.maximum(x, 0),
    "identity": lambda x: x,
}


@pytest.fixture(scope="session")
def run_cell() -> Callable[..., np.ndarray]:
    """Outputs h_1, ..., h_T of a network from the zero state, by the cells' equations written down here."""

    def run(network, inputs: np.ndarray, phi: str = "tanh") -> np.ndarray:
        p, f, n = network.parameters, FUNCTIONS[phi], network.n
        h, c, out = np.zeros(n), np.zeros(n), []
        for u in inputs:
            match network.cell.name:
                case "elman":
                    h = f(p["W"] @ h + p["B"] @ u + p["b"])
                case "lstm":
                    i, forget, g, o = np.split(p["W"] @ h + p["B"] @ u + p["b"], 4)
                    c = _logistic(forget) * c + _logistic(i) * f(g)
                    h = _logistic(o) * f(c)
                case "gru":
                    r, z, _ = np.split(_logistic(p["W"] @ h + p["B"] @ u + p["b"]), 3)
                    new = (p["B"] @ u + p["b"])[2 * n :] + r * (p["W"][2 * n :] @ h + p["d"])
                    h = (1 - z) * f(new) + z * h
                case "gru_reset_before":
                    r, z, _ = np.split(_logistic(p["W"] @ h + p["B"] @ u + p["b"]), 3)
                    new = (p["B"] @ u + p["b"])[2 * n :] + p["W"][2 * n :] @ (r * h)
                    h = (1 - z) * f(new) + z * h
            out.append(h)
        return np.array(out)

    return run


# The cells' equations once more, for complex numbers: moved along the imaginary axis they give their
# derivatives to all digits, and nothing of the package is asked to differentiate.

TINY = 1e-30


def complex_logistic(x: np.ndarray) -> np.ndarray:
    """1/(1 + e^-x) for complex x of moderate size."""
    return 1 / (1 + np.exp(-x))


ENTRYWISE: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "tanh": np.tanh,
    "logistic": complex_logistic,
    "relu": lambda x: np.where(x.real > 0, x, 0),
    "leaky_relu": lambda x: np.where(x.real > 0, x, x / 100),
    "hard_tanh": lambda x: np.where(np.abs(x.real) < 1, x, np.sign(x.real)),
    "softplus": lambda x: np.log(1 + np.exp(x)),
    "silu": lambda x: x * complex_logistic(x),
    "gelu": lambda x: x * (1 + erf(x / np.sqrt(2))) / 2,
    "identity": lambda x: x,
}


def complex_step(cell: str, p: Mapping[str, np.ndarray], x: np.ndarray, u: np.ndarray, phi: str = "tanh"):
    """The new stacked state from ``x (N,)`` and ``u (m,)``, for one of the four cells."""
    f, s, n = ENTRYWISE[phi], complex_logistic, p["W"].shape[-1]
    h, fixed = x[:n], p["B"] @ u + p["b"]
    match cell:
        case "elman":
            return f(p["W"] @ h + fixed)
        case "lstm":
            i, forget, g, o = np.split(p["W"] @ h + fixed, 4)
            c = s(forget) * x[n:] + s(i) * f(g)
            return np.concatenate([s(o) * f(c), c])
        case "gru":
            (r, z, v), (br, bz, bn) = np.split(p["W"] @ h, 3), np.split(fixed, 3)
            r, z = s(r + br), s(z + bz)
            return (1 - z) * f(bn + r * (v + p["d"])) + z * h
        case "gru_reset_before":
            (br, bz, bn), (Wr, Wz, Wn) = np.split(fixed, 3), np.split(p["W"], 3)
            r, z = s(Wr @ h + br), s(Wz @ h + bz)
            return (1 - z) * f(bn + Wn @ (r * h)) + z * h
    raise ValueError(cell)


def derivative(function: Callable[[np.ndarray], np.ndarray], at: np.ndarray) -> np.ndarray:
    """The Jacobian of a function of an array, by one complex step per entry; the entries' axes come last."""
    columns = [np.imag(function(at + 1j * TINY * e.reshape(at.shape))) / TINY for e in np.eye(at.size)]
    return np.moveaxis(np.array(columns), 0, -1).reshape((*np.shape(columns[0]), *at.shape))


@pytest.fixture(scope="session")
def equations() -> SimpleNamespace:
    """``step``: a cell's update in plain NumPy; ``derivative``: a Jacobian by complex steps."""
    return SimpleNamespace(step=complex_step, derivative=derivative, entrywise=ENTRYWISE)


@pytest.fixture(scope="session")
def gaussian() -> Callable[..., Network]:
    """Makes networks of a cell with independent N(0, gain^2/n) parameters, some with an axis in front."""

    def make(cell: str | Cell, *, n: int = 3, m: int = 2, gain: float = 1.0, phi: str = "", rng=0, **options):
        if isinstance(cell, str):
            cell = cells.get(cell, activation=activations.get(phi) if phi else None)
        random = np.random.default_rng(rng)
        lead = (options.pop("nets"),) if "nets" in options else ()
        timed = (options.pop("steps"),) if "steps" in options else ()
        shapes = {"matrix": lambda p: (p.blocks * n, n if p.columns == "n" else m), "scalar": lambda p: ()}
        parameters = {}
        for p in cell.parameters:
            own = shapes.get(p.kind, lambda p: (p.blocks * n,))(p)
            front = (timed if p.columns == "n" and p.kind == "matrix" else ()) + lead
            parameters[p.name] = gain * random.standard_normal(front + own) / np.sqrt(n)
        return Network(cell, parameters, batched=bool(lead), untied=bool(timed), **options)

    return make
