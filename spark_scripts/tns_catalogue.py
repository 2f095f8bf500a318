"""The list of the Transient Name Server (TNS), from a file with the columns of its public one."""

from __future__ import annotations

import csv
import hashlib
import io
import tempfile
import zipfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
from py4j.protocol import Py4JJavaError
from pyspark.sql import SparkSession

from spark_scripts.java import hadoop_file_system, hadoop_path

NAME, RA, DEC, TYPE = COLUMNS = ("name", "ra", "declination", "type")
"""What is used of the public list's columns."""
LINES_BEFORE_HEADER = 5
"""The public list has a line with its date before the header."""


class UnusableCatalogue(Exception):
    """The catalogue cannot be read as asked; the message is for the user."""


@dataclass(frozen=True)
class TnsCatalogue:
    """The objects that TNS has classified.

    Attributes
    ----------
    version
        The catalogue's date, or the file's where it has none, and the beginning of the SHA-256 of its bytes.
    typed
        Columns ``ra``, ``dec`` (degrees) and ``label`` (the type), in the order of the objects' names.
    """

    version: str
    typed: pd.DataFrame


def read_catalogue(spark: SparkSession, uri: str) -> TnsCatalogue:
    """Read a file with the columns of TNS's public list, plain or zipped as TNS delivers it.

    Parameters
    ----------
    uri
        A file on any file system that Spark knows.

    Raises
    ------
    UnusableCatalogue
        There is no such file, or it is not such a list: a wrong setting must not look like a sky without transients.
    """
    data, modified = _read_bytes(spark, uri)
    return parse_catalogue(data, modified, uri)


def parse_catalogue(data: bytes, modified: datetime, uri: str) -> TnsCatalogue:
    """The catalogue in the bytes of a file.

    Parameters
    ----------
    modified
        Time of the file's last change, for the version.
    uri
        Its name, for messages.

    Raises
    ------
    UnusableCatalogue
        The bytes are not such a list; the message says what is wrong, and where.
    """
    text = _unpacked(data, uri)
    before_header = _lines_before_header(text, uri)
    header, last = (text.splitlines()[place] for place in (len(before_header), -1))
    if len(next(csv.reader([header]))) != len(next(csv.reader([last]))):
        raise _unusable(uri, f"it ends within a row, {last[-40:]!r}; was it copied to its end?")
    try:
        rows = pd.read_csv(
            io.StringIO(text), skiprows=len(before_header), usecols=list(COLUMNS), dtype=str, keep_default_na=False
        )
    except ValueError as error:  # pandas's ParserError is one
        raise _unusable(uri, f"it is not a table of comma-separated values ({error})") from error
    typed = rows[rows[TYPE].str.strip() != ""]
    catalogue = pd.DataFrame(
        {
            "ra": _degrees(typed[RA], 0, 360, uri),
            "dec": _degrees(typed[DEC], -90, 90, uri),
            "label": typed[TYPE].str.strip(),
            "name": typed[NAME],
        }
    )
    in_order = catalogue.sort_values(["name", "label"], kind="stable").drop(columns="name")
    date = " ".join(before_header).replace('"', "").strip() or f"{modified:%Y-%m-%d %H:%M:%S}"
    return TnsCatalogue(f"{date} ({hashlib.sha256(data).hexdigest()[:12]})", in_order.reset_index(drop=True))


def _read_bytes(spark: SparkSession, uri: str) -> tuple[bytes, datetime]:
    """The file's bytes and time, through Hadoop's file systems: copied by the JVM, which is next to us."""
    try:
        path = hadoop_path(spark, uri)
        files = hadoop_file_system(spark, path)
        if not files.exists(path):
            raise UnusableCatalogue(f"There is no TNS catalogue at {uri}.")
        modified = datetime.fromtimestamp(files.getFileStatus(path).getModificationTime() / 1000, UTC)
        with tempfile.TemporaryDirectory() as folder:
            copy = Path(folder) / "catalogue"
            files.copyToLocalFile(False, path, hadoop_path(spark, copy.as_uri()), True)
            return copy.read_bytes(), modified
    except Py4JJavaError as error:
        said = error.java_exception.getMessage()
        raise UnusableCatalogue(f"The TNS catalogue at {uri} cannot be read: {said}.") from error


def _unpacked(data: bytes, uri: str) -> str:
    try:
        if data.startswith(b"PK"):
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                data = archive.read(archive.namelist()[0])
        return data.decode("utf-8-sig")
    except (zipfile.BadZipFile, IndexError, UnicodeDecodeError) as error:
        raise _unusable(uri, f"it is no text ({error})") from error


def _lines_before_header(text: str, uri: str) -> list[str]:
    first = text.split("\n", LINES_BEFORE_HEADER + 1)[: LINES_BEFORE_HEADER + 1]
    for number, line in enumerate(first):
        if set(COLUMNS) <= {name.strip(' "\r') for name in line.split(",")}:
            return [line.strip() for line in first[:number]]
    raise _unusable(uri, f"none of its first lines names the columns {', '.join(COLUMNS)}")


def _degrees(values: pd.Series, low: float, high: float, uri: str) -> pd.Series:
    numbers = pd.to_numeric(values, errors="coerce")
    wrong = ~numbers.between(low, high).to_numpy()
    if wrong.any():
        row = int(values.index.to_numpy()[wrong][0])
        raise _unusable(uri, f"{values.name} is {values[row]!r} in row {row + 1} after the header, not so many degrees")
    return numbers


def _unusable(uri: str, why: str) -> UnusableCatalogue:
    return UnusableCatalogue(f"The TNS catalogue at {uri} cannot be used: {why}.")
