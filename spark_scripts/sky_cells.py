"""Sources near alerts: a grid on the sky, so that an alert is compared with the few sources of its own cell only.

The sky is cut into zones of declination, and each zone into bins of right ascension. A source is put in every cell
that a circle around it touches; an alert lies in one cell, and finds there all sources within that radius. The sources
are few and broadcast; the alerts stay where they are: no shuffle, one row an alert, no Python per row.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import ArrayType, DoubleType, LongType, StringType, StructType

from spark_scripts.arrow_frame import frame_of

Floats: TypeAlias = npt.NDArray[np.float64]
Ints: TypeAlias = npt.NDArray[np.int64]

ZONE_RADII, SMALLEST_ZONE_ARCSEC = 4, 36.0
"""Height of a zone in radii, so that most circles touch one cell; smaller cells bring nothing."""
BORDER_ARCSEC = 1e-6
"""What is further away by no more than this lies within: positions are not known so well, and numbers are rounded."""
MICROARCSEC = 1e6
HALF_TURN_ARCSEC = 180 * 3600.0
CELL = "_sky_cell"
CELL_SCHEMA = (
    StructType()
    .add(CELL, LongType())
    .add("ra", ArrayType(DoubleType()))
    .add("dec", ArrayType(DoubleType()))
    .add("label", ArrayType(StringType()))
)


@dataclass(frozen=True)
class SkyGrid:
    """Cells of about equal size; numbers of whole cells are computed without rounding, here and in Spark alike."""

    zones: int

    @classmethod
    def for_radius(cls, radius_arcsec: float) -> SkyGrid:
        """The grid in which to look for sources within this radius."""
        height_arcsec = max(ZONE_RADII * radius_arcsec, SMALLEST_ZONE_ARCSEC)
        return cls(max(1, math.floor(HALF_TURN_ARCSEC / height_arcsec)))

    def cell_sql(self, ra: str, dec: str) -> str:
        """The cell of a position, given as SQL of its degrees, as SQL; null where a coordinate is null."""
        last = self.zones - 1
        zone = f"greatest(0, least({last}, floor(({dec} + 90D) * {sql_number(self.zones / 180)})))"
        bins = f"(1L + floor(8 * {zone} * ({last} - {zone}) / {self.zones}))"
        place = f"least({bins} - 1, floor(pmod({ra}, 360D) * {bins} / 360D))"
        return f"CAST({zone} * {self._zone_stride} + {place} AS bigint)"

    def cells_touched(self, ra_deg: Floats, dec_deg: Floats, radius_arcsec: float) -> tuple[Ints, Ints]:
        """The cells that circles touch.

        Parameters
        ----------
        ra_deg, dec_deg
            Centres, in degrees.
        radius_arcsec
            The same for all.

        Returns
        -------
        source, cell
            Parallel arrays: the number of a circle, in order, and one of its cells.
        """
        radius_deg = (radius_arcsec + 2 * BORDER_ARCSEC) / 3600.0
        first, last = (self._zone_of(dec_deg + step) for step in (-radius_deg, radius_deg))
        source, zone = _spread(first, last)
        bins = self._bins_of(zone)
        half_width_deg = _half_width_deg(dec_deg, radius_deg)[source]
        west, east = (
            np.floor((ra_deg[source] + side * half_width_deg) / 360.0 * bins).astype(np.int64) for side in (-1, 1)
        )
        which, place = _spread(west, np.minimum(east, west + bins - 1))
        cell = zone[which] * self._zone_stride + np.mod(place, bins[which])
        return source[which], cell

    @property
    def _zone_stride(self) -> int:
        return 2 * self.zones + 1

    def _zone_of(self, dec_deg: Floats) -> Ints:
        return np.clip(np.floor((dec_deg + 90.0) * (self.zones / 180.0)), 0, self.zones - 1).astype(np.int64)

    def _bins_of(self, zone: Ints) -> Ints:
        """A parabola over the zones instead of a cosine: Java and numpy would not round that alike."""
        return 1 + (8 * zone * (self.zones - 1 - zone)) // self.zones


def sql_number(value: float) -> str:
    """A number as SQL has it without rounding."""
    return f"{value!r}D"


def separation_sql(ra: str, dec: str, other_ra: str, other_dec: str) -> str:
    """The angle between two positions, given as SQL of their degrees, as SQL in arcsec, by the haversine formula."""
    half_dec, half_ra = (f"radians({to} - {of}) / 2" for of, to in ((dec, other_dec), (ra, other_ra)))
    cosines = f"cos(radians({dec})) * cos(radians({other_dec}))"
    haversine = f"power(sin({half_dec}), 2) + {cosines} * power(sin({half_ra}), 2)"
    return f"degrees(2 * asin(sqrt(least({haversine}, 1D)))) * 3600"


def with_sources(frame: DataFrame, sources: pd.DataFrame, radius_arcsec: float, column: str) -> DataFrame:
    """Add to each alert the sources that may lie within a radius: those of its cell.

    Parameters
    ----------
    frame
        Alerts, with their position in ``candidate.ra`` and ``candidate.dec``.
    sources
        Columns ``ra``, ``dec`` (degrees) and ``label``; small enough to be held by each executor.
    radius_arcsec
        Sources further away may be there or not; nearer ones are all there.
    column
        Name of the new column, an array of structs ``ra, dec, label`` in the order of `sources`; null where there are
        none. Beside it there is `CELL`: to take both away is one more step over all columns, for the caller to do last.
    """
    grid = SkyGrid.for_radius(radius_arcsec)
    cells = frame_of(frame.sparkSession, _sources_by_cell(grid, sources, radius_arcsec), CELL_SCHEMA)
    found = cells.select(CELL, F.arrays_zip("ra", "dec", "label").alias(column))
    own_cell = F.expr(grid.cell_sql("candidate.ra", "candidate.dec"))
    return frame.join(F.broadcast(found), own_cell == F.col(CELL), "left")


def _sources_by_cell(grid: SkyGrid, sources: pd.DataFrame, radius_arcsec: float) -> pa.Table:
    """One row a cell, with lists of what lies in it."""
    ra_deg, dec_deg = (sources[name].to_numpy(np.float64) for name in ("ra", "dec"))
    source, cell = grid.cells_touched(ra_deg, dec_deg, radius_arcsec)
    order = np.argsort(cell, kind="stable")
    source, cell = source[order], cell[order]
    is_first = np.r_[True, cell[1:] != cell[:-1]][: len(cell)]
    offsets = pa.array(np.r_[np.flatnonzero(is_first), len(cell)].astype(np.int32))
    values = {
        "ra": pa.array(ra_deg),
        "dec": pa.array(dec_deg),
        "label": pa.array(sources["label"].to_numpy(object), pa.string()),
    }
    lists = [pa.ListArray.from_arrays(offsets, value.take(pa.array(source))) for value in values.values()]
    return pa.table([pa.array(cell[is_first]), *lists], names=[CELL, *values])


def _half_width_deg(dec_deg: Floats, radius_deg: float) -> Floats:
    """How far in right ascension a circle reaches; 180 where it holds a pole."""
    holds_pole = np.abs(dec_deg) + radius_deg >= 90.0
    ratio = np.sin(np.radians(radius_deg)) / np.cos(np.radians(np.where(holds_pole, 0.0, dec_deg)))
    return np.where(holds_pole, 180.0, np.degrees(np.arcsin(np.clip(ratio, 0.0, 1.0))))


def _spread(first: Ints, last: Ints) -> tuple[Ints, Ints]:
    """For each row its whole numbers from the first to the last: the number of the row, and the number."""
    counts = last - first + 1
    row = np.repeat(np.arange(len(first)), counts)
    begins = np.cumsum(counts) - counts
    return row, first[row] + np.arange(len(row)) - begins[row]
