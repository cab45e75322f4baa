"""What `splitproof conform --init` puts into an empty folder: an adapter that runs, and what to do with it."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Final

__all__ = ["FILES", "NotEmpty", "write_skeleton"]

FILES: Final = ("adapter.py", "README.md", "pytest.ini")


class NotEmpty(ValueError):  # noqa: N818  # said of the folder
    """The folder has something in it already, or is none; the message says what would be accepted."""


def write_skeleton(folder: Path) -> tuple[Path, ...]:
    """Make the folder if there is none, and write the files; what was written.

    Raises:
        NotEmpty: there is something in it, which is left as it is.
        OSError: it cannot be written.
    """
    if folder.exists() and not folder.is_dir():
        raise NotEmpty(f"{folder} is no folder; name one that is empty, or one that does not exist yet")
    found = sorted(path.name for path in folder.iterdir()) if folder.exists() else []
    if found:
        more = f" and {len(found) - 3} more" if len(found) > 3 else ""
        raise NotEmpty(
            f"{folder} is not empty: it has {', '.join(found[:3])}{more}; name an empty folder, or one that does not "
            "exist yet, and nothing of yours is overwritten"
        )
    folder.mkdir(parents=True, exist_ok=True)
    source = files(__name__)
    for name in FILES:
        (folder / name).write_text(source.joinpath(name).read_text(encoding="utf-8"), encoding="utf-8")
    return tuple(folder / name for name in FILES)
