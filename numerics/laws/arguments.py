"""Checks of the arguments that many laws share: sizes, numbers of steps, gains, fields.

Main definitions: `whole`, `positive`, `one_of`.
"""

from __future__ import annotations

import math


def whole(name: str, value: int, *, least: int = 1, most: float = math.inf) -> int:
    """The value if it is an integer in [least, most]; TypeError or ValueError otherwise.

    >>> whole("n", 0)
    Traceback (most recent call last):
    ...
    ValueError: n must be an integer of at least 1, got 0
    """
    wanted = f"{name} must be an integer {f'of at least {least}' if most == math.inf else f'from {least} to {most}'}"
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise TypeError(f"{wanted}, got {value!r}")
    if not least <= value.__index__() <= most:
        raise ValueError(f"{wanted}, got {value!r}")
    return value.__index__()


def positive(name: str, value: float) -> float:
    """The value as a float if it is a finite number above 0; ValueError otherwise.

    >>> positive("gain", -1.0)
    Traceback (most recent call last):
    ...
    ValueError: gain must be a finite number above 0, got -1.0
    """
    if not (math.isfinite(value) and value > 0):
        raise ValueError(f"{name} must be a finite number above 0, got {value!r}")
    return float(value)


def one_of(name: str, value: str, *allowed: str) -> str:
    """The value if it is one of the allowed words; ValueError otherwise.

    >>> one_of("field", "quaternion", "real", "complex")
    Traceback (most recent call last):
    ...
    ValueError: field must be 'real' or 'complex', got 'quaternion'
    """
    if value not in allowed:
        raise ValueError(f"{name} must be {' or '.join(map(repr, allowed))}, got {value!r}")
    return value
