"""The one façade and the shelves of readers and downloads that all sessions of this process share."""

from __future__ import annotations

import functools
import threading
from datetime import timedelta
from pathlib import Path

import streamlit as st

from backend.config import Settings
from backend.download_shelf import DownloadShelf
from backend.errors import ServiceUnavailable
from backend.object_marks import ObjectMarks
from backend.reader_shelf import ReaderShelf
from backend.reading import AlertReader
from backend.settings_reading import read_settings
from backend.transfers import Transfers
from views.components.navigation import reader_in_address


def connect_transfers(settings: Settings) -> Transfers:
    """Make the façade; the only place that does, for tests to replace."""
    return Transfers.connect(settings)


class Connection:
    """Follows the settings: a stack that is started again may have other addresses.

    A stack that is gone leaves the last façade in use: it says itself what does not answer, and stored alerts stay
    within reach.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._settings: Settings | None = None
        self._parts: tuple[Transfers, ReaderShelf] | None = None

    def parts(self) -> tuple[Transfers, ReaderShelf]:
        """The façade and the shelf, for the settings as they are now.

        Raises
        ------
        ServiceUnavailable
            No address of a service was ever known.
        InvalidSettings
            The settings cannot work.
        """
        settings = read_settings()
        with self._lock:
            if self._parts is None or settings != self._settings:
                self._connect(settings)
            assert self._parts is not None
            return self._parts

    def _connect(self, settings: Settings) -> None:
        try:
            transfers = connect_transfers(settings)
        except ServiceUnavailable:
            if self._parts is None:
                raise
            return
        if self._parts is not None:
            self._parts[1].close()
        self._settings, self._parts = settings, (transfers, ReaderShelf(transfers.open_reader))


@st.cache_resource(show_spinner=False)
def _connection() -> Connection:
    return Connection()


def transfers() -> Transfers:
    """The façade."""
    return _connection().parts()[0]


def shelf() -> ReaderShelf:
    """The open readers."""
    return _connection().parts()[1]


@functools.cache
def downloads() -> DownloadShelf:
    """The prepared downloads; also for the route, which no session calls.

    Raises
    ------
    InvalidSettings
        The settings cannot work.
    """
    settings = read_settings()
    return DownloadShelf(settings.data_dir / "downloads", timedelta(hours=settings.download_keep_h))


@functools.lru_cache(maxsize=4)
def _marks_in(data_dir: Path) -> ObjectMarks:
    return ObjectMarks(data_dir / "marks.sqlite")


def marks() -> ObjectMarks:
    """What people noted of objects.

    Raises
    ------
    ServiceUnavailable
        The file cannot be opened.
    """
    return _marks_in(read_settings().data_dir)


def reader_of(id_or_topic: str) -> AlertReader:
    """The reader of a transfer, by the store that this session uses."""
    return shelf().reader(id_or_topic, reader_in_address())
