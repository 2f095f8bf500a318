"""One reader a topic, shared, and closed when it is idle; and what a browser downloads from it."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from backend.alert_export import PartitionBy
from backend.errors import InvalidRequest, QuicklookError, StoreInUse
from backend.parquet_download import LIKELY_SHRINKING, parquet_download
from backend.reader_shelf import READER, ReaderShelf
from backend.reading import AlertReader
from tests.support.alert_records import light_alert
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


@pytest.mark.parametrize("layout", [None, "time", "finkclass"])
def test_a_download_has_every_alert(shelf: ReaderShelf, tmp_path: Path, layout: PartitionBy | None) -> None:
    reader = shelf.reader("17")
    reader.start()
    made = parquet_download(reader, layout, {"survey": "ztf"})
    if layout is None:
        frame = pd.read_parquet(io.BytesIO(made.data))
        assert made.name == f"{TOPIC}.parquet"
    else:
        zipfile.ZipFile(io.BytesIO(made.data)).extractall(tmp_path / "out")
        frame = pd.read_parquet(tmp_path / "out" / TOPIC)
        assert made.name == f"{TOPIC}.zip"
    assert sorted(frame["candid"]) == list(range(500))
    assert made.rows == 500
    assert set(frame["finkclass"].astype(str)) == {light_alert(candid)["finkclass"] for candid in range(500)}


def test_a_download_that_is_too_large_names_the_command(shelf: ReaderShelf) -> None:
    reader = shelf.reader("17")
    reader.start()
    with pytest.raises(QuicklookError, match=f"python -m backend fetch {TOPIC} --out alerts --partition-by time"):
        parquet_download(reader, "time", limit_bytes=1_000)
    # The store's file passes here, what is written does not.
    with pytest.raises(QuicklookError, match="would be some 0 MB"):
        parquet_download(reader, None, limit_bytes=reader.store.path.stat().st_size // LIKELY_SHRINKING + 1)
