"""The open readers of a process: one for each topic, shared by all who look at it, closed when nobody does."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field

from backend.reading import AlertReader

IDLE_S = 1800.0
READER = "dashboard"


@dataclass
class _Place:
    reader: AlertReader
    closing: ExitStack
    used_at: float = field(default_factory=time.monotonic)


class ReaderShelf:
    """Hands out readers; a store has one owning process, so that all pages of a dashboard must share them.

    Parameters
    ----------
    open_reader
        Transfer's id or topic, and reader's name -> a reader that is not entered yet.
    idle_s
        A reader that does not read and was not asked for during this time is closed, in seconds.
    """

    def __init__(self, open_reader: Callable[[str, str], AlertReader], *, idle_s: float = IDLE_S) -> None:
        self._open_reader = open_reader
        self._idle_s = idle_s
        self._lock = threading.Lock()
        self._places: dict[str, _Place] = {}
        self._topics: dict[str, str] = {}

    def reader(self, id_or_topic: str) -> AlertReader:
        """The reader of a transfer; opened when it is not.

        Raises
        ------
        InvalidRequest
            There is no such transfer or topic.
        ServiceUnavailable
            Kafka must be asked for the topic, and does not answer.
        StoreInUse
            Another process uses the dashboard's store of this transfer.
        """
        with self._lock:
            self._close_idle()
            topic = self._topics.get(id_or_topic, id_or_topic)
            place = self._places.get(topic) or self._opened(id_or_topic)
            place.used_at = time.monotonic()
            return place.reader

    def keep_open(self, topic: str) -> None:
        """Note that a reader is in use; nothing happens when it is not open."""
        with self._lock:
            if place := self._places.get(topic):
                place.used_at = time.monotonic()

    def open_topics(self) -> tuple[str, ...]:
        """The topics whose readers are open."""
        with self._lock:
            return tuple(self._places)

    def close(self) -> None:
        """Stop and close all readers."""
        with self._lock:
            for topic in tuple(self._places):
                self._close(topic)

    def _opened(self, id_or_topic: str) -> _Place:
        reader = self._open_reader(id_or_topic, READER)
        self._topics[id_or_topic] = reader.topic
        if reader.topic not in self._places:
            with ExitStack() as entered:
                entered.enter_context(reader)
                self._places[reader.topic] = _Place(reader, entered.pop_all())
        return self._places[reader.topic]

    def _close_idle(self) -> None:
        now = time.monotonic()
        for topic, place in tuple(self._places.items()):
            if now - place.used_at >= self._idle_s and place.reader.join(0):
                self._close(topic)

    def _close(self, topic: str) -> None:
        self._places.pop(topic).closing.close()
        self._topics = {name: known for name, known in self._topics.items() if known != topic}
