"""The file of a download, from a real store: all or nothing, under a name that says what is in it."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from backend.alert_filter import EVERYTHING, AlertFilter
from backend.download_files import WantedAlerts, needed_bytes, writing
from backend.download_forms import FORMS, DownloadForm, bytes_per_alert, fit
from backend.download_shelf import DownloadShelf
from backend.models import Phase
from backend.prepared_download import PreparedDownload
from backend.reading import AlertReader
from tests.support.alert_records import light_alert
from tests.support.facade import TableReader
from tests.support.light_table import light_table
from tests.support.waiting import wait_for
from tests.unit.backend.test_download_shelf import KEEP

TOPIC = "ftransfer_ztf_x"
ALERTS = 5_000


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[AlertReader]:
    """A reader with light alerts in its store."""
    with TableReader(TOPIC, tmp_path / "stores", "dashboard", light_table(range(ALERTS)), lambda: False) as opened:
        opened.start()
        yield opened


def ignore(_rows: int) -> None:
    """Who does not care how far it is."""


def test_each_batch_is_told_until_all_rows_are(reader: AlertReader, tmp_path: Path) -> None:
    told: list[int] = []
    file = writing(reader, WantedAlerts(FORMS[0], EVERYTHING), None, None)(tmp_path, told.append)
    assert file.name == f"{TOPIC}.parquet"
    assert pq.read_metadata(file).num_rows == ALERTS
    assert told == sorted(told)
    assert (told[0], told[-1]) == (0, ALERTS)
    assert len(told) > 2


def test_a_selection_is_named_so(reader: AlertReader, tmp_path: Path) -> None:
    wanted = WantedAlerts(DownloadForm("parquet", "finkclass"), AlertFilter(object_id=light_alert(7)["objectId"]))
    file = writing(reader, wanted, None, None)(tmp_path, ignore)
    assert file.name == f"{TOPIC}_selection.zip"
    with zipfile.ZipFile(file) as packed:
        assert packed.testzip() is None
        assert all(name.startswith(f"{TOPIC}/finkclass=") for name in packed.namelist())


@pytest.mark.parametrize("form", [DownloadForm("parquet"), DownloadForm("parquet", "finkclass"), DownloadForm("csv")])
def test_a_cancelled_export_leaves_nothing(reader: AlertReader, tmp_path: Path, form: DownloadForm) -> None:
    shelf = DownloadShelf(tmp_path / "downloads", KEEP)
    wanted = WantedAlerts(form, EVERYTHING)
    made: list[PreparedDownload] = []

    def write_and_cancel(place: Path, tell) -> Path:
        def told(rows: int) -> None:
            if rows:
                wait_for(lambda: made, 10)
                made[0].cancel()
            tell(rows)

        return writing(reader, wanted, None, None)(place, told)

    made.append(shelf.prepare(reader.store.path, wanted, ALERTS, 0, write_and_cancel))
    wait_for(lambda: made[0].progress.phase.is_final, 20)
    assert made[0].progress.phase is Phase.ABORTED
    assert 0 <= made[0].progress.rows < ALERTS
    assert not made[0].folder.exists()


@pytest.mark.parametrize("form", [form for form in FORMS if not form.partition_by])
def test_the_estimate_is_near_the_size(reader: AlertReader, tmp_path: Path, form: DownloadForm) -> None:
    if fit(reader.store, form).refusal:
        pytest.skip("light alerts of the tests have no light curve")
    estimated = ALERTS * bytes_per_alert(reader.store, form)
    size = writing(reader, WantedAlerts(form, EVERYTHING), None, None)(tmp_path, ignore).stat().st_size
    assert estimated == pytest.approx(size, rel=0.5)
    assert size < needed_bytes(estimated, form) or size < 100_000
