"""Looking through a million light alerts, server side: pages, filters, charts, objects, a light curve, a step.

Beside it is pandas, which has all alerts in memory already.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import date
from itertools import cycle
from typing import Any

import pandas as pd

from backend.alert_charts import AlertCharts
from backend.alert_filter import EVERYTHING, AlertFilter
from backend.alert_queries import AlertQueries
from backend.alert_store import AlertStore
from backend.alert_values import alert_values
from backend.cutouts import Stretch, read_stamp, stretch
from backend.light_curve import light_curve
from backend.object_list import ObjectList
from backend.periods import suggest_period
from backend.region import Cone
from backend.sky_map import MapBox
from benchmarks.archives import provide_archive
from benchmarks.bench import Bench
from benchmarks.figures import Figure, Goal, Unit, at_most
from benchmarks.made_up_store import ALERTS, CLASSES, OBJECTS, provide_packets, provide_store

PAGE_MS, CHART_MS, OBJECTS_MS, CURVE_MS, STEP_MS = 1_000.0, 1_000.0, 2_000.0, 300.0, 200.0
PEER = "pandas, all in memory"
FIRST = "first page"
PACKETS_PER_NIGHT, PACKET_NIGHTS = 2_500, 4
STAMPS = ("cutoutScience", "cutoutTemplate", "cutoutDifference")
COLUMNS = ("objectId", "finkclass", "tnsclass", "observed", "fid", "magpsf", "sigmapsf", "drb", "candid")
FILTERS = {
    "class": AlertFilter(classes=CLASSES[:2]),
    "magnitude": AlertFilter(brightest_mag=18.0, faintest_mag=19.0),
    "nights": AlertFilter(nights=(date(2024, 5, 1), date(2024, 6, 1))),
    "cone": AlertFilter(cone=Cone(ra_deg=150, dec_deg=20, radius_arcsec=36_000)),
    "part of the sky map": AlertFilter(map_box=MapBox(-1.0, 0.0, 0.0, 0.5)),
    "name": AlertFilter(object_id="ZTF24001"),
}


def measure(bench: Bench) -> list[Figure]:
    """Each question as the page asks it, again and again."""
    return [*_of_light_alerts(bench), *_of_packets(bench)]


def _of_packets(bench: Bench) -> list[Figure]:
    archive = provide_archive(bench.folder, PACKETS_PER_NIGHT, bench.say, nights=PACKET_NIGHTS)
    with AlertStore(provide_packets(bench.folder, archive.folder)) as store:
        queries, objects = AlertQueries(store), ObjectList(store)
        busiest = str(objects.page(rows=1)["objectId"].iloc[0])
        candids = cycle(alert["candid"] for alert in queries.alerts_of(busiest))

        def step() -> None:
            candid = next(candids)
            alert_values(queries, candid)
            for packed in queries.stamps_of(candid, STAMPS).values():
                stretch(read_stamp(packed), Stretch.ASINH, 99.0)

        def told(what: str, ask: Callable[[], Any], goal: Goal, note: str = "") -> Figure:
            values = tuple(_milliseconds(ask) for _ in range(bench.runs))
            return Figure("explore", what, Unit.MILLISECONDS, values, goal, note=note)

        note = f"{queries.count():,} full packets"
        return [
            told("light curve of an object in full packets", lambda: light_curve(queries.visits_of(busiest)),
                 at_most(CURVE_MS), note),
            told("a step over full packets: all values, three cutouts", step, at_most(STEP_MS)),
        ]  # fmt: skip


def _of_light_alerts(bench: Bench) -> list[Figure]:
    with AlertStore(provide_store(bench.folder)) as store:
        queries, charts, objects = AlertQueries(store), AlertCharts(store), ObjectList(store)
        frame = store.cursor().execute("SELECT objectId, jd, fid, magpsf, finkclass FROM alerts").df()
        busiest = str(objects.page(rows=1)["objectId"].iloc[0])
        ordinary = str(objects.page(rows=1, number=OBJECTS // 2)["objectId"].iloc[0])
        candid = queries.alerts_of(ordinary)[-1]["candid"]

        def told(what: str, ask: Callable[[], Any], goal: Goal, peer: Callable[[], Any] | None = None) -> Figure:
            values = tuple(_milliseconds(ask) for _ in range(bench.runs))
            of_peer = tuple(_milliseconds(peer) for _ in range(bench.peer_runs)) if peer else ()
            note = f"{ALERTS:,} alerts of {OBJECTS:,} objects" if what == FIRST else ""
            return Figure("explore", what, Unit.MILLISECONDS, values, goal, PEER if peer else "", of_peer, note)

        slowest = max(queries.columns, key=lambda name: _milliseconds(lambda: queries.page(COLUMNS, sort_by=name)))
        slowest_filter = max(FILTERS, key=lambda name: _milliseconds(lambda: queries.count(FILTERS[name])))
        chosen = FILTERS[slowest_filter]
        return [
            told(FIRST, lambda: queries.page(COLUMNS, rows=50), at_most(PAGE_MS)),
            told(
                f"sorted by {slowest}, the slowest column",
                lambda: queries.page(COLUMNS, sort_by=slowest, descending=True, rows=50),
                at_most(PAGE_MS),
                lambda: frame.sort_values("magpsf", ascending=False).head(50),
            ),
            told("what there is to choose from", queries.facets, at_most(PAGE_MS)),
            told(
                f"count and page by {slowest_filter}, the slowest filter",
                lambda: (queries.count(chosen), queries.page(COLUMNS, chosen, rows=50)),
                at_most(PAGE_MS),
            ),
            told(
                "chart: nights by class",
                lambda: charts.nights(EVERYTHING),
                at_most(CHART_MS),
                lambda: frame.groupby([frame["jd"] // 1, "finkclass"]).size(),
            ),
            told("chart: magnitudes", lambda: charts.magnitudes(EVERYTHING), at_most(CHART_MS)),
            told("chart: map of the sky", lambda: charts.sky(EVERYTHING), at_most(CHART_MS)),
            told(f"chart: the same, by {slowest_filter}", lambda: charts.sky(chosen), at_most(CHART_MS)),
            told("chart: colour of each object", lambda: charts.colours(EVERYTHING), at_most(CHART_MS)),
            told("chart: two numbers", lambda: charts.plane("magpsf", "drb", EVERYTHING), at_most(CHART_MS)),
            told(
                f"a page of {OBJECTS:,} objects, and their number",
                lambda: (objects.count(), objects.page()),
                at_most(OBJECTS_MS),
                lambda: _objects(frame),
            ),
            told(
                "light curve of the object with most alerts",
                lambda: light_curve(queries.visits_of(busiest)),
                at_most(CURVE_MS),
            ),
            told(
                "light curve of an ordinary object, with a period suggested",
                lambda: suggest_period(light_curve(queries.visits_of(ordinary))),
                at_most(CURVE_MS),
            ),
            told("a step: all values of one alert", lambda: alert_values(queries, candid), at_most(STEP_MS)),
        ]


def _objects(frame: pd.DataFrame) -> pd.DataFrame:
    grouped = frame.groupby("objectId")
    found = grouped.agg(alerts=("jd", "size"), first=("jd", "min"), last=("jd", "max"), brightest=("magpsf", "min"))
    return found.sort_values("alerts", ascending=False).head(50)


def _milliseconds(ask: Callable[[], Any]) -> float:
    started = time.perf_counter()
    ask()
    return 1000 * (time.perf_counter() - started)
