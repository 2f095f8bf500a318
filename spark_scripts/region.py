"""Which alerts lie in a region, or are of listed objects.

``backend/region_sql.py`` says the same for the estimates; the two are tested against each other.
"""

from __future__ import annotations

from typing import Any

import pandas as pd
import pyarrow as pa
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import StringType, StructType

from spark_scripts.arrow_frame import frame_of
from spark_scripts.sky_cells import BORDER_ARCSEC, CELL, separation_sql, sql_number, with_sources

FULL_TURN_DEG = 360.0
_NEARBY = "_region_nearby"


def within_region(frame: DataFrame, region: dict[str, Any] | None) -> DataFrame:
    """The alerts of `frame` that lie in the region, borders included; their columns are unchanged.

    Parameters
    ----------
    frame
        Alerts with ``objectId``, ``candidate.ra`` and ``candidate.dec``; one without a position lies nowhere.
    region
        In the form of a request: one of ``cone``, ``rectangle``, ``positions`` and ``objects``; None: everywhere.
    """
    if region is None:
        return frame
    if region.get("cone"):
        return frame.filter(_in_cone(**region["cone"]))
    if region.get("rectangle"):
        return frame.filter(_in_rectangle(**region["rectangle"]))
    if region.get("positions"):
        return _near_positions(frame, **region["positions"])
    return _of_objects(frame, region["objects"])


def _in_cone(ra_deg: float, dec_deg: float, radius_arcsec: float) -> Column:
    height_deg = (radius_arcsec + BORDER_ARCSEC) / 3600
    # The declination alone rules out most alerts, without an angle's functions.
    is_level = F.col("candidate.dec").between(dec_deg - height_deg, dec_deg + height_deg)
    return is_level & F.expr(_is_within(sql_number(ra_deg), sql_number(dec_deg), radius_arcsec))


def _in_rectangle(ra_min_deg: float, ra_max_deg: float, dec_min_deg: float, dec_max_deg: float) -> Column:
    ra, dec = F.col("candidate.ra"), F.col("candidate.dec")
    in_bins = F.lit(False)
    for west, east in _ra_ranges(ra_min_deg, ra_max_deg):
        in_bins = in_bins | ra.between(west, east)
    return dec.between(dec_min_deg, dec_max_deg) & in_bins


def _ra_ranges(ra_min_deg: float, ra_max_deg: float) -> list[tuple[float, float]]:
    """The right ascensions eastwards from the first to the second, without one that goes over 0 h; 360 is 0."""
    if ra_min_deg > ra_max_deg:
        return [(ra_min_deg, FULL_TURN_DEG), (0.0, ra_max_deg)]
    ranges = [(ra_min_deg, ra_max_deg)]
    if ra_max_deg == FULL_TURN_DEG:
        ranges.append((0.0, 0.0))
    if ra_min_deg == 0:
        ranges.append((FULL_TURN_DEG, FULL_TURN_DEG))
    return ranges


def _near_positions(frame: DataFrame, ra_dec_deg: list[list[float]], radius_arcsec: float) -> DataFrame:
    positions = pd.DataFrame(ra_dec_deg, columns=["ra", "dec"], dtype=float).assign(label="")
    is_near = f"exists({_NEARBY}, each -> {_is_within('each.ra', 'each.dec', radius_arcsec)})"
    return with_sources(frame, positions, radius_arcsec, _NEARBY).filter(is_near).drop(_NEARBY, CELL)


def _of_objects(frame: DataFrame, objects: list[str]) -> DataFrame:
    names = pa.table({"objectId": pa.array(objects, pa.string())})
    listed = frame_of(frame.sparkSession, names, StructType().add("objectId", StringType()))
    return frame.join(F.broadcast(listed), frame["objectId"] == listed["objectId"], "left_semi")


def _is_within(ra: str, dec: str, radius_arcsec: float) -> str:
    distance_arcsec = separation_sql("candidate.ra", "candidate.dec", ra, dec)
    return f"{distance_arcsec} <= {sql_number(radius_arcsec + BORDER_ARCSEC)}"
