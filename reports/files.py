"""Files that appear whole or not at all: written beside, flushed to the disk, then renamed."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from pathlib import Path


def write_whole(files: Mapping[str | Path, str | bytes]) -> None:
    """Write all the files, or none: they are renamed into place once every one of them is on the disk.

    `files` maps paths to text (written as UTF-8) or bytes. Missing folders are made. Raises OSError with one
    sentence if a folder cannot be made or written to, or if a path is a folder; files that existed before
    are then as they were, and nothing temporary is left. Something that is not a regular file, such as
    `/dev/null` or a pipe, cannot be replaced and is written to directly.

    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> write_whole({folder / "a.txt": "a", folder / "b" / "c.txt": "c"})
    >>> sorted(path.name for path in folder.rglob("*.txt"))
    ['a.txt', 'c.txt']
    """
    contents = {_target(Path(path)): _encoded(path, content) for path, content in files.items()}
    if len({path.resolve() for path in contents}) < len(files):
        raise OSError(f"cannot write two files to one place, got {', '.join(map(repr, map(str, files)))}")
    path = Path()
    with ExitStack() as leftovers, ExitStack() as undo:
        try:
            staged: dict[Path, Path] = {}
            special = [path for path in contents if path.exists() and not (path.is_file() or path.is_dir())]
            for path, data in contents.items():
                if path.is_dir():
                    raise IsADirectoryError(0, "it is a folder")
                if path not in special:
                    _make_folder(path.parent, undo)
                    staged[path] = _beside(path, data, undo)
            for path in special:
                path.write_bytes(contents[path])
            for path, temporary in staged.items():
                _keep_old(path, undo, leftovers)
                temporary.replace(path)
        except OSError as error:
            raise OSError(f"cannot write {str(path)!r}: {_reason(error, path)}") from None
        undo.pop_all()


def _target(path: Path) -> Path:
    """The file itself where the path is a link to it: the link stays."""
    return path.resolve() if path.is_symlink() else path.absolute()


def _encoded(path: str | Path, content: str | bytes) -> bytes:
    if not isinstance(content, (str, bytes)):
        raise TypeError(f"the content of {str(path)!r} must be str or bytes, got {type(content).__name__}")
    return content.encode() if isinstance(content, str) else content


def _make_folder(folder: Path, undo: ExitStack) -> None:
    missing = [parent for parent in (folder, *folder.parents) if not parent.exists()]
    for parent in reversed(missing):
        parent.mkdir(exist_ok=True)
        undo.callback(_quietly, parent.rmdir)


def _beside(path: Path, data: bytes, undo: ExitStack) -> Path:
    """The data in a new file of the same folder, on the disk; made with the permissions of the process."""
    temporary = path.with_name(f".{path.name[:100]}.{secrets.token_hex(8)}.part")
    undo.callback(_quietly, temporary.unlink)
    with temporary.open("xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    return temporary


def _keep_old(path: Path, undo: ExitStack, leftovers: ExitStack) -> None:
    """Arrange that a later failure brings back what is at the path now."""
    if not path.exists():
        undo.callback(_quietly, path.unlink)
        return
    old = path.with_name(f".{path.name[:100]}.{secrets.token_hex(8)}.old")
    leftovers.callback(_quietly, old.unlink)
    try:
        os.link(path, old)
    except OSError:  # a file system without hard links
        shutil.copy2(path, old)
    undo.callback(_quietly, lambda: old.replace(path))


def _quietly(action: Callable[[], object]) -> None:
    with suppress(OSError):
        action()


def _reason(error: OSError, path: Path) -> str:
    blocking = next((parent for parent in path.parents if parent.exists()), None)
    if blocking is not None and not blocking.is_dir():
        return f"{str(blocking)!r} is a file, not a folder"
    return (error.strerror or str(error)).lower()
