"""``python -m backend verify`` on real servers: a sound transfer, and damage that is planted in each place."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import duckdb
import fastavro
import pytest

from backend.config import Settings
from backend.transfers import Transfers
from stack.embedded import EmbeddedStack
from tests.services.conftest import ALERTS_PER_NIGHT
from tests.support.command_line import UNREACHABLE, CommandLine
from tests.support.rebuilt_topic import rebuild
from tests.support.transfers import messages_of
from tests.support.verify_answers import candids, compared

pytestmark = pytest.mark.timeout(600)

PARTITIONS = 10
ALERTS = 2 * ALERTS_PER_NIGHT


@pytest.fixture(scope="module")
def transfer(quicklook: CommandLine, request_file: Path) -> dict[str, Any]:
    """A transfer that is complete, and read into two stores."""
    submitted = quicklook("submit", request_file, "--wait", "--json")
    assert submitted.json["phase"] == "COMPLETED", submitted.notes
    for reader in ("sound", "harmed"):
        assert quicklook("read", submitted.json["id"], "--reader", reader).code == 0
    return dict(submitted.json)


def store_of(settings: Settings, transfer: dict[str, Any], reader: str) -> Path:
    return settings.data_dir / "stores" / transfer["topic"] / f"{reader}.duckdb"


def test_a_sound_transfer_agrees_and_nothing_is_left_behind(
    quicklook: CommandLine, transfer: dict[str, Any], settings: Settings
) -> None:
    plans = Path(settings.data_dir, "scripts", "plans")
    before = set(plans.iterdir())
    answer = quicklook("verify", transfer["id"])
    assert answer.code == 0, answer.out + answer.notes
    assert f"{ALERTS:,} of {ALERTS:,} alerts are the same, byte for byte" in answer.out
    assert answer.out.count(f"{ALERTS:,} alerts stored") == 2
    assert "Comparing archive and topic: EXECUTING" in answer.notes
    assert set(plans.iterdir()) == before


def test_planted_damage_is_found_and_named(
    quicklook: CommandLine, transfer: dict[str, Any], settings: Settings, stack: EmbeddedStack
) -> None:
    servers, topic = stack.kafka_bootstrap_servers, transfer["topic"]
    schema_text = messages_of(servers, f"{topic}_schema", 1).keys[0][0]
    assert schema_text is not None
    schema = fastavro.parse_schema(json.loads(schema_text))
    values = messages_of(servers, topic, PARTITIONS).values

    def alert(value: bytes) -> dict[str, Any]:
        return dict(fastavro.schemaless_reader(io.BytesIO(value), schema, None))  # type: ignore[arg-type]

    def encoded(record: dict[str, Any]) -> bytes:
        buffer = io.BytesIO()
        fastavro.schemaless_writer(buffer, schema, record)
        return buffer.getvalue()

    removed = alert(values[0].pop(3))
    altered = alert(values[1][2])
    values[1][2] = encoded({**altered, "magpsf": altered["magpsf"] + 0.5})
    values[2].append(encoded({**removed, "candid": 77}))
    values[3].append(values[3][0])  # a repeated message is no damage
    rebuild(servers, topic, values)
    with duckdb.connect(str(store_of(settings, transfer, "harmed"))) as store:
        lost, changed = (row[0] for row in store.execute("SELECT candid FROM alerts LIMIT 2 OFFSET 40").fetchall())
        store.execute("DELETE FROM alerts WHERE candid = ?", [lost])
        store.execute("UPDATE alerts SET jd = jd + 1 WHERE candid = ?", [changed])

    with Transfers.connect(settings).open_reader(transfer["id"], "busy"):
        answer = quicklook("verify", transfer["id"], "--json")
    assert (answer.code, answer.json["agrees"]) == (1, False)
    found = compared(answer)
    assert found["receipt and topic"].keys() == {"messages"}

    in_archive = found["archive and topic"]
    assert in_archive.keys() == {"missing", "extra", "altered"}
    assert candids(in_archive["missing"]) == [removed["candid"]]
    assert in_archive["missing"]["examples"][0]["night"] in ("2024-09-01", "2024-09-02")
    assert (candids(in_archive["extra"]), in_archive["extra"]["examples"][0]["partition"]) == ([77], 2)
    (place,) = in_archive["altered"]["examples"]
    assert (place["candid"], place["partition"], place["offset"]) == (altered["candid"], 1, 2)

    sound, harmed = (found[f"topic and store {reader}"] for reader in ("sound", "harmed"))
    assert {kind: candids(difference) for kind, difference in sound.items()} == {
        "partial": [],  # the alert 77 came later
        "extra": [removed["candid"]],
        "altered": [altered["candid"]],
    }
    assert candids(harmed["missing"]) == [lost]
    assert candids(harmed["altered"]) == sorted([altered["candid"], changed])
    assert found["topic and store busy"].keys() == {"in use"}


def test_what_cannot_be_verified_is_said_by_exit_code(quicklook: CommandLine, transfer: dict[str, Any]) -> None:
    unknown = quicklook("verify", "nonsense")
    assert (unknown.code, "There is no transfer 'nonsense'" in unknown.notes) == (2, True)
    no_store = quicklook("verify", transfer["id"], "--reader", "nobody")
    assert (no_store.code, "harmed, sound" in no_store.notes) == (2, True)
    away = quicklook.but(KAFKA_BOOTSTRAP_SERVERS=UNREACHABLE)("verify", transfer["id"])
    assert (away.code, "Kafka does not answer" in away.notes) == (3, True)
