"""VOTable: fields with units and descriptions, nulls flagged in the data, where the alerts come from as INFO."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
from astropy.io.votable import tree

from backend.column_meanings import description_of, unit_of
from backend.flat_columns import FlatColumns
from backend.table_columns import standard_unit
from backend.votable_rows import DATATYPES, TEXT, binary2_rows

_GROUP_ROWS = 20_480
_DATA_BEGINS = b'<DATA><BINARY2><STREAM encoding="base64">\n'
_DATA_ENDS = b"\n</STREAM></BINARY2></DATA>\n"
_TABLE_ENDS = b"</TABLE>"


@dataclass(frozen=True)
class VotableFormat:
    """Each file is one table.

    Nulls of every kind are flagged; astropy, which does not look at the flags of texts, reads such a null as an empty
    text. The data are binary (BINARY2), so that numbers and texts are exact, whatever blanks a text has.
    """

    columns: FlatColumns
    notes: Mapping[str, str]
    suffix: str = ".vot"
    rows_per_group: int = _GROUP_ROWS

    @property
    def left_out(self) -> tuple[str, ...]:
        """Lists and images."""
        return self.columns.left_out

    def fitted(self, alerts: pa.Table) -> pa.Table:
        """The alerts as a flat table."""
        return self.columns.of(alerts)

    def rows_per_file(self, table: pa.Table) -> int | None:
        """Files grow by rows."""
        return None

    def open(self, path: Path) -> VotableFile:
        """Begin a file with all that describes its data."""
        return VotableFile(path, self.columns.schema, self.notes)


class VotableFile:
    """A VOTable that is being written.

    astropy writes what describes the data. The data go into it as they come: astropy itself would hold all in memory,
    and takes a second for a thousand alerts.
    """

    def __init__(self, path: Path, schema: pa.Schema, notes: Mapping[str, str]) -> None:
        before, _, self._after = _description(schema, notes).rpartition(_TABLE_ENDS)
        self._file = path.open("wb")
        self._file.write(before + _DATA_BEGINS)
        self._unwritten = b""

    def write(self, table: pa.Table) -> None:
        """Add rows."""
        data = self._unwritten + binary2_rows(table)
        whole = len(data) - len(data) % 3  # what base64 writes without a gap
        self._unwritten = data[whole:]
        self._file.write(base64.b64encode(data[:whole]))

    def close(self) -> None:
        """End the data and the document."""
        with self._file:
            self._file.write(base64.b64encode(self._unwritten) + _DATA_ENDS + _TABLE_ENDS + self._after)


def _description(schema: pa.Schema, notes: Mapping[str, str]) -> bytes:
    """The document without its data."""
    document = tree.VOTableFile(version="1.4")
    resource = tree.Resource()
    document.resources.append(resource)
    resource.infos.extend(tree.Info(name=key, value=text) for key, text in notes.items())
    element = tree.TableElement(document, name="alerts")
    element.fields.extend(_field(document, column) for column in schema)
    resource.tables.append(element)
    text = io.BytesIO()
    document.to_xml(text)
    return text.getvalue()


def _field(document: tree.VOTableFile, column: pa.Field[Any]) -> Any:
    datatype = DATATYPES.get(column.type, TEXT)
    size = {"arraysize": "*"} if datatype == TEXT else {}
    unit = standard_unit(unit_of(column), "vounit")
    field = tree.Field(document, ID=column.name, name=column.name, unit=unit, datatype=datatype, **size)
    field.description = description_of(column) or None
    return field
