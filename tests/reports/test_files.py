"""Files appear whole or not at all."""

import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from errorflow.reports.document import write_whole


def _listing(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_files_are_written_and_replaced(tmp_path: Path) -> None:
    write_whole({tmp_path / "new" / "a.html": "ä\n", str(tmp_path / "b.json"): b"\x00"})
    assert _listing(tmp_path) == {"new/a.html": "ä\n".encode(), "b.json": b"\x00"}
    write_whole({tmp_path / "b.json": "again"})
    assert _listing(tmp_path) == {"new/a.html": "ä\n".encode(), "b.json": b"again"}


def _failing_on(name: str) -> Callable[..., Any]:
    real = os.replace

    def replace(source: Any, target: Any, **options: Any) -> None:
        if Path(target).name == name and str(source).endswith(".part"):
            raise OSError(28, "No space left on device")
        real(source, target, **options)

    return replace


@pytest.mark.parametrize("bad", ["a", "b", "c"])
def test_when_one_file_fails_all_are_as_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bad: str) -> None:
    (tmp_path / "a").write_text("old a")
    (tmp_path / "b").write_text("old b")
    before = _listing(tmp_path)
    monkeypatch.setattr(os, "replace", _failing_on(bad))
    with pytest.raises(OSError, match=rf"cannot write '.*{bad}': no space left on device"):
        write_whole({tmp_path / "a": "A", tmp_path / "b": "B", tmp_path / "new" / "c": "C"})
    assert _listing(tmp_path) == before
    assert not (tmp_path / "new").exists()


def test_a_full_disk_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="no space left on device"):
        write_whole({tmp_path / "new" / "a": "A"})
    assert list(tmp_path.iterdir()) == []


def test_an_interrupt_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_whole({tmp_path / "a": "A"})
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_a_file_gets_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")
    with pytest.raises(OSError, match=r"^cannot write '.*report\.html': '.*out' is a file, not a folder$"):
        write_whole({tmp_path / "out" / "report.html": "x"})
    with pytest.raises(OSError, match="is a file, not a folder"):
        write_whole({tmp_path / "out" / "deep" / "report.html": "x"})


def test_a_file_that_is_a_folder_gets_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r"^cannot write '.*': it is a folder$"):
        write_whole({tmp_path: "x"})


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs a folder in which root cannot write")
def test_a_folder_without_permission_gets_a_sentence() -> None:
    with pytest.raises(OSError, match=r"^cannot write '/proc/errorflow/report\.html': "):
        write_whole({"/proc/errorflow/report.html": "x"})


def test_permissions_are_those_of_the_process(tmp_path: Path) -> None:
    (tmp_path / "plain").write_text("x")
    write_whole({tmp_path / "ours": "x"})
    assert stat.S_IMODE((tmp_path / "ours").stat().st_mode) == stat.S_IMODE((tmp_path / "plain").stat().st_mode)


def test_links_and_devices_stay_what_they_are(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("old")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    write_whole({tmp_path / "link": "new", os.devnull: "x"})
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text() == "new"
    assert not Path(os.devnull).is_file()


def test_content_of_another_type_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="must be str or bytes, got dict"):
        write_whole({tmp_path / "a": {}})  # type: ignore[dict-item]  # the wrong type on purpose
