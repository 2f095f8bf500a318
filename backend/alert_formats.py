"""The formats in which alerts leave: which there are, and what each can hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import pyarrow as pa

from backend.csv_files import CsvFormat
from backend.errors import InvalidRequest
from backend.fits_files import FitsFormat
from backend.parquet_files import ParquetFormat
from backend.partition_files import FileFormat
from backend.votable_files import VotableFormat

AlertFormat = Literal["parquet", "csv", "votable", "fits"]
"""A row an alert, in the order in which they come."""
ExportFormat = Literal["parquet", "csv", "votable", "fits", "lightcurves"]
"""``lightcurves``: Parquet with a row an object, its light curve nested in it; that needs a store."""
_FLAT = {"csv": "CSV", "votable": "VOTable", "fits": "FITS"}


def file_format(name: AlertFormat, schema: pa.Schema, notes: Mapping[str, str]) -> FileFormat:
    """How alerts become files of a format.

    Parameters
    ----------
    schema
        What goes into the files; units and descriptions in its metadata are kept where the format has a place for
        them (see `backend.column_meanings.described`).
    notes
        Where the alerts come from, as text under short names: ``topic``, ``request``, ``receipt``,
        ``schema_fingerprint``. Parquet keeps them in its metadata, VOTable as INFO, FITS in its header, CSV not.

    Raises
    ------
    InvalidRequest
        When the format has no place for columns of this kind; the message names them.
    """
    if name == "parquet":
        return ParquetFormat.of(schema, notes)
    _check_flat(schema, _FLAT[name])
    if name == "csv":
        return CsvFormat(schema)
    return VotableFormat(schema, dict(notes)) if name == "votable" else FitsFormat(schema, dict(notes))


def _check_flat(schema: pa.Schema, label: str) -> None:
    nested = (pa.types.is_nested, pa.types.is_binary, pa.types.is_large_binary)
    several = [column.name for column in schema if any(is_kind(column.type) for is_kind in nested)]
    if several:
        raise InvalidRequest(
            f"{label} has no place for columns that hold several values or images: {', '.join(several)}.",
            "Use Parquet, or request the content Lightcurve or fields of your own.",
        )
