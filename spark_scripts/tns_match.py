"""``tnsclass``: the type of the nearest object in the list of the Transient Name Server (TNS)."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from spark_scripts.class_rule import UNKNOWN
from spark_scripts.sky_cells import BORDER_ARCSEC, MICROARCSEC, separation_arcsec, with_sources
from spark_scripts.tns_catalogue import TnsCatalogue

RADIUS_ARCSEC = 1.5
TNS = "(TNS) "
_NEARBY = "_tns_nearby"


def with_tnsclass(frame: DataFrame, catalogue: TnsCatalogue | None) -> DataFrame:
    """Add ``tnsclass``: the type of the nearest classified object within `RADIUS_ARCSEC`, else Unknown.

    Of objects that are equally near, to the microarcsecond, the first by name is taken. No row is added or moved.

    Parameters
    ----------
    catalogue
        None: Unknown for all.
    """
    if catalogue is None or catalogue.typed.empty:
        return frame.withColumn("tnsclass", F.lit(UNKNOWN))
    ra, dec = F.col("candidate.ra"), F.col("candidate.dec")

    def distance_and_place(entry: Column, place: Column) -> Column:
        distance = F.round(separation_arcsec(ra, dec, entry["ra"], entry["dec"]) * MICROARCSEC)
        return F.struct(distance.alias("distance"), place.alias("place"), entry["label"].alias("label"))

    def is_near(found: Column) -> Column:
        return found["distance"] <= (RADIUS_ARCSEC + BORDER_ARCSEC) * MICROARCSEC

    nearest = F.array_min(F.filter(F.transform(_NEARBY, distance_and_place), is_near))
    nearby = with_sources(frame, catalogue.typed, RADIUS_ARCSEC, _NEARBY)
    tnsclass = F.coalesce(F.concat(F.lit(TNS), nearest["label"]), F.lit(UNKNOWN))
    return nearby.withColumn("tnsclass", tnsclass).drop(_NEARBY)
