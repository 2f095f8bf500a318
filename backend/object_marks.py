"""What people note of objects: a mark and a few words, each user's own, kept beside the log of transfers."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Collection
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from backend.errors import InvalidRequest
from backend.frozen import Frozen
from backend.sqlite_file import SqliteFile

MAX_NOTE = 2_000
"""Characters of a note."""
MAX_MARKS = 10_000
"""Objects of a user."""
_BUSY_TIMEOUT_S = 5.0
_VERSION = 1
_SCHEMA = (
    """CREATE TABLE marks (
        user TEXT NOT NULL, object TEXT NOT NULL, is_marked INTEGER NOT NULL, note TEXT NOT NULL,
        changed_at TEXT NOT NULL, PRIMARY KEY (user, object))""",
)
_COLUMNS = ("objectId", "marked", "note", "changed")


class ObjectMark(Frozen):
    """What a user noted of an object."""

    object_id: str
    is_marked: bool = False
    note: str = ""
    changed_at: datetime | None = None


class ObjectMarks:
    """All notes of all users; several processes can use the file at once.

    Parameters
    ----------
    path
        The file; made when it is not there.

    Raises
    ------
    ServiceUnavailable
        Here and in every method: the file cannot be read or written.
    """

    def __init__(self, path: Path) -> None:
        self._file = SqliteFile(
            path, name="the file of marks", schema=_SCHEMA, version=_VERSION, busy_timeout_s=_BUSY_TIMEOUT_S
        )

    def of(self, user: str, object_id: str) -> ObjectMark:
        """What a user noted of an object; without a mark and a word where there is nothing."""
        with self._file.connection() as connection:
            row = connection.execute("SELECT * FROM marks WHERE user = ? AND object = ?", (user, object_id)).fetchone()
        return _mark(row) if row else ObjectMark(object_id=object_id)

    def of_user(self, user: str) -> tuple[ObjectMark, ...]:
        """All that a user noted, the latest first."""
        query = "SELECT * FROM marks WHERE user = ? ORDER BY changed_at DESC, object"
        with self._file.connection() as connection:
            return tuple(_mark(row) for row in connection.execute(query, (user,)))

    def note(self, user: str, object_id: str, *, is_marked: bool | None = None, note: str | None = None) -> None:
        """Keep a mark, a note, or both; what is not given stays as it is.

        Raises
        ------
        InvalidRequest
            The note is too long, or the user has too many.
        """
        words = None if note is None else note.strip()
        if words and len(words) > MAX_NOTE:
            raise InvalidRequest(f"The note has {len(words):,} characters.", f"Keep it below {MAX_NOTE + 1:,}.")
        with self._file.transaction() as connection:
            if is_marked or words:
                count = "SELECT count(*) FROM marks WHERE user = ? AND object <> ?"
                if connection.execute(count, (user, object_id)).fetchone()[0] >= MAX_MARKS:
                    raise InvalidRequest(f"You have noted {MAX_MARKS:,} objects.", "Take some marks away first.")
                connection.execute("INSERT OR IGNORE INTO marks VALUES (?, ?, FALSE, '', ?)", (user, object_id, _now()))
            connection.execute(
                "UPDATE marks SET is_marked = ifnull(?, is_marked), note = ifnull(?, note), changed_at = ?"
                " WHERE user = ? AND object = ?",
                (is_marked, words, _now(), user, object_id),
            )
            connection.execute(
                "DELETE FROM marks WHERE user = ? AND object = ? AND NOT is_marked AND note = ''", (user, object_id)
            )


def marks_csv(marks: Collection[ObjectMark]) -> str:
    """The notes as a file: ``objectId,marked,note,changed``; what a spreadsheet would take for a formula is text."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writerow(_COLUMNS)
    for mark in marks:
        changed = mark.changed_at.isoformat(timespec="seconds") if mark.changed_at else ""
        writer.writerow([_text(mark.object_id), "yes" if mark.is_marked else "no", _text(mark.note), changed])
    return file.getvalue()


def marks_note(marks: Collection[ObjectMark], objects: Collection[str]) -> dict[str, str]:
    """The notes on these objects, for the metadata of files; nothing where there are none."""
    noted = [
        {"objectId": mark.object_id, "marked": mark.is_marked, "note": mark.note}
        for mark in marks
        if mark.object_id in objects
    ]
    return {"marks": json.dumps(noted)} if noted else {}


def _now() -> str:
    return datetime.now(UTC).isoformat()


def _text(words: str) -> str:
    return f"'{words}" if words[:1] in ("=", "+", "-", "@") else words


def _mark(row: Any) -> ObjectMark:
    return ObjectMark(
        object_id=row["object"],
        is_marked=bool(row["is_marked"]),
        note=row["note"],
        changed_at=datetime.fromisoformat(row["changed_at"]),
    )
