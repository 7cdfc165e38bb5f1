"""The pytest plugin of errorflow: randomness that a test can repeat.

pytest loads this module in every session of every environment where errorflow is installed, so it imports
nothing beyond the standard library and pytest until a fixture is asked for.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    import numpy as np


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add --errorflow-seed."""
    group = parser.getgroup("errorflow")
    group.addoption(
        "--errorflow-seed",
        type=int,
        default=0,
        metavar="N",
        help="seed of the fixture errorflow_rng (default 0)",
    )


@pytest.fixture
def errorflow_rng(request: pytest.FixtureRequest) -> np.random.Generator:
    """A NumPy generator seeded by (--errorflow-seed, the test's name).

    The draws depend neither on the order of the tests nor on the worker that runs them, and two tests
    never share a stream.
    """
    import numpy as np

    seed: int = request.config.getoption("--errorflow-seed")
    if seed < 0:
        raise pytest.UsageError(f"--errorflow-seed is {seed}; allowed are integers >= 0")
    return np.random.default_rng([seed, zlib.crc32(request.node.nodeid.encode())])
