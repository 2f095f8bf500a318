"""The folder of an export: replaced as a whole, and never mixed with anything else."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from backend.errors import InvalidRequest

_MARK = "_quicklook_export.json"  # readers of Parquet folders skip names that begin with _ or .
_STAGING = ".quicklook-partial"


class ExportFolder:
    """A folder with one export in it, marked by a file that names the topic and the entries that belong to it.

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
        """Topic and entries of the export that is here; entries elsewhere are not ours, whatever the mark says."""
        try:
            mark = json.loads(self._mark.read_text())
            return str(mark["topic"]), {name for name in mark["entries"] if _is_entry(name)}
        except (ValueError, KeyError, TypeError) as error:
            raise InvalidRequest(f"{self._mark} is damaged.", "Choose another folder.") from error

    def _claim(self, entries: set[str]) -> None:
        fresh = self._mark.with_suffix(".tmp")
        fresh.write_text(json.dumps({"topic": self._topic, "entries": sorted(entries)}))
        fresh.replace(self._mark)


def _is_entry(name: str) -> bool:
    return Path(name).name == name and name not in (".", "..")


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
