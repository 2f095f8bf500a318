"""The open readers of a process: one for each topic and name, shared by all who look, closed when nobody does."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field

from backend.reading import AlertReader

IDLE_S = 1800.0
READER = "dashboard"
"""Name of the store that all share who do not ask for one of their own."""


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
        self._places: dict[tuple[str, str], _Place] = {}
        self._topics: dict[str, str] = {}

    def reader(self, id_or_topic: str, name: str = READER) -> AlertReader:
        """The reader of a transfer; opened when it is not.

        Parameters
        ----------
        name
            Of its store.

        Raises
        ------
        InvalidRequest
            There is no such transfer or topic, or the name is none.
        ServiceUnavailable
            Kafka must be asked for the topic, and does not answer.
        StoreInUse
            Another process uses this store.
        """
        with self._lock:
            self._close_idle()
            topic = self._topics.get(id_or_topic, id_or_topic)
            place = self._places.get((topic, name)) or self._opened(id_or_topic, name)
            place.used_at = time.monotonic()
            return place.reader

    def keep_open(self, reader: AlertReader) -> None:
        """Note that a reader is in use; nothing happens when it is not open."""
        with self._lock:
            for place in self._places.values():
                if place.reader is reader:
                    place.used_at = time.monotonic()

    def open_topics(self) -> tuple[str, ...]:
        """The topics whose readers are open."""
        with self._lock:
            return tuple(dict.fromkeys(topic for topic, _ in self._places))

    def close(self) -> None:
        """Stop and close all readers."""
        with self._lock:
            for key in tuple(self._places):
                self._close(key)

    def _opened(self, id_or_topic: str, name: str) -> _Place:
        reader = self._open_reader(id_or_topic, name)
        self._topics[id_or_topic] = reader.topic
        key = (reader.topic, name)
        if key not in self._places:
            with ExitStack() as entered:
                entered.enter_context(reader)
                self._places[key] = _Place(reader, entered.pop_all())
        return self._places[key]

    def _close_idle(self) -> None:
        now = time.monotonic()
        for key, place in tuple(self._places.items()):
            if now - place.used_at >= self._idle_s and place.reader.join(0):
                self._close(key)

    def _close(self, key: tuple[str, str]) -> None:
        self._places.pop(key).closing.close()
        gone = key[0]
        if gone not in {topic for topic, _ in self._places}:
            self._topics = {name: topic for name, topic in self._topics.items() if topic != gone}
