"""The façade before anything is submitted: real log and statistics, and servers that nobody reaches."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import fsspec
import pytest

from backend.config import Settings
from backend.errors import InvalidRequest, ServiceUnavailable
from backend.job_size import JobSize
from backend.models import Content, TransferRequest
from backend.nights import NightRange
from backend.transfer_log import TransferLog
from backend.transfers import Transfers
from tests.support.written_statistics import write_statistics
from tests.unit.backend.test_expected_time import past

FIRST, SECOND, FIFTH = date(2024, 9, 1), date(2024, 9, 2), date(2024, 9, 5)
LARGEST_BYTES = 1_000_000
NOBODY = "127.0.0.1:1"


def _of(content: Content, conditions: str = "", stop: date = SECOND) -> TransferRequest:
    return TransferRequest(nights=(NightRange(start=FIRST, stop=stop),), content=content, conditions=conditions)


@pytest.fixture
def transfers(tmp_path: Path) -> Transfers:
    """Of an archive of 300 alerts in two nights: 1.2 MB in full, 0.3 MB as light curves."""
    archive = tmp_path / "archive"
    (archive / "year=2024").mkdir(parents=True)
    settings = Settings(
        archive_uri=str(archive),
        data_dir=tmp_path / "var",
        livy_url=f"http://{NOBODY}",
        kafka_bootstrap_servers=NOBODY,
        largest_bytes=LARGEST_BYTES,
        request_timeout_s=0.5,
    )
    transfers = Transfers.connect(settings)
    folder = Path(fsspec.core.url_to_fs(transfers.archive.folder)[1])
    write_statistics(folder, "20260101T000000000000", [(FIRST, "RRLyr", 200), (SECOND, "Unknown", 100)])
    return transfers


def _log(folder: Path) -> TransferLog:
    return TransferLog(folder / "var" / "transfers.sqlite")


def _made(folder: Path) -> list[str]:
    """Scripts, plans and transfers."""
    return [*map(str, folder.glob("var/scripts/**/*")), *(each.id for each in _log(folder).list())]


@pytest.mark.parametrize("conditions", ["", "candidate.magpsf >= 0", "size(prv_candidates) > 3"])
def test_what_is_too_large_is_refused_before_anything_is_made(
    transfers: Transfers, tmp_path: Path, conditions: str
) -> None:
    with pytest.raises(InvalidRequest, match=r"would bring .* 1.2 MB; more than 1 MB is refused"):
        transfers.submit(_of(Content.FULL, conditions))
    assert _made(tmp_path) == []


@pytest.mark.parametrize(
    ("request_", "is_test"),
    [
        (_of(Content.FULL), True),
        (_of(Content.LIGHTCURVE), False),
        (_of(Content.FULL, "candidate.magpsf < 50"), False),
    ],
    ids=["test job", "smaller content", "fewer alerts"],
)
def test_what_is_not_too_large_gets_as_far_as_the_servers(
    transfers: Transfers, tmp_path: Path, request_: TransferRequest, is_test: bool
) -> None:
    with pytest.raises(ServiceUnavailable, match="Livy"):
        transfers.submit(request_, is_test=is_test)
    assert _made(tmp_path) == []


def test_nights_without_data_are_not_expected_to_take_time(transfers: Transfers, tmp_path: Path) -> None:
    for number, earlier in enumerate((past(1, 1_000, 11.0), past(2, 1_000, 21.0))):
        _log(tmp_path).add(earlier.model_copy(update={"id": f"t{number}", "topic": f"t{number}"}))
    expected = transfers.expected_times(_of(Content.FULL, stop=FIFTH), 1_000)
    assert expected == transfers.expected_times(_of(Content.FULL), 1_000)
    assert expected[JobSize.SMALL].seconds == pytest.approx(7 + 20 + 1)
