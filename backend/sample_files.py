"""The sample's files on this machine: where they are already, or copied from the statistics' file system."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from fsspec.implementations.local import LocalFileSystem

from backend.class_nights import SERVICE, SampleFile
from backend.errors import ServiceUnavailable


class SampleFiles:
    """Makes files of the sample local, each once. Safe to use from several threads and processes.

    Parameters
    ----------
    file_system, path
        Where the statistics are: of fsspec, and there.
    cache
        Folder for copies; not used when the statistics are on this machine.
    """

    def __init__(self, file_system: Any, path: str, cache: Path) -> None:
        self._fs = file_system
        self._is_local = isinstance(file_system, LocalFileSystem)
        self._cache = cache.absolute()
        self._lock = threading.Lock()
        self.folder = Path(path) if self._is_local else self._cache / Path(path).name
        """The folder below which the files are, on this machine."""

    def of(self, files: Sequence[SampleFile]) -> tuple[SampleFile, ...]:
        """The same files, on this machine; copies of files that are no longer needed are removed.

        Raises
        ------
        ServiceUnavailable
            One cannot be copied.
        """
        if self._is_local:
            return tuple(files)
        with self._lock:
            local = tuple(replace(file, path=str(self._copy(file.path))) for file in files)
            self._forget_others({Path(file.path) for file in local})
        return local

    def _copy(self, path: str) -> Path:
        """``…/<archive>/<folder>/sample/<file>``, as one file: a folder's name is its time and never used again."""
        archive, folder, _, name = path.split("/")[-4:]
        local = self._cache / archive / f"{folder}-{name}"
        if local.exists():
            return local
        local.parent.mkdir(parents=True, exist_ok=True)
        arriving = local.with_name(f".{uuid.uuid4().hex}")
        try:
            self._fs.get_file(path, str(arriving))
            arriving.replace(local)
        except OSError as error:
            raise ServiceUnavailable(SERVICE, f"The sample {path} cannot be copied: {error}.") from error
        finally:
            arriving.unlink(missing_ok=True)
        return local

    def _forget_others(self, needed: set[Path]) -> None:
        for folder in {path.parent for path in needed}:
            for path in folder.glob("*.parquet"):
                if path not in needed:
                    path.unlink(missing_ok=True)
