"""What counts in a folder of fetched alerts, changed so that it may end after any step."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from backend.durable_files import flush, move
from backend.errors import InvalidRequest, QuicklookError, StoreInUse
from backend.fetch_state import STATE_FILE, STATE_NAMES, FetchState, Move, read_state, say_by_names, write_state
from backend.owned_file import OwnedByAnother, own

IDS_FOLDER = ".quicklook-ids"
PARTIAL_FOLDER = ".quicklook-partial"
_LOCK_FILE = ".quicklook-lock"
_OURS = {_LOCK_FILE, PARTIAL_FOLDER, IDS_FOLDER, *STATE_NAMES}


def is_tidy(path: Path) -> bool:
    """Whether nothing is left in the folder of a complete fetch at which a reader would stop."""
    left = (IDS_FOLDER, PARTIAL_FOLDER, STATE_FILE)
    lock = path / _LOCK_FILE
    return not any((path / name).exists() for name in left) and not (lock.exists() and lock.stat().st_size)


class FetchJournal:
    """The state of a folder that one process at a time changes.

    On entering, what was committed is finished, and what was not is removed.

    Parameters
    ----------
    path
        The folder; made when it is not there.
    fresh
        Its state where it is new; says what it is for.

    Raises
    ------
    InvalidRequest
        On entering: the folder has other things in it, or is for something else; it is left as it is.
    StoreInUse
        On entering: another process writes to it.
    QuicklookError
        On entering: files of it are gone.
    """

    def __init__(self, path: Path, fresh: FetchState) -> None:
        self.path = path
        self._fresh = fresh

    def __enter__(self) -> Self:
        self._check_is_ours()
        self.path.mkdir(parents=True, exist_ok=True)
        try:
            self._lock = own(self.path / _LOCK_FILE)
        except OwnedByAnother as error:
            said = f"Process {error.owner} fetches into {self.path}."
            raise StoreInUse(said, "Wait until it has ended, or choose another folder.") from error
        try:
            self._check_is_ours()
            self.state = self._recovered()
        except BaseException:
            self._lock.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._lock.truncate(0)  # polars would stop at a file in which something is written
        self._lock.close()

    def commit(self, state: FetchState, moves: Iterable[Move] = ()) -> None:
        """Let the folder be in this state, with files that are on the disk already and get their names now."""
        moves = tuple(moves)
        if moves:
            self._write(state.model_copy(update={"moves": moves}))
            self._finish(moves)
        self._write(state)
        self._tidy_up(state)

    def _write(self, state: FetchState) -> None:
        write_state(self.path, state)
        self.state = state

    def _recovered(self) -> FetchState:
        state = read_state(self.path)
        if state is None or state.is_empty:
            write_state(self.path, state := self._fresh)
        if state.moves:
            self._finish(state.moves)
            write_state(self.path, state := state.model_copy(update={"moves": ()}))
        shutil.rmtree(self.path / PARTIAL_FOLDER, ignore_errors=True)
        self._tidy_up(state)
        return state

    def _tidy_up(self, state: FetchState) -> None:
        """Remove the ids that are not needed; the state file of a complete fetch goes last."""
        self._remove_ids_but(state.id_files)
        if state.complete and (self.path / STATE_FILE).exists():
            say_by_names(self.path, state)

    def _finish(self, moves: Iterable[Move]) -> None:
        folders: set[Path] = set()
        for each in moves:
            source, target = self.path / each.source, self.path / each.target
            if source.exists():
                move(source, target)
            elif not target.exists():
                raise QuicklookError(f"{target} is gone.", "Fetch again, into another folder.")
            folders.update(folder for folder in target.parents if folder.is_relative_to(self.path))
        for folder in sorted(folders, reverse=True):  # the deepest first
            flush(folder)
        shutil.rmtree(self.path / PARTIAL_FOLDER, ignore_errors=True)

    def _remove_ids_but(self, needed: tuple[str, ...]) -> None:
        if not needed:
            shutil.rmtree(self.path / IDS_FOLDER, ignore_errors=True)
        with suppress(FileNotFoundError):
            for path in (self.path / IDS_FOLDER).iterdir():
                if path.name not in needed:
                    path.unlink()

    def _check_is_ours(self) -> None:
        if self.path.exists() and not self.path.is_dir():
            raise InvalidRequest(f"{self.path} is a file, not a folder.", "Choose another folder.")
        state, mine = read_state(self.path), self._fresh
        if state is not None:
            state.check_is_for(self.path, mine.topic, mine.file_format, mine.partition_by)
        elif self.path.exists() and any(entry.name not in _OURS for entry in self.path.iterdir()):
            said = f"The folder {self.path} is not empty, and what is in it was not written by a fetch."
            raise InvalidRequest(said, "Choose another folder.")
