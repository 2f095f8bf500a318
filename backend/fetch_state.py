"""What a folder of fetched alerts says about itself: one file, replaced as a whole, which alone decides what counts.

Once all alerts are there, the names of empty files say the little that is still worth to be known: polars would stop at
a file beside the alerts in which something is written.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import Annotated
from urllib.parse import quote, unquote

from pydantic import AfterValidator, Field, ValidationError

from backend.durable_files import flush, replace_text
from backend.errors import InvalidRequest
from backend.frozen import Frozen

STATE_FILE = "_quicklook_fetch.json"
"""Readers of Parquet folders skip names that begin with _ or a dot."""
COMPLETE_FOLDER = ".quicklook-complete"
"""In the place of the state file once all alerts are there."""
STATE_NAMES = {STATE_FILE, f"{STATE_FILE}.tmp", COMPLETE_FOLDER, f"{COMPLETE_FOLDER}.tmp"}
_NOT_IN_NAMES = {"complete", "left_out", "offsets", "damaged", "id_files", "moves"}
"""What is not told, or told in another way, of a complete fetch."""
_OFFSET = "offset of "
NAMED_DAMAGE = 1_000
"""So many damaged messages are named; of more, only the number is known."""


def _within(path: str) -> str:
    if PurePosixPath(path).is_absolute() or ".." in PurePosixPath(path).parts:
        raise ValueError("leads out of the folder")
    return path


class Move(Frozen):
    """A file of the last segment that is still to be given its final name; both are relative to the folder."""

    source: Annotated[str, AfterValidator(_within)]
    target: Annotated[str, AfterValidator(_within)]


class Damage(Frozen):
    """A message that was set aside."""

    partition: int
    offset: int
    reason: str


class FetchState(Frozen):
    """How far a fetch is; all of it changes at once.

    Attributes
    ----------
    topic, file_format, partition_by
        What the folder is for.
    schema_fingerprint
        Of the topic's schema; empty before it is known.
    left_out
        Columns that the format has no place for.
    segments
        How often it was written.
    offsets
        Partition -> offset of the next message to read.
    messages, duplicates, corrupt, trimmed
        As in `backend.alert_sink.ReadCounts`.
    damaged
        The first `NAMED_DAMAGE` messages that cannot be read.
    files, size_bytes
        The files of alerts.
    id_files
        Those with the ids of the alerts; none once it is complete.
    moves
        What is left to do.
    published, complete, message
        What the receipt promises, whether all of it is here, and the verdict in a sentence.
    """

    version: int = Field(default=1, ge=1, le=1)
    topic: str
    file_format: str
    partition_by: str | None
    schema_fingerprint: str = ""
    left_out: tuple[str, ...] = ()
    segments: int = 0
    offsets: dict[int, int] = Field(default_factory=dict)
    messages: int = 0
    duplicates: int = 0
    corrupt: int = 0
    trimmed: int = 0
    damaged: tuple[Damage, ...] = ()
    files: int = 0
    size_bytes: int = 0
    id_files: tuple[Annotated[str, AfterValidator(_within)], ...] = ()
    moves: tuple[Move, ...] = ()
    published: int | None = None
    complete: bool = False
    message: str = ""

    @property
    def distinct(self) -> int:
        """Alerts, each once: the rows of all files."""
        return self.messages - self.duplicates - self.corrupt

    @property
    def is_empty(self) -> bool:
        """Whether nothing was read: then it may become for something else."""
        return not (self.offsets or self.files or self.complete)

    def check_is_for(self, folder: Path, topic: str, file_format: str, partition_by: str | None) -> None:
        """Check that the folder is for this.

        Raises
        ------
        InvalidRequest
            It is for another topic, format or partitioning.
        """
        wanted = (topic, file_format, partition_by)
        if self.is_empty or (self.topic, self.file_format, self.partition_by) == wanted:
            return
        how = f"by {self.partition_by}" if self.partition_by else "without partitions"
        what = f"the alerts of {self.topic} as {self.file_format}, {how}"
        raise InvalidRequest(f"The folder {folder} holds {what}.", "Choose another folder.")


def read_state(folder: Path) -> FetchState | None:
    """The state of a folder; None where there is none.

    Raises
    ------
    InvalidRequest
        It is not what a fetch of this version writes, or cannot be read.
    """
    path = folder / STATE_FILE
    try:
        with suppress(FileNotFoundError, NotADirectoryError):
            return FetchState.model_validate_json(path.read_text(encoding="utf-8"))
        path = folder / COMPLETE_FOLDER
        return _complete_state(path) if path.is_dir() else None
    except (ValidationError, UnicodeDecodeError) as error:
        raise _damaged(path) from error
    except OSError as error:
        said = f"{path} cannot be read: {error.strerror}."
        raise InvalidRequest(said, "See that it is a file of yours, or choose another folder.") from error


def write_state(folder: Path, state: FetchState) -> None:
    """Let the folder be in this state, from one moment to the next."""
    replace_text(folder / STATE_FILE, state.model_dump_json(indent=1) + "\n")


def say_by_names(folder: Path, state: FetchState) -> None:
    """Let the names of empty files say that all is there, in the place of the state file."""
    names, fresh = folder / COMPLETE_FOLDER, folder / f"{COMPLETE_FOLDER}.tmp"
    for left in (names, fresh):
        shutil.rmtree(left, ignore_errors=True)
    fresh.mkdir()
    for name in _names(state):
        (fresh / name).touch()
    flush(fresh)
    fresh.rename(names)
    flush(folder)
    (folder / STATE_FILE).unlink()
    flush(folder)


def _names(state: FetchState) -> Iterator[str]:
    for key, value in state.model_dump(mode="json", exclude=_NOT_IN_NAMES, exclude_none=True).items():
        yield f"{key}={quote(str(value), safe=' ,')}"
    for partition, offset in state.offsets.items():
        yield f"{_OFFSET}{partition}={offset}"


def _complete_state(names: Path) -> FetchState:
    said = dict(path.name.split("=", 1) for path in names.iterdir() if "=" in path.name)
    values = {key: unquote(value) for key, value in said.items() if not key.startswith(_OFFSET)}
    offsets = {key.removeprefix(_OFFSET): value for key, value in said.items() if key.startswith(_OFFSET)}
    return FetchState.model_validate({"partition_by": None, **values, "offsets": offsets, "complete": True})


def _damaged(path: Path) -> InvalidRequest:
    return InvalidRequest(f"{path} is damaged, or another version has written it.", "Choose another folder.")
