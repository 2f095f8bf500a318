"""The main job through the façade on real alerts of all years: what arrived beside what the archive holds."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

import pytest

from backend.models import Content, TransferRequest
from backend.nights import NightRange
from backend.transfers import Transfers
from stack.embedded import EmbeddedStack
from tests.support.todays_alerts import alerts_of_today, columns_of, sent_of, without_classes
from tests.support.transfers import ended, read, receipt_of, rows_of, settings_on

pytestmark = pytest.mark.timeout(600)  # it may wait for a job

LIGHT_NIGHT = NightRange(start=date(2024, 1, 15), stop=date(2024, 1, 15))
LIGHT_ALERTS = 531
ALL_NIGHTS = NightRange(start=date(2019, 11, 1), stop=date(2026, 3, 31))
ALL_ALERTS = 842


@pytest.fixture(scope="module")
def transfers(stack: EmbeddedStack, real_alerts: Path, tmp_path_factory: pytest.TempPathFactory) -> Transfers:
    data_dir = tmp_path_factory.mktemp("real_installation")
    return Transfers.connect(settings_on(stack, data_dir, real_alerts / "archive" / "science"))


def test_the_classes_of_a_real_night_are_the_community_s(transfers: Transfers, real_alerts: Path) -> None:
    transfer = ended(transfers, transfers.submit(TransferRequest(nights=LIGHT_NIGHT)).id)
    receipt = receipt_of(transfer)
    progress, table = read(transfers, transfer.id)
    counted = (receipt.published, receipt.messages, progress.read, progress.distinct, table.num_rows)
    assert counted == (LIGHT_ALERTS,) * 5
    assert progress.complete

    with (real_alerts / "expected_finkclass.csv").open() as file:
        community = {int(row["candid"]): row["finkclass"] for row in csv.DictReader(file)}
    arrived = {candid: row["finkclass"] for candid, row in rows_of(table).items()}
    assert arrived == {candid: community[candid] for candid in arrived}


def test_all_years_in_full_arrive_as_they_are(transfers: Transfers, real_alerts: Path) -> None:
    request = TransferRequest(nights=ALL_NIGHTS, content=Content.FULL)
    transfer = ended(transfers, transfers.submit(request).id)
    receipt = receipt_of(transfer)
    progress, table = read(transfers, transfer.id)
    counted = (receipt.published, receipt.messages, progress.read, progress.distinct, table.num_rows)
    assert (progress.complete, counted) == (True, (ALL_ALERTS,) * 5)

    folder = real_alerts / "archive" / "science"
    columns = columns_of(folder)
    expected = {alert["candid"]: sent_of(alert, Content.FULL, columns) for alert in alerts_of_today(folder)}
    arrived = rows_of(table)
    assert {candid: without_classes(row) for candid, row in arrived.items()} == expected
    assert any(row["prv_candidates"] for row in expected.values()), "no history was compared"
    stamps = [row["cutoutScience"]["stampData"] for row in arrived.values() if row["cutoutScience"]]
    assert all(stamp.startswith(b"\x1f\x8b") for stamp in stamps), "gzipped FITS"

    drift = {each.column: each for each in receipt.drift}
    assert set(drift["mulens"].converted) == {"struct -> null"}
    assert drift["cutoutScience"].absent == (LIGHT_NIGHT,)
