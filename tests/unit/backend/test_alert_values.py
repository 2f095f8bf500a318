"""All values of one alert, by their paths, and none that only says that there is none."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

from backend.alert_decoder import AlertDecoder
from backend.alert_queries import AlertQueries
from backend.alert_store import AlertStore
from backend.alert_values import alert_values
from backend.known_values import measured, says_something
from tests.support.alert_records import LIGHT_SCHEMA, encoded, light_alert, real_records


@pytest.mark.parametrize("value", [None, math.nan, math.inf, -999.0, "", " ", "null", "nan", "None", "Unknown"])
def test_each_spelling_of_no_value_says_nothing(value: object) -> None:
    assert not says_something(value)


@pytest.mark.parametrize("value", [0, 0.0, -1, False, "0", "Unknown type", -99.0])
def test_what_only_looks_like_nothing_is_kept(value: object) -> None:
    assert says_something(value)


def stored(path: Path, schema: dict[str, Any], records: list[dict[str, Any]]) -> AlertStore:
    decoder = AlertDecoder(json.dumps(schema))
    store = AlertStore(path)
    store.prepare("ftransfer_ztf_x", decoder.schema_text, decoder.fingerprint, decoder.schema)
    store.append(decoder.decode(encoded(records, schema)).table, {0: len(records)})
    return store


def test_flat_alerts_have_their_columns(tmp_path: Path) -> None:
    with stored(tmp_path / "x.duckdb", LIGHT_SCHEMA, [light_alert(1), light_alert(2)]) as store:
        values = alert_values(AlertQueries(store), 2)
        assert values["candid"] == 2
        assert values == {name: value for name, value in light_alert(2).items() if says_something(value)}
        assert alert_values(AlertQueries(store), 3) == {}


def test_real_packets_have_their_detection_and_maps_by_path(real_alerts: Path, tmp_path: Path) -> None:
    folder = real_alerts / "ztf-avro" / "astrolabsoftware__fink-client" / "HEAD" / "datatest" / "ztf"
    schema, records = real_records(folder / "part-3-305711.avro")
    with stored(tmp_path / "x.duckdb", schema, records) as store:
        queries = AlertQueries(store)
        for record in records:
            values = alert_values(queries, record["candid"])
            assert values["candidate.magpsf"] == pytest.approx(record["candidate"]["magpsf"])
            assert measured(values, "rb") == pytest.approx(record["candidate"]["rb"])
            assert all(says_something(value) for value in values.values())
            assert not any(isinstance(value, bytes | list | dict) for value in values.values())
            hosts = {name for name, value in record["mangrove"].items() if value != "None"}
            assert {path.removeprefix("mangrove.") for path in values if path.startswith("mangrove.")} == hosts
