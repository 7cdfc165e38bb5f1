"""Sources: the entries of references.bib, with what of each text was read.

The field ``note`` of an entry is its reading status: *read* (the text was read), *abstract* (only the abstract was),
*recalled* (wording not confirmed).

Main definitions: `Source`, `source`, `keys`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Literal, cast, get_args

Reading = Literal["read", "abstract", "recalled", "own"]


@dataclass(frozen=True)
class Source:
    """A bibliography entry: key, citation as one line, year, and the reading status of its text."""

    key: str
    citation: str
    year: str
    reading: Reading


@cache
def _entries() -> dict[str, Source]:
    import bibtexparser  # here, because parsing is needed only where sources are shown

    text = resources.files(__package__).joinpath("references.bib").read_text(encoding="utf-8")
    found: dict[str, Source] = {}
    for entry in bibtexparser.parse_string(text).entries:
        fields = {key: _plain(str(field.value)) for key, field in entry.fields_dict.items()}
        status = fields.get("note", "")
        if status not in get_args(Reading):
            raise ValueError(
                f"note of {entry.key} in references.bib must be one of {get_args(Reading)}, got {status!r}"
            )
        where = next((fields[k] for k in ("journal", "booktitle", "publisher", "school") if k in fields), "")
        volume = f" {fields['volume']}" if "volume" in fields else ""
        citation = f"{fields['author'].replace(' and ', '; ')} ({fields['year']}). {fields['title']}. {where}{volume}."
        found[entry.key] = Source(entry.key, citation, fields["year"], cast(Reading, status))
    return found


def _plain(text: str) -> str:
    accents = {"a": "ä", "o": "ö", "u": "ü", "e": "ë", "U": "Ü"}
    text = re.sub(r'\{\\"(\w)\}', lambda m: accents[m.group(1)], text)
    return text.replace("{", "").replace("}", "")


def keys() -> tuple[str, ...]:
    """All citation keys."""
    return tuple(_entries())


def source(key: str) -> Source:
    """The entry ``key`` of references.bib; ValueError lists the keys there are.

    >>> source("pascanu2013").reading
    'read'
    """
    if key not in _entries():
        raise ValueError(f"citation key must be one of {', '.join(sorted(_entries()))}, got {key!r}")
    return _entries()[key]
