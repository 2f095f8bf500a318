"""CSV, VOTable, FITS and Parquet give back what was written: every number, null and text, and what the columns mean."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
from astropy.io import fits, votable
from astropy.table import Table
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backend import hive_partitions, partition_files
from backend.alert_export import write_alerts
from backend.alert_formats import SUFFIXES, AlertFormat, file_format
from backend.alert_schema import survey
from backend.errors import InvalidRequest
from tests.support.flat_content import light_content

TOPIC = "ftransfer_ztf_x"
SCHEMA = pa.schema(
    {
        "candid": pa.int64(),
        "fid": pa.int32(),
        "jd": pa.float64(),
        "magpsf": pa.float32(),
        "flag": pa.bool_(),
        "text": pa.string(),
        "never_set": pa.string(),
        "no_number": pa.int32(),
        "no_flag": pa.bool_(),
        "untyped": pa.null(),
    }
)
FLAT_FORMATS: list[AlertFormat] = ["csv", "votable", "fits"]
LARGE = 2**63 - 1
ROWS: list[dict[str, Any]] = [
    {"candid": 2**53 + 1, "fid": 1, "jd": 2_460_555.123_456_789, "magpsf": 18.1, "flag": True, "text": 'a, "b"\nc'},
    {"candid": -LARGE - 1, "fid": -(2**31), "jd": -0.0, "magpsf": 1e-45, "flag": False, "text": "é☃😀"},
    {"candid": LARGE, "fid": 2**31 - 1, "jd": 5e-324, "magpsf": 3.4028235e38, "flag": None, "text": ""},
    {"candid": -LARGE, "fid": None, "jd": None, "magpsf": None, "flag": True, "text": None},
    {"candid": None, "fid": 0, "jd": math.inf, "magpsf": math.nan, "flag": None, "text": "nan"},
]


def written(folder: Path, alerts: pa.Table, alert_format: AlertFormat, **notes: str) -> list[Path]:
    write_alerts(alerts.to_reader(), folder, None, alert_format, topic=TOPIC, provenance=notes)
    return sorted(folder.glob(f"*{SUFFIXES[alert_format]}"))


def plain(value: Any) -> Any:
    """A cell as Python has it: None where it is masked, a number of exactly the value that is there."""
    if np.ma.is_masked(value):
        return None
    return value.item() if isinstance(value, np.generic) else value


def with_astropy(file: Path) -> list[dict[str, Any]]:
    table = Table.read(file, format={".vot": "votable", ".fits": "fits"}[file.suffix])
    return [{name: plain(row[name]) for name in table.colnames} for row in table]


def with_csv(file: Path, schema: pa.Schema) -> pa.Table:
    typed = pa.csv.ConvertOptions(
        column_types=schema, null_values=[""], strings_can_be_null=True, quoted_strings_can_be_null=False
    )
    parsed = pa.csv.ParseOptions(newlines_in_values=True)
    return pa.csv.read_csv(file, convert_options=typed, parse_options=parsed)


def expected_of_astropy(alerts: pa.Table, alert_format: AlertFormat) -> list[dict[str, Any]]:
    """As it comes back: NaN is no value; in FITS nor is an empty text, and truth values beside nulls are 1 and 0."""

    def seen(value: Any, kind: pa.DataType) -> Any:
        if isinstance(value, float) and math.isnan(value):
            return None
        if pa.types.is_string(kind) or pa.types.is_null(kind):
            return (value or "") if alert_format == "votable" else ((value or "").encode().rstrip().decode() or None)
        return int(value) if are_numbers and isinstance(value, bool) else value

    are_numbers = alert_format == "fits" and alerts["flag"].null_count > 0
    kinds = dict(zip(alerts.schema.names, alerts.schema.types, strict=True))
    return [{name: seen(value, kinds[name]) for name, value in row.items()} for row in alerts.to_pylist()]


def test_csv_gives_back_everything(tmp_path: Path) -> None:
    alerts = pa.Table.from_pylist(ROWS, SCHEMA)
    (file,) = written(tmp_path, alerts, "csv")
    assert repr(with_csv(file, SCHEMA).to_pylist()) == repr(alerts.to_pylist())


def test_csv_has_no_more_digits_than_the_type_needs(tmp_path: Path) -> None:
    (file,) = written(tmp_path, pa.Table.from_pylist(ROWS[:1], SCHEMA), "csv")
    names, line = file.read_text().split("\n", 1)
    assert names == ",".join(f'"{name}"' for name in SCHEMA.names)
    assert line == '9007199254740993,1,2460555.123456789,18.1,true,"a, ""b""\nc",,,,\n'


@pytest.mark.parametrize("alert_format", ["votable", "fits"])
def test_astropy_gives_back_everything(tmp_path: Path, alert_format: AlertFormat) -> None:
    alerts = pa.Table.from_pylist(ROWS, SCHEMA)
    (file,) = written(tmp_path, alerts, alert_format)
    assert repr(with_astropy(file)) == repr(expected_of_astropy(alerts, alert_format))


TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"))
CELLS = {
    "candid": st.integers(-LARGE - 1, LARGE),
    "fid": st.integers(-(2**31), 2**31 - 1),
    "jd": st.floats(),
    "magpsf": st.floats(width=32),
    "flag": st.booleans(),
    "text": TEXTS,
}
ALERTS = st.lists(st.fixed_dictionaries({name: st.none() | cell for name, cell in CELLS.items()}), max_size=8)


@given(rows=ALERTS)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@pytest.mark.parametrize("alert_format", FLAT_FORMATS)
def test_any_alerts_come_back(tmp_path: Path, alert_format: AlertFormat, rows: list[dict[str, Any]]) -> None:
    alerts = pa.Table.from_pylist(rows, SCHEMA)
    (file,) = written(tmp_path, alerts, alert_format)
    if alert_format == "csv":
        assert repr(with_csv(file, SCHEMA).to_pylist()) == repr(alerts.to_pylist())
    else:
        assert repr(with_astropy(file)) == repr(expected_of_astropy(alerts, alert_format))


@pytest.mark.parametrize("alert_format", FLAT_FORMATS)
def test_no_alerts_are_a_file_with_their_columns(tmp_path: Path, alert_format: AlertFormat) -> None:
    (file,) = written(tmp_path, SCHEMA.empty_table(), alert_format)
    if alert_format == "csv":
        assert with_csv(file, SCHEMA).schema == SCHEMA
    else:
        read = Table.read(file, format=alert_format)
        assert (read.colnames, len(read)) == (SCHEMA.names, 0)


def test_types_stay_when_a_column_has_no_value_at_all(tmp_path: Path) -> None:
    alerts = pa.Table.from_pylist([{}, {}], SCHEMA)
    (file,) = written(tmp_path, alerts, "votable")
    read = Table.read(file, format="votable")
    kinds = {"candid": "i8", "fid": "i4", "jd": "f8", "magpsf": "f4", "flag": "b1", "no_number": "i4", "no_flag": "b1"}
    assert {name: read[name].dtype.str[1:] for name in kinds} == kinds
    assert all(read[name].mask.all() for name in kinds)
    (file,) = written(tmp_path / "fits", alerts, "fits")
    formats = [column.format for column in fits.getdata(file).columns]
    assert formats == ["K", "J", "D", "E", "B", "1A", "1A", "J", "B", "1A"]


@pytest.mark.parametrize("alert_format", FLAT_FORMATS)
def test_lists_images_and_maps_with_keys_of_their_own_are_left_out_and_named(
    tmp_path: Path, alert_format: AlertFormat
) -> None:
    stamp = pa.struct({"fileName": pa.string(), "stampData": pa.binary()})
    visits = pa.list_(pa.struct({"jd": pa.float64()}))
    scores = pa.map_(pa.string(), pa.float32())
    schema = pa.schema(
        {"candid": pa.int64(), "prv_candidates": visits, "cutoutScience": stamp, "cjd": pa.list_(pa.float64())}
    ).append(pa.field("my_scores", scores))
    rows = [{"candid": 7, "prv_candidates": [{"jd": 1.0}], "cutoutScience": {"fileName": "a", "stampData": b"b"}}]
    left_out = ("prv_candidates", "cutoutScience_stampData", "cjd", "my_scores")
    assert file_format(alert_format, schema, survey("ztf"), {}).left_out == left_out
    (file,) = written(tmp_path, pa.Table.from_pylist(rows, schema), alert_format)
    read = with_csv(file, pa.schema({})).to_pylist() if alert_format == "csv" else with_astropy(file)
    assert [dict(row) for row in read] == [{"candid": 7, "cutoutScience_fileName": "a"}]
    if alert_format == "fits":
        assert fits.getheader(file, 1)["LEFT_OUT"] == ", ".join(left_out)
    if alert_format == "votable":
        assert ", ".join(left_out).encode() in file.read_bytes()


def test_a_map_with_a_key_that_nobody_knows_is_refused(tmp_path: Path) -> None:
    scores = pa.map_(pa.string(), pa.float32())
    known = pa.table({"candid": [1], "blazar_stats": pa.array([[("m0", 1.0), ("m9", 2.0)]], scores)})
    with pytest.raises(InvalidRequest, match="blazar_stats has values under names that are not expected: m9"):
        written(tmp_path, known, "csv")


def test_units_descriptions_and_origin_are_in_a_votable(tmp_path: Path) -> None:
    request = json.dumps({"note": 'é "<&>'})
    (file,) = written(tmp_path, pa.Table.from_pylist(ROWS, SCHEMA), "votable", request=request, schema_fingerprint="ab")
    document = votable.parse(file, verify="exception")
    infos = {info.name: info.value for info in document.resources[0].infos}
    assert infos == {"topic": TOPIC, "request": request, "schema_fingerprint": "ab"}
    fields = {field.name: field for field in document.get_first_table().fields}
    assert {name: str(field.unit) for name, field in fields.items() if field.unit} == {"jd": "d", "magpsf": "mag"}
    assert fields["magpsf"].description == "PSF-fit magnitude of the difference"


def test_units_descriptions_and_origin_are_in_a_fits_header(tmp_path: Path) -> None:
    request = json.dumps({"note": 'é "<&>' + "long " * 60})
    (file,) = written(tmp_path, pa.Table.from_pylist(ROWS, SCHEMA), "fits", request=request)
    header = fits.getheader(file, 1)
    assert (header["TOPIC"], json.loads(header["REQUEST"])) == (TOPIC, json.loads(request))
    assert [header[f"TUNIT{number}"] for number in (3, 4)] == ["d", "mag"]
    assert header.comments["TTYPE4"] == "PSF-fit magnitude of the difference"


def test_units_descriptions_and_origin_are_in_parquet_also_of_what_is_nested(tmp_path: Path) -> None:
    visit = pa.struct({"jd": pa.float64(), "magpsf": pa.float32(), "mine": pa.float32()})
    history = pa.list_(visit)
    schema = pa.schema({"candidate": visit, "prv_candidates": history, "delta_time": pa.float64(), "mine": visit})
    (file,) = written(tmp_path, schema.empty_table(), "parquet", request="{}")
    found = pq.read_schema(file)
    assert found.metadata[b"alert_quicklook.topic"] == TOPIC.encode()
    assert found.metadata[b"alert_quicklook.request"] == b"{}"
    nested = [found.field("candidate").type, found.field("prv_candidates").type.value_type]
    assert [kind.field("magpsf").metadata[b"unit"] for kind in nested] == [b"mag", b"mag"]
    assert nested[0].field("jd").metadata[b"description"] == b"Julian date at the start of the exposure"
    assert found.field("delta_time").metadata[b"unit"] == b"day"
    assert nested[0].field("mine").metadata is None
    assert found.field("mine").metadata is None


@pytest.mark.parametrize("alert_format", FLAT_FORMATS)
def test_the_content_lightcurve_of_real_alerts_is_a_flat_table(
    tmp_path: Path, real_alerts: Path, alert_format: AlertFormat
) -> None:
    alerts = light_content(real_alerts)
    (file,) = written(tmp_path, alerts, alert_format)
    flat = [
        {
            "candid": row["candid"],
            "magpsf": row["magpsf"],
            "ssnamenr": row["ssnamenr"],
            "lc_features_g_mean": row["lc_features_g"]["mean"],
            "mangrove_lum_dist": dict(row["mangrove"])["lum_dist"],
            "blazar_stats_m1": dict(row["blazar_stats"])["m1"],
            "finkclass": row["finkclass"],
        }
        for row in alerts.to_pylist()
    ]
    if alert_format == "csv":
        types = {"magpsf": pa.float32(), "blazar_stats_m1": pa.float32(), "mangrove_lum_dist": pa.string()}
        read = with_csv(file, pa.schema(types)).to_pylist()
    else:
        read = with_astropy(file)
        assert Table.read(file, format=alert_format)["lc_features_g_mean"].unit is not None
    nan_as_none = [{name: None if value != value else value for name, value in row.items()} for row in flat]
    found = [{name: row[name] for name in flat[0]} for row in read]
    assert [{name: None if value != value else value for name, value in row.items()} for row in found] == nan_as_none


def test_a_fits_file_holds_so_many_alerts_and_a_next_one_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(partition_files, "_GROUP_BYTES", 10_000)
    monkeypatch.setattr(hive_partitions, "_DIVIDED_ROWS", 100)
    alerts = pa.table({"candid": pa.array(range(5_000)), "text": ["x" * (candid % 7) for candid in range(5_000)]})
    reader = pa.RecordBatchReader.from_batches(alerts.schema, alerts.to_batches(100))
    summary = write_alerts(reader, tmp_path, None, "fits", topic=TOPIC)
    files = sorted(tmp_path.glob("*.fits"))
    assert (summary.files, summary.rows, len(files) > 5) == (len(files), 5_000, True)
    assert [row["candid"] for file in files for row in with_astropy(file)] == list(range(5_000))


def test_one_long_text_does_not_blow_up_a_fits_file(tmp_path: Path) -> None:
    texts = ["x" * 500_000, *("y" for _ in range(999))]
    files = written(tmp_path, pa.table({"candid": range(1_000), "text": texts}), "fits")
    assert sum(file.stat().st_size for file in files) < 500_000_000 / 3
    assert sum(len(fits.getdata(file)) for file in files) == 1_000
