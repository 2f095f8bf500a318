"""One reader a topic, shared, and closed when it is idle."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Self

import pytest

from backend.errors import InvalidRequest, QuicklookError, StoreInUse
from backend.reader_shelf import READER, ReaderShelf
from backend.reading import AlertReader
from tests.support.facade import TableReader
from tests.support.light_table import light_table

TOPIC = "ftransfer_ztf_x"


class Stores:
    """Opens readers of one topic, under its transfer's id too."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.is_slow = False
        self.opened = 0

    def open_reader(self, id_or_topic: str, reader: str) -> AlertReader:
        if id_or_topic not in ("17", TOPIC):
            raise InvalidRequest(f"There is no transfer {id_or_topic}.")
        self.opened += 1
        return TableReader(TOPIC, self.folder, reader, light_table(range(500)), lambda: self.is_slow)


@pytest.fixture
def stores(tmp_path: Path) -> Stores:
    return Stores(tmp_path)


@pytest.fixture
def shelf(stores: Stores) -> Iterator[ReaderShelf]:
    shelf = ReaderShelf(stores.open_reader)
    yield shelf
    shelf.close()


def test_all_get_the_same_reader_by_id_and_by_topic(shelf: ReaderShelf, stores: Stores) -> None:
    readers = {id(shelf.reader(name)) for name in ("17", TOPIC, "17", TOPIC)}
    assert len(readers) == 1
    assert shelf.open_topics() == (TOPIC,)
    assert stores.opened == 1


def test_its_store_is_its_own_until_it_is_closed(shelf: ReaderShelf, stores: Stores) -> None:
    shelf.reader("17")
    with pytest.raises(StoreInUse), stores.open_reader("17", READER):
        pass
    shelf.close()
    with stores.open_reader("17", READER) as reader:
        assert reader.store.counts.distinct == 0


def test_an_idle_reader_is_closed_and_one_that_reads_is_not(stores: Stores) -> None:
    shelf = ReaderShelf(stores.open_reader, idle_s=0.0)
    stores.is_slow = True
    first = shelf.reader("17")
    first.start()
    assert shelf.reader("17") is first
    first.stop()
    second = shelf.reader("17")
    assert second is not first
    shelf.close()


def test_a_failure_leaves_nothing_behind(shelf: ReaderShelf) -> None:
    with pytest.raises(InvalidRequest):
        shelf.reader("18")
    assert shelf.open_topics() == ()
    assert shelf.reader("17").topic == TOPIC


def test_a_reader_that_is_kept_open_is_not_idle(stores: Stores, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    shelf = ReaderShelf(stores.open_reader, idle_s=10.0)
    first = shelf.reader("17")
    with shelf.kept_open(first):
        clock[0] = 50.0
        assert shelf.reader("17") is first
        clock[0] = 100.0
    clock[0] = 108.0
    assert shelf.reader("17") is first
    clock[0] = 118.0
    assert shelf.reader("17") is not first
    shelf.close()


def test_a_closed_shelf_keeps_a_reader_until_its_last_use_has_ended(shelf: ReaderShelf, stores: Stores) -> None:
    reader = shelf.reader("17")
    reader.start()
    with shelf.kept_open(reader):
        with shelf.kept_open(reader):
            shelf.close()
        assert reader.store.scan().read_all().num_rows == 500
        with pytest.raises(StoreInUse), stores.open_reader("17", READER):
            pass
    with stores.open_reader("17", READER) as again:
        assert again.store.counts.distinct == 500


def test_a_closed_shelf_opens_and_keeps_nothing_more(shelf: ReaderShelf, stores: Stores) -> None:
    reader = shelf.reader("17")
    shelf.close()
    with pytest.raises(QuicklookError, match="Load the page again"):
        shelf.reader("17")
    with pytest.raises(QuicklookError, match="Load the page again"), shelf.kept_open(reader):
        pass
    with stores.open_reader("17", READER):
        pass


@pytest.mark.timeout(60)
@pytest.mark.parametrize("blocks_at", ["the topic", "the store"])
def test_an_opening_that_takes_long_keeps_no_other_reader_waiting(tmp_path: Path, blocks_at: str) -> None:
    began, go_on = threading.Event(), threading.Event()

    def block(place: str) -> None:
        if place == blocks_at:
            began.set()
            assert go_on.wait(30)

    class SlowReader(TableReader):
        def __enter__(self) -> Self:
            if self.topic == "slow":
                block("the store")
            return super().__enter__()

    def open_reader(topic: str, reader: str) -> AlertReader:
        if topic == "slow":
            block("the topic")
        return SlowReader(topic, tmp_path, reader, light_table(range(5)), lambda: False)

    shelf = ReaderShelf(open_reader)
    with ThreadPoolExecutor(3) as sessions:
        slow = [sessions.submit(shelf.reader, "slow") for _ in range(2)]
        try:
            assert began.wait(30)
            assert sessions.submit(shelf.reader, TOPIC).result(20).topic == TOPIC
            assert shelf.open_topics() == (TOPIC,)
        finally:
            go_on.set()
        assert slow[0].result() is slow[1].result()
    shelf.close()
