"""Where a document came from: command, versions, BLAS, seed, hashes, time."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

PACKAGES = ("errorflow", "numpy", "scipy", "sympy")


def provenance(command: str, seed: int, hashes: Mapping[str, str]) -> dict[str, Any]:
    """The provenance record of a document; ``created`` is the only entry that differs between two equal runs.

    >>> sorted(provenance("errorflow report", 0, {}))
    ['blas', 'command', 'created', 'hashes', 'seed', 'versions']
    """
    from threadpoolctl import threadpool_info

    libraries = {f"{i['internal_api']} {i['version']}" for i in threadpool_info() if i["user_api"] == "blas"}
    return {
        "command": command,
        "versions": {"python": platform.python_version()} | {name: version(name) for name in PACKAGES},
        "blas": ", ".join(sorted(libraries)) or "unknown",
        "seed": seed,
        "hashes": dict(hashes),
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
    }
