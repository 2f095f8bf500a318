"""VOTable: fields with units and descriptions, nulls flagged in the data, where the alerts come from as INFO."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
from astropy.io.votable import tree

from backend.column_meanings import description_of, unit_of
from backend.table_columns import ROWS_PER_FILE, standard_unit, values_and_nulls

_DATATYPES = {"int32": "int", "int64": "long", "float": "float", "double": "double", "bool": "boolean"}


@dataclass(frozen=True)
class VotableFormat:
    """Each file is one table.

    Nulls of every kind are flagged; astropy, which does not look at the flags of texts, reads such a null as an empty
    text. The data are binary (BINARY2), so that numbers and texts are exact, whatever blanks a text has.
    """

    schema: pa.Schema
    notes: Mapping[str, str]
    suffix: str = ".vot"
    rows_per_group: int = ROWS_PER_FILE

    def rows_per_file(self, table: pa.Table) -> int | None:
        """As many as astropy may hold in memory."""
        return ROWS_PER_FILE

    def open(self, path: Path) -> VotableFile:
        """Name a file."""
        return VotableFile(path, self.schema, self.notes)


class VotableFile:
    """A VOTable that is written at once."""

    def __init__(self, path: Path, schema: pa.Schema, notes: Mapping[str, str]) -> None:
        self._path = path
        self._schema = schema
        self._notes = notes

    def write(self, table: pa.Table) -> None:
        """Write the file; called once."""
        document = tree.VOTableFile(version="1.4")
        resource = tree.Resource()
        resource.infos.extend(tree.Info(name=key, value=text) for key, text in self._notes.items())
        document.resources.append(resource)
        resource.tables.append(self._filled(document, table))
        document.to_xml(str(self._path), tabledata_format="binary2")

    def close(self) -> None:
        """Nothing is left to do."""

    def _filled(self, document: tree.VOTableFile, table: pa.Table) -> tree.TableElement:
        element = tree.TableElement(document, name="alerts")
        element.fields.extend(_field(document, column) for column in self._schema)
        element.create_arrays(table.num_rows)
        for name in table.column_names:
            values, nulls = values_and_nulls(table.column(name))
            element.array.data[name] = values
            element.array.mask[name] = nulls
        return element


def _field(document: tree.VOTableFile, column: pa.Field[Any]) -> Any:
    datatype = _DATATYPES.get(str(column.type))
    kind = {"datatype": datatype} if datatype else {"datatype": "unicodeChar", "arraysize": "*"}
    field = tree.Field(
        document, ID=column.name, name=column.name, unit=standard_unit(unit_of(column), "vounit"), **kind
    )
    field.description = description_of(column) or None
    return field
