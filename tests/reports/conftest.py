"""Sample documents, one fresh copy for each test."""

import copy
import importlib.util
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from errorflow.reports import document as document_file
from errorflow.reports.cli import main


@cache
def _shipped() -> dict[str, Any]:
    """The document of `errorflow report`, made once."""
    with tempfile.TemporaryDirectory() as folder:
        result = CliRunner().invoke(main, ["report", "--out", folder])
        assert result.exit_code == 0, result.output
        assert "Which one is true?" in result.stdout
        return document_file.load(Path(folder) / "report.json")


@cache
def _built(name: str) -> dict[str, Any]:
    if name == "report":
        return _shipped()
    sample, measured = _module("sample"), _module("sample_measurements")
    if name == "dispute":
        return dict(_module("sample_confrontation").confronted(copy.deepcopy(_built("elman"))))
    if name == "lstm":
        return dict(measured.with_cell_state(copy.deepcopy(_built("gru"))))
    made = dict(getattr(sample, name)())
    made["hierarchy"] = _module("sample_hierarchy").hierarchies(name)
    return made | measured.measurements(name, *sample.network(name), made["horizon"]["steps"])


def _module(name: str) -> Any:
    """A file of this folder as a module."""
    spec = importlib.util.spec_from_file_location(f"report_{name}", Path(__file__).with_name(f"{name}.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def reader() -> Any:
    """The functions that read a drawing back."""
    return _module("drawing_reader")


@pytest.fixture(scope="session")
def measured() -> Any:
    """The functions that measure the samples, in plain NumPy."""
    return _module("sample_measurements")


SAMPLES = ("elman", "gru", "exploding")


@pytest.fixture(params=SAMPLES)
def document(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Each of the samples in turn."""
    return copy.deepcopy(_built(request.param))


@pytest.fixture(scope="session")
def sample() -> Callable[[str], dict[str, Any]]:
    """A sample by its name; `report` is the shipped network's, `lstm` the GRU's with the exponents of a state of two parts,
    `dispute` the Elman net's with a confrontation.
    """
    return lambda name: copy.deepcopy(_built(name))
