"""Laws of the bibliography: every entry reads as one line and says what of its text was read."""

import re
from pathlib import Path

import pytest

from errorflow import theory
from errorflow.theory import cells, sources, theorems

FOLDER = Path(theory.__file__).parent


@pytest.mark.parametrize("key", sources.keys())
def test_every_entry_is_a_line_with_author_year_and_title(key) -> None:
    found = sources.source(key)
    assert re.fullmatch(r"[^(){}\\\n]+ \((?:19|20)\d\d\)\. [^{}\\\n]+\. [^{}\\\n]+\.", found.citation)
    assert found.year in found.citation
    assert found.reading in ("read", "abstract", "recalled", "own")


@pytest.mark.parametrize("key", sources.keys())
def test_the_key_is_the_family_name_of_the_first_author_and_the_year(key) -> None:
    found = sources.source(key)
    family = found.citation.partition(",")[0].casefold().replace("ä", "ae").replace("ö", "oe").replace("ü", "ue")
    assert key == f"{family}{found.year}"


def test_every_key_of_the_file_is_an_entry_once() -> None:
    written = re.findall(r"^@\w+\{([^,]+),", (FOLDER / "references.bib").read_text(encoding="utf-8"), re.MULTILINE)
    assert len(written) == len(set(written))
    assert tuple(written) == sources.keys()


def test_every_source_that_a_cell_a_theorem_or_a_docstring_names_exists() -> None:
    texts = [path.read_text(encoding="utf-8") for path in FOLDER.rglob("*.py")]
    named = {
        key
        for text in texts
        for line in re.findall(r"Source: ([^.]*)\.", text)
        for key in re.findall(r"[a-z]+\d{4}", line)
    }
    named |= {theorem.citation for theorem in theorems.all()}
    named |= {key for name in cells.names() for key in cells.get(name).references}
    assert named
    assert named <= set(sources.keys())


def test_accents_are_letters() -> None:
    assert "Jürgen" in sources.source("hochreiter1997").citation
    assert "München" in sources.source("hochreiter1991").citation
    assert "Merriënboer" in sources.source("cho2014").citation


def test_an_unknown_key_is_refused_with_the_keys_there_are() -> None:
    with pytest.raises(ValueError, match=r"citation key must be one of ando1973, .*, got 'nobody1900'"):
        sources.source("nobody1900")


def test_a_theorem_tells_what_of_its_source_was_read() -> None:
    # Errata and conditions depend on the wording: what was not read must say so beside the theorem.
    assert {theorem.source.reading for theorem in theorems.all()} <= {"read", "abstract", "recalled", "own"}
    assert theorems.get("pascanu2013_spectral_norm").source.reading == "read"


@pytest.mark.parametrize("status", ["", "skimmed"])
def test_an_entry_without_a_reading_status_is_refused(status, monkeypatch) -> None:
    entry = f"@book{{x2000, author = {{X}}, title = {{T}}, year = {{2000}}, note = {{{status}}}}}"

    class Folder:
        def joinpath(self, _: str) -> "Folder":
            return self

        def read_text(self, encoding: str) -> str:
            return entry

    monkeypatch.setattr(sources.resources, "files", lambda _: Folder())
    with pytest.raises(ValueError, match=r"note of x2000 in references\.bib must be one of"):
        sources._entries.__wrapped__()
