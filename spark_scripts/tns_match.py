"""``tnsclass``: the type of the nearest object in the list of the Transient Name Server (TNS)."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from spark_scripts.class_rule import UNKNOWN
from spark_scripts.sky_cells import BORDER_ARCSEC, CELL, MICROARCSEC, separation_sql, sql_number, with_sources
from spark_scripts.tns_catalogue import TnsCatalogue

RADIUS_ARCSEC = 1.5
TNS = "(TNS) "
_LIMIT = sql_number((RADIUS_ARCSEC + BORDER_ARCSEC) * MICROARCSEC)
_NEARBY = "_tns_nearby"
_DISTANCE = separation_sql("candidate.ra", "candidate.dec", "entry.ra", "entry.dec")
_MEASURED = f"struct(round({_DISTANCE} * {sql_number(MICROARCSEC)}) AS distance, place, entry.label AS label)"
_FOUND = f"filter(transform({_NEARBY}, (entry, place) -> {_MEASURED}), found -> found.distance <= {_LIMIT})"
_NEAREST = f"coalesce(concat('{TNS}', array_min({_FOUND}).label), '{UNKNOWN}')"


def with_tnsclass(frame: DataFrame, catalogue: TnsCatalogue | None, **others: Column) -> DataFrame:
    """Add ``tnsclass``: the type of the nearest classified object within `RADIUS_ARCSEC`, else Unknown.

    Of objects that are equally near, to the microarcsecond, the first by name is taken. No row is added or moved.

    Parameters
    ----------
    catalogue
        None: Unknown for all.
    others
        Columns to add before it, in the same step: Spark goes through all of an alert's columns at each.
    """
    if catalogue is None or catalogue.typed.empty:
        return frame.withColumns({**others, "tnsclass": F.lit(UNKNOWN)})
    nearby = with_sources(frame, catalogue.typed, RADIUS_ARCSEC, _NEARBY)
    return nearby.withColumns({**others, "tnsclass": F.expr(_NEAREST)}).drop(_NEARBY, CELL)
