"""CSV: numbers that read back exactly, texts in quotation marks, a null as nothing at all."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.csv

from backend.flat_columns import FlatColumns

_GROUP_ROWS = 20_480


@dataclass(frozen=True)
class CsvFormat:
    """Comma-separated values in UTF-8 with a line of names.

    All texts are quoted, so that an empty one (``""``) is not a null (nothing between two commas). Numbers have as
    many digits as their type needs, and no more. There is no place for units or for where the alerts come from.
    """

    columns: FlatColumns
    suffix: str = ".csv"
    rows_per_group: int = _GROUP_ROWS

    @property
    def left_out(self) -> tuple[str, ...]:
        """Lists and images."""
        return self.columns.left_out

    def fitted(self, alerts: pa.Table) -> pa.Table:
        """The alerts as a flat table."""
        return self.columns.of(alerts)

    def rows_per_file(self, table: pa.Table) -> int | None:
        """Files grow by lines."""
        return None

    def open(self, path: Path) -> CsvFile:
        """Begin a file with its line of names."""
        return CsvFile(path, self.columns.schema)


class CsvFile:
    """A CSV file that is being written."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self._writer = pyarrow.csv.CSVWriter(str(path), schema)

    def write(self, table: pa.Table) -> None:
        """Add lines."""
        self._writer.write_table(table)

    def close(self) -> None:
        """Write what is left."""
        self._writer.close()
