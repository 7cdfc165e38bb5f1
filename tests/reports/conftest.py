"""Sample documents, one fresh copy for each test."""

import copy
import importlib.util
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest


@cache
def _built(name: str) -> dict[str, Any]:
    spec = importlib.util.spec_from_file_location("report_samples", Path(__file__).with_name("sample.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return dict(getattr(module, name)())


SAMPLES = ("elman", "gru", "exploding")


@pytest.fixture(params=SAMPLES)
def document(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Each of the samples in turn."""
    return copy.deepcopy(_built(request.param))


@pytest.fixture
def sample() -> Callable[[str], dict[str, Any]]:
    """A sample by its name."""
    return lambda name: copy.deepcopy(_built(name))
