"""One row an object, with its light curve inside it, as nested-pandas and LSDB open it."""

# ruff: noqa: S608 - the statement is put together from constants and the names of the schema
from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from backend.alert_filter import CLASS_COLUMNS, EVERYTHING, AlertFilter
from backend.alert_queries import HISTORY, AlertQueries
from backend.column_meanings import LIGHT_CURVE
from backend.errors import InvalidRequest
from backend.light_curve import BANDS, JD_OF_MJD_0

_MAGNITUDES = ("magpsf", "sigmapsf", "diffmaglim", "magnr", "sigmagnr")
_VISIT = ("jd", "fid", *_MAGNITUDES, "isdiffpos", "magzpsci", "distnr", "ra", "dec", "candid")
_ROWS_PER_BATCH = 65_536

Numbers = npt.NDArray[Any]


def nested_light_curves(queries: AlertQueries, chosen: AlertFilter = EVERYTHING) -> pa.RecordBatchReader:
    """Read the objects of a store in the order of their names, in bounded memory.

    Parameters
    ----------
    queries
        Of the store, whatever its content.
    chosen
        Which alerts count; an object with none of them is left out, and so are alerts that name no object.

    Returns
    -------
    pyarrow.RecordBatchReader
        For each object: ``objectId``; ``ra``, ``dec``, the mean place of its alerts (deg); ``n_alerts``;
        ``finkclass``, ``tnsclass`` of the latest alert; and ``lightcurve``, a struct of lists in order of time: ``jd``,
        ``band`` and what the alerts have of a visit. As in `backend.light_curve` each visit is there once, also when
        several histories have it, and ``magpsf`` is null where it is an upper limit (``diffmaglim``).

    Raises
    ------
    InvalidRequest
        When the alerts have no names of objects, or no light curve.
    """
    reading = _Objects(queries)
    batches = reading.batches(queries.stream(*reading.query(chosen), _ROWS_PER_BATCH))
    return pa.RecordBatchReader.from_batches(reading.schema, batches)


class _Objects:
    """From visits in the order of objects and time to one row an object."""

    def __init__(self, queries: AlertQueries) -> None:
        self._queries = queries
        for name in ("objectId", "jd", "fid", "magpsf"):
            queries.needed(name)
        self._visit = {name: kind for name in _VISIT if (kind := queries.type_of(name)) is not None}
        self._classes = [name for name in CLASS_COLUMNS if queries.has(name)]
        self._has_place = all(name in self._visit for name in ("ra", "dec"))
        floats, numbered = (self._visit["jd"], self._visit["magpsf"]), pa.types.is_integer(self._visit["fid"])
        if not numbered or not all(pa.types.is_floating(kind) for kind in floats):
            raise InvalidRequest(
                "The jd, magpsf or fid of these alerts has another type than in a light curve.",
                "They are not of a survey that is known here: use Parquet.",
            )
        self.schema = self._schema()

    def query(self, chosen: AlertFilter) -> tuple[str, list[Any]]:
        """All visits, those of one object together, in order of time, the most telling of the same visit first."""
        where, values = self._queries.where(chosen)
        name = self._queries.needed("objectId")
        own = [f"{self._queries.needed(each)} AS {each}" for each in self._visit]
        classes = [f"{self._queries.needed(each)} AS {each}" for each in self._classes]
        visits = f"SELECT {', '.join([f'{name} AS object', 'true AS is_alert', *own, *classes])} FROM alerts {where}"
        entry = self._queries.history_fields()
        if entry:
            past = [f"visit.{each} AS {each}" if each in entry else f"NULL AS {each}" for each in self._visit]
            unnested = f"SELECT {name} AS object, unnest({HISTORY}) AS visit FROM alerts {where}"
            nothing = [f"NULL AS {each}" for each in self._classes]
            selected = ", ".join(["object", "false AS is_alert", *past, *nothing])
            visits += f" UNION ALL SELECT DISTINCT {selected} FROM ({unnested})"
        telling = [f"{name} IS NULL" for name in ("magpsf", "diffmaglim") if name in self._visit]
        best = ["sigmapsf NULLS FIRST"] if "sigmapsf" in self._visit else []  # in the order of light_curve
        best += ["magpsf"]
        best += ["CASE WHEN magpsf IS NULL THEN diffmaglim END DESC NULLS LAST"] if "diffmaglim" in self._visit else []
        order = ", ".join(["object", "moment NULLS FIRST", "fid", *telling, *best, "jd", "NOT is_alert", "candid"])
        moment = f"CASE WHEN isfinite(jd) THEN round(jd - {JD_OF_MJD_0}, 6) END AS moment"  # 0.1 s, as in light_curve
        replaced = [
            f"CASE WHEN isnan({each}) OR {each} <= -99 THEN NULL ELSE {each} END AS {each}"
            for each in _MAGNITUDES
            if pa.types.is_floating(self._visit.get(each, pa.null()))
        ]
        cleaned = f"SELECT * REPLACE ({', '.join(replaced)}), {moment} FROM ({visits}) WHERE object IS NOT NULL"
        return f"SELECT * FROM ({cleaned}) ORDER BY {order}", values

    def batches(self, visits: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Make the rows of the objects whose visits are all there; the last one waits for more."""
        waiting: list[pa.RecordBatch] = []
        for batch in visits:
            there = pa.Table.from_batches([*waiting, batch])
            last = int(_begins(there.column("object"))[-1])
            if last:
                yield self._rows(there.slice(0, last).combine_chunks())
            waiting = there.slice(last).to_batches()
        if waiting:
            yield self._rows(pa.Table.from_batches(waiting).combine_chunks())

    def _rows(self, visits: pa.Table) -> pa.RecordBatch:
        begins = _begins(visits.column("object"))
        ends = np.append(begins[1:], len(visits))
        number = np.repeat(np.arange(len(begins)), ends - begins)
        alerts = np.flatnonzero(visits.column("is_alert").to_numpy())
        latest = np.empty(len(begins), dtype=np.int64)
        latest[number[alerts]] = alerts  # in order of time: the last one stays
        columns: list[pa.Array[Any]] = [visits.column("object").take(begins).combine_chunks()]
        if self._has_place:
            columns += _mean_places(visits.take(alerts), number[alerts], len(begins))
        columns.append(pa.array(np.bincount(number[alerts]), pa.int64()))
        columns += [visits.column(name).take(latest).combine_chunks() for name in self._classes]
        columns.append(self._curves(visits, number, len(begins)))
        cast = [column.cast(field.type) for column, field in zip(columns, self.schema, strict=True)]
        return pa.RecordBatch.from_arrays(cast, schema=self.schema)

    def _curves(self, visits: pa.Table, number: Numbers, objects: int) -> pa.StructArray:
        """The visits that are detections or upper limits in a known band, each once, as lists."""
        fid = visits.column("fid")
        bands = pa.array(BANDS.values())
        visits = visits.append_column("band", bands.take(pc.index_in(fid, pa.array(BANDS.keys(), fid.type))))
        kept = np.flatnonzero(_is_visit(visits) & _is_new(visits, number))
        offsets = pa.array(np.append(0, np.cumsum(np.bincount(number[kept], minlength=objects))), pa.int32())
        visits = visits.take(kept)
        fields = list(self.schema.field(LIGHT_CURVE).type)
        lists = [
            pa.ListArray.from_arrays(offsets, visits.column(field.name).combine_chunks().cast(field.type.value_type))
            for field in fields
        ]
        return pa.StructArray.from_arrays(lists, fields=fields)

    def _schema(self) -> pa.Schema:
        visit = {"jd": self._visit["jd"], "band": pa.string()}
        visit |= {name: kind for name, kind in self._visit.items() if name != "fid"}
        place = [pa.field(name, pa.float64()) for name in ("ra", "dec") if self._has_place]
        classes = [pa.field(name, pa.string()) for name in self._classes]
        lists = pa.struct([pa.field(name, pa.list_(kind)) for name, kind in visit.items()])
        counted = pa.field("n_alerts", pa.int64())
        named, curves = pa.field("objectId", pa.string()), pa.field(LIGHT_CURVE, lists)
        fields: list[pa.Field[Any]] = [named, *place, counted, *classes, curves]
        return pa.schema(fields)


def _begins(objects: pa.ChunkedArray[Any]) -> Numbers:
    """Where another object begins; the first does at 0."""
    changes = pc.not_equal(objects[1:], objects[:-1]).to_numpy()
    return np.append(0, np.flatnonzero(changes) + 1)


def _is_visit(visits: pa.Table) -> Numbers:
    said = pc.is_valid(visits.column("magpsf"))
    if "diffmaglim" in visits.column_names:
        said = pc.or_(said, pc.is_valid(visits.column("diffmaglim")))
    timed = pc.and_(pc.is_valid(visits.column("moment")), pc.is_valid(visits.column("band")))
    return pc.and_(said, timed).to_numpy()


def _is_new(visits: pa.Table, number: Numbers) -> Numbers:
    """Whether a row is the first of its object, time and band; the others tell the same visit again."""
    moment, fid = (visits.column(name).to_numpy() for name in ("moment", "fid"))
    changes = [each[1:] != each[:-1] for each in (number, moment, fid)]
    return np.append(True, np.logical_or.reduce(changes))


def _mean_places(alerts: pa.Table, number: Numbers, objects: int) -> list[pa.Array[Any]]:
    """Right ascension and declination of the mean direction, so that places on both sides of 0 h have theirs at 0 h."""
    ra, dec = (np.radians(alerts.column(name).to_numpy().astype(np.float64)) for name in ("ra", "dec"))
    known = np.isfinite(ra) & np.isfinite(dec)
    number, ra, dec = number[known], ra[known], dec[known]
    x, y, z = (
        np.bincount(number, part, objects) for part in (np.cos(dec) * np.cos(ra), np.cos(dec) * np.sin(ra), np.sin(dec))
    )
    has_none = np.bincount(number, minlength=objects) == 0
    mean_ra, mean_dec = np.degrees(np.arctan2(y, x)) % 360.0, np.degrees(np.arctan2(z, np.hypot(x, y)))
    return [pa.array(each, mask=has_none) for each in (np.where(mean_ra < 360.0, mean_ra, 0.0), mean_dec)]
