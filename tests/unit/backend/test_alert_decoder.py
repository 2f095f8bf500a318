"""Decoding: both ways are equal, types do not depend on the data, a damaged message harms nobody else."""

from __future__ import annotations

import itertools
import json
import math
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.alert_decoder import AlertDecoder
from backend.errors import InvalidRequest
from tests.support.alert_records import LIGHT_SCHEMA, REAL_TRANSFER, encoded, light_alert, real_records

_NUMBERS = itertools.count()
LIGHT_TEXT = json.dumps(LIGHT_SCHEMA)


def comparable(value: Any) -> Any:
    """A value that equals itself: NaN has one spelling, maps have no order."""
    if isinstance(value, float) and math.isnan(value):
        return "NaN"
    if isinstance(value, dict):
        return {key: comparable(each) for key, each in value.items()}
    if isinstance(value, list):
        pairs = [each for each in value if isinstance(each, tuple)]
        return {key: comparable(each) for key, each in pairs} if pairs else [comparable(each) for each in value]
    return value


@st.composite
def avro_types(draw: st.DrawFn, depth: int = 2) -> tuple[Any, st.SearchStrategy[Any]]:
    """An Avro type of the subset that topics use, and its values."""
    bits32 = st.integers(-(2**31), 2**31 - 1)
    choices: list[tuple[Any, st.SearchStrategy[Any]]] = [
        ("boolean", st.booleans()),
        ("int", bits32),
        ("long", st.integers(-(2**63), 2**63 - 1)),
        ("float", st.floats(width=32)),
        ("double", st.floats()),
        ("bytes", st.binary(max_size=40)),
        ("string", st.text(max_size=20)),
    ]
    kind, values = draw(st.sampled_from(choices))
    shape = draw(st.sampled_from(("plain", "plain", "array", "map", "record"))) if depth else "plain"
    if shape == "record":
        inner = draw(st.lists(avro_types(depth - 1), min_size=1, max_size=4))
        kind = {
            "type": "record",
            "name": f"Record{next(_NUMBERS)}",
            "fields": [{"name": f"f{n}", "type": k} for n, (k, _) in enumerate(inner)],
        }
        values = st.fixed_dictionaries({f"f{n}": v for n, (_, v) in enumerate(inner)})
    elif shape == "array":
        item, item_values = draw(avro_types(depth - 1))
        kind, values = {"type": "array", "items": item}, st.lists(item_values, max_size=4)
    elif shape == "map":
        item, item_values = draw(avro_types(depth - 1))
        kind, values = {"type": "map", "values": item}, st.dictionaries(st.text(max_size=5), item_values, max_size=3)
    order = draw(st.sampled_from(("required", "null first", "null last")))
    if order == "required":
        return kind, values
    return (["null", kind] if order == "null first" else [kind, "null"]), st.none() | values


@st.composite
def schemas_with_records(draw: st.DrawFn) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    fields = draw(st.lists(avro_types(), max_size=5))
    schema = {
        "type": "record",
        "name": "topLevelRecord",
        "fields": [{"name": "candid", "type": "long"}]
        + [{"name": f"c{n}", "type": kind} for n, (kind, _) in enumerate(fields)],
    }
    record = st.fixed_dictionaries(
        {"candid": st.integers(0, 2**63 - 1), **{f"c{n}": v for n, (_, v) in enumerate(fields)}}
    )
    return schema, draw(st.lists(record, max_size=6))


@settings(max_examples=200, deadline=None)
@given(schemas_with_records())
def test_the_fast_way_equals_the_reference(example: tuple[dict[str, Any], list[dict[str, Any]]]) -> None:
    schema, records = example
    text, values = json.dumps(schema), encoded(records, schema)
    fast, reference = AlertDecoder(text), AlertDecoder(text, use_fastavro=True)
    assert not fast.uses_fastavro
    found, expected = fast.decode(values), reference.decode(values)
    assert found.table.schema.equals(fast.schema)
    assert expected.table.schema.equals(fast.schema)
    assert found.damaged == expected.damaged == ()
    assert comparable(found.table.to_pylist()) == comparable(expected.table.to_pylist())


def test_a_real_transfer_decodes_as_fastavro_reads_it(real_alerts: Path) -> None:
    schema, records = real_records(real_alerts / REAL_TRANSFER)
    decoder = AlertDecoder(json.dumps(schema))
    assert not decoder.uses_fastavro
    decoded = decoder.decode(encoded(records, schema))
    assert decoded.damaged == ()
    assert decoded.table.num_columns == 63
    assert comparable(decoded.table.to_pylist()) == comparable(records)


def test_types_come_from_the_schema_alone() -> None:
    decoded = AlertDecoder(LIGHT_TEXT).decode(encoded([light_alert(1)])).table
    types = {field.name: field.type for field in decoded.schema}
    assert types["never_set"] == pa.string()
    assert (types["candid"], types["fid"]) == (pa.int64(), pa.int32())
    assert (types["magpsf"], types["jd"]) == (pa.float32(), pa.float64())
    assert AlertDecoder(LIGHT_TEXT).decode([]).table.schema == decoded.schema


@pytest.mark.parametrize("use_fastavro", [False, True])
@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda value: value[:-1], id="last byte lost"),
        pytest.param(lambda value: value[: len(value) // 2], id="half"),
        pytest.param(lambda value: value + b"\x00", id="one byte more"),
        pytest.param(lambda value: value + value, id="two records in one"),
        pytest.param(lambda value: b"", id="empty"),
        pytest.param(lambda value: b"\xff" * 30, id="nonsense"),
        pytest.param(lambda value: b"\x00\x06\xff\xfe\xfd" + value[15:], id="not UTF-8"),
    ],
)
@pytest.mark.parametrize("place", [0, 57, 99])
def test_a_damaged_message_is_set_aside_alone(damage: Callable[[bytes], bytes], place: int, use_fastavro: bool) -> None:
    values: list[bytes | None] = list(encoded(light_alert(candid) for candid in range(100)))
    values[place] = damage(values[place] or b"")
    decoded = AlertDecoder(LIGHT_TEXT, use_fastavro=use_fastavro).decode(values)
    assert [each.index for each in decoded.damaged] == [place]
    assert decoded.damaged[0].reason
    expected = [light_alert(candid) for candid in range(100) if candid != place]
    assert decoded.table.to_pylist() == expected


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(st.integers(0, 19), st.binary(max_size=80), min_size=1, max_size=4), st.booleans())
def test_no_bytes_hang_it_or_shift_the_others(damage: dict[int, bytes], at_end: bool) -> None:
    values = encoded(light_alert(candid) for candid in range(20))
    for place, noise in damage.items():
        values[place] = values[place] + noise if at_end else noise
    decoded = AlertDecoder(LIGHT_TEXT).decode(values)
    set_aside = {each.index for each in decoded.damaged}
    assert set_aside <= set(damage)
    rows = dict(zip((n for n in range(20) if n not in set_aside), decoded.table.to_pylist(), strict=True))
    assert all(rows[n] == light_alert(n) for n in range(20) if n not in damage)


def test_batches_of_one_length_are_not_confused() -> None:
    decoder = AlertDecoder(LIGHT_TEXT)
    for start in range(0, 50, 5):
        alerts = [light_alert(candid) | {"objectId": "x" * start} for candid in range(start, start + 5)]
        assert decoder.decode(encoded(alerts)).table.to_pylist() == alerts


def test_without_memfd_a_temporary_file_serves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "memfd_create")
    decoded = AlertDecoder(LIGHT_TEXT).decode(encoded([light_alert(3)]))
    assert decoded.table.to_pylist() == [light_alert(3)]


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("not JSON", "not an Avro schema"),
        ('{"type": "record"}', "not an Avro schema"),
        ('"string"', "not an Avro record"),
        (json.dumps({"type": "record", "name": "a", "fields": [{"name": "f", "type": ["int", "string"]}]}), "Field f "),
        (
            json.dumps(
                {
                    "type": "record",
                    "name": "a",
                    "fields": [{"name": "t", "type": {"type": "long", "logicalType": "date"}}],
                }
            ),
            "Field t ",
        ),
    ],
)
def test_a_schema_of_another_kind_is_refused(text: str, named: str) -> None:
    with pytest.raises(InvalidRequest, match=named):
        AlertDecoder(text)
