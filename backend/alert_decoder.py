"""Raw Avro messages to Arrow: fast through DataFusion, exact for damaged messages, the same through fastavro."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import fastavro
import pyarrow as pa
from datafusion import SessionConfig, SessionContext

from backend.avro_container import GUARD_FIELD, AvroContainer, open_container
from backend.avro_types import arrow_schema
from backend.errors import InvalidRequest

_FASTAVRO_ERRORS = (EOFError, IndexError, KeyError, ValueError, TypeError, OverflowError, MemoryError)
"""What fastavro raises on bytes that are not a record of the schema (``UnicodeDecodeError`` is a ``ValueError``)."""


class _NotReadable(Exception):
    """These bytes, read as one container, are not the records that they should be."""


@dataclass(frozen=True, slots=True)
class DamagedMessage:
    """A message that does not decode: its place in the batch, and what is wrong with it."""

    index: int
    reason: str


@dataclass(frozen=True, slots=True)
class DecodedBatch:
    """The sound alerts of a batch, in its order, and the damaged messages beside them."""

    table: pa.Table
    damaged: tuple[DamagedMessage, ...]


class AlertDecoder:
    """Decode the messages of one topic.

    Parameters
    ----------
    schema_text
        The topic's Avro schema as JSON, as its schema topic holds it.
    use_fastavro
        Decode with the slow reference; otherwise it is used only for a schema that DataFusion cannot read.

    Raises
    ------
    InvalidRequest
        When the text is not an Avro record schema, or has types that topics of alerts do not have.
    """

    def __init__(self, schema_text: str, *, use_fastavro: bool = False) -> None:
        self.schema_text = schema_text
        try:
            parsed: dict[str, Any] = json.loads(schema_text)
            self._avro = fastavro.parse_schema(parsed)
        except (ValueError, KeyError, TypeError, fastavro.schema.SchemaParseException) as error:
            raise InvalidRequest(
                f"The topic's schema is not an Avro schema: {error}.", "Was the topic made by a transfer?"
            ) from error
        self.schema: pa.Schema = arrow_schema(parsed)
        self._container = AvroContainer(parsed)
        self.uses_fastavro = use_fastavro or not self._datafusion_reads_schema()

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the schema's text, in hexadecimal."""
        return hashlib.sha256(self.schema_text.encode()).hexdigest()

    def decode(self, values: Sequence[bytes | None]) -> DecodedBatch:
        """Decode one batch.

        Parameters
        ----------
        values
            Message values; each is one record without a header.

        Returns
        -------
        DecodedBatch
            Rows of the sound messages in order, with the types of ``schema`` whatever the data are.
        """
        damaged = {index: "it is empty" for index, value in enumerate(values) if not value}
        numbered = [(index, value) for index, value in enumerate(values) if value]
        if self.uses_fastavro:
            tables = [self._decode_by_reference(numbered, damaged)]
        else:
            tables = self._decode_fast(numbered, damaged)
        table = pa.concat_tables(tables) if tables else self.schema.empty_table()
        return DecodedBatch(table, tuple(DamagedMessage(index, damaged[index]) for index in sorted(damaged)))

    def _decode_fast(self, numbered: list[tuple[int, bytes]], damaged: dict[int, str]) -> list[pa.Table]:
        if not numbered:
            return []
        try:
            return [self._read_container([value for _, value in numbered])]
        except _NotReadable:
            suspects = [(index, value, self._reference_complaint(value)) for index, value in numbered]
        damaged.update({index: complaint for index, _, complaint in suspects if complaint})
        return self._bisect([(index, value) for index, value, complaint in suspects if not complaint], damaged)

    def _bisect(self, numbered: list[tuple[int, bytes]], damaged: dict[int, str]) -> list[pa.Table]:
        """Decode what the reference found sound; what DataFusion still refuses is found by halving."""
        if not numbered:
            return []
        try:
            return [self._read_container([value for _, value in numbered])]
        except _NotReadable as error:
            if len(numbered) == 1:
                damaged[numbered[0][0]] = str(error)
                return []
        middle = len(numbered) // 2
        return self._bisect(numbered[:middle], damaged) + self._bisect(numbered[middle:], damaged)

    def _read_container(self, values: Sequence[bytes]) -> pa.Table:
        """Read records as one Avro block whose guards prove that each record ended where its message ended."""
        rows = len(values)
        pieces, guards = self._container.pieces(values)
        table = self._query_container(pieces, rows)
        if not table.column(GUARD_FIELD).combine_chunks().equals(guards):
            raise _NotReadable("its length is not that of one record")
        return table.drop_columns([GUARD_FIELD])

    def _query_container(self, pieces: Sequence[bytes], rows: int) -> pa.Table:
        with open_container(pieces) as path:
            try:
                frame = _session(max(rows, 1)).read_avro(path, file_extension="")
                return frame.limit(rows).to_arrow_table()
            except Exception as error:
                if type(error) is not Exception:  # DataFusion raises the bare class for all that it cannot read
                    raise
                raise _NotReadable(str(error)) from error

    def _datafusion_reads_schema(self) -> bool:
        """Whether DataFusion reads a container of this schema, and to the very types that we promise."""
        try:
            with open_container([self._container.header]) as path:
                found = _session(1).read_avro(path, file_extension="").schema()
        except Exception as error:
            if type(error) is not Exception:
                raise
            return False
        return bool(found.remove(len(found) - 1).equals(self.schema))

    def _reference_complaint(self, value: bytes) -> str:
        """What fastavro has against a message; empty when it is one whole record."""
        try:
            self._read_reference(value)
        except _NotReadable as error:
            return str(error)
        return ""

    def _read_reference(self, value: bytes) -> Any:
        source = io.BytesIO(value)
        try:
            record = fastavro.schemaless_reader(source, self._avro, None)
        except _FASTAVRO_ERRORS as error:
            raise _NotReadable(f"{type(error).__name__}: {error}" if str(error) else type(error).__name__) from error
        left = len(value) - source.tell()
        if left:
            raise _NotReadable(f"{left} bytes are left over after its record")
        return record

    def _decode_by_reference(self, numbered: list[tuple[int, bytes]], damaged: dict[int, str]) -> pa.Table:
        records = []
        for index, value in numbered:
            try:
                records.append(self._read_reference(value))
            except _NotReadable as error:
                damaged[index] = str(error)
        return pa.Table.from_pylist(records, schema=self.schema)


@lru_cache(maxsize=4)
def _session(rows: int) -> SessionContext:
    """A session that reads ``rows`` records and stops.

    With a batch of exactly that many rows, DataFusion never looks at what follows the last record: its reader spins
    for ever on bytes that are left over in a block. The guards, not the reader, prove that none are left.
    """
    return SessionContext(SessionConfig().with_target_partitions(1).with_batch_size(rows))
