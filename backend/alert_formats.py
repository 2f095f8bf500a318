"""The formats in which alerts leave: which there are, and what each can hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import pyarrow as pa

from backend.alert_schema import Survey
from backend.column_meanings import described
from backend.csv_files import CsvFormat
from backend.fits_files import FitsFormat
from backend.flat_columns import FlatColumns
from backend.parquet_files import ParquetFormat
from backend.partition_files import FileFormat
from backend.votable_files import VotableFormat

AlertFormat = Literal["parquet", "csv", "votable", "fits"]
"""A row an alert, in the order in which they come."""
ExportFormat = Literal["parquet", "csv", "votable", "fits", "lightcurves"]
"""``lightcurves``: Parquet with a row an object, its light curve nested in it; that needs a store."""
SUFFIXES: Mapping[ExportFormat, str] = {
    "parquet": ".parquet",
    "csv": ".csv",
    "votable": ".vot",
    "fits": ".fits",
    "lightcurves": ".parquet",
}


def file_format(name: AlertFormat, schema: pa.Schema, survey: Survey, notes: Mapping[str, str]) -> FileFormat:
    """How alerts become files of a format.

    Parameters
    ----------
    schema
        Of the alerts that will be given to the files. All but Parquet are flat tables; see `backend.flat_columns`.
    survey
        Whose units and descriptions are noted, for the columns that it knows.
    notes
        Where the alerts come from, as text under short names: ``topic``, ``request``, ``receipt``,
        ``schema_fingerprint``. Parquet keeps them in its metadata, VOTable as INFO, FITS in its header, CSV not.

    Raises
    ------
    InvalidRequest
        When the format has no place for columns of this kind; the message names them.
    """
    if name == "parquet":
        return ParquetFormat.of(described(schema, survey), notes)
    if name == "csv":
        return CsvFormat(FlatColumns(schema, survey, "CSV"))
    if name == "votable":
        return VotableFormat(FlatColumns(schema, survey, "VOTable"), notes)
    return FitsFormat(FlatColumns(schema, survey, "FITS"), notes)
