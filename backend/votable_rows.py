"""Rows as VOTable's BINARY2 has them: flags of the nulls, then the values one after the other, big-endian."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from backend.table_columns import Nulls, Values, values_and_nulls

TEXT = "unicodeChar"
DATATYPES = {
    pa.int32(): "int",
    pa.int64(): "long",
    pa.float32(): "float",
    pa.float64(): "double",
    pa.bool_(): "boolean",
}
"""Type of a column -> its name there; all others are `TEXT`."""

Bytes = npt.NDArray[np.uint8]
Counts = npt.NDArray[np.int64]


def binary2_rows(table: pa.Table) -> bytes:
    """Encode rows of a flat table: texts as UTF-16 after their length, truth values as T, F and ?."""
    divided = [values_and_nulls(column) for column in table.columns]
    flags = np.packbits(np.column_stack([nulls for _, nulls in divided]), axis=1)
    cells = [(flags.ravel(), np.full(len(table), flags.shape[1]))]
    for values, nulls in divided:
        if values.dtype == object:
            cells += _texts(values)
        else:
            cells.append(_numbers(values, nulls))
    return _rows(cells, len(table))


def _numbers(values: Values, nulls: Nulls) -> tuple[Bytes, Counts]:
    """Bytes of a column of one width, and how many each row has of them."""
    if values.dtype == np.bool_:
        values = np.where(nulls, ord("?"), np.where(values, ord("T"), ord("F"))).astype(np.uint8)
    encoded = np.ascontiguousarray(values.astype(values.dtype.newbyteorder(">")))
    return encoded.view(np.uint8), np.full(len(values), values.dtype.itemsize)


def _texts(texts: npt.NDArray[Any]) -> list[tuple[Bytes, Counts]]:
    """Lengths of texts, in units of UTF-16, then the texts."""
    encoded = [text.encode("utf-16-be", "surrogatepass") for text in texts]
    lengths = np.array([len(each) for each in encoded], dtype=np.int64)
    return [
        _numbers((lengths // 2).astype(np.int32), np.zeros(len(texts), dtype=np.bool_)),
        (np.frombuffer(b"".join(encoded), dtype=np.uint8), lengths),
    ]


def _rows(cells: list[tuple[Bytes, Counts]], rows: int) -> bytes:
    """Put together what each row has of each cell."""
    widths = np.stack([counts for _, counts in cells])
    begins = np.cumsum(widths.sum(axis=0))
    at = np.append(0, begins[:-1]) if rows else begins
    together = np.empty(int(widths.sum()), dtype=np.uint8)
    for data, counts in cells:
        ends = np.cumsum(counts)
        together[np.repeat(at - (ends - counts), counts) + np.arange(len(data))] = data
        at = at + counts
    return together.tobytes()
