"""The folder of an export: replaced as a whole, and never mixed with anything else."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from backend.errors import InvalidRequest

_MARK = ".quicklook_export"
_TOPIC, _ENTRY = ".topic", ".entry"
LONGEST_ENTRY = 255 - len(_ENTRY)
"""Bytes that the name of an entry may have."""
_STAGING = ".quicklook-partial"


class ExportFolder:
    """A folder with one export in it, marked by names: of the topic, and of the entries that belong to the export.

    The names are those of empty files in a hidden folder. Readers of Parquet folders skip what is hidden or empty;
    polars would stop at any other file in which something is written.

    Raises
    ------
    InvalidRequest
        When there is something else in the folder.
    """

    def __init__(self, path: Path, topic: str) -> None:
        self._path = path
        self._topic = topic
        self._staging = path / _STAGING
        self._mark = path / _MARK
        self._check()

    @contextmanager
    def replacing(self) -> Iterator[Path]:
        """Give an empty folder to write to; on success its entries replace the earlier export, else it is removed.

        A crash leaves the earlier export, or (while entries are moved) a mark by which the next export cleans up.
        """
        self._path.mkdir(parents=True, exist_ok=True)
        if not self._mark.exists():
            self._claim(set())
        shutil.rmtree(self._staging, ignore_errors=True)
        self._staging.mkdir()
        try:
            yield self._staging
            self._swap()
        finally:
            shutil.rmtree(self._staging, ignore_errors=True)

    def _check(self) -> None:
        if self._path.exists() and not self._path.is_dir():
            raise InvalidRequest(f"{self._path} is a file, not a folder.", "Choose another folder.")
        if self._mark.is_dir() and not any(self._mark.iterdir()):
            self._mark.rmdir()  # a crash left it before it named anything
        if not self._path.exists() or not any(self._path.iterdir()):
            return
        if not self._mark.exists():
            raise InvalidRequest(
                f"The folder {self._path} is not empty, and what is in it was not written by an export.",
                "Choose another folder.",
            )
        topic, _ = self._marked()
        if topic != self._topic:
            raise InvalidRequest(f"The folder {self._path} holds the export of {topic}.", "Choose another folder.")

    def _swap(self) -> None:
        _, earlier = self._marked()
        new = {entry.name for entry in self._staging.iterdir()}
        self._claim(earlier | new)
        for name in earlier:
            _remove(self._path / name)
        for name in new:
            (self._staging / name).rename(self._path / name)
        self._claim(new)

    def _marked(self) -> tuple[str, set[str]]:
        """Topic and entries of the export that is here."""
        topics, entries = (
            {path.name.removesuffix(kind) for path in self._mark.glob(f"*{kind}")} for kind in (_TOPIC, _ENTRY)
        )
        if len(topics) != 1:
            raise InvalidRequest(f"{self._mark} is damaged.", "Choose another folder.")
        return topics.pop(), entries - {"", ".", ".."}

    def _claim(self, entries: set[str]) -> None:
        """Mark the entries that belong to the export, and no others; at no time is one that is there not marked."""
        self._mark.mkdir(exist_ok=True)
        names = {f"{self._topic}{_TOPIC}", *(f"{name}{_ENTRY}" for name in entries)}
        for name in names:
            (self._mark / name).touch()
        for path in self._mark.iterdir():
            if path.name not in names:
                path.unlink()


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
