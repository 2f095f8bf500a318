"""Looking for secrets where nobody may find them: in processes, in what servers say, in files."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.support.processes import processes_of

_LOOK_S = 1.0  # drivers and executors are there for longer, and need the processor themselves


class Found(dict[str, set[str]]):
    """Name of a secret -> the places where it was seen."""

    def note(self, secrets: Mapping[str, str], place: str, content: bytes) -> None:
        """Look for each secret in what a place has."""
        for name, secret in secrets.items():
            if secret.encode() in content:
                self.setdefault(name, set()).add(place)


def in_files(secrets: Mapping[str, str], folder: Path) -> Found:
    """Look into each file below a folder."""
    found = Found()
    for file in folder.rglob("*"):
        with suppress(FileNotFoundError):  # servers are at work there
            if file.is_file():
                found.note(secrets, str(file.relative_to(folder)), file.read_bytes())
    return found


class Watch:
    """Looks again and again, as long as the context is open.

    Parameters
    ----------
    secrets
        Name -> what is looked for.
    folder
        Processes whose command line names it are looked at: their arguments and their environment.
    places
        Further places, by name: what they say now.
    """

    def __init__(
        self, secrets: Mapping[str, str], folder: Path, places: Callable[[], Iterable[tuple[str, bytes]]]
    ) -> None:
        self._secrets, self._folder, self._places = secrets, folder, places
        self._ended = threading.Event()
        self._failure: Exception | None = None
        self._thread = threading.Thread(target=self._run)
        self.found = Found()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()
        if self._failure is not None and error is None:
            raise self._failure

    def _run(self) -> None:
        try:
            while not self._ended.wait(_LOOK_S):
                self._look()
        except Exception as failure:  # noqa: BLE001  (a watch that has ended must not pass for one that saw nothing)
            self._failure = failure

    def _look(self) -> None:
        for pid in processes_of(self._folder):
            for part in ("cmdline", "environ"):
                with suppress(FileNotFoundError, ProcessLookupError):  # it has ended
                    self.found.note(self._secrets, f"process {part}", Path(f"/proc/{pid}/{part}").read_bytes())
        for place, content in self._places():
            self.found.note(self._secrets, place, content)
