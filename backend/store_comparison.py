"""The messages of a topic beside the rows of stores: both as id and hash, so that neither need fit into memory."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import duckdb
import numpy as np
import pyarrow as pa

from backend.alert_decoder import AlertDecoder
from backend.alert_stream import AlertStream
from backend.errors import QuicklookError, ServiceUnavailable
from backend.kafka_access import KafkaAccess
from backend.row_digest import row_digest
from backend.store_lock import StoreLock
from backend.verdicts import TopicRange
from backend.verification import EXAMPLES, AlertPlace, Named, StoreAnswer

_BATCH_MESSAGES = 20_000
_BATCH_BYTES = 32_000_000
_FILL_S = 0.5
_MEMORY_LIMIT = "512MB"
_PLACE = ("_partition", "_offset")

_COMPARED = """
CREATE OR REPLACE TEMP TABLE compared AS
WITH stored AS (SELECT candid, {digest} AS digest FROM store.alerts),
sent AS (
    SELECT candid, digest, topic.partition, "offset", read.partition IS NULL AS is_unread
    FROM topic LEFT JOIN store.read_ranges AS read
        ON topic.partition = read.partition AND "offset" >= read."begin" AND "offset" < read."end"
)
SELECT coalesce(sent.candid, stored.candid) AS candid, min(partition) AS partition, min("offset") AS "offset",
    CASE WHEN bool_and(sent.candid IS NULL) THEN 'extra'
         WHEN bool_and(stored.candid IS NULL) THEN if(bool_and(is_unread), 'unread', 'missing')
         WHEN bool_or(sent.digest = stored.digest) THEN 'same'
         ELSE 'altered' END AS state
FROM sent FULL JOIN stored ON sent.candid = stored.candid GROUP BY ALL
"""


class TopicDigests:
    """Id, hash and place of each alert on a topic, read once and compared with as many stores as there are.

    What does not fit into the memory is in a private temporary folder while the context is open.

    Parameters
    ----------
    kafka, topic
        Where to read.
    schema_text
        The topic's Avro schema.
    """

    def __init__(self, kafka: KafkaAccess, topic: str, schema_text: str) -> None:
        self._kafka = kafka
        self._topic = topic
        self._decoder = AlertDecoder(schema_text)

    def __enter__(self) -> Self:
        self._folder = tempfile.TemporaryDirectory(prefix="alert-quicklook-")
        self._connection = duckdb.connect(
            ":memory:",
            config={"memory_limit": _MEMORY_LIMIT, "temp_directory": self._folder.name, "threads": 2},
        )
        self._connection.execute(
            'CREATE TABLE topic (candid BIGINT, digest UBIGINT, partition INTEGER, "offset" BIGINT)'
        )
        self._expired = 0
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()
        self._folder.cleanup()

    def read(self, ranges: Mapping[int, TopicRange], deadline: float) -> None:
        """Read the messages of the topic, through the decoder that stores are filled with.

        Parameters
        ----------
        ranges
            Of each partition, where it begins and ends.
        deadline
            Until when, by `time.monotonic`.

        Raises
        ------
        InvalidRequest
            There is no such topic any more.
        ServiceUnavailable
            Kafka does not answer, or not all messages came in time.
        """
        begins = {partition: each.begin for partition, each in ranges.items()}
        self._expired = sum(begins.values())
        with AlertStream(self._kafka, self._topic, begins) as stream:
            while any(stream.positions[partition] < each.end for partition, each in ranges.items()):
                if time.monotonic() > deadline:
                    raise ServiceUnavailable("Kafka", f"Kafka has not given all of {self._topic} in time.")
                batch = stream.read(_BATCH_MESSAGES, _BATCH_BYTES, _FILL_S)
                decoded = self._decoder.decode(batch.values)
                sound = np.delete(np.arange(len(batch.values)), [one.index for one in decoded.damaged])
                self._add(decoded.table, np.array(batch.partitions)[sound], np.array(batch.offsets)[sound])

    def compare(self, store: Path) -> StoreAnswer:
        """Compare the topic with the rows of a store.

        Raises
        ------
        StoreInUse
            A process uses the store.
        QuicklookError
            The file is no store of this topic, or cannot be read.
        """
        lock = StoreLock(store.with_name(f"{store.name}.lock"))
        lock.acquire(store)
        try:
            path = str(store).replace("'", "''")
            self._connection.execute(f"ATTACH '{path}' AS store (READ_ONLY)")
            try:
                return self._compared(store)
            finally:
                self._connection.execute("DETACH store")
        except duckdb.Error as error:
            raise QuicklookError(f"The store {store.name} cannot be read: {error}.") from error
        finally:
            lock.release()

    def _add(self, alerts: pa.Table, partitions: np.ndarray, offsets: np.ndarray) -> None:
        if not alerts.num_rows:
            return
        places: list[pa.Array[Any]] = [pa.array(partitions, pa.int32()), pa.array(offsets, pa.int64())]
        arriving = pa.Table.from_arrays([*alerts.columns, *places], names=[*alerts.column_names, *_PLACE])
        self._connection.register("arriving", arriving)
        try:
            digest = row_digest(self._connection, "FROM arriving", without=_PLACE)
            columns = f"candid, {digest}, {', '.join(_PLACE)}"
            self._connection.execute(f"INSERT INTO topic SELECT {columns} FROM arriving")  # noqa: S608  (quoted names)
        finally:
            self._connection.unregister("arriving")

    def _compared(self, store: Path) -> StoreAnswer:
        known = self._connection.execute("SELECT topic, fingerprint FROM store.meta").fetchone()
        if known is None:  # opened, and nothing read yet
            (unread,) = self._numbers("SELECT count(DISTINCT candid) FROM topic")
            return StoreAnswer(stored=0, unread=unread)
        if known != (self._topic, self._decoder.fingerprint):
            raise QuicklookError(f"The store {store.name} is of another topic, or of one with another schema.")
        digest = row_digest(self._connection, "FROM store.alerts")
        self._connection.execute(_COMPARED.format(digest=digest))
        stored, distinct = self._numbers("SELECT count(*), count(DISTINCT candid) FROM store.alerts")
        (unread,) = self._numbers("SELECT count(*) FROM compared WHERE state = 'unread'")
        return StoreAnswer(
            stored=stored,
            repeated=stored - distinct,
            unread=unread,
            expired=self._expired,
            missing=self._named("missing"),
            extra=self._named("extra"),
            altered=self._named("altered"),
        )

    def _numbers(self, query: str, *values: str) -> tuple[int, ...]:
        return tuple(int(number) for number in self._connection.execute(query, values).fetchall()[0])

    def _named(self, state: str) -> Named:
        rows = self._connection.execute(
            'SELECT candid, partition, "offset" FROM compared WHERE state = ? ORDER BY candid', [state]
        )
        first = rows.fetchmany(EXAMPLES)
        (count,) = self._numbers("SELECT count(*) FROM compared WHERE state = ?", state)
        places = (AlertPlace(candid=candid, partition=part, offset=offset) for candid, part, offset in first)
        return Named(count=count, examples=tuple(places))
