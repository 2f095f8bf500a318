"""The log of all transfers of this installation: an SQLite file that dashboard and command line use at once."""

from __future__ import annotations

import difflib
import json
import sqlite3
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from backend.errors import InvalidRequest, QuicklookError
from backend.models import Phase, Transfer
from backend.sqlite_file import SqliteFile

SCHEMA_VERSION = 1

_SCHEMA = (
    """
CREATE TABLE transfers (
    number INTEGER PRIMARY KEY AUTOINCREMENT,  -- the order of arrival, and of the queue
    id TEXT NOT NULL UNIQUE,
    topic TEXT NOT NULL UNIQUE,
    user TEXT NOT NULL,
    request TEXT NOT NULL,
    plan TEXT NOT NULL,
    is_test INTEGER NOT NULL,
    submitted_at TEXT NOT NULL,
    phase TEXT NOT NULL,
    batch_id INTEGER,
    message TEXT NOT NULL,
    receipt TEXT,
    expires_at TEXT NOT NULL,
    claimed_at REAL  -- Unix time: when a process took it out of the queue to submit it
)""",
    "CREATE INDEX transfers_by_phase ON transfers (phase, number)",
)
_COLUMNS = tuple(Transfer.model_fields)
_JSON_COLUMNS = ("request", "plan", "receipt")
_CHANGEABLE = {"phase", "batch_id", "message", "receipt", "expires_at"}
_FINAL = ", ".join(f"'{phase}'" for phase in Phase if phase.is_final)
_WAITING = f"phase = '{Phase.QUEUED}' AND batch_id IS NULL AND claimed_at IS NULL"
_CLAIMED = f"phase = '{Phase.QUEUED}' AND batch_id IS NULL AND claimed_at IS NOT NULL"
_TAKES_A_PLACE = f"({_CLAIMED} OR (phase NOT IN ({_FINAL}) AND batch_id IS NOT NULL))"
_SUGGESTED_FROM = 1000  # of the last transfers, the nearest name is suggested


class TransferLog:
    """All transfers of this installation, for several processes and threads at once.

    Parameters
    ----------
    path
        The file; made, with its folder, if it is not there.
    busy_timeout_s
        Until another process must have finished its writing.

    Raises
    ------
    ServiceUnavailable
        The file cannot be opened or written, or is not a transfer log.
    QuicklookError
        A newer version of the product wrote the file.
    """

    def __init__(self, path: Path, *, busy_timeout_s: float = 5.0) -> None:
        self._file = SqliteFile(
            path, name="the transfer log", schema=_SCHEMA, version=SCHEMA_VERSION, busy_timeout_s=busy_timeout_s
        )

    def add(self, transfer: Transfer) -> None:
        """Write a new transfer, at the end of the queue.

        Raises
        ------
        InvalidRequest
            Its id or topic is in the log already.
        ServiceUnavailable
            The file cannot be written.
        """
        values = {name: _stored(getattr(transfer, name)) for name in _COLUMNS}
        names, marks = ", ".join(values), ", ".join(f":{name}" for name in values)
        with self._file.transaction() as log:
            try:
                log.execute(f"INSERT INTO transfers ({names}) VALUES ({marks})", values)  # noqa: S608 our own names
            except sqlite3.IntegrityError as error:
                raise InvalidRequest(f"Transfer {transfer.id} ({transfer.topic}) is in the log already.") from error

    def get(self, id_or_topic: str) -> Transfer:
        """The transfer of this id or topic.

        Raises
        ------
        InvalidRequest
            There is none; the nearest name is given.
        ServiceUnavailable
            The file cannot be read.
        """
        with self._file.connection() as log:
            row = log.execute(
                "SELECT * FROM transfers WHERE id = :key OR topic = :key", {"key": id_or_topic}
            ).fetchone()
            if row is None:
                raise _unknown(log, id_or_topic)
        return _transfer(row)

    def list(self, user: str | None = None, limit: int = 100) -> tuple[Transfer, ...]:
        """The last transfers, the newest first.

        Parameters
        ----------
        user
            Only this user's; None for everybody's.
        limit
            At most so many.

        Raises
        ------
        ServiceUnavailable
            The file cannot be read.
        """
        query = "SELECT * FROM transfers WHERE :user IS NULL OR user = :user ORDER BY number DESC LIMIT :limit"
        with self._file.connection() as log:
            rows = log.execute(query, {"user": user, "limit": limit}).fetchall()
        return tuple(_transfer(row) for row in rows)

    def unfinished(self) -> tuple[Transfer, ...]:
        """The transfers that are not in a final phase, the oldest first.

        Raises
        ------
        ServiceUnavailable
            The file cannot be read.
        """
        with self._file.connection() as log:
            rows = log.execute(f"SELECT * FROM transfers WHERE phase NOT IN ({_FINAL}) ORDER BY number").fetchall()  # noqa: S608
        return tuple(_transfer(row) for row in rows)

    def topics(self) -> dict[str, datetime]:
        """Each topic that this installation made, and when.

        Raises
        ------
        ServiceUnavailable
            The file cannot be read.
        """
        with self._file.connection() as log:
            rows = log.execute("SELECT topic, submitted_at FROM transfers").fetchall()
        return {row["topic"]: datetime.fromisoformat(row["submitted_at"]) for row in rows}

    def update(self, transfer_id: str, **changes: Any) -> Transfer:
        """Write what became of a transfer.

        A final phase stays: changes that name another phase come from a process that looked earlier, and are
        dropped as a whole.

        Parameters
        ----------
        transfer_id
            Its id.
        **changes
            Any of ``phase``, ``batch_id``, ``message``, ``receipt``, ``expires_at``.

        Returns
        -------
        Transfer
            The transfer as it stands afterwards.

        Raises
        ------
        InvalidRequest
            There is no such transfer.
        ServiceUnavailable
            The file cannot be written.
        """
        if unknown := changes.keys() - _CHANGEABLE:
            raise TypeError(f"not to be changed: {', '.join(sorted(unknown))}")
        values = {name: _stored(value) for name, value in changes.items()}
        with self._file.transaction() as log:
            if values:
                sets = ", ".join(f"{name} = :{name}" for name in values)
                query = f"UPDATE transfers SET {sets} WHERE id = :id AND (phase NOT IN ({_FINAL})"  # noqa: S608
                query += " OR phase = :phase)" if "phase" in values else " OR TRUE)"
                log.execute(query, {**values, "id": transfer_id})
            row = log.execute("SELECT * FROM transfers WHERE id = ?", (transfer_id,)).fetchone()
            if row is None:
                raise _unknown(log, transfer_id)
            return _transfer(row)

    def claim_next(self, max_running: int) -> Transfer | None:
        """Take the oldest waiting transfer out of the queue, to submit it; no other process gets it too.

        Its phase stays QUEUED until it is updated with the batch; a process that dies before that leaves it to
        `take_over_stale_claims`.

        Parameters
        ----------
        max_running
            Transfers that may be submitted or executed at once. One in phase UNKNOWN may run, and takes a place: how
            long it stays unknown is limited.

        Returns
        -------
        Transfer or None
            None if nothing waits, or no place is free.

        Raises
        ------
        ServiceUnavailable
            The file cannot be written.
        """
        query = f"""
            UPDATE transfers SET claimed_at = :now
            WHERE number = (SELECT min(number) FROM transfers WHERE {_WAITING})
              AND (SELECT count(*) FROM transfers WHERE {_TAKES_A_PLACE}) < :places
            RETURNING *"""  # noqa: S608
        with self._file.transaction() as log:
            rows = log.execute(query, {"now": time.time(), "places": max_running}).fetchall()
        return _transfer(rows[0]) if rows else None

    def take_over_stale_claims(self, older_than: timedelta) -> tuple[Transfer, ...]:
        """Claim again the transfers whose claim is old: the process that was to submit them has died.

        Each is handed to one caller, who looks its batch up by name in Livy, and then updates it.

        Parameters
        ----------
        older_than
            Age of a claim; well above the time that a submission may take.

        Raises
        ------
        ServiceUnavailable
            The file cannot be written.
        """
        query = f"UPDATE transfers SET claimed_at = :now WHERE {_CLAIMED} AND claimed_at <= :oldest RETURNING *"  # noqa: S608
        now = time.time()
        with self._file.transaction() as log:
            rows = log.execute(query, {"now": now, "oldest": now - older_than.total_seconds()}).fetchall()
        return tuple(_transfer(row) for row in sorted(rows, key=lambda row: int(row["number"])))

    def claimed_at(self, transfer_id: str) -> datetime | None:
        """When it was taken out of the queue to be submitted; None while it waits.

        Raises
        ------
        ServiceUnavailable
            The file cannot be read.
        """
        with self._file.connection() as log:
            row = log.execute("SELECT claimed_at FROM transfers WHERE id = ?", (transfer_id,)).fetchone()
        return datetime.fromtimestamp(row["claimed_at"], UTC) if row and row["claimed_at"] is not None else None

    def place_in_queue(self, transfer_id: str) -> int | None:
        """The transfer's place among those that wait, the next one's being 1; None if it does not wait.

        Raises
        ------
        ServiceUnavailable
            The file cannot be read.
        """
        query = f"""
            SELECT row FROM (SELECT id, row_number() OVER (ORDER BY number) AS row FROM transfers WHERE {_WAITING})
            WHERE id = ?"""  # noqa: S608
        with self._file.connection() as log:
            found = log.execute(query, (transfer_id,)).fetchone()
        return None if found is None else int(found["row"])


def _stored(value: Any) -> Any:
    """A value of a transfer as a column holds it."""
    if isinstance(value, BaseModel):
        return value.model_dump_json()
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return value


def _transfer(row: sqlite3.Row) -> Transfer:
    values = {name: row[name] for name in _COLUMNS}
    try:
        for name in _JSON_COLUMNS:
            values[name] = values[name] and json.loads(values[name])
        return Transfer.model_validate(values)
    except ValueError as error:
        raise QuicklookError(
            f"The transfer log's entry of {row['id']} cannot be understood.",
            "It was changed by hand or by another version of this program.",
        ) from error


def _unknown(log: sqlite3.Connection, id_or_topic: str) -> InvalidRequest:
    rows = log.execute("SELECT id, topic FROM transfers ORDER BY number DESC LIMIT ?", (_SUGGESTED_FROM,)).fetchall()
    names = [name for row in rows for name in (row["id"], row["topic"])]
    nearest = difflib.get_close_matches(id_or_topic, names, n=1)
    hint = f"Did you mean {nearest[0]}?" if nearest else "List the transfers to see their names."
    return InvalidRequest(f"There is no transfer {id_or_topic[:300]!r}.", hint)
