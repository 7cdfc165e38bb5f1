"""Settings shared by every test: Hypothesis profiles, optional peers, and a guard against double imports."""

import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# Deterministic by default: the same draws on every machine. Data generation on two busy cores is slow
# without being wrong, so speed is no health check.
_COMMON = {"derandomize": True, "deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile("ci", max_examples=50, **_COMMON)
settings.register_profile("nightly", max_examples=1000, **{**_COMMON, "derandomize": False})
settings.load_profile(os.environ.get("ERRORFLOW_PROFILE", "ci"))


def _importable(name: str) -> bool:
    return importlib.util.find_spec(name) is not None


def _chromium() -> bool:
    return all(map(shutil.which, ("chromium", "chromedriver"))) and _importable("selenium")


def _axe() -> bool:
    return Path(__file__).parents[1].joinpath("node_modules", "axe-core", "axe.min.js").is_file()


def _index() -> bool:
    """Whether pip gets a small package (the build backend) from its index."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pip", "--retries=0", "--timeout=10", "download", "-q"]
        command += ["--no-cache-dir", "--no-deps", "--dest", folder, "setuptools>=77"]
        return subprocess.run(command, capture_output=True, check=False).returncode == 0


# What `@pytest.mark.peer(name)` may name: whether it is there, and how to get it.
PEERS: dict[str, tuple[Callable[[], bool], str]] = {
    "torch": (lambda: _importable("torch"), "pip install torch"),
    "flint": (lambda: _importable("flint"), "pip install python-flint"),
    "cvxpy": (lambda: all(map(_importable, ("cvxpy", "scs", "clarabel"))), "pip install cvxpy scs clarabel"),
    "h5py": (lambda: _importable("h5py"), "pip install 'errorflow[keras]'"),
    "chromium": (_chromium, "apt-get install chromium chromium-driver; pip install 'errorflow[browser]'"),
    "axe": (_axe, "npm install --no-save axe-core"),
    "coq": (lambda: all(map(shutil.which, ("coqc", "coqdep", "coqchk"))), "apt-get install coq"),
    "index": (_index, "a package index that pip can reach"),
}


@cache
def _present(name: str) -> bool:
    return PEERS[name][0]()


def pytest_configure(config: pytest.Config) -> None:
    """Refuse an ERRORFLOW_REQUIRE that names an unknown peer: a typo would require nothing."""
    unknown = _required() - PEERS.keys()
    if unknown:
        raise pytest.UsageError(f"ERRORFLOW_REQUIRE names {sorted(unknown)}; allowed are {sorted(PEERS)}")


def _required() -> set[str]:
    return {name for name in os.environ.get("ERRORFLOW_REQUIRE", "").split(",") if name}


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a test whose peer is absent; fail it when ERRORFLOW_REQUIRE says that the peer must be there."""
    for name in (name for marker in item.iter_markers("peer") for name in marker.args):
        if not _present(name):
            reason = f"needs {name}: {PEERS[name][1]}"
            if name in _required():
                pytest.fail(f"ERRORFLOW_REQUIRE={os.environ['ERRORFLOW_REQUIRE']}, but {reason}", pytrace=False)
            pytest.skip(reason)


@pytest.fixture(scope="session", autouse=True)
def _one_import_name() -> Iterator[None]:
    """Fail at the end of the session if a source folder was imported under its own name.

    The same file would then exist as two modules, and isinstance would tell equal classes apart.
    """
    yield
    stray = sorted(name for name in sys.modules if name.partition(".")[0] in {"theory", "numerics", "reports"})
    assert not stray, f"imported without the prefix errorflow: {', '.join(stray)}"


@pytest.fixture
def derivations_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No formal proof counts: a grade is that of a derivation and of the rules it uses."""
    from errorflow.theory import kernel

    monkeypatch.setattr(kernel, "FOLDER", tmp_path)
    kernel._shipped.cache_clear()
    yield
    monkeypatch.undo()
    kernel._shipped.cache_clear()
