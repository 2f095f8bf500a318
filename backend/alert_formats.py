"""The formats in which alerts leave: which there are, and what each can hold."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Literal

import pyarrow as pa

from backend.alert_schema import Survey
from backend.column_meanings import described
from backend.csv_files import CsvFormat
from backend.errors import InvalidRequest
from backend.flat_columns import FlatColumns
from backend.parquet_files import ParquetFormat
from backend.partition_files import FileFormat

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
_OF_ASTROPY = {
    "votable": ("backend.votable_files", "VotableFormat", "VOTable"),
    "fits": ("backend.fits_files", "FitsFormat", "FITS"),
}
"""Imported when they are asked for: astropy takes its time, and a small installation may not have it."""


def file_format(name: AlertFormat, schema: pa.Schema, survey: Survey, notes: Mapping[str, str]) -> FileFormat:
    """How alerts become files of a format.

    Parameters
    ----------
    schema
        Of the alerts that will be given to the files. All but Parquet are flat tables: what they have no place for is
        their ``left_out``; see `backend.flat_columns`.
    survey
        Whose units and descriptions are noted, for the columns that it knows.
    notes
        Where the alerts come from, as text under short names: ``topic``, ``request``, ``receipt``,
        ``schema_fingerprint``. ``left_out`` is added. Parquet keeps them in its metadata, VOTable as INFO, FITS in its
        header, CSV not.

    Raises
    ------
    InvalidRequest
        When columns would have the same name in it, or its package is missing.
    """
    if name == "parquet":
        return ParquetFormat.of(described(schema, survey), notes)
    if name == "csv":
        return CsvFormat(FlatColumns(schema, survey, "CSV"))
    module, kind, label = _OF_ASTROPY[name]
    columns = FlatColumns(schema, survey, label)
    if columns.left_out:
        notes = {**notes, "left_out": ", ".join(columns.left_out)}
    try:
        made: FileFormat = getattr(import_module(module), kind)(columns, notes)
    except ModuleNotFoundError as error:
        raise InvalidRequest(f"{label} needs the package {error.name}.", f"pip install {error.name}") from error
    return made
