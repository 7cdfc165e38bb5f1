"""Checks that `errorflow --help` answers within 0.3 s, best of five: it loads no mathematics to say hello."""

import subprocess
import sys
import time
from pathlib import Path

LIMIT = 0.3


def seconds() -> float:
    """The wall time of one `errorflow --help` of this interpreter's environment."""
    command = Path(sys.executable).with_name("errorflow")
    begin = time.perf_counter()
    subprocess.run([command, "--help"], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - begin


best = min(seconds() for _ in range(5))
print(f"errorflow --help: {best:.3f} s, best of five (limit {LIMIT} s)")
sys.exit(best > LIMIT)
