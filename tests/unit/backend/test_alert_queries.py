"""Queries on a store: pages, filters and objects, with flat and with nested measurements, and with "no value"."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from backend.alert_decoder import AlertDecoder
from backend.alert_filter import EVERYTHING, AlertFilter
from backend.alert_queries import AlertQueries
from backend.alert_store import AlertStore
from backend.errors import InvalidRequest
from backend.light_curve import light_curve
from tests.support.alert_records import LIGHT_SCHEMA, encoded

JD = 2_460_555.5  # 2024-09-02 00:00 UTC
LABELS = ("RRLyr", "SN candidate", "Unknown", 'it\'s "a" %_ *')


def nullable(name: str, kind: Any) -> dict[str, Any]:
    return {"name": name, "type": [kind, "null"]}


VISIT_FIELDS = [nullable("jd", "double"), nullable("fid", "int"), nullable("magpsf", "float")]
VISIT_FIELDS += [nullable("sigmapsf", "float"), nullable("diffmaglim", "float")]
STAMP = {"type": "record", "name": "stamp", "fields": [nullable("fileName", "string"), nullable("stampData", "bytes")]}
FULL_SCHEMA = {
    "type": "record",
    "name": "topLevelRecord",
    "fields": [
        {"name": "candid", "type": "long"},
        nullable("objectId", "string"),
        nullable("candidate", {"type": "record", "name": "candidate", "fields": VISIT_FIELDS}),
        nullable(
            "prv_candidates",
            {"type": "array", "items": [{"type": "record", "name": "past", "fields": VISIT_FIELDS}, "null"]},
        ),
        nullable("cutoutScience", STAMP),
        nullable("finkclass", "string"),
        nullable("tnsclass", "string"),
    ],
}
"""The shape of a full packet; the light shape is that of `LIGHT_SCHEMA`."""


def visit(number: int) -> dict[str, Any]:
    magnitude = {3: math.nan, 5: -999.0, 7: None}.get(number, 17.0 + number / 10)
    return {"jd": JD + number, "fid": number % 2 + 1, "magpsf": magnitude, "sigmapsf": 0.1, "diffmaglim": 20.5}


def record(number: int) -> dict[str, Any]:
    """Alert of object number // 4, with all earlier visits as its history and two upper limits before them."""
    past = [visit(n) for n in range(number - number % 4, number)]
    limits = [{**visit(n), "magpsf": None, "jd": JD - n} for n in (1, 2)]
    names = {
        "objectId": f"ZTF24obj{number // 4}",
        "candid": 2_800_000_000_000_000_000 + number,
        "finkclass": LABELS[number % 4],
        "tnsclass": "(TNS) SN Ia" if number == 1 else "Unknown",
    }
    stamps = {"cutoutScience": {"fileName": "x", "stampData": b"\x1f\x8b" + bytes([number])}}
    return {**visit(number), "candidate": visit(number), "prv_candidates": past + limits, **stamps, **names}


def store_of(path: Path, schema: dict[str, Any], count: int) -> AlertStore:
    decoder = AlertDecoder(json.dumps(schema))
    names = [field["name"] for field in schema["fields"]]
    records = [{name: record(number).get(name) for name in names} for number in range(count)]
    store = AlertStore(path)
    store.prepare("ftransfer_ztf_x", decoder.schema_text, decoder.fingerprint, decoder.schema)
    store.append(decoder.decode(encoded(records, schema)).table, {0: count})
    return store


@pytest.fixture(params=[LIGHT_SCHEMA, FULL_SCHEMA], ids=["flat", "nested"])
def queries(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[AlertQueries]:
    with store_of(tmp_path / "x.duckdb", request.param, 12) as store:
        yield AlertQueries(store)


@pytest.fixture
def full(tmp_path: Path) -> Iterator[AlertQueries]:
    with store_of(tmp_path / "full.duckdb", FULL_SCHEMA, 12) as store:
        yield AlertQueries(store)


def numbers(queries: AlertQueries, chosen: AlertFilter = EVERYTHING, **options: Any) -> list[int]:
    return [candid - 2_800_000_000_000_000_000 for candid in queries.page(["candid"], chosen, **options)["candid"]]


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        (AlertFilter(), list(range(12))),
        (AlertFilter(classes=("RRLyr",)), [0, 4, 8]),
        (AlertFilter(classes=("(TNS) SN Ia", "RRLyr")), [0, 1, 4, 8]),
        (AlertFilter(classes=("Unknown",)), [2, 6, 10]),
        (AlertFilter(classes=(LABELS[3],)), [3, 7, 11]),
        (AlertFilter(bands=(2,)), [1, 3, 5, 7, 9, 11]),
        (AlertFilter(brightest_mag=17.75), [8, 9, 10, 11]),
        (AlertFilter(faintest_mag=17.25), [0, 1, 2]),
        (AlertFilter(brightest_mag=17.05, faintest_mag=17.45, bands=(1,)), [2, 4]),
        (AlertFilter(object_id="ZTF24obj1"), [4, 5, 6, 7]),
        (AlertFilter(object_id="%"), []),
    ],
)
def test_a_filter_selects_and_no_value_never_matches(
    queries: AlertQueries, chosen: AlertFilter, expected: list[int]
) -> None:
    assert numbers(queries, chosen) == expected
    assert queries.count(chosen) == len(expected)


def test_alerts_without_a_value_come_last_in_both_directions(queries: AlertQueries) -> None:
    with_value = [0, 1, 2, 4, 6, 8, 9, 10, 11]
    assert numbers(queries, sort_by="magpsf") == [*with_value, 3, 5, 7]
    assert numbers(queries, sort_by="magpsf", descending=True) == [*reversed(with_value), 3, 5, 7]


def test_pages_are_disjoint_and_together_everything(queries: AlertQueries) -> None:
    pages = [numbers(queries, sort_by="finkclass", number=number, rows=5) for number in (1, 2, 3, 4)]
    assert [len(page) for page in pages] == [5, 5, 2, 0]
    assert sorted(number for page in pages for number in page) == list(range(12))


def test_a_page_shows_time_and_only_the_columns_that_there_are(queries: AlertQueries) -> None:
    page = queries.page(["observed", "objectId", "no_such_column", "magpsf"], rows=2)
    assert list(page.columns) == ["observed", "objectId", "magpsf"]
    assert [str(moment) for moment in page["observed"]] == ["2024-09-02 00:00:00", "2024-09-03 00:00:00"]


def test_a_name_is_never_taken_for_sql(queries: AlertQueries) -> None:
    assert queries.page(["candid FROM alerts; DROP TABLE alerts; --"]).empty
    assert numbers(queries, sort_by="candid; DROP TABLE alerts") == list(range(12))
    assert queries.count(AlertFilter(object_id="' OR 1=1 --", classes=("') OR true --",))) == 0


def test_facets_count_each_class_once(queries: AlertQueries) -> None:
    facets = queries.facets()
    assert facets.classes == {**dict.fromkeys(LABELS, 3), "(TNS) SN Ia": 1}
    assert facets.bands == (1, 2)
    assert facets.magnitudes_mag == pytest.approx((17.0, 18.1), abs=1e-4)


def test_an_object_knows_its_neighbours(queries: AlertQueries) -> None:
    assert queries.first_object() == "ZTF24obj0"
    assert queries.place("ZTF24obj1") == (place := queries.place("ZTF24obj1"))
    assert (place.number, place.objects, place.previous, place.next) == (2, 3, "ZTF24obj0", "ZTF24obj2")
    assert queries.place("ZTF24obj2").next is None


def test_the_alerts_of_an_object_come_in_order_of_time(queries: AlertQueries) -> None:
    alerts = queries.alerts_of("ZTF24obj2")
    assert [alert["jd"] for alert in alerts] == [JD + n for n in (8, 9, 10, 11)]
    assert "prv_candidates" not in alerts[0]


def test_history_brings_each_visit_once(full: AlertQueries) -> None:
    assert full.has_history
    curve = light_curve(full.visits_of("ZTF24obj2"))
    assert [round(detection.magnitude_mag, 3) for detection in curve.detections] == [17.8, 17.9, 18.0, 18.1]
    assert [limit.mjd for limit in curve.upper_limits] == [JD - 2_400_000.5 - 2, JD - 2_400_000.5 - 1]


@pytest.mark.parametrize("kind", ["string", "boolean", "int"])
def test_signs_scores_and_references_come_from_alerts_and_histories_of_any_year(tmp_path: Path, kind: str) -> None:
    spelled = {"string": ("f", "t"), "boolean": (False, True), "int": (0, 1)}[kind]
    past = [*VISIT_FIELDS, nullable("isdiffpos", "string"), nullable("rb", "double"), nullable("candid", "double")]
    own = [*VISIT_FIELDS, nullable("isdiffpos", kind), nullable("rb", "float"), nullable("drb", "float")]
    own += [nullable("magnr", "float"), nullable("candid", "long")]
    fields = [
        {"name": "candid", "type": "long"},
        nullable("objectId", "string"),
        nullable("candidate", {"type": "record", "name": "candidate", "fields": own}),
        nullable("prv_candidates", {"type": "array", "items": {"type": "record", "name": "past", "fields": past}}),
    ]
    decoder = AlertDecoder(json.dumps({"type": "record", "name": "topLevelRecord", "fields": fields}))
    candid = 2_800_000_000_000_000_001
    now = {**visit(1), "isdiffpos": spelled[0], "rb": 0.5, "drb": 0.75, "magnr": 17.5, "candid": candid}
    before = {**visit(0), "isdiffpos": "1", "rb": 0.25, "candid": None}
    record = {"candid": candid, "objectId": "ZTF24obj0", "candidate": now, "prv_candidates": [before]}
    with AlertStore(tmp_path / "signs.duckdb") as store:
        schema = {"type": "record", "name": "topLevelRecord", "fields": fields}
        store.prepare("a_topic", decoder.schema_text, decoder.fingerprint, decoder.schema)
        store.append(decoder.decode(encoded([record], schema)).table, {0: 1})
        first, second = light_curve(AlertQueries(store).visits_of("ZTF24obj0")).detections
    assert (first.is_positive, first.rb, first.drb, first.reference_mag, first.candid) == (True, 0.25, None, None, None)
    assert (second.is_positive, second.rb, second.drb, second.reference_mag) == (False, 0.5, 0.75, 17.5)
    assert second.candid == candid


def test_without_history_the_alerts_themselves_are_the_light_curve(tmp_path: Path) -> None:
    with store_of(tmp_path / "light.duckdb", LIGHT_SCHEMA, 12) as store:
        queries = AlertQueries(store)
        assert not queries.has_history
        assert len(light_curve(queries.visits_of("ZTF24obj2")).detections) == 4


def test_stamps_are_those_of_the_alert(full: AlertQueries) -> None:
    names = ("cutoutScience", "cutoutTemplate")
    assert full.has_stamps(names)
    assert full.stamps_of(2_800_000_000_000_000_005, names) == {"cutoutScience": b"\x1f\x8b\x05"}
    assert full.stamps_of(1, names) == {}


def test_hand_picked_fields_may_lack_everything(tmp_path: Path) -> None:
    schema = {"type": "record", "name": "r", "fields": [{"name": "candid", "type": "long"}, nullable("Plx", "float")]}
    with store_of(tmp_path / "few.duckdb", schema, 3) as store:
        queries = AlertQueries(store)
        assert queries.columns == ("candid", "Plx")
        assert queries.count(AlertFilter(classes=("RRLyr",), bands=(1,), faintest_mag=18.0)) == 3
        assert queries.facets().classes == {}
        assert queries.facets().magnitudes_mag is None
        assert queries.first_object() is None
        with pytest.raises(InvalidRequest, match="have no objectId"):
            queries.visits_of("ZTF24obj0")


def test_an_empty_store_has_nothing(tmp_path: Path) -> None:
    with AlertStore(tmp_path / "empty.duckdb") as store:
        queries = AlertQueries(store)
        assert (queries.count(), queries.columns, queries.first_object()) == (0, (), None)
        assert queries.page(["candid"]).empty
