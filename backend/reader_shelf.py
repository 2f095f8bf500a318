"""The open readers of a process: one for each topic and name, shared by all who look, closed when nobody does."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

from backend.errors import QuicklookError
from backend.reading import AlertReader

IDLE_S = 1800.0
READER = "dashboard"
"""Name of the store that all share who do not ask for one of their own."""

_Key = tuple[str, str]


@dataclass
class _Place:
    reader: AlertReader
    closing: ExitStack
    used_at: float = field(default_factory=time.monotonic)
    uses: int = 0
    """By whom it must not be closed."""
    is_leaving: bool = False
    """Closed by the last of its uses."""


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
        # Opening and closing take long: each holds the lock of its store, and nobody waits with this one.
        self._lock = threading.Lock()
        self._stores: defaultdict[_Key, threading.Lock] = defaultdict(threading.Lock)
        self._places: dict[_Key, _Place] = {}
        self._topics: dict[str, str] = {}
        self._is_closed = False

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
        QuicklookError
            The shelf is closed.
        """
        self._close_idle()
        with self._lock:
            topic = self._topics.get(id_or_topic, id_or_topic)
            place = self._used((topic, name))
        return place.reader if place else self._opened(id_or_topic, name)

    @contextmanager
    def kept_open(self, reader: AlertReader) -> Iterator[None]:
        """Nothing closes the reader during this, neither time nor `close`; that ends with the last use.

        Raises
        ------
        QuicklookError
            It is closed already.
        """
        with self._lock:
            place = next((each for each in self._places.values() if each.reader is reader), None)
            if place is None:
                raise QuicklookError("The store of these alerts was closed meanwhile.", "Load the page again.")
            place.uses += 1
        try:
            yield
        finally:
            with self._lock:
                place.uses -= 1
                place.used_at = time.monotonic()
                is_left = place.is_leaving and not place.uses
            if is_left:
                place.closing.close()

    def open_topics(self) -> tuple[str, ...]:
        """The topics whose readers are open."""
        with self._lock:
            return tuple(dict.fromkeys(topic for topic, _ in self._places))

    def close(self) -> None:
        """Stop all readers and close them, those in use when that ends; open none any more."""
        with self._lock:
            self._is_closed = True
            keys = tuple(self._places)
        for key in keys:
            self._close(key, lambda _: True)

    def _opened(self, id_or_topic: str, name: str) -> AlertReader:
        reader = self._open_reader(id_or_topic, name)
        key = (reader.topic, name)
        with self._store(key):
            with self._lock:
                self._topics[id_or_topic] = reader.topic
                place = self._used(key)
            if place is None:
                place = self._entered(key, reader)
        return place.reader

    def _entered(self, key: _Key, reader: AlertReader) -> _Place:
        with ExitStack() as entered:
            entered.enter_context(reader)
            with self._lock:
                if self._is_closed:
                    raise QuicklookError("The settings have changed meanwhile.", "Load the page again.")
                place = self._places[key] = _Place(reader, entered.pop_all())
        return place

    def _used(self, key: _Key) -> _Place | None:
        place = self._places.get(key)
        if place:
            place.used_at = time.monotonic()
        return place

    def _store(self, key: _Key) -> threading.Lock:
        with self._lock:
            return self._stores[key]

    def _close_idle(self) -> None:
        with self._lock:
            idle = [key for key, place in self._places.items() if self._is_idle(place)]
        for key in idle:
            self._close(key, self._is_idle)

    def _is_idle(self, place: _Place) -> bool:
        return not place.uses and time.monotonic() - place.used_at >= self._idle_s and place.reader.join(0)

    def _close(self, key: _Key, is_due: Callable[[_Place], bool]) -> None:
        with self._store(key):
            with self._lock:
                place = self._places.get(key)
                if place is None or not is_due(place):
                    return
                self._forget(key)
                place.is_leaving = True
                is_in_use = place.uses > 0
            if is_in_use:
                place.reader.stop()
            else:
                place.closing.close()

    def _forget(self, key: _Key) -> None:
        del self._places[key]
        gone = key[0]
        if gone not in {topic for topic, _ in self._places}:
            self._topics = {name: topic for name, topic in self._topics.items() if topic != gone}
