"""Charts and objects count what pandas counts, in few cells, flat and nested, for every filter."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from astropy import units as u
from astropy.coordinates import SkyCoord

from backend.alert_charts import OTHERS, AlertCharts
from backend.alert_filter import EVERYTHING, AlertFilter, ValueRange
from backend.alert_queries import AlertQueries
from backend.alert_store import AlertStore
from backend.object_list import ObjectList
from backend.region import Cone
from backend.sky_map import MapBox, map_place
from tests.support.scattered_alerts import scattered, store_of_scattered

ALERTS = 4_000
CENTRE = (150.0, 20.0)
BOX = MapBox(-1.0, 0.5, -0.2, 0.9)


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    return scattered(ALERTS)


@pytest.fixture(scope="module", params=[False, True], ids=["flat", "nested"])
def store(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, frame: pd.DataFrame
) -> Iterator[AlertStore]:
    path = tmp_path_factory.mktemp("store") / "x.duckdb"
    with store_of_scattered(path, frame, nested=request.param) as opened:
        yield opened


def night_of(frame: pd.DataFrame) -> pd.Series:
    return pd.to_datetime(frame["jd"] - 2_440_587.5, unit="D").dt.date


def magnitude_of(frame: pd.DataFrame) -> pd.Series:
    return frame["magpsf"].where(frame["magpsf"] > -99).astype(float)


def is_near(frame: pd.DataFrame, radius_deg: float) -> np.ndarray:
    centre = SkyCoord(*CENTRE, unit="deg")
    return centre.separation(SkyCoord(frame["ra"], frame["dec"], unit="deg")) <= radius_deg * u.deg


def is_in_box(frame: pd.DataFrame) -> np.ndarray:
    x, y = map_place(frame["ra"], frame["dec"])
    return (x >= BOX.x_min) & (x <= BOX.x_max) & (y >= BOX.y_min) & (y <= BOX.y_max)


FILTERS = {
    "everything": (EVERYTHING, lambda frame: np.ones(len(frame), bool)),
    "nights": (
        AlertFilter(nights=(date(2024, 9, 3), date(2024, 9, 5))),
        lambda frame: night_of(frame).between(date(2024, 9, 3), date(2024, 9, 5)),
    ),
    "cone": (AlertFilter(cone=Cone(ra_deg=150, dec_deg=20, radius_arcsec=36_000)), lambda frame: is_near(frame, 10)),
    "map": (AlertFilter(map_box=BOX), is_in_box),
    "ranges": (
        AlertFilter(ranges=(ValueRange("score", 0.25, 0.5), ValueRange("magpsf", 18.0, 19.0))),
        lambda frame: frame["score"].between(0.25, 0.5) & magnitude_of(frame).between(18, 19),
    ),
    "an unknown column": (AlertFilter(ranges=(ValueRange("no_such", 0, 1),)), lambda frame: np.ones(len(frame), bool)),
    "all at once": (
        AlertFilter(bands=(2,), faintest_mag=19.0, nights=(date(2024, 9, 2), date(2024, 9, 8)), map_box=BOX),
        lambda frame: (
            (frame["fid"] == 2)
            & (magnitude_of(frame) <= 19)
            & night_of(frame).between(date(2024, 9, 2), date(2024, 9, 8))
            & is_in_box(frame)
        ),
    ),
}


@pytest.fixture(params=FILTERS)
def chosen(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def matching(frame: pd.DataFrame, chosen: str) -> pd.DataFrame:
    return frame[np.asarray(FILTERS[chosen][1](frame))]


def test_a_filter_finds_what_it_says(store: AlertStore, frame: pd.DataFrame, chosen: str) -> None:
    expected = matching(frame, chosen)
    assert 0 < AlertQueries(store).count(FILTERS[chosen][0]) == len(expected)
    page = AlertQueries(store).page(["candid"], FILTERS[chosen][0], rows=ALERTS)
    assert set(page["candid"]) == set(expected["candid"])


def test_a_cone_over_the_pole_and_over_0_h_is_round(tmp_path: Path, frame: pd.DataFrame) -> None:
    with store_of_scattered(tmp_path / "x.duckdb", frame, nested=False) as store:
        for ra, dec in ((0.0, 0.0), (359.9, 45.0), (10.0, 89.0), (10.0, -90.0)):
            near = (
                SkyCoord(ra, dec, unit="deg").separation(SkyCoord(frame["ra"], frame["dec"], unit="deg")) <= 8 * u.deg
            )
            cone = Cone(ra_deg=ra, dec_deg=dec, radius_arcsec=8 * 3600)
            assert AlertQueries(store).count(AlertFilter(cone=cone)) == near.sum() > 0


def test_nights_are_counted_by_class(store: AlertStore, frame: pd.DataFrame, chosen: str) -> None:
    counted = AlertCharts(store).nights(FILTERS[chosen][0])
    expected = matching(frame, chosen)
    assert counted is not None
    assert counted["alerts"].sum() == len(expected)
    assert counted.groupby("night")["alerts"].sum().to_dict() == night_of(expected).value_counts().to_dict()
    told = expected["finkclass"].where(expected["finkclass"] != "Unknown", expected["tnsclass"])
    for name, alerts in counted[counted["class"] != OTHERS].groupby("class")["alerts"].sum().items():
        assert alerts == (told == name).sum()
    assert counted["class"].nunique() <= 6


def test_many_nights_become_some_hundred_bars(tmp_path: Path, frame: pd.DataFrame) -> None:
    spread = frame.assign(jd=frame["jd"].iloc[0] + np.arange(ALERTS))
    with store_of_scattered(tmp_path / "x.duckdb", spread, nested=False) as store:
        counted = AlertCharts(store).nights(EVERYTHING)
    assert counted is not None
    assert counted["night"].nunique() <= 120
    assert counted["alerts"].sum() == ALERTS
    assert ((counted["until"] - counted["night"]).map(lambda width: width.days) == 34).all()


def test_magnitudes_are_counted_in_bars_by_band(store: AlertStore, frame: pd.DataFrame, chosen: str) -> None:
    counted = AlertCharts(store).magnitudes(FILTERS[chosen][0])
    expected = matching(frame, chosen)
    magnitudes = magnitude_of(expected)
    assert counted is not None
    assert len(counted) < 310
    assert counted["alerts"].sum() == magnitudes.notna().sum()
    for fid, bright, faint, alerts in counted.itertuples(index=False):
        its = magnitudes[expected["fid"] == fid]
        low, high = (its >= bright - 1e-6) & (its < faint - 1e-6), (its > bright + 1e-6) & (its < faint + 1e-6)
        assert high.sum() <= alerts <= low.sum() + (abs(its - faint) < 1e-6).sum()


def test_the_sky_is_counted_in_cells_where_the_alerts_are(store: AlertStore, frame: pd.DataFrame, chosen: str) -> None:
    counted = AlertCharts(store).sky(FILTERS[chosen][0])
    assert counted is not None
    assert len(counted) <= 10_000
    assert counted["alerts"].sum() == len(matching(frame, chosen))
    x, y = map_place(counted["ra"], counted["dec"])
    near = 0.02  # positions are gathered to a tenth of a degree first, and a cell shows their mean
    assert ((x >= counted["x"] - near) & (x <= counted["x2"] + near)).all()
    assert ((y >= counted["y"] - near) & (y <= counted["y2"] + near)).all()


def test_two_numbers_are_counted_without_those_that_mean_no_value(store: AlertStore, frame: pd.DataFrame) -> None:
    counted = AlertCharts(store).plane("magpsf", "score", EVERYTHING)
    magnitudes = magnitude_of(frame)
    assert counted is not None
    assert counted["alerts"].sum() == magnitudes.notna().sum()
    assert (counted["x"].min(), counted["x2"].max()) == pytest.approx((magnitudes.min(), magnitudes.max()), rel=1e-6)
    assert AlertCharts(store).plane("objectId", "score", EVERYTHING) is None
    assert AlertCharts(store).plane("magpsf", 'score"; DROP TABLE alerts; --', EVERYTHING) is None


def test_colours_are_those_of_objects_with_both_bands(store: AlertStore, frame: pd.DataFrame) -> None:
    counted = AlertCharts(store).colours(EVERYTHING)
    means = frame.assign(mag=magnitude_of(frame)).pivot_table("mag", "objectId", "fid", "mean").dropna()
    assert counted is not None
    assert counted["alerts"].sum() == len(means)
    colour = means[1] - means[2]
    assert (counted["x"].min(), counted["x2"].max()) == pytest.approx((colour.min(), colour.max()), abs=1e-5)


def test_nothing_that_matches_is_nothing_to_draw(store: AlertStore) -> None:
    nothing = AlertFilter(object_id="no such object")
    charts = AlertCharts(store)
    found = (charts.nights(nothing), charts.magnitudes(nothing), charts.sky(nothing), charts.colours(nothing))
    assert [*found, charts.plane("magpsf", "score", nothing)] == [None] * 5
    assert ObjectList(store).page(nothing).empty
    assert ObjectList(store).count(nothing) == 0


def test_numbers_that_are_none_break_nothing(tmp_path: Path, frame: pd.DataFrame) -> None:
    odd = frame.copy()
    for start, column in enumerate(("jd", "ra", "dec", "magpsf")):
        for step, value in enumerate((np.nan, np.inf, -np.inf, -999.0, 1e30)):
            odd.loc[5 * start + step, column] = value
    with store_of_scattered(tmp_path / "x.duckdb", odd, nested=False) as store:
        queries, charts, whole = AlertQueries(store), AlertCharts(store), ObjectList(store).page(rows=ALERTS)
        facets, nights, sky = queries.facets(), charts.nights(EVERYTHING), charts.sky(EVERYTHING)
        magnitudes = charts.magnitudes(EVERYTHING)
        queries.page(["observed", "magpsf", "ra"], rows=ALERTS)
        assert queries.count(AlertFilter(map_box=BOX)) > 0
        assert queries.count(AlertFilter(cone=Cone(ra_deg=150, dec_deg=20, radius_arcsec=36_000))) > 0
    assert nights is not None
    assert sky is not None
    assert magnitudes is not None
    assert facets.nights == (date(2024, 9, 2), date(2024, 9, 11))
    assert [int(found["alerts"].sum()) for found in (nights, sky)] == [ALERTS - 5, ALERTS - 10]
    assert magnitudes["alerts"].sum() == (np.isfinite(odd["magpsf"]) & (odd["magpsf"] > -99)).sum()
    assert whole["alerts"].sum() == ALERTS


def test_one_value_alone_is_one_cell(tmp_path: Path, frame: pd.DataFrame) -> None:
    alike = frame.assign(magpsf=np.float32(18.5), score=0.5)
    with store_of_scattered(tmp_path / "x.duckdb", alike, nested=False) as store:
        counted = AlertCharts(store).plane("magpsf", "score", EVERYTHING)
    assert counted is not None
    assert counted["alerts"].tolist() == [ALERTS]


def test_an_object_is_what_its_alerts_say(store: AlertStore, frame: pd.DataFrame, chosen: str) -> None:
    expected = matching(frame, chosen).assign(mag=magnitude_of(frame))
    objects = ObjectList(store)
    page = objects.page(FILTERS[chosen][0], rows=ALERTS).set_index("objectId")
    assert len(page) == objects.count(FILTERS[chosen][0]) == expected["objectId"].nunique()
    assert objects.names(FILTERS[chosen][0], ALERTS) == tuple(sorted(page.index))
    for name, its in expected.groupby("objectId"):
        row = page.loc[name]
        assert row["alerts"] == len(its)
        first = datetime.fromtimestamp((its["jd"].min() - 2_440_587.5) * 86_400, UTC).replace(tzinfo=None)
        assert abs(row["first"] - first).total_seconds() < 1.5
        assert row["finkclass"] == its.sort_values("jd")["finkclass"].iloc[-1]
        for band, fid in (("g", 1), ("r", 2)):
            magnitudes = its["mag"][its["fid"] == fid]
            spread = magnitudes.max() - magnitudes.min() if magnitudes.count() > 1 else math.nan
            assert row[f"amplitude_{band}"] == pytest.approx(spread, abs=1e-5, nan_ok=True)


@pytest.mark.parametrize("column", ["alerts", "first", "brightest", "amplitude_g", "finkclass", "objectId", "no such"])
@pytest.mark.parametrize("descending", [True, False])
def test_pages_of_objects_are_in_order_and_complete(store: AlertStore, column: str, descending: bool) -> None:
    objects = ObjectList(store)
    whole = objects.page(sort_by=column, descending=descending, rows=ALERTS)
    pages = [objects.page(sort_by=column, descending=descending, number=number, rows=150) for number in (1, 2, 3)]
    assert pd.concat(pages)["objectId"].tolist() == whole["objectId"].tolist()
    key = column if column in whole else "alerts"
    values = whole[key].dropna()
    assert values.is_monotonic_decreasing if descending else values.is_monotonic_increasing
    assert whole[key].isna().iloc[len(values) :].all()
