"""The one error of the adapters: a weights file that cannot be used, said in one sentence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy.typing as npt

Array = npt.NDArray[Any]
Contents = tuple[dict[str, Array], dict[str, Any]]


class Refusal(ValueError):
    """A weights file, or a layer in it, that cannot be used; the message is one sentence on one line."""


def one_line(error: BaseException) -> str:
    """First line of an error's text, shortened; its type where the text is empty.

    >>> one_line(ValueError("bad magic" + chr(10) + "details"))
    'bad magic'
    """
    lines = [" ".join(line.split()) for line in str(error).splitlines()]
    text = next(filter(None, lines), type(error).__name__).rstrip(".")
    return text if len(text) <= 160 else text[:157] + "..."


def listing(entries: Iterable[str], *, most: int = 10) -> str:
    """Entries joined by commas, at most ``most`` of them.

    >>> listing("abc", most=2)
    'a, b and 1 more'
    """
    every = list(entries)
    more = f" and {len(every) - most} more" if len(every) > most else ""
    return ", ".join(every[:most]) + more


def shapes(arrays: Mapping[str, Array], *, most: int = 10) -> str:
    """Keys with their shapes.

    >>> import numpy as np
    >>> shapes({"W": np.zeros((2, 3))})
    'W (2, 3)'
    """
    return listing((f"{key} {array.shape}" for key, array in arrays.items()), most=most)
